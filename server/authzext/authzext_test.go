package authzext_test

import (
	"encoding/json"
	"errors"
	"io"
	"log/slog"
	"net/http"
	"net/http/httptest"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"github.com/tenant0/tenant0/keys"
	"github.com/tenant0/tenant0/server/authzext"
	"github.com/tenant0/tenant0/server/tokens"
	"github.com/tenant0/tenant0/server/web"
	"github.com/tenant0/tenant0/storage"
	"github.com/tenant0/tenant0/storage/bolt"
	"github.com/tenant0/tenant0/storage/keyspace"
)

const (
	issuerURL = "https://localhost:4400/"
	audience  = "urn:auth0-authz-api"
	apiPath   = "/extensions/authorization/api"
	database  = "Username-Password-Authentication"

	staff, board, crew    = "00000000-0000-4000-8000-0000000000a1", "00000000-0000-4000-8000-0000000000a2", "00000000-0000-4000-8000-0000000000a3"
	employee, manager     = "00000000-0000-4000-8000-0000000000b1", "00000000-0000-4000-8000-0000000000b2"
	webEmployee           = "00000000-0000-4000-8000-0000000000b3"
	read, approve, unused = "00000000-0000-4000-8000-0000000000c1", "00000000-0000-4000-8000-0000000000c2", "00000000-0000-4000-8000-0000000000c3"
	mapping, lostMapping  = "00000000-0000-4000-8000-0000000000d1", "00000000-0000-4000-8000-0000000000d2"
	nobody                = "00000000-0000-4000-8000-00000000ffff"
)

var noon = time.Date(2026, 3, 1, 12, 0, 0, 0, time.UTC)

// server runs the extension's API behind a listener, with a store in a file.
type server struct {
	*httptest.Server
	router *web.Router
	engine keyspace.Engine
	db     *storage.DB
	issuer *tokens.Issuer
	token  string // of a machine with every scope
}

func start(tb testing.TB) *server {
	tb.Helper()
	engine, err := bolt.Open(filepath.Join(tb.TempDir(), "tenant0.db"), bolt.Options{NoSync: true})
	if err != nil {
		tb.Fatal(err)
	}
	db, err := storage.Open(engine)
	if err != nil {
		tb.Fatal(err)
	}
	ring, err := keys.Open(db, "localhost", noon)
	if err != nil {
		tb.Fatal(err)
	}
	secrets, err := keys.OpenSecrets(db)
	if err != nil {
		tb.Fatal(err)
	}
	s := &server{engine: engine, db: db, issuer: &tokens.Issuer{URL: issuerURL, DB: db, Ring: ring, Secrets: secrets}}
	s.router = web.NewRouter(slog.New(slog.DiscardHandler))
	authzext.Mount(s.router, authzext.Deps{DB: db, Issuer: s.issuer, Now: func() time.Time { return noon }})
	s.Server = httptest.NewServer(s.router)
	tb.Cleanup(func() {
		s.Close()
		if err := ring.Complete(); err != nil {
			tb.Error(err)
		}
		if err := db.Close(); err != nil {
			tb.Error(err)
		}
	})
	s.token = s.machine(tb, strings.Fields(allScopes)...)
	s.seed(tb)
	return s
}

const allScopes = "read:users read:applications read:connections read:configuration update:configuration " +
	"read:groups create:groups update:groups delete:groups read:roles create:roles update:roles delete:roles " +
	"read:permissions create:permissions update:permissions delete:permissions " +
	"read:resource-server create:resource-server update:resource-server delete:resource-server"

// machine returns a machine's access token for the extension's API.
func (s *server) machine(tb testing.TB, scopes ...string) string {
	tb.Helper()
	return s.mint(tb, tokens.Grant{
		API: &storage.ResourceServer{Identifier: audience}, Issue: storage.Issue{Scope: scopes}, GTY: tokens.GTYClientCredentials,
	}, noon)
}

func (s *server) mint(tb testing.TB, g tokens.Grant, at time.Time) string {
	tb.Helper()
	g.Client.ClientID = "m2m"
	access, err := s.issuer.Access(tb.Context(), &g, at)
	if err != nil {
		tb.Fatal(err)
	}
	return access.Token
}

// seed puts the tenant and the extension's store into the state with which the
// tables of answers begin.
func (s *server) seed(tb testing.TB) {
	tb.Helper()
	var ext storage.Extension
	if err := json.Unmarshal([]byte(fixture), &ext); err != nil {
		tb.Fatal(err)
	}
	users := []storage.Document{
		{"user_id": "auth0|u1", "name": "Employee", "nickname": "emp", "email": "employee@exampleco.com", "last_login": "2026-02-01T00:00:00.000Z", "identities": []any{storage.Document{"connection": database, "user_id": "u1"}}},
		{"user_id": "auth0|u2", "name": "A Manager", "nickname": "man", "email": "manager@exampleco.com", "last_login": "2026-02-02T00:00:00.000Z", "logins_count": 3, "identities": []any{storage.Document{"connection": database, "user_id": "u2"}}},
	}
	clients := []storage.Document{
		{"client_id": "nat1", "name": "timesheets mobile", "app_type": "native", "callbacks": []any{"demo://cb"}},
		{"client_id": "web1", "name": "Timesheets Admin", "app_type": "regular_web"},
		{"client_id": "m2m", "name": "Cron", "app_type": "non_interactive"},
	}
	connections := []storage.Document{
		{"id": "con_1", "name": database, "strategy": "auth0"}, {"id": "con_2", "name": "corp-ad", "strategy": "ad"},
	}
	err := s.db.Update(tb.Context(), func(tx *storage.Tx) error {
		rs, err := tx.ResourceServers.Find("identifier", audience)
		if err == nil {
			err = tx.ResourceServers.Delete(rs.ID)
		}
		return errors.Join(storage.Optional(err), putAll(tx.Users.Put, users), putAll(tx.Clients.Put, clients),
			putAll(tx.Connections.Put, connections), tx.Extension.Put(ext))
	})
	if err != nil {
		tb.Fatal(err)
	}
}

