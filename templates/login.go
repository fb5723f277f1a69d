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
	// Username fills the identifier in: what was typed, or the login_hint.
	Username string
	// Identifiers are what the user may log in by: "email", "username", "phone_number";
	// none is "email".
	Identifiers []string
	// Errors are Auth0's keys, such as "wrong-email-credentials". Each shows
	// its text at the field it is about, or above the form.
	// https://auth0.com/docs/customize/login-pages/universal-login/customize-text-elements
	Errors []string
	// SignupURL and ForgotPasswordURL show their links when they are set.
	SignupURL, ForgotPasswordURL string
	// Ways are other connections to go on with.
	Ways []Way
	// Providers are buttons to other identity providers, and Alone leaves all else out.
	Providers []Provider
	Alone     bool
}

func (p Login) view() view {
	f := form{
		State: p.State, Class: "_form-login", Button: "_button-login", ForgotURL: p.ForgotPasswordURL,
		Inputs:    focused([]input{identifierInput(p.Identifiers, p.Username), passwordInput("current-password")}),
		Alternate: toSignup(p.SignupURL), Ways: p.Ways, Providers: p.Providers, Alone: p.Alone,
	}
	return p.screen(p, "form", "login", "login", p.ClientName, "").withForm(p.invited(f), p.Errors)
}

// invited has a form say to what somebody is invited.
func (l Layout) invited(f form) form {
	if l.Inviter != "" {
		f.Title, f.Description = "invitationTitle", "invitationDescription"
	}
	return f
}

func toSignup(url string) alternate {
	return alternate{url, "signupActionText", "signupActionLinkText"}
}

// LoginIdentifier asks for the identifier alone; LoginPassword comes next.
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
	// Passkey are the options by which the browser asks for a passkey, as JSON; "" for none. The
	// answer is in input[name=passkey]. With Autofill the field completes them, and with
	// PasskeyButton a button asks for them.
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
		State: p.State, Class: "_form-login-id", Button: "_button-login-id", Capabilities: true,
		Inputs: []input{in}, Alternate: toSignup(p.SignupURL), Ways: p.Ways, Providers: p.Providers, Alone: p.Alone, Passkey: p.Passkey, Autofill: p.Autofill, PasskeyButton: p.PasskeyButton,
	}, p.Errors)
}

// LoginPassword asks for the password of the identifier that was typed before, which is
// shown with a link to change it.
type LoginPassword struct {
	Layout
	// All of them are as in Login, and EditURL is where the identifier is asked for.
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
