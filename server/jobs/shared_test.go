package jobs_test

import (
	"fmt"
	"net/http"
	"strings"
	"testing"

	"github.com/tenant0/tenant0/config"
	"github.com/tenant0/tenant0/server/servertest"
	"github.com/tenant0/tenant0/storage/postgres/pgtest"
)

// TestAnotherServerGoesOnWithAnImport stops a server while one import runs and another waits: the
// tenant's other server imports the rest, and each user only once.
func TestAnotherServerGoesOnWithAnImport(t *testing.T) {
	const users = 4000
	url := pgtest.Shared(t).Empty(t)
	stored := servertest.Config(func(c *config.Config) { c.Store, c.MaxImportSize = url, 10<<20 })
	first := start(t, stored, servertest.HTTP())
	second := start(t, stored, servertest.Config(func(c *config.Config) { c.Issuer = first.URL }))
	second.client.Transport = http.DefaultTransport
	second.URL = "http://" + second.Addr() + "/"

	file := func(name string) string {
		all := make([]string, users)
		for n := range all {
			all[n] = fmt.Sprintf(`{"email": "%s%d@example.com", "given_name": "%s"}`, name, n, strings.Repeat("x", 100))
		}
		return "[" + strings.Join(all, ",") + `, {"email": "no address"}]`
	}
	var ids []any
	for _, name := range []string{"one", "two"} {
		status, job := first.upload(file(name), "connection_id", first.connection)
		if status != http.StatusAccepted {
			t.Fatal(status, job)
		}
		ids = append(ids, job["id"])
	}
	if status, job := second.upload(file("three"), "connection_id", first.connection); status != http.StatusTooManyRequests {
		t.Errorf("a third import, at the other server: %d %v", status, job)
	}
	if err := first.Close(); err != nil {
		t.Fatal(err)
	}
	for _, id := range ids {
		job := second.ended(id)
		summary, _ := job["summary"].(object)
		if job["status"] != "completed" || summary["inserted"] != float64(users) || summary["failed"] != 1.0 || summary["total"] != float64(users+1) {
			t.Errorf("an import ends with %v", job)
		}
		if _, raw := second.do(http.MethodGet, "/jobs/"+id.(string)+"/errors", "", nil); strings.Count(string(raw), `"code"`) != 1 {
			t.Errorf("its errors are %s", raw)
		}
	}
}
