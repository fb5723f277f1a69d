package oauth

import (
	"cmp"
	"context"
	"encoding/json"
	"errors"
	"net/http"
	"net/url"
	"slices"
	"strings"
	"time"

	"github.com/ory/fosite"

	"github.com/tenant0/tenant0/server/apierr"
	"github.com/tenant0/tenant0/server/resource"
	"github.com/tenant0/tenant0/server/tokens"
	"github.com/tenant0/tenant0/server/trace"
	"github.com/tenant0/tenant0/storage"
)

// TokenRequest is a request to the token endpoint. Its client has authenticated and may use the
// grant type.
type TokenRequest struct {
	Form   url.Values
	Client storage.Client
	Now    time.Time
	HTTP   *http.Request
	// Admit is set by Validate if its checks need a write, such as recording a login or using up
	// a one-time proof. Commit calls it in the update that stores the exchange; its error refuses
	// the request.
	Admit func(*storage.Tx) error
	// Counted is set by Validate too. It says that token quotas apply to this request.
	Counted bool
	// Details are the details of the request's event in the tenant's log, nil for none.
	Details map[string]string
}

// Reply is the answer of the token endpoint, RFC 6749 section 5.1.
type Reply struct {
	AccessToken  string `json:"access_token"`
	RefreshToken string `json:"refresh_token,omitempty"`
	IDToken      string `json:"id_token,omitempty"`
	// Scope is nil only for a token that is no access token.
	Scope     *string `json:"scope,omitempty"`
	ExpiresIn int     `json:"expires_in,omitempty"` // seconds; 0 if another server issued the token and did not say
	TokenType string  `json:"token_type"`
	// IssuedTokenType is the type of the token that a token exchange returns, RFC 8693 section
	// 2.2.1.
	IssuedTokenType string `json:"issued_token_type,omitempty"`
	// Details are the authorization_details of the access token, RFC 9396 section 7.
	Details json.RawMessage `json:"authorization_details,omitempty"`
	// RecoveryCode is the new recovery code that replaces the one which was just used.
	RecoveryCode string `json:"recovery_code,omitempty"`
	// Header holds additional headers of the response.
	Header map[string]string `json:"-"`
}

// Grant implements one grant_type. Before the engine calls Validate it has authenticated the
// client and checked that the client may use the grant type; it signs the tokens between Validate
// and Commit.
type Grant interface {
	// Type is the grant_type.
	Type() string
	// Validate decides what the request is granted, and changes nothing. Along with an error it
	// may return what is known of the grant, for the tenant's log.
	Validate(ctx context.Context, rq *TokenRequest) (*tokens.Grant, error)
	// Commit stores the exchange in one atomic call to the store. It may add to the reply.
	Commit(ctx context.Context, rq *TokenRequest, g *tokens.Grant, reply *Reply) error
}

// Permitting is a Grant for which settings other than grant_types decide which clients may use it.
type Permitting interface {
	// Permits returns an error if the client may not use the grant with this form.
	Permits(c storage.Client, form url.Values) error
}

// permits returns an error if the client may not use the grant.
func permits(g Grant, c storage.Client, form url.Values) error {
	switch p, own := g.(Permitting); {
	case own:
		return p.Permits(c, form)
	case !c.Allows(g.Type()):
		return apierr.GrantNotAllowed(g.Type())
	}
	return nil
}

// Token answers a request to the token endpoint. form holds the request's parameters, and must be
// the PostForm of r as well.
func (e *Engine) Token(ctx context.Context, r *http.Request, form url.Values) (Reply, error) {
	grantType := form.Get("grant_type")
	switch {
	case grantType == "":
		return Reply{}, apierr.MissingParameter("grant_type")
	case e.grants[grantType] != nil:
	case resource.IsExchanged(grantType):
		return Reply{}, apierr.NotEmulated("The grant type " + grantType)
	default:
		return Reply{}, apierr.UnsupportedGrant(grantType)
	}
	if r.Header.Get("DPoP") != "" {
		// RFC 9449 section 5: the token_type tells the client that its token is bound to no key.
		trace.Note(ctx, trace.Step{Component: "token", Decision: "the header DPoP is ignored: DPoP is not emulated, and tokens have the type Bearer"})
	}
	s := &tokenSession{request: TokenRequest{Form: form, Now: e.Now(), HTTP: r}}
	err := e.run(ctx, r, s)
	e.record(s, err)
	if err != nil {
		return Reply{}, refusal(s.request.Client, err)
	}
	return s.reply, nil
}

