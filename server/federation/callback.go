package federation

import (
	"cmp"
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

// callback takes a provider's answer, OIDC Core section 3.1.2.5. An error of the provider's is the
// answer to the application, and so is what is wrong with its answer.
//
//auth0:operation GET /login/callback
func (m *room) callback(w http.ResponseWriter, r *http.Request) error {
	params, err := web.Query(r)
	if err != nil {
		return err
	}
	return m.answered(w, r, params)
}

// posted takes an answer that travels in a form, OAuth 2.0 Form Post Response Mode. It comes from the
// provider's page, so that its origin is another one; that of the tenant's own login page does not.
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
		return web.SameSite(func(w http.ResponseWriter, r *http.Request) error { return m.Door.FromPage(w, r, params) })(w, r)
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
	who.Tokens.Scope = cmp.Or(who.Tokens.Scope, scopeOf(l)) // RFC 6749 section 5.1: what was asked for is not repeated
	if l.connecting != nil {
		return m.connected(w, r, l, who)
	}
	return m.complete(w, r, l, who)
}

// asked reports whether a login waits for the answer with a state.
func (m *room) asked(r *http.Request, state string) (known bool, err error) {
	err = m.DB.View(r.Context(), func(tx *storage.Tx) error {
		_, err := tx.TransactionOfUpstream(keys.Hash(state))
		known = err == nil
		return storage.Optional(err)
	})
	return known, err
}

// Bounds of what is passed on of an error of a provider's, in bytes.
const (
	maxCode    = 100
	maxMessage = 1000
)

// passedOn is an error of a provider's as the application is told it, in the characters of RFC 6749
// section 4.1.2.1.
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

// errAnswer is an answer of a provider that cannot be used.
var errAnswer = &apierr.Error{Status: http.StatusBadRequest, Code: "invalid_request", Message: "The answer of the identity provider is not one to this login."}

// redeem returns whom the simulated provider has given a code for. It is the leg's alone, and good as
// long as the leg waits for it.
func (m *room) redeem(l leg, code string) (providers.Account, error) {
	up := l.transaction.Upstream
	if up.CodeHash == "" || subtle.ConstantTimeCompare([]byte(up.CodeHash), []byte(keys.Hash(code))) != 1 {
		return providers.Account{}, errAnswer
	}
	id, _ := up.Person["user_id"].(string)
	who := providers.Read(l.connection, id, up.Person)
	who.Tokens = simulatedTokens(scopeOf(l), m.request(l, ""))
	return who, nil
}

// simulatedLifetime is how long the access tokens of simulated providers last, in seconds.
const simulatedLifetime = 3599

// refused ends the leg with an error, which the application is told.
func (m *room) refused(w http.ResponseWriter, r *http.Request, l leg, err error) error {
	e, ok := errors.AsType[*apierr.Error](err)
	if !ok {
		return err
	}
	m.Server.Warn("a login at an identity provider ends", "connection", l.connection.Name, "err", err.Error())
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

// take ends a leg, once: of several answers with its state one is taken.
func (m *room) take(tx *storage.Tx, l leg, change func(*storage.Transaction)) error {
	return session.Change(tx, l.transaction.StateHash, m.Now(), func(t *storage.Transaction) error {
		if t.Upstream == nil || t.Upstream.StateHash != l.transaction.Upstream.StateHash {
			return apierr.TransactionExpired
		}
		change(t)
		return nil
	})
}

// complete lets the person in whom the provider has named.
func (m *room) complete(w http.ResponseWriter, r *http.Request, l leg, who providers.Account) error {
	now := m.Now()
	var finish func(http.ResponseWriter)
	err := m.DB.Update(r.Context(), func(tx *storage.Tx) error {
		user, err := m.Keep(tx, l.connection, who, now)
		if err != nil {
			return err
		}
		err = m.take(tx, l, func(t *storage.Transaction) { t.Upstream = &storage.UpstreamLogin{Connection: l.connection.Name} })
		if err != nil {
			return err
		}
		finish, err = m.Door.Begin(tx, r, l.transaction, signin.Attempt{
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

// accessDenied is the code of what the application is told when somebody may not log in.
const accessDenied = "access_denied"

var (
	errSignup = &apierr.Error{Status: http.StatusForbidden, Code: accessDenied, Message: "Public signup is disabled", Setting: "disable_signup among the options of the connection"}
	errDomain = &apierr.Error{Status: http.StatusForbidden, Code: accessDenied, Message: "The account is of another domain than the connection", Setting: "tenant_domain and domain_aliases among the options of the connection"}
	errNobody = &apierr.Error{Status: http.StatusForbidden, Code: accessDenied, Message: "The identity provider has named nobody"}
)

// Keep makes the user who has an account at a provider, or changes what the provider says of one who
// was there before. Where the account was linked to another user, that one logs in and keeps its own
// profile, Auth0: manage-users/user-accounts/user-account-linking. Its refusals are apierr.Errors.
func (m *room) Keep(tx *storage.Tx, c storage.Connection, who providers.Account, now time.Time) (user storage.User, err error) {
	if strings.TrimPrefix(who.Identity.UserID, c.Name+"|") == "" {
		return user, errNobody
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

// keepTokens keeps what a provider has given for itself. Providers give a refresh token with the first
// login, and with later ones as they like.
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

// refresh writes what the provider says of a user into the user, or into the identity where that is
// not the user's first.
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

// checkDomain refuses accounts of a Google Workspace that is not the connection's, and does not
// believe a provider that an address is verified which is another directory's.
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
