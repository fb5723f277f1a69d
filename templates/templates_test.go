package templates_test

import (
	"bytes"
	"maps"
	"os"
	"path/filepath"
	"regexp"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"github.com/tenant0/tenant0/templates"
)

var (
	exampleCo = templates.Layout{CompanyName: "ExampleCo"}
	acme      = templates.Layout{
		CompanyName:    "Acme Rockets",
		LogoURL:        "https://cdn.acme.test/logo.svg",
		PrimaryColor:   "#E8590C",
		PageBackground: "#222221",
		Language:       "de",
		CustomText: templates.Texts{"login": {"login": {
			"title":       "Willkommen",
			"description": "Bei ${companyName} anmelden und weiter zu ${clientName}.",
		}}},
	}
	withApp = func() templates.Layout {
		l := exampleCo
		l.AppName = "Auth0 Guardian"
		return l
	}()
	requested = []templates.Resource{
		{Scopes: []templates.Scope{{Name: "openid", Description: "Profile: access to your profile and email"}}},
		{Name: "Timesheets API", Scopes: []templates.Scope{
			{Name: "read:timesheets", Description: "Read your timesheets"},
			{Name: "batch:upload"},
		}},
	}
)

// demands are those of a password policy, for a password that has enough characters, of only one kind.
var demands = []templates.Demand{
	{Code: "lengthAtLeast", Text: "At least 8 characters in length", Least: 8, Met: true},
	{Code: "containsAtLeast", Text: "Contain at least 3 of the following 4 types of characters:", Least: 3, Items: []templates.Demand{
		{Code: "lowerCase", Text: "lower case letters (a-z)", Met: true},
		{Code: "upperCase", Text: "upper case letters (A-Z)"},
		{Code: "numbers", Text: "numbers (i.e. 0-9)"},
		{Code: "specialCharacters", Text: "special characters (e.g. !@#$%^&*)"},
	}},
}

