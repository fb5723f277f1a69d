package mfapages

import (
	"errors"
	"net/http"
	"time"

	"github.com/tenant0/tenant0/keys"
	"github.com/tenant0/tenant0/server/factors"
	"github.com/tenant0/tenant0/server/web"
	"github.com/tenant0/tenant0/storage"
	"github.com/tenant0/tenant0/templates"
)

// enrollmentLifetime is how long a user may take to enroll after following a ticket.
const enrollmentLifetime = time.Hour

// errEnrolled reports a user who already has a factor and whose ticket does not allow another.
var errEnrolled = errors.New("the user has a factor already")

// followTicket begins an enrollment by ticket, Auth0:
// secure/multi-factor-authentication/multi-factor-authentication-developer-resources/create-custom-enrollment-tickets.
// Anybody who has the link can enroll a factor for its user, but the link does not log the user
// in. Requesting the link does not use it up, since mail programs fetch links by themselves.
//
//auth0:operation GET /guardian/enroll
func (m *room) followTicket(w http.ResponseWriter, r *http.Request) error {
	now := m.Now()
	v := visit{t: storage.Transaction{Enrollment: &storage.Enrollment{Ticket: keys.Hash(r.URL.Query().Get("ticket"))}}}
	var ticket storage.Ticket
	err := m.DB.View(r.Context(), func(tx *storage.Tx) (err error) {
		ticket, err = m.ticket(tx, &v)
		return err
	})
	if outcome, over := outcomeOf(err); over {
		return m.result(w, r, outcome)
	}
	if err != nil {
		return err
	}
	page, err := v.options.Page()
	if err != nil {
		return err
	}
	ends := now.Add(enrollmentLifetime)
	if ticket.ExpiresAt.Before(ends) {
		ends = ticket.ExpiresAt
	}
	v.t.CreatedAt, v.t.ExpiresAt = now, ends
	state, err := m.Cookies.Start(w, r, m.DB, v.t)
	if err != nil {
		return err
	}
	return web.Continue(w, r, page, state)
}

// ticket finds the user of the visit's ticket, and the factors that can be enrolled. It returns
// the errors of storage.FindTicket, an error that wraps storage.ErrNotFound if the user is gone or
// blocked, or errEnrolled.
func (m *room) ticket(tx *storage.Tx, v *visit) (t storage.Ticket, err error) {
	t, err = tx.FindTicket(v.t.Enrollment.Ticket, storage.TicketEnroll, m.Now())
	if err != nil {
		return t, err
	}
	v.user, err = tx.Users.Get(t.UserID)
	if err == nil && v.user.Blocked {
		err = storage.ErrNotFound
	}
	if err != nil {
		return t, err
	}
	v.another = t.Another
	v.login = factors.BrowserLogin{StateHash: v.t.StateHash, Session: storage.Session{UserID: t.UserID, Connection: t.Connection}}
	v.further = v.t.FurtherOf(t.UserID)
	v.options, err = factors.TicketOptions(tx, t)
	if err != nil || len(v.options.Enrollments) > 0 {
		return t, err
	}
	all, err := factors.AuthenticatorsOf(tx, t.UserID)
	if err == nil && factors.Active(all) {
		err = errEnrolled
	}
	return t, err
}

// findTicket is find for an enrollment by ticket. The enrollment still goes on after an app has
// enrolled itself, or while the user has yet to save the recovery code.
func (m *room) findTicket(tx *storage.Tx, v *visit) error {
	_, err := m.ticket(tx, v)
	switch {
	case errors.Is(err, errEnrolled) && v.further.Enrolling != "":
		return nil
	case errors.Is(err, storage.ErrReused) && recoveryLeft(v.t):
		v.further = *v.t.Further
		v.user, err = tx.Users.Get(v.further.UserID)
	}
	if _, over := outcomeOf(err); over {
		return errNothingAsked
	}
	return err
}

// recoveryLeft reports whether the enrollment by ticket is done but the user has yet to save the
// recovery code.
func recoveryLeft(t storage.Transaction) bool {
	return t.Enrollment.Done && t.Further != nil && len(t.Further.Recovery) > 0
}

// optionsOf returns the visit's current factors.
func optionsOf(tx *storage.Tx, v visit) (factors.Options, error) {
	if v.t.Enrollment == nil {
		return factors.OptionsOf(tx, v.user, v.t.Abilities)
	}
	t, err := tx.Tickets.Get(v.t.Enrollment.Ticket)
	if err != nil {
		return factors.Options{}, err
	}
	return factors.TicketOptions(tx, t)
}

// goOn records a proved authenticator in the session of the login, or uses up the ticket.
func (m *room) goOn(tx *storage.Tx, v visit, a factors.Authenticator) error {
	if v.t.Enrollment == nil {
		return m.SignIn.AddFactor(tx, v.t, v.login.Session, a.Method(), v.notified)
	}
	_, err := tx.UseTicket(v.t.Enrollment.Ticket, storage.TicketEnroll, m.Now())
	if _, over := outcomeOf(err); over {
		return errNothingAsked
	}
	if err != nil {
		return err
	}
	return tx.ChangeTransaction(v.t.StateHash, m.Now(), func(t *storage.Transaction) error {
		t.Enrollment.Done = true
		return nil
	})
}

// outcomeOf returns the outcome to show if err means that a ticket cannot be used; over is false
// for other errors.
func outcomeOf(err error) (outcome templates.Outcome, over bool) {
	switch {
	case storage.IsNotFound(err):
		return templates.EnrollmentLinkInvalid, true
	case errors.Is(err, storage.ErrReused):
		return templates.EnrollmentLinkUsed, true
	case errors.Is(err, storage.ErrExpired):
		return templates.EnrollmentLinkExpired, true
	case errors.Is(err, errEnrolled):
		return templates.FactorAlreadyEnrolled, true
	}
	return outcome, false
}

// showResult shows how an enrollment by ticket has ended.
//
//auth0:operation GET /u/mfa-enroll-result
func (m *room) showResult(w http.ResponseWriter, r *http.Request) error {
	v := visit{}
	var err error
	v.t, err = m.Cookies.EnrollmentTransaction(m.DB, r, r.URL.Query().Get("state"), m.Now())
	if err != nil {
		return err
	}
	v.state = r.URL.Query().Get("state")
	switch {
	case recoveryLeft(v.t):
		return web.Continue(w, r, factors.RecoveryPage, v.state)
	case v.t.Enrollment.Done:
		return m.result(w, r, templates.FactorEnrolled)
	}
	err = m.DB.View(r.Context(), func(tx *storage.Tx) error {
		_, err := m.ticket(tx, &v)
		return err
	})
	if outcome, over := outcomeOf(err); over {
		return m.result(w, r, outcome)
	}
	if err != nil {
		return err
	}
	return v.start(w, r)
}

func (m *room) result(w http.ResponseWriter, r *http.Request, outcome templates.Outcome) error {
	layout, err := m.Pages.Layout(r.Context(), web.About{})
	if err != nil {
		return err
	}
	status := http.StatusBadRequest
	if outcome == templates.FactorEnrolled {
		status = http.StatusOK
	}
	return m.Pages.Write(w, status, templates.Result{Layout: layout, Outcome: outcome})
}
