// Package mfapages serves the pages of further factors below /u/mfa-: it asks a user who has
// logged in for one, or has the user add the first one. It notes in the browser's session what
// was proved and sends the browser back to /authorize/resume, where it is decided whether a
// factor is asked for at all.
package mfapages

import (
	"cmp"
	"errors"
	"net/http"
	"net/url"
	"slices"
	"strings"
	"time"

	"github.com/tenant0/tenant0/keys"
	"github.com/tenant0/tenant0/server/apierr"
	"github.com/tenant0/tenant0/server/emails"
	"github.com/tenant0/tenant0/server/factors"
	"github.com/tenant0/tenant0/server/session"
	"github.com/tenant0/tenant0/server/signin"
	"github.com/tenant0/tenant0/server/tenantlog"
	"github.com/tenant0/tenant0/server/web"
	"github.com/tenant0/tenant0/storage"
	"github.com/tenant0/tenant0/templates"
)

// Deps is what the room works with.
type Deps struct {
	DB      *storage.DB
	Issuer  string
	Secrets *keys.Secrets
	Cookies session.Cookies
	Pages   web.Pages
	Emails  emails.Writer
	Door    *signin.Door
	Log     *tenantlog.Log
	Now     func() time.Time
	// Tenant is the name that people know the tenant by.
	Tenant string
}

type room struct{ Deps }

// The pages that are no factor's.
const (
	loginOptions  = "/u/mfa-login-options"
	enrollOptions = "/u/mfa-enroll-options"
	enrollResult  = "/u/mfa-enroll-result"
	otpByCode     = "/u/mfa-otp-enrollment-code"
	// pushByOldName is what scripts that were written for Auth0's pages call the page of the app.
	pushByOldName = "/u/mfa-push-challenge"
)

// Mount adds the room's routes.
func Mount(rt *web.Router, d Deps) {
	m := &room{d}
	rt = rt.With(d.Pages.Shape)
	serve := func(path string, show, submit step) {
		rt.Handle(http.MethodGet, path, m.asked(show))
		rt.Handle(http.MethodPost, path, web.SameSite(m.asked(submit)))
	}
	serve(factors.ChallengePage(factors.OTP), m.showOTP, m.submitOTP)
	serve(factors.EnrollmentPage(factors.OTP), m.showSecret(false), m.submitSecret(false))
	serve(otpByCode, m.showSecret(true), m.submitSecret(true))
	serve(factors.ChallengePage(factors.Push), m.showPush, m.submitPush)
	serve(pushByOldName, m.showPush, m.submitPush)
	serve(factors.EnrollmentPage(factors.Push), m.showWelcome, m.submitWelcome)
	serve(factors.AppPage, m.showApp, m.submitApp)
	for _, channel := range []string{factors.SMS, factors.Voice, factors.Email} {
		serve(factors.ChallengePage(channel), m.showSent(channel), m.submitSent(channel))
	}
	for _, way := range []string{factors.SMS, factors.Voice, factors.Phone} {
		serve(factors.EnrollmentPage(way), m.showPhone(way), m.submitPhone(way))
	}
	for _, kind := range []string{factors.WebAuthnRoaming, factors.WebAuthnPlatform} {
		serve(factors.ChallengePage(kind), m.showKey(kind), m.submitKey(kind))
		serve(factors.EnrollmentPage(kind), m.showNewKey(kind), m.submitNewKey(kind))
	}
	serve(factors.ChallengePage(factors.RecoveryCode), m.showRecovery, m.submitRecovery)
	for _, page := range []string{factors.RecoveryPage, factors.ReplacedPage} {
		serve(page, m.showNewCode, m.submitNewCode)
	}
	rt.Handle(http.MethodGet, "/guardian/enroll", m.followTicket)
	rt.Handle(http.MethodGet, enrollResult, m.showResult)
	serve(loginOptions, m.showOptions(false), m.submitOptions(false))
	serve(enrollOptions, m.showOptions(true), m.submitOptions(true))
	m.mountWidget(rt)
}

