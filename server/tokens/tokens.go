// Package tokens makes tokens: it determines the claims of access tokens by API and of ID
// tokens by scope, their lifetimes, and the form of opaque access tokens. It does not
// decide who may have a token.
package tokens

import (
	"bytes"
	"cmp"
	"context"
	"crypto/sha256"
	"crypto/sha512"
	"encoding/base64"
	"encoding/json"
	"fmt"
	"slices"
	"strings"
	"time"

	"github.com/tenant0/tenant0/keys"
	"github.com/tenant0/tenant0/storage"
)

// Default lifetimes in seconds, Auth0:
// secure/tokens/access-tokens and secure/tokens/id-tokens.
const (
	DefaultAccessTokenLifetime = 86400
	DefaultWebTokenLifetime    = 7200 // of access tokens sent through the browser
	DefaultIDTokenLifetime     = 36000
)

// GTYClientCredentials is the claim gty of an access token from the client credentials
// grant.
const GTYClientCredentials = "client-credentials"

// GTYRefreshToken is the claim gty of an access token from the refresh token grant.
const GTYRefreshToken = "refresh_token"

// Issuer issues and verifies the tenant's tokens.
type Issuer struct {
	URL     string // the issuer, with a trailing slash
	DB      *storage.DB
	Ring    *keys.Ring
	Secrets *keys.Secrets
}

// Access is an access token and its lifetime in seconds.
type Access struct {
	Token     string
	ExpiresIn int
}

// Userinfo returns the audience of the tenant's own /userinfo.
func (i *Issuer) Userinfo() string { return i.URL + "userinfo" }

// accessClaims is the payload of an access token in Auth0's order, Auth0:
// secure/tokens/access-tokens/access-token-profiles.
type accessClaims struct {
	Iss         string         `json:"iss"`
	Sub         string         `json:"sub"`
	Aud         any            `json:"aud"` // string or []string
	Iat         int64          `json:"iat"`
	Exp         int64          `json:"exp"`
	Scope       string         `json:"scope,omitempty"`
	GTY         string         `json:"gty,omitempty"`
	Azp         string         `json:"azp,omitempty"`
	ClientID    string         `json:"client_id,omitempty"`
	JTI         string         `json:"jti,omitempty"`
	OrgID       string         `json:"org_id,omitempty"`
	OrgName     string         `json:"org_name,omitempty"`
	Permissions []string       `json:"permissions,omitzero"`
	CNF         map[string]any `json:"cnf,omitempty"` // RFC 7800
	Act         map[string]any `json:"act,omitempty"` // RFC 8693 section 4.1
	// Details is the claim authorization_details, RFC 9396 section 9.1.
	Details json.RawMessage `json:"authorization_details,omitempty"`
}

// transferBytes is the length of the random part of a session transfer token, which has no other.
const transferBytes = 32

// Access returns the access token of a grant: a JWT for an API, or an opaque token if
// there is no API; or the session transfer token that takes its place.
func (i *Issuer) Access(ctx context.Context, g *Grant, now time.Time) (Access, error) {
	if g.Transfer != nil {
		return Access{keys.Random(transferBytes), int(TransferLifetime.Seconds())}, nil
	}
	if g.API == nil {
		return i.opaque(ctx, g, now)
	}
	g.noteNeglected(ctx)
	lifetime := g.accessLifetime()
	c := accessClaims{
		Iss: i.URL, Sub: subject(g), Aud: i.audience(g), Iat: now.Unix(), Exp: now.Unix() + int64(lifetime),
		Scope: strings.Join(g.Issue.Scope, " "), GTY: g.GTY, Azp: g.Client.PublicID(), Permissions: g.Issue.Permissions,
		OrgID: g.Issue.Organization, OrgName: g.Issue.OrganizationName, CNF: g.Confirmation, Act: g.Actor,
		Details: json.RawMessage(g.Issue.Details),
	}
	typ := keys.TypeJWT
	if strings.HasPrefix(g.API.TokenDialect, "rfc9068_profile") {
		// RFC 9068 section 2.2: client_id and jti are required, azp is not used.
		typ, c.Azp, c.GTY, c.ClientID, c.JTI = keys.TypeAccessToken, "", "", g.Client.PublicID(), keys.Random(16)
	}
	payload, err := WithCustom(g.Issue.AccessClaims, c)
	if err != nil {
		return Access{}, err
	}
	if g.API.SigningAlg == keys.HS256 {
		return Access{keys.SignHS256([]byte(g.API.SigningSecret), typ, payload), lifetime}, nil
	}
	alg := g.API.SigningAlg
	if alg == "" {
		alg = keys.RS256
	}
	token, err := i.Ring.Sign(alg, typ, payload)
	return Access{token, lifetime}, err
}

// accessLifetime returns the lifetime of an access token, in seconds. Auth0:
// secure/tokens/access-tokens/update-access-token-lifetime. Third-party applications in
// strict mode can have a shorter lifetime of their own.
func (g *Grant) accessLifetime() int {
	lifetime, web := 0, 0
	if g.API != nil {
		lifetime, web = g.API.TokenLifetime, g.API.TokenLifetimeForWeb
	}
	lifetime = cmp.Or(lifetime, DefaultAccessTokenLifetime)
	if own := g.Client.JWTConfiguration.LifetimeInSeconds; g.Client.Strict() && own > 0 {
		lifetime = min(lifetime, own)
	}
	if g.FrontChannel {
		lifetime = min(lifetime, cmp.Or(web, DefaultWebTokenLifetime))
	}
	return lifetime
}

func subject(g *Grant) string {
	if g.User == nil {
		return g.Client.ClientID + "@clients"
	}
	return g.User.UserID
}

