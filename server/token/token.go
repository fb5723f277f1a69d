// Package token serves /oauth/token and /oauth/revoke. The endpoint owns what
// every grant shares; a grant is one file that adds only what is its own.
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

// Deps is what the grants work with.
type Deps struct {
	DB        *storage.DB
	Issuer    *tokens.Issuer
	Passwords *identity.Passwords
	Door      *signin.Door
	Providers Providers
}

// Providers are the identity providers of the tenant's connections.
type Providers interface {
	// Renew returns what the provider of a connection gives for a refresh token of its own. The
	// provider's refusal is an error, and so is that it cannot be reached.
	Renew(ctx context.Context, c storage.Connection, old storage.IdentityTokens) (storage.IdentityTokens, error)
	// Keep makes the user who has an account at the provider of a connection, or writes into the user
	// what the provider says. What it refuses is an apierr.Error.
	Keep(tx *storage.Tx, c storage.Connection, who providers.Account, now time.Time) (storage.User, error)
	// CheckAssertion returns an error unless the provider of a connection has signed an assertion.
	CheckAssertion(ctx context.Context, c storage.Connection, assertion string) error
}

// Grants lists the grants that the token endpoint serves; a new grant is one
// file and one line here.
func Grants(d Deps) []oauth.Grant {
	persons := people{d}
	return []oauth.Grant{
		&authorizationCode{d.DB, d.Issuer},
		&refreshToken{d.DB, d.Issuer},
		&clientCredentials{d.DB, d.Door.Log},
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

// Mount adds the room's routes.
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
	return web.ReplyBytes(w, http.StatusOK, "application/json", body) // Auth0 names no charset here
}
