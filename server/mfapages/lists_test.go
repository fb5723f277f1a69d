package mfapages_test

import (
	"net/http"
	"testing"
)

// TestSeveralNumbers: a user with several phone numbers or e-mail addresses chooses one of them on a list.
func TestSeveralNumbers(t *testing.T) {
	tn := start(t, "sms", "email")
	const methods = "users/auth0%7Cann/authentication-methods"
	const other = "+15550104712"
	for _, number := range []string{phone, other} {
		tn.manage(http.MethodPost, methods, object{"type": "phone", "phone_number": number, "preferred_authentication_method": "sms"})
	}
	for _, address := range []string{"first@example.com", "second@example.com"} {
		tn.manage(http.MethodPost, methods, object{"type": "email", "email": address})
	}
	b := tn.browser().logIn("ann").at("/u/mfa-sms-challenge").has(`/u/mfa-sms-list?state=`, `data-link-name="edit-phone"`)
	first := tn.Inbox()[0].To
	b.send("action", "pick-sms").at("/u/mfa-sms-list").has("Enrolled Phone Numbers", `value="selection-action::0"`, `value="selection-action::1"`)
	b.send("action", "selection-action::7").at("/u/mfa-sms-challenge")
	b.send("action", "pick-sms").send("action", "selection-action::1").at("/u/mfa-sms-challenge")
	second := tn.Inbox()[0]
	if len(tn.Inbox()) != 2 || second.To == first {
		t.Errorf("the codes went to %s and %s", first, second.To)
	}
	b.send("code", second.Code, "action", "default").done()

	b = tn.browser().logIn("ann", "prompt", "login").at("/u/mfa-sms-challenge").send("action", "pick-authenticator").send("action", "email::1").at("/u/mfa-email-challenge")
	b.has(`value="pick-email"`)
	first = tn.Inbox()[0].To
	b.send("action", "pick-email").at("/u/mfa-email-list").has("Enrolled Email Addresses").send("action", "selection-action::1").at("/u/mfa-email-challenge")
	if second = tn.Inbox()[0]; second.To == first {
		t.Errorf("both codes went to %s", first)
	}
	b.send("code", second.Code, "action", "default").done()
}
