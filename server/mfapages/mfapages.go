// Package mfapages serves the MFA pages below /u/mfa-. They ask a user who has logged in for an MFA factor, or
// let the user enroll the first one. The proof is stored in the browser's session, and the browser goes back to
// /authorize/resume, which decides whether MFA is required.
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

// Deps holds the dependencies of the handlers.
type Deps struct {
	DB      *storage.DB
	Issuer  string
	Secrets *keys.Secrets
	Cookies session.Cookies
	Pages   web.Pages
	Emails  emails.Writer
	SignIn  *signin.Service
	Log     *tenantlog.Log
	Now     func() time.Time
	// Tenant is the tenant's name.
	Tenant string
}

type room struct{ Deps }

// The pages that do not belong to one factor.
const (
	loginOptions  = "/u/mfa-login-options"
	enrollOptions = "/u/mfa-enroll-options"
	enrollResult  = "/u/mfa-enroll-result"
	otpByCode     = "/u/mfa-otp-enrollment-code"
	countryList   = "/u/mfa-country-codes"
	phoneList     = "/u/mfa-sms-list"
	emailList     = "/u/mfa-email-list"
	// pushByOldName is another path of the push notification page, which scripts written for Auth0's pages use.
	pushByOldName = "/u/mfa-push-challenge"
)

// Mount adds the routes. It returns a function that sends the code which a page asks for, if it asks for one and none was sent,
// for clients that ask their user for the code without loading the page.
func Mount(rt *web.Router, d Deps) (sendCode func(r *http.Request, page, state string) error) {
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
	for _, channel := range channels {
		serve(factors.ChallengePage(channel), m.showSent(channel), m.submitSent(channel))
	}
	for _, channel := range []string{factors.SMS, factors.Voice} {
		serve(factors.VerifyPage(channel), m.showSent(channel), m.submitSent(channel))
	}
	for _, way := range []string{factors.SMS, factors.Voice, factors.Phone} {
		serve(factors.EnrollmentPage(way), m.showPhone(way), m.submitPhone(way))
	}
	serve(factors.ChallengePage(factors.Phone), m.showWays, m.submitWay)
	serve(phoneList, m.showList(phones), m.submitList(phones))
	serve(emailList, m.showList(addresses), m.submitList(addresses))
	for _, kind := range []string{factors.WebAuthnRoaming, factors.WebAuthnPlatform} {
		serve(factors.ChallengePage(kind), m.showKey(kind), m.submitKey(kind))
		serve(factors.EnrollmentPage(kind), m.showNewKey(kind), m.submitNewKey(kind))
	}
	serve(factors.DetectPage, m.showDetection, m.submitDetection)
	serve(countryList, m.showCountries, m.submitCountry)
	serve(factors.ChallengePage(factors.RecoveryCode), m.showRecovery, m.submitRecovery)
	for _, page := range []string{factors.RecoveryPage, factors.ReplacedPage} {
		serve(page, m.showNewCode, m.submitNewCode)
	}
	rt.Handle(http.MethodGet, "/guardian/enroll", m.followTicket)
	rt.Handle(http.MethodGet, enrollResult, m.showResult)
	serve(loginOptions, m.showOptions(false), m.submitOptions(false))
	serve(enrollOptions, m.showOptions(true), m.submitOptions(true))
	m.mountWidget(rt)
	return m.sendFirst
}

// step serves a request within a login that requires MFA.
type step func(http.ResponseWriter, *http.Request, visit) error

// visit is a login that waits for an MFA factor, with the submitted form.
type visit struct {
	state   string
	login   factors.BrowserLogin
	t       storage.Transaction
	user    storage.User
	client  storage.Client
	options factors.Options
	further storage.FurtherFactor
	form    url.Values
	// remembering holds the tenant's settings for remembering browsers.
	remembering factors.RememberSettings
	// digits is the length of the code that the page asks for, 0 if no code is sent.
	digits int
	// another says that the user may enroll a factor in addition to an active one, which some enrollment tickets
	// allow.
	another bool
	// widget says that the request comes from the widget on the tenant's own MFA page. The page itself finishes
	// the login after a factor was proved. offer is the sealed recovery code that replaces one which the user
	// uses there.
	widget bool
	offer  []byte
	// notified says that the proof was an app's answer to a push notification.
	notified bool
}

