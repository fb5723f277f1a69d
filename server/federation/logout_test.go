package federation_test

import (
	"net/http"
	"net/http/httptest"
	"net/url"
	"strings"
	"testing"
)

// leave opens a logout, and returns the address that it ends at and the pages in between.
func (tn tenant) leave(path string, params ...string) (left *url.URL, through []string) {
	tn.t.Helper()
	query := url.Values{}
	for i := 0; i < len(params); i += 2 {
		query.Set(params[i], params[i+1])
	}
	stay := *tn.browser
	stay.CheckRedirect = func(*http.Request, []*http.Request) error { return http.ErrUseLastResponse }
	target := tn.URL + path + "?" + query.Encode()
	for range 5 {
		rq, err := http.NewRequestWithContext(tn.t.Context(), http.MethodGet, target, http.NoBody)
		if err != nil {
			tn.t.Fatal(err)
		}
		resp, err := stay.Do(rq)
		if err != nil {
			tn.t.Fatal(err)
		}
		_ = resp.Body.Close()
		through = append(through, rq.URL.Path)
		location, err := resp.Location()
		if err != nil {
			return nil, through
		}
		if !strings.HasPrefix(location.String(), tn.URL) {
			return location, through
		}
		target = location.String()
	}
	return nil, through
}

const out = "https://app.example.com/out"

// TestFederatedLogouts go by the provider, and other logouts do not.
func TestFederatedLogouts(t *testing.T) {
	for _, tt := range []struct {
		connection, path string
		params           []string
		through          string // of the provider, "" for nothing
		left             string
	}{
		{"google-oauth2", "v2/logout", []string{"client_id", "app", "returnTo", out, "federated", ""}, "/simulated/google-oauth2/logout", out},
		{"google-oauth2", "v2/logout", []string{"client_id", "app", "federated", "true"}, "/simulated/google-oauth2/logout", out},
		{"shown", "oidc/logout", []string{"client_id", "app", "post_logout_redirect_uri", out, "state", "s", "federated", ""}, "/simulated/shown/logout", out + "?state=s"},
		{"google-oauth2", "v2/logout", []string{"client_id", "app", "returnTo", out}, "", out},
		{"google-oauth2", "v2/logout", []string{"federated", ""}, "/simulated/google-oauth2/logout", ""},
		{"saml", "v2/logout", []string{"client_id", "app", "returnTo", out, "federated", ""}, "", out},
	} {
		tn := start(t)
		tn.Choose(tt.connection, "allow", "ada@example.com")
		sid := tn.claims(login("connection", tt.connection))["sid"].(string)
		if tt.path == "oidc/logout" {
			tt.params = append(tt.params, "logout_hint", sid)
		}
		left, through := tn.leave(tt.path, tt.params...)
		at := ""
		if left != nil {
			at = left.String()
		}
		want := []string{"/" + tt.path}
		if tt.through != "" {
			want = append(want, tt.through)
		}
		if at != tt.left || strings.Join(through, " ") != strings.Join(want, " ") {
			t.Errorf("%s %v leads by %v to %s", tt.path, tt.params, through, at)
		}
		if tn.goesOn() {
			t.Errorf("%s %v: the session goes on", tt.path, tt.params)
		}
		if left, through := tn.leave(tt.path, tt.params...); len(through) != 1 {
			t.Errorf("without a session %s %v leads by %v to %v", tt.path, tt.params, through, left)
		}
	}
}

// TestTheSimulatedLogoutLeadsNowhereElse than back to the logout that led there, in the same browser.
func TestTheSimulatedLogoutLeadsNowhereElse(t *testing.T) {
	tn := start(t)
	for _, query := range []string{"", "?returnTo=https://evil.example.com/", "?state=none&returnTo=https://evil.example.com/"} {
		if left, page := tn.Visit(tn.browser, tn.URL+"simulated/google-oauth2/logout"+query); left != nil || page.Status < 400 {
			t.Errorf("%s leads to %v: %d", query, left, page.Status)
		}
	}
}

// TestARealProviderLogsOut at the end_session_endpoint of its metadata. If the provider is down, the tenant's session
// ends all the same.
func TestARealProviderLogsOut(t *testing.T) {
	l := newLiar(t)
	tn := ofLiar(t, l, "")
	tn.patch("clients/app", object{"allowed_logout_urls": []string{out}})
	ended := httptest.NewServer(http.NotFoundHandler())
	defer ended.Close()
	l.endSession = ended.URL + "/end?keep=1"
	if said := tn.answer("state", tn.ask(l), "code", "c"); said != "logged in" {
		t.Fatal(said)
	}
	left, _ := tn.leave("v2/logout", "client_id", "app", "returnTo", out, "federated", "")
	if left == nil || !strings.HasPrefix(left.String(), ended.URL+"/end?") || left.Query().Get("post_logout_redirect_uri") != out || left.Query().Get("client_id") != "fed" || left.Query().Get("keep") != "1" {
		t.Errorf("the logout leads to %v", left)
	}
	if tn.goesOn() {
		t.Error("the session goes on")
	}
	if said := tn.answer("state", tn.ask(l), "code", "c"); said != "logged in" {
		t.Fatal(said)
	}
	l.Close()
	tn.Advance(10 * 60 * 1e9) // the document is believed no more
	if left, _ := tn.leave("v2/logout", "client_id", "app", "returnTo", out, "federated", ""); left == nil || left.String() != out || tn.goesOn() {
		t.Errorf("the logout leads to %v", left)
	}
}
