package mfapages_test

import (
	"net/http"
	"regexp"
	"strings"
	"testing"
	"time"
)

// wrongCode returns a code other than the one that was sent.
func wrongCode(code string) string {
	if code == "000000" {
		return "000001"
	}
	return "000000"
}

// enrollSMS enrolls a phone for text messages.
func (b *browser) enrollSMS() *browser {
	b.tn.t.Helper()
	b.at("/u/mfa-sms-enrollment").send("phone", phone, "action", "default").at("/u/mfa-sms-enrollment-verify")
	code := b.tn.WaitForMessage(phone, "otp_enroll").Code
	b.tn.ClearInbox()
	return b.send("code", code, "action", "default")
}

func TestTextMessages(t *testing.T) {
	tn := start(t, "sms")
	b := tn.browser().logIn("ann").at("/u/mfa-sms-enrollment")
	for typed, want := range map[string][2]string{
		"": {"no-phone", "Please enter a phone number"}, "abc": {"invalid-phone-format", "Phone number can only include digits."},
		"12": {"invalid-phone", "Seems that your phone number is not valid. Please check and retry."},
	} {
		b.send("phone", typed, "action", "default").refused(want[0], want[1])
	}
	b.send("phone", "(555) 010-9167", "action", "default").at("/u/mfa-sms-enrollment-verify")
	first := tn.WaitForMessage(phone, "otp_enroll")
	if first.Channel != "sms" || first.Text != first.Code+" is your verification code for Example Co. Please enter this code to verify your enrollment." {
		t.Errorf("the message is %+v", first)
	}
	if !strings.Contains(b.page.Body, `<span class="ulp-authenticator-selector-text">`+shownPhone+`</span>`) || strings.Contains(b.page.Body, "0109167") {
		t.Errorf("the page is %s", b.page.Body)
	}
	edit := regexp.MustCompile(`href="(/u/mfa-sms-enrollment[^"]*)"`).FindStringSubmatch(b.page.Body)
	if edit == nil {
		t.Fatalf("the number cannot be changed: %s", b.page.Body)
	}
	tn.ClearInbox()
	_, b.page = tn.Visit(b.client, strings.TrimSuffix(tn.URL, "/")+edit[1])
	b.at("/u/mfa-sms-enrollment").send("phone", phone, "action", "default").at("/u/mfa-sms-enrollment-verify")
	second := tn.WaitForMessage(phone, "otp_enroll")
	if first.Code != second.Code {
		b.send("code", first.Code, "action", "default").refused("invalid-code", "The code you entered is invalid")
	}
	b.send("code", second.Code, "action", "default").done()
	tn.logged("gd_send_sms", "gd_enrollment_complete")

	tn.ClearInbox()
	b = tn.browser().logIn("ann").at("/u/mfa-sms-challenge")
	sent := tn.WaitForMessage(phone, "otp_verify")
	if strings.Contains(b.page.Body, "/u/mfa-sms-enrollment") {
		t.Errorf("a number that is confirmed can be changed: %s", b.page.Body)
	}
	_, b.page = tn.Visit(b.client, b.page.URL.String()) // again, which sends nothing
	if n := len(tn.Inbox()); n != 1 {
		t.Errorf("%d messages are sent", n)
	}
	b.send("code", wrongCode(sent.Code), "action", "default").refused("invalid-code", "invalid")
	tn.ClearInbox()
	b.send("action", "resend-code")
	again := tn.WaitForMessage(phone, "otp_verify").Code
	tn.later(5 * time.Minute)
	b.send("code", again, "action", "default").refused("no-transaction-in-progress", "Notification was not sent. Try resending the code.")
	tn.ClearInbox()
	b.send("action", "resend-code").at("/u/mfa-sms-challenge")
	b.send("code", tn.WaitForMessage(phone, "otp_verify").Code, "action", "default").done()
}

