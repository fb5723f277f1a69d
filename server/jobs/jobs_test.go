package jobs_test

import (
	"bufio"
	"bytes"
	"compress/gzip"
	"encoding/json"
	"fmt"
	"io"
	"mime/multipart"
	"net/http"
	"net/url"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"github.com/tenant0/tenant0/server/servertest"
)

type object = map[string]any

// tenant is a running tenant with a token of its Management API.
type tenant struct {
	*servertest.Server
	t          *testing.T
	client     *http.Client
	token      string
	connection string // its id
}

func start(t *testing.T, opts ...servertest.Option) tenant {
	t.Helper()
	tn := tenant{Server: servertest.Start(t, opts...), t: t}
	tn.client = tn.Client()
	_, answer := tn.Token(tn.client, url.Values{
		"grant_type": {"client_credentials"}, "client_id": {servertest.Management}, "client_secret": {servertest.ManagementSecret},
		"audience": {tn.Issuer() + "api/v2/"},
	})
	tn.token = answer["access_token"].(string)
	_, raw := tn.do(http.MethodGet, "/connections", "", nil)
	var connections []object
	if err := json.Unmarshal(raw, &connections); err != nil {
		t.Fatal(err)
	}
	tn.connection = connections[0]["id"].(string)
	return tn
}

func (tn tenant) do(method, path, contentType string, body io.Reader) (int, []byte) {
	tn.t.Helper()
	rq, err := http.NewRequestWithContext(tn.t.Context(), method, tn.URL+"api/v2"+path, body)
	if err != nil {
		tn.t.Fatal(err)
	}
	rq.Header.Set("Authorization", "Bearer "+tn.token)
	if contentType != "" {
		rq.Header.Set("Content-Type", contentType)
	}
	resp, err := tn.client.Do(rq)
	if err != nil {
		tn.t.Fatal(err)
	}
	defer resp.Body.Close()
	raw, err := io.ReadAll(resp.Body)
	if err != nil {
		tn.t.Fatal(err)
	}
	return resp.StatusCode, raw
}

func (tn tenant) read(path string) (status int, answer object) {
	tn.t.Helper()
	status, raw := tn.do(http.MethodGet, path, "", nil)
	_ = json.Unmarshal(raw, &answer) // lists are not read with it
	return status, answer
}

// upload starts an import job.
func (tn tenant) upload(file string, fields ...string) (status int, job object) {
	tn.t.Helper()
	var body bytes.Buffer
	form := multipart.NewWriter(&body)
	part, err := form.CreateFormFile("users", "users.json")
	if err != nil {
		tn.t.Fatal(err)
	}
	_, _ = io.WriteString(part, file) // into memory
	for i := 0; i < len(fields); i += 2 {
		_ = form.WriteField(fields[i], fields[i+1])
	}
	_ = form.Close()
	status, raw := tn.do(http.MethodPost, "/jobs/users-imports", form.FormDataContentType(), &body)
	if err := json.Unmarshal(raw, &job); err != nil {
		tn.t.Fatalf("%d %s", status, raw)
	}
	return status, job
}

// ended waits until a job has ended.
func (tn tenant) ended(id any) object {
	tn.t.Helper()
	deadline := time.Now().Add(servertest.Patience)
	for {
		_, job := tn.read("/jobs/" + id.(string))
		if s := job["status"]; s == "completed" || s == "failed" {
			return job
		}
		if time.Now().After(deadline) {
			tn.t.Fatalf("the job does not end: %v", job)
		}
	}
}

// imports runs an import of a file, and returns the summary and id of the job.
func (tn tenant) imports(file string, fields ...string) (summary object, id string) {
	tn.t.Helper()
	status, job := tn.upload(file, append(fields, "connection_id", tn.connection)...)
	if status != http.StatusAccepted || job["status"] != "pending" || job["type"] != "users_import" {
		tn.t.Fatalf("%d %v", status, job)
	}
	done := tn.ended(job["id"])
	if done["status"] != "completed" {
		tn.t.Fatalf("the job ended as %v", done)
	}
	return done["summary"].(object), job["id"].(string)
}

