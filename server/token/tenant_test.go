package token_test

import (
	"bytes"
	"crypto"
	"crypto/ecdsa"
	"crypto/elliptic"
	"crypto/rand"
	"crypto/rsa"
	"crypto/x509"
	"encoding/base64"
	"encoding/json"
	"encoding/pem"
	"io"
	"maps"
	"net/http"
	"net/url"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/go-jose/go-jose/v4"

	"github.com/tenant0/tenant0/server/servertest"
)

// Applications and APIs of the tests' tenant. An application's name is its client_id too.
const (
	fixed    = "fixed"    // native, refresh tokens that neither rotate nor expire
	rotating = "rotating" // native, refresh tokens that rotate, without overlap
	overlap  = "overlap"  // native, refresh tokens that rotate, with one of overlapSeconds
	dated    = "dated"    // native, refresh tokens that expire, idle and absolute
	undated  = "undated"  // native, a non-expiring refresh token with lifetimes
	noGrants = "nogrants" // native, may use no grant
	web      = "web"      // regular_web
	machine  = "machine"  // non_interactive
	keyed    = "keyed"    // non_interactive, private_key_jwt
	psID     = "psid"     // regular_web, ID tokens with PS256
	hsID     = "hsid"     // regular_web, ID tokens with HS256
	secret   = "a secret of at least sixteen characters"

	callback       = "https://app.example.com/callback"
	otherCallback  = "https://app.example.com/other"
	overlapSeconds = 60

	plain      = "https://api.example.com/plain"
	hs256      = "https://api.example.com/hs256"
	ps256      = "https://api.example.com/ps256"
	rs512      = "https://api.example.com/rs512"
	rfc9068    = "https://api.example.com/rfc9068"
	guarded    = "https://api.example.com/guarded"     // RBAC, access_token_authz
	guarded68  = "https://api.example.com/guarded9068" // RBAC, rfc9068_profile_authz
	online     = "https://api.example.com/online"      // no offline access
	closed     = "https://api.example.com/closed"      // no machine may call it
	ungranted  = "https://api.example.com/ungranted"
	hs256Key   = "the secret that the API shares with the tenant"
	userID     = "auth0|65f1c0de00000000000000a1"
	email      = "ann@example.com"
	blockedID  = "auth0|65f1c0de00000000000000a2"
	blocked    = "bob@example.com"
	password   = "correct horse battery"
	connection = "Username-Password-Authentication"
)

type object = map[string]any

// clientKeys returns the keys with which the application keyed signs, by name.
var clientKeys = sync.OnceValue(func() map[string]crypto.Signer {
	rsaKey, _ := rsa.GenerateKey(rand.Reader, 2048)
	ecKey, _ := ecdsa.GenerateKey(elliptic.P256(), rand.Reader)
	ended, _ := rsa.GenerateKey(rand.Reader, 2048)
	ps, _ := rsa.GenerateKey(rand.Reader, 2048)
	return map[string]crypto.Signer{"rsa": rsaKey, "ec": ecKey, "ended": ended, "ps": ps}
})

func publicPEM(key crypto.Signer) string {
	der, err := x509.MarshalPKIXPublicKey(key.Public())
	if err != nil {
		panic(err)
	}
	return string(pem.EncodeToMemory(&pem.Block{Type: "PUBLIC KEY", Bytes: der}))
}

func native(name string, refreshToken object) object {
	return object{
		"name": name, "client_id": name, "app_type": "native", "token_endpoint_auth_method": "none",
		"callbacks": []string{callback, otherCallback}, "grant_types": []string{"authorization_code", "refresh_token"},
		"refresh_token": refreshToken,
	}
}

func confidential(name, kind string, more object) object {
	c := object{
		"name": name, "client_id": name, "client_secret": secret, "app_type": kind, "token_endpoint_auth_method": "client_secret_post",
		"callbacks": []string{callback}, "grant_types": []string{"authorization_code", "refresh_token", "client_credentials"},
	}
	maps.Copy(c, more)
	return c
}

func api(identifier string, more object) object {
	a := object{
		"name": identifier, "identifier": identifier, "allow_offline_access": true, "token_lifetime": 7000,
		"skip_consent_for_verifiable_first_party_clients": true,
		"scopes": []object{{"value": "read:it"}, {"value": "write:it"}, {"value": "run:it"}},
	}
	maps.Copy(a, more)
	return a
}

