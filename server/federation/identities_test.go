package federation_test

import (
	"net/http"
	"net/url"
	"strings"
	"sync"
	"testing"
)

// TestAnAnswerOfAConnectionThatHasGone must not count as an answer of the connection that is left: what a
// social network says about a person is not what a directory says.
func TestAnAnswerOfAConnectionThatHasGone(t *testing.T) {
	tn := start(t, func(seed string) string {
		return strings.Replace(seed, "{name: github, strategy: github, enabled_clients: [app]", "{name: github, strategy: github, enabled_clients: [app, only]", 1)
	})
	tn.Person("github", "ada@example.com", object{"email": "boss@corp.example"})
	_, page := tn.come("client_id", "only")
	form := page.Form()
	form.Set("connection", "github")
	left, page := tn.Submit(tn.browser, page, form)
	if left != nil || !strings.HasPrefix(page.URL.Path, "/simulated/github/") {
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

// TestAnAccountOfAnotherDomain cannot log in to a Google Workspace connection.
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

// TestOneIdAtTwoProviders: the same id at two providers may belong to two people.
func TestOneIdAtTwoProviders(t *testing.T) {
	tn := start(t, func(seed string) string {
		return strings.Replace(seed, "  - {name: shown,", "  - {name: rival, strategy: waad, enabled_clients: [app]}\n  - {name: shown,", 1)
	})
	logIn := func(connection, address string) string {
		tn.Person(connection, "77", object{"email": address})
		tn.Choose(connection, "allow", "77")
		left, page := tn.come("connection", connection, "prompt", "login")
		if left == nil {
			return page.Body
		}
		return left.Query().Get("error")
	}
	for connection, address := range map[string]string{"google-oauth2": "ann@google.example", "github": "bob@github.example", "corp": "cyd@corp.example"} {
		if said := logIn(connection, address); said != "" {
			t.Errorf("%s: %s", connection, said)
		}
	}
	// Users of both directories have ids of the form waad|ID.
	if said := logIn("rival", "dan@rival.example"); said == "" {
		t.Error("a person of another directory logs in as one of the first")
	}
	for id, address := range map[string]string{"google-oauth2|77": "ann@google.example", "github|77": "bob@github.example", "waad|77": "cyd@corp.example"} {
		_, user := tn.Manage(tn.browser, http.MethodGet, "users/"+url.PathEscape(id), nil)
		if got := user.(object)["email"]; got != address {
			t.Errorf("%s has the address %v", id, got)
		}
	}
}

// TestOneOfManyAnswersIsTaken: an answer of a provider that arrives several times concurrently begins only one session.
func TestOneOfManyAnswersIsTaken(t *testing.T) {
	tn := start(t)
	for range 10 {
		page := tn.simulation("connection", "google-oauth2", "prompt", "login")
		target := tn.URL + "login/callback?" + url.Values{"state": {page.URL.Query().Get("state")}, "code": {tn.codeOf(page)}}.Encode()
		stay := *tn.browser
		stay.CheckRedirect = func(*http.Request, []*http.Request) error { return http.ErrUseLastResponse }
		before := tn.logins()
		var wait sync.WaitGroup
		for range 8 {
			wait.Go(func() {
				resp, err := stay.Get(target)
				if err != nil {
					t.Error(err)
					return
				}
				resp.Body.Close()
			})
		}
		wait.Wait()
		if n := tn.logins() - before; n != 1 {
			t.Fatalf("the person has logged in %v times", n)
		}
	}
}

// logins returns how many times users of the simulated Google have logged in.
func (tn tenant) logins() float64 {
	tn.t.Helper()
	_, all := tn.Manage(tn.browser, http.MethodGet, "users?q=identities.connection:google-oauth2&search_engine=v3", nil)
	n := 0.0
	for _, user := range all.([]any) {
		count, _ := user.(object)["logins_count"].(float64)
		n += count
	}
	return n
}
