package templates

import (
	"cmp"
	"html/template"
	"regexp"
	"slices"
	"strings"
)

// MarkUp is HTML or CSS that the tenant has written into a form of its own, in which values that users
// have entered are already escaped. It is shown verbatim.
type MarkUp string

// FormStep is a step of a tenant's form, Auth0: customize/forms/nodes-and-components. The form posts to
// the page's own URL, with the fields by their ids and an action: "default" continues, "previous" goes
// back, and "jump::" or "resend::" with a button's id do what that button says.
type FormStep struct {
	Layout
	// ClientName and State are as in Login.
	ClientName, State string
	// Turn is a number that the submitted form must contain, so that it is accepted only once.
	Turn string
	// Components are the fields and blocks of the step, in order.
	Components []Component
	// Alert is a message above the components, "" for none.
	Alert string
	// CSS is the form's own style sheet.
	CSS MarkUp
}

// Component is a field or a block of a step. Its kind decides which of its members are used.
type Component struct {
	// Kind is Auth0's type: "TEXT", "NEXT_BUTTON" and so on.
	Kind string
	// ID is the component's id, and Name the name of its input.
	ID, Name string
	// Label is the text above a field, Hint the text below it, and Placeholder the text in it.
	Label, Hint, Placeholder string
	Required                 bool
	// Value is what was entered, or Values if there may be several, and Other what was entered in
	// addition to the options.
	Value  string
	Values []string
	Other  string
	// Options are the values to choose from, and Countries the countries of a telephone number, of
	// which Country is selected.
	Options   []FormOption
	Countries []FormOption
	Country   string
	// Multiple, AllowOther, HideLabels and Multiline are as in Auth0's config.
	Multiple, AllowOther, HideLabels, Multiline bool
	// Time says that the value of a DATE is a time of day.
	Time bool
	// Min and Max bound a number, and MaxLength the length of a text; "" and 0 mean no bound.
	Min, Max  string
	MaxLength int
	// Text is the text of a button or a divider, or the text before a button.
	Text string
	// Before is the text before a button, and Waiting the text shown instead while the button is
	// disabled.
	Before, Waiting string
	// Align is "left", "center" or "right", and Height the height of an image in pixels.
	Align  string
	Height int
	// Quiet says that a button is less prominent.
	Quiet bool
	// MarkUp is a text that the tenant has written in HTML.
	MarkUp MarkUp
	// PictureURL is the URL of an image.
	PictureURL string
	// Problem is what is wrong with the entered value, "" for nothing.
	Problem string
}

// FormOption is one of the values to choose from.
type FormOption struct{ Value, Label, PictureURL string }

// Picture returns PictureURL if it can be shown, otherwise "".
func (o FormOption) Picture() template.URL { return safeLogo(o.PictureURL) }

// shownComponent is a component as a page shows it.
type shownComponent struct {
	Component
	// DOM is the id of the component's element.
	DOM string
	// Leads says that this is the first NEXT_BUTTON.
	Leads bool
}

func (p FormStep) view() view {
	v := p.screen(p, "step", "common", "redeem-ticket", p.ClientName, "")
	v.Title, v.MainClass = v.texts.clientName, "_form-step"
	v.Step = &step{CSS: styleText(p.CSS), Alert: p.Alert, Heading: !heading.MatchString(p.markUp())}
	leads := slices.IndexFunc(p.Components, func(c Component) bool { return c.Kind == "NEXT_BUTTON" })
	for i, c := range p.Components {
		v.Step.Components = append(v.Step.Components, shownComponent{Component: c, DOM: domID(c.ID, i), Leads: i == leads})
	}
	first := slices.IndexFunc(p.Components, Component.submits)
	if first >= 0 && first < leads {
		v.Step.Hidden = p.Components[leads].Text
	}
	return v.in(p.State)
}

// step is the content of a FormStep's page.
type step struct {
	Components []shownComponent
	Alert      string
	CSS        template.CSS
	// Heading says that the tenant's own mark-up contains no heading of the first level.
	Heading bool
	// Hidden is the text of an invisible first button, which the return key presses; it is needed if
	// other buttons come before the first NEXT_BUTTON, and "" otherwise.
	Hidden string
}

