package authorize_test

import (
	"encoding/json"
	"net/http"
	"net/url"
	"strings"
	"testing"
	"time"

	"github.com/tenant0/tenant0/server/servertest"
)

// transferFile is a tenant with an application on a phone, which hands its users' logins over to the application web.
// The application server is a confidential one that gets such tokens too, and plain takes none.
const transferFile = `
tenant: {friendly_name: Example}
clients:
  - {name: phone, client_id: phone, app_type: native, token_endpoint_auth_method: none, grant_types: [authorization_code, refresh_token, "urn:ietf:params:oauth:grant-type:device_code"],
     organization_usage: allow, callbacks: ["https://app.example.com/callback"], session_transfer: {can_create_session_transfer_token: true}}
  - {name: rotates, client_id: rotates, app_type: native, token_endpoint_auth_method: none, grant_types: [authorization_code, refresh_token], callbacks: ["https://app.example.com/callback"],
     refresh_token: {rotation_type: rotating, expiration_type: expiring, leeway: 0}, session_transfer: {can_create_session_transfer_token: true, enforce_cascade_revocation: false}}
  - {name: brief, client_id: brief, app_type: native, token_endpoint_auth_method: none, grant_types: [authorization_code, refresh_token], callbacks: ["https://app.example.com/callback"],
     refresh_token: {rotation_type: non-rotating, expiration_type: expiring, token_lifetime: 30, idle_token_lifetime: 20, infinite_token_lifetime: false, infinite_idle_token_lifetime: false}, session_transfer: {can_create_session_transfer_token: true}}
  - {name: server, client_id: server, app_type: regular_web, token_endpoint_auth_method: client_secret_post, client_secret: a secret of sixteen, grant_types: ["http://auth0.com/oauth/grant-type/password-realm", refresh_token],
     is_token_endpoint_ip_header_trusted: true, session_transfer: {can_create_session_transfer_token: true}}
  - {name: web, client_id: web, app_type: native, token_endpoint_auth_method: none, grant_types: [authorization_code, implicit, refresh_token], organization_usage: allow, callbacks: ["https://app.example.com/callback"],
     session_transfer: {allowed_authentication_methods: [query, cookie], can_create_session_transfer_token: true}}
  - {name: keeps, client_id: keeps, app_type: native, token_endpoint_auth_method: none, grant_types: [authorization_code, refresh_token], callbacks: ["https://app.example.com/callback"],
     session_transfer: {allowed_authentication_methods: [query], enforce_device_binding: none, allow_refresh_token: true, enforce_online_refresh_tokens: true, can_create_session_transfer_token: true}}
  - {name: loose, client_id: loose, app_type: native, token_endpoint_auth_method: none, grant_types: [authorization_code, refresh_token], callbacks: ["https://app.example.com/callback"],
     session_transfer: {allowed_authentication_methods: [query], allow_refresh_token: true, enforce_online_refresh_tokens: false}}
  - {name: plain, client_id: plain, app_type: native, token_endpoint_auth_method: none, grant_types: [authorization_code, refresh_token], callbacks: ["https://app.example.com/callback"]}
  - {name: pushes, client_id: pushes, app_type: regular_web, token_endpoint_auth_method: client_secret_post, client_secret: a secret of sixteen, grant_types: [authorization_code], callbacks: ["https://app.example.com/callback"],
     session_transfer: {allowed_authentication_methods: [query]}}
  - {name: saml, client_id: saml, app_type: regular_web, callbacks: ["https://app.example.com/acs"], addons: {samlp: {}}, session_transfer: {allowed_authentication_methods: [query]}}
  - {name: management, client_id: Tenant0ManagementClient000000001, client_secret: tenant0-management-secret-for-development-only, app_type: non_interactive, grant_types: [client_credentials]}
clientGrants:
  - {client_id: Tenant0ManagementClient000000001, audience: "${issuer}api/v2/", allow_all_scopes: true}
databases:
  - {name: db, strategy: auth0, enabled_clients: [phone, rotates, brief, server, web, keeps, loose, plain, pushes, saml]}
organizations:
  - {id: org_one1111111111, name: one, connections: [{name: db}]}
  - {id: org_two2222222222, name: two, connections: [{name: db}]}
users:
  - {user_id: "auth0|ann", email: ann@example.com, password: a password of ann, connection: db, organizations: [{name: one}, {name: two}]}
  - {user_id: "auth0|bob", email: bob@example.com, password: a password of bob, connection: db}
`

func startTransfer(t *testing.T) tenant {
	t.Helper()
	s := servertest.Start(t, servertest.Seed(transferFile))
	tn := tenant{s, s.Client(), t}
	tn.Freeze(noon)
	return tn
}

