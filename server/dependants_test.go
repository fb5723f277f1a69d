package server_test

import (
	"bytes"
	"encoding/json"
	"maps"
	"net/http"
	"net/http/httptest"
	"net/url"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"github.com/tenant0/tenant0/server/servertest"
	"github.com/tenant0/tenant0/storage/keyspace"
)

type object = map[string]any

// dependants creates objects that depend on one another, through the public APIs.
type dependants struct {
	*servertest.Server
	t       *testing.T
	browser *http.Client
}

const (
	doomedClient   = "DoomedApplication000000000000001"
	doomedUser     = "auth0|doomed"
	doomedMail     = "doomed@exampleco.com"
	doomedAPI      = "https://doomed.test"
	doomedDatabase = "doomed-database"
	database       = "Username-Password-Authentication"
)

// must calls the Management API, or the Authorization Extension's API if the path begins with
// a slash, and returns the answer, which must be a success.
func (d *dependants) must(method, path string, body any) object {
	d.t.Helper()
	form := d.ManagementForm()
	if strings.HasPrefix(path, "/") {
		form.Set("audience", "urn:auth0-authz-api")
		path = "extensions/authorization/api" + path
	} else {
		path = "api/v2/" + path
	}
	_, token := d.Token(d.browser, form)
	return d.mustAs(token["access_token"].(string), method, path, body)
}

// mustAs is must with a given token and the whole path.
func (d *dependants) mustAs(token, method, path string, body any) object {
	d.t.Helper()
	raw, err := json.Marshal(body)
	if err != nil {
		d.t.Fatal(err)
	}
	if body == nil {
		raw = nil
	}
	rq, err := http.NewRequestWithContext(d.t.Context(), method, d.URL+path, bytes.NewReader(raw))
	if err != nil {
		d.t.Fatal(err)
	}
	rq.Header.Set("Authorization", "Bearer "+token)
	rq.Header.Set("Content-Type", "application/json")
	resp, err := d.browser.Do(rq)
	if err != nil {
		d.t.Fatal(err)
	}
	defer resp.Body.Close()
	var answer any
	_ = json.NewDecoder(resp.Body).Decode(&answer) // a 204 has none
	if resp.StatusCode/100 != 2 {
		d.t.Fatalf("%s %s: %d %v", method, path, resp.StatusCode, answer)
	}
	doc, _ := answer.(object)
	return doc
}

func (d *dependants) make(path string, body object) (id string) {
	d.t.Helper()
	made := d.must(http.MethodPost, path, body)
	for _, name := range []string{"id", "_id", "client_id", "user_id"} {
		if id, ok := made[name].(string); ok {
			return id
		}
	}
	return ""
}

func (d *dependants) client() {
	d.t.Helper()
	done(d.t, d.Server, `{"sections":{"clients":[{"name":"Doomed","client_id":"`+doomedClient+`","app_type":"spa","token_endpoint_auth_method":"none",
		"grant_types":["authorization_code","refresh_token"],"callbacks":["`+servertest.SPACallback+`"],"initiate_login_uri":"https://app.test/login",
		"organization_usage":"allow","refresh_token":{"rotation_type":"non-rotating","expiration_type":"non-expiring"}}]}}`)
	connection := d.must(http.MethodGet, "connections?name="+database+"&take=1", nil)["connections"].([]any)[0].(object)["id"].(string)
	d.must(http.MethodPatch, "connections/"+connection+"/clients", []object{{"client_id": doomedClient, "status": true}})
}

func (d *dependants) user(connection string) {
	d.t.Helper()
	d.make("users", object{"connection": connection, "user_id": "doomed", "email": doomedMail, "password": servertest.Password})
}

// logins leaves a login in progress, an unused code and a refresh token, and returns the refresh token.
func (d *dependants) logins(l servertest.Login) string {
	d.t.Helper()
	l.RedirectURI = servertest.SPACallback
	target, _ := d.AuthorizeURL(l)
	d.Visit(d.Client(), target)
	d.Login(d.Client(), l)
	login := d.Login(d.browser, l)
	tokens := d.Exchange(d.browser, login)
	refresh, _ := tokens["refresh_token"].(string)
	if refresh == "" {
		d.t.Fatalf("no refresh token: %v", tokens)
	}
	return refresh
}

