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

// Pages that a login may need. They are other rooms'.
const (
	consentPage      = "/u/consent"
	detailsPage      = "/u/customized-consent"
	organizationPage = "/u/organization"
	pickerPage       = "/u/organization-picker"
	invitationPage   = "/u/accept-invitation"
	formPage         = "/u/custom-prompt/"
)

// login is what is decided on: what was asked, and what the pages have added.
type login struct {
	// transaction is the login under way as it was when this was decided. It has no key where
	// nothing is kept, because no page has been needed.
	transaction storage.Transaction
	// request is what was asked, with what the user has answered.
	request storage.AuthorizeRequest
	client  storage.Client
}

// silent reports whether no page may be shown.
func (l login) silent() bool { return isSilent(l.request) }

// decision is what the steps have found: each fills in what is its own, and the next one
// reads it. page is the page that is needed before there is an answer, "" for none.
type decision struct {
	login
	identity identity
	access   access
	tenant   storage.Tenant
	page     string
	// api is the API that is asked for where a page is needed first, nil for none.
	api *storage.ResourceServer
	// form is the form of the tenant's that the page shows, where the login has just come to it.
	form *storage.FormVisit
	// person is whom an assertion is about, where one is asked for.
	person saml.Person
}

// decide goes through the steps of a login: what is asked, who is it, may they, what do scripts say,
// did they consent. It goes by stored state alone, which it reads in one view: pages do their
// part, write it down and come back here. With an apierr.Error, which ends the login, comes
// what was found before it; an error that wraps storage.ErrTooLong is of a request that cannot be kept.
func (m *room) decide(r *http.Request, read request, now time.Time) (d *decision, err error) {
	d = &decision{}
	err = m.DB.View(r.Context(), func(tx *storage.Tx) (err error) {
		*d = decision{}
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

// conclude is what follows on load: the scripts, and the question of consent.
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

// load fills in who it is and what they may. It stops where a page is needed first.
func (m *room) load(tx *storage.Tx, r *http.Request, d *decision, now time.Time) (err error) {
	l := d.login
	if d.page, err = askInvited(l); err != nil || d.page != "" {
		return err
	}
	if d.tenant, err = tx.Tenant.Get(storage.TenantKey); storage.Optional(err) != nil {
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

// identity is who logs in.
type identity struct {
	session storage.Session
	user    storage.User
	// authenticated says that the session will do for the request; the user has to log in
	// otherwise.
	authenticated bool
	// invitation is the one that the request brings, if any, and invited says that it is the
	// user's, or that there is none.
	invitation storage.Invitation
	invited    bool
	// lacks is why the session will not do, for the trace.
	lacks trace.Step
	// browser is the mark of a browser that may skip the further factor, "" for none, and renews says that
	// the login has it do so for longer.
	browser string
	renews  bool
}

// identify finds the browser's session and its user, and whether it will do.
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
		id.session = storage.Session{} // the log is not to name who was there before
	}
	return id, nil
}

// loggedIn returns the browser's session and its user, both empty without one.
func (m *room) loggedIn(tx *storage.Tx, r *http.Request, now time.Time) (s storage.Session, user storage.User, err error) {
	if s, err = m.Cookies.Find(tx, r, now); err != nil {
		return s, user, storage.Optional(err)
	}
	user, err = tx.Users.Get(s.UserID)
	return s, user, storage.Optional(err)
}

// needsLogin says why a session, though live, will not do, unless it began in this
// very login: the user has just logged in then. It says nothing where it will.
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

// askInvited has whoever is invited to an organization see by whom, and go on.
func askInvited(l login) (page string, err error) {
	switch {
	case l.request.Invitation == "" || l.transaction.Invited:
		return "", nil
	case l.silent():
		return "", apierr.InteractionRequired
	}
	return invitationPage, nil
}

// askLogin has the user log in, or sign up where the application asks for that. An error of another
// identity provider is the answer to the application.
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
	if _, straight := ways.Straight(l.request); straight {
		return account.ProviderPage, nil
	}
	screens, err := ways.Screens(tx, l.request)
	if l.request.ScreenHint == "signup" && ways.Own() {
		return screens.Signup, err
	}
	return screens.Login, err
}

// admit turns away users who may not log in, whatever they ask for.
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

// further asks for a further factor where the tenant or the application wants one, and shows
// a new recovery code until the user has kept it.
func further(tx *storage.Tx, l login, id identity, now time.Time) (page string, err error) {
	if so := l.transaction.FurtherOf(id.user.UserID); len(so.Recovery) > 0 {
		return factors.NewCodePage(so), nil
	}
	asked, err := factors.Asked(tx, factors.BrowserLogin{
		Request: l.request, StateHash: l.transaction.StateHash, Session: id.session, Browser: id.browser,
	}, now)
	switch {
	case err != nil || !asked:
		return "", err
	case l.silent():
		return "", apierr.FurtherFactorRequired
	}
	options, err := factors.OptionsOf(tx, id.user)
	if err != nil {
		return "", err
	}
	return options.Page()
}

// passkeyPage offers a passkey to a user who has just logged in otherwise.
const passkeyPage = "/u/passkey-enrollment" //nolint:gosec // a path

// localPasskeyPage is passkeyPage for who has logged in by a passkey of another device.
const localPasskeyPage = passkeyPage + "-local"

// offerPasskey offers a passkey at a browser that can keep one: to a user who has logged in by
// password and has none, and to one who has logged in by a passkey of another device. Auth0:
// authenticate/database-connections/passkeys.
func offerPasskey(tx *storage.Tx, l login, id identity, now time.Time) (page string, err error) {
	if l.silent() || !l.transaction.Platform || !l.transaction.Began(id.session) || l.transaction.Passkey == id.user.UserID || len(id.session.Methods) == 0 {
		return "", nil
	}
	if declined, err := webauthn.Declined(tx, l.transaction.BrowserHash, id.user.UserID, now); err != nil || declined {
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

// askForm shows the form of the tenant's that the logins of the application are to show, once in each
// login: until scripts run, the control listener says in their place which that is.
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

// scripts is where the tenant's scripts have their say of a login: outside of any
// transaction, once for each login, and their outcome is kept with the login. None run
// today, so that what was granted stays.
func scripts(d *decision) access { return d.access }

// consent asks the user where the application may not have what it asks for without.
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
