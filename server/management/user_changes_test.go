package management_test

import (
	"bytes"
	"encoding/json"
	"fmt"
	"net/http"
	"net/url"
	"strings"
	"testing"

	"github.com/tenant0/tenant0/server/outbox"
	"github.com/tenant0/tenant0/server/servertest"
)

const (
	database = "Username-Password-Authentication"
	password = "Abc123!!xyz"
)

// user creates a user and returns its id.
func (c *client) user(body object) string {
	c.t.Helper()
	id, _ := c.must(201, http.MethodPost, "/users", body)["user_id"].(string)
	return id
}

// refused checks that a body is refused with a message, and that it changes nothing.
func (c *client) refused(method, path string, body any, sentence string) {
	c.t.Helper()
	kept := func() string {
		_, now := c.do(http.MethodGet, path, nil)
		raw, _ := json.Marshal(now)
		return string(raw)
	}
	before := kept()
	status, answer := c.do(method, path, body)
	if message := fmt.Sprint(answer.(object)["message"]); status != 400 || !strings.Contains(message, sentence) {
		c.t.Errorf("%s %s %v: %d %s, want 400 with %q", method, path, body, status, message, sentence)
	}
	if after := kept(); after != before {
		c.t.Errorf("%s %s %v changes\n%s\nto\n%s", method, path, body, before, after)
	}
}

func (c *client) makeDatabase(name string, options object) {
	c.t.Helper()
	c.must(201, http.MethodPost, "/connections", object{"name": name, "strategy": "auth0", "options": options, "enabled_clients": []string{servertest.Mobile}})
}

// TestWhatAProviderDecidesOfUsers: members that a provider sets at each login do not change here, and what its users do
// not have is not given to them. The connection that counts is the one that is named.
func TestWhatAProviderDecidesOfUsers(t *testing.T) {
	c := newClient(t)
	connection := func(name, strategy string, options object) {
		t.Helper()
		c.must(201, http.MethodPost, "/connections", object{"name": name, "strategy": strategy, "options": options})
	}
	endpoints := object{"type": "back_channel", "issuer": "https://idp.test/", "client_id": "x", "authorization_endpoint": "https://idp.test/a", "token_endpoint": "https://idp.test/t", "jwks_uri": "https://idp.test/j"}
	connection("google-oauth2", "google-oauth2", object{})
	connection("github", "github", object{"set_user_root_attributes": "on_first_login"})
	connection("corp", "oidc", endpoints)
	connection("sms", "sms", object{})
	connection("email", "email", object{})
	users := map[string]string{}
	for name, member := range map[string]object{
		"google-oauth2": {"email": "g@example.com"}, "github": {"email": "h@example.com"}, "corp": {"email": "c@example.com"},
		"sms": {"phone_number": "+15550100200"}, "email": {"email": "e@example.com"},
	} {
		member["connection"] = name
		users[name] = "/users/" + url.PathEscape(c.user(member))
	}
	const sync = "must either be a database connection (using the Auth0 store), a passwordless connection (email or sms) or has disabled 'Sync user profile attributes at each login'"
	for _, tt := range []struct {
		connection string
		body       object
		sentence   string // "" for a change that is taken
	}{
		{"google-oauth2", object{"picture": "https://a.test/p.png", "given_name": "G", "blocked": false}, "The following user attributes cannot be updated: given_name, picture. The connection (google-oauth2) " + sync},
		{"google-oauth2", object{"name": nil}, "cannot be updated: name. "},
		{"google-oauth2", object{"password": password}, "cannot be updated: password. "},
		{"google-oauth2", object{"username": "gee"}, "cannot be updated: username. "},
		{"google-oauth2", object{"email_verified": true, "user_metadata": object{"a": 1}}, ""},
		{"github", object{"name": "H"}, ""},
		{"github", object{"password": password}, "cannot be updated: password. "},
		{"corp", object{"family_name": "C"}, "The connection (corp) " + sync},
		{"corp", object{"email_verified": true}, "cannot be updated: email_verified. "},
		{"corp", object{"blocked": true, "app_metadata": object{"a": 1}}, ""},
		{"sms", object{"email_verified": true}, "cannot be updated: email_verified. "},
		{"sms", object{"name": "S"}, ""},
		{"sms", object{"password": password}, "cannot be updated: password. "},
		{"email", object{"name": "E", "email_verified": true}, ""},
	} {
		if tt.sentence == "" {
			c.must(200, http.MethodPatch, users[tt.connection], tt.body)
			continue
		}
		c.refused(http.MethodPatch, users[tt.connection], tt.body, tt.sentence)
	}
	_, answer := c.do(http.MethodPatch, users["corp"], object{"name": "C"})
	if code := answer.(object)["errorCode"]; code != "operation_not_supported" {
		t.Errorf("the errorCode is %v", code)
	}
}

