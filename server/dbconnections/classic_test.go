package dbconnections_test

import (
	"encoding/json"
	"io"
	"maps"
	"net/http"
	"net/url"
	"strings"
	"testing"

	"github.com/tenant0/tenant0/server/servertest"
)

// resetPage is a tenant's own page for choosing a new password.
const resetPage = `<p id="{{tenant.name}}">{{email}}|{{ticket}}|{{csrf_token}}|{{password_policy}}|{{min_length}}|{{tenant.friendly_name}}|{{lang}}|` +
	`{{tenant.picture_url | default: 'none'}}</p>`

// changePage sets a page of the tenant's own in the tenant settings.
func changePage(t *testing.T, s *servertest.Server, member string, page any) {
	t.Helper()
	if status, answer := s.Manage(s.Client(), http.MethodPatch, "tenants/settings", map[string]any{member: page}); status != http.StatusOK {
		t.Fatalf("%d %v", status, answer)
	}
}

// resetLink returns the link of a new ticket for changing the employee's password.
func resetLink(t *testing.T, s *servertest.Server, more map[string]any) string {
	t.Helper()
	body := map[string]any{"email": servertest.Employee, "connection_id": connectionID(t, s)}
	maps.Copy(body, more)
	status, answer := s.Manage(s.Client(), http.MethodPost, "tickets/password-change", body)
	link, _ := answer.(map[string]any)["ticket"].(string)
	if status != http.StatusCreated || link == "" {
		t.Fatalf("%d %v", status, answer)
	}
	return strings.TrimSuffix(link, "#")
}

func connectionID(t *testing.T, s *servertest.Server) string {
	t.Helper()
	_, answer := s.Manage(s.Client(), http.MethodGet, "connections?strategy=auth0", nil)
	return answer.([]any)[0].(map[string]any)["id"].(string)
}

// postReset posts a body to /lo/reset, as a script or a form does.
func postReset(t *testing.T, s *servertest.Server, contentType, body string, headers ...string) (*http.Response, string) {
	t.Helper()
	rq, err := http.NewRequestWithContext(t.Context(), http.MethodPost, s.URL+"lo/reset", strings.NewReader(body))
	if err != nil {
		t.Fatal(err)
	}
	rq.Header.Set("Content-Type", contentType)
	for i := 0; i < len(headers); i += 2 {
		rq.Header.Set(headers[i], headers[i+1])
	}
	resp, err := s.Client().Do(rq)
	if err != nil {
		t.Fatal(err)
	}
	defer resp.Body.Close()
	raw, err := io.ReadAll(resp.Body)
	if err != nil {
		t.Fatal(err)
	}
	return resp, string(raw)
}

// TestTheTenantsOwnResetPage: the page appears at the ticket's link with its variables filled in, and its
// script can change the password once.
func TestTheTenantsOwnResetPage(t *testing.T) {
	s := servertest.Start(t)
	changePage(t, s, "friendly_name", `<b>"Acme"</b>`)
	changePage(t, s, "change_password", map[string]any{"enabled": true, "html": resetPage})
	link := resetLink(t, s, nil)
	ticket, found := strings.CutPrefix(link, s.URL+"lo/reset?ticket=")
	if !found {
		t.Fatalf("the link is %s", link)
	}
	_, page := s.Visit(s.Client(), link)
	parts := strings.Split(page.Body, "|")
	if page.Status != http.StatusOK || len(parts) != 8 || parts[0] != `<p id="localhost">`+servertest.Employee || parts[1] != ticket || parts[2] == "" ||
		parts[5] != "&lt;b&gt;&#34;Acme&#34;&lt;/b&gt;" || parts[6] != "en" || parts[7] != "none</p>" {
		t.Errorf("%d %s", page.Status, page.Body)
	}
	if page.Header.Get("X-Frame-Options") != "DENY" || !strings.Contains(page.Header.Get("Content-Security-Policy"), "frame-ancestors 'none'") {
		t.Errorf("%v", page.Header)
	}
	body := func(more map[string]any) string {
		sent := map[string]any{"ticket": ticket, "newPassword": "A new Password 1", "confirmNewPassword": "A new Password 1", "_csrf": parts[2]}
		maps.Copy(sent, more)
		raw, err := json.Marshal(sent)
		if err != nil {
			t.Fatal(err)
		}
		return string(raw)
	}
	for name, tt := range map[string]struct {
		more    map[string]any
		status  int
		says    string
		headers []string
	}{
		"too weak":          {map[string]any{"newPassword": "a", "confirmNewPassword": "a"}, 400, "PasswordStrengthError", nil},
		"no password":       {map[string]any{"newPassword": ""}, 400, "password is required", nil},
		"another one":       {map[string]any{"confirmNewPassword": "x"}, 400, "the same", nil},
		"no ticket":         {map[string]any{"ticket": ""}, 400, "invalid_ticket", nil},
		"none of ours":      {map[string]any{"ticket": "x"}, 400, "invalid_ticket", nil},
		"from another site": {nil, 403, "", []string{"Sec-Fetch-Site", "cross-site"}},
	} {
		resp, answer := postReset(t, s, "application/json", body(tt.more), tt.headers...)
		if resp.StatusCode != tt.status || !strings.Contains(answer, tt.says) || !strings.Contains(answer, `"message"`) {
			t.Errorf("%s: %d %s", name, resp.StatusCode, answer)
		}
	}
	if resp, answer := postReset(t, s, "application/json", body(nil)); resp.StatusCode != http.StatusOK || answer != `{"email":"`+servertest.Employee+`"}` {
		t.Fatalf("%d %s", resp.StatusCode, answer)
	}
	if resp, answer := postReset(t, s, "application/json", body(nil)); resp.StatusCode != http.StatusBadRequest {
		t.Errorf("a second time: %d %s", resp.StatusCode, answer)
	}
	s.Login(s.Client(), servertest.Login{Password: "A new Password 1"})
	if _, page := s.Visit(s.Client(), link); page.Status != http.StatusBadRequest || strings.Contains(page.Body, ticket+"|") {
		t.Errorf("the link again: %d %s", page.Status, page.Body)
	}
}