// device logs a user in to the application and stores the public key of a device of theirs.
func (d *dependants) device(username string) {
	d.t.Helper()
	tokens := d.Exchange(d.browser, d.Login(d.Client(), servertest.Login{
		ClientID: doomedClient, RedirectURI: servertest.SPACallback, Username: username,
		Params: url.Values{"audience": {d.Issuer() + "api/v2/"}, "scope": {"openid create:current_user_device_credentials"}},
	}))
	d.mustAs(tokens["access_token"].(string), http.MethodPost, "api/v2/device-credentials", object{
		"device_name": "Phone", "type": "public_key", "value": "aGVsbG8=", "device_id": "550e8400-e29b-41d4-a716-446655440000",
	})
}

// stream creates a log stream, and waits until it has delivered an event.
func (d *dependants) stream() (id string) {
	d.t.Helper()
	delivered := make(chan struct{}, 1000)
	sink := httptest.NewServer(http.HandlerFunc(func(http.ResponseWriter, *http.Request) { delivered <- struct{}{} }))
	d.t.Cleanup(sink.Close)
	id = d.make("log-streams", object{"name": "doomed", "type": "http", "sink": object{"httpEndpoint": sink.URL}})
	d.make("roles", object{"name": "told of"})
	select {
	case <-delivered:
	case <-time.After(servertest.Patience):
		d.t.Fatal("the log stream delivers nothing")
	}
	return id
}

func (d *dependants) refresh(token string) int {
	d.t.Helper()
	status, _ := d.Token(d.browser, url.Values{"grant_type": {"refresh_token"}, "client_id": {doomedClient}, "refresh_token": {token}})
	return status
}

func (d *dependants) invite(organization string, more object) {
	d.t.Helper()
	body := object{"inviter": object{"name": "Jane"}, "invitee": object{"email": "new@example.com"}, "client_id": servertest.Web}
	maps.Copy(body, more)
	if body["client_id"] == servertest.Web {
		d.must(http.MethodPatch, "clients/"+servertest.Web, object{"organization_usage": "allow", "initiate_login_uri": "https://app.test/login"})
	}
	d.must(http.MethodPost, "organizations/"+organization+"/invitations", body)
}