func TestMembersThatDoNotChangeTogether(t *testing.T) {
	c := newClient(t)
	c.makeDatabase("named", object{"requires_username": true})
	path := "/users/" + url.PathEscape(c.user(object{"connection": "named", "email": "a@example.com", "username": "first", "password": password}))
	for _, tt := range []struct {
		body     object
		sentence string
	}{
		{object{"email_verified": true, "password": "Another!2026a"}, "Cannot update password and email_verified simultaneously"},
		{object{"username": "nick", "password": "Another!2026a"}, "Cannot update username and password simultaneously"},
		{object{"username": "nick", "email_verified": true}, "Cannot update username and email_verified simultaneously"},
		{object{"email": "moved@example.com", "password": "Another!2026a"}, "Cannot update password and email simultaneously"},
		{object{"password": "Another!2026a", "connection": "nope"}, "The connection does not exist."},
		{object{"email": "moved@example.com", "connection": "nope"}, "The connection does not exist."},
		{object{"username": "zz", "connection": database}, "The connection does not exist."},
	} {
		c.refused(http.MethodPatch, path, tt.body, tt.sentence)
	}
	for _, body := range []object{
		{"password": "Another!2026a", "connection": "named"},
		{"email": "moved@example.com", "email_verified": true},
		{"username": "second", "email": "again@example.com", "connection": "named"},
	} {
		c.must(200, http.MethodPatch, path, body)
	}
}

func TestUsernames(t *testing.T) {
	c := newClient(t)
	c.makeDatabase("plain", object{})
	c.makeDatabase("named", object{"requires_username": true})
	c.makeDatabase("long", object{"requires_username": true, "validation": object{"username": object{"min": 3, "max": 40}}})
	c.makeDatabase("flexible", object{"attributes": object{
		"email":    object{"identifier": object{"active": true}, "signup": object{"status": "required"}},
		"username": object{"identifier": object{"active": true}, "signup": object{"status": "optional"}, "validation": object{"min_length": 2, "max_length": 30, "allowed_types": object{"email": true, "phone_number": false}}},
	}})
	forty := strings.Repeat("y", 40)
	for i, tt := range []struct {
		connection, username, sentence string
		status                         int
	}{
		{"plain", "a1", "Cannot set username for connection without requires_username", 400},
		{"plain", "", "", 201},
		{"named", "", "Missing required property: username", 400},
		{"named", "a b", "Username can only contain", 400},
		{"named", "ä", "Username can only contain", 400},
		{"named", "a@example.com", "email address", 400},
		{"named", forty, "between 1 and 15", 400},
		{"named", strings.Repeat("y", 15), "", 201},
		{"named", strings.Repeat("y", 16), "between 1 and 15", 400},
		{"named", "_+-.!#$^`~'", "", 201},
		{"long", forty, "", 201},
		{"long", forty + "y", "between 3 and 40", 400},
		{"long", "yy", "between 3 and 40", 400},
		{"flexible", "who@example.com", "", 201},
		{"flexible", "+15550100", "phone number", 400},
		{"flexible", "", "", 201},
	} {
		body := object{"connection": tt.connection, "email": fmt.Sprintf("u%d@example.com", i), "password": password}
		if tt.username != "" {
			body["username"] = tt.username
		}
		status, answer := c.do(http.MethodPost, "/users", body)
		if message := fmt.Sprint(answer.(object)["message"]); status != tt.status || tt.status == 400 && !strings.Contains(message, tt.sentence) {
			t.Errorf("%s %q: %d %s, want %d with %q", tt.connection, tt.username, status, message, tt.status, tt.sentence)
		}
		body["email"], body["client_id"] = fmt.Sprintf("s%d@example.com", i), servertest.Mobile
		if tt.username != "" {
			body["username"] = "s" + tt.username[1:]
		}
		if got := c.signup(body); (got == 200) != (tt.status == 201) && tt.username != "+15550100" {
			t.Errorf("sign-up at %s with %q: %d", tt.connection, body["username"], got)
		}
	}
	path := "/users/" + url.PathEscape(c.user(object{"connection": "plain", "email": "patch@example.com", "password": password}))
	c.refused(http.MethodPatch, path, object{"username": "a1"}, "Cannot set username for connection without requires_username")
}

