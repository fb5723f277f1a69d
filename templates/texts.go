package templates

import (
	_ "embed"
	"encoding/json"
	"fmt"
	"html"
	"html/template"
	"maps"
	"regexp"
	"slices"
	"strconv"
	"strings"
	"time"
)

// Texts are the texts of the pages by prompt, screen and key, with Auth0's names for all three. ${...} stands for a
// value: clientName, companyName, tenantName, userName, email, inviterName, connectionName, appName, characters,
// min or max. Values are text, never mark-up.
// https://auth0.com/docs/customize/login-pages/universal-login/customize-text-elements
type Texts map[string]map[string]map[string]string

//go:embed texts/en.json
var englishTexts []byte

// builtInTexts are used if there is no custom text. They are Auth0's texts if Auth0 documents them. The prompt "error"
// has the texts of Auth0's error page, with keys of our own. The texts of the screens logout-complete and
// logout-aborted, of the statuses of Message, and of organization-selection about e-mail addresses are tenant0's own.
var builtInTexts = func() Texts {
	var t Texts
	if err := json.Unmarshal(englishTexts, &t); err != nil {
		panic(fmt.Errorf("texts/en.json: %w", err))
	}
	return t
}()

// Prompts are the prompts for which there are built-in texts.
var Prompts = slices.Sorted(maps.Keys(builtInTexts))

// unknownError is the key of the text for an error that has none, for example if a script of the tenant fails with
// a code of its own.
const unknownError = "custom-script-error-code"

// texts are the texts of one screen, and the values for them.
type texts struct {
	custom, builtIn                   map[string]string
	clientName, companyName, userName string
	email, inviterName                string
	connectionName, appName           string
	// characters are the special characters that a username may contain, least and most its fewest and most
	// characters.
	characters, least, most string
	numbers                 Numbers
	language                translator
}

// Numbers are settings of the tenant that built-in texts mention; the zero value keeps the numbers of Auth0's
// texts.
type Numbers struct {
	// Remembered is how long a browser is remembered, 0 for 30 days.
	Remembered time.Duration
	// Digits is the number of digits of a one-time code that is sent, 0 for 6.
	Digits int
}

// rememberedForDays is the built-in text for how long a browser is remembered, and rememberedForAWhile replaces it
// if that is less than two days or not a whole number of days.
const (
	rememberedForDays   = "Remember this device for 30 days"
	rememberedForAWhile = "Remember this device"
)

// in translates an English text and replaces the numbers in it.
func (n Numbers) in(english string, language translator) string {
	const day = 24 * time.Hour
	days := int(n.Remembered / day)
	switch {
	case english == rememberedForDays && n.Remembered != 0 && (n.Remembered%day != 0 || days < 2):
		return language.text(rememberedForAWhile)
	case english == rememberedForDays && days != 0:
		return strings.Replace(language.text(english), "30", strconv.Itoa(days), 1)
	case n.Digits != 0 && (strings.Contains(english, "6-digit") || strings.Contains(english, "6 numeric")):
		return strings.Replace(language.text(english), "6", strconv.Itoa(n.Digits), 1)
	}
	return language.text(english)
}

// otherKeys are further keys under which custom text is looked up, by the key of the built-in text: Auth0 has used
// several names for some texts.
var otherKeys = map[string][]string{
	"descriptionEmail": {"emailDescription"}, "emailPlaceholder": {"placeholderEmail"}, "usernameOnlyPlaceholder": {"placeholderUsername"}, "editEmailText": {"editText", "editPhoneText", "editUsernameText"},
	"invalid-code": {"invalid-verification-code"}, "no-password": {"no-password-reset"}, "no-phone": {"no-phone_number"}, "smsDescription": {"voiceDescription"},
}

func (t texts) has(key string) bool {
	_, ok := t.lookup(key)
	return ok
}

func (t texts) lookup(key string) (string, bool) {
	for _, k := range append([]string{key}, otherKeys[key]...) {
		if text, ok := t.custom[k]; ok {
			return text, true
		}
	}
	text, ok := t.builtIn[key]
	return t.numbers.in(text, t.language), ok
}

// get returns the text of a key, with its values inserted.
func (t texts) get(key string) (string, error) {
	text, ok := t.lookup(key)
	if !ok {
		return "", fmt.Errorf("the screen has no text %q", key)
	}
	return t.expand(text), nil
}

