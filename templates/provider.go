package templates

import (
	"cmp"
	"strings"
)

// SimulatedProvider takes the place of another identity provider: it asks a developer who should
// log in there, and does not imitate any provider's login page. A person is chosen by a button with
// the name "person"; the form for a new or changed person is sent with action=save.
type SimulatedProvider struct {
	Layout
	// Provider is the provider's name on the login page; Connection and Strategy are those of the
	// connection.
	Provider, Connection, Strategy string
	// Scope is what the tenant requests from the provider.
	Scope  string
	People []Person
	// Draft is the person in the form, and Problem what is wrong with the entries, "" for nothing.
	Draft   Person
	Problem string
}

// Person is a user of a simulated provider.
type Person struct {
	ID, Email, GivenName, FamilyName, Name, Nickname, PictureURL string
	EmailVerified                                                bool
	Groups                                                       []string
	// More are further members of the profile, a JSON object.
	More string
	// EditURL is the page whose form shows the person.
	EditURL string
}

// Shown returns the person's name on the page.
func (p Person) Shown() string {
	name := cmp.Or(p.Name, strings.TrimSpace(p.GivenName+" "+p.FamilyName), p.Nickname)
	switch {
	case name != "" && p.Email != "":
		return name + " (" + p.Email + ")"
	case name == "" && p.Email == "":
		return p.ID
	}
	return name + p.Email
}

// Inputs returns the text inputs of the page's form.
func (p SimulatedProvider) Inputs() []input {
	d := p.Draft
	return []input{
		{Name: "id", Label: "Id at the provider; empty makes one", Value: d.ID},
		{Name: "email", Label: "E-mail address", Value: d.Email},
		{Name: "given_name", Label: "Given name", Value: d.GivenName},
		{Name: "family_name", Label: "Family name", Value: d.FamilyName},
		{Name: "name", Label: "Whole name", Value: d.Name},
		{Name: "nickname", Label: "Nickname", Value: d.Nickname},
		{Name: "picture", Label: "Address of a picture", Value: d.PictureURL},
	}
}

func (p SimulatedProvider) view() view {
	p.Customization = Customization{}
	v := p.screen(p, "simulated_provider", "simulation", "simulation", p.Provider, "")
	v.texts.builtIn = map[string]string{"pageTitle": "Simulation of ${clientName}"}
	v.MainClass += " wide"
	return v
}
