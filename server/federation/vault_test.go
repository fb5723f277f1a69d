package federation_test

import (
	"net/http"
	"net/url"
	"strings"
	"testing"
	"time"

	"github.com/tenant0/tenant0/server/servertest"
)

const (
	vaultGrant = "urn:auth0:params:oauth:grant-type:token-exchange:federated-connection-access-token"
	vaultType  = "http://auth0.com/oauth/token-type/federated-connection-access-token"
	refresher  = "urn:ietf:params:oauth:token-type:refresh_token"
	accessor   = "urn:ietf:params:oauth:token-type:access_token"
	asked      = "a secret of sixteen characters"
)

// vaultFile is a tenant with applications that get provider tokens (Token Vault): some for a user's refresh
// token, and an API for the access token with which it was called.
const vaultFile = `
clients:
  - {name: web, client_id: app, app_type: regular_web, oidc_conformant: true, client_secret: ` + asked + `, callbacks: ["https://app.example.com/callback"],
     grant_types: [authorization_code, refresh_token, "` + vaultGrant + `"]}
  - {name: other, client_id: other, app_type: regular_web, oidc_conformant: true, client_secret: ` + asked + `, callbacks: ["https://app.example.com/callback"],
     grant_types: [authorization_code, refresh_token, "` + vaultGrant + `"]}
  - {name: rotating, client_id: rotating, app_type: regular_web, oidc_conformant: true, client_secret: ` + asked + `, grant_types: ["` + vaultGrant + `"],
     refresh_token: {rotation_type: rotating, expiration_type: expiring}}
  - {name: short, client_id: short, app_type: regular_web, oidc_conformant: true, client_secret: ` + asked + `, callbacks: ["https://app.example.com/callback"],
     grant_types: [authorization_code, refresh_token, "` + vaultGrant + `"], refresh_token: {rotation_type: non-rotating, expiration_type: expiring, token_lifetime: 100}}
  - {name: old, client_id: old, app_type: regular_web, oidc_conformant: false, client_secret: ` + asked + `, grant_types: ["` + vaultGrant + `"]}
  - {name: spa, client_id: spa, app_type: spa, oidc_conformant: true, token_endpoint_auth_method: none, grant_types: ["` + vaultGrant + `"]}
  - {name: partner, client_id: partner, app_type: regular_web, is_first_party: false, oidc_conformant: true, client_secret: ` + asked + `, grant_types: ["` + vaultGrant + `"]}
  - {name: without, client_id: without, app_type: regular_web, oidc_conformant: true, client_secret: ` + asked + `, grant_types: [authorization_code]}
  - {name: backend, client_id: backend, app_type: resource_server, resource_server_identifier: https://api.test, client_secret: ` + asked + `, grant_types: ["` + vaultGrant + `"]}
  - {name: management, client_id: Tenant0ManagementClient000000001, client_secret: tenant0-management-secret-for-development-only,
     app_type: non_interactive, grant_types: [client_credentials]}
resourceServers:
  - {name: API, identifier: https://api.test, allow_offline_access: true, allow_online_access: true, skip_consent_for_verifiable_first_party_clients: true}
clientGrants:
  - {client_id: management, audience: "${issuer}api/v2/", allow_all_scopes: true}
databases:
  - {name: people, strategy: auth0, enabled_clients: [app]}
connections:
  - {name: google-oauth2, strategy: google-oauth2, connected_accounts: {active: true}, enabled_clients: [app, other, backend, rotating, partner, short],
     options: {scope: [email, profile, "https://www.googleapis.com/auth/calendar"], upstream_params: {access_type: {value: offline}}}}
  - {name: github, strategy: github, enabled_clients: [app], options: {scope: [repo], federated_connections_access_tokens: {active: true}}}
  - {name: plain, strategy: github, enabled_clients: [app]}
  - {name: unused, strategy: bitbucket, connected_accounts: {active: true}, enabled_clients: [app]}
  - {name: asserted, strategy: oidc, connected_accounts: {active: true, cross_app_access: true}, enabled_clients: [app]}
  - {name: closed, strategy: line, connected_accounts: {active: true}, enabled_clients: []}
users:
  - {user_id: "auth0|ann", email: ann@example.com, password: a password of ann, connection: people}
`

