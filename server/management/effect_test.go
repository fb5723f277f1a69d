package management_test

import (
	"fmt"
	"net/http"
	"net/url"
	"slices"
	"sync"
	"testing"

	"github.com/google/go-cmp/cmp"

	"github.com/tenant0/tenant0/server/servertest"
)

// The tests in this file check that settings take effect in the parts of the server that use them.

func TestRotatedSecret(t *testing.T) {
	c := newClient(t)
	fresh := c.must(200, http.MethodPost, "/clients/"+servertest.Cron+"/rotate-secret", nil)
	exchange := func(secret string) int {
		status, _ := c.tenant.Token(c.http, url.Values{
			"grant_type": {"client_credentials"}, "audience": {servertest.API}, "client_id": {servertest.Cron}, "client_secret": {secret},
		})
		return status
	}
	secret, _ := fresh["client_secret"].(string)
	if got := exchange(secret); got != http.StatusOK {
		t.Errorf("the new secret gets %d", got)
	}
	if got := exchange(servertest.CronSecret); got != http.StatusUnauthorized {
		t.Errorf("the old secret gets %d, want 401", got)
	}
	if shown := c.must(200, http.MethodGet, "/clients/"+servertest.Cron, nil); shown["client_secret"] != secret {
		t.Errorf("the secret is shown as %v, want %q", shown["client_secret"], secret)
	}
}

func TestNewClientAndUserLogIn(t *testing.T) {
	c := newClient(t)
	app := c.must(201, http.MethodPost, "/clients", object{
		"name": "Fresh", "app_type": "spa", "token_endpoint_auth_method": "none", "callbacks": []string{"http://localhost:7000/cb"},
		"grant_types": []string{"authorization_code", "refresh_token"},
	})
	id, _ := app["client_id"].(string)
	list := c.must(200, http.MethodGet, "/connections?take=5&name=Username-Password-Authentication", nil)
	connection, _ := list["connections"].([]any)[0].(object)
	c.must(204, http.MethodPatch, "/connections/"+connection["id"].(string)+"/clients", []object{{"client_id": id, "status": true}})
	user := c.must(201, http.MethodPost, "/users", object{
		"connection": "Username-Password-Authentication", "email": "New@Example.com", "password": "Correct horse battery 1",
	})
	if user["email"] != "new@example.com" || user["nickname"] != "new" || user["email_verified"] != false {
		t.Errorf("the new user is %v", user)
	}

	login := servertest.Login{ClientID: id, RedirectURI: "http://localhost:7000/cb", Username: "new@example.com", Password: "Correct horse battery 1"}
	result := c.tenant.Login(c.tenant.Client(), login)
	if result.Get("code") == "" {
		t.Fatalf("the login brought %v", result.Values)
	}

	c.must(200, http.MethodPatch, "/users/"+user["user_id"].(string), object{"blocked": true})
	if got := c.tenant.Login(c.tenant.Client(), login); got.Get("error") != "unauthorized" || got.Get("error_description") != "user is blocked" {
		t.Errorf("a blocked user ends with %v", got.Values)
	}
	c.must(200, http.MethodPatch, "/connections/"+connection["id"].(string), object{"enabled_clients": []string{id}})
	answer := c.must(200, http.MethodGet, "/connections/"+connection["id"].(string)+"/clients", nil)
	if clients, _ := answer["clients"].([]any); len(clients) != 1 || clients[0].(object)["client_id"] != id {
		t.Errorf("the connection is enabled for %v", answer)
	}
	c.must(204, http.MethodDelete, "/clients/"+id, nil)
	if left := c.must(200, http.MethodGet, "/connections/"+connection["id"].(string), nil); slices.Contains(left["enabled_clients"].([]any), any(id)) {
		t.Error("a deleted client is still enabled for the connection")
	}
}

