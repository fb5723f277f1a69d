package server_test

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"maps"
	"net/http"
	"slices"
	"strconv"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"

	"github.com/tenant0/tenant0/server/servertest"
)

// listed gives, for each section that lists objects, the member that identifies an object, and
// the text of an object with NNN in place of its number.
var listed = map[string]struct{ identity, object string }{
	"resourceServers":       {"identifier", `{"name":"api NNN","identifier":"https://api-NNN.example","scopes":[{"value":"read:NNN"}]}`},
	"actionModules":         {"name", `{"name":"module-NNN","code":"module.exports = NNN"}`},
	"actions":               {"name", `{"name":"action NNN","code":"exports.onExecutePostLogin = async () => {}","supported_triggers":[{"id":"post-login","version":"v3"}],"deployed":true}`},
	"userAttributeProfiles": {"name", `{"name":"attributes NNN","user_attributes":{"email":{"description":"e","label":"E","profile_required":true,"auth0_mapping":"email"}}}`},
	"connectionProfiles":    {"name", `{"name":"profile NNN"}`},
	"clients":               {"name", `{"name":"app NNN","client_id":"AppNNN","callbacks":["https://app-NNN.example/callback"]}`},
	"databases":             {"name", `{"name":"database-NNN","enabled_clients":["app NNN"]}`},
	"connections":           {"name", `{"name":"oidc-NNN","strategy":"oidc","options":{"client_id":"x","type":"front_channel","issuer":"https://idp.test","authorization_endpoint":"https://idp.test/a","jwks_uri":"https://idp.test/j"}}`},
	"clientGrants":          {"client_id", `{"client_id":"app NNN","audience":"https://api-NNN.example","scope":["read:NNN"],"organization_usage":"allow"}`},
	"roles":                 {"name", `{"name":"role NNN","permissions":[{"resource_server_identifier":"https://api-NNN.example","permission_name":"read:NNN"}]}`},
	"rules":                 {"name", `{"name":"rule NNN","script":"function (u, c, cb) { cb(null, u, c) }"}`},
	"hooks":                 {"name", `{"name":"hook-NNN","script":"module.exports = (u, c, cb) => cb()","triggerId":"pre-user-registration","enabled":false}`},
	"organizations":         {"name", `{"name":"organization-NNN","connections":[{"name":"database-NNN"}]}`},
	"logStreams":            {"name", `{"name":"stream NNN","type":"http","sink":{"httpEndpoint":"https://siem.test/NNN"}}`},
	"customDomains":         {"domain", `{"domain":"login-NNN.example.com","type":"self_managed_certs"}`},
	"selfServiceProfiles":   {"name", `{"name":"self-service NNN","user_attributes":[]}`},
	"networkACLs":           {"description", `{"description":"acl NNN","active":true,"rule":{"action":{"block":true},"match":{"asns":[9453]},"scope":"tenant"}}`},
	"eventStreams":          {"name", `{"name":"events NNN","status":"disabled","subscriptions":[{"event_type":"user.created"}],"destination":{"type":"action","configuration":{"action_id":"action NNN"}}}`},
	"rateLimitPolicies":     {"consumer_selector", `{"resource":"oauth_authentication_api","consumer":"client","consumer_selector":"selector-NNN","configuration":{"action":"block","limit":100}}`},
	"flowVaultConnections":  {"name", `{"name":"vault NNN","app_id":"HTTP"}`},
	"flows":                 {"name", `{"name":"flow NNN"}`},
	"forms":                 {"name", `{"name":"form NNN"}`},
	"themes":                {"displayName", smallTheme},
}

const smallTheme = `{"displayName":"theme NNN","borders":{"button_border_radius":1,"button_border_weight":1,"buttons_style":"pill","input_border_radius":3,"input_border_weight":1,"inputs_style":"pill","show_widget_shadow":false,"widget_border_weight":1,"widget_corner_radius":3},` +
	`"colors":{"body_text":"#FF00CC","error":"#FF00CC","header":"#000000","icons":"#CCAA00","input_background":"#000000","input_border":"#CCAA00","input_filled_text":"#CCAA00","input_labels_placeholders":"#000000","links_focused_components":"#CCAA00","primary_button":"#CCAA00","primary_button_label":"#FFFFFF","secondary_button_border":"#CCAA00","secondary_button_label":"#000000","success":"#FFFFFF","widget_background":"#000000","widget_border":"#FFFFFF"},` +
	`"fonts":{"body_text":{"bold":false,"size":100},"buttons_text":{"bold":false,"size":100},"font_url":"","input_labels":{"bold":false,"size":100},"links":{"bold":false,"size":100},"links_style":"normal","reference_text_size":12,"subtitle":{"bold":false,"size":100},"title":{"bold":false,"size":100}},` +
	`"page_background":{"background_color":"#000000","background_image_url":"","page_layout":"center"},"widget":{"header_text_alignment":"center","logo_height":55,"logo_position":"center","logo_url":"","social_buttons_layout":"top"}}`

