// Package userinfo serves /userinfo: what an access token shows of its user.
package userinfo

import (
	"encoding/json"
	"errors"
	"maps"
	"net/http"
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

// Deps is what the room works with.
type Deps struct {
	DB     *storage.DB
	Issuer *tokens.Issuer
	Now    func() time.Time
}

type room struct{ Deps }

// Mount adds the room's routes.
func Mount(rt *web.Router, d Deps) {
	m := &room{d}
	rt = rt.With(web.Text)
	rt.Handle(http.MethodGet, "/userinfo", m.get)
	rt.Handle(http.MethodPost, "/userinfo", m.post)
}

//auth0:operation GET /userinfo
func (m *room) get(w http.ResponseWriter, r *http.Request) error { return m.show(w, r) }

// post is OIDC Core section 5.3.1: "The UserInfo Endpoint MUST support the use
// of the HTTP GET and HTTP POST methods".
//
//auth0:operation POST /userinfo
func (m *room) post(w http.ResponseWriter, r *http.Request) error { return m.show(w, r) }

// unauthorized answers as Auth0 does: plain text, the reason in the header.
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

// insufficientScope is RFC 6750 section 3.1.
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
		return unauthorized("The token has expired").Because(tokens.Why(err)).With(err)
	case err != nil:
		return unauthorized("The access token is invalid").Because(tokens.Why(err)).With(err)
	case !slices.Contains(claims.Scope, "openid"):
		return insufficientScope()
	}
	body, client, err := m.profile(r, claims)
	if storage.IsNotFound(err) {
		return unauthorized("The access token is invalid").Because("its user or application is gone, or the grant was revoked").With(err)
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

// bearer finds the token, RFC 6750 section 2. It is taken from the query as well:
// passport-auth0 sends it nowhere else.
func bearer(w http.ResponseWriter, r *http.Request) (string, error) {
	if h := r.Header.Get("Authorization"); h != "" {
		scheme, token, _ := strings.Cut(h, " ")
		if !strings.EqualFold(scheme, "Bearer") || token == "" {
			return "", unauthorized("").Because("the header Authorization is not Bearer and a token")
		}
		return strings.TrimSpace(token), nil
	}
	params, err := web.Query(r)
	if err != nil {
		return "", err
	}
	if token := params.Get("access_token"); token != "" {
		return token, nil
	}
	if r.Method == http.MethodPost && r.ContentLength != 0 {
		if params, err = web.Form(w, r); err != nil {
			return "", err
		}
	}
	if token := params.Get("access_token"); token != "" {
		return token, nil
	}
	return "", unauthorized("").Because("no access token came")
}

// profile is the body: sub, the claims of the scopes, and the custom claims of
// the ID token. It comes with the application that asks.
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
			return err // where it is deleted, ErrNotFound
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

// hasEnded reports whether a token is of an application or a user before those who have the
// ids now. A JWT does not say so.
func hasEnded(tx *storage.Tx, claims tokens.Claims) (bool, error) {
	endings, err := tx.Endings(claims.ClientID, claims.Subject)
	return claims.Opaque && endings.Ended(claims.Endings), err
}

// idClaims are the claims that the tenant adds to ID tokens, for a JWT, which does not carry them.
// They are decided as at a login and at the token endpoint, for what the token says.
func idClaims(tx *storage.Tx, claims tokens.Claims, client storage.Client, user storage.User) (map[string]any, error) {
	grant := tokens.Grant{Client: client, User: &user, Issue: storage.Issue{
		ClientID: client.ClientID, UserID: user.UserID, Audience: claims.Audience[0], Organization: claims.Organization, // Auth0: the API first, then userinfo
	}}
	var err error
	if grant.API, err = tx.API(grant.Issue.Audience); err != nil {
		return nil, err
	}
	decision, err := grant.Decide(tx, tokens.Asked{Scope: strings.Join(claims.Scope, " "), Online: true})
	if _, denied := errors.AsType[*apierr.Error](err); denied {
		err = nil // the token was issued; what a login would say now does not matter
	}
	return decision.IDClaims, err
}
