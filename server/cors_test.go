package server_test

import (
	"encoding/json"
	"io"
	"net/http"
	"net/url"
	"strings"
	"testing"

	"github.com/tenant0/tenant0/server/authz"
	"github.com/tenant0/tenant0/server/servertest"
)

// Origins of pages: the single-page application's, the mobile application's, and one that is
// not registered.
const (
	spaPage    = "http://localhost:3000"
	mobilePage = "http://localhost:8484"
	foreign    = "https://evil.example"
)

// pages sends requests as pages of applications do.
type pages struct {
	*servertest.Server
	client *http.Client
	t      *testing.T
}

func startPages(t *testing.T) pages {
	t.Helper()
	s := servertest.Start(t)
	return pages{s, s.Client(), t}
}

type answer struct {
	status int
	header http.Header
	body   string
}

// allows reports whether the CORS headers of the answer let a page of the origin read it.
func (a answer) allows(origin string) bool {
	return a.header.Get("Access-Control-Allow-Origin") == origin
}

// from sends a request with an Origin header, or without one if origin is "". A body that
// begins with { is sent as JSON, any other as a form.
func (p pages) from(origin, method, path, body string, header ...string) answer {
	p.t.Helper()
	rq, err := http.NewRequestWithContext(p.t.Context(), method, p.URL+path, strings.NewReader(body))
	if err != nil {
		p.t.Fatal(err)
	}
	rq.Header.Set("Content-Type", formType)
	if strings.HasPrefix(body, "{") {
		rq.Header.Set("Content-Type", jsonType)
	}
	if origin != "" {
		rq.Header.Set("Origin", origin)
	}
	for i := 0; i < len(header); i += 2 {
		rq.Header.Set(header[i], header[i+1])
	}
	resp, err := p.client.Do(rq)
	if err != nil {
		p.t.Fatal(err)
	}
	defer resp.Body.Close()
	raw, err := io.ReadAll(resp.Body)
	if err != nil {
		p.t.Fatal(err)
	}
	return answer{resp.StatusCode, resp.Header, string(raw)}
}

// refused checks that a request of a page was refused with 403 and without CORS headers.
func (p pages) refused(what, origin string, a answer) {
	p.t.Helper()
	if a.status != http.StatusForbidden || a.body != "Origin "+origin+" is not allowed." ||
		a.header.Get("Access-Control-Allow-Origin")+a.header.Get("Access-Control-Allow-Credentials") != "" {
		p.t.Errorf("%s from %s: %d %s %v", what, origin, a.status, a.body, a.header)
	}
}

// allowed checks that a request of a page succeeded and that the page may read the answer.
func (p pages) allowed(what, origin string, a answer) {
	p.t.Helper()
	if a.status/100 != 2 || !a.allows(origin) {
		p.t.Errorf("%s from %s: %d %s %v", what, origin, a.status, a.body, a.header)
	}
}

// machineToken gets an access token for an application by client credentials.
func (p pages) machineToken(id, secret, audience string) string {
	p.t.Helper()
	_, body := p.Token(p.client, url.Values{"grant_type": {"client_credentials"}, "client_id": {id}, "client_secret": {secret}, "audience": {audience}})
	token, _ := body["access_token"].(string)
	if token == "" {
		p.t.Fatalf("%s gets no token for %s: %v", id, audience, body)
	}
	return token
}

func (p pages) manage(want int, method, path string, body any) map[string]any {
	p.t.Helper()
	status, got := p.Manage(p.client, method, path, body)
	if status != want {
		p.t.Fatalf("%s %s: %d %v", method, path, status, got)
	}
	object, _ := got.(map[string]any)
	return object
}

// TestPagesWithinApplications have origins of other schemes than http, as Auth0's guides for Ionic and Cordova register them.
// Nobody may use one that is not registered, and "null", which any page can have, never.
func TestPagesWithinApplications(t *testing.T) {
	p := startPages(t)
	form := url.Values{"grant_type": {"refresh_token"}, "client_id": {servertest.Mobile}, "refresh_token": {"x"}}.Encode()
	origins := []string{"capacitor://localhost", "ionic://localhost", "file://", "null"}
	for _, origin := range origins {
		p.refused("an unregistered page", origin, p.from(origin, http.MethodPost, "oauth/token", form))
	}
	p.manage(http.StatusOK, http.MethodPatch, "/clients/"+servertest.Mobile, map[string]any{"allowed_origins": []string{"capacitor://localhost", "http://localhost", "file://*"}})
	for _, origin := range origins {
		asked := p.from(origin, http.MethodOptions, "oauth/token", "", "Access-Control-Request-Method", http.MethodPost)
		posted := p.from(origin, http.MethodPost, "oauth/token", form)
		if origin == "ionic://localhost" || origin == "null" {
			p.refused("a preflight", origin, asked)
			p.refused("a refresh", origin, posted)
			continue
		}
		p.allowed("a preflight", origin, asked)
		if posted.status != http.StatusForbidden || !strings.Contains(posted.body, "invalid_grant") || !posted.allows(origin) {
			t.Errorf("a refresh from %s: %d %s %v", origin, posted.status, posted.body, posted.header)
		}
	}
	p.refused("another application's credentials", "capacitor://localhost", p.from("capacitor://localhost", http.MethodPost, "oauth/token", p.ManagementForm().Encode()))
}

