package storage

import "time"

// FormVisit is a form of the tenant's that a login shows. It holds for one session alone: another user
// may log in at the same browser, or the same one with less proof.
type FormVisit struct {
	SessionID string `json:"session_id"`
	FormID    string `json:"form_id"`
	// Turn counts what the user has sent, so that nothing is taken twice.
	Turn int `json:"turn"`
	// TakenAt is when the turn was taken by a request that has not yet said how far the form has come,
	// zero for none.
	TakenAt time.Time `json:"taken_at,omitzero"`
	// Node is the id of the step that is shown, and Back are those of the steps before it.
	Node string   `json:"node,omitempty"`
	Back []string `json:"back,omitempty"`
	// Kept is what was entered and what flows have stored, sealed: there may be passwords among it.
	Kept []byte `json:"kept,omitempty"`
	// Done says that the form has come to its end.
	Done bool `json:"done,omitempty"`
}

// FormOf is how far the user of a session has come with a form in the login; ok is false where the
// login has not come to the form.
func (t Transaction) FormOf(s Session, formID string) (v FormVisit, ok bool) {
	if t.Form == nil || t.Form.SessionID != s.ID || t.Form.FormID != formID {
		return FormVisit{SessionID: s.ID, FormID: formID}, false
	}
	return *t.Form, true
}
