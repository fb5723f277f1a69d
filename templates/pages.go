package templates

import (
	"encoding/json"
	"html/template"
	"maps"
	"net/url"
	"slices"
	"strings"
)

// Scope is one scope that an application asks for.
type Scope struct {
	// Name is the scope as requested, such as "read:timesheets".
	Name string
	// Description is the text for the user; if it is empty, the name is shown.
	Description string
}

// Resource is an API with the scopes requested for it.
type Resource struct {
	// Name is the name of the API; empty shows the scopes without a heading.
	Name   string
	Scopes []Scope
}

// Consent asks the user whether an application may have what it requested. The
// form posts to the page's own URL, with action "accept" or "decline", the
// audience, and every scope shown as scope[].
type Consent struct {
	Layout
	// ClientName and ClientLogoURL are the application's name and logo_uri.
	ClientName, ClientLogoURL string
	// UserName is the user's name in the greeting. The form sends UserID, which says to whom the page was shown.
	UserName, UserID string
	// State is as in Login.
	State string
	// Audience is the identifier of the requested API, or empty.
	Audience string
	// Resources are the requested scopes, grouped and in the order shown.
	Resources []Resource
	// Transactional says that consent is asked for a single transaction, and Details are its authorization_details
	// (RFC 9396). A tenant may show them in a partial of its own.
	Transactional bool
	Details       []map[string]any
	// Errors are as in Login, such as "invalid-action".
	Errors []string
}

// Rows returns Details in the form that is shown if the tenant has no partial: the name of each member with its
// value, one after the other. Members of nested objects are named by their path.
func (p Consent) Rows() (all [][]Row) {
	for _, one := range p.Details {
		all = append(all, rows(nil, "", one))
	}
	return all
}

// Row is a member of Details with its value.
type Row struct{ Name, Value string }

func rows(all []Row, path string, value any) []Row {
	switch value := value.(type) {
	case map[string]any:
		for _, name := range slices.Sorted(maps.Keys(value)) {
			all = rows(all, strings.TrimPrefix(path+"."+name, "."), value[name])
		}
		return all
	case []any:
		for _, item := range value {
			all = rows(all, path, item)
		}
		return all
	case string:
		return append(all, Row{path, value})
	}
	text, _ := json.Marshal(value) // it came from JSON
	return append(all, Row{path, string(text)})
}

// detailsScreen is Auth0's name of both the screen and the prompt for consent to a single transaction. Its built-in
// texts are those of the other consent screen.
const detailsScreen = "customized-consent"

func (p Consent) view() view {
	v := p.screen(p, "consent", "consent", "consent", p.ClientName, p.UserName)
	if p.Transactional {
		v.prompt, v.screen, v.MainClass = detailsScreen, detailsScreen, mainClass(detailsScreen)
		if own := p.CustomText[detailsScreen][detailsScreen]; len(own) > 0 {
			v.texts.custom = own
		}
		v.custom.Values = maps.Clone(v.custom.Values)
		if v.custom.Values == nil {
			v.custom.Values = map[string]any{}
		}
		asked := []any{}
		for _, one := range p.Details {
			asked = append(asked, one)
		}
		v.custom.Values["transaction"] = map[string]any{"params": map[string]any{"authorization_details": asked}}
	}
	v.ClientMark = newMark(p.ClientLogoURL, v.texts.clientName, v.texts.clientName, neutralTile)
	return v.in(p.State).withErrors(p.Errors)
}

// LogoutConfirm asks whether the user wants to log out: the question that an
// OpenID provider should ask when it cannot trust the request (OpenID Connect
// RP-Initiated Logout 1.0, section 2). The form posts to the page's own URL
// with action "accept" or "deny".
type LogoutConfirm struct {
	Layout
	// ClientName is the application that requests the logout, or empty.
	ClientName string
	// UserName is the user's name in the greeting, or empty.
	UserName string
	// State is as in Login.
	State string
}

func (p LogoutConfirm) view() view {
	return p.screen(p, "logout", "logout", "logout", p.ClientName, p.UserName).in(p.State)
}

// notice holds the keys of the texts of a page with one sentence and one link.
type notice struct{ Title, Sentence, Link string }

// LoggedOut says that the session has ended.
type LoggedOut struct {
	Layout
	// ClientName names the application that LinkURL leads back to.
	ClientName string
	// LinkURL is an http or https URL or a rooted path, "" to show no link.
	LinkURL string
}

func (p LoggedOut) view() view {
	v := p.screen(p, "notice", "logout", "logout-complete", p.ClientName, "")
	v.Notice, v.LinkURL = notice{"eventTitle", "description", "buttonText"}, safeURL(p.LinkURL)
	return v
}

// LogoutAborted says that the session continues, after the user has answered LogoutConfirm with no.
type LogoutAborted LoggedOut

func (p LogoutAborted) view() view {
	v := p.screen(p, "notice", "logout", "logout-aborted", p.ClientName, "")
	v.Notice, v.LinkURL = notice{"eventTitle", "description", "buttonText"}, safeURL(p.LinkURL)
	return v
}

