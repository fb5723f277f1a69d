package authz_test

import (
	"testing"

	"github.com/google/go-cmp/cmp"

	"github.com/tenant0/tenant0/storage"
)

func TestTokenClaims(t *testing.T) {
	type m = map[string]any
	tests := []struct {
		name     string
		mappings []storage.TokenClaims
		system   bool // the API is one of Auth0's own
		access   m
		id       m
	}{
		{
			name: "paths lead to the user and to the application",
			mappings: []storage.TokenClaims{{AccessToken: m{
				"https://api.exampleco.com/email":  "user.email",
				"https://api.exampleco.com/team":   "user.user_metadata.team",
				"https://api.exampleco.com/client": "client.client_id",
				"https://api.exampleco.com/tier":   "client.client_metadata.tier",
				"https://api.exampleco.com/locale": "user.locale",
			}}},
			access: m{
				"https://api.exampleco.com/email":  "employee@exampleco.com",
				"https://api.exampleco.com/team":   "blue",
				"https://api.exampleco.com/client": clientID,
				"https://api.exampleco.com/tier":   "gold",
				"https://api.exampleco.com/locale": "de",
			},
		},
		{
			name: "paths lead to what the extension's rule puts on the user",
			mappings: []storage.TokenClaims{{IDToken: m{
				"https://x.example/permissions": "user.permissions", "https://x.example/roles": "user.roles", "https://x.example/groups": "user.groups",
				"https://x.example/stored": "user.app_metadata.authorization.roles",
			}}},
			id: m{
				"https://x.example/permissions": []any{"read:timesheets", "create:timesheets", "delete:timesheets"},
				"https://x.example/roles":       []any{"Employee"}, "https://x.example/groups": []any{},
				"https://x.example/stored": []any{"Employee"},
			},
		},
		{
			name:     "a member whose name has dots is found",
			mappings: []storage.TokenClaims{{AccessToken: m{"role": "user.app_metadata.https://exampleco.com/role"}}},
			access:   m{"role": "lead"},
		},
		{
			name:     "an object with a value is that value",
			mappings: []storage.TokenClaims{{AccessToken: m{"version": m{"value": 2.0}, "flags": m{"value": []any{"a"}}}}},
			access:   m{"version": 2.0, "flags": []any{"a"}},
		},
		{
			name: "what has no value is left out",
			mappings: []storage.TokenClaims{{AccessToken: m{
				"a": "user.nothing", "b": "user.email.deeper", "c": "elsewhere.email", "e": m{"val": 1}, "f": 7.0, "g": "user.given_name",
			}, IDToken: m{"a": "user.user_metadata.none"}}},
		},
		{
			name: "reserved names and Auth0's namespaces are left out",
			mappings: []storage.TokenClaims{{AccessToken: m{
				"sub": "user.email", "aud": "user.email", "groups": "user.groups", "permissions": "user.permissions", "roles": "user.roles",
				"scope": "user.email", "x5t#S256": "user.email", "urn:auth0:x": "user.email", "https://x.auth0.com/x": "user.email",
				"https://AUTH0.com/x": "user.email", "https://webtask.run/x": "user.email", "https://notauth0.com/x": "user.email",
			}}},
			access: m{"https://notauth0.com/x": "employee@exampleco.com"},
		},
		{
			name: "standard claims come into the ID token with their scope alone",
			mappings: []storage.TokenClaims{{
				AccessToken: m{"email": "user.email", "name": "user.email"}, IDToken: m{"email": "user.email", "name": "user.email"},
			}},
			access: m{"email": "employee@exampleco.com", "name": "employee@exampleco.com"},
			id:     m{"email": "employee@exampleco.com"},
		},
		{
			name: "tokens for Auth0's own APIs have namespaced claims alone", system: true,
			mappings: []storage.TokenClaims{{AccessToken: m{"plain": "user.email", "https://exampleco.com/email": "user.email"}}},
			access:   m{"https://exampleco.com/email": "employee@exampleco.com"},
		},
		{
			name: "mappings for another API or application do not count, and later ones win",
			mappings: []storage.TokenClaims{
				{Audience: "https://other.example.com", AccessToken: m{"a": "user.email"}},
				{ClientID: "spa1", AccessToken: m{"b": "user.email"}},
				{Audience: audience, ClientID: clientID, AccessToken: m{"c": m{"value": "first"}}},
				{AccessToken: m{"c": m{"value": "second"}}},
			},
			access: m{"c": "second"},
		},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			ext := scenario(t, "Employee")
			ext.Configuration[0] = configuration(t, `{"permissionsInToken": true, "rolesInToken": true, "groupsInToken": true, "persistRoles": true}`)
			ext.TokenClaims = tt.mappings
			tn := newTenant(t).extension(ext).user(storage.Document{
				"locale": "de", "user_metadata": m{"team": "blue"}, "app_metadata": m{"https://exampleco.com/role": "lead"}, "given_name": "",
			})
			tn.in.Client.ClientMetadata = m{"tier": "gold"}
			tn.in.API.IsSystem = tt.system
			tn.in.Requested = "openid email"
			d := tn.granted()
			if diff := cmp.Diff(tt.access, d.AccessClaims); diff != "" {
				t.Errorf("access token claims (-want +got)\n%s", diff)
			}
			if diff := cmp.Diff(tt.id, d.IDClaims); diff != "" {
				t.Errorf("ID token claims (-want +got)\n%s", diff)
			}
		})
	}
}
