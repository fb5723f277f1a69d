package server_test

import (
	"encoding/json"
	"net/http"
	"strings"
	"testing"

	"github.com/tenant0/tenant0/server/apierr"
	"github.com/tenant0/tenant0/server/servertest"
)

// lists returns so many JSON lists, each within the one before.
func lists(n int) string { return strings.Repeat("[", n) + strings.Repeat("]", n) }

// TestWhatIsNestedTooDeepIsRefused at every door behind which JSON is stored, since a tenant file cannot hold it and the
// work for it grows with the square of its depth.
func TestWhatIsNestedTooDeepIsRefused(t *testing.T) {
	m := startManaged(t)
	api, extension := "Bearer "+m.token(m.URL+"api/v2/"), "Bearer "+m.token("urn:auth0-authz-api")
	deep, deeper := lists(apierr.MaxNesting), lists(102)
	m.api(http.MethodPatch, "tenants/settings", `{"flags":{"enable_dynamic_client_registration":true}}`, "")
	for _, door := range []struct{ method, target, bearer, body string }{
		{http.MethodPatch, m.URL + "api/v2/users/" + employeeID, api, `{"user_metadata":` + deep + `}`},
		{http.MethodPost, m.URL + "api/v2/connections", api, `{"name":"deep","strategy":"oidc","options":{"client_id":"x","more":` + deep + `}}`},
		{http.MethodPost, m.URL + "api/v2/roles", api, `{"name":` + deep + `}`},
		{http.MethodPost, m.URL + "extensions/authorization/api/groups", extension, `{"name":"a","description":` + deep + `}`},
		{http.MethodPost, m.URL + "oidc/register", "", `{"redirect_uris":` + deep + `}`},
		{http.MethodPost, m.ControlURL() + "/import", "", `{"sections":{"clients":[{"name":"a","client_metadata":{"a":` + deeper + `}}]}}`},
		{http.MethodPost, m.ControlURL() + "/import", "", `{"users":[{"email":"a@b.test","user_metadata":{"a":` + deeper + `}}],"connection":"x"}`},
	} {
		headers := []string{}
		if door.bearer != "" {
			headers = append(headers, "Authorization", door.bearer)
		}
		status, answer := m.send(door.method, door.target, door.body, headers...)
		if status != http.StatusBadRequest || !strings.Contains(answer, "lists and objects inside each other are not allowed") {
			t.Errorf("%s %s: %d %.200s", door.method, door.target, status, answer)
		}
	}
}

// TestATenantFileHoldsWhatTheAPITakes: the deepest values that a user and a connection can have are exported, and a tenant
// starts with them, or imports them.
func TestATenantFileHoldsWhatTheAPITakes(t *testing.T) {
	m := startManaged(t)
	deepest := lists(apierr.MaxNesting - 2) // within the body and the metadata
	m.api(http.MethodPatch, "users/"+employeeID, `{"user_metadata":{"a":`+deepest+`}}`, "")
	m.api(http.MethodPost, "connections", `{"name":"deep","strategy":"oidc","options":{"client_id":"x","more":`+deepest+`}}`, "")
	exported := export(t, m.Server)
	users, err := json.Marshal(map[string]any{"users": exported.Users})
	if err != nil || !strings.Contains(string(users), deepest) {
		t.Fatalf("%v; the users are %.500s", err, users)
	}
	servertest.Start(t, servertest.Seed(string(users)))

	sections, err := json.Marshal(map[string]any{"sections": map[string]any{"connections": exported.Sections["connections"]}})
	if err != nil || !strings.Contains(string(sections), deepest) {
		t.Fatalf("%v; the connections are %.500s", err, sections)
	}
	other := servertest.Start(t)
	for _, body := range []string{string(sections), strings.TrimSuffix(string(users), "}") + `,"connection":"Username-Password-Authentication"}`} {
		if status, report := bring(t, other, body); status != http.StatusOK {
			t.Errorf("the import answers %d %s", status, report.Message)
		}
	}
}
