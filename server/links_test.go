package server_test

import (
	"encoding/json"
	"io"
	"net/http"
	"net/url"
	"strings"
	"testing"

	"github.com/tenant0/tenant0/server/servertest"
)

// managed is a tenant with a browser and calls of the tenant's Management API.
type managed struct {
	*servertest.Server
	t       *testing.T
	browser *http.Client
}

// token gets an access token for an API with the credentials of the management application.
func (m managed) token(audience string) string {
	m.t.Helper()
	status, body := m.Token(m.browser, url.Values{
		"grant_type": {"client_credentials"}, "audience": {audience},
		"client_id": {servertest.Management}, "client_secret": {servertest.ManagementSecret},
	})
	token, _ := body["access_token"].(string)
	if status != http.StatusOK || token == "" {
		m.t.Fatalf("no token for %s: %d %v", audience, status, body)
	}
	return token
}

// send sends a request and returns the status and the body of the answer. A body that
// is not a string is sent as JSON.
func (m managed) send(method, target string, body any, headers ...string) (int, string) {
	m.t.Helper()
	raw, isText := body.(string)
	if !isText && body != nil {
		text, err := json.Marshal(body)
		if err != nil {
			m.t.Fatal(err)
		}
		raw = string(text)
	}
	rq, err := http.NewRequestWithContext(m.t.Context(), method, target, strings.NewReader(raw))
	if err != nil {
		m.t.Fatal(err)
	}
	if body != nil {
		rq.Header.Set("Content-Type", "application/json")
	}
	for i := 0; i < len(headers); i += 2 {
		rq.Header.Set(headers[i], headers[i+1])
	}
	resp, err := m.browser.Do(rq)
	if err != nil {
		m.t.Fatal(err)
	}
	defer resp.Body.Close()
	answer, err := io.ReadAll(resp.Body)
	if err != nil {
		m.t.Fatal(err)
	}
	return resp.StatusCode, string(answer)
}

// api calls an operation of the Management API, which must succeed, and returns a text member
// of its answer, or "" if member is "".
func (m managed) api(method, path string, body any, member string) string {
	m.t.Helper()
	status, answer := m.send(method, m.URL+"api/v2/"+path, body, "Authorization", "Bearer "+m.token(m.URL+"api/v2/"))
	if status >= 300 {
		m.t.Fatalf("%s %s: %d %s", method, path, status, answer)
	}
	var doc map[string]any
	if member == "" {
		return ""
	}
	if err := json.Unmarshal([]byte(answer), &doc); err != nil {
		m.t.Fatal(err)
	}
	text, _ := doc[member].(string)
	if text == "" {
		m.t.Fatalf("%s %s has no %s: %s", method, path, member, answer)
	}
	return text
}

func startManaged(t *testing.T) managed {
	t.Helper()
	s := servertest.Start(t, servertest.HTTP())
	return managed{s, t, s.Client()}
}

const employeeID = "auth0|65f1c0de0000000000000001"

// exportLink exports the users by a job and returns the link to the file.
func (m managed) exportLink() string {
	m.t.Helper()
	job := m.api(http.MethodPost, "jobs/users-exports", map[string]any{"format": "json"}, "id")
	return m.api(http.MethodGet, "jobs/"+job, nil, "location")
}

// invitation creates an organization and an invitation to it, and returns the organization's id and the ticket.
func (m managed) invitation(name, email string) (organization, ticket string) {
	m.t.Helper()
	m.api(http.MethodPatch, "clients/"+servertest.SPA, map[string]any{"organization_usage": "allow", "initiate_login_uri": "https://app.test/login"}, "")
	organization = m.api(http.MethodPost, "organizations", map[string]any{"name": name}, "id")
	ticket = m.api(http.MethodPost, "organizations/"+organization+"/invitations", map[string]any{
		"inviter": map[string]any{"name": "Jane"}, "invitee": map[string]any{"email": email}, "client_id": servertest.SPA, "ttl_sec": 3600,
	}, "ticket_id")
	return organization, ticket
}

// TestNoLinkIsLogged follows links that let in anyone who has them, unchanged and misspelt, and then looks
// for their secrets in the server's log and in the tenant's log.
func TestNoLinkIsLogged(t *testing.T) {
	m := startManaged(t)
	secrets := map[string]string{}
	var targets []string
	export := m.exportLink()
	secrets["an export"] = export[strings.LastIndex(export, "/")+1:]
	targets = append(targets, export)
	for kind, path := range map[string]string{"a verification": "tickets/email-verification", "a password": "tickets/password-change"} {
		link := m.api(http.MethodPost, path, map[string]any{"user_id": employeeID}, "ticket")
		_, secret, _ := strings.Cut(link, "ticket=")
		secrets[kind] = strings.TrimSuffix(secret, "#")
		targets = append(targets, link)
	}
	organization, invitation := m.invitation("exampleco", "new@example.com")
	secrets["an invitation"] = invitation
	authorize, _ := m.AuthorizeURL(servertest.Login{ClientID: servertest.SPA, RedirectURI: servertest.SPACallback})
	targets = append(targets, authorize+"&organization="+organization+"&invitation="+invitation)

	for _, target := range targets {
		u, err := url.Parse(target)
		if err != nil {
			t.Fatal(err)
		}
		for _, misspelt := range []string{"", "/", "%20", "?x=%zz"} {
			for _, method := range []string{http.MethodPost, http.MethodHead, http.MethodDelete, http.MethodGet, http.MethodGet} {
				m.send(method, m.URL+strings.TrimPrefix(u.EscapedPath(), "/")+misspelt+strings.TrimSuffix("?"+u.RawQuery, "?"), nil)
			}
		}
		m.send(http.MethodGet, m.URL+strings.ToUpper(strings.SplitN(u.EscapedPath()[1:], "/", 2)[0])+u.EscapedPath()[strings.LastIndex(u.EscapedPath(), "/"):], nil)
		m.send(http.MethodGet, m.URL+"api/v2/"+u.EscapedPath(), nil)
	}
	_, events := m.send(http.MethodGet, m.URL+"api/v2/logs?per_page=100", nil, "Authorization", "Bearer "+m.token(m.URL+"api/v2/"))
	if len(events) < 1000 || !strings.Contains(m.Log(), "request refused") {
		t.Fatalf("%d bytes of events, log:\n%s", len(events), m.Log())
	}
	for name, secret := range secrets {
		if len(secret) < 20 {
			t.Errorf("%s has the secret %q", name, secret)
		}
		for where, text := range map[string]string{"the server's log": m.Log(), "the tenant's log": events} {
			if i := strings.Index(text, secret); i >= 0 {
				t.Errorf("%s holds %s: ...%s...", where, name, text[max(0, i-300):min(len(text), i+len(secret))])
			}
		}
	}
}
