// Package oauth is the only package that uses fosite. It runs token and authorization
// requests through fosite's registry of handlers, and authenticates clients. The packages
// that serve the endpoints tell it what a grant or a response type does, in tenant0's own
// types. It serves no endpoint itself.
package oauth

import (
	"context"
	"crypto/sha256"
	"net/http"
	"net/url"
	"slices"
	"time"

	"github.com/ory/fosite"

	"github.com/tenant0/tenant0/server/outside"
	"github.com/tenant0/tenant0/server/tenantlog"
	"github.com/tenant0/tenant0/server/tokens"
	"github.com/tenant0/tenant0/storage"
)

// Deps holds the dependencies of an Engine.
type Deps struct {
	DB     *storage.DB
	Issuer *tokens.Issuer
	Log    *tenantlog.Log
	Now    func() time.Time
	// Outside fetches the keys of applications that have a jwks_uri.
	Outside *outside.Client
}

// Engine runs token and authorization requests through fosite.
type Engine struct {
	Deps
	provider   fosite.OAuth2Provider
	grants     map[string]Grant
	grantTypes []string
}

// New returns an engine that serves the given grants at the token endpoint.
func New(d Deps, grants ...Grant) *Engine {
	e := &Engine{Deps: d, grants: map[string]Grant{}}
	var handlers fosite.TokenEndpointHandlers
	for _, g := range grants {
		e.grants[g.Type()] = g
		e.grantTypes = append(e.grantTypes, g.Type())
		// handlers.Append would keep only one handler of each Go type.
		handlers = append(handlers, &grantHandler{e, g})
	}
	// Set every field that fosite would otherwise fill in on first use: its getters write
	// to the config without a lock.
	config := &fosite.Config{
		GlobalSecret:                 make([]byte, sha256.Size), // signs nothing: tenant0 makes the tokens
		ScopeStrategy:                fosite.ExactScopeStrategy,
		AudienceMatchingStrategy:     fosite.ExactAudienceMatchingStrategy,
		ClientSecretsHasher:          &fosite.BCrypt{Config: &fosite.Config{HashCost: fosite.DefaultBCryptWorkFactor}},
		JWKSFetcherStrategy:          &fosite.DefaultJWKSFetcherStrategy{}, // never used; set to avoid the large cache of the default
		ClientAuthenticationStrategy: e.authenticate,
		TokenEndpointHandlers:        handlers,
		AuthorizeEndpointHandlers:    fosite.AuthorizeEndpointHandlers{&codeHandler{e}, &tokenHandler{e}, &idTokenHandler{e}},
	}
	e.provider = fosite.NewOAuth2Provider(clientStore{}, config)
	return e
}

// GrantTypes lists the grant types that the token endpoint serves.
func (e *Engine) GrantTypes() []string { return slices.Clone(e.grantTypes) }

// authenticate is fosite's client authentication strategy.
func (e *Engine) authenticate(_ context.Context, r *http.Request, form url.Values) (fosite.Client, error) {
	c, err := e.AuthenticateClient(r, form)
	if err != nil {
		return nil, err
	}
	return client{c}, nil
}

// clientStore is fosite's interface for reading clients and their assertions. fosite
// never calls it, because authenticate reads the tenant itself.
type clientStore struct{}

func (clientStore) GetClient(context.Context, string) (fosite.Client, error) {
	return nil, fosite.ErrNotFound
}

func (clientStore) ClientAssertionJWTValid(context.Context, string) error { return fosite.ErrJTIKnown }

func (clientStore) SetClientAssertionJWT(context.Context, string, time.Time) error {
	return fosite.ErrJTIKnown
}

// client adapts an application to fosite's interface.
type client struct{ storage.Client }

func (c client) GetID() string                   { return c.ClientID }
func (c client) GetHashedSecret() []byte         { return nil }
func (c client) GetRedirectURIs() []string       { return c.Callbacks }
func (c client) GetGrantTypes() fosite.Arguments { return c.GrantTypes }
func (c client) GetResponseTypes() fosite.Arguments {
	return fosite.Arguments{"code", "token", "id_token"}
}
func (c client) GetScopes() fosite.Arguments   { return nil }
func (c client) IsPublic() bool                { return c.Public() }
func (c client) GetAudience() fosite.Arguments { return nil }
