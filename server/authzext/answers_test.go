package authzext_test

import (
	"strings"
	"testing"
)

// exchange is a request and the expected answer on the seeded tenant.
type exchange struct {
	name, method, path, body string
	status                   int
	want                     string
}

const (
	staffGroup = `{"_id":"` + staff + `","name":"Staff","description":"Everyone","members":["auth0|u1","auth0|gone"],"roles":["` + employee + `"],
		"mappings":[{"_id":"` + mapping + `","groupName":"AD Staff","connectionName":"corp-ad"},{"_id":"` + lostMapping + `","groupName":"x","connectionName":"gone"}]}`
	boardGroup   = `{"_id":"` + board + `","name":"Board","description":"Top","nested":["` + staff + `"],"roles":["` + manager + `"],"members":["auth0|u2","auth0|u1"]}`
	employeeRole = `{"_id":"` + employee + `","name":"Employee","description":"Works","applicationType":"client","applicationId":"nat1","permissions":["` + read + `"]}`
	managerRole  = `{"_id":"` + manager + `","name":"Manager","description":"Decides","applicationType":"client","applicationId":"nat1","permissions":["` + read + `","` + approve + `"],"users":["auth0|u2"]}`
	webRole      = `{"_id":"` + webEmployee + `","name":"Employee","description":"Works","applicationType":"client","applicationId":"web1","permissions":[]}`

	readPermission    = `{"_id":"` + read + `","name":"read:timesheets","description":"Read","applicationType":"client","applicationId":"nat1"}`
	approvePermission = `{"_id":"` + approve + `","name":"approve:timesheets","description":"Approve","applicationType":"client","applicationId":"nat1"}`
	adminPermission   = `{"_id":"` + unused + `","name":"admin","description":"Administer","applicationType":"client","applicationId":"web1"}`

	staffSummary   = `{"_id":"` + staff + `","name":"Staff","description":"Everyone"}`
	boardSummary   = `{"_id":"` + board + `","name":"Board","description":"Top"}`
	readSummary    = `{"_id":"` + read + `","name":"read:timesheets","description":"Read"}`
	approveSummary = `{"_id":"` + approve + `","name":"approve:timesheets","description":"Approve"}`

	expandedEmployee = `{"_id":"` + employee + `","name":"Employee","description":"Works","applicationType":"client","applicationId":"nat1","permissions":[` + readSummary + `]}`
	expandedManager  = `{"_id":"` + manager + `","name":"Manager","description":"Decides","applicationType":"client","applicationId":"nat1","permissions":[` + readSummary + `,` + approveSummary + `]}`
	employeeOfUser   = `{"_id":"` + employee + `","name":"Employee","description":"Works","applicationId":"nat1"}`
	managerOfUser    = `{"_id":"` + manager + `","name":"Manager","description":"Decides","applicationId":"nat1"}`

	user1       = `{"user_id":"auth0|u1","name":"Employee","email":"employee@exampleco.com","last_login":"2026-02-01T00:00:00.000Z","identities":[{"connection":"` + database + `","user_id":"u1"}]}`
	user2       = `{"user_id":"auth0|u2","name":"A Manager","email":"manager@exampleco.com","last_login":"2026-02-02T00:00:00.000Z","logins_count":3,"identities":[{"connection":"` + database + `","user_id":"u2"}]}`
	unknownUser = `{"user_id":"auth0|gone","name":"<Error: ManagementApiError>","email":"auth0|gone","identities":[{"connection":"N/A"}]}`
)