// vault starts a tenant and logs a user in with a connection.
func vault(t *testing.T) tenant {
	t.Helper()
	s := servertest.Start(t, servertest.Seed(vaultFile))
	s.Freeze(time.Date(2027, 3, 1, 12, 0, 0, 0, time.UTC))
	tn := tenant{s, s.Client(), t}
	tn.Person("google-oauth2", "1081", object{"email": "ann.google@example.com"})
	tn.Person("google-oauth2", "1082", object{"email": "ann.work@example.com"})
	for _, connection := range []string{"google-oauth2", "github", "plain"} {
		person := "1081"
		if connection != "google-oauth2" {
			tn.Person(connection, "77", object{"email": "ann@github.example"})
			person = "77"
		}
		tn.Choose(connection, "allow", person)
	}
	return tn
}

// tokens logs in with a connection and returns the tokens.
func (tn tenant) tokens(connection string, params ...string) object {
	tn.t.Helper()
	l := login(append([]string{"connection", connection, "scope", "openid offline_access", "prompt", "login"}, params...)...)
	return tn.redeemed(tn.Login(tn.browser, l))
}

// redeemed redeems the code of a login of an application with a client secret.
func (tn tenant) redeemed(r servertest.Result) object {
	tn.t.Helper()
	form := r.Form()
	form.Set("client_secret", asked)
	status, answer := tn.Token(tn.browser, form)
	if status != http.StatusOK {
		tn.t.Fatalf("%d %v", status, answer)
	}
	return answer
}

// vaulted exchanges a token for a token of a provider.
func (tn tenant) vaulted(subject any, changes ...string) (int, object) {
	tn.t.Helper()
	text, _ := subject.(string)
	form := url.Values{
		"grant_type": {vaultGrant}, "client_id": {"app"}, "client_secret": {asked}, "connection": {"google-oauth2"},
		"subject_token": {text}, "subject_token_type": {refresher}, "requested_token_type": {vaultType},
	}
	for i := 0; i < len(changes); i += 2 {
		form.Set(changes[i], changes[i+1])
		if changes[i+1] == "" {
			form.Del(changes[i])
		}
	}
	return tn.Token(tn.browser, form)
}

// providerToken is vaulted for an exchange that must succeed.
func (tn tenant) providerToken(subject any, changes ...string) object {
	tn.t.Helper()
	status, answer := tn.vaulted(subject, changes...)
	if token, _ := answer["access_token"].(string); status != http.StatusOK || !strings.HasPrefix(token, "simulated-") {
		tn.t.Fatalf("%d %v", status, answer)
	}
	return answer
}

// TestTheTokenOfAProvider is the one stored at the login, and is renewed once it has expired.
func TestTheTokenOfAProvider(t *testing.T) {
	tn := vault(t)
	held := tn.tokens("google-oauth2")["refresh_token"]
	first := tn.providerToken(held)
	diff(t, "the answer", withoutToken(first), object{
		"scope": "email profile https://www.googleapis.com/auth/calendar", "expires_in": 3599.0, "token_type": "Bearer", "issued_token_type": vaultType,
	})
	tn.Advance(time.Minute)
	again := tn.providerToken(held)
	if again["access_token"] != first["access_token"] || again["expires_in"].(float64) > 3539 {
		t.Errorf("%v after %v", again, first)
	}
	tn.Advance(time.Hour)
	renewed := tn.providerToken(held)
	if renewed["access_token"] == first["access_token"] || renewed["expires_in"] != 3599.0 || renewed["scope"] != first["scope"] {
		t.Errorf("%v after %v", renewed, first)
	}
	if kept := tn.providerToken(held); kept["access_token"] != renewed["access_token"] {
		t.Errorf("%v after %v", kept, renewed)
	}
}

func withoutToken(answer object) object {
	rest := object{}
	for name, value := range answer {
		if name != "access_token" {
			rest[name] = value
		}
	}
	return rest
}

// TestAProviderWithoutRefreshTokens: the stored token is returned until it expires, whatever name the
// connection has for the setting.
func TestAProviderWithoutRefreshTokens(t *testing.T) {
	tn := vault(t)
	held := tn.tokens("github")["refresh_token"]
	if answer := tn.providerToken(held, "connection", "github"); answer["scope"] != "repo" {
		t.Errorf("%v", answer)
	}
	tn.Advance(2 * time.Hour)
	status, answer := tn.vaulted(held, "connection", "github")
	diff(t, "the answer", answer, object{
		"error": "federated_connection_refresh_token_not_found", "error_description": "Federated connection Refresh Token not found.",
	})
	if status != http.StatusUnauthorized {
		t.Errorf("the status is %d", status)
	}
}