// signup creates an account by the public sign-up endpoint, and returns the status.
func (c *client) signup(body object) int {
	c.t.Helper()
	raw, err := json.Marshal(body)
	if err != nil {
		c.t.Fatal(err)
	}
	resp, err := c.http.Post(c.tenant.URL+"dbconnections/signup", "application/json", bytes.NewReader(raw))
	if err != nil {
		c.t.Fatal(err)
	}
	resp.Body.Close()
	return resp.StatusCode
}

func TestMetadataOfASignup(t *testing.T) {
	c := newClient(t)
	many := object{}
	for i := range 11 {
		many[fmt.Sprint("p", i)] = "x"
	}
	ten := object{}
	for i := range 10 {
		ten[fmt.Sprint("p", i)] = strings.Repeat("x", 500)
	}
	for i, tt := range []struct {
		member string
		value  any
		status int
	}{
		{"user_metadata", object{"n": 5}, 400},
		{"user_metadata", object{"b": true}, 400},
		{"user_metadata", object{"o": object{"x": 1}}, 400},
		{"user_metadata", many, 400},
		{"user_metadata", object{"v": strings.Repeat("x", 501)}, 400},
		{"user_metadata", object{strings.Repeat("n", 101): "x"}, 400},
		{"user_metadata", "text", 400},
		{"user_metadata", object{"a.b": "x"}, 400},
		{"user_metadata", object{"$a": "x"}, 400},
		{"given_name", strings.Repeat("x", 151), 400},
		{"name", strings.Repeat("x", 301), 400},
		{"picture", "no URL", 400},
		{"user_metadata", ten, 200},
		{"user_metadata", object{strings.Repeat("n", 100): "x"}, 200},
		{"given_name", strings.Repeat("x", 150), 200},
		{"picture", "https://example.com/me.png", 200},
	} {
		email := fmt.Sprintf("m%d@example.com", i)
		body := object{"client_id": servertest.Mobile, "connection": database, "email": email, "password": password, tt.member: tt.value}
		if status := c.signup(body); status != tt.status {
			t.Errorf("sign-up with %s %.60v: %d, want %d", tt.member, tt.value, status, tt.status)
		}
		_, found := c.do(http.MethodGet, "/users-by-email?email="+email, nil)
		if made := len(found.([]any)) == 1; made != (tt.status == 200) {
			t.Errorf("sign-up with %s %.60v makes an account: %v", tt.member, tt.value, made)
		}
	}
}

