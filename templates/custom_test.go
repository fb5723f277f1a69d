package templates_test

import (
	"strings"
	"testing"

	"github.com/tenant0/tenant0/templates"
)

func TestPagesInATenantsTemplate(t *testing.T) {
	custom := templates.Customization{
		PageTemplate: `<!doctype html><html lang="{{ locale }}"><head>{%- auth0:head -%}</head>` +
			`<body class="{{ prompt.name }}-{{ prompt.screen.name }}">{% if application.name == "Shop" %}<aside>{{ prompt.screen.texts.title }}</aside>{% endif %}` +
			"{% auth0:widget %}</body></html>",
		Partials: templates.Texts{"login": {"login": {"form-content-start": "<footer>Ours</footer>"}}},
		Values:   map[string]any{"application": map[string]any{"name": "Shop"}},
	}
	page := templates.Login{Layout: templates.Layout{CompanyName: "Harbor", Customization: custom}, ClientName: "Shop", State: "abc"}
	if !needsOf(t, page).Customized {
		t.Error("a page in a template counts as built-in")
	}
	got := render(t, page)
	for _, part := range []string{
		`<html lang="en"><head><meta charset="utf-8">`, `<title>Log in | Shop</title>`, `<body class="login-login"><aside>Welcome</aside>`,
		`<input id="username"`, `name="state" value="abc"`, "<footer>Ours</footer>", `</main>`,
	} {
		if !strings.Contains(got, part) {
			t.Errorf("the page lacks %s:\n%s", part, got)
		}
	}
	if strings.Count(got, "<footer>") != 1 || strings.Count(got, "<body") != 1 || strings.Count(got, "<head>") != 1 {
		t.Errorf("the page has more than its parts:\n%s", got)
	}
}

func TestPartials(t *testing.T) {
	points := []string{"form-content-start", "form-content-end", "form-footer-start", "form-footer-end", "secondary-actions-start", "secondary-actions-end"}
	partials := map[string]string{}
	for _, point := range points {
		partials[point] = `<i id="` + point + `">{{ locale }}</i>`
	}
	layout := templates.Layout{Customization: templates.Customization{
		Partials: templates.Texts{"login": {"login": partials}, "signup": {"signup": partials}},
	}}
	for _, page := range []templates.Page{templates.Login{Layout: layout, SignupURL: "/u/signup"}, templates.Signup{Layout: layout, LoginURL: "/u/login"}} {
		got, from := render(t, page), 0
		for _, point := range points {
			at := strings.Index(got[from:], `<i id="`+point+`">en</i>`)
			if at < 0 {
				t.Errorf("%T: %s is missing or out of order", page, point)
			}
			from += max(at, 0)
		}
	}
}

// TestBrokenTemplates renders pages with a template that has no place for them, and with one that is
// not valid Liquid.
func TestBrokenTemplates(t *testing.T) {
	for template, part := range map[string]string{
		"<html>{%- auth0:head -%}</html>":                                   `<input id="username"`,
		"<html>{% if %}{%- auth0:head -%}{%- auth0:widget -%}</html>":       "{% if %}",
		"<html>{{ nothing.at.all }}{% auth0:head %}{%auth0:widget%}</html>": `<input id="username"`,
	} {
		page := templates.Login{Layout: templates.Layout{Customization: templates.Customization{PageTemplate: template}}}
		if got := render(t, page); !strings.Contains(got, part) {
			t.Errorf("with %s the page is\n%s", template, got)
		}
	}
}

// TestTemplatesKnowTheState renders every page of a transaction with a template that contains its
// state, Auth0: customize/login-pages/universal-login/customize-templates.
func TestTemplatesKnowTheState(t *testing.T) {
	layout := templates.Layout{Customization: templates.Customization{PageTemplate: `<p>the state is {{ state }}</p>{%- auth0:widget -%}`}}
	for _, page := range []templates.Page{
		templates.Login{Layout: layout, State: "abc"},
		templates.Consent{Layout: layout, State: "abc"},
		templates.LogoutConfirm{Layout: layout, State: "abc"},
		templates.Signup{Layout: layout, State: "abc"},
		templates.ResetRequest{Layout: layout, State: "abc"},
		templates.OrganizationSelection{Layout: layout, State: "abc"},
		templates.OrganizationPicker{Layout: layout, State: "abc"},
	} {
		if got := render(t, page); !strings.Contains(got, "<p>the state is abc</p>") {
			t.Errorf("%T does not know its state:\n%s", page, got)
		}
	}
}

// TestTemplatesKnowTheDirection of the page's language, Auth0: customize/login-pages/universal-login/customize-templates.
func TestTemplatesKnowTheDirection(t *testing.T) {
	for language, want := range map[string]string{"en": "auto", "ar": "rtl", "he": "rtl"} {
		layout := templates.Layout{Language: language, Customization: templates.Customization{PageTemplate: `<html dir="{{ dir }}">{%- auth0:widget -%}</html>`}}
		if got := render(t, templates.Login{Layout: layout}); !strings.HasPrefix(got, `<html dir="`+want+`">`) {
			t.Errorf("%s: the page begins %.40s", language, got)
		}
	}
}
