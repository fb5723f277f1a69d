package federation

import (
	"cmp"
	"context"
	"crypto/x509"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"net/http"
	"net/url"
	"slices"
	"strings"
	"sync"
	"time"

	"github.com/coreos/go-oidc/v3/oidc"
	"github.com/go-jose/go-jose/v4"
	"github.com/go-jose/go-jose/v4/jwt"
	"golang.org/x/oauth2"

	"github.com/tenant0/tenant0/keys"
	"github.com/tenant0/tenant0/server/apierr"
	"github.com/tenant0/tenant0/server/objects"
	"github.com/tenant0/tenant0/server/providers"
	"github.com/tenant0/tenant0/storage"
)

// reaches reports whether a connection has a real provider at an address that the server may reach.
// Otherwise the provider is simulated.
func (m *room) reaches(c storage.Connection) bool { return providers.Reaches(m.Outside.Reach, c) }

func text(c storage.Connection, option string) string {
	value, _ := c.Options[option].(string)
	return value
}

// discoveries caches the discovery documents of providers, OpenID Connect Discovery 1.0 section 4.
type discoveries struct {
	mu  sync.Mutex
	all map[string]discovered
}

type discovered struct {
	*oidc.Provider
	at time.Time
}

// discoveryLifetime is how long a discovery document is cached.
const discoveryLifetime = 5 * time.Minute

// provider returns the provider of a connection, from the endpoints in the connection's options or from its
// discovery document.
func (m *room) provider(ctx context.Context, c storage.Connection) (*oidc.Provider, error) {
	ctx = oidc.ClientContext(context.WithoutCancel(ctx), m.Outside.HTTP) // the context is used later too, to fetch keys
	issuer := text(c, "issuer")
	if at := text(c, "discovery_url"); at != "" {
		issuer = cmp.Or(issuer, strings.TrimSuffix(at, "/.well-known/openid-configuration"))
	}
	if text(c, "authorization_endpoint") != "" && text(c, "jwks_uri") != "" && text(c, "issuer") != "" {
		return (&oidc.ProviderConfig{
			IssuerURL: issuer, AuthURL: text(c, "authorization_endpoint"), TokenURL: text(c, "token_endpoint"),
			UserInfoURL: text(c, "userinfo_endpoint"), JWKSURL: text(c, "jwks_uri"),
		}).NewProvider(ctx), nil
	}
	m.discovery.mu.Lock()
	known, ok := m.discovery.all[issuer]
	m.discovery.mu.Unlock()
	if ok && m.Now().Sub(known.at) < discoveryLifetime {
		return known.Provider, nil
	}
	p, err := discover(ctx, issuer)
	if err != nil {
		return nil, unreachable(err)
	}
	m.discovery.mu.Lock()
	defer m.discovery.mu.Unlock()
	if m.discovery.all == nil || len(m.discovery.all) > maxDiscoveries {
		m.discovery.all = map[string]discovered{}
	}
	m.discovery.all[issuer] = discovered{p, m.Now()}
	return p, nil
}

// maxDiscoveries is the limit of cached documents.
const maxDiscoveries = 100

// discover fetches the discovery document of an issuer. It also tries the issuer with a trailing slash,
// which cannot be derived from the URL of the document.
func discover(ctx context.Context, issuer string) (*oidc.Provider, error) {
	p, err := oidc.NewProvider(ctx, issuer)
	if err != nil && !strings.HasSuffix(issuer, "/") {
		if other, again := oidc.NewProvider(ctx, issuer+"/"); again == nil {
			return other, nil
		}
	}
	return p, err
}

// unreachable returns the error for the application if a provider cannot be reached. The cause is for the
// server's log.
func unreachable(cause error) error {
	return (&apierr.Error{Status: http.StatusBadGateway, Code: "server_error", Message: "The identity provider cannot be reached or does not answer as it should.", Setting: "the options of the connection, and the setting upstream of the server"}).With(cause)
}

// errProof returns the error for the application if a provider's response cannot be verified.
func errProof(cause error) error {
	return (&apierr.Error{Status: http.StatusForbidden, Code: accessDenied, Message: "The answer of the identity provider could not be verified."}).With(cause)
}