// dependantsOf gives, for each kind of object, a function that creates one with all that depends on it
// and returns the path that deletes it and the ids involved; and the tables that then contain these ids.
var dependantsOf = map[string]struct {
	make   func(d *dependants) (path string, ids []string)
	tables []string
}{
	"application": {func(d *dependants) (string, []string) {
		d.client()
		d.make("client-grants", object{"client_id": doomedClient, "audience": servertest.API, "scope": []string{"read:timesheets"}, "subject_type": "user"})
		org := d.make("organizations", object{"name": "acme"})
		d.invite(org, object{"client_id": doomedClient})
		permission := d.make("/permissions", object{"name": "p", "description": "p", "applicationType": "client", "applicationId": doomedClient})
		role := d.make("/roles", object{"name": "r", "description": "r", "applicationType": "client", "applicationId": doomedClient, "permissions": []string{permission}})
		group := d.make("/groups", object{"name": "g", "description": "g"})
		d.must(http.MethodPatch, "/groups/"+group+"/roles", []string{role})
		d.must(http.MethodPost, "tickets/password-change", object{"email": servertest.Manager, "connection_id": d.database(), "client_id": doomedClient})
		d.device(servertest.Employee)
		d.logins(servertest.Login{ClientID: doomedClient, Params: url.Values{"scope": {"openid offline_access read:timesheets"}}})
		return "clients/" + doomedClient, []string{doomedClient, permission, role}
	}, []string{"client_grants", "client_secrets", "clients", "codes", "connections", "documents", "extension", "grants", "refresh_tokens", "sessions", "tickets", "transactions"}},
	"user": {func(d *dependants) (string, []string) {
		d.client()
		d.user(database)
		path := "users/" + url.PathEscape(doomedUser)
		org, role := d.make("organizations", object{"name": "acme"}), d.make("roles", object{"name": "Clerk"})
		d.must(http.MethodPost, "organizations/"+org+"/members", object{"members": []string{doomedUser}})
		d.must(http.MethodPost, "organizations/"+org+"/members/"+url.PathEscape(doomedUser)+"/roles", object{"roles": []string{role}})
		d.must(http.MethodPost, path+"/roles", object{"roles": []string{role}})
		d.must(http.MethodPost, path+"/authentication-methods", object{"type": "phone", "name": "mine", "phone_number": "+15551234567", "preferred_authentication_method": "sms"})
		d.must(http.MethodPost, "tickets/password-change", object{"user_id": doomedUser})
		d.device(doomedMail)
		group := d.make("/groups", object{"name": "g", "description": "g"})
		d.must(http.MethodPatch, "/groups/"+group+"/members", []string{doomedUser})
		login := servertest.Login{ClientID: doomedClient, Username: doomedMail, Params: url.Values{"scope": {"openid offline_access read:timesheets"}}}
		d.logins(login)
		login.RedirectURI = servertest.SPACallback
		target, _ := d.AuthorizeURL(login)
		browser := d.Client()
		_, page := d.Visit(browser, target)
		form := page.Form()
		form.Set("username", doomedMail)
		form.Set("password", "wrong")
		d.Submit(browser, page, form)
		return path, []string{doomedUser}
	}, []string{"codes", "documents", "extension", "grants", "login_failures", "passwords", "refresh_tokens", "sessions", "tickets", "transactions", "user_access", "users"}},
	"API": {func(d *dependants) (string, []string) {
		d.client()
		id := d.make("resource-servers", object{"name": "Doomed", "identifier": doomedAPI, "allow_offline_access": true, "scopes": []object{{"value": "read"}}})
		d.make("client-grants", object{"client_id": servertest.Cron, "audience": doomedAPI, "scope": []string{"read"}})
		role := d.make("roles", object{"name": "Clerk"})
		held := object{"permissions": []object{{"resource_server_identifier": doomedAPI, "permission_name": "read"}}}
		d.must(http.MethodPost, "roles/"+role+"/permissions", held)
		d.user(database)
		d.must(http.MethodPost, "users/"+url.PathEscape(doomedUser)+"/permissions", held)
		d.logins(servertest.Login{ClientID: doomedClient, Params: url.Values{"audience": {doomedAPI}, "scope": {"openid offline_access read"}}})
		return "resource-servers/" + id, []string{id, doomedAPI}
	}, []string{"client_grants", "codes", "grants", "refresh_tokens", "resource_servers", "role_permissions", "transactions", "user_access"}},
	"role": {func(d *dependants) (string, []string) {
		role, org := d.make("roles", object{"name": "Clerk"}), d.make("organizations", object{"name": "acme"})
		d.user(database)
		d.must(http.MethodPost, "roles/"+role+"/permissions", object{"permissions": []object{{"resource_server_identifier": servertest.API, "permission_name": "read:timesheets"}}})
		d.must(http.MethodPost, "roles/"+role+"/users", object{"users": []string{doomedUser}})
		d.must(http.MethodPost, "organizations/"+org+"/members", object{"members": []string{doomedUser}})
		d.must(http.MethodPost, "organizations/"+org+"/members/"+url.PathEscape(doomedUser)+"/roles", object{"roles": []string{role}})
		d.invite(org, object{"roles": []string{role}})
		return "roles/" + role, []string{role}
	}, []string{"documents", "role_permissions", "roles", "user_access"}},
	"organization": {func(d *dependants) (string, []string) {
		d.client()
		d.user(database)
		org, role := d.make("organizations", object{"name": "acme"}), d.make("roles", object{"name": "Clerk"})
		d.must(http.MethodPost, "organizations/"+org+"/enabled_connections", object{"connection_id": d.database(), "assign_membership_on_login": true})
		d.must(http.MethodPost, "organizations/"+org+"/members", object{"members": []string{doomedUser}})
		d.must(http.MethodPost, "organizations/"+org+"/members/"+url.PathEscape(doomedUser)+"/roles", object{"roles": []string{role}})
		d.must(http.MethodPost, "organizations/"+org+"/discovery-domains", object{"domain": "acme.test"})
		d.invite(org, nil)
		grant := d.make("client-grants", object{"client_id": doomedClient, "audience": servertest.API, "scope": []string{"read:timesheets"}, "organization_usage": "allow"})
		d.must(http.MethodPost, "organizations/"+org+"/client-grants", object{"grant_id": grant})
		d.must(http.MethodPatch, "clients/"+servertest.Cron, object{"default_organization": object{"organization_id": org, "flows": []string{"client_credentials"}}})
		d.logins(servertest.Login{ClientID: doomedClient, Username: doomedMail, Params: url.Values{"organization": {org}, "scope": {"openid offline_access read:timesheets"}}})
		return "organizations/" + org, []string{org}
	}, []string{"clients", "codes", "documents", "refresh_tokens", "transactions"}},
	"connection": {func(d *dependants) (string, []string) {
		d.client()
		connection := d.make("connections", object{"name": doomedDatabase, "strategy": "auth0"})
		d.must(http.MethodPatch, "connections/"+connection+"/clients", []object{{"client_id": doomedClient, "status": true}, {"client_id": servertest.Web, "status": true}})
		d.user(doomedDatabase)
		org := d.make("organizations", object{"name": "acme"})
		d.must(http.MethodPost, "organizations/"+org+"/enabled_connections", object{"connection_id": connection})
		d.invite(org, object{"connection_id": connection})
		group := d.make("/groups", object{"name": "g", "description": "g"})
		d.must(http.MethodPatch, "/groups/"+group+"/mappings", []object{{"groupName": "x", "connectionName": doomedDatabase}})
		d.logins(servertest.Login{ClientID: doomedClient, Username: doomedMail, Params: url.Values{"connection": {doomedDatabase}, "scope": {"openid offline_access read:timesheets"}}})
		return "connections/" + connection, []string{connection, doomedDatabase, doomedUser}
	}, []string{"codes", "connections", "documents", "extension", "grants", "passwords", "refresh_tokens", "sessions", "tickets", "transactions", "users"}},
	"connection that is provisioned": {func(d *dependants) (string, []string) {
		connection := d.make("connections", object{"name": "okta", "strategy": "okta", "options": object{"client_id": "x", "domain": "x.okta.com"}})
		d.must(http.MethodPost, "connections/"+connection+"/scim-configuration", object{})
		d.must(http.MethodPost, "connections/"+connection+"/scim-configuration/tokens", object{})
		return "connections/" + connection, []string{connection}
	}, []string{"connections", "documents"}},
	"hook": {func(d *dependants) (string, []string) {
		hook := d.make("hooks", object{"name": "doomed", "script": "module.exports = () => {}", "triggerId": "credentials-exchange"})
		d.must(http.MethodPost, "hooks/"+hook+"/secrets", object{"KEY": "value"})
		return "hooks/" + hook, []string{hook}
	}, []string{"documents"}},
	"log stream": {func(d *dependants) (string, []string) {
		stream := d.stream()
		return "log-streams/" + stream, []string{stream}
	}, []string{"documents", "log_cursors"}},
	"action": {func(d *dependants) (string, []string) {
		action := d.make("actions/actions", object{
			"name": "doomed", "code": "exports.onExecutePostLogin = async () => {}", "supported_triggers": []object{{"id": "post-login", "version": "v3"}},
		})
		d.must(http.MethodPost, "actions/actions/"+action+"/deploy", nil)
		d.must(http.MethodPatch, "actions/triggers/post-login/bindings", object{"bindings": []object{{"ref": object{"type": "action_id", "value": action}, "display_name": "doomed"}}})
		return "actions/actions/" + action + "?force=true", []string{action}
	}, []string{"documents"}},
}

