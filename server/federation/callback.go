package federation

import (
	"cmp"
	"context"
	"crypto/subtle"
	"errors"
	"maps"
	"net/http"
	"net/url"
	"strings"
	"time"

	"github.com/tenant0/tenant0/keys"
	"github.com/tenant0/tenant0/server/account"
	"github.com/tenant0/tenant0/server/apierr"
	"github.com/tenant0/tenant0/server/identity"
	"github.com/tenant0/tenant0/server/providers"
	"github.com/tenant0/tenant0/server/resource"
	"github.com/tenant0/tenant0/server/session"
	"github.com/tenant0/tenant0/server/signin"
	"github.com/tenant0/tenant0/server/web"
	"github.com/tenant0/tenant0/storage"
)

// callback takes a provider's response, OIDC Core section 3.1.2.5. An error from the provider, or an
// error in its response, is passed on to the application.
//
//auth0:operation GET /login/callback
func (m *room) callback(w http.ResponseWriter, r *http.Request) error {
	params, err := web.Query(r)
	if err != nil {
		return err
	}
	return m.answered(w, r, params)
}

// posted takes a response in a form, OAuth 2.0 Form Post Response Mode. A provider's page sends it, so
// its origin is not checked. The form of the tenant's own login page comes here too; for that one the
// origin is checked.
//
//auth0:operation POST /login/callback
func (m *room) posted(w http.ResponseWriter, r *http.Request) error {
	params, err := web.Form(w, r)
	if err != nil {
		return err
	}
	if known, err := m.asked(r, params.Get("wctx")); err != nil {
		return err
	} else if params.Has("wresult") && !known {
		return web.SameSite(func(w http.ResponseWriter, r *http.Request) error { return m.SignIn.FromPage(w, r, params) })(w, r)
	}
	return m.answered(w, r, params)
}

func (m *room) answered(w http.ResponseWriter, r *http.Request, params url.Values) error {
	if params.Get("SAMLResponse") != "" {
		known, err := m.asked(r, params.Get("RelayState"))
		if err != nil {
			return err
		}
		if !known {
			return m.unsolicited(w, r, params)
		}
	}
	l, err := m.find(r, cmp.Or(params.Get("state"), params.Get("RelayState"), params.Get("wctx")))
	if err == nil {
		l, err = m.received(r.Context(), l)
	}
	if err != nil {
		return err
	}
	if code := params.Get("error"); code != "" {
		return m.refused(w, r, l, passedOn(code, params.Get("error_description")))
	}
	if l.transaction.Upstream.Real && !isSAML(l.connection) && !isPassive(l.connection) {
		if err := m.checkAnswerer(r.Context(), l, params.Get("iss")); err != nil {
			return m.refused(w, r, l, err)
		}
	}
	var who providers.Account
	switch {
	case !l.transaction.Upstream.Real:
		who, err = m.redeem(l, params.Get("code"))
	case isSAML(l.connection), isPassive(l.connection):
		who, err = m.consume(r.Context(), l, params)
	default:
		who, err = m.exchange(r.Context(), l, params)
	}
	if err != nil {
		return m.refused(w, r, l, err)
	}
	who.Tokens.Scope = cmp.Or(who.Tokens.Scope, scopeOf(l)) // RFC 6749 section 5.1: the response may omit a scope equal to the requested one
	if l.connecting != nil {
		return m.connected(w, r, l, who)
	}
	return m.complete(w, r, l, who)
}

// received uses up the state of a provider login before its response is read. A response that the browser sends
// twice would otherwise be refused the second time, because its code or assertion is used up, and that refusal
// would end the login that the first one is about to complete. The new state is one that nobody knows.
func (m *room) received(ctx context.Context, l providerLogin) (providerLogin, error) {
	up := *l.transaction.Upstream
	up.StateHash = keys.Hash(keys.Random(32))
	err := m.DB.UpdateVolatile(ctx, func(tx *storage.Tx) error {
		return m.take(tx, l, func(t *storage.Transaction) { t.Upstream.StateHash = up.StateHash })
	})
	l.transaction.Upstream = &up
	return l, err
}

// asked reports whether a login waits for a response with the state.
func (m *room) asked(r *http.Request, state string) (known bool, err error) {
	err = m.DB.View(r.Context(), func(tx *storage.Tx) error {
		_, err := tx.TransactionOfUpstream(keys.Hash(state))
		known = err == nil
		return storage.Optional(err)
	})
	return known, err
}

