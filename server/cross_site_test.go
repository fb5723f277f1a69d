package server_test

import (
	"io"
	"net/http"
	"net/url"
	"slices"
	"strings"
	"testing"

	"github.com/tenant0/tenant0/server/servertest"
)

// takenFromOthers lists the forms that other sites may post on purpose, each with the reason why
// that is harmless.
var takenFromOthers = map[string]string{
	"POST /authorize":                "begins a login, as a link does, OIDC Core section 3.1.2.1",
	"POST /login/callback":           "a provider's answer, whose state is the browser's and good once; the form of a login page is refused",
	"POST /oidc/logout":              "RP-Initiated Logout section 2; without a hint of the session the user is asked",
	"POST /samlp/{client_id}":        "begins a login, as a link does",
	"POST /samlp/{client_id}/logout": "an application's message, which is signed",
	"POST /wsfed/{client_id}":        "begins a login or a logout, as a link does",
	"POST /logout":                   "a directory's message, which is signed, or the end of a logout that the browser has begun",
}

// programs are the path prefixes of endpoints for programs, which ignore the browser's cookies.
var programs = []string{
	"/api/", "/extensions/", "/oauth/", "/mfa/", "/passwordless/", "/dbconnections/", "/me/v1/", "/oidc/register", "/co/authenticate", "/usernamepassword/", "/passkey/",
	"/otp/challenge", "/anonymous/token", "/bc-authorize", "/tokeninfo", "/delegation", "/userinfo", "/appliance-mfa/",
}

// TestPagesOfOtherSitesChangeNothing goes through all operations that change something, so that it covers
// every new form too: a request that another site sends in a browser with a session is refused, or has the
// same result as without the session.
func TestPagesOfOtherSitesChangeNothing(t *testing.T) {
	s := servertest.Start(t)
	served, err := s.Operations()
	if err != nil {
		t.Fatal(err)
	}
	browser := s.Client()
	s.Login(browser, servertest.Login{})
	browser.CheckRedirect = func(*http.Request, []*http.Request) error { return http.ErrUseLastResponse }
	stranger := s.Client()
	stranger.Jar, stranger.CheckRedirect = nil, browser.CheckRedirect
	send := func(client *http.Client, at, operation, header, value string) (int, string) {
		method, path, _ := strings.Cut(operation, " ")
		rq, err := http.NewRequestWithContext(t.Context(), method, at+strings.TrimPrefix(variable.ReplaceAllString(path, "x"), "/"), strings.NewReader(url.Values{"action": {"default"}, "state": {"x"}}.Encode()))
		if err != nil {
			t.Fatal(err)
		}
		rq.Header.Set("Content-Type", "application/x-www-form-urlencoded")
		rq.Header.Set(header, value)
		resp, err := client.Do(rq)
		if err != nil {
			t.Fatal(err)
		}
		defer resp.Body.Close()
		body, err := io.ReadAll(resp.Body)
		if err != nil {
			t.Fatal(err)
		}
		return resp.StatusCode, string(body)
	}
	seen := 0
	for _, operation := range served {
		method, path, _ := strings.Cut(operation, " ")
		if method == http.MethodGet || method == http.MethodHead || method == http.MethodOptions || strings.HasSuffix(path, "/") || takenFromOthers[operation] != "" {
			continue
		}
		seen++
		program := slices.ContainsFunc(programs, func(p string) bool { return strings.HasPrefix(path, p) })
		for _, from := range [][2]string{{"Origin", "https://evil.example"}, {"Origin", "null"}, {"Sec-Fetch-Site", "cross-site"}, {"Sec-Fetch-Site", "same-site"}} {
			status, body := send(browser, s.URL, operation, from[0], from[1])
			if status == http.StatusNotFound && !program { // it is the control listener's
				if status, body = send(browser, s.ControlURL()+"/", operation, from[0], from[1]); status != http.StatusForbidden || !strings.Contains(body, "foreign_origin") {
					t.Errorf("%s with %s: %s is answered %d by the control listener", operation, from[0], from[1], status)
				}
				continue
			}
			if !program {
				if status != http.StatusForbidden || !strings.Contains(body, "another site") {
					t.Errorf("%s with %s: %s is answered %d", operation, from[0], from[1], status)
				}
				continue
			}
			if without, _ := send(stranger, s.URL, operation, from[0], from[1]); status != without {
				t.Errorf("%s with %s: %s is answered %d, and %d without cookies", operation, from[0], from[1], status, without)
			}
		}
	}
	if seen < 30 {
		t.Errorf("%d operations change something", seen)
	}
	for operation := range takenFromOthers {
		if !slices.Contains(served, operation) {
			t.Errorf("%s is taken from others and not served", operation)
		}
	}
}
