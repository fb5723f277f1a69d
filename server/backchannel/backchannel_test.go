package backchannel_test

import (
	"encoding/json"
	"fmt"
	"maps"
	"net/http"
	"net/http/httptest"
	"net/url"
	"slices"
	"sync/atomic"
	"testing"
	"time"

	"github.com/go-jose/go-jose/v4"
	"github.com/google/go-cmp/cmp"

	"github.com/tenant0/tenant0/config"
	"github.com/tenant0/tenant0/server/servertest"
)

const file = `
clients:
  - {name: app, client_id: app, app_type: regular_web, token_endpoint_auth_method: none, callbacks: ["https://app.example.com/callback"],
     grant_types: [authorization_code, refresh_token], allowed_logout_urls: ["https://app.example.com/"], oidc_logout: {backchannel_logout_urls: ["%[1]s/app"],
       backchannel_logout_initiators: {mode: custom, selected_initiators: [password-changed, account-deleted]}}}
  - {name: every, client_id: every, app_type: regular_web, token_endpoint_auth_method: none, callbacks: ["https://app.example.com/callback"],
     grant_types: [authorization_code], oidc_logout: {backchannel_logout_urls: ["%[1]s/every"], backchannel_logout_initiators: {mode: all}}}
  - {name: deaf, client_id: deaf, app_type: regular_web, token_endpoint_auth_method: none, callbacks: ["https://app.example.com/callback"],
     grant_types: [authorization_code], allowed_logout_urls: ["https://app.example.com/"]}
  - {name: management, client_id: Tenant0ManagementClient000000001, client_secret: tenant0-management-secret-for-development-only,
     app_type: non_interactive, grant_types: [client_credentials]}
clientGrants:
  - {client_id: management, audience: "${issuer}api/v2/", allow_all_scopes: true}
users:
  - {user_id: "auth0|ann", email: ann@example.com, password: a password of ann, connection: Username-Password-Authentication}
databases:
  - {name: Username-Password-Authentication, strategy: auth0, enabled_clients: [app, every, deaf], options: {passwordPolicy: none}}
`

type object = map[string]any

// told is one logout request that an application received.
type told struct{ path, token string }

type tenant struct {
	*servertest.Server
	browser *http.Client
	t       *testing.T
	told    chan told
	answers atomic.Pointer[func(path string) int]
}

func start(t *testing.T) *tenant {
	t.Helper()
	tn := &tenant{t: t, told: make(chan told, 100)}
	answer := func(string) int { return http.StatusNoContent }
	tn.answers.Store(&answer)
	app := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		if r.Method != http.MethodPost || r.Header.Get("Content-Type") != "application/x-www-form-urlencoded" {
			t.Errorf("an application gets %s with %v", r.Method, r.Header)
		}
		tn.told <- told{r.URL.Path, r.PostFormValue("logout_token")}
		w.WriteHeader((*tn.answers.Load())(r.URL.Path))
	}))
	t.Cleanup(app.Close)
	tn.Server = servertest.Start(t, servertest.Seed(fmt.Sprintf(file, app.URL)), servertest.HTTP())
	tn.browser = tn.Client()
	return tn
}

// logIn logs in to several applications in one session and returns the session's id.
func (tn *tenant) logIn(clients ...string) string {
	tn.t.Helper()
	var sid string
	for _, client := range clients {
		r := tn.Login(tn.browser, servertest.Login{
			ClientID: client, RedirectURI: "https://app.example.com/callback", Username: "ann@example.com", Password: "a password of ann",
			Params: url.Values{"audience": {""}, "scope": {"openid"}},
		})
		tokens := tn.Exchange(tn.browser, r)
		sid = tn.claims(tokens["id_token"].(string))["sid"].(string)
	}
	return sid
}

