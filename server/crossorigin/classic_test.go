package crossorigin_test

import (
	"encoding/json"
	"html"
	"io"
	"net/http"
	"net/url"
	"regexp"
	"strings"
	"testing"
	"time"

	"github.com/tenant0/tenant0/server/servertest"
)

// classic returns the body that auth0.js sends from a login page on the tenant's own domain.
func classic(more ...string) object {
	body := object{
		"client_id": "app", "username": "ann@example.com", "password": "a password of ann", "connection": "Username-Password-Authentication",
		"tenant": "localhost", "response_type": "code", "redirect_uri": "https://app.example.com/callback", "scope": "openid", "state": "the state",
		"code_challenge": "E9Melhoa2OwvFrEMTJguCHaoeK1t8URWbuGJSstw-cM", "code_challenge_method": "S256", "_csrf": "x", "_intstate": "deprecated",
	}
	for i := 0; i < len(more); i += 2 {
		body[more[i]] = more[i+1]
		if more[i+1] == "" {
			delete(body, more[i])
		}
	}
	return body
}

// own returns the origin of the tenant itself.
func (tn tenant) own() string { return strings.TrimSuffix(tn.URL, "/") }

var field = regexp.MustCompile(`name="(\w+)" value="([^"]*)"`)

// formOf returns the fields of the form in an answer.
func formOf(body string) url.Values {
	form := url.Values{}
	for _, m := range field.FindAllStringSubmatch(body, -1) {
		form.Set(m[1], html.UnescapeString(m[2]))
	}
	return form
}

// posts submits the form of an answer, as the page does.
func (tn tenant) posts(form url.Values) (*url.URL, servertest.Page) {
	tn.t.Helper()
	target, err := url.Parse(tn.URL + "login/callback")
	if err != nil {
		tn.t.Fatal(err)
	}
	return tn.Submit(tn.browser, servertest.Page{URL: target}, form)
}

// TestTheTenantsOwnPageLogsIn logs in as auth0.js does on a hosted page: the password, the form, the
// callback, and the application's code.
func TestTheTenantsOwnPageLogsIn(t *testing.T) {
	tn := start(t)
	status, header, body := tn.send(tn.own(), "usernamepassword/login", classic())
	if status != http.StatusOK || !strings.HasPrefix(header.Get("Content-Type"), "text/html") || !strings.Contains(body, "login/callback") {
		t.Fatalf("%d %v %s", status, header, body)
	}
	form := formOf(body)
	if form.Get("wa") != "wsignin1.0" || form.Get("wresult") == "" || strings.Contains(body, "a password of ann") {
		t.Fatalf("%v", form)
	}
	left, page := tn.posts(form)
	if left == nil || left.Query().Get("code") == "" || left.Query().Get("state") != "the state" {
		t.Fatalf("%v %d %s", left, page.Status, page.Body)
	}
	status, tokens := tn.Token(tn.browser, url.Values{
		"grant_type": {"authorization_code"}, "client_id": {"app"}, "code": {left.Query().Get("code")}, "redirect_uri": {"https://app.example.com/callback"},
		"code_verifier": {"dBjftJeZ4CVP-mB92K27uhbUJU1p1r_wW1gFWFOEjXk"},
	})
	if status != http.StatusOK || tokens["id_token"] == nil {
		t.Errorf("%d %v", status, tokens)
	}
	// The form works once, and whatever else it contains, it leads only to registered callbacks.
	if left, page := tn.posts(form); left != nil || page.Status < http.StatusBadRequest {
		t.Errorf("the form again: %v %d", left, page.Status)
	}
	_, _, body = tn.send(tn.own(), "usernamepassword/login", classic("redirect_uri", "https://evil.example.com/"))
	if left, page := tn.posts(formOf(body)); left != nil || !strings.Contains(page.Body, "Callback URL mismatch") {
		t.Errorf("another callback: %v %d", left, page.Status)
	}
}

// TestClassicLoginsThatAreRefused checks that the errors have the form that Lock reads.
func TestClassicLoginsThatAreRefused(t *testing.T) {
	tn := start(t)
	tn.elsewhere()
	for _, tt := range []struct {
		name, origin string
		more         []string
		status       int
		code, said   string
	}{
		{"a wrong password", "", []string{"password", "wrong"}, 401, "invalid_user_password", "Wrong email or password."},
		{"nobody's name", "", []string{"username", "nobody@example.com"}, 401, "invalid_user_password", "Wrong email or password."},
		{"a blocked user", "", []string{"username", "bob@example.com", "password", "a password of bob"}, 401, "unauthorized", "user is blocked"},
		{"no password", "", []string{"password", ""}, 400, "invalid_request", "Missing required parameter: password"},
		{"another connection", "", []string{"connection", "unused"}, 400, "invalid_request", "Unknown realm unused."},
		{"a database of other applications", "", []string{"connection", "elsewhere"}, 400, "invalid_request", "Unknown realm elsewhere."},
		{"a third party's, which is strict", "", []string{"client_id", "strict"}, 401, "unauthorized_client", "Cross origin login not allowed."},
		{"an application that there is not", "", []string{"client_id", "none"}, 401, "unauthorized_client", "Cross origin login not allowed."},
		{"a page that may not ask", page, []string{"client_id", "closed"}, 401, "unauthorized_client", "Cross origin login not allowed."},
		{"a code in the password's place", "", []string{"credential_type", otp, "password", "000000", "otp", "000000"}, 401, "invalid_user_password", "Wrong email or password."},
	} {
		t.Run(tt.name, func(t *testing.T) {
			origin := tt.origin
			if origin == "" {
				origin = tn.own()
			}
			status, _, body := tn.send(origin, "usernamepassword/login", classic(tt.more...))
			var answer object
			if err := json.Unmarshal([]byte(body), &answer); err != nil {
				t.Fatalf("%d %s", status, body)
			}
			if status != tt.status || answer["code"] != tt.code || answer["description"] != tt.said {
				t.Errorf("%d %v", status, answer)
			}
		})
	}
}

