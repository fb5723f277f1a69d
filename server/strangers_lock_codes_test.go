package server_test

import (
	"net/http"
	"regexp"
	"strings"
	"testing"

	"github.com/tenant0/tenant0/server/servertest"
)

// TestStrangersGetCodesAtTheClassicPage: scripts written for Lock's passwordless mode find its elements, and post its inputs.
func TestStrangersGetCodesAtTheClassicPage(t *testing.T) {
	g := newStranger(t, servertest.Start(t, servertest.Seed(strings.Replace(strangersFile, "universal_login_experience: new", "universal_login_experience: classic", 1)))).follows()
	page := g.opens("otp", "connection", "email")
	email := g.found(`<div class="auth0-lock-input-block auth0-lock-input-email[^"]*">\s*<div[^>]*>\s*<div[^>]*>.*</div>\s*<input id="1-email" name="([^"]+)" type="email"`, page.body)
	form := inputs(page.body)
	form.Set(email, "lock@example.com")
	page = g.post(page.url.String(), form)
	g.at(page, "/u/login/passwordless-email-challenge")
	if !strings.Contains(page.body, "An email with the code has been sent to lock@example.com") {
		t.Errorf("the page is\n%s", page.body)
	}
	first := g.code("lock@example.com", otpMail)
	again := g.post(page.url.String(), map[string][]string{"state": {inputs(page.body).Get("state")}, "action": {g.found(`<button type="submit" form="1-again" name="action" value="([^"]+)" class="auth0-lock-alternative-link`, page.body)}})
	if again.status != http.StatusOK || len(g.Inbox()) != 2 {
		t.Errorf("another code: %d, %d e-mails", again.status, len(g.Inbox()))
	}
	code := g.found(`<input id="1-vcode" name="([^"]+)" type="tel" value="" class="auth0-lock-input auth0-lock-input-code"`, page.body)
	form = inputs(page.body)
	form.Set(code, "000000x")
	wrong := g.post(page.url.String(), form)
	if wrong.status != http.StatusBadRequest || !regexp.MustCompile(`auth0-global-message-error"[^>]*>(<span[^>]*>)+[^<]+`).MatchString(wrong.body) {
		t.Errorf("a wrong code (after %s) gets %d\n%s", first, wrong.status, wrong.body)
	}
	form.Set(code, g.Inbox()[0].Code)
	g.hasCode(g.post(page.url.String(), form).location)
}