// TestAnAPIGetsTheTokenOfAProvider for an access token with which it was called, but not for another API's.
func TestAnAPIGetsTheTokenOfAProvider(t *testing.T) {
	tn := vault(t)
	access := tn.tokens("google-oauth2", "audience", "https://api.test")["access_token"]
	api := []string{"client_id", "backend", "subject_token_type", accessor}
	tn.providerToken(access, api...)
	for name, subject := range map[string]any{
		"a token for userinfo": tn.tokens("google-oauth2")["access_token"], "an ID token": tn.tokens("google-oauth2")["id_token"], "no token": "x",
	} {
		if status, answer := tn.vaulted(subject, api...); status != http.StatusUnauthorized || answer["error"] != "invalid_token" {
			t.Errorf("%s: %d %v", name, status, answer)
		}
	}
	if status, answer := tn.vaulted(access, "subject_token_type", accessor); status != http.StatusForbidden || answer["error"] != "unauthorized_client" {
		t.Errorf("a client of no API: %d %v", status, answer)
	}
	tn.Advance(25 * time.Hour)
	if status, answer := tn.vaulted(access, api...); status != http.StatusUnauthorized {
		t.Errorf("a token that is over: %d %v", status, answer)
	}
}

// TestWhatProvesNothingToTheVault: wrong tokens and applications get no token of a provider.
func TestWhatProvesNothingToTheVault(t *testing.T) {
	tn := vault(t)
	held := tn.tokens("google-oauth2")["refresh_token"].(string)
	database := tn.redeemed(tn.Login(tn.Client(), servertest.Login{
		ClientID: "app", RedirectURI: "https://app.example.com/callback", Username: "ann@example.com", Password: "a password of ann",
		Params: url.Values{"audience": {""}, "scope": {"openid offline_access"}, "connection": {"people"}},
	}))["refresh_token"]
	for _, tt := range []struct {
		name    string
		subject any
		changes []string
		status  int
		code    string
	}{
		{"another client's refresh token", held, []string{"client_id", "other"}, 403, "invalid_grant"},
		{"a wrong secret", held, []string{"client_secret", "wrong"}, 401, "access_denied"},
		{"a text that is no token", "none", nil, 403, "invalid_grant"},
		{"a token that was never given", held[:len(held)-4] + "AAAA", nil, 403, "invalid_grant"},
		{"no subject", "", nil, 400, "invalid_request"},
		{"no type", held, []string{"subject_token_type", ""}, 400, "invalid_request"},
		{"an unknown type", held, []string{"subject_token_type", "urn:ietf:params:oauth:token-type:saml2"}, 400, "invalid_request"},
		{"a worker's request for the other type of token", held, []string{"subject_token_type", "urn:ietf:params:oauth:token-type:jwt"}, 400, "invalid_request"},
		{"a worker without privileged access", held, []string{"subject_token_type", signedRequest, "requested_token_type", vaultToken}, 403, "unauthorized_client"},
		{"a refresh token as an access token", held, []string{"subject_token_type", accessor, "client_id", "backend"}, 401, "invalid_token"},
		{"no requested type", held, []string{"requested_token_type", ""}, 400, "invalid_request"},
		{"another requested type", held, []string{"requested_token_type", accessor}, 400, "invalid_request"},
		{"no connection", held, []string{"connection", ""}, 400, "invalid_request"},
		{"an unknown connection", held, []string{"connection", "none"}, 400, "invalid_request"},
		{"a connection of other clients", held, []string{"connection", "closed"}, 400, "invalid_request"},
		{"a connection whose tokens stay with the tenant", held, []string{"connection", "plain"}, 400, "invalid_request"},
		{"a connection whose tokens a directory has to ask for", held, []string{"connection", "asserted"}, 501, "not_emulated"},
		{"a connection that the user has no account at", held, []string{"connection", "unused"}, 401, "federated_connection_refresh_token_not_found"},
		{"a user who has no account at a provider", database, nil, 401, "federated_connection_refresh_token_not_found"},
		{"an account that is not the user's", held, []string{"login_hint", "1082"}, 401, "federated_connection_refresh_token_not_found"},
		{"a client whose refresh tokens rotate", held, []string{"client_id", "rotating"}, 400, "invalid_request"},
		{"a client that is not conformant", held, []string{"client_id", "old"}, 403, "unauthorized_client"},
		{"a client without a secret", held, []string{"client_id", "spa", "client_secret", ""}, 403, "unauthorized_client"},
		{"a client of a third party", held, []string{"client_id", "partner"}, 403, "unauthorized_client"},
		{"a client without the grant type", held, []string{"client_id", "without"}, 403, "unauthorized_client"},
	} {
		status, answer := tn.vaulted(tt.subject, tt.changes...)
		if status != tt.status || answer["error"] != tt.code || answer["access_token"] != nil {
			t.Errorf("%s: %d %v", tt.name, status, answer)
		}
	}
	tn.providerToken(held, "login_hint", "1081")
	short := tn.tokens("google-oauth2", "client_id", "short")["refresh_token"]
	tn.providerToken(short, "client_id", "short")
	tn.Advance(100 * time.Second)
	if status, answer := tn.vaulted(short, "client_id", "short"); status != http.StatusForbidden || answer["error"] != "invalid_grant" {
		t.Errorf("a refresh token whose time is over: %d %v", status, answer)
	}
	online := tn.tokens("google-oauth2", "scope", "openid online_access", "audience", "https://api.test")["refresh_token"]
	tn.providerToken(online)
	tn.Advance(73 * time.Hour) // the idle lifetime of the session
	if status, answer := tn.vaulted(online); status != http.StatusForbidden || answer["error"] != "invalid_grant" {
		t.Errorf("a refresh token whose session has ended: %d %v", status, answer)
	}
	tn.Manage(tn.browser, http.MethodPatch, "users/google-oauth2%7C1081", object{"blocked": true})
	if status, answer := tn.vaulted(held); status != http.StatusForbidden || answer["error_description"] != "user is blocked" {
		t.Errorf("of a user who is blocked: %d %v", status, answer)
	}
}