// isFrontChannel reports whether the provider sends the ID token through the browser instead of a code.
func isFrontChannel(c storage.Connection) bool { return text(c, "type") == "front_channel" }

// authorizationURL returns the URL of the authorization request to the provider of a provider login.
func (m *room) authorizationURL(ctx context.Context, l providerLogin, state string) (string, error) {
	params := m.request(l, state)
	endpoint := text(l.connection, "authorizationURL")
	if l.connection.Strategy != "oauth2" {
		p, err := m.provider(ctx, l.connection)
		if err != nil {
			return "", err
		}
		endpoint = p.Endpoint().AuthURL
		if scope := strings.Fields(params.Get("scope")); !slices.Contains(scope, "openid") {
			params.Set("scope", strings.Join(append([]string{"openid"}, scope...), " "))
		}
		params.Set("nonce", l.transaction.Upstream.Nonce)
	}
	switch {
	case isFrontChannel(l.connection):
		params.Set("response_type", "id_token")
		params.Set("response_mode", "form_post")
	case usesPKCE(l.connection):
		params.Set("code_challenge", oauth2.S256ChallengeFromVerifier(l.transaction.Upstream.Verifier))
		params.Set("code_challenge_method", "S256")
	}
	u, err := url.Parse(endpoint)
	if err != nil || u.Scheme != "http" && u.Scheme != "https" {
		return "", unreachable(fmt.Errorf("the authorization endpoint is %q: %w", endpoint, cmp.Or(err, errors.New("not an http or https URL"))))
	}
	query := u.Query()
	for name := range params {
		query.Set(name, params.Get(name))
	}
	u.RawQuery = query.Encode()
	return u.String(), nil
}

// usesPKCE reports whether a connection uses PKCE, RFC 7636. Auth0's setting "auto" counts as enabled.
func usesPKCE(c storage.Connection) bool {
	settings, _ := c.Options["connection_settings"].(map[string]any)
	if c.Strategy == "oauth2" {
		return c.Options["pkce_enabled"] == true
	}
	return settings["pkce"] != "disabled"
}

// checkAnswerer refuses a response from another provider than the login's (mix-up attack), so that a code of
// one provider is not sent to another. RFC 9207 section 2.4: a client rejects a wrong iss, and a missing iss
// if the provider's metadata says that it sends one.
func (m *room) checkAnswerer(ctx context.Context, l providerLogin, iss string) error {
	if l.connection.Strategy == "oauth2" {
		return nil // an OAuth 2.0 provider has no issuer
	}
	p, err := m.provider(ctx, l.connection)
	if err != nil {
		return err
	}
	known := struct {
		Issuer string `json:"issuer"`
		Names  bool   `json:"authorization_response_iss_parameter_supported"`
	}{Issuer: text(l.connection, "issuer")}
	if err := p.Claims(&known); err != nil {
		known.Names = false // there is no discovery document
	}
	if iss != "" && iss != known.Issuer || iss == "" && known.Names {
		return errProof(fmt.Errorf("the response comes from the issuer %q instead of %s", iss, known.Issuer))
	}
	return nil
}

// exchange redeems and verifies the response of a real provider, and returns the account that it is about.
func (m *room) exchange(ctx context.Context, l providerLogin, params url.Values) (who providers.Account, err error) {
	ctx = oidc.ClientContext(ctx, m.Outside.HTTP)
	if l.connection.Strategy == "oauth2" {
		token, err := m.token(ctx, l, text(l.connection, "tokenURL"), params.Get("code"))
		if err != nil {
			return who, err
		}
		return m.profile(ctx, l, token)
	}
	p, err := m.provider(ctx, l.connection)
	if err != nil {
		return who, err
	}
	raw, token := params.Get("id_token"), (*oauth2.Token)(nil)
	if !isFrontChannel(l.connection) {
		if token, err = m.token(ctx, l, p.Endpoint().TokenURL, params.Get("code")); err != nil {
			return who, err
		}
		raw, _ = token.Extra("id_token").(string)
	}
	claims, err := m.verify(ctx, l, p, raw)
	if err != nil {
		return who, errProof(err)
	}
	var info map[string]any
	if token != nil && p.UserInfoEndpoint() != "" {
		if info, err = userinfo(ctx, p, token, claims["sub"]); err != nil {
			return who, errProof(err)
		}
	}
	id, _ := claims["sub"].(string)
	who = providers.Read(l.connection, id, providers.Map(l.connection, claims, info))
	who.Tokens = tokensOf(token, raw)
	return who, nil
}

