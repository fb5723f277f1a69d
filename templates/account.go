package templates

import (
	"cmp"
	"slices"
	"strconv"
	"strings"
)

// Signup asks for what a new account needs: input#email, input#username and input#phone according to
// Identifiers, and input#password.
// https://auth0.com/docs/customize/login-pages/universal-login/customize-text-elements/prompt-signup
type Signup struct {
	Layout
	// ClientName, State and Errors are as in Login.
	ClientName, State      string
	Email, Username, Phone string
	// Identifiers are what an account must have: "email", "username", "phone_number", and Optional what it
	// may have in addition.
	Identifiers, Optional []string
	// UsernameLeast and UsernameMost are the fewest and most characters of a username, 0 for Auth0's 1 and
	// 15.
	UsernameLeast, UsernameMost int
	Errors                      []string
	// Demands are the rules for the password.
	Demands []Demand
	// LoginURL is the login page, "" to show no link to it.
	LoginURL string
	// Providers are as in Login.
	Providers []Provider
	// Country is the country of a telephone number without a country code, if the account has a number.
	Country Country
}

func (p Signup) view() view {
	f := form{
		Country: p.Country,
		State:   p.State, Class: "_form-signup", Button: "_button-signup", Demands: p.Demands, Alternate: toLogin(p.LoginURL), Providers: p.Providers,
		Inputs: focused(append(p.identifierInputs(), passwordInput("new-password"))),
	}
	return p.named(p.screen(p, "form", "signup", "signup", p.ClientName, "")).withForm(f, p.Errors)
}

// named adds the rules for usernames to the texts of the view.
func (p Signup) named(v view) view {
	v.texts.characters = "_ + - . ! # $ ^ ` ~ @"
	v.texts.least, v.texts.most = strconv.Itoa(cmp.Or(p.UsernameLeast, 1)), strconv.Itoa(cmp.Or(p.UsernameMost, 15))
	return v
}

func toLogin(url string) alternate { return alternate{url, "loginActionText", "loginActionLinkText"} }

// SignupIdentifier asks only for the identifiers of a new account; SignupPassword follows.
type SignupIdentifier Signup

func (p SignupIdentifier) view() view {
	return Signup(p).named(p.screen(p, "form", "signup-id", "signup-id", p.ClientName, "")).withForm(form{
		State: p.State, Class: "_form-signup-id", Button: "_button-signup-id", Capabilities: true, Country: p.Country,
		Inputs: focused(Signup(p).identifierInputs()), Alternate: toLogin(p.LoginURL), Providers: p.Providers,
	}, p.Errors)
}

// SignupPassword asks for the password of a new account, and shows its identifier.
type SignupPassword struct {
	Signup
	// EditURL is the page where the identifiers can be changed.
	EditURL string
}

func (p SignupPassword) view() view {
	who := identity{"email", p.Email, p.EditURL}
	switch {
	case p.Email != "":
	case p.Phone != "":
		who.Name, who.Value = "phone", p.Phone
	default:
		who.Name, who.Value = "username", p.Username
	}
	description := ""
	if p.Inviter != "" {
		description = "invitationDescription"
	}
	return p.named(p.screen(p, "form", "signup-password", "signup-password", p.ClientName, "")).withForm(form{
		State: p.State, Class: "_form-signup-password", Description: description, Button: "_button-signup-password", Identity: who, Demands: p.Demands,
		Inputs: focused([]input{passwordInput("new-password")}), Alternate: toLogin(p.LoginURL),
	}, p.Errors)
}

// identifierInputs returns the inputs of the identifiers.
func (p Signup) identifierInputs() (all []input) {
	add := func(kind string, in input) {
		switch {
		case slices.Contains(p.Identifiers, kind):
			all = append(all, in)
		case slices.Contains(p.Optional, kind):
			in.Optional, in.Missing, in.Label = true, "", strings.Replace(in.Label, "Placeholder", "OptionalPlaceholder", 1)
			all = append(all, in)
		}
	}
	add(byEmail, emailInput(p.Email))
	add(byUsername, input{Name: "username", Type: "text", Label: "usernamePlaceholder", Value: p.Username, Autocomplete: "username", Missing: "no-username"})
	add(byPhone, input{Name: "phone", Type: "tel", Label: "phonePlaceholder", Value: p.Phone, Autocomplete: "tel", Missing: "no-phone"})
	return all
}