// step serves a request of a login that a further factor is asked for.
type step func(http.ResponseWriter, *http.Request, visit) error

// visit is a login that waits for a further factor, and the form that was sent.
type visit struct {
	state   string
	login   factors.BrowserLogin
	t       storage.Transaction
	user    storage.User
	client  storage.Client
	options factors.Options
	further storage.FurtherFactor
	form    url.Values
	// remembering is how the tenant remembers browsers.
	remembering factors.Remembering
	// digits is how many digits the code has that the page is about, 0 for one that is not sent.
	digits int
	// another says that the user may add a factor beside others, as tickets may have it.
	another bool
	// widget says that the tenant's own page asks, which goes on once a factor was proved; offer is the recovery
	// code, sealed, that it is told in the place of one that is used.
	widget bool
	offer  []byte
	// notified says that what was proved is an app's answer to a push notification.
	notified bool
}

var (
	// errNothingAsked reports that nobody is there to be asked, or nothing to be asked for.
	errNothingAsked = errors.New("no further factor is asked for")
	// errGone reports an authenticator that is not there any more.
	errGone = errors.New("the authenticator has gone")
)

// asked serves a step while a further factor is asked for. Otherwise the browser is sent back to
// the decision.
func (m *room) asked(serve step) web.Handler {
	return func(w http.ResponseWriter, r *http.Request) (err error) {
		var v visit
		if r.Method == http.MethodPost {
			if v.form, err = web.Form(w, r); err != nil {
				return err
			}
		}
		v.state = session.StateOf(r)
		if v.t, err = m.Cookies.FactorTransaction(m.DB, r, v.state, m.Now()); err != nil {
			return err
		}
		if err = m.DB.View(r.Context(), func(tx *storage.Tx) error { return m.find(tx, r, &v) }); err == nil {
			err = serve(w, r, v)
		}
		if errors.Is(err, errNothingAsked) {
			return v.resume(w, r)
		}
		return err
	}
}

// find finds who is asked, and for what. It returns errNothingAsked where that is over.
func (m *room) find(tx *storage.Tx, r *http.Request, v *visit) error {
	if v.t.Enrollment != nil {
		return m.findTicket(tx, v)
	}
	s, err := m.Cookies.Find(tx, r, m.Now())
	if err == nil {
		v.user, err = tx.Users.Get(s.UserID)
	}
	if err == nil {
		v.client, err = tx.Clients.Get(v.t.Asked.ClientID)
	}
	if storage.IsNotFound(err) || err == nil && v.user.Blocked {
		return errNothingAsked
	}
	if err != nil {
		return err
	}
	v.login = factors.BrowserLogin{Request: v.t.Request(), StateHash: v.t.StateHash, Session: s, Browser: m.Cookies.Remembered(r)}
	v.further = v.t.FurtherOf(s.UserID)
	asked, err := factors.Asked(tx, v.login, m.Now())
	if err == nil && !asked && len(v.further.Recovery) == 0 {
		err = errNothingAsked
	}
	if err != nil {
		return err
	}
	if v.remembering, err = factors.RememberingOf(tx); err != nil {
		return err
	}
	v.options, err = factors.OptionsOf(tx, v.user)
	return err
}

// update is an update for a visit as it is then: what was found before may have changed.
func (m *room) update(r *http.Request, v *visit, change func(*storage.Tx) error) error {
	return m.DB.Update(r.Context(), func(tx *storage.Tx) error {
		t, err := tx.Transactions.Get(v.t.StateHash)
		if storage.IsNotFound(err) {
			return apierr.TransactionExpired.With(err)
		}
		if err != nil {
			return err
		}
		v.t = t
		if err := m.find(tx, r, v); err != nil {
			return err
		}
		return change(tx)
	})
}

// note writes how far the user has come.
func (m *room) note(tx *storage.Tx, v visit, change func(*storage.FurtherFactor)) error {
	return session.Change(tx, v.t.StateHash, m.Now(), func(t *storage.Transaction) error {
		f := t.FurtherOf(v.user.UserID)
		change(&f)
		t.Further = &f
		return nil
	})
}

