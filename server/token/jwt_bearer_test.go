package token_test

import (
	"crypto/ecdsa"
	"crypto/elliptic"
	"crypto/rand"
	"encoding/json"
	"maps"
	"net/http"
	"net/http/httptest"
	"net/url"
	"strings"
	"testing"
	"time"

	"github.com/go-jose/go-jose/v4"

	"github.com/tenant0/tenant0/server/servertest"
)

// The applications in the tests of Cross App Access.
const (
	jwtBearerType = "urn:ietf:params:oauth:grant-type:jwt-bearer"
	agent         = "agent"       // regular_web
	publicAgent   = "publicagent" // native
	closedAgent   = "closedagent" // regular_web, may not
	foreignAgent  = "foreign"     // regular_web, of somebody else, permissive
)

// agents adds applications for which identity providers of companies may assert users, and connections to these providers.
func agents(connections []object, more ...func(object)) func(object) {
	return func(file object) {
		managed(file)
		on := object{"active": true}
		private := native(publicAgent, nil)
		private["identity_assertion_authorization_grant"], private["grant_types"] = on, []string{"authorization_code"}
		delete(private, "refresh_token")
		file["clients"] = append(file["clients"].([]object), private,
			confidential(agent, "regular_web", object{"identity_assertion_authorization_grant": on}),
			confidential(closedAgent, "regular_web", nil),
			confidential(foreignAgent, "regular_web", object{"identity_assertion_authorization_grant": on, "is_first_party": false}),
		)
		for _, c := range connections {
			c["enabled_clients"] = []string{agent, publicAgent, foreignAgent, closedAgent}
		}
		file["connections"] = connections
		for _, change := range more {
			change(file)
		}
	}
}

// asserting returns a connection whose provider may assert the identity of users.
func asserting(name, strategy string, options object) object {
	return object{"name": name, "strategy": strategy, "options": options, "cross_app_access_resource_app": object{"status": "enabled"}}
}

// bear sends an assertion to the token endpoint, RFC 7523.
func (tn tenant) bear(client, assertion string, more ...string) (int, object) {
	tn.t.Helper()
	form := url.Values{"grant_type": {jwtBearerType}, "client_id": {client}, "client_secret": {secret}, "assertion": {assertion}}
	if client == publicAgent {
		form.Del("client_secret")
	}
	return tn.Token(tn.browser, with(form, more...))
}

// known logs a user in by a connection, so that the tenant has the user.
func (tn tenant) known(connection, person string) {
	tn.t.Helper()
	tn.Choose(connection, "allow", person)
	r := tn.Login(tn.Client(), servertest.Login{ClientID: agent, RedirectURI: callback, Params: url.Values{"connection": {connection}, "audience": {plain}, "scope": {"openid"}}})
	if r.Get("code") == "" {
		tn.t.Fatalf("the login ended with %v", r.Values)
	}
}

