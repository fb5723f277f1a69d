package authz_test

import (
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"

	"github.com/tenant0/tenant0/server/authz"
	"github.com/tenant0/tenant0/storage"
)

func lint(t *testing.T, tn *tenant) []string {
	t.Helper()
	var warnings []string
	err := tn.db.View(t.Context(), func(tx *storage.Tx) (err error) {
		warnings, err = authz.Lint(tx)
		return err
	})
	if err != nil {
		t.Fatal(err)
	}
	for i, w := range warnings {
		short, ok := strings.CutPrefix(w, "authorization extension: ")
		if !ok {
			t.Errorf("%q does not say what it is about", w)
		}
		warnings[i] = short
	}
	return warnings
}

// registered stores the application and the API of the scenario.
func (tn *tenant) registered(metadata map[string]any) *tenant {
	tn.t.Helper()
	tn.update(func(tx *storage.Tx) error {
		if err := tx.Clients.Put(storage.Document{"client_id": clientID, "name": "Timesheets Mobile", "client_metadata": metadata}); err != nil {
			return err
		}
		if err := tx.Connections.Put(storage.Document{"id": "con_1", "name": database}); err != nil {
			return err
		}
		return tx.ResourceServers.Put(storage.Document{"id": "api1", "identifier": audience, "scopes": tn.in.API.Scopes})
	})
	return tn
}

func TestLint(t *testing.T) {
	t.Run("no store is nothing to warn of", func(t *testing.T) {
		if got := lint(t, newTenant(t)); got != nil {
			t.Errorf("warns %q", got)
		}
	})
	t.Run("the scenario has only the reminder that append does not filter", func(t *testing.T) {
		got := lint(t, newTenant(t).registered(nil).extension(scenario(t, "Employee")))
		want := []string{`the scope rule of application "Timesheets Mobile" appends: a requested scope without a colon is granted to every user`}
		if diff := cmp.Diff(want, got); diff != "" {
			t.Errorf("(-want +got)\n%s", diff)
		}
	})
	t.Run("everything that points to nothing is named", func(t *testing.T) {
		got := lint(t, newTenant(t).registered(map[string]any{"required_roles": "Employee"}).extension(storage.Extension{
			Configuration: []storage.ExtensionConfiguration{{ID: "v1"}},
			ScopePolicies: []storage.ScopePolicy{{ClientID: "nobody", Mode: authz.ModeIntersect}},
			TokenClaims: []storage.TokenClaims{{
				Audience: "https://nowhere", ClientID: "nobody",
				AccessToken: map[string]any{"roles": "user.roles"}, IDToken: map[string]any{"https://ok.example/x": "user.email"},
			}},
			Permissions: []storage.ExtensionPermission{{ID: "p1", Name: "fly:planes", ApplicationID: "nobody"}},
			Roles: []storage.ExtensionRole{{
				ID: "r1", Name: "Pilot", ApplicationID: "nobody", Permissions: []string{"p1", "p2"}, Users: []string{userID, "auth0|gone"},
			}},
			Groups: []storage.ExtensionGroup{{
				ID: "g1", Name: "Crew", Roles: []string{"r1", "r2"}, Nested: []string{"g1", "g2"}, Members: []string{"auth0|gone"},
				Mappings: []storage.ExtensionGroupMapping{{GroupName: "x", ConnectionName: "corp"}, {GroupName: "x", ConnectionName: database}},
			}},
		}))
		want := []string{
			`the scope rule is on for application "nobody", which does not exist`,
			`the scope rule of application "nobody" adds no permissions: permissionsInToken is off`,
			`claims are mapped for the audience "https://nowhere", which is not the identifier of an API`,
			`claims are mapped for application "nobody", which does not exist`,
			`the claim "roles" is reserved and is left out of tokens`,
			`application "Timesheets Mobile" requires a role and rolesInToken is off: only roles of the identity provider count`,
			`the permission "fly:planes" belongs to application "nobody", which does not exist`,
			`the permission "fly:planes" is not a scope of any API`,
			`the role "Pilot" belongs to application "nobody", which does not exist`,
			`the role "Pilot" has the permission id "p2", which does not exist`,
			`the role "Pilot" is held by the user "auth0|gone", who does not exist`,
			`the group "Crew" has the role id "r2", which does not exist`,
			`the group "Crew" nests the group id "g2", which does not exist`,
			`the group "Crew" has the member "auth0|gone", who does not exist`,
			`the group "Crew" is mapped to the connection "corp", which does not exist`,
		}
		if diff := cmp.Diff(want, got); diff != "" {
			t.Errorf("(-want +got)\n%s", diff)
		}
	})
	t.Run("a required role that the application lacks is named", func(t *testing.T) {
		ext := scenario(t, "Employee")
		ext.Configuration[0] = configuration(t, `{"rolesInToken": true, "permissionsInToken": true}`)
		ext.ScopePolicies[0].Mode = authz.ModeIntersect
		got := lint(t, newTenant(t).registered(map[string]any{"required_roles": "Admin,Manager, Employee"}).extension(ext))
		want := []string{
			`application "Timesheets Mobile" requires the role "Admin", which it does not have`,
			`application "Timesheets Mobile" requires the role " Employee", which it does not have`,
		}
		if diff := cmp.Diff(want, got); diff != "" {
			t.Errorf("(-want +got)\n%s", diff)
		}
	})
}
