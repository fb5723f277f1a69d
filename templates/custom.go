package templates

import (
	"bytes"
	"cmp"
	"errors"
	"html/template"
	"io"
	"maps"
	"regexp"
	"slices"
)

// Customization is what a tenant changes in the pages besides their brand, in Liquid. Its zero value
// changes nothing.
type Customization struct {
	// PageTemplate is the HTML document around the pages, Auth0:
	// customize/login-pages/universal-login/customize-templates.
	PageTemplate string
	// Partials are inserted into the pages, by prompt, screen and entry point, Auth0:
	// customize/login-pages/universal-login/customize-signup-and-login-prompts.
	Partials Texts
	// Values are the variables of the page template and the partials: application, branding, tenant,
	// organization and user. Texts in them are escaped.
	Values map[string]any
}

// CustomPrompts are the prompts that have entry points for partials.
var CustomPrompts = []string{
	"login", "login-id", "login-password", "login-passwordless", "signup", "signup-id", "signup-password", "customized-consent", "passkeys",
}

func (c Customization) empty() bool { return !c.wraps() && len(c.Partials) == 0 }

// wraps reports whether the page template has a place for the page.
func (c Customization) wraps() bool { return widgetTag.MatchString(c.PageTemplate) }

// Needs are what the headers of a page's answer depend on, such as what the page may load.
type Needs struct {
	// Customized says that the page contains the tenant's own mark-up, in Liquid.
	Customized bool
	// FontOrigin is the origin of the theme's font, "" for none.
	FontOrigin string
	// Waits says that a script of the page asks the server whether the page can continue.
	Waits bool
	// Screen is the name of the page's screen, and Errors are Auth0's keys of the errors that it
	// shows.
	Screen string
	Errors []string
}

func (v view) needs() Needs {
	return Needs{
		Customized: !v.custom.empty(), FontOrigin: v.fontOrigin, Waits: v.MFA != nil && v.MFA.Waits, Screen: v.screen, Errors: v.codes(),
	}
}

// codes returns Auth0's keys of the errors that the page shows.
func (v view) codes() (all []string) {
	for _, e := range v.Errors {
		all = append(all, e.Code)
	}
	slices.Sort(all)
	return all
}

// fill renders a text of the tenant for the page. The values in more are mark-up and are not escaped.
func (v view) fill(text string, more map[string]any) (string, error) {
	values := map[string]any{
		"locale": v.Language, "dir": cmp.Or(v.Direction(), "auto"), "state": v.state,
		"prompt": map[string]any{"name": v.prompt, "screen": map[string]any{"name": v.screen, "texts": v.texts.all()}},
	}
	maps.Copy(values, v.custom.Values)
	return liquidHTML(text, values, more)
}

// Partial returns the tenant's partial for an entry point of the screen.
func (v view) Partial(point string) (template.HTML, error) {
	text := v.custom.Partials[v.prompt][v.screen][point]
	if text == "" {
		return "", nil
	}
	filled, err := v.fill(text, nil)
	return template.HTML(filled), err //nolint:gosec // it is the tenant's mark-up, with values escaped
}

// The tags that stand for the parts of a page. They are replaced before Liquid sees them, because
// names in Liquid have no colons.
var (
	headTag   = regexp.MustCompile(`\{%(-?)\s*auth0:head\s*(-?)%\}`)
	widgetTag = regexp.MustCompile(`\{%(-?)\s*auth0:widget\s*(-?)%\}`)
)

// wrap writes the page inside the tenant's page template.
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
