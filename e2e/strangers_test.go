package e2e_test

import (
	"fmt"
	"net/url"
	"testing"

	"github.com/chromedp/chromedp"
	"github.com/chromedp/chromedp/kb"
	"github.com/google/go-cmp/cmp"

	"github.com/tenant0/tenant0/server/servertest"
)

// TestScriptsForAuth0sPages does in a browser what scripts written for Auth0's pages do, with the same
// selectors in the same order.
func TestScriptsForAuth0sPages(t *testing.T) {
	s := startStage(t)
	const password = "ExampleCo!2026-new"
	agree := func(t *testing.T, w *window) {
		t.Helper()
		for w.path() == "/u/consent" {
			w.press(`button[name=action]`) // the first one goes on
		}
		if response := s.app.response(t); response.Get("code") == "" {
			t.Fatalf("the application gets %v, want a code", response)
		}
	}
	typing := func(w *window, selector chromedp.CSS, text string) {
		w.t.Helper()
		w.do(chromedp.Focus(selector), chromedp.KeyEvent(text))
	}

	t.Run("Cypress: both on one page", func(t *testing.T) {
		w := openWindow(s.browser, t)
		w.open(s.authorizeURL(nil))
		typing(w, "input#username", servertest.Employee)
		typing(w, `input[name=password]`, servertest.Password)
		w.press(`button[type=submit][name=action][value=default]`)
		agree(t, w)
	})

	t.Run("Playwright: the messages, the button that shows, and Enter", func(t *testing.T) {
		w := openWindow(s.browser, t)
		w.open(s.authorizeURL(nil))
		w.do(chromedp.Click(chromedp.CSS(`button[type="submit"][name="action"]`)))
		if got := []string{w.text("#error-cs-username-required"), w.text("#error-cs-password-required")}; !cmp.Equal(got, []string{"Please enter an email address", "Password is required"}) {
			t.Errorf("the page says %q", got)
		}
		typing(w, "#username", servertest.Employee)
		typing(w, "#password", servertest.Password)
		w.do(chromedp.Click(chromedp.CSS(`button[aria-label='Show password']`)))
		if kind := evaluate[string](w, `document.querySelector("#password").type`); kind != "text" {
			t.Errorf("the password's input is of type %s", kind)
		}
		w.do(chromedp.Focus(chromedp.CSS("#password")))
		w.load(chromedp.KeyEvent(kb.Enter))
		agree(t, w)
	})

	t.Run("Selenium: sign-up by the link", func(t *testing.T) {
		w := openWindow(s.browser, t)
		w.open(s.authorizeURL(nil))
		if src := evaluate[int](w, `document.querySelector("img#prompt-logo-center").naturalWidth`); src == 0 {
			t.Error("the logo is not shown")
		}
		w.press("div.ulp-alternate-action p a")
		typing(w, "#email", "selenium@example.com")
		typing(w, "#password", password)
		w.press(`button[data-action-button-primary="true"]`)
		agree(t, w)
	})

	t.Run("Puppeteer: the identifier first", func(t *testing.T) {
		m := manage(t, s.Server)
		m.send("PATCH", "/prompts", `{"identifier_first":true}`)
		w := openWindow(s.browser, t)
		w.open(s.authorizeURL(url.Values{"prompt": {"login"}}))
		if w.path() != "/u/login/identifier" || !evaluate[bool](w, `!!document.querySelector("main.login-id")`) {
			t.Fatalf("the login begins at %s", w.path())
		}
		if available := evaluate[string](w, `document.querySelector("#js-available").value`); available != "true" {
			t.Errorf("JavaScript is said to be available: %s", available)
		}
		typing(w, "#username", "nobody@example.com")
		w.press("._button-login-id")
		w.press("[data-link-name=edit-username]")
		w.do(chromedp.SetValue(chromedp.ID("username"), servertest.Employee))
		w.press("._button-login-id")
		if who := w.text("span.ulp-authenticator-selector-text"); who != servertest.Employee {
			t.Errorf("the password is asked of %s", who)
		}
		typing(w, "form._form-login-password #password", "not this")
		w.press("._button-login-password")
		if says := w.text("#error-element-password"); says != "Wrong email or password" {
			t.Errorf("a wrong password is told %q", says)
		}
		typing(w, "#password", servertest.Password)
		w.press("._button-login-password")
		agree(t, w)

		w = openWindow(s.browser, t)
		w.open(s.authorizeURL(url.Values{"screen_hint": {"signup"}}))
		typing(w, "input[name=email]", "puppeteer@example.com")
		w.press("._button-signup-id")
		typing(w, "input#password", password)
		w.press(`button[type=submit][name=action]`)
		agree(t, w)
	})

	t.Run("Playwright: by XPath, and the password page by its own button", func(t *testing.T) {
		w := openWindow(s.browser, t)
		w.open(s.authorizeURL(url.Values{"prompt": {"login"}}))
		at := func(xpath string) string {
			return fmt.Sprintf(`document.evaluate(%q, document, null, XPathResult.FIRST_ORDERED_NODE_TYPE, null).singleNodeValue`, xpath)
		}
		evaluate[chromedp.Void](w, at(`//input[@name='username']`)+".focus()")
		w.do(chromedp.KeyEvent(servertest.Employee))
		w.load(chromedp.Evaluate[chromedp.Void](at(`//button[text()="Continue"]`) + ".click()"))
		for _, xpath := range []string{`//section[contains(@class, "_prompt-box-outer")]//div//div//h1`, `//section[contains(@class, "_prompt-box-outer")]//div//div//div//p`, `//img[@id="prompt-logo-center"]`} {
			if !evaluate[bool](w, "!!"+at(xpath)) {
				t.Errorf("nothing answers to %s", xpath)
			}
		}
		evaluate[chromedp.Void](w, at(`//input[@name='password' and not(contains(@class, 'hide'))]`)+".focus()")
		w.do(chromedp.KeyEvent(servertest.Password))
		w.load(chromedp.Evaluate[chromedp.Void](at(`//button[contains(text(),'Continue')][@data-action-button-primary='true']`) + ".click()"))
		agree(t, w)
	})

	t.Run("Cypress: the last block of the form has the button", func(t *testing.T) {
		w := openWindow(s.browser, t)
		w.open(s.authorizeURL(url.Values{"prompt": {"login"}}))
		typing(w, `input[name='username'], input[name='email'], input[type='email']`, servertest.Employee)
		w.press(`form > div:last-child > button[type=submit][name=action]`)
		typing(w, `input[name='password']:not(.hide)`, servertest.Password)
		w.press(`section div div form div button[type='submit']`) //nolint:dupword // so the script has it
		agree(t, w)
	})

	t.Run("Selenium: by class names alone", func(t *testing.T) {
		w := openWindow(s.browser, t)
		w.open(s.authorizeURL(url.Values{"prompt": {"login"}}))
		typing(w, ".login-id input.input", servertest.Employee)
		w.press("button._button-login-id, button[type='submit']:not(.ulp-hidden-form-submit-button)")
		typing(w, "._form-login-password input.input", servertest.Password)
		w.press("button[type=submit], button._button-login-password")
		agree(t, w)
	})

	t.Run("Puppeteer: values that are set, and a button that is clicked later", func(t *testing.T) {
		w := openWindow(s.browser, t)
		w.open(s.authorizeURL(url.Values{"prompt": {"login"}}))
		evaluate[chromedp.Void](w, `document.querySelector("#username").value = `+quoted(servertest.Employee))
		w.press("button._button-login-id")
		evaluate[chromedp.Void](w, `document.querySelector("#password").value = `+quoted(servertest.Password))
		w.load(chromedp.Evaluate[chromedp.Void](`setTimeout(() => document.querySelector("._button-login-password").click(), 50); 0`))
		agree(t, w)
	})

	t.Run("Playwright: a code from the inbox, a wrong one first", func(t *testing.T) {
		m := manage(t, s.Server)
		m.send("POST", "/connections", `{"name":"email","strategy":"email","enabled_clients":["`+servertest.Mobile+`"]}`)
		w := openWindow(s.browser, t)
		w.open(s.authorizeURL(url.Values{"prompt": {"login"}, "connection": {"email"}}))
		typing(w, "input#username", "playwright@example.com")
		w.press(`button[data-action-button-primary="true"]`)
		if w.path() != "/u/login/passwordless-email-challenge" || w.text("span.ulp-authenticator-selector-text") != "playwright@example.com" {
			t.Fatalf("after the address comes %s", w.path())
		}
		w.do(chromedp.Click(chromedp.CSS(`button[name=action]`)))
		if says := w.text("#error-cs-code-required"); says != "Please enter a code" {
			t.Errorf("without a code the page says %q", says)
		}
		typing(w, "input[name=code]", "000000")
		w.press(`button[name=action]`)
		if says := w.text("#error-element-code"); says != "The code you entered is invalid" {
			t.Errorf("to a wrong code the page says %q", says)
		}
		typing(w, "input[name=code]", s.WaitForMessage("playwright@example.com", "passwordless_email").Code)
		w.press(`button[name=action]`)
		agree(t, w)
	})
}
