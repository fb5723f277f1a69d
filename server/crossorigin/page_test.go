package crossorigin_test

import (
	"encoding/base64"
	"encoding/json"
	"io"
	"maps"
	"net/http"
	"net/url"
	"os"
	"path/filepath"
	"regexp"
	"strings"
	"testing"

	"github.com/tenant0/tenant0/config"
	"github.com/tenant0/tenant0/server/servertest"
)

// ownPage is the custom login page of an application.
const ownPage = `<!doctype html><html><head><title>Ours</title></head><body>
<input name="config" value="@@config@@"><script src="https://cdn.auth0.com/js/lock/11.30/lock.min.js"></script>
<script>var config = JSON.parse(decodeURIComponent(escape(window.atob('@@config@@'))));</script></body></html>`

// startClassic starts a tenant with the classic experience; with own, the application app has ownPage.
func startClassic(t *testing.T, own bool, options ...servertest.Option) tenant {
	t.Helper()
	seed := file + "prompts: {universal_login_experience: classic}\n"
	if own {
		raw, err := json.Marshal(ownPage)
		if err != nil {
			t.Fatal(err)
		}
		seed = strings.Replace(file, "{name: app, client_id: app,", "{name: app, client_id: app, custom_login_page: "+string(raw)+",", 1)
	}
	seed = strings.Replace(seed, "connections:\n", "connections:\n  - {name: google-oauth2, strategy: google-oauth2, enabled_clients: [app]}\n", 1)
	s := servertest.Start(t, append(options, servertest.Seed(seed))...)
	return tenant{s, s.Client(), t}
}

// open begins a login and returns the login page and its address.
func (tn tenant) open(more url.Values) (servertest.Page, *url.URL) {
	tn.t.Helper()
	params := url.Values{"audience": {""}, "scope": {"openid email"}, "nonce": {"n-1"}, "auth0Client": {"eyJ9"}, "login_hint": {`"><b>'</script>`}}
	maps.Copy(params, more)
	target, _ := tn.AuthorizeURL(servertest.Login{ClientID: "app", RedirectURI: "https://app.example.com/callback", Params: params})
	_, page := tn.Visit(tn.browser, target)
	if page.Status != http.StatusOK || page.URL.Path != "/login" {
		tn.t.Fatalf("%d %s %s", page.Status, page.URL, page.Body)
	}
	return page, page.URL
}

var encoded = regexp.MustCompile(`window\.atob\('([^']+)'\)`)

type told struct {
	ClientID, CallbackURL, Auth0Domain, Auth0Tenant, Icon, AssetsURL string
	CallbackOnLocationHash                                           bool
	ExtraParams, InternalOptions                                     map[string]string
	Dict                                                             struct{ Signin struct{ Title string } }
}

// configOf decodes the config that a page contains.
func configOf(t *testing.T, page string) (c told) {
	t.Helper()
	found := encoded.FindStringSubmatch(page)
	if found == nil {
		t.Fatalf("the page is told nothing: %s", page)
	}
	raw, err := base64.StdEncoding.DecodeString(found[1])
	if err == nil {
		err = json.Unmarshal(raw, &c)
	}
	if err != nil {
		t.Fatal(err)
	}
	return c
}

