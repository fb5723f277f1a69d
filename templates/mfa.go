package templates

import (
	"html/template"
	"slices"
	"strconv"
	"strings"
)

// mfa is the content of pages for further factors besides their inputs. The names of fields and actions are
// those of Auth0's pages, Auth0: customize/login-pages/advanced-customizations.
type mfa struct {
	Class, Button, Description string
	// ButtonText is the key of the button's text, "" for buttonText.
	ButtonText string
	// To is the phone number or e-mail address that a code was sent to, and EditURL the page where it can be
	// changed.
	To, EditURL string
	// Picture is a QR code, and Code a code to copy.
	Picture template.URL
	Code    string
	Types   []messageType
	// Links are links away from the page.
	Links []link
	// Key is the WebAuthn key that the browser is asked for, nil for none, and Benefits are the reasons to
	// create one.
	Key      *key
	Benefits []benefit
	// Waiting is the key of what is said while the browser asks for it, and Steps are those of what to do, "" and nil for nothing.
	Waiting string
	Steps   []string
	Check   *check
	// Waits says that a script of the page asks the server whether the page can continue.
	Waits   bool
	Choices []choice
	More    []more
}

// key is the call that webauthn.js makes: "create" or "get" with options as JSON, and the field in which the
// answer is sent.
type key struct{ Action, Options, Field string }

// benefit holds the keys of a heading, a sentence and what its picture shows, and the picture's lines.
type benefit struct{ Title, Text, Alt, Path string }

// The pictures of benefits: a finger, a globe, a shield and a lock.
const (
	fingerPath = "M6 18c1-2 1-4 1-6a5 5 0 0 1 10 0c0 3 0 5-1 8M10 20c1-2 2-5 2-8M4 13c0-6 3-9 8-9 4 0 7 2 8 6"
	globePath  = "M12 3a9 9 0 1 0 0 18 9 9 0 0 0 0-18ZM3 12h18M12 3c-5 5-5 13 0 18 5-5 5-13 0-18"
	shieldPath = "M12 3 5 6v5c0 5 3 8 7 10 4-2 7-5 7-10V6ZM9 12l2 2 4-4"
	lockPath   = "M7 11V8a5 5 0 0 1 10 0v3M5 11h14v9H5Z"
)

// link is a URL, the key of its text, and the name by which clients find the link.
type link struct{ URL, Text, Name string }

// messageType is a way to send a code to a phone.
type messageType struct {
	Value, Text string
	Chosen      bool
}

// check is a checkbox.
type check struct {
	Name, Text       string
	Required, Ticked bool
}

// more is a further button below the main one; Before is the key of the text before it.
type more struct{ Action, Text, Before string }

// shownMore is such a button as the page shows it, with its texts.
type shownMore struct{ Action, Text, Before, State string }

// With returns a button with its texts and the handle of the transaction.
func (v view) With(m more) (s shownMore, err error) {
	s.Action, s.State = m.Action, v.state
	if s.Text, err = v.T(m.Text); err == nil && m.Before != "" {
		s.Before, err = v.T(m.Before)
	}
	return s, err
}

// Buttons that several pages have.
var (
	otherMethod = more{Action: "pick-authenticator", Text: "pickAuthenticatorText"}
	goBack      = more{Action: "back-action", Text: "backText"}
)

// remember returns the checkbox that makes the server remember the browser.
func remember(ticked bool) *check {
	return &check{Name: "rememberBrowser", Text: "rememberMeText", Ticked: ticked}
}

func (l Layout) mfa(p Page, prompt, screen, client, state string, m mfa, inputs []input, errors []string) view {
	v := l.screen(p, "mfa", prompt, screen, client, "")
	m.Class = "_form-" + screen
	if m.Button != "" {
		m.Button = "_button-" + screen
	}
	v.MFA = &m
	names := []string{}
	if m.Check != nil {
		names = append(names, m.Check.Name)
	}
	v.Form.Inputs = inputs
	return v.in(state).withErrors(errors, append(names, v.Form.names()...)...)
}

