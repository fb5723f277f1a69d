package management_test

import (
	"net/http"
	"net/url"
	"testing"

	"github.com/tenant0/tenant0/server/servertest"
)

// TestChangesOfALinkedAccount: members that belong to an account change at the account that the connection of the change
// names. The user's own address stays, and so does whether it is verified.
func TestChangesOfALinkedAccount(t *testing.T) {
	c := newClient(t)
	c.must(201, http.MethodPost, "/connections", object{"name": "google-oauth2", "strategy": "google-oauth2", "options": object{}})
	user := c.user(object{"connection": "google-oauth2", "email": "own@example.com"})
	linked := c.user(object{"connection": database, "email": "linked@example.com", "password": password})
	path := "/users/" + url.PathEscape(user)
	c.must(201, http.MethodPost, path+"/identities", object{"provider": "auth0", "user_id": linked[len("auth0|"):]})
	change := object{"connection": database, "email": "Moved@example.com", "email_verified": true, "user_metadata": object{"a": "b"}}
	got := c.must(200, http.MethodPatch, path, change)
	profile, _ := got["identities"].([]any)[1].(object)["profileData"].(object)
	if got["email"] != "own@example.com" || got["email_verified"] == true || profile["email"] != "moved@example.com" || profile["email_verified"] != true {
		t.Errorf("the user is %v", got)
	}
	if metadata, _ := got["user_metadata"].(object); metadata["a"] != "b" {
		t.Errorf("the metadata are the user's: %v", got)
	}
	own := c.must(200, http.MethodPatch, path, object{"connection": "google-oauth2", "email": "other@example.com"})
	if own["email"] != "other@example.com" {
		t.Errorf("the user's own account is %v", own)
	}
}

// TestSessionsEndWithAnotherAddressOfALinkedAccount, as they do with another address of the user's own account.
func TestSessionsEndWithAnotherAddressOfALinkedAccount(t *testing.T) {
	c := newClient(t)
	c.must(201, http.MethodPost, "/connections", object{"name": "google-oauth2", "strategy": "google-oauth2", "options": object{}})
	user := c.user(object{"connection": "google-oauth2", "email": "own@example.com"})
	linked := c.user(object{"connection": database, "email": "linked@example.com", "password": password})
	path := "/users/" + url.PathEscape(user)
	c.must(201, http.MethodPost, path+"/identities", object{"provider": "auth0", "user_id": linked[len("auth0|"):]})
	address := "linked@example.com"
	for _, tt := range []struct {
		change object
		ends   bool
	}{
		{object{"email": "LINKED@example.com"}, false},
		{object{"email_verified": true}, false},
		{object{"email_verified": false}, true},
		{object{"nickname": "who"}, false},
		{object{"email": "moved@example.com"}, true},
	} {
		browser := c.tenant.Client()
		if got := c.tenant.Login(browser, servertest.Login{Username: address, Password: password}); got.Get("code") == "" {
			t.Fatalf("no login: %v", got.Values)
		}
		tt.change["connection"] = database
		c.must(200, http.MethodPatch, path, tt.change)
		got := c.tenant.Login(browser, servertest.Login{Params: url.Values{"prompt": {"none"}}})
		if ended := got.Get("error") == "login_required"; ended != tt.ends {
			t.Errorf("%v: %v, want that the session ends: %v", tt.change, got.Values, tt.ends)
		}
	}
}

// TestSeveralLinkedAccountsAtOneConnection: a change that names their connection is refused, because it could be for each
// of them. The user's own account is meant if it is at the connection.
func TestSeveralLinkedAccountsAtOneConnection(t *testing.T) {
	c := newClient(t)
	c.must(201, http.MethodPost, "/connections", object{"name": "google-oauth2", "strategy": "google-oauth2", "options": object{}})
	social := c.user(object{"connection": "google-oauth2", "email": "own@example.com"})
	own := c.user(object{"connection": database, "email": "database@example.com", "password": password})
	for n, email := range []string{"one@example.com", "two@example.com", "three@example.com"} {
		user := []string{social, social, own}[n]
		linked := c.user(object{"connection": database, "email": email, "password": password})
		c.must(201, http.MethodPost, "/users/"+url.PathEscape(user)+"/identities", object{"provider": "auth0", "user_id": linked[len("auth0|"):]})
	}
	for _, change := range []object{{"email": "moved@example.com"}, {"password": password + "2"}, {"username": "moved"}} {
		change["connection"] = database
		c.refused(http.MethodPatch, "/users/"+url.PathEscape(social), change, "The user has several accounts at the connection "+database+". Unlink the one to change.")
	}
	got := c.must(200, http.MethodPatch, "/users/"+url.PathEscape(own), object{"connection": database, "email": "moved@example.com"})
	if got["email"] != "moved@example.com" {
		t.Errorf("the user is %v", got)
	}
}