func TestRolePermissionsReachTokens(t *testing.T) {
	c := newClient(t)
	api := c.must(201, http.MethodPost, "/resource-servers", object{
		"identifier": "https://api.test/", "name": "Test", "enforce_policies": true, "token_dialect": "access_token_authz",
		"skip_consent_for_verifiable_first_party_clients": true, "scopes": []object{{"value": "read:x"}, {"value": "write:x"}},
	})
	role := c.must(200, http.MethodPost, "/roles", object{"name": "reader"})
	roleID, _ := role["id"].(string)
	c.must(201, http.MethodPost, "/roles/"+roleID+"/permissions", object{"permissions": []object{
		{"resource_server_identifier": "https://api.test/", "permission_name": "read:x"},
	}})
	users := c.must(200, http.MethodGet, "/users?include_totals=true", nil)
	var employee string
	for _, item := range users["users"].([]any) {
		if u, _ := item.(object); u["email"] == servertest.Employee {
			employee, _ = u["user_id"].(string)
		}
	}
	c.must(204, http.MethodPost, "/users/"+employee+"/roles", object{"roles": []string{roleID}})
	directly := object{"permissions": []object{{"resource_server_identifier": "https://api.test/", "permission_name": "read:x"}}}
	c.must(201, http.MethodPost, "/users/"+employee+"/permissions", directly)
	held := c.list("/users/" + employee + "/permissions")
	if want := []any{
		object{"source_id": "", "source_name": "", "source_type": "DIRECT"}, object{"source_id": roleID, "source_name": "reader", "source_type": "ROLE"},
	}; len(held) != 1 || !cmp.Equal(held[0]["sources"], any(want)) {
		t.Errorf("the user holds %v, want one permission by %v", held, want)
	}
	c.must(204, http.MethodDelete, "/users/"+employee+"/permissions", directly)

	browser := c.tenant.Client()
	result := c.tenant.Login(browser, servertest.Login{
		ClientID: servertest.SPA, RedirectURI: servertest.SPACallback,
		Params: url.Values{"audience": {"https://api.test/"}, "scope": {"openid read:x write:x"}},
	})
	if tokens := c.tenant.Exchange(browser, result); tokens["scope"] != "openid read:x" {
		t.Errorf("the scope is %q, want openid read:x", tokens["scope"])
	}
	c.must(200, http.MethodGet, "/resource-servers/"+url.PathEscape(url.PathEscape("https://api.test/")), nil) // as Terraform asks
	c.must(204, http.MethodDelete, "/resource-servers/"+url.PathEscape("https://api.test/"), nil)
	if status, _ := c.do(http.MethodGet, "/resource-servers/"+api["id"].(string), nil); status != http.StatusNotFound {
		t.Errorf("after its deletion by identifier the API gets %d", status)
	}
}

func TestPatchSemantics(t *testing.T) {
	c := newClient(t)
	path := "/clients/" + servertest.Web
	c.must(200, http.MethodPatch, path, object{"client_metadata": object{"a": "1", "b": "2"}, "description": "x", "initiate_login_uri": "https://app.test/"})
	got := c.must(200, http.MethodPatch, path, object{"client_metadata": object{"a": nil, "c": "3"}, "description": nil})
	metadata, _ := got["client_metadata"].(object)
	if len(metadata) != 2 || metadata["b"] != "2" || metadata["c"] != "3" {
		t.Errorf("metadata after the merge: %v", metadata)
	}
	if _, there := got["description"]; there || got["initiate_login_uri"] != "https://app.test/" {
		t.Errorf("after a null and an omission: %v", got)
	}
	jwt, _ := got["jwt_configuration"].(object)
	if jwt["lifetime_in_seconds"] != 36000.0 || jwt["alg"] != "RS256" {
		t.Errorf("jwt_configuration: %v", jwt)
	}
}

func TestTenantPagesKeepWhatAChangeLeavesOut(t *testing.T) {
	c := newClient(t)
	page := object{"enabled": true, "html": "<p>Ours</p>"}
	c.must(200, http.MethodPatch, "/tenants/settings", object{"change_password": page, "guardian_mfa_page": page})
	c.must(200, http.MethodPatch, "/tenants/settings", object{"change_password": object{"enabled": false}, "guardian_mfa_page": object{"enabled": false}})
	settings := c.must(200, http.MethodGet, "/tenants/settings", nil)
	for _, name := range []string{"change_password", "guardian_mfa_page"} {
		if got := settings[name].(object); got["enabled"] != false || got["html"] != page["html"] {
			t.Errorf("%s is %v", name, got)
		}
	}
}

