package registration_test

import (
	"crypto/rand"
	"crypto/rsa"
	"encoding/json"
	"io"
	"maps"
	"math/big"
	"net/http"
	"net/url"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/go-jose/go-jose/v4"
	"github.com/go-jose/go-jose/v4/jwt"
	"github.com/google/go-cmp/cmp"

	"github.com/tenant0/tenant0/server/servertest"
)

const callbackURL = "https://partner.example.com/callback"

// tenant allows dynamic registration. It has an API that third parties get by default, one
// that they do not get, and a domain-level connection.
type tenant struct {
	*servertest.Server
	t       *testing.T
	browser *http.Client
}

func start(t *testing.T, mode string) tenant {
	t.Helper()
	s := servertest.Start(t, servertest.Seed(`
tenant:
  flags: {enable_dynamic_client_registration: true}
  dynamic_client_registration_security_mode: `+mode+`
resourceServers:
  - {name: Items, identifier: https://items.test, scopes: [{value: "read:items"}, {value: "write:items"}], allow_offline_access: true}
  - {name: Closed, identifier: https://closed.test, scopes: [{value: "read:closed"}]}
clients:
  - {name: Own, client_id: own, app_type: regular_web, client_secret: own-secret, callbacks: [`+callbackURL+`]}
  - {name: Manager, client_id: `+servertest.Management+`, client_secret: `+servertest.ManagementSecret+`, app_type: non_interactive}
clientGrants:
  - {client_id: Manager, audience: "${issuer}api/v2/", allow_all_scopes: true}
  - {default_for: third_party_clients, audience: https://items.test, scope: ["read:items"], subject_type: user}
connections:
  - {name: db, strategy: auth0, is_domain_connection: true, enabled_clients: [own]}
users:
  - {connection: db, email: ada@example.com, password: "Correct-Horse-9"}
`))
	return tenant{s, t, s.Client()}
}

// register sends metadata and returns the status and the answer.
func (tn tenant) register(metadata map[string]any) (int, map[string]any) {
	tn.t.Helper()
	raw, err := json.Marshal(metadata)
	if err != nil {
		tn.t.Fatal(err)
	}
	return tn.send(string(raw))
}

func (tn tenant) send(body string) (int, map[string]any) {
	tn.t.Helper()
	rq, err := http.NewRequestWithContext(tn.t.Context(), http.MethodPost, tn.URL+"oidc/register", strings.NewReader(body))
	if err != nil {
		tn.t.Fatal(err)
	}
	rq.Header.Set("Content-Type", "application/json")
	resp, err := tn.browser.Do(rq)
	if err != nil {
		tn.t.Fatal(err)
	}
	defer resp.Body.Close()
	raw, err := io.ReadAll(resp.Body)
	if err != nil {
		tn.t.Fatal(err)
	}
	var answer map[string]any
	if err := json.Unmarshal(raw, &answer); err != nil {
		tn.t.Fatalf("%v: %s", err, raw)
	}
	return resp.StatusCode, answer
}

// registered registers an application and returns its id and secret.
func (tn tenant) registered(metadata map[string]any) (id, secret string) {
	tn.t.Helper()
	status, answer := tn.register(metadata)
	if status != http.StatusCreated {
		tn.t.Fatalf("%d %v", status, answer)
	}
	id, _ = answer["client_id"].(string)
	secret, _ = answer["client_secret"].(string)
	return id, secret
}

// request returns the URL of an application's authorization request.
func (tn tenant) request(client string, params ...string) (target, verifier string) {
	all := url.Values{"scope": {"openid read:items write:items offline_access"}, "audience": {"https://items.test"}}
	for i := 0; i < len(params); i += 2 {
		all.Set(params[i], params[i+1])
	}
	return tn.AuthorizeURL(servertest.Login{ClientID: client, RedirectURI: callbackURL, Params: all})
}

func (tn tenant) login(client string, params ...string) servertest.Result {
	tn.t.Helper()
	all := url.Values{"scope": {"openid read:items write:items offline_access"}, "audience": {"https://items.test"}}
	for i := 0; i < len(params); i += 2 {
		all.Set(params[i], params[i+1])
	}
	return tn.Login(tn.browser, servertest.Login{ClientID: client, RedirectURI: callbackURL, Username: "ada@example.com", Password: "Correct-Horse-9", Params: all})
}