// hashes are custom_password_hash objects with their passwords. The values come from
// RFC 2202, 6070 and 7914, from the tests of the Argon2 reference implementation and
// from Auth0's documentation, or are well known.
var hashes = []struct{ name, password, hash string }{
	{"argon2i", "password", `{"algorithm":"argon2","hash":{"value":"$argon2i$v=19$m=65536,t=2,p=1$c29tZXNhbHQ$wWKIMhR9lyDFvRz9YTZweHKfbftvj+qf+YFY4NeBbtA"}}`},
	{"argon2id", "password", `{"algorithm":"argon2","hash":{"value":"$argon2id$v=19$m=65536,t=2,p=1$c29tZXNhbHQ$CTFhFdXPJO1aFaMaO6Mm5c8y7cJHAph8ArZWb2GRPPc"}}`},
	{"bcrypt", "hello", `{"algorithm":"bcrypt","hash":{"value":"$2b$10$nFguVi9LsCAcvTZFKQlRKeLVydo8ETv483lkNsSFI/Wl1Rz1Ypo1K"}}`},
	{"hmac-md5", "what do ya want for nothing?", `{"algorithm":"hmac","hash":{"value":"750c783e6ab0b503eaa86e310a5db738","encoding":"hex","digest":"md5","key":{"value":"Jefe"}}}`},
	{"hmac-sha1", "what do ya want for nothing?", `{"algorithm":"hmac","hash":{"value":"7/zfauXrL6LSdBbV8YTfnCWafHk=","encoding":"base64","digest":"sha1","key":{"value":"4a656665","encoding":"hex"}}}`},
	{"ldap-ssha", "password", `{"algorithm":"ldap","hash":{"value":"{SSHA}yI6cZwQadOA1e+/f+T+H3eCQQhRzYWx0","encoding":"utf8"}}`},
	{"ldap-smd5", "password", `{"algorithm":"ldap","hash":{"value":"{SMD5}swXK27O85U86pZxk/sAN6nNhbHQ="}}`},
	{"ldap-ssha384", "password", `{"algorithm":"ldap","hash":{"value":"{SSHA384}JhBd8taJ7iy7c13rUwqdA0BiYlK+mbYtvmYKgUUH/Hnzlu9+YBTxYd973pJ5gvjPc2FsdA=="}}`},
	{"ldap-md5", "password", `{"algorithm":"ldap","hash":{"value":"{MD5}X03MO1qnZdYdgyfeuILPmQ=="}}`},
	{"md4", "password", `{"algorithm":"md4","hash":{"value":"8a9d093f14f8701df17732b2bb182c74","encoding":"hex"}}`},
	{"md4-utf16le", "password", `{"algorithm":"md4","hash":{"value":"8846F7EAEE8FB117AD06BDD830B7586C","encoding":"hex"},"password":{"encoding":"utf16le"}}`},
	{"md5", "password", `{"algorithm":"md5","hash":{"value":"67A1E09BB1F83F5007DC119C14D663AA","encoding":"hex"},"salt":{"value":"salt","position":"prefix"}}`},
	{"sha1", "pässword", `{"algorithm":"sha1","hash":{"value":"2bb859cd0194ba5439cc7a06b78fb1090cca8787","encoding":"hex"},"password":{"encoding":"latin1"}}`},
	{"sha256", "password", `{"algorithm":"sha256","hash":{"value":"25f6ec2d309a4755d6e3ff2a8547cc0b5ba18718ba57fe5e4b8675035d2dadb7","encoding":"hex"},"salt":{"value":"616263313233","encoding":"hex","position":"suffix"}}`},
	{"sha512", "password", `{"algorithm":"sha512","hash":{"value":"b109f3bbbc244eb82441917ed06d618b9008dd09b3befd1b5e07394c706a8bb980b1d7785e5976ec049b46df5f1326af5a2ea6d103fd07c95385ffab0cacbc86","encoding":"hex"}}`},
	{"pbkdf2-sha1", "password", `{"algorithm":"pbkdf2","hash":{"value":"$pbkdf2-sha1$i=4096,l=20$c2FsdA$SwB5AbdlSJq+rUnZJvch0GWkKcE"}}`},
	{"pbkdf2-sha512", "password", `{"algorithm":"pbkdf2","hash":{"value":"$pbkdf2-sha512$i=100000,l=64$c2FsdA$9dFwIslq9GwKHcSaWLvmVKKOmBBIg+SvTel0zaLHQSLdCC9BBak/yAaSyk6xp4TP7agb+qM/UZLMkUPYGL11gQ","encoding":"utf8"}}`},
	{"scrypt", "password", `{"algorithm":"scrypt","hash":{"value":"fdbabe1c9d3472007856e7190d01e9fe7c6ad7cbc8237830e77376634b3731622eaf30d92e22a3886ff109279d9830dac727afb94a83ee6d8360cbdfa2cc0640","encoding":"hex"},"salt":{"value":"NaCl"},"keylen":64,"cost":1024,"blockSize":8,"parallelization":16}`},
}

