package server_test

import (
	"crypto/x509"
	"encoding/json"
	"encoding/pem"
	"fmt"
	"maps"
	"net/http"
	"net/http/httptest"
	"net/url"
	"time"

	"github.com/go-jose/go-jose/v4"

	"github.com/tenant0/tenant0/server/servertest"
)

const (
	vaultGrant    = "urn:auth0:params:oauth:grant-type:token-exchange:federated-connection-access-token"
	exchangeGrant = "urn:ietf:params:oauth:grant-type:token-exchange"
	tokenType     = "urn:ietf:params:oauth:token-type:"
	appSecret     = "a secret of sixteen characters at least"
)

// exchanges returns the places that exchange a token for another one, and the one that takes a provider's token.
func exchanges() map[string]place {
	return map[string]place{
		"refresh token at Token Vault": vaulted(), "access token on behalf of its user": onBehalf(), "token of a global revocation": revocations(),
	}
}

// vaulted: refresh tokens that applications exchange for tokens of identity providers (Token Vault).
func vaulted() place {
	const callback = "https://vault.test/callback"
	client := func(p *proving, name string) string {
		if p.more[name] == "" {
			p.more[name] = p.api(http.MethodPost, "clients", map[string]any{
				"name": name, "app_type": "regular_web", "client_secret": appSecret, "oidc_conformant": true, "callbacks": []string{callback},
				"grant_types": []string{"authorization_code", "refresh_token", vaultGrant}, "token_endpoint_auth_method": "client_secret_post",
				"refresh_token": map[string]any{"rotation_type": "non-rotating", "expiration_type": "expiring", "token_lifetime": 3600, "idle_token_lifetime": 1800},
			}, "client_id")
		}
		return p.more[name]
	}
	logIn := func(p *proving, person string) map[string]any {
		p.Choose("google-oauth2", "allow", person)
		r := p.Login(p.Client(), servertest.Login{ClientID: client(p, "vault"), RedirectURI: callback, Params: url.Values{
			"connection": {"google-oauth2"}, "audience": {""}, "scope": {"openid offline_access"},
		}})
		form := r.Form()
		form.Set("client_secret", appSecret)
		status, body := p.Token(p.browser, form)
		if status != http.StatusOK {
			p.t.Fatalf("%d %v", status, body)
		}
		return body
	}
	swap := func(p *proving, app, token string) bool {
		return p.exchanged(url.Values{
			"grant_type": {vaultGrant}, "client_id": {app}, "client_secret": {appSecret}, "connection": {"google-oauth2"}, "login_hint": {"1"}, "subject_token": {token},
			"subject_token_type": {tokenType + "refresh_token"}, "requested_token_type": {"http://auth0.com/oauth/token-type/federated-connection-access-token"},
		})
	}
	return place{
		func(p *proving) string {
			if p.more["vault"] == "" {
				both := []string{client(p, "vault"), client(p, "another vault")}
				p.api(http.MethodPost, "connections", map[string]any{"name": "google-oauth2", "strategy": "google-oauth2", "enabled_clients": both, "connected_accounts": map[string]any{"active": true}}, "id")
				p.Person("google-oauth2", "1", map[string]any{"email": "one@example.com"})
				p.Person("google-oauth2", "2", map[string]any{"email": "two@example.com"})
			}
			return textOf(logIn(p, "1"), "refresh_token")
		},
		func(p *proving, token string) bool { return swap(p, client(p, "vault"), token) },
		with(noJWT, map[string]way{
			expired:       spent(after(2 * time.Hour)), // gone by then, as sweeps take it away
			otherAudience: refused(func(p *proving, _ string) string { return textOf(logIn(p, "1"), "access_token") }),
			otherClient: refused(func(p *proving, good string) string {
				if swap(p, client(p, "another vault"), good) {
					return good
				}
				return "none"
			}),
			otherUser: refused(func(p *proving, _ string) string { return textOf(logIn(p, "2"), "refresh_token") }), // the account asked for is the first one's
			twice:     accepted("it does not rotate, and is good for as long as it lives", used),
		}),
	}
}

// onBehalf: access tokens that an API received and exchanges for tokens of the next API, on behalf of the user.
func onBehalf() place {
	issue := func(p *proving) string {
		if p.more["service"] == "" {
			p.api(http.MethodPost, "resource-servers", map[string]any{"name": "Next", "identifier": "urn:next", "skip_consent_for_verifiable_first_party_clients": true}, "id")
			p.more["service"] = p.api(http.MethodPost, "clients", map[string]any{
				"name": "Service", "app_type": "resource_server", "resource_server_identifier": servertest.API, "client_secret": appSecret,
				"grant_types": []string{exchangeGrant}, "token_endpoint_auth_method": "client_secret_post",
			}, "client_id")
		}
		return textOf(p.logIn(as(spa, servertest.Employee)), "access_token")
	}
	accepts := func(p *proving, token string) bool {
		return p.exchanged(url.Values{
			"grant_type": {exchangeGrant}, "client_id": {p.more["service"]}, "client_secret": {appSecret}, "audience": {"urn:next"},
			"subject_token": {token}, "subject_token_type": {tokenType + "access_token"},
		})
	}
	machine := func(p *proving) string {
		_, body := p.Token(p.browser, url.Values{"grant_type": {"client_credentials"}, "client_id": {servertest.Cron}, "client_secret": {servertest.CronSecret}, "audience": {servertest.API}})
		return textOf(body, "access_token")
	}
	opaque := func(p *proving) string {
		return textOf(p.logIn(as(spa, servertest.Employee, "audience", "")), "access_token")
	}
	return accessToken(issue, accepts, never("the token that it brings is its own user's"), machine, opaque)
}

