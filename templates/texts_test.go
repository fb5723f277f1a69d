package templates_test

import (
	"strings"
	"testing"

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
