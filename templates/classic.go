package templates

import (
	"encoding/base64"
	"html/template"
	"regexp"
	"slices"
	"strconv"
	"strings"
)

// ClassicLogin is the classic login page, if the tenant has no page of its own. It works without scripts and is not
// Auth0's Lock, but clients find its parts by the names that Lock gives them.
// https://auth0.com/docs/customize/login-pages/classic-login
type ClassicLogin struct {
	Layout
	// ClientName is the application's name.
	ClientName string
	// Hidden are fields that are sent along with the identifier and the password.
	Hidden []Field
	// Username is the initial identifier, and Identifiers are as in Login.
	Username    string
	Identifiers []string
	// Errors are keys as in Login, and Sentence is an error without a key.
	Errors   []string
	Sentence string
	// SignupURL and ForgotPasswordURL are the targets of links, "" to show no link.
	SignupURL, ForgotPasswordURL string
	// ResetSent says that an e-mail for a new password is on its way.
	ResetSent bool
	Providers []ProviderButton
	// Domains are those whose users log in with an enterprise connection: who types an e-mail address in one of
	// them is asked for no password. Home realm discovery, Auth0: libraries/lock/lock-configuration.
	Domains []string
	// Last is the login that the page offers to go on with, in place of asking for an account, or nil.
	Last *LastLogin
	// Config is the configuration that a tenant's own login page would be given, as JSON: some clients read it from
	// any login page.
	Config []byte
}

// LastLogin is the last login of a browser that still has a session.
// https://auth0.com/docs/libraries/lock/lock-configuration
type LastLogin struct {
	// Provider is the connection of the login, and Strategy the name by which clients find the button: the
	// connection's strategy, or "auth0" or "windows".
	Provider
	Strategy string
	// Account is the text of the button.
	Account string
	// OtherURL is the page's address to log in with another account.
	OtherURL string
}

// ProviderButton is a button that leads to another identity provider.
type ProviderButton struct {
	Provider
	// Strategy is the connection's strategy, by which clients find the button.
	Strategy string
	// Fields are the parameters of the authorization request to which the button leads.
	Fields []Field
	// Label is the button's text, which the page sets.
	Label string
}

// FormID is the id of the form that the button sends. It is a form of its own, so that what was typed on the page does
// not become part of an address.
func (p ProviderButton) FormID() string { return "1-provider-" + p.Connection }

// Name is the name of the input for the identifier, as in Lock.
func (p ClassicLogin) Name() string {
	if len(p.Identifiers) == 0 || slices.Equal(p.Identifiers, []string{byEmail}) {
		return "email"
	}
	return "username"
}

// widget is the content of a page in Lock's style: a form with Lock's elements. Its texts are the English ones of
// the other pages.
type widget struct {
	// Title and Description are "" to use the page's own texts.
	Title, Description string
	// Domains are those of ClassicLogin, separated by spaces.
	Domains string
	// Account tells a password manager the account of the password, if no input does.
	Account string
	// Action is where the form goes, "" for the page's own address.
	Action string
	Hidden []Field
	Tabs   []tab
	Blocks []block
	// ForgotURL and BackURL are the targets of links, "" to show no link.
	ForgotURL, BackURL string
	// Terms are what users agree to by continuing, in English, "" for nothing.
	Terms string
	// Submit is the text of the button, "" for no button, and Arrow adds an arrow to it.
	Submit string
	Arrow  bool
	// Success is a message about a successful step, and Confirmation the only text of a page that has no form, with
	// a picture that Mark names: "checkmark", or "cross" for a failure.
	Success, Confirmation, Mark string
	// Last is as in ClassicLogin. A page that has it sends its form by GET.
	Last *LastLogin
	// Again is the text of the button that sends another code, "" for no button.
	Again string
}

// tab is one of the tabs of a widget; the current tab has no URL.
type tab struct{ Text, URL string }

// block is an input of a widget, with its texts.
type block struct {
	input
	// Missing and Invalid are what is said of an input that is empty, and of one that is not an address.
	Label, Placeholder, Missing, Invalid string
	// ID is the input's id, and Mark the ending of the ids of its messages.
	ID, Mark string
}

