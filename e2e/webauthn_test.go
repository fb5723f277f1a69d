package e2e_test

import (
	"net/http"
	"net/url"
	"testing"
	"time"

	"github.com/chromedp/cdproto/webauthn"
	"github.com/chromedp/chromedp"

	"github.com/tenant0/tenant0/server/servertest"
)

// authenticator gives a window a virtual authenticator that approves every request.
func (w *window) authenticator(transport webauthn.AuthenticatorTransport) {
	w.t.Helper()
	call(w, webauthn.Enable, webauthn.EnableParams{})
	call(w, webauthn.AddVirtualAuthenticator, webauthn.AddVirtualAuthenticatorParams{Options: &webauthn.VirtualAuthenticatorOptions{
		Protocol: webauthn.AuthenticatorProtocolCtap2, Transport: transport, HasResidentKey: true, HasUserVerification: true,
		IsUserVerified: true, AutomaticPresenceSimulation: true,
	}})
}

// manage calls the Management API, which must succeed.
func (s *stage) manage(t *testing.T, method, path string, body any) {
	t.Helper()
	if status, answer := s.Manage(s.Client(), method, path, body); status/100 != 2 {
		t.Fatalf("%s %s: %d %v", method, path, status, answer)
	}
}

// agree consents, and checks that the application gets a code. It waits until the login is at either page: pages in
// between send their forms by script.
func (s *stage) agree(t *testing.T, w *window) {
	t.Helper()
	for {
		w.becomes(`["/u/consent", "/callback"].includes(location.pathname) && document.readyState === "complete"`)
		if w.path() != "/u/consent" {
			break
		}
		w.press(`button[name=action]`)
	}
	if response := s.app.response(t); response.Get("code") == "" {
		t.Fatalf("the application gets %v, want a code", response)
	}
}

// TestASecurityKey goes through the pages of a further factor with Chromium's virtual authenticator.
func TestASecurityKey(t *testing.T) {
	s := startStage(t)
	s.manage(t, http.MethodPut, "guardian/factors/webauthn-roaming", map[string]any{"enabled": true})
	s.manage(t, http.MethodPut, "guardian/policies", []string{"all-applications"})
	w := openWindow(s.browser, t)
	w.authenticator(webauthn.AuthenticatorTransportUsb)
	w.open(s.authorizeURL(nil))
	w.logIn(servertest.Employee, servertest.Password)
	if path := w.path(); path != "/u/mfa-webauthn-roaming-enrollment" {
		t.Fatalf("the password leads to %s", path)
	}
	w.press("button[value=default]")
	s.agree(t, w)
	w.open(s.authorizeURL(url.Values{"prompt": {"login"}, "acr_values": {"http://schemas.openid.net/pape/policies/2007/06/multi-factor"}}))
	w.logIn(servertest.Employee, servertest.Password)
	if path := w.path(); path != "/u/mfa-webauthn-roaming-challenge" {
		t.Fatalf("the password leads to %s", path)
	}
	w.press("button[value=default]")
	s.agree(t, w)
}

// TestTheDeviceAsAFurtherFactor is offered to add the device after another factor, puts it off once, adds it, and logs in with it.
func TestTheDeviceAsAFurtherFactor(t *testing.T) {
	f := startFurther(t, "sms", "webauthn-platform")
	f.manage(t, http.MethodPost, "users/"+url.PathEscape(f.userID(t))+"/authentication-methods", map[string]any{
		"type": "phone", "phone_number": phoneNumber, "preferred_authentication_method": "sms",
	})
	f.asks = url.Values{"acr_values": {"http://schemas.openid.net/pape/policies/2007/06/multi-factor"}}
	w := openWindow(f.browser, t)
	w.authenticator(webauthn.AuthenticatorTransportInternal)
	const detected = loginLines + `leave /u/mfa-detect-browser-capabilities;; at /u/mfa-sms-challenge;;`
	const texted = detected + `fill #code := TEXTED;; press button[value=default];;`
	f.runIn(t, w, script{lines: texted + `at /u/mfa-webauthn-platform-enrollment;; see button[value="refuse-add-device"] := Not on this device;; press button=Remind me later`})
	f.now = f.now.Add(15 * 24 * time.Hour)
	f.runIn(t, w, script{lines: texted + `see h1 := Log In Faster on This Device;; press [data-webauthn-button]`})
	f.runIn(t, w, script{lines: detected + `press button=Try another method;; press button=Fingerprint or Face Recognition;; press [data-webauthn-button]`})
}

// offerPasskeys turns the offer of a passkey on for all users who log in with a password.
func offerPasskeys(t *testing.T, s *stage) {
	t.Helper()
	s.manage(t, http.MethodPatch, "prompts", map[string]any{"identifier_first": true})
	_, answer := s.Manage(s.Client(), http.MethodGet, "connections?strategy=auth0", nil)
	list, _ := answer.([]any)
	if len(list) != 1 {
		t.Fatalf("the databases are %v", answer)
	}
	connection, _ := list[0].(map[string]any)
	options, _ := connection["options"].(map[string]any)
	options["authentication_methods"] = map[string]any{"password": map[string]any{"enabled": true}, "passkey": map[string]any{"enabled": true}}
	options["passkey_options"] = map[string]any{"challenge_ui": "both", "progressive_enrollment_enabled": true, "local_enrollment_enabled": true}
	id, _ := connection["id"].(string)
	s.manage(t, http.MethodPatch, "connections/"+id, map[string]any{"options": options})
}

// TestAPasskey is offered a passkey after the password, and then logs in with the passkey without typing anything.
func TestAPasskey(t *testing.T) {
	s := startStage(t)
	offerPasskeys(t, s)
	w := openWindow(s.browser, t)
	w.authenticator(webauthn.AuthenticatorTransportInternal)
	w.open(s.authorizeURL(nil))
	w.becomes(`document.getElementById("webauthn-platform-available").value === "true"`)
	w.do(chromedp.SetValue(chromedp.ID("username"), servertest.Employee))
	w.press("button[value=default]")
	w.do(chromedp.SetValue(chromedp.ID("password"), servertest.Password))
	w.press("button[value=default]")
	if path := w.path(); path != "/u/passkey-enrollment" {
		t.Fatalf("the password leads to %s", path)
	}
	w.press("[data-webauthn-button]")
	s.agree(t, w)
	// The authenticator approves at once when the page's field offers passkeys.
	w.open(s.authorizeURL(url.Values{"prompt": {"login"}}))
	if response := s.app.response(t); response.Get("code") == "" {
		t.Fatalf("the application gets %v, want a code", response)
	}
}
