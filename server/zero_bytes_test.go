package server_test

import (
	"bytes"
	"mime/multipart"
	"net/http"
	"strings"
	"testing"
)

// TestNoTextHasAZeroByte sends zero bytes to every operation that takes a body, except the Management
// API's, which have a test of their own: each is refused, and none causes a server error.
func TestNoTextHasAZeroByte(t *testing.T) {
	m := startManaged(t)
	refused := func(method, target, body string, want int, headers ...string) {
		t.Helper()
		var sent any
		if body != "" {
			sent = body
		}
		status, answer := m.send(method, target, sent, headers...)
		if status != want || want == 400 && !strings.Contains(answer, "U+0000") && !strings.Contains(answer, "not UTF-8 text") {
			t.Errorf("%s %s with %q: %d %s, want %d", method, target, body, status, answer, want)
		}
	}
	for _, member := range []string{"email", "password", "username", "given_name", "connection", "client_id", "user_metadata", `\u0000`} {
		for _, value := range []string{`"a\u0000b@example.com"`, `{"a":"\u0000"}`, `{"\u0000":"a"}`} {
			body := `{"connection":"Username-Password-Authentication","email":"zero@example.com","password":"Correct horse 1","` + member + `":` + value + `}`
			refused(http.MethodPost, m.URL+"dbconnections/signup", body, 400)
			refused(http.MethodPost, m.URL+"dbconnections/change_password", body, 400)
		}
	}
	for _, form := range []string{"email=a%00b", "a%00b=email"} {
		for _, path := range []string{"dbconnections/signup", "dbconnections/change_password", "oauth/token", "oauth/revoke"} {
			refused(http.MethodPost, m.URL+path, form, 400, "Content-Type", formType)
		}
	}

	bearer := []string{"Authorization", "Bearer " + m.token("urn:auth0-authz-api")}
	operations, err := m.Operations()
	if err != nil {
		t.Fatal(err)
	}
	walked := 0
	for _, op := range operations {
		method, pattern, _ := strings.Cut(op, " ")
		if !strings.HasPrefix(pattern, "/extensions/authorization/api/") || strings.HasSuffix(pattern, "/") {
			continue
		}
		target := m.URL + pattern[1:]
		if strings.Contains(pattern, "{") {
			refused(method, variable.ReplaceAllString(target, "a%00b"), "", 400, bearer...)
			target = variable.ReplaceAllString(target, employeeID)
		}
		refused(method, target+"?q=%00", "", 400, bearer...)
		for _, body := range []string{`{"name":"\u0000"}`, `["\u0000"]`, `{"a":[{"\u0000":1}]}`} {
			if status, answer := m.send(method, target, body, bearer...); status >= 500 {
				t.Errorf("%s with %s: %d %s", op, body, status, answer)
			}
		}
		walked++
	}
	if walked < 40 {
		t.Errorf("only %d operations of the extension were walked", walked)
	}
	refused(http.MethodPost, m.URL+"extensions/authorization/api/groups", `{"name":"a\u0000","description":"b"}`, 400, bearer...)

	refused(http.MethodPost, m.ControlURL()+"/import", `{"sections":{"roles":[{"name":"a\u0000"}]}}`, 400)
	refused(http.MethodPost, m.ControlURL()+"/import", `{"users":[{"email":"a\u0000@example.com"}],"connection":"x"}`, 400)
}

// TestAnImportOfUsersNamesZeroBytes: users with zero bytes are rejected and reported, and the
// others are imported.
func TestAnImportOfUsersNamesZeroBytes(t *testing.T) {
	m := startManaged(t)
	var form bytes.Buffer
	w := multipart.NewWriter(&form)
	file, err := w.CreateFormFile("users", "users.json")
	if err != nil {
		t.Fatal(err)
	}
	_, _ = file.Write([]byte(`[{"email":"good@example.com"},{"email":"bad@example.com","user_metadata":{"a":"\u0000"}},{"email":"worse@example.com","user_id":"\u0000"}]`))
	_, connections := m.send(http.MethodGet, m.URL+"api/v2/connections", nil, "Authorization", "Bearer "+m.token(m.URL+"api/v2/"))
	_, id, _ := strings.Cut(connections, `"id":"`)
	id, _, _ = strings.Cut(id, `"`)
	_ = w.WriteField("connection_id", id)
	_ = w.Close()
	bearer := "Bearer " + m.token(m.URL+"api/v2/")
	status, answer := m.send(http.MethodPost, m.URL+"api/v2/jobs/users-imports", form.String(), "Content-Type", w.FormDataContentType(), "Authorization", bearer)
	if status != http.StatusAccepted {
		t.Fatalf("%d %s", status, answer)
	}
	_, job, _ := strings.Cut(answer, `"id":"`)
	job, _, _ = strings.Cut(job, `"`)
	for !strings.Contains(answer, `"completed"`) && !strings.Contains(answer, `"failed"`) {
		_, answer = m.send(http.MethodGet, m.URL+"api/v2/jobs/"+job, nil, "Authorization", bearer)
	}
	_, faults := m.send(http.MethodGet, m.URL+"api/v2/jobs/"+job+"/errors", nil, "Authorization", bearer)
	if !strings.Contains(answer, `"inserted":1`) || strings.Count(faults, "U+0000 is not allowed") != 2 || !strings.Contains(faults, "#/user_metadata/a") {
		t.Errorf("the job: %s\nits faults: %s", answer, faults)
	}
}
