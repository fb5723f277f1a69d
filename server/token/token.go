// Package token serves /oauth/token and /oauth/revoke. What all grant types share is in package
// oauth; each file here adds what is particular to one grant type.
package token

import (
	"context"
	"encoding/json"
	"net/http"
	"time"

	"github.com/tenant0/tenant0/server/identity"
	"github.com/tenant0/tenant0/server/oauth"
	"github.com/tenant0/tenant0/server/providers"
	"github.com/tenant0/tenant0/server/signin"
	"github.com/tenant0/tenant0/server/tokens"
	"github.com/tenant0/tenant0/server/web"
	"github.com/tenant0/tenant0/storage"
)

type room struct {
	engine *oauth.Engine
	db     *storage.DB
	issuer *tokens.Issuer
}

// Deps are the dependencies of the grants.
type Deps struct {
	DB        *storage.DB
	Issuer    *tokens.Issuer
	Passwords *identity.Passwords
	SignIn    *signin.Service
	Providers Providers
}

// Providers are the identity providers of the tenant's connections.
type Providers interface {
	// Renew returns new tokens of a connection's provider for a refresh token that it issued. It
	// fails if the provider refuses or cannot be reached.
	Renew(ctx context.Context, c storage.Connection, old storage.IdentityTokens) (storage.IdentityTokens, error)
	// SaveUser creates or updates the user who has an account at the provider of a connection, with what
	// the provider says about the user. Refusals are *apierr.Error.
	SaveUser(tx *storage.Tx, c storage.Connection, who providers.Account, now time.Time) (storage.User, error)
	// CheckAssertion returns an error unless an assertion is signed by the provider of a connection.
	CheckAssertion(ctx context.Context, c storage.Connection, assertion string) error
}

// Grants returns the grants that the token endpoint serves. A new grant needs one file, and one line
// here.
func Grants(d Deps) []oauth.Grant {
	persons := people{d}
	return []oauth.Grant{
		&authorizationCode{d.DB, d.Issuer},
		&refreshToken{d.DB, d.Issuer},
		&clientCredentials{d.DB, d.SignIn.Log},
		&password{persons, passwordGrant},
		&password{persons, realmGrant},
		&passwordless{persons},
		&mfaOTP{persons},
		&mfaOOB{persons},
		&mfaRecoveryCode{persons},
		&deviceCode{persons},
		&passkey{persons},
		&tokenExchange{persons},
		&jwtBearer{persons},
		&connectionToken{d.DB, d.Issuer, d.Providers},
	}
}

// Mount adds the package's routes.
func Mount(rt *web.Router, engine *oauth.Engine) {
	m := &room{engine, engine.DB, engine.Issuer}
	rt.Handle(http.MethodPost, "/oauth/token", m.exchange)
	rt.Handle(http.MethodPost, "/oauth/revoke", m.revoke)
}

//auth0:operation POST /oauth/token
func (m *room) exchange(w http.ResponseWriter, r *http.Request) error {
	form, err := web.Form(w, r, "authn_response", "user_profile")
	if err != nil {
		return err
	}
	reply, err := m.engine.Token(r.Context(), r, form)
	if err != nil {
		return err
	}
	body, err := json.Marshal(reply) //nolint:gosec // the client is told its tokens
	if err != nil {
		return err
	}
	web.NoStore(w)
	for name, value := range reply.Header {
		w.Header().Set(name, value)
	}
	return web.ReplyBytes(w, http.StatusOK, "application/json", body) // without a charset, as at Auth0
}
