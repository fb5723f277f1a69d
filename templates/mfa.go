package templates

import (
	"html/template"
	"slices"
	"strconv"
	"strings"
)

// mfa is what the pages of further factors show besides their inputs. Names of fields and of
// actions are those of Auth0's pages, Auth0: customize/login-pages/advanced-customizations.
type mfa struct {
	Class, Button, Description string
	// ButtonText is the key of the words of the button, "" for buttonText.
	ButtonText string
	// To is the number or the address that a code went to, and EditURL where it can be changed.
	To, EditURL string
	// Picture is a QR code, and Code a code to copy.
	Picture template.URL
	Code    string
	Types   []messageType
	// Links lead away from the page.
	Links []link
	// Key is the key that an authenticator is asked for, nil for none, and Benefits are what
	// speaks for it.
	Key      *key
	Benefits []benefit
	Check    *check
	// Waits says that the page asks the server by itself whether it can go on.
	Waits   bool
	Choices []choice
	More    []more
}

// key is what webauthn.js asks an authenticator for: "create" or "get" with options as JSON, and
// the field that its answer is sent in.
type key struct{ Action, Options, Field string }

// benefit is the keys of a heading and a sentence.
type benefit struct{ Title, Text string }

// link is an address, the key of its text, and the name by which scripts find it.
type link struct{ URL, Text, Name string }

// messageType is a way to send a code to a phone.
type messageType struct {
	Value, Text string
	Chosen      bool
}

// check is a box to tick.
type check struct {
	Name, Text       string
	Required, Ticked bool
}

// more is a button below the one that goes on; Before is the key of the words before it.
type more struct{ Action, Text, Before string }

// shownMore is such a button on its page, with its words.
type shownMore struct{ Action, Text, Before, State string }

// With is a button with its words and the handle of the transaction.
func (v view) With(m more) (s shownMore, err error) {
	s.Action, s.State = m.Action, v.state
	if s.Text, err = v.T(m.Text); err == nil && m.Before != "" {
		s.Before, err = v.T(m.Before)
	}
	return s, err
}

// The buttons that several pages have.
var (
	otherMethod = more{Action: "pick-authenticator", Text: "pickAuthenticatorText"}
	goBack      = more{Action: "back-action", Text: "backText"}
)

// remember is the box that has the browser remembered.
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

// MFAChallenge asks for a code of a factor that the user has: input[name=code].
// https://auth0.com/docs/customize/login-pages/universal-login/customize-text-elements
type MFAChallenge struct {
	Layout
	// ClientName, State and Errors are as in Login.
	ClientName, State string
	Errors            []string
	// Factor is "otp", "sms", "voice", "email" or "recovery-code".
	Factor string
	// To is where a code was sent, as far as it is shown, and EditURL where a number that is not
	// confirmed can be changed.
	To, EditURL string
	// Remember offers to remember the browser, by a box that is Ticked at first or not, Others other methods,
	// and Switch the other way to a phone.
	Remember, Ticked, Others, Switch bool
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
	if p.Others {
		m.More = append(m.More, otherMethod)
	}
	prompt := "mfa-" + p.Factor
	return p.mfa(p, prompt, prompt+"-challenge", p.ClientName, p.State, m, []input{in}, p.Errors)
}

