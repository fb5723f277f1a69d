package authzext_test

import (
	"strings"
	"testing"
)

func TestRefusals(t *testing.T) {
	const (
		payload = "payload"
		role    = `{"name":"r","description":"d","applicationType":"client","applicationId":"nat1"`
		hundred = "aaaaaaaaaabbbbbbbbbbaaaaaaaaaabbbbbbbbbbaaaaaaaaaabbbbbbbbbbaaaaaaaaaabbbbbbbbbbaaaaaaaaaabbbbbbbbbb"
	)
	noRecord := func(collection string) string {
		return boom("404", "NotFoundError", "The record "+nobody+" in "+collection+" does not exist.")
	}
	refused := func(message string) string { return boom("400", "ValidationError", message) }
	tests := []exchange{
		// Records that do not exist.
		{"an unknown group", "GET", "/groups/" + nobody, "", 404, noRecord("groups")},
		{"changing an unknown group", "PUT", "/groups/" + nobody, `{"name":"n","description":"d"}`, 404, noRecord("groups")},
		{"the mappings of an unknown group", "GET", "/groups/" + nobody + "/mappings", "", 404, noRecord("groups")},
		{"mapping an unknown group", "PATCH", "/groups/" + nobody + "/mappings", `[{"groupName":"a","connectionName":"b"}]`, 404, noRecord("groups")},
		{"the members of an unknown group", "GET", "/groups/" + nobody + "/members", "", 404, noRecord("groups")},
		{"the nested members of an unknown group", "GET", "/groups/" + nobody + "/members/nested", "", 404, noRecord("groups")},
		{"a member for an unknown group", "PATCH", "/groups/" + nobody + "/members", `["a"]`, 404, noRecord("groups")},
		{"nested groups of an unknown group", "GET", "/groups/" + nobody + "/nested", "", 404, noRecord("groups")},
		{"roles of an unknown group", "GET", "/groups/" + nobody + "/roles", "", 404, noRecord("groups")},
		{"nested roles of an unknown group", "GET", "/groups/" + nobody + "/roles/nested", "", 404, noRecord("groups")},
		{"an unknown role", "GET", "/roles/" + nobody, "", 404, noRecord("roles")},
		{"changing an unknown role", "PUT", "/roles/" + nobody, role + `}`, 404, noRecord("roles")},
		{"taking an unknown role", "DELETE", "/users/u/roles", `["` + nobody + `"]`, 404, noRecord("roles")},
		{"an unknown permission", "GET", "/permissions/" + nobody, "", 404, noRecord("permissions")},
		{"changing an unknown permission", "PUT", "/permissions/" + nobody, role + `}`, 404, noRecord("permissions")},
		{"expanding an unknown group", "GET", "/groups/" + nobody + "?expand=true", "", 400, boom("400", "Bad Request", "Current group not found")},
		{"an unknown user", "GET", "/users/nobody", "", 404, boom("404", "Not Found", "The user does not exist.")},
		{"an unknown application", "GET", "/applications/nobody", "", 404, boom("404", "Not Found", "The client does not exist")},

		// Names that are taken, and records that are in use.
		{"the name of a group", "POST", "/groups", `{"name":"sTAFF","description":"d"}`, 400, refused(`Group with name "sTAFF" already exists`)},
		{"renaming a group to another's name", "PUT", "/groups/" + crew, `{"name":"Staff","description":"d"}`, 400, refused(`Group with name "Staff" already exists`)},
		{"the name of a role of the application", "POST", "/roles", `{"name":"manager","description":"d","applicationType":"client","applicationId":"nat1"}`, 400, refused(`Role with name "manager" already exists for this application`)},
		{"renaming a role to another's name", "PUT", "/roles/" + employee, `{"name":"Manager","description":"d","applicationType":"client","applicationId":"nat1"}`, 400, refused(`Role with name "Manager" already exists for this application`)},
		{"the name of a permission of the application", "POST", "/permissions", `{"name":"READ:timesheets","description":"d","applicationType":"client","applicationId":"nat1"}`, 400, refused(`Permission with name "READ:timesheets" already exists for this application`)},
		{"moving a permission to an application that has its name", "PUT", "/permissions/" + unused, `{"name":"read:timesheets","description":"d","applicationType":"client","applicationId":"nat1"}`, 400, refused(`Permission with name "read:timesheets" already exists for this application`)},
		{"deleting a nested group", "DELETE", "/groups/" + staff, "", 400, refused("Unable to touch nested while used in groups: Board")},
		{"deleting a role of a group", "DELETE", "/roles/" + manager, "", 400, refused("Unable to touch roles while used in groups: Board")},
		{"deleting a permission of roles", "DELETE", "/permissions/" + read, "", 400, refused("Unable to touch permissions while used in roles: Employee, Manager")},
		{"changing the description of a permission in use", "PUT", "/permissions/" + approve, `{"name":"approve:timesheets","description":"new","applicationType":"client","applicationId":"nat1"}`, 400, refused("Unable to touch permissions while used in roles: Manager")},
		{"a role with another application's permission", "POST", "/roles", role + `,"permissions":["` + unused + `"]}`, 400, refused("The permission 'admin' is linked to a different application.")},
		{"moving a role to another application", "PUT", "/roles/" + employee, `{"name":"n","description":"d","applicationType":"client","applicationId":"web1"}`, 400, refused("The 'applicationId' of a role cannot be changed.")},

		// Bodies, in the order in which they are checked.
		{"no body", "POST", "/groups", "", 400, invalid(payload, "", `"value" must be of type object`)},
		{"a list for an object", "POST", "/groups", `[]`, 400, invalid(payload, "", `"value" must be of type object`)},
		{"an object for a list", "PATCH", "/groups/" + staff + "/members", `{}`, 400, invalid(payload, "", `"value" must be an array`)},
		{"no body for a list", "PATCH", "/groups/" + staff + "/members", "", 400, invalid(payload, "", `"value" must be an array`)},
		{"an empty list", "PATCH", "/groups/" + staff + "/roles", `[]`, 400, invalid(payload, "", `"value" must contain at least 1 items`)},
		{"the first failure counts", "POST", "/groups", `{}`, 400, invalid(payload, "name", `"name" is required`)},
		{"a missing description", "POST", "/groups", `{"name":"n"}`, 400, invalid(payload, "description", `"description" is required`)},
		{"a name that is a number", "POST", "/groups", `{"name":1,"description":2}`, 400, invalid(payload, "name", `"name" must be a string`)},
		{"a name that is null", "POST", "/groups", `{"name":null,"description":"d"}`, 400, invalid(payload, "name", `"name" must be a string`)},
		{"an empty name", "POST", "/groups", `{"name":"","description":"d"}`, 400, invalid(payload, "name", `"name" is not allowed to be empty`)},
		{"a long name of a group", "POST", "/groups", `{"name":"` + strings.Repeat("n", 51) + `","description":"d"}`, 400, invalid(payload, "name", `"name" length must be less than or equal to 50 characters long`)},
		{"a name of 26 characters outside the basic plane", "POST", "/groups", `{"name":"` + strings.Repeat("😀", 26) + `","description":"d"}`, 400, invalid(payload, "name", `"name" length must be less than or equal to 50 characters long`)},
		{"a long description", "POST", "/groups", `{"name":"n","description":"` + strings.Repeat(hundred, 5) + `d"}`, 400, invalid(payload, "description", `"description" length must be less than or equal to 500 characters long`)},
		{"a long name of a permission", "POST", "/permissions", `{"name":"` + hundred + `a","description":"d"}`, 400, invalid(payload, "name", `"name" length must be less than or equal to 100 characters long`)},
		{"unknown members come last, in their order", "POST", "/groups", `{"zeta":1,"members":[],"name":"n","description":"d"}`, 400, invalid(payload, "zeta", `"zeta" is not allowed`)},
		{"members with a group", "POST", "/groups", `{"name":"n","description":"d","members":[]}`, 400, invalid(payload, "members", `"members" is not allowed`)},
		{"users with a role", "PUT", "/roles/" + employee, role + `,"users":["u"]}`, 400, invalid(payload, "users", `"users" is not allowed`)},
		{"an unknown type of application", "POST", "/roles", `{"name":"n","description":"d","applicationType":"api","applicationId":"a"}`, 400, invalid(payload, "applicationType", `"applicationType" must be one of [client, resource_server]`)},
		{"a missing application", "POST", "/permissions", `{"name":"n","description":"d","applicationType":"client"}`, 400, invalid(payload, "applicationId", `"applicationId" is required`)},
		{"a permission that is no GUID", "POST", "/roles", role + `,"permissions":["p"]}`, 400, invalid(payload, "permissions.0", `"permissions[0]" must be a valid GUID`)},
		{"permissions that are no list", "POST", "/roles", role + `,"permissions":"p"}`, 400, invalid(payload, "permissions", `"permissions" must be an array`)},
		{"a role that is no GUID", "PATCH", "/groups/" + staff + "/roles", `["` + employee + `","r"]`, 400, invalid(payload, "1", `"[1]" must be a valid GUID`)},
		{"a GUID with half its braces", "DELETE", "/users/u/roles", `["{` + employee + `"]`, 400, invalid(payload, "0", `"[0]" must be a valid GUID`)},
		{"a member that is a number", "PATCH", "/groups/" + staff + "/members", `[1]`, 400, invalid(payload, "0", `"[0]" must be a string`)},
		{"a mapping without a connection", "PATCH", "/groups/" + staff + "/mappings", `[{"groupName":"g"}]`, 400, invalid(payload, "0.connectionName", `"[0].connectionName" is required`)},
		{"a policy without a connection", "POST", "/users/u/policy/c", `{}`, 400, invalid(payload, "connectionName", `"connectionName" is required`)},
		{"groups that are null", "POST", "/users/u/policy/c", `{"connectionName":"c","groups":null}`, 400, invalid(payload, "groups", `"groups" must be an array`)},
		{"groups that are numbers", "POST", "/users/u/policy/c", `{"connectionName":"c","groups":[1]}`, 400, invalid(payload, "groups.0", `"groups[0]" must be a string`)},
		{"a flag that is a word", "PATCH", "/configuration", `{"groupsInToken":"maybe"}`, 400, invalid(payload, "groupsInToken", `"groupsInToken" must be a boolean`)},
		{"an unknown flag", "PATCH", "/configuration", `{"apikey":"x"}`, 400, invalid(payload, "apikey", `"apikey" is not allowed`)},
		{"an import without the id of its configuration", "POST", "/configuration/import", `{"configuration":[{"rolesInToken":true}]}`, 400, invalid(payload, "configuration.0._id", `"configuration[0]._id" is required`)},
		{"an import with an API key", "POST", "/configuration/import", `{"configuration":[{"_id":"v1","apikey":"k"}]}`, 400, invalid(payload, "configuration.0.apikey", `"configuration[0].apikey" is not allowed`)},
		{"an import with an unknown collection", "POST", "/configuration/import", `{"key":1}`, 400, invalid(payload, "key", `"key" is not allowed`)},
		{"an import with members of another type", "POST", "/configuration/import", `{"groups":[{"mappings":[{"groupName":5}]}]}`, 400, invalid(payload, "groups.0.mappings.0.groupName", `"groups[0].mappings[0].groupName" must be a string`)},
		{"access that is not said", "PATCH", "/configuration/resource-server", `{"token_lifetime":1}`, 400, invalid(payload, "apiAccess", `"apiAccess" is required`)},
		{"a lifetime that is no number", "PATCH", "/configuration/resource-server", `{"apiAccess":true,"token_lifetime":"soon"}`, 400, invalid(payload, "token_lifetime", `"token_lifetime" must be a number`)},
		{"a lifetime with a fraction", "PATCH", "/configuration/resource-server", `{"apiAccess":true,"token_lifetime":1.5}`, 400, invalid(payload, "token_lifetime", `"token_lifetime" must be an integer`)},
		{"a body that is no JSON", "POST", "/groups", `{"name":`, 400, boom("400", "Bad Request", "Invalid request payload JSON format")},
		{"a body with text after the JSON", "POST", "/groups", `{"name":"n","description":"d"} x`, 400, boom("400", "Bad Request", "Invalid request payload JSON format")},

		// Paths and queries.
		{"an id that is no GUID", "GET", "/groups/staff", "", 400, invalid("params", "id", `"id" must be a valid GUID`)},
		{"the path is looked at before the query and the body", "PUT", "/roles/x?y=z", `{}`, 400, invalid("params", "id", `"id" must be a valid GUID`)},
		{"an expand that is a word", "GET", "/groups/" + staff + "?expand=all", "", 400, invalid("query", "expand", `"expand" must be a boolean`)},
		{"a page where there are none", "GET", "/groups?page=1", "", 400, invalid("query", "page", `"page" is not allowed`)},
		{"a large page", "GET", "/groups/" + staff + "/members?per_page=26", "", 400, invalid("query", "per_page", `"per_page" must be less than or equal to 25`)},
		{"a small page", "GET", "/groups/" + staff + "/members?per_page=0", "", 400, invalid("query", "per_page", `"per_page" must be larger than or equal to 1`)},
		{"a negative page", "GET", "/users?page=-1", "", 400, invalid("query", "page", `"page" must be larger than or equal to 0`)},
		{"a large page of users", "GET", "/users?per_page=101", "", 400, invalid("query", "per_page", `"per_page" must be less than or equal to 100`)},
		{"a long search for users", "GET", "/users?q=" + strings.Repeat(hundred, 10) + "a", "", 400, invalid("query", "q", `"q" length must be less than or equal to 1000 characters long`)},
		{"a parameter that comes twice", "GET", "/groups?q=a&q=b", "", 400, invalid("query", "q", `"q" must be a string`)},
		{"a search in no field", "GET", "/groups?q=a", "", 400, invalid("query", "field", `"field" must be a searchable field`)},
		{"a search in an unknown field", "GET", "/roles?q=a&field=users", "", 400, invalid("query", "field", `"field" must be a searchable field`)},

		// Routes that do not exist.
		{"an unknown path", "GET", "/nothing", "", 404, boom("404", "Not Found", "Not Found")},
		{"another method", "POST", "/groups/" + staff, "", 404, boom("404", "Not Found", "Not Found")},
		{"groups are not taken from a user", "DELETE", "/users/u/groups", `["` + staff + `"]`, 404, boom("404", "Not Found", "Not Found")},
	}
	s := start(t)
	before := s.api(t, "GET", "/configuration/export", "")
	for _, x := range tests {
		t.Run(x.name, func(t *testing.T) {
			s.api(t, x.method, x.path, x.body).is(t, x.status, x.want)
		})
	}
	s.api(t, "GET", "/configuration/export", "").is(t, 200, before.body)
}

