package server_test

import (
	"bytes"
	"fmt"
	"io"
	"net/http"
	"runtime"
	"testing"

	"github.com/tenant0/tenant0/server/servertest"
)

// BenchmarkTenants creates tenants in memory and reports the time and memory that each of them takes.
func BenchmarkTenants(b *testing.B) {
	for name, body := range map[string]string{"seed": `{"name": %q, "seed": "timesheets"}`, "clone": `{"name": %q, "from": "default"}`} {
		b.Run(name, func(b *testing.B) {
			s := servertest.Start(b, isEphemeral())
			create := func(tenant string) {
				resp, err := http.Post(s.ControlURL()+"/tenants", "application/json", bytes.NewBufferString(fmt.Sprintf(body, tenant)))
				if err != nil {
					b.Fatal(err)
				}
				defer resp.Body.Close()
				if answer, _ := io.ReadAll(resp.Body); resp.StatusCode != http.StatusCreated {
					b.Fatalf("%s %s", resp.Status, answer)
				}
			}
			create("first")
			runtime.GC()
			var before, after runtime.MemStats
			runtime.ReadMemStats(&before)
			n := 0
			for b.Loop() {
				create(fmt.Sprint("t", n))
				n++
			}
			b.StopTimer()
			runtime.GC()
			runtime.ReadMemStats(&after)
			b.ReportMetric(float64(after.HeapInuse+after.StackInuse-before.HeapInuse-before.StackInuse)/float64(n), "B/tenant")
		})
	}
}
