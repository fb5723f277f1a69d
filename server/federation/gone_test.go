package federation_test

import (
	"net/http"
	"net/url"
	"strings"
	"testing"
)

// TestAnAnswerOfAConnectionThatHasGone is not taken for one of the connection that is left: who a social
// network says somebody is, no directory has said.
func TestAnAnswerOfAConnectionThatHasGone(t *testing.T) {
	tn := start(t, func(seed string) string {
		return strings.Replace(seed, "{name: github, strategy: github, enabled_clients: [app]", "{name: github, strategy: github, enabled_clients: [app, only]", 1)
	})
	tn.Person("github", "ada@example.com", object{"email": "boss@corp.example"})
	left, page := tn.come("client_id", "only")
	form := page.Form()
	form.Set("connection", "github")
	if left, page = tn.Submit(tn.browser, page, form); left != nil || !strings.HasPrefix(page.URL.Path, "/simulated/github/") {
		t.Fatalf("the button leads to %v %v", left, page.URL)
	}
	query := url.Values{"state": {page.URL.Query().Get("state")}, "code": {tn.codeOf(page)}}
	_, all := tn.Manage(tn.browser, http.MethodGet, "connections?name=github", nil)
	tn.patch("connections/"+all.([]any)[0].(object)["id"].(string), object{"enabled_clients": []string{"app"}})
	left, page = tn.Visit(tn.browser, tn.URL+"login/callback?"+query.Encode())
	if left != nil || page.Status != http.StatusBadRequest {
		t.Errorf("the answer leads to %v %d %s", left, page.Status, page.Body)
	}
	_, users := tn.Manage(tn.browser, http.MethodGet, "users", nil)
	for _, user := range users.([]any) {
		if id := user.(object)["user_id"]; id != "auth0|ann" {
			t.Errorf("the answer has made %v", id)
		}
	}
}

// TestAnAccountOfAnotherDomain does not log in to a Google Workspace.
func TestAnAccountOfAnotherDomain(t *testing.T) {
	tn := start(t)
	for address, want := range map[string]string{"joe@work.example": "", "joe@example.com": "access_denied", "joe@evil-work.example": "access_denied", "joe": "access_denied"} {
		tn.Person("workspace", address, object{"email": address})
		tn.Choose("workspace", "allow", address)
		left, page := tn.come("connection", "workspace", "prompt", "login")
		if left == nil || left.Query().Get("error") != want || (left.Query().Get("code") == "") != (want != "") {
			t.Errorf("%s: %v %s", address, left, page.Body)
		}
	}
}
