package login_test

import (
	"html"
	"io"
	"net/http"
	"net/url"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"github.com/tenant0/tenant0/server/servertest"
)

var noon = time.Date(2027, 3, 1, 12, 0, 0, 0, time.UTC)

// tenant is a running tenant with a browser.
type tenant struct {
	*servertest.Server
	browser *http.Client
	t       *testing.T
}

func start(t *testing.T) tenant {
	t.Helper()
	s := servertest.Start(t)
	return tenant{s, s.Client(), t}
}

// mobile returns a login to the application that asks for consent once.
func mobile(params url.Values) servertest.Login {
	return servertest.Login{ClientID: servertest.Mobile, RedirectURI: servertest.MobileCallback, Params: params}
}

// begin opens the login page of a new login that needs no consent.
func (tn tenant) begin(params ...string) servertest.Page {
	tn.t.Helper()
	all := url.Values{"audience": {""}, "scope": {"openid"}, "state": {"the application's own"}}
	for i := 0; i < len(params); i += 2 {
		all.Set(params[i], params[i+1])
	}
	target, _ := tn.AuthorizeURL(mobile(all))
	left, page := tn.Visit(tn.browser, target)
	if left != nil || page.URL.Path != "/u/login" {
		tn.t.Fatalf("the browser is sent to %v and shown %v", left, page.URL)
	}
	return page
}

// filled returns the page's form with a username and password entered.
func filled(page servertest.Page, username, password string) url.Values {
	form := page.Form()
	form.Set("username", username)
	form.Set("password", password)
	form.Set("action", "default")
	return form
}

// submit posts a form to a page, with headers in pairs, and does not follow redirects.
func (tn tenant) submit(page servertest.Page, form url.Values, headers ...string) (*http.Response, string) {
	tn.t.Helper()
	rq, err := http.NewRequestWithContext(tn.t.Context(), http.MethodPost, page.URL.String(), strings.NewReader(form.Encode()))
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
	return resp, html.UnescapeString(string(body))
}

// silent returns the result of a request with prompt=none: "code" or an error.
func (tn tenant) silent() string {
	tn.t.Helper()
	target, _ := tn.AuthorizeURL(mobile(url.Values{"audience": {""}, "scope": {"openid"}, "prompt": {"none"}}))
	left, page := tn.Visit(tn.browser, target)
	if left == nil {
		tn.t.Fatalf("a page is shown: %s", page.Body)
	}
	if left.Query().Get("code") != "" {
		return "code"
	}
	return left.Query().Get("error")
}

func diff(t *testing.T, what string, got, want any) {
	t.Helper()
	if d := cmp.Diff(want, got); d != "" {
		t.Errorf("%s (-want +got):\n%s", what, d)
	}
}

func TestWhatIsWrongWithTheForm(t *testing.T) {
	tn := start(t)
	for _, tt := range []struct {
		name, username, password string
		keys                     map[string]string // of the errors, with their sentences
	}{
		{"a wrong password", servertest.Employee, "not this one", map[string]string{"wrong-email-credentials": "Wrong email or password"}},
		{"a user who is none", "nobody@exampleco.com", servertest.Password, map[string]string{"wrong-email-credentials": "Wrong email or password"}},
		{"a password of more bytes than bcrypt takes", servertest.Employee, strings.Repeat("p", 100), map[string]string{"wrong-email-credentials": "Wrong email or password"}},
		{"markup", `"><script>alert(1)</script>`, "x", map[string]string{"wrong-email-credentials": "Wrong email or password"}},
		{"no username", "", servertest.Password, map[string]string{"no-email": "Please enter an email address"}},
		{"blanks", "   ", servertest.Password, map[string]string{"no-email": "Please enter an email address"}},
		{"no password", servertest.Employee, "", map[string]string{"no-password": "Password is required"}},
		{"neither", "", "", map[string]string{"no-email": "Please enter an email address", "no-password": "Password is required"}},
	} {
		t.Run(tt.name, func(t *testing.T) {
			tn.t = t
			page := tn.begin()
			resp, body := tn.submit(page, filled(page, tt.username, tt.password))
			diff(t, "status", resp.StatusCode, http.StatusBadRequest)
			for key, sentence := range tt.keys {
				if !strings.Contains(body, `data-error-code="`+key+`"`) || !strings.Contains(body, sentence) {
					t.Errorf("the page lacks the key %s or its sentence %q:\n%s", key, sentence, body)
				}
			}
			if n := strings.Count(body, "data-error-code="); n != len(tt.keys) {
				t.Errorf("the page shows %d errors, want %d", n, len(tt.keys))
			}
			if keeps := `value="` + strings.TrimSpace(tt.username) + `"`; !strings.Contains(body, keeps) {
				t.Errorf("the page does not keep the identifier: no %s", keeps)
			}
			if tt.password != "" && len(tt.password) > 1 && strings.Contains(body, tt.password) {
				t.Error("the page gives the password back")
			}
			if set := resp.Header.Values("Set-Cookie"); len(set) > 0 {
				t.Errorf("cookies are set: %v", set)
			}
			// The same page can still log in.
			left, _ := tn.Submit(tn.browser, page, filled(page, servertest.Employee, servertest.Password))
			if left == nil || left.Query().Get("code") == "" {
				t.Errorf("after that the right password leads to %v", left)
			}
			tn.browser = tn.Client()
		})
	}
}

