package resource

import (
	"time"
)

// crockford is the base 32 alphabet of ULIDs.
const crockford = "0123456789ABCDEFGHJKMNPQRSTVWXYZ"

// ULID returns an id that sorts by time: 48 bits of milliseconds and 80 random
// bits, in base 32.
func ULID(now time.Time) string {
	b := make([]byte, 10)
	for i, ms := 9, now.UnixMilli(); i >= 0; i, ms = i-1, ms>>5 {
		b[i] = crockford[ms&31]
	}
	return string(b) + random(16, crockford)
}

// scriptName is the name of a hook or a rule.
var scriptName = Field{Type: String, Required: true, Pattern: Like(`^[a-zA-Z0-9]([ \-a-zA-Z0-9]*[a-zA-Z0-9])?$`)}

var (
	// Hooks describes the resource of Auth0: api/management/v2/hooks. Their code is stored and never
	// run.
	Hooks = &Kind{
		Name: "hooks", ID: "id", Min: 1,
		Fields: Fields{
			"id": readOnly, "name": scriptName, "script": {Type: String, Required: true, Min: 1},
			"enabled": {Type: Bool, Default: false}, "dependencies": {Type: Object, Default: map[string]any{}},
			"triggerId": {Type: String, Required: true, Access: CreateOnly, Enum: []string{
				"credentials-exchange", "pre-user-registration", "post-user-registration", "post-change-password", "send-phone-message",
			}},
		},
		Unique:  []string{"name"},
		Missing: missing("inexistent_hook", "The hook does not exist."), Taken: taken("hook_conflict", "A hook with the same name already exists."),
	}
	// HookSecrets are the secrets of a hook, by name.
	HookSecrets = &Kind{Name: "hooks/secrets", Item: &Field{Type: String, Secret: true}}
	// Rules describes the resource of Auth0: api/management/v2/rules. Their code is stored and never
	// run.
	Rules = &Kind{
		Name: "rules", ID: "id", NewID: Prefixed("rul_", 16), Min: 1,
		Fields: Fields{
			"id": readOnly, "stage": {Type: String, Enum: []string{"login_success", "login_failure", "pre_authorize"}, Access: CreateOnly, Default: "login_success"}, "name": scriptName,
			"script": {Type: String, Required: true, Min: 1}, "enabled": {Type: Bool, Default: true}, "order": {Type: Number},
		},
		Unique:  []string{"name"},
		Missing: missing("inexistent_rule", "The rule does not exist."), Taken: taken("rule_conflict", "A rule with the same name already exists."),
	}
	// RulesConfigs describes the resource of Auth0: api/management/v2/rules-configs.
	RulesConfigs = &Kind{
		Name: "rules-configs", ID: "key", Fields: Fields{"key": shownOnly, "value": {Type: String, Required: true, Secret: true}},
		Missing: missing("inexistent_rules_config", "The rules config does not exist."),
	}
)
