package server_test

import (
	"bufio"
	"fmt"
	"io"
	"maps"
	"net"
	"net/http"
	"net/url"
	"strings"
	"testing"
	"time"

	"github.com/tenant0/tenant0/server/servertest"
)

// endpoint is a public endpoint with a request that it accepts.
type endpoint struct {
	path   string
	params url.Values
	limit  int // of the body, in bytes; 0 takes no body
	header []string
}

const (
	formType = "application/x-www-form-urlencoded"
	jsonType = "application/json"
)

// bad holds the server and the browser of a test that sends bad input.
type bad struct {
	*servertest.Server
	browser *http.Client
	t       *testing.T
}

// endpoints returns all endpoints that take parameters, including the pages of logins in progress.
func (b bad) endpoints() []endpoint {
	b.t.Helper()
	authorize, _ := b.AuthorizeURL(servertest.Login{ClientID: servertest.Mobile, RedirectURI: servertest.MobileCallback})
	u, err := url.Parse(authorize)
	if err != nil {
		b.t.Fatal(err)
	}
	page := func(target string) (string, url.Values) {
		left, page := b.Visit(b.browser, target)
		if left != nil {
			b.t.Fatalf("the browser is sent to %v", left)
		}
		form := page.Form()
		form.Set("action", "accept")
		return page.URL.RequestURI()[1:], form
	}
	login, loginForm := page(authorize)
	loginForm.Set("username", servertest.Employee)
	loginForm.Set("password", servertest.Password)
	if _, consent := b.Submit(b.browser, servertest.Page{URL: b.url(login)}, loginForm); consent.URL.Path != "/u/consent" {
		b.t.Fatalf("the login leads to %v", consent.URL)
	}
	consent, consentForm := page(authorize)
	logout, logoutForm := page(b.URL + "oidc/logout")
	login, loginForm = page(authorize + "&prompt=login")
	loginForm.Set("username", servertest.Employee)
	loginForm.Set("password", "wrong")
	const small, large = 64 << 10, 1 << 20
	return []endpoint{
		{"oauth/token", url.Values{"grant_type": {"authorization_code"}, "client_id": {servertest.Mobile}, "code": {"x"}}, small, nil},
		{"oauth/token", url.Values{"grant_type": {"refresh_token"}, "client_id": {servertest.Mobile}, "refresh_token": {"x"}}, small, nil},
		{"oauth/token", url.Values{"grant_type": {"client_credentials"}, "client_id": {servertest.Cron}, "client_secret": {"x"}, "audience": {servertest.API}, "scope": {"x"}}, small, nil},
		{"oauth/revoke", url.Values{"client_id": {servertest.Mobile}, "token": {"x"}}, small, nil},
		{"oauth/par", url.Values{"client_id": {servertest.Cron}, "client_secret": {"x"}, "response_type": {"code"}, "scope": {"x"}, "state": {"x"}}, 10 << 10, nil},
		{"userinfo", url.Values{"access_token": {"x"}}, small, nil},
		{"authorize", u.Query(), small, nil},
		{"oidc/logout", url.Values{"client_id": {servertest.SPA}, "post_logout_redirect_uri": {"http://localhost:3000"}, "state": {"x"}}, small, nil},
		{login, loginForm, small, nil},
		{consent, consentForm, large, nil},
		{logout, logoutForm, small, nil},
		{"v2/logout", url.Values{"client_id": {servertest.SPA}, "returnTo": {"http://localhost:3000"}}, 0, nil},
	}
}

func (b bad) url(path string) *url.URL {
	u, err := url.Parse(b.URL + path)
	if err != nil {
		b.t.Fatal(err)
	}
	return u
}

func startBad(t *testing.T) bad {
	t.Helper()
	s := servertest.Start(t, servertest.HTTP())
	return bad{s, s.Client(), t}
}

