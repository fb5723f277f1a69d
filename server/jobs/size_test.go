package jobs_test

import (
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"log/slog"
	"mime/multipart"
	"net/http"
	"os"
	"path/filepath"
	"runtime"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"github.com/tenant0/tenant0/config"
	"github.com/tenant0/tenant0/server/jobs"
	"github.com/tenant0/tenant0/server/servertest"
	"github.com/tenant0/tenant0/storage"
	"github.com/tenant0/tenant0/storage/memory"
)

// auth0Import is Auth0's limit for the size of an import file.
const auth0Import = 500 << 10

func maxImport(bytes int) servertest.Option {
	return servertest.Config(func(c *config.Config) { c.MaxImportSize = bytes })
}

// fileOf returns a file with one user and the given size in bytes.
func fileOf(size int) string {
	const head, tail = `[{"email":"large@imported.test"}`, `]`
	return head + strings.Repeat(" ", size-len(head)-len(tail)) + tail
}

func TestFilesOfImportsAreBounded(t *testing.T) {
	for _, tt := range []struct {
		name  string
		most  int
		start func() tenant
	}{
		{"as Auth0's are", auth0Import, func() tenant { return start(t) }},
		{"as configured", 1000, func() tenant { return start(t, maxImport(1000)) }},
	} {
		t.Run(tt.name, func(t *testing.T) {
			tn := tt.start()
			status, answer := tn.upload(fileOf(tt.most+1), "connection_id", tn.connection)
			refused := object{
				"statusCode": 413.0, "error": "Request Entity Too Large",
				"message": fmt.Sprintf("Payload content length greater than maximum allowed: %d", tt.most),
			}
			if diff := cmp.Diff(refused, answer); status != http.StatusRequestEntityTooLarge || diff != "" {
				t.Errorf("a byte too many: %d (- want, + got):\n%s", status, diff)
			}
			endless, form := formOf(tn, strings.NewReader(strings.Repeat("[", 1<<20)))
			status, raw := tn.do(http.MethodPost, "/jobs/users-imports", form, struct{ io.Reader }{endless}) // in chunks, of unknown length
			if status != http.StatusRequestEntityTooLarge && status != http.StatusBadRequest {
				t.Errorf("a body in chunks: %d %s", status, raw)
			}
			if summary, _ := tn.imports(fileOf(tt.most)); summary["inserted"] != 1.0 {
				t.Errorf("as much as there may be: %v", summary)
			}
			if left := waiting(t, tn); len(left) > 0 {
				t.Errorf("there remain %v", left)
			}
		})
	}
}

// TestOneUserOfAFileIsBounded, and so is what stands between users, however large the file may be.
func TestOneUserOfAFileIsBounded(t *testing.T) {
	tn := start(t, maxImport(8<<20))
	long := strings.Repeat("x", 3<<20)
	for name, file := range map[string]string{
		"metadata": `[{"email":"a@imported.test"},{"email":"b@imported.test","user_metadata":{"text":"` + long + `"}}]`,
		"depth":    `[{"email":"a@imported.test","user_metadata":` + strings.Repeat("[", 3<<20) + strings.Repeat("]", 3<<20) + `}]`,
		"syntax":   `[{"email"` + long + long + `]`,
		"blanks":   `[{"email":"a@imported.test"},` + strings.ReplaceAll(long, "x", " ") + `{"email":"b@imported.test"}]`,
	} {
		status, answer := tn.upload(file, "connection_id", tn.connection)
		message, _ := answer["message"].(string)
		if status != http.StatusBadRequest || name != "depth" && name != "syntax" && !strings.HasSuffix(message, "a user has more than 1048576 bytes") {
			t.Errorf("%s: %d %v", name, status, answer)
		}
	}
	if left := waiting(t, tn); len(left) > 0 {
		t.Errorf("there remain %v", left)
	}
	if summary, _ := tn.imports(`[{"email":"c@imported.test","app_metadata":{"text":"` + long[:900<<10] + `"}}]`); summary["inserted"] != 1.0 {
		t.Errorf("a user of 900 KB: %v", summary)
	}
}

// TestNumbersOfAFileAreBounded: a number beyond all that JSON programs can hold is a mistake in the file.
func TestNumbersOfAFileAreBounded(t *testing.T) {
	tn := start(t)
	for _, number := range []string{"1e400", "-1e400", strings.Repeat("9", 400)} {
		status, answer := tn.upload(`[{"email":"a@imported.test","user_metadata":{"n":`+number+`}}]`, "connection_id", tn.connection)
		if message, _ := answer["message"].(string); status != http.StatusBadRequest || !strings.HasSuffix(message, "the number "+number+" is out of range") {
			t.Errorf("%.20s: %d %v", number, status, answer)
		}
	}
}

