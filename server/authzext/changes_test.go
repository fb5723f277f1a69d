package authzext_test

import (
	"encoding/json"
	"errors"
	"fmt"
	"slices"
	"strings"
	"sync"
	"testing"

	"github.com/tenant0/tenant0/server/authz"
	"github.com/tenant0/tenant0/storage"
	"github.com/tenant0/tenant0/storage/keyspace"
)

func TestChanges(t *testing.T) {
	none := `{"groups":[],"roles":[],"permissions":[]}`
	// Each sequence of requests begins with the seeded store.
	tests := []struct {
		name  string
		steps []exchange
	}{
		{"a role goes away with the login's permissions", []exchange{
			{"", "DELETE", "/groups/" + board + "/roles", `["` + manager + `"]`, 204, ""},
			{"", "POST", "/users/auth0%7Cu2/policy/nat1", policyQuery, 200, `{"groups":["Board"],"roles":["Manager"],"permissions":["read:timesheets","approve:timesheets"]}`},
			{"", "DELETE", "/roles/" + manager, "", 204, ""},
			{"", "POST", "/users/auth0%7Cu2/policy/nat1", policyQuery, 200, `{"groups":["Board"],"roles":[],"permissions":[]}`},
		}},
		{"a name gives every application's role of that name", []exchange{
			{"", "PATCH", "/users/new/roles", `["Employee"]`, 204, ""},
			{"", "GET", "/users/new/roles", "", 200, `[{"_id":"` + employee + `","name":"Employee","description":"Works","applicationId":"nat1"},{"_id":"` + webEmployee + `","name":"Employee","description":"Works","applicationId":"web1"}]`},
		}},
		{"the first item says whether ids or names follow", []exchange{
			{"", "PATCH", "/users/new/groups", `["` + crew + `","Staff"]`, 204, ""},
			{"", "GET", "/users/new/groups", "", 200, `[{"_id":"` + crew + `","name":"Crew","description":"Others"}]`},
			{"", "PATCH", "/users/new/groups", `["Staff","` + board + `"]`, 204, ""},
			{"", "GET", "/users/new/groups", "", 200, `[` + staffSummary + `,{"_id":"` + crew + `","name":"Crew","description":"Others"}]`},
		}},
		{"a user id with a bar is the same raw and encoded", []exchange{
			{"", "PATCH", "/users/auth0|new/roles", `["` + manager + `"]`, 204, ""},
			{"", "GET", "/users/auth0%7Cnew/roles", "", 200, `[` + managerOfUser + `]`},
			{"", "GET", "/users/auth0|new/roles", "", 200, `[` + managerOfUser + `]`},
			{"", "POST", "/users/auth0|new/policy/nat1", policyQuery, 200, `{"groups":[],"roles":["Manager"],"permissions":["read:timesheets","approve:timesheets"]}`},
		}},
		{"lists are sets and keep their order", []exchange{
			{"", "PATCH", "/groups/" + staff + "/members", `["b","auth0|u1","a","b"]`, 204, ""},
			{"", "GET", "/groups?q=staff&field=name", "", 200, `{"total":3,"groups":[` + strings.Replace(staffGroup, `"auth0|gone"]`, `"auth0|gone","b","a"]`, 1) + `]}`},
		}},
		{"a list that was emptied stays, one never written stays away", []exchange{
			{"", "PATCH", "/groups/" + crew + "/roles", `["` + employee + `"]`, 204, ""},
			{"", "DELETE", "/groups/" + crew + "/roles", `["` + employee + `"]`, 204, ""},
			{"", "DELETE", "/groups/" + crew + "/nested", `["` + staff + `"]`, 204, ""},
			{"", "PUT", "/groups/" + crew, `{"name":"Crew","description":"Others"}`, 200, `{"_id":"` + crew + `","name":"Crew","description":"Others","roles":[]}`},
		}},
		{"a group does not nest itself", []exchange{
			{"", "PATCH", "/groups/" + crew + "/nested", `["` + crew + `"]`, 204, ""},
			{"", "GET", "/groups/" + crew + "/nested", "", 200, `[]`},
		}},
		{"groups may nest in a circle", []exchange{
			{"", "PATCH", "/groups/" + staff + "/nested", `["` + board + `"]`, 204, ""},
			{"", "GET", "/users/auth0%7Cgone/groups/calculate", "", 200, `[` + staffSummary + `,` + boardSummary + `]`},
			{"", "GET", "/groups/" + staff + "/members/nested?per_page=1", "", 200, `{"total":3,"nested":[{"user":{"user_id":"auth0|u1","name":"Employee","nickname":"emp","email":"employee@exampleco.com"},"group":` + staffSummary + `}]}`},
		}},
		{"mappings are kept twice and removed by id", []exchange{
			{"", "PATCH", "/groups/" + crew + "/mappings", `[{"groupName":"a","connectionName":"corp-ad"},{"groupName":"a","connectionName":"corp-ad"}]`, 204, ""},
			{"", "GET", "/groups/" + crew + "/mappings", "", 200, `[{"_id":"ANY","groupName":"a","connectionName":"corp-ad (ad)"},{"_id":"ANY","groupName":"a","connectionName":"corp-ad (ad)"}]`},
			{"", "DELETE", "/groups/" + staff + "/mappings", `["` + mapping + `"]`, 204, ""},
			{"", "GET", "/groups/" + staff + "/mappings", "", 200, `[]`},
		}},
		{"an import replaces everything", []exchange{
			{"", "POST", "/configuration/import", `{"roles":[{"_id":"r","name":"R","applicationId":"nat1","users":["u"]}]}`, 204, ""},
			{"", "GET", "/groups", "", 200, `{"groups":[],"total":0}`},
			{"", "POST", "/users/u/policy/nat1", policyQuery, 200, `{"groups":[],"roles":["R"],"permissions":[]}`},
			{"", "POST", "/configuration/import", `{"groups":[],"more":1}`, 400, invalid("payload", "more", `"more" is not allowed`)},
			{"", "POST", "/users/u/policy/nat1", policyQuery, 200, `{"groups":[],"roles":["R"],"permissions":[]}`},
			{"", "POST", "/configuration/import", `{}`, 204, ""},
			{"", "GET", "/configuration/export", "", 200, `{}`},
			{"", "POST", "/users/u/policy/nat1", policyQuery, 200, none},
		}},
		{"an export can be imported again", []exchange{
			{"", "POST", "/configuration/import", fixture, 204, ""},
			{"", "GET", "/configuration/export", "", 200, fixture},
		}},
		{"an import keeps collections that are empty apart from those that are not there", []exchange{
			{"", "POST", "/configuration/import", `{"groups":[],"rules":[{"any":{"thing":[1,null]}}]}`, 204, ""},
			{"", "GET", "/configuration/export", "", 200, `{"groups":[],"rules":[{"any":{"thing":[1,null]}}]}`},
		}},
		{"a deleted collection is empty and not gone", []exchange{
			{"", "POST", "/configuration/import", `{"permissions":[` + adminPermission + `]}`, 204, ""},
			{"", "DELETE", "/permissions/" + unused, "", 204, ""},
			{"", "GET", "/configuration/export", "", 200, `{"permissions":[]}`},
		}},
	}
	s := start(t)
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			s.seed(t)
			for _, x := range tt.steps {
				s.api(t, x.method, x.path, x.body).is(t, x.status, x.want)
			}
		})
	}
}

