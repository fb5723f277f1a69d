package jobs_test

import (
	"encoding/json"
	"net/http"
	"net/url"
	"strings"
	"testing"

	"github.com/tenant0/tenant0/server/servertest"
)

// TestTheAddressOfALinkedAccountIsKnownToImports: it makes no second user, and an upsert changes the linked account
// and the user's metadata, but not the user's own profile.
func TestTheAddressOfALinkedAccountIsKnownToImports(t *testing.T) {
	tn := start(t)
	byEmail := func(email string) object {
		t.Helper()
		_, raw := tn.do(http.MethodGet, "/users-by-email?email="+url.QueryEscape(email), "", nil)
		var all []object
		if err := json.Unmarshal(raw, &all); err != nil || len(all) > 1 {
			t.Fatalf("%s: %s %v", email, raw, err)
		}
		return append(all, nil)[0]
	}
	owner, linked := byEmail(servertest.Employee), byEmail(servertest.Manager)
	path := "/users/" + url.PathEscape(owner["user_id"].(string)) + "/identities"
	local := strings.TrimPrefix(linked["user_id"].(string), "auth0|")
	if status, raw := tn.do(http.MethodPost, path, "application/json", strings.NewReader(`{"provider":"auth0","user_id":"`+local+`"}`)); status != http.StatusCreated {
		t.Fatalf("%d %s", status, raw)
	}
	file := `[{"email":"` + servertest.Manager + `","given_name":"Imported","email_verified":false,"user_metadata":{"imported":true}}]`
	if summary, _ := tn.imports(file); summary["failed"] != 1.0 {
		t.Errorf("without upsert: %v", summary)
	}
	if summary, _ := tn.imports(file, "upsert", "true"); summary["updated"] != 1.0 {
		t.Errorf("with upsert: %v", summary)
	}
	if again := byEmail(servertest.Manager); again != nil {
		t.Errorf("there is a second user: %v", again)
	}
	after := byEmail(servertest.Employee)
	profile, _ := after["identities"].([]any)[1].(object)["profileData"].(object)
	metadata, _ := after["user_metadata"].(object)
	if profile["given_name"] != "Imported" || profile["email_verified"] != false || after["given_name"] != owner["given_name"] ||
		after["email_verified"] != owner["email_verified"] || metadata["imported"] != true {
		t.Errorf("the import leaves %v", after)
	}
}
