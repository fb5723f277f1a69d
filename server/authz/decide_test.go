package authz_test

import (
	"errors"
	"slices"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"

	"github.com/tenant0/tenant0/server/authz"
	"github.com/tenant0/tenant0/storage"
	"github.com/tenant0/tenant0/storage/keyspace"
)

const allScopes = "openid profile email offline_access read:timesheets create:timesheets delete:timesheets approve:timesheets"

// access gives the user core roles and permissions: the role Employee and, with
// approve, the permission approve:timesheets directly.
func (tn *tenant) access(approve bool) *tenant {
	tn.t.Helper()
	held := func(names ...string) (all []storage.Permission) {
		for _, name := range names {
			all = append(all, storage.Permission{ResourceServerIdentifier: audience, PermissionName: name})
		}
		return all
	}
	tn.update(func(tx *storage.Tx) error {
		elsewhere := storage.Permission{ResourceServerIdentifier: "https://other.example.com", PermissionName: "approve:timesheets"}
		user := storage.UserAccess{UserID: userID, Roles: []string{"r1", "gone"}, Permissions: []storage.Permission{elsewhere}}
		if approve {
			user.Permissions = append(user.Permissions, held("approve:timesheets")...)
		}
		err := tx.RolePermissions.Put(storage.RolePermissions{
			RoleID: "r1", Permissions: held("read:timesheets", "create:timesheets", "deleted:scope"),
		})
		if err != nil {
			return err
		}
		return tx.UserAccess.Put(user)
	})
	return tn
}

func TestCoreScope(t *testing.T) {
	tests := []struct {
		name      string
		requested string
		change    func(*authz.Input)
		want      string
	}{
		{name: "every defined scope is granted to anyone", requested: allScopes, want: allScopes},
		{name: "no scope asked for is none", requested: "", want: ""},
		{name: "unknown scopes are dropped, with a colon or without", requested: "openid foo foo:bar admin", want: "openid"},
		{name: "repeated scopes are granted once, where they came first", requested: "email openid email  read:timesheets\topenid", want: "email openid read:timesheets"},
		{name: "the single claims of the discovery document are scopes", requested: "openid name nickname created_at identities", want: "openid name nickname created_at identities"},
		{name: "scopes compare their case", requested: "OpenID Read:Timesheets", want: ""},
		{
			name: "offline_access needs the API's and the application's leave", requested: allScopes,
			change: func(in *authz.Input) { in.OfflineAllowed = false },
			want:   strings.ReplaceAll(allScopes, "offline_access ", ""),
		},
		{
			name: "without an API its scopes are unknown", requested: allScopes,
			change: func(in *authz.Input) { in.API, in.Audience = nil, "" },
			want:   "openid profile email offline_access",
		},
		{
			name: "a refresh stays within what the token holds", requested: allScopes,
			change: func(in *authz.Input) { in.Refresh, in.Granted = true, []string{"openid", "read:timesheets"} },
			want:   "openid read:timesheets",
		},
		{
			name: "a refresh of a token that holds nothing grants nothing", requested: allScopes,
			change: func(in *authz.Input) { in.Refresh = true },
			want:   "",
		},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			tn := newTenant(t)
			tn.in.Requested = tt.requested
			if tt.change != nil {
				tt.change(&tn.in)
			}
			d := tn.granted()
			checkScope(t, d, tt.want)
			if d.Permissions != nil {
				t.Errorf("permissions are %v without RBAC", d.Permissions)
			}
		})
	}
}

func TestClientPolicyOfAPI(t *testing.T) {
	grant := func(scope []string, all bool, subject string) func(*storage.Tx) error {
		return func(tx *storage.Tx) error {
			return tx.ClientGrants.Put(storage.Document{
				"id": "g1", "client_id": clientID, "audience": audience, "scope": scope,
				"allow_all_scopes": all, "subject_type": subject,
			})
		}
	}
	const needGrant = `Client "nat1" is not authorized to access resource server "https://api.exampleco.com/timesheets". You need to create a "client-grant" associated to this API.`
	tests := []struct {
		name, policy string
		grant        func(*storage.Tx) error
		want         string
		denied       string
	}{
		{name: "allow_all asks for no grant", policy: "allow_all", want: allScopes},
		{name: "require_client_grant without one refuses", policy: "require_client_grant", denied: needGrant},
		{name: "a grant for the machine does not count for users", policy: "require_client_grant", grant: grant(nil, true, "client"), denied: needGrant},
		{
			name: "require_client_grant grants what the grant has", policy: "require_client_grant",
			grant: grant([]string{"read:timesheets", "deleted:scope"}, false, "user"),
			want:  "openid profile email offline_access read:timesheets",
		},
		{name: "a grant of all scopes grants all", policy: "require_client_grant", grant: grant(nil, true, "user"), want: allScopes},
		{
			name: "deny_all refuses with a grant too", policy: "deny_all", grant: grant(nil, true, "user"),
			denied: `Client is not authorized to access resource server "https://api.exampleco.com/timesheets".`,
		},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			tn := newTenant(t)
			tn.in.Requested = allScopes
			tn.in.API.SubjectTypeAuthorization.User.Policy = tt.policy
			if tt.grant != nil {
				tn.update(tt.grant)
			}
			if tt.denied == "" {
				checkScope(t, tn.granted(), tt.want)
				return
			}
			_, err := tn.decide()
			if code, message := refusal(t, err); code != "access_denied" || message != tt.denied {
				t.Errorf("refused with %s: %s\nwant access_denied: %s", code, message, tt.denied)
			}
		})
	}
}

