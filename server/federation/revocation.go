package federation

import (
	"cmp"
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"net/http"
	"slices"
	"strings"

	"github.com/coreos/go-oidc/v3/oidc"
	"github.com/go-jose/go-jose/v4"
	"github.com/go-jose/go-jose/v4/jwt"

	"github.com/tenant0/tenant0/keys"
	"github.com/tenant0/tenant0/server/apierr"
	"github.com/tenant0/tenant0/server/providers"
	"github.com/tenant0/tenant0/server/saml"
	"github.com/tenant0/tenant0/server/tenantlog"
	"github.com/tenant0/tenant0/server/web"
	"github.com/tenant0/tenant0/storage"
)

// revocationPath is the path at which the provider of a connection requests that a user is logged out
// everywhere.
const revocationPath = "/oauth/global-token-revocation/connection/{connection}"

// revocationType is the typ of the JWT with which the provider authenticates.
const revocationType = "global-token-revocation+jwt"

// maxRevocation is the limit of a request's body, in bytes.
const maxRevocation = 16 << 10

// errRevoker returns the answer to a caller who is not authenticated as the connection's provider.
func errRevoker(cause error) error {
	return (&apierr.Error{
		Status: http.StatusUnauthorized, Code: "invalid_token", Message: "The token is not one of the connection's provider for this endpoint",
		Header:  map[string]string{"WWW-Authenticate": `Bearer error="invalid_token"`},
		Setting: "client_id of the connection, and for a samlp connection its options global_token_revocation_jwt_iss and global_token_revocation_jwt_sub",
	}).With(cause)
}

// revoke ends the sessions and refresh tokens of a user at the request of the provider, and notifies
// the applications: Auth0, authenticate/login/logout/universal-logout, and
// draft-parecki-oauth-global-token-revocation.
//
//auth0:operation POST /oauth/global-token-revocation/connection/{connection}
func (m *room) revoke(w http.ResponseWriter, r *http.Request) error {
	event := tenantlog.Event{Type: tenantlog.UniversalLogout, Description: "Successful Universal Logout request", Connection: web.Param(r, "connection")}
	err := m.revokeUser(w, r, &event)
	if err != nil {
		event.Type, event.Description = tenantlog.UniversalLogoutFailed, tenantlog.Reason(err)
	}
	m.Log.Record(r, event)
	if err == nil {
		w.WriteHeader(http.StatusNoContent)
	}
	return err
}

func (m *room) revokeUser(w http.ResponseWriter, r *http.Request, event *tenantlog.Event) error {
	var c storage.Connection
	err := m.DB.View(r.Context(), func(tx *storage.Tx) (err error) {
		c, err = tx.Connections.Find("name", event.Connection)
		return err
	})
	if storage.IsNotFound(err) {
		return apierr.ConnectionNotFound
	}
	if err != nil {
		return err
	}
	issuer, err := m.proveProvider(r, c)
	if err != nil {
		return err
	}
	subject, err := readSubject(w, r, issuer)
	if err != nil {
		return err
	}
	identity := providers.Read(c, subject, nil).Identity
	event.Details = map[string]any{"identity_user_id": identity.UserID}
	return m.DB.Update(r.Context(), func(tx *storage.Tx) error {
		user, err := tx.UserByIdentity(identity)
		if storage.IsNotFound(err) {
			return &apierr.Error{Status: http.StatusNotFound, Code: "invalid_request", Message: "The user was not found"}
		}
		if err != nil {
			return err
		}
		event.UserID = user.UserID
		return tx.EndSessions(user.UserID, storage.ProviderLogout)
	})
}

// readSubject returns the provider's id of the user that a request is about. Only the format iss_sub
// is supported, RFC 9493 section 3.2.2, and iss must be the provider itself.
func readSubject(w http.ResponseWriter, r *http.Request, issuer string) (string, error) {
	type identifier struct {
		Format string `json:"format"`
		Iss    string `json:"iss"`
		Sub    string `json:"sub"`
	}
	var body struct {
		SubID   identifier `json:"sub_id"`
		Subject identifier `json:"subject"`
	}
	raw, err := web.ReadJSON(w, r, maxRevocation)
	if err != nil {
		return "", err
	}
	if err := json.Unmarshal(raw, &body); err != nil {
		return "", apierr.InvalidParameter("sub_id", "must be an object")
	}
	about := body.SubID
	if about == (identifier{}) {
		about = body.Subject
	}
	switch {
	case about.Format != "iss_sub":
		return "", apierr.InvalidParameter("sub_id", "must have the format iss_sub")
	case about.Sub == "":
		return "", apierr.InvalidParameter("sub_id", "must have a sub")
	case about.Iss != issuer:
		return "", apierr.InvalidParameter("sub_id", "must be of the connection's provider")
	}
	return about.Sub, nil
}

