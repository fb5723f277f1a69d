package e2e_test

import (
	"encoding/json"
	"net/http"
	"net/url"
	"testing"

	"github.com/tenant0/tenant0/server/servertest"
)

// ownFields are fields that a tenant adds to its login page, as in Auth0's documentation of prompts: a field with a
// validation function, a required checkbox, and a custom text with a link.
const ownFields = `<div class="ulp-field"><label for="ulp-phone">Phone</label><input type="text" id="ulp-phone" name="ulp-phone">` +
	`<div class="ulp-error-info" data-ulp-validation-function="validatePhone" data-ulp-validation-event-listeners="blur, change">Invalid phone number</div></div>` +
	`<div class="ulp-field"><input type="checkbox" id="tos" name="ulp-tos" required><label for="tos">{{ prompt.screen.texts.varTermsOfUse }}</label></div>` +
	`<script>function validatePhone(element, formSubmitted) { return !formSubmitted || element.value.replace(/\D/g, '').length === 10; }</script>`

// TestPartialsLookAtTheirOwnFields: https://auth0.com/docs/customize/login-pages/universal-login/customize-signup-and-login-prompts
func TestPartialsLookAtTheirOwnFields(t *testing.T) {
	s := startStage(t)
	put := func(path string, body any) {
		t.Helper()
		if status, answer := s.Manage(s.Client(), http.MethodPut, path, body); status != http.StatusOK {
			raw, _ := json.Marshal(answer)
			t.Fatalf("%s: %d %s", path, status, raw)
		}
	}
	put("prompts/login/partials", map[string]any{"login": map[string]any{"form-content-end": ownFields}})
	put("prompts/login/custom-text/en", map[string]any{"login": map[string]any{"var-terms-of-use": "I agree to the [Terms <b>](https://acme.example/tos) & no [more](javascript:alert(1))"}})
	s.opened(t, s.authorizeURL(url.Values{"prompt": {"login"}}), `fill #username := WHO;; click button[value=default];; see #error-cs-password-required := Password is required;;`+
		`see .ulp-error > .ulp-error-info := Invalid phone number;; see label[for=tos] > a[href="https://acme.example/tos"] := Terms <b>;; see label[for=tos] := & no [more](javascript:alert(1));;`+
		`fill #password := SECRET;; fill #ulp-phone := 555;; click button[value=default];; see .ulp-error > .ulp-error-info := Invalid phone number;; see #ulp-phone[aria-invalid=true] := ;;`+
		`fill #ulp-phone := (555) 010-9167;; see .ulp-field:not(.ulp-error) #ulp-phone := ;; click button[value=default];; at /u/login;; click #tos;; press button[value=default]`, nil)

	// The pages for codes and for passkeys have partials, too.
	put("prompts/passkeys/partials", map[string]any{"passkey-enrollment": map[string]any{"form-content-start": `<i id="ours">{{ prompt.screen.name }}</i>`}})
	put("prompts/login-passwordless/partials", map[string]any{"login-passwordless-email-code": map[string]any{"form-content-start": `<i id="ours">{{ prompt.screen.name }}</i>`}})
	put("prompts/login/partials", map[string]any{})
	offerPasskeys(t, s)
	s.opened(t, s.authorizeURL(url.Values{"prompt": {"login"}}), `fill #username := WHO;; press button[value=default];; fill #password := SECRET;; press button[value=default];; see #ours := passkey-enrollment;; end`, nil)

	m := manage(t, s.Server)
	m.send("POST", "/connections", `{"name":"email","strategy":"email","enabled_clients":["`+servertest.Mobile+`"]}`)
	m.send("PATCH", "/prompts", `{"identifier_first":true}`)
	m.send("PATCH", "/connections/"+m.find("/connections?name=Username-Password-Authentication"), `{"enabled_clients":[]}`)
	s.opened(t, s.authorizeURL(url.Values{"prompt": {"login"}}), `fill #username := WHO;; press button[value=default];; see #ours := login-passwordless-email-code;; end`, nil)
}
