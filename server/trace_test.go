package server_test

import (
	"encoding/json"
	"fmt"
	"io"
	"maps"
	"net/http"
	"net/url"
	"strings"
	"testing"
	"time"

	"github.com/tenant0/tenant0/server/servertest"
)

type tracedStep struct{ Room, Said, Setting string }

type traced struct {
	ID         string `json:"request_id"`
	Method     string
	Path       string
	Parameters map[string]string
	Status     int
	Steps      []tracedStep
}

// traceText returns the control listener's answer at a path below /trace.
func traceText(t *testing.T, s *servertest.Server, path string) (status int, body []byte) {
	t.Helper()
	rq, err := http.NewRequestWithContext(t.Context(), http.MethodGet, s.ControlURL()+path, http.NoBody)
	if err != nil {
		t.Fatal(err)
	}
	resp, err := http.DefaultClient.Do(rq)
	if err != nil {
		t.Fatal(err)
	}
	defer resp.Body.Close()
	body, err = io.ReadAll(resp.Body)
	if err != nil {
		t.Fatal(err)
	}
	return resp.StatusCode, body
}

// settings returns the settings that the steps of a trace name.
func (rq traced) settings() string {
	var all []string
	for _, s := range rq.Steps {
		if s.Setting != "" {
			all = append(all, s.Setting)
		}
	}
	return strings.Join(all, "; ")
}

// TestTracesNameTheSetting that causes a refusal, for the most common mistakes.
func TestTracesNameTheSetting(t *testing.T) {
	s := servertest.Start(t)
	browser := s.Client()
	browser.CheckRedirect = func(*http.Request, []*http.Request) error { return http.ErrUseLastResponse }
	authorize := func(change url.Values) *http.Request {
		query := url.Values{
			"client_id": {servertest.Web}, "redirect_uri": {servertest.WebCallback}, "response_type": {"code"}, "state": {"a-private-state"},
			"login_hint": {"somebody@example.com"},
		}
		maps.Copy(query, change)
		rq, _ := http.NewRequestWithContext(t.Context(), http.MethodGet, s.URL+"authorize?"+query.Encode(), http.NoBody)
		return rq
	}
	token := func(form url.Values) *http.Request {
		rq, _ := http.NewRequestWithContext(t.Context(), http.MethodPost, s.URL+"oauth/token", strings.NewReader(form.Encode()))
		rq.Header.Set("Content-Type", "application/x-www-form-urlencoded")
		return rq
	}
	machine := func(name, value string) url.Values {
		form := url.Values{"grant_type": {"client_credentials"}, "client_id": {servertest.Cron}, "client_secret": {servertest.CronSecret}, "audience": {servertest.API}}
		form.Set(name, value)
		return form
	}
	framed := authorize(url.Values{"prompt": {"none"}, "response_mode": {"web_message"}})
	framed.Header.Set("Sec-Fetch-Site", "cross-site")
	framed.Header.Set("Sec-Fetch-Dest", "iframe")
	foreignOrigin := token(url.Values{"grant_type": {"refresh_token"}, "client_id": {servertest.SPA}, "refresh_token": {"x"}})
	foreignOrigin.Header.Set("Origin", "https://elsewhere.example")
	for _, tt := range []struct {
		name    string
		request *http.Request
		status  int
		setting string
	}{
		{"callback", authorize(url.Values{"redirect_uri": {"http://localhost:3000/other"}}), 403, "callbacks of the application"},
		{"grant type", authorize(url.Values{"response_type": {"id_token"}, "nonce": {"n"}}), 403, "grant_types of the application"},
		{"audience", authorize(url.Values{"audience": {"urn:none"}}), 400, "identifier of an API"},
		{"connection", authorize(url.Values{"connection": {"none"}}), 400, "the parameter connection"},
		{"third-party cookie", framed, 400, "refresh tokens instead of frames"},
		{"origin", foreignOrigin, 403, "web_origins"},
		{"secret", token(machine("client_secret", "wrong-secret-that-is-private")), 401, "client_secret"},
		{"scope of a machine", token(machine("scope", "approve:everything")), 403, "scope of the client grant"},
		{"audience of a machine", token(machine("audience", "urn:none")), 403, "identifier of an API"},
	} {
		t.Run(tt.name, func(t *testing.T) {
			resp, err := browser.Do(tt.request)
			if err != nil {
				t.Fatal(err)
			}
			resp.Body.Close()
			id := resp.Header.Get("X-Auth0-Requestid")
			status, body := traceText(t, s, "/trace/"+id)
			var rq traced
			if err := json.Unmarshal(body, &rq); err != nil || status != http.StatusOK {
				t.Fatalf("the trace of %s: %d %s %v", id, status, body, err)
			}
			if rq.ID != id || rq.Status != tt.status || !strings.Contains(rq.settings(), tt.setting) || tt.name != "origin" && rq.Parameters["client_id"] == "" {
				t.Errorf("it is traced as %s, want status %d and the setting %q", body, tt.status, tt.setting)
			}
		})
	}
	_, all := traceText(t, s, "/trace")
	for _, secret := range []string{"a-private-state", "somebody@example.com", servertest.CronSecret, "wrong-secret-that-is-private"} {
		if strings.Contains(string(all), secret) {
			t.Errorf("the traces show %q", secret)
		}
	}
}

