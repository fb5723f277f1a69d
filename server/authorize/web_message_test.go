package authorize_test

import (
	"io"
	"maps"
	"net/http"
	"net/url"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"

	"github.com/tenant0/tenant0/server/servertest"
)

// spaOrigin is the origin of the single-page application, which is also one of its callbacks.
const spaOrigin = "http://localhost:3000"

// fetchMessage sends an authorization request as SDKs do from a hidden frame and
// returns the page that answers it.
func fetchMessage(t *testing.T, tenant *servertest.Server, browser *http.Client, params url.Values) servertest.Page {
	t.Helper()
	all := url.Values{"response_mode": {"web_message"}, "prompt": {"none"}}
	maps.Copy(all, params)
	target, _ := tenant.AuthorizeURL(servertest.Login{ClientID: servertest.SPA, RedirectURI: spaOrigin, Params: all})
	resp, err := browser.Get(target)
	if err != nil {
		t.Fatal(err)
	}
	defer resp.Body.Close()
	body, err := io.ReadAll(resp.Body)
	if err != nil {
		t.Fatal(err)
	}
	h := resp.Header
	if strings.Contains(h.Get("Content-Security-Policy"), "frame-ancestors") || h.Get("X-Frame-Options") != "" {
		t.Errorf("the page may not be held in a frame: %v", h)
	}
	return servertest.Page{Status: resp.StatusCode, URL: resp.Request.URL, Body: string(body)}
}

func TestSilentAuthenticationPostsACode(t *testing.T) {
	tenant := servertest.Start(t)
	browser := tenant.Client()
	tenant.Login(browser, servertest.Login{ClientID: servertest.SPA, RedirectURI: servertest.SPACallback})

	page := fetchMessage(t, tenant, browser, url.Values{"state": {"s1"}})
	form := page.Response()
	if page.Status != http.StatusOK || form.Get("code") == "" || form.Get("state") != "s1" || len(form) != 2 {
		t.Errorf("status %d, response %v, want a code and the state", page.Status, form)
	}
	if want := `data-target-origin="` + spaOrigin + `"`; !strings.Contains(page.Body, want) {
		t.Errorf("the page has no %s:\n%s", want, page.Body)
	}
}

func TestErrorsOfSilentAuthenticationArePosted(t *testing.T) {
	tenant := servertest.Start(t)
	loggedIn := tenant.Client()
	tenant.Login(loggedIn, servertest.Login{ClientID: servertest.SPA, RedirectURI: servertest.SPACallback})
	for _, tt := range []struct {
		name    string
		browser *http.Client
		params  url.Values
		want    url.Values
	}{
		{
			"nobody is logged in",
			tenant.Client(),
			url.Values{},
			url.Values{"error": {"login_required"}, "error_description": {"Login required"}},
		},
		{
			"the scope was not consented to", loggedIn,
			url.Values{"scope": {"openid approve:timesheets"}},
			url.Values{"error": {"consent_required"}, "error_description": {"Consent required"}},
		},
		{
			"a response type is missing", loggedIn,
			url.Values{"response_type": {""}},
			url.Values{"error": {"invalid_request"}, "error_description": {"Missing required parameter: response_type"}},
		},
		{
			"a response type needs another grant", loggedIn,
			url.Values{"response_type": {"token id_token"}},
			url.Values{"error": {"unauthorized_client"}, "error_description": {"Grant type 'implicit' not allowed for the client."}},
		},
		{
			"an API is unknown", loggedIn,
			url.Values{"audience": {"urn:nobody"}},
			url.Values{"error": {"access_denied"}, "error_description": {"Service not found: urn:nobody"}},
		},
	} {
		t.Run(tt.name, func(t *testing.T) {
			tt.params.Set("state", "s1")
			tt.want.Set("state", "s1")
			page := fetchMessage(t, tenant, tt.browser, tt.params)
			if diff := cmp.Diff(tt.want, page.Response()); page.Status != http.StatusOK || diff != "" {
				t.Errorf("status %d, response (-want +got):\n%s", page.Status, diff)
			}
		})
	}
}

func TestAMessageNeedsAnOriginToGoTo(t *testing.T) {
	const callback = "demo://localhost:4400/android/com.auth0.samples/callback"
	tenant := servertest.Start(t)
	target, _ := tenant.AuthorizeURL(servertest.Login{
		ClientID: servertest.Mobile, RedirectURI: callback, Params: url.Values{"response_mode": {"web_message"}},
	})
	left, page := tenant.Visit(tenant.Client(), target)
	if left == nil || left.Scheme != "demo" || !strings.Contains(left.Query().Get("error_description"), "response_mode") {
		t.Errorf("the browser is sent to %v (page %q), want the callback with an error about response_mode", left, page.Body)
	}
}
