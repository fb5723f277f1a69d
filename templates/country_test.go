package templates_test

import (
	"strings"
	"testing"

	"github.com/tenant0/tenant0/server/telephone"
	"github.com/tenant0/tenant0/templates"
)

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

// wholeList is the page with the list of all countries, with their names in a language.
func wholeList(tag string) templates.Page {
	page := templates.CountryCodes{Layout: exampleCo, ClientName: "Timesheets Web", State: "hKFo2SBzdGF0ZQ"}
	page.Language = tag
	for _, c := range telephone.Countries(tag) {
		page.Countries = append(page.Countries, templates.Country(c))
	}
	return page
}

// TestTheWholeListOfCountriesIsLight: the list of all countries weighs no more than other pages, in every language.
func TestTheWholeListOfCountriesIsLight(t *testing.T) {
	for _, tag := range templates.Languages() {
		page := render(t, wholeList(tag))
		if n := strings.Count(page, "selection-action::"); n < 200 {
			t.Errorf("the list in %s has %d countries", tag, n)
		}
		if weight := weigh(t, page); weight > maxPage {
			t.Errorf("the list of countries in %s weighs %d bytes, want at most %d", tag, weight, maxPage)
		}
	}
}