// TestAStrictApplicationRegisters goes the way of an agent that does not know the tenant: it
// registers, asks the user for consent, and gets only what third parties get by default.
func TestAStrictApplicationRegisters(t *testing.T) {
	tn := start(t, "strict")
	status, answer := tn.register(map[string]any{
		"client_name": "Agent", "redirect_uris": []string{callbackURL}, "token_endpoint_auth_method": "none",
		"grant_types": []string{"authorization_code", "refresh_token", "implicit", "client_credentials"}, "software_id": "ignored",
	})
	id, _ := answer["client_id"].(string)
	want := map[string]any{
		"client_name": "Agent", "client_id": id, "redirect_uris": []any{callbackURL}, "token_endpoint_auth_method": "none",
		"grant_types": []any{"authorization_code", "refresh_token"},
	}
	if diff := cmp.Diff(want, answer); diff != "" || status != http.StatusCreated || !strings.HasPrefix(id, "tpc_") {
		t.Fatalf("%d %s\n%s", status, id, diff)
	}
	_, kept := tn.manage("clients/" + id)
	for member, want := range map[string]any{"is_first_party": false, "third_party_security_mode": "strict", "app_type": "spa", "redirection_policy": "open_redirect_protection"} {
		if kept[member] != want {
			t.Errorf("%s is %v", member, kept[member])
		}
	}
	result := tn.login(id)
	if !slices.Contains(result.Pages, "/u/consent") {
		t.Errorf("nobody was asked: %v", result.Pages)
	}
	form := result.Form()
	_, tokens := tn.Token(tn.browser, form)
	refresh, _ := tokens["refresh_token"].(string)
	if tokens["scope"] != "read:items offline_access" || tokens["id_token"] != nil || tokens["expires_in"] != 3600.0 || refresh == "" {
		t.Errorf("%v", tokens)
	}
	_, again := tn.Token(tn.browser, url.Values{"grant_type": {"refresh_token"}, "client_id": {id}, "refresh_token": {refresh}})
	if next, _ := again["refresh_token"].(string); next == "" || next == refresh {
		t.Errorf("the refresh token of a public third party does not rotate: %v", again)
	}
	if again := tn.login(id); slices.Contains(again.Pages, "/u/consent") {
		t.Errorf("what the user has agreed to is asked again: %v", again.Pages)
	}
}

func (tn tenant) manage(path string) (int, map[string]any) {
	tn.t.Helper()
	status, answer := tn.Manage(tn.browser, http.MethodGet, path, nil)
	object, _ := answer.(map[string]any)
	return status, object
}

