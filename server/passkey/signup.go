package passkey

import (
	"errors"
	"net/http"
	"net/url"

	"github.com/tenant0/tenant0/server/account"
	"github.com/tenant0/tenant0/server/apierr"
	"github.com/tenant0/tenant0/server/session"
	"github.com/tenant0/tenant0/server/signin"
	"github.com/tenant0/tenant0/server/web"
	"github.com/tenant0/tenant0/server/webauthn"
	"github.com/tenant0/tenant0/storage"
)

// signupPassword is the page that asks for a password in place of a passkey. It also shows the
// error if somebody may not sign up.
const signupPassword = "/u/signup/password" //nolint:gosec // a path

// applies reports whether the login is a sign-up: the page before has asked for the user's
// identifier, and nobody has logged in since. In that case it fills in the applicant.
func (m *room) applies(tx *storage.Tx, r *http.Request, v *visit) (bool, error) {
	if len(v.t.Applicant) == 0 {
		return false, nil
	}
	s, err := m.Cookies.Find(tx, r, m.Now())
	if err == nil && v.t.Began(s) {
		return false, nil
	}
	if err := storage.Optional(err); err != nil {
		return false, err
	}
	rq := v.t.Request()
	ways, err := account.WaysOf(tx, rq)
	if err != nil {
		return false, err
	}
	conn, open := ways.SignupConnection()
	if !open || !webauthn.SignsUp(conn) {
		return false, nil
	}
	if v.client, err = tx.Clients.Get(rq.ClientID); err != nil {
		return false, err
	}
	profile := storage.Document{}
	for member, value := range v.t.Applicant {
		profile[member] = value
	}
	v.t.MarkProved(profile)
	v.applicant = &signin.Applicant{ClientID: rq.ClientID, Organization: rq.Organization, Connection: conn.Name, Profile: profile}
	return true, nil
}

// refused reports whether an error means that somebody may not sign up.
func (v visit) refused(err error) bool {
	_, answer := errors.AsType[*apierr.Error](err)
	return v.applicant != nil && answer
}

// submitApplicant creates the account of somebody who has made a passkey, and logs them in; or it
// goes on to the page that asks for a password instead.
func (m *room) submitApplicant(w http.ResponseWriter, r *http.Request, v visit, form url.Values) error {
	if form.Get("action") == "abort-passkey-enrollment" {
		return web.Continue(w, r, signupPassword, v.state)
	}
	made, err := m.answered(r, v, form.Get("passkey"))
	if err == nil && made.Ceremony.Profile == nil {
		err = webauthn.ErrInvalid // the passkey was requested for an existing user
	}
	if err != nil {
		return m.refuse(w, r, v, err)
	}
	a := *v.applicant
	a.Profile = made.Ceremony.Profile
	user, err := m.SignIn.SignUp(r, a, func(tx *storage.Tx, userID string) error {
		_, err := made.Save(tx, userID, m.Now())
		return err
	})
	if v.refused(err) {
		return web.Continue(w, r, signupPassword, v.state)
	}
	if err != nil {
		return m.refuse(w, r, v, err)
	}
	var finish func(http.ResponseWriter)
	err = m.DB.Update(r.Context(), func(tx *storage.Tx) (err error) {
		finish, err = m.SignIn.Begin(tx, r, v.t, signin.Attempt{
			Method: signin.Passkey, ClientID: a.ClientID, Connection: a.Connection, User: user, IP: signin.Address(r),
		})
		if err != nil {
			return err
		}
		return session.ChangeTransaction(tx, v.t.StateHash, m.Now(), func(t *storage.Transaction) error {
			t.Passkey = user.UserID
			return nil
		})
	})
	if err != nil {
		return err
	}
	finish(w)
	return web.Resume(w, r, v.state)
}
