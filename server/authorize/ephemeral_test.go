package authorize_test

import (
	"net/http"
	"net/url"
	"strings"
	"testing"
	"time"

	"github.com/tenant0/tenant0/server/servertest"
)

// ephemeralFile is a tenant whose session cookies end when the browser is closed.
const ephemeralFile = `
tenant: {session_cookie: {mode: non-persistent}, session_lifetime: 100, idle_session_lifetime: 100, ephemeral_session_lifetime: 4, idle_ephemeral_session_lifetime: 2}
clients:
  - {name: web, client_id: web, app_type: regular_web, client_secret: a secret of sixteen, grant_types: [authorization_code, refresh_token], callbacks: ["https://web.example.com/callback"]}
  - {name: management, client_id: Tenant0ManagementClient000000001, client_secret: tenant0-management-secret-for-development-only,
     app_type: non_interactive, grant_types: [client_credentials]}
resourceServers:
  - {name: some, identifier: "urn:some", allow_online_access: true, skip_consent_for_verifiable_first_party_clients: true}
  - {name: all, identifier: "urn:all", allow_online_access: true, allow_online_access_with_ephemeral_sessions: true, skip_consent_for_verifiable_first_party_clients: true}
clientGrants:
  - {client_id: management, audience: "${issuer}api/v2/", allow_all_scopes: true}
databases:
  - {name: db, strategy: auth0, enabled_clients: [web]}
users:
  - {user_id: "auth0|ann", email: ann@example.com, password: a password of ann, connection: db}
`

// cookieJar records the cookies that the server sets.
type cookieJar struct {
	http.CookieJar
	set map[string]*http.Cookie
}

func (j cookieJar) SetCookies(u *url.URL, cookies []*http.Cookie) {
	for _, c := range cookies {
		j.set[c.Name] = c
	}
	j.CookieJar.SetCookies(u, cookies)
}

// ephemeral logs in for an API with a scope, and returns the tokens.
func (tn tenant) ephemeral(audience, scope string) map[string]any {
	tn.t.Helper()
	form := tn.Login(tn.browser, servertest.Login{
		ClientID: "web", RedirectURI: webCallback, Username: ann, Password: annPassword, Params: url.Values{"audience": {audience}, "scope": {scope}},
	}).Form()
	form.Set("client_secret", "a secret of sixteen")
	status, body := tn.Token(tn.browser, form)
	if status != http.StatusOK {
		tn.t.Fatalf("%d %v", status, body)
	}
	return body
}

// TestCookiesThatEndWithTheBrowser have no expiry. Their sessions have the ephemeral lifetimes, as the Management
// API shows.
func TestCookiesThatEndWithTheBrowser(t *testing.T) {
	tn := start(t, servertest.Seed(ephemeralFile))
	jar := cookieJar{tn.browser.Jar, map[string]*http.Cookie{}}
	tn.browser.Jar = jar
	tn.Freeze(noon)
	body := tn.ephemeral("urn:all", "openid")
	for _, name := range []string{"auth0", "auth0_compat", "did", "did_compat"} {
		if c := jar.set[name]; c == nil || c.MaxAge != 0 || !c.Expires.IsZero() {
			t.Errorf("the cookie %s is %v", name, c)
		}
	}
	sid := claims(t, body["id_token"])["sid"].(string)
	_, answer := tn.Manage(tn.Client(), http.MethodGet, "sessions/"+sid, nil)
	session, _ := answer.(map[string]any)
	diff(t, "cookie", session["cookie"], map[string]any{"mode": "non-persistent"})
	for name, after := range map[string]time.Duration{"idle_expires_at": 2 * time.Hour, "expires_at": 4 * time.Hour} {
		if end, _ := session[name].(string); !strings.HasPrefix(end, noon.Add(after).Format("2006-01-02T15:04")) {
			t.Errorf("%s is %s", name, end)
		}
	}
	silent := func() string {
		r := tn.Login(tn.browser, servertest.Login{ClientID: "web", RedirectURI: webCallback, Params: url.Values{"audience": {""}, "scope": {"openid"}, "prompt": {"none"}}})
		return r.Get("error")
	}
	for _, tt := range []struct {
		after time.Duration
		want  string
	}{{90 * time.Minute, ""}, {90 * time.Minute, ""}, {61 * time.Minute, "login_required"}} {
		tn.Advance(tt.after)
		if got := silent(); got != tt.want {
			t.Errorf("%s later: %q, want %q", tt.after, got, tt.want)
		}
	}
	tn.ephemeral("urn:all", "openid")
	tn.Advance(121 * time.Minute)
	if got := silent(); got != "login_required" {
		t.Errorf("after two hours without use: %q", got)
	}
}

// TestOnlineAccessOfSessionsThatEndWithTheBrowser is granted only if the API allows it.
func TestOnlineAccessOfSessionsThatEndWithTheBrowser(t *testing.T) {
	tn := start(t, servertest.Seed(ephemeralFile))
	if body := tn.ephemeral("urn:some", "openid online_access"); body["refresh_token"] != nil || body["scope"] != "openid" {
		t.Errorf("%v", body)
	}
	if body := tn.ephemeral("urn:all", "openid online_access"); body["refresh_token"] == nil {
		t.Errorf("%v", body)
	}
	status, answer := tn.Manage(tn.browser, http.MethodPatch, "tenants/settings", map[string]any{"session_cookie": map[string]any{"mode": "persistent"}})
	if status != http.StatusOK {
		t.Fatalf("%d %v", status, answer)
	}
	tn.browser = tn.Client()
	jar := cookieJar{tn.browser.Jar, map[string]*http.Cookie{}}
	tn.browser.Jar = jar
	if body := tn.ephemeral("urn:some", "openid online_access"); body["refresh_token"] == nil || jar.set["auth0"].MaxAge == 0 || jar.set["did"].MaxAge == 0 {
		t.Errorf("of a session that lasts: %v %v", body, jar.set)
	}
}