// TestTheWayToTheClassicPage checks what scrapers read: the page's address, the cookie and the config.
func TestTheWayToTheClassicPage(t *testing.T) {
	for _, own := range []bool{false, true} {
		tn := startClassic(t, own)
		page, at := tn.open(nil)
		query := at.Query()
		if !strings.HasPrefix(at.RawQuery, "state="+url.QueryEscape(query.Get("state"))+"&client=app&protocol=oauth2&") || query.Get("auth0Client") != "eyJ9" ||
			query.Get("nonce") != "n-1" || query.Get("scope") != "openid email" || !strings.Contains(at.RawQuery, "redirect_uri=https%3A%2F%2Fapp.example.com%2Fcallback&") {
			t.Errorf("the page is at %s", at)
		}
		c := configOf(t, page.Body)
		cookie := regexp.MustCompile(`_csrf=([^;]+); Path=/usernamepassword/login; .*HttpOnly; Secure`).FindStringSubmatch(strings.Join(page.Header.Values("Set-Cookie"), "\n"))
		if cookie == nil || c.ExtraParams["_csrf"] != cookie[1] {
			t.Errorf("the cookies are %v", page.Header.Values("Set-Cookie"))
		}
		for _, params := range []map[string]string{c.ExtraParams, c.InternalOptions} {
			if params["state"] != query.Get("state") || params["_intstate"] != "deprecated" || params["protocol"] != "oauth2" || params["nonce"] != "n-1" ||
				params["response_type"] != "code" || params["login_hint"] != `"><b>'</script>` || params["auth0Client"] != "eyJ9" {
				t.Errorf("the parameters are %v", params)
			}
		}
		if c.ClientID != "app" || c.CallbackURL != "https://app.example.com/callback" || c.Auth0Domain != strings.TrimSuffix(strings.TrimPrefix(tn.URL, "https://"), "/") ||
			c.Auth0Tenant != "localhost" || c.CallbackOnLocationHash || c.Dict.Signin.Title == "" {
			t.Errorf("the config is %+v", c)
		}
		if strings.Contains(page.Body, "@@config@@") || strings.Contains(page.Body, "<b>'") || page.Header.Get("X-Frame-Options") != "DENY" ||
			!strings.Contains(page.Header.Get("Content-Security-Policy"), "frame-ancestors 'none'") {
			t.Errorf("%v %s", page.Header, page.Body)
		}
	}
}

// posted posts a form as a script on the page does, and returns the answer.
func (tn tenant) posted(path string, form url.Values, headers ...string) (int, string) {
	tn.t.Helper()
	rq, err := http.NewRequestWithContext(tn.t.Context(), http.MethodPost, tn.URL+path, strings.NewReader(form.Encode()))
	if err != nil {
		tn.t.Fatal(err)
	}
	rq.Header.Set("Content-Type", "application/x-www-form-urlencoded")
	for i := 0; i < len(headers); i += 2 {
		rq.Header.Set(headers[i], headers[i+1])
	}
	resp, err := tn.browser.Do(rq)
	if err != nil {
		tn.t.Fatal(err)
	}
	defer resp.Body.Close()
	body, err := io.ReadAll(resp.Body)
	if err != nil {
		tn.t.Fatal(err)
	}
	return resp.StatusCode, string(body)
}

// credentials returns the form that the page sends for a login.
func credentials(state string) url.Values {
	return url.Values{
		"client_id": {"app"}, "tenant": {"localhost"}, "connection": {"Username-Password-Authentication"}, "username": {"ann@example.com"},
		"password": {"a password of ann"}, "_intstate": {"deprecated"}, "state": {state}, "sso": {"true"}, "response_type": {"code"},
		"redirect_uri": {"https://app.example.com/callback?lang=en&a=b"}, "scope": {"a+b"}, "nonce": {"another"},
	}
}

// TestTheClassicPageLogsIn: the form returned for the password leads to the application, with the state
// and the challenge of the application's own request, whatever else the page sends.
func TestTheClassicPageLogsIn(t *testing.T) {
	tn := startClassic(t, true)
	target, verifier := tn.AuthorizeURL(servertest.Login{ClientID: "app", RedirectURI: "https://app.example.com/callback", Params: url.Values{
		"audience": {""}, "scope": {"openid email"}, "state": {"the application's"},
	}})
	_, page := tn.Visit(tn.browser, target)
	status, body := tn.posted("usernamepassword/login", credentials(page.URL.Query().Get("state")))
	form := formOf(body)
	if status != http.StatusOK || !strings.HasPrefix(body, `<form method="post" name="hiddenform" action="`+tn.URL+`login/callback">`) || len(form) != 3 ||
		form.Get("wa") != "wsignin1.0" || strings.Contains(strings.ReplaceAll(body, "&#34;", ""), "&") {
		t.Fatalf("%d %s", status, body)
	}
	left, shown := tn.posts(form)
	if left == nil || left.Query().Get("code") == "" || left.Query().Get("state") != "the application's" || strings.Contains(left.String(), "lang=en") {
		t.Fatalf("%v %d %s", left, shown.Status, shown.Body)
	}
	status, tokens := tn.Token(tn.browser, url.Values{
		"grant_type": {"authorization_code"}, "client_id": {"app"}, "code": {left.Query().Get("code")}, "redirect_uri": {"https://app.example.com/callback"},
		"code_verifier": {verifier},
	})
	if status != http.StatusOK || tokens["id_token"] == nil {
		t.Errorf("%d %v", status, tokens)
	}
	if left, shown := tn.posts(form); left != nil || shown.Status < http.StatusBadRequest {
		t.Errorf("the form again: %v %d", left, shown.Status)
	}
	// The session belongs to the browser, so the next login needs no input.
	if left, _ := tn.Visit(tn.browser, target); left == nil || left.Query().Get("code") == "" {
		t.Errorf("the next login: %v", left)
	}
}

