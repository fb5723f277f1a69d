package passwordless_test

import (
	"net/http"
	"net/url"
	"strings"
	"testing"
	"time"

	"github.com/tenant0/tenant0/server/servertest"
)

// pagesFile is a tenant whose applications log in without passwords: "codes" only this way,
// "both" also with a database, and "links" sends links.
const pagesFile = `
tenant: {friendly_name: ExampleCo}
clients:
  - {name: Codes, client_id: codes, app_type: native, token_endpoint_auth_method: none, callbacks: ["https://app.example.com/callback"], grant_types: [authorization_code]}
  - {name: Both, client_id: both, app_type: native, token_endpoint_auth_method: none, callbacks: ["https://app.example.com/callback"], grant_types: [authorization_code]}
  - {name: Links, client_id: links, app_type: native, token_endpoint_auth_method: none, callbacks: ["https://app.example.com/callback"], grant_types: [authorization_code]}
  - {name: Closed, client_id: closed, app_type: native, token_endpoint_auth_method: none, callbacks: ["https://app.example.com/callback"], grant_types: [authorization_code]}
  - {name: management, client_id: Tenant0ManagementClient000000001, client_secret: tenant0-management-secret-for-development-only,
     app_type: non_interactive, grant_types: [client_credentials]}
clientGrants:
  - {client_id: Tenant0ManagementClient000000001, audience: "${issuer}api/v2/", allow_all_scopes: true}
connections:
  - {name: email, strategy: email, enabled_clients: [codes, both]}
  - {name: sms, strategy: sms, enabled_clients: [codes, both]}
  - {name: mail-link, strategy: email, enabled_clients: [links], options: {send: link}}
  - {name: members, strategy: email, enabled_clients: [closed], options: {disable_signup: true}}
users:
  - {user_id: "auth0|ann", email: ann@example.com, password: a password of ann, connection: Username-Password-Authentication}
databases:
  - {name: Username-Password-Authentication, strategy: auth0, enabled_clients: [both]}
`

const (
	emailChallenge = "/u/login/passwordless-email-challenge"
	smsChallenge   = "/u/login/passwordless-sms-challenge"
)

func startPages(t *testing.T) tenant {
	t.Helper()
	s := servertest.Start(t, servertest.Seed(pagesFile), servertest.HTTP())
	return tenant{s, s.Client(), t}
}

// begin opens the login page of an application.
func (tn tenant) begin(clientID string, params ...string) servertest.Page {
	tn.t.Helper()
	all := url.Values{"audience": {""}, "scope": {"openid"}}
	for i := 0; i < len(params); i += 2 {
		all.Set(params[i], params[i+1])
	}
	target, _ := tn.AuthorizeURL(servertest.Login{ClientID: clientID, RedirectURI: "https://app.example.com/callback", Params: all})
	left, page := tn.Visit(tn.browser, target)
	if left != nil {
		tn.t.Fatalf("the login ends at %s", left)
	}
	return page
}

// fill submits a page with the given values and returns the next page.
func (tn tenant) fill(page servertest.Page, typed ...string) (*url.URL, servertest.Page) {
	tn.t.Helper()
	form := url.Values{"state": {page.URL.Query().Get("state")}}
	for i := 0; i < len(typed); i += 2 {
		form.Set(typed[i], typed[i+1])
	}
	return tn.Submit(tn.browser, page, form)
}

// next submits a page and expects another page at the path.
func (tn tenant) next(page servertest.Page, path string, typed ...string) servertest.Page {
	tn.t.Helper()
	left, next := tn.fill(page, typed...)
	if left != nil || next.URL.Path != path {
		tn.t.Fatalf("after %s comes %v %v, want %s\n%s", page.URL.Path, left, next.URL, path, next.Body)
	}
	return next
}

func (tn tenant) refusesWith(page servertest.Page, key string, typed ...string) {
	tn.t.Helper()
	left, next := tn.fill(page, typed...)
	if left != nil || next.Status != http.StatusBadRequest || !strings.Contains(next.Body, `data-error-code="`+key+`"`) {
		tn.t.Fatalf("%v gets %v %d, want %s\n%s", typed, left, next.Status, key, next.Body)
	}
}

