package management

import (
	"net/http"
	"net/http/httptest"
	"strings"
	"testing"

	"github.com/gorilla/mux"

	"github.com/tenant0/tenant0/server/tokens"
)

// TestATokenOfAPersonLetsInToTheirOwnAccount, whatever scopes it has: users are granted only scopes for their
// own account, and if a user's token has other scopes they are ignored.
func TestATokenOfAPersonLetsInToTheirOwnAccount(t *testing.T) {
	for _, tt := range []struct {
		subject, scope, user string
		needed               []string
		let, own             bool
	}{
		{"app@clients", "read:users", "auth0|ann", []string{"read:users", "read:current_user"}, true, false},
		{"app@clients", "read:current_user", "auth0|ann", []string{"read:users", "read:current_user"}, false, false},
		{"app@clients", "delete:users", "auth0|ann", []string{"read:users", "read:current_user"}, false, false},
		{"app@clients", "read:users", "auth0|ann", []string{"read:users read:roles"}, false, false},
		{"app@clients", "read:roles read:users", "auth0|ann", []string{"read:users read:roles"}, true, false},
		{"auth0|ann", "read:users", "auth0|ann", []string{"read:users", "read:current_user"}, false, false},
		{"auth0|ann", "read:users", "auth0|bob", []string{"read:users", "read:current_user"}, false, false},
		{"auth0|ann", "read:current_user", "auth0|ann", []string{"read:users", "read:current_user"}, true, true},
		{"auth0|ann", "read:current_user", "auth0|bob", []string{"read:users", "read:current_user"}, false, false},
		{"auth0|ann", "read:users read:current_user", "auth0|bob", []string{"read:users", "read:current_user"}, false, false},
		{"auth0|ann", "create:current_user_metadata", "auth0|ann", []string{"update:users", "update:current_user_metadata"}, true, true},
		{"auth0|ann", "create:current_user_metadata", "auth0|bob", []string{"update:users", "update:current_user_metadata"}, false, false},
	} {
		rq := mux.SetURLVars(httptest.NewRequest(http.MethodGet, "/api/v2/users/x", nil), map[string]string{"id": tt.user})
		who := caller{Claims: tokens.Claims{Subject: tt.subject, Scope: strings.Fields(tt.scope)}}
		if let, own := who.may(rq, tt.needed); let != tt.let || own != tt.own {
			t.Errorf("%s with %s at %s: let in %v, as their own %v", tt.subject, tt.scope, tt.user, let, own)
		}
	}
}
