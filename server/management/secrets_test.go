package management_test

import (
	"encoding/json"
	"fmt"
	"io"
	"net/http"
	"net/http/httptest"
	"regexp"
	"slices"
	"strings"
	"sync"
	"testing"

	"github.com/tenant0/tenant0/server/deploy"
	"github.com/tenant0/tenant0/server/management"
	"github.com/tenant0/tenant0/server/resource"
)

// suspicious matches names of members that may hold secrets.
var suspicious = regexp.MustCompile(`(?i)secret|token|key|password|passwd|pwd|pass$|credential|private|assertion|authorization|cert|hash|salt|ticket|p12|pfx|pkcs`)

// TestMembersSayWhetherTheyAreSecrets: a member whose name looks like a secret must say whether it is one. Numbers, booleans and
// enumerations cannot hold a secret, and for objects their members must say it.
func TestMembersSayWhetherTheyAreSecrets(t *testing.T) {
	var visit func(place string, fields resource.Fields)
	each := func(place, name string, f resource.Field) {
		fits := f.Type != resource.Bool && f.Type != resource.Integer && f.Type != resource.Number && len(f.Enum) == 0
		for inner := &f; inner != nil; inner = inner.Item {
			fits = fits && inner.Fields == nil && (inner.Item == nil || inner.Type != resource.Object) && inner.Type != resource.Bool && len(inner.Enum) == 0
			visit(place+"."+name, inner.Fields)
			if inner.Secret || inner.Plain {
				return
			}
		}
		if fits && suspicious.MatchString(name) {
			t.Errorf("%s.%s: say whether it is a secret (Secret) or none (Plain)", place, name)
		}
	}
	visit = func(place string, fields resource.Fields) {
		for name, f := range fields {
			each(place, name, f)
		}
	}
	kinds := map[*resource.Kind]bool{resource.ImportedUser: true, resource.UsersExport: true}
	for _, sink := range resource.Sinks {
		kinds[sink] = true
	}
	for _, operation := range management.Served() {
		method, path, _ := strings.Cut(operation, " /api/v2")
		kind, known := management.KindOf(path)
		kinds[kind] = true
		if !known && method != http.MethodGet && method != http.MethodDelete {
			t.Errorf("%s %s: say in otherKinds or harmless where the secrets are", method, path)
		}
	}
	for kind := range kinds {
		visit(kind.Name, kind.Fields)
	}
	if len(kinds) < 60 {
		t.Errorf("only %d kinds are looked at", len(kinds))
	}
}

// specimen is a request that has a value in every member that its kind describes.
type specimen struct {
	method, path, pattern string
	// base holds the members that the request must have; nil leaves a member out.
	base object
}

// filler generates unique values that can be found again in any text.
type filler struct {
	n             int
	secrets, open map[string]string // what each value is of
}

// value generates a value of 44 letters and digits, which is valid base64 of 33 bytes too.
func (f *filler) value(place string, secret bool) string {
	f.n++
	kind, all := "OPEN", f.open
	if secret {
		kind, all = "HIDDEN", f.secrets
	}
	value := fmt.Sprintf("%s%04d", kind, f.n)
	value += strings.Repeat("x", 44-len(value))
	all[value] = place
	return value
}

func (f *filler) fill(place string, field resource.Field, method string) any {
	text := field.Type == resource.String || field.Type == resource.Any
	switch {
	case field.Access == resource.ReadOnly, field.Access == resource.CreateOnly && method != http.MethodPost,
		field.Access == resource.UpdateOnly && method == http.MethodPost:
		return nil
	case field.Fields != nil && field.Type != resource.Array:
		if made := f.object(place, field, method); len(made) >= field.Min {
			return made
		}
	case field.Secret && (text || field.Type == resource.Object):
		value := f.value(place, true)
		if field.Type == resource.Object {
			return object{"within": value}
		}
		return value
	case len(field.Enum) > 0 && field.Required:
		return field.Enum[0]
	case field.Required && field.Item != nil && len(field.Item.Enum) > 0:
		return []any{field.Item.Enum[0]}
	case field.Required && field.Type == resource.Bool:
		return true
	case field.Required && field.Format == "uri":
		return "https://example.test/" + f.value(place, false)
	case field.Item != nil && field.Type != resource.Object:
		if item := f.fill(place, *field.Item, method); item != nil {
			return []any{item}
		}
	case field.Type == resource.String && field.Format == "" && field.Pattern == nil && len(field.Enum) == 0 && (field.Max == 0 || field.Max >= 44),
		field.Type == resource.Any && field.Plain:
		return f.value(place, false)
	case field.Item != nil && field.Item.Secret:
		return object{"within": f.value(place, true)}
	}
	return nil
}