// revocations: tokens by which an identity provider has its users logged out everywhere.
func revocations() place {
	const connection, path = "corporate", "oauth/global-token-revocation/connection/corporate"
	serial := 0
	sign := func(p *proving, change map[string]any) string {
		key, err := clientKey()
		if err != nil {
			p.t.Fatal(err)
		}
		serial++
		claims := map[string]any{
			"iss": p.more["provider"], "sub": "tenant", "aud": p.URL + path, "jti": fmt.Sprint("revocation-", serial), "iat": noon.Unix(), "nbf": noon.Unix(), "exp": noon.Unix() + 300,
		}
		maps.Copy(claims, change)
		return typed(p, jose.RS256, key, claims)
	}
	ways := with(jwtWays, map[string]way{
		otherTenant: refused(func(p *proving, good string) string {
			key, err := foreignKey()
			if err != nil {
				p.t.Fatal(err)
			}
			return typed(p, jose.RS256, key, claimsOf(good))
		}),
		algHS256: refused(func(p *proving, good string) string {
			key, err := clientKey()
			if err != nil {
				p.t.Fatal(err)
			}
			der, err := x509.MarshalPKIXPublicKey(&key.PublicKey)
			if err != nil {
				p.t.Fatal(err)
			}
			return typed(p, jose.HS256, pem.EncodeToMemory(&pem.Block{Type: "PUBLIC KEY", Bytes: der}), claimsOf(good))
		}),
		expired:       refused(after(10 * time.Minute)),
		otherAudience: refused(func(p *proving, _ string) string { return sign(p, map[string]any{"aud": p.URL + "oauth/token"}) }),
		otherClient:   refused(func(p *proving, _ string) string { return sign(p, map[string]any{"sub": "another"}) }),
		otherUser:     never("it is the provider's; whom it is about is in the body"),
		twice:         spent(used),
	})
	return place{
		func(p *proving) string {
			if p.more["provider"] == "" {
				p.more["provider"] = providerOf(p)
				p.api(http.MethodPost, "connections", map[string]any{"name": connection, "strategy": "oidc", "options": map[string]any{
					"issuer": p.more["provider"], "client_id": "tenant", "type": "front_channel", "authorization_endpoint": p.more["provider"] + "/authorize",
					"token_endpoint": p.more["provider"] + "/token", "jwks_uri": p.more["provider"] + "/jwks",
				}}, "id")
			}
			return sign(p, nil)
		},
		func(p *proving, token string) bool {
			about := map[string]any{"sub_id": map[string]any{"format": "iss_sub", "iss": p.more["provider"], "sub": "somebody"}}
			status, _ := p.send(http.MethodPost, p.URL+path, about, "Authorization", "Bearer "+token)
			return status == http.StatusNoContent || status == http.StatusNotFound // nobody of that name has been here
		},
		ways,
	}
}

// providerOf starts an issuer that publishes the public key of clientKey, and returns its URL.
func providerOf(p *proving) string {
	p.t.Helper()
	key, err := clientKey()
	if err != nil {
		p.t.Fatal(err)
	}
	set, err := json.Marshal(jose.JSONWebKeySet{Keys: []jose.JSONWebKey{{Key: key.Public(), KeyID: "k", Algorithm: "RS256", Use: "sig"}}})
	if err != nil {
		p.t.Fatal(err)
	}
	server := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, _ *http.Request) {
		if _, err := w.Write(set); err != nil {
			p.t.Error(err)
		}
	}))
	p.t.Cleanup(server.Close)
	return server.URL
}

// typed signs a JWT of type global-token-revocation+jwt.
func typed(p *proving, alg jose.SignatureAlgorithm, key any, claims map[string]any) string {
	p.t.Helper()
	signer, err := jose.NewSigner(jose.SigningKey{Algorithm: alg, Key: key}, (&jose.SignerOptions{}).WithType("global-token-revocation+jwt").WithHeader("kid", "k"))
	if err != nil {
		p.t.Fatal(err)
	}
	raw, err := json.Marshal(claims)
	if err != nil {
		p.t.Fatal(err)
	}
	jws, err := signer.Sign(raw)
	if err != nil {
		p.t.Fatal(err)
	}
	token, err := jws.CompactSerialize()
	if err != nil {
		p.t.Fatal(err)
	}
	return token
}