// TestPrivateSigningKeyIsWithheld: where Auth0 shows the tenant's private key, only its place is shown, and only in the
// response to a new application.
func TestPrivateSigningKeyIsWithheld(t *testing.T) {
	c := newClient(t)
	made := c.must(201, http.MethodPost, "/clients", object{"name": "new"})
	if key := made["signing_keys"].([]any)[0].(object)["key"]; key != "[REDACTED]" {
		t.Errorf("a new application shows the key %v", key)
	}
	read := c.must(200, http.MethodGet, "/clients/"+made["client_id"].(string), nil)
	if key, there := read["signing_keys"].([]any)[0].(object)["key"]; there {
		t.Errorf("a read shows the key %v", key)
	}
}

func TestSessionLifetimesInMinutes(t *testing.T) {
	c := newClient(t)
	c.must(200, http.MethodPatch, "/tenants/settings", object{"session_lifetime_in_minutes": 90, "idle_session_lifetime_in_minutes": 60})
	settings := c.must(200, http.MethodGet, "/tenants/settings", nil)
	if settings["session_lifetime"] != 1.5 || settings["idle_session_lifetime"] != 1.0 {
		t.Errorf("the lifetimes in hours are %v and %v", settings["session_lifetime"], settings["idle_session_lifetime"])
	}
	if _, there := settings["session_lifetime_in_minutes"]; there {
		t.Error("the answer holds minutes, which are of requests only")
	}
	c.must(400, http.MethodPatch, "/tenants/settings", object{"session_lifetime": 2, "session_lifetime_in_minutes": 120})
}

// TestManyWriters has 16 clients change the permissions of one role and create users
// concurrently: nothing is lost.
func TestManyWriters(t *testing.T) {
	c := newClient(t)
	scopes := []object{}
	for i := range 16 {
		scopes = append(scopes, object{"value": fmt.Sprintf("do:%d", i)})
	}
	c.must(201, http.MethodPost, "/resource-servers", object{"identifier": "https://many.test/", "scopes": scopes})
	role := c.must(200, http.MethodPost, "/roles", object{"name": "shared"})
	path := "/roles/" + role["id"].(string) + "/permissions"

	var wait sync.WaitGroup
	statuses := make([]int, 16)
	for i := range 16 {
		wait.Go(func() {
			statuses[i], _ = c.do(http.MethodPost, path, object{"permissions": []object{
				{"resource_server_identifier": "https://many.test/", "permission_name": fmt.Sprintf("do:%d", i)},
			}})
		})
	}
	wait.Wait()
	for i, status := range statuses {
		if status != http.StatusCreated {
			t.Errorf("writer %d got %d", i, status)
		}
	}
	held := c.must(200, http.MethodGet, path+"?include_totals=true", nil)
	if held["total"] != 16.0 {
		t.Errorf("the role holds %v permissions, want 16", held["total"])
	}
}

func TestSigningKeysRotate(t *testing.T) {
	c := newClient(t)
	_, before := c.do(http.MethodGet, "/keys/signing", nil)
	c.must(201, http.MethodPost, "/keys/signing/rotate", nil)
	_, after := c.do(http.MethodGet, "/keys/signing", nil)
	was, _ := before.([]any)[0].(object)
	if list, _ := after.([]any); len(list) != 3 || list[0].(object)["kid"] == was["kid"] {
		t.Fatalf("after the rotation the keys are %v", after)
	}
	c.must(200, http.MethodPut, "/keys/signing/"+was["kid"].(string)+"/revoke", nil)
	if status, _ := c.do(http.MethodGet, "/roles", nil); status != http.StatusUnauthorized {
		t.Errorf("a token of a revoked key gets %d, want 401", status)
	}
}
