package e2e_test

import (
	"cmp"
	"encoding/json"
	"io"
	"net/http"
	"net/url"
	"strings"
	"testing"

	"github.com/tenant0/tenant0/server/servertest"
)

// manager changes a tenant through its Management API.
type manager struct {
	t      *testing.T
	tenant *servertest.Server
	token  string
}

func manage(t *testing.T, tenant *servertest.Server) *manager {
	t.Helper()
	status, answer := tenant.Token(tenant.Client(), url.Values{
		"grant_type": {"client_credentials"}, "client_id": {servertest.Management}, "client_secret": {servertest.ManagementSecret},
		"audience": {tenant.Issuer() + "api/v2/"},
	})
	token, _ := answer["access_token"].(string)
	if token == "" {
		t.Fatalf("a token for the Management API: %d %v", status, answer)
	}
	return &manager{t, tenant, token}
}

// send sends a request, which must succeed, and returns the id in the answer, or "".
func (m *manager) send(method, path, body string) string {
	m.t.Helper()
	var answer identified
	_ = json.Unmarshal(m.answer(method, path, body), &answer) // lists and empty answers have no id
	return answer.id()
}

// find returns the id of the first object in a list.
func (m *manager) find(path string) string {
	m.t.Helper()
	raw := m.answer(http.MethodGet, path, "")
	var list []identified
	if err := json.Unmarshal(raw, &list); err != nil || len(list) == 0 {
		m.t.Fatalf("GET %s: %s %v", path, raw, err)
	}
	return list[0].id()
}

// identified is an object of the API with the members that may be its id.
type identified struct {
	ID       string `json:"id"`
	ClientID string `json:"client_id"`
	UserID   string `json:"user_id"`
}

func (i identified) id() string { return cmp.Or(i.ID, i.ClientID, i.UserID) }

func (m *manager) answer(method, path, body string) []byte {
	m.t.Helper()
	rq, err := http.NewRequestWithContext(m.t.Context(), method, m.tenant.URL+"api/v2"+path, strings.NewReader(body))
	if err != nil {
		m.t.Fatal(err)
	}
	rq.Header.Set("Authorization", "Bearer "+m.token)
	rq.Header.Set("Content-Type", "application/json")
	resp, err := m.tenant.Client().Do(rq)
	if err != nil {
		m.t.Fatal(err)
	}
	defer resp.Body.Close()
	raw, err := io.ReadAll(resp.Body)
	if err != nil || resp.StatusCode > 299 {
		m.t.Fatalf("%s %s: %s %s %v", method, path, resp.Status, raw, err)
	}
	return raw
}