// MFAChallenge asks for a code of one of the user's factors: input[name=code].
// https://auth0.com/docs/customize/login-pages/universal-login/customize-text-elements
type MFAChallenge struct {
	Layout
	// ClientName, State and Errors are as in Login.
	ClientName, State string
	Errors            []string
	// Factor is "otp", "sms", "voice", "email" or "recovery-code".
	Factor string
	// To is where a code was sent, partly hidden, and EditURL the page where a number that is not confirmed
	// yet can be changed.
	To, EditURL string
	// Remember offers to remember the browser, by a checkbox whose initial state is Ticked. Others offers
	// other methods, and Switch the other way of sending codes to a phone.
	Remember, Ticked, Others, Switch bool
	// Several says that the user has several such numbers or addresses.
	Several bool
}

func (p MFAChallenge) view() view {
	m := mfa{Button: "default", Description: "description", To: p.To, EditURL: p.EditURL}
	in := codeInput("placeholder")
	if p.Factor == "recovery-code" {
		in.Autocomplete, in.Keyboard = "off", ""
	}
	if p.Remember && p.Factor != "recovery-code" {
		m.Check = remember(p.Ticked)
	}
	if p.To != "" {
		m.More = append(m.More, more{"resend-code", "resendActionText", "resendText"})
	}
	switch {
	case p.Switch && p.Factor == "sms":
		m.More = append(m.More, more{"switch-to-voice", "resendVoiceActionText", "resendVoiceActionSeparatorTextBefore"})
	case p.Switch && p.Factor == "voice":
		m.More = append(m.More, more{"switch-to-sms", "resendSmsActionText", "resendSmsActionSeparatorTextBefore"})
	}
	if p.Several && p.Factor == "email" {
		m.More = append(m.More, more{Action: "pick-email", Text: "backText"})
	}
	if p.Others {
		m.More = append(m.More, otherMethod)
	}
	prompt := "mfa-" + p.Factor
	return p.mfa(p, prompt, prompt+"-challenge", p.ClientName, p.State, m, []input{in}, p.Errors)
}

// MFAOTPEnrollment shows the secret for one-time passwords, as a QR code or, with ByCode, as text, and asks
// for the first password.
type MFAOTPEnrollment struct {
	Layout
	// ClientName, State and Errors are as in Login.
	ClientName, State string
	Errors            []string
	// Picture is the QR code as a data URL of a PNG, and Secret the text in it.
	Picture, Secret string
	ByCode          bool
	// Others offers other methods.
	Others bool
}

func (p MFAOTPEnrollment) view() view {
	m := mfa{Button: "default", Description: "description"}
	screen := "mfa-otp-enrollment-qr"
	if p.ByCode {
		screen, m.Code = "mfa-otp-enrollment-code", p.Secret
		m.More = append(m.More, more{Action: "toggle-view", Text: "backText"})
	} else {
		m.Picture = safeLogo(p.Picture)
		m.More = append(m.More, more{Action: "toggle-view", Text: "codeEnrollmentText"})
	}
	if p.Others {
		m.More = append(m.More, otherMethod)
	}
	return p.mfa(p, "mfa-otp", screen, p.ClientName, p.State, m, []input{codeInput("placeholder")}, p.Errors)
}

// MFAPhoneEnrollment asks for a phone number to send codes to: input[name=phone].
type MFAPhoneEnrollment struct {
	Layout
	// ClientName, State and Errors are as in Login.
	ClientName, State string
	Errors            []string
	// Way is "sms", "voice", or "phone" if the user chooses between them; Type is then the chosen one.
	Way, Type string
	Phone     string
	// Country is the country of a number without a country code.
	Country Country
	// Others offers other methods.
	Others bool
}

