// Package oauth is the only door to fosite. It runs token and authorization
// requests through fosite's registry of handlers, and owns client
// authentication; what a grant or a response type does is told to it by rooms,
// in types of ours. It owns no endpoint.
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

// Deps is what an Engine works with.
type Deps struct {
	DB     *storage.DB
	Issuer *tokens.Issuer
	Log    *tenantlog.Log
	Now    func() time.Time
	// Outside reads the keys of applications that say where they are.
	Outside *outside.Client
}

// Engine runs requests through fosite.
type Engine struct {
	Deps
	provider   fosite.OAuth2Provider
	grants     map[string]Grant
	grantTypes []string
}

// New returns an engine that serves grants at the token endpoint.
func New(d Deps, grants ...Grant) *Engine {
	e := &Engine{Deps: d, grants: map[string]Grant{}}
	var handlers fosite.TokenEndpointHandlers
	for _, g := range grants {
		e.grants[g.Type()] = g
		e.grantTypes = append(e.grantTypes, g.Type())
		// Not handlers.Append: it keeps one handler of each Go type.
		handlers = append(handlers, &grantHandler{e, g})
	}
	// Every field that fosite would fill in lazily is set: its getters write
	// without a lock.
	config := &fosite.Config{
		GlobalSecret:                 make([]byte, sha256.Size), // signs nothing: tokens are ours
		ScopeStrategy:                fosite.ExactScopeStrategy,
		AudienceMatchingStrategy:     fosite.ExactAudienceMatchingStrategy,
		ClientSecretsHasher:          &fosite.BCrypt{Config: &fosite.Config{HashCost: fosite.DefaultBCryptWorkFactor}},
		JWKSFetcherStrategy:          &fosite.DefaultJWKSFetcherStrategy{}, // never asked, so without its large cache
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

// clientStore is what fosite asks for clients and their assertions. It is never
// asked: authenticate reads the tenant itself.
type clientStore struct{}

func (clientStore) GetClient(context.Context, string) (fosite.Client, error) {
	return nil, fosite.ErrNotFound
}

func (clientStore) ClientAssertionJWTValid(context.Context, string) error { return fosite.ErrJTIKnown }

func (clientStore) SetClientAssertionJWT(context.Context, string, time.Time) error {
	return fosite.ErrJTIKnown
}

// client shows fosite an application.
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
