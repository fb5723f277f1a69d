package oauth

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"net/http"
	"net/url"
	"slices"
	"strings"
	"time"

	"github.com/go-jose/go-jose/v4"

	"github.com/tenant0/tenant0/keys"
	"github.com/tenant0/tenant0/server/apierr"
	"github.com/tenant0/tenant0/server/registered"
	"github.com/tenant0/tenant0/storage"
)

// assertionType is the only client_assertion_type that is supported, RFC 7523 section
// 2.2.
const assertionType = "urn:ietf:params:oauth:client-assertion-type:jwt-bearer"

// credentials are the client credentials in a request.
type credentials struct {
	clientID string
	// secrets are the possible values of the client secret: a secret in a Basic header
	// may be percent-encoded or not, so both readings are tried.
	secrets   []string
	assertion string
}

// AuthenticateClient returns the client that sent a request to the token endpoint, the
// revocation endpoint or a similar one, RFC 6749 section 2.3. As at Auth0, a client may
// send its secret in a Basic header or in the body, whatever its
// token_endpoint_auth_method says.
func (e *Engine) AuthenticateClient(r *http.Request, form url.Values) (storage.Client, error) {
	cred, err := readCredentials(r, form)
	if err != nil {
		return storage.Client{}, err
	}
	var c storage.Client
	var secret storage.ClientSecret
	err = e.DB.View(r.Context(), func(tx *storage.Tx) error {
		var err error
		if c, err = tx.ClientNamed(cred.clientID); err != nil {
			return err
		}
		if err := registered.CheckOrigin(tx, r, c.ClientID); err != nil {
			return err
		}
		secret, err = tx.ClientSecrets.Get(c.ClientID)
		if errors.Is(err, storage.ErrNotFound) {
			return nil
		}
		return err
	})
	switch {
	case errors.Is(err, storage.ErrNotFound):
		return c, apierr.Unauthorized.WithReason("there is no application with the client_id")
	case err != nil:
		return c, err
	case cred.assertion != "":
		return c, e.checkAssertion(r.Context(), c, cred.assertion)
	case c.Public():
		return c, nil
	case len(cred.secrets) == 0:
		return c, apierr.Unauthorized.WithReason("no client secret")
	case c.HasCertificates():
		return c, apierr.Unauthorized.WithReason("the client authenticates with a certificate, and mTLS is not emulated")
	case c.TokenEndpointAuthMethod == "private_key_jwt" || len(c.ClientAuthenticationMethods.PrivateKeyJWT.Credentials) > 0 || c.KeysURI != "":
		return c, apierr.Unauthorized.WithReason("the client authenticates with private_key_jwt")
	}
	if slices.ContainsFunc(cred.secrets, func(s string) bool { return e.Issuer.Secrets.CheckClientSecret(secret, s) }) {
		return c, nil
	}
	return c, apierr.Unauthorized.WithReason("wrong client secret")
}

func readCredentials(r *http.Request, form url.Values) (credentials, error) {
	cred := credentials{clientID: form.Get("client_id"), assertion: form.Get("client_assertion")}
	if s := form.Get("client_secret"); s != "" {
		cred.secrets = []string{s}
	}
	id, secret, basic := r.BasicAuth()
	if basic {
		// RFC 6749 section 2.3: "The client MUST NOT use more than one
		// authentication method in each request."
		if len(cred.secrets) > 0 {
			return cred, apierr.TwoAuthentications
		}
		cred.secrets = []string{secret}
		if decoded, err := url.QueryUnescape(secret); err == nil && decoded != secret {
			cred.secrets = append(cred.secrets, decoded)
		}
		if decoded, err := url.QueryUnescape(id); err == nil {
			id = decoded
		}
		if cred.clientID != "" && cred.clientID != id {
			return cred, apierr.Unauthorized.WithReason("header and body name different clients")
		}
		cred.clientID = id
	}
	if cred.assertion != "" || form.Get("client_assertion_type") != "" {
		return readAssertion(cred, form)
	}
	if cred.clientID == "" {
		return cred, apierr.MissingParameter("client_id")
	}
	return cred, nil
}

func readAssertion(cred credentials, form url.Values) (credentials, error) {
	switch {
	case form.Get("client_assertion_type") != assertionType:
		return cred, apierr.UnknownAssertionType
	case cred.assertion == "":
		return cred, apierr.MissingParameter("client_assertion")
	case len(cred.secrets) > 0:
		return cred, apierr.TwoAuthentications
	case len(cred.assertion) > maxAssertion:
		return cred, apierr.InvalidAssertion(fmt.Sprintf("longer than %d bytes", maxAssertion))
	}
	claims, err := unverifiedClaims(cred.assertion)
	if err != nil {
		return cred, apierr.InvalidAssertion("not a signed JWT")
	}
	if cred.clientID == "" {
		cred.clientID = claims.Sub
	}
	if claims.Iss != cred.clientID || claims.Sub != cred.clientID {
		return cred, apierr.InvalidAssertion("iss and sub must be the client_id")
	}
	return cred, nil
}

// Limits for a client assertion, Auth0:
// get-started/authentication-and-authorization-flow/authenticate-with-private-key-jwt.
const (
	maxAssertion         = 2048
	maxAssertionID       = 64
	maxAssertionLifetime = 5 * time.Minute
	assertionSkew        = 10 * time.Second
)