// withWidget shows a widget with inputs. The first empty input gets the focus.
func (v view) withWidget(w widget, inputs ...input) view {
	for _, in := range focused(inputs) {
		b := block{input: in, Label: v.Lock(v.texts.message(in.Label)), Missing: v.Lock(v.texts.builtIn[in.Missing]), ID: "1-" + in.Name, Mark: in.Name}
		if in.Name == "email" {
			b.Type, b.Invalid = "email", v.Lock(v.texts.builtIn["invalid-email-format"])
		}
		if b.Placeholder = placeholders[in.Name]; b.Placeholder == "" || v.Language != "en" && in.Name != "email" {
			b.Placeholder = b.Label
		}
		if says, known := usernames[b.Label]; known && v.Language == "en" {
			b.Label, b.Placeholder = "User name", says
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

// placeholders are the English placeholders of Lock's inputs; the other languages use the labels.
var placeholders = map[string]string{"email": "yours@example.com", "password": "your password", "phone": "your phone number", "phoneNumber": "your phone number", "vcode": "your code"}

// usernames are the English placeholders of Lock's input for a username, by the label that the other pages have.
var usernames = map[string]string{"Username": "your username", "Username (Optional)": "your username", "Username or email address": "username/email"}

// newPasswords are the English placeholders of the two inputs in the widget for a new password. They are found by
// the keys of the inputs' error messages, because both inputs have the same name.
// https://auth0.com/docs/customize/login-pages/classic-login/customize-password-reset-page
var newPasswords = map[string]string{"no-password-reset": "your new password", repeated: "confirm your new password"}

// repeated is the key of the error message of the second input.
const repeated = "no-re-enter-password"

// tabs returns the tabs of login and sign-up, nil if there is only one of the two pages.
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
		v.Errors = map[string]pageError{"form": {Field: "form", Code: "lock.fallback", Text: p.Sentence}}
	}
	if p.Last != nil {
		return v.withWidget(widget{Action: "/authorize", Hidden: p.Hidden, Last: p.Last})
	}
	who := identifierInput(p.Identifiers, p.Username)
	who.Name = p.Name()
	sent := ""
	if p.ResetSent {
		sent = builtInTexts["reset-password"]["reset-password-email"]["title"]
	}
	return v.withWidget(widget{
		Domains: strings.Join(p.Domains, " "), Success: sent, Action: "/usernamepassword/login", Hidden: p.Hidden, Tabs: tabs(0, "", p.SignupURL), ForgotURL: p.ForgotPasswordURL, Submit: "Log in",
	}, who, passwordInput("current-password"))
}

// ClassicSignup is Signup in the style of the classic page.
type ClassicSignup Signup

func (p ClassicSignup) view() view {
	p.Customization = Customization{}
	v := Signup(p).named(p.screen(p, "classic", "signup", "signup", p.ClientName, "")).withErrors(p.Errors).in(p.State)
	if e, has := v.Errors["form"]; has && e.Code == unknownError && v.Language == "en" {
		e.Text = signupFailed
		v.Errors["form"] = e
	}
	inputs := append(Signup(p).identifierInputs(), passwordInput("new-password"))
	v.Form.Demands, v.Form.Inputs = v.texts.language.demands(p.Demands), []input{{Name: "1-password", Type: "password"}}
	return v.withWidget(widget{Hidden: []Field{{"state", p.State}}, Tabs: tabs(1, p.LoginURL, ""), Terms: signupTerms, Submit: "Sign up"}, inputs...)
}

// signupFailed is Lock's English text about a sign-up that failed for a reason that it does not tell, such as an address
// that has an account.
const signupFailed = "We're sorry, something went wrong when attempting to sign up."

// signupTerms is Lock's default text about terms.
const signupTerms = "By signing up, you agree to our terms of service and privacy policy."

// ClassicReset is ResetRequest in the style of the classic page.
type ClassicReset ResetRequest

func (p ClassicReset) view() view {
	p.Customization = Customization{}
	in, description := ResetRequest(p).asked()
	v := p.screen(p, "classic", "reset-password", "reset-password-request", p.ClientName, "").withErrors(ResetRequest(p).problems(in)).in(p.State)
	return v.withWidget(widget{
		Title: v.texts.builtIn["title"], Description: v.texts.builtIn[description],
		Hidden: []Field{{"state", p.State}}, BackURL: p.LoginURL, Submit: "Continue",
	}, in)
}

// ClassicNewPassword is NewPassword in the style of the classic page: Auth0's widget for a new password.
type ClassicNewPassword struct {
	NewPassword
	// Ticket is sent along with the form.
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

// ClassicResult is Result in the style of the classic page.
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

// lockWords are Lock's English texts, by the texts of the other pages; other languages use those. Auth0:
// libraries/lock.
var lockWords = map[string]string{ //nolint:gosec // words
	"Log in": "Log In", "Sign up": "Sign Up", "Forgot password?": "Don't remember your password?", "Or": "or", "Wrong email or password": "Wrong email or password.", "Wrong username or password": "Wrong username or password.",
	"Email address": "Email", "Please enter an email address": "Email can't be blank", "Password is required": "Password can't be blank",
	"Username is required": "Username can't be blank", "Email is not valid.": "Email is invalid", "Continue": "Send email",
	"Forgot Your Password?": "Reset your password", "Change Your Password": "Change Password", "Check Your Email": "We've just sent you an email to reset your password.",
	"Didn't receive an email?": "Did not get the code?", "Didn't receive a code?": "Did not get the code?",
	"Passwords don't match": "Please ensure the password and the confirmation are the same.", "The password is too weak": "Password is too weak.",
	"Your password has been changed successfully.":                                       "Your password has been reset successfully.",
	"Enter your email address and we will send you instructions to reset your password.": "Please enter your email address. We will send you an email to reset your password.",
}

// lockRules are Lock's English texts about passwords, by the codes of the rules, where they are not those of the other pages.
var lockRules = map[string]string{
	"lengthAtLeast": "At least %d characters in length", "containsAtLeast": "Contain at least %d of the following %d types of characters:",
	"shouldContain": "Should contain:", "numbers": "Numbers (i.e. 0-9)",
}

// LockDemands returns what a new password must meet, in Lock's words.
func (v view) LockDemands() []Demand {
	if v.Language != "en" {
		return v.Form.Demands
	}
	return inLocksWords(v.Form.Demands)
}

func inLocksWords(all []Demand) []Demand {
	out := slices.Clone(all)
	for i, d := range out {
		out[i].Items = inLocksWords(d.Items)
		if text, has := lockRules[d.Code]; has {
			text = strings.Replace(text, "%d", strconv.Itoa(d.Least), 1)
			out[i].Text = strings.Replace(text, "%d", strconv.Itoa(len(d.Items)), 1)
		}
	}
	return out
}

// WidgetTitle returns the title of the widget.
func (v view) WidgetTitle() (string, error) {
	if v.Widget.Title == "" {
		return v.T("title")
	}
	return v.Lock(v.Widget.Title), nil
}

// Lock returns the widget's text for an English text of the other pages: Lock's own, or a translation.
func (v view) Lock(english string) string {
	if v.Language != "en" {
		return v.texts.language.text(english)
	}
	if own, has := lockWords[english]; has {
		return own
	}
	return english
}

// ProviderButtons returns the buttons of the page with their labels.
func (v view) ProviderButtons() (all []ProviderButton, err error) {
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

// EncodedConfig returns the page's Config in base64, as in a tenant's own page.
func (v view) EncodedConfig() template.HTML {
	page, _ := v.P.(ClassicLogin)
	return template.HTML(encodeConfig(page.Config)) //nolint:gosec // base64
}

func encodeConfig(config []byte) string { return base64.StdEncoding.EncodeToString(config) }

// auth0Script matches the URL of a script or a style sheet on Auth0's own servers.
var auth0Script = regexp.MustCompile(`(?:https?:)?//cdn\.auth0\.com/[\w./@-]*?([\w.-]+\.(?:js|css))\b`)

// headStart matches the tag after which something can be inserted at the beginning of a page.
var headStart = regexp.MustCompile(`(?i)<head[^>]*>`)

// WithConfig returns the tenant's own classic login page, with the configuration in place of @@config@@.
func WithConfig(page string, config []byte) string {
	return strings.ReplaceAll(page, "@@config@@", encodeConfig(config))
}

// WithCopies returns a tenant's own page in which URLs of files on Auth0's servers are replaced by those that
// copyOf returns, "" for a file without a copy. A page that still has such a script gets one of ours, which shows a
// message if the other cannot be loaded.
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