// TestTheFormOfAnotherBrowser: another person's form logs nobody in, from whatever
// page it is sent.
func TestTheFormOfAnotherBrowser(t *testing.T) {
	tn := start(t)
	_, _, body := tn.send(tn.own(), "usernamepassword/login", classic())
	form := formOf(body)
	send := func(change func(*http.Request)) int {
		t.Helper()
		rq, err := http.NewRequestWithContext(t.Context(), http.MethodPost, tn.URL+"login/callback", strings.NewReader(form.Encode()))
		if err != nil {
			t.Fatal(err)
		}
		rq.Header.Set("Content-Type", "application/x-www-form-urlencoded")
		change(rq)
		resp, err := tn.browser.Do(rq)
		if err != nil {
			t.Fatal(err)
		}
		defer resp.Body.Close()
		return resp.StatusCode
	}
	if status := send(func(rq *http.Request) { rq.Header.Set("Sec-Fetch-Site", "cross-site") }); status != http.StatusForbidden {
		t.Errorf("a form from another site: %d", status)
	}
	for name, form := range map[string]url.Values{
		"nothing":           {},
		"no ticket":         {"wctx": {form.Get("wctx")}},
		"another ticket":    {"wctx": {form.Get("wctx")}, "wresult": {"other"}},
		"no JSON":           {"wctx": {"{"}, "wresult": {form.Get("wresult")}},
		"another's context": {"wctx": {`{"client_id":"other","response_type":"code"}`}, "wresult": {form.Get("wresult")}},
	} {
		if left, page := tn.posts(form); left != nil || page.Status < http.StatusBadRequest {
			t.Errorf("%s: %v %d", name, left, page.Status)
		}
	}
	tn.Advance(2 * time.Minute)
	if left, page := tn.posts(form); left != nil || page.Status < http.StatusBadRequest {
		t.Errorf("too late: %v %d", left, page.Status)
	}
}

// TestAPageOfAnApplicationContinuesNoLogin: with the state of a login under way, the tenant's own page needs no client_id; a
// page of an application does not continue that login, although it may log people in.
func TestAPageOfAnApplicationContinuesNoLogin(t *testing.T) {
	tn := startClassic(t, true)
	_, at := tn.open(nil)
	body := classic("client_id", "", "state", at.Query().Get("state"))
	if status, _, answer := tn.send(page, "usernamepassword/login", body); status != http.StatusBadRequest || !strings.Contains(answer, "client_id") {
		t.Errorf("a page of the application: %d %s", status, answer)
	}
	if status, _, answer := tn.send(tn.own(), "usernamepassword/login", body); status != http.StatusOK || !strings.Contains(answer, "login/callback") {
		t.Errorf("the tenant's own page: %d %s", status, answer)
	}
}

// TestWhatPagesLearnOfASession: a page of an application learns who logged in last; other
// pages learn nothing.
func TestWhatPagesLearnOfASession(t *testing.T) {
	tn := start(t)
	ask := func() object {
		t.Helper()
		resp, err := tn.browser.Get(tn.URL + "user/ssodata")
		if err != nil {
			t.Fatal(err)
		}
		defer resp.Body.Close()
		var answer object
		if err := json.NewDecoder(resp.Body).Decode(&answer); err != nil {
			t.Fatal(err)
		}
		return answer
	}
	if answer := ask(); answer["sso"] != false || len(answer) != 1 {
		t.Errorf("%v", answer)
	}
	_, _, body := tn.send(tn.own(), "usernamepassword/login", classic())
	tn.posts(formOf(body))
	if answer := ask(); answer["sso"] != true || answer["lastUsedUsername"] != "ann@example.com" || answer["lastUsedClientID"] != "app" {
		t.Errorf("%v", answer)
	}
	tn.browser = tn.Client()
	if answer := ask(); answer["sso"] != false {
		t.Errorf("another browser: %v", answer)
	}
}

// TestTheScriptOfTheTenant checks info-v1.js, which Lock loads with __useTenantInfo.
func TestTheScriptOfTheTenant(t *testing.T) {
	tn := start(t)
	resp, err := tn.browser.Get(tn.URL + "info-v1.js")
	if err != nil {
		t.Fatal(err)
	}
	defer resp.Body.Close()
	raw, err := io.ReadAll(resp.Body)
	if err != nil {
		t.Fatal(err)
	}
	text, isCall := strings.CutPrefix(strings.TrimSuffix(string(raw), ");"), "Auth0.setTenant(")
	var told object
	if err := json.Unmarshal([]byte(text), &told); err != nil || !isCall || !strings.HasPrefix(resp.Header.Get("Content-Type"), "application/javascript") {
		t.Fatalf("%v %s", resp.Header, raw)
	}
	if strategies, _ := told["strategies"].([]any); told["tenant"] != "localhost" || len(strategies) != 2 {
		t.Errorf("%v", told)
	}
}