// Status selects the text of a Message: a key of the prompt and screen "status".
type Status string

// The statuses that have built-in texts. Texts for others come from custom text.
const (
	// ExpiredTransaction is for a ticket that is not valid any more.
	ExpiredTransaction Status = "expired-transaction"
	// UsedTransaction is for a step that was already taken: a double submit, or the back button.
	UsedTransaction Status = "used-transaction"
	// ForeignTransaction is for a browser that the transaction does not belong to.
	ForeignTransaction Status = "foreign-transaction"
	// LinkOfAnotherBrowser is for a login link that was requested in another browser.
	LinkOfAnotherBrowser Status = "passwordless-no-session"
)

// Message is a plain page with a heading and a sentence.
type Message struct {
	Layout
	// ClientName names the application that LinkURL leads back to.
	ClientName string
	// Status selects the texts: the keys <status>-title, <status> and <status>-link. For a status without texts,
	// the page says that something went wrong.
	Status Status
	// LinkURL is an http or https URL or a rooted path, "" to show no link.
	LinkURL string
	// TrackingID is as in Error.
	TrackingID string
}

func (p Message) view() view {
	v := p.screen(p, "notice", "status", "status", p.ClientName, "")
	if p.TrackingID != "" {
		v.Tracking = tracking{v.texts.language.text("Tracking ID:"), p.TrackingID}
	}
	key := string(p.Status)
	if !v.texts.has(key) {
		key = unknownError
	}
	v.Notice, v.LinkURL = notice{key + "-title", key, key + "-link"}, safeURL(p.LinkURL)
	v.TitleKey = v.Notice.Title // the prompt has no pageTitle
	return v
}

// Error is the page for errors that cannot be sent to the application, such as an unknown client or a callback URL
// mismatch.
// https://auth0.com/docs/authenticate/login/auth0-universal-login/error-pages
type Error struct {
	Layout
	// Text is the key of the text for the user: "callback-mismatch", or "" for the general one.
	Text string
	// Code and Description are the technical details, as in an OAuth error.
	Code, Description string
	// TrackingID identifies the request in the log, "" to show none.
	TrackingID string
	// SupportEmail and SupportURL are the tenant's settings support_email and support_url, "" to show none.
	SupportEmail, SupportURL string
}

func (p Error) view() view {
	p.Customization = Customization{}
	if builtInTexts["error"]["error"][p.Text] == "" {
		p.Text = "description"
	}
	v := p.screen(p, "error", "error", "error", "", "")
	v.MainClass += " wide"
	return v
}

// supportLink leads to the support of the tenant's company.
type supportLink struct {
	URL  template.URL
	Text string
}

// SupportLinks returns the links of an error page to the tenant's support.
func (v view) SupportLinks() (all []supportLink) {
	page, _ := v.P.(Error)
	if page.SupportEmail != "" {
		address := url.URL{Scheme: "mailto", Opaque: url.PathEscape(page.SupportEmail)}
		all = append(all, supportLink{template.URL(address.String()), page.SupportEmail}) //nolint:gosec // an escaped address
	}
	if target := safeURL(page.SupportURL); target != "" {
		all = append(all, supportLink{target, page.SupportURL})
	}
	return all
}

// Field is one parameter of an authorization response.
type Field struct{ Name, Value string }

// FormPost sends an authorization response to the application as a form that submits itself (OAuth 2.0 Form Post
// Response Mode) or, where scripts are off, by a button.
type FormPost struct {
	Layout
	// URL is the redirect URI: http or https, otherwise Render fails. The page's form-action policy must allow it.
	URL string
	// Fields are the response's parameters, in order.
	Fields []Field
	// Fragment leaves out everything around the form, for a script that inserts the form into its own page and
	// submits it.
	Fragment bool
}

func (p FormPost) view() view {
	p.Customization = Customization{}
	template := "form_post"
	if p.Fragment {
		template = "form_post_fragment"
	}
	return p.screen(p, template, "common", "redeem-ticket", "", "")
}

// WebMessage sends an authorization response to the application's page that opened this one or contains it in a
// frame, as a message of the form {type: "authorization_response", response}. It needs scripts, as the receiving
// page does. Clients that are no browsers find the response in the page as in Auth0's.
// https://auth0.com/docs/authenticate/login/configure-silent-authentication
type WebMessage struct {
	Layout
	// Origin is the only origin that gets the message: the redirect URI's.
	Origin string
	// Fields are the response's parameters.
	Fields []Field
}

// Response returns the parameters as a JSON object, in which no character could end the element around it.
func (p WebMessage) Response() (template.HTML, error) {
	all := map[string]string{}
	for _, f := range p.Fields {
		all[f.Name] = f.Value
	}
	raw, err := json.Marshal(all)
	return template.HTML(raw), err //nolint:gosec // json.Marshal escapes <, > and &
}

func (p WebMessage) view() view {
	p.Customization = Customization{}
	return p.screen(p, "web_message", "common", "redeem-ticket", "", "")
}
