package e2e_test

import (
	"bufio"
	"bytes"
	"encoding/json"
	"io"
	"os"
	"os/exec"
	"path/filepath"
	"regexp"
	"slices"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"

	"github.com/tenant0/tenant0/server/servertest"
)

// TestImportOfDeployCLIsExport fills a tenant, exports it with the real auth0-deploy-cli in both of its
// formats, imports each export with the binary into a new tenant, and exports that again: both exports are
// the same, except for values that every tenant generates.
func TestImportOfDeployCLIsExport(t *testing.T) {
	t.Parallel() // deploy-cli waits most of the time
	nodeModules(t)
	binary, filled := binaryAndTenant(t)
	for _, format := range []string{"yaml", "directory"} {
		t.Run(format, func(t *testing.T) {
			t.Parallel()
			first, second := exported(t, filled, format), servertest.Start(t)
			out := output(t, exec.Command(binary, "import", "--url", second.ControlURL(), first))
			if !strings.Contains(out, "create  organizations acme") || !strings.Contains(out, "the keyword SMTP_PASS has no value") {
				t.Errorf("the import says:\n%s", out)
			}
			if diff := cmp.Diff(lasting(tree(t, first)), lasting(tree(t, exported(t, second, format)))); diff != "" {
				t.Errorf("the second export (- first, + second):\n%s", diff)
			}
			again := output(t, exec.Command(binary, "import", "--dry-run", "--url", second.ControlURL(), first))
			if !strings.Contains(again, "0 would be created, 0 updated") { // a keyword without a value leaves a secret as it is
				t.Errorf("a second import would:\n%s", again)
			}
		})
	}
}

// TestARefusedImportTellsOfKeywords: the message names keywords without a value, as these may be the cause.
func TestARefusedImportTellsOfKeywords(t *testing.T) {
	t.Parallel()
	binary, file := filepath.Join(t.TempDir(), "tenant0"), filepath.Join(t.TempDir(), "tenant.yaml")
	build(t, binary, "./cmd/tenant0")
	if err := os.WriteFile(file, []byte(`clients: [{name: App, app_type: spa, callbacks: ["##ORIGIN_OF_THE_APP##"]}]`), 0o600); err != nil {
		t.Fatal(err)
	}
	s := servertest.Start(t)
	said, err := exec.Command(binary, "import", "--url", s.ControlURL(), file).CombinedOutput()
	want := "unset   the keyword ORIGIN_OF_THE_APP has no value; give one with --keywords or in the environment\ntenant0: " + file + ":1:11: clients: \"App\": "
	if err == nil || !strings.HasPrefix(string(said), want) {
		t.Errorf("%v: %s", err, said)
	}
}

// lasting removes values that differ in every tenant from an export: the records that verify domains,
// and whether a vault connection has its credentials.
func lasting(files map[string]string) map[string]string {
	own := regexp.MustCompile(`("?(verification_host|verification_txt|ready)"?): .*`)
	for name, content := range files {
		files[name] = own.ReplaceAllString(content, "$1")
	}
	return unordered(files)
}

// unordered sorts the applications of the connections in an export, since they come in the order of
// their creation, which an import does not keep.
func unordered(files map[string]string) map[string]string {
	clients := regexp.MustCompile(`(enabled_clients"?:(?: \[)?\n)((?: +(?:- |")[^:\n]*\n)+)`)
	sorted := func(list string) string {
		parts := clients.FindStringSubmatch(list)
		lines := strings.Split(strings.ReplaceAll(strings.TrimSuffix(parts[2], "\n"), ",", ""), "\n")
		return parts[1] + strings.Join(slices.Sorted(slices.Values(lines)), "\n") + "\n"
	}
	for name, content := range files {
		files[name] = clients.ReplaceAllStringFunc(content, sorted)
	}
	return files
}

// theme has every member that a theme must have.
const theme = `{"displayName":"Acme","borders":{"button_border_radius":1,"button_border_weight":1,"buttons_style":"pill","input_border_radius":3,"input_border_weight":1,"inputs_style":"pill","show_widget_shadow":false,"widget_border_weight":1,"widget_corner_radius":3},` +
	`"colors":{"base_focus_color":"#BBBBBB","base_hover_color":"#CCCCCC","body_text":"#FF00CC","captcha_widget_theme":"auto","error":"#FF00CC","header":"#000000","icons":"#CCAA00","input_background":"#000000","input_border":"#CCAA00","input_filled_text":"#CCAA00","input_labels_placeholders":"#000000","links_focused_components":"#CCAA00","primary_button":"#CCAA00","primary_button_label":"#FFFFFF","read_only_background":"#000000","secondary_button_border":"#CCAA00","secondary_button_label":"#000000","success":"#FFFFFF","widget_background":"#000000","widget_border":"#FFFFFF"},` +
	`"fonts":{"body_text":{"bold":false,"size":100},"buttons_text":{"bold":false,"size":100},"font_url":"https://acme.test/font.woff","input_labels":{"bold":false,"size":100},"links":{"bold":false,"size":100},"links_style":"normal","reference_text_size":12,"subtitle":{"bold":false,"size":100},"title":{"bold":false,"size":100}},` +
	`"page_background":{"background_color":"#000000","background_image_url":"https://acme.test/b.png","page_layout":"center"},"widget":{"header_text_alignment":"center","logo_height":55,"logo_position":"center","logo_url":"https://acme.test/l.png","social_buttons_layout":"top"}}`