// TestUnknownUsersLookLikeWrongPasswords compares the two pages completely.
func TestUnknownUsersLookLikeWrongPasswords(t *testing.T) {
	tn := start(t)
	page := tn.begin()
	_, wrong := tn.submit(page, filled(page, servertest.Employee, "wrong"))
	_, unknown := tn.submit(page, filled(page, "nobody@exampleco.com", "wrong"))
	diff(t, "the page of an unknown user", strings.ReplaceAll(unknown, "nobody@", "employee@"), wrong)
}

func TestTheIdentifierOfTheRequestIsFilledIn(t *testing.T) {
	tn := start(t)
	if page := tn.begin("login_hint", `x"@exampleco.com`); !strings.Contains(page.Body, `value="x&#34;@exampleco.com"`) {
		t.Errorf("the login_hint is not there:\n%s", page.Body)
	}
}

func TestIdentifiersAreTakenWithBlanksAndInAnyCase(t *testing.T) {
	tn := start(t)
	page := tn.begin()
	left, _ := tn.Submit(tn.browser, page, filled(page, "  Employee@EXAMPLECO.com ", servertest.Password))
	if left == nil || left.Query().Get("code") == "" {
		t.Errorf("the browser is sent to %v", left)
	}
}

func TestTheStateIsTheServersOwn(t *testing.T) {
	tn := start(t)
	page := tn.begin()
	state := page.URL.Query().Get("state")
	if len(state) < 40 || strings.Contains(page.URL.String(), "application") {
		t.Errorf("the page's state is %q", state)
	}
	left, _ := tn.Submit(tn.browser, page, filled(page, servertest.Employee, servertest.Password))
	diff(t, "the application's state", left.Query().Get("state"), "the application's own")
}

func TestStatesThatAreOver(t *testing.T) {
	tn := start(t)
	tn.Freeze(noon)
	visit := func(page servertest.Page, state string) (int, string) {
		t.Helper()
		u := *page.URL
		u.RawQuery = url.Values{"state": {state}}.Encode()
		_, shown := tn.Visit(tn.browser, u.String())
		return shown.Status, shown.Body
	}
	expired := func(when string, page servertest.Page, state string) {
		t.Helper()
		status, body := visit(page, state)
		if status != 400 || !strings.Contains(body, "You may have pressed the back button") {
			t.Errorf("%s: %d\n%s", when, status, body)
		}
		page.URL.RawQuery = url.Values{"state": {state}}.Encode()
		form := filled(page, servertest.Employee, servertest.Password)
		form.Set("state", state)
		resp, body := tn.submit(page, form)
		if resp.StatusCode != 400 || resp.Header.Get("Set-Cookie") != "" || !strings.Contains(body, "You may have pressed the back button") {
			t.Errorf("%s, with the form: %d %v", when, resp.StatusCode, resp.Header)
		}
	}
	page := tn.begin()
	for _, state := range []string{"", "x", page.URL.Query().Get("state") + "x", strings.Repeat("x", 10000)} {
		expired("a state that is none", tn.begin(), state)
	}
	tn.Freeze(noon.Add(time.Hour - time.Second))
	if status, body := visit(page, page.URL.Query().Get("state")); status != 200 {
		t.Errorf("within the hour: %d %s", status, body)
	}
	tn.Freeze(noon.Add(time.Hour))
	expired("after an hour", page, page.URL.Query().Get("state"))

	page = tn.begin()
	tn.Submit(tn.browser, page, filled(page, servertest.Employee, servertest.Password))
	tn.Freeze(noon.Add(time.Hour + time.Minute))
	expired("a minute after the login was done", page, page.URL.Query().Get("state"))
}