// audience returns the API's identifier, together with the tenant's userinfo if the token
// is valid there too: openid was granted, and the token is signed by the tenant's key and
// not by the API's secret.
func (i *Issuer) audience(g *Grant) any {
	if g.User != nil && g.API.SigningAlg != keys.HS256 && slices.Contains(g.Issue.Scope, "openid") {
		return []string{g.API.Identifier, i.Userinfo()}
	}
	return g.API.Identifier
}

// MultiFactor is the value for a login with a further factor in acr_values and acr: OpenID
// Provider Authentication Policy Extension 1.0 section 4.
const MultiFactor = "http://schemas.openid.net/pape/policies/2007/06/multi-factor"

// idClaims is the payload of an ID token: the profile first, as Auth0 orders it.
type idClaims struct {
	Profile
	Iss      string `json:"iss"`
	Aud      string `json:"aud"`
	Sub      string `json:"sub"`
	Iat      int64  `json:"iat"`
	Exp      int64  `json:"exp"`
	AuthTime int64  `json:"auth_time,omitempty"`
	SID      string `json:"sid,omitempty"`
	Nonce    string `json:"nonce,omitempty"`
	AtHash   string `json:"at_hash,omitempty"`
	CHash    string `json:"c_hash,omitempty"`
	// ACR and AMR are set after a further factor, Auth0:
	// secure/multi-factor-authentication/
	// step-up-authentication/configure-step-up-authentication-for-web-apps.
	ACR     string   `json:"acr,omitempty"`
	AMR     []string `json:"amr,omitempty"`
	OrgID   string   `json:"org_id,omitempty"`
	OrgName string   `json:"org_name,omitempty"`
}

// ID returns the ID token of a user's grant, OIDC Core section 2.
func (i *Issuer) ID(g *Grant, now time.Time) (string, error) { return i.FrontChannelID(g, "", "", now) }

// FrontChannelID returns the ID token that is sent through the browser together with an access
// token and a code, "" for none. The ID token contains their hashes, so that the
// application can verify that they belong together: OIDC Core sections 3.2.2.9 and
// 3.3.2.11.
func (i *Issuer) FrontChannelID(g *Grant, access, code string, now time.Time) (string, error) {
	lifetime := g.Client.JWTConfiguration.LifetimeInSeconds
	if lifetime == 0 {
		lifetime = DefaultIDTokenLifetime
	}
	c := idClaims{
		Profile: ProfileOf(g.Client, *g.User, g.Issue.Scope),
		Iss:     i.URL, Aud: g.Client.ClientID, Sub: g.User.UserID, Iat: now.Unix(), Exp: now.Unix() + int64(lifetime),
		SID: g.Issue.SessionID, Nonce: g.Issue.Nonce, OrgID: g.Issue.Organization, OrgName: g.Issue.OrganizationName,
	}
	if g.Issue.ShowAuthTime {
		c.AuthTime = g.Issue.AuthTime.Unix()
	}
	if g.Issue.FurtherFactor {
		c.ACR, c.AMR = MultiFactor, []string{"mfa"}
	}
	alg := g.idAlgorithm()
	c.AtHash, c.CHash = halfHash(alg, access), halfHash(alg, code)
	payload, err := WithCustom(g.Issue.IDClaims, c)
	if err != nil {
		return "", err
	}
	if alg == keys.HS256 {
		return keys.SignHS256([]byte(i.Secrets.Unseal(g.SealedSecret)), keys.TypeJWT, payload), nil
	}
	return i.Ring.Sign(alg, keys.TypeJWT, payload)
}

// idAlgorithm returns the signing algorithm of the application's ID tokens, Auth0:
// get-started/applications/signing-algorithms. For HS256 without a client secret it is
// RS256.
func (g *Grant) idAlgorithm() string {
	alg := cmp.Or(g.Client.JWTConfiguration.Alg, keys.RS256)
	if alg == keys.HS256 && g.SealedSecret == nil {
		return keys.RS256
	}
	return alg
}

// halfHash returns the value of at_hash or c_hash: the left half of the hash by the ID
// token's algorithm, OIDC Core section 3.3.2.11; "" for an empty value.
func halfHash(alg, value string) string {
	if value == "" {
		return ""
	}
	if strings.HasSuffix(alg, "512") {
		sum := sha512.Sum512([]byte(value))
		return base64.RawURLEncoding.EncodeToString(sum[:len(sum)/2])
	}
	sum := sha256.Sum256([]byte(value))
	return base64.RawURLEncoding.EncodeToString(sum[:len(sum)/2])
}

// WithCustom returns a JSON object of the custom claims followed by the standard claims. A
// custom claim never replaces a standard claim.
func WithCustom(custom map[string]any, standard any) ([]byte, error) {
	own, err := marshal(standard)
	if err != nil || len(custom) == 0 {
		return own, err
	}
	var present map[string]json.RawMessage
	if err := json.Unmarshal(own, &present); err != nil {
		return nil, err
	}
	added := map[string]any{}
	for name, value := range custom {
		if _, taken := present[name]; !taken {
			added[name] = value
		}
	}
	if len(added) == 0 {
		return own, nil
	}
	extra, err := marshal(added)
	if err != nil {
		return nil, fmt.Errorf("custom claims: %w", err)
	}
	return bytes.Join([][]byte{extra[:len(extra)-1], own[1:]}, []byte(",")), nil
}

// marshal is json.Marshal without escapes for HTML; Auth0 does not escape claims either.
func marshal(v any) ([]byte, error) {
	var b bytes.Buffer
	enc := json.NewEncoder(&b)
	enc.SetEscapeHTML(false)
	err := enc.Encode(v)
	return bytes.TrimSuffix(b.Bytes(), []byte("\n")), err
}
