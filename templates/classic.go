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
	// ResetSent says that an e-mail for a new password is on its way.
	ResetSent bool
	Providers []ProviderLink
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

// widget is what a page in Lock's look shows: a form with Lock's elements. Words are English, of the other pages.
type widget struct {
	// Title and Description are "" where the page has its own.
	Title, Description string
	// Account tells a password manager whose password it is, where no input does.
	Account string
	// Action is where the form goes, "" for the page's own address.
	Action string
	Hidden []Field
	Tabs   []tab
	Blocks []block
	// ForgotURL and BackURL show their links when they are set.
	ForgotURL, BackURL string
	// Terms are what people agree to by going on, in English, "" for nothing.
	Terms string
	// Submit is what the button says, "" for none, and Arrow puts a picture beside it.
	Submit string
	Arrow  bool
	// Success is what has just gone well, and Confirmation what is all that the page has to say, with a picture
	// that Mark names: "checkmark", or another one where it went wrong.
	Success, Confirmation, Mark string
}

// tab is one of the tabs of a widget; the one that is shown has no URL.
type tab struct{ Text, URL string }

// block is an input of a widget, with its words.
type block struct {
	input
	Label, Placeholder, Missing string
	// ID is the input's, and Mark what the ids of its messages end with.
	ID, Mark string
}

// withWidget shows a widget with inputs, of which the first that is empty has the cursor.
func (v view) withWidget(w widget, inputs ...input) view {
	for _, in := range focused(inputs) {
		b := block{input: in, Label: v.Lock(v.texts.message(in.Label)), Missing: v.Lock(v.texts.builtIn[in.Missing]), ID: "1-" + in.Name, Mark: in.Name}
		if in.Name == "email" {
			b.Type = "email"
		}
		if b.Placeholder = placeholders[in.Name]; b.Placeholder == "" || v.Language != "en" && in.Name != "email" {
			b.Placeholder = b.Label
		}
		if own := newPasswords[in.Missing]; own != "" && v.Language == "en" {
			b.Placeholder = own
		}
		if in.Missing == repeated {
			b.ID, b.Mark = "2-"+in.Name, in.Name+"-again"
		}
		w.Blocks = append(w.Blocks, b)
	}
	v.Widget = &w
	return v
}

// placeholders are what Lock's inputs say in English while they are empty; the other languages have the labels.
var placeholders = map[string]string{"email": "yours@example.com", "username": "username", "password": "your password", "phone": "your phone number"}

// newPasswords is what the widget for a new password says in English in its two inputs, by the keys of what is said when they are empty:
// both have one name.
// https://auth0.com/docs/customize/login-pages/classic-login/customize-password-reset-page
var newPasswords = map[string]string{"no-password-reset": "your new password", repeated: "confirm your new password"}

// repeated is the key of the second of them.
const repeated = "no-re-enter-password"

// tabs are those of the login and the sign-up, none where there is but one of them.
func tabs(current int, loginURL, signupURL string) []tab {
	if signupURL == "" && current == 0 || loginURL == "" && current == 1 {
		return nil
	}
	all := []tab{{"Log in", loginURL}, {"Sign up", signupURL}}
	all[current].URL = ""
	return all
}

func (p ClassicLogin) view() view {
	p.Customization = Customization{}
	v := p.screen(p, "classic", "login", "login", p.ClientName, "").withErrors(p.Errors)
	if p.Sentence != "" {
		v.Errors = map[string]pageError{"form": {"form", "lock.fallback", p.Sentence, v.sign()}}
	}
	who := identifierInput(p.Identifiers, p.Username)
	who.Name = p.Name()
	sent := ""
	if p.ResetSent {
		sent = builtInTexts["reset-password"]["reset-password-email"]["title"]
	}
	return v.withWidget(widget{
		Success: sent, Action: "/usernamepassword/login", Hidden: p.Hidden, Tabs: tabs(0, "", p.SignupURL), ForgotURL: p.ForgotPasswordURL, Submit: "Log in",
	}, who, passwordInput("current-password"))
}

// ClassicSignup is Signup in the look of the classic page.
type ClassicSignup Signup

func (p ClassicSignup) view() view {
	p.Customization = Customization{}
	v := Signup(p).named(p.screen(p, "classic", "signup", "signup", p.ClientName, "")).withErrors(p.Errors).in(p.State)
	inputs := append(Signup(p).identifierInputs(), passwordInput("new-password"))
	v.Form.Demands, v.Form.Inputs = v.texts.language.demands(p.Demands), []input{{Name: "1-password", Type: "password"}}
	return v.withWidget(widget{Hidden: []Field{{"state", p.State}}, Tabs: tabs(1, p.LoginURL, ""), Terms: signupTerms, Submit: "Sign up"}, inputs...)
}