// claims verifies a token of the tenant and returns its claims.
func (tn *tenant) claims(token string) object {
	tn.t.Helper()
	jws, err := jose.ParseSignedCompact(token, []jose.SignatureAlgorithm{jose.RS256})
	if err != nil {
		tn.t.Fatal(err)
	}
	resp, err := tn.browser.Get(tn.URL + ".well-known/jwks.json")
	if err != nil {
		tn.t.Fatal(err)
	}
	defer resp.Body.Close()
	var set jose.JSONWebKeySet
	if err := json.NewDecoder(resp.Body).Decode(&set); err != nil {
		tn.t.Fatal(err)
	}
	payload, err := jws.Verify(set.Key(jws.Signatures[0].Header.KeyID)[0].Key)
	if err != nil {
		tn.t.Fatal(err)
	}
	var claims object
	if err := json.Unmarshal(payload, &claims); err != nil {
		tn.t.Fatal(err)
	}
	claims["typ"] = jws.Signatures[0].Header.ExtraHeaders[jose.HeaderType]
	return claims
}

// wait returns the next n requests that applications receive.
func (tn *tenant) wait(n int) (all []told) {
	tn.t.Helper()
	deadline := time.After(servertest.Patience)
	for range n {
		select {
		case one := <-tn.told:
			all = append(all, one)
		case <-deadline:
			tn.t.Fatalf("%d applications were told, want %d", len(all), n)
		}
	}
	return all
}

// events waits until the tenant log has n events of a type, and returns the client ids in them.
func (tn *tenant) events(kind string, n int) []string {
	tn.t.Helper()
	deadline := time.After(servertest.Patience)
	for {
		_, answer := tn.Manage(tn.browser, http.MethodGet, "logs?per_page=100&q=type:"+kind, nil)
		var clients []string
		for _, item := range answer.([]any) {
			clients = append(clients, item.(object)["client_id"].(string))
		}
		slices.Sort(clients)
		if len(clients) >= n {
			return clients
		}
		select {
		case <-deadline:
			tn.t.Fatalf("the log has %v of %s, want %d", clients, kind, n)
		default:
		}
	}
}

func (tn *tenant) manage(method, path string, body any) {
	tn.t.Helper()
	if status, answer := tn.Manage(tn.browser, method, path, body); status/100 != 2 {
		tn.t.Fatalf("%s %s: %d %v", method, path, status, answer)
	}
}

const (
	succeeded = "oidc_backchannel_logout_succeeded"
	failed    = "oidc_backchannel_logout_failed"
)

func TestALogoutIsToldToEveryApplicationOfTheSession(t *testing.T) {
	tn := start(t)
	sid := tn.logIn("app", "every", "deaf")
	tn.Visit(tn.browser, tn.URL+"v2/logout?client_id=deaf&federated&returnTo=https://app.example.com/")
	paths := map[string]bool{}
	for _, one := range tn.wait(2) {
		paths[one.path] = true
		claims := tn.claims(one.token)
		iat, exp := claims["iat"].(float64), claims["exp"].(float64)
		if jti, _ := claims["jti"].(string); len(jti) != 36 || exp-iat != 120 || claims["trace_id"] == "" {
			t.Errorf("the claims are %v", claims)
		}
		for _, name := range []string{"iat", "exp", "jti", "trace_id"} {
			delete(claims, name)
		}
		want := object{
			"typ": "logout+jwt", "iss": tn.URL, "sub": "auth0|ann", "aud": one.path[1:], "sid": sid,
			"events": object{"http://schemas.openid.net/event/backchannel-logout": object{}},
		}
		if diff := cmp.Diff(want, claims); diff != "" {
			t.Errorf("the logout token (-want +got):\n%s", diff)
		}
	}
	if want := map[string]bool{"/app": true, "/every": true}; !maps.Equal(paths, want) {
		t.Errorf("told are %v", paths)
	}
	if diff := cmp.Diff([]string{"app", "every"}, tn.events(succeeded, 2)); diff != "" {
		t.Errorf("events (-want +got):\n%s", diff)
	}
}