type answer = map[string]any

// phone logs ann in to an application on a phone, and returns its refresh token.
func (tn tenant) phone(clientID string, pairs ...string) string {
	tn.t.Helper()
	params := url.Values{"scope": {"openid offline_access"}, "audience": {""}}
	for i := 0; i < len(pairs); i += 2 {
		params.Set(pairs[i], pairs[i+1])
	}
	device := tn.Client()
	reply := tn.Exchange(device, tn.Login(device, servertest.Login{ClientID: clientID, RedirectURI: callbackURL, Username: ann, Password: annPassword, Params: params}))
	token, _ := reply["refresh_token"].(string)
	return token
}

// swap exchanges a refresh token for a session transfer token.
func (tn tenant) swap(clientID, refresh string, more ...string) (int, answer) {
	tn.t.Helper()
	u, _ := url.Parse(tn.URL)
	form := url.Values{"grant_type": {"refresh_token"}, "client_id": {clientID}, "refresh_token": {refresh}, "audience": {"urn:" + u.Host + ":session_transfer"}}
	for i := 0; i < len(more); i += 2 {
		form.Set(more[i], more[i+1])
	}
	return tn.Token(tn.Client(), form)
}

// transferToken returns a session transfer token of the application phone.
func (tn tenant) transferToken(refresh string) string {
	tn.t.Helper()
	status, body := tn.swap("phone", refresh)
	token, _ := body["access_token"].(string)
	if status != 200 || token == "" {
		tn.t.Fatalf("%d %v", status, body)
	}
	return token
}

// arrive opens the application web in a browser that brings a token.
func (tn tenant) arrive(browser *http.Client, token string, pairs ...string) string {
	tn.t.Helper()
	tn.browser = browser
	return tn.outcome(append([]string{"client_id", "web", "session_transfer_token", token}, pairs...)...)
}

// openings requests a code for an application, with a token if there is one, and redeems it.
func (tn tenant) openings(browser *http.Client, clientID, token, scope string) answer {
	tn.t.Helper()
	params := url.Values{"scope": {scope}, "audience": {""}, "prompt": {"none"}, "session_transfer_token": {token}}
	return tn.Exchange(browser, tn.Login(browser, servertest.Login{ClientID: clientID, RedirectURI: callbackURL, Params: params}))
}

func (tn tenant) refreshes(clientID string, refresh any) bool {
	tn.t.Helper()
	text, _ := refresh.(string)
	status, _ := tn.Token(tn.Client(), url.Values{"grant_type": {"refresh_token"}, "client_id": {clientID}, "refresh_token": {text}})
	return status == http.StatusOK
}

func TestASessionTransferTokenLogsABrowserIn(t *testing.T) {
	tn := startTransfer(t)
	refresh := tn.phone("phone")
	tn.Freeze(noon.Add(time.Hour))
	status, body := tn.swap("phone", refresh)
	token, _ := body["access_token"].(string)
	if status != 200 || token == "" || body["id_token"] == nil || len(body) != 5 ||
		body["issued_token_type"] != "urn:auth0:params:oauth:token-type:session_transfer_token" || body["token_type"] != "N_A" || body["expires_in"] != 60.0 {
		t.Fatalf("%d %v", status, body)
	}
	browser := tn.Client()
	reply := tn.openings(browser, "web", token, "openid")
	told := claims(t, reply["id_token"])
	if told["sub"] != "auth0|ann" {
		t.Errorf("the ID token is %v", told)
	}
	diff(t, "the session is the browser's", tn.arrive(browser, "", "prompt", "none"), code)
	diff(t, "and is as old as the login on the phone", tn.arrive(browser, "", "max_age", "60", "prompt", "none"), login)
	diff(t, "the token is good once", tn.arrive(tn.Client(), token), loginPage)

	events := tn.logged(t, "sertft")
	if len(events) != 1 || !strings.HasSuffix(events[0]["audience"].(string), ":session_transfer") {
		t.Errorf("the log has %v", events)
	}
	id, _ := told["sid"].(string)
	_, shown := tn.Manage(tn.Client(), http.MethodGet, "sessions/"+id, nil)
	if s, _ := shown.(answer); s["authenticated_at"] != noon.Format("2006-01-02T15:04:05.000Z") || !methodsOf(s, "pwd") {
		t.Errorf("the session is %v", shown)
	}
	_, user := tn.Manage(tn.Client(), http.MethodGet, "users/auth0%7Cann", nil)
	if user.(answer)["logins_count"] != 2.0 {
		t.Errorf("the user is %v", user)
	}
}