// TestCrossAppAccess: a simulated directory issues an assertion for one of its users, who has logged in before, to an
// application. The application gets an access token and nothing else, as often as it likes while the assertion is valid.
func TestCrossAppAccess(t *testing.T) {
	tn := start(t, withSeed(agents([]object{asserting("work", "okta", object{"issuer": "https://corp.okta.com"})})))
	early := tn.Assertion("work", "ada@example.com", agent, plain, "read:it")
	if status, body := tn.bear(agent, early); status != http.StatusBadRequest || body["error_description"] != "Assertion is invalid or has expired" {
		t.Errorf("somebody who has never logged in: %d %v", status, body)
	}
	tn.known("work", "ada@example.com")
	assertion := tn.Assertion("work", "ada@example.com", agent, plain, "openid offline_access read:it x")
	for range 2 {
		status, body := tn.bear(agent, assertion, "scope", "write:it")
		if status != http.StatusOK || body["id_token"] != nil || body["refresh_token"] != nil || body["issued_token_type"] != nil || body["scope"] != "read:it" {
			t.Fatalf("%d %v", status, body)
		}
		_, claims := tn.verified(body["access_token"], jose.RS256)
		if sub, _ := claims["sub"].(string); !strings.HasPrefix(sub, "okta|work|") || claims["aud"] != plain || claims["azp"] != agent || claims["gty"] != nil || claims["sid"] != nil {
			t.Errorf("the token has %v", claims)
		}
	}
	tn.logged("idjag_exchange_succeeded", 2)
	tn.logged("idjag_exchange_failed", 1)
	// The request may name the audience and the scope if the assertion does not.
	bare := tn.Assertion("work", "ada@example.com", agent, "", "")
	for _, tt := range []struct {
		more   []string
		status int
		scope  string
	}{
		{nil, 400, ""},
		{[]string{"audience", plain}, 200, ""},
		{[]string{"audience", plain, "scope", "run:it"}, 200, "run:it"},
		{[]string{"resource", plain, "scope", "run:it"}, 200, "run:it"},
		{[]string{"audience", "urn:none"}, 403, ""},
	} {
		status, body := tn.bear(agent, bare, tt.more...)
		if scope, _ := body["scope"].(string); status != tt.status || scope != tt.scope {
			t.Errorf("%v: %d %v", tt.more, status, body)
		}
	}
	if status, body := tn.bear(agent, assertion, "audience", rfc9068); status != 400 || body["error"] != "invalid_request" {
		t.Errorf("for another API than the assertion's: %d %v", status, body)
	}
	public := tn.Assertion("work", "ada@example.com", publicAgent, plain, "")
	if status, body := tn.bear(publicAgent, public); status != http.StatusOK {
		t.Errorf("a public client: %d %v", status, body)
	}
	tn.Advance(61 * time.Second)
	if status, body := tn.bear(publicAgent, public); status != 400 || body["error"] != "invalid_grant" {
		t.Errorf("a public client after a minute: %d %v", status, body)
	}
	if status, body := tn.bear(agent, assertion); status != http.StatusOK {
		t.Errorf("another client after a minute: %d %v", status, body)
	}
	tn.Advance(4 * time.Minute)
	if status, body := tn.bear(agent, assertion); status != 400 || body["error"] != "invalid_grant" {
		t.Errorf("after its time: %d %v", status, body)
	}
}

// TestCrossAppAccessForOrganizations: the token is for the organization of the connection of which the user is a member, if the
// application's settings allow organizations.
func TestCrossAppAccessForOrganizations(t *testing.T) {
	tn := start(t, withSeed(agents([]object{asserting("work", "okta", object{})}, func(file object) {
		file["organizations"] = []object{{"name": "acme", "connections": []object{{"name": "work"}}}}
	})))
	tn.known("work", "ada@example.com")
	manage := func(method, path string, body any) any {
		t.Helper()
		status, answer := tn.Manage(tn.browser, method, path, body)
		if status/100 != 2 {
			t.Fatalf("%s %s: %d %v", method, path, status, answer)
		}
		return answer
	}
	organization := manage(http.MethodGet, "organizations/name/acme", nil).(object)["id"].(string)
	user := manage(http.MethodGet, "users?q=email:ada@example.com", nil).([]any)[0].(object)["user_id"].(string)
	check := func(usage string, status int, org any) {
		t.Helper()
		manage(http.MethodPatch, "clients/"+agent, object{"organization_usage": usage})
		got, body := tn.bear(agent, tn.Assertion("work", "ada@example.com", agent, plain, ""))
		if got != status {
			t.Fatalf("%s: %d %v, want %d", usage, got, body, status)
		}
		if status == http.StatusOK {
			if _, claims := tn.verified(body["access_token"], jose.RS256); claims["org_id"] != org {
				t.Errorf("%s: org_id is %v, want %v", usage, claims["org_id"], org)
			}
		}
	}
	check("allow", 200, nil)
	check("require", 403, nil)
	manage(http.MethodPost, "organizations/"+organization+"/members", object{"members": []string{user}})
	check("deny", 200, nil)
	check("allow", 200, organization)
	check("require", 200, organization)
}

// directory is a company's identity provider that publishes its keys.
type directory struct {
	*httptest.Server
	key *ecdsa.PrivateKey
}

