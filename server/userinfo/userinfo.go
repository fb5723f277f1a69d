// Package userinfo serves /userinfo, which answers with the claims about the user of an access token.
package userinfo

import (
	"encoding/json"
	"errors"
	"maps"
	"net/http"
	"net/url"
	"slices"
	"strings"
	"time"

	"github.com/tenant0/tenant0/keys"
	"github.com/tenant0/tenant0/server/apierr"
	"github.com/tenant0/tenant0/server/registered"
	"github.com/tenant0/tenant0/server/tokens"
	"github.com/tenant0/tenant0/server/web"
	"github.com/tenant0/tenant0/storage"
)

// Deps are the dependencies of the package's handlers.
type Deps struct {
	DB     *storage.DB
	Issuer *tokens.Issuer
	Now    func() time.Time
}

type room struct{ Deps }

// Mount adds the package's routes.
func Mount(rt *web.Router, d Deps) {
	m := &room{d}
	rt = rt.With(web.Text)
	rt.Handle(http.MethodGet, "/userinfo", m.get)
	rt.Handle(http.MethodPost, "/userinfo", m.post)
}

//auth0:operation GET /userinfo
func (m *room) get(w http.ResponseWriter, r *http.Request) error { return m.show(w, r) }

// post serves POST as well as GET, OIDC Core section 5.3.1: "The UserInfo Endpoint MUST support the
// use of the HTTP GET and HTTP POST methods".
//
//auth0:operation POST /userinfo
func (m *room) post(w http.ResponseWriter, r *http.Request) error { return m.show(w, r) }

// unauthorized answers as Auth0 does: the body is plain text, the reason is in the header
// WWW-Authenticate.
func unauthorized(reason string) *apierr.Error {
	challenge := `Bearer realm="Users"`
	if reason != "" {
		challenge += `, error="invalid_token", error_description="` + reason + `"`
	}
	return &apierr.Error{
		Status: http.StatusUnauthorized, Code: "invalid_token", Message: "Unauthorized", Setting: "the access token, which needs the scope openid; its lifetime in the API's token_lifetime, and the clock",
		Header: map[string]string{"WWW-Authenticate": challenge},
	}
}

// sentTwice is the error invalid_request of RFC 6750 section 3.1 for a token that is sent in two ways.
func sentTwice() *apierr.Error {
	return &apierr.Error{
		Status: http.StatusBadRequest, Code: apierr.InvalidRequest, Message: "Bad Request", Setting: "how the token is sent: by one of header, query and body",
		Header: map[string]string{"WWW-Authenticate": `Bearer realm="Users", error="invalid_request", error_description="The access token is sent in more than one way"`},
	}
}

// insufficientScope is the error of RFC 6750 section 3.1.
func insufficientScope() *apierr.Error {
	return &apierr.Error{
		Status: http.StatusForbidden, Code: "insufficient_scope", Message: "Insufficient scope, expected: openid", Setting: "the parameter scope of the login",
		Header: map[string]string{"WWW-Authenticate": `Bearer realm="Users", error="insufficient_scope", scope="openid"`},
	}
}

func (m *room) show(w http.ResponseWriter, r *http.Request) error {
	token, err := bearer(w, r)
	if err != nil {
		return err
	}
	claims, err := m.Issuer.Verify(r.Context(), token, m.Issuer.Userinfo(), m.Now())
	switch {
	case errors.Is(err, tokens.ErrExpired):
		return unauthorized("The token has expired").WithReason(tokens.Why(err)).With(err)
	case err != nil:
		return unauthorized("The access token is invalid").WithReason(tokens.Why(err)).With(err)
	case !slices.Contains(claims.Scope, "openid"):
		return insufficientScope()
	}
	body, client, err := m.profile(r, claims)
	if storage.IsNotFound(err) {
		return unauthorized("The access token is invalid").WithReason("its user or application is gone, or the grant was revoked").With(err)
	}
	if err != nil {
		return err
	}
	web.NoStore(w)
	if client.UserinfoAlg != "" {
		return m.signed(w, client, body)
	}
	return web.ReplyBytes(w, http.StatusOK, "application/json; charset=utf-8", body)
}

// signed answers with a JWT, OIDC Core section 5.3.2: "If signed, the UserInfo Response SHOULD contain
// the Claims iss (issuer) and aud (audience) as members".
func (m *room) signed(w http.ResponseWriter, client storage.Client, body []byte) error {
	var claims map[string]any
	if err := json.Unmarshal(body, &claims); err != nil {
		return err
	}
	claims["iss"], claims["aud"] = m.Issuer.URL, client.ClientID
	payload, err := json.Marshal(claims)
	if err != nil {
		return err
	}
	jwt, err := m.Issuer.Ring.Sign(client.UserinfoAlg, keys.TypeJWT, payload)
	if err != nil {
		return err
	}
	return web.ReplyBytes(w, http.StatusOK, "application/jwt", []byte(jwt))
}

