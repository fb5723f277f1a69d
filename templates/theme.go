package templates

import (
	"bytes"
	"fmt"
	"html/template"
	"maps"
	"net/url"
	"slices"
	"strings"
)

// Theme is the tenant's default theme, with Auth0's names. For values that are not set, or that
// cannot be shown, the built-in style is used.
// https://auth0.com/docs/api/management/v2/branding/post-branding-theme
type Theme struct {
	Borders        Borders        `json:"borders"`
	Colors         Colors         `json:"colors"`
	Fonts          Fonts          `json:"fonts"`
	PageBackground PageBackground `json:"page_background"`
	Widget         Widget         `json:"widget"`
}

// Borders describes the shapes of the card, of buttons and of inputs; radii and weights are in
// pixels.
type Borders struct {
	ButtonRadius *float64 `json:"button_border_radius"`
	ButtonWeight *float64 `json:"button_border_weight"`
	// Buttons and Inputs are "pill", "rounded" or "sharp"; a radius applies to "rounded" only.
	Buttons      string   `json:"buttons_style"`
	InputRadius  *float64 `json:"input_border_radius"`
	InputWeight  *float64 `json:"input_border_weight"`
	Inputs       string   `json:"inputs_style"`
	Shadow       *bool    `json:"show_widget_shadow"`
	WidgetWeight *float64 `json:"widget_border_weight"`
	WidgetRadius *float64 `json:"widget_corner_radius"`
}

// Colors are written as #rrggbb.
type Colors struct {
	Focus           string `json:"base_focus_color"`
	Hover           string `json:"base_hover_color"`
	BodyText        string `json:"body_text"`
	Error           string `json:"error"`
	Header          string `json:"header"`
	Icons           string `json:"icons"`
	InputBackground string `json:"input_background"`
	InputBorder     string `json:"input_border"`
	InputText       string `json:"input_filled_text"`
	InputLabels     string `json:"input_labels_placeholders"`
	Links           string `json:"links_focused_components"`
	PrimaryButton   string `json:"primary_button"`
	PrimaryLabel    string `json:"primary_button_label"`
	SecondaryBorder string `json:"secondary_button_border"`
	SecondaryLabel  string `json:"secondary_button_label"`
	Success         string `json:"success"`
	Widget          string `json:"widget_background"`
	WidgetBorder    string `json:"widget_border"`
}

// Fonts are the sizes and weights of texts: References is the base size in pixels, and the other
// sizes are percentages of it.
type Fonts struct {
	URL        string  `json:"font_url"`
	LinksStyle string  `json:"links_style"`
	References float64 `json:"reference_text_size"`
	BodyText   Font    `json:"body_text"`
	Buttons    Font    `json:"buttons_text"`
	Labels     Font    `json:"input_labels"`
	Links      Font    `json:"links"`
	Subtitle   Font    `json:"subtitle"`
	Title      Font    `json:"title"`
}

// Font is the size, in percent, and the weight of one kind of text.
type Font struct {
	Bold *bool   `json:"bold"`
	Size float64 `json:"size"`
}

// PageBackground describes what is behind the card.
type PageBackground struct {
	Color string `json:"background_color"`
	Image string `json:"background_image_url"`
	// Layout is the position of the card: "left", "center" or "right".
	Layout string `json:"page_layout"`
}

// Widget describes the card.
type Widget struct {
	Header string   `json:"header_text_alignment"`
	Height *float64 `json:"logo_height"`
	// Logo is the position of the logo: "left", "center", "right" or "none".
	Logo    string `json:"logo_position"`
	LogoURL string `json:"logo_url"`
	// Social is the position of the buttons of identity providers: "bottom", or "top" for before the
	// form.
	Social string `json:"social_buttons_layout"`
}

// maxPixels bounds the lengths in a theme.
const maxPixels = 400

// rules collects the declarations of a style sheet. It writes only numbers, checked colours, and
// URLs without any character that could end a string.
type rules struct{ bytes.Buffer }

func (r *rules) add(selector, format string, values ...any) {
	fmt.Fprintf(r, "%s{%s}\n", selector, fmt.Sprintf(format, values...))
}