var heading = regexp.MustCompile(`(?i)<h1[\s>]`)

func (p FormStep) markUp() string {
	var all strings.Builder
	for _, c := range p.Components {
		all.WriteString(string(c.MarkUp))
	}
	return all.String()
}

// HasMarkUp reports whether a page contains mark-up or styles that the tenant has written into a form:
// if so, the content security policy must allow styles within the page.
func HasMarkUp(p Page) bool {
	form, ok := p.(FormStep)
	return ok && (form.CSS != "" || form.markUp() != "")
}

// submits reports whether a component is a button that submits the form.
func (c Component) submits() bool { return strings.HasSuffix(c.Kind, "_BUTTON") }

// simpleID matches ids that can be used in a list of ids, and in style sheets without escapes.
var simpleID = regexp.MustCompile(`^[A-Za-z][\w-]*$`)

// domID returns the id of a component's element: the component's own id if it is simple, otherwise one
// made of its position.
func domID(id string, position int) string {
	if simpleID.MatchString(id) {
		return id
	}
	return "component-" + string(rune('a'+position/26%26)) + string(rune('a'+position%26))
}

// tagInStyle matches what could end a style sheet's element, or begin another element in it.
var tagInStyle = regexp.MustCompile(`<([/!?A-Za-z])`)

// styleText returns a style sheet that cannot end the element that contains it: tags are escaped
// according to CSS Syntax section 4.3.7.
func styleText(css MarkUp) template.CSS {
	return template.CSS(tagInStyle.ReplaceAllString(string(css), `\3c $1`)) //nolint:gosec // it is the tenant's
}

// HTML returns the component's mark-up.
func (c shownComponent) HTML() template.HTML { return template.HTML(c.MarkUp) } //nolint:gosec // it is the tenant's, with values escaped

// Picture returns the image if it can be shown, otherwise "".
func (c shownComponent) Picture() template.URL { return safeLogo(c.PictureURL) }

// Chosen reports whether an option is selected.
func (c shownComponent) Chosen(value string) bool {
	if c.Multiple {
		return slices.Contains(c.Values, value)
	}
	return c.Value == value
}

// InputType returns the type of the input of a field with one line.
func (c shownComponent) InputType() string {
	if c.Kind == "DATE" && c.Time {
		return "time"
	}
	return cmp.Or(map[string]string{"EMAIL": "email", "URL": "url", "TEL": "tel", "NUMBER": "number", "PASSWORD": "password", "DATE": "date"}[c.Kind], "text")
}

// Autocomplete returns the autocomplete attribute of the field's input.
func (c shownComponent) Autocomplete() string {
	return cmp.Or(map[string]string{"EMAIL": "email", "URL": "url", "TEL": "tel", "PASSWORD": "new-password"}[c.Kind], "on")
}

// OptionType returns the type of the inputs of options.
func (c shownComponent) OptionType() string {
	if c.Multiple {
		return "checkbox"
	}
	return "radio"
}

// Fill returns the name of the component's template.
func (c shownComponent) Fill() string {
	switch c.Kind {
	case "TEXT", "EMAIL", "URL", "NUMBER", "PASSWORD", "DATE":
		return "line"
	case "TEL", "DROPDOWN", "LEGAL", "DIVIDER", "IMAGE", "NEXT_BUTTON", "PREVIOUS_BUTTON", "JUMP_BUTTON", "RESEND_BUTTON":
		return c.Kind
	case "CHOICE", "CARDS", "BOOLEAN":
		return "options"
	case "RICH_TEXT", "HTML":
		return "text"
	}
	return "absent"
}

// Described returns the ids of the elements that describe a field, "" for none.
func (c shownComponent) Described() string {
	var ids []string
	if c.Hint != "" {
		ids = append(ids, c.DOM+"-hint")
	}
	if c.Problem != "" {
		ids = append(ids, "error-element-"+c.DOM)
	}
	return strings.Join(ids, " ")
}
