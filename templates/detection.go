package templates

// MFADetection asks the browser what it can do, by a script that sends its form at once. Without scripts it says so, and the user
// goes on with a factor that needs none.
// https://auth0.com/docs/customize/login-pages/universal-login/customize-text-elements
type MFADetection struct {
	Layout
	// ClientName and State are as in Login.
	ClientName, State string
}

func (p MFADetection) view() view {
	v := p.screen(p, "detection", "mfa", "mfa-detect-browser-capabilities", p.ClientName, "")
	v.Title = v.texts.companyName
	return v.in(p.State)
}
