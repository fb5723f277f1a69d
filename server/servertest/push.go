package servertest

import (
	"encoding/json"
	"net/http"
	"net/url"
)

// Question is a push notification to a user's phone that waits for an answer.
type Question struct {
	ID   string `json:"id"`
	Kind string `json:"kind"`
	Code string `json:"code"`
}

// Questions returns the unanswered push notifications to a user, the newest first.
func (s *Server) Questions(userID string) (all []Question) {
	s.tb.Helper()
	resp, err := http.Get(s.ControlURL() + "/push?user_id=" + url.QueryEscape(userID)) //nolint:noctx // it is answered at once
	if err != nil {
		s.tb.Fatal(err)
	}
	defer resp.Body.Close()
	if err := json.NewDecoder(resp.Body).Decode(&all); err != nil {
		s.tb.Fatal(err)
	}
	return all
}

// AnswerPush answers a push notification in the name of the user's phone: "allow" or "deny".
func (s *Server) AnswerPush(id, answer string) {
	s.tb.Helper()
	s.control(http.MethodPost, "/push/"+id+"/"+answer, map[string]any{"name": "Ann's phone"})
}
