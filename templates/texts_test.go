package templates_test

import (
	"strings"
	"testing"
	"time"

	"github.com/tenant0/tenant0/templates"
)

func TestCustomTextReplacesTheBuiltInOne(t *testing.T) {
	layout := templates.Layout{CompanyName: "ExampleCo", Language: "fr-CA", CustomText: templates.Texts{
		"login": {"login": {
			"pageTitle":               "Connexion à ${clientName}",
			"title":                   "Bonjour",
			"description":             "${companyName} (${tenantName}) puis ${clientName}, ${unknown}, ${",
			"wrong-email-credentials": "Courriel ou mot de passe erroné",
			"refused-by-our-script":   "Pas aujourd'hui",
		}},
		"consent": {"consent": {"title": "Pas ici"}},
	}}
	page := render(t, templates.Login{Layout: layout, ClientName: "Paie", Errors: []string{"wrong-email-credentials", "refused-by-our-script"}})
	one(t, page, "html", "lang=fr-CA")
	for says, e := range map[string]*element{
		"Connexion à Paie": one(t, page, "title"),
		"Bonjour":          one(t, page, "h1"),
		"Bonjour ExampleCo (ExampleCo) puis Paie, ${unknown}, ${": one(t, page, "header"),
		"Courriel ou mot de passe erroné":                         one(t, page, "span", "id=error-element-password"),
		"Pas aujourd'hui":                                         one(t, page, "div", "id=prompt-alert"),
		"Continuer":                                               one(t, page, "button", "type=submit"),
	} {
		if got := strings.TrimSpace(strings.TrimPrefix(e.words(), "E ")); got != says {
			t.Errorf("%s says %q, want %q", e.name, got, says)
		}
	}
}

// TestCustomTextNamesErrors: custom text may name the place of errors above the form, and the picture beside an error.
func TestCustomTextNamesErrors(t *testing.T) {
	layout := templates.Layout{CustomText: templates.Texts{"login": {"login": {"alertListTitle": "Alerts of ${clientName}", "error": "Mistake"}}}}
	page := render(t, templates.Login{Layout: layout, ClientName: "Payroll", Errors: []string{"user-blocked", "no-password"}})
	one(t, page, "div", "id=prompt-alert", "aria-label=Alerts of Payroll")
	one(t, page, "span", "class=ulp-input-error-icon", "aria-label=Mistake")
	page = render(t, templates.Login{ClientName: "Payroll", Errors: []string{"user-blocked", "no-password"}})
	if _, named := one(t, page, "div", "id=prompt-alert").attr["aria-label"]; named {
		t.Error("the place of errors has a name without custom text")
	}
	one(t, page, "span", "class=ulp-input-error-icon", "aria-label=Error")
}

func TestAValueThatLooksLikeAVariableStaysAsItIs(t *testing.T) {
	page := render(t, templates.Login{Layout: templates.Layout{CompanyName: "${clientName}"}, ClientName: "${companyName}"})
	want := "Log in to ${clientName} to continue to ${companyName}."
	if got := one(t, page, "header").words(); !strings.Contains(got, want) {
		t.Errorf("the header says %q, want %q", got, want)
	}
}

func TestAStatusMayComeFromCustomText(t *testing.T) {
	layout := templates.Layout{CustomText: templates.Texts{"status": {"status": {
		"mfa-required-title": "One More Thing", "mfa-required": "Enrol a factor for ${clientName}.", "mfa-required-link": "Enrol",
	}}}}
	page := render(t, templates.Message{Layout: layout, ClientName: "Payroll", Status: "mfa-required", LinkURL: "/enrol"})
	if got, want := one(t, page, "main").words(), "One More Thing Enrol a factor for Payroll. Enrol"; got != want {
		t.Errorf("it says %q, want %q", got, want)
	}
}

// TestTextsSpeakOfTheTenantsNumbers: a number in a text is the tenant's setting, in each language.
func TestTextsSpeakOfTheTenantsNumbers(t *testing.T) {
	const day = 24 * time.Hour
	for _, language := range templates.Languages() {
		page := func(n templates.Numbers, custom string) string {
			layout := templates.Layout{Language: language, Numbers: n}
			if custom != "" {
				layout.CustomText = templates.Texts{"mfa-sms": {"mfa-sms-challenge": {"rememberMeText": custom, "placeholder": custom}}}
			}
			return render(t, templates.MFAChallenge{Layout: layout, Factor: "sms", Remember: true, Errors: []string{"invalid-otp-code-format"}})
		}
		box := func(n templates.Numbers, custom string) string {
			all := elements(t, page(n, custom))
			for _, e := range all {
				if e.name == "label" && e.attr["for"] == "rememberBrowser" {
					return e.words()
				}
			}
			t.Fatalf("%s: there is no box", language)
			return ""
		}
		plain := box(templates.Numbers{}, "")
		if week := box(templates.Numbers{Remembered: 7 * day}, ""); week != strings.Replace(plain, "30", "7", 1) || week == plain {
			t.Errorf("%s: a browser that is remembered for a week is told %q", language, week)
		}
		if month := box(templates.Numbers{Remembered: 30 * day}, ""); month != plain {
			t.Errorf("%s: for 30 days it is told %q", language, month)
		}
		for _, while := range []time.Duration{time.Hour, day, 36 * time.Hour} {
			if told := box(templates.Numbers{Remembered: while}, ""); strings.ContainsAny(told, "0123456789") {
				t.Errorf("%s: for %s it is told %q", language, while, told)
			}
		}
		if told := box(templates.Numbers{Remembered: 7 * day}, "30 days as we say"); told != "30 days as we say" {
			t.Errorf("%s: the tenant's own text is %q", language, told)
		}
		if got := page(templates.Numbers{Digits: 8}, ""); strings.Count(got, "8") != strings.Count(page(templates.Numbers{}, ""), "8")+3 {
			t.Errorf("%s: a code of eight digits is asked for so:\n%s", language, got)
		}
	}
}

