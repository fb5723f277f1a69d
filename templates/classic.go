package templates

import (
	"encoding/base64"
	"html/template"
	"regexp"
	"slices"
	"strings"
)

// ClassicLogin is the page of the classic login where the tenant has none of its own. It works without
// script and is not Auth0's Lock, but scripts find its parts by Lock's names.
// https://auth0.com/docs/customize/login-pages/classic-login
type ClassicLogin struct {
	Layout
	// ClientName is the application's name.
	ClientName string
	// Hidden are the fields that go along with the name and the password.
	Hidden []Field
	// Username fills the identifier in, and Identifiers are as in Login.
	Username    string
	Identifiers []string
	// Errors are keys as in Login, and Sentence is an error in words of its own.
	Errors   []string
	Sentence string
	// SignupURL and ForgotPasswordURL show their links when they are set.
	SignupURL, ForgotPasswordURL string
	Providers                    []ProviderLink
	// Config is what a page of the tenant's own is told, as JSON: there are scrapers that look for it
	// on whatever page there is.
	Config []byte
}

// ProviderLink leads to another identity provider.
type ProviderLink struct {
	Provider
	// Strategy is the connection's, by which scripts find the link.
	Strategy string
	// URL is where the link leads, and Label what it says: that is the page's own.
	URL, Label string
}

// Name is the name of the input for the identifier, as Lock has it.
func (p ClassicLogin) Name() string {
	if len(p.Identifiers) == 0 || slices.Equal(p.Identifiers, []string{byEmail}) {
		return "email"
	}
	return "username"
}

// Label is the key of that input's text.
func (p ClassicLogin) Label() string { return identifierInput(p.Identifiers, "").Label }

func (p ClassicLogin) view() view {
	p.Customization = Customization{}
	v := p.screen(p, "classic", "login", "login", p.ClientName, "").withErrors(p.Errors)
	if p.Sentence != "" {
		v.Errors = map[string]pageError{"form": {"form", "lock.fallback", p.Sentence}}
	}
	return v
}

// lockWords are Lock's own words, by those of the other pages; the other languages have those.
var lockWords = map[string]string{
	"Log in": "Log In", "Sign up": "Sign Up", "Forgot password?": "Don't remember your password?", "Username": "username", "Password": "your password",
}

// Lock are the words of the page for an English text, Auth0: libraries/lock.
func (v view) Lock(english string) string {
	if v.Language == "en" {
		return lockWords[english]
	}
	return v.texts.language.text(english)
}

// ProviderLinks are the links of the page with their labels.
func (v view) ProviderLinks() (all []ProviderLink, err error) {
	page, _ := v.P.(ClassicLogin)
	for _, p := range page.Providers {
		words := v.texts
		words.connectionName = p.Name
		if p.Label, err = words.get("federatedConnectionButtonText"); err != nil {
			return nil, err
		}
		all = append(all, p)
	}
	return all, nil
}

// EncodedConfig is the page's Config as a tenant's own page has it.
func (v view) EncodedConfig() template.HTML {
	page, _ := v.P.(ClassicLogin)
	return template.HTML(encodeConfig(page.Config)) //nolint:gosec // base64
}

func encodeConfig(config []byte) string { return base64.StdEncoding.EncodeToString(config) }

// auth0Script is the address of a script or a style sheet on Auth0's own servers.
var auth0Script = regexp.MustCompile(`(?:https?:)?//cdn\.auth0\.com/[\w./@-]*?([\w.-]+\.(?:js|css))\b`)

// headStart is where what a page begins with can be put in.
var headStart = regexp.MustCompile(`(?i)<head[^>]*>`)

// OwnPage is a page of the tenant's for the classic login, with what it is told in the place of
// @@config@@. Scripts of Auth0's servers are taken from where copy says, "" for those that have none; a
// page with such a script is given one of ours, which says so where it cannot be loaded.
func OwnPage(page string, config []byte, copyOf func(name string) string) string {
	page = strings.ReplaceAll(page, "@@config@@", encodeConfig(config))
	missing := false
	page = auth0Script.ReplaceAllStringFunc(page, func(address string) string {
		if path := copyOf(auth0Script.FindStringSubmatch(address)[1]); path != "" {
			return path
		}
		missing = missing || strings.HasSuffix(address, ".js")
		return address
	})
	if !missing {
		return page
	}
	at := headStart.FindStringIndex(page)
	if at == nil {
		return page
	}
	return page[:at[1]] + `<script src="` + string(assets.paths["missing_script.js"]) + `"></script>` + page[at[1]:]
}
