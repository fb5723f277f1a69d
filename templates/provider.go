package templates

import (
	"cmp"
	"strings"
)

// SimulatedProvider stands in for another identity provider: it asks a developer who is to log in
// there, and looks like nobody's login page. A person is chosen by a button with the name "person";
// the form for a new person, or for changes of one, is sent with action=save.
type SimulatedProvider struct {
	Layout
	// Provider is what the login page calls the provider; Connection and Strategy are the
	// connection's.
	Provider, Connection, Strategy string
	// Scope is what the tenant asks the provider for.
	Scope  string
	People []Person
	// Draft is what the form shows, and Problem what is wrong with it, "" for nothing.
	Draft   Person
	Problem string
}

// Person is somebody whom a simulated provider knows.
type Person struct {
	ID, Email, GivenName, FamilyName, Name, Nickname, PictureURL string
	EmailVerified                                                bool
	Groups                                                       []string
	// More are further members of the profile, a JSON object.
	More string
	// EditURL is the page with the person in its form.
	EditURL string
}

// Shown is what the person is called on the page.
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

// Inputs are the texts of the page's form.
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