func TestImportedPasswordsLogIn(t *testing.T) {
	tn := start(t)
	var users []string
	for _, h := range hashes {
		users = append(users, fmt.Sprintf(`{"email":"%s@imported.test","email_verified":true,"custom_password_hash":%s}`, h.name, h.hash))
	}
	summary, id := tn.imports("[" + strings.Join(users, ",") + "]")
	if summary["inserted"] != float64(len(hashes)) || summary["failed"] != 0.0 {
		_, raw := tn.do(http.MethodGet, "/jobs/"+id+"/errors", "", nil)
		t.Fatalf("the summary is %v: %s", summary, raw)
	}
	for _, h := range hashes {
		t.Run(h.name, func(t *testing.T) {
			_, page := tn.login(h.name+"@imported.test", h.password+"x")
			if page.Status != http.StatusBadRequest || !strings.Contains(page.Body, "Wrong email or password") {
				t.Errorf("a wrong password leads to %d", page.Status)
			}
			for _, time := range []string{"first", "second"} { // the second is held against a hash of our own
				if left, page := tn.login(h.name+"@imported.test", h.password); left == nil {
					t.Errorf("the %s time the password leads to %d", time, page.Status)
				}
			}
		})
	}
}

// login submits a user's name and password on the login page.
func (tn tenant) login(username, password string) (left *url.URL, page servertest.Page) {
	tn.t.Helper()
	browser := tn.Client()
	target, _ := tn.AuthorizeURL(servertest.Login{
		ClientID: servertest.Mobile, RedirectURI: servertest.MobileCallback, Params: url.Values{"audience": {""}, "scope": {"openid"}},
	})
	_, page = tn.Visit(browser, target)
	form := page.Form()
	form.Set("username", username)
	form.Set("password", password)
	form.Set("action", "default")
	return tn.Submit(browser, page, form)
}

// TestImportRefusesAUserThatIsNestedTooDeep, and takes the others of the file.
func TestImportRefusesAUserThatIsNestedTooDeep(t *testing.T) {
	tn := start(t)
	summary, id := tn.imports(`[{"email":"deep@imported.test","user_metadata":{"a":` + strings.Repeat("[", 90) + strings.Repeat("]", 90) + `}},{"email":"flat@imported.test"}]`)
	_, faults := tn.do(http.MethodGet, "/jobs/"+id+"/errors", "", nil)
	if summary["inserted"] != 1.0 || summary["failed"] != 1.0 || !strings.Contains(string(faults), "More than 90 lists and objects") {
		t.Errorf("the summary is %v, the errors %s", summary, faults)
	}
}

// TestImportOfAFileWithAByteOrderMark, as editors on Windows write it.
func TestImportOfAFileWithAByteOrderMark(t *testing.T) {
	tn := start(t)
	summary, _ := tn.imports("\ufeff" + `[{"email":"mark@imported.test"}]`)
	if summary["inserted"] != 1.0 {
		t.Errorf("the summary is %v", summary)
	}
}

// TestImportNamesMembers gives members of a hash the wrong types: the error names the
// member with its path, and JSON types.
func TestImportNamesMembers(t *testing.T) {
	tn := start(t)
	_, id := tn.imports(`[
		{"email":"a@imported.test","custom_password_hash":{"algorithm":"argon2","hash":"$argon2i$v=19$m=4096,t=3,p=1$c2FsdA$aGFzaA"}},
		{"email":"b@imported.test","custom_password_hash":{"algorithm":"md5","hash":{"value":5}}},
		{"email":"c@imported.test","custom_password_hash":{"algorithm":"md5","hash":{"value":"5f4dcc3b5aa765d61d8327deb882cf99","encoding":"hex"},"salt":"pepper"}},
		{"email":"d@imported.test","custom_password_hash":{"algorithm":"scrypt","hash":{"value":"00","encoding":"hex"},"salt":{"value":"s"},"keylen":"64","cost":16384}},
		{"email":"e@imported.test","custom_password_hash":{"hash":{"value":"x"}}},
		{"email":"f@imported.test","custom_password_hash":{"algorithm":"md5","hash":{"value":"x","secret":"y"}}},
		{"email":"g@imported.test","custom_password_hash":{"algorithm":"rot13","hash":{"value":"x"}}},
		{"email":"h@imported.test","email_verified":"yes"}]`)
	_, raw := tn.do(http.MethodGet, "/jobs/"+id+"/errors", "", nil)
	var faults []struct {
		Errors []struct{ Code, Message, Path string }
	}
	if err := json.Unmarshal(raw, &faults); err != nil {
		t.Fatal(err)
	}
	want := []string{
		"INVALID_TYPE #/custom_password_hash/hash", "INVALID_TYPE #/custom_password_hash/hash/value", "INVALID_TYPE #/custom_password_hash/salt",
		"INVALID_TYPE #/custom_password_hash/keylen", "OBJECT_REQUIRED #/custom_password_hash", "OBJECT_ADDITIONAL_PROPERTIES #/custom_password_hash/hash",
		"ENUM_MISMATCH #/custom_password_hash/algorithm", "INVALID_TYPE #/email_verified",
	}
	var got []string
	for _, f := range faults {
		got = append(got, f.Errors[0].Code+" "+f.Errors[0].Path)
		if strings.Contains(f.Errors[0].Message, "Go ") || strings.Contains(f.Errors[0].Message, "json:") {
			t.Errorf("a fault speaks of Go: %s", f.Errors[0].Message)
		}
	}
	if diff := cmp.Diff(want, got); diff != "" {
		t.Errorf("faults (- want, + got):\n%s\n%s", diff, raw)
	}
}