func TestRBAC(t *testing.T) {
	tests := []struct {
		name, dialect string
		enforce       bool
		approve       bool
		want          string
		permissions   []string
	}{
		{name: "without enforce_policies roles do not count", dialect: "access_token_authz", want: allScopes},
		{
			name: "enforce_policies grants what is asked for and assigned", enforce: true, dialect: "access_token",
			want: "openid profile email offline_access read:timesheets create:timesheets",
		},
		{
			name: "permissions given directly count", enforce: true, approve: true,
			want: "openid profile email offline_access read:timesheets create:timesheets approve:timesheets",
		},
		{
			name: "the authz dialect lists the permissions of this API that still exist", enforce: true, dialect: "access_token_authz",
			want:        "openid profile email offline_access read:timesheets create:timesheets",
			permissions: []string{"read:timesheets", "create:timesheets"},
		},
		{
			name: "the RFC 9068 dialect does so as well", enforce: true, approve: true, dialect: "rfc9068_profile_authz",
			want:        "openid profile email offline_access read:timesheets create:timesheets approve:timesheets",
			permissions: []string{"read:timesheets", "create:timesheets", "approve:timesheets"},
		},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			tn := newTenant(t).access(tt.approve)
			tn.in.API.EnforcePolicies, tn.in.API.TokenDialect = tt.enforce, tt.dialect
			tn.in.Requested = allScopes
			d := tn.granted()
			checkScope(t, d, tt.want)
			if diff := cmp.Diff(tt.permissions, d.Permissions); diff != "" {
				t.Errorf("permissions (-want +got)\n%s", diff)
			}
		})
	}
	t.Run("the permissions claim does not depend on what is asked for", func(t *testing.T) {
		tn := newTenant(t).access(true)
		tn.in.API.EnforcePolicies, tn.in.API.TokenDialect = true, "access_token_authz"
		tn.in.Requested = "openid"
		want := []string{"read:timesheets", "create:timesheets", "approve:timesheets"}
		if d := tn.granted(); !slices.Equal(d.Permissions, want) {
			t.Errorf("permissions are %v, want %v", d.Permissions, want)
		}
	})
	t.Run("a user without roles has an empty permissions claim", func(t *testing.T) {
		tn := newTenant(t)
		tn.in.API.EnforcePolicies, tn.in.API.TokenDialect = true, "access_token_authz"
		if d := tn.granted(); d.Permissions == nil || len(d.Permissions) > 0 {
			t.Errorf("permissions are %#v, want an empty list", d.Permissions)
		}
	})
}

// TestScopeRuleAndRBAC compares the scope rule and RBAC on the same role data.
func TestScopeRuleAndRBAC(t *testing.T) {
	t.Run("RBAC alone does not give a manager what was not asked for", func(t *testing.T) {
		tn := newTenant(t).access(true)
		tn.in.API.EnforcePolicies, tn.in.Requested = true, appRequest
		checkScope(t, tn.granted(), appRequest)
	})
	t.Run("the scope rule does", func(t *testing.T) {
		tn := newTenant(t).extension(scenario(t, "Manager"))
		tn.in.Requested = appRequest
		checkScope(t, tn.granted(), allScopes)
	})
	t.Run("with both the rule has the scope and RBAC the permissions", func(t *testing.T) {
		tn := newTenant(t).access(false).extension(scenario(t, "Manager"))
		tn.in.API.EnforcePolicies, tn.in.API.TokenDialect = true, "access_token_authz"
		tn.in.Requested = appRequest
		d := tn.granted()
		checkScope(t, d, allScopes)
		if want := []string{"read:timesheets", "create:timesheets"}; !slices.Equal(d.Permissions, want) {
			t.Errorf("permissions are %v, want %v", d.Permissions, want)
		}
	})
	t.Run("the rule sees the request as sent, so an unknown scope comes back", func(t *testing.T) {
		tn := newTenant(t).access(false).extension(scenario(t, ""))
		tn.in.API.EnforcePolicies, tn.in.Requested = true, "openid admin read:timesheets"
		checkScope(t, tn.granted(), "openid admin")
	})
	t.Run("the rule is not bound by what a refresh token holds", func(t *testing.T) {
		tn := newTenant(t).extension(scenario(t, "Manager"))
		tn.in.Requested, tn.in.Refresh, tn.in.Granted = "openid", true, []string{"openid"}
		checkScope(t, tn.granted(), "openid read:timesheets create:timesheets delete:timesheets approve:timesheets")
	})
}