// TestWhatApplicationsAreToldOf: an application is told only of the kinds of logout that it asked for.
func TestWhatApplicationsAreToldOf(t *testing.T) {
	tn := start(t)
	for _, tt := range []struct {
		name string
		end  func(sid string)
		told []string
	}{
		{"a session that is revoked", func(sid string) { tn.manage(http.MethodPost, "sessions/"+sid+"/revoke", nil) }, []string{"/every"}},
		{"a session that is deleted", func(sid string) { tn.manage(http.MethodDelete, "sessions/"+sid, nil) }, []string{"/every"}},
		{"a changed password", func(string) {
			tn.manage(http.MethodPatch, "users/auth0%7Cann", object{"password": "a password of ann", "connection": "Username-Password-Authentication"})
		}, []string{"/app", "/every"}},
		{"a session that expires", func(string) { tn.Advance(8 * 24 * time.Hour) }, []string{"/every"}},
		{"a deleted account", func(string) { tn.manage(http.MethodDelete, "users/auth0%7Cann", nil) }, []string{"/app", "/every"}},
	} {
		tn.browser = tn.Client()
		tt.end(tn.logIn("app", "every"))
		var got []string
		for _, one := range tn.wait(len(tt.told)) {
			got = append(got, one.path)
		}
		slices.Sort(got)
		if diff := cmp.Diff(tt.told, got); diff != "" {
			t.Errorf("%s (-want +got):\n%s", tt.name, diff)
		}
	}
	tn.events(succeeded, 7)
	select {
	case one := <-tn.told:
		t.Errorf("%s is told besides", one.path)
	default:
	}
}

// TestAnApplicationThatDoesNotAnswerIsToldAgain, but not an application that answers 400.
func TestAnApplicationThatDoesNotAnswerIsToldAgain(t *testing.T) {
	tn := start(t)
	var times atomic.Int32
	answer := func(path string) int {
		switch {
		case path == "/every":
			return http.StatusBadRequest
		case times.Add(1) == 1:
			return http.StatusServiceUnavailable
		}
		return http.StatusOK
	}
	tn.answers.Store(&answer)
	tn.logIn("app", "every")
	tn.Visit(tn.browser, tn.URL+"v2/logout")
	var got []string
	for _, one := range tn.wait(3) {
		got = append(got, one.path)
	}
	slices.Sort(got)
	if diff := cmp.Diff([]string{"/app", "/app", "/every"}, got); diff != "" {
		t.Errorf("told (-want +got):\n%s", diff)
	}
	if diff := cmp.Diff([]string{"app"}, tn.events(succeeded, 1)); diff != "" {
		t.Error(diff)
	}
	if diff := cmp.Diff([]string{"every"}, tn.events(failed, 1)); diff != "" {
		t.Error(diff)
	}
}

// TestALogoutTokenProvesNoLogin: a logout token is not accepted as an ID token.
func TestALogoutTokenProvesNoLogin(t *testing.T) {
	tn := start(t)
	tn.logIn("app")
	tn.Visit(tn.browser, tn.URL+"v2/logout")
	token := tn.wait(1)[0].token
	if _, page := tn.Visit(tn.browser, tn.URL+"oidc/logout?id_token_hint="+token); page.Status != 400 {
		t.Errorf("as a hint: %d", page.Status)
	}
}

// TestALogoutOutlivesTheServerThatTellsIt stops a server while an application has not answered yet:
// the application is told after the next start.
func TestALogoutOutlivesTheServerThatTellsIt(t *testing.T) {
	servertest.NeedsFile(t)
	asked, answer := make(chan string, 10), make(chan int)
	app := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		asked <- r.PostFormValue("logout_token")
		select {
		case status := <-answer:
			w.WriteHeader(status)
		case <-r.Context().Done():
		}
	}))
	defer app.Close()
	data := t.TempDir()
	again := func() *tenant {
		tn := &tenant{t: t, Server: servertest.Start(t, servertest.Seed(fmt.Sprintf(file, app.URL)), servertest.HTTP(),
			servertest.Config(func(c *config.Config) { c.Data, c.Ephemeral = data, false }))}
		tn.browser = tn.Client()
		return tn
	}
	first := again()
	first.logIn("app")
	first.Visit(first.browser, first.URL+"v2/logout")
	told := <-asked
	if err := first.Close(); err != nil {
		t.Fatal(err)
	}
	second := again()
	select {
	case token := <-asked:
		if token == told {
			t.Error("the application is told by the old token, which may have expired")
		}
	case <-time.After(servertest.Patience):
		t.Fatal("the application is not told after the next start")
	}
	answer <- http.StatusOK
	if diff := cmp.Diff([]string{"app"}, second.events(succeeded, 1)); diff != "" {
		t.Error(diff)
	}
}