// ResetRequest asks for the account to send a reset link or a code to: input#email, or input#username where users are known by
// other identifiers.
// https://auth0.com/docs/customize/login-pages/universal-login/customize-text-elements/prompt-reset-password
type ResetRequest struct {
	Layout
	// ClientName, State and Errors are as in Login.
	ClientName, State string
	// Email is the initial value of the input.
	Email string
	// Identifiers and Country are as in Login. Beside an e-mail address, a username is not asked for.
	Identifiers []string
	Country     Country
	Errors      []string
	// LoginURL is the login page, "" to show no link to it.
	LoginURL string
}

// asked returns the input of the page, and the key of the sentence that explains it.
func (p ResetRequest) asked() (in input, description string) {
	in = identifierInput(p.Identifiers, p.Email)
	switch in.Label {
	case "usernameOnlyPlaceholder":
		return in, "descriptionUsername"
	case "emailPlaceholder", "usernamePlaceholder":
		return emailInput(p.Email), "descriptionEmail"
	}
	return in, strings.Replace(in.Label, "Placeholder", "Description", 1)
}

func (p ResetRequest) view() view {
	in, description := p.asked()
	in.Focus = true
	if in.Type != "tel" {
		p.Country = Country{}
	}
	return p.screen(p, "form", "reset-password", "reset-password-request", p.ClientName, "").withForm(form{
		State: p.State, Class: "_form-reset-password-request", Description: description, Button: "_button-reset-password-request", Inputs: []input{in}, Country: p.Country,
		Alternate: alternate{p.LoginURL, "backToLoginText", "backToLoginLinkText"},
	}, p.problems(in))
}

// problems returns the errors: that nothing was typed is said of what is asked for.
func (p ResetRequest) problems(in input) []string {
	if slices.Contains(p.Errors, "no-email") {
		return []string{in.Missing}
	}
	return p.Errors
}

// NewPassword asks for a new password twice: input#password-reset and
// input#re-enter-password.
type NewPassword struct {
	Layout
	ClientName string
	// Email is the account's address.
	Email  string
	Errors []string
	// Demands are as in Signup.
	Demands []Demand
}

func (p NewPassword) view() view {
	return p.screen(p, "form", "reset-password", "reset-password", p.ClientName, "").withForm(form{
		Demands: p.Demands, Account: p.Email, Class: "_form-reset-password", Button: "_button-reset-password",
		Inputs: p.inputs(),
	}, p.Errors)
}

func (p NewPassword) inputs() []input {
	return []input{
		{Name: "password-reset", Type: "password", Label: "passwordPlaceholder", Autocomplete: "new-password", Focus: true, Missing: "no-password-reset"},
		{Name: "re-enter-password", Type: "password", Label: "reEnterpasswordPlaceholder", Autocomplete: "new-password", Missing: "no-re-enter-password"},
	}
}

// Unblock shows a button that ends the block caused by wrong passwords.
// https://auth0.com/docs/customize/login-pages/universal-login/customize-text-elements
type Unblock struct {
	Layout
	ClientName string
}

func (p Unblock) view() view {
	const screen = "brute-force-protection-unblock"
	return p.screen(p, "form", "brute-force-protection", screen, p.ClientName, "").withForm(form{Class: "_form-" + screen, Button: "_button-" + screen}, nil)
}

// Outcome is the result of a step, such as a password reset.
type Outcome int

// The outcomes.
const (
	ResetMailSent Outcome = iota
	PasswordReset
	ResetLinkExpired
	ResetLinkUsed
	ResetLinkInvalid
	EmailVerified
	EmailAlreadyVerified
	VerificationLinkExpired
	VerificationLinkInvalid
	AccountUnblocked
	UnblockLinkInvalid
	DeviceAllowed
	DeviceDenied
	FactorEnrolled
	FactorAlreadyEnrolled
	EnrollmentLinkUsed
	EnrollmentLinkExpired
	EnrollmentLinkInvalid
)

