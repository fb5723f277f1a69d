package oauth

import (
	"context"
	"net/url"
	"strconv"
	"strings"
	"time"

	"github.com/ory/fosite"

	"github.com/tenant0/tenant0/keys"
	"github.com/tenant0/tenant0/server/tokens"
	"github.com/tenant0/tenant0/storage"
)

// Answer is the response to an authorization request.
type Answer struct {
	// Params are the parameters of the response, except state.
	Params url.Values
	// Code is the record to store for the authorization code in Params, nil if Params has no
	// code.
	Code *storage.Code
}

// Authorize makes the response to a validated authorization request: the code and the tokens
// that its response type asks for, with what the grant allows. It writes nothing to the store.
// The caller must store the code together with the other changes of the login before it sends
// the response.
func (e *Engine) Authorize(ctx context.Context, grant tokens.Grant, rq storage.AuthorizeRequest) (Answer, error) {
	s := &authorizeSession{request: rq, grant: grant, now: e.Now()}
	s.grant.ID = keys.NewGrantID(s.now)
	s.grant.FrontChannel = true
	ar := fosite.NewAuthorizeRequest()
	ar.Client = client{grant.Client}
	ar.ResponseTypes = strings.Fields(rq.ResponseType)
	ar.State = rq.State
	ar.GrantedScope = grant.Issue.Scope
	resp, err := e.provider.NewAuthorizeResponse(ctx, ar, s)
	if err != nil {
		return Answer{}, err
	}
	return Answer{Params: resp.GetParameters(), Code: s.code}, nil
}

// authorizeSession carries tenant0's request through fosite, from one handler to the next, and
// takes back the record of the code.
type authorizeSession struct {
	fosite.DefaultSession
	request storage.AuthorizeRequest
	grant   tokens.Grant
	now     time.Time
	code    *storage.Code
	// codeText and access are the credentials whose hashes go into an ID token in the same
	// response.
	codeText, access string
}

// asks returns the session of a request whose response_type includes what, and nil for any
// other request.
func asks(ar fosite.AuthorizeRequester, what string) *authorizeSession {
	s, ok := ar.GetSession().(*authorizeSession)
	if !ok || !ar.GetResponseTypes().Has(what) {
		return nil
	}
	ar.SetResponseTypeHandled(what)
	return s
}

// codeLifetime is how long a code can be redeemed. RFC 6749 section 4.1.2: "A
// maximum authorization code lifetime of 10 minutes is RECOMMENDED."
const codeLifetime = 10 * time.Minute

// codeHandler makes the authorization code, RFC 6749 section 4.1.2.
type codeHandler struct{ *Engine }

// HandleAuthorizeEndpointRequest implements fosite.AuthorizeEndpointHandler.
func (h *codeHandler) HandleAuthorizeEndpointRequest(_ context.Context, ar fosite.AuthorizeRequester, resp fosite.AuthorizeResponder) error {
	s := asks(ar, "code")
	if s == nil {
		return nil
	}
	s.codeText = h.Issuer.Secrets.Code(s.grant.ID, s.grant.Client.ClientID)
	s.code = &storage.Code{
		Hash: keys.Hash(s.codeText), GrantID: s.grant.ID, Issue: s.grant.Issue,
		CodeChallenge: s.request.CodeChallenge, CodeChallengeMethod: s.request.CodeChallengeMethod,
		ExpiresAt: s.now.Add(codeLifetime),
	}
	if s.request.RedirectURISent {
		s.code.RedirectURI = s.request.RedirectURI
	}
	resp.AddParameter("code", s.codeText)
	return nil
}

// tokenHandler makes the access token of the front channel, RFC 6749 section 4.2.2.
type tokenHandler struct{ *Engine }

// HandleAuthorizeEndpointRequest implements fosite.AuthorizeEndpointHandler.
func (h *tokenHandler) HandleAuthorizeEndpointRequest(ctx context.Context, ar fosite.AuthorizeRequester, resp fosite.AuthorizeResponder) error {
	s := asks(ar, "token")
	if s == nil {
		return nil
	}
	access, err := h.Issuer.Access(ctx, &s.grant, s.now)
	if err != nil {
		return err
	}
	s.access = access.Token
	resp.AddParameter("access_token", access.Token)
	resp.AddParameter("token_type", tokenType(&s.grant))
	resp.AddParameter("expires_in", strconv.Itoa(access.ExpiresIn))
	// RFC 6749 section 4.2.2: "OPTIONAL, if identical to the scope requested by the client".
	if scope := strings.Join(s.grant.Issue.Scope, " "); scope != s.request.Scope {
		resp.AddParameter("scope", scope)
	}
	return nil
}

// idTokenHandler makes the ID token of the front channel, OIDC Core sections 3.2.2.5 and
// 3.3.2.5. It must run last, since the ID token has the hashes of the code and the access token
// beside it.
type idTokenHandler struct{ *Engine }

// HandleAuthorizeEndpointRequest implements fosite.AuthorizeEndpointHandler.
func (h *idTokenHandler) HandleAuthorizeEndpointRequest(_ context.Context, ar fosite.AuthorizeRequester, resp fosite.AuthorizeResponder) error {
	s := asks(ar, "id_token")
	if s == nil {
		return nil
	}
	token, err := h.Issuer.FrontChannelID(&s.grant, s.access, s.codeText, s.now)
	if err != nil {
		return err
	}
	resp.AddParameter("id_token", token)
	return nil
}
