package templates

import "slices"

// Way is another connection to go on with, offered as a button below a form.
type Way struct {
	// Connection is its name, and Strategy its strategy, which chooses the words.
	Connection, Strategy string
}

// wayTexts are the keys of the words of a button, by the strategy of its connection.
var wayTexts = map[string]string{"email": "emailCodeText", "sms": "smsCodeText", "auth0": "usePasswordText"}

// Text is the key of the words on the button.
func (w Way) Text() string { return wayTexts[w.Strategy] }

// codeInput asks for a one-time code.
func codeInput(label string) input { //nolint:unparam // a screen may call it otherwise
	return input{Name: "code", Type: "text", Label: label, Autocomplete: "one-time-code", Focus: true, Missing: "no-code", Keyboard: "numeric"}
}

// PasswordlessCode asks for the code that was sent to an address or a number: input#code. The
// button action=resend sends another one.
// https://auth0.com/docs/customize/login-pages/universal-login/customize-text-elements/prompt-login-passwordless
type PasswordlessCode struct {
	Layout
	// ClientName, State and Errors are as in Login.
	ClientName, State string
	Errors            []string
	// Phone says that Address is a number, and EditURL is where it can be changed.
	Phone            bool
	Address, EditURL string
	// Ways are other connections to go on with.
	Ways []Way
}

func (p PasswordlessCode) view() view {
	screen, who := "login-passwordless-email-code", identity{"email", p.Address, p.EditURL}
	if p.Phone {
		screen, who.Name = "login-passwordless-sms-otp", "phone_number"
	}
	return p.screen(p, "form", "login-passwordless", screen, p.ClientName, "").withForm(form{
		State: p.State, Class: "_form-" + screen, Button: "_button-" + screen, Identity: who,
		Inputs: []input{codeInput("placeholder")}, More: []more{{"resend", "resendActionText", "resendText"}}, Ways: p.Ways,
	}, p.Errors)
}

// PasswordlessLink says that a link was sent, and sends another one: action=resend.
type PasswordlessLink struct {
	Layout
	ClientName, State string
	// Address is where it was sent, and EditURL where that can be changed.
	Address, EditURL string
	Errors           []string
}

func (p PasswordlessLink) view() view {
	const screen = "login-passwordless-email-link"
	return p.screen(p, "form", "login-passwordless", screen, p.ClientName, "").withForm(form{
		State: p.State, Class: "_form-" + screen, Title: "successTitle", Identity: identity{"email", p.Address, p.EditURL},
		More: []more{{"resend", "resendActionText", "resendText"}},
	}, p.Errors)
}

// ProofKind is what a code proves.
type ProofKind int

// The kinds of proofs.
const (
	ProveEmail ProofKind = iota
	ProvePhone
	ProveForReset
)

// Proof asks for the code that was sent to an address or a number to prove it: input#code. The
// button action=resend-code sends another one.
// https://auth0.com/docs/customize/login-pages/universal-login/customize-text-elements/prompt-email-identifier-challenge
type Proof struct {
	Layout
	// ClientName, State and Errors are as in Login.
	ClientName, State string
	Errors            []string
	Kind              ProofKind
	// Address is where the code went, and EditURL is where it can be changed, "" for nowhere.
	Address, EditURL string
}

func (p Proof) view() view {
	prompt, screen, who := "email-identifier-challenge", "email-identifier-challenge", identity{"email", p.Address, p.EditURL}
	description := ""
	switch p.Kind {
	case ProveEmail:
	case ProvePhone:
		prompt, screen, who.Name = "phone-identifier-challenge", "phone-identifier-challenge", "phone"
		description = "smsDescription"
	case ProveForReset:
		prompt, screen = "reset-password", "reset-password-code"
	}
	return p.screen(p, "form", prompt, screen, p.ClientName, "").withForm(form{
		State: p.State, Class: "_form-" + screen, Button: "_button-" + screen, Description: description, Identity: who,
		Inputs: []input{codeInput("placeholder")}, More: []more{{"resend-code", "resendActionText", "resendText"}},
	}, p.Errors)
}

// ways leaves out the buttons that have no words.
func ways(all []Way) []Way {
	return slices.DeleteFunc(slices.Clone(all), func(w Way) bool { return w.Text() == "" })
}