func (r *rules) pixels(selector, property string, n *float64) {
	if n != nil && *n >= 0 && *n <= maxPixels {
		r.add(selector, "%s:%gpx", property, *n)
	}
}

func (r *rules) shape(selector, style string, radius *float64) {
	switch style {
	case "pill":
		r.add(selector, "border-radius:999px")
	case "sharp":
		r.add(selector, "border-radius:0")
	default:
		r.pixels(selector, "border-radius", radius)
	}
}

const (
	buttons = ".button,.auth0-lock-submit"
	fields  = `input:not([type="hidden"])`
)

// sheet returns the style sheet of the theme, nil if it changes nothing.
func (t Theme) sheet() []byte {
	var r rules
	b := t.Borders
	r.shape(buttons, b.Buttons, b.ButtonRadius)
	r.pixels(buttons, "border-width", b.ButtonWeight)
	r.shape(fields, b.Inputs, b.InputRadius)
	r.pixels(fields, "border-width", b.InputWeight)
	r.pixels(".card", "border-radius", b.WidgetRadius)
	r.pixels(".card", "border-width", b.WidgetWeight)
	if b.Shadow != nil && !*b.Shadow {
		r.add(".card", "box-shadow:none")
	}
	t.Fonts.rules(&r)
	t.Widget.rules(&r)
	t.PageBackground.rules(&r)
	t.Colors.rules(&r)
	return r.Bytes()
}

// rules adds the colours. If the visitor prefers a dark scheme and the theme's card is light, the
// built-in dark colours stay. Text colours are adjusted until they are readable on the card.
func (c Colors) rules(r *rules) {
	card, given := parseColor(c.Widget)
	if !given {
		card = lightCard
	}
	var v rules
	variable := func(name, color string, contrast float64) {
		if ink, ok := parseColor(color); ok {
			fmt.Fprintf(&v, "--%s:%s;", name, ink.against(card, contrast))
		}
	}
	if given {
		fmt.Fprintf(&v, "--card:%s;--quiet:%s;", card, card.mix(card.ink(), 0.05))
	}
	variable("ink", c.Header, textContrast)
	variable("muted", c.BodyText, textContrast)
	variable("danger", c.Error, textContrast)
	variable("success", c.Success, textContrast)
	variable("accent", c.Links, textContrast)
	variable("edge", c.InputBorder, edgeContrast)
	variable("line", c.WidgetBorder, 1)
	if field, ok := parseColor(c.InputBackground); ok {
		fmt.Fprintf(&v, "--field:%s;", field)
		if ink, ok := parseColor(c.InputText); ok {
			fmt.Fprintf(&v, "--field-ink:%s;", ink.against(field, textContrast))
		} else {
			fmt.Fprintf(&v, "--field-ink:%s;", field.ink())
		}
	}
	variable("labels", c.InputLabels, textContrast)
	variable("icons", c.Icons, edgeContrast)
	variable("focus", c.Focus, edgeContrast)
	variable("secondary-edge", c.SecondaryBorder, edgeContrast)
	variable("secondary-ink", c.SecondaryLabel, textContrast)
	if button, ok := parseColor(c.PrimaryButton); ok {
		if label, ok := parseColor(c.PrimaryLabel); ok {
			fmt.Fprintf(&v, "--primary-ink:%s;", label.against(button, textContrast))
		}
		if hover, ok := parseColor(c.Hover); ok && c.Hover != "#000000" { // Auth0's default; a shade of the button's colour is used instead
			fmt.Fprintf(&v, "--primary-hover:%s;", hover)
		}
	}
	if v.Len() == 0 {
		return
	}
	scheme := "light"
	if card.luminance() < 0.2 {
		scheme = "light),(prefers-color-scheme:dark" // the card is dark in both schemes
	}
	r.add("@media (prefers-color-scheme:"+scheme+")", ":root{%s}", v.String())
}