// algorithms are the accepted signature algorithms of ID tokens. "none" and algorithms with a shared secret
// are not accepted, because they do not prove who signed.
var algorithms = []string{"RS256", "RS384", "RS512", "PS256", "PS384", "PS512", "ES256", "ES384", "ES512"}

// verifyProvider checks a token that a provider has signed, with the checks of a configuration.
func verifyProvider(ctx context.Context, p *oidc.Provider, check *oidc.Config, raw string) (*oidc.IDToken, error) {
	if _, err := keys.ParseForeign(raw, signatureAlgorithms()); err != nil {
		return nil, err
	}
	check.SupportedSigningAlgs = algorithms
	return p.VerifierContext(ctx, check).Verify(ctx, raw)
}

// verify validates an ID token by OIDC Core section 3.1.3.7 and returns its claims.
func (m *room) verify(ctx context.Context, l providerLogin, p *oidc.Provider, raw string) (claims map[string]any, err error) {
	if raw == "" {
		return nil, errors.New("there is no ID token")
	}
	id := text(l.connection, "client_id")
	token, err := verifyProvider(ctx, p, &oidc.Config{ClientID: id, Now: m.Now}, raw)
	if err != nil {
		return nil, err
	}
	if err := token.Claims(&claims); err != nil {
		return nil, err
	}
	azp, hasAZP := claims["azp"]
	switch {
	case token.Nonce != l.transaction.Upstream.Nonce:
		return nil, errors.New("the nonce belongs to another login")
	case token.Subject == "":
		return nil, errors.New("the ID token has no sub")
	case len(token.Audience) > 1 && !hasAZP, hasAZP && azp != id:
		return nil, fmt.Errorf("the ID token is for the application %v", azp)
	}
	return claims, nil
}

// userinfo fetches the user's claims from the UserInfo endpoint, OIDC Core section 5.3.4: "The sub Claim in
// the UserInfo Response MUST be verified to exactly match the sub Claim in the ID Token".
func userinfo(ctx context.Context, p *oidc.Provider, token *oauth2.Token, sub any) (claims map[string]any, err error) {
	info, err := p.UserInfo(ctx, oauth2.StaticTokenSource(token))
	if err != nil {
		return nil, err
	}
	if err := info.Claims(&claims); err != nil {
		return nil, err
	}
	if claims["sub"] != sub {
		return nil, errors.New("userinfo is about somebody else")
	}
	return claims, nil
}

// token redeems a code at a token endpoint, RFC 6749 section 4.1.3. The tenant authenticates with the client
// secret in the form or, if the connection is configured so, with a signed assertion, RFC 7523 section 2.2.
func (m *room) token(ctx context.Context, l providerLogin, endpoint, code string) (*oauth2.Token, error) {
	if code == "" {
		return nil, errAnswer
	}
	config, options, err := m.client(ctx, l.connection, endpoint)
	if err != nil {
		return nil, err
	}
	if usesPKCE(l.connection) {
		options = append(options, oauth2.VerifierOption(l.transaction.Upstream.Verifier))
	}
	token, err := config.Exchange(ctx, code, options...)
	if refused, ok := errors.AsType[*oauth2.RetrieveError](err); ok && refused.ErrorCode != "" {
		return nil, passedOn(refused.ErrorCode, refused.ErrorDescription)
	}
	if err != nil {
		return nil, unreachable(err)
	}
	return token, nil
}

