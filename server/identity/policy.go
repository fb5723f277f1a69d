package identity

import (
	"context"
	"fmt"
	"math"
	"slices"
	"strings"
	"unicode"

	"github.com/tenant0/tenant0/storage"
)

// Policy is a connection's policy for new passwords, Auth0:
// authenticate/database-connections/password-options and
// authenticate/database-connections/password-strength.
type Policy struct {
	minLength int
	// types are kinds of characters. A password must contain characters of at least need
	// of them.
	types []string
	need  int
	// identical forbids three identical characters in a row, and sequential three
	// sequential ones.
	identical, sequential bool
	// words are forbidden passwords, because they are too common.
	words []string
	// personal forbids passwords that contain data of the user's profile.
	personal bool
	// history is how many previous passwords must not be used again.
	history int
}

// MinLength returns the minimum number of characters of a password.
func (p Policy) MinLength() int { return p.minLength }

// PolicyError reports why a password is not allowed, Auth0:
// api/authentication/signup/create-a-new-user.
type PolicyError struct {
	Name    string // PasswordStrengthError, PasswordHistoryError, ...
	Code    string // invalid_password, ...
	Message string
	// Key is the key of the error message on the pages. Rules are all rules of the
	// policy, if the password does not meet one of them.
	Key   string
	Rules []Rule
}

// Error implements the error interface.
func (e *PolicyError) Error() string { return e.Name + ": " + e.Message }

// Rule is a requirement of a policy, and whether a password meets it.
type Rule struct {
	Code     string `json:"code"`
	Message  string `json:"message"`
	Format   []any  `json:"format,omitempty"`
	Items    []Rule `json:"items,omitempty"`
	Verified bool   `json:"verified"`
}

// Text returns the rules as a readable list.
func (e *PolicyError) Text() string {
	var lines []string
	for _, r := range e.Rules {
		lines = append(lines, "* "+r.Sentence())
		for _, item := range r.Items {
			lines = append(lines, "  * "+item.Sentence())
		}
	}
	return strings.Join(lines, "\n")
}

// Sentence returns the rule as a readable sentence. A message without values is not a format: that of special characters
// contains a percent sign.
func (r Rule) Sentence() string {
	if len(r.Format) == 0 {
		return r.Message
	}
	return fmt.Sprintf(r.Message, r.Format...)
}

// characterTypes are the kinds of characters with their names.
var characterTypes = []struct {
	name, option, sentence string
	in                     func(rune) bool
}{
	{"lowerCase", "lowercase", "lower case letters (a-z)", unicode.IsLower},
	{"upperCase", "uppercase", "upper case letters (A-Z)", unicode.IsUpper},
	{"numbers", "number", "numbers (i.e. 0-9)", unicode.IsDigit},
	{"specialCharacters", "special", "special characters (e.g. !@#$%^&*)", func(r rune) bool {
		return !unicode.IsLetter(r) && !unicode.IsDigit(r)
	}},
}

// levels are the password policies by name, Auth0:
// authenticate/database-connections/password-strength.
var levels = map[string]Policy{
	"":          {minLength: 1},
	"none":      {minLength: 1},
	"low":       {minLength: 6},
	"fair":      {minLength: 8, types: []string{"lowerCase", "upperCase", "numbers"}, need: 3},
	"good":      {minLength: 8, types: []string{"lowerCase", "upperCase", "numbers", "specialCharacters"}, need: 3},
	"excellent": {minLength: 10, types: []string{"lowerCase", "upperCase", "numbers", "specialCharacters"}, need: 3, identical: true},
}

// PolicyOf returns the password policy of a connection.
func PolicyOf(c storage.Connection) Policy {
	if flexible, ok := c.Options["password_options"].(map[string]any); ok {
		return flexiblePolicy(flexible)
	}
	name, _ := c.Options["passwordPolicy"].(string)
	p := levels[name]
	if n := number(c.Options, "password_complexity_options", "min_length"); n > 0 {
		p.minLength = n
	}
	if enabled(c.Options, "password_dictionary", "enable") {
		p.words = words(c.Options, "password_dictionary", "dictionary")
	}
	p.personal = enabled(c.Options, "password_no_personal_info", "enable")
	if enabled(c.Options, "password_history", "enable") {
		p.history = max(number(c.Options, "password_history", "size"), 1)
	}
	return p
}

// flexiblePolicy reads a policy in the format of Auth0:
// authenticate/database-connections/flexible-password-policy.
func flexiblePolicy(options map[string]any) Policy {
	complexity, _ := options["complexity"].(map[string]any)
	p := Policy{minLength: max(number(options, "complexity", "min_length"), 1)}
	chosen := words(options, "complexity", "character_types")
	for _, t := range characterTypes {
		if slices.Contains(chosen, t.option) {
			p.types = append(p.types, t.name)
		}
	}
	p.need = len(p.types)
	if complexity["character_type_rule"] == "three_of_four" {
		p.need = min(p.need, 3)
	}
	p.identical = complexity["identical_characters"] == "block"
	p.sequential = complexity["sequential_characters"] == "block"
	if enabled(options, "dictionary", "active") {
		p.words = words(options, "dictionary", "custom")
	}
	p.personal = enabled(options, "profile_data", "active")
	if enabled(options, "history", "active") {
		p.history = max(number(options, "history", "size"), 1)
	}
	return p
}

func enabled(options map[string]any, object, name string) bool {
	o, _ := options[object].(map[string]any)
	return o[name] == true
}