// send sends a request and checks what must be true of every answer. If refused is set, the
// answer must also be a 4xx.
func (b bad) send(what, method, path, contentType, body string, refused bool) {
	b.t.Helper()
	rq, err := http.NewRequestWithContext(b.t.Context(), method, b.URL+path, strings.NewReader(body))
	if err != nil {
		b.t.Fatal(err)
	}
	if contentType != "" {
		rq.Header.Set("Content-Type", contentType)
	}
	resp, err := b.browser.Do(rq)
	if err != nil {
		b.t.Errorf("%s: %v", what, err)
		return
	}
	defer resp.Body.Close()
	answer, err := io.ReadAll(resp.Body)
	if err != nil {
		b.t.Errorf("%s: %v", what, err)
	}
	location := resp.Header.Get("Location")
	switch {
	case resp.StatusCode >= 500:
		b.t.Errorf("%s: %d %.300s", what, resp.StatusCode, answer)
	case refused && resp.StatusCode < 400:
		b.t.Errorf("%s: %d %s %.300s", what, resp.StatusCode, location, answer)
	case location != "" && !b.registered(location):
		b.t.Errorf("%s: the browser is sent to %s", what, location)
	case resp.Header.Get("X-Injected") != "":
		b.t.Errorf("%s: a header is injected: %v", what, resp.Header)
	}
}

// registered reports whether a redirect stays on the server or goes to an address
// that the tenant file registers.
func (b bad) registered(location string) bool {
	u, err := url.Parse(location)
	if err != nil {
		return false
	}
	u.RawQuery, u.Fragment = "", ""
	switch u.String() {
	case servertest.MobileCallback, "http://localhost:3000", "http://localhost:3000/callback":
		return true
	}
	return u.Scheme == "" && u.Host == "" && strings.HasPrefix(u.Path, "/") && !strings.HasPrefix(u.Path, "//") && !strings.HasPrefix(u.Path, "/\\")
}

// body is a malformed or unusual request body, which must not cause a server error.
type body struct {
	name, contentType, text string
	refused                 bool
}

// bodies returns the bad bodies to send to an endpoint.
func (e endpoint) bodies() []body {
	form := e.params.Encode()
	// The consent page accepts large forms with a repeated field, and no JSON.
	page := e.limit > 64<<10
	all := []body{
		{"past the limit", formType, form + "&pad=" + strings.Repeat("p", e.limit), true},
		{"invalid UTF-8", formType, form + "&x=\xff\xfe", !page},
		{"invalid UTF-8, percent-encoded", formType, form + "&x=%ff%fe", !page},
		{"an overlong slash", formType, form + "&x=%c0%af", !page},
		{"a bad escape", formType, form + "&x=%zz", true},
		{"an escape cut off", formType, form + "&x=%", true},
		{"semicolons", formType, form + ";x=y", true},
		{"a parameter twice", formType, form + "&client_id=a&client_id=b", !page},
		{"the same parameter twice with one value", formType, form + "&x=a&x=a", !page},
		{"a zero byte", formType, form + "&x=%00", !page},
		{"nothing but separators", formType, "&&&==&", false},
		{"nothing", formType, "", false},
		{"nothing, of no type", "", "", false},
	}
	if page {
		return all
	}
	return append(all,
		body{"of no type", "", form, true},
		body{"plain text", "text/plain", form, true},
		body{"multipart", "multipart/form-data; boundary=x", "--x\r\nContent-Disposition: form-data; name=\"client_id\"\r\n\r\na\r\n--x--", true},
		body{"a type that is none", ";;;", form, true},
		body{"XML", "application/xml", "<a/>", true},
		body{"JSON past the limit", jsonType, `{"x":"` + strings.Repeat("p", e.limit) + `"}`, true},
		body{"JSON that is a list", jsonType, `[]`, true},
		body{"JSON that is a text", jsonType, `"x"`, true},
		body{"JSON null", jsonType, `null`, true},
		body{"JSON cut off", jsonType, `{"client_id":"a"`, true},
		body{"JSON with text behind", jsonType, `{} x`, true},
		body{"two JSON objects", jsonType, `{}{}`, true},
		body{"JSON with a member twice", jsonType, `{"client_id":"a","client_id":"a"}`, true},
		body{"JSON with a member twice, once null", jsonType, `{"client_id":"a","client_id":null}`, true},
		body{"JSON with an object inside", jsonType, `{"client_id":{"$gt":""}}`, true},
		body{"JSON with a list of numbers", jsonType, `{"scope":[1,2]}`, true},
		body{"JSON with a zero byte", jsonType, `{"client_id":"a\u0000"}`, true},
		body{"JSON with invalid UTF-8", jsonType, "{\"client_id\":\"\xff\"}", true},
		body{"JSON that is deep", jsonType, `{"x":` + strings.Repeat("[", 20000), true},
		body{"JSON with a number of many digits", jsonType, `{"client_id":` + strings.Repeat("9", 10000) + `}`, false},
		body{"JSON with half a surrogate", jsonType, `{"client_id":"\ud800"}`, false},
		body{"an empty JSON object", jsonType, `{}`, false},
	)
}

