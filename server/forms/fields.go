package forms

import (
	"maps"
	"math"
	"net/mail"
	"net/url"
	"regexp"
	"slices"
	"strconv"
	"strings"
	"time"
	"unicode"
	"unicode/utf8"

	"github.com/tenant0/tenant0/server/expressions"
	"github.com/tenant0/tenant0/server/telephone"
)

// otherOption is the value of the option "other", whose value is entered as text.
const otherOption = "$other"

// reserved are the names of a page's form inputs that are not fields.
var reserved = []string{"state", "action", "turn"}

// inputName returns the name of a field's input: its id, with a prefix if the id is a reserved name.
func inputName(id string) string {
	if slices.Contains(reserved, id) {
		return "fields." + id
	}
	return id
}

// entered reads the value of a field from the submitted form, and checks it. The value is nil if the
// field was left empty.
func (c component) entered(form url.Values) (value any, f *fault) {
	read, ok := readers[c.Type]
	if !ok {
		if c.Required {
			return nil, &fault{errAbsent, map[string]string{"type": c.Type}}
		}
		return nil, nil
	}
	values := form[inputName(c.ID)]
	if value, f = read(c, values, form); f != nil {
		return nil, f
	}
	if value == nil && c.Required {
		return nil, wrong(errRequired)
	}
	return value, nil
}

// readers are the functions that read fields, by type. They return nil for an empty field.
var readers = map[string]func(c component, values []string, form url.Values) (any, *fault){
	"TEXT":     component.text,
	"EMAIL":    component.email,
	"URL":      component.url,
	"TEL":      component.telephone,
	"NUMBER":   component.number,
	"PASSWORD": component.password,
	"DATE":     component.date,
	"BOOLEAN":  component.boolean,
	"LEGAL":    component.legal,
	"CHOICE":   component.choice,
	"CARDS":    component.choice,
	"DROPDOWN": component.choice,
}

func first(values []string) string {
	if len(values) == 0 {
		return ""
	}
	return values[0]
}

// length checks the length of a text by the limits of the field.
func (c component) length(text string) *fault {
	n := utf8.RuneCountInString(text)
	switch {
	case n < c.Config.MinLength:
		return beyond(errTooShort, "minLength", float64(c.Config.MinLength))
	case c.Config.MaxLength > 0 && n > c.Config.MaxLength:
		return beyond(errTooLong, "maxLength", float64(c.Config.MaxLength))
	}
	return nil
}

func (c component) text(values []string, _ url.Values) (any, *fault) {
	text := strings.ReplaceAll(first(values), "\r\n", "\n")
	if strings.TrimSpace(text) == "" {
		return nil, nil
	}
	return text, c.length(text)
}

// domain matches the domain of an e-mail address.
var domain = regexp.MustCompile(`^([\pL\pN]([\pL\pN-]*[\pL\pN])?\.)+\pL[\pL\pN-]*$`)

func (c component) email(values []string, _ url.Values) (any, *fault) {
	text := strings.TrimSpace(first(values))
	if text == "" {
		return nil, nil
	}
	address, err := mail.ParseAddress(text)
	at := strings.LastIndexByte(text, '@')
	if err != nil || address.Address != text || !domain.MatchString(text[at+1:]) {
		return nil, wrong(errEmail)
	}
	return text, nil
}

func (c component) url(values []string, _ url.Values) (any, *fault) {
	text := strings.TrimSpace(first(values))
	if text == "" {
		return nil, nil
	}
	u, err := url.Parse(text)
	if err != nil || !slices.Contains([]string{"http", "https", "ftp"}, u.Scheme) || u.Hostname() == "" || strings.ContainsAny(text, " \t") {
		return nil, wrong(errURL)
	}
	return text, nil
}

var (
	telephoneSigns = regexp.MustCompile(`^\+?[0-9 ().\-/]+$`)
	notDigits      = regexp.MustCompile(`[^0-9]`)
)

// telephone reads a telephone number. The value is a string or, with a country picker, an object.
func (c component) telephone(values []string, form url.Values) (any, *fault) {
	text := strings.TrimSpace(first(values))
	if text == "" {
		return nil, nil
	}
	digits := notDigits.ReplaceAllString(text, "")
	if !telephoneSigns.MatchString(text) || len(digits) < 4 || len(digits) > 15 {
		return nil, wrong(errPhone)
	}
	if f := c.length(text); f != nil || !c.Config.Country {
		return text, f
	}
	country := form.Get(inputName(c.ID) + ".country")
	code, ok := telephone.CodeOf(country)
	if !ok {
		return nil, wrong(errPhone)
	}
	national := digits
	if strings.HasPrefix(text, "+") {
		if national, ok = strings.CutPrefix(digits, code); !ok {
			return nil, wrong(errPhone)
		}
	}
	return map[string]any{
		"national_number": national, "national_format": national,
		"international_number": "+" + code + national, "international_format": "+" + code + " " + national,
		"country_code_iso": country, "country_code_number": code,
	}, nil
}