func TestScopeRule(t *testing.T) {
	tests := []struct {
		name, role, requested string
		policy                storage.ScopePolicy
		offline               bool
		want                  string
	}{
		{
			name: "intersect leaves out what was not asked for", role: "Manager", requested: appRequest, offline: true,
			policy: storage.ScopePolicy{Mode: authz.ModeIntersect},
			want:   "openid profile email offline_access read:timesheets create:timesheets",
		},
		{
			name: "intersect leaves out what is not held", role: "Employee", requested: "openid approve:timesheets",
			policy: storage.ScopePolicy{Mode: authz.ModeIntersect}, want: "openid",
		},
		{
			name: "intersect keeps scopes without a colon", requested: "openid admin",
			policy: storage.ScopePolicy{Mode: authz.ModeIntersect}, want: "openid admin",
		},
		{
			name: "an empty mode appends", role: "Employee", requested: "openid",
			want: "openid read:timesheets create:timesheets delete:timesheets",
		},
		{name: "offline_access needs leave under the rule too", requested: "openid offline_access", want: "openid"},
		{
			name: "verbatim keeps offline_access as the rule does", requested: "openid offline_access",
			policy: storage.ScopePolicy{Verbatim: true}, want: "openid offline_access",
		},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			ext := scenario(t, tt.role)
			tt.policy.ClientID = clientID
			ext.ScopePolicies = []storage.ScopePolicy{tt.policy}
			tn := newTenant(t).extension(ext)
			tn.in.Requested, tn.in.OfflineAllowed = tt.requested, tt.offline
			checkScope(t, tn.granted(), tt.want)
		})
	}
	t.Run("taking the role away shrinks the next decision", func(t *testing.T) {
		tn := newTenant(t).extension(scenario(t, "Manager"))
		tn.in.Requested = appRequest
		checkScope(t, tn.granted(), allScopes)
		tn.extension(scenario(t, ""))
		checkScope(t, tn.granted(), "openid profile email offline_access")
	})
	t.Run("without a configuration the rule does not run and the scope rule adds nothing", func(t *testing.T) {
		ext := scenario(t, "Manager")
		ext.Configuration = nil
		tn := newTenant(t).extension(ext)
		tn.in.Requested = appRequest
		checkScope(t, tn.granted(), "openid profile email offline_access")
	})
}

func TestPersistence(t *testing.T) {
	ext := scenario(t, "Employee")
	ext.Configuration[0] = configuration(t, `{"persistRoles": true}`)
	tn := newTenant(t).extension(ext).user(storage.Document{"app_metadata": map[string]any{
		"plan": "gold", "authorization": map[string]any{"groups": []any{"Old"}},
	}})
	want := map[string]any{"plan": "gold", "authorization": map[string]any{"roles": []any{"Employee"}}}
	d := tn.granted()
	if diff := cmp.Diff(want, d.AppMetadata); diff != "" {
		t.Fatalf("other metadata stay and authorization is replaced (-want +got)\n%s", diff)
	}
	if d = tn.user(storage.Document{"app_metadata": d.AppMetadata}).granted(); d.AppMetadata != nil {
		t.Errorf("what is stored already is to be stored again: %v", d.AppMetadata)
	}
}

// TestRolesOfTheProvider: roles from the provider count for required_roles, and are stored with rolesPassthrough.
func TestRolesOfTheProvider(t *testing.T) {
	ext := scenario(t, "Employee")
	ext.Configuration[0] = configuration(t, `{"persistRoles": true, "rolesInToken": true, "rolesPassthrough": true}`)
	tn := newTenant(t).extension(ext).user(storage.Document{"roles": []any{"Director"}})
	tn.in.Client.ClientMetadata = map[string]any{"required_roles": "Director"}
	want := map[string]any{"authorization": map[string]any{"roles": []any{"Director", "Employee"}}}
	if diff := cmp.Diff(want, tn.granted().AppMetadata); diff != "" {
		t.Errorf("app_metadata to store (-want +got)\n%s", diff)
	}
	if _, err := tn.user(nil).decide(); err == nil {
		t.Error("a user without the role is let in")
	}
}

func TestDamagedStoreRefusesTheLogin(t *testing.T) {
	tn := newTenant(t)
	err := tn.engine.Update(t.Context(), func(kv keyspace.KV) error { return kv.Put([]byte("t/extension\x00v1"), []byte("{")) })
	if err != nil {
		t.Fatal(err)
	}
	_, err = tn.decide()
	const want = "Authorization Extension: An internal server error occurred"
	if code, message := refusal(t, err); code != "unauthorized" || message != want {
		t.Errorf("refused with %s: %s\nwant unauthorized: %s", code, message, want)
	}
}

func TestUserWhoIsGone(t *testing.T) {
	tn := newTenant(t)
	tn.update(func(tx *storage.Tx) error { return tx.Users.Delete(userID) })
	if _, err := tn.decide(); !errors.Is(err, storage.ErrNotFound) {
		t.Errorf("got %v, want an error of the store", err)
	}
}
