package server_test

import (
	"encoding/base64"
	"encoding/json"
	"net/http"
	"net/url"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"

	"github.com/tenant0/tenant0/server/servertest"
)

const machineTenant = `
clients:
  - name: Batch
    client_id: BatchJob000000000000000000000001
    client_secret: batch-secret
    app_type: non_interactive
    client_metadata: {team: ledger}
  - {name: Other, client_id: OtherJob000000000000000000000001, client_secret: other-secret, app_type: non_interactive}
resourceServers:
  - {name: Ledger, identifier: "https://ledger.example", scopes: [{value: read}]}
  - {name: Stock, identifier: "https://stock.example", scopes: [{value: read}], token_dialect: rfc9068_profile}
clientGrants:
  - {client_id: Batch, audience: "https://ledger.example", scope: [read]}
  - {client_id: Batch, audience: "https://stock.example", scope: [read]}
  - {client_id: Batch, audience: "${issuer}api/v2/", scope: [read:users]}
  - {client_id: Other, audience: "https://ledger.example", scope: [read]}
`

// machineClaims is a section that maps claims for one application, for one API, for one application
// at one API, and for all.
const machineClaims = `{"tokenClaims":[
  {"application":"Batch","accessToken":{"https://id.example/region":{"value":"north"},"https://id.example/team":"client.client_metadata.team","https://id.example/mail":"user.email"}},
  {"audience":"https://ledger.example","accessToken":{"https://id.example/books":{"value":7}}},
  {"application":"Other","audience":"https://stock.example","accessToken":{"https://id.example/never":{"value":1}}},
  {"accessToken":{"plain":"client.name"},"idToken":{"https://id.example/id":{"value":"never in an access token"}}}]}`

// TestMachinesHaveMappedClaims requests tokens by client credentials from a tenant whose file maps claims,
// and from a tenant into which the same mappings were imported.
func TestMachinesHaveMappedClaims(t *testing.T) {
	seeded := servertest.Start(t, servertest.Seed(machineTenant+"authorizationExtension: "+machineClaims))
	running := servertest.Start(t, servertest.Seed(machineTenant))
	if got := done(t, running, `{"sections":{"authorizationExtension":`+machineClaims+`}}`); len(got) != 4 {
		t.Errorf("the import does %q", got)
	}
	for name, s := range map[string]*servertest.Server{"seeded": seeded, "imported": running} {
		for _, tt := range []struct {
			client, audience string
			want             map[string]any
		}{
			{"BatchJob000000000000000000000001", "https://ledger.example", map[string]any{
				"https://id.example/region": "north", "https://id.example/team": "ledger", "https://id.example/books": 7.0, "plain": "Batch",
			}},
			{"BatchJob000000000000000000000001", "https://stock.example", map[string]any{
				"https://id.example/region": "north", "https://id.example/team": "ledger", "plain": "Batch",
			}},
			// The tokens of the server's own APIs have only namespaced claims.
			{"BatchJob000000000000000000000001", s.Issuer() + "api/v2/", map[string]any{
				"https://id.example/region": "north", "https://id.example/team": "ledger",
			}},
			{"OtherJob000000000000000000000001", "https://ledger.example", map[string]any{"https://id.example/books": 7.0, "plain": "Other"}},
		} {
			secret := map[string]string{"B": "batch-secret", "O": "other-secret"}[tt.client[:1]]
			status, answer := s.Token(s.Client(), url.Values{
				"grant_type": {"client_credentials"}, "client_id": {tt.client}, "client_secret": {secret}, "audience": {tt.audience},
			})
			token, _ := answer["access_token"].(string)
			parts := strings.Split(token, ".")
			if status != http.StatusOK || len(parts) != 3 {
				t.Fatalf("%s: %d %v", name, status, answer)
			}
			raw, err := base64.RawURLEncoding.DecodeString(parts[1])
			if err != nil {
				t.Fatal(err)
			}
			var payload map[string]any
			if err := json.Unmarshal(raw, &payload); err != nil {
				t.Fatal(err)
			}
			for _, standard := range []string{"iss", "sub", "aud", "iat", "exp", "scope", "azp", "gty", "client_id", "jti"} {
				delete(payload, standard)
			}
			if diff := cmp.Diff(tt.want, payload); diff != "" {
				t.Errorf("%s: claims of %s for %s (- want, + got):\n%s", name, tt.client, tt.audience, diff)
			}
		}
	}
}