func TestImportNamesWhatIsWrong(t *testing.T) {
	tn := start(t)
	summary, id := tn.imports(`[
		{"email":"good@imported.test","user_id":"one","user_metadata":{"color":"red"},"mfa_factors":[{"totp":{"secret":"JBTWY3DPEHPK3PNP"}}]},
		{"email":"none"},
		{"name":"without an address"},
		{"email":"good@imported.test"},
		{"email":"employee@exampleco.com"},
		{"email":"hash@imported.test","custom_password_hash":{"algorithm":"sha256","hash":{"value":"abcd","encoding":"hex"}}},
		{"email":"whirl@imported.test","custom_password_hash":{"algorithm":"hmac","hash":{"value":"ab","encoding":"hex","digest":"whirlpool","key":{"value":"k"}}}},
		{"email":"bcrypt@imported.test","password_hash":"$2b$31$abcdefghijklmnopqrstuuNBcI4oRhiR3rEZ1.oTL2vIH2Wi1S1.a"},
		{"email":"pbkdf2@imported.test","custom_password_hash":{"algorithm":"pbkdf2","hash":{"value":"$pbkdf2-sha512$i=9999999,l=3$c2FsdA$AAAA"}}},
		{"email":"other@imported.test","user_id":"one"},
		{"email":"more@imported.test","shoe_size":42},
		7]`)
	if diff := cmp.Diff(object{"inserted": 1.0, "updated": 0.0, "failed": 11.0, "total": 12.0}, summary); diff != "" {
		t.Errorf("the summary (- want, + got):\n%s", diff)
	}
	_, raw := tn.do(http.MethodGet, "/jobs/"+id+"/errors", "", nil)
	var faults []struct {
		User   object
		Errors []struct{ Code, Message, Path string }
	}
	if err := json.Unmarshal(raw, &faults); err != nil {
		t.Fatal(err)
	}
	var codes []string
	for _, f := range faults {
		codes = append(codes, f.Errors[0].Code)
	}
	want := []string{
		"FORMAT", "OBJECT_REQUIRED", "DUPLICATED_USER", "DUPLICATED_USER", "FORMAT", "FORMAT", "FORMAT", "FORMAT", "CONFLICT", "OBJECT_ADDITIONAL_PROPERTIES", "INVALID_TYPE",
	}
	if diff := cmp.Diff(want, codes); diff != "" {
		t.Errorf("codes of the faults (- want, + got):\n%s\n%s", diff, raw)
	}
	if bytes.Count(raw, []byte("the hash would take too long to check")) != 2 {
		t.Errorf("hashes that take long are not named: %s", raw)
	}
	if bytes.Contains(raw, []byte("abcd")) {
		t.Errorf("a hash is shown: %s", raw)
	}
	if _, user := tn.read("/users/" + url.PathEscape("auth0|one")); user["user_metadata"].(object)["color"] != "red" {
		t.Errorf("the user is %v", user)
	}
	var factors []struct{ ID, Type string }
	_, raw = tn.do(http.MethodGet, "/users/"+url.PathEscape("auth0|one")+"/authentication-methods", "", nil)
	if err := json.Unmarshal(raw, &factors); err != nil || len(factors) != 1 || factors[0].Type != "totp" {
		t.Fatalf("the factors are %s", raw)
	}
	if status, enrollment := tn.read("/guardian/enrollments/" + factors[0].ID); status != http.StatusOK || enrollment["id"] != factors[0].ID {
		t.Errorf("by its id alone the factor is %d %v", status, enrollment)
	}
}

