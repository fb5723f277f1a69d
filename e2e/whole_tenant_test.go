package e2e_test

import (
	"encoding/json"
	"fmt"
	"net/http"
	"net/url"
	"os"
	"os/exec"
	"path/filepath"
	"slices"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"

	"github.com/tenant0/tenant0/server/servertest"
)

// hashed are users with password hashes of other systems, in the form that an import of users accepts. The values
// come from RFC 2202, 6070 and 7914, from the tests of the Argon2 reference implementation, or are
// well known.
var hashed = []struct{ name, password, member string }{
	{"argon2", "password", `"custom_password_hash":{"algorithm":"argon2","hash":{"value":"$argon2i$v=19$m=65536,t=2,p=1$c29tZXNhbHQ$wWKIMhR9lyDFvRz9YTZweHKfbftvj+qf+YFY4NeBbtA"}}`},
	{"argon2id-plain", "password", `"password_hash":"$argon2id$v=19$m=65536,t=2,p=1$c29tZXNhbHQ$CTFhFdXPJO1aFaMaO6Mm5c8y7cJHAph8ArZWb2GRPPc"`},
	{"bcrypt", "hello", `"custom_password_hash":{"algorithm":"bcrypt","hash":{"value":"$2b$10$nFguVi9LsCAcvTZFKQlRKeLVydo8ETv483lkNsSFI/Wl1Rz1Ypo1K"}}`},
	{"bcrypt-plain", "hello", `"password_hash":"$2b$10$nFguVi9LsCAcvTZFKQlRKeLVydo8ETv483lkNsSFI/Wl1Rz1Ypo1K"`},
	{"hmac", "what do ya want for nothing?", `"custom_password_hash":{"algorithm":"hmac","hash":{"value":"750c783e6ab0b503eaa86e310a5db738","encoding":"hex","digest":"md5","key":{"value":"Jefe"}}}`},
	{"ldap", "password", `"custom_password_hash":{"algorithm":"ldap","hash":{"value":"{SSHA}yI6cZwQadOA1e+/f+T+H3eCQQhRzYWx0","encoding":"utf8"}}`},
	{"md4", "password", `"custom_password_hash":{"algorithm":"md4","hash":{"value":"8846F7EAEE8FB117AD06BDD830B7586C","encoding":"hex"},"password":{"encoding":"utf16le"}}`},
	{"md5", "password", `"custom_password_hash":{"algorithm":"md5","hash":{"value":"67A1E09BB1F83F5007DC119C14D663AA","encoding":"hex"},"salt":{"value":"salt","position":"prefix"}}`},
	{"sha1", "pässword", `"custom_password_hash":{"algorithm":"sha1","hash":{"value":"2bb859cd0194ba5439cc7a06b78fb1090cca8787","encoding":"hex"},"password":{"encoding":"latin1"}}`},
	{"sha256", "password", `"custom_password_hash":{"algorithm":"sha256","hash":{"value":"25f6ec2d309a4755d6e3ff2a8547cc0b5ba18718ba57fe5e4b8675035d2dadb7","encoding":"hex"},"salt":{"value":"616263313233","encoding":"hex","position":"suffix"}}`},
	{"sha512", "password", `"custom_password_hash":{"algorithm":"sha512","hash":{"value":"b109f3bbbc244eb82441917ed06d618b9008dd09b3befd1b5e07394c706a8bb980b1d7785e5976ec049b46df5f1326af5a2ea6d103fd07c95385ffab0cacbc86","encoding":"hex"}}`},
	{"pbkdf2", "password", `"custom_password_hash":{"algorithm":"pbkdf2","hash":{"value":"$pbkdf2-sha1$i=4096,l=20$c2FsdA$SwB5AbdlSJq+rUnZJvch0GWkKcE"}}`},
	{"scrypt", "password", `"custom_password_hash":{"algorithm":"scrypt","hash":{"value":"fdbabe1c9d3472007856e7190d01e9fe7c6ad7cbc8237830e77376634b3731622eaf30d92e22a3886ff109279d9830dac727afb94a83ee6d8360cbdfa2cc0640","encoding":"hex"},"salt":{"value":"NaCl"},"keylen":64,"cost":1024,"blockSize":8,"parallelization":16}`},
}