// states are all pages in all states, by the name of the golden file.
var states = joined(formStates, countryStates, map[string]templates.Page{
	"login": templates.Login{
		Layout: exampleCo, ClientName: "Timesheets Mobile", State: "hKFo2SBzdGF0ZQ",
	},
	"login-with-links": templates.Login{
		Layout: exampleCo, ClientName: "Timesheets Mobile", State: "hKFo2SBzdGF0ZQ",
		SignupURL: "/u/signup?state=hKFo2SBzdGF0ZQ", ForgotPasswordURL: "/u/reset-password/request?state=hKFo2SBzdGF0ZQ",
	},
	"login-wrong-password": templates.Login{
		Layout: exampleCo, ClientName: "Timesheets Mobile", State: "hKFo2SBzdGF0ZQ",
		Username: "employee@exampleco.com", Errors: []string{"wrong-email-credentials"},
	},
	"login-nothing-typed": templates.Login{
		Layout: exampleCo, ClientName: "Timesheets Mobile", State: "hKFo2SBzdGF0ZQ",
		Identifiers: []string{"email", "username"}, Errors: []string{"no-username", "no-password"},
	},
	"login-blocked": templates.Login{
		Layout: exampleCo, ClientName: "Timesheets Mobile", State: "hKFo2SBzdGF0ZQ",
		Username: "employee@exampleco.com", Errors: []string{"user-blocked"},
	},
	"login-identifier": templates.LoginIdentifier{
		Layout: exampleCo, ClientName: "Timesheets Mobile", State: "hKFo2SBzdGF0ZQ", SignupURL: "/u/signup/identifier?state=hKFo2SBzdGF0ZQ",
	},
	"login-identifier-passkey": templates.LoginIdentifier{
		Layout: exampleCo, ClientName: "Timesheets Mobile", State: "hKFo2SBzdGF0ZQ", Passkey: `{"challenge":"eA"}`, Autofill: true, PasskeyButton: true, Errors: []string{"passkey-authentication-failed"},
		ForgotPasswordURL: "/u/login/password-reset-start/Employees?state=hKFo2SBzdGF0ZQ",
	},
	"login-identifier-passkey-button": templates.LoginIdentifier{
		Layout: exampleCo, ClientName: "Timesheets Mobile", State: "hKFo2SBzdGF0ZQ", Passkey: `{"challenge":"eA"}`, PasskeyButton: true, Errors: []string{"passkey-authentication-failed"},
	},
	"login-identifier-refused": templates.LoginIdentifier{
		Layout: exampleCo, ClientName: "Timesheets Mobile", State: "hKFo2SBzdGF0ZQ", Username: "em", Identifiers: []string{"email"},
		Errors: []string{"invalid-email-format"},
	},
	"login-password": templates.LoginPassword{
		Layout: exampleCo, ClientName: "Timesheets Mobile", State: "hKFo2SBzdGF0ZQ", Username: "employee@exampleco.com",
		EditURL: "/u/login/identifier?state=hKFo2SBzdGF0ZQ", SignupURL: "/u/signup/identifier?state=hKFo2SBzdGF0ZQ",
		ForgotPasswordURL: "/u/login/password-reset-start/c/employee@exampleco.com?state=hKFo2SBzdGF0ZQ",
	},
	"login-password-wrong": templates.LoginPassword{
		Layout: exampleCo, ClientName: "Timesheets Mobile", State: "hKFo2SBzdGF0ZQ", Username: "employee@exampleco.com",
		EditURL: "/u/login/identifier?state=hKFo2SBzdGF0ZQ", Errors: []string{"wrong-email-credentials"},
	},
	"login-invited": templates.Login{Layout: invitedTo("ExampleCo"), ClientName: "Timesheets Mobile", State: "hKFo2SBzdGF0ZQ"},
	"login-password-invited": templates.LoginPassword{
		Layout: invitedTo("ExampleCo"), ClientName: "Timesheets Mobile", State: "hKFo2SBzdGF0ZQ", Username: "employee@exampleco.com", EditURL: "/u/login/identifier?state=hKFo2SBzdGF0ZQ",
	},
	"signup-password-invited": templates.SignupPassword{Signup: templates.Signup{
		Layout: invitedTo("ExampleCo"), ClientName: "Timesheets Mobile", State: "hKFo2SBzdGF0ZQ", Email: "new@exampleco.com", Demands: demands,
	}},
	"signup-identifier": templates.SignupIdentifier{
		Layout: exampleCo, ClientName: "Timesheets Mobile", State: "hKFo2SBzdGF0ZQ", Identifiers: []string{"email"}, Optional: []string{"phone_number"},
		LoginURL: "/u/login/identifier?state=hKFo2SBzdGF0ZQ",
	},
	"signup-password": templates.SignupPassword{EditURL: "/u/signup/identifier?state=hKFo2SBzdGF0ZQ", Signup: templates.Signup{
		Layout: exampleCo, ClientName: "Timesheets Mobile", State: "hKFo2SBzdGF0ZQ", Email: "new@exampleco.com", Demands: demands,
		LoginURL: "/u/login/identifier?state=hKFo2SBzdGF0ZQ", Errors: []string{"email-in-use"},
	}},
	"login-with-ways": templates.Login{
		Layout: exampleCo, ClientName: "Timesheets Mobile", State: "hKFo2SBzdGF0ZQ", SignupURL: "/u/signup?state=hKFo2SBzdGF0ZQ",
		Ways: []templates.Way{{Connection: "email", Strategy: "email"}, {Connection: "sms", Strategy: "sms"}},
	},
	"passwordless-email-code": templates.PasswordlessCode{
		Layout: exampleCo, ClientName: "Timesheets Mobile", State: "hKFo2SBzdGF0ZQ", Address: "new@exampleco.com",
		EditURL: "/u/login/identifier?state=hKFo2SBzdGF0ZQ",
	},
	"passwordless-sms-code-wrong": templates.PasswordlessCode{
		Layout: exampleCo, ClientName: "Timesheets Mobile", State: "hKFo2SBzdGF0ZQ", Address: "+15550100", Phone: true,
		EditURL: "/u/login/identifier?state=hKFo2SBzdGF0ZQ", Errors: []string{"invalid-code"},
	},
	"passwordless-email-link": templates.PasswordlessLink{
		Layout: exampleCo, ClientName: "Timesheets Mobile", State: "hKFo2SBzdGF0ZQ", Address: "new@exampleco.com",
		EditURL: "/u/login/identifier?state=hKFo2SBzdGF0ZQ",
	},
	"prove-email": templates.Proof{
		Layout: exampleCo, ClientName: "Timesheets Mobile", State: "hKFo2SBzdGF0ZQ", Address: "new@exampleco.com",
	},
	"prove-phone": templates.Proof{
		Layout: exampleCo, ClientName: "Timesheets Mobile", State: "hKFo2SBzdGF0ZQ", Address: "+15550100", Kind: templates.ProvePhone,
		Errors: []string{"invalid-expired-code"},
	},
	"reset-code": templates.Proof{
		Layout: exampleCo, ClientName: "Timesheets Mobile", State: "hKFo2SBzdGF0ZQ", Address: "new@exampleco.com", Kind: templates.ProveForReset,
		EditURL: "/u/reset-password/request/c?state=hKFo2SBzdGF0ZQ",
	},
	"login-themed": templates.Login{
		Layout: templates.Layout{CompanyName: "Acme", Theme: templates.Theme{
			Borders: templates.Borders{Buttons: "pill", Inputs: "sharp"}, Widget: templates.Widget{Header: "left", Logo: "left", Social: "top"},
			Colors: templates.Colors{Widget: "#fffdf7", Header: "#111111", Success: "#1b7f3b"},
		}},
		ClientName: "Launch Control", State: "hKFo2SBzdGF0ZQ", SignupURL: "/u/signup?state=hKFo2SBzdGF0ZQ",
		Providers: []templates.Provider{{Connection: "google-oauth2", Key: "google", Name: "Google"}, {Connection: "corp", Key: "samlp", Name: "Corp"}},
	},
	"login-branded": templates.Login{Layout: acme, ClientName: "Launch Control", State: "hKFo2SBzdGF0ZQ"},
	"login-right-to-left": templates.Login{
		Layout: templates.Layout{CompanyName: "ExampleCo", Language: "ar"}, ClientName: "Timesheets Mobile", State: "hKFo2SBzdGF0ZQ",
	},
	"login-unnamed":         templates.Login{State: "hKFo2SBzdGF0ZQ"},
	"consent":               consent(exampleCo, ""),
	"consent-logos":         consent(acme, "https://launch.acme.test/logo.png"),
	"consent-failed":        consent(exampleCo, "", "invalid-action"),
	"consent-transactional": transactional(exampleCo),
	"logout-confirm": templates.LogoutConfirm{
		Layout: exampleCo, ClientName: "Timesheets Web", UserName: "employee@exampleco.com", State: "hKFo2SBzdGF0ZQ",
	},
	"logout-confirm-anonymous": templates.LogoutConfirm{Layout: exampleCo, State: "hKFo2SBzdGF0ZQ"},
	"logged-out":               templates.LoggedOut{Layout: exampleCo},
	"logged-out-with-link":     templates.LoggedOut{Layout: exampleCo, ClientName: "Timesheets Web", LinkURL: "http://localhost:3000"},
	"logout-aborted":           templates.LogoutAborted{Layout: exampleCo, ClientName: "Timesheets Web", LinkURL: "http://localhost:3000"},
	"message-expired": templates.Message{
		Layout: exampleCo, ClientName: "Timesheets Web", Status: templates.ExpiredTransaction, LinkURL: "http://localhost:3000",
	},
	"message-used":                    templates.Message{Layout: exampleCo, ClientName: "Timesheets Web", Status: templates.UsedTransaction},
	"message-link-of-another-browser": templates.Message{Layout: exampleCo, ClientName: "Timesheets Web", Status: templates.LinkOfAnotherBrowser},
	"message-foreign":                 templates.Message{Layout: exampleCo, ClientName: "Timesheets Web", Status: templates.ForeignTransaction},
	"message-unknown":                 templates.Message{Layout: exampleCo, Status: "a-status-without-texts"},
	"error": templates.Error{
		Layout: exampleCo, Text: "callback-mismatch", Code: "unauthorized_client", SupportEmail: "help@exampleco.com", SupportURL: "https://exampleco.com/help",
		Description: "Callback URL mismatch. http://localhost:3000/other is not in the list of allowed callback URLs",
		TrackingID:  "b3f1c2d4e5a69788",
	},
	"error-without-application": templates.Error{
		Layout: exampleCo, Code: "invalid_request", Description: "Unknown client: nobody",
	},
	"form-post": templates.FormPost{
		Layout: exampleCo, URL: "http://localhost:3000/callback?tenant=1",
		Fields: []templates.Field{{Name: "code", Value: "0a1b2c"}, {Name: "state", Value: `{"from":"/"}`}},
	},
	"signup": templates.Signup{
		Layout: exampleCo, ClientName: "Timesheets Mobile", State: "hKFo2SBzdGF0ZQ", LoginURL: "/u/login?state=hKFo2SBzdGF0ZQ",
		Identifiers: []string{"email"},
	},
	"signup-by-phone": templates.Signup{
		Layout: exampleCo, ClientName: "Timesheets Mobile", State: "hKFo2SBzdGF0ZQ", Username: "em",
		Identifiers: []string{"username", "phone_number"}, Optional: []string{"email"}, Errors: []string{"no-phone"}, Country: spain,
	},
	"signup-refused": templates.Signup{
		Layout: exampleCo, ClientName: "Timesheets Mobile", State: "hKFo2SBzdGF0ZQ", Email: "new@exampleco.com",
		Identifiers: []string{"email", "username"}, Errors: []string{"username-taken", "password-too-weak"}, Demands: demands,
	},
	"reset-request": templates.ResetRequest{
		Layout: exampleCo, ClientName: "Timesheets Mobile", State: "hKFo2SBzdGF0ZQ", LoginURL: "/u/login?state=hKFo2SBzdGF0ZQ",
	},
	"reset-request-username": templates.ResetRequest{
		Layout: exampleCo, ClientName: "Timesheets Mobile", State: "hKFo2SBzdGF0ZQ", Identifiers: []string{"username"}, Errors: []string{"no-email"},
	},
	"new-password":              templates.NewPassword{Layout: exampleCo, ClientName: "Timesheets Mobile", Email: "new@exampleco.com"},
	"new-password-mismatch":     templates.NewPassword{Layout: exampleCo, Email: "new@exampleco.com", Errors: []string{"password-mismatch"}},
	"reset-mail-sent":           templates.Result{Layout: exampleCo, Outcome: templates.ResetMailSent, Email: "new@exampleco.com", State: "hKFo2SBzdGF0ZQ"},
	"password-reset":            templates.Result{Layout: exampleCo, Outcome: templates.PasswordReset, ClientName: "Timesheets Mobile", LinkURL: "http://localhost:3000"},
	"reset-link-used":           templates.Result{Layout: exampleCo, Outcome: templates.ResetLinkUsed},
	"reset-link-expired":        templates.Result{Layout: exampleCo, Outcome: templates.ResetLinkExpired},
	"reset-link-invalid":        templates.Result{Layout: exampleCo, Outcome: templates.ResetLinkInvalid, LinkURL: "http://localhost:3000"},
	"email-already-verified":    templates.Result{Layout: exampleCo, Outcome: templates.EmailAlreadyVerified, ClientName: "Timesheets Web", LinkURL: "http://localhost:3000"},
	"verification-link-expired": templates.Result{Layout: exampleCo, Outcome: templates.VerificationLinkExpired},
	"verification-link-invalid": templates.Result{Layout: exampleCo, Outcome: templates.VerificationLinkInvalid},
	"account-unblocked":         templates.Result{Layout: exampleCo, Outcome: templates.AccountUnblocked, ClientName: "Timesheets Web", LinkURL: "http://localhost:3000"},
	"unblock":                   templates.Unblock{Layout: exampleCo, ClientName: "Timesheets Web"},
	"unblock-link-invalid":      templates.Result{Layout: exampleCo, Outcome: templates.UnblockLinkInvalid},
	"reset-request-refused": templates.ResetRequest{
		Layout: exampleCo, ClientName: "Timesheets Mobile", State: "hKFo2SBzdGF0ZQ", Email: "em", LoginURL: "/u/login?state=hKFo2SBzdGF0ZQ", Errors: []string{"no-email"},
	},
	"signup-identifier-refused": templates.SignupIdentifier{
		Layout: exampleCo, ClientName: "Timesheets Mobile", State: "hKFo2SBzdGF0ZQ", Email: "em", Identifiers: []string{"email"}, Errors: []string{"invalid-email-format"},
	},
	"email-verified":    templates.Result{Layout: exampleCo, Outcome: templates.EmailVerified, Ticket: "oXjKyD8Vq"},
	"device-activation": templates.DeviceActivation{Layout: exampleCo},
	"device-activation-refused": templates.DeviceActivation{
		Layout: exampleCo, Code: "BBBB-BBBB", Errors: []string{"invalid-expired-code"},
	},
	"device-confirmation": templates.DeviceConfirmation{Layout: exampleCo, ClientName: "Timesheets TV", Code: "QTZL-MCBW"},
	"device-allowed":      templates.Result{Layout: exampleCo, Outcome: templates.DeviceAllowed, ClientName: "Timesheets TV"},
	"device-denied":       templates.Result{Layout: exampleCo, Outcome: templates.DeviceDenied, ClientName: "Timesheets TV"},
	"organization-selection": templates.OrganizationSelection{
		Layout: exampleCo, ClientName: "Timesheets Web", State: "hKFo2SBzdGF0ZQ", ByName: true,
	},
	"organization-selection-refused": templates.OrganizationSelection{
		Layout: exampleCo, ClientName: "Timesheets Web", State: "hKFo2SBzdGF0ZQ", ByName: true, ByEmail: true, Personal: true,
		Typed: "jane@example.org", Errors: []string{"invalid-organization"},
	},
	"accept-invitation": templates.AcceptInvitation{
		Layout: templates.Layout{CompanyName: "Acme"}, ClientName: "Timesheets Web", State: "hKFo2SBzdGF0ZQ", Inviter: "Jane", Email: "new@exampleco.com",
	},
	"mfa-otp-challenge": templates.MFAChallenge{
		Layout: exampleCo, ClientName: "Timesheets Web", State: "hKFo2SBzdGF0ZQ", Factor: "otp", Remember: true, Others: true,
	},
	"mfa-otp-challenge-wrong": templates.MFAChallenge{
		Layout: exampleCo, ClientName: "Timesheets Web", State: "hKFo2SBzdGF0ZQ", Factor: "otp", Errors: []string{"invalid-code"},
	},
	"mfa-otp-enrollment-qr": templates.MFAOTPEnrollment{
		Layout: exampleCo, ClientName: "Timesheets Web", State: "hKFo2SBzdGF0ZQ", Picture: "data:image/png;base64,iVBORw0KGgo=", Secret: "GEZDGNBVGY3TQOJQ", Others: true,
	},
	"mfa-otp-enrollment-code": templates.MFAOTPEnrollment{
		Layout: exampleCo, ClientName: "Timesheets Web", State: "hKFo2SBzdGF0ZQ", Secret: "GEZDGNBVGY3TQOJQ", ByCode: true, Errors: []string{"too-many-failures"},
	},
	"mfa-sms-enrollment": templates.MFAPhoneEnrollment{
		Layout: exampleCo, ClientName: "Timesheets Web", State: "hKFo2SBzdGF0ZQ", Way: "sms", Phone: "12", Country: spain, Errors: []string{"invalid-phone"},
	},
	"mfa-voice-enrollment": templates.MFAPhoneEnrollment{Layout: exampleCo, ClientName: "Timesheets Web", State: "hKFo2SBzdGF0ZQ", Way: "voice", Country: spain},
	"mfa-phone-enrollment": templates.MFAPhoneEnrollment{
		Layout: exampleCo, ClientName: "Timesheets Web", State: "hKFo2SBzdGF0ZQ", Way: "phone", Type: "voice", Others: true, Country: spain,
	},
	"mfa-sms-challenge-numbers": templates.MFAChallenge{
		Layout:     templates.Layout{CompanyName: "ExampleCo", Numbers: templates.Numbers{Remembered: 7 * 24 * time.Hour, Digits: 8}},
		ClientName: "Timesheets Web", State: "hKFo2SBzdGF0ZQ", Factor: "sms", To: "XXXXXXXX9167", Remember: true, Errors: []string{"invalid-otp-code-format"},
	},
	"mfa-sms-challenge": templates.MFAChallenge{
		Layout: exampleCo, ClientName: "Timesheets Web", State: "hKFo2SBzdGF0ZQ", Factor: "sms", To: "XXXXXXXX9167", EditURL: "/u/mfa-phone-enrollment?state=hKFo2SBzdGF0ZQ", Switch: true,
		Remember: true,
	},
	"mfa-voice-challenge": templates.MFAChallenge{
		Layout: exampleCo, ClientName: "Timesheets Web", State: "hKFo2SBzdGF0ZQ", Factor: "voice", To: "XXXXXXXX9167", Switch: true, Errors: []string{"too-many-voice"},
	},
	"mfa-phone-challenge": templates.MFAPhoneChallenge{Layout: exampleCo, ClientName: "Web", State: "hKFo2S", To: "XXXXXXXX9167", Several: true, Others: true, Errors: []string{"too-many-sms"}},
	"mfa-sms-list":        templates.MFAList{Layout: exampleCo, ClientName: "Web", State: "hKFo2S", Factor: "sms", Entries: []string{"XXXXXXXX9167", "XXXXXXXX9167"}},
	"mfa-email-list":      templates.MFAList{Layout: exampleCo, ClientName: "Web", State: "hKFo2S", Factor: "email", Entries: []string{"empl****@exam****"}},
	"mfa-email-challenge": templates.MFAChallenge{Layout: exampleCo, ClientName: "Timesheets Web", State: "hKFo2SBzdGF0ZQ", Factor: "email", To: "empl****@exam****", Remember: true, Several: true},
	"mfa-recovery-code-challenge": templates.MFAChallenge{
		Layout: exampleCo, ClientName: "Timesheets Web", State: "hKFo2SBzdGF0ZQ", Factor: "recovery-code", Remember: true, Others: true, Errors: []string{"invalid-code-format"},
	},
	"mfa-recovery-code-enrollment": templates.MFARecoveryCode{
		Layout: exampleCo, ClientName: "Timesheets Web", State: "hKFo2SBzdGF0ZQ", Code: "ABCDEFGHIJKLMNOPQRSTUVWX", Errors: []string{"no-confirmation"},
	},
	"mfa-recovery-code-new": templates.MFARecoveryCode{Layout: exampleCo, ClientName: "Timesheets Web", State: "hKFo2SBzdGF0ZQ", Code: "ABCDEFGHIJKLMNOPQRSTUVWX", Again: true},
	"mfa-webauthn-roaming-challenge": templates.MFAKey{
		Layout: exampleCo, ClientName: "Timesheets Web", State: "hKFo2SBzdGF0ZQ", Factor: "webauthn-roaming", Options: `{"challenge":"eA"}`, Remember: true, Others: true,
	},
	"mfa-webauthn-platform-enrollment": templates.MFAKey{
		Layout: exampleCo, ClientName: "Timesheets Web", State: "hKFo2SBzdGF0ZQ", Factor: "webauthn-platform", Enroll: true, Options: `{"challenge":"eA"}`, Errors: []string{"webauthn-failed"},
	},
	"mfa-webauthn-roaming-enrollment": templates.MFAKey{
		Layout: exampleCo, ClientName: "Timesheets Web", State: "hKFo2SBzdGF0ZQ", Factor: "webauthn-roaming", Enroll: true, Options: `{"challenge":"eA"}`, Others: true,
	},
	"mfa-webauthn-platform-challenge": templates.MFAKey{
		Layout: exampleCo, ClientName: "Timesheets Web", State: "hKFo2SBzdGF0ZQ", Factor: "webauthn-platform", Options: `{"challenge":"eA"}`, Remember: true, Errors: []string{"webauthn-failed"},
	},
	"passkey-enrollment-failed": templates.PasskeyEnrollment{
		Layout: exampleCo, ClientName: "Timesheets Web", State: "hKFo2SBzdGF0ZQ", Options: `{"challenge":"eA"}`, Errors: []string{"passkey-enrollment-failure"},
	},
	"organization-picker-members": templates.OrganizationPicker{
		Layout: exampleCo, ClientName: "Timesheets Web", State: "hKFo2SBzdGF0ZQ", Account: "employee@exampleco.com", Organizations: []templates.Choice{{ID: "org_1", Name: "Acme"}, {ID: "org_2", Name: "Globex"}},
	},
	"mfa-enrolled":         templates.Result{Layout: exampleCo, Outcome: templates.FactorEnrolled},
	"mfa-already-enrolled": templates.Result{Layout: exampleCo, Outcome: templates.FactorAlreadyEnrolled},
	"mfa-ticket-used":      templates.Result{Layout: exampleCo, Outcome: templates.EnrollmentLinkUsed},
	"mfa-ticket-expired":   templates.Result{Layout: exampleCo, Outcome: templates.EnrollmentLinkExpired},
	"mfa-ticket-invalid":   templates.Result{Layout: exampleCo, Outcome: templates.EnrollmentLinkInvalid},
	"mfa-push-welcome": templates.MFAPushWelcome{
		Layout: withApp, ClientName: "Timesheets Web", State: "hKFo2SBzdGF0ZQ", Apple: "https://apps.apple.com/app/example/id1", Google: "https://play.google.com/store/apps/details?id=com.example", Others: true,
	},
	"mfa-push-enrollment-qr": templates.MFAPush{
		Layout: withApp, ClientName: "Timesheets Web", State: "hKFo2SBzdGF0ZQ", Enroll: true, Picture: "data:image/png;base64,iVBORw0KGgo=", Errors: []string{"enrollment-transaction-pending"},
		Others: true,
	},
	"mfa-push-challenge-push": templates.MFAPush{Layout: withApp, ClientName: "Timesheets Web", State: "hKFo2SBzdGF0ZQ", Phone: "Ann's phone", Remember: true, Others: true},
	"mfa-push-challenge-push-rejected": templates.MFAPush{
		Layout: withApp, ClientName: "Timesheets Web", State: "hKFo2SBzdGF0ZQ", Phone: "Ann's phone", Errors: []string{"transaction-rejected"},
	},
	"passkey-enrollment": templates.PasskeyEnrollment{
		Layout: exampleCo, ClientName: "Timesheets Web", State: "hKFo2SBzdGF0ZQ", Options: `{"challenge":"eA"}`,
	},
	"passkey-enrollment-local": templates.PasskeyEnrollment{
		Layout: exampleCo, ClientName: "Timesheets Web", State: "hKFo2SBzdGF0ZQ", Options: `{"challenge":"eA"}`, Local: true,
	},
	"mfa-login-options": templates.MFAOptions{
		Layout: withApp, ClientName: "Timesheets Web", State: "hKFo2SBzdGF0ZQ",
		Factors: []templates.MFAChoice{{Action: "push-notification"}, {Action: "otp"}, {Action: "sms", To: "XXXXXXXX9167"}, {Action: "recovery-code"}},
	},
	"mfa-enroll-options": templates.MFAOptions{
		Layout: exampleCo, ClientName: "Timesheets Web", State: "hKFo2SBzdGF0ZQ", Enroll: true, Factors: []templates.MFAChoice{{Action: "otp"}, {Action: "phone"}},
	},
	"organization-picker": templates.OrganizationPicker{
		Layout: exampleCo, ClientName: "Timesheets Web", State: "hKFo2SBzdGF0ZQ", Account: "employee@exampleco.com", Personal: true,
		Organizations: []templates.Choice{{ID: "org_1", Name: "Acme", LogoURL: "https://acme.test/logo.png"}, {ID: "org_2", Name: "Globex"}},
	},
	"login-with-providers": templates.Login{
		Layout: exampleCo, ClientName: "Timesheets Web", State: "hKFo2SBzdGF0ZQ", Providers: offered,
	},
	"login-providers-alone": templates.Login{
		Layout: exampleCo, ClientName: "Timesheets Web", State: "hKFo2SBzdGF0ZQ", Providers: offered, Alone: true,
	},
	"login-identifier-with-providers": templates.LoginIdentifier{
		Layout: exampleCo, ClientName: "Timesheets Web", State: "hKFo2SBzdGF0ZQ", Providers: offered,
	},
	"signup-with-providers": templates.Signup{
		Layout: exampleCo, ClientName: "Timesheets Web", State: "hKFo2SBzdGF0ZQ", Providers: offered, LoginURL: "/u/login?state=hKFo2SBzdGF0ZQ",
	},
	"simulated-provider": templates.SimulatedProvider{
		Layout: exampleCo, Provider: "Google", Connection: "google-oauth2", Strategy: "google-oauth2", Scope: "email profile",
		People: []templates.Person{
			{ID: "1081", Name: "Ada Lovelace", Email: "ada@example.com", EditURL: "/simulated/google-oauth2/authorize?edit=1081"}, {ID: "1082"},
		},
	},
	"simulated-provider-refused": templates.SimulatedProvider{
		Layout: exampleCo, Provider: "corp", Connection: "corp", Strategy: "waad", Problem: "Further members must be a JSON object.",
		Draft: templates.Person{ID: "7", Email: "eve@corp.example", GivenName: "Eve", EmailVerified: true, Groups: []string{"Staff", "Sales"}, More: "{"},
	},
	"classic-login": templates.ClassicLogin{
		Layout: exampleCo, ClientName: "Timesheets Web", SignupURL: "/u/signup?state=hKFo2SBzdGF0ZQ",
		ForgotPasswordURL: "/u/login/password-reset-start/c?state=hKFo2SBzdGF0ZQ", Config: []byte(`{"clientID":"web"}`),
		Hidden: []templates.Field{{Name: "client_id", Value: "web"}, {Name: "connection", Value: "c"}, {Name: "state", Value: "hKFo2SBzdGF0ZQ"}},
		Providers: []templates.ProviderButton{{
			Provider: templates.Provider{Connection: "google-oauth2", Key: "google", Name: "Google"}, Strategy: "google-oauth2",
			Fields: []templates.Field{{Name: "connection", Value: "google-oauth2"}, {Name: "state", Value: "hKFo2SBzdGF0ZQ"}},
		}},
		Domains: []string{"corp.example", "corp.test"},
	},
	"classic-codes":       templates.ClassicPasswordless{Layout: exampleCo, ClientName: "Web", State: "hKFo2S", Identifiers: []string{"email"}},
	"classic-codes-sent":  templates.ClassicPasswordlessCode{Layout: exampleCo, ClientName: "Web", State: "hKFo2S", Address: "+15550100", Phone: true, Errors: []string{"invalid-code"}},
	"classic-login-wrong": templates.ClassicLogin{Layout: exampleCo, ClientName: "Timesheets Web", Username: "em", Identifiers: []string{"email", "username"}, Errors: []string{"wrong-credentials"}},
	"classic-login-last": templates.ClassicLogin{
		Layout: exampleCo, ClientName: "Timesheets Web", Hidden: []templates.Field{{Name: "client_id", Value: "web"}, {Name: "connection", Value: "c"}},
		Last: &templates.LastLogin{
			Provider: templates.Provider{Connection: "c", Key: "auth0", Name: "employee@exampleco.com"}, Strategy: "auth0", Account: "employee@exampleco.com", OtherURL: "/login?state=hKFo2SBzdGF0ZQ&other_account=true",
		},
	},
	"classic-signup": templates.ClassicSignup{
		Layout: exampleCo, ClientName: "Timesheets Web", State: "hKFo2SBzdGF0ZQ", Email: "new@exampleco.com", Identifiers: []string{"email"}, Optional: []string{"username"},
		LoginURL: "/login?state=hKFo2SBzdGF0ZQ", Demands: demands, Errors: []string{"email-in-use"},
	},
	"classic-reset": templates.ClassicReset{
		Layout: exampleCo, ClientName: "Timesheets Web", State: "hKFo2SBzdGF0ZQ", LoginURL: "/login?state=hKFo2SBzdGF0ZQ",
	},
	"classic-login-reset-sent": templates.ClassicLogin{Layout: exampleCo, ClientName: "Timesheets Web", ResetSent: true},
	"classic-new-password": templates.ClassicNewPassword{NewPassword: templates.NewPassword{
		Layout: exampleCo, ClientName: "Timesheets Web", Email: "employee@exampleco.com", Demands: demands, Errors: []string{"password-mismatch"},
	}, Ticket: "hKFo2SBzdGF0ZQ"},
	"classic-password-changed": templates.ClassicResult{Layout: exampleCo, Outcome: templates.PasswordReset, ClientName: "Timesheets Web"},
	"classic-link-used":        templates.ClassicResult{Layout: exampleCo, Outcome: templates.ResetLinkUsed, ClientName: "Timesheets Web"},
	"classic-login-refused":    templates.ClassicLogin{Layout: exampleCo, Username: "em", Sentence: "user is blocked"},
	"web-message": templates.WebMessage{
		Layout: exampleCo, Origin: "http://localhost:3000",
		Fields: []templates.Field{{Name: "code", Value: "0a1b2c"}, {Name: "state", Value: `{"from":"/"}`}},
	},
})