// numbered lists n copies of an object, with NNN replaced by numbers from 101 on.
func numbered(n int, object string) string {
	var all []string
	for i := range n {
		all = append(all, strings.ReplaceAll(object, "NNN", strconv.Itoa(101+i)))
	}
	return strings.Join(all, ",")
}

// longLists returns a configuration with n objects in every section that lists objects, and with
// objects that themselves contain lists of n entries.
func longLists(n int) string {
	var sections []string
	for _, name := range slices.Sorted(maps.Keys(listed)) {
		objects := numbered(n, listed[name].object)
		switch name { // one more that holds as many
		case "resourceServers":
			objects += `,{"name":"wide","identifier":"https://wide.example","scopes":[` + numbered(n, `{"value":"wide:NNN"}`) + `]}`
		case "roles":
			objects += `,{"name":"wide","permissions":[` + numbered(n, `{"resource_server_identifier":"https://wide.example","permission_name":"wide:NNN"}`) + `]}`
		case "databases":
			objects += `,{"name":"wide","enabled_clients":[` + numbered(n, `"app NNN"`) + `]}`
		case "organizations":
			objects += `,{"name":"wide","connections":[` + numbered(n, `{"name":"database-NNN"}`) + `],"client_grants":[` +
				numbered(n, `{"client_id":"app NNN","audience":"https://api-NNN.example"}`) + `],"discovery_domains":[` +
				numbered(n, `{"domain":"d-NNN.example","status":"verified"}`) + `]}`
		}
		sections = append(sections, `"`+name+`":[`+objects+`]`)
	}
	sections = append(sections, `"triggers":{"post-login":[`+numbered(n, `{"action_name":"action NNN","display_name":"binding NNN"}`)+`]}`,
		`"users":[`+numbered(n, `{"email":"user-NNN@example.com","roles":["role NNN"]}`)+`,{"email":"wide@example.com","roles":[`+numbered(n, `"role NNN"`)+
			`],"permissions":[`+numbered(n, `{"resource_server_identifier":"https://wide.example","permission_name":"wide:NNN"}`)+`]}]`)
	return `{"sections":{` + strings.Join(sections, ",") + `}}`
}

// export reads the control listener's export, with users.
func export(t *testing.T, s *servertest.Server) (all struct {
	Sections map[string]json.RawMessage
	Users    []map[string]any
},
) {
	t.Helper()
	rq, err := http.NewRequestWithContext(t.Context(), http.MethodGet, s.ControlURL()+"/export?users=true", nil)
	if err != nil {
		t.Fatal(err)
	}
	resp, err := http.DefaultClient.Do(rq)
	if err != nil {
		t.Fatal(err)
	}
	defer resp.Body.Close()
	if resp.StatusCode != http.StatusOK {
		raw, err := io.ReadAll(resp.Body)
		t.Fatalf("the export answers %s %s %v", resp.Status, raw, err)
	}
	if err := json.NewDecoder(resp.Body).Decode(&all); err != nil {
		t.Fatal(err)
	}
	return all
}

// TestListsOfAnyLengthAreImportedAndExported imports one page of the Management API's lists (50 objects) of
// every kind, and one object less, one more, and two pages and one object.
func TestListsOfAnyLengthAreImportedAndExported(t *testing.T) {
	for _, n := range []int{49, 50, 51, 101} {
		t.Run(strconv.Itoa(n), func(t *testing.T) {
			s := servertest.Start(t, servertest.Seed("tenant: {friendly_name: Long}"))
			configuration := longLists(n)
			dry := done(t, s, strings.Replace(configuration, "{", `{"dry_run":true,`, 1))
			if diff := cmp.Diff(dry, done(t, s, configuration)); diff != "" {
				t.Errorf("the import does other than the dry run said (- dry run, + import):\n%s", diff)
			}
			if again := changing(done(t, s, configuration)); len(again) > 0 {
				t.Errorf("the same import again does %q", again)
			}
			checkLongLists(t, n, s)
		})
	}
}