// MFAOTPEnrollment shows the secret of one-time passwords, as a QR code or, with ByCode, as
// text, and asks for the first of them.
type MFAOTPEnrollment struct {
	Layout
	// ClientName, State and Errors are as in Login.
	ClientName, State string
	Errors            []string
	// Picture is the QR code as a data URL of a PNG, and Secret what it holds.
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

// MFAPhoneEnrollment asks for a number that codes go to: input[name=phone].
type MFAPhoneEnrollment struct {
	Layout
	// ClientName, State and Errors are as in Login.
	ClientName, State string
	Errors            []string
	// Way is "sms", "voice", or "phone" where the user chooses, which Type then says.
	Way, Type string
	Phone     string
	// Others offers other methods.
	Others bool
}

func (p MFAPhoneEnrollment) view() view {
	m := mfa{Button: "default", Description: "description"}
	if p.Way == "phone" {
		m.ButtonText = "continueButtonText"
		m.Types = []messageType{{"sms", "smsButtonText", p.Type != "voice"}, {"voice", "voiceButtonText", p.Type == "voice"}}
	}
	if p.Others {
		m.More = append(m.More, otherMethod)
	}
	in := input{Name: "phone", Type: "tel", Label: "placeholder", Value: p.Phone, Autocomplete: "tel", Focus: true, Missing: "no-phone"}
	prompt := "mfa-" + p.Way
	return p.mfa(p, prompt, prompt+"-enrollment", p.ClientName, p.State, m, []input{in}, p.Errors)
}

// MFARecoveryCode shows a recovery code and has the user say that it is kept.
type MFARecoveryCode struct {
	Layout
	// ClientName, State and Errors are as in Login.
	ClientName, State string
	Errors            []string
	Code              string
	// Again says that the code replaces one that was used.
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

// MFAKey asks for a key of an authenticator, with Enroll for a new one: the answer is in
// input[name=response].
type MFAKey struct {
	Layout
	// ClientName, State and Errors are as in Login.
	ClientName, State string
	Errors            []string
	// Factor is "webauthn-roaming" or "webauthn-platform".
	Factor string
	Enroll bool
	// Options are those of the browser's call, as JSON.
	Options string
	// Remember, Ticked and Others are as in MFAChallenge.
	Remember, Ticked, Others bool
}

func (p MFAKey) view() view {
	m := mfa{Button: "default", ButtonText: "continueButtonText", Description: "description", Key: &key{"get", p.Options, "response"}}
	screen := "mfa-" + p.Factor + "-challenge"
	if p.Enroll {
		screen, m.Key.Action = "mfa-"+p.Factor+"-enrollment", "create"
	} else if p.Remember {
		m.Check = remember(p.Ticked)
	}
	if p.Others {
		m.More = append(m.More, otherMethod)
	}
	return p.mfa(p, "mfa-webauthn", screen, p.ClientName, p.State, m, nil, p.Errors)
}

// PasskeyEnrollment offers to make a passkey: the answer is in input[name=passkey], and
// button[value=abort-passkey-enrollment] goes on without one.
// https://auth0.com/docs/authenticate/database-connections/passkeys
type PasskeyEnrollment struct {
	Layout
	// ClientName, State and Errors are as in Login.
	ClientName, State string
	Errors            []string
	// Options are those of the browser's call, as JSON.
	Options string
	// Local says that the user has logged in by a passkey of another device.
	Local bool
}

func (p PasskeyEnrollment) view() view {
	m := mfa{
		Button: "default", ButtonText: "createButtonText", Key: &key{"create", p.Options, "passkey"}, More: []more{{Action: "abort-passkey-enrollment", Text: "continueButtonText"}},
	}
	screen, benefits := "passkey-enrollment", []string{"1", "2", "3"}
	if p.Local {
		m.Check = &check{Name: "dontShowAgain", Text: "checkboxText"}
		screen, benefits = "passkey-enrollment-local", benefits[:2]
	}
	for _, n := range benefits {
		m.Benefits = append(m.Benefits, benefit{"passkeyBenefit" + n + "Title", "passkeyBenefit" + n + "Description"})
	}
	return p.mfa(p, "passkeys", screen, p.ClientName, p.State, m, nil, p.Errors)
}

// MFAPush waits for the app on the user's phone: to answer whether the login may go on, or with
// Enroll to read the QR code and add itself. The page goes on by itself once it can, where
// scripts run, and by its button.
// https://auth0.com/docs/customize/login-pages/universal-login/customize-text-elements
type MFAPush struct {
	Layout
	// ClientName, State and Errors are as in Login.
	ClientName, State string
	Errors            []string
	Enroll            bool
	// Picture is the QR code as a data URL of a PNG, and Phone what the phone is called that was
	// asked.
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

// MFAPushWelcome has the user install the app before it is added: Apple and Google lead to it in the stores.
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

// MFAOptions has the user choose among factors: to be asked for, or with Enroll, to add.
type MFAOptions struct {
	Layout
	// ClientName and State are as in Login.
	ClientName, State string
	Enroll            bool
	Factors           []MFAChoice
}

// MFAChoice is a factor to choose: Action is its name, and To the number or the address.
type MFAChoice struct{ Action, To string }

var factorNames = map[string]string{
	"otp": "OTP", "sms": "SMS", "voice": "Voice", "phone": "Phone", "email": "Email", "recovery-code": "RecoveryCode",
	"push-notification": "PushNotification", "webauthn-roaming": "WebauthnRoaming", "webauthn-platform": "WebauthnPlatform",
}

// Text is the key of the factor's name.
func (c MFAChoice) Text() string { return "authenticatorNames" + factorNames[c.Action] }

// choice is a button of a factor. Value is what it posts: where the factors are to be asked for,
// their places follow their names, as "otp::0".
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