// seed returns the tenant file, after change has changed it.
func seed(change func(object)) string {
	never := object{"rotation_type": "non-rotating", "expiration_type": "non-expiring"}
	rotates := func(leeway int) object {
		return object{"rotation_type": "rotating", "expiration_type": "expiring", "leeway": leeway, "token_lifetime": 2592000, "idle_token_lifetime": 1296000}
	}
	permission := func(api, name string) object {
		return object{"resource_server_identifier": api, "permission_name": name}
	}
	file := object{
		"clients": []object{
			native(fixed, never),
			native(rotating, rotates(0)),
			native(overlap, rotates(overlapSeconds)),
			native(dated, object{"rotation_type": "non-rotating", "expiration_type": "expiring", "token_lifetime": 10000, "idle_token_lifetime": 4000}),
			native(undated, object{
				"rotation_type": "non-rotating", "expiration_type": "non-expiring", "token_lifetime": 10000, "idle_token_lifetime": 4000,
				"infinite_token_lifetime": false, "infinite_idle_token_lifetime": false,
			}),
			{"name": noGrants, "client_id": noGrants, "app_type": "native", "token_endpoint_auth_method": "none", "callbacks": []string{callback}, "grant_types": []string{}},
			confidential(web, "regular_web", object{"jwt_configuration": object{"alg": "RS256", "lifetime_in_seconds": 1234}}),
			confidential(psID, "regular_web", object{"jwt_configuration": object{"alg": "PS256"}}),
			confidential(hsID, "regular_web", object{"jwt_configuration": object{"alg": "HS256"}}),
			confidential(machine, "non_interactive", nil),
			confidential(keyed, "non_interactive", object{"client_authentication_methods": object{"private_key_jwt": object{"credentials": []object{
				{"name": "rsa", "credential_type": "public_key", "pem": publicPEM(clientKeys()["rsa"])},
				{"name": "ec", "credential_type": "public_key", "pem": publicPEM(clientKeys()["ec"])},
				{"name": "ended", "credential_type": "public_key", "pem": publicPEM(clientKeys()["ended"]), "expires_at": noon.Add(-time.Second).Format(time.RFC3339)},
				{"name": "ps", "credential_type": "public_key", "pem": publicPEM(clientKeys()["ps"]), "alg": "PS256"},
			}}}}),
		},
		"resourceServers": []object{
			api(plain, nil),
			api(hs256, object{"signing_alg": "HS256", "signing_secret": hs256Key}),
			api(ps256, object{"signing_alg": "PS256"}),
			api(rs512, object{"signing_alg": "RS512"}),
			api(rfc9068, object{"token_dialect": "rfc9068_profile"}),
			api(guarded, object{"token_dialect": "access_token_authz", "enforce_policies": true}),
			api(guarded68, object{"token_dialect": "rfc9068_profile_authz", "enforce_policies": true}),
			api(online, object{"allow_offline_access": false}),
			api(closed, object{"subject_type_authorization": object{"client": object{"policy": "deny_all"}}}),
			api(ungranted, nil),
		},
		"databases": []object{{"name": connection, "strategy": "auth0", "enabled_clients": []string{fixed, rotating, overlap, dated, undated, web, psID, hsID, noGrants}}},
		"clientGrants": []object{
			{"client_id": machine, "audience": plain, "scope": []string{"read:it", "run:it"}},
			{"client_id": machine, "audience": hs256, "scope": []string{}},
			{"client_id": machine, "audience": rfc9068, "scope": []string{"read:it"}},
			{"client_id": machine, "audience": guarded, "scope": []string{"run:it"}},
			{"client_id": machine, "audience": closed, "scope": []string{"read:it"}},
			{"client_id": machine, "audience": ps256, "allow_all_scopes": true, "scope": []string{}},
			{"client_id": keyed, "audience": plain, "scope": []string{"read:it"}},
		},
		"roles": []object{{"name": "Reader", "permissions": []object{permission(guarded, "read:it"), permission(guarded68, "read:it")}}},
		"users": []object{
			{"user_id": userID, "email": email, "password": password, "connection": connection, "roles": []string{"Reader"}, "permissions": []object{permission(guarded, "run:it")}},
			{"user_id": blockedID, "email": blocked, "password": password, "connection": connection},
		},
	}
	if change != nil {
		change(file)
	}
	raw, err := json.Marshal(file)
	if err != nil {
		panic(err)
	}
	return string(raw)
}

// tenant is a running tenant of seed, with a browser.
type tenant struct {
	*servertest.Server
	browser *http.Client
	t       *testing.T
}

func start(t *testing.T, opts ...servertest.Option) tenant {
	t.Helper()
	s := servertest.Start(t, append([]servertest.Option{servertest.Seed(seed(nil)), servertest.HTTP()}, opts...)...)
	return tenant{s, s.Client(), t}
}

// logIn gets a code for an application, with parameters changed in pairs; the value "" leaves a parameter out.
func (tn tenant) logIn(client string, params ...string) servertest.Result {
	tn.t.Helper()
	return tn.logInAs(email, client, params...)
}

func (tn tenant) logInAs(user, client string, params ...string) servertest.Result {
	tn.t.Helper()
	all := url.Values{"audience": {plain}, "scope": {"openid offline_access read:it write:it"}}
	for i := 0; i < len(params); i += 2 {
		all.Set(params[i], params[i+1])
	}
	r := tn.Login(tn.browser, servertest.Login{ClientID: client, RedirectURI: callback, Username: user, Password: password, Params: all})
	if r.Get("code") == "" {
		tn.t.Fatalf("the login ended without a code: %v", r.Values)
	}
	return r
}