// TestWhatLockSendsAlong: JSON members that are not strings are accepted, except those that must be strings.
func TestWhatLockSendsAlong(t *testing.T) {
	tn := startClassic(t, true)
	page, _ := tn.open(nil)
	body := object{"sso": true, "popup_options": object{}, "captcha": nil, "headers": object{"a": 1}, "ns": 1}
	for name := range credentials("") {
		body[name] = credentials(page.URL.Query().Get("state")).Get(name)
	}
	status, _, answer := tn.send(tn.own(), "usernamepassword/login", body)
	if status != http.StatusOK || formOf(answer).Get("wresult") == "" {
		t.Errorf("%d %s", status, answer)
	}
	for name, password := range map[string]any{"no text": object{"$ne": ""}, "a number": 1, "nothing": nil} {
		body["password"] = password
		if status, _, answer := tn.send(tn.own(), "usernamepassword/login", body); status != http.StatusBadRequest || !strings.Contains(answer, "password") {
			t.Errorf("%s: %d %s", name, status, answer)
		}
	}
	if status, answer := tn.posted("usernamepassword/login", nil, "Content-Type", "application/json"); status != http.StatusBadRequest {
		t.Errorf("no JSON: %d %s", status, answer)
	}
}

// TestTheFormOfAClassicLoginIsItsOwn: the ticket of one login works only for that login, in the browser
// that began it.
func TestTheFormOfAClassicLoginIsItsOwn(t *testing.T) {
	tn := startClassic(t, true)
	page, _ := tn.open(nil)
	state := page.URL.Query().Get("state")
	_, body := tn.posted("usernamepassword/login", credentials(state))
	form := formOf(body)
	refused := func(what string, form url.Values) {
		t.Helper()
		if left, shown := tn.posts(form); left != nil || shown.Status < http.StatusBadRequest {
			t.Errorf("%s: %v %d", what, left, shown.Status)
		}
	}
	with := func(name, value string) url.Values {
		var wctx map[string]string
		if err := json.Unmarshal([]byte(form.Get("wctx")), &wctx); err != nil {
			t.Fatal(err)
		}
		wctx[name] = value
		raw, err := json.Marshal(wctx)
		if err != nil {
			t.Fatal(err)
		}
		return url.Values{"wa": form["wa"], "wresult": form["wresult"], "wctx": {string(raw)}}
	}
	other, _ := tn.open(nil)
	refused("another login's form", with("state", other.URL.Query().Get("state")))
	refused("no login's form", with("state", "none"))
	if status, _ := tn.posted("login/callback", form, "Sec-Fetch-Site", "cross-site"); status != http.StatusForbidden {
		t.Errorf("a form from another site: %d", status)
	}
	mine := tn.browser
	tn.browser = tn.Client()
	refused("another browser", form)
	if status, body := tn.posted("usernamepassword/login", credentials(state)); status < http.StatusBadRequest {
		t.Errorf("the password from another browser: %d %s", status, body)
	}
	tn.browser = mine
	if left, shown := tn.posts(form); left == nil || left.Query().Get("code") == "" {
		t.Errorf("the browser itself: %v %d", left, shown.Status)
	}
}

