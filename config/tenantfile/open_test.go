package tenantfile_test

import (
	"encoding/json"
	"slices"
	"strings"
	"testing"

	"github.com/tenant0/tenant0/config/tenantfile"
	"github.com/tenant0/tenant0/server/resource"
)

// TestWhatTheAPILeavesOpen: an object to which the Management API lets callers add members of their own is open in the
// tenant file, too, so that a server starts with what was exported. Unknown keys there are told of in a warning.
func TestWhatTheAPILeavesOpen(t *testing.T) {
	var schema map[string]any
	if err := json.Unmarshal(tenantfile.Schema(), &schema); err != nil {
		t.Fatal(err)
	}
	var compare func(path string, part any, field resource.Field)
	compare = func(path string, part any, field resource.Field) {
		described, _ := part.(map[string]any)
		if ref, ok := described["$ref"].(string); ok {
			described, _ = schema["$defs"].(map[string]any)[strings.TrimPrefix(ref, "#/$defs/")].(map[string]any)
		}
		if field.Open && described["additionalProperties"] == false && described["x-open"] != true {
			t.Errorf("%s is closed", path)
		}
		if field.Item != nil {
			compare(path+"[]", described["items"], *field.Item)
		}
		properties, _ := described["properties"].(map[string]any)
		for name, member := range field.Fields {
			if below, ok := properties[name]; ok && name != "credentials" { // a file has the credentials, the API references to them
				compare(path+"."+name, below, member)
			}
		}
	}
	for name, kind := range map[string]*resource.Kind{
		"client": resource.Clients, "resourceServer": resource.ResourceServers, "connection": resource.Connections, "clientGrant": resource.ClientGrants, "role": resource.Roles,
	} {
		compare(name, schema["$defs"].(map[string]any)[name], resource.Field{Open: kind.Open, Fields: kind.Fields})
	}
	compare("tenant", schema["properties"].(map[string]any)["tenant"], resource.Field{Open: resource.TenantSettings.Open, Fields: resource.TenantSettings.Fields})
}

// TestFurtherMembersAreKept in objects that the Management API leaves open, with a warning. Misspelt keys are an error there,
// too.
func TestFurtherMembersAreKept(t *testing.T) {
	tenant, err := tenantfile.Parse("f.yaml", []byte(`
tenant: {zzz: 1}
clients:
  - name: A
    mobile: {ios: {zzz: {deep: [1]}}, qqq: x}
    jwt_configuration: {algorithm: RS256}
    oidc_logout: {zzz: 1}
`))
	if err != nil {
		t.Fatal(err)
	}
	var told []string
	for _, warning := range tenant.Warnings {
		told = append(told, strings.SplitN(warning, ": ", 3)[1])
	}
	slices.Sort(told)
	diff(t, "the warnings", told, []string{
		"clients[0].jwt_configuration.algorithm", "clients[0].mobile.ios.zzz", "clients[0].mobile.qqq", "clients[0].oidc_logout.zzz", "tenant.zzz",
	})
	kept, err := json.Marshal(tenant.Clients[0])
	if err != nil {
		t.Fatal(err)
	}
	for _, part := range []string{`"zzz":{"deep":[1]}`, `"qqq":"x"`, `"algorithm":"RS256"`} {
		if !strings.Contains(string(kept), part) {
			t.Errorf("%s is not in %s", part, kept)
		}
	}
	_, err = tenantfile.Parse("f.yaml", []byte("tenant: {}\nclients:\n  - {name: A, mobile: {ios: {teamid: x}}}\n"))
	if err == nil || !strings.Contains(err.Error(), "clients[0].mobile.ios.teamid") {
		t.Errorf("a misspelt key: %v", err)
	}
}