// exchange redeems the code of a login.
func (tn tenant) exchange(r servertest.Result) object {
	tn.t.Helper()
	return tn.Exchange(tn.browser, r)
}

// tokens logs in and redeems the code, with the client secret if the application is
// confidential.
func (tn tenant) tokens(client string, params ...string) object {
	tn.t.Helper()
	form := tn.logIn(client, params...).Form()
	if client == web || client == psID || client == hsID {
		form.Set("client_secret", secret)
	}
	status, body := tn.Token(tn.browser, form)
	if status != http.StatusOK {
		tn.t.Fatalf("code exchange: %d %v", status, body)
	}
	return body
}

// refresh exchanges a refresh token.
func (tn tenant) refresh(client string, token any, more ...string) (int, object) {
	tn.t.Helper()
	form := url.Values{"grant_type": {"refresh_token"}, "client_id": {client}, "refresh_token": {token.(string)}}
	for i := 0; i < len(more); i += 2 {
		form.Set(more[i], more[i+1])
	}
	return tn.Token(tn.browser, form)
}

// machineToken requests a token by client credentials.
func (tn tenant) machineToken(audience string, more ...string) (int, object) {
	tn.t.Helper()
	form := url.Values{"grant_type": {"client_credentials"}, "client_id": {machine}, "client_secret": {secret}, "audience": {audience}}
	for i := 0; i < len(more); i += 2 {
		form.Set(more[i], more[i+1])
	}
	return tn.Token(tn.browser, form)
}

// answer is a response with its undecoded body.
type answer struct {
	status int
	header http.Header
	body   string
}

func (a answer) json(t *testing.T) object {
	t.Helper()
	var body object
	if err := json.Unmarshal([]byte(a.body), &body); err != nil {
		t.Fatalf("status %d and no JSON: %s", a.status, a.body)
	}
	return body
}

// send sends a request to a path below the issuer, with headers in pairs of name and value.
func (tn tenant) send(method, path, body string, headers ...string) answer {
	tn.t.Helper()
	rq, err := http.NewRequestWithContext(tn.t.Context(), method, tn.URL+path, strings.NewReader(body))
	if err != nil {
		tn.t.Fatal(err)
	}
	for i := 0; i < len(headers); i += 2 {
		rq.Header.Set(headers[i], headers[i+1])
	}
	resp, err := tn.browser.Do(rq)
	if err != nil {
		tn.t.Fatal(err)
	}
	defer resp.Body.Close()
	raw, err := io.ReadAll(resp.Body)
	if err != nil {
		tn.t.Fatal(err)
	}
	return answer{resp.StatusCode, resp.Header, string(raw)}
}

const (
	formType = "application/x-www-form-urlencoded"
	jsonType = "application/json"
)

// verified checks a JWT with the tenant's published keys and only one algorithm, and returns its header and
// its claims.
func (tn tenant) verified(token any, alg jose.SignatureAlgorithm) (header, claims object) {
	tn.t.Helper()
	raw, _ := token.(string)
	jws, err := jose.ParseSignedCompact(raw, []jose.SignatureAlgorithm{alg})
	if err != nil {
		tn.t.Fatalf("%v: %v", token, err)
	}
	var payload []byte
	if alg == jose.HS256 {
		payload, err = jws.Verify([]byte(hs256Key))
	} else {
		var keys jose.JSONWebKeySet
		if err := json.Unmarshal([]byte(tn.send(http.MethodGet, ".well-known/jwks.json", "").body), &keys); err != nil {
			tn.t.Fatal(err)
		}
		found := keys.Key(jws.Signatures[0].Header.KeyID)
		if len(found) != 1 {
			tn.t.Fatalf("the key set has %d keys with the token's kid", len(found))
		}
		payload, err = jws.Verify(found[0].Key)
	}
	if err != nil {
		tn.t.Fatalf("the token does not verify: %v", err)
	}
	return decode(tn.t, strings.Split(raw, ".")[0]), numbers(tn.t, payload)
}

func decode(t *testing.T, part string) object {
	t.Helper()
	raw, err := base64.RawURLEncoding.DecodeString(part)
	if err != nil {
		t.Fatal(err)
	}
	return numbers(t, raw)
}

// numbers decodes JSON with whole numbers as int64.
func numbers(t *testing.T, raw []byte) object {
	t.Helper()
	dec := json.NewDecoder(bytes.NewReader(raw))
	dec.UseNumber()
	var claims object
	if err := dec.Decode(&claims); err != nil {
		t.Fatal(err)
	}
	for name, value := range claims {
		if n, ok := value.(json.Number); ok {
			whole, err := n.Int64()
			if err != nil {
				t.Fatalf("%s is %v, no whole number", name, value)
			}
			claims[name] = whole
		}
	}
	return claims
}

// withSeed starts a tenant with a changed seed.
func withSeed(change func(object)) servertest.Option { return servertest.Seed(seed(change)) }
