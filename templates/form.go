package templates

import (
	"html/template"
	"slices"
	"strings"
	"unicode"
)

// form is the content of a page with inputs, which it posts to its own URL with the button action=default. Classes,
// ids and names are those of Auth0's pages, by which clients find the parts of a page.
type form struct {
	State string
	// Class and Button are the classes of the form and of its button.
	Class, Button string
	// Title and Description are the keys of the title and the sentence below it; "" for "title" and "description".
	Title, Description string
	// Identity is the user's identifier, if it was entered on the page before.
	Identity identity
	Inputs   []input
	// Country is the country of the telephone number that an input asks for, if numbers are all that it takes.
	Country Country
	// Capabilities adds a script that reports what the browser can do, for pages that ask for an identifier only.
	Capabilities bool
	// Passkey are the options for the browser's passkey API, "" for none. With Autofill the field suggests
	// passkeys, and with PasskeyButton a button asks for one.
	Passkey                 string
	Autofill, PasskeyButton bool
	// Demands are the rules for a new password.
	Demands []Demand
	// Account tells a password manager the account of the password, if no input does.
	Account string
	// ForgotURL is the page for a new password, "" to show no link.
	ForgotURL string
	// Alternate is the link below the form.
	Alternate alternate
	// More are the buttons below the form.
	More []more
	// Ways are other connections to continue with.
	Ways []Way
	// Personal offers to continue without what the inputs ask for: an organization.
	Personal bool
	// Providers are identity providers to continue with instead, and Alone says that there is no other way: then
	// the form is left out.
	Providers []Provider
	Alone     bool
}

// Provider is an identity provider that a user may continue with.
type Provider struct {
	// Connection is the name of the provider's connection, and Key the name by which clients find its button:
	// "google", "github", or the strategy.
	Connection, Key string
	// Name is the provider's name on the button, and IconURL its picture, "" for the initial of the name.
	Name, IconURL string
}

// Icon is IconURL if it can be shown, otherwise the initial of the provider's name in its colour.
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

// providerColors are the colours that providers are known for.
var providerColors = map[string]rgb{
	"google": 0x4285f4, "google-apps": 0x4285f4, "facebook": 0x1877f2, "github": 0x24292f, "apple": 0x1d1d1f, "windowslive": 0x0067b8, "waad": 0x0067b8,
	"linkedin": 0x0a66c2, "twitter": 0x14171a, "amazon": 0xff9900, "line": 0x06c755, "yahoo": 0x6001d2, "okta": 0x00297a, "salesforce": 0x00a1e0,
}

// offer is the button of a provider on a page.
type offer struct {
	Provider
	// State is the handle of the transaction, and Label the text of the button.
	State, Label string
}

// Offers returns the buttons of the page's providers.
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

// alternate is a link to another page, "" in URL to show no link. Text and Link are the keys of the words before
// the link and of those in it.
type alternate struct{ URL, Text, Link string }

// identity is an identifier that was entered on the page before, shown if it is set: the name of its input, its
// value, and the page where it can be changed.
type identity struct{ Name, Value, EditURL string }

// input is one input, whose id is its name. Label is the key of its label.
type input struct {
	Name, Type, Label, Value, Autocomplete string
	Focus                                  bool
	// Optional says that the input may stay empty.
	Optional bool
	// Keyboard is the inputmode for phones, "" for the usual one of the type.
	Keyboard string
	// Missing and Invalid are the keys of the messages that the page itself shows for an empty input and for an
	// invalid e-mail address; "" for an input that the page does not check.
	Missing, Invalid string
}

// Demand is a rule for new passwords, with the rule's code in Auth0: api/authentication/signup/create-a-new-user.
type Demand struct {
	Code, Text string
	// Least is the number in the text, 0 for none.
	Least int
	Items []Demand
	// Met says that the entered password satisfied the rule.
	Met bool
}

// ErrorCode is the name by which clients find the rule: "password-policy-" and the rule's code in lower case, with
// hyphens.
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

// demandTexts are the pages' texts for password rules, by the code of the rule; other rules use the text of the
// API.
var demandTexts = map[string]string{
	"lengthAtLeast": "At least %d characters", "containsAtLeast": "At least %d of the following:",
	"lowerCase": "Lower case letters (a-z)", "upperCase": "Upper case letters (A-Z)", "numbers": "Numbers (0-9)",
	"specialCharacters": "Special characters (e.g. !@#$%^&*)", "nonEmpty": "Non-empty password required", "shouldContain": "Should contain:",
	"identicalChars":  `No more than %d identical characters in a row (e.g., "aaa" not allowed)`,
	"sequentialChars": `No more than %d sequential characters in a row (e.g., "abc" not allowed)`,
}

// Secret reports whether the input is hidden, with a button that shows it.
func (i input) Secret() bool { return i.Type == "password" }

// field is an input as a page shows it.
type field struct {
	input
	page    view
	Problem pageError
}

// T returns a text of the page.
func (f field) T(key string) (string, error) { return f.page.T(key) }

// Sign returns the name of the picture beside an error at the field.
func (f field) Sign() string { return f.page.sign() }

// LabelHalves returns the field's label, a space and a star in two halves, neither of which equals the label.
func (f field) LabelHalves() ([2]string, error) {
	label, err := f.T(f.Label)
	runes := []rune(label)
	half := len(runes) / 2
	return [2]string{string(runes[:half]), string(runes[half:]) + " *"}, err
}

// Fields returns the inputs of the page's form.
func (v view) Fields() (all []field) {
	for _, in := range v.Form.Inputs {
		all = append(all, field{in, v, v.Errors[in.Name]})
	}
	return all
}

// Password returns the name of the input for a new password.
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

// focused gives the focus to the first empty input.
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

// Inputs that several pages have.

func passwordInput(autocomplete string) input {
	return input{Name: "password", Type: "password", Label: "passwordPlaceholder", Autocomplete: autocomplete, Missing: "no-password"}
}

func emailInput(value string) input {
	return input{
		Name: "email", Type: "text", Label: "emailPlaceholder", Value: value, Autocomplete: "email",
		Missing: "no-email", Invalid: "invalid-email-format",
	}
}

// The identifiers that users may log in with, by the names that connections use.
const (
	byEmail    = "email"
	byUsername = "username"
	byPhone    = "phone_number"
)

// identifierLabels are the keys of the labels of an input for one or several identifiers.
var identifierLabels = map[[3]bool]string{
	{true, false, false}: "emailPlaceholder",
	{false, true, false}: "usernameOnlyPlaceholder",
	{false, false, true}: "phonePlaceholder",
	{true, true, false}:  "usernamePlaceholder",
	{true, false, true}:  "phoneOrEmailPlaceholder",
	{false, true, true}:  "phoneOrUsernamePlaceholder",
	{true, true, true}:   "phoneOrUsernameOrEmailPlaceholder",
}

// identifierInput returns an input for an identifier of one of the given kinds, or for an e-mail address if none is
// given.
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

// InputMode returns the inputmode, which selects a phone's keyboard.
func (i input) InputMode() string {
	if i.Invalid != "" {
		return "email"
	}
	return i.Keyboard
}