// refusal returns err as it is sent to an authenticated client. Auth0 answers invalid_grant with
// the status 403; applications with the setting tenant0_standard_answers get 400, as RFC 6749
// section 5.2 says.
func refusal(c storage.Client, err error) error {
	e, ok := errors.AsType[*apierr.Error](err)
	if !ok || !c.StandardAnswers || e.Code != apierr.InvalidGrant {
		return err
	}
	standard := *e
	standard.Status = http.StatusBadRequest
	return &standard
}

func (e *Engine) run(ctx context.Context, r *http.Request, s *tokenSession) error {
	ar, err := e.provider.NewAccessRequest(ctx, r, s)
	if err != nil {
		return err
	}
	_, err = e.provider.NewAccessResponse(ctx, ar)
	return err
}

// tokenSession carries tenant0's request through fosite, and takes back the reply.
type tokenSession struct {
	fosite.DefaultSession
	request TokenRequest
	grant   *tokens.Grant
	reply   Reply
}

// tokenType returns the token_type of a grant's access token, RFC 6749 section 7.1.
func tokenType(g *tokens.Grant) string { return cmp.Or(g.TokenType, "Bearer") }

// grantHandler adapts a Grant to fosite's interface.
type grantHandler struct {
	*Engine
	grant Grant
}

// CanSkipClientAuth implements fosite.TokenEndpointHandler.
func (h *grantHandler) CanSkipClientAuth(context.Context, fosite.AccessRequester) bool { return false }

// CanHandleTokenEndpointRequest implements fosite.TokenEndpointHandler.
func (h *grantHandler) CanHandleTokenEndpointRequest(_ context.Context, ar fosite.AccessRequester) bool {
	return ar.GetGrantTypes().ExactOne(h.grant.Type())
}

// HandleTokenEndpointRequest implements fosite.TokenEndpointHandler.
func (h *grantHandler) HandleTokenEndpointRequest(ctx context.Context, ar fosite.AccessRequester) error {
	c, ok := ar.GetClient().(client)
	s, isOurs := ar.GetSession().(*tokenSession)
	if !ok || !isOurs {
		return fosite.ErrServerError
	}
	if err := permits(h.grant, c.Client, s.request.Form); err != nil {
		return err
	}
	s.request.Client = c.Client
	var err error
	if s.grant, err = h.grant.Validate(ctx, &s.request); err == nil {
		s.grant.Trace(ctx)
	}
	return err
}

// PopulateTokenEndpointResponse implements fosite.TokenEndpointHandler. It signs first and commits
// last, so that a failure to sign does not use up the code or the refresh token.
func (h *grantHandler) PopulateTokenEndpointResponse(ctx context.Context, ar fosite.AccessRequester, resp fosite.AccessResponder) error {
	s, ok := ar.GetSession().(*tokenSession)
	if !ok || !h.CanHandleTokenEndpointRequest(ctx, ar) {
		return fosite.ErrUnknownRequest
	}
	access, err := h.access(ctx, s)
	if err != nil {
		return err
	}
	scope := strings.Join(s.grant.Issue.Scope, " ")
	s.reply = Reply{
		AccessToken: access.Token, ExpiresIn: access.ExpiresIn, TokenType: tokenType(s.grant), Scope: &scope, Details: json.RawMessage(s.grant.Issue.Details),
	}
	if s.grant.ProviderToken == nil && s.grant.User != nil && slices.Contains(s.grant.Issue.Scope, "openid") {
		if s.reply.IDToken, err = h.Issuer.ID(s.grant, s.request.Now); err != nil {
			return err
		}
	}
	if err := h.grant.Commit(ctx, &s.request, s.grant, &s.reply); err != nil {
		return err
	}
	resp.SetAccessToken(s.reply.AccessToken)
	resp.SetTokenType(s.reply.TokenType)
	return nil
}

// access returns the access token for a request.
func (h *grantHandler) access(ctx context.Context, s *tokenSession) (tokens.Access, error) {
	if s.grant.ProviderToken != nil {
		return *s.grant.ProviderToken, nil
	}
	return h.Issuer.Access(ctx, s.grant, s.request.Now)
}