// AssertionAlgorithms are the algorithms that a client may sign assertions with.
var AssertionAlgorithms = []jose.SignatureAlgorithm{jose.RS256, jose.RS384, jose.PS256, jose.PS384, jose.ES256, jose.ES384}

// assertionClaims are the claims of a client assertion, RFC 7523 section 3.
type assertionClaims struct {
	Iss string          `json:"iss"`
	Sub string          `json:"sub"`
	Aud json.RawMessage `json:"aud"`
	JTI string          `json:"jti"`
	Exp float64         `json:"exp"`
	Nbf float64         `json:"nbf"`
	Iat float64         `json:"iat"`
}

func unverifiedClaims(raw string) (c assertionClaims, err error) {
	jws, err := keys.ParseSigned(raw, AssertionAlgorithms)
	if err != nil {
		return c, err
	}
	return c, json.Unmarshal(jws.UnsafePayloadWithoutVerification(), &c)
}

// checkAssertion verifies a client assertion. It marks the jti as used only after all
// other checks have passed.
func (e *Engine) checkAssertion(ctx context.Context, c storage.Client, raw string) error {
	jws, err := keys.ParseSigned(raw, AssertionAlgorithms)
	if err != nil {
		return apierr.InvalidAssertion("not a signed JWT")
	}
	if !hasType(jws, "jwt", "client-authentication+jwt") {
		return apierr.InvalidAssertion("typ must be JWT, where there is one")
	}
	now := e.Now()
	payload, ok, err := e.verifyByClient(ctx, c, jws, now)
	if err != nil {
		return apierr.InvalidAssertion("the keys at the client's jwks_uri cannot be read").With(err)
	}
	if !ok {
		return apierr.InvalidAssertion("no registered key of the client verifies its signature")
	}
	var claims assertionClaims
	if err := json.Unmarshal(payload, &claims); err != nil {
		return apierr.InvalidAssertion("its claims cannot be read")
	}
	seconds := func(t time.Time) float64 { return float64(t.Unix()) }
	switch {
	case !e.isAudience(claims.Aud):
		return apierr.InvalidAssertion("aud must be " + e.Issuer.URL)
	case claims.Exp <= seconds(now.Add(-assertionSkew)):
		return apierr.InvalidAssertion("expired")
	case claims.Exp > seconds(now.Add(maxAssertionLifetime+assertionSkew)):
		return apierr.InvalidAssertion("exp must be within 5 minutes")
	case claims.Nbf > seconds(now.Add(assertionSkew)) || claims.Iat > seconds(now.Add(assertionSkew)):
		return apierr.InvalidAssertion("not valid yet")
	case claims.JTI == "" || len(claims.JTI) > maxAssertionID:
		return apierr.InvalidAssertion("jti must have 1 to 64 characters")
	}
	err = e.DB.UseAssertion(ctx, storage.UsedAssertion{
		ID:        c.ClientID + "\x01" + keys.Hash(claims.JTI),
		ExpiresAt: time.Unix(int64(claims.Exp), 0).Add(2 * assertionSkew),
	})
	if errors.Is(err, storage.ErrReused) {
		return apierr.InvalidAssertion("jti was used before")
	}
	return err
}

// hasType reports whether the typ of a JWT is one of the given ones, in lower case, or left out. A client
// may sign several kinds of JWTs with the same key, such as assertions, request objects and DPoP proofs.
// Somebody who holds one of a kind must not be able to use it as another, RFC 8725 section 3.11.
func hasType(jws *jose.JSONWebSignature, types ...string) bool {
	typ, given := jws.Signatures[0].Header.ExtraHeaders[jose.HeaderType]
	if !given {
		return true
	}
	name, _ := typ.(string)
	return slices.Contains(types, strings.TrimPrefix(strings.ToLower(name), "application/"))
}

// verifyByClient verifies a signature of a client and returns what is signed. It tries the
// client's registered keys first, then the keys at its jwks_uri. It returns false if no key
// fits; an error means that the keys at the jwks_uri could not be fetched.
func (e *Engine) verifyByClient(ctx context.Context, c storage.Client, jws *jose.JSONWebSignature, now time.Time) ([]byte, bool, error) {
	for _, cred := range c.ClientAuthenticationMethods.PrivateKeyJWT.Credentials {
		if end, err := time.Parse(time.RFC3339, cred.ExpiresAt); err == nil && now.After(end) {
			continue
		}
		alg := jws.Signatures[0].Header.Algorithm
		if cred.Alg != "" && cred.Alg != alg {
			continue
		}
		key, _, err := keys.ReadPublic(cred.PEM)
		if err != nil {
			continue
		}
		if payload, err := jws.Verify(key); err == nil {
			return payload, true, nil
		}
	}
	if c.KeysURI == "" {
		return nil, false, nil
	}
	return e.Outside.Verify(ctx, c.KeysURI, jws)
}

// isAudience accepts the issuer, which Auth0 requires as the audience, and the token
// endpoint, which RFC 7523 section 3 allows.
func (e *Engine) isAudience(raw json.RawMessage) bool {
	var list []string
	if json.Unmarshal(raw, &list) != nil {
		var one string
		if json.Unmarshal(raw, &one) != nil {
			return false
		}
		list = []string{one}
	}
	return slices.Contains(list, e.Issuer.URL) || slices.Contains(list, e.Issuer.URL+"oauth/token")
}
