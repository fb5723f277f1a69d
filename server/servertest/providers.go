package servertest

import (
	"encoding/json"
	"net/http"
	"net/url"
)

// Person adds a person to the simulated identity provider of a connection, with an id and a profile.
func (s *Server) Person(connection, id string, profile map[string]any) {
	s.tb.Helper()
	s.control(http.MethodPost, "/providers/"+connection+"/people", map[string]any{"id": id, "profile": profile})
}

// Choose sets what the simulated identity provider of a connection answers without asking: "allow" with the id or the
// e-mail address of a person, "deny", "fail" or "without_email".
func (s *Server) Choose(connection, outcome, person string) {
	s.tb.Helper()
	s.control(http.MethodPut, "/providers/"+connection+"/choice", map[string]any{"outcome": outcome, "person": person})
}

// Assertion returns an assertion (ID-JAG) of the simulated identity provider of a connection about a person, for an
// application. resource is the API and scope the scopes that it is for, "" to leave them out.
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

// NativeLogin returns the token request of a native application after a login by the SDK of a social network. The user
// is a person of the simulated provider of the connection.
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
