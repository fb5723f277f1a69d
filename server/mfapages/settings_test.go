package mfapages_test

import (
	"net/http"
	"strings"
	"testing"
	"time"
)

// TestCodesAsTheTenantWantsThem: the settings decide the digits and the lifetime of codes by phone and by e-mail.
func TestCodesAsTheTenantWantsThem(t *testing.T) {
	tn := start(t, "sms", "email")
	tn.manage(http.MethodPut, "guardian/factors/phone/settings", object{"otp_length": 8, "otp_expiration_time": 60})
	tn.manage(http.MethodPut, "guardian/factors/email/settings", object{"otp_length": 4, "otp_expiration_time": 900})
	b := tn.browser().logIn("ann").at("/u/mfa-sms-enrollment").send("phone", phone, "action", "default").at("/u/mfa-sms-enrollment-verify")
	if !strings.Contains(b.page.Body, "Enter the 8-digit code") {
		t.Errorf("the page asks for\n%s", b.page.Body)
	}
	code := tn.WaitForMessage(phone, "otp_enroll").Code
	if len(code) != 8 {
		t.Errorf("the code is %s", code)
	}
	tn.later(61 * time.Second)
	b.send("code", code, "action", "default")
	if b.left != nil {
		t.Error("the code is good after its time")
	}
	tn.ClearInbox()
	b.send("action", "resend-code")
	b.send("code", tn.WaitForMessage(phone, "otp_enroll").Code, "action", "default").done()

	b = tn.browser().logIn("ann").at("/u/mfa-sms-challenge").send("action", "pick-authenticator").at("/u/mfa-login-options").send("action", "email").at("/u/mfa-email-challenge")
	code = tn.WaitForMessage("ann@example.com", "mfa_oob_code").Code
	if len(code) != 4 {
		t.Errorf("the code is %s", code)
	}
	tn.later(14 * time.Minute)
	b.send("code", code, "action", "default").done()
}

// TestHowBrowsersAreRemembered: the settings decide whether the box is shown and ticked, and how long a browser is
// remembered without use and in all.
func TestHowBrowsersAreRemembered(t *testing.T) {
	tn := start(t, "otp")
	settings := func(shown, ticked bool, inactivity, overall time.Duration) {
		tn.manage(http.MethodPut, "guardian/settings", object{
			"display_remember_me_checkbox": shown, "remember_me_default_value": ticked,
			"mfa_session_inactivity_timeout": int(inactivity.Seconds()), "mfa_session_overall_timeout": int(overall.Seconds()),
		})
	}
	const day = 24 * time.Hour
	key := tn.browser().logIn("ann").enrollOTP()
	tn.later(time.Minute)
	settings(false, true, day, day)
	b := tn.browser().logIn("ann").at("/u/mfa-otp-challenge")
	if strings.Contains(b.page.Body, "rememberBrowser") {
		t.Error("the box is there")
	}
	b.send("code", tn.code(key), "rememberBrowser", "true", "action", "default").done()
	again := func() *browser { return b.logIn("ann", "prompt", "login") }
	again().at("/u/mfa-otp-challenge")

	settings(true, true, 2*day, 5*day)
	tn.later(time.Minute)
	again().at("/u/mfa-otp-challenge")
	if !strings.Contains(b.page.Body, `name="rememberBrowser" value="true" checked`) || !strings.Contains(b.page.Body, "Remember this device for 5 days") {
		t.Errorf("the box is not ticked: %s", b.page.Body)
	}
	b.send("code", tn.code(key), "rememberBrowser", "true", "action", "default").done()
	for range 3 { // more than the time of inactivity, in all
		tn.later(36 * time.Hour)
		again().done()
	}
	tn.later(36 * time.Hour) // more than the overall time
	again().at("/u/mfa-otp-challenge").send("code", tn.code(key), "rememberBrowser", "true", "action", "default").done()
	tn.later(49 * time.Hour)
	again().at("/u/mfa-otp-challenge")
}

// TestTheAppIsInstalledFirst: the page before the QR code links to the app in the stores.
func TestTheAppIsInstalledFirst(t *testing.T) {
	tn := start(t, "push-notification", "otp")
	tn.manage(http.MethodPatch, "prompts/mfa-push", object{"app_name": "Example App", "apple_app_link": "https://apple.test/app", "google_app_link": "https://google.test/app"})
	b := tn.browser().logIn("ann").at("/u/mfa-push-welcome")
	for _, has := range []string{
		"Secure Your Account", "In order to continue, install the Example App app via the app store from your mobile device.",
		`href="https://apple.test/app"`, ">App Store<", `href="https://google.test/app"`, ">Google Play<", "Try another method",
	} {
		if !strings.Contains(b.page.Body, has) {
			t.Errorf("the page has no %s: %s", has, b.page.Body)
		}
	}
	b.send("action", "pick-authenticator").at("/u/mfa-enroll-options").send("action", "push-notification").install()
	tn.AnswerPush(tn.question("ann", "enrollment").ID, "allow")
	b.send("action", "default").done()
	// A user who has the app is not told to install it.
	b = tn.browser().logIn("ann").at("/u/mfa-push-challenge-push")
	b.left, b.page = tn.Visit(b.client, tn.URL+"u/mfa-push-welcome?state="+b.page.URL.Query().Get("state"))
	b.at("/u/mfa-push-challenge-push")
}
