package federation_test

import (
	"strings"
	"testing"

	"github.com/tenant0/tenant0/server/servertest"
)

// strategiesFile is a tenant with one connection for each strategy that leads to an identity provider.
const strategiesFile = `
clients:
  - {name: app, client_id: app, app_type: native, token_endpoint_auth_method: none, callbacks: ["https://app.example.com/callback"], grant_types: [authorization_code]}
  - {name: management, client_id: Tenant0ManagementClient000000001, client_secret: tenant0-management-secret-for-development-only,
     app_type: non_interactive, grant_types: [client_credentials]}
clientGrants:
  - {client_id: management, audience: "${issuer}api/v2/", allow_all_scopes: true}
connections:
  - {name: google-oauth2, strategy: google-oauth2, enabled_clients: [app]}
  - {name: apple, strategy: apple, enabled_clients: [app]}
  - {name: facebook, strategy: facebook, enabled_clients: [app]}
  - {name: github, strategy: github, enabled_clients: [app]}
  - {name: windowslive, strategy: windowslive, enabled_clients: [app]}
  - {name: linkedin, strategy: linkedin, enabled_clients: [app]}
  - {name: twitter, strategy: twitter, enabled_clients: [app]}
  - {name: line, strategy: line, enabled_clients: [app]}
  - {name: custom1, strategy: oauth1, enabled_clients: [app], options: {requestTokenURL: "https://a.example/r", accessTokenURL: "https://a.example/a"}}
  - {name: custom2, strategy: oauth2, enabled_clients: [app], options: {authorizationURL: "https://a.example/a", tokenURL: "https://a.example/t"}}
  - {name: entra, strategy: waad, enabled_clients: [app], options: {tenantId: "7", ext_groups: true}}
  - {name: entra-plain, strategy: waad, enabled_clients: [app]}
  - {name: adfs, strategy: adfs, enabled_clients: [app], options: {adfs_server: "https://adfs.corp.example"}}
  - {name: okta, strategy: okta, enabled_clients: [app], options: {domain: corp.okta.com}}
  - {name: openid, strategy: oidc, enabled_clients: [app], options: {issuer: "https://idp.example/"}}
  - {name: saml, strategy: samlp, enabled_clients: [app]}
  - {name: ping, strategy: pingfederate, enabled_clients: [app]}
  - {name: ldap, strategy: ad, enabled_clients: [app]}
  - {name: workspace, strategy: google-apps, enabled_clients: [app], options: {ext_groups: true}}
`

// TestEveryStrategy leads to a page that says it is a simulation, on which one can choose a person, refuse, withhold the
// address or have the provider fail. The users have the ids, identities and members that Auth0 gives users of the strategy.
func TestEveryStrategy(t *testing.T) {
	s := servertest.Start(t, servertest.Seed(strategiesFile))
	for _, tt := range []struct {
		connection, id, sub string
		social              bool
		// has are members of the user that differ between providers.
		has object
	}{
		{"google-oauth2", "108100000000000000000", "google-oauth2|108100000000000000000", true, object{"email_verified": true}},
		{"apple", "001234.aa.0001", "apple|001234.aa.0001", true, object{"email_verified": true}},
		{"facebook", "10223", "facebook|10223", true, object{"picture_large": "https://p.example/s.png"}},
		{"github", "583231", "github|583231", true, object{"type": "User", "site_admin": false, "emails": []any{object{"email": "sam@corp.example", "primary": true, "verified": true, "visibility": "public"}}}},
		{"windowslive", "ba9d", "windowslive|ba9d", true, object{"nickname": "sam@corp.example", "emails": []any{"sam@corp.example"}}},
		{"linkedin", "Ab1", "linkedin|Ab1", true, nil},
		{"twitter", "142", "twitter|142", true, nil},
		{"line", "U0f", "line|U0f", true, nil},
		{"custom1", "9", "oauth1|custom1|9", true, nil},
		{"custom2", "9", "oauth2|custom2|9", true, nil},
		{"entra", "oid-1", "waad|oid-1", false, object{"oid": "oid-1", "tenantid": "7", "upn": "sam@corp.example", "email_verified": false, "groups": []any{"Staff"}}},
		{"entra-plain", "oid-2", "waad|oid-2", false, object{"groups": nil, "email_verified": false}},
		{"adfs", "sam@corp.example", "adfs|adfs|sam@corp.example", false, object{"upn": "sam@corp.example", "email_verified": false, "groups": []any{"Staff"}}},
		{"okta", "00u1", "okta|okta|00u1", false, object{"groups": []any{"Staff"}}},
		{"openid", "s1", "oidc|openid|s1", false, object{"groups": []any{"Staff"}, "email_verified": true}},
		{"saml", "sam@corp.example", "samlp|saml|sam@corp.example", false, object{"groups": []any{"Staff"}}},
		{"ping", "sam", "pingfederate|ping|sam", false, nil},
		{"ldap", "guid", "ad|ldap|guid", false, object{"upn": "sam@corp.example", "groups": []any{"Staff"}}},
		{"workspace", "sam@corp.example", "google-apps|sam@corp.example", false, object{"email_verified": true, "groups": []any{"Staff"}}},
	} {
		t.Run(tt.connection, func(t *testing.T) {
			tn := tenant{s, s.Client(), t}
			page := tn.simulation("connection", tt.connection)
			if !strings.Contains(page.Body, "Ada Lovelace") {
				t.Errorf("the page knows nobody: %s", page.Body)
			}
			left, _ := tn.press(page, "action", "deny")
			if left == nil || left.Query().Get("error") != "access_denied" {
				t.Errorf("who refuses is led to %v", left)
			}
			left, _ = tn.press(tn.simulation("connection", tt.connection), "action", "fail")
			tn.hasError(left, "server_error", "The simulated identity provider has failed, as it was told to.")

			tn.Person(tt.connection, tt.id, object{
				"email": "sam@corp.example", "email_verified": true, "given_name": "Sam", "family_name": "Spade", "picture": "https://p.example/s.png", "groups": []any{"Staff"},
			})
			claims := tn.claims(login("connection", tt.connection, "login_hint", tt.id, "prompt", "login"))
			diff(t, "sub", claims["sub"], any(tt.sub))
			user := tn.user(tt.sub)
			provider, id, _ := strings.Cut(tt.sub, "|")
			diff(t, "identities", withoutTokens(user["identities"]), any([]any{object{"provider": provider, "user_id": id, "connection": tt.connection, "isSocial": tt.social}}))
			for name, want := range (object{"name": "Sam Spade", "given_name": "Sam", "family_name": "Spade", "email": "sam@corp.example", "picture": "https://p.example/s.png"}) {
				diff(t, name, user[name], want)
			}
			for name, want := range tt.has {
				diff(t, name, user[name], want)
			}
			tn.Choose(tt.connection, "without_email", tt.id)
			if claims := tn.claims(login("connection", tt.connection, "prompt", "login")); claims["sub"] != tt.sub {
				t.Errorf("without an address logs in %v", claims)
			}
		})
	}
}