func (d *dependants) database() string {
	d.t.Helper()
	return d.must(http.MethodGet, "connections?name="+database+"&take=1", nil)["connections"].([]any)[0].(object)["id"].(string)
}

// TestNothingOfADeletedObjectRemains searches every row and index of the store for the ids of deleted
// objects, except the tenant's log and the snapshot that a reset restores.
func TestNothingOfADeletedObjectRemains(t *testing.T) {
	for kind, of := range dependantsOf {
		t.Run(kind, func(t *testing.T) {
			for _, deleted := range []bool{false, true} {
				d := &dependants{Server: servertest.Start(t), t: t}
				d.browser = d.Client()
				path, ids := of.make(d)
				want := of.tables
				if deleted {
					d.must(http.MethodDelete, path, nil)
					want = nil
				}
				found := remains(t, d.Server, ids)
				if diff := cmp.Diff(want, found); diff != "" {
					t.Errorf("deleted: %v; it is named in (- want, + got):\n%s", deleted, diff)
				}
			}
		})
	}
}

// remains stops the server and returns the tables that contain one of the ids. It leaves out the tenant's
// log, the messages and the traces, because they record what has happened.
func remains(t *testing.T, s *servertest.Server, ids []string) (tables []string) {
	t.Helper()
	if err := s.Close(); err != nil {
		t.Fatal(err)
	}
	err := s.OpenData().View(t.Context(), func(kv keyspace.KV) error {
		return kv.Scan([]byte("e/"), []byte("u"), func(key, value []byte) bool {
			rest := key[2:]
			if key[0] == 'e' {
				rest = key[10:] // after the time
			}
			name, _, _ := bytes.Cut(rest, []byte{0})
			for _, id := range ids {
				if bytes.Contains(key, []byte(id)) || bytes.Contains(value, []byte(id)) {
					if table := string(name); table != "logs" && table != "messages" && table != "traces" && !slices.Contains(tables, table) {
						tables = append(tables, table)
					}
				}
			}
			return true
		})
	})
	if err != nil {
		t.Fatal(err)
	}
	slices.Sort(tables)
	return tables
}

