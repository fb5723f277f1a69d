package mfapages_test

import (
	"net/http"
	"strings"
	"testing"
	"time"

	"github.com/tenant0/tenant0/server/servertest"
)

// question returns the only question to the app of a user, which must be of a kind.
func (tn *tenant) question(user, kind string) servertest.Question {
	tn.t.Helper()
	all := tn.Questions("auth0|" + user)
	if len(all) != 1 || all[0].Kind != kind {
		tn.t.Fatalf("the questions to %s are %v, want one %s", user, all, kind)
	}
	return all[0]
}

// completed polls a path as the page's script does and returns the answer.
func (b *browser) completed(path string) string {
	b.tn.t.Helper()
	rq, err := http.NewRequestWithContext(b.tn.t.Context(), http.MethodGet, b.tn.URL+path+"?state="+b.page.URL.Query().Get("state"), nil)
	if err != nil {
		b.tn.t.Fatal(err)
	}
	rq.Header.Set("Accept", "application/json")
	resp, err := b.client.Do(rq)
	if err != nil {
		b.tn.t.Fatal(err)
	}
	defer resp.Body.Close()
	body := make([]byte, 64)
	n, _ := resp.Body.Read(body)
	return strings.TrimSpace(string(body[:n]))
}

// install goes on from the page that tells the user to install the app.
func (b *browser) install() *browser {
	b.tn.t.Helper()
	if b.page.URL != nil && b.page.URL.Path == "/u/mfa-push-enrollment-qr" {
		return b
	}
	return b.at("/u/mfa-push-welcome").send("action", "default").at("/u/mfa-push-enrollment-qr")
}

// enrollApp goes through the page on which the app enrolls.
func (b *browser) enrollApp(user string) *browser {
	b.tn.t.Helper()
	b.install()
	q := b.tn.question(user, "enrollment")
	b.send("action", "default").refused("enrollment-transaction-pending", "You must scan the QR code with the Auth0 Guardian app on your mobile device.")
	if again := b.tn.question(user, "enrollment"); again.ID != q.ID {
		b.tn.t.Errorf("the page shows another QR code")
	}
	diff(b.tn.t, "waiting", b.completed("u/mfa-push-enrollment-qr"), `{"completed":false}`)
	b.tn.AnswerPush(q.ID, "allow")
	diff(b.tn.t, "added", b.completed("u/mfa-push-enrollment-qr"), `{"completed":true}`)
	return b.send("action", "default")
}

func TestTheAppIsAsked(t *testing.T) {
	tn := start(t, "push-notification")
	b := tn.browser().logIn("ann").install()
	for _, has := range []string{
		"Secure Your Account", "Scan the QR Code below using the Auth0 Guardian app on your mobile device.", `<img src="data:image/png;base64,`, `value="default"`, "data-waits",
	} {
		if !strings.Contains(b.page.Body, has) {
			t.Errorf("the page has no %s: %s", has, b.page.Body)
		}
	}
	claims := b.enrollApp("ann").done()
	diff(t, "amr", claims["amr"], any([]any{"mfa"}))
	diff(t, "methods", tn.methods("ann"), []string{"pwd", "mfa push-notification"})
	tn.logged("gd_start_enroll", "gd_enrollment_complete", "gd_auth_succeed")

	// Another browser waits for the app's answer.
	b = tn.browser().logIn("ann").at("/u/mfa-push-challenge-push")
	for _, has := range []string{"Verify Your Identity", "Ann&#39;s phone", "ve responded on my device", "Manually Enter Code", `value="resend"`, `for="rememberBrowser"`, "connect-src"} {
		if !strings.Contains(b.page.Body+b.page.Header.Get("Content-Security-Policy"), has) {
			t.Errorf("the page has no %s: %s", has, b.page.Body)
		}
	}
	q := tn.question("ann", "challenge")
	if m := tn.WaitForMessage("ann@example.com", "push_verify"); m.Push != q.ID {
		t.Errorf("the notification is %v", m)
	}
	b.send("action", "default").refused("challenge-transaction-pending", "You must accept the notification via the Auth0 Guardian app on your mobile device.")
	diff(t, "waiting", b.completed("u/mfa-push-challenge"), `{"completed":false}`)
	tn.AnswerPush(q.ID, "allow")
	diff(t, "answered", b.completed("u/mfa-push-challenge"), `{"completed":true}`)
	b.send("action", "default", "rememberBrowser", "true").done()
	tn.logged("gd_start_auth", "gd_send_pn")
	b.ask("prompt", "login").at("/u/login").send("username", "ann@example.com", "password", "a password of ann", "action", "default").done()
}

// TestTheAppAgreesToATransaction: a user who has approved the push notification for a transaction is not asked for consent
// again; a user who has proved anything else is, even by just enrolling the app or by entering its code. Auth0:
// get-started/apis/configure-rich-authorization-requests.
func TestTheAppAgreesToATransaction(t *testing.T) {
	tn := start(t, "push-notification")
	tn.manage(http.MethodPost, "resource-servers", object{
		"name": "Payments", "identifier": "urn:payments", "skip_consent_for_verifiable_first_party_clients": true, "authorization_details": []object{{"type": "money_transfer"}},
	})
	asked := func() *browser {
		t.Helper()
		b := tn.browser().ask("audience", "urn:payments", "authorization_details", `[{"type":"money_transfer"}]`)
		return b.at("/u/login").send("username", "ann@example.com", "password", "a password of ann", "action", "default")
	}
	asked().enrollApp("ann").at("/u/customized-consent")
	b := asked().at("/u/mfa-push-challenge-push")
	tn.AnswerPush(tn.question("ann", "challenge").ID, "allow")
	b.send("action", "default")
	if tokens, _ := b.tokens(); tokens["authorization_details"] == nil {
		t.Errorf("the tokens are %v", tokens)
	}
	// The same session requests another transaction, for which no notification was sent.
	b.ask("audience", "urn:payments", "authorization_details", `[{"type":"money_transfer","to":"Bob"}]`).at("/u/customized-consent")
}

