package authorize_test

import (
	"net/http"
	"net/url"
	"strings"
	"testing"

	"github.com/tenant0/tenant0/server/servertest"
)

// TestResponsesNameTheIssuer tests the parameter iss of RFC 9207 in every response mode, if the tenant's
// setting asks for it: an application with several authorization servers notices a mix-up by it.
func TestResponsesNameTheIssuer(t *testing.T) {
	s := servertest.Start(t)
	browser := s.Client()
	s.Login(browser, servertest.Login{ClientID: servertest.Web, RedirectURI: servertest.WebCallback})
	ask := func(pairs ...string) (values url.Values, page string) {
		t.Helper()
		query := url.Values{"client_id": {servertest.Web}, "redirect_uri": {servertest.WebCallback}, "response_type": {"code"}, "scope": {"openid"}, "state": {"s"}}
		for i := 0; i < len(pairs); i += 2 {
			query.Set(pairs[i], pairs[i+1])
		}
		left, shown := s.Visit(browser, s.URL+"authorize?"+query.Encode())
		if left == nil {
			return nil, shown.Body
		}
		values = left.Query()
		if left.EscapedFragment() != "" {
			values, _ = url.ParseQuery(left.EscapedFragment())
		}
		return values, ""
	}
	if values, _ := ask(); values.Has("iss") || !values.Has("code") {
		t.Errorf("by default the response is %v", values)
	}
	if status, answer := s.Manage(browser, http.MethodPatch, "tenants/settings", map[string]any{"authorization_response_iss_parameter_supported": true}); status != http.StatusOK {
		t.Fatalf("%d %v", status, answer)
	}
	for name, pairs := range map[string][]string{
		"a code": {}, "in the fragment": {"response_mode", "fragment"}, "an error": {"prompt", "none", "max_age", "0"}, "an error of the request": {"response_type", "magic"},
	} {
		if values, _ := ask(pairs...); values.Get("iss") != s.Issuer() || values.Get("state") != "s" || values.Has("code") == strings.Contains(name, "error") {
			t.Errorf("%s: %v", name, values)
		}
	}
	for mode, part := range map[string]string{"form_post": `name="iss" value="` + s.Issuer() + `"`, "web_message": `"iss":"` + s.Issuer() + `"`} {
		if _, page := ask("response_mode", mode); !strings.Contains(page, part) {
			t.Errorf("%s: %s", mode, page)
		}
	}
}