func methodsOf(s answer, name string) bool {
	authentication, _ := s["authentication"].(answer)
	methods, _ := authentication["methods"].([]any)
	return len(methods) == 1 && methods[0].(answer)["name"] == name
}

func (tn tenant) logged(t *testing.T, kind string) (all []answer) {
	t.Helper()
	_, found := tn.Manage(tn.Client(), http.MethodGet, "logs?q=type:"+kind, nil)
	for _, e := range found.([]any) {
		all = append(all, e.(answer))
	}
	return all
}

func TestASessionTransferTokenInACookie(t *testing.T) {
	tn := startTransfer(t)
	browser, refresh := tn.Client(), tn.phone("phone")
	issuer, _ := url.Parse(tn.URL)
	put := func(clientID string) string {
		browser.Jar.SetCookies(issuer, []*http.Cookie{{Name: "auth0_session_transfer_token", Value: tn.transferToken(refresh), Path: "/"}})
		tn.browser = browser
		return tn.outcome("client_id", clientID, "prompt", "none")
	}
	diff(t, "an application that takes tokens by query alone", put("keeps"), login)
	diff(t, "one that takes them by cookie", put("web"), code)
	for _, cookie := range browser.Jar.Cookies(issuer) {
		if cookie.Name == "auth0_session_transfer_token" {
			t.Error("the used cookie is still there")
		}
	}
	diff(t, "the next request", tn.outcome("client_id", "web", "prompt", "none"), code)
}

// TestWhatIsNoSessionTransferToken goes through everything that must not log anybody in.
func TestWhatIsNoSessionTransferToken(t *testing.T) {
	tn := startTransfer(t)
	other := startTransfer(t)
	refresh := tn.phone("phone")
	fresh := func() string { return tn.transferToken(refresh) }
	at := func(clientID, token string) string {
		tn.browser = tn.Client()
		return tn.outcome("client_id", clientID, "session_transfer_token", token)
	}
	diff(t, "another tenant's", at("web", other.transferToken(other.phone("phone"))), loginPage)
	diff(t, "a refresh token", at("web", refresh), loginPage)
	diff(t, "for an application that takes none", at("plain", fresh()), loginPage)
	diff(t, "in silence", tn.arrive(tn.Client(), "x", "prompt", "none"), login)
	unused := fresh()
	diff(t, "with a request that is refused", tn.arrive(tn.Client(), unused, "max_age", "x"), "invalid_request: Invalid parameter max_age: must be a number of seconds")
	diff(t, "and then with a good one", tn.arrive(tn.Client(), unused), code)
	diff(t, "although a new login is demanded", tn.arrive(tn.Client(), fresh(), "prompt", "login"), loginPage)

	old := fresh()
	tn.Freeze(noon.Add(time.Minute))
	diff(t, "an expired one", at("web", old), loginPage)
	tn.Freeze(noon)

	_, mine := tn.Token(tn.Client(), form("grant_type", "http://auth0.com/oauth/grant-type/password-realm", "realm", "db", "client_id", "server", "client_secret", "a secret of sixteen", "username", ann, "password", annPassword, "scope", "openid offline_access"))
	rq, _ := http.NewRequestWithContext(t.Context(), http.MethodPost, tn.URL+"oauth/token", strings.NewReader(form(
		"grant_type", "refresh_token", "client_id", "server", "client_secret", "a secret of sixteen", "refresh_token", mine["refresh_token"].(string),
		"audience", "urn:"+strings.TrimSuffix(strings.TrimPrefix(tn.URL, "https://"), "/")+":session_transfer").Encode()))
	rq.Header.Set("Content-Type", "application/x-www-form-urlencoded")
	rq.Header.Set("Auth0-Forwarded-For", "192.0.2.7")
	elsewhere := func() string {
		again := rq.Clone(t.Context())
		again.Body, _ = rq.GetBody()
		resp, err := tn.Client().Do(again)
		if err != nil {
			t.Fatal(err)
		}
		var body answer
		_, _, text := read(t, resp)
		if err := json.Unmarshal([]byte(text), &body); err != nil || body["access_token"] == nil {
			t.Fatal(text)
		}
		return body["access_token"].(string)
	}
	diff(t, "another device's", at("web", elsewhere()), loginPage)
	diff(t, "another device's, where that does not matter", at("keeps", elsewhere()), code)

	_, briefly := tn.swap("brief", tn.phone("brief"))
	tn.Freeze(noon.Add(30 * time.Second))
	diff(t, "after its refresh token has expired", at("web", briefly["access_token"].(string)), loginPage)
	tn.Freeze(noon)

	last := fresh()
	tn.Manage(tn.Client(), http.MethodPatch, "clients/phone", answer{"session_transfer": answer{"can_create_session_transfer_token": false}})
	diff(t, "after its application has lost the permission", at("web", last), loginPage)
	tn.Manage(tn.Client(), http.MethodPatch, "clients/phone", answer{"session_transfer": answer{"can_create_session_transfer_token": true}})

	last = fresh()
	tn.Manage(tn.Client(), http.MethodPatch, "users/auth0%7Cann", answer{"blocked": true})
	diff(t, "a blocked user's", at("web", last), loginPage)
	tn.Manage(tn.Client(), http.MethodPatch, "users/auth0%7Cann", answer{"blocked": false})

	refresh = tn.phone("phone")
	last = fresh()
	tn.revoke("phone", refresh)
	diff(t, "after its refresh token was revoked", at("web", last), loginPage)

	refresh = tn.phone("phone")
	last = fresh()
	tn.Manage(tn.Client(), http.MethodDelete, "users/auth0%7Cann", nil)
	diff(t, "a deleted user's", at("web", last), loginPage)
}