// answers has at least one request for every operation of the API.
func answers() []exchange {
	return []exchange{
		{"groups are listed with members and mappings", "GET", "/groups", "", 200, `{"groups":[` + staffGroup + `,` + strings.Replace(boardGroup, `"nested"`, `"mappings":[],"nested"`, 1) + `,{"_id":"` + crew + `","name":"Crew","description":"Others","members":[],"mappings":[]}],"total":3}`},
		{"the total of a search is that of the store", "GET", "/groups?q=CREW&field=name", "", 200, `{"groups":[{"_id":"` + crew + `","name":"Crew","description":"Others","members":[],"mappings":[]}],"total":3}`},
		{"a group is created with 200 and an id", "POST", "/groups", `{"name":"New","description":"d"}`, 200, `{"_id":"ANY","name":"New","description":"d"}`},
		{"a group is shown in short", "GET", "/groups/" + staff, "", 200, staffSummary},
		{"an expanded group has the roles of its parents", "GET", "/groups/" + staff + "?expand=true", "", 200, `{"_id":"` + staff + `","name":"Staff","description":"Everyone","roles":[` + expandedEmployee + `,` + expandedManager + `]}`},
		{"a group is not expanded when told not to", "GET", "/groups/" + staff + "?expand=no", "", 200, staffSummary},
		{"a changed group keeps its members", "PUT", "/groups/" + staff, `{"name":"STAFF","description":"new"}`, 200, strings.NewReplacer("Staff\",\"desc", "STAFF\",\"desc", "Everyone", "new").Replace(staffGroup)},
		{"a group that nobody nests is deleted", "DELETE", "/groups/" + board, "", 204, ""},
		{"deleting a group that is not there succeeds", "DELETE", "/groups/" + nobody, "", 204, ""},
		{"mappings of known connections are listed with the strategy", "GET", "/groups/" + staff + "/mappings", "", 200, `[{"_id":"` + mapping + `","groupName":"AD Staff","connectionName":"corp-ad (ad)"}]`},
		{"mappings are added", "PATCH", "/groups/" + crew + "/mappings", `[{"groupName":"a","connectionName":"anything"}]`, 204, ""},
		{"mappings are removed", "DELETE", "/groups/" + staff + "/mappings", `["` + mapping + `","` + nobody + `"]`, 204, ""},
		{"members are listed by user_id, unknown ones too", "GET", "/groups/" + staff + "/members", "", 200, `{"total":2,"users":[` + unknownUser + `,` + user1 + `]}`},
		{"members are paged in their order", "GET", "/groups/" + staff + "/members?per_page=1&page=2", "", 200, `{"total":2,"users":[` + unknownUser + `]}`},
		{"page 0 is the first as page 1 is", "GET", "/groups/" + staff + "/members?per_page=1&page=0", "", 200, `{"total":2,"users":[` + user1 + `]}`},
		{"a page past the end is empty", "GET", "/groups/" + staff + "/members?page=99", "", 200, `{"total":2,"users":[]}`},
		{"members are added", "PATCH", "/groups/" + crew + "/members", `["auth0|u1","x"]`, 204, ""},
		{"members are removed", "DELETE", "/groups/" + staff + "/members", `["auth0|u1"]`, 204, ""},
		{"members are removed from a group without any", "DELETE", "/groups/" + crew + "/members", `["auth0|u1"]`, 204, ""},
		{
			"nested members are listed once with the first group in the store, by name", "GET", "/groups/" + board + "/members/nested", "", 200,
			`{"total":3,"nested":[{"user":{"user_id":"auth0|gone","name":"<Error: ManagementApiError>","email":"auth0|gone"},"group":` + staffSummary + `},
				{"user":{"user_id":"auth0|u2","name":"A Manager","nickname":"man","email":"manager@exampleco.com"},"group":` + boardSummary + `},
				{"user":{"user_id":"auth0|u1","name":"Employee","nickname":"emp","email":"employee@exampleco.com"},"group":` + staffSummary + `}]}`,
		},
		{"nested groups are listed in full", "GET", "/groups/" + board + "/nested", "", 200, `[` + staffGroup + `]`},
		{"nested groups are added", "PATCH", "/groups/" + crew + "/nested", `["` + board + `","` + nobody + `"]`, 204, ""},
		{"nested groups are removed", "DELETE", "/groups/" + board + "/nested", `["` + staff + `"]`, 204, ""},
		{"nested groups are removed from a group without any", "DELETE", "/groups/" + crew + "/nested", `["` + staff + `"]`, 204, ""},
		{"roles of a group are listed in full", "GET", "/groups/" + board + "/roles", "", 200, `[` + managerRole + `]`},
		{"a group without roles has an empty list", "GET", "/groups/" + crew + "/roles", "", 200, `[]`},
		{"roles are added to a group", "PATCH", "/groups/" + crew + "/roles", `["` + employee + `","` + nobody + `"]`, 204, ""},
		{"roles are removed from a group", "DELETE", "/groups/" + board + "/roles", `["` + manager + `"]`, 204, ""},
		{"roles are removed from a group without any", "DELETE", "/groups/" + crew + "/roles", `["` + manager + `"]`, 204, ""},
		{"nested roles come with their group", "GET", "/groups/" + staff + "/roles/nested", "", 200, `[{"role":` + employeeRole + `,"group":` + staffGroup + `},{"role":` + managerRole + `,"group":` + boardGroup + `}]`},

		{"roles are listed", "GET", "/roles", "", 200, `{"roles":[` + employeeRole + `,` + managerRole + `,` + webRole + `],"total":3}`},
		{"roles are searched by application", "GET", "/roles?field=applicationId&q=web", "", 200, `{"roles":[` + webRole + `],"total":3}`},
		{"a role is created without permissions", "POST", "/roles", `{"name":"Guest","description":"d","applicationType":"client","applicationId":"nat1"}`, 200, `{"_id":"ANY","name":"Guest","description":"d","applicationType":"client","applicationId":"nat1","permissions":[]}`},
		{"a role is created with permissions, unknown ones too", "POST", "/roles", `{"name":"Guest","description":"d","applicationType":"resource_server","applicationId":"nat1","permissions":["` + read + `","` + nobody + `"]}`, 200, `{"_id":"ANY","name":"Guest","description":"d","applicationType":"resource_server","applicationId":"nat1","permissions":["` + read + `","` + nobody + `"]}`},
		{"the name of another application's role is free", "POST", "/roles", `{"name":"Manager","description":"d","applicationType":"client","applicationId":"web1"}`, 200, `{"_id":"ANY","name":"Manager","description":"d","applicationType":"client","applicationId":"web1","permissions":[]}`},
		{"a role is shown in short", "GET", "/roles/" + manager, "", 200, `{"_id":"` + manager + `","name":"Manager","description":"Decides"}`},
		{"a changed role keeps its users and loses the permissions that are not sent", "PUT", "/roles/" + manager, `{"name":"Boss","description":"d","applicationType":"client","applicationId":"nat1"}`, 200, `{"_id":"` + manager + `","name":"Boss","description":"d","applicationType":"client","applicationId":"nat1","permissions":[],"users":["auth0|u2"]}`},
		{"a role that no group has is deleted", "DELETE", "/roles/" + webEmployee, "", 204, ""},
		{"deleting a role that is not there succeeds", "DELETE", "/roles/" + nobody, "", 204, ""},

		{"permissions are listed", "GET", "/permissions", "", 200, `{"permissions":[` + readPermission + `,` + approvePermission + `,` + adminPermission + `],"total":3}`},
		{"permissions are searched by name", "GET", "/permissions?q=ADM&field=name", "", 200, `{"permissions":[` + adminPermission + `],"total":3}`},
		{"a permission is created", "POST", "/permissions", `{"name":"x","description":"d","applicationType":"client","applicationId":"nat1"}`, 200, `{"_id":"ANY","name":"x","description":"d","applicationType":"client","applicationId":"nat1"}`},
		{"a permission is shown in short", "GET", "/permissions/" + read, "", 200, readSummary},
		{"an unused permission may change its application", "PUT", "/permissions/" + unused, `{"name":"admin2","description":"d","applicationType":"client","applicationId":"nat1"}`, 200, `{"_id":"` + unused + `","name":"admin2","description":"d","applicationType":"client","applicationId":"nat1"}`},
		{"an unused permission is deleted", "DELETE", "/permissions/" + unused, "", 204, ""},
		{"deleting a permission that is not there succeeds", "DELETE", "/permissions/" + nobody, "", 204, ""},

		{"users are listed, the last login first", "GET", "/users", "", 200, `{"start":0,"limit":100,"length":2,"total":2,"users":[` + user2 + `,` + user1 + `]}`},
		{"users are paged", "GET", "/users?per_page=1&page=2", "", 200, `{"start":1,"limit":1,"length":1,"total":2,"users":[` + user1 + `]}`},
		{"users are searched by a member", "GET", "/users?field=email&q=EMPLOYEE*", "", 200, `{"start":0,"limit":100,"length":1,"total":1,"users":[` + user1 + `]}`},
		{"users are searched by connection", "GET", "/users?field=identities.connection&q=%22" + database + "%22", "", 200, `{"start":0,"limit":100,"length":2,"total":2,"users":[` + user2 + `,` + user1 + `]}`},
		{"users are searched by a number", "GET", "/users?field=logins_count&q=3", "", 200, `{"start":0,"limit":100,"length":1,"total":1,"users":[` + user2 + `]}`},
		{"users are searched without a field", "GET", "/users?q=a+manager", "", 200, `{"start":0,"limit":100,"length":1,"total":1,"users":[` + user2 + `]}`},
		{"a user is shown whole", "GET", "/users/auth0%7Cu1", "", 200, strings.Replace(user1, `"email"`, `"nickname":"emp","email"`, 1)},
		{"the groups of a user are those that list the user", "GET", "/users/auth0%7Cu1/groups", "", 200, `[` + staffSummary + `,` + boardSummary + `]`},
		{"expanded, they come with their parents and roles", "GET", "/users/auth0%7Cgone/groups?expand=1", "", 200, `{"groups":[` + staffSummary + `,` + boardSummary + `],"roles":[` + expandedEmployee + `,` + expandedManager + `]}`},
		{"calculated groups include parents", "GET", "/users/auth0%7Cgone/groups/calculate", "", 200, `[` + staffSummary + `,` + boardSummary + `]`},
		{"a user joins groups by id", "PATCH", "/users/new/groups", `["` + crew + `","` + nobody + `"]`, 204, ""},
		{"a user joins groups by name", "PATCH", "/users/new/groups", `["Crew","No Such Group"]`, 204, ""},
		{"the roles of a user are the direct ones", "GET", "/users/auth0%7Cu2/roles", "", 200, `[` + managerOfUser + `]`},
		{"a user without roles has an empty list", "GET", "/users/auth0%7Cu1/roles", "", 200, `[]`},
		{"calculated roles come through groups as well", "GET", "/users/auth0%7Cgone/roles/calculate", "", 200, `[` + employeeOfUser + `,` + managerOfUser + `]`},
		{"a user is given roles", "PATCH", "/users/auth0%7Cu1/roles", `["` + manager + `"]`, 204, ""},
		{"roles are taken from a user", "DELETE", "/users/auth0%7Cu2/roles", `["` + manager + `"]`, 204, ""},

		{"the policy of a member of a nested group", "POST", "/users/auth0%7Cgone/policy/nat1", `{"connectionName":"c"}`, 200, `{"groups":["Staff","Board"],"roles":["Employee","Manager"],"permissions":["read:timesheets","approve:timesheets"]}`},
		{"the policy of a mapped user", "POST", "/users/stranger/policy/nat1", `{"connectionName":"corp-ad","groups":["AD Staff"]}`, 200, `{"groups":["Staff","Board"],"roles":["Employee","Manager"],"permissions":["read:timesheets","approve:timesheets"]}`},
		{"the policy of a stranger is empty lists", "POST", "/users/stranger/policy/nowhere", `{"connectionName":"c","groups":[]}`, 200, `{"groups":[],"roles":[],"permissions":[]}`},

		{"applications are those that people use, by name", "GET", "/applications", "", 200, `[{"client_id":"web1","name":"Timesheets Admin","callbacks":[],"app_type":"regular_web"},{"client_id":"nat1","name":"timesheets mobile","callbacks":["demo://cb"],"app_type":"native"}]`},
		{"an application is shown whole", "GET", "/applications/m2m", "", 200, `{"client_id":"m2m","name":"Cron","app_type":"non_interactive"}`},
		{"connections are listed by name", "GET", "/connections", "", 200, `[{"id":"con_2","name":"corp-ad","strategy":"ad"},{"id":"con_1","name":"` + database + `","strategy":"auth0"}]`},

		{"no configuration is no content", "GET", "/configuration", "", 204, ""},
		{"a configuration comes with an API key", "PATCH", "/configuration", `{"groupsInToken":"yes","persistRoles":false}`, 200, `{"_id":"v1","apikey":"ANY","groupsInToken":true,"persistRoles":false}`},
		{"the API key is rotated", "PATCH", "/configuration/rotate-apikey", "", 200, `{"hash":"ANY"}`},
		{"the store is exported as it is", "GET", "/configuration/export", "", 200, fixture},
		{"a store is imported", "POST", "/configuration/import", `{"groups":[{"_id":"x","anything":{"goes":1},"members":null}],"rules":[{"a":1}],"applications":[]}`, 204, ""},
		{"without the API there is no access", "GET", "/configuration/resource-server", "", 200, `{"apiAccess":false}`},
		{"access is switched on", "PATCH", "/configuration/resource-server", `{"apiAccess":true,"token_lifetime":600}`, 204, ""},
		{"access that is off is switched off", "PATCH", "/configuration/resource-server", `{"apiAccess":"no"}`, 204, ""},
		{"deleting an API that is not there fails", "DELETE", "/configuration/resource-server", "", 404, boom("404", "Not Found", "The resource server does not exist")},
	}
}