// TestBackButtonTwoTabsAndTwoClicks does what users often do.
func TestBackButtonTwoTabsAndTwoClicks(t *testing.T) {
	tn := start(t)
	code := func(what string, left *url.URL, page servertest.Page) {
		t.Helper()
		if left == nil || left.Query().Get("code") == "" {
			t.Errorf("%s leads to %v, page %d\n%s", what, left, page.Status, page.Body)
		}
	}
	first, second := tn.begin(), tn.begin()
	form := filled(first, servertest.Employee, servertest.Password)
	left, page := tn.Submit(tn.browser, first, form)
	code("the first tab", left, page)

	left, page = tn.Visit(tn.browser, first.URL.String())
	code("the back button", left, page)
	left, page = tn.Submit(tn.browser, first, form)
	code("the form once more", left, page)

	left, page = tn.Submit(tn.browser, second, filled(second, servertest.Employee, servertest.Password))
	code("the second tab", left, page)
	left, page = tn.Visit(tn.browser, second.URL.String())
	code("the second tab's back button", left, page)

	third := tn.begin("prompt", "login")
	form = filled(third, servertest.Employee, servertest.Password)
	var wait sync.WaitGroup
	for range 4 {
		wait.Go(func() {
			resp, body := tn.submit(third, form)
			if resp.StatusCode != http.StatusFound {
				t.Errorf("one of four clicks: %d %s", resp.StatusCode, body)
			}
		})
	}
	wait.Wait()
	left, page = tn.Visit(tn.browser, third.URL.String())
	code("four clicks at once", left, page)
}

func TestSessionFixation(t *testing.T) {
	tn := start(t)
	u, err := url.Parse(tn.URL)
	if err != nil {
		t.Fatal(err)
	}
	session := func() string {
		for _, c := range tn.browser.Jar.Cookies(u) {
			if c.Name == "auth0" {
				return c.Value
			}
		}
		return ""
	}
	plant := func(value string) {
		for _, name := range []string{"auth0", "auth0_compat"} {
			tn.browser.Jar.SetCookies(u, []*http.Cookie{{Name: name, Value: value, Path: "/", Secure: true}})
		}
	}
	logIn := func(username string, params ...string) {
		t.Helper()
		page := tn.begin(params...)
		if left, page := tn.Submit(tn.browser, page, filled(page, username, servertest.Password)); left == nil {
			t.Fatalf("the login ends at a page: %s", page.Body)
		}
	}
	plant("planted")
	diff(t, "with a cookie that was made up", tn.silent(), "login_required")
	logIn(servertest.Employee)
	if session() == "planted" {
		t.Error("the login keeps a cookie that was planted")
	}
	first := session()

	// The attacker's own live session, planted in the victim's browser.
	victim := tn.Client()
	attacker := tn.browser
	tn.browser = victim
	plant(first)
	logIn(servertest.Manager, "prompt", "login")
	if session() == first {
		t.Error("the victim's login keeps the attacker's cookie")
	}
	diff(t, "the victim's session", tn.silent(), "code")
	tn.browser = attacker
	diff(t, "the attacker's session after the victim's login", tn.silent(), "login_required")

	second := tn.begin()
	second.URL.RawQuery += "&auth0=" + url.QueryEscape(first)
	if _, page := tn.Visit(tn.browser, second.URL.String()); page.URL.Path != "/u/login" {
		t.Error("a session id is taken from the URL")
	}
}