// TestTracesTellWhichScopesAreLost at a login.
func TestTracesTellWhichScopesAreLost(t *testing.T) {
	s := servertest.Start(t)
	s.Login(s.Client(), servertest.Login{Params: url.Values{"scope": {"openid read:timesheets approve:timesheets no:such"}}})
	_, body := traceText(t, s, "/trace?path=/authorize/resume")
	if !strings.Contains(string(body), "the scope approve:timesheets is not granted") || !strings.Contains(string(body), "the scope no:such is not granted") {
		t.Errorf("the traces of a login do not tell of the scopes that it lost: %s", body)
	}
	if strings.Contains(string(body), "the scope read:timesheets is not granted") {
		t.Errorf("the traces of a login tell of a scope that it has: %s", body)
	}
}

// TestTracesAreTheLastRequests, newest first and at most 200, and a reset removes them.
func TestTracesAreTheLastRequests(t *testing.T) {
	s := servertest.Start(t)
	browser := s.Client()
	for i := range 210 {
		rq, _ := http.NewRequestWithContext(t.Context(), http.MethodGet, fmt.Sprintf("%snowhere/%d", s.URL, i), http.NoBody)
		resp, err := browser.Do(rq)
		if err != nil {
			t.Fatal(err)
		}
		resp.Body.Close()
	}
	read := func(query string) (all []traced) {
		t.Helper()
		if status, body := traceText(t, s, "/trace"+query); status != http.StatusOK || json.Unmarshal(body, &all) != nil {
			t.Fatalf("the traces: %d %s", status, body)
		}
		return all
	}
	all := read("")
	if len(all) != 200 || all[0].Path != "/nowhere/209" || all[199].Path != "/nowhere/10" {
		t.Errorf("there are %d traces, from %s to %s", len(all), all[0].Path, all[len(all)-1].Path)
	}
	if some := read("?path=/nowhere/20&refused=true"); len(some) != 11 { // 20 and 200 to 209
		t.Errorf("%d traces begin with a path, want 11", len(some))
	}
	if none := read("?client_id=somebody"); len(none) != 0 {
		t.Errorf("%d traces are of an application that asked nothing", len(none))
	}
	if status, body := traceText(t, s, "/trace/none"); status != http.StatusNotFound || !strings.Contains(string(body), "unknown_request") {
		t.Errorf("the trace of no request: %d %s", status, body)
	}
	rq, _ := http.NewRequestWithContext(t.Context(), http.MethodPost, s.ControlURL()+"/reset", http.NoBody)
	resp, err := http.DefaultClient.Do(rq)
	if err != nil {
		t.Fatal(err)
	}
	resp.Body.Close()
	if left := read(""); len(left) != 0 {
		t.Errorf("after a reset there are %d traces", len(left))
	}
}

// TestTracesTellWhatWillSurprise: traces of requests that succeed warn of results that developers do not expect.
func TestTracesTellWhatWillSurprise(t *testing.T) {
	s := servertest.Start(t)
	steps := func(params url.Values) string {
		t.Helper()
		l := servertest.Login{ClientID: servertest.SPA, RedirectURI: servertest.SPACallback, Params: params}
		if params.Has("response_mode") {
			l.ClientID, l.RedirectURI = servertest.Web, servertest.WebCallback // which has no web origins
		}
		target, _ := s.AuthorizeURL(l)
		s.Visit(s.Client(), target)
		_, body := traceText(t, s, "/trace?path=/authorize")
		var all []traced
		if err := json.Unmarshal(body, &all); err != nil || len(all) == 0 || all[0].Status != 0 {
			t.Fatalf("%s %v", body, err)
		}
		return fmt.Sprint(all[0].Steps)
	}
	const (
		opaque = "the access token is opaque"
		scope  = "defines the scope approve:nothing,"
		clock  = "DELETE /clock"
		origin = "web_origins of the application"
	)
	for name, tt := range map[string]struct {
		params    url.Values
		has, lack []string
	}{
		"as it should be":   {nil, nil, []string{opaque, scope, clock, origin, "is ignored"}},
		"no audience":       {url.Values{"audience": {""}}, []string{opaque, "default_audience of the tenant"}, []string{scope, clock}},
		"a scope of no API": {url.Values{"scope": {"openid profile approve:nothing"}}, []string{scope, "scopes of the API"}, []string{opaque, clock, "the scope profile", "the scope openid"}},
		"parameters without effect": {
			url.Values{"claims": {"{}"}, "dpop_jkt": {"a-thumbprint"}, "session_transfer_token": {"a-private-token"}, "access_token": {"a-private-token"}, "resource": {"urn:x"}},
			[]string{"claims is ignored", "DPoP is not emulated", "the session transfer token is ignored", "linking accounts at /authorize is not emulated", "resource_parameter_profile of the tenant"},
			[]string{"a-private-token", "a-thumbprint"},
		},
		"a message without list": {url.Values{"response_mode": {"web_message"}}, []string{origin}, []string{opaque}},
	} {
		got := steps(tt.params)
		for _, part := range tt.has {
			if !strings.Contains(got, part) {
				t.Errorf("%s: the trace does not tell %q: %s", name, part, got)
			}
		}
		for _, part := range tt.lack {
			if strings.Contains(got, part) {
				t.Errorf("%s: the trace tells %q: %s", name, part, got)
			}
		}
	}
	s.Advance(2 * time.Hour)
	if got := steps(nil); !strings.Contains(got, clock) || !strings.Contains(got, "clock by 2h0m") {
		t.Errorf("a clock that was moved: %s", got)
	}
}