// TestAPageUsesNoOtherApplicationsCredentials, in whichever way the request names the application.
func TestAPageUsesNoOtherApplicationsCredentials(t *testing.T) {
	p := startPages(t)
	form := p.ManagementForm()
	inJSON, _ := json.Marshal(map[string]string{
		"grant_type": form.Get("grant_type"), "client_id": form.Get("client_id"), "client_secret": form.Get("client_secret"), "audience": form.Get("audience"),
	})
	byHeader := url.Values{"grant_type": {"client_credentials"}, "audience": form["audience"]}
	basic, _ := http.NewRequest(http.MethodGet, p.URL, http.NoBody)
	basic.SetBasicAuth(servertest.Management, servertest.ManagementSecret)
	wrong := url.Values{"grant_type": {"client_credentials"}, "client_id": {servertest.Management}, "client_secret": {"wrong"}, "audience": form["audience"]}
	asserted := url.Values{
		"grant_type": {"client_credentials"}, "audience": form["audience"],
		"client_assertion_type": {"urn:ietf:params:oauth:client-assertion-type:jwt-bearer"},
		// {"alg":"RS256"}.{"iss":"Tenant0ManagementClient000000001","sub":"Tenant0ManagementClient000000001"}
		"client_assertion": {"eyJhbGciOiJSUzI1NiJ9.eyJpc3MiOiJUZW5hbnQwTWFuYWdlbWVudENsaWVudDAwMDAwMDAwMSIsInN1YiI6IlRlbmFudDBNYW5hZ2VtZW50Q2xpZW50MDAwMDAwMDAxIn0.c2ln"},
	}
	for _, origin := range []string{spaPage, mobilePage, foreign, "null"} {
		p.refused("a form", origin, p.from(origin, http.MethodPost, "oauth/token", form.Encode()))
		p.refused("JSON", origin, p.from(origin, http.MethodPost, "oauth/token", string(inJSON)))
		p.refused("a Basic header", origin, p.from(origin, http.MethodPost, "oauth/token", byHeader.Encode(), "Authorization", basic.Header.Get("Authorization")))
		p.refused("a wrong secret", origin, p.from(origin, http.MethodPost, "oauth/token", wrong.Encode()))
		p.refused("an assertion", origin, p.from(origin, http.MethodPost, "oauth/token", asserted.Encode()))
		p.refused("a revocation", origin, p.from(origin, http.MethodPost, "oauth/revoke", form.Encode()+"&token=x"))
	}
	if a := p.from("", http.MethodPost, "oauth/token", form.Encode()); a.status != http.StatusOK {
		t.Errorf("without a page: %d %s", a.status, a.body)
	}
	own := strings.TrimSuffix(p.URL, "/")
	if a := p.from(own, http.MethodPost, "oauth/token", form.Encode()); a.status != http.StatusOK {
		t.Errorf("from the server's own origin: %d %s", a.status, a.body)
	}
	p.manage(http.StatusOK, http.MethodPatch, "clients/"+servertest.Management, map[string]any{"allowed_origins": []string{spaPage}})
	p.allowed("with the origin listed", spaPage, p.from(spaPage, http.MethodPost, "oauth/token", form.Encode()))
	p.refused("with another listed", mobilePage, p.from(mobilePage, http.MethodPost, "oauth/token", form.Encode()))
}

// TestARefusedPageChangesNothing: the code or token of a refused request still works for its owner.
func TestARefusedPageChangesNothing(t *testing.T) {
	p := startPages(t)
	browser := p.Client()
	result := p.Login(browser, servertest.Login{
		ClientID: servertest.SPA, RedirectURI: servertest.SPACallback, Params: url.Values{"scope": {"openid offline_access"}},
	})
	exchange := result.Form().Encode()
	p.refused("a code", mobilePage, p.from(mobilePage, http.MethodPost, "oauth/token", exchange))
	got := p.from(spaPage, http.MethodPost, "oauth/token", exchange)
	p.allowed("the code", spaPage, got)
	var tokens struct {
		Access  string `json:"access_token"`
		Refresh string `json:"refresh_token"`
	}
	if err := json.Unmarshal([]byte(got.body), &tokens); err != nil || tokens.Refresh == "" {
		t.Fatalf("no tokens: %s", got.body)
	}
	bearer := "Bearer " + tokens.Access
	p.refused("userinfo", mobilePage, p.from(mobilePage, http.MethodGet, "userinfo", "", "Authorization", bearer))
	p.refused("userinfo in a form", mobilePage, p.from(mobilePage, http.MethodPost, "userinfo", "access_token="+url.QueryEscape(tokens.Access)))
	p.allowed("userinfo", spaPage, p.from(spaPage, http.MethodGet, "userinfo", "", "Authorization", bearer))

	revocation := url.Values{"client_id": {servertest.SPA}, "token": {tokens.Refresh}}.Encode()
	p.refused("a revocation", mobilePage, p.from(mobilePage, http.MethodPost, "oauth/revoke", revocation))
	refresh := url.Values{"client_id": {servertest.SPA}, "grant_type": {"refresh_token"}, "refresh_token": {tokens.Refresh}}.Encode()
	p.refused("a refresh", mobilePage, p.from(mobilePage, http.MethodPost, "oauth/token", refresh))
	p.allowed("the refresh", spaPage, p.from(spaPage, http.MethodPost, "oauth/token", refresh))
	p.allowed("the revocation", spaPage, p.from(spaPage, http.MethodPost, "oauth/revoke", revocation))
}

