package oauth

import (
	"bytes"
	"context"
	"encoding/base64"
	"encoding/json"
	"net/http"
	"slices"
	"strconv"
	"strings"
	"time"

	"github.com/tenant0/tenant0/keys"
	"github.com/tenant0/tenant0/server/apierr"
	"github.com/tenant0/tenant0/server/outside"
	"github.com/tenant0/tenant0/storage"
)

// maxRequestObject limits a request object, in bytes. It is what a whole authorization request
// may have.
const maxRequestObject = 16 << 10

// objectClaims are the claims of a request object that say for whom and when it is good, OIDC
// Core section 6.1 and RFC 9101 section 4.
type objectClaims struct {
	Iss      *string         `json:"iss"`
	Sub      *string         `json:"sub"`
	Aud      json.RawMessage `json:"aud"`
	Exp      *float64        `json:"exp"`
	Nbf      *float64        `json:"nbf"`
	ClientID *string         `json:"client_id"`
}

// RequestObject verifies a request object, OIDC Core section 6.1, and returns its claims, numbers
// as json.Number. Clients sign them with the keys that they also authenticate with.
func (e *Engine) RequestObject(ctx context.Context, c storage.Client, raw string) (map[string]any, error) {
	if len(raw) > maxRequestObject {
		return nil, apierr.InvalidRequestObject("it is too long")
	}
	if unsigned(raw) {
		return nil, apierr.UnsignedRequestObject
	}
	jws, err := keys.ParseSigned(raw, AssertionAlgorithms)
	if err != nil {
		return nil, apierr.InvalidRequestObject("it is not a JWT signed with one of the algorithms of the discovery document")
	}
	if only := c.RequestObjects.Alg; only != "" && jws.Signatures[0].Header.Algorithm != only {
		return nil, apierr.InvalidRequestObject("the application signs its request objects with " + only)
	}
	if !hasType(jws, "jwt", "oauth-authz-req+jwt") {
		return nil, apierr.InvalidRequestObject("typ must be JWT or oauth-authz-req+jwt, where there is one")
	}
	now := e.Now()
	payload, ok, err := e.verifyByClient(ctx, c, jws, now)
	if err != nil {
		return nil, apierr.InvalidRequestObject("the keys at the application's jwks_uri cannot be read").With(err)
	}
	if !ok {
		return nil, apierr.InvalidRequestObject("no registered key of the application verifies its signature")
	}
	var claims objectClaims
	var all map[string]any
	decoder := json.NewDecoder(bytes.NewReader(payload))
	decoder.UseNumber()
	if json.Unmarshal(payload, &claims) != nil || decoder.Decode(&all) != nil || all == nil {
		return nil, apierr.InvalidRequestObject("its claims cannot be read")
	}
	return all, e.checkObject(c, claims, now)
}

// checkObject checks that a request object was made by a client, for this server and for now.
// All these claims are optional.
func (e *Engine) checkObject(c storage.Client, claims objectClaims, now time.Time) error {
	other := func(claim *string) bool { return claim != nil && *claim != c.ClientID }
	skewed := func(by time.Duration) float64 { return float64(now.Add(by).Unix()) }
	switch {
	case other(claims.Iss), other(claims.ClientID):
		return apierr.InvalidRequestObject("iss and client_id must be the client_id of the request")
	case claims.Sub != nil && *claims.Sub == c.ClientID: // an assertion for the token endpoint, RFC 9101 section 10.8
		return apierr.InvalidRequestObject("it must not have the client_id as sub")
	case claims.Aud != nil && !e.isAudience(claims.Aud):
		return apierr.InvalidRequestObject("aud must be " + e.Issuer.URL)
	case claims.Exp != nil && *claims.Exp <= skewed(-assertionSkew):
		return apierr.InvalidRequestObject("it is expired")
	case claims.Nbf != nil && *claims.Nbf > skewed(assertionSkew):
		return apierr.InvalidRequestObject("it is not valid yet")
	}
	return nil
}

// unsigned reports whether a JWT has the algorithm none, RFC 7519 section 6.
func unsigned(raw string) bool {
	header, _, _ := strings.Cut(raw, ".")
	decoded, err := base64.RawURLEncoding.DecodeString(header)
	var h struct {
		Alg string `json:"alg"`
	}
	return err == nil && json.Unmarshal(decoded, &h) == nil && strings.EqualFold(h.Alg, "none")
}

// FetchRequestObject returns the request object at a request_uri, OIDC Core section 6.2. The
// client must have registered the URI; its fragment, which may hold a hash, does not count.
func (e *Engine) FetchRequestObject(ctx context.Context, c storage.Client, uri string) (string, error) {
	bare := func(uri string) string { address, _, _ := strings.Cut(uri, "#"); return address }
	if !slices.ContainsFunc(c.RequestObjects.URIs, func(known string) bool { return bare(known) == bare(uri) }) {
		return "", apierr.InvalidObjectURI("the application has not registered it")
	}
	answer, err := e.Outside.Send(ctx, outside.Request{
		Method: http.MethodGet, Address: bare(uri), Header: http.Header{"Accept": {"application/oauth-authz-req+jwt, application/jwt"}},
	})
	if err != nil {
		return "", apierr.InvalidObjectURI("it cannot be fetched").With(err)
	}
	if answer.Status != http.StatusOK {
		return "", apierr.InvalidObjectURI("it is answered with the status " + strconv.Itoa(answer.Status))
	}
	return strings.TrimSpace(string(answer.Body)), nil
}