func TestNamesInMetadata(t *testing.T) {
	c := newClient(t)
	employee := "/users/" + url.PathEscape(c.user(object{"connection": database, "email": "meta@example.com", "password": password}))
	for _, body := range []object{
		{"user_metadata": object{"preference.color": "pink"}},
		{"user_metadata": object{"$x": 1}},
		{"user_metadata": object{"n": object{"a.b": 1}}},
		{"user_metadata": object{"list": []any{object{"a.b": 1}}}},
		{"app_metadata": object{"a.b": 1}},
		{"app_metadata": object{"x": object{"$y": 1}}},
		{"app_metadata": object{"email": "x"}},
		{"app_metadata": object{"user_id": "x", "identities": []any{}}},
		{"app_metadata": object{"lastIP": "x"}},
		{"app_metadata": object{"multifactor": []any{"guardian"}}},
		{"app_metadata": object{"multifactor_last_modified": "x"}},
	} {
		c.refused(http.MethodPatch, employee, body, "Payload validation error")
		body["connection"], body["email"], body["password"] = database, "never@example.com", password
		if status, _ := c.do(http.MethodPost, "/users", body); status != 400 {
			t.Errorf("POST %v: %d, want 400", body, status)
		}
	}
	c.must(200, http.MethodPatch, employee, object{
		"user_metadata": object{"preference": object{"color": "pink"}, "email": "mine"}, "app_metadata": object{"plan": "gold", "nested": object{"email": "x"}, "blocked": nil},
	})
}

func TestGrantTypes(t *testing.T) {
	c := newClient(t)
	legacy := "http://auth0.com/oauth/legacy/grant-type/ro"
	id, _ := c.must(201, http.MethodPost, "/clients", object{"name": "kept", "grant_types": []string{"authorization_code", "urn:ietf:params:oauth:grant-type:device_code"}})["client_id"].(string)
	for _, tt := range []struct {
		types   []string
		invalid string
	}{
		{[]string{"nonsense"}, "nonsense"},
		{[]string{"authorization_code", "magic", "zip"}, "magic, zip"},
		{[]string{legacy}, legacy},
		{[]string{"Authorization_Code"}, "Authorization_Code"},
	} {
		c.refused(http.MethodPost, "/clients", object{"name": "g", "grant_types": tt.types}, "Invalid grant types: "+tt.invalid)
		c.refused(http.MethodPatch, "/clients/"+id, object{"grant_types": tt.types}, "Invalid grant types: "+tt.invalid)
	}
	c.must(200, http.MethodPatch, "/tenants/settings", object{"flags": object{"allow_legacy_ro_grant_types": true}})
	c.must(200, http.MethodPatch, "/clients/"+id, object{"grant_types": []string{legacy}})
	c.must(200, http.MethodPatch, "/tenants/settings", object{"flags": object{"allow_legacy_ro_grant_types": false}})
	c.must(200, http.MethodPatch, "/clients/"+id, object{"description": "what it has stays"})
}

func TestSessionsEndWithAnotherAddress(t *testing.T) {
	c := newClient(t)
	id := c.user(object{"connection": database, "email": "who@example.com", "password": password, "email_verified": false})
	path := "/users/" + url.PathEscape(id)
	for _, tt := range []struct {
		change object
		ends   bool
	}{
		{object{"email": "who@example.com"}, false},
		{object{"email": "WHO@example.com"}, false},
		{object{"email_verified": true}, false},
		{object{"email_verified": false}, true},
		{object{"email_verified": false}, false},
		{object{"nickname": "who"}, false},
		{object{"email": "moved@example.com"}, true},
		{object{"password": password + "2"}, true},
	} {
		_, now := c.do(http.MethodGet, path, nil)
		browser := c.tenant.Client()
		login := servertest.Login{Username: now.(object)["email"].(string), Password: password}
		if got := c.tenant.Login(browser, login); got.Get("code") == "" {
			t.Fatalf("no login: %v", got.Values)
		}
		c.must(200, http.MethodPatch, path, tt.change)
		got := c.tenant.Login(browser, servertest.Login{Params: url.Values{"prompt": {"none"}}})
		if ended := got.Get("error") == "login_required"; ended != tt.ends {
			t.Errorf("after %v: %v, want the session to end: %v", tt.change, got.Values, tt.ends)
		}
	}
}

