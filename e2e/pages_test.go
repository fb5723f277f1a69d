package e2e_test

import (
	"context"
	"net/url"
	"strings"
	"testing"

	"github.com/chromedp/chromedp"
	"github.com/chromedp/chromedp/kb"
	"github.com/google/go-cmp/cmp"

	"github.com/tenant0/tenant0/server/servertest"
)

// stage is a tenant with an application, and a browser.
type stage struct {
	*servertest.Server
	app     *application
	browser context.Context
}

func startStage(t *testing.T) *stage {
	t.Helper()
	app := startApplication(t)
	tenant := servertest.Start(t, timesheets(t, app.origin))
	return &stage{tenant, app, startBrowser(t, tenant)}
}

// authorizeURL returns the URL of an authorization request of the native application.
func (s *stage) authorizeURL(params url.Values) string {
	target, _ := s.AuthorizeURL(servertest.Login{ClientID: servertest.Mobile, RedirectURI: s.app.callback(), Params: params})
	return target
}

func TestPages(t *testing.T) {
	s := startStage(t)

	t.Run("a login takes nothing but the keyboard", func(t *testing.T) {
		w := openWindow(s.browser, t)
		w.open(s.authorizeURL(url.Values{"state": {"by hand"}}))
		w.becomes(`document.activeElement.id === "username"`)
		w.do(chromedp.KeyEvent(servertest.Employee), chromedp.KeyEvent(kb.Tab), chromedp.KeyEvent(servertest.Password))
		w.load(chromedp.KeyEvent(kb.Enter))
		if path := w.path(); path != "/u/consent" {
			t.Fatalf("Enter leads to %s, want the consent page", path)
		}
		for evaluate[string](w, "document.activeElement.value || ''") != "accept" {
			w.do(chromedp.KeyEvent(kb.Tab))
		}
		w.load(chromedp.KeyEvent(kb.Enter))
		if response := s.app.response(t); response.Get("code") == "" || response.Get("state") != "by hand" {
			t.Errorf("the application gets %v, want a code and its state", response)
		}
	})

	t.Run("a wrong password is said so, and the address stays", func(t *testing.T) {
		s.Reset()
		w := openWindow(s.browser, t)
		w.open(s.authorizeURL(nil))
		w.logIn(servertest.Employee, "not that")
		got := []string{
			w.path(), w.text("#error-element-password"), value(w, chromedp.Value(chromedp.ID("username"))),
			value(w, chromedp.Value(chromedp.ID("password"))),
		}
		if diff := cmp.Diff([]string{"/u/login", "Wrong email or password", servertest.Employee, ""}, got); diff != "" {
			t.Errorf("the page (-want +got):\n%s", diff)
		}
		w.logIn(servertest.Employee, servertest.Password)
		if path := w.path(); path != "/u/consent" {
			t.Errorf("the right password leads to %s, want the consent page", path)
		}
	})

	t.Run("consent is asked once, and names what is asked for", func(t *testing.T) {
		s.Reset()
		w := openWindow(s.browser, t)
		w.open(s.authorizeURL(nil))
		w.logIn(servertest.Manager, servertest.Password)
		page := w.text("main")
		for _, says := range []string{"Timesheets Mobile", "Timesheets API", "Read your timesheets", "Create timesheets for you"} {
			if !strings.Contains(page, says) {
				t.Errorf("the page does not say %q:\n%s", says, page)
			}
		}
		w.press("button[value=accept]")
		if response := s.app.response(t); response.Get("code") == "" {
			t.Errorf("the application gets %v, want a code", response)
		}
		w.open(s.authorizeURL(nil))
		if response := s.app.response(t); response.Get("code") == "" || w.path() != "/callback" {
			t.Errorf("at the second time the application gets %v by %s, want a code without a page", response, w.path())
		}
	})

	t.Run("who declines is not logged in to the application", func(t *testing.T) {
		s.Reset()
		w := openWindow(s.browser, t)
		w.open(s.authorizeURL(url.Values{"state": {"no"}}))
		w.logIn(servertest.Employee, servertest.Password)
		w.press("button[value=decline]")
		want := url.Values{"error": {"access_denied"}, "error_description": {"User did not authorize the request"}, "state": {"no"}}
		if diff := cmp.Diff(want, s.app.response(t)); diff != "" {
			t.Errorf("response (-want +got):\n%s", diff)
		}
	})

	t.Run("a login takes no JavaScript", func(t *testing.T) {
		s.Reset()
		w := openWindow(s.browser, t)
		w.withoutScript()
		w.open(s.authorizeURL(url.Values{"response_mode": {"form_post"}}))
		w.logIn(servertest.Employee, servertest.Password)
		w.press("button[value=accept]")
		w.press("form button") // the response waits for it
		if response := s.app.response(t); response.Get("code") == "" {
			t.Errorf("the application gets %v, want a code", response)
		}
	})

	t.Run("a response in form_post posts itself", func(t *testing.T) {
		s.Reset()
		w := openWindow(s.browser, t)
		w.open(s.authorizeURL(url.Values{"response_mode": {"form_post"}, "state": {"posted"}}))
		w.logIn(servertest.Employee, servertest.Password)
		w.press("button[value=accept]")
		if response := s.app.response(t); response.Get("code") == "" || response.Get("state") != "posted" {
			t.Errorf("the application gets %v, want a code and its state", response)
		}
	})

	t.Run("the back button leads on, not into a login that is over", func(t *testing.T) {
		s.Reset()
		w := openWindow(s.browser, t)
		w.open(s.authorizeURL(nil))
		w.logIn(servertest.Employee, servertest.Password)
		w.load(chromedp.Evaluate[chromedp.Void](`void history.back()`))
		if path := w.path(); path != "/u/consent" {
			t.Errorf("back from the consent page is %s, want the consent page again", path)
		}
	})

	t.Run("logout without proof asks first", func(t *testing.T) {
		s.Reset()
		w := openWindow(s.browser, t)
		w.open(s.authorizeURL(nil))
		w.logIn(servertest.Employee, servertest.Password)
		w.press("button[value=accept]")
		s.app.response(t)
		w.open(s.URL + "oidc/logout")
		if page := w.text("main"); !strings.Contains(page, servertest.Employee) {
			t.Errorf("the question does not name the user:\n%s", page)
		}
		w.press("button[value=deny]")
		if got := w.text("h1"); got != "Still Logged In" {
			t.Errorf("after no it says %q", got)
		}
		w.open(s.URL + "oidc/logout")
		w.press("button[value=accept]")
		if got := w.text("h1"); got != "Logged Out" {
			t.Errorf("after yes it says %q", got)
		}
		w.open(s.authorizeURL(url.Values{"prompt": {"none"}}))
		if response := s.app.response(t); response.Get("error") != "login_required" {
			t.Errorf("after the logout the application gets %v, want login_required", response)
		}
	})

	t.Run("a mistake of the application is shown to the person", func(t *testing.T) {
		w := openWindow(s.browser, t)
		w.open(s.authorizeURL(url.Values{"redirect_uri": {"http://localhost:1/elsewhere"}}))
		want := "unauthorized_client: Callback URL mismatch. http://localhost:1/elsewhere is not in the list of allowed callback URLs"
		if got := w.text(".error-details .error-status"); got != want {
			t.Errorf("the page says %q, want %q", got, want)
		}
	})

	t.Run("the pages are dark for who prefers that, and fit a phone", func(t *testing.T) {
		w := openWindow(s.browser, t)
		background := func(scheme string) string {
			w.prefer(scheme)
			return evaluate[string](w, `getComputedStyle(document.querySelector(".card")).backgroundColor`)
		}
		w.do(chromedp.EmulateViewport(360, 740))
		w.open(s.authorizeURL(nil))
		if light, dark := background("light"), background("dark"); light != "rgb(255, 255, 255)" || dark == light {
			t.Errorf("the card is %s in the light and %s in the dark", light, dark)
		}
		if width := evaluate[int](w, "document.documentElement.scrollWidth"); width > 360 {
			t.Errorf("the page is %d pixels wide on a screen of 360", width)
		}
	})
}
