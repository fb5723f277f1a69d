package server_test

import (
	"bytes"
	"encoding/json"
	"io"
	"net/http"
	"net/url"
	"slices"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"

	"github.com/tenant0/tenant0/server/servertest"
)

// bring imports a configuration by the control listener, and returns the status and the report.
func bring(t *testing.T, s *servertest.Server, body string) (status int, report struct {
	Changes []struct {
		Action, Section, Name string
		Differences           []string
	}
	Skipped []struct{ Section, Name, Reason string }
	Kept    []struct{ Section, Name, Reason string }
	Users   map[string]int
	Errors  []struct {
		Errors []struct{ Code, Message string }
	}
	Message string `json:"error_description"`
},
) {
	t.Helper()
	rq, err := http.NewRequestWithContext(t.Context(), http.MethodPost, s.ControlURL()+"/import", strings.NewReader(body))
	if err != nil {
		t.Fatal(err)
	}
	resp, err := http.DefaultClient.Do(rq)
	if err != nil {
		t.Fatal(err)
	}
	defer resp.Body.Close()
	raw, err := io.ReadAll(resp.Body)
	if err == nil {
		err = json.Unmarshal(raw, &report)
	}
	if err != nil {
		t.Fatalf("%s: %v", raw, err)
	}
	return resp.StatusCode, report
}

// done imports a configuration, which must succeed, and returns the changes in the given sections,
// or in all sections if none is given.
func done(t *testing.T, s *servertest.Server, body string, sections ...string) (changes []string) {
	t.Helper()
	status, report := bring(t, s, body)
	if status != http.StatusOK {
		t.Fatalf("%d %s", status, report.Message)
	}
	for _, c := range report.Changes {
		if len(sections) == 0 || slices.Contains(sections, c.Section) {
			changes = append(changes, strings.Join(append([]string{c.Action + " " + c.Section + " " + c.Name}, c.Differences...), "; "))
		}
	}
	for _, k := range report.Skipped {
		if len(sections) == 0 {
			changes = append(changes, "skip "+k.Section+" "+k.Name)
		}
	}
	return changes
}

func TestImportIsAllOrNothing(t *testing.T) {
	s := servertest.Start(t)
	actions := func(body string) []string { return done(t, s, body) }
	const role, client = `"roles":[{"name":"Clerk","permissions":[]}]`, `"clients":[{"name":"Desk","callbacks":["http://localhost/desk"]}]`
	status, report := bring(t, s, `{"sections":{`+client+`,"roles":[{"name":"Clerk"},{"description":"without a name"}]}}`)
	if status != http.StatusUnprocessableEntity || !strings.Contains(report.Message, "roles") || !strings.Contains(report.Message, "name") {
		t.Errorf("a fault is answered with %d %s", status, report.Message)
	}
	want := []string{"create clients Desk", "create roles Clerk", "skip novelties "}
	dry := actions(`{"dry_run":true,"sections":{` + client + `,` + role + `,"novelties":[{"name":"x"}]}}`)
	if diff := cmp.Diff(want, dry); diff != "" {
		t.Errorf("after the fault a dry run says (- want, + got):\n%s", diff)
	}
	if diff := cmp.Diff(want[:2], actions(`{"sections":{`+client+`,`+role+`}}`)); diff != "" {
		t.Errorf("after the dry run an import does (- want, + got):\n%s", diff)
	}
	// In a tenant file ${issuer} stands for the issuer.
	const grant = `"clientGrants":[{"client_id":"Desk","audience":"${issuer}api/v2/","scope":["read:users"]}]`
	if got := actions(`{"sections":{` + grant + `}}`); len(got) != 1 || !strings.HasPrefix(got[0], "create clientGrants ") {
		t.Errorf("a grant for the tenant's own API does %q", got)
	}
	want = []string{`update clients Desk; callbacks: ["http://localhost/desk"] → ["http://localhost/other"]`, "unchanged roles Clerk"}
	if diff := cmp.Diff(want, actions(`{"sections":{"clients":[{"name":"Desk","callbacks":["http://localhost/other"]}],`+role+`}}`)); diff != "" {
		t.Errorf("the second import does (- want, + got):\n%s", diff)
	}
}

