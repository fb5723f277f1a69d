package authzext_test

import (
	"encoding/json"
	"net/http/httptest"
	"strings"
	"testing"
)

// FuzzImport: a body is imported, or refused with a 4xx and a reason; what was imported
// can be exported, imported and exported again without a change.
func FuzzImport(f *testing.F) {
	for _, seed := range []string{
		fixture, `{}`, `{"groups":[]}`, `{"groups":[{}],"roles":[{"permissions":null}],"permissions":[{"name":null}]}`,
		`{"groups":[{"mappings":[{}]}],"rules":[{"a":[1]}],"applications":[{}]}`, `{"configuration":[{"_id":"v2","rolesInToken":"YES"}]}`,
		`[]`, `null`, `"x"`, `{"groups":{}}`, `{"groups":[null]}`, `{"roles":[{"users":[1]}]}`, `{"GROUPS":[]}`, `{"groups":[],"groups":[{"_id":"\ud800"}]}`,
	} {
		f.Add(seed)
	}
	s := start(f)
	f.Fuzz(func(t *testing.T, body string) {
		status, answer := s.serve("POST", "/configuration/import", body)
		if status >= 400 && status < 500 {
			var refusal struct{ Message string }
			if err := json.Unmarshal([]byte(answer), &refusal); err != nil || refusal.Message == "" {
				t.Fatalf("%d with %s", status, answer)
			}
			return
		}
		if status != 204 {
			t.Fatalf("answers %d %s", status, answer)
		}
		_, first := s.serve("GET", "/configuration/export", "")
		if status, answer := s.serve("POST", "/configuration/import", first); status != 204 {
			t.Fatalf("the export %s is refused: %d %s", first, status, answer)
		}
		if _, second := s.serve("GET", "/configuration/export", ""); second != first {
			t.Fatalf("another export after an import:\n%s\n%s", first, second)
		}
	})
}

// serve calls the handler directly, without a network connection.
func (s *server) serve(method, path, body string) (int, string) {
	r := httptest.NewRequest(method, apiPath+path, strings.NewReader(body))
	r.Header.Set("Authorization", "Bearer "+s.token)
	w := httptest.NewRecorder()
	s.router.ServeHTTP(w, r)
	return w.Code, w.Body.String()
}