// TestCustomTextHasAuth0sKeys: the pages show custom texts with Auth0's keys.
// https://auth0.com/docs/customize/login-pages/universal-login/customize-text-elements
func TestCustomTextHasAuth0sKeys(t *testing.T) {
	for _, tt := range []struct {
		prompt, screen, keys string
		page                 func(templates.Layout) templates.Page
	}{
		{"login", "login", "pageTitle title description buttonText", func(l templates.Layout) templates.Page { return templates.Login{Layout: l} }},
		{"login", "login", "invitationTitle invitationDescription", func(l templates.Layout) templates.Page {
			l.Inviter = "Ann"
			return templates.Login{Layout: l}
		}},
		{"login-password", "login-password", "invitationTitle invitationDescription", func(l templates.Layout) templates.Page {
			l.Inviter = "Ann"
			return templates.LoginPassword{Layout: l}
		}},
		{"signup-password", "signup-password", "invitationDescription password-breached", func(l templates.Layout) templates.Page {
			l.Inviter = "Ann"
			return templates.SignupPassword{Signup: templates.Signup{Layout: l, Errors: []string{"password-breached"}}}
		}},
		{"login-passwordless", "login-passwordless-email-code", "pageTitle invalid-verification-code resendText resendActionText", func(l templates.Layout) templates.Page {
			return templates.PasswordlessCode{Layout: l, Address: "a@b.example", Errors: []string{"invalid-code"}}
		}},
		{"login-passwordless", "login-passwordless-sms-otp", "editText placeholder", func(l templates.Layout) templates.Page {
			return templates.PasswordlessCode{Layout: l, Phone: true, Address: "+15550100", EditURL: "/"}
		}},
		{"login-passwordless", "login-passwordless-email-link", "pageTitle successTitle description", func(l templates.Layout) templates.Page { return templates.PasswordlessLink{Layout: l} }},
		{"phone-identifier-challenge", "phone-identifier-challenge", "pageTitle smsDescription placeholder", func(l templates.Layout) templates.Page {
			return templates.Proof{Layout: l, Kind: templates.ProvePhone}
		}},
		{"reset-password", "reset-password-request", "descriptionEmail placeholderEmail", func(l templates.Layout) templates.Page { return templates.ResetRequest{Layout: l} }},
		{"reset-password", "reset-password-request", "emailDescription", func(l templates.Layout) templates.Page { return templates.ResetRequest{Layout: l} }},
		{"reset-password", "reset-password", "no-password-reset passwordPlaceholder reEnterpasswordPlaceholder", func(l templates.Layout) templates.Page { return templates.NewPassword{Layout: l} }},
		{"email-verification", "email-verification-result", "errorTitle auth0-users-expired-ticket", func(l templates.Layout) templates.Page {
			return templates.Result{Layout: l, Outcome: templates.VerificationLinkExpired}
		}},
		{"email-verification", "email-verification-result", "errorTitle invalidAccountOrCodeDescription", func(l templates.Layout) templates.Page {
			return templates.Result{Layout: l, Outcome: templates.VerificationLinkInvalid}
		}},
		{"brute-force-protection", "brute-force-protection-unblock", "pageTitle description buttonText", func(l templates.Layout) templates.Page { return templates.Unblock{Layout: l} }},
		{"mfa-phone", "mfa-phone-enrollment", "continueButtonText smsButtonText voiceButtonText chooseMessageTypeText", func(l templates.Layout) templates.Page {
			return templates.MFAPhoneEnrollment{Layout: l, Way: "phone"}
		}},
		{"mfa-webauthn", "mfa-webauthn-roaming-enrollment", "continueButtonText", func(l templates.Layout) templates.Page {
			return templates.MFAKey{Layout: l, Factor: "webauthn-roaming", Enroll: true}
		}},
		{"mfa-webauthn", "mfa-webauthn-platform-challenge", "continueButtonText", func(l templates.Layout) templates.Page {
			return templates.MFAKey{Layout: l, Factor: "webauthn-platform"}
		}},
		{"passkeys", "passkey-enrollment", "createButtonText continueButtonText passkeyBenefit3Description error_passkey-enrollment-failure", func(l templates.Layout) templates.Page {
			return templates.PasskeyEnrollment{Layout: l, Errors: []string{"passkey-enrollment-failure"}}
		}},
		{"passkeys", "passkey-enrollment-local", "createButtonText continueButtonText passkeyBenefit1Title passkeyBenefit2Description checkboxText", func(l templates.Layout) templates.Page {
			return templates.PasskeyEnrollment{Layout: l, Local: true}
		}},
		{"status", "status", "passwordless-no-session-title passwordless-no-session", func(l templates.Layout) templates.Page {
			return templates.Message{Layout: l, Status: templates.LinkOfAnotherBrowser}
		}},
	} {
		custom := map[string]string{}
		for key := range strings.FieldsSeq(tt.keys) {
			custom[key] = "OUR " + key
		}
		page := render(t, tt.page(templates.Layout{CustomText: templates.Texts{tt.prompt: {tt.screen: custom}}}))
		for key, text := range custom {
			if !strings.Contains(page, text+"<") && !strings.Contains(page, text+`"`) {
				t.Errorf("the page %s does not show the text %s:\n%s", tt.screen, key, page)
			}
		}
	}
}
