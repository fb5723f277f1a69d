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

	"github.com/tenant0/tenant0/keys"
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
		AuthorizeEndpointHandlers:    fosite.AuthorizeEndpointHandlers{&codeHandler{e}},
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

func (c client) GetID() string                      { return c.ClientID }
func (c client) GetHashedSecret() []byte            { return nil }
func (c client) GetRedirectURIs() []string          { return c.Callbacks }
func (c client) GetGrantTypes() fosite.Arguments    { return c.GrantTypes }
func (c client) GetResponseTypes() fosite.Arguments { return fosite.Arguments{"code"} }
func (c client) GetScopes() fosite.Arguments        { return nil }
func (c client) IsPublic() bool                     { return c.Public() }
func (c client) GetAudience() fosite.Arguments      { return nil }

// Authorize runs a checked authorization request through fosite's registry and
// returns the parameters of its response and the record to keep. The caller
// writes both: the record together with what else the login changes.
func (e *Engine) Authorize(ctx context.Context, c storage.Client, rq storage.AuthorizeRequest, issue storage.Issue) (url.Values, storage.Code, error) {
	ar := fosite.NewAuthorizeRequest()
	ar.Client = client{c}
	ar.ResponseTypes = fosite.Arguments{rq.ResponseType}
	ar.State = rq.State
	ar.GrantedScope = issue.Scope
	s := &authorizeSession{request: rq, issue: issue}
	resp, err := e.provider.NewAuthorizeResponse(ctx, ar, s)
	if err != nil {
		return nil, storage.Code{}, err
	}
	return resp.GetParameters(), s.code, nil
}

// authorizeSession carries our request through fosite and the code record back.
type authorizeSession struct {
	fosite.DefaultSession
	request storage.AuthorizeRequest
	issue   storage.Issue
	code    storage.Code
}

// codeLifetime is how long a code can be redeemed. RFC 6749 section 4.1.2: "A
// maximum authorization code lifetime of 10 minutes is RECOMMENDED."
const codeLifetime = 10 * time.Minute

// codeHandler answers response_type=code.
type codeHandler struct{ *Engine }

// HandleAuthorizeEndpointRequest implements fosite.AuthorizeEndpointHandler.
func (h *codeHandler) HandleAuthorizeEndpointRequest(_ context.Context, ar fosite.AuthorizeRequester, resp fosite.AuthorizeResponder) error {
	s, ok := ar.GetSession().(*authorizeSession)
	if !ok || !ar.GetResponseTypes().ExactOne("code") {
		return nil
	}
	now := h.Now()
	id := keys.NewGrantID(now)
	code := h.Issuer.Secrets.Code(id, s.issue.ClientID)
	s.code = storage.Code{
		Hash: keys.Hash(code), GrantID: id, Issue: s.issue,
		CodeChallenge: s.request.CodeChallenge, CodeChallengeMethod: s.request.CodeChallengeMethod,
		ExpiresAt: now.Add(codeLifetime),
	}
	if s.request.RedirectURISent {
		s.code.RedirectURI = s.request.RedirectURI
	}
	resp.AddParameter("code", code)
	ar.SetResponseTypeHandled("code")
	return nil
}
