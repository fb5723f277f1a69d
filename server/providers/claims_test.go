package providers_test

import (
	"testing"

	"github.com/google/go-cmp/cmp"

	"github.com/tenant0/tenant0/server/providers"
	"github.com/tenant0/tenant0/storage"
)

// TestClaimsAreMapped as the option attribute_map says, Auth0: authenticate/identity-providers/
// enterprise-identity-providers/configure-pkce-claim-mapping-for-oidc.
func TestClaimsAreMapped(t *testing.T) {
	claims := map[string]any{
		"iss": "https://idp.example", "sub": "p1", "aud": "client", "nonce": "n", "email": "ann@token.example", "department": "Sales", "level": 3.0,
		"groups": []any{"a", "b"},
	}
	info := map[string]any{"sub": "p1", "email": "ann@userinfo.example", "given_name": "Ann", "hint": "${context.tokenset.nonce}"}
	for _, tt := range []struct {
		name       string
		attributes map[string]any
		info, want map[string]any
	}{
		{
			"everything but what is the protocol's; userinfo stands over the ID token", nil, info,
			map[string]any{
				"email": "ann@userinfo.example", "given_name": "Ann", "department": "Sales", "level": 3.0, "groups": []any{"a", "b"},
				"hint": "${context.tokenset.nonce}",
			},
		},
		{"the mode bind_all is the same", map[string]any{"mapping_mode": "bind_all"}, nil, map[string]any{
			"email": "ann@token.example", "department": "Sales", "level": 3.0, "groups": []any{"a", "b"},
		}},
		{"the standard's profile alone", map[string]any{"mapping_mode": "basic_profile"}, info, map[string]any{"email": "ann@userinfo.example", "given_name": "Ann"}},
		{
			"a map",
			map[string]any{"mapping_mode": "use_map", "attributes": map[string]any{
				"email": "${context.tokenset.email}", "level": "${context.tokenset.level}", "groups": "${context.tokenset.groups}",
				"name":   "${context.userinfo.given_name} of ${context.tokenset.department}",
				"source": "directory", "federated_groups": []any{"fixed"}, "none": "${context.userinfo.absent}", "other": "${context.env.HOME}",
				"part": "x${context.userinfo.absent}y", "open": "a ${context.tokenset.email", "twice": "${context.userinfo.hint}!",
			}},
			info,
			map[string]any{
				"email": "ann@token.example", "level": 3.0, "groups": []any{"a", "b"}, "name": "Ann of Sales", "source": "directory",
				"federated_groups": []any{"fixed"}, "part": "xy", "open": "a ${context.tokenset.email", "twice": "${context.tokenset.nonce}!",
			},
		},
		{"a map of nothing", map[string]any{"mapping_mode": "use_map"}, info, map[string]any{}},
	} {
		c := storage.Connection{Options: map[string]any{"attribute_map": tt.attributes}}
		if diff := cmp.Diff(tt.want, providers.Map(c, claims, tt.info)); diff != "" {
			t.Errorf("%s (-want +got):\n%s", tt.name, diff)
		}
	}
}

func TestIDsOfCustomProviders(t *testing.T) {
	for _, tt := range []struct {
		said map[string]any
		want string
	}{
		{map[string]any{"user_id": "u", "sub": "s", "id": "i"}, "u"},
		{map[string]any{"user_id": "", "sub": "s", "id": "i"}, "s"},
		{map[string]any{"id": 12345678901234.0}, "12345678901234"},
		{map[string]any{"id": true}, ""},
		{map[string]any{}, ""},
	} {
		if got := providers.IDOf(tt.said); got != tt.want {
			t.Errorf("of %v the id is %q, want %q", tt.said, got, tt.want)
		}
	}
}