// TestAFormOfAResetPage: without a script the browser is redirected to the ticket's result_url.
func TestAFormOfAResetPage(t *testing.T) {
	s := servertest.Start(t)
	link := resetLink(t, s, map[string]any{"result_url": "https://app.example.com/done?a=1", "includeEmailInRedirect": true})
	u, err := url.Parse(link)
	if err != nil || u.Path != "/u/reset-verify" {
		t.Fatalf("without a page of its own the link is %s", link)
	}
	if left, page := s.Visit(s.Client(), s.URL+"lo/reset?"+u.RawQuery); left != nil || page.URL.Path != "/u/reset-verify" {
		t.Errorf("%v %v", left, page.URL)
	}
	form := url.Values{"ticket": {u.Query().Get("ticket")}, "newPassword": {"A new Password 1"}, "confirmNewPassword": {"A new Password 1"}}
	resp, answer := postReset(t, s, "application/x-www-form-urlencoded", form.Encode(), "Sec-Fetch-Mode", "navigate")
	want := "https://app.example.com/done?a=1&email=" + url.QueryEscape(servertest.Employee) + "&message=You+can+now+login+to+the+application+with+the+new+password.&success=true"
	if resp.StatusCode != http.StatusFound || resp.Header.Get("Location") != want {
		t.Errorf("%d %v %s", resp.StatusCode, resp.Header, answer)
	}
	if resp, answer := postReset(t, s, "application/x-www-form-urlencoded", form.Encode(), "Sec-Fetch-Mode", "navigate"); resp.StatusCode != http.StatusBadRequest ||
		!strings.Contains(answer, "<!doctype html>") {
		t.Errorf("a second time: %d %s", resp.StatusCode, answer)
	}
}

// TestTheTenantsOwnErrorPage shows errors that cannot be sent to an application, and escapes their text.
func TestTheTenantsOwnErrorPage(t *testing.T) {
	s := servertest.Start(t)
	changePage(t, s, "error_page", map[string]any{"html": "<h1>{{error}}|{{error_description | escape}}|{{client_id}}|{{tracking}}|{{lang}}</h1>", "show_log_link": false})
	_, page := s.Visit(s.Client(), s.URL+"authorize?"+url.Values{"client_id": {"<script>"}, "ui_locales": {"de"}}.Encode())
	want := "<h1>invalid_request|Unknown client: &lt;script&gt;|&lt;script&gt;|" + page.Header.Get("X-Auth0-Requestid") + "|de</h1>"
	if page.Status < http.StatusBadRequest || page.Body != want || page.Header.Get("X-Frame-Options") != "DENY" {
		t.Errorf("%d %v %s, want %s", page.Status, page.Header, page.Body, want)
	}
	changePage(t, s, "error_page", map[string]any{"html": "{% for i in (1..100000000) %}x{% endfor %}"})
	if _, page := s.Visit(s.Client(), s.URL+"authorize?client_id=none"); !strings.Contains(page.Body, "Unknown client: none") {
		t.Errorf("a page without end: %d %s", page.Status, page.Body)
	}
	changePage(t, s, "error_page", map[string]any{"html": "<p>ours</p>", "url": "https://errors.example.com/"})
	left, _ := s.Visit(s.Client(), s.URL+"authorize?client_id=none&connection=acme")
	if left == nil {
		t.Fatal("the tenant's address is not visited")
	}
	params := url.Values{
		"client_id": {"none"}, "connection": {"acme"}, "lang": {"en"}, "error": {"invalid_request"}, "error_description": {"Unknown client: none"},
		"tracking": {left.Query().Get("tracking")},
	}
	if left.Host != "errors.example.com" || len(params.Get("tracking")) != 20 || left.Query().Encode() != params.Encode() {
		t.Errorf("the address comes before the page: %v, want the parameters %v", left, params)
	}
	if left, _ := s.Visit(s.Client(), s.URL+"authorize"); left == nil || left.Query().Has("client_id") || left.Query().Has("connection") {
		t.Errorf("parameters that the request does not have: %v", left)
	}
}