// TestErrorsOfAJobAreBounded: a file of users that are nothing is short and has very many errors.
func TestErrorsOfAJobAreBounded(t *testing.T) {
	tn := start(t)
	summary, job := tn.imports("[" + strings.Repeat("1,", 10_500) + "1]")
	if summary["failed"] != 10_501.0 {
		t.Errorf("the summary is %v", summary)
	}
	_, raw := tn.do(http.MethodGet, "/jobs/"+job+"/errors", "", http.NoBody)
	var kept []any
	if err := json.Unmarshal(raw, &kept); err != nil || len(kept) != 10_000 {
		t.Errorf("%d errors are kept, %v", len(kept), err)
	}
}

// waiting lists the uploaded files that wait for a job.
func waiting(t *testing.T, tn tenant) []string {
	t.Helper()
	left, err := filepath.Glob(filepath.Join(tn.Data, "users-import-*"))
	if err != nil {
		t.Fatal(err)
	}
	return left
}

// formOf returns an import form that reads its file while it is sent.
func formOf(tn tenant, file io.Reader) (body io.Reader, contentType string) {
	read, write := io.Pipe()
	form := multipart.NewWriter(write)
	go func() {
		part, err := form.CreateFormFile("users", "users.json")
		if err == nil {
			_, err = io.Copy(part, file)
		}
		if err == nil {
			err = form.WriteField("connection_id", tn.connection)
		}
		if err == nil {
			err = form.Close()
		}
		write.CloseWithError(err)
	}()
	return read, form.FormDataContentType()
}

// people generates a file of users while it is read, each about 20,000 bytes long. Before the
// end it calls atEnd.
type people struct {
	left  int
	text  string
	atEnd func()
}

func (p *people) Read(b []byte) (int, error) {
	if p.text == "" {
		switch p.left--; {
		case p.left >= 0:
			p.text = fmt.Sprintf(`,{"email":"many%d@imported.test","user_metadata":{"text":%q}}`, p.left, strings.Repeat("x", 20000))
		case p.left == -1:
			p.atEnd()
			p.text = "]"
		default:
			return 0, io.EOF
		}
	}
	n := copy(b, p.text)
	p.text = p.text[n:]
	return n, nil
}

// retained returns how many bytes of heap the process uses.
func retained() int64 {
	var m runtime.MemStats
	runtime.GC()
	runtime.ReadMemStats(&m)
	return int64(m.HeapAlloc)
}

// TestLargeImportsAreNotHeld imports 40 MB and measures the process's memory: when all but
// the last byte is sent, and while the job runs.
func TestLargeImportsAreNotHeld(t *testing.T) {
	servertest.NeedsFile(t) // a server of a database keeps a copy of its tenant in memory
	const many, most = 2000, 16 << 20
	tn := start(t, maxImport(100<<20))
	before := retained()
	held := func(when string) {
		t.Helper()
		if now := retained() - before; now > most {
			t.Errorf("%s the process holds %d bytes more than before", when, now)
		}
	}
	file := &people{left: many, text: `[{"email":"first@imported.test"}`, atEnd: func() {
		held("before the file ends")
		if files := waiting(t, tn); len(files) != 1 {
			t.Errorf("the users go to %v", files)
		} else if info, err := os.Stat(files[0]); err != nil || info.Size() < 30<<20 {
			t.Errorf("of the users %v is on the disk, %v", info, err)
		}
	}}
	body, form := formOf(tn, file)
	status, raw := tn.do(http.MethodPost, "/jobs/users-imports", form, body)
	var job object
	if err := json.Unmarshal(raw, &job); err != nil || status != http.StatusAccepted {
		t.Fatalf("%d %s", status, raw)
	}
	least, samples := int64(1<<62), 0 // what a transaction takes comes and goes; what is kept of the file would be half of it by then
	done := object{"status": "pending"}
	for deadline := time.Now().Add(servertest.Patience); done["status"] != "completed"; {
		if time.Now().After(deadline) {
			t.Fatalf("the job does not end: %v", done)
		}
		if _, done = tn.read("/jobs/" + job["id"].(string)); done["status"] == "processing" && done["percentage_done"].(float64) > 50 {
			least = min(least, retained()-before)
			samples++
		}
	}
	if least > most || samples == 0 {
		t.Errorf("while the job goes on the process holds %d bytes more than before, in %d looks", least, samples)
	}
	if diff := cmp.Diff(object{"inserted": many + 1.0, "updated": 0.0, "failed": 0.0, "total": many + 1.0}, done["summary"]); diff != "" {
		t.Errorf("the summary (- want, + got):\n%s", diff)
	}
}

