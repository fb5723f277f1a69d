package templates

import "slices"

// ClassicPasswordless asks for the e-mail address or phone number of a passwordless login in the style of the classic page,
// with the parts that Auth0's Lock has for it.
// https://auth0.com/docs/libraries/lock
type ClassicPasswordless LoginIdentifier

func (p ClassicPasswordless) view() view {
	p.Customization = Customization{}
	in, instructions := identifierInput(p.Identifiers, p.Username), lockEmail
	switch {
	case slices.Equal(p.Identifiers, []string{byPhone}):
		in.Name, instructions = "phoneNumber", lockNumber
	case !slices.Contains(p.Identifiers, byPhone):
		in.Name = "email"
	}
	v := p.screen(p, "classic", "login-id", "login-id", p.ClientName, "").withErrors(p.Errors).in(p.State)
	w := widget{Hidden: []Field{{"state", p.State}}, Submit: "Submit"}
	if v.Language == "en" {
		w.Description = instructions
	}
	return v.withWidget(w, in)
}

// ClassicPasswordlessCode is PasswordlessCode in the style of the classic page.
type ClassicPasswordlessCode PasswordlessCode

func (p ClassicPasswordlessCode) view() view {
	p.Customization = Customization{}
	screen, told := "login-passwordless-email-code", lockEmailSent
	if p.Phone {
		screen, told = "login-passwordless-sms-otp", lockTextSent
	}
	v := p.screen(p, "classic", "login-passwordless", screen, p.ClientName, "").withErrors(p.Errors).in(p.State)
	if v.Language != "en" {
		told = v.Lock(v.texts.builtIn["description"])
	}
	in := codeInput("placeholder")
	in.Name, in.Type = "vcode", "tel"
	return v.withWidget(widget{
		Hidden: []Field{{"state", p.State}}, Title: v.texts.builtIn["title"], Description: told + " " + p.Address, Again: v.texts.builtIn["resendText"], Submit: "Submit",
	}, in)
}

// What Lock says in English on the pages of a passwordless login.
const (
	lockEmail     = "Enter your email to sign in or create an account"
	lockNumber    = "Enter your phone to sign in or create an account"
	lockEmailSent = "An email with the code has been sent to"
	lockTextSent  = "An SMS with the code has been sent to"
)

// Part is the ending of the class of the block around an input.
func (b block) Part() string {
	if b.Name == "phoneNumber" {
		return "phone-number"
	}
	return b.Name
}

// Class is the second class of an input.
func (b block) Class() string {
	switch b.Name {
	case "phoneNumber":
		return "auth0-lock-input-number"
	case "vcode":
		return "auth0-lock-input-code"
	}
	return "input"
}