func number(options map[string]any, object, name string) int {
	o, _ := options[object].(map[string]any)
	n, _ := o[name].(float64)
	return int(max(min(n, math.MaxInt32), 0))
}

func words(options map[string]any, object, name string) []string {
	o, _ := options[object].(map[string]any)
	list, _ := o[name].([]any)
	var out []string
	for _, item := range list {
		if s, ok := item.(string); ok {
			out = append(out, s)
		}
	}
	return out
}

// CheckNew checks a new password of a user by a policy, and returns a *PolicyError if the
// password does not meet it. stored is the user's current password with the previous
// ones. Comparing with them may need slow hashing, so CheckNew must not be called within
// a transaction.
func (p *Passwords) CheckNew(ctx context.Context, policy Policy, password string, user storage.User, stored storage.Password) error {
	if err := policy.check(password, user); err != nil {
		return err
	}
	hashes := append([]string{stored.Hash}, stored.Earlier...)
	for _, hash := range hashes[:min(len(hashes), policy.history)] {
		switch err := p.Check(ctx, stored.UserID, hash, password); {
		case err == nil:
			return &PolicyError{
				Name: "PasswordHistoryError", Code: "invalid_password", Message: "Password has previously been used", Key: "password-previously-used",
			}
		case ctx.Err() != nil:
			return err
		}
	}
	return nil
}

// check makes the checks of a password that need no hashing.
func (p Policy) check(password string, user storage.User) error {
	if err := CheckLength(password); err != nil {
		return err
	}
	if rules := p.Rules(password); slices.ContainsFunc(rules, func(r Rule) bool { return !r.Verified }) {
		return &PolicyError{
			Name: "PasswordStrengthError", Code: "invalid_password", Message: "Password is too weak", Key: "password-too-weak", Rules: rules,
		}
	}
	switch lower := strings.ToLower(password); {
	case slices.ContainsFunc(p.words, func(w string) bool { return strings.EqualFold(w, password) }):
		return &PolicyError{
			Name: "PasswordDictionaryError", Code: "password_dictionary_error", Message: "Password is too common", Key: "password-too-common",
		}
	case p.personal && slices.ContainsFunc(personalData(user), func(s string) bool { return strings.Contains(lower, s) }):
		return &PolicyError{
			Name: "PasswordNoUserInfoError", Code: "password_no_user_info_error", Message: "Password contains user information",
			Key: "password-contains-user-information",
		}
	}
	return nil
}

// Rules returns the rules that concern only the password itself, and whether the password
// meets them.
func (p Policy) Rules(password string) []Rule {
	length := Rule{Code: "lengthAtLeast", Message: "At least %d characters in length", Format: []any{p.minLength}}
	if p.minLength <= 1 {
		length = Rule{Code: "nonEmpty", Message: "Non-empty password required"}
	}
	length.Verified = len([]rune(password)) >= p.minLength
	rules := []Rule{length}
	if p.need > 0 {
		rules = append(rules, p.typeRule(password))
	}
	if p.identical {
		rules = append(rules, Rule{
			Code: "identicalChars", Message: `No more than %d identical characters in a row (e.g., "%s" not allowed)`, Format: []any{2, "aaa"},
			Verified: !runs(password, 0),
		})
	}
	if p.sequential {
		rules = append(rules, Rule{
			Code: "sequentialChars", Message: `No more than %d sequential characters in a row (e.g., "%s" not allowed)`, Format: []any{2, "abc"},
			Verified: !runs(password, 1) && !runs(password, -1),
		})
	}
	return rules
}

func (p Policy) typeRule(password string) Rule {
	rule := Rule{Code: "shouldContain", Message: "Should contain:"}
	if p.need < len(p.types) {
		rule = Rule{
			Code: "containsAtLeast", Message: "Contain at least %d of the following %d types of characters:", Format: []any{p.need, len(p.types)},
		}
	}
	there := 0
	for _, t := range characterTypes {
		if !slices.Contains(p.types, t.name) {
			continue
		}
		item := Rule{Code: t.name, Message: t.sentence, Verified: strings.ContainsFunc(password, t.in)}
		if item.Verified {
			there++
		}
		rule.Items = append(rule.Items, item)
	}
	rule.Verified = there >= p.need
	return rule
}

// runs reports whether a password contains three characters in a row whose codes differ
// by step.
func runs(password string, step rune) bool {
	text := []rune(password)
	for i := 2; i < len(text); i++ {
		if text[i]-text[i-1] == step && text[i-1]-text[i-2] == step {
			return true
		}
	}
	return false
}

// personalData returns the words of a user's profile that a password must not contain, in
// lower case.
func personalData(u storage.User) []string {
	local, _, _ := strings.Cut(u.Email, "@")
	all := []string{u.Name, u.Username, u.Nickname, u.GivenName, u.FamilyName, local}
	for _, name := range []string{"name", "first", "last"} {
		text, _ := u.UserMetadata[name].(string)
		all = append(all, text)
	}
	var out []string
	for _, text := range all {
		for word := range strings.FieldsSeq(strings.ToLower(text)) {
			if len(word) > 2 {
				out = append(out, word)
			}
		}
	}
	return out
}

// Replace returns the record of a new password, with as many previous hashes as the
// policy's history needs.
func (p Policy) Replace(stored storage.Password, userID, hash string) storage.Password {
	next := storage.Password{UserID: userID, Hash: hash}
	if p.history > 0 && stored.Hash != "" {
		all := append([]string{stored.Hash}, stored.Earlier...)
		next.Earlier = all[:min(len(all), p.history)]
	}
	return next
}
