package web

import (
	"net/http"
	"strings"

	"github.com/tenant0/tenant0/server/trace"
	"github.com/tenant0/tenant0/templates"
)

// refused records in the trace of the request that w answers that a page refuses it, and why. It does nothing
// if a refusal was recorded before.
func refused(w http.ResponseWriter, status int, why trace.Step) {
	if s, ok := w.(*statusWriter); ok && s.traced != nil && !trace.Refused(s.traced.Context()) {
		trace.Refuse(s.traced.Context(), status, why)
	}
}

// stepOf returns the trace's step for a page that refuses the user's input or a link.
func stepOf(page templates.Needs) trace.Step {
	if len(page.Errors) == 0 {
		return trace.Step{Component: "web", Decision: "the page " + page.Screen, Setting: "a new link: each can be used once, and only until it expires"}
	}
	changes := make([]string, 0, len(page.Errors))
	for _, code := range page.Errors {
		changes = append(changes, changeOf(code))
	}
	return trace.Step{Component: "web", Decision: "the page " + page.Screen + " says " + strings.Join(page.Errors, ", "), Setting: strings.Join(changes, "; ")}
}

// changesOf says which setting would change the answer, by prefixes of the keys of errors on pages.
var changesOf = []struct{ start, setting string }{
	{"wrong-", "identifier and password of the user, and the connections that have the application enabled"},
	{"user-blocked", "attack-protection/brute-force-protection, and the blocks of the user"},
	{"ip-", "attack-protection/suspicious-ip-throttling"},
	{"same-user-login", "flags.tenant0_rate_limits of the tenant"},
	{"password-breached", "attack-protection/breached-password-detection"},
	{"password-mismatch", "the password, which must be typed the same twice"},
	{"password-", "the password policy among the options of the connection"},
	{"signup-disabled", "disable_signup among the options of the connection"},
	{"email-in-use", "an account that exists already"},
	{"username-taken", "an account that exists already"},
	{"invalid-username", "validation.username among the options of the connection"},
	{"no-db-connection", "the connections that have the application enabled"},
	{"invalid-connection", "the connections that have the application enabled"},
	{"no-hrd-connection", "domain_aliases among the options of the connections"},
	{"too-many-failures", "waiting: after ten wrong codes, one further attempt is allowed every six minutes"},
	{"too-many-", "how often messages are asked for"},
	{"transaction-rejected", "the answer of the app, which you give with /push of the control listener"},
	{"transaction-", "a new login, which begins at the application"},
	{"challenge-transaction-pending", "the answer of the app, which you give with /push of the control listener"},
	{"enrollment-transaction-pending", "the answer of the app, which you give with /push of the control listener"},
	{"webauthn-", "the answer of the authenticator"},
	{"passkey-", "the answer of the authenticator"},
}

func changeOf(code string) string {
	for _, c := range changesOf {
		if strings.HasPrefix(code, c.start) {
			return c.setting
		}
	}
	return "what was typed into the page"
}
