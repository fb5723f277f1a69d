package mfapages_test

import (
	"encoding/json"
	"net/http"
	"strings"
	"testing"
	"time"
)

// detected answers the page that asks what the browser can do.
func (b *browser) detected(platform bool) *browser {
	b.tn.t.Helper()
	can := map[bool]string{true: "true", false: "false"}[platform]
	b.at("/u/mfa-detect-browser-capabilities")
	return b.send("js-available", "true", "webauthn-available", "true", "is-brave", "false", "webauthn-platform-available", can)
}

func (tn *tenant) enable(factor string, on bool) {
	tn.t.Helper()
	tn.manage(http.MethodPut, "guardian/factors/"+factor, object{"enabled": on})
}

// TestTheDeviceIsOfferedAfterAnotherFactor: a browser that can ask its own device is offered to add it, after another factor and
// until the user has declined, and then logs in with it.
func TestTheDeviceIsOfferedAfterAnotherFactor(t *testing.T) {
	tn := start(t, "sms", "webauthn-platform")
	const offer = "/u/mfa-webauthn-platform-enrollment"
	texted := func(b *browser, kind string) *browser {
		t.Helper()
		defer tn.ClearInbox()
		return b.send("code", tn.WaitForMessage(phone, kind).Code, "action", "default")
	}
	d := tn.device()
	b := tn.browser().logIn("ann").detected(true).at("/u/mfa-sms-enrollment")
	if strings.Contains(b.page.Body, "pick-authenticator") {
		t.Errorf("the device can be enrolled first: %s", b.page.Body)
	}
	b = texted(b.send("phone", phone, "action", "default").at("/u/mfa-sms-enrollment-verify"), "otp_enroll").at(offer)
	b.has("Log In Faster on This Device", "Remind me later", "Not on this device", "ulp-action-form-refuse-add-device")
	b.send("action", "snooze-enrollment").done()
	b.logIn("ann", "prompt", "login", "acr_values", multiFactor).detected(true)
	texted(b, "otp_verify").done() // not offered again
	tn.later(15 * 24 * time.Hour)
	b.logIn("ann", "prompt", "login", "acr_values", multiFactor).detected(true)
	texted(b, "otp_verify").at(offer).send("action", "refuse-add-device").done()
	tn.later(300 * 24 * time.Hour)
	b.logIn("ann", "prompt", "login", "acr_values", multiFactor).detected(true)
	texted(b, "otp_verify").done()

	other := tn.browser()
	other.logIn("ann").detected(false)
	texted(other, "otp_verify").done() // a browser that cannot
	other.logIn("ann", "prompt", "login", "acr_values", multiFactor).detected(true)
	texted(other, "otp_verify").at(offer)
	other.send("action", `showError::{"name":"NotAllowedError","message":"no"}`, "response", "").refused("webauthn-failed", keyFailed)
	other.send("response", "{}", "action", "default").refused("webauthn-failed", keyFailed)
	other.send("response", d.make(other.page), "action", "default").done()
	if kept, _ := json.Marshal(tn.manage(http.MethodGet, "users/auth0%7Cann/authentication-methods", nil)); !strings.Contains(string(kept), `"type":"webauthn-platform"`) {
		t.Errorf("the user's methods are %s", kept)
	}

	// A browser that cannot ask the device is asked for the other factor; no other is offered.
	other.logIn("ann", "prompt", "login", "acr_values", multiFactor).detected(true).at("/u/mfa-sms-challenge").send("action", "pick-authenticator").send("action", "webauthn-platform::1")
	other.at("/u/mfa-webauthn-platform-challenge").send("response", d.use(other.page), "action", "default").done()
	other.logIn("ann", "prompt", "login", "acr_values", multiFactor).detected(false).at("/u/mfa-sms-challenge")
	if strings.Contains(other.page.Body, "pick-authenticator") {
		t.Errorf("the device can be chosen in a browser that cannot ask it: %s", other.page.Body)
	}
	texted(other, "otp_verify").done()
}

// TestTheDeviceIsOnlyOfferedToWhoHasProvedAFactor: the offer cannot be answered before.
func TestTheDeviceIsOnlyOfferedToWhoHasProvedAFactor(t *testing.T) {
	tn := start(t, "otp", "webauthn-platform")
	b := tn.browser().logIn("ann").detected(true)
	b.enrollOTP()
	b = tn.browser().logIn("ann").detected(true).at("/u/mfa-otp-challenge")
	_, b.page = tn.Visit(b.client, strings.Replace(b.page.URL.String(), "mfa-otp-challenge", "mfa-webauthn-platform-enrollment", 1))
	b.at("/u/mfa-otp-challenge")
	_, b.page = tn.Visit(b.client, strings.Replace(b.page.URL.String(), "mfa-otp-challenge", "mfa-detect-browser-capabilities", 1))
	b.at("/u/mfa-otp-challenge") // which is asked once
}