// Limits for an error of a provider that is passed on, in bytes.
const (
	maxCode    = 100
	maxMessage = 1000
)

// passedOn returns the error for the application that reports an error of a provider, limited to the
// characters of RFC 6749 section 4.1.2.1.
func passedOn(code, message string) error {
	clean := func(text string, most int) string {
		text = strings.Map(func(r rune) rune {
			if r < ' ' || r > '~' || r == '"' || r == '\\' {
				return -1
			}
			return r
		}, text)
		return text[:min(len(text), most)]
	}
	code = cmp.Or(clean(code, maxCode), "access_denied")
	return &apierr.Error{Status: http.StatusForbidden, Code: code, Message: cmp.Or(clean(message, maxMessage), code)}
}

// errAnswer reports a response of a provider that does not belong to the login.
var errAnswer = &apierr.Error{Status: http.StatusBadRequest, Code: "invalid_request", Message: "The answer of the identity provider is not one to this login."}

// redeem returns the account for which the simulated provider issued a code. A code is valid only for
// its provider login, while the provider login waits for it.
func (m *room) redeem(l providerLogin, code string) (providers.Account, error) {
	up := l.transaction.Upstream
	if up.CodeHash == "" || subtle.ConstantTimeCompare([]byte(up.CodeHash), []byte(keys.Hash(code))) != 1 {
		return providers.Account{}, errAnswer
	}
	id, _ := up.Person["user_id"].(string)
	who := providers.Read(l.connection, id, up.Person)
	who.Tokens = simulatedTokens(scopeOf(l), m.request(l, ""))
	return who, nil
}

// simulatedLifetime is the lifetime of access tokens of simulated providers, in seconds.
const simulatedLifetime = 3599

// refused ends the provider login with an error, which is passed on to the application.
func (m *room) refused(w http.ResponseWriter, r *http.Request, l providerLogin, err error) error {
	e, ok := errors.AsType[*apierr.Error](err)
	if !ok {
		return err
	}
	m.Server.Warn("a login at an identity provider failed", "connection", l.connection.Name, "err", err.Error())
	err = m.DB.UpdateVolatile(r.Context(), func(tx *storage.Tx) error {
		return m.take(tx, l, func(t *storage.Transaction) {
			t.Upstream = &storage.UpstreamLogin{Connection: l.connection.Name, Code: e.Code, Message: e.Message}
		})
	})
	if err != nil {
		return err
	}
	if l.connecting != nil {
		return toApplication(w, r, l, url.Values{"error": {e.Code}, "error_description": {e.Message}})
	}
	return web.Resume(w, r, l.transaction.Upstream.Page)
}

// take ends a provider login and changes its transaction. It succeeds only once: of several responses with the
// same state only the first is accepted.
func (m *room) take(tx *storage.Tx, l providerLogin, change func(*storage.Transaction)) error {
	return session.ChangeTransaction(tx, l.transaction.StateHash, m.Now(), func(t *storage.Transaction) error {
		if t.Upstream == nil || t.Upstream.StateHash != l.transaction.Upstream.StateHash {
			return apierr.TransactionExpired
		}
		change(t)
		return nil
	})
}

// complete logs in the user whom the provider has authenticated.
func (m *room) complete(w http.ResponseWriter, r *http.Request, l providerLogin, who providers.Account) error {
	now := m.Now()
	var finish func(http.ResponseWriter)
	err := m.DB.Update(r.Context(), func(tx *storage.Tx) error {
		user, err := m.SaveUser(tx, l.connection, who, now)
		if err != nil {
			return err
		}
		err = m.take(tx, l, func(t *storage.Transaction) { t.Upstream = &storage.UpstreamLogin{Connection: l.connection.Name} })
		if err != nil {
			return err
		}
		finish, err = m.SignIn.Begin(tx, r, l.transaction, signin.Attempt{
			Method: signin.Federated, ClientID: l.transaction.Request().ClientID, Connection: l.connection.Name,
			Identifier: cmp.Or(user.Email, user.UserID), User: user, IP: signin.Address(r),
		})
		return err
	})
	if e, refused := errors.AsType[*apierr.Error](err); refused && e.Code == accessDenied {
		return m.refused(w, r, l, e)
	}
	if err != nil {
		return err
	}
	finish(w)
	return web.Resume(w, r, l.transaction.Upstream.Page)
}

// accessDenied is the error code for the application if a user may not log in.
const accessDenied = "access_denied"