func TestConfiguration(t *testing.T) {
	s := start(t)
	state := func(configured string, size int) string {
		return fmt.Sprintf(`{"rule":{"exists":%s,"enabled":%s},"database":{"size":%d,"type":"default"}}`, configured, configured, size)
	}
	export := func() string { return s.api(t, "GET", "/configuration/export", "").body }
	s.api(t, "GET", "/configuration/status", "").is(t, 200, state("false", len(export())))

	s.api(t, "PATCH", "/configuration", `{"groupsInToken":true,"persistGroups":"no"}`).
		is(t, 200, `{"_id":"v1","apikey":"ANY","groupsInToken":true,"persistGroups":false}`)
	first := s.api(t, "GET", "/configuration", "").body
	s.api(t, "PATCH", "/configuration", `{"rolesInToken":"true","groupsInToken":false}`).
		is(t, 200, strings.Replace(first, `"groupsInToken":true`, `"groupsInToken":false,"rolesInToken":true`, 1))
	s.api(t, "GET", "/configuration/status", "").is(t, 200, state("true", len(export())))

	if !strings.Contains(export(), `"apikey":"`) {
		t.Error("the export leaves the API key out")
	}
	s.api(t, "POST", "/configuration/import", export()).
		is(t, 400, invalid("payload", "configuration.0.apikey", `"configuration[0].apikey" is not allowed`))
	s.api(t, "POST", "/configuration/import", `{"configuration":[{"_id":"v1","permissionsInToken":"yes"}]}`).is(t, 204, "")
	s.api(t, "GET", "/configuration", "").is(t, 200, `{"_id":"v1","apikey":"ANY","permissionsInToken":true}`)
}

