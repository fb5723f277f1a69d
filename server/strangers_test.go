package server_test

import (
	"html"
	"io"
	"net/http"
	"net/url"
	"regexp"
	"strings"
	"testing"

	"github.com/tenant0/tenant0/server/servertest"
)

// The scripts in this file log in as scripts written for Auth0's pages do: without a browser, by the
// field names and the sequence of those pages.

// stranger is the HTTP client of a script that was written for Auth0.
type stranger struct {
	*servertest.Server
	t      *testing.T
	client *http.Client
	header http.Header
}

func newStranger(t *testing.T, s *servertest.Server, header ...string) stranger {
	t.Helper()
	g := stranger{s, t, s.Client(), http.Header{}}
	for i := 0; i < len(header); i += 2 {
		g.header.Set(header[i], header[i+1])
	}
	return g
}

// follows makes the client follow redirects within the server, as most clients do.
func (g stranger) follows() stranger {
	g.client.CheckRedirect = func(rq *http.Request, _ []*http.Request) error {
		if !strings.HasPrefix(rq.URL.String(), g.URL) {
			return http.ErrUseLastResponse
		}
		return nil
	}
	return g
}

// reply is a response whose body has been read.
type reply struct {
	status   int
	url      *url.URL
	location string
	body     string
}

func (g stranger) get(target string) reply { return g.send(http.MethodGet, target, nil) }

func (g stranger) post(target string, form url.Values) reply {
	return g.send(http.MethodPost, target, form)
}

func (g stranger) send(method, target string, form url.Values) reply {
	g.t.Helper()
	rq, err := http.NewRequestWithContext(g.t.Context(), method, target, strings.NewReader(form.Encode()))
	if err != nil {
		g.t.Fatal(err)
	}
	rq.Header = g.header.Clone()
	if method == http.MethodPost {
		rq.Header.Set("Content-Type", "application/x-www-form-urlencoded")
	}
	resp, err := g.client.Do(rq)
	if err != nil {
		g.t.Fatal(err)
	}
	defer resp.Body.Close()
	body, err := io.ReadAll(resp.Body)
	if err != nil {
		g.t.Fatal(err)
	}
	return reply{resp.StatusCode, resp.Request.URL, resp.Header.Get("Location"), string(body)}
}

// authorize returns the URL of an authorization request that leads to no consent page.
func (g stranger) authorize(params ...string) string {
	g.t.Helper()
	all := url.Values{"audience": {""}, "scope": {"openid"}}
	for i := 0; i < len(params); i += 2 {
		all.Set(params[i], params[i+1])
	}
	target, _ := g.AuthorizeURL(servertest.Login{ClientID: servertest.Mobile, RedirectURI: servertest.MobileCallback, Params: all})
	return target
}

// hasCode fails the test if a script did not reach the application's callback with a code.
func (g stranger) hasCode(location string) {
	g.t.Helper()
	u, err := url.Parse(location)
	if err != nil || !strings.HasPrefix(location, servertest.MobileCallback) || u.Query().Get("code") == "" {
		g.t.Fatalf("the script ends at %q", location)
	}
}

// found returns the first group that a regular expression matches, with HTML escapes undone.
func (g stranger) found(expression, text string) string {
	g.t.Helper()
	m := regexp.MustCompile(expression).FindStringSubmatch(text)
	if m == nil {
		g.t.Fatalf("%s is not in\n%s", expression, text)
	}
	return html.UnescapeString(m[1])
}

var inputTag, attribute = regexp.MustCompile(`<input [^>]*>`), regexp.MustCompile(`([\w-]+)="([^"]*)"`)

// inputs returns the names and values of the inputs in a page's first form, as cheerio or
// BeautifulSoup would collect them.
func inputs(body string) url.Values {
	_, form, _ := strings.Cut(body, "<form")
	form, _, _ = strings.Cut(form, "</form>")
	all := url.Values{}
	for _, tag := range inputTag.FindAllString(form, -1) {
		attributes := map[string]string{}
		for _, m := range attribute.FindAllStringSubmatch(tag, -1) {
			attributes[m[1]] = html.UnescapeString(m[2])
		}
		if attributes["name"] != "" {
			all.Set(attributes["name"], attributes["value"])
		}
	}
	return all
}