var (
	// errNothingAsked reports that there is no user to ask, or that no MFA factor is required.
	errNothingAsked = errors.New("no further factor is asked for")
	// errGone reports an authenticator that no longer exists.
	errGone = errors.New("the authenticator has gone")
)

// asked returns a handler that serves a step while an MFA factor is required. Otherwise it sends the browser
// back to /authorize/resume.
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

// find finds the user of the login and the factors to ask for. It returns errNothingAsked if none is required
// any more.
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
	asked, err := factors.FactorRequired(tx, v.login, m.Now())
	if err == nil && !asked && len(v.further.Recovery) == 0 && !v.further.Biometrics {
		err = errNothingAsked
	}
	if err != nil {
		return err
	}
	if v.remembering, err = factors.RememberSettingsOf(tx); err != nil {
		return err
	}
	v.options, err = factors.OptionsOf(tx, v.user, v.t.Abilities)
	return err
}

// update runs an update after it has read the visit again, since its login may have changed meanwhile.
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

// note stores the user's progress with MFA in the transaction.
func (m *room) note(tx *storage.Tx, v visit, change func(*storage.FurtherFactor)) error {
	return session.ChangeTransaction(tx, v.t.StateHash, m.Now(), func(t *storage.Transaction) error {
		f := t.FurtherOf(v.user.UserID)
		change(&f)
		t.Further = &f
		return nil
	})
}

// enrolling returns the authenticator that the user is about to enroll; ok is false if there is none.
func (v visit) enrolling(tx *storage.Tx) (a factors.Authenticator, ok bool, err error) {
	if v.further.Enrolling == "" || len(v.options.Enrollments) == 0 {
		return a, false, nil
	}
	all, err := factors.AuthenticatorsOf(tx, v.user.UserID)
	if err != nil {
		return a, false, err
	}
	a, ok = factors.Find(all, v.further.Enrolling)
	return a, ok && !a.Active, nil
}

// proof is the user's proof of an authenticator.
type proof struct {
	// find reads the authenticator again in the update that accepts the proof, and use marks the proof as used.
	// They return errGone or signin.ErrWrong if the proof is no longer valid.
	find func(*storage.Tx) (factors.Authenticator, error)
	use  func(*storage.Tx) error
	// notified says that the proof is an app's answer to a push notification.
	notified bool
}

// finish accepts a proof and lets the user go on. After the first factor the user gets a recovery code if the
// tenant has enabled them; after a recovery code the user gets the next one.
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
		return m.storeProof(tx, v, a, mark, code, sealed)
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