// client returns the tenant's client configuration at the token endpoint of a connection's provider, and the
// options with which each request authenticates.
func (m *room) client(ctx context.Context, c storage.Connection, endpoint string) (config oauth2.Config, options []oauth2.AuthCodeOption, err error) {
	config = oauth2.Config{
		ClientID: text(c, "client_id"), ClientSecret: text(c, "client_secret"), RedirectURL: m.Issuer.URL + strings.TrimPrefix(callbackPath, "/"),
		Endpoint: oauth2.Endpoint{TokenURL: endpoint, AuthStyle: oauth2.AuthStyleInParams},
	}
	if text(c, "token_endpoint_auth_method") != "private_key_jwt" {
		return config, nil, nil
	}
	assertion, err := m.assertion(ctx, c, endpoint)
	config.ClientSecret = ""
	return config, []oauth2.AuthCodeOption{
		oauth2.SetAuthURLParam("client_assertion", assertion),
		oauth2.SetAuthURLParam("client_assertion_type", "urn:ietf:params:oauth:client-assertion-type:jwt-bearer"),
	}, err
}

// assertionLifetime is the lifetime of a client assertion.
const assertionLifetime = time.Minute

// assertion returns a signed client assertion, with which the tenant authenticates at a provider.
func (m *room) assertion(ctx context.Context, c storage.Connection, endpoint string) (string, error) {
	var kid string
	var der []byte
	var found bool
	err := m.DB.View(ctx, func(tx *storage.Tx) (err error) {
		kid, der, found, err = objects.ConnectionKey(tx, m.Issuer.Secrets, c.ID)
		return err
	})
	if err != nil {
		return "", err
	}
	if !found {
		return "", &apierr.Error{Status: http.StatusBadRequest, Code: "invalid_request", Message: "The connection has no keys to authenticate with; POST /api/v2/connections/{id}/keys makes them", Setting: "the keys of the connection"}
	}
	private, err := x509.ParsePKCS8PrivateKey(der)
	if err != nil {
		return "", err
	}
	signer, err := jose.NewSigner(jose.SigningKey{Algorithm: jose.RS256, Key: jose.JSONWebKey{Key: private, KeyID: kid}}, nil)
	if err != nil {
		return "", err
	}
	id, now := text(c, "client_id"), m.Now()
	return jwt.Signed(signer).Claims(jwt.Claims{
		Issuer: id, Subject: id, Audience: jwt.Audience{endpoint}, ID: keys.Random(16),
		IssuedAt: jwt.NewNumericDate(now), Expiry: jwt.NewNumericDate(now.Add(assertionLifetime)),
	}).Serialize()
}

// maxAnswer is the limit of a profile in a response, in bytes.
const maxAnswer = 256 << 10

// profile fetches the profile for an access token of a custom connection, from the URL in the option
// userinfo_endpoint. In Auth0 the connection's script does this, but tenant0 does not run it.
func (m *room) profile(ctx context.Context, l providerLogin, token *oauth2.Token) (who providers.Account, err error) {
	endpoint := text(l.connection, "userinfo_endpoint")
	if endpoint == "" {
		return who, apierr.NotEmulated("The script fetchUserProfile of a connection whose provider is not simulated, in place of the option userinfo_endpoint,")
	}
	resp, err := oauth2.NewClient(ctx, oauth2.StaticTokenSource(token)).Get(endpoint) //nolint:noctx // the client has a timeout
	if err != nil {
		return who, unreachable(err)
	}
	defer resp.Body.Close()
	raw, err := io.ReadAll(io.LimitReader(resp.Body, maxAnswer))
	if err != nil || resp.StatusCode != http.StatusOK {
		return who, unreachable(fmt.Errorf("userinfo: %s: %w", resp.Status, cmp.Or(err, errors.New("not a profile"))))
	}
	var said map[string]any
	if err := json.Unmarshal(raw, &said); err != nil {
		return who, unreachable(err)
	}
	who = providers.Read(l.connection, providers.IDOf(said), said)
	who.Tokens = tokensOf(token, "")
	return who, nil
}

// tokensOf returns the provider's tokens in the form in which they are stored.
func tokensOf(token *oauth2.Token, id string) storage.IdentityTokens {
	kept := storage.IdentityTokens{IDToken: id}
	if token != nil {
		kept.AccessToken, kept.RefreshToken, kept.ExpiresIn = token.AccessToken, token.RefreshToken, int(token.ExpiresIn)
		kept.Scope, _ = token.Extra("scope").(string)
	}
	return kept
}
