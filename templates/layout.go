package templates

import (
	"cmp"
	"fmt"
	"html/template"
	"net/url"
	"slices"
	"strings"
)

// productName is used for a tenant without a name.
const productName = "tenant0"

// Layout is common to all pages of a tenant: Auth0's branding settings and custom text. Its zero
// value is a complete page with the built-in style.
type Layout struct {
	// CompanyName is the tenant's friendly name, or the name of the organization that the user logs
	// in to: ${companyName} in texts.
	CompanyName string
	// LogoURL is branding.logo_url: an https, http or data:image/ URL, or a rooted path. For any
	// other value, and for none, a monogram of CompanyName is shown.
	LogoURL string
	// FaviconURL is branding.favicon_url, an https or http URL or a rooted path; "" for the
	// built-in icon.
	FaviconURL string
	// PrimaryColor is branding.colors.primary as #rrggbb. For any other value, and for none, the
	// built-in colour is used. The colours of texts and edges that go with it are derived so that
	// they are readable with every colour.
	PrimaryColor string
	// PageBackground is branding.colors.page_background as #rrggbb, with the same fallback. In the
	// dark scheme, a light colour is replaced by the built-in dark one.
	PageBackground string
	// Theme is the tenant's default theme, with further settings of the style.
	Theme Theme
	// Language is the BCP 47 tag of the language of the texts; empty means "en".
	Language string
	// AppName is the tenant's name for the app that gets push notifications: ${appName} in texts.
	AppName string
	// Inviter is the person who has invited the user to the organization of the login, "" for
	// nobody.
	Inviter string
	// PolicyURL and TermsURL are where the application's privacy policy and terms of service are, https or http
	// URLs, "" for no link.
	PolicyURL, TermsURL string
	// Numbers are settings of the tenant that built-in texts mention.
	Numbers Numbers
	// CustomText replaces built-in texts in that language.
	CustomText Texts
	// Customization is the tenant's own mark-up around and in the pages that show a prompt.
	Customization Customization
}

// screen returns the basic view of a screen. If no application is involved, the texts name the
// tenant instead.
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
		PolicyURL:   safeURL(l.PolicyURL),
		TermsURL:    safeURL(l.TermsURL),
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

// mainClass returns the classes of a screen's main element, by which clients distinguish the
// screens of Auth0's pages: the password page also has the class of the login page.
func mainClass(screen string) string {
	family, password := strings.CutSuffix(screen, "-password")
	if password && screen != "reset-password" {
		return "_widget " + family + " " + screen
	}
	return "_widget " + screen
}

// Direction returns "rtl" if the page's language is written from right to left.
func (v view) Direction() string {
	base, _, _ := strings.Cut(v.Language, "-")
	if slices.Contains([]string{"ar", "fa", "he", "ur"}, strings.ToLower(base)) {
		return "rtl"
	}
	return ""
}

// mark is the picture of a tenant or an application.
type mark struct {
	URL  template.URL
	Name string
}

// newMark returns a logo, or the initial of a name on a coloured tile.
func newMark(logo, name, alt string, tile rgb) mark {
	url := safeLogo(logo)
	if url == "" {
		url = monogramPath(monogram(name), tile)
	}
	return mark{url, alt}
}

// safeLogo returns the URL of a logo if it can be shown, otherwise "".
func safeLogo(logo string) template.URL {
	if strings.HasPrefix(logo, "data:image/") {
		return template.URL(logo) //nolint:gosec // an image is shown, never run
	}
	return safeURL(logo)
}

// safeURL returns the URL if it is http, https, or a path on this server. It returns "" for every
// other URL, above all for javascript:.
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

// formURL returns the URL of a form that posts to another place. With an empty URL, the form would
// post its content to this server, so that is an error.
func formURL(raw string) (template.URL, error) {
	if u := safeURL(raw); u != "" {
		return u, nil
	}
	return "", fmt.Errorf("post a form to %q: not an http or https URL", raw)
}
