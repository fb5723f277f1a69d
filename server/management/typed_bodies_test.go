package management_test

import (
	"net/http"
	"testing"
)

// TestMembersThatTheServerReadsAreOfTheirType: what the server reads of an object is refused where it is sent as
// something else, and never an error of the server's own.
func TestMembersThatTheServerReadsAreOfTheirType(t *testing.T) {
	c := newClient(t)
	path := "/clients/" + c.must(http.StatusCreated, http.MethodPost, "/clients", object{"name": "Types"})["client_id"].(string)
	credentials := func(credential any) object {
		return object{"client_authentication_methods": object{"private_key_jwt": object{"credentials": []any{credential}}}}
	}
	connection := func(member string, value any) object {
		return object{"name": "types", "strategy": "oidc", "options": object{"client_id": "x"}, member: value}
	}
	const at = " on property client_authentication_methods.private_key_jwt.credentials[0]"
	c.sendAll([]sent{
		{http.MethodPatch, path, credentials(object{"id": []any{1}}), "'Expected type string but found type array'" + at + ".id."},
		{http.MethodPatch, path, credentials("cred_1"), "'Expected type object but found type string'" + at + "."},
		{
			http.MethodPost, "/connections", connection("connected_accounts", object{"active": 1e300}),
			"'Expected type boolean but found type integer' on property connected_accounts.active.",
		},
		{
			http.MethodPost, "/connections", connection("authentication", object{"active": "yes"}),
			"'Expected type boolean but found type string' on property authentication.active.",
		},
		{
			http.MethodPatch, "/tenants/settings",
			object{"flags": object{"use_scope_descriptions_for_consent": -1}},
			"'Expected type boolean but found type integer' on property flags.use_scope_descriptions_for_consent.",
		},
		{http.MethodPatch, "/tenants/settings", object{"flags": object{"enable_sso": nil, "a_flag_that_is_new": true}}, ""},
	})
}
