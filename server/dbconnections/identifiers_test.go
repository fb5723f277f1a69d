package dbconnections_test

import (
	"net/http"
	"strings"
	"testing"

	"github.com/tenant0/tenant0/server/servertest"
)

// TestAccountsWithoutAnAddress signs up and logs in at a database whose accounts have a
// username and a phone number, Auth0:
// authenticate/database-connections/flexible-identifiers-and-attributes.
func TestAccountsWithoutAnAddress(t *testing.T) {
	tn := start(t)
	attribute := object{"identifier": object{"active": true}, "profile_required": true, "signup": object{"status": "required"}}
	tn.must(http.StatusCreated, http.MethodPost, "/connections", object{
		"name": "desks", "strategy": "auth0", "enabled_clients": []string{servertest.Mobile},
		"options": object{"attributes": object{"username": attribute, "phone_number": attribute}},
	})
	account := object{"client_id": servertest.Mobile, "connection": "desks", "username": "desk-1", "password": "Correct horse 1!"}
	if status, answer, _ := tn.api("signup", account); status != http.StatusBadRequest {
		t.Errorf("without a phone number sign-up answers %d %v", status, answer)
	}
	account["phone_number"] = "+15550100"
	if status, answer, text := tn.api("signup", account); status != http.StatusOK || answer["username"] != "desk-1" {
		t.Errorf("sign-up answers %d %s", status, text)
	}

	page := tn.page("connection", "desks", "screen_hint", "signup")
	for _, input := range []string{`id="username"`, `id="phone"`} {
		if !strings.Contains(page.Body, input) {
			t.Errorf("the page lacks %s", input)
		}
	}
	if strings.Contains(page.Body, `id="email"`) {
		t.Error("the page asks for an address")
	}
	left, page := tn.fill(page, "username", "desk-2", "password", "Correct horse 2!")
	if left != nil {
		t.Fatalf("without a phone number the browser is sent to %v", left)
	}
	has(t, page, http.StatusBadRequest, "Please enter a phone number")
	if left, page = tn.fill(page, "username", "desk-2", "phone", "+15550101", "password", "Correct horse 2!"); left == nil || left.Query().Get("code") == "" {
		t.Fatalf("after sign-up the browser is at %v %s", left, page.Body)
	}

	tn.browser = tn.Client()
	left, page = tn.fill(tn.page("connection", "desks"), "username", "desk-1", "password", "Correct horse 1!")
	if left == nil || left.Query().Get("code") == "" {
		t.Fatalf("the login ends at %v %s", left, page.Body)
	}
}