// people creates users of every kind, with everything that may belong to users.
func people(t *testing.T, tenant *servertest.Server) {
	t.Helper()
	m := manage(t, tenant)
	var users []string
	for _, h := range hashed {
		users = append(users, fmt.Sprintf(`{"user_id":"%s1","email":"%s@hashed.test","email_verified":true,%s}`, h.name, h.name, h.member))
	}
	bring(t, tenant, `{"connection":"Username-Password-Authentication","users":[`+strings.Join(users, ",")+`]}`)
	bring(t, tenant, `{"sections":{
		"connections":[{"name":"google-social","strategy":"google-oauth2","enabled_clients":["Timesheets SPA"]}],
		"users":[
			{"user_id":"google-oauth2|1090","connection":"google-social","name":"So Cial","email":"so@social.test","email_verified":true},
			{"user_id":"google-oauth2|1091","connection":"google-social","nickname":"no address"},
			{"user_id":"auth0|linked","email":"linked@people.test","blocked":true,"app_metadata":{"n":1,"nothing":null},"user_metadata":{"deep":{"nothing":null,"list":[null,""]}},"created_at":"2020-02-02T02:02:02.000Z","logins_count":7}]}}`)
	m.send("POST", "/users/auth0%7Clinked/identities", `{"provider":"google-oauth2","user_id":"1090"}`)
	for _, dialect := range []string{"access_token", "access_token_authz", "rfc9068_profile", "rfc9068_profile_authz"} {
		m.send("POST", "/resource-servers", `{"name":"`+dialect+`","identifier":"https://`+strings.ReplaceAll(dialect, "_", "-")+`.test","token_dialect":"`+dialect+
			`","scopes":[{"value":"read:it"},{"value":"gone:soon"}],"enforce_policies":true,"signing_alg":"PS256"}`)
	}
	role := m.send("POST", "/roles", `{"name":"Organizer"}`)
	m.send("POST", "/roles/"+role+"/permissions", `{"permissions":[{"resource_server_identifier":"https://access-token.test","permission_name":"read:it"},{"resource_server_identifier":"https://access-token.test","permission_name":"gone:soon"}]}`)
	m.send("POST", "/users/auth0%7Clinked/permissions", `{"permissions":[{"resource_server_identifier":"https://access-token.test","permission_name":"gone:soon"},{"resource_server_identifier":"`+tenant.Issuer()+`api/v2/","permission_name":"read:users"}]}`)
	m.send("POST", "/users/auth0%7Clinked/roles", `{"roles":["`+role+`"]}`)
	machine := m.send("POST", "/clients", `{"name":"Own API Machine","app_type":"non_interactive","grant_types":["client_credentials"]}`)
	m.send("POST", "/client-grants", `{"client_id":"`+machine+`","audience":"`+tenant.Issuer()+`api/v2/","scope":["read:users"]}`)
	m.send("POST", "/client-grants", `{"client_id":"`+machine+`","audience":"https://access-token.test","scope":["gone:soon","read:it"]}`)
	app := m.send("POST", "/clients", `{"name":"Inviting App","app_type":"regular_web","organization_usage":"allow","initiate_login_uri":"https://app.test/login"}`)
	m.send("POST", "/actions/actions", `{"name":"Template literals","code":"// \u0060${issuer}token\u0060","supported_triggers":[{"id":"post-login","version":"v3"}]}`)
	acme := m.send("GET", "/organizations/name/acme", "")
	m.send("POST", "/organizations/"+acme+"/members", `{"members":["auth0|linked","google-oauth2|1091"]}`)
	m.send("POST", "/organizations/"+acme+"/members/auth0%7Clinked/roles", `{"roles":["`+role+`"]}`)
	m.send("POST", "/organizations/"+acme+"/invitations", `{"inviter":{"name":"Ann"},"invitee":{"email":"new@acme.test"},"client_id":"`+app+`","roles":["`+role+`"],"send_invitation_email":false}`)
	m.send("POST", "/organizations/"+acme+"/clients", `{"clients":[{"client_id":"`+app+`","use_for_member_access":true}]}`)
	m.send("POST", "/organizations/"+acme+"/discovery-domains", `{"domain":"quiet.test","status":"verified","use_for_organization_discovery":false}`)
}