// TestTheBuiltInPageWorksWithoutScript: it can be sent as a form, and shows its errors itself.
func TestTheBuiltInPageWorksWithoutScript(t *testing.T) {
	tn := startClassic(t, false)
	page, _ := tn.open(nil)
	for _, part := range []string{
		`action="/usernamepassword/login"`, `class="auth0-lock-submit"`, `placeholder="your password"`, `name="email"`, `class="auth0-lock-input input"`, `class="auth0-lock-alternative-link"`,
		`data-provider="google-oauth2"`, "default-src 'none'",
	} {
		if !strings.Contains(page.Body+page.Header.Get("Content-Security-Policy"), part) {
			t.Errorf("the page has no %s: %s", part, page.Body)
		}
	}
	form := page.Form()
	form.Set("email", "ann@example.com")
	form.Set("password", "wrong")
	status, body := tn.posted("usernamepassword/login", form, "Sec-Fetch-Mode", "navigate")
	if status != http.StatusUnauthorized || !strings.Contains(body, "auth0-global-message-error") || !strings.Contains(body, "Wrong email or password") ||
		!strings.Contains(body, `value="ann@example.com"`) || strings.Contains(body, "wrong\"") {
		t.Fatalf("a wrong password: %d %s", status, body)
	}
	form.Set("email", "bob@example.com")
	form.Set("password", "a password of bob")
	if status, body := tn.posted("usernamepassword/login", form, "Sec-Fetch-Mode", "navigate"); status != http.StatusUnauthorized || !strings.Contains(body, "user is blocked") {
		t.Errorf("a blocked user: %d %s", status, body)
	}
	form.Set("email", "ann@example.com")
	form.Set("password", "a password of ann")
	status, body = tn.posted("usernamepassword/login", form, "Sec-Fetch-Mode", "navigate")
	if status != http.StatusOK || !strings.Contains(body, "<!doctype html>") || !strings.Contains(body, "data-submit-on-load") {
		t.Fatalf("%d %s", status, body)
	}
	if left, shown := tn.posts(formOf(body)); left == nil || left.Query().Get("code") == "" {
		t.Errorf("%v %d %s", left, shown.Status, shown.Body)
	}
}

// TestUsersOfAnEnterpriseDomain: the built-in page leads who types an e-mail address in the domain of an enterprise
// connection to that connection, with or without a password, and asks all others for a password.
func TestUsersOfAnEnterpriseDomain(t *testing.T) {
	const corp = "connections:\n  - {name: corp, strategy: waad, enabled_clients: [app], options: {domain_aliases: [corp.test, corp.example]}}\n"
	const others = "  - {name: others, strategy: waad, options: {domain_aliases: [others.example]}}\n"
	s := servertest.Start(t, servertest.Seed(strings.Replace(file, "connections:\n", corp+others, 1)+"prompts: {universal_login_experience: classic}\n"))
	tn := tenant{s, s.Client(), t}
	page, _ := tn.open(url.Values{"login_hint": {""}})
	if !strings.Contains(page.Body, `data-sso-domains="corp.example corp.test"`) {
		t.Errorf("the page knows other domains: %s", page.Body)
	}
	for typed, elsewhere := range map[string]bool{"bob@corp.example": true, "bob@CORP.test": true, "bob@others.example": false, "bob@example.com": false, "corp.example": false} {
		form := page.Form()
		form.Set("email", typed)
		for _, password := range []string{"", "a password"} {
			form.Set("password", password)
			status, body := tn.posted("usernamepassword/login", form, "Sec-Fetch-Mode", "navigate")
			path, left := strings.CutPrefix(body, "Found. Redirecting to /")
			if left != elsewhere {
				t.Fatalf("%q with the password %q: %d %s", typed, password, status, body)
			}
			if !left {
				continue
			}
			if _, at := tn.Visit(tn.browser, tn.URL+path); !strings.Contains(at.Body, "Simulation of corp") || !strings.Contains(at.Body, typed) {
				t.Errorf("%q leads to %s: %d %s", typed, at.URL, at.Status, at.Body)
			}
		}
	}
}