func TestImportUpdatesWhereAsked(t *testing.T) {
	tn := start(t)
	const sha256 = `{"algorithm":"sha256","hash":{"value":"5e884898da28047151d0e56f8dc6292773603d0d6aabbdd62a11ef721d1542d8","encoding":"hex"}}`
	tn.imports(`[{"email":"upsert@imported.test","name":"Before","nickname":"kept"}]`)
	summary, id := tn.imports(`[{"email":"upsert@imported.test","name":"After","blocked":true,"custom_password_hash":`+sha256+`}]`, "upsert", "true", "external_id", "mine")
	if summary["updated"] != 1.0 {
		t.Errorf("the summary is %v", summary)
	}
	if _, job := tn.read("/jobs/" + id); job["external_id"] != "mine" || job["connection_id"] != tn.connection {
		t.Errorf("the job is %v", job)
	}
	if status, _ := tn.do(http.MethodGet, "/jobs/"+id+"/errors", "", nil); status != http.StatusNoContent {
		t.Errorf("errors of a job without any: %d", status)
	}
	_, raw := tn.do(http.MethodGet, "/users-by-email?email=upsert@imported.test", "", nil)
	var users []object
	if err := json.Unmarshal(raw, &users); err != nil || users[0]["name"] != "After" || users[0]["nickname"] != "kept" || users[0]["blocked"] != nil {
		t.Errorf("the user is %s", raw)
	}
	if left, page := tn.login("upsert@imported.test", "password"); left == nil {
		t.Errorf("the new hash leads to %d", page.Status)
	}
}

func TestImportsThatCannotBegin(t *testing.T) {
	tn := start(t)
	for _, tt := range []struct {
		name, file string
		fields     []string
		says       string
	}{
		{"no JSON", `[{`, []string{"connection_id", tn.connection}, "Failed to parse users file JSON"},
		{"nobody", `[]`, []string{"connection_id", tn.connection}, "Users file must not be empty."},
		{"no connection", `[{"email":"a@b.test"}]`, nil, "Must provide 'connection_id' as multipart part."},
		{"an unknown connection", `[{"email":"a@b.test"}]`, []string{"connection_id", "con_none"}, "The connection does not exist."},
	} {
		t.Run(tt.name, func(t *testing.T) {
			status, answer := tn.upload(tt.file, tt.fields...)
			if message, _ := answer["message"].(string); status != http.StatusBadRequest || !strings.Contains(message, tt.says) {
				t.Errorf("%d %v", status, answer)
			}
		})
	}
	if status, answer := tn.read("/jobs/job_none"); status != http.StatusNotFound || answer["errorCode"] != "inexistent_job" {
		t.Errorf("%d %v", status, answer)
	}
}

func TestManyUsersAreImported(t *testing.T) {
	tn := start(t)
	const many = 3000
	users := make([]string, many)
	for i := range users {
		users[i] = fmt.Sprintf(`{"email":"user%d@many.test"}`, i)
	}
	if summary, _ := tn.imports("[" + strings.Join(users, ",") + "]"); summary["inserted"] != float64(many) {
		t.Errorf("the summary is %v", summary)
	}
	_, found := tn.read("/users?include_totals=true&per_page=1&search_engine=v3&q=" + url.QueryEscape("email:*@many.test"))
	if found["total"] != 1000.0 && found["total"] != float64(many) {
		t.Errorf("the search finds %v", found["total"])
	}
	for limit, want := range map[string]int{"": many + 3, `,"limit":1200`: 1200, `,"limit":500`: 500} {
		_, raw := tn.do(http.MethodPost, "/jobs/users-exports", "application/json", strings.NewReader(`{"fields":[{"name":"email"}]`+limit+`}`))
		var job object
		if err := json.Unmarshal(raw, &job); err != nil {
			t.Fatalf("%s", raw)
		}
		all := lines(t, tn, tn.ended(job["id"])["location"].(string))
		if each := slices.Compact(slices.Sorted(slices.Values(all))); len(all) != want || len(each) != want {
			t.Errorf("the export%s has %d users, %d of them different, want %d", limit, len(all), len(each), want)
		}
	}
}

