package templates

import (
	"cmp"
	"fmt"
	"html/template"
	"net/url"
	"slices"
	"strings"
)

// productName stands in for a tenant that has no name of its own.
const productName = "tenant0"

// Layout is what all pages of a tenant share: Auth0's branding settings and
// custom text. Its zero value is a complete page in the built-in look.
type Layout struct {
	// CompanyName is the tenant's friendly name, or the organization's in the
	// context of one: the texts' ${companyName}.
	CompanyName string
	// LogoURL is branding.logo_url: an https, http or data:image/ URL, or a
	// rooted path. Anything else, and none, shows a monogram of CompanyName.
	LogoURL string
	// FaviconURL is branding.favicon_url, with the same limits; none is the built-in
	// one.
	FaviconURL string
	// PrimaryColor is branding.colors.primary as #rrggbb. Anything else, and
	// none, is the built-in colour. Inks and edges that go with it are derived
	// so that they stay readable whatever the colour.
	PrimaryColor string
	// PageBackground is branding.colors.page_background as #rrggbb, with the
	// same fallback. A light one gives way to the built-in dark in the dark
	// scheme.
	PageBackground string
	// Theme is the tenant's default theme: what else of the look is its own.
	Theme Theme
	// Language is the BCP 47 tag of the language the texts are in; empty is "en".
	Language string
	// AppName is what the tenant calls the app that push notifications are for: the texts'
	// ${appName}.
	AppName string
	// Inviter is who has invited the person to the organization that they log in to, "" for nobody.
	Inviter string
	// Numbers are those of the tenant that built-in texts speak of.
	Numbers Numbers
	// CustomText replaces built-in texts in that language.
	CustomText Texts
	// Customization is the tenant's own mark-up around and in the pages that show a
	// prompt.
	Customization Customization
}

// screen begins the view of one screen. Where no application is in play the
// texts speak of the tenant.
func (l Layout) screen(p Page, template, prompt, name, clientName, userName string) view {
	company := cmp.Or(l.CompanyName, productName)
	clientName = cmp.Or(clientName, company)
	v := view{
		P:           p,
		Language:    cmp.Or(l.Language, "en"),
		TitleKey:    "pageTitle",
		BrandSheet:  brandPath(l.PrimaryColor, l.PageBackground),
		ThemeSheet:  themePath(l.Theme),
		fontOrigin:  l.Theme.FontOrigin(),
		OffersFirst: l.Theme.Widget.Social == "top",
		Favicon:     safeURL(l.FaviconURL),
		MainClass:   mainClass(name),
		template:    template,
		prompt:      prompt,
		screen:      name,
		custom:      l.Customization,
		texts: texts{
			custom:      l.CustomText[prompt][name],
			builtIn:     builtInTexts[prompt][name],
			clientName:  clientName,
			companyName: company,
			userName:    userName,
			appName:     l.AppName,
			inviterName: l.Inviter,
			numbers:     l.Numbers,
			language:    translatorTo(cmp.Or(l.Language, "en")),
		},
	}
	v.CompanyMark = newMark(l.LogoURL, company, v.texts.message("logoAltText"), tile(l.PrimaryColor))
	if l.CompanyName == "" && safeLogo(l.LogoURL) == "" {
		v.CompanyMark.URL = assets.paths["logo.svg"]
	}
	return v
}

// mainClass are the classes of a screen's main part, by which scripts tell the screens of
// Auth0's pages apart: the page of the password has that of the login.
func mainClass(screen string) string {
	family, password := strings.CutSuffix(screen, "-password")
	if password && screen != "reset-password" {
		return "_widget " + family + " " + screen
	}
	return "_widget " + screen
}

// Direction is "rtl" for a page in a language that is written from right to left.
func (v view) Direction() string {
	base, _, _ := strings.Cut(v.Language, "-")
	if slices.Contains([]string{"ar", "fa", "he", "ur"}, strings.ToLower(base)) {
		return "rtl"
	}
	return ""
}

// mark is the picture that stands for a tenant or an application.
type mark struct {
	URL  template.URL
	Name string
}

// newMark is a logo, or the initial of a name on a tile of a colour.
func newMark(logo, name, alt string, tile rgb) mark {
	url := safeLogo(logo)
	if url == "" {
		url = monogramPath(monogram(name), tile)
	}
	return mark{url, alt}
}

// safeLogo is the URL of a logo if it can be shown.
func safeLogo(logo string) template.URL {
	if strings.HasPrefix(logo, "data:image/") {
		return template.URL(logo) //nolint:gosec // an image is shown, never run
	}
	return safeURL(logo)
}

// safeURL returns the URL if following it loads a page: http, https, or a path
// on this server. Every other one is dropped, javascript: first of all.
func safeURL(raw string) template.URL {
	u, err := url.Parse(raw)
	if err != nil {
		return ""
	}
	rooted := u.Scheme == "" && u.Host == "" && strings.HasPrefix(u.Path, "/")
	if rooted || (u.Scheme == "https" || u.Scheme == "http") && u.Host != "" {
		return template.URL(raw) //nolint:gosec // the scheme has just been checked
	}
	return ""
}

// formURL returns the URL of a form to another place. A form with an empty one
// would post what it holds to this server, so there is an error instead.
func formURL(raw string) (template.URL, error) {
	if u := safeURL(raw); u != "" {
		return u, nil
	}
	return "", fmt.Errorf("post a form to %q: not an http or https URL", raw)
}