func TestImportReplacesWhatAnObjectHolds(t *testing.T) {
	s := servertest.Start(t)
	permission := func(name string) string {
		return `{"resource_server_identifier":"` + servertest.API + `","permission_name":"` + name + `"}`
	}
	last := func(sections string) (action string, differences []string) {
		t.Helper()
		status, report := bring(t, s, `{"sections":{`+sections+`}}`)
		if status != http.StatusOK {
			t.Fatalf("%d %s", status, report.Message)
		}
		change := report.Changes[len(report.Changes)-1]
		return change.Action, change.Differences
	}
	const connection = `"databases":[{"name":"Staff","enabled_clients":[%s]}]`
	last(`"roles":[{"name":"Clerk","permissions":[` + permission("read:timesheets") + `,` + permission("create:timesheets") + `]}]`)
	last(strings.ReplaceAll(connection, "%s", `"Timesheets SPA"`))
	const stream = `"logStreams":[{"name":"SIEM","type":"http","sink":{"httpEndpoint":"https://siem.test/%s"}}]`
	last(strings.ReplaceAll(stream, "%s", "one"))
	for _, step := range []struct{ sections, action, difference string }{
		{`"roles":[{"name":"Clerk","permissions":[` + permission("read:timesheets") + `]}]`, "update", "permissions: "},
		{`"roles":[{"name":"Clerk","permissions":[` + permission("read:timesheets") + `]}]`, "unchanged", ""},
		{`"roles":[{"name":"Clerk"}]`, "unchanged", ""},
		{strings.ReplaceAll(connection, "%s", `"Timesheets Web"`), "update", "enabled_clients: "},
		{strings.ReplaceAll(connection, "%s", `"Timesheets Web"`), "unchanged", ""},
		{`"resourceServers":[{"identifier":"` + servertest.API + `","token_lifetime":7200}]`, "update", "token_lifetime: 86400 → 7200"},
		{strings.ReplaceAll(stream, "%s", "two"), "update", `sink.httpEndpoint: "https://siem.test/one" → "https://siem.test/two"`},
	} {
		action, differences := last(step.sections)
		if action != step.action || !strings.HasPrefix(strings.Join(differences, ""), step.difference) {
			t.Errorf("%s: %s %q, want %s %s", step.sections, action, differences, step.action, step.difference)
		}
	}
}

func TestANameThatNothingHasIsListed(t *testing.T) {
	s := servertest.Start(t)
	status, report := bring(t, s, `{"sections":{"forms":[{"name":"f","nodes":[{"id":"n","type":"FLOW","config":{"flow_id":"gone","next_node":"$ending"}}],"start":{"next_node":"n"}}]}}`)
	if status != http.StatusOK || len(report.Skipped) != 1 || !strings.Contains(report.Skipped[0].Reason, "gone") {
		t.Errorf("%d %s %+v", status, report.Message, report.Skipped)
	}
}

func TestCodeIsKeptAndNamed(t *testing.T) {
	s := servertest.Start(t)
	status, report := bring(t, s, `{"sections":{"rules":[{"name":"old","script":"function (u, c, cb) { cb(null, u, c) }"}],
		"databases":[{"name":"legacy","options":{"enabledDatabaseCustomization":true,"customScripts":{"login":"function login() {}"}}},{"name":"plain"}]}}`)
	if status != http.StatusOK || len(report.Kept) != 2 || report.Kept[0].Name != "legacy" || report.Kept[1].Name != "old" {
		t.Errorf("%d %s: %+v", status, report.Message, report.Kept)
	}
	for _, k := range report.Kept {
		if !strings.Contains(k.Reason, "not run") {
			t.Errorf("%s: %s", k.Name, k.Reason)
		}
	}
}

func TestCodeOfASeedIsNamed(t *testing.T) {
	s := servertest.Start(t, servertest.Seed(`
databases: [{name: plain}, {name: legacy, options: {customScripts: {login: "function login() {}"}}}]
rules: [{name: old, script: "function (u, c, cb) { cb(null, u, c) }"}]
actions: [{name: new, code: "1", supported_triggers: [{id: post-login, version: v3}]}]
`))
	got := s.Summary().FileWarnings
	slices.Sort(got)
	if want := []string{
		":2:28: databases legacy: its code is stored, but tenant0 does not run it",
		":3:9: rules old: its code is stored, but tenant0 does not run it",
		":4:11: actions new: its code is stored, but tenant0 does not run it",
	}; !slices.EqualFunc(got, want, strings.HasSuffix) {
		t.Errorf("the start says %q", got)
	}
}