// revocationSkew is how much the clocks of provider and tenant may differ, in seconds.
const revocationSkew = 60

// proveProvider checks that the sender of a request is the provider of a connection, and returns the
// provider's issuer. The bearer token must be signed with the provider's keys for ID tokens or
// assertions, have this endpoint as audience and the tenant's application at the provider as subject,
// and not have been used before.
func (m *room) proveProvider(r *http.Request, c storage.Connection) (issuer string, err error) {
	scheme, raw, _ := strings.Cut(r.Header.Get("Authorization"), " ")
	if !strings.EqualFold(scheme, "Bearer") || raw == "" {
		return "", errRevoker(errors.New("there is no bearer token"))
	}
	token, err := keys.ParseForeign(raw, signatureAlgorithms())
	if err != nil {
		return "", errRevoker(err)
	}
	issuer, subject, verify, err := m.revokerOf(r.Context(), c)
	if err != nil {
		return "", err
	}
	var claims jwt.Claims
	if err := verify(raw, &claims); err != nil {
		return "", errRevoker(err)
	}
	now := m.Now()
	endpoint := m.Issuer.URL + strings.TrimPrefix(r.URL.EscapedPath(), "/")
	switch typ, _ := token.Signatures[0].Header.ExtraHeaders[jose.HeaderType].(string); {
	case !strings.EqualFold(strings.TrimPrefix(typ, "application/"), revocationType):
		return "", errRevoker(fmt.Errorf("typ is %q", typ))
	case issuer == "" || claims.Issuer != issuer:
		return "", errRevoker(fmt.Errorf("iss is %q", claims.Issuer))
	case subject == "" || claims.Subject != subject:
		return "", errRevoker(fmt.Errorf("sub is %q", claims.Subject))
	case !slices.Contains(claims.Audience, endpoint):
		return "", errRevoker(fmt.Errorf("aud is %v and not %s", claims.Audience, endpoint))
	case claims.Expiry == nil || claims.ID == "":
		return "", errRevoker(errors.New("there is no exp or no jti"))
	case now.Unix() > int64(*claims.Expiry)+revocationSkew,
		claims.NotBefore != nil && now.Unix() < int64(*claims.NotBefore)-revocationSkew, claims.IssuedAt != nil && now.Unix() < int64(*claims.IssuedAt)-revocationSkew:
		return "", errRevoker(errors.New("it has expired or is not valid yet"))
	}
	err = m.DB.UseAssertion(r.Context(), storage.UsedAssertion{
		ID: "revocation\x01" + c.ID + "\x01" + keys.Hash(claims.ID), ExpiresAt: claims.Expiry.Time().Add(2 * revocationSkew * 1e9),
	})
	if errors.Is(err, storage.ErrReused) {
		return "", errRevoker(err)
	}
	return issuer, err
}

func signatureAlgorithms() (all []jose.SignatureAlgorithm) {
	for _, name := range algorithms {
		all = append(all, jose.SignatureAlgorithm(name))
	}
	return all
}

// revokerOf returns the issuer and the subject that revocation tokens for a connection must have, and
// a function that checks their signatures.
func (m *room) revokerOf(ctx context.Context, c storage.Connection) (issuer, subject string, verify func(raw string, into *jwt.Claims) error, err error) {
	switch {
	case isSAML(c):
		cert, err := saml.Certificate(cmp.Or(text(c, "signingCert"), text(c, "cert")))
		if err != nil {
			return "", "", nil, errRevoker(err)
		}
		return text(c, "global_token_revocation_jwt_iss"), text(c, "global_token_revocation_jwt_sub"), func(raw string, into *jwt.Claims) error {
			token, err := jwt.ParseSigned(raw, signatureAlgorithms())
			if err != nil {
				return err
			}
			return token.Claims(cert.PublicKey, into)
		}, nil
	case !m.reaches(c):
		return "", "", nil, apierr.NotEmulated("Global token revocation by a simulated identity provider, which has no keys,")
	case c.Strategy != "oidc" && c.Strategy != "okta":
		return "", "", nil, apierr.NotEmulated("Global token revocation by a provider of the strategy " + c.Strategy)
	}
	p, err := m.provider(ctx, c)
	if err != nil {
		return "", "", nil, err
	}
	var known struct {
		Issuer string `json:"issuer"`
	}
	if err := p.Claims(&known); err != nil {
		known.Issuer = text(c, "issuer") // there is no discovery document
	}
	ctx = oidc.ClientContext(ctx, m.Outside.HTTP)
	return known.Issuer, text(c, "client_id"), func(raw string, into *jwt.Claims) error {
		token, err := verifyProvider(ctx, p, &oidc.Config{SkipClientIDCheck: true, SkipExpiryCheck: true}, raw)
		if err != nil {
			return err
		}
		return token.Claims(into)
	}, nil
}
