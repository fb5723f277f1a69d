package identity

import (
	"github.com/tenant0/tenant0/storage"
)

// personalFields are the members of a profile that a password must not contain, unless a connection names
// others.
var personalFields = []string{"name", "username", "nickname", "given_name", "family_name", "email", "user_metadata.name", "user_metadata.first", "user_metadata.last"}

// Shown returns the password policy of a connection in the format of Auth0:
// authenticate/database-connections/flexible-password-policy. Passwords that are too long are refused
// (max_length_exceeded).
func Shown(c storage.Connection) storage.Document {
	p := PolicyOf(c)
	blocks := func(yes bool) string {
		if yes {
			return "block"
		}
		return "allow"
	}
	types := []string{}
	for _, t := range characterTypes {
		for _, name := range p.types {
			if t.name == name {
				types = append(types, t.option)
			}
		}
	}
	rule := "all"
	if p.need < len(p.types) {
		rule = "three_of_four"
	}
	fields, flexible := personalFields, false
	if options, ok := c.Options["password_options"].(map[string]any); ok {
		if own := words(options, "profile_data", "blocked_fields"); len(own) > 0 {
			fields, flexible = own, true
		}
	}
	if !p.personal && !flexible {
		fields = []string{}
	}
	return storage.Document{
		"complexity": storage.Document{
			"min_length": p.minLength, "character_types": types, "character_type_rule": rule, "identical_characters": blocks(p.identical),
			"sequential_characters": blocks(p.sequential), "max_length_exceeded": "error",
		},
		"profile_data": storage.Document{"active": p.personal, "blocked_fields": fields},
		"history":      storage.Document{"active": p.history > 0, "size": p.history},
		"dictionary":   storage.Document{"active": len(p.words) > 0, "default": "en_10k"},
	}
}