func TestTheAppDenies(t *testing.T) {
	tn := start(t, "push-notification")
	tn.browser().logIn("ann").enrollApp("ann").done()
	b := tn.browser().logIn("ann").at("/u/mfa-push-challenge-push")
	q := tn.question("ann", "challenge")
	tn.AnswerPush(q.ID, "deny")
	for range 2 {
		b.send("action", "default").refused("transaction-rejected", "Notification rejected")
	}
	if strings.Contains(b.page.Body, "data-waits") {
		t.Error("the page goes on asking")
	}
	tn.logged("gd_auth_rejected")
	// The user can have a new notification sent, or enter the app's code.
	b.send("action", "resend").at("/u/mfa-push-challenge-push")
	next := tn.question("ann", "challenge")
	if next.ID == q.ID {
		t.Error("the question is the old one")
	}
	b.send("action", "enter-otp-code").at("/u/mfa-otp-challenge")
	b.send("code", next.Code, "action", "default").done()
}

// TestTheAppAnswersForItsLoginAlone: not for the login of another tab, another user or another browser.
func TestTheAppAnswersForItsLoginAlone(t *testing.T) {
	tn := start(t, "push-notification")
	tn.browser().logIn("ann").enrollApp("ann").done()
	tn.browser().logIn("bob").enrollApp("bob").done()

	ann, thief := tn.browser().logIn("ann").at("/u/mfa-push-challenge-push"), tn.browser().logIn("ann").at("/u/mfa-push-challenge-push")
	all := tn.Questions("auth0|ann")
	if len(all) != 2 {
		t.Fatalf("the questions are %v", all)
	}
	tn.later(time.Second)
	bob := tn.browser().logIn("bob").at("/u/mfa-push-challenge-push")
	for _, q := range tn.Questions("auth0|bob") {
		tn.AnswerPush(q.ID, "allow")
	}
	for _, b := range []*browser{ann, thief} {
		b.send("action", "default").refused("challenge-transaction-pending", "You must accept")
	}
	tn.AnswerPush(all[0].ID, "allow")
	passed := 0
	for _, b := range []*browser{ann, thief} {
		if b.send("action", "default"); b.left != nil {
			passed++
		}
	}
	if passed != 1 {
		t.Errorf("%d logins have gone on by one answer", passed)
	}
	// The state of one browser does not work in another.
	bob.left, bob.page = tn.Visit(thief.client, bob.page.URL.String())
	if bob.page.Status/100 != 4 {
		t.Errorf("another browser sees %d %s", bob.page.Status, bob.page.Body)
	}
}

func TestTheAppIsLate(t *testing.T) {
	tn := start(t, "push-notification")
	b := tn.browser().logIn("ann").install()
	late := tn.question("ann", "enrollment")
	tn.later(5 * time.Minute)
	b.send("action", "default").refused("transaction-not-found", "Your enrollment transaction expired")
	if again := tn.question("ann", "enrollment"); again.ID == late.ID {
		t.Error("the QR code is the old one")
	}
	b.enrollAppAgain().done()

	b = tn.browser().logIn("ann").at("/u/mfa-push-challenge-push")
	tn.later(5 * time.Minute)
	b.send("action", "default").refused("transaction-not-found", "expired")
	for range 8 {
		b.send("action", "resend").at("/u/mfa-push-challenge-push")
	}
	b.send("action", "resend").refused("too-many-push", "We have received too many notification requests.")
}

// enrollAppAgain enrolls the app by the QR code of a page that shows an error.
func (b *browser) enrollAppAgain() *browser {
	b.tn.t.Helper()
	b.tn.AnswerPush(b.tn.question("ann", "enrollment").ID, "allow")
	return b.send("action", "default")
}

// TestAnAppAmongOthers: users can choose another factor and get a recovery code, and the password alone does not enroll an app.
func TestAnAppAmongOthers(t *testing.T) {
	tn := start(t, "push-notification", "otp", "recovery-code")
	tn.manage(http.MethodPatch, "prompts/mfa-push", object{"app_name": "Example App"})
	b := tn.browser().logIn("ann").install()
	b.send("action", "pick-authenticator").at("/u/mfa-enroll-options")
	if !strings.Contains(b.page.Body, "Notification via Example App app") {
		t.Errorf("the choice is %s", b.page.Body)
	}
	b.send("action", "push-notification").install()
	tn.AnswerPush(tn.question("ann", "enrollment").ID, "allow")
	b.send("action", "default").at("/u/mfa-recovery-code-enrollment").send("saved", "true", "action", "default").done()
	b = tn.browser().logIn("ann").at("/u/mfa-push-challenge-push")
	state := b.page.URL.Query().Get("state")
	b.left, b.page = tn.Visit(b.client, tn.URL+"u/mfa-push-enrollment-qr?state="+state)
	b.at("/u/mfa-push-challenge-push").send("action", "pick-authenticator").at("/u/mfa-login-options").send("action", "recovery-code").at("/u/mfa-recovery-code-challenge")
}
