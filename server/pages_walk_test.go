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

// leading are names of parameters with which servers are commonly told where to send a browser.
var leading = []string{
	"returnTo", "return_to", "redirect_uri", "redirect", "redirectUrl", "next", "url", "continue", "resultUrl", "result_url", "callback", "target", "goto", "dest",
	"post_logout_redirect_uri", "wreply", "RelayState", "initiate_login_uri", "openid_connect", "ticket", "email", "connection", "code", "error_uri", "baseUrl", "client_id",
}

// TestNoPageLeadsElsewhereOrIsFramed requests every operation for browsers, so that it covers every new page too. Whatever the
// parameters say, each answer leads only to this server or to a registered address of an application, contains no link to the
// address in the parameters, and cannot be shown in a frame.
func TestNoPageLeadsElsewhereOrIsFramed(t *testing.T) {
	s := servertest.Start(t)
	served, err := s.Operations()
	if err != nil {
		t.Fatal(err)
	}
	const evil = "https://evil.example/"
	browser := newStranger(t, s)
	s.Login(browser.client, servertest.Login{})
	browser.client.CheckRedirect = func(*http.Request, []*http.Request) error { return http.ErrUseLastResponse }
	state := browser.found(`state=([^&]+)`, browser.get(browser.authorize("prompt", "login")).location)
	pages := 0
	for _, operation := range served {
		method, path, _ := strings.Cut(operation, " ")
		program := slices.ContainsFunc(programs, func(p string) bool { return strings.HasPrefix(path, p) })
		if program || method != http.MethodGet && method != http.MethodPost {
			continue
		}
		query, form := url.Values{"state": {state}}, url.Values{"state": {state}, "action": {"default"}}
		for _, name := range leading {
			query.Set(name, evil)
			form.Set(name, evil)
		}
		target := s.URL + strings.TrimPrefix(variable.ReplaceAllString(path, url.PathEscape(evil)), "/") + "?" + query.Encode()
		rq, err := http.NewRequestWithContext(t.Context(), method, target, strings.NewReader(form.Encode()))
		if err != nil {
			t.Fatal(err)
		}
		rq.Header.Set("Content-Type", formType)
		resp, err := browser.client.Do(rq)
		if err != nil {
			t.Fatalf("%s: %v", operation, err)
		}
		body, err := io.ReadAll(resp.Body)
		_ = resp.Body.Close()
		if err != nil {
			t.Fatal(err)
		}
		to, err := url.Parse(resp.Header.Get("Location"))
		if own := strings.HasPrefix(to.String(), s.URL) || strings.HasPrefix(to.String(), servertest.MobileCallback); err != nil || to.Host != "" && !own {
			t.Errorf("%s leads to %s", operation, to)
		}
		if !strings.HasPrefix(resp.Header.Get("Content-Type"), "text/html") {
			continue
		}
		pages++
		for _, attribute := range []string{`href="` + evil, `action="` + evil, `src="` + evil, `url=` + evil} {
			if strings.Contains(string(body), attribute) {
				t.Errorf("%s has %s", operation, attribute)
			}
		}
		if resp.Header.Get("X-Frame-Options") != "DENY" || !strings.Contains(resp.Header.Get("Content-Security-Policy"), "frame-ancestors 'none'") {
			t.Errorf("%s may be shown in a frame: %d %v", operation, resp.StatusCode, resp.Header)
		}
	}
	const least = 40
	if pages < least {
		t.Errorf("only %d pages are looked at", pages)
	}
}