// TestWhoseCode: a code works once, and only for its login, its user and its factor.
func TestWhoseCode(t *testing.T) {
	tn := start(t, "sms")
	tn.browser().logIn("ann").enrollSMS().done()
	tn.ClearInbox()
	one := tn.browser().logIn("ann").at("/u/mfa-sms-challenge")
	code := tn.WaitForMessage(phone, "otp_verify").Code
	tn.ClearInbox()
	two := tn.browser().logIn("ann").at("/u/mfa-sms-challenge")
	if own := tn.WaitForMessage(phone, "otp_verify").Code; own != code {
		two.send("code", code, "action", "default").refused("invalid-code", "invalid")
	}
	page := one.page
	one.send("code", code, "action", "default").done()
	// The login has ended; another login of the session is asked for a new code.
	one.page = page
	one.send("code", code, "action", "default")
	if one.left == nil && one.page.Status == http.StatusOK {
		t.Errorf("the code is taken twice: %v", one.page.URL)
	}
	tn.ClearInbox()
	one.ask("acr_values", multiFactor).at("/u/mfa-sms-challenge").send("code", code, "action", "default").refused("invalid-code", "invalid")
	// A code that was sent to one user does not work for another user who takes the browser over.
	tn.ClearInbox()
	three := tn.browser().logIn("ann").at("/u/mfa-sms-challenge")
	anns := tn.WaitForMessage(phone, "otp_verify").Code
	tab := three.page
	three.logIn("bob", "prompt", "login").at("/u/mfa-sms-enrollment")
	three.page = tab
	three.send("code", anns, "action", "default").at("/u/mfa-sms-enrollment")
}

func TestCodesAreBounded(t *testing.T) {
	tn := start(t, "sms")
	tn.browser().logIn("ann").enrollSMS().done()
	tn.ClearInbox()
	b := tn.browser().logIn("ann").at("/u/mfa-sms-challenge")
	code := tn.WaitForMessage(phone, "otp_verify").Code
	for range 3 {
		b.send("code", wrongCode(code), "action", "default").refused("invalid-code", "invalid")
	}
	b.send("code", code, "action", "default").refused("too-many-failures", "Too many failed codes.") // of this code
	for range 8 {
		b.send("action", "resend-code").at("/u/mfa-sms-challenge")
	}
	b.send("action", "resend-code").refused("too-many-sms", "You have exceeded the maximum number of phone messages per hour.")
	tn.later(6 * time.Minute)
	tn.ClearInbox()
	b.send("action", "resend-code").at("/u/mfa-sms-challenge")
	b.send("code", tn.WaitForMessage(phone, "otp_verify").Code, "action", "default").done()
}

func TestPhonesThatAreCalled(t *testing.T) {
	tn := start(t, "sms")
	tn.manage(http.MethodPut, "guardian/factors/phone/message-types", object{"message_types": []string{"voice"}})
	b := tn.browser().logIn("ann").at("/u/mfa-voice-enrollment").send("phone", phone, "action", "default").at("/u/mfa-voice-enrollment-verify")
	call := tn.WaitForMessage(phone, "otp_enroll")
	if call.Channel != "voice" || !strings.Contains(b.page.Body, "Call again") {
		t.Errorf("the call is %+v; the page is %s", call, b.page.Body)
	}
	b.send("code", call.Code, "action", "default").done()
	tn.logged("gd_send_voice")

	// If a phone can be reached in both ways, the user chooses.
	tn.manage(http.MethodPut, "guardian/factors/phone/message-types", object{"message_types": []string{"sms", "voice"}})
	tn.ClearInbox()
	b = tn.browser().logIn("bob").at("/u/mfa-phone-enrollment")
	b.send("phone", phone, "type", "voice", "action", "default").at("/u/mfa-voice-enrollment-verify")
	if m := tn.WaitForMessage(phone, "otp_enroll"); m.Channel != "voice" {
		t.Errorf("the message is %+v", m)
	}
	tn.ClearInbox()
	b.send("action", "switch-to-sms").at("/u/mfa-sms-enrollment-verify")
	m := tn.WaitForMessage(phone, "otp_enroll")
	if m.Channel != "sms" {
		t.Errorf("the message is %+v", m)
	}
	b.send("code", m.Code, "action", "default").done()
	tn.ClearInbox()
	b = tn.browser().logIn("bob").at("/u/mfa-phone-challenge")
	b.has(`We will send a 6-digit code to the following phone number:`, `name="type" value="voice" checked`) // the way that was chosen
	if all := tn.Inbox(); len(all) != 0 {
		t.Errorf("before the user has chosen there are %v", all)
	}
	b.send("action", "default").at("/u/mfa-voice-challenge").send("action", "switch-to-sms").at("/u/mfa-sms-challenge")
	b.send("code", tn.WaitForMessage(phone, "otp_verify").Code, "action", "default").done()
	tn.ClearInbox()
	b = tn.browser().logIn("bob").at("/u/mfa-phone-challenge").send("type", "sms", "action", "default").at("/u/mfa-sms-challenge")
	if m := tn.WaitForMessage(phone, "otp_verify"); m.Channel != "sms" {
		t.Errorf("the message is %+v", m)
	}
	b.send("action", "pick-phone").at("/u/mfa-sms-list").send("action", "back-action").at("/u/mfa-phone-challenge")
}

