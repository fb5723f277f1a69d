package templates_test

import (
	"encoding/json"
	"regexp"
	"strings"
	"testing"

	"github.com/tenant0/tenant0/templates"
)

// rockets is a theme that sets every member, with the names of Auth0's API.
const rockets = `{
  "borders": {"button_border_radius": 3, "button_border_weight": 2, "buttons_style": "pill", "input_border_radius": 7, "input_border_weight": 2,
    "inputs_style": "rounded", "show_widget_shadow": false, "widget_border_weight": 4, "widget_corner_radius": 0},
  "colors": {"base_focus_color": "#0000aa", "base_hover_color": "#00aa00", "body_text": "#444444", "captcha_widget_theme": "auto", "error": "#bb0000",
    "header": "#111111", "icons": "#555555", "input_background": "#ffffee", "input_border": "#888888", "input_filled_text": "#222222",
    "input_labels_placeholders": "#333333", "links_focused_components": "#0044cc", "primary_button": "#e8590c", "primary_button_label": "#000000",
    "secondary_button_border": "#777777", "secondary_button_label": "#101010", "success": "#00aa00", "widget_background": "#fffdf7", "widget_border": "#ddccbb"},
  "fonts": {"font_url": "https://fonts.acme.test/rocket.woff2", "links_style": "normal", "reference_text_size": 18, "body_text": {"bold": false, "size": 90},
    "buttons_text": {"bold": true, "size": 100}, "input_labels": {"bold": false, "size": 95}, "links": {"bold": true, "size": 90}, "subtitle": {"bold": false, "size": 90},
    "title": {"bold": true, "size": 150}},
  "page_background": {"background_color": "#223344", "background_image_url": "https://cdn.acme.test/sky.jpg", "page_layout": "right"},
  "widget": {"header_text_alignment": "left", "logo_height": 40, "logo_position": "left", "logo_url": "https://cdn.acme.test/logo.png", "social_buttons_layout": "top"}}`

func theme(t *testing.T, raw string) (theme templates.Theme) {
	t.Helper()
	if err := json.Unmarshal([]byte(raw), &theme); err != nil {
		t.Fatal(err)
	}
	return theme
}

var themeName = regexp.MustCompile(`/u/static/(theme\.[0-9a-f]+\.css)`)

// sheetOf returns the style sheet to which a page of a tenant with a theme refers, "" for none.
func sheetOf(t *testing.T, theme templates.Theme) string {
	t.Helper()
	page := render(t, templates.Login{Layout: templates.Layout{CompanyName: "Acme", Theme: theme}})
	m := themeName.FindStringSubmatch(page)
	if m == nil {
		return ""
	}
	sheet, kind, ok := templates.ThemeSheet(theme, m[1])
	if !ok || kind != "text/css; charset=utf-8" {
		t.Fatalf("%s is not there", m[1])
	}
	return string(sheet)
}

func TestAThemeShowsInAllItsMembers(t *testing.T) {
	sheet := sheetOf(t, theme(t, rockets))
	for _, rule := range []string{
		".button,.auth0-lock-submit{border-radius:999px}", ".button,.auth0-lock-submit{border-width:2px}", "--success:#008800", `input:not([type="hidden"]){border-radius:7px}`, ".card{border-radius:0px}", ".card{border-width:4px}",
		".card{box-shadow:none}", "--card:#fffdf7", "--ink:#111111", "--muted:#444444", "--danger:#bb0000", "--accent:#0044cc", "--field:#ffffee", "--field-ink:#222222",
		"--labels:#333333", "--icons:#555555", "--focus:#0000aa", "--secondary-edge:#777777", "--secondary-ink:#101010", "--primary-ink:#000000", "--primary-hover:#00aa00",
		"--line:#ddccbb", `src:url("https://fonts.acme.test/rocket.woff2")`, "html{font-size:18px}", "h1{font-size:1.5rem}", "h1{font-weight:700}",
		"text-decoration:none", "header{text-align:start}", "#prompt-logo-center{display:block;margin-inline:0 auto}", ".logo{height:40px}",
		`background-image:url("https://cdn.acme.test/sky.jpg")`, "main{margin-inline:auto 8%}",
	} {
		if !strings.Contains(sheet, rule) {
			t.Errorf("the sheet has no %s:\n%s", rule, sheet)
		}
	}
	google := []templates.Provider{{Connection: "google-oauth2", Key: "google", Name: "Google"}}
	page := render(t, templates.Login{Layout: templates.Layout{Theme: theme(t, rockets)}, Providers: google})
	if strings.Index(page, `data-provider="google"`) > strings.Index(page, `id="username"`) || strings.Count(page, `class="separator"`) != 1 || strings.Count(page, `class="offers"`) != 1 {
		t.Errorf("the buttons of providers are not above the form:\n%s", page)
	}
	if got := needsOf(t, templates.Login{Layout: templates.Layout{Theme: theme(t, rockets)}}).FontOrigin; got != "https://fonts.acme.test" {
		t.Errorf("the font comes from %q", got)
	}
}

