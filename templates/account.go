package templates

import "slices"

// form is what a page of inputs shows, and posts to its own URL with the button
// action=default.
type form struct {
	State string
	// Description is the key of the sentence below the title; "" is "description".
	Description string
	Inputs      []input
	// Demands are sentences on what a new password must be.
	Demands []string
	// Account tells a password manager whose password it is, where no input does.
	Account string
	// LoginURL shows the link back to the login page when it is set, with the
	// texts that LoginText and LoginLink name.
	LoginURL, LoginText, LoginLink string
	// Personal offers to go on without what the inputs ask for: an organization.
	Personal bool
}

// input is one input; its id is its name. Label is the key of its text.
type input struct {
	Name, Type, Label, Value, Autocomplete string
	Focus                                  bool
}

// Secret says that what is typed is hidden, with a button that shows it.
func (i input) Secret() bool { return i.Type == "password" }

// HasSecret says that one of the inputs is Secret.
func (f form) HasSecret() bool { return slices.ContainsFunc(f.Inputs, input.Secret) }

func (f form) names() []string {
	names := make([]string, len(f.Inputs))
	for i, in := range f.Inputs {
		names[i] = in.Name
	}
	return names
}

func (v view) withForm(f form, errors []string) view {
	v.Form = f
	return v.in(f.State).withErrors(errors, f.names()...)
}

// Signup asks for what a new account needs: input#email, input#username and input#phone
// as the Identifiers have it, and input#password.
// https://auth0.com/docs/customize/login-pages/universal-login/customize-text-elements/prompt-signup
type Signup struct {
	Layout
	// ClientName, State and Errors are as in Login.
	ClientName, State      string
	Email, Username, Phone string
	// Identifiers are what an account must have: "email", "username", "phone_number".
	Identifiers []string
	Errors      []string
	// Demands are sentences on what the password must be, shown after one was
	// refused.
	Demands []string
	// LoginURL shows the link to the login page when it is set.
	LoginURL string
}

func (p Signup) view() view {
	f := form{
		State: p.State, Demands: p.Demands,
		LoginURL: p.LoginURL, LoginText: "loginActionText", LoginLink: "loginActionLinkText",
	}
	of := map[string]input{
		"email":        {Name: "email", Type: "email", Label: "emailPlaceholder", Value: p.Email, Autocomplete: "email"},
		"username":     {Name: "username", Type: "text", Label: "usernamePlaceholder", Value: p.Username, Autocomplete: "username"},
		"phone_number": {Name: "phone", Type: "tel", Label: "phonePlaceholder", Value: p.Phone, Autocomplete: "tel"},
	}
	for _, identifier := range p.Identifiers {
		if in, known := of[identifier]; known {
			f.Inputs = append(f.Inputs, in)
		}
	}
	f.Inputs = append(f.Inputs, input{Name: "password", Type: "password", Label: "passwordPlaceholder", Autocomplete: "new-password"})
	for i := range f.Inputs { // where there is something to type
		if f.Inputs[i].Focus = f.Inputs[i].Value == ""; f.Inputs[i].Focus {
			break
		}
	}
	return p.screen(p, "form", "signup", "signup", p.ClientName, "").withForm(f, p.Errors)
}

// ResetRequest asks for the address to send a link to: input#email.
// https://auth0.com/docs/customize/login-pages/universal-login/customize-text-elements/prompt-reset-password
type ResetRequest struct {
	Layout
	// ClientName, State and Errors are as in Login.
	ClientName, State string
	Email             string
	Errors            []string
	// LoginURL shows the link to the login page when it is set.
	LoginURL string
}

func (p ResetRequest) view() view {
	return p.screen(p, "form", "reset-password", "reset-password-request", p.ClientName, "").withForm(form{
		State: p.State, LoginURL: p.LoginURL, LoginText: "backToLoginText", LoginLink: "backToLoginLinkText",
		Inputs: []input{{Name: "email", Type: "email", Label: "emailPlaceholder", Value: p.Email, Autocomplete: "email", Focus: true}},
	}, p.Errors)
}

// NewPassword asks for a new password twice: input#password-reset and
// input#re-enter-password.
type NewPassword struct {
	Layout
	ClientName string
	// Email is whose password it is.
	Email  string
	Errors []string
	// Demands are as in Signup.
	Demands []string
}

func (p NewPassword) view() view {
	return p.screen(p, "form", "reset-password", "reset-password", p.ClientName, "").withForm(form{
		Demands: p.Demands, Account: p.Email,
		Inputs: []input{
			{Name: "password-reset", Type: "password", Label: "passwordPlaceholder", Autocomplete: "new-password", Focus: true},
			{Name: "re-enter-password", Type: "password", Label: "reEnterpasswordPlaceholder", Autocomplete: "new-password"},
		},
	}, p.Errors)
}

// Outcome is one thing that a step ends with.
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
)

// outcomes are the texts of each: prompt, screen, and the keys.
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
	EmailAlreadyVerified:    {"email-verification", "email-verification-result", notice{"alreadyVerifiedTitle", "alreadyVerifiedDescription", "buttonText"}},
	VerificationLinkExpired: {"email-verification", "email-verification-result", notice{"expiredTitle", "expiredTicketDescription", "buttonText"}},
	VerificationLinkInvalid: {"email-verification", "email-verification-result", notice{"errorTitle", "invalidTicketDescription", "buttonText"}},
	AccountUnblocked:        {"brute-force-protection", "brute-force-protection-unblock-success", notice{"title", "description", "buttonText"}},
	DeviceAllowed:           {"device-flow", "device-code-activation-allowed", notice{"title", "description", "buttonText"}},
	DeviceDenied:            {"device-flow", "device-code-activation-denied", notice{"title", "description", "buttonText"}},
	UnblockLinkInvalid:      {"brute-force-protection", "brute-force-protection-unblock-failure", notice{"title", "description", "buttonText"}},
}

// Result says how a step ended, and offers one link.
type Result struct {
	Layout
	Outcome Outcome
	// ClientName names the application that LinkURL leads to.
	ClientName string
	// Email is the address that the step was about.
	Email string
	// LinkURL shows the link when it is set: http, https or a rooted path.
	LinkURL string
}

func (p Result) view() view {
	o := outcomes[p.Outcome]
	v := p.screen(p, "notice", o.prompt, o.screen, p.ClientName, "")
	v.texts.email = p.Email
	v.Notice, v.LinkURL = o.notice, safeURL(p.LinkURL)
	return v
}