func TestExport(t *testing.T) {
	tn := start(t)
	for _, tt := range []struct {
		name, body string
		want       []string
	}{
		{
			"JSON lines", `{"fields":[{"name":"email"},{"name":"identities[0].connection","export_as":"from"}],"limit":2}`,
			[]string{`{"email":"employee@exampleco.com","from":"Username-Password-Authentication"}`, `{"email":"manager@exampleco.com","from":"Username-Password-Authentication"}`},
		},
		{
			"CSV", `{"format":"csv","fields":[{"name":"email"},{"name":"email_verified"},{"name":"user_metadata.none"}],"connection_id":"` + tn.connection + `"}`,
			[]string{`"'email","'email_verified","'user_metadata.none"`, `"'employee@exampleco.com","true",`, `"'manager@exampleco.com","true",`, `"'contractor@exampleco.com","true",`},
		},
	} {
		t.Run(tt.name, func(t *testing.T) {
			status, raw := tn.do(http.MethodPost, "/jobs/users-exports", "application/json", strings.NewReader(tt.body))
			var job object
			if err := json.Unmarshal(raw, &job); err != nil || status != http.StatusOK || job["type"] != "users_export" {
				t.Fatalf("%d %s", status, raw)
			}
			location := tn.ended(job["id"])["location"].(string)
			if diff := cmp.Diff(tt.want, lines(t, tn, location)); diff != "" {
				t.Errorf("the file (- want, + got):\n%s", diff)
			}
			if resp := get(t, tn, location+"x"); resp.StatusCode != http.StatusNotFound {
				t.Errorf("a guess gets %d", resp.StatusCode)
			}
			tn.Advance(25 * time.Hour)
			if resp := get(t, tn, location); resp.StatusCode != http.StatusNotFound {
				t.Errorf("a day later it gets %d", resp.StatusCode)
			}
			tn.Advance(-25 * time.Hour)
		})
	}
}

func get(t *testing.T, tn tenant, target string) *http.Response {
	t.Helper()
	resp, err := tn.client.Get(target)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { resp.Body.Close() })
	return resp
}

func lines(t *testing.T, tn tenant, target string) (all []string) {
	t.Helper()
	z, err := gzip.NewReader(get(t, tn, target).Body)
	if err != nil {
		t.Fatal(err)
	}
	for s := bufio.NewScanner(z); s.Scan(); {
		all = append(all, s.Text())
	}
	return all
}

// TestFaultsOfHashesAreToldInPlainWords: errors in hashes do not repeat the messages of the libraries that parse them.
func TestFaultsOfHashesAreToldInPlainWords(t *testing.T) {
	tn := start(t)
	for hash, says := range map[string]string{
		`{"algorithm":"md5","hash":{"value":"zz","encoding":"hex"}}`:                                             "md5: the text is not hexadecimal",
		`{"algorithm":"md5","hash":{"value":"abc","encoding":"hex"}}`:                                            "md5: the text is not hexadecimal",
		`{"algorithm":"sha1","hash":{"value":"!!","encoding":"base64"}}`:                                         "sha1: the text is not base64",
		`{"algorithm":"ldap","hash":{"value":"{SSHA}!!"}}`:                                                       "ldap: the text is not base64",
		`{"algorithm":"pbkdf2","hash":{"value":"$pbkdf2-sha256$i=1,l=3$!!$aGFz"}}`:                               "pbkdf2: salt: the text is not base64",
		`{"algorithm":"bcrypt","hash":{"value":"$2b$10$short"}}`:                                                 "bcrypt: the value is no hash of bcrypt",
		`{"algorithm":"bcrypt","hash":{"value":"$2b$xx$abcdefghijklmnopqrstuuxKzhRHWRKzYYGoJlBVfXbNBR2Xe5gBy"}}`: "bcrypt: the value is no hash of bcrypt",
		`{"algorithm":"bcrypt","hash":{"value":"$2b$99$abcdefghijklmnopqrstuuxKzhRHWRKzYYGoJlBVfXbNBR2Xe5gBy"}}`: "bcrypt: the value is no hash of bcrypt",
	} {
		_, id := tn.imports(`[{"email":"hash@imported.test","custom_password_hash":` + hash + `}]`)
		if _, raw := tn.do(http.MethodGet, "/jobs/"+id+"/errors", "", nil); !strings.Contains(string(raw), `"`+says+`"`) {
			t.Errorf("%s: %s, want %q", hash, raw, says)
		}
	}
}