// TestAPhoneIsReachedAsTheTenantDoes: a phone that was enrolled for calls gets text messages if the tenant no longer
// uses calls, on the pages and at the token endpoint, and need not be enrolled again.
func TestAPhoneIsReachedAsTheTenantDoes(t *testing.T) {
	tn := start(t, "sms")
	ways := func(names ...string) {
		tn.manage(http.MethodPut, "guardian/factors/phone/message-types", object{"message_types": names})
	}
	ways("voice")
	b := tn.browser().logIn("ann").at("/u/mfa-voice-enrollment").send("phone", phone, "action", "default").at("/u/mfa-voice-enrollment-verify")
	b.send("code", tn.WaitForMessage(phone, "otp_enroll").Code, "action", "default").done()
	for _, way := range []string{"sms", "voice", "sms"} {
		ways(way)
		tn.ClearInbox()
		b = tn.browser().logIn("ann").at("/u/mfa-" + way + "-challenge")
		message := tn.WaitForMessage(phone, "otp_verify")
		if message.Channel != way {
			t.Errorf("the code comes by %s, want %s", message.Channel, way)
		}
		b.send("code", message.Code, "action", "default").done()
	}
}

// TestEmail is offered to users with a verified address, after the other factors.
func TestEmail(t *testing.T) {
	tn := start(t, "otp", "email")
	b := tn.browser().logIn("ann").at("/u/mfa-otp-enrollment-qr").send("action", "pick-authenticator").at("/u/mfa-enroll-options")
	for _, has := range []string{"Keep Your Account Safe", "Google Authenticator or similar", `value="email"`, "ann****@exam****"} {
		if !strings.Contains(b.page.Body, has) {
			t.Errorf("the page has no %s: %s", has, b.page.Body)
		}
	}
	b.send("action", "back-action").at("/u/mfa-otp-enrollment-qr").send("action", "pick-authenticator").at("/u/mfa-enroll-options")
	b.send("action", "email::0").at("/u/mfa-email-challenge")
	m := tn.WaitForMessage("ann@example.com", "mfa_oob_code")
	b.send("code", m.Code, "action", "default").done()
	if methods := tn.methods("ann"); methods[len(methods)-1] != "mfa email" {
		t.Errorf("the methods are %v", methods)
	}
	tn.logged("gd_send_email")
	b = tn.browser().logIn("bob").at("/u/mfa-otp-enrollment-qr")
	if strings.Contains(b.page.Body, "pick-authenticator") {
		t.Errorf("an address that is not verified is offered: %s", b.page.Body)
	}
	_, b.page = tn.Visit(b.client, tn.URL+"u/mfa-email-challenge?"+b.page.URL.RawQuery)
	b.at("/u/mfa-otp-enrollment-qr")
}

// TestFactorsAreChosenByTheirPlaces: scripts choose the e-mail address by its position in the list.
func TestFactorsAreChosenByTheirPlaces(t *testing.T) {
	tn := start(t, "sms", "email")
	tn.browser().logIn("ann").enrollSMS().done()
	tn.ClearInbox()
	b := tn.browser().logIn("ann").at("/u/mfa-sms-challenge").send("action", "pick-authenticator").at("/u/mfa-login-options")
	for _, has := range []string{`name="action" value="sms::0"`, `name="action" value="email::1"`} {
		if !strings.Contains(b.page.Body, has) {
			t.Errorf("the page has no %s: %s", has, b.page.Body)
		}
	}
	b.send("action", "email::1").at("/u/mfa-email-challenge")
	b.send("code", tn.WaitForMessage("ann@example.com", "mfa_oob_code").Code).done()
}