func TestImportKeepsWhatIsNotImported(t *testing.T) {
	s := start(t)
	policies := []storage.ScopePolicy{{ClientID: "nat1", Mode: authz.ModeAppend}}
	err := s.db.Update(t.Context(), func(tx *storage.Tx) error { return tx.Extension.Put(storage.Extension{ScopePolicies: policies}) })
	if err != nil {
		t.Fatal(err)
	}
	s.api(t, "POST", "/configuration/import", `{}`).is(t, 204, "")
	err = s.db.View(t.Context(), func(tx *storage.Tx) error {
		ext, err := tx.Extension.Get(storage.ExtensionKey)
		if !slices.Equal(ext.ScopePolicies, policies) {
			t.Errorf("the scope rules are %v, want %v", ext.ScopePolicies, policies)
		}
		return err
	})
	if err != nil {
		t.Fatal(err)
	}
}

func TestResourceServer(t *testing.T) {
	s := start(t)
	const path = "/configuration/resource-server"
	created := s.api(t, "POST", path, "")
	var api struct {
		ID, Name, Identifier string
		Scopes               []struct{ Value, Description string }
	}
	if err := json.Unmarshal([]byte(created.body), &api); err != nil || created.status != 200 {
		t.Fatalf("answers %d %s", created.status, created.body)
	}
	var scopes []string
	for _, scope := range api.Scopes {
		scopes = append(scopes, scope.Value)
	}
	if api.Identifier != audience || api.Name != "auth0-authorization-extension-api" || len(api.ID) != 24 || strings.Join(scopes, " ") != allScopes {
		t.Errorf("the API is %+v", api)
	}
	s.api(t, "GET", path, "").is(t, 200, `{"apiAccess":true,"token_lifetime":86400}`)
	s.api(t, "POST", path, "").is(t, 409, boom("409", "Conflict", "A resource server with the same identifier already exists."))

	s.api(t, "PATCH", path, `{"apiAccess":true,"token_lifetime":"3600"}`).is(t, 204, "")
	s.api(t, "GET", path, "").is(t, 200, `{"apiAccess":true,"token_lifetime":3600}`)
	s.api(t, "PATCH", path, `{"apiAccess":true}`).is(t, 204, "")
	s.api(t, "GET", path, "").is(t, 200, `{"apiAccess":true,"token_lifetime":3600}`)

	grant := storage.Document{"id": "cgr_1", "client_id": "m2m", "audience": audience, "scope": []any{"read:groups"}}
	permission := storage.Permission{ResourceServerIdentifier: audience, PermissionName: "read:groups"}
	err := s.db.Update(t.Context(), func(tx *storage.Tx) error {
		return errors.Join(tx.ClientGrants.Put(grant), tx.RolePermissions.Put(storage.RolePermissions{RoleID: "rol_1", Permissions: []storage.Permission{permission}}))
	})
	if err != nil {
		t.Fatal(err)
	}
	s.api(t, "DELETE", path, "").is(t, 204, "")
	s.api(t, "GET", path, "").is(t, 200, `{"apiAccess":false}`)
	err = s.db.View(t.Context(), func(tx *storage.Tx) error {
		if left, err := tx.ClientGrants.Has("cgr_1"); left || err != nil {
			t.Errorf("the grant outlives its API: %v, %v", left, err)
		}
		if role, err := tx.RolePermissions.Get("rol_1"); len(role.Permissions) > 0 || err != nil {
			t.Errorf("a role's permission outlives its API: %v, %v", role, err)
		}
		return nil
	})
	if err != nil {
		t.Fatal(err)
	}

	s.api(t, "PATCH", path, `{"apiAccess":true}`).is(t, 204, "")
	s.api(t, "GET", path, "").is(t, 200, `{"apiAccess":true,"token_lifetime":86400}`)
	s.api(t, "PATCH", path, `{"apiAccess":false}`).is(t, 204, "")
	s.api(t, "GET", path, "").is(t, 200, `{"apiAccess":false}`)
}

