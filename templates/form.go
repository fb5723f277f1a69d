package templates

import (
	"html/template"
	"slices"
	"strings"
	"unicode"
)

// form is what a page of inputs shows, and posts to its own URL with the button
// action=default. Classes, ids and names are those of Auth0's pages, by which scripts
// find their parts.
type form struct {
	State string
	// Class and Button are the classes of the form and of its button.
	Class, Button string
	// Title is the key of the title, and Description that of the sentence below it; "" are "title" and "description".
	Title, Description string
	// Identity is who goes on, where that was said on the page before.
	Identity identity
	Inputs   []input
	// Capabilities asks the browser's script what the browser can do, as pages that ask
	// for an identifier alone do.
	Capabilities bool
	// Passkey are the options of the browser's call for a passkey, "" for none. With Autofill the
	// field completes it, and with PasskeyButton a button asks for it.
	Passkey                 string
	Autofill, PasskeyButton bool
	// Demands are what a new password must be.
	Demands []Demand
	// Account tells a password manager whose password it is, where no input does.
	Account string
	// ForgotURL shows the link to a new password when it is set.
	ForgotURL string
	// Alternate is the link below the form.
	Alternate alternate
	// More are the buttons below the form.
	More []more
	// Ways are other connections to go on with.
	Ways []Way
	// Personal offers to go on without what the inputs ask for: an organization.
	Personal bool
	// Providers are the identity providers that the person may go on with instead, and Alone
	// says that there is no other way: the form is left out.
	Providers []Provider
	Alone     bool
}

// Provider is an identity provider that a person may go on with.
type Provider struct {
	// Connection is the name of the connection that leads there, and Key what scripts find its
	// button by: "google", "github", or the strategy.
	Connection, Key string
	// Name is what the button calls it, and IconURL its picture, "" for the initial of the name.
	Name, IconURL string
}

// Icon is IconURL where it may be shown, or the initial of the provider's name in its colour.
func (p Provider) Icon() template.URL {
	if own := safeURL(p.IconURL); own != "" {
		return own
	}
	tile := neutralTile
	if known, has := providerColors[p.Key]; has {
		tile = known
	}
	return monogramPath(monogram(p.Name), tile)
}

// providerColors are the colours that people know providers by.
var providerColors = map[string]rgb{
	"google": 0x4285f4, "google-apps": 0x4285f4, "facebook": 0x1877f2, "github": 0x24292f, "apple": 0x1d1d1f, "windowslive": 0x0067b8, "waad": 0x0067b8,
	"linkedin": 0x0a66c2, "twitter": 0x14171a, "amazon": 0xff9900, "line": 0x06c755, "yahoo": 0x6001d2, "okta": 0x00297a, "salesforce": 0x00a1e0,
}

// offer is a provider on its page.
type offer struct {
	Provider
	// State is the handle of the transaction, and Label what the button says.
	State, Label string
}

// Offers are the buttons of the page's providers.
func (v view) Offers() (all []offer, err error) {
	for _, p := range v.Form.Providers {
		words := v.texts
		words.connectionName = p.Name
		label, err := words.get("federatedConnectionButtonText")
		if err != nil {
			return nil, err
		}
		all = append(all, offer{p, v.Form.State, label})
	}
	return all, nil
}

// alternate is a link to another page, shown when its URL is set. Text and Link are the
// keys of the words before it and in it.
type alternate struct{ URL, Text, Link string }

// identity is an identifier that was typed on the page before, shown when it is set: the
// name of its input, and where it can be changed.
type identity struct{ Name, Value, EditURL string }

// input is one input; its id is its name. Label is the key of its text.
type input struct {
	Name, Type, Label, Value, Autocomplete string
	Focus                                  bool
	// Optional leaves it to the person whether to type anything.
	Optional bool
	// Keyboard is the one that a phone shows, "" for that of the type.
	Keyboard string
	// Missing and Invalid are the keys of what the page says of itself about an input
	// that has to be filled in and is not, and about what is no e-mail address; "" for
	// what is not looked at.
	Missing, Invalid string
}

// Demand is something that a new password must be, by the code of the rule: see Auth0:
// api/authentication/signup/create-a-new-user.
type Demand struct {
	Code, Text string
	// Least is the number in the text, 0 for none.
	Least int
	Items []Demand
	// Met says that the password that was typed was so.
	Met bool
}

// ErrorCode is what scripts find the demand by: the rule's code, in small letters.
func (d Demand) ErrorCode() string {
	var b strings.Builder
	b.WriteString("password-policy")
	for i, r := range d.Code {
		if unicode.IsUpper(r) || i == 0 {
			b.WriteByte('-')
		}
		b.WriteRune(unicode.ToLower(r))
	}
	return b.String()
}