// TestImportsThatAreNoForm checks the errors for bodies that are no complete form.
func TestImportsThatAreNoForm(t *testing.T) {
	tn := start(t)
	const whole = "--b\r\nContent-Disposition: form-data; name=\"users\"; filename=\"u.json\"\r\n\r\n"
	const form = `multipart/form-data; boundary=b`
	for _, tt := range []struct{ name, contentType, body, says string }{
		{"JSON", "application/json", `[]`, "Invalid multipart payload format"},
		{"no boundary", "multipart/form-data", `[]`, "Invalid multipart payload format"},
		{"nothing", form, ``, "Invalid multipart payload format"},
		{"no file", form, "--b--\r\n", "Must provide 'users' file as multipart part."},
		{"cut off after the list", form, whole + `[{"email":"cut@imported.test"}]` + "\r\n--b\r\nContent-", "Invalid multipart payload format"},
		{"cut off in the list", form, whole + `[{"email":"cut@imported.test"}`, "valid JSON. Unexpected end of JSON input"},
		{"cut off in a value", form, "--b\r\nContent-Disposition: form-data; name=\"upsert\"\r\n\r\ntr", "Invalid multipart payload format"},
		{"no list", form, whole + "{}\r\n--b--\r\n", "valid JSON. the users are not a list"},
		{"two lists", form, whole + "[{}] []\r\n--b--\r\n", "valid JSON. there is more after the list"},
		{"null", form, whole + "null\r\n--b--\r\n", "Users file must not be empty."},
		{"no comma", form, whole + "[{} {}]\r\n--b--\r\n", "valid JSON. Unexpected token in JSON"},
		{"a comma too many", form, whole + "[{},]\r\n--b--\r\n", "valid JSON. Unexpected token ] in JSON"},
	} {
		t.Run(tt.name, func(t *testing.T) {
			status, raw := tn.do(http.MethodPost, "/jobs/users-imports", tt.contentType, strings.NewReader(tt.body))
			if status != http.StatusBadRequest || !strings.Contains(string(raw), tt.says) {
				t.Errorf("%d %s, want %q", status, raw, tt.says)
			}
		})
	}
	if left := waiting(t, tn); len(left) > 0 {
		t.Errorf("there remain %v", left)
	}
}

// TestFilesOfLostJobsAreRemoved at the start, because no job will read them.
func TestFilesOfLostJobsAreRemoved(t *testing.T) {
	data := t.TempDir()
	lost := filepath.Join(data, "users-import-1.json")
	if err := os.WriteFile(lost, []byte(fileOf(100)), 0o600); err != nil {
		t.Fatal(err)
	}
	start(t, servertest.Config(func(c *config.Config) { c.Data = data }))
	deadline := time.Now().Add(servertest.Patience)
	for _, err := os.Stat(lost); !errors.Is(err, os.ErrNotExist); _, err = os.Stat(lost) {
		if time.Now().After(deadline) {
			t.Fatalf("the file of a lost job stays: %v", err)
		}
	}
}

// TestAnImportThatComesBeforeTheRunnerKeepsItsFile starts a job before Run has looked for the files
// of an earlier server.
func TestAnImportThatComesBeforeTheRunnerKeepsItsFile(t *testing.T) {
	t.Parallel()
	db, err := storage.Open(memory.New())
	if err != nil {
		t.Fatal(err)
	}
	err = db.Update(t.Context(), func(tx *storage.Tx) error {
		return tx.Connections.Put(storage.Document{"id": "con_1", "name": "db", "strategy": storage.DatabaseStrategy})
	})
	if err != nil {
		t.Fatal(err)
	}
	folder := t.TempDir()
	r := jobs.New(jobs.Deps{DB: db, Now: time.Now, Log: slog.New(slog.DiscardHandler), Folder: folder})
	kept, err := r.Keep(strings.NewReader(`[{"email":"ann@example.com"}]`))
	if err != nil {
		t.Fatal(err)
	}
	connection := storage.Connection{ID: "con_1", Name: "db", Strategy: storage.DatabaseStrategy}
	job := storage.Document{"id": "job_1", "type": "users_import", "status": "pending", "connection_id": "con_1", "created_at": time.Now().UTC().Format(time.RFC3339)}
	if err := r.Start(t.Context(), job, jobs.Import{JobID: "job_1", Connection: connection, File: kept}); err != nil {
		t.Fatal(err)
	}
	stop, ended := make(chan struct{}), make(chan error, 1)
	go func() { ended <- r.Run(stop) }()
	for ctx := servertest.UntilDeadline(t); r.Waiting() > 0; runtime.Gosched() {
		if ctx.Err() != nil {
			t.Fatal("the job does not end")
		}
	}
	close(stop)
	if err := <-ended; err != nil {
		t.Fatal(err)
	}
	err = db.View(t.Context(), func(tx *storage.Tx) error {
		_, err := tx.UserByLogin("db", "ann@example.com")
		return err
	})
	if left, _ := filepath.Glob(filepath.Join(folder, "*")); err != nil || len(left) > 0 {
		t.Errorf("the user: %v, the files that are left: %v", err, left)
	}
}

// TestLargeBodiesAreRefused with Auth0's error by the rest of the API.
func TestLargeBodiesAreRefused(t *testing.T) {
	tn := start(t)
	body := `{"name":"` + strings.Repeat("x", 1<<20) + `"}`
	status, raw := tn.do(http.MethodPost, "/roles", "application/json", strings.NewReader(body))
	want := `{"error":"Request Entity Too Large","message":"Payload content length greater than maximum allowed: 1048576","statusCode":413}`
	if status != http.StatusRequestEntityTooLarge || string(raw) != want {
		t.Errorf("%d %s", status, raw)
	}
}