// arrives fails the test unless the login ended at the application with a code.
func (tn tenant) arrives(left *url.URL, page servertest.Page) {
	tn.t.Helper()
	if left == nil || !strings.HasPrefix(left.String(), "https://app.example.com/callback?") || left.Query().Get("code") == "" {
		tn.t.Fatalf("the login ends at %v\n%s", left, page.Body)
	}
}

func TestAnApplicationWithoutPasswordsLogsInByCode(t *testing.T) {
	tn := startPages(t)
	page := tn.begin("codes")
	if page.URL.Path != "/u/login/identifier" || !strings.Contains(page.Body, "Phone number or Email address") {
		t.Fatalf("the login begins at %s\n%s", page.URL, page.Body)
	}
	for _, typed := range []string{"nobody", "+", "a@b@c", "+1 555 010"[:1]} {
		tn.refusesWith(page, "invalid-email-phone", "username", typed)
	}
	tn.refusesWith(page, "no-username", "username", " ")

	challenge := tn.next(page, emailChallenge, "username", "Bob@Example.com", "action", "default")
	for _, has := range []string{
		"We&#39;ve sent an email with your code to", `<span class="ulp-authenticator-selector-text">bob@example.com</span>`, `id="code" name="code"`,
		`autocomplete="one-time-code"`, `data-link-name="edit-email"`, `value="resend"`, "<title>Enter your email code to log in | Codes</title>",
	} {
		if !strings.Contains(challenge.Body, has) {
			t.Errorf("the page has no %s:\n%s", has, challenge.Body)
		}
	}
	tn.refusesWith(challenge, "no-code", "code", "", "action", "default")
	first := tn.WaitForMessage("bob@example.com", "passwordless_email").Code
	tn.ClearInbox()
	again := tn.next(challenge, emailChallenge, "action", "resend", "code", "")
	second := tn.WaitForMessage("bob@example.com", "passwordless_email").Code
	if first != second {
		tn.refusesWith(again, "invalid-code", "code", first)
	}
	left, last := tn.fill(again, "code", " "+second+" ", "action", "default")
	tn.arrives(left, last)
	// The account exists now, and the page leads to what follows it.
	left, last = tn.Visit(tn.browser, challenge.URL.String())
	tn.arrives(left, last)
	if left, _ := tn.Visit(tn.browser, tn.URL+strings.TrimPrefix("/authorize?"+tn.silent("codes"), "/")); left.Query().Get("code") == "" {
		t.Errorf("a second login ends at %s", left)
	}
}

// silent returns the parameters of an authorization request that shows no page.
func (tn tenant) silent(clientID string) string {
	target, _ := tn.AuthorizeURL(servertest.Login{
		ClientID: clientID, RedirectURI: "https://app.example.com/callback", Params: url.Values{"audience": {""}, "scope": {"openid"}, "prompt": {"none"}},
	})
	_, query, _ := strings.Cut(target, "?")
	return query
}

func TestCodesByTextMessage(t *testing.T) {
	tn := startPages(t)
	challenge := tn.next(tn.begin("codes"), smsChallenge, "username", "+1 (555) 01-00", "action", "default")
	if !strings.Contains(challenge.Body, ">&#43;15550100</span>") || !strings.Contains(challenge.Body, "Enter the 6-digit code") {
		t.Errorf("the page is\n%s", challenge.Body)
	}
	// The page for e-mail codes leads to the one that waits for a code.
	_, other := tn.Visit(tn.browser, strings.Replace(challenge.URL.String(), smsChallenge, emailChallenge, 1))
	if other.URL.Path != smsChallenge {
		t.Errorf("the page for e-mail leads to %s", other.URL)
	}
	code := tn.WaitForMessage("+15550100", "otp_verify").Code
	left, last := tn.fill(challenge, "code", code)
	tn.arrives(left, last)
}

