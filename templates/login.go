package templates

// Login asks for an identifier and a password in one form, which posts to the
// page's own URL. Its ids and names are those of Auth0's page (input#username,
// input#password, button[name=action][value=default]), because end-to-end
// tests rely on them.
type Login struct {
	Layout
	// ClientName is the application's name.
	ClientName string
	// State is the server's handle of the transaction, sent back as "state".
	State string
	// Username is the initial identifier: what was entered before, or the login_hint.
	Username string
	// Identifiers are what the user may log in with: "email", "username", "phone_number"; none
	// means "email".
	Identifiers []string
	// Errors are Auth0's keys, such as "wrong-email-credentials". The text of each is shown at
	// the field that it concerns, or above the form.
	// https://auth0.com/docs/customize/login-pages/universal-login/customize-text-elements
	Errors []string
	// SignupURL and ForgotPasswordURL are the targets of links, "" to show no link.
	SignupURL, ForgotPasswordURL string
	// Ways are other connections to continue with.
	Ways []Way
	// Providers are buttons of other identity providers, and Alone leaves out everything else.
	Providers []Provider
	Alone     bool
	// Country is the country of a telephone number without a country code, if only numbers identify users.
	Country Country
}

func (p Login) view() view {
	f := form{
		Country: p.Country,
		State:   p.State, Class: "_form-login", Button: "_button-login", ForgotURL: p.ForgotPasswordURL,
		Inputs:    focused([]input{identifierInput(p.Identifiers, p.Username), passwordInput("current-password")}),
		Alternate: toSignup(p.SignupURL), Ways: p.Ways, Providers: p.Providers, Alone: p.Alone,
	}
	return p.screen(p, "form", "login", "login", p.ClientName, "").withForm(p.invited(f), p.Errors)
}

// invited makes a form say which organization the user is invited to.
func (l Layout) invited(f form) form {
	if l.Inviter != "" {
		f.Title, f.Description = "invitationTitle", "invitationDescription"
	}
	return f
}

func toSignup(url string) alternate {
	return alternate{url, "signupActionText", "signupActionLinkText"}
}

// LoginIdentifier asks for the identifier only; LoginPassword follows.
// https://auth0.com/docs/authenticate/login/auth0-universal-login/identifier-first
type LoginIdentifier struct {
	Layout
	// All of them are as in Login.
	ClientName, State, Username string
	Identifiers, Errors         []string
	SignupURL                   string
	Ways                        []Way
	Providers                   []Provider
	Alone                       bool
	Country                     Country
	// ForgotPasswordURL is the target of a link for those who cannot log in, "" to show no link.
	ForgotPasswordURL string
	// Passkey are the options for the browser's passkey API, as JSON; "" for none. The answer is
	// sent in input[name=passkey]. With Autofill the field suggests passkeys, and with
	// PasskeyButton a button asks for one.
	Passkey                 string
	Autofill, PasskeyButton bool
}

func (p LoginIdentifier) view() view {
	in := identifierInput(p.Identifiers, p.Username)
	in.Focus = true
	if p.Passkey != "" && p.Autofill {
		in.Autocomplete += " webauthn" // HTML: autofill detail tokens
	}
	return p.screen(p, "form", "login-id", "login-id", p.ClientName, "").withForm(form{
		State: p.State, Class: "_form-login-id", Button: "_button-login-id", Capabilities: true, Country: p.Country, ForgotURL: p.ForgotPasswordURL,
		Inputs: []input{in}, Alternate: toSignup(p.SignupURL), Ways: p.Ways, Providers: p.Providers, Alone: p.Alone, Passkey: p.Passkey, Autofill: p.Autofill, PasskeyButton: p.PasskeyButton,
	}, p.Errors)
}

// LoginPassword asks for the password of the identifier that was entered before, which is shown
// with a link to change it.
type LoginPassword struct {
	Layout
	// All of them are as in Login, and EditURL is the page that asks for the identifier.
	ClientName, State, Username           string
	Errors                                []string
	SignupURL, ForgotPasswordURL, EditURL string
	Ways                                  []Way
}

func (p LoginPassword) view() view {
	return p.screen(p, "form", "login-password", "login-password", p.ClientName, "").withForm(p.invited(form{
		State: p.State, Class: "_form-login-password", Button: "_button-login-password", ForgotURL: p.ForgotPasswordURL,
		Identity: identity{"username", p.Username, p.EditURL},
		Inputs:   focused([]input{passwordInput("current-password")}), Alternate: toSignup(p.SignupURL), Ways: p.Ways,
	}), p.Errors)
}