// bring imports a configuration, which must be accepted as a whole.
func bring(t *testing.T, tenant *servertest.Server, body string) {
	t.Helper()
	rq, err := http.NewRequestWithContext(t.Context(), http.MethodPost, tenant.ControlURL()+"/import", strings.NewReader(body))
	if err != nil {
		t.Fatal(err)
	}
	resp, err := http.DefaultClient.Do(rq)
	if err != nil {
		t.Fatal(err)
	}
	defer resp.Body.Close()
	var report struct {
		Message string `json:"error_description"`
		Errors  []any
	}
	if err := json.NewDecoder(resp.Body).Decode(&report); err != nil || resp.StatusCode != http.StatusOK || len(report.Errors) > 0 {
		t.Fatalf("import: %s %+v %v", resp.Status, report, err)
	}
}

// told returns what the Management API answers about a tenant, by path, without values that differ in every
// tenant: ids that a tenant file cannot contain, generated secrets, and times.
func told(t *testing.T, tenant *servertest.Server) map[string]any {
	t.Helper()
	m := manage(t, tenant)
	all := map[string]any{}
	read := func(path string) []any {
		t.Helper()
		answer := string(m.answer(http.MethodGet, path, ""))
		var value any
		if err := json.Unmarshal([]byte(strings.ReplaceAll(answer, tenant.Issuer(), "https://ISSUER/")), &value); err != nil {
			t.Fatalf("%s: %v", path, err)
		}
		items, _ := value.([]any)
		if envelope, ok := value.(map[string]any); ok {
			for _, member := range envelope {
				if list, ok := member.([]any); ok {
					items = list
				}
			}
		}
		var lines []string
		for _, item := range items {
			if item, ok := item.(map[string]any); ok && item["global"] == true {
				continue // the server makes it
			}
			raw, err := json.Marshal(lastingMembers(item))
			if err != nil {
				t.Fatal(err)
			}
			lines = append(lines, string(raw))
		}
		slices.Sort(lines)
		all[path] = lines
		return items
	}
	for _, path := range []string{
		"/clients?per_page=100", "/resource-servers?per_page=100", "/connections?per_page=100", "/client-grants?per_page=100", "/organizations?per_page=100",
		"/actions/actions?per_page=100", "/log-streams", "/network-acls", "/custom-domains", "/self-service-profiles", "/forms", "/event-streams",
		"/actions/triggers/post-login/bindings", "/user-attribute-profiles", "/connection-profiles", "/token-exchange-profiles", "/branding/phone/templates",
	} {
		read(path)
	}
	for _, role := range read("/roles?per_page=100") {
		role := role.(map[string]any)
		all["permissions of the role "+role["name"].(string)] = read("/roles/" + role["id"].(string) + "/permissions?per_page=100")
		delete(all, "/roles/"+role["id"].(string)+"/permissions?per_page=100")
	}
	for _, user := range read("/users?per_page=100") {
		base := "/users/" + url.PathEscape(user.(map[string]any)["user_id"].(string))
		read(base + "/permissions")
		read(base + "/roles")
		read(base + "/organizations")
	}
	acme := "/organizations/" + m.send(http.MethodGet, "/organizations/name/acme", "")
	for _, path := range []string{"/members?fields=user_id,roles&include_fields=true", "/invitations", "/enabled_connections", "/client-grants", "/discovery-domains", "/clients"} {
		read(acme + path)
	}
	return all
}

// notLasting are the members whose values differ in every tenant.
var notLasting = []string{
	"client_secret", "updated_at", "id", "connection_id", "built_at", "build_time", "module_id", "module_version_id", "verification_host", "verification_txt",
	"deployed_version", "tenant", "signing_keys", "provisioning_ticket_url",
}

// lastingMembers returns a value without these members. The creation time stays for users, whose tenant
// file keeps it, and is removed from other objects, which are created anew.
func lastingMembers(value any) any {
	switch value := value.(type) {
	case []any:
		out := make([]any, len(value))
		for i, item := range value {
			out[i] = lastingMembers(item)
		}
		return out
	case map[string]any:
		out := map[string]any{}
		for name, item := range value {
			if slices.Contains(notLasting, name) || name == "created_at" && value["user_id"] == nil && value["ticket_id"] == nil || name == "description" && item == "" {
				continue
			}
			out[name] = lastingMembers(item)
		}
		return out
	}
	return value
}