func TestParallelCreates(t *testing.T) {
	s := start(t)
	var all sync.WaitGroup
	for i := range 20 {
		all.Go(func() {
			body := fmt.Sprintf(`{"name":"Group %d","description":"d"}`, i)
			if got := s.api(t, "POST", "/groups", body); got.status != 200 {
				t.Errorf("group %d: %d %s", i, got.status, got.body)
			}
		})
		all.Go(func() { s.api(t, "POST", "/groups", `{"name":"One","description":"d"}`) })
	}
	all.Wait()
	list := get[struct {
		Groups []storage.ExtensionGroup
		Total  int
	}](t, s, "/groups")
	seen := map[string]int{}
	for _, g := range list.Groups {
		seen[g.Name]++
	}
	if list.Total != 24 || len(seen) != 24 || seen["One"] != 1 {
		t.Errorf("%d groups with %d names, %d of them One; want 24, 24 and 1", list.Total, len(seen), seen["One"])
	}
}

// TestImportIsSeenWhole reads policies while two imports replace each other.
func TestImportIsSeenWhole(t *testing.T) {
	s := start(t)
	store := func(name string) string {
		return strings.NewReplacer("NAME", name).Replace(`{
			"permissions":[{"_id":"p1","name":"do:NAME","applicationId":"app"},{"_id":"p2","name":"see:NAME","applicationId":"app"}],
			"roles":[{"_id":"r","name":"Role NAME","applicationId":"app","permissions":["p1","p2"]}],
			"groups":[{"_id":"g","name":"Group NAME","members":["u"],"roles":["r"]}]}`)
	}
	policy := func(name string) string {
		return strings.ReplaceAll(`{"groups":["Group NAME"],"roles":["Role NAME"],"permissions":["do:NAME","see:NAME"]}`, "NAME", name)
	}
	s.api(t, "POST", "/configuration/import", store("old")).is(t, 204, "")
	var all sync.WaitGroup
	for _, name := range []string{"old", "new"} {
		all.Go(func() {
			for range 20 {
				if got := s.api(t, "POST", "/configuration/import", store(name)); got.status != 204 {
					t.Errorf("import answers %d %s", got.status, got.body)
				}
			}
		})
	}
	for range 4 {
		all.Go(func() {
			for range 40 {
				got := s.api(t, "POST", "/users/u/policy/app", policyQuery)
				if got.body != policy("old") && got.body != policy("new") {
					t.Errorf("neither the old nor the new store: %d %s", got.status, got.body)
				}
			}
		})
	}
	all.Wait()
}

func TestDamagedStore(t *testing.T) {
	s := start(t)
	if err := s.engine.Update(t.Context(), func(kv keyspace.KV) error { return kv.Put([]byte("t/extension\x00v1"), []byte("{")) }); err != nil {
		t.Fatal(err)
	}
	const sorry = `{"statusCode":500,"error":"Internal Server Error","message":"An internal server error occurred"}`
	s.api(t, "GET", "/groups", "").is(t, 500, sorry)
	s.api(t, "POST", "/groups", `{"name":"n","description":"d"}`).is(t, 500, sorry)
	s.call(t, "POST", apiPath+policyPath, policyQuery, "Authorization", "", "X-Api-Key", "k").is(t, 500, sorry)
}