// outcomes are the texts of each outcome: prompt, screen, and the keys.
var outcomes = map[Outcome]struct {
	prompt, screen string
	notice         notice
}{
	ResetMailSent:           {"reset-password", "reset-password-email", notice{"title", "emailDescription", "resendLinkText"}},
	PasswordReset:           {"reset-password", "reset-password-success", notice{"eventTitle", "description", "buttonText"}},
	ResetLinkExpired:        {"reset-password", "reset-password-error", notice{"eventTitleExpired", "descriptionExpired", "backToLoginLinkText"}},
	ResetLinkUsed:           {"reset-password", "reset-password-error", notice{"eventTitleUsed", "descriptionUsed", "backToLoginLinkText"}},
	ResetLinkInvalid:        {"reset-password", "reset-password-error", notice{"eventTitleGeneric", "descriptionGeneric", "backToLoginLinkText"}},
	EmailVerified:           {"email-verification", "email-verification-result", notice{"verifiedTitle", "verifiedDescription", "buttonText"}},
	EmailAlreadyVerified:    {"email-verification", "email-verification-result", notice{"errorTitle", "alreadyVerifiedDescription", "buttonText"}},
	VerificationLinkExpired: {"email-verification", "email-verification-result", notice{"errorTitle", "auth0-users-expired-ticket", "buttonText"}},
	VerificationLinkInvalid: {"email-verification", "email-verification-result", notice{"errorTitle", "invalidAccountOrCodeDescription", "buttonText"}},
	AccountUnblocked:        {"brute-force-protection", "brute-force-protection-unblock-success", notice{"title", "description", "buttonText"}},
	DeviceAllowed:           {"device-flow", "device-code-activation-allowed", notice{"eventTitle", "description", "buttonText"}},
	DeviceDenied:            {"device-flow", "device-code-activation-denied", notice{"eventTitle", "description", "buttonText"}},
	FactorEnrolled:          {"mfa", "mfa-enroll-result", notice{"enrolledTitle", "enrolledDescription", ""}},
	FactorAlreadyEnrolled:   {"mfa", "mfa-enroll-result", notice{"genericError", "alreadyEnrolledDescription", ""}},
	EnrollmentLinkUsed:      {"mfa", "mfa-enroll-result", notice{"alreadyUsedTitle", "alreadyUsedDescription", ""}},
	EnrollmentLinkExpired:   {"mfa", "mfa-enroll-result", notice{"expiredTicketTitle", "expiredTicketDescription", ""}},
	EnrollmentLinkInvalid:   {"mfa", "mfa-enroll-result", notice{"invalidTicketTitle", "invalidTicketDescription", ""}},
	UnblockLinkInvalid:      {"brute-force-protection", "brute-force-protection-unblock-failure", notice{"title", "description", "buttonText"}},
}

// Result shows the result of a step, and one link.
type Result struct {
	Layout
	Outcome Outcome
	// ClientName is the application that LinkURL leads to.
	ClientName string
	// Email is the address that the step concerned.
	Email string
	// LinkURL is an http or https URL or a rooted path, "" to show no link.
	LinkURL string
	// Ticket is the ticket of the link that was followed. Auth0's page posts it again by itself, and clients
	// that run no scripts look for it in the page.
	Ticket string
	// State, if set, shows a button instead of the link. The button posts the address again to the page's own
	// URL.
	State string
}

func (p Result) view() view {
	o := outcomes[p.Outcome]
	v := p.screen(p, "notice", o.prompt, o.screen, p.ClientName, "")
	v.texts.email = p.Email
	v.Notice, v.LinkURL, v.Ticket = o.notice, safeURL(p.LinkURL), p.Ticket
	if p.State != "" {
		v.Again = &p
	}
	return v
}