// TestWhatStrictApplicationsMayNot tries everything that strict third-party applications may not do.
// Each request ends on a page of the tenant: nothing redirects to an address that an unknown
// application registered.
func TestWhatStrictApplicationsMayNot(t *testing.T) {
	tn := start(t, "strict")
	id, secret := tn.registered(map[string]any{"redirect_uris": []string{callbackURL}})
	for _, tt := range []struct {
		name, want string
		params     []string
	}{
		{"a request without a challenge", "Missing required parameter: code_challenge", []string{"code_challenge", "", "code_challenge_method", ""}},
		{"an ID token through the browser", "unsupported_response_type: Unsupported response type: id_token", []string{"response_type", "id_token", "nonce", "n"}},
		{"an access token through the browser", "unsupported_response_type: Unsupported response type: token", []string{"response_type", "token"}},
		{"a parameter that is not on the list", "the parameter screen_hint", []string{"screen_hint", "signup"}},
		{"a request object", "the parameter request", []string{"request", "a.b.c"}},
		{"an API that third parties do not have", "unauthorized_client", []string{"audience", "https://closed.test"}},
		{"an API of the tenant itself", "unauthorized_client", []string{"audience", tn.URL + "api/v2/"}},
		{"a silent login without a session", "login_required", []string{"prompt", "none"}},
	} {
		t.Run(tt.name, func(t *testing.T) {
			target, _ := tn.request(id, tt.params...)
			browser := tn.Client()
			left, page := tn.Visit(browser, target)
			if left == nil && page.URL.Path == "/u/login" {
				form := page.Form()
				form.Set("username", "ada@example.com")
				form.Set("password", "Correct-Horse-9")
				form.Set("action", "default")
				left, page = tn.Submit(browser, page, form)
			}
			if left != nil || !strings.Contains(servertest.Text(page.Body), tt.want) {
				t.Errorf("ended at %v, %d %s", left, page.Status, page.Body)
			}
		})
	}
	t.Run("a request sent ahead", func(t *testing.T) {
		target, _ := tn.request(id)
		u, err := url.Parse(target)
		if err != nil {
			t.Fatal(err)
		}
		pushed := u.Query() // everything else in it is as it should be
		pushed.Set("client_secret", secret)
		status, answer := tn.Post(tn.browser, "oauth/par", pushed)
		if said, _ := answer["error_description"].(string); status != http.StatusBadRequest || answer["error"] != "invalid_request" || !strings.HasSuffix(said, "/oauth/par") {
			t.Errorf("%d %v", status, answer)
		}
	})
	t.Run("a token for itself", func(t *testing.T) {
		status, answer := tn.Token(tn.browser, url.Values{"grant_type": {"client_credentials"}, "client_id": {id}, "client_secret": {secret}, "audience": {"https://items.test"}})
		if status != http.StatusForbidden || answer["error"] != "unauthorized_client" {
			t.Errorf("%d %v", status, answer)
		}
	})
	t.Run("a logout", func(t *testing.T) {
		_, page := tn.Visit(tn.browser, tn.URL+"v2/logout?client_id="+id)
		if page.Status != http.StatusBadRequest || !strings.Contains(page.Body, "not supported for third-party applications") {
			t.Errorf("%d %s", page.Status, page.Body)
		}
	})
	t.Run("a redirect with an error once the tenant trusts it", func(t *testing.T) {
		if status, answer := tn.Manage(tn.browser, http.MethodPatch, "clients/"+id, map[string]any{"redirection_policy": "allow_always"}); status != http.StatusOK {
			t.Fatalf("%d %v", status, answer)
		}
		target, _ := tn.request(id, "prompt", "none")
		if left, _ := tn.Visit(tn.Client(), target); left == nil || left.Query().Get("error") != "login_required" {
			t.Errorf("%v", left)
		}
	})
	t.Run("another mode later", func(t *testing.T) {
		for _, change := range []map[string]any{{"third_party_security_mode": "permissive"}, {"is_first_party": true}, {"grant_types": []string{"implicit"}}} {
			if status, answer := tn.Manage(tn.browser, http.MethodPatch, "clients/"+id, change); status != http.StatusBadRequest {
				t.Errorf("%v: %d %v", change, status, answer)
			}
		}
	})
	t.Run("rules", func(t *testing.T) {
		if status, answer := tn.Manage(tn.browser, http.MethodPost, "rules", map[string]any{"name": "r", "script": "function (u, c, cb) {}"}); status != http.StatusCreated {
			t.Fatalf("%d %v", status, answer)
		}
		browser := tn.Client()
		target, _ := tn.request("own", "scope", "openid")
		tn.logIn(browser, target)
		if left, page := tn.Visit(browser, target); left == nil && (page.Status != http.StatusOK || page.URL.Path != "/u/consent") {
			t.Errorf("an application of the tenant's own goes on: %v %d %s", left, page.Status, page.URL)
		}
		target, _ = tn.request(id)
		if left, page := tn.Visit(browser, target); left == nil && page.Status == http.StatusOK || left != nil && left.Query().Get("error") == "" {
			t.Errorf("%v %d", left, page.Status)
		}
	})
}

func (tn tenant) logIn(browser *http.Client, target string) {
	tn.t.Helper()
	_, page := tn.Visit(browser, target)
	form := page.Form()
	form.Set("username", "ada@example.com")
	form.Set("password", "Correct-Horse-9")
	form.Set("action", "default")
	if left, page := tn.Submit(browser, page, form); left == nil && page.URL.Path == "/u/login" {
		tn.t.Fatalf("%d %s", page.Status, page.Body)
	}
}

// TestConnectionsOfThirdParties: third-party applications can log in only at domain-level
// connections.
func TestConnectionsOfThirdParties(t *testing.T) {
	tn := start(t, "strict")
	id, _ := tn.registered(map[string]any{"redirect_uris": []string{callbackURL}, "token_endpoint_auth_method": "none"})
	_, found := tn.Manage(tn.browser, http.MethodGet, "connections?name=db", nil)
	list, _ := found.([]any)
	connection, _ := list[0].(map[string]any)["id"].(string)
	if status, answer := tn.Manage(tn.browser, http.MethodPatch, "connections/"+connection, map[string]any{"is_domain_connection": false}); status != http.StatusOK {
		t.Fatalf("%d %v", status, answer)
	}
	for _, tt := range []struct{ connection, want string }{{"", "no connections enabled for the client"}, {"db", "the connection was disabled"}} {
		target, _ := tn.request(id, "connection", tt.connection)
		if left, page := tn.Visit(tn.Client(), target); left != nil || !strings.Contains(servertest.Text(page.Body), tt.want) {
			t.Errorf("%q: %v %s", tt.connection, left, page.Body)
		}
	}
	// First-party applications need no domain-level connection.
	target, _ := tn.request("own")
	if _, page := tn.Visit(tn.Client(), target); page.URL.Path != "/u/login" {
		t.Errorf("%s", page.URL)
	}
}