func TestStrangersLogIn(t *testing.T) {
	s := servertest.Start(t)
	for name, script := range map[string]func(stranger) string{
		// The form as a browser sends it, copied by hand from the browser's network panel.
		"with the fields that browsers send": func(g stranger) string {
			g = g.follows()
			page := g.get(g.authorize())
			return g.post(page.url.String(), url.Values{
				"state": {page.url.Query().Get("state")}, "username": {servertest.Employee}, "password": {servertest.Password},
				"js-available": {"true"}, "webauthn-available": {"true"}, "is-brave": {"false"}, "webauthn-platform-available": {"false"}, "action": {"default"},
			}).location
		},
		// Reads the next address from the plain text of each redirect.
		"by the text of redirects": func(g stranger) string {
			const next = `^Found\. Redirecting to (.*)`
			root := strings.TrimSuffix(g.URL, "/")
			login := g.found(next, g.get(g.authorize()).body)
			state := g.found(`state=([^&]+)`, login)
			resume := g.post(root+"/u/login?state="+state, url.Values{
				"state": {state}, "username": {servertest.Employee}, "password": {servertest.Password}, "action": {"default"},
			})
			return g.found(next, g.get(root+g.found(next, resume.body)).body)
		},
		// Requests HTML, and reads the next address from the link in each redirect.
		"by the links of redirects": func(g stranger) string {
			g.header.Set("Accept", "text/html,application/xhtml+xml")
			const next = `Redirecting to <a href="([^"]*)"`
			root := strings.TrimSuffix(g.URL, "/")
			state := g.found(`state=([^&"]+)`, g.get(g.authorize()).body)
			resume := g.post(root+"/u/login?state="+state, url.Values{"state": {state}, "username": {servertest.Employee}, "password": {servertest.Password}})
			return g.found(next, g.get(root+g.found(next, resume.body)).body)
		},
		"with the state in the form alone": func(g stranger) string {
			g = g.follows()
			state := g.found(`name="state" value="([^"]*)"`, g.get(g.authorize()).body)
			return g.post(g.URL+"u/login", url.Values{"state": {state}, "username": {servertest.Employee}, "password": {servertest.Password}, "action": {"default"}}).location
		},
		"with the inputs of the page": func(g stranger) string {
			g = g.follows()
			page := g.get(g.authorize())
			form := inputs(page.body)
			form.Set("username", servertest.Employee)
			form.Set("password", servertest.Password)
			form.Set("action", g.found(`<button type="submit" name="action" value="([^"]*)"`, page.body))
			return g.post(page.url.String(), form).location
		},
		"with the headers of a browser": func(g stranger) string {
			g = g.follows()
			for name, value := range map[string]string{
				"User-Agent": "Mozilla/5.0", "Accept": "text/html,*/*;q=0.8", "Sec-Fetch-Site": "same-origin", "Sec-Fetch-Mode": "navigate", "Sec-Fetch-Dest": "document",
			} {
				g.header.Set(name, value)
			}
			page := g.get(g.authorize())
			g.header.Set("Origin", strings.TrimSuffix(g.URL, "/"))
			g.header.Set("Referer", page.url.String())
			return g.post(page.url.String(), url.Values{"state": {page.url.Query().Get("state")}, "username": {servertest.Employee}, "password": {servertest.Password}, "action": {"default"}}).location
		},
		"after a wrong password": func(g stranger) string {
			g = g.follows()
			page := g.get(g.authorize())
			form := inputs(page.body)
			form.Set("username", servertest.Employee)
			form.Set("password", "not this")
			refusal := g.post(page.url.String(), form)
			if refusal.status != http.StatusBadRequest {
				g.t.Errorf("a wrong password gets %d", refusal.status)
			}
			const message = `<span id="error-element-password" class="ulp-input-error-message" data-error-code="wrong-email-credentials"[^>]*>(?:<span[^>]*></span>)?([^<]+)`
			if says := g.found(message, refusal.body); says != "Wrong email or password" {
				g.t.Errorf("a wrong password is told %q", says)
			}
			again := inputs(refusal.body)
			again.Set("password", servertest.Password)
			return g.post(refusal.url.String(), again).location
		},
		"and agrees to what is asked": func(g stranger) string {
			g = g.follows()
			page := g.get(g.authorize("audience", servertest.API, "scope", "openid read:timesheets"))
			form := inputs(page.body)
			form.Set("username", servertest.Employee)
			form.Set("password", servertest.Password)
			question := g.post(page.url.String(), form)
			if question.url.Path != "/u/consent" {
				g.t.Fatalf("after the login comes %s", question.url)
			}
			// The first button named action accepts.
			answer := url.Values{"action": {g.found(`name="action" value="([^"]*)"`, question.body)}}
			for _, name := range []string{"state", "audience", "scope[]"} {
				for _, m := range regexp.MustCompile(`name="`+regexp.QuoteMeta(name)+`" value="([^"]*)"`).FindAllStringSubmatch(question.body, -1) {
					answer.Add(name, html.UnescapeString(m[1]))
				}
			}
			return g.post(question.url.String(), answer).location
		},
		"as somebody new": func(g stranger) string {
			g = g.follows()
			page := g.get(g.authorize())
			signup := g.found(`<div class="ulp-alternate-action  _alternate-action[^"]*"><p>[^<]*<a href="([^"]*)">Sign up`, page.body)
			page = g.get(strings.TrimSuffix(g.URL, "/") + signup)
			return g.post(page.url.String(), url.Values{
				"state": {page.url.Query().Get("state")}, "email": {"stranger@example.com"}, "password": {"ExampleCo!2026-new"}, "action": {"default"},
			}).location
		},
	} {
		t.Run(name, func(t *testing.T) {
			g := newStranger(t, s)
			g.hasCode(script(g))
		})
	}
}