func (p MFAPhoneEnrollment) view() view {
	m := mfa{Button: "default", Description: "description"}
	if p.Way == "phone" {
		m.ButtonText, m.Types = "continueButtonText", messageTypes(p.Type)
	}
	if p.Others {
		m.More = append(m.More, otherMethod)
	}
	in := input{Name: "phone", Type: "tel", Label: "placeholder", Value: p.Phone, Autocomplete: "tel", Focus: true, Missing: "no-phone"}
	prompt := "mfa-" + p.Way
	v := p.mfa(p, prompt, prompt+"-enrollment", p.ClientName, p.State, m, []input{in}, p.Errors)
	v.Form.Country = p.Country
	return v
}

// MFARecoveryCode shows a recovery code and lets the user confirm having saved it.
type MFARecoveryCode struct {
	Layout
	// ClientName, State and Errors are as in Login.
	ClientName, State string
	Errors            []string
	Code              string
	// Again says that the code replaces a used one.
	Again bool
}

func (p MFARecoveryCode) view() view {
	screen := "mfa-recovery-code-enrollment"
	if p.Again {
		screen = "mfa-recovery-code-challenge-new-code"
	}
	return p.mfa(p, "mfa-recovery-code", screen, p.ClientName, p.State, mfa{
		Button: "default", Description: "description", Code: p.Code, Check: &check{Name: "saved", Text: "checkboxText", Required: true},
	}, nil, p.Errors)
}

// MFAKey asks for a WebAuthn key, with Enroll for a new one: the answer is sent in input[name=response].
type MFAKey struct {
	Layout
	// ClientName, State and Errors are as in Login.
	ClientName, State string
	Errors            []string
	// Factor is "webauthn-roaming" or "webauthn-platform".
	Factor string
	Enroll bool
	// Options are the options of the browser's API, as JSON.
	Options string
	// Remember, Ticked and Others are as in MFAChallenge.
	Remember, Ticked, Others bool
	// Offered says that the user may go on without a key of the browser's own device.
	Offered bool
}

func (p MFAKey) view() view {
	m := mfa{Button: "default", ButtonText: "continueButtonText", Description: "description", Key: &key{"get", p.Options, "response"}, Waiting: "awaitingConfirmation"}
	screen := "mfa-" + p.Factor + "-challenge"
	if p.Enroll && p.Factor == "webauthn-roaming" {
		m.Steps = []string{"instructions1", "instructions2"}
	}
	if p.Enroll {
		screen, m.Key.Action = "mfa-"+p.Factor+"-enrollment", "create"
	} else if p.Remember {
		m.Check = remember(p.Ticked)
	}
	switch {
	case p.Offered:
		m.More = append(m.More, more{Action: "snooze-enrollment", Text: "snoozeEnrollmentButtonText"}, more{Action: "refuse-add-device", Text: "refuseAddingDeviceText"})
	case p.Others:
		m.More = append(m.More, otherMethod)
	}
	return p.mfa(p, "mfa-webauthn", screen, p.ClientName, p.State, m, nil, p.Errors)
}

// PasskeyEnrollment offers to create a passkey: the answer is sent in input[name=passkey], and
// button[value=abort-passkey-enrollment] continues without one.
// https://auth0.com/docs/authenticate/database-connections/passkeys
type PasskeyEnrollment struct {
	Layout
	// ClientName, State and Errors are as in Login.
	ClientName, State string
	Errors            []string
	// Options are the options of the browser's API, as JSON.
	Options string
	// Local says that the user has logged in with a passkey of another device.
	Local bool
}

func (p PasskeyEnrollment) view() view {
	m := mfa{
		Button: "default", ButtonText: "createButtonText", Key: &key{"create", p.Options, "passkey"}, More: []more{{Action: "abort-passkey-enrollment", Text: "continueButtonText"}},
	}
	screen, pictures := "passkey-enrollment", []string{fingerPath, globePath, shieldPath}
	if p.Local {
		m.Check = &check{Name: "dontShowAgain", Text: "checkboxText"}
		screen, pictures = "passkey-enrollment-local", []string{lockPath, fingerPath}
	}
	for i, picture := range pictures {
		name := "passkeyBenefit" + strconv.Itoa(i+1)
		m.Benefits = append(m.Benefits, benefit{name + "Title", name + "Description", name + "ImgAltText", picture})
	}
	return p.mfa(p, "passkeys", screen, p.ClientName, p.State, m, nil, p.Errors)
}