func (f *filler) object(place string, field resource.Field, method string) object {
	made := object{}
	for name, inner := range field.Fields {
		if value := f.fill(place+"."+name, inner, method); value != nil {
			made[name] = value
		}
	}
	if field.Secret {
		made["novelty"] = f.value(place+".novelty", true)
	}
	return made
}

// over merges the members of base over the generated members.
func over(made, base object) object {
	for name, value := range base {
		inner, isObject := value.(object)
		had, wasObject := made[name].(object)
		switch {
		case value == nil:
			delete(made, name)
		case isObject && wasObject:
			made[name] = over(had, inner)
		default:
			made[name] = value
		}
	}
	return made
}

// eventStream returns a specimen with one of the ways in which a webhook authorizes its sender.
func eventStream(authorization object) specimen {
	method, _ := authorization["method"].(string)
	return specimen{http.MethodPost, "/event-streams", "", object{"name": "specimen " + method, "subscriptions": nil, "destination": object{
		"type": "webhook", "configuration": object{"webhook_endpoint": "https://hook.test/", "webhook_authorization": authorization},
	}}}
}

// specimens returns requests of every kind that has secrets, and of some kinds that have none.
func specimens(c *client) []specimen {
	connection := c.must(201, http.MethodPost, "/connections", object{"name": "directory", "strategy": "okta", "options": object{}})["id"].(string)
	client, _ := c.must(201, http.MethodPost, "/clients", object{"name": "Keys"})["client_id"].(string)
	user := c.must(201, http.MethodPost, "/users", object{"connection": "People", "email": "specimen@exampleco.com", "password": "a long enough Passw0rd"})["user_id"].(string)
	hook := c.must(201, http.MethodPost, "/hooks", object{"name": "hook", "script": "x", "triggerId": "credentials-exchange"})["id"].(string)
	c.must(201, http.MethodPost, "/connections/"+connection+"/scim-configuration", object{})
	all := []specimen{
		{http.MethodPost, "/clients", "", object{
			"name": "Specimen", "resource_server_identifier": nil, "token_endpoint_auth_method": nil, "jwt_configuration": nil, "compliance_level": nil,
			"client_authentication_methods": nil, "grant_types": []any{"authorization_code"}, "token_quota": nil,
			"express_configuration": nil, "token_vault_privileged_access": nil, "encryption_key": nil, // of the next one: the log has no longer bodies
		}},
		{http.MethodPatch, "/clients/" + client, "/clients/{id}", object{
			"name": "Keys", "addons": nil, "token_endpoint_auth_method": nil, "jwt_configuration": nil, "compliance_level": nil,
			"client_authentication_methods": nil, "grant_types": []any{"authorization_code"}, "token_quota": nil,
		}},
		{http.MethodPost, "/resource-servers", "", object{"name": "Specimen API", "identifier": "urn:specimen", "signing_alg": "HS256", "token_encryption": nil}},
		{http.MethodPost, "/connections", "", object{"name": "specimen", "strategy": "oidc", "enabled_clients": nil, "realms": nil}},
		{http.MethodPatch, "/connections/" + connection, "/connections/{id}", object{"enabled_clients": nil, "realms": nil}},
		{http.MethodPost, "/connections/" + connection + "/scim-configuration/tokens", "/connections/{id}/scim-configuration/tokens", object{"scopes": []any{"get:users"}}},
		{http.MethodPost, "/users", "", object{"connection": "People", "user_id": nil, "username": nil, "email": "other@exampleco.com", "phone_number": nil, "verify_email": false}},
		{http.MethodPost, "/users/" + user + "/identities", "/users/{id}/identities", object{"provider": nil}},
		{http.MethodPost, "/users/" + user + "/authentication-methods", "/users/{user}/authentication-methods", object{"type": "totp", "email": nil}},
		{http.MethodPut, "/users/" + user + "/authentication-methods", "/users/{user}/authentication-methods", nil},
		{http.MethodPost, "/actions/actions", "", object{"name": "specimen", "supported_triggers": []any{object{"id": "post-login", "version": "v3"}}, "modules": nil, "deploy": true}},
		{http.MethodPost, "/actions/modules", "", object{"name": "specimen", "publish": true}},
		{http.MethodPost, "/hooks/" + hook + "/secrets", "/hooks/{id}/secrets", nil},
		{http.MethodPut, "/rules-configs/specimen", "/rules-configs/{key}", nil},
		{http.MethodPost, "/emails/provider", "", object{"name": "smtp"}},
		{http.MethodPost, "/branding/phone/providers", "", object{"name": "twilio", "configuration": object{"default_from": "+4912345", "sid": "sid", "delivery_methods": []any{"text"}}}},
		{http.MethodPost, "/flows/vault/connections", "", object{"name": "specimen", "app_id": "JWT", "setup": object{"type": "JWT", "algorithm": "HS256"}}},
		{http.MethodPost, "/keys/network-acls", "", object{"name": "specimen"}},
		eventStream(object{"method": "bearer", "password": nil, "header_value": nil}),
		eventStream(object{"method": "basic", "username": "u", "token": nil, "header_value": nil}),
		eventStream(object{"method": "custom_header", "header_key": "X-Key", "token": nil, "password": nil}),
		{http.MethodPatch, "/attack-protection/captcha", "", object{"active_provider_id": nil}},
		{http.MethodPost, "/self-service-profiles/{profile}/sso-ticket", "/self-service-profiles/{id}/sso-ticket", object{"connection_config": object{"name": "made"}, "enabled_clients": nil, "enabled_organizations": nil, "connection_id": nil}},
		{http.MethodPost, "/clients/" + client + "/credentials", "/clients/{client_id}/credentials", object{"credential_type": "public_key", "pem": nil}},
	}
	for sink, kind := range resource.Sinks {
		all = append(all, specimen{http.MethodPost, "/log-streams", "", object{
			"name": sink, "type": sink, "startFrom": nil, "pii_config": nil, "filters": nil, "sink": ofSink(kind),
		}})
	}
	for _, path := range []string{
		"push-notification/providers/sns", "push-notification/providers/apns", "push-notification/providers/fcm",
		"push-notification/providers/fcmv1", "phone/providers/twilio", "sms/providers/twilio", "duo/settings",
	} {
		all = append(all, specimen{http.MethodPut, "/guardian/factors/" + path, "", nil})
	}
	return all
}

