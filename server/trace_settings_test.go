package server_test

import (
	"fmt"
	"net/http"
	"net/url"
	"strings"
	"testing"

	"github.com/tenant0/tenant0/server/servertest"
)

// TestTracesTellOfCaptchasThatNobodyIsAskedFor tests that the trace of each operation that Auth0 would show a captcha
// for says that captchas are not emulated.
func TestTracesTellOfCaptchasThatNobodyIsAskedFor(t *testing.T) {
	s := servertest.Start(t)
	browser := s.Client()
	asks := func(method, path string, form url.Values, body string) string {
		t.Helper()
		resp, answer := askedAs{method: method, path: path, form: form, body: body}.send(t, s, browser)
		if strings.HasSuffix(path, "challenge") && answer != `{"required":false}` {
			t.Errorf("%s: %s", path, answer)
		}
		return fmt.Sprint(tracedAs(t, s, resp).Steps)
	}
	post := func(path, body string) string { return asks(http.MethodPost, path, nil, body) }
	logsIn := func() string {
		t.Helper()
		browser := stays(s)
		target, _ := s.AuthorizeURL(servertest.Login{ClientID: servertest.SPA, RedirectURI: servertest.SPACallback})
		_, page := s.Visit(browser, target)
		form := page.Form()
		form.Set("username", "employee@exampleco.com")
		form.Set("password", "wrong")
		resp, _ := askedAs{method: http.MethodPost, path: strings.TrimPrefix(page.URL.RequestURI(), "/"), form: form}.send(t, s, browser)
		return fmt.Sprint(tracedAs(t, s, resp).Steps)
	}
	walk := func() map[string]string {
		return map[string]string{
			"a login of Lock":     post("usernamepassword/challenge", `{"state":"s"}`),
			"a sign-up of Lock":   post("dbconnections/signup/challenge", `{"state":"s"}`),
			"a reset of Lock":     post("dbconnections/change_password/challenge", `{"state":"s"}`),
			"a code of Lock":      post("passwordless/challenge", `{"state":"s"}`),
			"a password":          logsIn(),
			"a sign-up by itself": post("dbconnections/signup", `{"client_id":"`+servertest.SPA+`","email":"new@exampleco.com","password":"x","connection":"Username-Password-Authentication"}`),
		}
	}
	for name, steps := range walk() {
		if strings.Contains(steps, "bot detection") {
			t.Errorf("%s, where nobody wants a captcha: %s", name, steps)
		}
	}
	settings := map[string]any{"challenge_password_policy": "always", "challenge_passwordless_policy": "when_risky", "challenge_password_reset_policy": "always"}
	if status, answer := s.Manage(browser, http.MethodPatch, "attack-protection/bot-detection", settings); status != http.StatusOK {
		t.Fatalf("%d %v", status, answer)
	}
	said := walk()
	for name, policy := range map[string]string{
		"a login of Lock": "challenge_password_policy is always", "a sign-up of Lock": "challenge_password_policy is always", "a reset of Lock": "challenge_password_reset_policy is always",
		"a code of Lock": "challenge_passwordless_policy is when_risky", "a sign-up by itself": "challenge_password_policy is always", "a password": "challenge_password_policy is always",
	} {
		if steps := said[name]; !strings.Contains(steps, "bot detection is not emulated") || !strings.Contains(steps, policy) || !strings.Contains(steps, "of attack-protection/bot-detection") {
			t.Errorf("%s: the trace tells %s, and not of %s", name, steps, policy)
		}
	}
}