func TestMessagesOfAChange(t *testing.T) {
	c := newClient(t)
	path := "/users/" + url.PathEscape(c.user(object{"connection": database, "email": "old@example.com", "password": password, "verify_email": false}))
	texts := "/users/" + url.PathEscape(func() string {
		c.must(201, http.MethodPost, "/connections", object{"name": "sms", "strategy": "sms", "options": object{}})
		return c.user(object{"connection": "sms", "phone_number": "+15550100200"})
	}())
	c.must(201, http.MethodPost, "/email-templates", object{
		"template": "change_password", "enabled": true, "from": "a@b.test", "subject": "New password", "body": "It is new.", "syntax": "liquid",
	})
	for _, tt := range []struct {
		path   string
		change object
		to     string
		kind   string
	}{
		{path, object{"email": "new1@example.com", "verify_email": true}, "new1@example.com", outbox.VerifyEmail},
		{path, object{"email_verified": false, "verify_email": true}, "new1@example.com", outbox.VerifyEmail},
		{path, object{"email": "new2@example.com", "email_verified": false, "verify_email": true}, "new2@example.com", outbox.VerifyEmail},
		{path, object{"nickname": "x", "verify_email": false}, "", ""},
		{path, object{"email": "new3@example.com"}, "", ""},
		{path, object{"password": password + "3", "verify_password": true}, "new3@example.com", outbox.ChangePassword},
		{path, object{"password": password + "4", "verify_password": false}, "", ""},
		{path, object{"nickname": "y", "verify_password": true}, "", ""},
		{path, object{"phone_number": "+15550100300", "verify_phone_number": true}, "+15550100300", outbox.OTPVerify},
		{texts, object{"phone_number": "+15550100201", "verify_phone_number": true}, "+15550100201", outbox.OTPVerify},
		{texts, object{"phone_number": "+15550100202"}, "", ""},
	} {
		c.tenant.ClearInbox()
		c.must(200, http.MethodPatch, tt.path, tt.change)
		sent := c.tenant.Inbox()
		if len(sent) == 0 && tt.to == "" {
			continue
		}
		if len(sent) != 1 || sent[0].To != tt.to || sent[0].Kind != tt.kind {
			t.Errorf("after %v there are %+v, want one message %q to %q", tt.change, sent, tt.kind, tt.to)
			continue
		}
		switch m := sent[0]; tt.kind {
		case outbox.VerifyEmail:
			if !strings.Contains(m.Link, "ticket=") {
				t.Errorf("after %v the message is %+v", tt.change, m)
			}
		case outbox.OTPVerify:
			if m.Channel != outbox.SMS || len(m.Code) != 6 || m.Text != "Your verification code is: "+m.Code {
				t.Errorf("after %v the message is %+v", tt.change, m)
			}
		}
	}
}

func TestLoginsAreCounted(t *testing.T) {
	c := newClient(t)
	id := c.user(object{"connection": database, "email": "often@example.com", "password": password})
	path := "/users/" + url.PathEscape(id)
	if user := c.must(200, http.MethodGet, path, nil); user["logins_count"] != nil || user["last_login"] != nil {
		t.Errorf("before a login the user is %v", user)
	}
	for n := range 2 {
		c.tenant.Login(c.tenant.Client(), servertest.Login{Username: "often@example.com", Password: password})
		user := c.must(200, http.MethodGet, path, nil)
		if user["logins_count"] != float64(n+1) || user["last_ip"] != "127.0.0.1" || at(t, user["last_login"]).IsZero() {
			t.Errorf("after %d logins the user is %v", n+1, user)
		}
	}
	if found := c.list("/users?q=logins_count:2"); len(found) != 1 || found[0]["user_id"] != id {
		t.Errorf("a search for two logins finds %v", found)
	}
}
