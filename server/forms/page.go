package forms

import (
	"html"
	"math"
	"net/http"
	"net/url"
	"regexp"
	"slices"
	"strconv"
	"strings"
	"time"

	"github.com/tenant0/tenant0/server/expressions"
	"github.com/tenant0/tenant0/server/telephone"
	"github.com/tenant0/tenant0/server/web"
	"github.com/tenant0/tenant0/storage"
	"github.com/tenant0/tenant0/templates"
)

// shown is what a page shows in addition to the step.
type shown struct {
	// faults are the errors of fields by id, and typed are the submitted values.
	faults map[string]fault
	typed  url.Values
	alert  string
}

// page answers with the page of a step.
func (m *room) page(w http.ResponseWriter, r *http.Request, status int, v *visit, step node, s shown) error {
	if step.Type != stepNode {
		return faulty(v.FormID, "its node %q is no step", step.ID)
	}
	layout, err := m.layout(r, v)
	if err != nil {
		return err
	}
	layout.Language = v.tag
	p := templates.FormStep{
		Layout: layout, ClientName: v.client.Name, State: v.state, Turn: strconv.Itoa(v.Turn), Alert: s.alert,
		CSS: templates.MarkUp(v.form.Style.CSS),
	}
	for _, c := range step.Config.Components {
		p.Components = append(p.Components, m.shown(v, c, s))
	}
	return m.Pages.Write(w, status, p)
}

// layout returns the data that all pages of the login share.
func (m *room) layout(r *http.Request, v *visit) (layout templates.Layout, err error) {
	about := web.AboutRequest(v.t.Request())
	about.UserID = v.user.UserID
	err = m.DB.View(r.Context(), func(tx *storage.Tx) (err error) {
		layout, err = web.LayoutIn(r.Context(), tx, about)
		return err
	})
	return layout, err
}

// shown converts a component for the page.
func (m *room) shown(v *visit, c component, s shown) templates.Component {
	env := m.env(v)
	out := templates.Component{
		Kind: c.Type, ID: c.ID, Name: inputName(c.ID), Required: c.Required, Label: env.Text(c.Label), Hint: env.Text(c.Hint),
		Placeholder: env.Text(c.Config.Placeholder), Multiple: c.Config.Multiple, HideLabels: c.Config.HideLabels,
		Multiline: c.Config.Multiline, Time: c.Config.Format == "TIME", MaxLength: c.Config.MaxLength, Align: alignment(c.Config.Alignment),
		Text: env.Text(c.Config.Text),
	}
	if f, ok := s.faults[c.ID]; ok {
		out.Problem = v.form.message(f, v.tag)
	}
	if c.field() {
		m.showField(v, c, s, &out)
		return out
	}
	switch c.Type {
	case "RICH_TEXT", "HTML":
		out.MarkUp = markUp(env, c.Config.Content)
	case "IMAGE":
		out.PictureURL, out.Height, out.Align = env.Text(c.Config.Source), int(c.Config.Height), alignment(c.Config.Position)
	case "JUMP_BUTTON":
		out.Quiet = strings.EqualFold(env.Text(c.Config.Format), "LINK")
	case "RESEND_BUTTON":
		m.showResend(v, c, &out)
	case "NEXT_BUTTON", "PREVIOUS_BUTTON", "DIVIDER":
	default:
		out.Text = v.form.message(fault{errAbsent, map[string]string{"type": c.Type}}, v.tag)
	}
	return out
}

// showField fills in the value of a field: the submitted value, the stored value, or its default.
func (m *room) showField(v *visit, c component, s shown, out *templates.Component) {
	env := m.env(v)
	if _, ok := readers[c.Type]; !ok {
		out.Text = v.form.message(fault{errAbsent, map[string]string{"type": c.Type}}, v.tag)
		return
	}
	for _, bound := range []struct {
		from *float64
		to   *string
	}{{c.Config.MinValue, &out.Min}, {c.Config.MaxValue, &out.Max}} {
		if bound.from != nil {
			*bound.to = strconv.FormatFloat(*bound.from, 'f', -1, 64)
		}
	}
	for _, o := range c.Config.Options.list {
		out.Options = append(out.Options, templates.FormOption{Value: o.value(), Label: o.Label, PictureURL: o.ImageURL})
	}
	switch c.Type {
	case "BOOLEAN":
		out.Options = []templates.FormOption{{Value: "true", Label: or(env.Text(c.Config.Options.yes), "Yes")}, {Value: "false", Label: or(env.Text(c.Config.Options.no), "No")}}
	case "LEGAL":
		out.MarkUp = markUp(env, c.Config.Text)
	case "TEL":
		if c.Config.Country {
			out.Countries, out.Country = countries(v.tag), "US"
			out.Text = or(env.Text(c.Config.Strings.Filter), "Country")
		}
	case "CHOICE":
		out.AllowOther = c.Config.AllowOther.Enabled
		out.Text = or(env.Text(c.Config.AllowOther.Label), "Other")
	}
	if s.typed != nil {
		c.showTyped(s.typed, out)
		return
	}
	value, entered := v.kept.Fields[c.ID]
	if !entered {
		value = env.All(c.Config.DefaultValue)
	}
	c.showValue(value, out)
}

