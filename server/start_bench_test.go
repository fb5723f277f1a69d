package server_test

import (
	"bytes"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"mime/multipart"
	"net/http"
	"os"
	"path/filepath"
	"testing"

	"github.com/tenant0/tenant0/config"
	"github.com/tenant0/tenant0/server/servertest"
)

// benchUsers is the number of users in the tenant file and the import job of the benchmarks.
const benchUsers = 10_000

// usersWithHashes returns users with password hashes, in the form that tenant files and import
// jobs share.
func usersWithHashes(n int) []any {
	users := make([]any, n)
	for i := range users {
		users[i] = map[string]any{
			"email": fmt.Sprintf("user%d@example.com", i), "email_verified": true,
			"password_hash": "$2a$04$m.2VHC6Ny3ThZqP7NdmvpOMxFtF6DUT7p0w7DURFkdusTyQlB6B6m",
		}
	}
	return users
}

// BenchmarkFirstStart measures a start with a tenant file of many users, which should take no longer
// than BenchmarkImportJob.
func BenchmarkFirstStart(b *testing.B) {
	raw, err := json.Marshal(map[string]any{"users": usersWithHashes(benchUsers)})
	if err != nil {
		b.Fatal(err)
	}
	file := filepath.Join(b.TempDir(), "tenant.json")
	if err := os.WriteFile(file, raw, 0o600); err != nil {
		b.Fatal(err)
	}
	for b.Loop() {
		s := servertest.Start(b, servertest.Config(func(c *config.Config) { c.Seed = file }))
		b.StopTimer()
		if err := s.Close(); err != nil {
			b.Fatal(err)
		}
		b.StartTimer()
	}
}

// BenchmarkImportJob measures an import job of as many users, from the request to the end of the job.
func BenchmarkImportJob(b *testing.B) {
	raw, err := json.Marshal(usersWithHashes(benchUsers))
	if err != nil {
		b.Fatal(err)
	}
	for b.Loop() {
		b.StopTimer()
		s := servertest.Start(b, servertest.HTTP(), servertest.Config(func(c *config.Config) { c.MaxImportSize = 4 << 20 }))
		_, answer := s.Manage(s.Client(), http.MethodGet, "connections", nil)
		connection := answer.([]any)[0].(map[string]any)["id"].(string)
		_, token := s.Token(s.Client(), s.ManagementForm())
		b.StartTimer()
		job := postImport(b, s, fmt.Sprint(token["access_token"]), connection, raw)
		for job["status"] != "completed" {
			if job["status"] == "failed" {
				b.Fatal(job)
			}
			_, answer := s.Manage(s.Client(), http.MethodGet, "jobs/"+fmt.Sprint(job["id"]), nil)
			job = answer.(map[string]any)
		}
		b.StopTimer()
		if n := job["summary"].(map[string]any)["inserted"]; n != float64(benchUsers) {
			b.Fatalf("the job inserted %v users", n)
		}
		if err := s.Close(); err != nil {
			b.Fatal(err)
		}
		b.StartTimer()
	}
}

// postImport starts an import job for users and returns the job.
func postImport(b *testing.B, s *servertest.Server, token, connection string, users []byte) (job map[string]any) {
	b.Helper()
	var body bytes.Buffer
	form := multipart.NewWriter(&body)
	file, err := form.CreateFormFile("users", "users.json")
	if err != nil {
		b.Fatal(err)
	}
	_, err = file.Write(users)
	if err := errors.Join(err, form.WriteField("connection_id", connection), form.Close()); err != nil {
		b.Fatal(err)
	}
	rq, err := http.NewRequestWithContext(b.Context(), http.MethodPost, s.URL+"api/v2/jobs/users-imports", &body)
	if err != nil {
		b.Fatal(err)
	}
	rq.Header.Set("Authorization", "Bearer "+token)
	rq.Header.Set("Content-Type", form.FormDataContentType())
	resp, err := s.Client().Do(rq)
	if err != nil {
		b.Fatal(err)
	}
	defer resp.Body.Close()
	raw, err := io.ReadAll(resp.Body)
	if err = errors.Join(err, json.Unmarshal(raw, &job)); err != nil || resp.StatusCode != http.StatusAccepted {
		b.Fatal(resp.Status, string(raw), err)
	}
	return job
}