func TestImportOfUsersThatAuth0Exported(t *testing.T) {
	s := servertest.Start(t)
	users := []string{
		`{"Id":"auth0|abc","Given Name":"Ann","Email":"ann@exported.test","Email Verified":true,"Connection":"Username-Password-Authentication"}`,
		`{"_id":{"$oid":"60425dc43519d90068f82973"},"email":"bob@exported.test","passwordHash":"$2b$10$nFguVi9LsCAcvTZFKQlRKeLVydo8ETv483lkNsSFI/Wl1Rz1Ypo1K","tenant":"t","_tmp_is_unique":true}`,
		`{"email":"ann@exported.test"}`,
		`{"Id":"google-oauth2|1090","Email":"social@exported.test","Connection":"google"}`,
	}
	status, report := bring(t, s, `{"connection":"Username-Password-Authentication","users":[`+strings.Join(users, ",")+`]}`)
	want := map[string]int{"inserted": 2, "updated": 0, "failed": 2, "total": 4}
	if diff := cmp.Diff(want, report.Users); status != http.StatusOK || diff != "" {
		t.Errorf("%d (- want, + got):\n%s", status, diff)
	}
	if len(report.Errors) != 2 || report.Errors[0].Errors[0].Code != "DUPLICATED_USER" || !strings.Contains(report.Errors[1].Errors[0].Message, "logs in at google-oauth2") {
		t.Errorf("faults: %+v", report.Errors)
	}
	s.Login(s.Client(), servertest.Login{Username: "bob@exported.test", Password: "hello"})
	if status, report := bring(t, s, `{"connection":"none","users":[`+users[0]+`]}`); status != http.StatusUnprocessableEntity {
		t.Errorf("an unknown connection is answered with %d %s", status, report.Message)
	}
	rq, err := http.NewRequestWithContext(t.Context(), http.MethodPost, s.ControlURL()+"/import", bytes.NewReader([]byte(`{}`)))
	if err != nil {
		t.Fatal(err)
	}
	rq.Header.Set("Origin", "https://evil.test")
	resp, err := http.DefaultClient.Do(rq)
	if err != nil {
		t.Fatal(err)
	}
	resp.Body.Close()
	if resp.StatusCode != http.StatusForbidden {
		t.Errorf("a web page may import: %s", resp.Status)
	}
}

func TestATenantFileHasTheOtherSectionsOfDeployCLI(t *testing.T) {
	s := servertest.Start(t, servertest.Seed(`
clients:
  - {name: Tool, client_id: Tool0000000000000000000000000000, client_secret: tool-secret, app_type: non_interactive, grant_types: [client_credentials]}
clientGrants:
  - {client_id: Tool, audience: "${issuer}api/v2/", scope: [read:organizations, delete:organizations]}
databases:
  - {name: Staff, enabled_clients: [Tool]}
organizations:
  - {name: acme, display_name: "Acme of ${issuer}", connections: [{name: Staff, assign_membership_on_login: true}]}
branding: {colors: {primary: "#112233"}}
forms:
  - {name: sign, start: {next_node: f}, nodes: [{id: f, type: FLOW, config: {flow_id: gone, next_node: $ending}}]}
`))
	token := func() string {
		_, answer := s.Token(s.Client(), url.Values{
			"grant_type": {"client_credentials"}, "audience": {s.Issuer() + "api/v2/"},
			"client_id": {"Tool0000000000000000000000000000"}, "client_secret": {"tool-secret"},
		})
		token, _ := answer["access_token"].(string)
		return token
	}
	call := func(method, path string) (int, string) {
		t.Helper()
		rq, err := http.NewRequestWithContext(t.Context(), method, s.URL+"api/v2"+path, nil)
		if err != nil {
			t.Fatal(err)
		}
		rq.Header.Set("Authorization", "Bearer "+token())
		resp, err := s.Client().Do(rq)
		if err != nil {
			t.Fatal(err)
		}
		defer resp.Body.Close()
		raw, err := io.ReadAll(resp.Body)
		if err != nil {
			t.Fatal(err)
		}
		return resp.StatusCode, string(raw)
	}
	status, organization := call(http.MethodGet, "/organizations/name/acme")
	if want := `"display_name":"Acme of ` + s.Issuer() + `"`; status != http.StatusOK || !strings.Contains(organization, want) {
		t.Fatalf("%d %s, want %s", status, organization, want)
	}
	var known struct{ ID string }
	if err := json.Unmarshal([]byte(organization), &known); err != nil {
		t.Fatal(err)
	}
	if status, answer := call(http.MethodDelete, "/organizations/"+known.ID); status != http.StatusNoContent {
		t.Fatalf("%d %s", status, answer)
	}
	s.Reset()
	if status, answer := call(http.MethodGet, "/organizations/"+known.ID); status != http.StatusOK {
		t.Errorf("after a reset: %d %s", status, answer)
	}
}
