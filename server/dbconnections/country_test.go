package dbconnections_test

import (
	"net/http"
	"strings"
	"testing"
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

	if page := tn.opens("mail", "prompt", "login"); strings.Contains(page.Body, "pick-country-code") {
		t.Errorf("the country of an e-mail address is asked for\n%s", page.Body)
	}
}
