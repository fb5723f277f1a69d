package resource

import (
	"fmt"
	"slices"
	"strings"

	"github.com/tenant0/tenant0/storage"
)

// scopeRule says how the scope that a social connection requests from its provider is
// derived from the flags in its options, Auth0: authenticate/identity-providers/
// adding-scopes-for-an-external-idp.
type scopeRule struct {
	// separator joins the scopes to a text; with "" they stay a list.
	separator string
	// always are requested whatever the flags say.
	always []string
	// flags are in the order of their scopes in the result.
	flags []scopeFlag
	// empty says that the option scope is set even if no scope is requested.
	empty bool
}

// scopeFlag is an option that requests a scope.
type scopeFlag struct {
	name, scope string
	standing    bool // requested unless the option is false
}

// flagTable parses a table with a flag and its scope in each line. A star before the
// flag marks it as standing. In a line with only a flag, the scope has the same name.
func flagTable(table string) []scopeFlag {
	var flags []scopeFlag
	for line := range strings.SplitSeq(strings.TrimSpace(table), "\n") {
		name, scope, _ := strings.Cut(strings.TrimSpace(line), " ")
		name, standing := strings.CutPrefix(name, "*")
		if scope = strings.TrimSpace(scope); scope == "" {
			scope = name
		}
		flags = append(flags, scopeFlag{name, scope, standing})
	}
	return flags
}

// scopeRules are the rules by strategy. If versions of a strategy request different
// scopes, each older version has a rule such as linkedin/2, and the rule without a
// number is for the newest version. The flags are from Auth0:
// api/management/v2/connections/post-connections, the scopes from the providers' own
// documentation.
var scopeRules = map[string]scopeRule{
	"amazon": {always: []string{"profile"}, flags: flagTable(`
		postal_code`)},
	"apple": {separator: " ", flags: flagTable(`
		name
		email`)},
	"bitbucket": {flags: flagTable(`
		profile account`)},
	"facebook":      {separator: ",", flags: flagTable(facebookFlags)},
	"github":        {flags: flagTable(githubFlags)},
	"google-oauth2": {flags: flagTable(googleFlags)},
	"line": {always: []string{"openid"}, flags: flagTable(`
		email
		*profile`)},
	"linkedin": {flags: flagTable(`
		openid
		*profile
		email`)},
	"linkedin/2": {flags: flagTable(`
		email         r_emailaddress
		*profile      r_liteprofile
		basic_profile r_basicprofile
		full_profile  r_fullprofile
		network       r_network`)},
	"linkedin/1": {flags: flagTable(`
		email         r_emailaddress
		*profile      r_basicprofile
		full_profile  r_fullprofile
		network       r_network`)},
	"paypal": {always: []string{"openid"}, flags: flagTable(`
		*profile
		email
		address
		phone`)},
	"salesforce": {empty: true, flags: flagTable(`
		profile`)},
	"twitter": {flags: flagTable(`
		tweet_read     tweet.read
		users_read     users.read
		offline_access offline.access`)},
	"windowslive":   {empty: true, flags: flagTable(graphFlags)},
	"windowslive/1": {empty: true, flags: flagTable(liveFlags)},
}

// sameScopes are the strategies with the same rule as another strategy.
var sameScopes = map[string]string{
	"paypal-sandbox": "paypal", "salesforce-community": "salesforce", "salesforce-sandbox": "salesforce",
}

// scopeRuleOf returns the rule of a strategy, in the version that the options name.
func scopeRuleOf(strategy string, options storage.Document) (scopeRule, bool) {
	if other, ok := sameScopes[strategy]; ok {
		strategy = other
	}
	if rule, ok := scopeRules[fmt.Sprintf("%s/%v", strategy, options["strategy_version"])]; ok {
		return rule, true
	}
	rule, ok := scopeRules[strategy]
	return rule, ok
}

// completeScope sets the scope that the flags request. If the scope is already a list,
// other scopes in it are kept; if it is a text, it is left unchanged.
func completeScope(strategy string, options storage.Document) {
	rule, ok := scopeRuleOf(strategy, options)
	if _, isText := options["scope"].(string); !ok || isText {
		return
	}
	sent, hasScope := options["scope"].([]any)
	scope := []any{}
	add := func(value any) {
		if !slices.Contains(scope, value) {
			scope = append(scope, value)
		}
	}
	for _, value := range rule.always {
		add(value)
	}
	var off []any
	flagged := false
	for _, f := range rule.flags {
		on, isSent := options[f.name].(bool)
		flagged = flagged || isSent
		switch {
		case on, f.standing && !isSent:
			add(f.scope)
		case isSent:
			off = append(off, f.scope)
		}
	}
	for _, value := range sent {
		if !slices.Contains(off, value) {
			add(value)
		}
	}
	if len(scope) == 0 && !flagged && !hasScope && !rule.empty {
		return
	}
	options["scope"] = joined(scope, rule.separator)
}

// joined returns the list itself, or, with a separator, the joined text.
func joined(list []any, separator string) any {
	if separator == "" {
		return list
	}
	texts := make([]string, len(list))
	for i, value := range list {
		texts[i] = fmt.Sprint(value)
	}
	return strings.Join(texts, separator)
}
