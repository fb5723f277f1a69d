package authz_test

import (
	"slices"
	"strings"
	"testing"

	"github.com/tenant0/tenant0/server/authz"
	"github.com/tenant0/tenant0/storage"
)

// FuzzRequested: every scope of a scope parameter counts once, in its place, and only if it is
// a standard scope or one of the API; parsing the result again changes nothing.
func FuzzRequested(f *testing.F) {
	for _, seed := range []string{
		"", "openid", "openid" + " openid", "read:it  write:it\topenid\nprofile", "offline_access", "READ:IT", "read:it,write:it", "read:it\x00", "\u00a0openid", "\u2003read:it",
		"openid\rprofile\vemail\fphone", "nothing read:it:more", strings.Repeat("a ", 1000), "\xff read:it",
	} {
		f.Add(seed, true)
		f.Add(seed, false)
	}
	api := &storage.ResourceServer{Scopes: []storage.Scope{{Value: "read:it"}, {Value: "write:it"}}}
	client := storage.Client{IsFirstParty: true, GrantTypes: []string{"refresh_token"}}
	api.AllowOfflineAccess = true
	f.Fuzz(func(t *testing.T, scope string, offline bool) {
		for _, api := range []*storage.ResourceServer{api, nil} {
			got := authz.Requested(scope, client, api, offline)
			rest := scope
			for i, s := range got {
				if slices.Contains(got[:i], s) {
					t.Errorf("%q comes twice in %q", s, got)
				}
				if s == "offline_access" && !offline {
					t.Error("offline_access is there and not allowed")
				}
				if !slices.Contains(authz.StandardScopes(), s) && (api == nil || !api.Defines(s)) {
					t.Errorf("%q is nobody's scope", s)
				}
				at := strings.Index(rest, s)
				if at < 0 {
					t.Fatalf("%q is not in its place in %q", s, scope)
				}
				rest = rest[at+len(s):]
			}
			if again := authz.Requested(strings.Join(got, " "), client, api, offline); !slices.Equal(again, got) {
				t.Errorf("%q becomes %q", got, again)
			}
		}
	})
}
