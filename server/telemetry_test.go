package server_test

import (
	"bytes"
	"compress/gzip"
	"io"
	"net/http"
	"net/http/httptest"
	"net/url"
	"strings"
	"sync"
	"testing"

	collectorpb "go.opentelemetry.io/proto/otlp/collector/trace/v1"
	tracepb "go.opentelemetry.io/proto/otlp/trace/v1"
	"google.golang.org/protobuf/proto"

	"github.com/tenant0/tenant0/server/servertest"
)

// collector receives traces as an OpenTelemetry collector does.
type collector struct {
	mu    sync.Mutex
	spans []*tracepb.Span
	raw   bytes.Buffer
	named string
}

func startCollector(t *testing.T) *collector {
	t.Helper()
	c := &collector{}
	listener := httptest.NewServer(c)
	t.Cleanup(listener.Close)
	t.Setenv("OTEL_EXPORTER_OTLP_ENDPOINT", listener.URL)
	return c
}

func (c *collector) ServeHTTP(w http.ResponseWriter, r *http.Request) {
	var body io.Reader = r.Body
	if r.Header.Get("Content-Encoding") == "gzip" {
		unzipped, err := gzip.NewReader(r.Body)
		if err != nil {
			w.WriteHeader(http.StatusBadRequest)
			return
		}
		body = unzipped
	}
	raw, err := io.ReadAll(body)
	var sent collectorpb.ExportTraceServiceRequest
	if err != nil || r.URL.Path != "/v1/traces" || proto.Unmarshal(raw, &sent) != nil {
		w.WriteHeader(http.StatusBadRequest)
		return
	}
	c.mu.Lock()
	defer c.mu.Unlock()
	c.raw.Write(raw)
	for _, of := range sent.GetResourceSpans() {
		for _, attribute := range of.GetResource().GetAttributes() {
			if attribute.GetKey() == "service.name" {
				c.named = attribute.GetValue().GetStringValue()
			}
		}
		for _, scope := range of.GetScopeSpans() {
			c.spans = append(c.spans, scope.GetSpans()...)
		}
	}
}

// attributes returns the only span with a name, and its attributes.
func (c *collector) attributes(t *testing.T, name string) (*tracepb.Span, map[string]string) {
	t.Helper()
	var found []*tracepb.Span
	for _, span := range c.spans {
		if span.GetName() == name {
			found = append(found, span)
		}
	}
	if len(found) != 1 {
		t.Fatalf("there are %d spans %q among %d", len(found), name, len(c.spans))
	}
	all := map[string]string{}
	for _, a := range found[0].GetAttributes() {
		all[a.GetKey()] = strings.Trim(a.GetValue().String(), " ")
	}
	return found[0], all
}

func TestTracesReachACollector(t *testing.T) {
	c := startCollector(t)
	s := servertest.Start(t)
	client := s.Client()
	result := s.Login(client, servertest.Login{ClientID: servertest.SPA, RedirectURI: servertest.SPACallback})
	code := result.Form().Get("code")
	s.Exchange(client, result)
	rq, err := http.NewRequestWithContext(t.Context(), http.MethodPost, s.URL+"oauth/token", strings.NewReader(url.Values{
		"grant_type": {"client_credentials"}, "client_id": {servertest.Cron}, "client_secret": {"a-wrong-secret"},
	}.Encode()))
	if err != nil {
		t.Fatal(err)
	}
	rq.Header.Set("Content-Type", "application/x-www-form-urlencoded")
	rq.Header.Set("Traceparent", "00-0af7651916cd43dd8448eb211c80319c-b7ad6b7169203331-01")
	resp, err := client.Do(rq)
	if err != nil {
		t.Fatal(err)
	}
	_ = resp.Body.Close()
	if err := s.Close(); err != nil { // which sends what waits
		t.Fatal(err)
	}

	c.mu.Lock()
	defer c.mu.Unlock()
	if c.named != "tenant0" {
		t.Errorf("the service is named %q", c.named)
	}
	_, page := c.attributes(t, "POST /u/login")
	for name, want := range map[string]string{
		"http.request.method": `string_value:"POST"`, "http.route": `string_value:"/u/login"`, "http.response.status_code": "int_value:302",
		"url.scheme": `string_value:"https"`, "tenant0.tenant": `string_value:"default"`,
	} {
		if page[name] != want {
			t.Errorf("%s is %s, want %s", name, page[name], want)
		}
	}
	var refused *tracepb.Span
	for _, span := range c.spans {
		if string(span.GetParentSpanId()) == "\xb7\xad\x6b\x71\x69\x20\x33\x31" {
			refused = span
		}
	}
	if refused == nil || refused.GetName() != "POST /oauth/token" || string(refused.GetTraceId()) != "\x0a\xf7\x65\x19\x16\xcd\x43\xdd\x84\x48\xeb\x21\x1c\x80\x31\x9c" {
		t.Errorf("the span of the request that names its caller's is %v", refused)
	}
	for _, secret := range []string{code, servertest.Password, "a-wrong-secret", servertest.Employee} {
		if secret == "" || bytes.Contains(c.raw.Bytes(), []byte(secret)) {
			t.Errorf("the traces hold %q", secret)
		}
	}
}

// TestACollectorThatIsAway: requests succeed although their traces cannot be delivered.
func TestACollectorThatIsAway(t *testing.T) {
	gone := httptest.NewServer(http.NotFoundHandler())
	gone.Close()
	t.Setenv("OTEL_EXPORTER_OTLP_ENDPOINT", gone.URL)
	s := servertest.Start(t)
	if status, answer := s.Manage(s.Client(), http.MethodGet, "users", nil); status != http.StatusOK {
		t.Fatalf("a request: %d %v", status, answer)
	}
}

func TestTelemetryIsWantedAndCan(t *testing.T) {
	for _, tt := range []struct {
		name        string
		environment map[string]string
		refusal     string
	}{
		{"an exporter that there is not", map[string]string{"OTEL_TRACES_EXPORTER": "zipkin"}, "OTEL_TRACES_EXPORTER"},
		{"a protocol that there is not", map[string]string{"OTEL_EXPORTER_OTLP_ENDPOINT": "http://127.0.0.1:9", "OTEL_EXPORTER_OTLP_PROTOCOL": "grpc"}, "http/protobuf"},
		{"turned off", map[string]string{"OTEL_EXPORTER_OTLP_PROTOCOL": "grpc", "OTEL_SDK_DISABLED": "true", "OTEL_TRACES_EXPORTER": "otlp"}, ""},
		{"no exporter", map[string]string{"OTEL_TRACES_EXPORTER": "none", "OTEL_EXPORTER_OTLP_ENDPOINT": "http://127.0.0.1:9"}, ""},
	} {
		t.Run(tt.name, func(t *testing.T) {
			for name, value := range tt.environment {
				t.Setenv(name, value)
			}
			_, err := servertest.Try(t)
			if tt.refusal == "" && err != nil || tt.refusal != "" && (err == nil || !strings.Contains(err.Error(), tt.refusal)) {
				t.Errorf("the start ends with %v, want one of %q", err, tt.refusal)
			}
		})
	}
}