// signupTerms is what Lock says of terms where nobody has it say anything else.
const signupTerms = "By signing up, you agree to our terms of service and privacy policy."

// ClassicReset is ResetRequest in the look of the classic page.
type ClassicReset ResetRequest

func (p ClassicReset) view() view {
	p.Customization = Customization{}
	v := p.screen(p, "classic", "reset-password", "reset-password-request", p.ClientName, "").withErrors(p.Errors).in(p.State)
	in, description := ResetRequest(p).asked()
	return v.withWidget(widget{
		Title: v.texts.builtIn["title"], Description: v.texts.builtIn[description],
		Hidden: []Field{{"state", p.State}}, BackURL: p.LoginURL, Submit: "Continue",
	}, in)
}

// ClassicNewPassword is NewPassword in the look of the classic page: Auth0's widget for a new password.
type ClassicNewPassword struct {
	NewPassword
	// Ticket goes along.
	Ticket string
}

func (p ClassicNewPassword) view() view {
	p.Customization = Customization{}
	v := p.screen(p, "classic", "reset-password", "reset-password", p.ClientName, "").withErrors(p.Errors)
	v.Form.Demands, v.Form.Inputs = v.texts.language.demands(p.Demands), []input{{Name: "1-password", Type: "password"}}
	inputs := p.inputs()
	for i := range inputs {
		inputs[i].Name = "password"
	}
	return v.withWidget(widget{
		Title: v.texts.builtIn["title"], Description: v.texts.builtIn["description"], Hidden: []Field{{"ticket", p.Ticket}, {"email", p.Email}}, Account: p.Email,
		Submit: v.texts.builtIn["buttonText"], Arrow: true,
	}, inputs...)
}

// ClassicResult is Result in the look of the classic page.
type ClassicResult Result

func (p ClassicResult) view() view {
	p.Customization = Customization{}
	o := outcomes[p.Outcome]
	v := p.screen(p, "classic", o.prompt, o.screen, p.ClientName, "")
	mark := "cross"
	if p.Outcome == PasswordReset {
		mark = "checkmark"
	}
	return v.withWidget(widget{Title: v.texts.builtIn[o.notice.Title], Confirmation: v.texts.builtIn[o.notice.Sentence], Mark: mark})
}

// lockWords are Lock's own words, by those of the other pages; the other languages have those.
// Auth0: libraries/lock.
var lockWords = map[string]string{ //nolint:gosec // words
	"Log in": "Log In", "Sign up": "Sign Up", "Forgot password?": "Don't remember your password?", "Or": "or", "Wrong email or password": "Wrong email or password.", "Wrong username or password": "Wrong username or password.",
	"Email address": "Email", "Please enter an email address": "Email can't be blank", "Password is required": "Password can't be blank",
	"Username is required": "Username can't be blank", "Continue": "Send email",
	"Forgot Your Password?": "Reset your password", "Change Your Password": "Change Password", "Check Your Email": "We've just sent you an email to reset your password.",
	"Passwords don't match": "Please ensure the password and the confirmation are the same.", "The password is too weak": "Password is too weak.",
	"Your password has been changed successfully.":                                       "Your password has been reset successfully.",
	"Enter your email address and we will send you instructions to reset your password.": "Please enter your email address. We will send you an email to reset your password.",
}

// WidgetTitle is the title of the widget.
func (v view) WidgetTitle() (string, error) {
	if v.Widget.Title == "" {
		return v.T("title")
	}
	return v.Lock(v.Widget.Title), nil
}

// Lock are the words of the page for an English text.
func (v view) Lock(english string) string {
	if v.Language != "en" {
		return v.texts.language.text(english)
	}
	if own, has := lockWords[english]; has {
		return own
	}
	return english
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
		if v.Language == "en" {
			p.Label = "Sign in with " + p.Name
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

// WithConfig is a page of the tenant's for the classic login, with what it is told in the place of @@config@@.
func WithConfig(page string, config []byte) string {
	return strings.ReplaceAll(page, "@@config@@", encodeConfig(config))
}

// WithCopies is a page of the tenant's own whose scripts of Auth0's servers are taken from where copyOf says,
// "" for those that have none; a page with such a script is given one of ours, which says so where it cannot be
// loaded.
func WithCopies(page string, copyOf func(name string) string) string {
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