// changing returns the lines of an import report other than "unchanged …".
func changing(report []string) []string {
	return slices.DeleteFunc(report, func(line string) bool { return strings.HasPrefix(line, "unchanged ") })
}

// checkLongLists checks that the tenant's export has everything in longLists.
func checkLongLists(t *testing.T, n int, s *servertest.Server) {
	t.Helper()
	all := export(t, s)
	for section, of := range listed {
		var objects []map[string]any
		if err := json.Unmarshal(all.Sections[section], &objects); err != nil {
			t.Errorf("%s: %v", section, err)
			continue
		}
		have, wide := map[any]bool{}, map[string]any(nil)
		for _, o := range objects {
			if have[o[of.identity]] = true; o["name"] == "wide" {
				wide = o
			}
		}
		var sent []map[string]any
		if err := json.Unmarshal([]byte("["+numbered(n, of.object)+"]"), &sent); err != nil {
			t.Fatal(err)
		}
		for _, o := range sent {
			if !have[o[of.identity]] {
				t.Errorf("%s: %v is lost", section, o[of.identity])
			}
		}
		for _, member := range map[string][]string{
			"resourceServers": {"scopes"}, "roles": {"permissions"}, "databases": {"enabled_clients"},
			"organizations": {"connections", "client_grants", "discovery_domains"},
		}[section] {
			if list, _ := wide[member].([]any); len(list) != n {
				t.Errorf("%s: of %d %s there are %d", section, n, member, len(list))
			}
		}
	}
	var triggers map[string][]any
	if err := json.Unmarshal(all.Sections["triggers"], &triggers); err != nil || len(triggers["post-login"]) != n {
		t.Errorf("of %d bindings there are %d, %v", n, len(triggers["post-login"]), err)
	}
	if len(all.Users) != n+1 {
		t.Errorf("of %d users there are %d", n+1, len(all.Users))
	}
	for _, u := range all.Users {
		roles, _ := u["roles"].([]any)
		permissions, _ := u["permissions"].([]any)
		if u["email"] == "wide@example.com" && (len(roles) != n || len(permissions) != n) {
			t.Errorf("of %d roles and permissions of one user there are %d and %d", n, len(roles), len(permissions))
		}
	}
}

// TestACallerThatGoesAwayEndsAnImport cancels the request of an import after sending its body: the
// import changes nothing and does not delay the next one.
func TestACallerThatGoesAwayEndsAnImport(t *testing.T) {
	s := servertest.Start(t)
	for _, dry := range []string{`"dry_run":true,`, ``} {
		ctx, cancel := context.WithCancel(t.Context())
		rq, err := http.NewRequestWithContext(ctx, http.MethodPost, s.ControlURL()+"/import",
			strings.NewReader(`{`+dry+`"sections":{"roles":[`+numbered(4000, `{"name":"given up NNN"}`)+`]}}`))
		if err != nil {
			t.Fatal(err)
		}
		// The import starts as soon as its body is read, which is when the request is cancelled.
		sent := &notifying{Reader: rq.Body, ended: cancel}
		rq.Body = sent
		if _, err := http.DefaultClient.Do(rq); !errors.Is(err, context.Canceled) {
			t.Fatalf("the request ends with %v, want that it is given up", err)
		}
	}
	// The next import can write at once, and finds nothing of the cancelled one.
	if got := done(t, s, `{"sections":{"roles":[{"name":"after"}]}}`); len(got) != 1 || got[0] != "create roles after" {
		t.Errorf("the next import does %q", got)
	}
	var roles []map[string]any
	if err := json.Unmarshal(export(t, s).Sections["roles"], &roles); err != nil {
		t.Fatal(err)
	}
	for _, role := range roles {
		if strings.HasPrefix(fmt.Sprint(role["name"]), "given up") {
			t.Fatalf("the import that was given up has left %v", role["name"])
		}
	}
}

// notifying is a reader that calls ended when it has been read to its end.
type notifying struct {
	io.Reader
	ended func()
}

func (n *notifying) Read(p []byte) (int, error) {
	read, err := n.Reader.Read(p)
	if errors.Is(err, io.EOF) {
		n.ended()
	}
	return read, err
}

func (n *notifying) Close() error { return nil }