// TestPermissiveApplicationsAreAsEver registers an application as tenants did before there was
// a strict mode: it can use OpenID Connect.
func TestPermissiveApplicationsAreAsEver(t *testing.T) {
	tn := start(t, "permissive")
	status, answer := tn.register(map[string]any{
		"client_name": "Old", "redirect_uris": []string{callbackURL}, "response_types": []string{"code", "id_token token"},
		"logo_uri": "https://partner.example.com/logo.png", "post_logout_redirect_uris": []string{"https://partner.example.com/bye"},
	})
	id, _ := answer["client_id"].(string)
	secret, _ := answer["client_secret"].(string)
	want := map[string]any{
		"client_name": "Old", "client_id": id, "client_secret": secret, "client_secret_expires_at": 0.0, "redirect_uris": []any{callbackURL},
		"token_endpoint_auth_method": "client_secret_post", "grant_types": []any{"authorization_code", "implicit", "refresh_token"},
		"response_types": []any{"code", "id_token token"}, "logo_uri": "https://partner.example.com/logo.png",
		"post_logout_redirect_uris": []any{"https://partner.example.com/bye"},
	}
	if diff := cmp.Diff(want, answer); diff != "" || status != http.StatusCreated || len(id) != 32 || secret == "" {
		t.Fatalf("%d\n%s", status, diff)
	}
	result := tn.login(id, "audience", "")
	form := result.Form()
	form.Set("client_secret", secret)
	_, tokens := tn.Token(tn.browser, form)
	if tokens["id_token"] == nil || tokens["scope"] != "openid offline_access" {
		t.Errorf("%v", tokens)
	}
	form.Set("client_secret", "wrong")
	if status, _ := tn.Token(tn.browser, form); status != http.StatusUnauthorized {
		t.Errorf("a wrong secret: %d", status)
	}
}

// TestKeysThatAnApplicationRegisters: the application can authenticate only with the key that it
// registered.
func TestKeysThatAnApplicationRegisters(t *testing.T) {
	tn := start(t, "permissive")
	own, other := newKey(t), newKey(t)
	id, secret := tn.registered(map[string]any{
		"redirect_uris": []string{callbackURL}, "token_endpoint_auth_method": "private_key_jwt",
		"jwks": jose.JSONWebKeySet{Keys: []jose.JSONWebKey{{Key: own.Public(), Algorithm: "RS256", Use: "sig", KeyID: "k"}}},
	})
	if secret != "" {
		t.Error("it got a secret besides")
	}
	for key, want := range map[*rsa.PrivateKey]int{own: http.StatusOK, other: http.StatusUnauthorized} {
		form := tn.login(id, "audience", "").Form()
		form.Set("client_assertion_type", "urn:ietf:params:oauth:client-assertion-type:jwt-bearer")
		form.Set("client_assertion", tn.assertion(key, id))
		if status, answer := tn.Token(tn.browser, form); status != want {
			t.Errorf("%d %v", status, answer)
		}
	}
}

func newKey(t *testing.T) *rsa.PrivateKey {
	t.Helper()
	key, err := rsa.GenerateKey(rand.Reader, 2048)
	if err != nil {
		t.Fatal(err)
	}
	return key
}

func (tn tenant) assertion(key *rsa.PrivateKey, client string) string {
	tn.t.Helper()
	signer, err := jose.NewSigner(jose.SigningKey{Algorithm: jose.RS256, Key: key}, nil)
	if err != nil {
		tn.t.Fatal(err)
	}
	now := time.Now()
	raw, err := jwt.Signed(signer).Claims(map[string]any{
		"iss": client, "sub": client, "aud": tn.URL, "jti": rand.Text(), "iat": now.Unix(), "exp": now.Unix() + 60,
	}).Serialize()
	if err != nil {
		tn.t.Fatal(err)
	}
	return raw
}

