package templates

import "slices"

// Way is another connection to continue with, offered as a button below a form.
type Way struct {
	// Connection is the connection's name, and Strategy its strategy, which selects the button's text.
	Connection, Strategy string
}

// wayTexts are the keys of the buttons' texts, by the strategy of the connection.
var wayTexts = map[string]string{"email": "emailCodeText", "sms": "smsCodeText", "auth0": "usePasswordText"}

// Text returns the key of the button's text.
func (w Way) Text() string { return wayTexts[w.Strategy] }

// codeInput returns an input for a one-time code.
func codeInput(label string) input { //nolint:unparam // a screen may call it otherwise
	return input{Name: "code", Type: "text", Label: label, Autocomplete: "one-time-code", Focus: true, Missing: "no-code", Keyboard: "numeric"}
}

// PasswordlessCode asks for the code that was sent to an e-mail address or phone number: input#code. The button
// action=resend sends another code.
// https://auth0.com/docs/customize/login-pages/universal-login/customize-text-elements/prompt-login-passwordless
type PasswordlessCode struct {
	Layout
	// ClientName, State and Errors are as in Login.
	ClientName, State string
	Errors            []string
	// Phone says that Address is a phone number, and EditURL is the page where it can be changed.
	Phone            bool
	Address, EditURL string
	// Ways are other connections to continue with.
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

// PasswordlessLink says that a link was sent, and sends another one with action=resend.
type PasswordlessLink struct {
	Layout
	ClientName, State string
	// Address is the link's recipient, and EditURL the page where it can be changed.
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

// ProofKind says what is proved by a code.
type ProofKind int

// The kinds of proofs.
const (
	ProveEmail ProofKind = iota
	ProvePhone
	ProveForReset
)

// Proof asks for the code that was sent to an e-mail address or phone number to verify it: input#code. The button
// action=resend-code sends another code.
// https://auth0.com/docs/customize/login-pages/universal-login/customize-text-elements/prompt-email-identifier-challenge
type Proof struct {
	Layout
	// ClientName, State and Errors are as in Login.
	ClientName, State string
	Errors            []string
	Kind              ProofKind
	// Address is the code's recipient, and EditURL the page where it can be changed, "" if it cannot.
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

// ways leaves out the connections whose buttons have no text.
func ways(all []Way) []Way {
	return slices.DeleteFunc(slices.Clone(all), func(w Way) bool { return w.Text() == "" })
}
