package server_test

import (
	"bufio"
	"net/http"
	"net/url"
	"strconv"
	"strings"
	"testing"

	"github.com/tenant0/tenant0/server/servertest"
	"github.com/tenant0/tenant0/storage/postgres/pgtest"
)

// metricsOf returns the metrics of a server by name and labels, as the server writes them.
func metricsOf(t *testing.T, s *servertest.Server) map[string]float64 {
	t.Helper()
	rq, err := http.NewRequestWithContext(t.Context(), http.MethodGet, s.ControlURL()+"/metrics", http.NoBody)
	if err != nil {
		t.Fatal(err)
	}
	resp, err := http.DefaultClient.Do(rq)
	if err != nil {
		t.Fatal(err)
	}
	defer resp.Body.Close()
	if resp.StatusCode != http.StatusOK || !strings.HasPrefix(resp.Header.Get("Content-Type"), "text/plain; version=0.0.4") {
		t.Fatalf("GET /metrics: %d, %s", resp.StatusCode, resp.Header.Get("Content-Type"))
	}
	all := map[string]float64{}
	for lines := bufio.NewScanner(resp.Body); lines.Scan(); {
		line := lines.Text()
		if strings.HasPrefix(line, "#") {
			continue
		}
		name, value, _ := cutLast(line, " ")
		number, err := strconv.ParseFloat(value, 64)
		if err != nil {
			t.Fatalf("%q is no metric", line)
		}
		all[name] = number
	}
	return all
}

func cutLast(s, sep string) (before, after string, found bool) {
	i := strings.LastIndex(s, sep)
	if i < 0 {
		return s, "", false
	}
	return s[:i], s[i+len(sep):], true
}

func TestMetricsSayWhatWasDone(t *testing.T) {
	t.Parallel()
	s := servertest.Start(t)
	client := s.Client()
	s.Exchange(client, s.Login(client, servertest.Login{ClientID: servertest.SPA, RedirectURI: servertest.SPACallback}))
	wrong := url.Values{"grant_type": {"client_credentials"}, "client_id": {servertest.Cron}, "client_secret": {"wrong"}}
	if status, _ := s.Token(client, wrong); status != http.StatusUnauthorized {
		t.Fatalf("a wrong secret: %d", status)
	}
	for range 2 { // the second within the second of the first has the same payload, or is signed anew
		right := url.Values{
			"grant_type": {"client_credentials"}, "client_id": {servertest.Cron}, "client_secret": {servertest.CronSecret}, "audience": {servertest.API},
		}
		if status, answer := s.Token(client, right); status != http.StatusOK {
			t.Fatalf("a token: %d %v", status, answer)
		}
	}
	for _, method := range []string{http.MethodGet, "INVENTED", "OTHER"} {
		rq, err := http.NewRequestWithContext(t.Context(), method, s.URL+"no/such/path/"+method, http.NoBody)
		if err != nil {
			t.Fatal(err)
		}
		resp, err := client.Do(rq)
		if err != nil {
			t.Fatal(err)
		}
		_ = resp.Body.Close()
	}
	if status, answer := s.Manage(client, http.MethodGet, "users/auth0%7Cnobody", nil); status != http.StatusNotFound {
		t.Fatalf("a user that is not there: %d %v", status, answer)
	}
	all := metricsOf(t, s)
	for name, want := range map[string]float64{
		`tenant0_http_requests_total{method="POST",route="/oauth/token",status="401",tenant="default"}`:           1,
		`tenant0_http_requests_total{method="GET",route="/api/v2/users/{id}",status="404",tenant="default"}`:      1,
		`tenant0_http_requests_total{method="GET",route="other",status="404",tenant="default"}`:                   1,
		`tenant0_http_requests_total{method="other",route="other",status="404",tenant="default"}`:                 2,
		`tenant0_http_request_duration_seconds_count{method="POST",route="/u/login",tenant="default"}`:            1,
		`tenant0_http_request_duration_seconds_bucket{method="POST",route="/u/login",tenant="default",le="+Inf"}`: 1,
		`tenant0_servers{tenant="default"}`:                  1,
		`tenant0_log_events_dropped_total{tenant="default"}`: 0,
	} {
		if got, there := all[name]; !there || got != want {
			t.Errorf("%s is %v, want %v", name, got, want)
		}
	}
	// The two tokens of the login, those of the machine, and the one with which the Management API is called.
	signed := all[`tenant0_signatures_total{alg="RS256",tenant="default"}`]
	remembered := all[`tenant0_signatures_remembered_total{alg="RS256",tenant="default"}`]
	if sum := signed + remembered; sum != 5 || signed < 4 {
		t.Errorf("%v tokens were signed and %v remembered, want 5 together", signed, remembered)
	}
	if all[`tenant0_store_updates_total{tenant="default"}`] < 1 {
		t.Error("a login has written nothing")
	}
	for _, queue := range []string{"log events", "event streams", "e-mails", "jobs"} {
		if _, there := all[`tenant0_queue_length{queue="`+queue+`",tenant="default"}`]; !there {
			t.Errorf("the length of the queue %q is not told", queue)
		}
	}
}

// TestMetricsOfTenants: metrics are counted by tenant, and those of a deleted tenant disappear.
func TestMetricsOfTenants(t *testing.T) {
	t.Parallel()
	p := startProcess(t)
	other := p.make(object{"name": "other"})
	manage(t, other, http.MethodGet, "users", nil)
	name := `tenant0_http_requests_total{method="GET",route="/api/v2/users",status="200",tenant="other"}`
	if all := metricsOf(t, p.Server); all[name] != 1 || all[strings.Replace(name, "other", "default", 1)] != 0 {
		t.Errorf("the requests of a tenant are counted %v times", all[name])
	}
	p.must(http.StatusNoContent, http.MethodDelete, "/tenants/other", nil)
	for name := range metricsOf(t, p.Server) {
		if strings.Contains(name, `tenant="other"`) {
			t.Errorf("%s is told of a tenant that is deleted", name)
		}
	}
}

func TestMetricsCountTheServersOfADatabase(t *testing.T) {
	servers := cluster(t, 2, pgtest.Shared(t).Empty(t))
	for _, s := range servers {
		if n := metricsOf(t, s)[`tenant0_servers{tenant="default"}`]; n != 2 {
			t.Errorf("a server of two counts %v", n)
		}
	}
}