// MFAPush waits for the app on the user's phone: for its answer whether to allow the login, or with Enroll
// for it to read the QR code and enroll itself. A script continues as soon as that has happened; without
// scripts, the button does.
// https://auth0.com/docs/customize/login-pages/universal-login/customize-text-elements
type MFAPush struct {
	Layout
	// ClientName, State and Errors are as in Login.
	ClientName, State string
	Errors            []string
	Enroll            bool
	// Picture is the QR code as a data URL of a PNG, and Phone the name of the phone that was notified.
	Picture, Phone string
	// Remember, Ticked and Others are as in MFAChallenge.
	Remember, Ticked, Others bool
}

func (p MFAPush) view() view {
	over := func(key string) bool { return !strings.HasSuffix(key, "-transaction-pending") }
	m := mfa{Button: "default", Description: "description", Waits: !slices.ContainsFunc(p.Errors, over)}
	screen := "mfa-push-challenge-push"
	if p.Enroll {
		screen, m.Picture = "mfa-push-enrollment-qr", safeLogo(p.Picture)
	} else {
		m.To = p.Phone
		m.More = []more{{"resend", "resendActionText", "resendText"}, {Action: "enter-otp-code", Text: "enterOtpCode"}}
		if p.Remember {
			m.Check = remember(p.Ticked)
		}
	}
	if p.Others {
		m.More = append(m.More, otherMethod)
	}
	return p.mfa(p, "mfa-push", screen, p.ClientName, p.State, m, nil, p.Errors)
}

// MFAPushWelcome asks the user to install the app before it is enrolled: Apple and Google are its pages in
// the app stores.
type MFAPushWelcome struct {
	Layout
	// ClientName and State are as in Login.
	ClientName, State string
	Apple, Google     string
	// Others offers other methods.
	Others bool
}

func (p MFAPushWelcome) view() view {
	m := mfa{Button: "default", Description: "description"}
	for _, l := range []link{{p.Apple, "iosButtonText", "app-store"}, {p.Google, "androidButtonText", "google-play"}} {
		if l.URL != "" {
			m.Links = append(m.Links, l)
		}
	}
	if p.Others {
		m.More = append(m.More, otherMethod)
	}
	return p.mfa(p, "mfa-push", "mfa-push-welcome", p.ClientName, p.State, m, nil, nil)
}

// MFAOptions lets the user choose a factor to authenticate with or, with Enroll, to add.
type MFAOptions struct {
	Layout
	// ClientName and State are as in Login.
	ClientName, State string
	Enroll            bool
	Factors           []MFAChoice
}

// MFAChoice is one of these factors: Action is its name, and To its phone number or e-mail address.
type MFAChoice struct{ Action, To string }

var factorNames = map[string]string{
	"otp": "OTP", "sms": "SMS", "voice": "Voice", "phone": "Phone", "email": "Email", "recovery-code": "RecoveryCode",
	"push-notification": "PushNotification", "webauthn-roaming": "WebauthnRoaming", "webauthn-platform": "WebauthnPlatform",
}

// Text returns the key of the factor's name, "" for a number or address of a list.
func (c MFAChoice) Text() string {
	if name := factorNames[c.Action]; name != "" {
		return "authenticatorNames" + name
	}
	return ""
}

// choice is the button of a factor. Value is what it posts: for factors to authenticate with, the name and
// the position, such as "otp::0".
type choice struct {
	MFAChoice
	Value string
}

func (p MFAOptions) view() view {
	m, screen := mfa{More: []more{goBack}}, "mfa-login-options"
	for place, c := range p.Factors {
		value := c.Action
		if !p.Enroll {
			value += "::" + strconv.Itoa(place)
		}
		m.Choices = append(m.Choices, choice{c, value})
	}
	if p.Enroll {
		screen, m.Description = "mfa-begin-enroll-options", "description"
	}
	return p.mfa(p, "mfa", screen, p.ClientName, p.State, m, nil, nil)
}
