package authorize

import (
	"net/http"
	"net/url"
	"slices"
	"time"

	"github.com/tenant0/tenant0/server/account"
	"github.com/tenant0/tenant0/server/apierr"
	"github.com/tenant0/tenant0/server/factors"
	"github.com/tenant0/tenant0/server/prompts"
	"github.com/tenant0/tenant0/server/saml"
	"github.com/tenant0/tenant0/server/signin"
	"github.com/tenant0/tenant0/server/trace"
	"github.com/tenant0/tenant0/server/webauthn"
	"github.com/tenant0/tenant0/storage"
)

// Paths of pages that a login may need. They are served by other packages.
const (
	consentPage      = "/u/consent"
	detailsPage      = "/u/customized-consent"
	organizationPage = "/u/organization"
	pickerPage       = "/u/organization-picker"
	invitationPage   = "/u/accept-invitation"
	formPage         = "/u/custom-prompt/"
)

// login is the input of a decision: the request, and what the user has answered on the pages so far.
type login struct {
	// transaction is the stored state of the login at the time of the decision. Its key is empty if it is
	// not stored, because no page has been needed so far.
	transaction storage.Transaction
	// request is the authorization request, completed with the user's answers.
	request storage.AuthorizeRequest
	client  storage.Client
}

// silent reports whether no page may be shown.
func (l login) silent() bool { return isSilent(l.request) }

// decision is the result of the steps: each step fills in its fields, and later steps read them. page is
// the page that is needed before the request can be answered, or "".
type decision struct {
	login
	identity identity
	access   access
	// tenant is read first, because errors are sent to the application as it says.
	tenant storage.Tenant
	page   string
	// api is the requested API, set only if a page is needed first; nil if the request names no API.
	api *storage.ResourceServer
	// form is the tenant's form that the page shows, if the login has just reached it.
	form *storage.FormVisit
	// person is the subject of the assertion, if the request is one of SAML or WS-Federation.
	person saml.Person
	// http is the browser's request.
	http *http.Request
}

// decide goes through the steps of a login: read the request, identify the user, check access, run
// scripts, check consent. It depends on stored state alone, which it reads in one view: pages store the
// user's answers and send the browser back here. With an apierr.Error, which ends the login, it returns
// what was found before the error. An error that wraps storage.ErrTooLong means that the request is too
// long to be stored.
func (m *room) decide(r *http.Request, read request, now time.Time) (d *decision, err error) {
	d = &decision{}
	err = m.DB.View(r.Context(), func(tx *storage.Tx) (err error) {
		*d = decision{}
		if d.tenant, err = tx.Tenant.Get(storage.TenantKey); storage.Optional(err) != nil {
			return err
		}
		if d.request, d.client, err = read(tx); err != nil {
			return err
		}
		if err := d.request.Check(); err != nil {
			return err
		}
		d.transaction = storage.Transaction{Asked: d.request, CreatedAt: now, ExpiresAt: now.Add(transactionLifetime)}
		if err := m.load(tx, r, d, now); err != nil || d.page == "" {
			return err
		}
		d.api, err = tx.API(d.request.Audience)
		return err
	})
	if err != nil {
		d.explain(r.Context())
		return d, err
	}
	return d, m.conclude(r, d)
}

// conclude completes a decision after load, if no page is needed yet: it runs the scripts and checks
// consent.
func (m *room) conclude(r *http.Request, d *decision) (err error) {
	d.explain(r.Context())
	if d.page != "" {
		return nil
	}
	d.access.grant.Trace(r.Context())
	d.access = scripts(d)
	d.page, err = consent(d)
	return err
}

// load fills in who the user is and what the user is allowed to do. It stops when a page is needed first.
func (m *room) load(tx *storage.Tx, r *http.Request, d *decision, now time.Time) (err error) {
	d.http = r
	l := d.login
	if d.page, err = askInvited(l); err != nil || d.page != "" {
		return err
	}
	if d.page, err = askOrganization(l); err != nil || d.page != "" {
		return err
	}
	if d.identity, err = m.identify(tx, r, l, now); err != nil {
		return err
	}
	if !d.identity.authenticated {
		d.page, err = askLogin(tx, l)
		return err
	}
	if err := admit(l, d.identity); err != nil {
		return err
	}
	if d.page, err = further(tx, l, d.identity, now); err != nil || d.page != "" {
		return err
	}
	if _, d.identity.renews, err = factors.Renewed(tx, d.identity.browser, d.identity.user.UserID, now); err != nil {
		return err
	}
	if d.page, err = offerPasskey(tx, l, d.identity, now); err != nil || d.page != "" {
		return err
	}
	if d.request.Organization, d.page, err = findOrganization(tx, l, d.identity); err != nil || d.page != "" {
		return err
	}
	if d.access, err = grantAccess(tx, d.login, d.identity); err != nil {
		return err
	}
	if d.page, d.form, err = askForm(tx, l, d.identity); err != nil || d.page != "" || d.request.Assertion == nil {
		return err
	}
	d.person, err = personOf(tx, d.request.ClientID, d.identity.user)
	return err
}