func TestCodesRunOut(t *testing.T) {
	tn := startPages(t)
	challenge := tn.next(tn.begin("codes"), emailChallenge, "username", "bob@example.com")
	code := tn.WaitForMessage("bob@example.com", "passwordless_email").Code
	wrong := "000000"
	if code == wrong {
		wrong = "111111"
	}
	for range 3 {
		tn.refusesWith(challenge, "invalid-code", "code", wrong)
	}
	tn.refusesWith(challenge, "too-many-failures", "code", code)
	tn.ClearInbox()
	challenge = tn.next(challenge, emailChallenge, "action", "resend")
	code = tn.WaitForMessage("bob@example.com", "passwordless_email").Code
	tn.Advance(4 * time.Minute)
	tn.refusesWith(challenge, "invalid-expired-code", "code", code)
}

// TestCodesAreBound enters codes in places for which they were not sent.
func TestCodesAreBound(t *testing.T) {
	tn := startPages(t)
	challenge := tn.next(tn.begin("codes"), emailChallenge, "username", "bob@example.com")
	code := tn.WaitForMessage("bob@example.com", "passwordless_email").Code

	// Another browser with the address of the page and the code.
	stranger := tenant{tn.Server, tn.Client(), t}
	if left, page := stranger.fill(challenge, "code", code); left != nil || page.Status != http.StatusBadRequest || strings.Contains(page.Body, "bob@example.com") {
		t.Errorf("another browser gets to %v, or sees\n%s", left, page.Body)
	}
	// A code from another application's login and for another person.
	both := tn.next(tn.begin("both"), emailChallenge, "connection", "email", "username", "carol@example.com")
	tn.refusesWith(both, "invalid-code", "code", code)
	// Another site that posts to the page.
	rq, err := http.NewRequestWithContext(t.Context(), http.MethodPost, challenge.URL.String(), strings.NewReader("code="+code))
	if err != nil {
		t.Fatal(err)
	}
	rq.Header.Set("Content-Type", "application/x-www-form-urlencoded")
	rq.Header.Set("Origin", "https://evil.example")
	resp, err := tn.browser.Do(rq)
	if err != nil {
		t.Fatal(err)
	}
	resp.Body.Close()
	if resp.StatusCode != http.StatusForbidden {
		t.Errorf("another site gets %s", resp.Status)
	}
	left, last := tn.fill(challenge, "code", code)
	tn.arrives(left, last)
	// The login is finished, and its code works for no other login, not even in the same browser.
	again := tn.next(tn.begin("codes", "prompt", "login"), emailChallenge, "username", "bob@example.com")
	tn.refusesWith(again, "invalid-code", "code", code)
}

func TestCodesBesideADatabase(t *testing.T) {
	tn := startPages(t)
	page := tn.begin("both")
	if page.URL.Path != "/u/login" || !strings.Contains(page.Body, `<form method="POST" data-provider="email"`) || !strings.Contains(page.Body, "Email me a code") {
		t.Fatalf("the login begins at %s\n%s", page.URL, page.Body)
	}
	// No identifier was entered, so the page asks for it; the password remains possible.
	ask := tn.next(page, "/u/login/identifier", "connection", "sms")
	if !strings.Contains(ask.Body, ">Phone number</label>") || !strings.Contains(ask.Body, "Use your password") {
		t.Errorf("the page that asks for the number is\n%s", ask.Body)
	}
	tn.refusesWith(ask, "invalid-phone-number", "username", "ann@example.com")
	tn.refusesWith(ask, "no-phone", "username", "")
	back := tn.next(ask, "/u/login", "connection", "Username-Password-Authentication")
	left, last := tn.fill(back, "username", "ann@example.com", "password", "a password of ann")
	tn.arrives(left, last)

	// With identifier-first pages the button is on the password page.
	if status, answer := tn.Manage(tn.Client(), http.MethodPatch, "prompts", object{"identifier_first": true}); status != 200 {
		t.Fatalf("prompts: %d %v", status, answer)
	}
	first := tn.begin("both", "prompt", "login")
	password := tn.next(first, "/u/login/password", "username", "dora@example.com")
	challenge := tn.next(password, emailChallenge, "connection", "email")
	_, edit := tn.Visit(tn.browser, tn.URL+"u/login/identifier?state="+url.QueryEscape(challenge.URL.Query().Get("state")))
	if edit.URL.Path != "/u/login/identifier" || !strings.Contains(edit.Body, `value="dora@example.com"`) {
		t.Errorf("the link to edit leads to %s\n%s", edit.URL, edit.Body)
	}
	left, last = tn.fill(challenge, "code", tn.WaitForMessage("dora@example.com", "passwordless_email").Code)
	tn.arrives(left, last)
	if left, page := tn.fill(first, "connection", "members"); left != nil || page.Status != http.StatusBadRequest {
		t.Errorf("a connection of another application leads to %v %d", left, page.Status)
	}
}