func (f Fonts) rules(r *rules) {
	if u := fontURL(f.URL); u != "" {
		r.add("@font-face", `font-family:"tenant";src:url("%s");font-display:swap`, u)
		r.add("html", `font-family:"tenant",-apple-system,"Segoe UI",Roboto,Arial,system-ui,sans-serif`)
	}
	if f.References >= 12 && f.References <= 24 {
		r.add("html", "font-size:%gpx", f.References)
	}
	for selector, font := range ordered(map[string]Font{
		"header p,.ulp-alternate-action p,.resend": f.BodyText, buttons: f.Buttons, ".labels": f.Labels,
		"a:not(.button)": f.Links, "header > div > p": f.Subtitle, "h1": f.Title,
	}) {
		if font.Size >= 50 && font.Size <= 200 {
			r.add(selector, "font-size:%grem", font.Size/100)
		}
		if font.Bold != nil {
			r.add(selector, "font-weight:%d", map[bool]int{true: 700, false: 400}[*font.Bold])
		}
	}
	switch f.LinksStyle {
	case "normal":
		r.add("a:not(.button):not(:hover):not(:focus-visible)", "text-decoration:none")
	case "underlined":
		r.add("a:not(.button)", "text-decoration-line:underline")
	}
}

func (w Widget) rules(r *rules) {
	align := map[string]string{"left": "start", "center": "center", "right": "end"}
	if to := align[w.Header]; to != "" {
		r.add("header", "text-align:%s", to)
	}
	switch to := align[w.Logo]; {
	case w.Logo == "none":
		r.add("#prompt-logo-center", "display:none")
	case to != "":
		r.add("#prompt-logo-center", "display:block;margin-inline:%s", map[string]string{"start": "0 auto", "center": "auto", "end": "auto 0"}[to])
	}
	r.pixels(".logo", "height", w.Height)
}

func (p PageBackground) rules(r *rules) {
	if u := imageURL(p.Image); u != "" {
		r.add("html", `background-image:url("%s");background-size:cover;background-position:center;background-attachment:fixed`, u)
	}
	switch p.Layout {
	case "left":
		r.add("@media (min-width:60rem)", "main{margin-inline:8%% auto}")
	case "right":
		r.add("@media (min-width:60rem)", "main{margin-inline:auto 8%%}")
	}
}

// fontURL and imageURL return a URL that can be used in a style sheet, "" for any other.
func fontURL(raw string) string { return sheetURL(raw, "https") }

func imageURL(raw string) string { return sheetURL(raw, "https", "http") }

func sheetURL(raw string, schemes ...string) string {
	u, err := url.Parse(raw)
	if err != nil || u.Host == "" || u.User != nil || strings.ContainsAny(raw, "\"'\\()<>\n\r") {
		return ""
	}
	if !slices.Contains(schemes, u.Scheme) {
		return ""
	}
	return u.String()
}

// FontOrigin is the origin of the theme's font, "" for none: the pages' content security policy must
// allow it.
func (t Theme) FontOrigin() string {
	u, err := url.Parse(fontURL(t.Fonts.URL))
	if err != nil || u.Host == "" {
		return ""
	}
	return u.Scheme + "://" + u.Host
}

// themePath returns the path of a theme's style sheet, "" if the theme changes nothing.
func themePath(t Theme) template.URL {
	sheet := t.sheet()
	if len(sheet) == 0 {
		return ""
	}
	return template.URL(StaticPath + "theme." + hash(sheet) + ".css") //nolint:gosec // a name of ours
}

// ThemeSheet returns the style sheet of a theme by its name, as Static does for the other files of
// the pages.
func ThemeSheet(t Theme, name string) (sheet []byte, contentType string, ok bool) {
	sheet = t.sheet()
	if len(sheet) == 0 || name != "theme."+hash(sheet)+".css" {
		return nil, "", false
	}
	return sheet, contentTypes[".css"], true
}

// ordered yields the fonts in the order of their selectors, so that equal themes have equal style
// sheets.
func ordered(fonts map[string]Font) func(func(string, Font) bool) {
	return func(yield func(string, Font) bool) {
		for _, selector := range slices.Sorted(maps.Keys(fonts)) {
			if !yield(selector, fonts[selector]) {
				return
			}
		}
	}
}