// ofSink returns the members that the sink of a log stream's type must have, and leaves out those of other types.
func ofSink(kind *resource.Kind) object {
	base := object{
		"httpEndpoint": "https://siem.test/?token=" + "HIDDENaddress", "datadogRegion": "eu", "splunkDomain": "d", "splunkPort": "1", "splunkSecure": false,
		"mixpanelProjectId": "1", "mixpanelServiceAccountUsername": "u", "mixpanelRegion": "eu", "awsAccountId": "999999999999", "awsRegion": "eu-west-1",
		"azureSubscriptionId": "b69a6835-57c7-4d53-b0d5-1c6ae580b6d5", "azureRegion": "westeurope", "azureResourceGroup": "logs",
	}
	fields := kind.Fields["sink"].Fields
	for name := range base {
		if _, has := fields[name]; !has {
			base[name] = nil
		}
	}
	for name := range resource.LogStreams.Fields["sink"].Fields {
		if _, has := fields[name]; !has {
			base[name] = nil
		}
	}
	return base
}

// sendSpecimens sends every specimen. Two are refused because their values are not a valid token or key, but the log has them too.
func sendSpecimens(c *client, f *filler) {
	c.t.Helper()
	profile := c.must(201, http.MethodPost, "/self-service-profiles", object{"name": "profile"})["id"].(string)
	for _, s := range specimens(c) {
		pattern := s.pattern
		if pattern == "" {
			pattern = s.path
		}
		kind, known := management.KindOf(pattern)
		if !known {
			c.t.Errorf("%s has no kind", pattern)
			continue
		}
		field := kind.Field()
		var body any = over(f.object(pattern, field, s.method), s.base)
		if kind.Item != nil {
			body = object{"within": f.value(pattern, true)}
		}
		if s.method == http.MethodPut && strings.HasSuffix(pattern, "authentication-methods") {
			body = []any{over(f.object(pattern, field, http.MethodPost), object{"type": "totp", "email": nil})}
		}
		status, answer := c.do(s.method, strings.ReplaceAll(s.path, "{profile}", profile), body)
		refused := strings.HasSuffix(pattern, "/identities") || strings.HasSuffix(pattern, "/credentials")
		if (status >= 300) != refused {
			c.t.Errorf("%s %s: %d %v", s.method, s.path, status, answer)
		}
	}
}