func joined(all ...map[string]templates.Page) map[string]templates.Page {
	states := map[string]templates.Page{}
	for _, some := range all {
		maps.Copy(states, some)
	}
	return states
}

// offered are the buttons of a login page: a known provider, and a directory with an icon.
var offered = []templates.Provider{
	{Connection: "google-oauth2", Key: "google", Name: "Google"},
	{Connection: "corp", Key: "oidc", Name: "Corp", IconURL: "https://corp.example/logo.png"},
}

func consent(layout templates.Layout, clientLogo string, errors ...string) templates.Page {
	return templates.Consent{
		Layout: layout, ClientName: "Timesheets Mobile", ClientLogoURL: clientLogo, UserName: "employee@exampleco.com", UserID: "auth0|employee",
		State: "hKFo2SBzdGF0ZQ", Audience: "https://api.exampleco.com/timesheets",
		Resources: requested, Errors: errors,
	}
}

// transactional returns the consent page of a bank transfer.
func transactional(layout templates.Layout) templates.Consent {
	page := consent(layout, "").(templates.Consent)
	page.Transactional, page.Resources = true, requested[:1]
	page.Details = []map[string]any{{
		"type": "money_transfer", "instructedAmount": map[string]any{"amount": 2500.0, "currency": "USD"}, "beneficiary": "<b>Hanna</b>", "urgent": true,
	}}
	return page
}