// TestAProviderOfTheClassicPage: what auth0.js sends for a connection continues the request that brought
// the browser to the page, and no request of another browser.
func TestAProviderOfTheClassicPage(t *testing.T) {
	tn := startClassic(t, true)
	tn.Person("google-oauth2", "1081", map[string]any{"email": "ada@example.com"})
	tn.Choose("google-oauth2", "allow", "1081")
	page, _ := tn.open(url.Values{"state": {"the application's"}, "login_hint": {""}})
	chosen := url.Values{
		"client_id": {"app"}, "response_type": {"code"}, "redirect_uri": {"https://app.example.com/callback"}, "connection": {"google-oauth2"},
		"state": {page.URL.Query().Get("state")}, "_intstate": {"deprecated"}, "_csrf": {"x"},
	}
	mine := tn.browser
	tn.browser = tn.Client()
	if left, _ := tn.Visit(tn.browser, tn.URL+"authorize?"+chosen.Encode()); left != nil && left.Query().Get("code") != "" {
		t.Errorf("another browser gets to %v", left)
	}
	tn.browser = mine
	left, shown := tn.Visit(tn.browser, tn.URL+"authorize?"+chosen.Encode())
	if left == nil || left.Query().Get("code") == "" || left.Query().Get("state") != "the application's" {
		t.Errorf("%v %d %s", left, shown.Status, shown.Body)
	}
}

// TestACodeOnTheClassicPage: a code entered through auth0.js's passwordlessLogin continues the request that
// brought the browser to the page; in another browser the state is just the application's parameter.
func TestACodeOnTheClassicPage(t *testing.T) {
	tn := startClassic(t, true)
	verify := func(browser *http.Client) *url.URL {
		t.Helper()
		page, _ := tn.open(url.Values{"state": {"the application's"}})
		if status, _, answer := tn.send(tn.own(), "passwordless/start", object{"client_id": "app", "connection": "email", "email": "eve@example.com", "send": "code"}); status != http.StatusOK {
			t.Fatalf("%d %s", status, answer)
		}
		code := tn.WaitForMessage("eve@example.com", "passwordless_email").Code
		tn.ClearInbox()
		left, _ := tn.Visit(browser, tn.URL+"passwordless/verify_redirect?"+url.Values{
			"client_id": {"app"}, "connection": {"email"}, "email": {"eve@example.com"}, "verification_code": {code}, "response_type": {"code"},
			"redirect_uri": {"https://app.example.com/callback"}, "state": {page.URL.Query().Get("state")}, "_intstate": {"deprecated"},
		}.Encode())
		return left
	}
	if left := verify(tn.Client()); left != nil && left.Query().Get("state") == "the application's" {
		t.Errorf("another browser gets to %v", left)
	}
	if left := verify(tn.browser); left == nil || left.Query().Get("code") == "" || left.Query().Get("state") != "the application's" {
		t.Errorf("%v", left)
	}
}

// TestWhoHasLoggedIn: the user is not asked again on the page, with the back button or in another tab.
func TestWhoHasLoggedIn(t *testing.T) {
	tn := startClassic(t, true)
	page, at := tn.open(nil)
	_, body := tn.posted("usernamepassword/login", credentials(page.URL.Query().Get("state")))
	if left, _ := tn.posts(formOf(body)); left == nil {
		t.Fatal("no login")
	}
	if left, page := tn.Visit(tn.browser, at.String()); left == nil || left.Query().Get("code") == "" {
		t.Errorf("%v %d", left, page.Status)
	}
	if left, page := tn.Visit(tn.Client(), at.String()); left != nil || page.Status < http.StatusBadRequest {
		t.Errorf("another browser: %v %d", left, page.Status)
	}
}