// binaryAndTenant builds the binary, and starts a tenant with objects of many kinds.
func binaryAndTenant(t *testing.T) (binary string, filled *servertest.Server) {
	t.Helper()
	binary = filepath.Join(t.TempDir(), "tenant0")
	build(t, binary, "./cmd/tenant0")
	filled = servertest.Start(t)
	fill(t, filled)
	return binary, filled
}

// fill creates objects of many kinds.
func fill(t *testing.T, tenant *servertest.Server) {
	t.Helper()
	m := manage(t, tenant)
	made := map[string]string{}
	for _, step := range []struct{ as, method, path, body string }{
		{"role", "POST", "/roles", `{"name":"Approver","description":"approves"}`},
		{"", "POST", "/roles/$role/permissions", `{"permissions":[{"resource_server_identifier":"` + servertest.API + `","permission_name":"approve:timesheets"}]}`},
		{"action", "POST", "/actions/actions", `{"name":"Claims","code":"exports.onExecutePostLogin = async () => {}","supported_triggers":[{"id":"post-login","version":"v3"}],"dependencies":[],"secrets":[]}`},
		{"", "POST", "/actions/actions/$action/deploy", ``},
		{"", "PATCH", "/actions/triggers/post-login/bindings", `{"bindings":[{"ref":{"type":"action_name","value":"Claims"},"display_name":"Claims"}]}`},
		{"connection", "POST", "/connections", `{"name":"corp","strategy":"oidc","options":{"client_id":"x","discovery_url":"https://idp.test/.well-known/openid-configuration","type":"front_channel","issuer":"https://idp.test"}}`},
		{"organization", "POST", "/organizations", `{"name":"acme","display_name":"Acme","metadata":{"plan":"gold"}}`},
		{"", "POST", "/organizations/$organization/enabled_connections", `{"connection_id":"$connection","assign_membership_on_login":true}`},
		{"", "POST", "/email-templates", `{"template":"verify_email","from":"a@b.test","subject":"Verify","syntax":"liquid","body":"<b>hi {{ user.email }}</b>","enabled":true}`},
		{"", "POST", "/emails/provider", `{"name":"smtp","enabled":true,"default_from_address":"a@b.test","credentials":{"smtp_host":"127.0.0.1","smtp_port":2525,"smtp_user":"u","smtp_pass":"p"}}`},
		{"", "PATCH", "/branding", `{"colors":{"primary":"#112233","page_background":"#445566"},"logo_url":"https://cdn.acme.test/l.png"}`},
		{"", "PUT", "/prompts/login/custom-text/en", `{"login":{"title":"Hello"}}`},
		{"", "PATCH", "/tenants/settings", `{"friendly_name":"Acme","support_email":"s@acme.test","enabled_locales":["en","de"],"change_password":{"enabled":true,"html":"<p>pw</p>"},"error_page":{"html":"<p>e</p>","show_log_link":false,"url":""}}`},
		{"", "POST", "/log-streams", `{"name":"mine","type":"datadog","sink":{"datadogRegion":"eu","datadogApiKey":"121233123455"}}`},
		{"", "PATCH", "/attack-protection/brute-force-protection", `{"max_attempts":5}`},
		{"", "PUT", "/guardian/factors/otp", `{"enabled":true}`},
		{"", "PUT", "/guardian/policies", `["all-applications"]`},
		{"", "POST", "/rules", `{"name":"old","script":"function (u,c,cb){cb(null,u,c)}","enabled":true}`},
		{"", "POST", "/self-service-profiles", `{"name":"ssp","user_attributes":[]}`},
		{"", "POST", "/network-acls", `{"description":"acl","active":true,"priority":1,"rule":{"action":{"block":true},"match":{"asns":[9453]},"scope":"tenant"}}`},
		{"client", "POST", "/clients", `{"name":"Extra App","app_type":"regular_web","callbacks":["https://extra.test/cb"],"client_metadata":{"a":"b"}}`},
		{"grant", "POST", "/client-grants", `{"client_id":"$client","audience":"` + servertest.API + `","scope":["batch:upload"],"organization_usage":"allow"}`},
		{"", "POST", "/organizations/$organization/client-grants", `{"grant_id":"$grant"}`},
		{"", "POST", "/organizations/$organization/discovery-domains", `{"domain":"acme.test","status":"pending"}`},
		{"module", "POST", "/actions/modules", `{"name":"shared","code":"module.exports = {}"}`},
		{"version", "POST", "/actions/modules/$module/versions", ``},
		{"", "POST", "/actions/actions", `{"name":"Sharing","code":"exports.onExecutePostLogin = async () => {}","supported_triggers":[{"id":"post-login","version":"v3"}],"modules":[{"module_id":"$module","module_version_id":"$version"}]}`},
		{"hash", "POST", "/actions/actions", `{"name":"Hash","code":"exports.onExecutePasswordHashMigration = async () => {}","supported_triggers":[{"id":"password-hash-migration","version":"v1"}]}`},
		{"exchange", "POST", "/actions/actions", `{"name":"Exchange","code":"exports.onExecuteCustomTokenExchange = async () => {}","supported_triggers":[{"id":"custom-token-exchange","version":"v1"}]}`},
		{"", "POST", "/actions/actions/$exchange/deploy", ``},
		{"", "POST", "/token-exchange-profiles", `{"name":"swap","subject_token_type":"https://acme.test/token","action_id":"$exchange","type":"custom_authentication"}`},
		{"", "POST", "/connections", `{"name":"legacy","strategy":"auth0","enabled_clients":["$client"],"options":{"disable_self_service_change_password":false,"enabledDatabaseCustomization":true,"customScripts":{"login":"function login(u,p,cb){cb(null)}"},"custom_password_hash":{"action_id":"$hash"}}}`},
		{"scim", "POST", "/connections", `{"name":"okta","strategy":"okta","options":{"client_id":"x","client_secret":"y","domain":"acme.okta.test"}}`},
		{"", "POST", "/connections/$scim/scim-configuration", `{}`},
		{"google", "POST", "/connections", `{"name":"google","strategy":"google-apps","options":{"client_id":"x","client_secret":"y","domain":"acme.test","tenant_domain":"acme.test"}}`},
		{"", "POST", "/connections/$google/directory-provisioning", `{}`},
		{"attributes", "POST", "/user-attribute-profiles", `{"name":"people","user_attributes":{"email":{"description":"e-mail","label":"E-mail","profile_required":true,"auth0_mapping":"email"}}}`},
		{"profile", "POST", "/connection-profiles", `{"name":"oidc apps"}`},
		{"", "POST", "/clients", `{"name":"Express","app_type":"express_configuration","express_configuration":{"initiate_login_uri_template":"https://acme.test/{organization_name}","user_attribute_profile_id":"$attributes","connection_profile_id":"$profile","enable_client":true,"enable_organization":true,"okta_oin_client_id":"$client","admin_login_domain":"acme.test"}}`},
		{"texts", "POST", "/self-service-profiles", `{"name":"texts","user_attribute_profile_id":"$attributes"}`},
		{"", "PUT", "/self-service-profiles/$texts/custom-text/en/get-started", `{"introduction":"Welcome"}`},
		{"vault", "POST", "/flows/vault/connections", `{"name":"http","app_id":"HTTP","setup":{"type":"BEARER","token":"t"}}`},
		{"flow", "POST", "/flows", `{"name":"fetch","actions":[{"id":"a1","type":"HTTP","action":"SEND_REQUEST","allow_failure":false,"mask_output":false,"params":{"method":"GET","url":"https://acme.test","connection_id":"$vault"}}]}`},
		{"", "POST", "/forms", `{"name":"sign","start":{"next_node":"f1"},"nodes":[{"id":"f1","type":"FLOW","config":{"flow_id":"$flow","next_node":"$ending"}}],"ending":{}}`},
		{"", "POST", "/event-streams", `{"name":"users","status":"disabled","subscriptions":[{"event_type":"user.created"}],"destination":{"type":"action","configuration":{"action_id":"$exchange"}}}`},
		{"", "POST", "/branding/themes", theme},
		{"", "POST", "/branding/phone/templates", `{"type":"otp_verify","disabled":false,"content":{"from":"+15550100","body":{"text":"{{code}}","voice":"{{code}}"}}}`},
		{"", "POST", "/branding/phone/providers", `{"name":"twilio","disabled":false,"configuration":{"sid":"sid","default_from":"+15550100","delivery_methods":["text"]},"credentials":{"auth_token":"a"}}`},
		{"", "PUT", "/branding/templates/universal-login", `{"template":"<html><head>{%- auth0:head -%}</head><body>{%- auth0:widget -%}</body></html>"}`},
		{"", "PUT", "/prompts/login/partials", `{"login":{"form-content-start":"<div>start</div>"}}`},
		{"", "POST", "/hooks", `{"name":"hook","script":"module.exports = (u, c, cb) => cb()","triggerId":"pre-user-registration","enabled":false}`},
	} {
		expand := func(text string) string {
			return os.Expand(text, func(name string) string {
				if name == "ending" { // a word of forms
					return "$ending"
				}
				return made[name]
			})
		}
		if id := m.send(step.method, expand(step.path), expand(step.body)); step.as != "" {
			made[step.as] = id
		}
	}
}