// withKeys returns the metadata of an application that signs assertions with the keys.
func withKeys(list ...jose.JSONWebKey) map[string]any {
	return map[string]any{"token_endpoint_auth_method": "private_key_jwt", "jwks": jose.JSONWebKeySet{Keys: list}}
}

// with adds a member to metadata.
func with(metadata map[string]any, name string, value any) map[string]any {
	metadata[name] = value
	return metadata
}

// TestRegistrationsThatAreRefused sends registrations that are invalid.
func TestRegistrationsThatAreRefused(t *testing.T) {
	strict, permissive := start(t, "strict"), start(t, "permissive")
	for _, tt := range []struct {
		name   string
		tn     tenant
		code   string
		change map[string]any
	}{
		{"no callback", strict, "invalid_redirect_uri", map[string]any{"redirect_uris": []string{}}},
		{"a callback with a fragment", permissive, "invalid_redirect_uri", map[string]any{"redirect_uris": []string{callbackURL + "#x"}}},
		{"a callback that is code", strict, "invalid_redirect_uri", map[string]any{"redirect_uris": []string{"javascript:alert(1)"}}},
		{"a callback that is no address", strict, "invalid_redirect_uri", map[string]any{"redirect_uris": []string{"callback"}}},
		{"a callback with a wildcard", strict, "invalid_redirect_uri", map[string]any{"redirect_uris": []string{"https://*.example.com/cb"}}},
		{"another way to authenticate", strict, "invalid_client_metadata", map[string]any{"token_endpoint_auth_method": "tls_client_auth"}},
		{"a name with a tag", strict, "invalid_client_metadata", map[string]any{"client_name": "<b>"}},
		{"pairwise subjects", permissive, "invalid_client_metadata", map[string]any{"subject_type": "pairwise"}},
		{"a key elsewhere", permissive, "invalid_client_metadata", map[string]any{"token_endpoint_auth_method": "private_key_jwt", "jwks_uri": "https://partner.example.com/jwks"}},
		{"no key", permissive, "invalid_client_metadata", map[string]any{"token_endpoint_auth_method": "private_key_jwt"}},
		{"a sector", permissive, "invalid_client_metadata", map[string]any{"sector_identifier_uri": "https://partner.example.com/sector"}},
		{"an ID token that nobody signs", permissive, "invalid_client_metadata", map[string]any{"id_token_signed_response_alg": "none"}},
		{"an ID token signed with a secret that there is not", permissive, "invalid_client_metadata", map[string]any{"id_token_signed_response_alg": "HS256", "token_endpoint_auth_method": "none"}},
		{"a strict one's ID token signed with its secret", strict, "invalid_client_metadata", map[string]any{"id_token_signed_response_alg": "HS256"}},
		{"a response type of a grant that it has not", strict, "invalid_client_metadata", map[string]any{"response_types": []string{"id_token"}}},
		{"a private key", permissive, "invalid_client_metadata", withKeys(jose.JSONWebKey{Key: newKey(t), Algorithm: "RS256"})},
		{"a secret key", permissive, "invalid_client_metadata", withKeys(jose.JSONWebKey{Key: []byte("0123456789abcdef0123456789abcdef"), Algorithm: "HS256"})},
		{"a key of an algorithm that is not supported", permissive, "invalid_client_metadata", withKeys(jose.JSONWebKey{Key: newKey(t).Public(), Algorithm: "RS512"})},
		{"a key of 1024 bits", permissive, "invalid_client_metadata", withKeys(jose.JSONWebKey{Key: &rsa.PublicKey{N: new(big.Int).SetBit(big.NewInt(1), 1023, 1), E: 65537}})},
		{"keys in two places", permissive, "invalid_client_metadata", with(withKeys(jose.JSONWebKey{Key: newKey(t).Public()}), "jwks_uri", "https://partner.example.com/jwks")},
		{"keys in a file", permissive, "invalid_client_metadata", map[string]any{"token_endpoint_auth_method": "private_key_jwt", "jwks_uri": "file:///etc/passwd"}},
		{"a picture that is code", strict, "invalid_client_metadata", map[string]any{"logo_uri": "javascript:alert(1)"}},
		{"a login that begins without TLS", strict, "invalid_client_metadata", map[string]any{"initiate_login_uri": "http://partner.example.com/login"}},
		{"an end of logouts that is code", permissive, "invalid_redirect_uri", map[string]any{"post_logout_redirect_uris": []string{"javascript:alert(1)"}}},
		{"an end of logouts with a wildcard", strict, "invalid_redirect_uri", map[string]any{"post_logout_redirect_uris": []string{"https://*.example.com/bye"}}},
		{"logouts that are told to a file", permissive, "invalid_client_metadata", map[string]any{"backchannel_logout_uri": "file:///etc/passwd"}},
		{"logouts that are told to no address", strict, "invalid_client_metadata", map[string]any{"backchannel_logout_uri": "//partner.example.com/logout"}},
		{"logouts that are told with a fragment", permissive, "invalid_client_metadata", map[string]any{"backchannel_logout_uri": "https://partner.example.com/logout#x"}},
		{"a member of another type", strict, "invalid_client_metadata", map[string]any{"client_name": 1}},
	} {
		t.Run(tt.name, func(t *testing.T) {
			metadata := map[string]any{"redirect_uris": []string{callbackURL}}
			maps.Copy(metadata, tt.change)
			if status, answer := tt.tn.register(metadata); status != http.StatusBadRequest || answer["error"] != tt.code || answer["error_description"] == "" {
				t.Errorf("%d %v", status, answer)
			}
		})
	}
	if status, answer := strict.send("[]"); status != http.StatusBadRequest || answer["error"] != "invalid_client_metadata" {
		t.Errorf("a list: %d %v", status, answer)
	}
	_, all := strict.Manage(strict.browser, http.MethodGet, "clients?is_first_party=false", nil)
	if list, _ := all.([]any); len(list) != 0 {
		t.Errorf("a refusal left %v", list)
	}
}