// TestTheTokensOfALinkedAccount move to the user to whom the account is linked, and are deleted with that user.
func TestTheTokensOfALinkedAccount(t *testing.T) {
	tn := vault(t)
	first := tn.providerToken(tn.tokens("google-oauth2")["refresh_token"])
	if status, answer := tn.Manage(tn.browser, http.MethodPost, "users/auth0%7Cann/identities", object{"provider": "google-oauth2", "user_id": "1081"}); status != http.StatusCreated {
		t.Fatalf("linking: %d %v", status, answer)
	}
	_, sets := tn.Manage(tn.browser, http.MethodGet, "users/auth0%7Cann/federated-connections-tokensets", nil)
	all, _ := sets.([]any)
	if len(all) != 1 || all[0].(object)["connection"] != "google-oauth2" || all[0].(object)["last_used_at"] == nil {
		t.Fatalf("the token sets are %v", sets)
	}
	if _, user := tn.Manage(tn.browser, http.MethodGet, "users/auth0%7Cann", nil); user.(object)["identities"].([]any)[1].(object)["access_token"] != first["access_token"] {
		t.Errorf("the user is %v", user)
	}
	held := tn.tokens("google-oauth2")["refresh_token"]
	tn.providerToken(held)
	tn.Manage(tn.browser, http.MethodDelete, "users/auth0%7Cann", nil)
	if status, answer := tn.vaulted(held); status != http.StatusForbidden {
		t.Errorf("of a user who is gone: %d %v", status, answer)
	}
	// The token set of an account that is linked to another user can be deleted by the Management API.
	tn.Choose("google-oauth2", "allow", "1082")
	tn.tokens("google-oauth2")
	if status, answer := tn.Manage(tn.browser, http.MethodPost, "users", object{"connection": "people", "email": "new@example.com", "password": "Correct-Horse-9", "user_id": "new"}); status != http.StatusCreated {
		t.Fatalf("%d %v", status, answer)
	}
	if status, answer := tn.Manage(tn.browser, http.MethodPost, "users/auth0%7Cnew/identities", object{"provider": "google-oauth2", "user_id": "1082"}); status != http.StatusCreated {
		t.Fatalf("linking: %d %v", status, answer)
	}
	_, sets = tn.Manage(tn.browser, http.MethodGet, "users/auth0%7Cnew/federated-connections-tokensets", nil)
	set := sets.([]any)[0].(object)["id"].(string)
	if status, _ := tn.Manage(tn.browser, http.MethodDelete, "users/auth0%7Cnew/federated-connections-tokensets/"+set, nil); status != http.StatusNoContent {
		t.Errorf("deleting the set: %d", status)
	}
	if _, sets = tn.Manage(tn.browser, http.MethodGet, "users/auth0%7Cnew/federated-connections-tokensets", nil); len(sets.([]any)) != 0 {
		t.Errorf("the token sets are %v", sets)
	}
}