func TestSignUpByCode(t *testing.T) {
	tn := startPages(t)
	page := tn.begin("codes", "screen_hint", "signup")
	if page.URL.Path != "/u/signup/identifier" {
		t.Fatalf("the sign-up begins at %s", page.URL)
	}
	tn.refusesWith(page, "no-email", "email", "")
	tn.refusesWith(page, "invalid-email-format", "email", "nobody")
	challenge := tn.next(page, emailChallenge, "email", "new@example.com", "action", "default")
	left, last := tn.fill(challenge, "code", tn.WaitForMessage("new@example.com", "passwordless_email").Code)
	tn.arrives(left, last)
}

// TestNobodyIsToldWhoHasAnAccount: a connection without sign-ups answers an unknown address in
// the same way, and sends it nothing.
func TestNobodyIsToldWhoHasAnAccount(t *testing.T) {
	tn := startPages(t)
	page := tn.begin("closed")
	if strings.Contains(page.Body, "Sign up") {
		t.Errorf("the page offers to sign up:\n%s", page.Body)
	}
	challenge := tn.next(page, emailChallenge, "username", "stranger@example.com")
	tn.refusesWith(challenge, "invalid-code", "code", "123456")
	tn.next(challenge, emailChallenge, "action", "resend")
	if sent := tn.Inbox(); len(sent) != 0 {
		t.Errorf("%d messages were sent", len(sent))
	}
}

func TestLinksOfThePage(t *testing.T) {
	tn := startPages(t)
	wait := tn.next(tn.begin("links"), "/u/login/passwordless-email-link", "username", "bob@example.com")
	if !strings.Contains(wait.Body, "Email sent. Check your inbox for a login link.") || strings.Contains(wait.Body, `name="code"`) {
		t.Errorf("the page is\n%s", wait.Body)
	}
	old := tn.WaitForMessage("bob@example.com", "passwordless_email").Link
	tn.ClearInbox()
	tn.next(wait, "/u/login/passwordless-email-link", "action", "resend")
	link := tn.WaitForMessage("bob@example.com", "passwordless_email").Link
	if left, page := tn.Visit(tn.browser, old); left != nil || !strings.Contains(page.Body, "invalid-code") {
		t.Errorf("the link before leads to %v\n%s", left, page.Body)
	}
	stranger := tn.Client()
	if left, page := tn.Visit(stranger, link); left != nil || page.Status != http.StatusBadRequest || !strings.Contains(page.Body, "opened on the same device and browser") {
		t.Errorf("in another browser the link leads to %v %d", left, page.Status)
	}
	left, last := tn.Visit(tn.browser, link)
	tn.arrives(left, last)
	tn.Visit(tn.browser, tn.URL+"v2/logout?client_id=links")
	if left, page := tn.Visit(tn.browser, link); left != nil || page.Status != http.StatusBadRequest {
		t.Errorf("after the logout the link that was used leads to %v %d", left, page.Status)
	}
}

func TestWhoHasNotSaidWhereToIsAsked(t *testing.T) {
	tn := startPages(t)
	page := tn.begin("codes")
	for _, path := range []string{emailChallenge, smsChallenge, "/u/login/passwordless-email-link", "/u/login/password", "/u/signup/password"} {
		_, asked := tn.Visit(tn.browser, tn.URL+path[1:]+"?state="+url.QueryEscape(page.URL.Query().Get("state")))
		if want := map[bool]string{true: "/u/signup/identifier", false: "/u/login/identifier"}[path == "/u/signup/password"]; asked.URL.Path != want {
			t.Errorf("%s leads to %s", path, asked.URL)
		}
	}
}
