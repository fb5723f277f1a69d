package servertest

import (
	"bytes"
	"encoding/json"
	"net/http"
	"net/url"
	"strings"
)

// ManagementForm is a token request for the Management API, with all permissions
// of the management application.
func (s *Server) ManagementForm() url.Values {
	return url.Values{
		"grant_type": {"client_credentials"}, "client_id": {Management}, "client_secret": {ManagementSecret},
		"audience": {s.URL + "api/v2/"},
	}
}

// Manage calls the Management API with a token of the management application, at a
// path such as "clients". It returns the status and the JSON body, nil if there is
// no body.
func (s *Server) Manage(client *http.Client, method, path string, body any) (status int, answer any) {
	s.tb.Helper()
	_, token := s.Token(client, s.ManagementForm())
	access, _ := token["access_token"].(string)
	if access == "" {
		s.tb.Fatalf("the management application gets no token: %v", token)
	}
	raw, err := json.Marshal(body)
	if err != nil {
		s.tb.Fatal(err)
	}
	if body == nil {
		raw = nil
	}
	rq, err := http.NewRequestWithContext(s.tb.Context(), method, s.URL+"api/v2/"+strings.TrimPrefix(path, "/"), bytes.NewReader(raw))
	if err != nil {
		s.tb.Fatal(err)
	}
	rq.Header.Set("Authorization", "Bearer "+access)
	rq.Header.Set("Content-Type", "application/json")
	resp, err := client.Do(rq)
	if err != nil {
		s.tb.Fatal(err)
	}
	defer resp.Body.Close()
	_ = json.NewDecoder(resp.Body).Decode(&answer) // a 204 has no body
	return resp.StatusCode, answer
}