func TestLimitsCountAsTheOriginal(t *testing.T) {
	s := start(t)
	for name, body := range map[string]string{
		"25 characters outside the basic plane are 50 units": `{"name":"` + strings.Repeat("😀", 25) + `","description":"d"}`,
		"blanks are not trimmed":                             `{"name":"  ","description":" "}`,
		"a body may have no media type parameters":           `  {"name":"padded","description":"d"}  `,
	} {
		t.Run(name, func(t *testing.T) {
			if got := s.api(t, "POST", "/groups", body); got.status != 200 {
				t.Errorf("answers %d %s", got.status, got.body)
			}
		})
	}
	t.Run("ids may have braces and no dashes", func(t *testing.T) {
		for _, id := range []string{"{" + nobody + "}", strings.ReplaceAll(nobody, "-", ""), strings.ToUpper(nobody)} {
			s.api(t, "DELETE", "/groups/"+id, "").is(t, 204, "")
		}
	})
	t.Run("a body of more than a mebibyte is refused", func(t *testing.T) {
		body := `{"name":"` + strings.Repeat("n", 1<<20) + `"}`
		s.api(t, "POST", "/groups", body).is(t, 413,
			boom("413", "Request Entity Too Large", "Payload content length greater than maximum allowed: 1048576"))
	})
	t.Run("an import of nearly a mebibyte is taken", func(t *testing.T) {
		body := `{"rules":[{"code":"` + strings.Repeat("n", 1<<20-100) + `"}]}`
		s.api(t, "POST", "/configuration/import", body).is(t, 204, "")
	})
	t.Run("a form is refused", func(t *testing.T) {
		s.call(t, "POST", apiPath+"/groups", "name=n", "Content-Type", "application/x-www-form-urlencoded").
			is(t, 415, boom("415", "Unsupported Media Type", "Unsupported Media Type"))
	})
	t.Run("an empty store has no group to expand", func(t *testing.T) {
		s.api(t, "POST", "/configuration/import", `{}`).is(t, 204, "")
		s.api(t, "GET", "/groups/"+staff+"?expand=true", "").is(t, 400, boom("400", "Bad Request", "No groups found"))
	})
}