func TestBadBodies(t *testing.T) {
	b := startBad(t)
	for _, e := range b.endpoints() {
		if e.limit == 0 {
			continue
		}
		for _, body := range e.bodies() {
			b.send(e.name()+": "+body.name, http.MethodPost, e.path, body.contentType, body.text, body.refused)
		}
	}
}

func (e endpoint) name() string {
	path, _, _ := strings.Cut(e.path, "?")
	return path + " " + e.params.Get("grant_type")
}

// hostile returns values to put into every parameter of every endpoint. They need not be
// refused, as most parameters are free text.
func hostile() map[string]string {
	many := make([]string, 10000)
	for i := range many {
		many[i] = fmt.Sprint("s", i)
	}
	return map[string]string{
		"10,000 scopes":          strings.Join(many, " "),
		"a long text":            strings.Repeat("x", 50000),
		"a header":               "x\r\nX-Injected: y",
		"a header, encoded":      "x%0d%0aX-Injected:%20y",
		"markup":                 `"><script src=https://evil.example></script>`,
		"another host":           "https://evil.example/",
		"another host, relative": "//evil.example/",
		"a backslash":            `/\evil.example/`,
		"a user name":            "http://localhost:3000@evil.example/",
		"a script":               "javascript:alert(1)",
		"the separator of keys":  "a\x01b\x02c",
		"a template":             "{{.}} ${x} %s%n%x",
		"right to left":          "\u202e\u2066x",
		"characters beyond":      "\U0001F600 ﷽ \uFFFF",
		"a path":                 "../../../etc/passwd",
		"a number":               "-99999999999999999999",
		"JSON":                   `{"a":["b"]}`,
		"a JWT that says none":   "eyJhbGciOiJub25lIn0.eyJzdWIiOiJ4In0.",
		"a blank":                " ",
		"nothing":                "",
	}
}

func TestHostileParameters(t *testing.T) {
	b := startBad(t)
	for _, e := range b.endpoints() {
		for what, value := range hostile() {
			for name := range e.params {
				changed := maps.Clone(e.params)
				changed.Set(name, value)
				what := fmt.Sprintf("%s: %s as %s", e.name(), what, name)
				if e.limit > 0 {
					b.send(what, http.MethodPost, e.path, formType, changed.Encode(), false)
				}
				if len(value) < 20000 && !strings.Contains(e.path, "?") && e.path != "oauth/token" && e.path != "oauth/revoke" {
					b.send(what+", by GET", http.MethodGet, e.path+"?"+changed.Encode(), "", "", false)
				}
			}
		}
	}
}

// TestBadQueries sends malformed queries and paths to every endpoint that reads them.
func TestBadQueries(t *testing.T) {
	b := startBad(t)
	for _, path := range []string{"authorize", "oidc/logout", "v2/logout", "userinfo"} {
		for name, query := range map[string]string{
			"a parameter twice": "client_id=a&client_id=b", "invalid UTF-8": "x=%ff", "a zero byte": "client_id=%00", "a bad escape": "x=%zz", "semicolons": "a=b;c=d",
			"longer than headers may be": "x=" + strings.Repeat("x", 80<<10),
		} {
			b.send(path+": "+name, http.MethodGet, path+"?"+query, "", "", true)
		}
	}
	for _, path := range []string{"u/login", "u/consent", "u/logout", "authorize/resume"} {
		for _, query := range []string{"", "?state=", "?state=x", "?state=%00", "?state=a&state=b", "?state=%ff", "?state=" + strings.Repeat("x", 50000), "?state=" + url.QueryEscape("x\r\nX-Injected: y")} {
			b.send(path+query, http.MethodGet, path+query, "", "", true)
			if path != "authorize/resume" {
				b.send("POST "+path+query, http.MethodPost, path+query, formType, "username=a&password=b&action=accept", true)
			}
		}
	}
	for _, path := range []string{
		"/evil.example/", "/evil.example/%2e%2e", "%2f%2fevil.example/", "\\evil.example", "x/../authorize", "./authorize", "authorize/", "authorize//", "AUTHORIZE", "authorize%00",
		"u/static/..%2f..%2fetc/passwd", "u/static/nothing.css", "u/static/%00", "extensions/authorization/api/groups", "api/v2/nothing-there", strings.Repeat("a/", 5000),
	} {
		b.send("/"+path, http.MethodGet, path, "", "", false)
	}
}