// TestStrangersResetAPassword follows the "Forgot password?" link of the login page, which takes along
// the address that the user has typed.
func TestStrangersResetAPassword(t *testing.T) {
	g := newStranger(t, servertest.Start(t)).follows()
	root := strings.TrimSuffix(g.URL, "/")
	const link = `<p class="[^"]*ulp-forgot-password-link"><a href="([^"]*)"`
	page := g.get(g.authorize())
	if start := g.found(link, page.body); !strings.HasPrefix(start, "/u/login/password-reset-start/Username-Password-Authentication?state=") {
		t.Errorf("the link leads to %s", start)
	}
	form := inputs(page.body)
	form.Set("username", servertest.Employee)
	form.Set("password", "forgotten")
	refusal := g.post(page.url.String(), form)
	request := g.get(root + g.found(link, refusal.body))
	if request.url.Path != "/u/reset-password/request/Username-Password-Authentication" {
		t.Errorf("the link ends at %s", request.url)
	}
	reset := inputs(request.body)
	if reset.Get("email") != servertest.Employee {
		t.Errorf("the address that is filled in is %q", reset.Get("email"))
	}
	sent := g.post(request.url.String(), reset)
	if again := g.post(sent.url.String(), inputs(sent.body)); !strings.Contains(sent.body, "Check Your Email") || !strings.Contains(again.body, "Check Your Email") {
		t.Errorf("after that the pages are\n%s\n%s", sent.body, again.body)
	}
	if all := g.Inbox(); len(all) != 2 {
		t.Errorf("after the button was pressed once more there are %d e-mails", len(all))
	}
	mail := g.WaitForMessage(servertest.Employee, "reset_email")
	change := g.get(mail.Link)
	g.header.Set("Origin", root)
	done := g.post(change.url.String(), url.Values{"password-reset": {"ExampleCo!2027"}, "re-enter-password": {"ExampleCo!2027"}, "action": {"default"}})
	if !strings.Contains(done.body, "Password Changed!") {
		t.Fatalf("after the new password the page is\n%s", done.body)
	}
	page = g.get(g.authorize("prompt", "login"))
	form = inputs(page.body)
	form.Set("username", servertest.Employee)
	form.Set("password", "ExampleCo!2027")
	g.hasCode(g.post(page.url.String(), form).location)
}

// TestEveryFormIsGuarded posts to each page from another site, and from a browser that did not
// begin the login.
func TestEveryFormIsGuarded(t *testing.T) {
	s := servertest.Start(t)
	owner := newStranger(t, s).follows()
	state := owner.get(owner.authorize()).url.Query().Get("state")
	form := url.Values{
		"state": {state}, "action": {"default"}, "username": {servertest.Employee}, "password": {servertest.Password}, "email": {"a@example.com"},
		"organizationName": {"acme"}, "audience": {""}, "scope[]": {"openid"},
	}
	other := newStranger(t, s)
	other.get(other.authorize()) // a browser with a mark of its own
	for _, path := range []string{
		"u/login", "u/signup", "u/consent", "u/logout", "u/reset-password/request/Username-Password-Authentication",
		"u/organization", "u/organization-picker", "u/pre-organization-picker", "u/accept-invitation",
		"u/login/identifier", "u/login/password", "u/signup/identifier", "u/signup/password", "u/login/passwordless-email-challenge",
		"u/login/passwordless-sms-challenge", "u/login/passwordless-email-link", "u/email-identifier/challenge",
		"u/phone-identifier/challenge", "u/reset-password/code",
	} {
		target := s.URL + path + "?state=" + url.QueryEscape(state)
		for name, header := range map[string][]string{
			"another site by Origin":         {"Origin", "https://evil.example"},
			"no site by Origin":              {"Origin", "null"},
			"another site by Sec-Fetch-Site": {"Sec-Fetch-Site", "cross-site"},
			"a sibling by Sec-Fetch-Site":    {"Sec-Fetch-Site", "same-site"},
		} {
			g := newStranger(t, s, header...)
			g.client = owner.client
			if got := g.post(target, form); got.status != http.StatusForbidden {
				t.Errorf("%s from %s: %d", path, name, got.status)
			}
		}
		for name, g := range map[string]stranger{"a browser without cookies": newStranger(t, s), "another browser": other} {
			if got := g.post(target, form); got.status != http.StatusBadRequest || got.location != "" {
				t.Errorf("%s from %s: %d to %q", path, name, got.status, got.location)
			}
		}
	}
}