func TestFormsOfOtherSites(t *testing.T) {
	tn := start(t)
	for _, tt := range []struct {
		name    string
		headers []string
		status  int
	}{
		{"the page's own", []string{"Origin", strings.TrimSuffix(tn.URL, "/"), "Sec-Fetch-Site", "same-origin"}, http.StatusFound},
		{"no browser", nil, http.StatusFound},
		{"another site by Sec-Fetch-Site", []string{"Sec-Fetch-Site", "cross-site"}, http.StatusForbidden},
		{"another host of the site by Sec-Fetch-Site", []string{"Sec-Fetch-Site", "same-site"}, http.StatusForbidden},
		{"another site by Origin", []string{"Origin", "https://evil.example"}, http.StatusForbidden},
		{"another port by Origin", []string{"Origin", "https://localhost:1"}, http.StatusForbidden},
		{"no site by Origin", []string{"Origin", "null"}, http.StatusForbidden},
	} {
		t.Run(tt.name, func(t *testing.T) {
			tn.t, tn.browser = t, tn.Client()
			page := tn.begin()
			form := filled(page, servertest.Employee, servertest.Password)
			resp, body := tn.submit(page, form, tt.headers...)
			diff(t, "status", resp.StatusCode, tt.status)
			if tt.status == http.StatusForbidden {
				if resp.Header.Get("Set-Cookie") != "" || !strings.Contains(body, "The form was sent from another site and was not accepted.") {
					t.Errorf("%v\n%s", resp.Header, body)
				}
				diff(t, "after that", tn.silent(), "login_required")
			}
		})
	}
}

// TestALoginBelongsToItsBrowser: whoever obtains the address of a login page cannot
// continue the login in another browser.
func TestALoginBelongsToItsBrowser(t *testing.T) {
	tn := start(t)
	page := tn.begin()
	form := filled(page, servertest.Employee, servertest.Password)
	withMark := tn.Client()
	tn.browser = withMark
	tn.begin() // has a mark of its own
	for name, browser := range map[string]*http.Client{"a browser without a mark": tn.Client(), "a browser with another": withMark} {
		tn.browser = browser
		resp, body := tn.submit(page, form)
		if resp.StatusCode != 400 || !strings.Contains(body, "This page belongs to another browser") || len(resp.Cookies()) > 0 {
			t.Errorf("%s: %d %v\n%s", name, resp.StatusCode, resp.Cookies(), body)
		}
		if _, shown := tn.Visit(browser, page.URL.String()); shown.Status != 400 {
			t.Errorf("%s is shown the page: %d", name, shown.Status)
		}
		resume := tn.URL + "authorize/resume?" + page.URL.RawQuery
		if left, shown := tn.Visit(browser, resume); left != nil || shown.Status != 400 {
			t.Errorf("%s takes the login up again: %v %d", name, left, shown.Status)
		}
	}
}

func TestHeadersOfThePage(t *testing.T) {
	tn := start(t)
	resp, err := tn.browser.Get(tn.begin().URL.String())
	if err != nil {
		t.Fatal(err)
	}
	defer resp.Body.Close()
	for name, want := range map[string]string{
		"Content-Type": "text/html; charset=utf-8", "Cache-Control": "no-store", "X-Frame-Options": "DENY",
		"Referrer-Policy": "same-origin", "X-Content-Type-Options": "nosniff", "X-Robots-Tag": "noindex, nofollow",
	} {
		diff(t, name, resp.Header.Get(name), want)
	}
	policy := resp.Header.Get("Content-Security-Policy")
	for _, part := range []string{"default-src 'none'", "frame-ancestors 'none'", "base-uri 'none'"} {
		if !strings.Contains(policy, part) {
			t.Errorf("the policy lacks %s: %s", part, policy)
		}
	}
	if strings.Contains(policy, "unsafe") {
		t.Errorf("the policy is %s", policy)
	}
}

// TestAFormThatComesAgainAfterItsLogin: a finished login belongs to one user, who may submit the form again;
// for everybody else it is over.
func TestAFormThatComesAgainAfterItsLogin(t *testing.T) {
	s := servertest.Start(t)
	s.Freeze(time.Date(2026, 3, 1, 12, 0, 0, 0, time.UTC))
	for _, username := range []string{servertest.Employee, servertest.Manager} {
		s.Login(s.Client(), servertest.Login{Username: username}) // and consent
	}
	browser := s.Client()
	target, _ := s.AuthorizeURL(servertest.Login{ClientID: servertest.Mobile, RedirectURI: servertest.MobileCallback})
	_, page := s.Visit(browser, target)
	for _, tt := range []struct {
		username string
		goesOn   bool
	}{{servertest.Employee, true}, {servertest.Employee, true}, {servertest.Manager, false}, {servertest.Employee, true}} {
		form := page.Form()
		form.Set("username", tt.username)
		form.Set("password", servertest.Password)
		left, shown := s.Submit(browser, page, form)
		if goesOn := left != nil && left.Query().Get("code") != ""; goesOn != tt.goesOn {
			t.Errorf("the form of %s leads to %v, %s", tt.username, left, shown.Body)
		}
	}
}