// in returns the places of the values that a text contains.
func (f *filler) in(text string, of map[string]string) (found []string) {
	for value, place := range of {
		if strings.Contains(text, value) {
			found = append(found, place)
		}
	}
	slices.Sort(found)
	return found
}

// receiver is an endpoint that keeps what a log stream delivers.
type receiver struct {
	*httptest.Server
	mu   sync.Mutex
	text strings.Builder
	came chan struct{}
}

func newReceiver(t *testing.T) *receiver {
	t.Helper()
	r := &receiver{came: make(chan struct{}, 1)}
	r.Server = httptest.NewServer(http.HandlerFunc(func(_ http.ResponseWriter, rq *http.Request) {
		raw, err := io.ReadAll(rq.Body)
		if err != nil {
			t.Error(err)
		}
		r.mu.Lock()
		r.text.Write(raw)
		r.mu.Unlock()
		select {
		case r.came <- struct{}{}:
		default:
		}
	}))
	t.Cleanup(r.Close)
	return r
}

// until waits until the received text contains a text, and returns all of it.
func (r *receiver) until(text string) string {
	for {
		r.mu.Lock()
		got := r.text.String()
		r.mu.Unlock()
		if strings.Contains(got, text) {
			return got
		}
		<-r.came
	}
}

// logText returns the tenant's whole log.
func logText(c *client) string {
	var all strings.Builder
	for page := 0; ; page++ {
		_, answer := c.do(http.MethodGet, fmt.Sprintf("/logs?per_page=100&page=%d", page), nil)
		list, _ := answer.([]any)
		raw, err := json.Marshal(list)
		if err != nil {
			c.t.Fatal(err)
		}
		all.Write(raw)
		if len(list) < 100 {
			return all.String()
		}
	}
}

// TestSecretsAreShownNowhere sends a unique value in every member that a kind describes, in every request that takes secrets. No
// secret may appear anywhere, and every value that is not a secret must.
func TestSecretsAreShownNowhere(t *testing.T) {
	c := newClient(t)
	c.must(201, http.MethodPost, "/connections", object{"name": "People", "strategy": "auth0"})
	stream := newReceiver(t)
	c.must(200, http.MethodPost, "/log-streams", object{"name": "watched", "type": "http", "sink": object{"httpEndpoint": stream.URL}})
	f := &filler{secrets: map[string]string{"HIDDENaddress": "a parameter of an address"}, open: map[string]string{}}
	sendSpecimens(c, f)
	c.must(200, http.MethodPost, "/roles", object{"name": "the last of all"})
	if len(f.secrets) < 60 || len(f.open) < 60 {
		t.Fatalf("%d secrets and %d others were sent", len(f.secrets), len(f.open))
	}

	tenantLog := logText(c)
	exported := control(c, http.MethodGet, "/export?users=true&ids=true", nil)
	for where, text := range map[string]string{
		"the tenant's log": tenantLog, "a log stream": stream.until("the last of all"), "the export": exported, "the server's log": c.tenant.Log(),
	} {
		for _, place := range f.in(text, f.secrets) {
			t.Errorf("%s shows the secret %s", where, place)
		}
	}
	shown := f.in(tenantLog, f.open)
	for _, place := range f.in(sentText(c), f.open) {
		if !slices.Contains(shown, place) {
			t.Errorf("the tenant's log does not show %s, which is no secret", place)
		}
	}

	checkImports(c, f, exported)
}

