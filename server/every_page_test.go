package server_test

import (
	"maps"
	"net/http"
	"net/url"
	"slices"
	"strings"
	"testing"
)

// pagesOf requests every page and form of browsers with the state of each thing that may be in progress
// (a login, a logout, an enrollment …), and passes each answer to see.
func (w *ways) pagesOf(query, form url.Values, see func(operation string, resp *http.Response, body string)) {
	w.t.Helper()
	served, err := w.Operations()
	if err != nil {
		w.t.Fatal(err)
	}
	for _, begin := range []func() string{
		func() string { return "none" },
		func() string { return stateIn(w.visit(w.asks())) },
		func() string { return stateIn(w.visit(w.asks("connection", "google-oauth2"))) },
		func() string { w.logIn(); return stateIn(w.visit("/oidc/logout")) },
		func() string { return stateIn(w.visit(w.enrollment())) },
	} {
		w.fresh()
		state := begin()
		for _, operation := range served {
			method, path, _ := strings.Cut(operation, " ")
			if method != http.MethodGet && method != http.MethodPost || strings.HasPrefix(path, "/api/") || strings.HasPrefix(path, "/extensions/") || strings.HasPrefix(path, "/me/") {
				continue
			}
			target, sent := url.Values{"state": {state}, "RelayState": {state}}, url.Values{"state": {state}}
			for name, values := range query {
				if target.Get(name) == "" {
					target[name] = values
				}
			}
			body := ""
			if method == http.MethodPost {
				maps.Copy(sent, form)
				body = sent.Encode()
			}
			w.show(method, variable.ReplaceAllString(path, "app")+"?"+target.Encode(), body, operation, see)
		}
	}
}

// show sends one request, a form with the Origin of the tenant's own pages, and passes the answer to see.
func (w *ways) show(method, target, body, operation string, see func(string, *http.Response, string)) {
	w.t.Helper()
	rq, err := http.NewRequestWithContext(w.t.Context(), method, w.URL+target[1:], strings.NewReader(body))
	if err != nil {
		w.t.Fatal(err)
	}
	rq.Header.Set("Accept", "text/html")
	if body != "" {
		rq.Header.Set("Content-Type", formType)
		rq.Header.Set("Origin", strings.TrimSuffix(w.URL, "/"))
	}
	resp, text := w.do(rq)
	see(operation, resp, text)
}

// leadingOn are names of parameters with which web pages commonly choose where to go next.
var leadingOn = []string{
	"returnTo", "return_to", "redirect_uri", "redirect", "redirectUri", "next", "url", "continue", "resultUrl", "result_url", "callback", "callbackURL", "target", "goto",
	"post_logout_redirect_uri", "wreply", "wtrealm", "wctx", "RelayState", "AssertionConsumerServiceURL", "initiate_login_uri", "app_uri", "relay", "back", "login_uri", "service",
	"ticket", "email", "connection", "code", "login_hint", "user_code", "iss", "logout_hint", "organization", "realm", "action", "username", "password", "identifier", "resource",
}

// TestNoParameterOfAnyPageLeadsElsewhere: whatever a link or a form asks for, the browser stays on the server
// or goes to a registered address of the application, RFC 9700 section 4.11.
func TestNoParameterOfAnyPageLeadsElsewhere(t *testing.T) {
	const evil = "https://evil.example/"
	w := startWays(t)
	all := url.Values{"client_id": {"app"}, "response_type": {"code"}, "scope": {"openid"}}
	for _, name := range leadingOn {
		all.Set(name, evil)
	}
	// If a parameter that is checked first were wrong, the server would not look at the rest of the request.
	once := url.Values{"client_id": {"app"}, "response_type": {"code"}, "scope": {"openid"}, "connection": {"people"}, "returnTo": {evil}, "post_logout_redirect_uri": {evil}, "redirect_uri": {evil}, "wreply": {evil}, "prompt": {"none"}}
	out := url.Values{"client_id": {"app"}, "wa": {"wsignout1.0"}, "wreply": {evil}}
	seen := 0
	for _, params := range []url.Values{all, once, out} {
		w.pagesOf(params, params, func(operation string, resp *http.Response, body string) {
			seen++
			for _, name := range []string{"Location", "Refresh"} {
				location := resp.Header.Get(name)
				to, err := url.Parse(location)
				own := []string{strings.TrimSuffix(strings.TrimPrefix(w.URL, "http://"), "/"), "app.example.com", ""}
				if err != nil || !slices.Contains(own, to.Host) || to.Scheme != "" && to.Scheme != "http" && to.Scheme != "https" {
					t.Errorf("%s leads to %s", operation, location)
				}
			}
			for _, attribute := range []string{`href="` + evil, `action="` + evil, `src="` + evil, `formaction="` + evil, `url=` + evil} {
				if strings.Contains(body, attribute) {
					t.Errorf("%s has %s", operation, attribute)
				}
			}
		})
	}
	if seen < 500 {
		t.Errorf("%d answers were looked at", seen)
	}
}

// TestEveryPageKeepsItsAddressAndItsFrame: no page can be shown in a frame of another site, and none sends
// its address to other sites, RFC 9700 sections 4.2 and 4.16. That holds for a tenant's custom pages too.
func TestEveryPageKeepsItsAddressAndItsFrame(t *testing.T) {
	w := startWays(t)
	for _, tt := range []struct {
		name string
		own  func()
	}{
		{"as they are", func() {}},
		{"with pages of the tenant's own", func() {
			w.api(http.MethodPatch, "clients/app", map[string]any{"custom_login_page": "<p>ours</p>", "custom_login_page_on": true}, "")
			page := map[string]any{"enabled": true, "html": "<p>ours</p>"}
			w.api(http.MethodPatch, "tenants/settings", map[string]any{"change_password": page, "guardian_mfa_page": page, "error_page": map[string]any{"html": "<p>ours</p>", "show_log_link": false}}, "")
		}},
	} {
		t.Run(tt.name, func(t *testing.T) {
			w.t = t
			tt.own()
			pages, ours := 0, 0
			w.pagesOf(url.Values{"client_id": {"app"}, "redirect_uri": {"https://app.example.com/callback"}, "response_type": {"code"}}, url.Values{}, func(operation string, resp *http.Response, body string) {
				if !strings.HasPrefix(resp.Header.Get("Content-Type"), "text/html") || resp.StatusCode == http.StatusFound {
					return
				}
				pages++
				if strings.Contains(body, "<p>ours</p>") {
					ours++
				}
				h := resp.Header
				if h.Get("X-Frame-Options") != "DENY" || !strings.Contains(h.Get("Content-Security-Policy"), "frame-ancestors 'none'") {
					t.Errorf("%s may be shown in a frame: %v", operation, h)
				}
				if h.Get("Referrer-Policy") != "same-origin" || h.Get("Cache-Control") != "no-store" {
					t.Errorf("%s tells others where it is, or is kept: %v", operation, h)
				}
			})
			if pages < 100 || (ours > 0) != (tt.name != "as they are") {
				t.Errorf("%d pages were looked at, of which %d are the tenant's own", pages, ours)
			}
		})
	}
}