// enrolling is the authenticator that the user is about to add; ok is false for none.
func (v visit) enrolling(tx *storage.Tx) (a factors.Authenticator, ok bool, err error) {
	if v.further.Enrolling == "" || len(v.options.Enrollments) == 0 {
		return a, false, nil
	}
	all, err := factors.Of(tx, v.user.UserID)
	if err != nil {
		return a, false, err
	}
	a, ok = factors.Find(all, v.further.Enrolling)
	return a, ok && !a.Active, nil
}

// proof is what a user has proved an authenticator with.
type proof struct {
	// find finds the authenticator again in the update that takes the proof, and use uses the
	// proof up. They return errGone or signin.ErrWrong where it does not hold any more.
	find func(*storage.Tx) (factors.Authenticator, error)
	use  func(*storage.Tx) error
	// notified says that it is an app's answer to a push notification.
	notified bool
}

// finish lets a user go on who has proved an authenticator. The first one brings a recovery code,
// where the tenant has those, and a recovery code brings the next.
func (m *room) finish(w http.ResponseWriter, r *http.Request, v visit, p proof) error {
	if v.widget {
		return m.accept(r, v, p)
	}
	mark := ""
	if v.remembers() {
		mark = cmp.Or(m.Cookies.Remembered(r), keys.Random(32))
	}
	code := cmp.Or(m.Secrets.Unseal(v.further.Offered), factors.NewRecoveryCode())
	sealed := m.Secrets.Seal(code)
	var a factors.Authenticator
	err := m.update(r, &v, func(tx *storage.Tx) (err error) {
		if a, err = p.find(tx); err != nil {
			return err
		}
		if err := factors.MayGuess(tx, v.user.UserID, m.Now()); err != nil {
			return err
		}
		if err := p.use(tx); err != nil {
			return err
		}
		v.notified = p.notified
		return m.letOn(tx, v, a, mark, code, sealed)
	})
	if err != nil {
		return err
	}
	m.record(r, v, a)
	if mark != "" {
		m.Cookies.Remember(w, mark, v.login.Session.Ephemeral)
	}
	return v.resume(w, r)
}

// letOn keeps what was proved.
func (m *room) letOn(tx *storage.Tx, v visit, a factors.Authenticator, mark, code string, sealed []byte) error {
	now := m.Now()
	if err := factors.Used(tx, v.user.UserID, a, now); err != nil {
		return err
	}
	if err := m.goOn(tx, v, a); err != nil {
		return err
	}
	if mark != "" {
		if err := factors.Remember(tx, mark, v.user.UserID, now); err != nil {
			return err
		}
	}
	offered := len(v.further.Offered) > 0
	fresh := offered || a.Type == factors.RecoveryCode || !a.Active && v.options.Recovery
	if fresh {
		if err := factors.SetRecoveryCode(tx, m.Secrets, v.user.UserID, code, now); err != nil {
			return err
		}
	}
	return m.note(tx, v, func(f *storage.FurtherFactor) {
		*f = storage.FurtherFactor{UserID: v.user.UserID, Replaces: a.Type == factors.RecoveryCode}
		if fresh && !offered {
			f.Recovery = sealed
		}
	})
}

// mayRemember reports whether the user is asked whether the browser is to be remembered.
func (v visit) mayRemember() bool { return v.remembering.Shown && v.login.MayRemember() }

// remembers reports whether the user wants the browser to be remembered, and may.
func (v visit) remembers() bool {
	return v.t.Enrollment == nil && v.mayRemember() && slices.Contains([]string{"true", "on", "1"}, cmp.Or(v.form.Get("rememberBrowser"), v.form.Get("rememberDevice")))
}

// refused counts a wrong code and returns the key of what the page says of it.
func (m *room) refused(r *http.Request, v visit, key string) (string, error) {
	m.Log.Record(r, v.event(tenantlog.FactorFailed, "Guardian - Second factor failed"))
	return m.limited(r, v, factors.CountWrong(r.Context(), m.DB, v.user.UserID, m.Now()), key)
}

