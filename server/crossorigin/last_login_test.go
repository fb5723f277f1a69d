package crossorigin_test

import (
	"net/http"
	"net/url"
	"strings"
	"testing"

	"github.com/tenant0/tenant0/server/servertest"
)

// loggedIn starts a tenant with the built-in page, and returns it with the addresses of the page in logins that
// began before the user logged in.
func loggedIn(t *testing.T, logins ...url.Values) (tn tenant, at []string) {
	t.Helper()
	tn = startClassic(t, false)
	for _, params := range logins {
		_, page := tn.open(params)
		at = append(at, page.String())
	}
	page, _ := tn.open(nil)
	form := page.Form()
	form.Set("email", "ann@example.com")
	form.Set("password", "a password of ann")
	_, body := tn.posted("usernamepassword/login", form, "Sec-Fetch-Mode", "navigate")
	if left, shown := tn.posts(formOf(body)); left == nil || left.Query().Get("code") == "" {
		t.Fatalf("%v %d %s", left, shown.Status, shown.Body)
	}
	return tn, at
}

// sent sends the form of the offer, which is a GET to /authorize.
func (tn tenant) sent(page servertest.Page) (*url.URL, servertest.Page) {
	tn.t.Helper()
	if !strings.Contains(page.Body, `method="get" action="/authorize"`) {
		tn.t.Fatalf("the page has no offer: %s", page.Body)
	}
	return tn.Visit(tn.browser, tn.URL+"authorize?"+page.Form().Encode())
}

const offered = "auth0-lock-last-login-pane"

// TestTheLastLoginIsOffered: a browser with a session goes on with its account, or chooses another one.
func TestTheLastLoginIsOffered(t *testing.T) {
	tn, at := loggedIn(t, url.Values{"state": {"the application's"}})
	_, page := tn.Visit(tn.browser, at[0])
	for _, part := range []string{
		"Last time you logged in with", `data-provider="auth0"`, `<div class="auth0-lock-social-button-text">ann@example.com</div>`, "Not your account?",
	} {
		if !strings.Contains(page.Body, part) {
			t.Errorf("the page has no %s: %s", part, page.Body)
		}
	}
	if strings.Contains(page.Body, "auth0-lock-submit") || strings.Contains(page.Body, "password\"") {
		t.Errorf("the page asks for an account as well: %s", page.Body)
	}
	_, other := tn.Visit(tn.browser, at[0]+"&other_account=true")
	if c := configOf(t, other.Body); strings.Contains(other.Body, offered) || !strings.Contains(other.Body, "auth0-lock-submit") || c.ExtraParams["other_account"] != "" {
		t.Errorf("another account: %v %s", c, other.Body)
	}
	if left, shown := tn.sent(page); left == nil || left.Query().Get("code") == "" || left.Query().Get("state") != "the application's" {
		t.Errorf("%v %d %s", left, shown.Status, shown.Body)
	}
	if _, shown := tn.Visit(tn.Client(), at[0]); shown.Status != http.StatusBadRequest || strings.Contains(shown.Body, "ann@") {
		t.Errorf("another browser: %d %s", shown.Status, shown.Body)
	}
}

// TestAPromptIsNotAnsweredByTheLastLogin: the account is asked for if the application sends a prompt.
func TestAPromptIsNotAnsweredByTheLastLogin(t *testing.T) {
	tn, _ := loggedIn(t)
	if page, _ := tn.open(url.Values{"prompt": {"login"}}); strings.Contains(page.Body, offered) || !strings.Contains(page.Body, "auth0-lock-submit") {
		t.Errorf("%s", page.Body)
	}
}

// TestASessionThatIsTooOld: who goes on with an account whose session is older than the application allows is
// asked for the password of that account, and not about the account again.
func TestASessionThatIsTooOld(t *testing.T) {
	tn, _ := loggedIn(t)
	page, _ := tn.open(url.Values{"max_age": {"0"}})
	if !strings.Contains(page.Body, offered) {
		t.Fatalf("the page has no offer: %s", page.Body)
	}
	left, asked := tn.sent(page)
	if left != nil || strings.Contains(asked.Body, offered) || !strings.Contains(asked.Body, `name="email" type="email" value="ann@example.com"`) {
		t.Fatalf("%v %s", left, asked.Body)
	}
	form := asked.Form()
	form.Set("email", "ann@example.com")
	form.Set("password", "a password of ann")
	_, body := tn.posted("usernamepassword/login", form, "Sec-Fetch-Mode", "navigate")
	if left, shown := tn.posts(formOf(body)); left == nil || left.Query().Get("code") == "" {
		t.Errorf("%v %d %s", left, shown.Status, shown.Body)
	}
}

// TestTheLastLoginAtAProvider: the button has the provider's icon, and the page of another connection has no button.
func TestTheLastLoginAtAProvider(t *testing.T) {
	tn := startClassic(t, false)
	tn.Person("google-oauth2", "1081", map[string]any{"email": "ada@example.com"})
	tn.Choose("google-oauth2", "allow", "1081")
	_, at := tn.open(nil)
	target, _ := tn.AuthorizeURL(servertest.Login{ClientID: "app", RedirectURI: "https://app.example.com/callback", Params: url.Values{"audience": {""}, "connection": {"google-oauth2"}}})
	if left, shown := tn.Visit(tn.browser, target); left == nil {
		t.Fatalf("%d %s", shown.Status, shown.Body)
	}
	if page, _ := tn.open(url.Values{"connection": {"Username-Password-Authentication"}}); strings.Contains(page.Body, offered) || !strings.Contains(page.Body, "auth0-lock-submit") {
		t.Errorf("another connection: %s", page.Body)
	}
	_, page := tn.Visit(tn.browser, at.String())
	if !strings.Contains(page.Body, offered) || !strings.Contains(page.Body, `data-provider="google-oauth2"`) || !strings.Contains(page.Body, ">ada@example.com<") {
		t.Fatalf("%s", page.Body)
	}
	if left, shown := tn.sent(page); left == nil || left.Query().Get("code") == "" {
		t.Errorf("%v %d %s", left, shown.Status, shown.Body)
	}
}