// sentText returns what the API shows of the specimens. It lacks the generated values that a specimen's base has replaced.
func sentText(c *client) string {
	var all strings.Builder
	for _, path := range []string{"/clients", "/resource-servers", "/connections", "/log-streams", "/event-streams", "/actions/actions", "/custom-domains", "/guardian/factors/duo/settings"} {
		_, answer := c.do(http.MethodGet, path, nil)
		raw, err := json.Marshal(answer)
		if err != nil {
			c.t.Fatal(err)
		}
		all.Write(raw)
	}
	return all.String()
}

var keyword = regexp.MustCompile(`##([A-Z0-9_]+)##`)

// checkImports imports an export again: unchanged, and with other secrets.
func checkImports(c *client, f *filler, exported string) {
	c.t.Helper()
	var out struct {
		Sections json.RawMessage
		Keywords []string
	}
	if err := json.Unmarshal([]byte(exported), &out); err != nil {
		c.t.Fatal(err)
	}
	sections := string(out.Sections)
	found := keyword.FindAllString(sections, -1)
	if len(found) < 30 || len(out.Keywords) == 0 || strings.Contains(sections, "REDACTED") {
		c.t.Errorf("the export has %d markers and names %d keywords", len(found), len(out.Keywords))
	}
	for _, want := range []string{"CONNECTION_SPECIMEN_CLIENT_SECRET", "LOG_STREAM_DATADOG_DATADOG_API_KEY", "RESOURCE_SERVER_URN_SPECIMEN_SIGNING_SECRET"} {
		if !slices.Contains(out.Keywords, want) {
			c.t.Errorf("the export has no keyword %s: %q", want, out.Keywords)
		}
	}
	for _, m := range found {
		if !slices.Contains(out.Keywords, strings.Trim(m, "#")) {
			c.t.Errorf("the keyword %s is not listed", m)
		}
	}
	var report deploy.Report
	bring := func(sections string) string {
		answer := control(c, http.MethodPost, "/import", []byte(`{"dry_run":true,"sections":`+sections+`}`))
		report = deploy.Report{}
		if err := json.Unmarshal([]byte(answer), &report); err != nil {
			c.t.Fatalf("%v: %s", err, answer)
		}
		return answer
	}
	bring(sections)
	for _, change := range report.Changes {
		if change.Action != "unchanged" {
			c.t.Errorf("the export as it is does %v", change)
		}
	}
	answer := bring(keyword.ReplaceAllStringFunc(sections, func(m string) string {
		if strings.Contains(m, "PROJECT_ID") { // a keyword of auth0-deploy-cli for what is no secret
			return m
		}
		return f.value("the new "+m, true)
	}))
	for _, place := range f.in(answer, f.secrets) {
		c.t.Errorf("the differences show the secret %s", place)
	}
	told := 0
	for _, change := range report.Changes {
		for _, difference := range change.Differences {
			told++
			if !strings.HasSuffix(difference, ": changed") {
				c.t.Errorf("other secrets make the difference %s: %s", change.Name, difference)
			}
		}
	}
	if told < 20 {
		c.t.Errorf("only %d differences are told: %s", told, answer)
	}
}

// control sends a request to the control listener, which must succeed.
func control(c *client, method, path string, body []byte) string {
	c.t.Helper()
	rq, err := http.NewRequestWithContext(c.t.Context(), method, c.tenant.ControlURL()+path, strings.NewReader(string(body)))
	if err != nil {
		c.t.Fatal(err)
	}
	resp, err := http.DefaultClient.Do(rq)
	if err != nil {
		c.t.Fatal(err)
	}
	defer resp.Body.Close()
	raw, err := io.ReadAll(resp.Body)
	if err != nil || resp.StatusCode != http.StatusOK {
		c.t.Fatalf("%s %s: %d %s %v", method, path, resp.StatusCode, raw, err)
	}
	return string(raw)
}
