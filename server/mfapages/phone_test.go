package mfapages_test

import (
	"net/http"
	"strings"
	"testing"
)

// TestTheCountryOfANumber: a number is one of the country that was chosen on the list, or else of the browser's language, and the
// list leads back to the page with what was typed.
func TestTheCountryOfANumber(t *testing.T) {
	tn := start(t, "sms")
	b := tn.browser().logIn("ann").at("/u/mfa-sms-enrollment")
	b.has(`value="pick-country-code"`, "United States, US, +1")
	b.send("phone", "600 123 456", "action", "pick-country-code").at("/u/mfa-country-codes")
	b.has("Select a Country Code", `value="selection-action::ES34">Spain (+34)<`, "Yemen (+967)", `name="with-search"`)
	b.send("action", "back-action").at("/u/mfa-sms-enrollment")
	b.has("United States, US, +1", `value="600 123 456"`)
	b.send("phone", "600 123 456", "action", "pick-country-code").send("action", "selection-action::ES34").at("/u/mfa-sms-enrollment")
	b.has("Spain, ES, +34", `value="600 123 456"`)
	for _, wrong := range []string{"selection-action::ES35", "selection-action::XX1", "selection-action::E", "selection-action::"} {
		b.send("action", "pick-country-code").send("action", wrong).at("/u/mfa-sms-enrollment").has("Spain, ES, +34")
	}
	b.send("action", "pick-country-code").send("action", "selection-action::MX+52").has("Mexico, MX, +52") // as Auth0's SDK for pages sends it
	b.send("phone", "55 1234 5678", "action", "default").at("/u/mfa-sms-enrollment-verify")
	b.send("code", tn.WaitForMessage("+525512345678", "otp_enroll").Code, "action", "default").done()
}

// TestTheCountryOfTheBrowser: before a country is chosen, it is that of the language.
func TestTheCountryOfTheBrowser(t *testing.T) {
	tn := start(t, "sms")
	for _, language := range []struct{ header, locales, want string }{
		{"en-GB,en;q=0.9", "", "United Kingdom, GB, +44"},
		{"pl", "", "Poland, PL, +48"},
		{"*", "", "United States, US, +1"},
		{"en-US", "fr-CA", "Canada, CA, +1"},
		{"es-419", "", "United States, US, +1"}, // which is a region of many countries
	} {
		b := tn.browser()
		b.client.Transport = speaking{b.client.Transport, language.header}
		b.logIn("ann", "ui_locales", language.locales).at("/u/mfa-sms-enrollment").has(language.want)
	}
}

// speaking sends requests with an Accept-Language header.
type speaking struct {
	http.RoundTripper
	language string
}

func (s speaking) RoundTrip(r *http.Request) (*http.Response, error) {
	r.Header.Set("Accept-Language", s.language)
	return s.RoundTripper.RoundTrip(r)
}

// has checks that the page contains texts.
func (b *browser) has(texts ...string) *browser {
	b.tn.t.Helper()
	for _, text := range texts {
		if !strings.Contains(b.page.Body, text) {
			b.tn.t.Errorf("%s does not have %q: %s", b.page.URL.Path, text, b.page.Body)
		}
	}
	return b
}
