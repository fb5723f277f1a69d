package notemulated_test

import (
	"html"
	"io"
	"net/http"
	"os"
	"regexp"
	"slices"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"

	"github.com/tenant0/tenant0/server/notemulated"
	"github.com/tenant0/tenant0/server/servertest"
)

var variable = regexp.MustCompile(`\{[^}]*\}`)

// asked requests an endpoint as a page of the seed's single-page application does.
func asked(t *testing.T, s *servertest.Server, method, path string) (resp *http.Response, body string) {
	t.Helper()
	rq, err := http.NewRequestWithContext(t.Context(), method, s.URL+path[1:], strings.NewReader("a=b"))
	if err != nil {
		t.Fatal(err)
	}
	rq.Header.Set("Content-Type", "application/x-www-form-urlencoded")
	rq.Header.Set("Origin", strings.TrimSuffix(servertest.SPACallback, "/callback"))
	if resp, err = s.Client().Do(rq); err != nil {
		t.Fatal(err)
	}
	defer resp.Body.Close()
	raw, err := io.ReadAll(resp.Body)
	if err != nil {
		t.Fatal(err)
	}
	return resp, html.UnescapeString(string(raw))
}

// TestEndpointsAreNamed requests every endpoint of the table. One that answers differently is emulated
// by now, and must be removed from the table and the page.
func TestEndpointsAreNamed(t *testing.T) {
	s := servertest.Start(t)
	for _, endpoint := range notemulated.Endpoints() {
		method, path, _ := strings.Cut(endpoint, " ")
		resp, body := asked(t, s, method, variable.ReplaceAllString(path, "x%2Fy"))
		sentence := endpoint + " is not emulated by tenant0"
		if resp.StatusCode != http.StatusNotImplemented || !strings.Contains(body, "not_emulated") || !strings.Contains(body, sentence) {
			t.Errorf("%s: %d %s", endpoint, resp.StatusCode, body)
		}
		if strings.HasPrefix(resp.Header.Get("Content-Type"), "text/html") {
			continue
		}
		if want := `{"error":"not_emulated","error_description":"` + sentence + `"}`; body != want || resp.Header.Get("Access-Control-Allow-Origin") == "" {
			t.Errorf("%s: %v\n%s", endpoint, resp.Header, body)
		}
	}
}

// TestFamiliesAreNamed asks for parts of APIs that are not there as a whole.
func TestFamiliesAreNamed(t *testing.T) {
	s := servertest.Start(t)
	for endpoint, name := range map[string]string{
		"GET /my-org/details": "The My Organization API", "POST /my-org/identity-providers/con_x/domains": "The My Organization API",
		"GET /scim/v2/connections/con_x/Users": "Provisioning by SCIM", "PATCH /scim/v2/connections/con_x/Users/auth0%7Cx": "Provisioning by SCIM",
	} {
		method, path, _ := strings.Cut(endpoint, " ")
		resp, body := asked(t, s, method, path)
		if want := `{"error":"not_emulated","error_description":"` + name + ` is not emulated by tenant0"}`; resp.StatusCode != http.StatusNotImplemented || body != want {
			t.Errorf("%s: %d %s", endpoint, resp.StatusCode, body)
		}
		if resp, body := asked(t, s, http.MethodOptions, path); resp.StatusCode != http.StatusNoContent {
			t.Errorf("the preflight of %s: %d %s", endpoint, resp.StatusCode, body)
		}
	}
}

func TestBrowsersGetPages(t *testing.T) {
	s := servertest.Start(t)
	for _, path := range []string{"/activate", "/login/callback?code=x", "/samlp/x", "/wsfed/x", "/continue?state=x"} {
		if resp, body := asked(t, s, http.MethodGet, path); !strings.HasPrefix(resp.Header.Get("Content-Type"), "text/html") {
			t.Errorf("%s: %v\n%s", path, resp.Header, body)
		}
	}
}

// TestWrongPathsAreNotFound even if they resemble paths of Auth0.
func TestWrongPathsAreNotFound(t *testing.T) {
	s := servertest.Start(t)
	for endpoint, want := range map[string]int{
		"POST /oauth/parr": 404, "POST /oauth/device": 404, "POST /oauth/device/code/": 404, "POST /passwordless": 404, "POST /passwordless/other": 404,
		"POST /mfa": 404, "POST /mfa/other": 404, "GET /client/x.css": 404, "GET /samlp": 404, "GET /me/v1/other": 404, "GET /pemm": 404,
		"GET /bc-authorize": 405, "GET /my-organization/x": 404, "GET /scim/x": 404, "POST /activate/x": 404,
	} {
		method, path, _ := strings.Cut(endpoint, " ")
		if resp, body := asked(t, s, method, path); resp.StatusCode != want || strings.Contains(body, "not_emulated") {
			t.Errorf("%s: %d %s", endpoint, resp.StatusCode, body)
		}
	}
}

// TestThePageNamesThem compares the documentation with the table.
func TestThePageNamesThem(t *testing.T) {
	page, err := os.ReadFile("../../docs/divergences.md")
	if err != nil {
		t.Fatal(err)
	}
	_, section, _ := strings.Cut(string(page), "\n## Not emulated\n")
	var named []string
	for _, match := range regexp.MustCompile("`([A-Z]+ /[^`]*)`").FindAllStringSubmatch(section, -1) {
		named = append(named, match[1])
	}
	want := notemulated.Endpoints()
	slices.Sort(want)
	slices.Sort(named)
	if diff := cmp.Diff(want, named); diff != "" {
		t.Errorf("docs/divergences.md names others (-table +page):\n%s", diff)
	}
}
