package server_test

import (
	"encoding/json"
	"net/http"
	"net/url"
	"os"
	"path/filepath"
	"testing"

	"github.com/google/go-cmp/cmp"

	"github.com/tenant0/tenant0/config/tenantfile"
	"github.com/tenant0/tenant0/server/servertest"
)

// asProvidersTakeIt is a configuration with values that are stored in another form: lists of scopes that become a text or
// are completed from flags, metadata that is taken apart, and null.
const asProvidersTakeIt = `
databases:
  - {name: No-Policy, options: {passwordPolicy: null, validation: null}}
connections:
  - {name: apple, strategy: apple, options: {client_id: a, email: true, name: true, scope: [email, name]}}
  - {name: facebook, strategy: facebook, options: {client_id: a, public_profile: true, email: true, scope: [public_profile, email]}}
  - {name: github, strategy: github, options: {client_id: a, email: true, scope: []}}
  - {name: google-oauth2, strategy: google-oauth2, options: {client_id: a, email: true, profile: true, scope: [profile, email]}}
  - name: saml
    strategy: samlp
    options:
      tenant_domain: null
      metadataXml: >-
        <EntityDescriptor xmlns="urn:oasis:names:tc:SAML:2.0:metadata" entityID="https://idp.test"><IDPSSODescriptor
        protocolSupportEnumeration="urn:oasis:names:tc:SAML:2.0:protocol"><SingleSignOnService
        Binding="urn:oasis:names:tc:SAML:2.0:bindings:HTTP-Redirect" Location="https://idp.test/sso"/></IDPSSODescriptor></EntityDescriptor>
`

// TestImportOfWhatIsStoredInAnotherForm imports the same configuration again, into a tenant that was made from it and into one
// that has imported it: nothing changes, and the report says so.
func TestImportOfWhatIsStoredInAnotherForm(t *testing.T) {
	for name, seed := range map[string]string{"seeded": asProvidersTakeIt, "imported": "tenant: {friendly_name: Empty}"} {
		s := servertest.Start(t, servertest.Seed(seed))
		if first := changing(done(t, s, sectionsIn(t, asProvidersTakeIt))); name == "seeded" && len(first) > 0 {
			t.Errorf("a tenant that was made from the configuration: its import does %q", first)
		}
		before := exportOf(t, s)
		if again := changing(done(t, s, sectionsIn(t, asProvidersTakeIt))); len(again) > 0 {
			t.Errorf("%s: the same import again does %q", name, again)
		}
		if diff := cmp.Diff(before, exportOf(t, s)); diff != "" {
			t.Errorf("%s: the second import has changed the tenant (- before, + after):\n%s", name, diff)
		}
		// What does change is told in the form in which it is stored.
		changed := changing(done(t, s, `{"sections":{"connections":[{"name":"apple","strategy":"apple","options":{"client_id":"a","email":true,"name":false,"scope":["email"]}}]}}`))
		want := []string{`update connections apple; options.name: true → false; options.scope: "name email" → "email"`}
		if diff := cmp.Diff(want, changed); diff != "" {
			t.Errorf("%s: another scope (- want, + got):\n%s", name, diff)
		}
	}
}

// TestADatabaseWithoutAPolicy: a passwordPolicy that is null means no policy, in a tenant file as at the Management API, and a
// database without the key has Auth0's default.
func TestADatabaseWithoutAPolicy(t *testing.T) {
	s := servertest.Start(t, servertest.Seed(`
clients: [{name: Shop, client_id: ShopOfTheTest, app_type: spa, token_endpoint_auth_method: none}]
databases:
  - {name: None, enabled_clients: [Shop], options: {passwordPolicy: null}}
  - {name: Default, enabled_clients: [Shop]}
`))
	for connection, want := range map[string]int{"None": http.StatusOK, "Default": http.StatusBadRequest} {
		status, answer := s.Post(s.Client(), "/dbconnections/signup", url.Values{
			"client_id": {"ShopOfTheTest"}, "email": {"a@example.com"}, "password": {"x"}, "connection": {connection},
		})
		if status != want {
			t.Errorf("a sign-up with a short password at %s is answered %d %v", connection, status, answer)
		}
	}
}

// sectionsIn returns the body that imports a configuration in YAML.
func sectionsIn(t *testing.T, yaml string) string {
	t.Helper()
	path := filepath.Join(t.TempDir(), "tenant.yaml")
	if err := os.WriteFile(path, []byte(yaml), 0o600); err != nil {
		t.Fatal(err)
	}
	configuration, err := tenantfile.LoadConfiguration(path, nil)
	if err != nil {
		t.Fatal(err)
	}
	body, err := json.Marshal(map[string]any{"sections": configuration.Sections})
	if err != nil {
		t.Fatal(err)
	}
	return string(body)
}