var (
	errSignup = &apierr.Error{Status: http.StatusForbidden, Code: accessDenied, Message: "Public signup is disabled", Setting: "disable_signup among the options of the connection"}
	errDomain = &apierr.Error{Status: http.StatusForbidden, Code: accessDenied, Message: "The account is of another domain than the connection", Setting: "tenant_domain and domain_aliases among the options of the connection"}
	errDeep   = &apierr.Error{Status: http.StatusForbidden, Code: accessDenied, Message: "The profile at the identity provider has too many lists and objects inside each other"}
	errNobody = &apierr.Error{Status: http.StatusForbidden, Code: accessDenied, Message: "The identity provider has named nobody"}
)

// SaveUser creates the user for an account at a provider, or updates the profile of the existing user. If
// the account was linked to another user, that user logs in and keeps its own profile, Auth0:
// manage-users/user-accounts/user-account-linking. If the login is not allowed, it returns an
// apierr.Error.
func (m *room) SaveUser(tx *storage.Tx, c storage.Connection, who providers.Account, now time.Time) (user storage.User, err error) {
	if strings.TrimPrefix(who.Identity.UserID, c.Name+"|") == "" {
		return user, errNobody
	}
	if apierr.TooDeep(who.Profile) {
		return user, errDeep
	}
	if err := checkDomain(tx, c, &who); err != nil {
		return user, err
	}
	user, err = tx.UserByIdentity(who.Identity)
	switch {
	case storage.IsNotFound(err):
		if c.Options["disable_signup"] == true {
			return user, errSignup
		}
		doc := who.Kept(c, nil)
		if doc == nil {
			doc = storage.Document{}
		}
		doc["user_id"] = who.Identity.UserID
		account.Identify(doc, c)
		identity.Complete(doc, now)
		if known, err := tx.Users.Has(who.UserID()); err != nil || known {
			return user, cmp.Or(err, error(resource.Users.Taken))
		}
		err = tx.Users.Put(doc)
	case err == nil:
		err = m.refresh(tx, c, who, user, now)
	}
	if err != nil {
		return user, err
	}
	if err := keepTokens(tx, who, now); err != nil {
		return user, err
	}
	return tx.Users.Get(cmp.Or(user.UserID, who.UserID()))
}

// keepTokens stores the tokens that a provider has issued. Providers issue a refresh token at the
// first login and not always at later ones, so the old one is kept if there is no new one.
func keepTokens(tx *storage.Tx, who providers.Account, now time.Time) error {
	given := who.Tokens
	given.Provider, given.UserID, given.GivenAt = who.Identity.Provider, who.Identity.UserID, now
	before, err := tx.TokensOf(who.Identity)
	if storage.Optional(err) != nil {
		return err
	}
	given.RefreshToken = cmp.Or(given.RefreshToken, before.RefreshToken)
	return tx.IdentityTokens.Put(given)
}

// refresh stores the provider's profile in the user or, if the account is a linked identity, in that
// identity.
func (m *room) refresh(tx *storage.Tx, c storage.Connection, who providers.Account, user storage.User, now time.Time) error {
	doc, err := tx.Users.Document(user.UserID)
	if err != nil {
		return err
	}
	kept := who.Kept(c, doc)
	if kept == nil {
		return nil
	}
	identities, _ := doc["identities"].([]any)
	for i, one := range identities {
		own, _ := one.(storage.Document)
		if i > 0 && own["provider"] == who.Identity.Provider && own["user_id"] == who.Identity.UserID {
			own["profileData"] = kept
			return tx.Users.Put(doc)
		}
	}
	maps.Copy(doc, kept)
	doc["updated_at"] = resource.Time(now)
	return tx.Users.Put(doc)
}

// checkDomain refuses accounts of a Google Workspace other than the connection's. It sets
// email_verified to false if the e-mail address has the domain of another enterprise connection,
// whatever the provider says.
func checkDomain(tx *storage.Tx, c storage.Connection, who *providers.Account) error {
	email, _ := who.Profile["email"].(string)
	_, domain, _ := strings.Cut(email, "@")
	if own := account.Domains(c); c.Strategy == "google-apps" && len(own) > 0 && !account.HasDomain(c, domain) {
		return errDomain
	}
	if domain == "" || account.HasDomain(c, domain) {
		return nil
	}
	for other, err := range tx.Connections.All() {
		if err != nil {
			return err
		}
		if account.IsEnterprise(other) && account.HasDomain(other, domain) {
			who.Profile["email_verified"] = false
		}
	}
	return nil
}
