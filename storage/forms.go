package storage

import "time"

// FormVisit is the state of a tenant's form that a login shows. It is valid for one session only:
// another user may log in at the same browser, or the same user with weaker proof.
type FormVisit struct {
	SessionID string `json:"session_id"`
	FormID    string `json:"form_id"`
	// Turn counts the user's submissions, so that each is accepted only once.
	Turn int `json:"turn"`
	// TakenAt is when a request accepted the turn without having stored the form's progress yet, zero
	// if there is no such request.
	TakenAt time.Time `json:"taken_at,omitzero"`
	// Node is the id of the step that is shown, and Back are the ids of the steps before it.
	Node string   `json:"node,omitempty"`
	Back []string `json:"back,omitempty"`
	// Kept is the user's input and what flows have stored, encrypted because it may contain passwords.
	Kept []byte `json:"kept,omitempty"`
	// Done says that the form is completed.
	Done bool `json:"done,omitempty"`
}

// FormOf returns the progress of a session's user with a form in the login; ok is false if the login
// has not reached the form.
func (t Transaction) FormOf(s Session, formID string) (v FormVisit, ok bool) {
	if t.Form == nil || t.Form.SessionID != s.ID || t.Form.FormID != formID {
		return FormVisit{SessionID: s.ID, FormID: formID}, false
	}
	return *t.Form, true
}