func TestWhoGetsNoSessionTransferToken(t *testing.T) {
	tn := startTransfer(t)
	refused := func(what string, want string, clientID, refresh string, more ...string) {
		t.Helper()
		status, body := tn.swap(clientID, refresh, more...)
		if code, _ := body["error"].(string); status < 400 || code != want || body["access_token"] != nil {
			t.Errorf("%s: %d %v", what, status, body)
		}
	}
	phone := tn.phone("phone")
	refused("another application", "invalid_grant", "web", phone)
	refused("an application without the permission", "unauthorized_client", "plain", tn.phone("plain"))
	refused("another tenant's domain", "access_denied", "phone", phone, "audience", "urn:example.org:session_transfer")
	refused("no refresh token", "invalid_grant", "phone", "x")
	browser := tn.Client()
	nested := tn.openings(browser, "keeps", tn.transferToken(phone), "openid offline_access")
	refused("a session that began with one", "invalid_grant", "keeps", nested["refresh_token"].(string))
	tn.Manage(tn.Client(), http.MethodPatch, "users/auth0%7Cann", answer{"blocked": true})
	refused("a blocked user", "invalid_grant", "phone", phone)
	if events := tn.logged(t, "fertft"); len(events) == 0 || !strings.HasSuffix(events[0]["audience"].(string), ":session_transfer") {
		t.Errorf("the log has %v", events)
	}
}

// TestSessionsThatMeetASessionTransferToken: the browser may have a session already.
func TestSessionsThatMeetASessionTransferToken(t *testing.T) {
	tn := startTransfer(t)
	refresh := tn.phone("phone")
	sessionOf := func(user string) *http.Client {
		browser := tn.Client()
		name, _, _ := strings.Cut(user, "@")
		tn.Login(browser, servertest.Login{ClientID: "web", RedirectURI: callbackURL, Username: user, Password: "a password of " + name, Params: url.Values{"scope": {"openid"}, "audience": {""}}})
		return browser
	}
	browser := sessionOf(ann)
	diff(t, "of the same user", tn.arrive(browser, tn.transferToken(refresh), "prompt", "none"), code)
	diff(t, "of the same user, with a bad token", tn.arrive(browser, "x"), loginPage)
	diff(t, "of the same user, with a bad token, in silence", tn.arrive(browser, "x", "prompt", "none"), login)
	diff(t, "of the same user, then", tn.arrive(browser, "", "prompt", "none"), code)
	tn.browser = browser
	diff(t, "at an application that takes none", tn.outcome("client_id", "plain", "session_transfer_token", "x"), code)
	browser = sessionOf("bob@example.com")
	diff(t, "of another user", tn.arrive(browser, tn.transferToken(refresh)), loginPage)
	diff(t, "of another user, then", tn.arrive(browser, "", "prompt", "none"), login)
}

func TestASessionTransferTokenOfAnOrganization(t *testing.T) {
	tn := startTransfer(t)
	refresh := tn.phone("phone", "organization", "org_one1111111111")
	diff(t, "the same", tn.arrive(tn.Client(), tn.transferToken(refresh), "organization", "org_one1111111111"), code)
	diff(t, "another", tn.arrive(tn.Client(), tn.transferToken(refresh), "organization", "org_two2222222222"), loginPage)
	last := tn.transferToken(refresh)
	tn.Manage(tn.Client(), http.MethodDelete, "organizations/org_one1111111111/members", answer{"members": []any{"auth0|ann"}})
	diff(t, "of which the user is no member any more", tn.arrive(tn.Client(), last), loginPage)
	if status, body := tn.swap("phone", refresh); status != 403 {
		t.Errorf("and another token: %d %v", status, body)
	}
}