// TestARealProviderRenews its expired token; if it refuses to, the tenant accepts that.
func TestARealProviderRenews(t *testing.T) {
	tn, upstream := federation(t, "")
	tn.patch("clients/app", object{"token_endpoint_auth_method": "client_secret_post", "oidc_conformant": true, "client_secret": asked, "grant_types": []string{"authorization_code", "refresh_token", vaultGrant}})
	_, found := tn.Manage(tn.browser, http.MethodGet, "connections?name=up", nil)
	connection := found.([]any)[0].(object)
	options := connection["options"].(object)
	options["scope"] = "openid profile email offline_access"
	tn.patch("connections/"+connection["id"].(string), object{"connected_accounts": object{"active": true}, "options": options})
	upstream.patch("clients/fed", object{"grant_types": []string{"authorization_code", "implicit", "refresh_token"}})
	target, verifier := tn.AuthorizeURL(login("connection", "up", "scope", "openid offline_access"))
	left, page := tn.goUpstream(upstream, target)
	if left == nil {
		t.Fatalf("the provider leads to %s", page.Body)
	}
	left, _ = tn.Visit(tn.browser, left.String())
	status, own := tn.Token(tn.browser, url.Values{
		"grant_type": {"authorization_code"}, "client_id": {"app"}, "client_secret": {asked}, "code": {left.Query().Get("code")},
		"redirect_uri": {"https://app.example.com/callback"}, "code_verifier": {verifier},
	})
	if status != http.StatusOK {
		t.Fatalf("%d %v", status, own)
	}
	held := own["refresh_token"]
	_, first := tn.vaulted(held, "connection", "up")
	if status := upstream.userinfo(first); status != http.StatusOK {
		t.Fatalf("the token is %v", first)
	}
	tn.Advance(25 * time.Hour)
	upstream.Advance(25 * time.Hour)
	_, renewed := tn.vaulted(held, "connection", "up")
	if status := upstream.userinfo(renewed); status != http.StatusOK || renewed["access_token"] == first["access_token"] {
		t.Fatalf("the token is %v", renewed)
	}
	upstream.Manage(upstream.browser, http.MethodDelete, "users/auth0%7Cuma", nil)
	tn.Advance(25 * time.Hour)
	upstream.Advance(25 * time.Hour)
	if status, answer := tn.vaulted(held, "connection", "up"); status != http.StatusUnauthorized || answer["error"] != "federated_connection_refresh_token_flow_failed" {
		t.Errorf("of a provider that refuses: %d %v", status, answer)
	}
}

func (tn tenant) patch(path string, body any) {
	tn.t.Helper()
	if status, answer := tn.Manage(tn.browser, http.MethodPatch, path, body); status != http.StatusOK {
		tn.t.Fatalf("%s: %d %v", path, status, answer)
	}
}

// userinfo returns the status of /userinfo with an access token.
func (tn tenant) userinfo(tokens object) int {
	tn.t.Helper()
	text, _ := tokens["access_token"].(string)
	rq, err := http.NewRequestWithContext(tn.t.Context(), http.MethodGet, tn.URL+"userinfo", http.NoBody)
	if err != nil {
		tn.t.Fatal(err)
	}
	rq.Header.Set("Authorization", "Bearer "+text)
	resp, err := tn.browser.Do(rq)
	if err != nil {
		tn.t.Fatal(err)
	}
	defer resp.Body.Close()
	return resp.StatusCode
}
