package templates

import (
	"encoding/json"
	"maps"
	"slices"
	"strings"
)

// Scope is one scope that an application asks for.
type Scope struct {
	// Name is the scope as requested, such as "read:timesheets".
	Name string
	// Description is what the user reads; without one, the name is all there is.
	Description string
}

// Resource is what a group of scopes is about.
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
	// UserName is how the user is greeted.
	UserName string
	// State is as in Login.
	State string
	// Audience is the identifier of the requested API, or empty.
	Audience string
	// Resources are the requested scopes, grouped and in the order shown.
	Resources []Resource
	// Transactional says that it is for one transaction, and Details are what that is about, the authorization_details of
	// RFC 9396. A tenant may show them in a partial of its own.
	Transactional bool
	Details       []map[string]any
	// Errors are as in Login, such as "invalid-action".
	Errors []string
}

// Rows are the details as they are shown where the tenant has nothing of its own: the name of each member with its
// value, one after the other. Members of objects are named by their path.
func (p Consent) Rows() (all [][]Row) {
	for _, one := range p.Details {
		all = append(all, rows(nil, "", one))
	}
	return all
}

// Row is a member of details with its value.
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

// detailsScreen is Auth0's name of the screen and of the prompt that ask for consent to one transaction. Its built-in
// texts are those of the other one.
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
	// ClientName is the application that asks, or empty.
	ClientName string
	// UserName greets the user when it is set.
	UserName string
	// State is as in Login.
	State string
}

func (p LogoutConfirm) view() view {
	return p.screen(p, "logout", "logout", "logout", p.ClientName, p.UserName).in(p.State)
}

// notice names the keys of a page that says one thing and offers one link.
type notice struct{ Title, Sentence, Link string }

// LoggedOut says that the session has ended.
type LoggedOut struct {
	Layout
	// ClientName names the application that LinkURL leads back to.
	ClientName string
	// LinkURL shows a link back when it is set: http, https or a rooted path.
	LinkURL string
}

func (p LoggedOut) view() view {
	v := p.screen(p, "notice", "logout", "logout-complete", p.ClientName, "")
	v.Notice, v.LinkURL = notice{"eventTitle", "description", "buttonText"}, safeURL(p.LinkURL)
	return v
}

// LogoutAborted says that the session goes on, after a "No" to LogoutConfirm.
type LogoutAborted LoggedOut

func (p LogoutAborted) view() view {
	v := p.screen(p, "notice", "logout", "logout-aborted", p.ClientName, "")
	v.Notice, v.LinkURL = notice{"eventTitle", "description", "buttonText"}, safeURL(p.LinkURL)
	return v
}

// Status is what a Message has to say: a key of the prompt and screen "status".
type Status string

// The statuses that have built-in texts. Others take theirs from custom text.
const (
	// ExpiredTransaction answers a page whose transaction is gone.
	ExpiredTransaction Status = "expired-transaction"
	// UsedTransaction answers a step that was taken before: a double submit, or
	// the back button.
	UsedTransaction Status = "used-transaction"
	// ForeignTransaction answers a browser that the transaction is not bound to.
	ForeignTransaction Status = "foreign-transaction"
	// LinkOfAnotherBrowser answers a link to log in that another browser has asked for.
	LinkOfAnotherBrowser Status = "passwordless-no-session"
)

// Message is a plain page with a heading and a sentence.
type Message struct {
	Layout
	// ClientName names the application that LinkURL leads back to.
	ClientName string
	// Status chooses the words: the keys <status>-title, <status> and
	// <status>-link. One that has none says that something went wrong.
	Status Status
	// LinkURL shows a link when it is set: http, https or a rooted path.
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

// Error is the page for what cannot be redirected to the application, such as
// an unknown client or a callback URL mismatch.
// https://auth0.com/docs/authenticate/login/auth0-universal-login/error-pages
type Error struct {
	Layout
	// ClientName names the application that LinkURL leads back to.
	ClientName string
	// Sentence is what the user reads; empty is the built-in one.
	Sentence string
	// Code and Description are the technical details, as in an OAuth error.
	Code, Description string
	// TrackingID finds the request in the log; shown when it is set.
	TrackingID string
	// LinkURL shows a link back when it is set: http, https or a rooted path.
	LinkURL string
}

func (p Error) view() view {
	p.Customization = Customization{}
	v := p.screen(p, "error", "error", "error", p.ClientName, "")
	v.MainClass += " wide"
	v.LinkURL = safeURL(p.LinkURL)
	return v
}

// Field is one parameter of an authorization response.
type Field struct{ Name, Value string }

// FormPost sends an authorization response to the application as a form that
// submits itself (OAuth 2.0 Form Post Response Mode), or at the press of a
// button where scripts do not run.
type FormPost struct {
	Layout
	// URL is the redirect URI: http or https, or Render fails. The page's
	// form-action policy has to allow it.
	URL string
	// Fields are the response's parameters, in order.
	Fields []Field
	// Fragment leaves everything around the form out, for a script that puts it into its own page and
	// sends it.
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

// WebMessage hands an authorization response to the page of the application
// that opened this one or holds it in a frame, as a message of the shape
// {type: "authorization_response", response}. It needs script, as whoever
// listens does.
// https://auth0.com/docs/authenticate/login/configure-silent-authentication
type WebMessage struct {
	Layout
	// Origin is the only origin that gets the message: the redirect URI's.
	Origin string
	// Fields are the response's parameters, in order.
	Fields []Field
}

func (p WebMessage) view() view {
	p.Customization = Customization{}
	return p.screen(p, "web_message", "common", "redeem-ticket", "", "")
}
