package e2e_test

import (
	"bufio"
	"bytes"
	"encoding/json"
	"io"
	"net/http"
	"net/url"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"

	"github.com/tenant0/tenant0/server/servertest"
)

// TestImportOfDeployCLIsExport fills a tenant, has the real auth0-deploy-cli export
// it in both of its forms, imports each with the binary into a fresh tenant, and has
// that exported again: the trees are the same. Ids are not exported, so what holds
// one in itself, the record of a custom domain, is left out.
func TestImportOfDeployCLIsExport(t *testing.T) {
	t.Parallel() // deploy-cli waits most of the time
	nodeModules(t)
	binary := filepath.Join(t.TempDir(), "tenant0")
	build(t, binary, "./cmd/tenant0")
	filled := servertest.Start(t)
	fill(t, filled)
	for _, format := range []string{"yaml", "directory"} {
		t.Run(format, func(t *testing.T) {
			t.Parallel()
			first, second := exported(t, filled, format), servertest.Start(t)
			out := output(t, exec.Command(binary, "import", "--url", second.ControlURL(), first))
			if !strings.Contains(out, "create  organizations acme") || !strings.Contains(out, "the keyword SMTP_PASS has no value") {
				t.Errorf("the import says:\n%s", out)
			}
			if diff := cmp.Diff(tree(t, first), tree(t, exported(t, second, format))); diff != "" {
				t.Errorf("the second export (- first, + second):\n%s", diff)
			}
			again := output(t, exec.Command(binary, "import", "--dry-run", "--url", second.ControlURL(), first))
			if !strings.Contains(again, "0 would be created, 2 updated") { // the two that have secrets, which are not shown
				t.Errorf("a second import would:\n%s", again)
			}
		})
	}
}

// fill makes objects of many kinds.
func fill(t *testing.T, tenant *servertest.Server) {
	t.Helper()
	_, token := tenant.Token(tenant.Client(), url.Values{
		"grant_type": {"client_credentials"}, "client_id": {servertest.Management}, "client_secret": {servertest.ManagementSecret},
		"audience": {tenant.Issuer() + "api/v2/"},
	})
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
		{"", "POST", "/client-grants", `{"client_id":"$client","audience":"` + servertest.API + `","scope":["batch:upload"]}`},
	} {
		expand := func(text string) string {
			return os.Expand(text, func(name string) string { return made[name] })
		}
		rq, err := http.NewRequestWithContext(t.Context(), step.method, tenant.URL+"api/v2"+expand(step.path), strings.NewReader(expand(step.body)))
		if err != nil {
			t.Fatal(err)
		}
		rq.Header.Set("Authorization", "Bearer "+token["access_token"].(string))
		rq.Header.Set("Content-Type", "application/json")
		resp, err := tenant.Client().Do(rq)
		if err != nil {
			t.Fatal(err)
		}
		raw, err := io.ReadAll(resp.Body)
		resp.Body.Close()
		if err != nil || resp.StatusCode > 299 {
			t.Fatalf("%s %s: %s %s %v", step.method, step.path, resp.Status, raw, err)
		}
		var answer struct {
			ID       string `json:"id"`
			ClientID string `json:"client_id"`
		}
		if step.as == "" {
			continue
		}
		if err := json.Unmarshal(raw, &answer); err != nil {
			t.Fatal(err)
		}
		made[step.as] = answer.ID + answer.ClientID
	}
}

// exported is a folder with an export of the tenant by auth0-deploy-cli.
func exported(t *testing.T, tenant *servertest.Server, format string) string {
	t.Helper()
	folder := t.TempDir()
	script, err := filepath.Abs("node_modules/.bin/a0deploy")
	if err != nil {
		t.Fatal(err)
	}
	cmd := exec.CommandContext(t.Context(), script, "export", "--format="+format, "--output_folder="+folder)
	cmd.Dir = folder
	cmd.Env = append(managementEnvironment(tenant), "AUTH0_AUDIENCE=")
	output(t, cmd)
	return folder
}

// tree reads the files of a folder. The host of a tenant stands for itself.
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

// TestImportWatches has the binary watch a file, and changes that.
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
