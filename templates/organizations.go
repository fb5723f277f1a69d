package templates

import "html/template"

// OrganizationSelection asks for the organization to log in to: input#organizationName.
// https://auth0.com/docs/customize/login-pages/universal-login/customize-templates
type OrganizationSelection struct {
	Layout
	// ClientName, State and Errors are as in Login.
	ClientName, State string
	// ByEmail and ByName say how the organization may be named.
	ByEmail, ByName bool
	// Typed is what was entered before, or the login_hint.
	Typed string
	// Personal offers to continue without an organization.
	Personal bool
	Errors   []string
}

func (p OrganizationSelection) view() view {
	in := input{Name: "organizationName", Type: "text", Label: "placeholder", Value: p.Typed, Autocomplete: "organization", Focus: true, Missing: "invalid-organization"}
	f := form{State: p.State, Class: "_form-organization-selection", Button: "_button-organization-selection", Description: "description", Personal: p.Personal}
	if p.ByEmail {
		in.Label, in.Autocomplete, f.Description = "emailPlaceholder", "email", "emailDescription"
		if p.ByName {
			in.Label, f.Description = "emailOrNamePlaceholder", "emailOrNameDescription"
		}
	}
	f.Inputs = []input{in}
	return p.screen(p, "form", "organizations", "organization-selection", p.ClientName, "").withForm(f, p.Errors)
}

// OrganizationPicker lets the user choose one of several organizations, each of which has
// a button with the name "organization".
// https://auth0.com/docs/customize/login-pages/universal-login/customize-templates
type OrganizationPicker struct {
	Layout
	// ClientName and State are as in Login.
	ClientName, State string
	// Account is the user who chooses.
	Account       string
	Organizations []Choice
	// Personal is as in OrganizationSelection.
	Personal bool
}

// Choice is one of these organizations.
type Choice struct{ ID, Name, LogoURL string }

// Logo is LogoURL if it can be shown, otherwise "".
func (c Choice) Logo() template.URL { return safeURL(c.LogoURL) }

func (p OrganizationPicker) view() view {
	return p.screen(p, "organization_picker", "organizations", "organization-picker", p.ClientName, "").in(p.State)
}

// Title returns the key of the title, which depends on whether the user may go on without
// an organization.
func (p OrganizationPicker) Title() string { return p.text("title") }

// Sentence returns the key of the sentence, in the same way as Title.
func (p OrganizationPicker) Sentence() string { return p.text("loggedInText") }

func (p OrganizationPicker) text(key string) string {
	if p.Personal {
		return key + "B2C"
	}
	return key
}

// AcceptInvitation names the user who has invited the recipient to an organization, and
// has a button to continue.
// https://auth0.com/docs/customize/login-pages/universal-login/customize-text-elements
type AcceptInvitation struct {
	Layout
	// ClientName and State are as in Login.
	ClientName, State string
	// Inviter is the person who sent the invitation, and Email its recipient.
	Inviter, Email string
}

func (p AcceptInvitation) view() view {
	v := p.screen(p, "form", "invitation", "accept-invitation", p.ClientName, "")
	v.texts.inviterName, v.texts.email = p.Inviter, p.Email
	return v.withForm(form{State: p.State, Class: "_form-accept-invitation", Button: "_button-accept-invitation"}, nil)
}