// storeProof stores the outcome of a proof.
func (m *room) storeProof(tx *storage.Tx, v visit, a factors.Authenticator, mark, code string, sealed []byte) error {
	now := m.Now()
	if err := factors.RecordUse(tx, v.user.UserID, a, now); err != nil {
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
	offer, err := m.offersBiometrics(tx, v, a)
	if err != nil {
		return err
	}
	return m.note(tx, v, func(f *storage.FurtherFactor) {
		*f = storage.FurtherFactor{UserID: v.user.UserID, Replaces: a.Type == factors.RecoveryCode, Biometrics: offer}
		if fresh && !offered {
			f.Recovery = sealed
		}
	})
}

// mayRemember reports whether the page offers to remember the browser.
func (v visit) mayRemember() bool { return v.remembering.Shown && v.login.MayRemember() }

// remembers reports whether the user has asked to remember the browser and that is allowed.
func (v visit) remembers() bool {
	return v.t.Enrollment == nil && v.mayRemember() && slices.Contains([]string{"true", "on", "1"}, cmp.Or(v.form.Get("rememberBrowser"), v.form.Get("rememberDevice")))
}

// refused counts a wrong code, and returns the key of the error message.
func (m *room) refused(r *http.Request, v visit, key string) (string, error) {
	m.Log.Record(r, v.event(tenantlog.FactorFailed, "Guardian - Second factor failed"))
	return m.limited(r, v, factors.CountWrong(r.Context(), m.DB, v.user.UserID, m.Now()), key)
}

// limited returns the key of the error message for err: that there were too many wrong codes if err says so, and
// otherwise key, along with err.
func (m *room) limited(r *http.Request, v visit, err error, key string) (string, error) {
	if e, ok := errors.AsType[*apierr.Error](err); ok && e.Code == apierr.TooManyCodes.Code {
		m.Log.Record(r, v.event(tenantlog.FactorLimited, "Guardian - Too many failures"))
		return tooManyFailures, nil
	}
	return key, err
}

// mayGuess returns the key of the error message if the user may not try any code now, "" if the user may.
func (m *room) mayGuess(r *http.Request, v visit) (string, error) {
	err := m.DB.View(r.Context(), func(tx *storage.Tx) error { return factors.MayGuess(tx, v.user.UserID, m.Now()) })
	return m.limited(r, v, err, "")
}

// judged returns the key of the error message if err means that a proof is not valid; otherwise it returns err.
func (m *room) judged(r *http.Request, v visit, err error) (string, error) {
	switch {
	case errors.Is(err, signin.ErrWrong):
		return m.refused(r, v, invalidCode)
	case errors.Is(err, errGone):
		return gone, nil
	}
	return m.limited(r, v, err, "")
}

// Auth0's keys of the error messages for codes, Auth0:
// customize/login-pages/universal-login/customize-text-elements.
const (
	noCode          = "no-code"
	invalidCode     = "invalid-code"
	invalidFormat   = "invalid-otp-code-format"
	tooManyFailures = "too-many-failures"
	gone            = "transaction-not-found"
)

// otpDigits is the length of one-time passwords.
const otpDigits = 6

// codeFault returns the key of the error message if a code is empty or does not have the number of digits, "" if
// its format is right.
func codeFault(code string, digits int) string {
	switch {
	case code == "":
		return noCode
	case len(code) != digits || strings.Trim(code, "0123456789") != "":
		return invalidFormat
	}
	return ""
}

// code returns the typed code without spaces, since apps show codes in groups of digits.
func (v visit) code() string { return strings.Join(strings.Fields(v.form.Get("code")), "") }

// action returns the button that was pressed. On Auth0's pages some values end in "::" and a number, which is
// cut off.
func (v visit) action() string {
	action, _, _ := strings.Cut(v.form.Get("action"), "::")
	return action
}

// hasOtherFactors reports whether the user can choose another factor.
func (v visit) hasOtherFactors() bool {
	return len(v.options.Challenges)+len(v.options.Enrollable()) > 1
}

// redirectToOptions sends the browser to the page that lists the factors.
func (v visit) redirectToOptions(w http.ResponseWriter, r *http.Request) error {
	if len(v.options.Enrollments) > 0 {
		return web.Continue(w, r, enrollOptions, v.state)
	}
	return web.Continue(w, r, loginOptions, v.state)
}

// resume sends the browser to the next step after MFA: /authorize/resume, or the result of an enrollment by
// ticket.
func (v visit) resume(w http.ResponseWriter, r *http.Request) error {
	if v.t.Enrollment != nil {
		return web.Continue(w, r, enrollResult, v.state)
	}
	return web.Resume(w, r, v.state)
}

// start sends the browser to the first MFA page of the login, because the requested page does not apply to it.
func (v visit) start(w http.ResponseWriter, r *http.Request) error {
	page, err := v.options.Page()
	if err != nil {
		return err
	}
	return web.Continue(w, r, page, v.state)
}

// layout returns the values that all pages of the login share.
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