func TestAnswers(t *testing.T) {
	s := start(t)
	for _, x := range answers() {
		t.Run(x.name, func(t *testing.T) {
			s.seed(t)
			s.api(t, x.method, x.path, x.body).is(t, x.status, x.want)
		})
	}
}

// TestEveryOperationHasAnAnswer checks that the table above is complete.
func TestEveryOperationHasAnAnswer(t *testing.T) {
	s := start(t)
	operations := s.router.Operations()
	for _, op := range operations {
		method, template, _ := strings.Cut(op, " ")
		template, inAPI := strings.CutPrefix(template, apiPath)
		if !inAPI || template == "/" {
			continue // /meta and what no route serves
		}
		if method+template == "GET/configuration/status" || (template == "/configuration/resource-server" && (method == "POST" || method == "DELETE")) {
			continue // TestConfiguration and TestResourceServer have them
		}
		found := false
		for _, x := range answers() {
			path, _, _ := strings.Cut(x.path, "?")
			found = found || (x.method == method && x.status < 300 && matches(template, path))
		}
		if !found {
			t.Errorf("no success of %s among the answers", op)
		}
	}
	if len(operations) < 50 {
		t.Errorf("only %d operations", len(operations))
	}
}

func matches(template, path string) bool {
	want, got := strings.Split(template, "/"), strings.Split(path, "/")
	if len(want) != len(got) {
		return false
	}
	for i := range want {
		if want[i] != got[i] && !strings.HasPrefix(want[i], "{") {
			return false
		}
	}
	return true
}
