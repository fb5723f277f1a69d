package servertest

import (
	"encoding/json"
	"net/http"
	"net/url"
)

// Person has the simulated identity provider of a connection know somebody, by an id and a profile.
func (s *Server) Person(connection, id string, profile map[string]any) {
	s.tb.Helper()
	s.control(http.MethodPost, "/providers/"+connection+"/people", map[string]any{"id": id, "profile": profile})
}

// Choose says what the simulated identity provider of a connection does without asking: "allow" with
// the id or the address of a person, "deny", "fail" or "without_email".
func (s *Server) Choose(connection, outcome, person string) {
	s.tb.Helper()
	s.control(http.MethodPut, "/providers/"+connection+"/choice", map[string]any{"outcome": outcome, "person": person})
}

// Assertion is what the simulated identity provider of a connection asserts of a person for an application: for an API,
// and for what of it, "" for nothing said.
func (s *Server) Assertion(connection, person, clientID, resource, scope string) string {
	s.tb.Helper()
	var given struct {
		Assertion string `json:"assertion"`
	}
	raw := s.control(http.MethodPost, "/providers/"+connection+"/assertions", map[string]any{
		"person": person, "client_id": clientID, "resource": resource, "scope": scope,
	})
	if err := json.Unmarshal(raw, &given); err != nil {
		s.tb.Fatal(err)
	}
	return given.Assertion
}

// NativeLogin is the request to the token endpoint of an application's app whose user, a person of the
// simulated provider of a connection, has logged in by that provider's SDK.
func (s *Server) NativeLogin(connection, person, clientID string) url.Values {
	s.tb.Helper()
	var given struct {
		SubjectToken     string          `json:"subject_token"`
		SubjectTokenType string          `json:"subject_token_type"`
		UserProfile      json.RawMessage `json:"user_profile"`
	}
	raw := s.control(http.MethodPost, "/providers/"+connection+"/tokens", map[string]any{"person": person, "client_id": clientID})
	if err := json.Unmarshal(raw, &given); err != nil {
		s.tb.Fatal(err)
	}
	form := url.Values{
		"grant_type": {"urn:ietf:params:oauth:grant-type:token-exchange"}, "client_id": {clientID},
		"subject_token": {given.SubjectToken}, "subject_token_type": {given.SubjectTokenType},
	}
	if given.UserProfile != nil {
		form.Set("user_profile", string(given.UserProfile))
	}
	return form
}