// TestNobodyRegistersUnlessTheTenantSaysSo: registration is disabled in a new tenant.
func TestNobodyRegistersUnlessTheTenantSaysSo(t *testing.T) {
	s := servertest.Start(t)
	tn := tenant{s, t, s.Client()}
	status, answer := tn.register(map[string]any{"redirect_uris": []string{callbackURL}})
	if status != http.StatusBadRequest || answer["error_description"] != "dynamic client registration is disabled" {
		t.Errorf("%d %v", status, answer)
	}
}

// TestOrganizationsLetThirdPartiesIn only if they allow it, and their members must consent
// again: what they allow outside of the organization does not count.
func TestOrganizationsLetThirdPartiesIn(t *testing.T) {
	tn := start(t, "strict")
	id, _ := tn.registered(map[string]any{"redirect_uris": []string{callbackURL}, "token_endpoint_auth_method": "none"})
	must := func(method, path string, body any) map[string]any {
		t.Helper()
		status, answer := tn.Manage(tn.browser, method, path, body)
		if status >= http.StatusBadRequest {
			t.Fatalf("%s %s: %d %v", method, path, status, answer)
		}
		object, _ := answer.(map[string]any)
		return object
	}
	_, found := tn.Manage(tn.browser, http.MethodGet, "connections?name=db", nil)
	list, _ := found.([]any)
	connection := list[0].(map[string]any)["id"]
	_, found = tn.Manage(tn.browser, http.MethodGet, "users?q=email:ada@example.com", nil)
	users, _ := found.([]any)
	ada := users[0].(map[string]any)["user_id"].(string)
	organization, _ := must(http.MethodPost, "organizations", map[string]any{"name": "acme"})["id"].(string)
	must(http.MethodPost, "organizations/"+organization+"/members", map[string]any{"members": []string{ada}})
	must(http.MethodPost, "organizations/"+organization+"/enabled_connections", map[string]any{"connection_id": connection})
	must(http.MethodPatch, "clients/"+id, map[string]any{"organization_usage": "allow"})

	target, _ := tn.request(id, "organization", organization)
	if left, page := tn.Visit(tn.Client(), target); left != nil || !strings.Contains(page.Body, "parameter organization is invalid: "+organization) {
		t.Errorf("an organization that lets nobody in: %v %s", left, page.Body)
	}
	must(http.MethodPatch, "organizations/"+organization, map[string]any{"third_party_client_access": "allow"})

	asked := func(params ...string) bool { return slices.Contains(tn.login(id, params...).Pages, "/u/consent") }
	if !asked() || asked() {
		t.Error("outside of an organization users are asked once")
	}
	if !asked("organization", organization) || asked("organization", organization) {
		t.Error("members of an organization are asked once for it")
	}
	if asked() {
		t.Error("consent in an organization took the other one's place")
	}
	_, found = tn.Manage(tn.browser, http.MethodGet, "grants?user_id="+url.QueryEscape(ada), nil)
	grants, _ := found.([]any)
	if len(grants) != 2 {
		t.Errorf("%v", grants)
	}
}