// exported exports the tenant with auth0-deploy-cli and returns the folder.
func exported(t *testing.T, tenant *servertest.Server, format string) string {
	t.Helper()
	folder := t.TempDir()
	deployCLI(t, tenant, folder, "export", "--format="+format, "--output_folder="+folder)
	return folder
}

// deployCLI runs auth0-deploy-cli on a tenant.
func deployCLI(t *testing.T, tenant *servertest.Server, folder string, arguments ...string) {
	t.Helper()
	script, err := filepath.Abs("node_modules/.bin/a0deploy")
	if err != nil {
		t.Fatal(err)
	}
	cmd := exec.CommandContext(servertest.UntilDeadline(t), script, arguments...)
	cmd.Dir = folder
	secrets, err := json.Marshal(map[string]string{ // an export has markers for them: those of deploy-cli's, and ours
		"LOGSTREAMS_DATADOG_SECRET": "key", "CONNECTIONS_OKTA_SECRET": "y", "CONNECTIONS_GOOGLE_APPS_SECRET": "y", "SMTP_PASS": "p",
		"LOG_STREAM_MINE_DATADOG_API_KEY": "key", "CONNECTION_OKTA_CLIENT_SECRET": "y", "CONNECTION_GOOGLE_CLIENT_SECRET": "y",
		"EMAIL_PROVIDER_CREDENTIALS_SMTP_PASS": "p", "FLOW_VAULT_CONNECTION_HTTP_TOKEN": "t", "TWILIO_AUTH_TOKEN": "t",
	})
	if err != nil {
		t.Fatal(err)
	}
	cmd.Env = append(managementEnvironment(t, tenant), "AUTH0_AUDIENCE=", "AUTH0_KEYWORD_REPLACE_MAPPINGS="+string(secrets))
	heavyClient.Lock()
	defer heavyClient.Unlock()
	output(t, cmd)
}