// TestATenantStartsAgainFromItsExport fills a tenant with everything, starts another one with the binary's export
// of it, and compares the answers of their Management APIs and who can log in.
func TestATenantStartsAgainFromItsExport(t *testing.T) {
	t.Parallel()
	binary, filled := binaryAndTenant(t)
	people(t, filled)
	export := func(format, name string) string {
		t.Helper()
		path := filepath.Join(t.TempDir(), name)
		t.Logf("%s", output(t, exec.Command(binary, "export", "--format", format, "--url", filled.ControlURL(), path)))
		return path
	}
	logins := func(t *testing.T, tenant *servertest.Server) {
		t.Helper()
		manage(t, tenant).send("PUT", "/guardian/policies", `[]`) // the passwords are what is tried
		for _, h := range hashed {
			login := servertest.Login{ClientID: servertest.SPA, RedirectURI: servertest.SPACallback, Username: h.name + "@hashed.test", Password: h.password}
			if result := tenant.Login(tenant.Client(), login); result.Get("code") == "" {
				t.Errorf("%s does not log in: %v", h.name, result.Values)
			}
		}
	}
	want := told(t, filled)
	t.Run("tenant", func(t *testing.T) {
		raw, err := os.ReadFile(export("tenant", "tenant.yaml"))
		if err != nil {
			t.Fatal(err)
		}
		// The export has no secrets: the test supplies those that the API shows.
		text := strings.ReplaceAll(string(raw), "##LOG_STREAM_MINE_DATADOG_API_KEY##", "121233123455")
		again := servertest.Start(t, servertest.Seed(text))
		bring(t, again, `{"sections":{"clients":[{"name":"tenant0 Management","client_secret":"`+servertest.ManagementSecret+`"}]}}`)
		if diff := cmp.Diff(want, told(t, again)); diff != "" {
			t.Errorf("the API of the tenant that starts with the export (- first, + second):\n%s", diff)
		}
		logins(t, again)
	})
	t.Run("a scope that is gone", func(t *testing.T) {
		manage(t, filled).send("PATCH", "/resource-servers/"+url.PathEscape("https://access-token.test"), `{"scopes":[{"value":"read:it"}]}`)
		path := filepath.Join(t.TempDir(), "tenant.yaml")
		out := output(t, exec.Command(binary, "export", "--format", "tenant", "--url", filled.ControlURL(), path))
		for _, section := range []string{"clientGrants", "roles", "users"} {
			if want := "left out " + section + ": gone:soon of https://access-token.test: the API has no such scope\n"; !strings.Contains(out, want) {
				t.Errorf("the export says\n%s, want %s", out, want)
			}
		}
		output(t, exec.Command(binary, "seed", "check", path))
	})
	t.Run("two of one name", func(t *testing.T) {
		m := manage(t, filled)
		for range 2 {
			m.send("POST", "/log-streams", `{"name":"Namesake","type":"http","sink":{"httpEndpoint":"https://sink.test/"}}`)
		}
		m.send("POST", "/connections", `{"name":"of-nobody","strategy":"google-oauth2","enabled_clients":["nobody"]}`)
		for _, format := range []string{"tenant", "directory", "yaml"} {
			path := filepath.Join(t.TempDir(), "tenant.yaml")
			out := output(t, exec.Command(binary, "export", "--format", format, "--url", filled.ControlURL(), path))
			if want := "left out logStreams: a further [\"Namesake\"]: a configuration holds one with these names\n"; !strings.Contains(out, want) {
				t.Errorf("the export says\n%s, want %s", out, want)
			}
			if want := "left out connections: the application nobody of of-nobody does not exist\n"; format == "tenant" && !strings.Contains(out, want) {
				t.Errorf("the export says\n%s, want %s", out, want)
			}
			if format == "tenant" {
				output(t, exec.Command(binary, "seed", "check", path))
			}
		}
	})
	t.Run("users", func(t *testing.T) {
		file, again := export("users", "users.ndjson"), servertest.Start(t)
		if out := output(t, exec.Command(binary, "import", "--upsert", "--url", again.ControlURL(), file)); !strings.Contains(out, " 0 failed") {
			t.Errorf("the import says:\n%s", out)
		}
		logins(t, again)
	})
}
