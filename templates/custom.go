package templates

import (
	"bytes"
	"errors"
	"html/template"
	"io"
	"maps"
	"regexp"
	"slices"
)

// Customization is what a tenant makes of the pages besides their brand, in Liquid.
// Its zero value changes nothing.
type Customization struct {
	// PageTemplate is the document around the pages, Auth0:
	// customize/login-pages/universal-login/customize-templates.
	PageTemplate string
	// Partials are put into the pages, by prompt, screen and entry point, Auth0:
	// customize/login-pages/universal-login/customize-signup-and-login-prompts.
	Partials Texts
	// Values are what both may speak of: application, branding, tenant, organization
	// and user. Texts in them are text: they are escaped.
	Values map[string]any
}

// CustomPrompts are the prompts that have entry points.
var CustomPrompts = []string{"login", "login-id", "login-password", "signup", "signup-id", "signup-password", "customized-consent"}

func (c Customization) empty() bool { return !c.wraps() && len(c.Partials) == 0 }

// wraps reports whether there is a template with a place for the page.
func (c Customization) wraps() bool { return widgetTag.MatchString(c.PageTemplate) }

// Needs are what a page may load, and what else its answer's headers depend on.
type Needs struct {
	// Customized says that the page has mark-up of the tenant's, in Liquid.
	Customized bool
	// FontOrigin is the origin that the page loads the font of its theme from, "" for none.
	FontOrigin string
	// Waits says that the page's script asks the server whether the page can go on.
	Waits bool
	// Screen is the screen that the page is, and Errors are Auth0's keys of what it says to be wrong.
	Screen string
	Errors []string
}

func (v view) needs() Needs {
	return Needs{
		Customized: !v.custom.empty(), FontOrigin: v.fontOrigin, Waits: v.MFA != nil && v.MFA.Waits, Screen: v.screen, Errors: v.codes(),
	}
}

// codes are Auth0's keys of what the page says to be wrong.
func (v view) codes() (all []string) {
	for _, e := range v.Errors {
		all = append(all, e.Code)
	}
	slices.Sort(all)
	return all
}

// fill renders a text of the tenant's for the page. The mark-up in more is put in as it
// is.
func (v view) fill(text string, more map[string]any) (string, error) {
	values := map[string]any{
		"locale": v.Language, "dir": "auto", "state": v.state,
		"prompt": map[string]any{"name": v.prompt, "screen": map[string]any{"name": v.screen, "texts": v.texts.all()}},
	}
	maps.Copy(values, v.custom.Values)
	return liquidHTML(text, values, more)
}

// Partial returns what the tenant puts in at an entry point of the screen.
func (v view) Partial(point string) (template.HTML, error) {
	text := v.custom.Partials[v.prompt][v.screen][point]
	if text == "" {
		return "", nil
	}
	filled, err := v.fill(text, nil)
	return template.HTML(filled), err //nolint:gosec // it is the tenant's mark-up, with values escaped
}

// The tags that stand for the parts of a page. Liquid as such has no names with
// colons.
var (
	headTag   = regexp.MustCompile(`\{%(-?)\s*auth0:head\s*(-?)%\}`)
	widgetTag = regexp.MustCompile(`\{%(-?)\s*auth0:widget\s*(-?)%\}`)
)

// wrap writes the page within the tenant's template.
func (v view) wrap(w io.Writer) error {
	var head, widget bytes.Buffer
	v.Bare = true
	if err := errors.Join(pages.ExecuteTemplate(&head, "head-tags", v), pages.ExecuteTemplate(&widget, v.template, v)); err != nil {
		return err
	}
	text := headTag.ReplaceAllString(v.custom.PageTemplate, "{{${1} auth0_head ${2}}}")
	text = widgetTag.ReplaceAllString(text, "{{${1} auth0_widget ${2}}}")
	filled, err := v.fill(text, map[string]any{"auth0_head": head.String(), "auth0_widget": widget.String()})
	if err != nil {
		return err
	}
	_, err = io.WriteString(w, filled)
	return err
}