// all returns every text of the screen, with its values inserted.
func (t texts) all() map[string]any {
	all := map[string]any{}
	for _, kind := range []map[string]string{t.builtIn, t.custom} {
		for key := range kind {
			text, _ := t.lookup(key)
			all[key] = t.expand(text)
			if own, is := strings.CutPrefix(key, "var-"); is {
				all[variableName(own)] = linked(t.expand(text))
			}
		}
	}
	return all
}

// variableName is what mark-up calls a text of the tenant's own: "varFirstName" for "first-name", Auth0:
// customize/login-pages/universal-login/customize-signup-and-login-prompts.
func variableName(own string) string {
	var name strings.Builder
	name.WriteString("var")
	for part := range strings.SplitSeq(own, "-") {
		if part != "" {
			name.WriteString(strings.ToUpper(part[:1]) + part[1:])
		}
	}
	return name.String()
}

var markdownLink = regexp.MustCompile(`\[([^\]]+)\]\(([^()\s]+)\)`)

// linked is a text of the tenant's own as mark-up, with the links in it that are written as Markdown has them.
func linked(text string) template.HTML {
	var b strings.Builder
	at := 0
	for _, m := range markdownLink.FindAllStringSubmatchIndex(text, -1) {
		target := safeURL(text[m[4]:m[5]])
		if target == "" {
			continue
		}
		b.WriteString(html.EscapeString(text[at:m[0]]))
		b.WriteString(`<a href="` + html.EscapeString(string(target)) + `">` + html.EscapeString(text[m[2]:m[3]]) + `</a>`)
		at = m[1]
	}
	b.WriteString(html.EscapeString(text[at:]))
	return template.HTML(b.String()) //nolint:gosec // all but the links is escaped, and those are checked
}

// message returns the text of an error.
func (t texts) message(code string) string {
	for _, key := range []string{code, "error_" + code, unknownError} {
		if text, ok := t.lookup(key); ok {
			return t.expand(text)
		}
	}
	return ""
}

// expand replaces variables by their values. It does so only once, so that a value that looks like a variable stays
// unchanged; an unknown variable is kept, so that its author sees it.
func (t texts) expand(text string) string {
	before, rest, found := strings.Cut(text, "${")
	if !found {
		return text
	}
	var b strings.Builder
	for found {
		b.WriteString(before)
		name, after, closed := strings.Cut(rest, "}")
		value, known := t.value(name)
		if !closed || !known {
			value, after = "${", rest
		}
		b.WriteString(value)
		before, rest, found = strings.Cut(after, "${")
	}
	b.WriteString(before)
	return b.String()
}

func (t texts) value(variable string) (string, bool) {
	switch variable {
	case "clientName":
		return t.clientName, true
	case "companyName", "tenantName":
		return t.companyName, true
	case "userName":
		return t.userName, true
	case "email":
		return t.email, true
	case "inviterName":
		return t.inviterName, true
	case "connectionName":
		return t.connectionName, true
	case "appName":
		return t.appName, true
	case "characters":
		return t.characters, true
	case "min":
		return t.least, true
	case "max":
		return t.most, true
	}
	return "", false
}

// errorField returns the name of the input that an error concerns, or "form".
func errorField(code string, fields []string) string {
	var about []string
	switch {
	case code == "password-mismatch", code == "no-re-enter-password":
		about = []string{"re-enter-password"}
	case code == "no-confirmation":
		about = []string{"saved"}
	case code == "no-email", code == "invalid-email-format", code == "email-in-use":
		about = []string{"email", "username"}
	case code == "no-phone", code == "invalid-phone-number", code == "invalid-phone", code == "invalid-phone-format":
		about = []string{"phone", "username"}
	case code == "invalid-organization":
		about = []string{"organizationName"}
	case code == "no-username", strings.HasPrefix(code, "invalid-username"), code == "username-taken", code == "no-hrd-connection",
		code == "invalid-login-id", strings.HasPrefix(code, "invalid-email-"), strings.HasPrefix(code, "invalid-phone-"):
		about = []string{"username"}
	case code == "no-code", code == "invalid-code", code == "invalid-expired-code", code == "invalid-otp-code-format", code == "invalid-code-format":
		about = []string{"code"}
	case code == "password-breached", code == "password-breached-reset": // they concern the account
	case code == "no-password", code == "no-password-reset", strings.HasPrefix(code, "wrong-"), strings.HasPrefix(code, "password-"):
		about = []string{"password", "password-reset", "username"}
	}
	for _, field := range about {
		if slices.Contains(fields, field) {
			return field
		}
	}
	return "form"
}
