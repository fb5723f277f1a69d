package management_test

import (
	"crypto/rand"
	"crypto/rsa"
	"crypto/x509"
	"encoding/pem"
	"net/http"
	"net/url"
	"strings"
	"testing"

	"github.com/tenant0/tenant0/server/servertest"
)

// TestDeletesOfNothing deletes resources that do not exist: most kinds answer as after a deletion,
// and those whose documentation says so answer 404.
func TestDeletesOfNothing(t *testing.T) {
	c := newClient(t)
	connection := "/connections/" + c.list("/connections")[0]["id"].(string)
	for path, status := range map[string]int{
		"/clients/none": 204, "/clients/" + servertest.Mobile + "/credentials/cred_none": 204, "/client-grants/cgr_none": 204,
		"/connections/con_0000000000000000": 204, "/resource-servers/none": 204, "/users/auth0%7Cnone": 204, "/rules/rul_none": 204,
		"/log-streams/lst_none": 204, "/event-streams/est_0000000000000000000000": 204, "/self-service-profiles/ssp_none": 204, "/grants/none": 204,
		"/token-exchange-profiles/tep_none": 204, "/device-credentials/dcr_none": 204, "/hooks/none": 204, "/rules-configs/none": 204,
		"/refresh-tokens/none": 202, "/sessions/none": 202,

		"/roles/rol_none": 404, "/organizations/org_none": 404, "/actions/actions/none": 404, "/branding/themes/none": 404,
		"/flows/af_none": 404, "/guardian/enrollments/dev_none": 404, connection + "/scim-configuration": 404, "/clients/none/credentials/cred_none": 404,
	} {
		if got, answer := c.do(http.MethodDelete, path, nil); got != status {
			t.Errorf("DELETE %s: %d, want %d: %v", path, got, status, answer)
		}
	}
}

func TestCredentialsOfANewClient(t *testing.T) {
	c := newClient(t)
	key, err := rsa.GenerateKey(rand.Reader, 2048)
	if err != nil {
		t.Fatal(err)
	}
	der, err := x509.MarshalPKIXPublicKey(&key.PublicKey)
	if err != nil {
		t.Fatal(err)
	}
	client := c.must(201, http.MethodPost, "/clients", object{
		"name": "Signing", "client_authentication_methods": object{"private_key_jwt": object{"credentials": []object{
			{"credential_type": "public_key", "name": "first", "pem": string(pem.EncodeToMemory(&pem.Block{Type: "PUBLIC KEY", Bytes: der}))},
		}}},
	})
	path := "/clients/" + client["client_id"].(string)
	methods, _ := client["client_authentication_methods"].(object)
	method, _ := methods["private_key_jwt"].(object)
	refs, _ := method["credentials"].([]any)
	kept := c.list(path + "/credentials")
	if len(refs) != 1 || len(kept) != 1 || refs[0].(object)["id"] != kept[0]["id"] || len(refs[0].(object)) != 1 || kept[0]["name"] != "first" {
		t.Errorf("the client refers to %v, and has %v", refs, kept)
	}
}

func TestClientsByGrant(t *testing.T) {
	c := newClient(t)
	org, _ := c.must(201, http.MethodPost, "/organizations", object{"name": "acme"})["id"].(string)
	grant := c.list("/client-grants?client_id=" + servertest.Cron)[0]["id"].(string)
	count := func(query string) int {
		clients := c.list("/clients?q=" + url.QueryEscape(query))
		for _, client := range clients {
			if client["client_id"] != servertest.Cron {
				t.Errorf("%s finds %v", query, client["name"])
			}
		}
		return len(clients)
	}
	ofOrganization, ofAny := "client_grant.organization_id:"+org, "client_grant.allow_any_organization:true"
	if count(ofOrganization) != 0 || count(ofAny) != 0 {
		t.Error("clients are found before a grant is assigned")
	}
	c.must(201, http.MethodPost, "/organizations/"+org+"/client-grants", object{"grant_id": grant})
	c.must(200, http.MethodPatch, "/client-grants/"+grant, object{"organization_usage": "allow", "allow_any_organization": true})
	if count(ofOrganization) != 1 || count(ofAny) != 1 {
		t.Error("the client of the grant is not found")
	}
	c.must(400, http.MethodGet, "/clients?q=name:Cron", nil)
}

func TestAccountsAreLinkedByTheirWholeID(t *testing.T) {
	c := newClient(t)
	other := c.must(201, http.MethodPost, "/users", object{"email": "second@exampleco.com", "connection": "Username-Password-Authentication", "password": "ExampleCo!2026"})
	path := "/users/" + url.PathEscape(c.employee()) + "/identities"
	status, identities := c.do(http.MethodPost, path, object{"provider": "auth0", "user_id": other["user_id"]})
	if list, _ := identities.([]any); status != http.StatusCreated || len(list) != 2 {
		t.Errorf("linking answers %d %v", status, identities)
	}
}

func TestSignupNeedsMembershipAtLogin(t *testing.T) {
	c := newClient(t)
	org, _ := c.must(201, http.MethodPost, "/organizations", object{"name": "acme"})["id"].(string)
	connection := c.list("/connections")[0]["id"].(string)
	enabled := "/organizations/" + org + "/enabled_connections"
	c.must(400, http.MethodPost, enabled, object{"connection_id": connection, "is_signup_enabled": true})
	c.must(201, http.MethodPost, enabled, object{"connection_id": connection})
	c.must(400, http.MethodPatch, enabled+"/"+connection, object{"is_signup_enabled": true})
	c.must(200, http.MethodPatch, enabled+"/"+connection, object{"is_signup_enabled": true, "assign_membership_on_login": true})
}

// TestLongNames uses long names and descriptions, for which Auth0: api/management/v2/roles/post-roles
// states no limit.
func TestLongNames(t *testing.T) {
	c := newClient(t)
	name, description := strings.Repeat("Auditor of timesheets ", 20), strings.Repeat("May read everything. ", 40)
	role := c.must(200, http.MethodPost, "/roles", object{"name": name, "description": description})
	role = c.must(200, http.MethodGet, "/roles/"+role["id"].(string), nil)
	if role["name"] != name || role["description"] != description {
		t.Errorf("the role is %v", role)
	}
	c.must(400, http.MethodPost, "/roles", object{"name": ""})
}