func newDirectory(t *testing.T) directory {
	t.Helper()
	key, err := ecdsa.GenerateKey(elliptic.P256(), rand.Reader)
	if err != nil {
		t.Fatal(err)
	}
	published := jose.JSONWebKeySet{Keys: []jose.JSONWebKey{{Key: key.Public(), KeyID: "one", Algorithm: "ES256", Use: "sig"}}}
	s := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, _ *http.Request) {
		w.Header().Set("Content-Type", "application/json")
		_ = json.NewEncoder(w).Encode(published)
	}))
	t.Cleanup(s.Close)
	return directory{s, key}
}

// TestWhatProvidersDoNotAssert sends wrong assertions to a tenant whose connection leads to a directory with published keys.
func TestWhatProvidersDoNotAssert(t *testing.T) {
	d := newDirectory(t)
	options := object{
		"issuer": d.URL, "jwks_uri": d.URL + "/keys", "authorization_endpoint": d.URL + "/authorize", "token_endpoint": d.URL + "/token", "client_id": "tenant",
	}
	closed := object{"name": "closed", "strategy": "oidc", "options": object{"issuer": "https://closed.example"}}
	tn := start(t, withSeed(agents([]object{asserting("work", "oidc", options), closed}, func(file object) {
		file["users"] = append(file["users"].([]object),
			object{"user_id": "oidc|work|ada", "email": "ada@corp.example", "connection": "work"},
			object{"user_id": "oidc|work|bob", "email": "bob@corp.example", "connection": "work", "blocked": true})
	})))
	tn.Freeze(noon)
	claims := func(changes object) object {
		all := object{
			"iss": d.URL, "sub": "ada", "aud": tn.URL, "client_id": agent, "jti": "1", "iat": noon.Unix(), "exp": noon.Unix() + 300, "resource": plain, "scope": "read:it",
		}
		maps.Copy(all, changes)
		maps.DeleteFunc(all, func(_ string, value any) bool { return value == nil })
		return all
	}
	signed := func(changes object, headers object) string {
		all := object{"typ": "oauth-id-jag+jwt", "kid": "one"}
		maps.Copy(all, headers)
		return sign(t, jose.ES256, d.key, claims(changes), all)
	}
	other, err := ecdsa.GenerateKey(elliptic.P256(), rand.Reader)
	if err != nil {
		t.Fatal(err)
	}
	good := signed(nil, nil)
	if status, body := tn.bear(agent, good); status != http.StatusOK || body["scope"] != "read:it" {
		t.Fatalf("%d %v", status, body)
	}
	const sentence = "Assertion is invalid or has expired"
	parts := strings.Split(good, ".")
	for _, tt := range []struct {
		name, client, assertion string
		status                  int
		code, description       string
	}{
		{"none", agent, "", 400, "invalid_request", "Missing required parameter: assertion"},
		{"that is no JWT", agent, "abc", 400, "invalid_grant", sentence},
		{"that is over", agent, signed(object{"exp": noon.Unix() - 1}, nil), 400, "invalid_grant", sentence},
		{"without an end", agent, signed(object{"exp": nil}, nil), 400, "invalid_grant", sentence},
		{"without a beginning", agent, signed(object{"iat": nil}, nil), 400, "invalid_grant", sentence},
		{"of the future", agent, signed(object{"iat": noon.Unix() + 60}, nil), 400, "invalid_grant", sentence},
		{"that is not good yet", agent, signed(object{"nbf": noon.Unix() + 60}, nil), 400, "invalid_grant", sentence},
		{"for another tenant", agent, signed(object{"aud": "https://other.example/"}, nil), 400, "invalid_grant", sentence},
		{"for several tenants", agent, signed(object{"aud": []string{tn.URL, "https://other.example/"}}, nil), 400, "invalid_grant", sentence},
		{"for the token endpoint", agent, signed(object{"aud": tn.URL + "oauth/token"}, nil), 400, "invalid_grant", sentence},
		{"for another client", agent, signed(object{"client_id": publicAgent}, nil), 400, "invalid_grant", sentence},
		{"for no client", agent, signed(object{"client_id": nil}, nil), 400, "invalid_grant", sentence},
		{"without an id", agent, signed(object{"jti": nil}, nil), 400, "invalid_grant", sentence},
		{"of nobody", agent, signed(object{"sub": nil}, nil), 400, "invalid_grant", sentence},
		{"of somebody unknown", agent, signed(object{"sub": "eve"}, nil), 400, "invalid_grant", sentence},
		{"of a blocked user", agent, signed(object{"sub": "bob"}, nil), 401, "unauthorized", "user is blocked"},
		{"of another issuer", agent, signed(object{"iss": "https://other.example"}, nil), 400, "invalid_grant", sentence},
		{"of no issuer", agent, signed(object{"iss": nil}, nil), 400, "invalid_grant", sentence},
		{"of a provider that may not", agent, signed(object{"iss": "https://closed.example"}, nil), 403, "access_denied", "The connection is not enabled for Cross App Access by this client"},
		{"of another type", agent, signed(nil, object{"typ": "JWT"}), 400, "invalid_grant", sentence},
		{"of the type of access tokens", agent, signed(nil, object{"typ": "at+jwt"}), 400, "invalid_grant", sentence},
		{"signed by another key", agent, sign(t, jose.ES256, other, claims(nil), object{"typ": "oauth-id-jag+jwt", "kid": "one"}), 401, "invalid_grant", sentence},
		{"with a changed claim", agent, parts[0] + "." + part(claims(object{"sub": "bob"})) + "." + parts[2], 401, "invalid_grant", sentence},
		{"signed by nobody", agent, part(object{"alg": "none", "typ": "oauth-id-jag+jwt"}) + "." + parts[1] + ".", 400, "invalid_grant", sentence},
		{"signed by the secret of the client", agent, sign(t, jose.HS256, []byte(secret), claims(nil), object{"typ": "oauth-id-jag+jwt"}), 400, "invalid_grant", sentence},
		{"for an API that there is not", agent, signed(object{"resource": "urn:none"}, nil), 403, "access_denied", "Service not enabled within domain: urn:none"},
		{"to a client that may not", closedAgent, signed(object{"client_id": closedAgent}, nil), 403, "unauthorized_client", "Grant type '" + jwtBearerType + "' not allowed for the client."},
		{"to a permissive third party", foreignAgent, signed(object{"client_id": foreignAgent}, nil), 403, "unauthorized_client", "Grant type '" + jwtBearerType + "' not allowed for the client."},
		{"that is too long", agent, signed(object{"extra": strings.Repeat("x", 17<<10)}, nil), 400, "invalid_grant", sentence},
	} {
		t.Run("an assertion "+tt.name, func(t *testing.T) {
			status, body := tn.bear(tt.client, tt.assertion)
			if status != tt.status || body["error"] != tt.code || body["error_description"] != tt.description {
				t.Errorf("%d %v, want %d %s %s", status, body, tt.status, tt.code, tt.description)
			}
		})
	}
	t.Run("an ID token of the tenant's own", func(t *testing.T) {
		if status, body := tn.bear(agent, tn.tokens(fixed)["id_token"].(string)); status != 400 || body["error"] != "invalid_grant" {
			t.Errorf("%d %v", status, body)
		}
	})
	t.Run("with a wrong secret", func(t *testing.T) {
		if status, body := tn.bear(agent, good, "client_secret", "wrong"); status != 401 || body["error"] != "access_denied" {
			t.Errorf("%d %v", status, body)
		}
	})
	t.Run("a provider whose connection is not the client's any more", func(t *testing.T) {
		_, all := tn.Manage(tn.browser, http.MethodGet, "connections?name=work", nil)
		if status, answer := tn.Manage(tn.browser, http.MethodPatch, "connections/"+all.([]any)[0].(object)["id"].(string), object{"enabled_clients": []string{publicAgent}}); status != 200 {
			t.Fatalf("%d %v", status, answer)
		}
		if status, body := tn.bear(agent, good); status != 403 || body["error"] != "access_denied" {
			t.Errorf("%d %v", status, body)
		}
	})
}