// identity is the user who logs in, with the session.
type identity struct {
	session storage.Session
	user    storage.User
	// authenticated says that the session is sufficient for the request; otherwise the user has to log in.
	authenticated bool
	// invitation is the invitation in the request, if any. invited says that it is for this user, or that
	// there is no invitation.
	invitation storage.Invitation
	invited    bool
	// lacks is the reason why the session is not sufficient, for the trace.
	lacks trace.Step
	// browser identifies a browser that was remembered and may skip multi-factor authentication, or is "".
	// renews says that this login extends the time for which it is remembered.
	browser string
	renews  bool
}

// identify finds the browser's session and its user, and decides whether the session is sufficient.
func (m *room) identify(tx *storage.Tx, r *http.Request, l login, now time.Time) (id identity, err error) {
	id.browser = m.Cookies.Remembered(r)
	if id.session, id.user, err = m.loggedIn(tx, r, now); err != nil {
		return id, err
	}
	if id.invitation, id.invited, err = invitedAs(tx, l.request, id.user, now); err != nil {
		return id, err
	}
	foreign, err := foreignTo(tx, l.request.Organization, id.session)
	if err != nil {
		return id, err
	}
	began := l.transaction.Began(id.session)
	there := id.session.ID != "" && id.user.UserID != ""
	switch {
	case !there:
		id.lacks = noSession
	case foreign:
		id.lacks = otherConnection
	case !began && !id.invited:
		id.lacks = otherInvitee
	case !began:
		id.lacks = needsLogin(l.request, id.session, now)
	}
	if id.authenticated = id.lacks == (trace.Step{}); !id.authenticated {
		id.session = storage.Session{} // so that the log does not name the user of the insufficient session
	}
	return id, nil
}

// loggedIn returns the browser's session and its user, both empty if there is no session.
func (m *room) loggedIn(tx *storage.Tx, r *http.Request, now time.Time) (s storage.Session, user storage.User, err error) {
	if s, err = m.Cookies.Find(tx, r, now); err != nil {
		return s, user, storage.Optional(err)
	}
	user, err = tx.Users.Get(s.UserID)
	return s, user, storage.Optional(err)
}

// needsLogin returns the reason why a valid session is not sufficient for a request, or the zero Step if
// it is. It is not called for a session that began in this login, because the user has just logged in
// then.
func needsLogin(rq storage.AuthorizeRequest, s storage.Session, now time.Time) trace.Step {
	switch {
	case slices.Contains(rq.Prompt, "login"), slices.Contains(rq.Prompt, "select_account"):
		return askedForLogin
	case rq.MaxAge != nil && (*rq.MaxAge == 0 || now.Sub(s.AuthenticatedAt).Seconds() > float64(*rq.MaxAge)):
		return tooOld // OIDC Core section 3.1.2.1: max_age=0 is prompt=login
	case rq.Connection != "" && rq.Connection != s.Connection:
		return anotherConnection
	}
	return trace.Step{}
}

// askInvited returns the page that shows an invitation to an organization and asks the user to accept it,
// or "".
func askInvited(l login) (page string, err error) {
	switch {
	case l.request.Invitation == "" || l.transaction.Invited:
		return "", nil
	case l.silent():
		return "", apierr.InteractionRequired
	}
	return invitationPage, nil
}

// askLogin returns the page to log in on, or to sign up on if the application asks for that. If another
// identity provider has answered with an error, it returns that error, which is sent to the application.
func askLogin(tx *storage.Tx, l login) (page string, err error) {
	if l.silent() {
		return "", apierr.LoginRequired
	}
	if up := l.transaction.Upstream; up != nil && up.Code != "" {
		return "", &apierr.Error{Status: http.StatusForbidden, Code: up.Code, Message: up.Message}
	}
	ways, err := account.WaysOf(tx, l.request)
	if err != nil {
		return "", err
	}
	if _, straight := ways.Direct(l.request); straight {
		return account.ProviderPage, nil
	}
	screens, err := ways.Screens(tx, l.request)
	if l.request.ScreenHint == "signup" && ways.Own() {
		return screens.Signup, err
	}
	return screens.Login, err
}