func TestWrongMethods(t *testing.T) {
	b := startBad(t)
	for path, allowed := range map[string]string{
		"authorize": "GET, HEAD, POST", "authorize/resume": "GET, HEAD", "oauth/token": "POST, OPTIONS", "oauth/revoke": "POST, OPTIONS", "userinfo": "GET, HEAD, POST, OPTIONS",
		"u/login": "GET, HEAD, POST", "u/consent": "GET, HEAD, POST", "u/logout": "GET, HEAD, POST", "v2/logout": "GET, HEAD", "oidc/logout": "GET, HEAD, POST",
		".well-known/openid-configuration": "GET, HEAD, OPTIONS", ".well-known/jwks.json": "GET, HEAD, OPTIONS",
	} {
		for _, method := range []string{http.MethodHead, http.MethodGet, http.MethodPut, http.MethodDelete, http.MethodPatch, http.MethodTrace, "PROPFIND", "get", "POST", "OPTIONS"} {
			if strings.Contains(allowed, method) {
				continue
			}
			rq, err := http.NewRequestWithContext(t.Context(), method, b.URL+path, strings.NewReader("x=y"))
			if err != nil {
				t.Fatal(err)
			}
			resp, err := b.browser.Do(rq)
			if err != nil {
				t.Fatal(err)
			}
			resp.Body.Close()
			if got := strings.Join(resp.Header.Values("Allow"), ", "); resp.StatusCode != http.StatusMethodNotAllowed || got != allowed {
				t.Errorf("%s /%s: %d, allowed %q, want %q", method, path, resp.StatusCode, got, allowed)
			}
		}
	}
}

// TestAbortedAndSlowBodies leaves requests half sent, and checks that other requests are
// answered meanwhile.
func TestAbortedAndSlowBodies(t *testing.T) {
	b := startBad(t)
	half := func() net.Conn {
		t.Helper()
		conn, err := net.Dial("tcp", b.Addr())
		if err != nil {
			t.Fatal(err)
		}
		t.Cleanup(func() { conn.Close() })
		_, err = fmt.Fprintf(conn, "POST /oauth/token HTTP/1.1\r\nHost: localhost\r\nContent-Type: %s\r\nContent-Length: 1000\r\n\r\ngrant_type=client_", formType)
		if err != nil {
			t.Fatal(err)
		}
		return conn
	}
	for range 50 {
		half()
	}
	aborted := half()
	if err := aborted.(*net.TCPConn).CloseWrite(); err != nil {
		t.Fatal(err)
	}
	if err := aborted.SetReadDeadline(time.Now().Add(servertest.Patience)); err != nil {
		t.Fatal(err)
	}
	resp, err := http.ReadResponse(bufio.NewReader(aborted), nil)
	if err != nil {
		t.Fatal(err)
	}
	resp.Body.Close()
	if resp.StatusCode != http.StatusBadRequest {
		t.Errorf("a body that was cut off: %d", resp.StatusCode)
	}
	for _, garbage := range []string{
		"\x00\x01\x02\x03\r\n\r\n", "GET\r\n\r\n", "POST /oauth/token HTTP/1.1\r\nContent-Length: -1\r\n\r\n", "GET / HTTP/9.9\r\n\r\n",
		"POST /oauth/token HTTP/1.1\r\nHost: localhost\r\nTransfer-Encoding: chunked\r\nContent-Type: " + formType + "\r\n\r\nzz\r\n",
		"POST /oauth/token HTTP/1.1\r\nHost: localhost\r\nContent-Length: 1\r\nContent-Length: 2\r\n\r\nxx",
	} {
		conn, err := net.Dial("tcp", b.Addr())
		if err != nil {
			t.Fatal(err)
		}
		fmt.Fprint(conn, garbage)
		_ = conn.SetReadDeadline(time.Now().Add(servertest.Patience))
		line, _ := bufio.NewReader(conn).ReadString('\n')
		if strings.Contains(line, " 5") && !strings.Contains(line, "505") {
			t.Errorf("%q is answered %q", garbage, line)
		}
		conn.Close()
	}
	form := url.Values{"grant_type": {"client_credentials"}, "client_id": {servertest.Cron}, "client_secret": {servertest.CronSecret}, "audience": {servertest.API}}
	if status, body := b.Token(b.browser, form); status != 200 {
		t.Errorf("another client is answered %d %v", status, body)
	}
}
