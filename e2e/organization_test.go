package e2e_test

import (
	"net/url"
	"slices"
	"strings"
	"testing"

	"github.com/chromedp/chromedp"
	"github.com/go-jose/go-jose/v4"
	"github.com/go-jose/go-jose/v4/jwt"

	"github.com/tenant0/tenant0/server/servertest"
)

// TestOrganizations logs users in with a browser after the application had them asked for their
// organization.
func TestOrganizations(t *testing.T) {
	s := startStage(t)
	m := manage(t, s.Server)
	connection := m.find("/connections?name=Username-Password-Authentication")
	employee := m.find("/users-by-email?email=" + url.QueryEscape(servertest.Employee))
	organizations := map[string]string{}
	for _, name := range []string{"acme", "globex"} {
		id := m.send("POST", "/organizations", `{"name":"`+name+`","branding":{"colors":{"primary":"#a10000","page_background":"#eeeeee"}}}`)
		m.send("POST", "/organizations/"+id+"/enabled_connections", `{"connection_id":"`+connection+`"}`)
		m.send("POST", "/organizations/"+id+"/members", `{"members":["`+employee+`"]}`)
		organizations[name] = id
	}
	ask := func(when string) {
		t.Helper()
		m.send("PATCH", "/clients/"+servertest.Mobile, `{"organization_usage":"require","organization_require_behavior":"`+when+`"}`)
	}
	// granted consents and returns the organization in the ID token.
	granted := func(t *testing.T, w *window, verifier string) string {
		t.Helper()
		for w.path() == "/u/consent" {
			w.press("button[value=accept]")
		}
		status, tokens := s.Token(s.Client(), url.Values{
			"grant_type": {"authorization_code"}, "client_id": {servertest.Mobile}, "code": {s.app.response(t).Get("code")},
			"redirect_uri": {s.app.callback()}, "code_verifier": {verifier},
		})
		idToken, _ := tokens["id_token"].(string)
		if idToken == "" {
			t.Fatalf("the code gets %d %v", status, tokens)
		}
		token, err := jwt.ParseSigned(idToken, []jose.SignatureAlgorithm{jose.RS256})
		if err != nil {
			t.Fatal(err)
		}
		var claims struct {
			Organization string `json:"org_id"`
		}
		if err := token.UnsafeClaimsWithoutVerification(&claims); err != nil {
			t.Fatal(err)
		}
		return claims.Organization
	}
	begin := func(t *testing.T) (w *window, verifier string) {
		t.Helper()
		w = openWindow(s.browser, t)
		target, verifier := s.AuthorizeURL(servertest.Login{ClientID: servertest.Mobile, RedirectURI: s.app.callback()})
		w.open(target)
		return w, verifier
	}

	t.Run("before the login", func(t *testing.T) {
		ask("pre_login_prompt")
		w, verifier := begin(t)
		w.do(chromedp.SetValue(chromedp.ID("organizationName"), "nobody"))
		w.press("button[value=default]")
		if got := w.text("#error-element-organizationName"); !strings.Contains(got, "The organization you entered is invalid") {
			t.Errorf("an unknown organization gets %q", got)
		}
		w.do(chromedp.SetValue(chromedp.ID("organizationName"), "globex"))
		w.press("button[value=default]")
		if got := w.text("header p"); !strings.Contains(got, "globex") {
			t.Errorf("the login page says %q", got)
		}
		w.logIn(servertest.Employee, servertest.Password)
		if got := granted(t, w, verifier); got != organizations["globex"] {
			t.Errorf("the token is for %q, want %q", got, organizations["globex"])
		}
	})

	t.Run("after the login", func(t *testing.T) {
		ask("post_login_prompt")
		w, verifier := begin(t)
		w.logIn(servertest.Employee, servertest.Password)
		if names := strings.Fields(w.text("main form")); !slices.Equal(names, []string{"acme", "globex"}) {
			t.Errorf("to choose from are %v", names)
		}
		w.press(chromedp.CSS(`button[value="` + organizations["acme"] + `"]`))
		if got := granted(t, w, verifier); got != organizations["acme"] {
			t.Errorf("the token is for %q, want %q", got, organizations["acme"])
		}
	})
}
