package management_test

import (
	"net/http"
	"testing"

	"github.com/google/go-cmp/cmp"
)

// TestScopesOfConnections checks which scopes follow from a connection's flags, Auth0:
// authenticate/identity-providers/adding-scopes-for-an-external-idp.
func TestScopesOfConnections(t *testing.T) {
	c := newClient(t)
	const google, graph = "https://www.googleapis.com/auth/", "https://graph.microsoft.com/"
	for i, s := range []struct {
		strategy string
		options  object
		want     any
	}{
		{"google-oauth2", object{}, []any{"email", "profile"}},
		{"google-oauth2", object{"calendar": true, "gmail": true, "drive_readonly": false}, []any{"email", "profile", google + "calendar", "https://mail.google.com/mail/feed/atom"}},
		{"google-oauth2", object{"email": false, "scope": []any{"email", "custom"}}, []any{"profile", "custom"}},
		{"github", object{"email": true, "follow": true, "repo_status": true, "gist": false, "profile": true}, []any{"user:email", "user:follow", "repo:status"}},
		{"github", object{}, nil},
		{"linkedin", object{"email": true}, []any{"profile", "email"}},
		{"linkedin", object{"strategy_version": 2, "email": true, "basic_profile": true}, []any{"r_emailaddress", "r_liteprofile", "r_basicprofile"}},
		{"linkedin", object{"strategy_version": 1, "network": true}, []any{"r_basicprofile", "r_network"}},
		{"facebook", object{"user_birthday": true, "email": true, "public_profile": true}, "email,user_birthday,public_profile"},
		{"facebook", object{"email": false, "public_profile": false}, ""},
		{"apple", object{}, "name email"},
		{"apple", object{"email": true, "name": false}, "email"},
		{"windowslive", object{"graph_files": true, "offline_access": true}, []any{graph + "User.Read", graph + "Files.Read", "offline_access"}},
		{"windowslive", object{"graph_user": false, "signin": true}, []any{}},
		{"windowslive", object{"strategy_version": 1, "emails": true}, []any{"wl.signin", "wl.emails"}},
		{"line", object{"scope": []any{"email", "openid"}}, []any{"openid", "profile", "email"}},
		{"paypal", object{"address": true}, []any{"openid", "profile", "address"}},
		{"paypal-sandbox", object{}, []any{"openid", "profile"}},
		{"amazon", object{"postal_code": true}, []any{"profile", "postal_code"}},
		{"twitter", object{}, nil},
		{"twitter", object{"tweet_read": true}, []any{"tweet.read"}},
		{"salesforce-sandbox", object{}, []any{}},
		{"oauth2", object{"scope": "a b"}, "a b"},
		{"yahoo", object{"scope": []any{"a"}}, []any{"a"}},
	} {
		name := s.strategy + "-" + string(rune('a'+i))
		made := c.must(201, http.MethodPost, "/connections", object{"name": name, "strategy": s.strategy, "options": s.options})
		if diff := cmp.Diff(s.want, made["options"].(object)["scope"]); diff != "" {
			t.Errorf("%s with %v (- want, + got):\n%s", s.strategy, s.options, diff)
		}
		// New options follow the same rule.
		changed := c.must(200, http.MethodPatch, "/connections/"+made["id"].(string), object{"options": s.options})
		if diff := cmp.Diff(s.want, changed["options"].(object)["scope"]); diff != "" {
			t.Errorf("%s changed to %v (- want, + got):\n%s", s.strategy, s.options, diff)
		}
	}
}
