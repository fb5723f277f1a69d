package templates

import (
	"cmp"
	"html/template"
	"regexp"
	"slices"
	"strings"
)

// MarkUp is HTML or CSS that the tenant has written into a form of its own, with the values that
// people have entered made text. It is shown as it is.
type MarkUp string

// FormStep is a step of a form of the tenant's, Auth0: customize/forms/nodes-and-components. The form
// posts to the page's own URL, with the fields by their ids and an action: "default" goes on,
// "previous" goes back, and "jump::" and "resend::" with the id of their button do what that says.
type FormStep struct {
	Layout
	// ClientName and State are as in Login.
	ClientName, State string
	// Turn is what the form that is sent has to bring back, so that it is taken once.
	Turn string
	// Components are the fields and blocks of the step, in order.
	Components []Component
	// Alert is what is said above them, "" for nothing.
	Alert string
	// CSS is the form's own style sheet.
	CSS MarkUp
}

// Component is a field or a block of a step. Which of its members count depends on its kind.
type Component struct {
	// Kind is Auth0's type: "TEXT", "NEXT_BUTTON" and so on.
	Kind string
	// ID is its id, and Name the name of its input.
	ID, Name string
	// Label and Hint are what stands above and below a field, and Placeholder within it.
	Label, Hint, Placeholder string
	Required                 bool
	// Value is what was entered, or Values where there may be several, and Other what was entered
	// beside the options.
	Value  string
	Values []string
	Other  string
	// Options are what may be chosen, and Countries those of a telephone number, of which Country is
	// chosen.
	Options   []FormOption
	Countries []FormOption
	Country   string
	// Multiple, AllowOther, HideLabels and Multiline are as in Auth0's config.
	Multiple, AllowOther, HideLabels, Multiline bool
	// Time says that a date is a time of day.
	Time bool
	// Min and Max bound a number, and MaxLength the length of a text, 0 for no bound.
	Min, Max  string
	MaxLength int
	// Text is that of a button, of a divider, or of what comes before a button.
	Text string
	// Before is what stands before a button, and Waiting in its place while it cannot be pressed.
	Before, Waiting string
	// Align is "left", "center" or "right", and Height that of an image in pixels.
	Align  string
	Height int
	// Quiet says that a button is not to stand out.
	Quiet bool
	// MarkUp is a text that the tenant has written in HTML.
	MarkUp MarkUp
	// PictureURL is an image.
	PictureURL string
	// Problem is what is wrong with what was entered, "" for nothing.
	Problem string
}

// FormOption is one of several that may be chosen.
type FormOption struct{ Value, Label, PictureURL string }

// Picture is PictureURL where it may be shown.
func (o FormOption) Picture() template.URL { return safeLogo(o.PictureURL) }

// shownComponent is a component on its page.
type shownComponent struct {
	Component
	// DOM is the id of its element.
	DOM string
	// Leads says that it is the first button that goes on.
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

// step is what a page of a step shows.
type step struct {
	Components []shownComponent
	Alert      string
	CSS        template.CSS
	// Heading says that the tenant's own mark-up has none of the first level.
	Heading bool
	// Hidden is what the button says which the return key presses, where it has to be put before the
	// others; "" where it stands there.
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

// HasMarkUp reports whether a page holds mark-up or styles that the tenant has written into a form: the
// policy has to let styles within the page through.
func HasMarkUp(p Page) bool {
	form, ok := p.(FormStep)
	return ok && (form.CSS != "" || form.markUp() != "")
}

// submits reports whether a component is a button that sends the form.
func (c Component) submits() bool { return strings.HasSuffix(c.Kind, "_BUTTON") }

// simpleID is an id that others can refer to in a list of ids, and style sheets by its name.
var simpleID = regexp.MustCompile(`^[A-Za-z][\w-]*$`)

// domID is the id of a component's element: its own where that can be one.
func domID(id string, position int) string {
	if simpleID.MatchString(id) {
		return id
	}
	return "component-" + string(rune('a'+position/26%26)) + string(rune('a'+position%26))
}

// tagInStyle is what could end a style sheet, or begin another element in it.
var tagInStyle = regexp.MustCompile(`<([/!?A-Za-z])`)

// styleText is a style sheet that cannot end the element that it stands in: tags are written with the
// escapes of CSS Syntax section 4.3.7.
func styleText(css MarkUp) template.CSS {
	return template.CSS(tagInStyle.ReplaceAllString(string(css), `\3c $1`)) //nolint:gosec // it is the tenant's
}

// HTML is the component's mark-up.
func (c shownComponent) HTML() template.HTML { return template.HTML(c.MarkUp) } //nolint:gosec // it is the tenant's, with values escaped

// Picture is the image where it may be shown.
func (c shownComponent) Picture() template.URL { return safeLogo(c.PictureURL) }

// Chosen reports whether an option is chosen.
func (c shownComponent) Chosen(value string) bool {
	if c.Multiple {
		return slices.Contains(c.Values, value)
	}
	return c.Value == value
}

// InputType is the type of the input of a field of one line.
func (c shownComponent) InputType() string {
	if c.Kind == "DATE" && c.Time {
		return "time"
	}
	return cmp.Or(map[string]string{"EMAIL": "email", "URL": "url", "TEL": "tel", "NUMBER": "number", "PASSWORD": "password", "DATE": "date"}[c.Kind], "text")
}

// Autocomplete says what a browser may fill in.
func (c shownComponent) Autocomplete() string {
	return cmp.Or(map[string]string{"EMAIL": "email", "URL": "url", "TEL": "tel", "PASSWORD": "new-password"}[c.Kind], "on")
}

// OptionType is the type of the input of an option.
func (c shownComponent) OptionType() string {
	if c.Multiple {
		return "checkbox"
	}
	return "radio"
}

// Fill is the template of the component.
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

// Described are the ids of what says more of a field, "" for none.
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