func render(t testing.TB, p templates.Page) string {
	t.Helper()
	var b bytes.Buffer
	if _, err := templates.Render(&b, p); err != nil {
		t.Fatal(err)
	}
	return b.String()
}

// contentHash matches the part of a path that changes with the file's content, which would
// otherwise change every golden file with every change of a colour.
var contentHash = regexp.MustCompile(`(/u/static/\w+)\.[0-9a-f]{10}\.`)

// invitedTo returns a layout for a user whom Ann has invited to an organization.
func invitedTo(company string) templates.Layout {
	return templates.Layout{CompanyName: company, Inviter: "Ann"}
}

func TestEveryPageInEveryStateIsAsRecorded(t *testing.T) {
	update := os.Getenv("UPDATE") == "1"
	for name, p := range states {
		t.Run(name, func(t *testing.T) {
			got := contentHash.ReplaceAllString(render(t, p), "$1.HASH.")
			file := filepath.Join("testdata", name+".golden.html")
			if update {
				if err := os.WriteFile(file, []byte(got), 0o600); err != nil {
					t.Fatal(err)
				}
				return
			}
			want, err := os.ReadFile(file)
			if err != nil {
				t.Fatalf("%v (UPDATE=1 writes it)", err)
			}
			if diff := cmp.Diff(strings.Split(string(want), "\n"), strings.Split(got, "\n")); diff != "" {
				t.Errorf("the page differs from %s (UPDATE=1 rewrites it):\n%s", file, diff)
			}
		})
	}
	recorded, err := filepath.Glob("testdata/*.golden.html")
	if err != nil || len(recorded) == 0 {
		t.Fatalf("no golden files: %v", err)
	}
	for _, file := range recorded {
		if _, ok := states[strings.TrimSuffix(filepath.Base(file), ".golden.html")]; !ok {
			t.Errorf("%s belongs to no state", file)
		}
	}
}

func TestARedirectURIThatNoFormMayPostToIsAnError(t *testing.T) {
	for _, uri := range []string{"", "javascript:alert(1)", "demo://localhost:4400/callback", "//elsewhere.test/", "data:text/html,x", "http:", "\x00"} {
		p := templates.FormPost{URL: uri, Fields: []templates.Field{{Name: "code", Value: "secret"}}}
		var b bytes.Buffer
		if _, err := templates.Render(&b, p); err == nil || strings.Contains(b.String(), "secret") {
			t.Errorf("FormPost{URL: %q} is written with error %v:\n%s", uri, err, b.String())
		}
	}
}

func BenchmarkRender(b *testing.B) {
	for _, name := range []string{"login", "consent", "form-post"} {
		b.Run(name, func(b *testing.B) {
			var out bytes.Buffer
			b.ReportAllocs()
			for b.Loop() {
				out.Reset()
				if _, err := templates.Render(&out, states[name]); err != nil {
					b.Fatal(err)
				}
			}
		})
	}
}
