package control

import (
	"cmp"
	"errors"
	"net/http"
	"slices"
	"time"

	"github.com/tenant0/tenant0/server/apierr"
	"github.com/tenant0/tenant0/server/factors"
	"github.com/tenant0/tenant0/server/web"
	"github.com/tenant0/tenant0/storage"
)

// push is a push notification to the authenticator app on a user's phone, in responses.
type push struct {
	ID string `json:"id"`
	// Kind is "challenge", or "enrollment" if the app is to be enrolled.
	Kind      string    `json:"kind"`
	UserID    string    `json:"user_id"`
	ClientID  string    `json:"client_id"`
	CreatedAt time.Time `json:"created_at"`
	ExpiresAt time.Time `json:"expires_at"`
	// Code is the one-time password that the app shows too, or "".
	Code string `json:"code,omitempty"`
}

// listPush lists the push notifications that wait for an answer, the newest first: those to
// the user in the query parameter user_id, or to all users.
//
//auth0:operation GET /push
func (m *room) listPush(w http.ResponseWriter, r *http.Request) error {
	user, now := r.URL.Query().Get("user_id"), m.Clock.Now()
	var waiting []factors.Question
	err := m.DB.View(r.Context(), func(tx *storage.Tx) (err error) {
		waiting, err = factors.Questions(tx, now)
		return err
	})
	if err != nil {
		return err
	}
	all := []push{}
	for _, q := range waiting {
		if user != "" && q.UserID != user {
			continue
		}
		shown := push{ID: q.ID, Kind: "challenge", UserID: q.UserID, ClientID: q.ClientID, CreatedAt: q.CreatedAt, ExpiresAt: q.ExpiresAt, Code: q.Code}
		if q.Enrolls {
			shown.Kind = "enrollment"
		}
		all = append(all, shown)
	}
	slices.SortFunc(all, func(a, b push) int {
		return cmp.Or(b.CreatedAt.Compare(a.CreatedAt), cmp.Compare(a.ID, b.ID))
	})
	return web.Reply(w, http.StatusOK, all)
}

// allowPush answers in place of the app: it allows a login, or it enrolls the app as if it
// had scanned the QR code. The body may contain a name for the phone.
//
//auth0:operation POST /push/{id}/allow
func (m *room) allowPush(w http.ResponseWriter, r *http.Request) error {
	phone := struct {
		Name string `json:"name"`
	}{"Phone"}
	if r.ContentLength != 0 {
		if err := read(w, r, web.MaxForm, &phone); err != nil {
			return err
		}
	}
	return m.answerPush(w, r, true, phone.Name)
}

// denyPush answers in place of the app that the login is denied.
//
//auth0:operation POST /push/{id}/deny
func (m *room) denyPush(w http.ResponseWriter, r *http.Request) error {
	return m.answerPush(w, r, false, "")
}

func (m *room) answerPush(w http.ResponseWriter, r *http.Request, allow bool, phone string) error {
	id, now := web.Param(r, "id"), m.Clock.Now()
	err := m.DB.Update(r.Context(), func(tx *storage.Tx) error {
		_, err := factors.AnswerPush(tx, id, allow, phone, now)
		return err
	})
	refuse := func(status int, code, message string) error {
		return &apierr.Error{Status: status, Code: code, Message: message, Cause: err}
	}
	switch {
	case storage.IsNotFound(err):
		return refuse(http.StatusNotFound, "unknown_push", "There is no push notification "+id+", or its five minutes are over; GET /push lists those that wait for an answer")
	case errors.Is(err, storage.ErrReused):
		return refuse(http.StatusConflict, "push_answered", "The push notification was answered before")
	case errors.Is(err, factors.ErrDenyEnrollment):
		return refuse(http.StatusConflict, "push_enrollment", "An enrollment cannot be denied: allow it, or do not answer it")
	case errors.Is(err, factors.ErrNotFirst):
		return refuse(http.StatusConflict, "push_not_first", "The user has another factor by now, and has not used it in this login")
	case err != nil:
		return err
	}
	w.WriteHeader(http.StatusNoContent)
	return nil
}