// TestWhichPageALoginHas: the application's own page, the page of all applications, the built-in page of
// the classic experience, or without any of these the pages of the universal login.
func TestWhichPageALoginHas(t *testing.T) {
	s := servertest.Start(t)
	tn := tenant{s, s.Client(), t}
	path := func() (string, string) {
		t.Helper()
		target, _ := tn.AuthorizeURL(servertest.Login{ClientID: servertest.Mobile, RedirectURI: servertest.MobileCallback})
		_, page := tn.Visit(tn.browser, target)
		return page.URL.Path, page.Body
	}
	manage := func(method, path string, body object) any {
		t.Helper()
		status, answer := tn.Manage(tn.browser, method, path, body)
		if status >= 300 {
			t.Fatalf("%s %s: %d %v", method, path, status, answer)
		}
		return answer
	}
	if at, _ := path(); at != "/u/login" {
		t.Errorf("without any page: %s", at)
	}
	manage(http.MethodPatch, "prompts", object{"universal_login_experience": "classic"})
	if at, body := path(); at != "/login" || !strings.Contains(body, "auth0-lock-submit") {
		t.Errorf("the classic experience: %s", at)
	}
	manage(http.MethodPatch, "prompts", object{"universal_login_experience": "new"})
	for _, client := range manage(http.MethodGet, "clients?is_global=true", nil).([]any) {
		manage(http.MethodPatch, "clients/"+client.(object)["client_id"].(string), object{"custom_login_page": "<p>of all</p>", "custom_login_page_on": true})
	}
	if at, body := path(); at != "/login" || body != "<p>of all</p>" {
		t.Errorf("the page of all applications: %s %s", at, body)
	}
	manage(http.MethodPatch, "clients/"+servertest.Mobile, object{"custom_login_page": "<p>of one</p>"})
	if at, body := path(); at != "/login" || body != "<p>of one</p>" {
		t.Errorf("the page of the application: %s %s", at, body)
	}
	manage(http.MethodPatch, "clients/"+servertest.Mobile, object{"custom_login_page_on": false})
	if at, body := path(); at != "/login" || body != "<p>of all</p>" {
		t.Errorf("the application's page is off: %s %s", at, body)
	}
	if _, page := tn.Visit(tn.browser, tn.URL+"login"); page.Status != http.StatusBadRequest {
		t.Errorf("the page without a login: %d", page.Status)
	}
}

// TestCopiesOfScripts: scripts from Auth0's servers are loaded from the developer's folder; if one is not
// there, the page says which is missing.
func TestCopiesOfScripts(t *testing.T) {
	folder := t.TempDir()
	for name, content := range map[string]string{"lock.min.js": "// Lock", ".hidden": "x"} {
		if err := os.WriteFile(filepath.Join(folder, name), []byte(content), 0o600); err != nil {
			t.Fatal(err)
		}
	}
	if err := os.WriteFile(filepath.Join(filepath.Dir(folder), "secret.js"), []byte("secret"), 0o600); err != nil {
		t.Fatal(err)
	}
	tn := startClassic(t, true, servertest.Config(func(c *config.Config) { c.Assets = folder }))
	page, _ := tn.open(nil)
	if !strings.Contains(page.Body, `<script src="/assets/lock.min.js">`) || strings.Contains(page.Body, "cdn.auth0.com") || strings.Contains(page.Body, "missing_script") {
		t.Errorf("%s", page.Body)
	}
	get := func(path string) servertest.Page {
		t.Helper()
		_, page := tn.Visit(tn.browser, tn.URL+path)
		return page
	}
	if got := get("assets/lock.min.js"); got.Status != http.StatusOK || got.Body != "// Lock" || !strings.HasPrefix(got.Header.Get("Content-Type"), "text/javascript") {
		t.Errorf("%d %v %s", got.Status, got.Header, got.Body)
	}
	for _, path := range []string{"assets/none.js", "assets/..%2Fsecret.js", "assets/%2e%2e%2fsecret.js", "assets/.", "assets/"} {
		if got := get(path); got.Status != http.StatusNotFound || strings.Contains(got.Body, "secret") {
			t.Errorf("%s: %d %s", path, got.Status, got.Body)
		}
	}
	without := startClassic(t, true)
	page, _ = without.open(nil)
	if !strings.Contains(page.Body, `<head><script src="/u/static/missing_script.`) || !strings.Contains(page.Body, "https://cdn.auth0.com/js/lock/11.30/lock.min.js") {
		t.Errorf("%s", page.Body)
	}
}
