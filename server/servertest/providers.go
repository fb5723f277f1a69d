package servertest

import "net/http"

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