func putAll(put func(storage.Document) error, documents []storage.Document) error {
	var all error
	for _, d := range documents {
		all = errors.Join(all, put(d))
	}
	return all
}

// fixture: the group Board nests Staff; the user u1 is an employee through Staff, u2 is
// directly a manager; the permissions belong to two applications.
const fixture = `{
	"permissions": [
		{"_id": "` + read + `", "name": "read:timesheets", "description": "Read", "applicationType": "client", "applicationId": "nat1"},
		{"_id": "` + approve + `", "name": "approve:timesheets", "description": "Approve", "applicationType": "client", "applicationId": "nat1"},
		{"_id": "` + unused + `", "name": "admin", "description": "Administer", "applicationType": "client", "applicationId": "web1"}
	],
	"roles": [
		{"_id": "` + employee + `", "name": "Employee", "description": "Works", "applicationType": "client", "applicationId": "nat1", "permissions": ["` + read + `"]},
		{"_id": "` + manager + `", "name": "Manager", "description": "Decides", "applicationType": "client", "applicationId": "nat1", "permissions": ["` + read + `", "` + approve + `"], "users": ["auth0|u2"]},
		{"_id": "` + webEmployee + `", "name": "Employee", "description": "Works", "applicationType": "client", "applicationId": "web1", "permissions": []}
	],
	"groups": [
		{"_id": "` + staff + `", "name": "Staff", "description": "Everyone", "members": ["auth0|u1", "auth0|gone"], "roles": ["` + employee + `"],
		 "mappings": [{"_id": "` + mapping + `", "groupName": "AD Staff", "connectionName": "corp-ad"}, {"_id": "` + lostMapping + `", "groupName": "x", "connectionName": "gone"}]},
		{"_id": "` + board + `", "name": "Board", "description": "Top", "nested": ["` + staff + `"], "roles": ["` + manager + `"], "members": ["auth0|u2", "auth0|u1"]},
		{"_id": "` + crew + `", "name": "Crew", "description": "Others"}
	]
}`

// answer is the response to a request.
type answer struct {
	status int
	header http.Header
	body   string
}

func (s *server) call(t *testing.T, method, path, body string, headers ...string) answer {
	t.Helper()
	var payload io.Reader
	if body != "" {
		payload = strings.NewReader(body)
	}
	r, err := http.NewRequestWithContext(t.Context(), method, s.URL+path, payload)
	if err != nil {
		t.Fatal(err)
	}
	if body != "" {
		r.Header.Set("Content-Type", "application/json")
	}
	r.Header.Set("Authorization", "Bearer "+s.token)
	for i := 0; i < len(headers); i += 2 {
		r.Header.Set(headers[i], headers[i+1])
		if headers[i+1] == "" {
			r.Header.Del(headers[i])
		}
	}
	resp, err := s.Client().Do(r)
	if err != nil {
		t.Fatal(err)
	}
	defer resp.Body.Close()
	raw, err := io.ReadAll(resp.Body)
	if err != nil {
		t.Fatal(err)
	}
	return answer{resp.StatusCode, resp.Header, string(raw)}
}

// api calls the API with a token that has every scope.
func (s *server) api(t *testing.T, method, path, body string) answer {
	t.Helper()
	return s.call(t, method, apiPath+path, body)
}

// is compares the status and the JSON body; "ANY" in want matches any text.
func (got answer) is(t *testing.T, status int, want string) {
	t.Helper()
	if got.status != status {
		t.Errorf("status is %d, want %d; body %s", got.status, status, got.body)
		return
	}
	if want == "" || got.body == "" {
		if want != got.body {
			t.Errorf("body is %s, want %s", got.body, want)
		}
		return
	}
	var wanted, have any
	if err := json.Unmarshal([]byte(want), &wanted); err != nil {
		t.Fatalf("%v in the test's %s", err, want)
	}
	if err := json.Unmarshal([]byte(got.body), &have); err != nil {
		t.Fatalf("%v in %s", err, got.body)
	}
	same := cmp.FilterValues(func(a, b string) bool { return a == "ANY" || b == "ANY" }, cmp.Ignore())
	if diff := cmp.Diff(wanted, have, same); diff != "" {
		t.Errorf("body (-want +got)\n%s", diff)
	}
}

// get decodes the answer to a GET request.
func get[T any](t *testing.T, s *server, path string) T {
	t.Helper()
	var v T
	got := s.api(t, "GET", path, "")
	if err := json.Unmarshal([]byte(got.body), &v); got.status != 200 || err != nil {
		t.Fatalf("GET %s answers %d %s", path, got.status, got.body)
	}
	return v
}

func boom(status, name, message string) string {
	return `{"statusCode":` + status + `,"error":"` + name + `","message":` + quote(message) + `}`
}

func invalid(source, key, message string) string {
	return `{"statusCode":400,"error":"Bad Request","message":` + quote(message) +
		`,"validation":{"source":"` + source + `","keys":[` + quote(key) + `]}}`
}

func quote(s string) string {
	raw, err := json.Marshal(s)
	if err != nil {
		panic(err)
	}
	return string(raw)
}
