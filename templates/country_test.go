package templates_test

import "github.com/tenant0/tenant0/templates"

var spain = templates.Country{ISO: "ES", Code: "34", Name: "España"}

// countryStates are pages about the countries of telephone numbers, and about what the browser can do.
var countryStates = map[string]templates.Page{
	"login-identifier-by-phone": templates.LoginIdentifier{
		Layout: exampleCo, ClientName: "Timesheets Mobile", State: "hKFo2SBzdGF0ZQ", Identifiers: []string{"phone_number"}, Country: spain, Username: "600",
	},
	"reset-request-phone": templates.ResetRequest{
		Layout: exampleCo, ClientName: "Timesheets Mobile", State: "hKFo2SBzdGF0ZQ", Identifiers: []string{"phone_number"}, Country: spain, LoginURL: "/u/login?state=hKFo2SBzdGF0ZQ",
	},
	"mfa-detect-browser-capabilities": templates.MFADetection{Layout: exampleCo, ClientName: "Timesheets Web", State: "hKFo2SBzdGF0ZQ"},
	"mfa-webauthn-platform-offered": templates.MFAKey{
		Layout: exampleCo, ClientName: "Timesheets Web", State: "hKFo2SBzdGF0ZQ", Factor: "webauthn-platform", Enroll: true, Offered: true, Options: `{"challenge":"AA"}`,
	},
	"mfa-country-codes": templates.CountryCodes{
		Layout: exampleCo, ClientName: "Timesheets Web", State: "hKFo2SBzdGF0ZQ", Countries: []templates.Country{{"ES", "34", "España"}, {"MX", "52", "México"}},
	},
}