// bearer returns the request's access token, RFC 6750 section 2: "Clients MUST NOT use more than one method to
// transmit the token in each request". It is also accepted in the query, because passport-auth0 sends it only there.
func bearer(w http.ResponseWriter, r *http.Request) (string, error) {
	header, err := fromHeader(r)
	if err != nil {
		return "", err
	}
	query, err := web.Query(r)
	var form url.Values
	if err == nil && r.Method == http.MethodPost && r.ContentLength != 0 {
		form, err = web.Form(w, r)
	}
	sent := slices.DeleteFunc([]string{header, query.Get("access_token"), form.Get("access_token")}, func(token string) bool { return token == "" })
	switch {
	case len(sent) > 1:
		return "", sentTwice()
	case len(sent) == 1: // what else the request has is of no interest, whether it can be read or not
		return sent[0], nil
	case err != nil:
		return "", err
	}
	return "", unauthorized("").WithReason("the request has no access token")
}

// fromHeader returns the access token in the header Authorization, or "" if there is no such header.
func fromHeader(r *http.Request) (string, error) {
	h := r.Header.Get("Authorization")
	if h == "" {
		return "", nil
	}
	scheme, token, _ := strings.Cut(h, " ")
	if token = strings.TrimSpace(token); !strings.EqualFold(scheme, "Bearer") || token == "" {
		return "", unauthorized("").WithReason("the header Authorization is not Bearer followed by a token")
	}
	return token, nil
}

// profile returns the body of the answer: sub, the claims of the scopes, and the custom claims that
// the ID token has. It also returns the application that the token was issued to.
func (m *room) profile(r *http.Request, claims tokens.Claims) (body []byte, client storage.Client, err error) {
	var user storage.User
	custom := maps.Clone(claims.IDClaims)
	err = m.DB.View(r.Context(), func(tx *storage.Tx) error {
		if err := registered.CheckOrigin(tx, r, claims.ClientID); err != nil {
			return err
		}
		if revoked, err := tx.RevokedGrants.Has(claims.GrantID); err != nil || revoked {
			return errors.Join(err, storage.ErrNotFound)
		}
		if ended, err := hasEnded(tx, claims); err != nil || ended {
			return errors.Join(err, storage.ErrNotFound)
		}
		var err error
		if client, err = tx.Clients.Get(claims.ClientID); err != nil {
			return err // ErrNotFound if the application was deleted
		}
		if user, err = tx.Users.Get(claims.Subject); err != nil || claims.Opaque {
			return err
		}
		custom, err = idClaims(tx, claims, client, user)
		return err
	})
	if err != nil {
		return nil, client, err
	}
	body, err = tokens.WithCustom(custom, struct {
		Sub string `json:"sub"`
		tokens.Profile
	}{user.UserID, tokens.ProfileOf(client, user, claims.Scope)})
	return body, client, err
}

// hasEnded reports whether an opaque token was issued to an application or a user that was deleted and
// whose id a new one has now. A JWT does not carry what is needed to tell.
func hasEnded(tx *storage.Tx, claims tokens.Claims) (bool, error) {
	endings, err := tx.Endings(claims.ClientID, claims.Subject)
	return claims.Opaque && endings.Ended(claims.Endings), err
}

// idClaims returns the custom claims that the tenant adds to ID tokens. It is for access tokens that
// are JWTs, which do not carry these claims: the claims are decided anew from what the token says.
func idClaims(tx *storage.Tx, claims tokens.Claims, client storage.Client, user storage.User) (map[string]any, error) {
	grant := tokens.Grant{Client: client, User: &user, Issue: storage.Issue{
		ClientID: client.ClientID, UserID: user.UserID, Audience: claims.Audience[0], Organization: claims.Organization, // Auth0: the API first, then userinfo
	}}
	var err error
	if grant.API, err = tx.API(grant.Issue.Audience); err != nil {
		return nil, err
	}
	decision, err := grant.Decide(tx, tokens.DecisionInput{Scope: strings.Join(claims.Scope, " "), Online: true})
	if _, denied := errors.AsType[*apierr.Error](err); denied {
		err = nil // the token was already issued, so it does not matter that a login would be denied now
	}
	return decision.IDClaims, err
}