// limited is the key of the refusal err, which may be that there were too many wrong codes; key
// is what the page says otherwise.
func (m *room) limited(r *http.Request, v visit, err error, key string) (string, error) {
	if e, ok := errors.AsType[*apierr.Error](err); ok && e.Code == apierr.TooManyCodes.Code {
		m.Log.Record(r, v.event(tenantlog.FactorLimited, "Guardian - Too many failures"))
		return tooManyFailures, nil
	}
	return key, err
}

// mayGuess is the key of the refusal to take a code at all, "" for none.
func (m *room) mayGuess(r *http.Request, v visit) (string, error) {
	err := m.DB.View(r.Context(), func(tx *storage.Tx) error { return factors.MayGuess(tx, v.user.UserID, m.Now()) })
	return m.limited(r, v, err, "")
}

// judged is the key of what the page says of an error that comes of a proof which does not hold
// any more, or err where it is another.
func (m *room) judged(r *http.Request, v visit, err error) (string, error) {
	switch {
	case errors.Is(err, signin.ErrWrong):
		return m.refused(r, v, invalidCode)
	case errors.Is(err, errGone):
		return gone, nil
	}
	return m.limited(r, v, err, "")
}

// Auth0's keys of what can be wrong with a code, Auth0: customize/login-pages/universal-login/
// customize-text-elements.
const (
	noCode          = "no-code"
	invalidCode     = "invalid-code"
	invalidFormat   = "invalid-otp-code-format"
	tooManyFailures = "too-many-failures"
	gone            = "transaction-not-found"
)

// otpDigits is how long one-time passwords are.
const otpDigits = 6

// codeFault is the key of what is wrong with a code of so many digits by itself, "" for nothing.
func codeFault(code string, digits int) string {
	switch {
	case code == "":
		return noCode
	case len(code) != digits || strings.Trim(code, "0123456789") != "":
		return invalidFormat
	}
	return ""
}

// code is what was typed, without the blanks in which apps show codes.
func (v visit) code() string { return strings.Join(strings.Fields(v.form.Get("code")), "") }

// action is the button that was pressed. Auth0's pages have a number behind some.
func (v visit) action() string {
	action, _, _ := strings.Cut(v.form.Get("action"), "::")
	return action
}

// others reports whether there is another way to go on.
func (v visit) others() bool { return len(v.options.Challenges)+len(v.options.Enrollable()) > 1 }

// elsewhere sends the browser to the choice of factors.
func (v visit) elsewhere(w http.ResponseWriter, r *http.Request) error {
	if len(v.options.Enrollments) > 0 {
		return web.Continue(w, r, enrollOptions, v.state)
	}
	return web.Continue(w, r, loginOptions, v.state)
}

// resume sends the browser to where it is decided what comes next.
func (v visit) resume(w http.ResponseWriter, r *http.Request) error {
	if v.t.Enrollment != nil {
		return web.Continue(w, r, enrollResult, v.state)
	}
	return web.Resume(w, r, v.state)
}

// start sends the browser to the page that the login begins with, from one that is not for it.
func (v visit) start(w http.ResponseWriter, r *http.Request) error {
	page, err := v.options.Page()
	if err != nil {
		return err
	}
	return web.Continue(w, r, page, v.state)
}

// layout is what all pages of the login share.
func (m *room) layout(r *http.Request, v visit) (templates.Layout, error) {
	about := web.AboutRequest(v.t.Request())
	about.UserID = v.user.UserID
	var layout templates.Layout
	err := m.DB.View(r.Context(), func(tx *storage.Tx) (err error) {
		if layout, err = web.LayoutIn(r.Context(), tx, about); err == nil {
			layout.AppName, err = factors.AppName(tx)
			layout.Numbers = templates.Numbers{Remembered: v.remembering.Longest(), Digits: v.digits}
		}
		return err
	})
	return layout, err
}