// demandTexts are how the pages say what a password must be, by the code of the rule; rules that are not here
// say it as the API does.
var demandTexts = map[string]string{
	"lengthAtLeast": "At least %d characters", "containsAtLeast": "At least %d of the following:",
	"lowerCase": "Lower case letters (a-z)", "upperCase": "Upper case letters (A-Z)", "numbers": "Numbers (0-9)",
	"specialCharacters": "Special characters (e.g. !@#$%^&*)", "nonEmpty": "Non-empty password required", "shouldContain": "Should contain:",
	"identicalChars":  `No more than %d identical characters in a row (e.g., "aaa" not allowed)`,
	"sequentialChars": `No more than %d sequential characters in a row (e.g., "abc" not allowed)`,
}

// Secret says that what is typed is hidden, with a button that shows it.
func (i input) Secret() bool { return i.Type == "password" }

// field is an input on its page.
type field struct {
	input
	page    view
	Problem pageError
}

// T is T of the page.
func (f field) T(key string) (string, error) { return f.page.T(key) }

// Sign is what the picture beside a complaint about the field is called.
func (f field) Sign() string { return f.page.sign() }

// LabelHalves are the two halves of the field's label with a space and a star, neither of which is the
// label by itself.
func (f field) LabelHalves() ([2]string, error) {
	label, err := f.T(f.Label)
	runes := []rune(label)
	half := len(runes) / 2
	return [2]string{string(runes[:half]), string(runes[half:]) + " *"}, err
}

// Fields are the inputs of the page's form.
func (v view) Fields() (all []field) {
	for _, in := range v.Form.Inputs {
		all = append(all, field{in, v, v.Errors[in.Name]})
	}
	return all
}

// Password is the name of the input for a new password.
func (f form) Password() string {
	if i := slices.IndexFunc(f.Inputs, input.Secret); i >= 0 {
		return f.Inputs[i].Name
	}
	return ""
}

func (f form) names() []string {
	names := make([]string, len(f.Inputs))
	for i, in := range f.Inputs {
		names[i] = in.Name
	}
	if f.Identity.Name != "" {
		names = append(names, f.Identity.Name)
	}
	return names
}

// focused puts the cursor where there is something to type.
func focused(inputs []input) []input {
	empty := slices.IndexFunc(inputs, func(in input) bool { return in.Value == "" })
	if empty >= 0 {
		inputs[empty].Focus = true
	}
	return inputs
}

func (v view) withForm(f form, errors []string) view {
	f.Ways, f.Demands = ways(f.Ways), v.texts.language.demands(f.Demands)
	v.Form = f
	return v.in(f.State).withErrors(errors, f.names()...)
}

// The inputs that several pages have.

func passwordInput(autocomplete string) input {
	return input{Name: "password", Type: "password", Label: "passwordPlaceholder", Autocomplete: autocomplete, Missing: "no-password"}
}

func emailInput(value string) input {
	return input{
		Name: "email", Type: "text", Label: "emailPlaceholder", Value: value, Autocomplete: "email",
		Missing: "no-email", Invalid: "invalid-email-format",
	}
}

// The identifiers that a person may log in by, as connections have them.
const (
	byEmail    = "email"
	byUsername = "username"
	byPhone    = "phone_number"
)

// identifierLabels are the keys of the label of an input for one of several identifiers.
var identifierLabels = map[[3]bool]string{
	{true, false, false}: "emailPlaceholder",
	{false, true, false}: "usernameOnlyPlaceholder",
	{false, false, true}: "phonePlaceholder",
	{true, true, false}:  "usernamePlaceholder",
	{true, false, true}:  "phoneOrEmailPlaceholder",
	{false, true, true}:  "phoneOrUsernamePlaceholder",
	{true, true, true}:   "phoneOrUsernameOrEmailPlaceholder",
}

// identifierInput asks for an identifier of one of the kinds that are given; none is an
// e-mail address.
func identifierInput(kinds []string, value string) input {
	is := func(kind string) bool { return slices.Contains(kinds, kind) }
	in := input{Name: "username", Type: "text", Value: value, Autocomplete: "username", Missing: "no-username"}
	in.Label = identifierLabels[[3]bool{is(byEmail) || !is(byUsername) && !is(byPhone), is(byUsername), is(byPhone)}]
	switch in.Label {
	case "emailPlaceholder":
		in.Missing, in.Invalid = "no-email", "invalid-email-format"
	case "phonePlaceholder":
		in.Type, in.Missing = "tel", "no-phone"
	}
	return in
}

// InputMode is the keyboard that a phone shows.
func (i input) InputMode() string {
	if i.Invalid != "" {
		return "email"
	}
	return i.Keyboard
}