// tree reads the files of a folder, by path.
func tree(t *testing.T, folder string) map[string]string {
	t.Helper()
	files := map[string]string{}
	err := filepath.WalkDir(folder, func(path string, entry os.DirEntry, err error) error {
		if err != nil || entry.IsDir() {
			return err
		}
		raw, err := os.ReadFile(path)
		name, _ := filepath.Rel(folder, path)
		files[name] = string(bytes.TrimSpace(raw))
		return err
	})
	if err != nil || len(files) == 0 {
		t.Fatalf("an export of %d files: %v", len(files), err)
	}
	return files
}

// TestImportWatches changes a file while the binary watches it.
func TestImportWatches(t *testing.T) {
	t.Parallel()
	binary, file := filepath.Join(t.TempDir(), "tenant0"), filepath.Join(t.TempDir(), "tenant.yaml")
	build(t, binary, "./cmd/tenant0")
	write := func(text string) {
		t.Helper()
		if err := os.WriteFile(file, []byte(text), 0o600); err != nil {
			t.Fatal(err)
		}
	}
	write("roles: [{name: First}]")
	cmd := exec.CommandContext(t.Context(), binary, "import", "--watch", "--url", servertest.Start(t).ControlURL(), file)
	cmd.Cancel = func() error { return cmd.Process.Signal(os.Interrupt) }
	lines, out := io.Pipe()
	cmd.Stdout, cmd.Stderr = out, out
	if err := cmd.Start(); err != nil {
		t.Fatal(err)
	}
	said := bufio.NewScanner(lines)
	says := func(want string) {
		t.Helper()
		for said.Scan() {
			if strings.Contains(said.Text(), want) {
				return
			}
		}
		t.Fatalf("it ends before it says %q", want)
	}
	says("create  roles First")
	write("roles: [{name: First}, {name: Second}]")
	says("create  roles Second")
	write("roles: [{description: of nothing}]")
	says("roles")
	write("roles: [{name: Third}]")
	says("create  roles Third")
	if err := cmd.Process.Signal(os.Interrupt); err != nil {
		t.Fatal(err)
	}
	go io.Copy(io.Discard, lines)
	if err := cmd.Wait(); err != nil {
		t.Errorf("it ends with %v", err)
	}
}