// admit returns an error for a user who is blocked, is not the invited one, or has declined consent.
func admit(l login, id identity) error {
	switch {
	case id.user.Blocked:
		return apierr.UserBlocked
	case !id.invited:
		return apierr.InvitationForeign
	case l.transaction.Refused(id.user.UserID):
		return apierr.ConsentDeclined
	}
	return nil
}

// further returns the page for multi-factor authentication if the tenant or the application demands it, or
// the page that shows a new recovery code until the user confirms it, or that offers to add the device, or "".
func further(tx *storage.Tx, l login, id identity, now time.Time) (page string, err error) {
	so := l.transaction.FurtherOf(id.user.UserID)
	if len(so.Recovery) > 0 {
		return factors.NewCodePage(so), nil
	}
	asked, err := factors.FactorRequired(tx, factors.BrowserLogin{
		Request: l.request, StateHash: l.transaction.StateHash, Session: id.session, Browser: id.browser,
	}, now)
	switch {
	case err == nil && !asked && so.Biometrics && !l.silent():
		return factors.EnrollmentPage(factors.WebAuthnPlatform), nil
	case err != nil || !asked:
		return "", err
	case l.silent():
		return "", apierr.FurtherFactorRequired
	}
	options, err := factors.OptionsOf(tx, id.user, l.transaction.Abilities)
	if err != nil {
		return "", err
	}
	return options.Page()
}

// passkeyPage offers to create a passkey to a user who has just logged in with a password.
const passkeyPage = "/u/passkey-enrollment" //nolint:gosec // a path

// localPasskeyPage is the same for a user who has logged in with a passkey of another device.
const localPasskeyPage = passkeyPage + "-local"

// offerPasskey returns the page that offers to create a passkey, if the browser can store one and the user
// has logged in with a password and has no passkey, or has logged in with a passkey of another device;
// otherwise "". Auth0: authenticate/database-connections/passkeys.
func offerPasskey(tx *storage.Tx, l login, id identity, now time.Time) (page string, err error) {
	if l.silent() || !l.transaction.Platform || !l.transaction.Began(id.session) || l.transaction.Passkey == id.user.UserID || len(id.session.Methods) == 0 {
		return "", nil
	}
	if declined, err := webauthn.OfPasskeys.Declined(tx, l.transaction.BrowserHash, id.user.UserID, now); err != nil || declined {
		return "", err
	}
	conn, err := tx.Connections.Find("name", id.session.Connection)
	if err != nil {
		return "", storage.Optional(err)
	}
	switch id.session.Methods[0].Name {
	case signin.Passkey:
		if l.transaction.Roaming && webauthn.OffersLocal(conn) {
			page = localPasskeyPage
		}
	case signin.Password:
		if !webauthn.OffersPasskeys(conn) {
			return "", nil
		}
		has, err := webauthn.Has(tx, id.user.UserID, webauthn.Passkey)
		if err != nil || has {
			return "", err
		}
		page = passkeyPage
	}
	return page, nil
}

// askForm returns the page with the tenant's form that the application's logins show, once in each login,
// or "". In Auth0 an Action chooses the form; since tenant0 does not run Actions, it is configured at the
// control listener.
func askForm(tx *storage.Tx, l login, id identity) (page string, begun *storage.FormVisit, err error) {
	render, err := prompts.For(tx, l.client.ClientID)
	if err != nil {
		return "", nil, storage.Optional(err)
	}
	visit, asked := l.transaction.FormOf(id.session, render.FormID)
	switch {
	case asked && visit.Done:
		return "", nil, nil
	case l.silent():
		return "", nil, apierr.InteractionRequired
	case !asked:
		begun = &visit
	}
	return formPage + url.PathEscape(render.FormID), begun, nil
}

// scripts is the place for the tenant's scripts (rules and Actions) to change a login: outside of any
// transaction of the store, and once for each login. No scripts run today, so access is unchanged.
func scripts(d *decision) access { return d.access }

// consent returns the page that asks for consent, if it is needed, or "".
func consent(d *decision) (page string, err error) {
	switch {
	case !d.access.asks:
		return "", nil
	case d.silent():
		return "", apierr.ConsentRequired
	case d.access.details:
		return detailsPage, nil
	}
	return consentPage, nil
}