func TestRecoveryCodes(t *testing.T) {
	tn := start(t, "otp", "recovery-code")
	b := tn.browser().logIn("ann")
	key := b.enrollOTP()
	b.at("/u/mfa-recovery-code-enrollment")
	code := secret.FindStringSubmatch(b.page.Body)[1]
	if len(code) != 24 || !strings.Contains(b.page.Body, "Almost There!") || !strings.Contains(b.page.Body, "I have safely recorded this code") {
		t.Errorf("the page is %s", b.page.Body)
	}
	b.send("action", "default").refused("no-confirmation", "Please confirm you have recorded the code")
	state := b.page.URL.RawQuery
	_, b.page = tn.Visit(b.client, tn.URL+"authorize/resume?"+state)
	b.at("/u/mfa-recovery-code-enrollment")
	b.send("saved", "on", "action", "default").done()
	if b.left, b.page = tn.Visit(b.client, tn.URL+"u/mfa-recovery-code-enrollment?"+state); strings.Contains(b.page.Body, code) {
		t.Errorf("the code is shown again: %s", b.page.Body)
	}
	tn.later(time.Minute)
	b = tn.browser().logIn("ann").at("/u/mfa-otp-challenge").send("action", "pick-authenticator").at("/u/mfa-login-options")
	b.send("action", "recovery-code").at("/u/mfa-recovery-code-challenge")
	if strings.Contains(b.page.Body, "rememberBrowser") {
		t.Errorf("a recovery code can be remembered by: %s", b.page.Body)
	}
	b.send("code", "", "action", "default").refused("no-code", "Please enter a code")
	b.send("code", "ABC", "action", "default").refused("invalid-code-format", "Recovery code must have 24 alphanumeric characters")
	b.send("code", strings.Repeat("A", 24), "action", "default").refused("invalid-code", "The code you entered is invalid")
	b.send("code", strings.ToLower(code), "action", "default").at("/u/mfa-recovery-code-challenge-new-code")
	next := secret.FindStringSubmatch(b.page.Body)[1]
	if next == code {
		t.Errorf("the code is the same")
	}
	b.send("saved", "on", "action", "default").done()
	methods := tn.manage(http.MethodGet, "users/auth0%7Cann/sessions", nil).(object)["sessions"].([]any)
	if len(methods) == 0 {
		t.Errorf("there is no session")
	}
	tn.logged("gd_recovery_succeed", "gd_recovery_failed")
	// A recovery code works once, and only for its user.
	b = tn.browser().logIn("ann").at("/u/mfa-otp-challenge").send("action", "pick-authenticator").send("action", "recovery-code").at("/u/mfa-recovery-code-challenge")
	b.send("code", code, "action", "default").refused("invalid-code", "invalid")
	bob := tn.browser().logIn("bob")
	bob.enrollOTP()
	bob.at("/u/mfa-recovery-code-enrollment").send("saved", "on", "action", "default").done()
	bob = tn.browser().logIn("bob").at("/u/mfa-otp-challenge").send("action", "pick-authenticator").send("action", "recovery-code").at("/u/mfa-recovery-code-challenge")
	bob.send("code", next, "action", "default").refused("invalid-code", "invalid")
	// If the tenant no longer uses recovery codes, they are not accepted.
	tn.manage(http.MethodPut, "guardian/factors/recovery-code", object{"enabled": false})
	b.send("code", next, "action", "default").at("/u/mfa-otp-challenge").send("code", tn.code(key), "action", "default").done()
}

// TestOthers: an expired login, a deleted user, and a page without a login.
func TestOthers(t *testing.T) {
	tn := start(t, "otp")
	b := tn.browser().logIn("ann").at("/u/mfa-otp-enrollment-qr")
	page := b.page
	if _, shown := tn.Visit(tn.browser().client, tn.URL+"u/mfa-otp-challenge?state=nothing"); shown.Status/100 == 2 {
		t.Errorf("without a login: %d", shown.Status)
	}
	// A secret that another login of the user has replaced is reported as expired.
	tn.browser().logIn("ann").at("/u/mfa-otp-enrollment-qr")
	b.page = page
	b.send("code", "123456", "action", "default").refused("transaction-not-found", "Your enrollment transaction expired, you will need to start again.")
	tn.later(time.Hour)
	b.send("code", "123456", "action", "default")
	if b.left != nil || b.page.Status/100 == 2 {
		t.Errorf("after an hour: %v %d", b.left, b.page.Status)
	}
	b = tn.browser().logIn("ann").at("/u/mfa-otp-enrollment-qr")
	if status, answer := tn.Manage(tn.Client(), http.MethodDelete, "users/auth0%7Cann", nil); status != 204 {
		t.Fatal(answer)
	}
	b.send("code", "123456", "action", "default")
	if b.left != nil && b.left.Query().Get("code") != "" {
		t.Errorf("a user who has gone logs in: %v", b.left)
	}
}