func (c component) number(values []string, _ url.Values) (any, *fault) {
	text := strings.TrimSpace(first(values))
	if text == "" {
		return nil, nil
	}
	n, err := strconv.ParseFloat(text, 64)
	switch {
	case err != nil || math.IsInf(n, 0) || math.IsNaN(n) || strings.ContainsAny(text, "xXpP_"):
		return nil, wrong(errNumber)
	case c.Config.MinValue != nil && n < *c.Config.MinValue:
		return nil, beyond(errTooSmall, "minValue", *c.Config.MinValue)
	case c.Config.MaxValue != nil && n > *c.Config.MaxValue:
		return nil, beyond(errTooBig, "maxValue", *c.Config.MaxValue)
	}
	return n, nil
}

// password reads a password. The value is the text, or its hash if the field is configured so; Auth0's
// page hashes it in the browser.
func (c component) password(values []string, _ url.Values) (any, *fault) {
	text := first(values)
	if text == "" {
		return nil, nil
	}
	if f := c.length(text); f != nil {
		return nil, f
	}
	if c.Config.NIST {
		switch {
		case utf8.RuneCountInString(text) < 8:
			return nil, beyond(errTooShort, "minLength", 8)
		case guessable(text):
			return nil, wrong(errWeak)
		}
	}
	if c.Config.Complexity && !complex4(text) {
		return nil, wrong(errPassword)
	}
	return expressions.Hash(c.Config.Hash, text), nil
}

// complex4 reports whether a password has an upper-case letter, a lower-case letter, a digit and a
// symbol.
func complex4(text string) bool {
	symbol := func(r rune) bool { return !unicode.IsLetter(r) && !unicode.IsDigit(r) }
	for _, has := range []func(rune) bool{unicode.IsUpper, unicode.IsLower, unicode.IsDigit, symbol} {
		if !strings.ContainsFunc(text, has) {
			return false
		}
	}
	return true
}

// guessable reports whether a password is a repeated character, a sequence such as 12345678, or begins
// with one of a few well-known passwords. Auth0 also compares with lists of breached passwords and
// dictionary words.
func guessable(text string) bool {
	runes := []rune(strings.ToLower(text))
	for _, step := range []rune{0, 1, -1} {
		all := true
		for i := 1; i < len(runes) && all; i++ {
			all = runes[i]-runes[i-1] == step
		}
		if all {
			return true
		}
	}
	return slices.ContainsFunc([]string{"password", "passw0rd", "qwerty", "letmein", "iloveyou", "welcome1"}, func(word string) bool {
		return strings.HasPrefix(string(runes), word)
	})
}

func (c component) date(values []string, _ url.Values) (any, *fault) {
	text := strings.TrimSpace(first(values))
	if text == "" {
		return nil, nil
	}
	layout, key := time.DateOnly, errDate
	if c.Config.Format == "TIME" {
		layout, key = "15:04", errTime
	}
	if _, err := time.Parse(layout, text); err != nil || len(text) != len(layout) {
		return nil, wrong(key)
	}
	return text, nil
}

func (c component) boolean(values []string, _ url.Values) (any, *fault) {
	switch first(values) {
	case "":
		return nil, nil
	case "true":
		return true, nil
	case "false":
		return false, nil
	}
	return nil, wrong(errBoolean)
}

// legal reads whether the user has accepted a text.
func (c component) legal(values []string, _ url.Values) (any, *fault) {
	switch first(values) {
	case "true", "on":
		return true, nil
	case "", "false":
		if c.Required {
			return nil, wrong(errAccept)
		}
		return false, nil
	}
	return nil, wrong(errBoolean)
}

// choice reads the chosen option, or a list of options if several may be chosen.
func (c component) choice(values []string, form url.Values) (any, *fault) {
	chosen := []any{}
	for _, value := range values {
		switch {
		case value == "":
		case value == otherOption && c.Type == "CHOICE" && c.Config.AllowOther.Enabled:
			if other := strings.TrimSpace(form.Get(inputName(c.ID) + ".other")); other != "" {
				chosen = append(chosen, other)
			}
		case !c.offers(value):
			return nil, wrong(errOption)
		case !slices.Contains(chosen, any(value)):
			chosen = append(chosen, value)
		}
	}
	switch {
	case len(chosen) == 0:
		return nil, nil
	case c.Config.Multiple:
		return chosen, nil
	case len(chosen) > 1:
		return nil, wrong(errOption)
	}
	return chosen[0], nil
}

// offers reports whether a value is the value of an option.
func (c component) offers(value string) bool {
	return slices.ContainsFunc(c.Config.Options.list, func(o option) bool { return o.value() == value })
}

// value returns the option's value, or its label if it has no value.
func (o option) value() string {
	if o.Value == "" {
		return o.Label
	}
	return o.Value
}

// enteredAll reads the fields of a step into the stored fields. If there are errors, it returns them
// by field id and changes nothing.
func (n node) enteredAll(form url.Values, fields map[string]any) map[string]fault {
	faults, values := map[string]fault{}, map[string]any{}
	for _, c := range n.Config.Components {
		if !c.field() {
			continue
		}
		value, f := c.entered(form)
		if f != nil {
			faults[c.ID] = *f
			continue
		}
		values[c.ID] = value
	}
	if len(faults) > 0 {
		return faults
	}
	maps.Copy(fields, values)
	maps.DeleteFunc(fields, func(_ string, value any) bool { return value == nil })
	return nil
}
