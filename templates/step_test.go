package templates_test

import (
	"strings"
	"testing"

	"github.com/tenant0/tenant0/templates"
)

var (
	colours = []templates.FormOption{{Value: "red", Label: "Red"}, {Value: "green", Label: "Green"}}
	next    = templates.Component{Kind: "NEXT_BUTTON", ID: "next_button_3FbA", Text: "Continue"}
)

// formStates are steps of tenants' own forms, with every kind of field and block.
var formStates = map[string]templates.Page{
	"form-step": formStep("",
		templates.Component{Kind: "RICH_TEXT", ID: "rich_text_NFeE", MarkUp: "<h2>About you</h2><p>We ask this <b>once</b>.</p>"},
		templates.Component{Kind: "TEXT", ID: "full_name", Name: "full_name", Label: "Your name", Hint: "As in your passport", Required: true, MaxLength: 50, Placeholder: "Jane Doe"},
		templates.Component{Kind: "TEXT", ID: "about", Name: "about", Label: "About you", Multiline: true, Value: "One\nTwo"},
		templates.Component{Kind: "EMAIL", ID: "mail", Name: "mail", Label: "Work e-mail", Value: "jane@example.com"},
		templates.Component{Kind: "NUMBER", ID: "staff", Name: "staff", Label: "Staff", Min: "1", Max: "9"},
		templates.Component{Kind: "URL", ID: "site", Name: "site", Label: "Website"},
		templates.Component{Kind: "TEL", ID: "phone", Name: "phone", Label: "Phone"},
		templates.Component{Kind: "PASSWORD", ID: "pin", Name: "pin", Label: "PIN", Required: true},
		templates.Component{Kind: "DATE", ID: "born", Name: "born", Label: "Born"},
		templates.Component{Kind: "DATE", ID: "call", Name: "call", Label: "Call at", Time: true},
		next,
	),
	"form-step-choices": formStep("",
		templates.Component{Kind: "HTML", ID: "html", MarkUp: "<h1>Choose</h1>"},
		templates.Component{Kind: "BOOLEAN", ID: "news", Name: "news", Label: "Newsletter", Options: []templates.FormOption{{Value: "true", Label: "Yes"}, {Value: "false", Label: "No"}}, Value: "false"},
		templates.Component{Kind: "CHOICE", ID: "colour", Name: "colour", Label: "Colour", Options: colours, Value: "red", AllowOther: true, Text: "Other", Required: true},
		templates.Component{Kind: "CHOICE", ID: "colours", Name: "colours", Label: "Colours", Options: colours, Multiple: true, Values: []string{"red", "green"}},
		templates.Component{Kind: "DROPDOWN", ID: "one", Name: "one", Label: "One", Options: colours, Placeholder: "Choose", Value: "green"},
		templates.Component{Kind: "DROPDOWN", ID: "many", Name: "many", Label: "Many", Options: colours, Multiple: true, Values: []string{"green"}},
		templates.Component{Kind: "CARDS", ID: "card", Name: "card", Label: "Card", HideLabels: true, Options: []templates.FormOption{
			{Value: "a", Label: "Card A", PictureURL: "data:image/png;base64,iVBORw0KGgo="}, {Value: "b", Label: "Card B"},
		}},
		templates.Component{Kind: "TEL", ID: "phone", Name: "phone", Label: "Phone", Text: "Country", Country: "US", Countries: []templates.FormOption{{Value: "DE", Label: "Germany +49"}, {Value: "US", Label: "United States +1"}}},
		templates.Component{Kind: "DIVIDER", ID: "d1", Text: "and"}, templates.Component{Kind: "DIVIDER", ID: "d2"},
		templates.Component{Kind: "IMAGE", ID: "i", PictureURL: "data:image/png;base64,iVBORw0KGgo=", Label: "A ship", Height: 40, Align: "center"},
		templates.Component{Kind: "LEGAL", ID: "terms", Name: "terms", Required: true, MarkUp: `I agree to the <a href="https://example.com/terms">terms</a>.`},
		templates.Component{Kind: "PREVIOUS_BUTTON", ID: "back", Text: "Back"}, next,
		templates.Component{Kind: "JUMP_BUTTON", ID: "skip", Text: "Skip", Quiet: true},
	),
	"form-step-refused": formStep("One or more fields are not valid. Please, check errors and try again.",
		templates.Component{Kind: "TEXT", ID: "full_name", Name: "full_name", Label: "Your name", Hint: "As in your passport", Required: true, Problem: "This field is required."},
		templates.Component{Kind: "CHOICE", ID: "colour", Name: "colour", Label: "Colour", Options: colours, Required: true, Problem: "This field is required."},
		templates.Component{Kind: "LEGAL", ID: "terms", Name: "terms", Required: true, MarkUp: "I agree.", Problem: "You have to accept this to continue."},
		templates.Component{Kind: "PAYMENT", ID: "card", Label: "Card", Text: "tenant0 does not emulate fields of the type PAYMENT."},
		next,
	),
	"form-step-code": formStep("",
		templates.Component{Kind: "TEXT", ID: "code", Name: "code", Label: "Code", Required: true}, next,
		templates.Component{Kind: "RESEND_BUTTON", ID: "resend", Before: "No code?", Text: "Send it again", Align: "center"},
	),
	"form-step-code-waiting": formStep("",
		templates.Component{Kind: "TEXT", ID: "code", Name: "code", Label: "Code", Required: true}, next,
		templates.Component{Kind: "RESEND_BUTTON", ID: "resend", Before: "No code?", Text: "Send it again", Waiting: "Again in 30 seconds"},
	),
}

func formStep(alert string, components ...templates.Component) templates.FormStep {
	return templates.FormStep{Layout: exampleCo, ClientName: "Timesheets Web", State: "hKFo2SBzdGF0ZQ", Turn: "1", Components: components, Alert: alert}
}

// TestTheReturnKeyGoesOn: the return key presses the first button of a form, so that must be the one that goes on.
func TestTheReturnKeyGoesOn(t *testing.T) {
	for name := range formStates {
		page := render(t, states[name])
		first := elementsOf(t, page, "button")[0]
		if first.attr["name"] != "action" || first.attr["value"] != "default" {
			t.Errorf("%s: the first button is %v", name, first.attr)
		}
	}
}

func elementsOf(t *testing.T, page, tag string) (all []*element) {
	t.Helper()
	all = every(t, page, tag)
	if len(all) == 0 {
		t.Fatalf("there is no %s in\n%s", tag, page)
	}
	return all
}

// TestAStyleSheetOfAFormStaysOne: an end tag in the style sheet does not end the style element.
func TestAStyleSheetOfAFormStaysOne(t *testing.T) {
	p := formStep("")
	p.CSS = "h1 { color: red }</style><script>alert(1)</script>"
	page := render(t, p)
	if strings.Contains(page, "<script>") || strings.Count(page, "</style") != 1 {
		t.Errorf("the page is\n%s", page)
	}
}