func TestRefreshTokensAfterASessionTransfer(t *testing.T) {
	tn := startTransfer(t)
	refresh := tn.phone("phone")
	const offline = "openid offline_access"
	if reply := tn.openings(tn.Client(), "web", tn.transferToken(refresh), offline); reply["refresh_token"] != nil || strings.Contains(reply["scope"].(string), "offline") {
		t.Errorf("an application that gets none: %v", reply)
	}
	browser := tn.Client()
	online := tn.openings(browser, "keeps", tn.transferToken(refresh), offline)["refresh_token"]
	if !tn.refreshes("keeps", online) {
		t.Error("the new refresh token is not good")
	}
	tn.browser = browser
	tn.fetch(tn.URL + "v2/logout?client_id=keeps")
	if tn.refreshes("keeps", online) {
		t.Error("it outlives its session")
	}
	browser = tn.Client()
	kept := tn.openings(browser, "loose", tn.transferToken(refresh), offline)["refresh_token"]
	tn.browser = browser
	tn.fetch(tn.URL + "v2/logout?client_id=loose")
	if !tn.refreshes("loose", kept) {
		t.Error("one that is not bound to its session has ended with it")
	}
	browser = tn.Client()
	late := tn.Login(browser, servertest.Login{ClientID: "loose", RedirectURI: callbackURL, Params: url.Values{"scope": {offline}, "audience": {""}, "session_transfer_token": {tn.transferToken(refresh)}}})
	tn.revoke("phone", refresh)
	if tn.refreshes("loose", kept) {
		t.Error("it outlives the refresh token of the phone")
	}
	if reply := tn.Exchange(browser, late); reply["refresh_token"] != nil {
		t.Errorf("a code from before: %v", reply)
	}
}

func TestRevokingTheRefreshTokenEndsTheSession(t *testing.T) {
	tn := startTransfer(t)
	for clientID, want := range map[string]string{"phone": login, "rotates": code} {
		refresh := tn.phone(clientID)
		status, body := tn.swap(clientID, refresh)
		if rotated, _ := body["refresh_token"].(string); status != 200 || (clientID == "rotates") != (rotated != "") {
			t.Fatalf("%s: %d %v", clientID, status, body)
		}
		browser := tn.Client()
		diff(t, "at first", tn.arrive(browser, body["access_token"].(string)), code)
		if clientID == "rotates" { // a replay of the token that was replaced revokes the family
			if tn.refreshes(clientID, refresh) {
				t.Error("a replaced token is good")
			}
		} else {
			tn.revoke(clientID, refresh)
		}
		diff(t, clientID, tn.arrive(browser, "", "prompt", "none"), want)
	}
}

func TestOtherRequestsBringSessionTransferTokens(t *testing.T) {
	tn := startTransfer(t)
	refresh := tn.phone("phone")
	_, pushed := tn.Post(tn.Client(), "oauth/par", form("client_id", "pushes", "client_secret", "a secret of sixteen", "response_type", "code", "redirect_uri", callbackURL,
		"scope", "openid", "prompt", "none", "session_transfer_token", tn.transferToken(refresh)))
	left, _ := tn.Visit(tn.Client(), tn.URL+"authorize?client_id=pushes&request_uri="+url.QueryEscape(pushed["request_uri"].(string)))
	if left == nil || left.Query().Get("code") == "" {
		t.Errorf("PAR: %v", left)
	}
	tn.browser = tn.Client()
	_, page := tn.Visit(tn.browser, tn.URL+"samlp/saml?session_transfer_token="+tn.transferToken(refresh))
	if !page.Form().Has("SAMLResponse") {
		t.Errorf("SAML: %s", page.Body)
	}
}

func form(pairs ...string) url.Values {
	f := url.Values{}
	for i := 0; i < len(pairs); i += 2 {
		f.Set(pairs[i], pairs[i+1])
	}
	return f
}

func (tn tenant) revoke(clientID, token string) {
	tn.t.Helper()
	resp, err := tn.Client().PostForm(tn.URL+"oauth/revoke", form("client_id", clientID, "token", token))
	if err != nil {
		tn.t.Fatal(err)
	}
	if status, _, body := read(tn.t, resp); status != http.StatusOK {
		tn.t.Fatalf("%d %s", status, body)
	}
}
