package management_test

import (
	"net/http"
	"net/url"
	"testing"
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
