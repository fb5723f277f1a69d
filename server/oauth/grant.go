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

// TokenRequest is a request to the token endpoint from a client that has
// authenticated and may use the grant type.
type TokenRequest struct {
	Form   url.Values
	Client storage.Client
	Now    time.Time
	HTTP   *http.Request
	// Admit is what the Validate of a grant by which a person authenticates leaves for its
	// Commit: it lets the person in, in the update that keeps the exchange.
	Admit func(*storage.Tx) error
	// Counted is what its Validate leaves likewise: that there are quotas which count the token.
	Counted bool
	// Details are what the tenant's log has of the request besides what it has of every one.
	Details map[string]string
}

// Reply is the answer of the token endpoint, RFC 6749 section 5.1.
type Reply struct {
	AccessToken  string `json:"access_token"`
	RefreshToken string `json:"refresh_token,omitempty"`
	IDToken      string `json:"id_token,omitempty"`
	Scope        string `json:"scope"`
	ExpiresIn    int    `json:"expires_in,omitempty"` // seconds, 0 where another server has not said
	TokenType    string `json:"token_type"`
	// IssuedTokenType is what an exchange has brought, RFC 8693 section 2.2.1.
	IssuedTokenType string `json:"issued_token_type,omitempty"`
	// Details are the authorization_details of the access token, RFC 9396 section 7.
	Details json.RawMessage `json:"authorization_details,omitempty"`
	// RecoveryCode is the one in the place of a recovery code that was used.
	RecoveryCode string `json:"recovery_code,omitempty"`
	// Header has what the headers of the answer say besides.
	Header map[string]string `json:"-"`
}

// Grant answers one grant_type. The engine has authenticated the client and
// checked that it may use the type; between the two calls it signs.
type Grant interface {
	// Type is the grant_type.
	Type() string
	// Validate finds out what the request is granted. It changes nothing. With an
	// error it may return what is known of the grant, for the tenant's log.
	Validate(ctx context.Context, rq *TokenRequest) (*tokens.Grant, error)
	// Commit keeps the exchange in one atomic call to the store, and may add to
	// the reply.
	Commit(ctx context.Context, rq *TokenRequest, g *tokens.Grant, reply *Reply) error
}

// Permitting is a Grant that clients may use by other settings than by their grant_types.
type Permitting interface {
	// Permits returns the refusal of a request with a form by a client that may not use the grant.
	Permits(c storage.Client, form url.Values) error
}

// permits refuses a grant to a client that may not use it.
func permits(g Grant, c storage.Client, form url.Values) error {
	switch p, own := g.(Permitting); {
	case own:
		return p.Permits(c, form)
	case !c.Allows(g.Type()):
		return apierr.GrantNotAllowed(g.Type())
	}
	return nil
}

// Token answers a request to the token endpoint. form holds its parameters; they
// must be the request's PostForm as well.
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
		trace.Note(ctx, trace.Step{Room: "token", Said: "the header DPoP is not looked at: DPoP is not emulated, and tokens are of the type Bearer"})
	}
	s := &tokenSession{request: TokenRequest{Form: form, Now: e.Now(), HTTP: r}}
	err := e.run(ctx, r, s)
	e.record(s, err)
	if err != nil {
		return Reply{}, refusal(s.request.Client, err)
	}
	return s.reply, nil
}

// refusal is err as a client that has authenticated gets it: Auth0 refuses a grant with
// 403, and RFC 6749 section 5.2 with 400, for applications that have the standard's answers.
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

// tokenSession carries our request through fosite and the reply back.
type tokenSession struct {
	fosite.DefaultSession
	request TokenRequest
	grant   *tokens.Grant
	reply   Reply
}

// tokenType is how the access token of a grant is to be presented.
func tokenType(g *tokens.Grant) string { return cmp.Or(g.TokenType, "Bearer") }

// grantHandler shows fosite a Grant.
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

// PopulateTokenEndpointResponse implements fosite.TokenEndpointHandler. It signs
// first and commits last, so that a failure to sign uses nothing up.
func (h *grantHandler) PopulateTokenEndpointResponse(ctx context.Context, ar fosite.AccessRequester, resp fosite.AccessResponder) error {
	s, ok := ar.GetSession().(*tokenSession)
	if !ok || !h.CanHandleTokenEndpointRequest(ctx, ar) {
		return fosite.ErrUnknownRequest
	}
	access, err := h.access(ctx, s)
	if err != nil {
		return err
	}
	s.reply = Reply{
		AccessToken: access.Token, ExpiresIn: access.ExpiresIn, TokenType: tokenType(s.grant),
		Scope: strings.Join(s.grant.Issue.Scope, " "), Details: json.RawMessage(s.grant.Issue.Details),
	}
	if s.grant.Given == nil && s.grant.User != nil && slices.Contains(s.grant.Issue.Scope, "openid") {
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

// access is the access token that a request gets.
func (h *grantHandler) access(ctx context.Context, s *tokenSession) (tokens.Access, error) {
	if s.grant.Given != nil {
		return *s.grant.Given, nil
	}
	return h.Issuer.Access(ctx, s.grant, s.request.Now)
}
