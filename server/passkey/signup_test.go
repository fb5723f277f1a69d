package passkey_test

import (
	"net/http"
	"net/url"
	"strings"
	"testing"
	"time"

	"github.com/tenant0/tenant0/server/servertest"
)

// signup opens the page that follows the e-mail address in a sign-up; it offers a passkey if capable.
func (p *person) signup(email, capable string) {
	p.t.Helper()
	p.ask(url.Values{"screen_hint": {"signup"}})
	p.at("/u/signup/identifier")
	p.send("email", email, "webauthn-available", capable, "action", "default")
}

func TestSignUpWithAPasskey(t *testing.T) {
	s := start(t)
	cleo := somebody(t, s)
	cleo.signup("cleo@example.com", "false") // at a browser that cannot
	cleo.at("/u/signup/password")
	cleo.signup("cleo@example.com", "true")
	cleo.at("/u/passkey-enrollment")
	for _, has := range []string{`value="abort-passkey-enrollment"`, "_link-abort-passkey-enrollment"} {
		if !strings.Contains(cleo.page.Body, has) {
			t.Errorf("the page has no %s", has)
		}
	}
	for _, wrong := range []string{"{}", "", "x"} {
		cleo.send("passkey", wrong, "action", "default")
		cleo.at("/u/passkey-enrollment")
		if cleo.page.Status != 400 || !strings.Contains(cleo.page.Body, "passkey-enrollment-failure") {
			t.Fatalf("%q: %d %s", wrong, cleo.page.Status, cleo.page.Body)
		}
	}
	page := cleo.page
	cleo.send("passkey", cleo.make(), "action", "default")
	cleo.done()
	_, sessions := s.Manage(cleo.client, http.MethodGet, "users-by-email?email=cleo%40example.com", nil)
	if found := sessions.([]any); len(found) != 1 || found[0].(object)["logins_count"] != 1.0 {
		t.Errorf("the accounts are %v", found)
	}
	s.WaitForMessage("cleo@example.com", "verify_email")
	// The page is finished, and the passkey works in another browser.
	if cleo.left, cleo.page = cleo.Visit(cleo.client, page.URL.String()); cleo.left == nil && cleo.page.URL.Path == "/u/passkey-enrollment" {
		t.Errorf("the page is shown again: %s", cleo.page.Body)
	}
	cleo.client = s.Client()
	cleo.ask(nil)
	cleo.send("username", "", "passkey", cleo.use(cleo.asked()))
	cleo.done()

	// Without a passkey the sign-up continues with a password.
	dan := somebody(t, s)
	dan.signup("dan@example.com", "true")
	dan.send("action", "abort-passkey-enrollment")
	dan.at("/u/signup/password")
	dan.send("password", "A password of Dan 1", "action", "default")
	dan.done()

	// A user who has an account learns this at the password page, as without passkeys.
	dan.client = s.Client()
	dan.signup("ann@example.com", "true")
	dan.at("/u/signup/password")
	// If two people sign up with one address, only one succeeds.
	one, two := somebody(t, s), somebody(t, s)
	one.signup("twin@example.com", "true")
	two.signup("twin@example.com", "true")
	stolen := one.make()
	two.send("passkey", stolen, "action", "default")
	if two.left != nil || two.page.Status != 400 {
		t.Errorf("what another login has asked: %v %d", two.left, two.page.Status)
	}
	one.send("passkey", stolen, "action", "default")
	one.done()
	two.send("passkey", two.make(), "action", "default")
	two.at("/u/signup/password")
}

// TestAPasskeyForThisDevice is offered to a user who logged in with a passkey of another device.
func TestAPasskeyForThisDevice(t *testing.T) {
	s := start(t)
	ann := somebody(t, s)
	ann.enroll("ann")
	login := func(attachment, capable string) {
		t.Helper()
		ann.client = s.Client()
		ann.ask(nil)
		response := strings.Replace(ann.use(ann.asked()), "{", `{"authenticatorAttachment":"`+attachment+`",`, 1)
		ann.send("username", "", "passkey", response, "webauthn-platform-available", capable)
	}
	login("platform", "true")
	ann.done()
	login("cross-platform", "false")
	ann.done()
	login("cross-platform", "true")
	ann.at("/u/passkey-enrollment-local")
	if !strings.Contains(ann.page.Body, "another device") || !strings.Contains(ann.page.Body, `value="abort-passkey-enrollment"`) {
		t.Errorf("the page is %s", ann.page.Body)
	}
	if !strings.Contains(ann.page.Body, `name="dontShowAgain"`) {
		t.Errorf("nobody can say that no passkey is to be offered any more: %s", ann.page.Body)
	}
	ann.send("dontShowAgain", "true", "action", "abort-passkey-enrollment")
	ann.done()
	s.Advance(300 * 24 * time.Hour)
	ann.ask(url.Values{"prompt": {"login"}})
	ann.send("username", "", "passkey", strings.Replace(ann.use(ann.asked()), "{", `{"authenticatorAttachment":"cross-platform",`, 1), "webauthn-platform-available", "true")
	ann.done()
	login("cross-platform", "true")
	here := somebody(t, s)
	old := ann.key
	ann.key = here.key
	ann.send("passkey", ann.make(), "action", "default")
	ann.done()
	_, methods := s.Manage(ann.client, http.MethodGet, "users/auth0%7Cann/authentication-methods", nil)
	if len(methods.([]any)) != 2 {
		t.Errorf("the passkeys are %v", methods)
	}
	ann.key = old
	setOptions(t, s, object{"challenge_ui": "both", "local_enrollment_enabled": false})
	login("cross-platform", "true")
	ann.done()
}

// setOptions sets the passkey options of the connection.
func setOptions(t *testing.T, s *servertest.Server, passkeys object) {
	t.Helper()
	_, connections := s.Manage(s.Client(), http.MethodGet, "connections?name=Users", nil)
	conn := connections.([]any)[0].(object)
	options := conn["options"].(object)
	options["passkey_options"] = passkeys
	if status, answer := s.Manage(s.Client(), http.MethodPatch, "connections/"+conn["id"].(string), object{"options": options}); status != 200 {
		t.Fatal(answer)
	}
}

// TestHowPasskeysAreAskedFor is an option of the connection.
func TestHowPasskeysAreAskedFor(t *testing.T) {
	s := start(t)
	for ui, has := range map[string][2]bool{"both": {true, true}, "autofill": {true, false}, "button": {false, true}} {
		setOptions(t, s, object{"challenge_ui": ui})
		p := somebody(t, s)
		p.ask(nil)
		autofill, button := strings.Contains(p.page.Body, `autocomplete="username webauthn"`), strings.Contains(p.page.Body, "data-webauthn-button")
		if autofill != has[0] || button != has[1] || strings.Contains(p.page.Body, "data-conditional") != autofill || !strings.Contains(p.page.Body, "data-options") {
			t.Errorf("%s: autofill %v, a button %v: %s", ui, autofill, button, p.page.Body)
		}
	}
	// Without progressive enrollment no user is offered a passkey.
	setOptions(t, s, object{"challenge_ui": "both", "progressive_enrollment_enabled": false})
	ann := somebody(t, s)
	ann.password("ann", "true")
	ann.done()
}
