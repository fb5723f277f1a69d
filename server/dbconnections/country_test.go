package dbconnections_test

import (
	"net/http"
	"strings"
	"testing"

	"github.com/tenant0/tenant0/server/servertest"
)

const countries = "/u/login/country-codes"

// TestTheCountryOfANumber: where a number is all that identifies people, its country is chosen on a list, at sign-ups and logins.
func TestTheCountryOfANumber(t *testing.T) {
	tn := startProofs(t)
	const password = "ExampleCo!2026-new"
	page := tn.opens("phone", "screen_hint", "signup")
	list := tn.goesTo(countries, page, "phone", "600 123 456", "action", "pick-country-code")
	has(t, list, http.StatusOK, `value="selection-action::ES34"`)
	page = tn.goesTo("/u/signup", list, "action", "selection-action::ES34")
	has(t, page, http.StatusOK, "Spain, ES, +34", `value="600 123 456"`)
	proof := tn.goesTo(phoneProof, page, "phone", "600 123 456", "password", password, "action", "default")
	tn.arrives(tn.types(proof, "code", tn.WaitForMessage("+34600123456", "otp_verify").Code))

	tn.browser = tn.Client()
	page = tn.opens("phone")
	if has(t, page, http.StatusOK, "United States, US, +1"); strings.Contains(page.Body, "Spain") {
		t.Error("another browser is at the country that was chosen")
	}
	tn.says("wrong-phone-credentials", page, "username", "600 123 456", "password", password)
	page = tn.goesTo("/u/login", tn.goesTo(countries, page, "username", "600", "action", "pick-country-code"), "action", "selection-action::ES34")
	has(t, page, http.StatusOK, "Spain, ES, +34", `value="600"`)
	tn.arrives(tn.types(page, "username", "600 123 456", "password", password))

	// A forgotten password is renewed with a code to the number; a number of nobody gets none, and the page does not say so.
	request := func(number string) servertest.Page {
		t.Helper()
		tn.browser = tn.Client()
		tn.ClearInbox()
		_, request := tn.Visit(tn.browser, tn.URL+"u/login/password-reset-start/phone?state="+tn.opens("phone").URL.Query().Get("state"))
		has(t, request, http.StatusOK, "Enter your Phone number and we will send you instructions to reset your password.", `value="pick-country-code"`)
		tn.says("no-phone", request, "username", "", "action", "default")
		request = tn.goesTo("/u/reset-password/request/phone", tn.goesTo(countries, request, "username", "600", "action", "pick-country-code"), "action", "selection-action::ES34")
		has(t, request, http.StatusOK, `value="600"`)
		return tn.goesTo(phoneProof, request, "username", number, "action", "default")
	}
	code := request("600 123 457")
	if n := len(tn.Inbox()); n != 0 {
		t.Errorf("%d messages are sent to a number of nobody", n)
	}
	tn.says("invalid-code", code, "code", "123456")
	code = request("600 123 456")
	has(t, code, http.StatusOK, "We&#39;ve sent a text message to:")
	change := tn.goesTo("/u/reset-verify", code, "code", tn.WaitForMessage("+34600123456", "otp_verify").Code)
	const renewed = "ExampleCo!2027-new"
	tn.goesTo("/u/reset-password/success", change, "password-reset", renewed, "re-enter-password", renewed, "action", "default")
	tn.arrives(tn.types(tn.opens("phone"), "username", "+34600123456", "password", renewed))

	if page := tn.opens("mail", "prompt", "login"); strings.Contains(page.Body, "pick-country-code") {
		t.Errorf("the country of an e-mail address is asked for\n%s", page.Body)
	}
}