func TestPagesAndTheAPIOfDatabases(t *testing.T) {
	p := startPages(t)
	const database = "Username-Password-Authentication"
	body := func(members map[string]string) string {
		raw, _ := json.Marshal(members)
		return string(raw)
	}
	signup := func(email, client string) string {
		return body(map[string]string{"client_id": client, "connection": database, "email": email, "password": servertest.Password})
	}
	p.refused("a sign-up", mobilePage, p.from(mobilePage, http.MethodPost, "dbconnections/signup", signup("new@example.com", servertest.SPA)))
	p.refused("a sign-up without an application", foreign, p.from(foreign, http.MethodPost, "dbconnections/signup", signup("new@example.com", "")))
	if _, found := p.Manage(p.client, http.MethodGet, "users-by-email?email=new@example.com", nil); len(found.([]any)) != 0 {
		t.Errorf("a refused sign-up made %v", found)
	}
	reset := body(map[string]string{"client_id": servertest.SPA, "connection": database, "email": servertest.Employee})
	p.refused("a password", mobilePage, p.from(mobilePage, http.MethodPost, "dbconnections/change_password", reset))
	p.allowed("a password", spaPage, p.from(spaPage, http.MethodPost, "dbconnections/change_password", reset))
	if got := p.WaitForMessage(servertest.Employee, "reset_email"); got.ID != "msg_1" {
		t.Errorf("the message is %s: the refused page had one sent", got.ID)
	}
}

func TestPagesAndTheManagementAPI(t *testing.T) {
	p := startPages(t)
	bearer := "Bearer " + p.machineToken(servertest.Management, servertest.ManagementSecret, p.Issuer()+"api/v2/")
	for _, origin := range []string{spaPage, foreign} {
		p.refused("a list", origin, p.from(origin, http.MethodGet, "api/v2/clients", "", "Authorization", bearer))
		p.refused("a deletion", origin, p.from(origin, http.MethodDelete, "api/v2/clients/"+servertest.Cron, "", "Authorization", bearer))
	}
	p.manage(http.StatusOK, http.MethodGet, "clients/"+servertest.Cron, nil)
	p.manage(http.StatusOK, http.MethodPatch, "clients/"+servertest.Management, map[string]any{"web_origins": []string{spaPage}})
	p.allowed("a list", spaPage, p.from(spaPage, http.MethodGet, "api/v2/clients", "", "Authorization", bearer))
	p.manage(http.StatusNoContent, http.MethodDelete, "clients/"+servertest.Cron, nil)
}

func TestPagesAndTheExtension(t *testing.T) {
	p := startPages(t)
	made := p.manage(http.StatusCreated, http.MethodPost, "clients", map[string]any{"name": "Extension", "app_type": "non_interactive", "allowed_origins": []string{spaPage}})
	id, secret := made["client_id"].(string), made["client_secret"].(string)
	p.manage(http.StatusCreated, http.MethodPost, "client-grants", map[string]any{"client_id": id, "audience": authz.ExtensionAudience, "scope": []string{"read:groups"}})
	bearer := "Bearer " + p.machineToken(id, secret, authz.ExtensionAudience)
	const groups = "extensions/authorization/api/groups"
	p.refused("groups", mobilePage, p.from(mobilePage, http.MethodGet, groups, "", "Authorization", bearer))
	p.allowed("groups", spaPage, p.from(spaPage, http.MethodGet, groups, "", "Authorization", bearer))
}

// TestPreflightsNameNoApplication also checks that any page may read public documents such as the JWKS.
func TestPreflightsNameNoApplication(t *testing.T) {
	p := startPages(t)
	for _, path := range []string{"oauth/token", "oauth/revoke", "userinfo", "dbconnections/signup", "dbconnections/change_password"} {
		for _, origin := range []string{spaPage, mobilePage} {
			p.allowed("a preflight of "+path, origin, p.from(origin, http.MethodOptions, path, "", "Access-Control-Request-Method", "POST"))
		}
		p.refused("a preflight of "+path, foreign, p.from(foreign, http.MethodOptions, path, "", "Access-Control-Request-Method", "POST"))
	}
	for _, path := range []string{".well-known/jwks.json", ".well-known/openid-configuration"} {
		p.allowed(path, foreign, p.from(foreign, http.MethodGet, path, ""))
	}
	if a := p.from(spaPage, http.MethodPost, "oauth/token", "grant_type=client_credentials"); a.status != http.StatusBadRequest || !a.allows(spaPage) {
		t.Errorf("an error of a request that names no application: %d %s %v", a.status, a.body, a.header)
	}
}