// showTyped fills in the submitted values, except passwords.
func (c component) showTyped(form url.Values, out *templates.Component) {
	values := form[out.Name]
	out.Values, out.Value, out.Country = values, first(values), or(form.Get(out.Name+".country"), out.Country)
	if slices.Contains(values, otherOption) {
		out.Other = form.Get(out.Name + ".other")
	}
	if c.Type == "PASSWORD" {
		out.Value = ""
	}
}

// showValue fills in a stored value, except a password.
func (c component) showValue(value any, out *templates.Component) {
	if c.Type == "PASSWORD" {
		return
	}
	if phone, ok := value.(map[string]any); ok && c.Type == "TEL" {
		out.Country, value = or(storage.Text(phone, "country_code_iso"), out.Country), phone["national_number"]
	}
	list, several := value.([]any)
	if !several {
		list = []any{value}
	}
	for _, item := range list {
		text := expressions.Text(item)
		if c.Type == "CHOICE" && text != "" && !c.offers(text) && c.Config.AllowOther.Enabled {
			out.Other = text
			continue
		}
		out.Values = append(out.Values, text)
	}
	out.Value = first(out.Values)
}

// showResend fills in a resend button: while the user has to wait, the text with the remaining
// seconds, and after the last allowed time no button.
func (m *room) showResend(v *visit, c component, out *templates.Component) {
	env := m.env(v)
	out.Before, out.Text = env.Text(c.Config.ActiveText), env.Text(c.Config.ButtonText)
	switch wait, over := m.mayResend(v, c); {
	case over:
		out.Text = ""
	case wait > 0:
		seconds := strconv.Itoa(int(math.Ceil(wait.Seconds())))
		out.Waiting = env.Text(remaining.ReplaceAllLiteralString(c.Config.WaitingText, seconds))
	}
}

// remaining matches the variable in a button's waiting text.
var remaining = regexp.MustCompile(`\{\{\s*remaining_seconds\s*\}\}`)

// mayResend returns how long the user has to wait before pressing a resend button, and whether it was
// already pressed as often as allowed.
func (m *room) mayResend(v *visit, c component) (wait time.Duration, over bool) {
	s := v.kept.Sent[c.ID]
	if s.Times == 0 {
		return 0, false
	}
	wait = s.Last.Add(time.Duration(min(c.Config.WaitingTime, 86400) * float64(time.Second))).Sub(m.Now())
	return wait, c.Config.MaxAttempts > 0 && s.Times >= c.Config.MaxAttempts
}

// countries returns the options of a country picker: all countries with their names in a language.
func countries(tag string) (all []templates.FormOption) {
	for _, c := range telephone.Countries(tag) {
		all = append(all, templates.FormOption{Value: c.ISO, Label: c.Name + " +" + c.Code})
	}
	return all
}

func or(text, otherwise string) string {
	if text == "" {
		return otherwise
	}
	return text
}

func alignment(text string) string {
	switch align := strings.ToLower(text); align {
	case "left", "center", "right":
		return align
	}
	return ""
}

// markUp returns the tenant's HTML with its expressions evaluated, and their values inserted as text.
func markUp(env expressions.Env, content string) templates.MarkUp {
	return templates.MarkUp(env.Escaped(content, escaped))
}

// escaped escapes a value for any place in the tenant's HTML: also within a tag, where a space would
// begin another attribute, and in an attribute with a URL, where a script URL becomes "#".
func escaped(before, value string) string {
	if strings.HasSuffix(strings.TrimRight(before, `"' `), "=") && unsafe(value) {
		return "#"
	}
	return signs.Replace(html.EscapeString(value))
}

// unsafe reports whether a URL would run a script when it is followed.
func unsafe(address string) bool {
	visible := strings.Map(func(r rune) rune {
		if r <= ' ' {
			return -1
		}
		return r
	}, strings.ToLower(address))
	return slices.ContainsFunc([]string{"javascript:", "vbscript:", "data:"}, func(scheme string) bool { return strings.HasPrefix(visible, scheme) })
}

var signs = strings.NewReplacer(" ", "&#32;", "\t", "&#9;", "\n", "&#10;", "\r", "&#13;", "\f", "&#12;", "=", "&#61;", "`", "&#96;")