// TestWithoutAThemeNothingIsLoaded: neither a style sheet of the theme, nor a font from another host.
func TestWithoutAThemeNothingIsLoaded(t *testing.T) {
	if sheet := sheetOf(t, templates.Theme{}); sheet != "" {
		t.Errorf("the sheet is %s", sheet)
	}
	if origin := needsOf(t, states["login"]).FontOrigin; origin != "" {
		t.Errorf("a font comes from %q", origin)
	}
	if _, _, ok := templates.ThemeSheet(theme(t, rockets), "theme.0123456789.css"); ok {
		t.Error("a name that is none has a sheet")
	}
}

// TestAThemeCannotBreakOut: a value that is not a colour, length or URL of the right kind leaves no trace.
func TestAThemeCannotBreakOut(t *testing.T) {
	for _, evil := range []string{`red}body{display:none`, `#fff;}`, `");@import url(//evil.test)`, `javascript:alert(1)`, `</style>`, `data:text/css,x`, `https://a.test/\"); }x{`} {
		quoted, err := json.Marshal(evil)
		if err != nil {
			t.Fatal(err)
		}
		raw := regexp.MustCompile(`"(#[0-9a-f]{6}|https://[^"]*|pill|rounded|left|right|top|normal)"`).ReplaceAllLiteralString(rockets, string(quoted))
		sheet := sheetOf(t, theme(t, raw))
		for _, trace := range []string{"evil", "import", "javascript", "display:none", "</", "data:", "a.test"} {
			if strings.Contains(sheet, trace) {
				t.Errorf("%s leaves %s in\n%s", evil, trace, sheet)
			}
		}
	}
	for _, raw := range []string{`{"borders": {"widget_corner_radius": -1, "button_border_radius": 1e9}}`, `{"fonts": {"reference_text_size": 900, "title": {"size": 5}}}`} {
		if sheet := sheetOf(t, theme(t, raw)); sheet != "" {
			t.Errorf("%s is taken:\n%s", raw, sheet)
		}
	}
}

// TestInksOfAThemeCanBeRead: text colours with too little contrast to the card are changed.
func TestInksOfAThemeCanBeRead(t *testing.T) {
	sheet := sheetOf(t, theme(t, `{"colors": {"widget_background": "#ffffff", "header": "#fefefe", "primary_button": "#ffff00", "primary_button_label": "#ffffff"}}`))
	if strings.Contains(sheet, "--ink:#fefefe") || strings.Contains(sheet, "--primary-ink:#ffffff") {
		t.Errorf("the sheet is\n%s", sheet)
	}
	dark := sheetOf(t, theme(t, `{"colors": {"widget_background": "#101010", "header": "#ffffff"}}`))
	if !strings.Contains(dark, "(prefers-color-scheme:light),(prefers-color-scheme:dark)") {
		t.Errorf("a dark card is not dark in both schemes:\n%s", dark)
	}
}