// TestRefreshTokensEndWithWhatTheyCameFrom deletes an application and a user, and makes them again
// with the same ids: the old refresh tokens stay invalid.
func TestRefreshTokensEndWithWhatTheyCameFrom(t *testing.T) {
	d := &dependants{Server: servertest.Start(t), t: t}
	d.browser = d.Client()
	login := servertest.Login{ClientID: doomedClient, Username: doomedMail, Params: url.Values{"scope": {"openid offline_access read:timesheets"}}}
	d.client()
	d.user(database)
	for path, again := range map[string]func(){
		"clients/" + doomedClient:             d.client,
		"users/" + url.PathEscape(doomedUser): func() { d.user(database) },
	} {
		token := d.logins(login)
		if status := d.refresh(token); status != http.StatusOK {
			t.Fatalf("before: %d", status)
		}
		d.must(http.MethodDelete, path, nil)
		again()
		if status := d.refresh(token); status != http.StatusForbidden {
			t.Errorf("after %s is deleted and made again its refresh token is answered %d", path, status)
		}
	}
}

// TestOpaqueTokensEndWithWhatTheyCameFrom calls /userinfo with a token that came with a refresh token and
// with one that came alone: while their application or user is deleted, and after another with the same id
// is made, with the clock frozen too. Tokens of other applications and users stay valid.
func TestOpaqueTokensEndWithWhatTheyCameFrom(t *testing.T) {
	d := &dependants{Server: servertest.Start(t), t: t}
	d.browser = d.Client()
	d.client()
	d.user(database)
	asked := func(token string) int {
		t.Helper()
		rq, err := http.NewRequestWithContext(t.Context(), http.MethodGet, d.URL+"userinfo", nil)
		if err != nil {
			t.Fatal(err)
		}
		rq.Header.Set("Authorization", "Bearer "+token)
		resp, err := d.browser.Do(rq)
		if err != nil {
			t.Fatal(err)
		}
		resp.Body.Close()
		return resp.StatusCode
	}
	opaque := func(scope string) string {
		t.Helper()
		tokens := d.Exchange(d.browser, d.Login(d.Client(), servertest.Login{
			ClientID: doomedClient, RedirectURI: servertest.SPACallback, Username: doomedMail, Params: url.Values{"audience": {""}, "scope": {scope}},
		}))
		token := tokens["access_token"].(string)
		if status := asked(token); status != http.StatusOK {
			t.Fatalf("a new one: %d", status)
		}
		return token
	}
	d.Freeze(time.Date(2027, 3, 1, 12, 0, 0, 0, time.UTC))
	for range 3 {
		for path, again := range map[string]func(){
			"clients/" + doomedClient:             d.client,
			"users/" + url.PathEscape(doomedUser): func() { d.user(database) },
		} {
			tokens := []string{opaque("openid offline_access"), opaque("openid")}
			d.must(http.MethodDelete, path, nil)
			for _, token := range tokens {
				if status := asked(token); status != http.StatusUnauthorized {
					t.Errorf("without %s: %d", path, status)
				}
			}
			again()
			for _, token := range tokens {
				if status := asked(token); status != http.StatusUnauthorized {
					t.Errorf("with another %s: %d", path, status)
				}
			}
		}
	}
	opaque("openid")
}
