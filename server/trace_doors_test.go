package server_test

import (
	"encoding/json"
	"io"
	"net/http"
	"net/url"
	"strings"
	"testing"
	"time"

	"github.com/tenant0/tenant0/server/servertest"
)

// askedAs is a request to send.
type askedAs struct {
	method, path, body string
	form               url.Values
	headers            []string
}

// send sends the request and returns the response with its body.
func (a askedAs) send(t *testing.T, s *servertest.Server, browser *http.Client) (*http.Response, string) {
	t.Helper()
	body, contentType := a.body, "application/json"
	if a.form != nil {
		body, contentType = a.form.Encode(), "application/x-www-form-urlencoded"
	}
	rq, err := http.NewRequestWithContext(t.Context(), a.method, s.URL+a.path, strings.NewReader(body))
	if err != nil {
		t.Fatal(err)
	}
	if body != "" {
		rq.Header.Set("Content-Type", contentType)
	}
	for i := 0; i < len(a.headers); i += 2 {
		rq.Header.Set(a.headers[i], a.headers[i+1])
	}
	resp, err := browser.Do(rq)
	if err != nil {
		t.Fatal(err)
	}
	defer resp.Body.Close()
	answer, err := io.ReadAll(resp.Body)
	if err != nil {
		t.Fatal(err)
	}
	return resp, string(answer)
}

// tracedAs returns the trace of the request that led to a response.
func tracedAs(t *testing.T, s *servertest.Server, resp *http.Response) (rq traced) {
	t.Helper()
	id := resp.Header.Get("X-Auth0-Requestid")
	status, body := traceText(t, s, "/trace/"+id)
	if err := json.Unmarshal(body, &rq); err != nil || status != http.StatusOK || rq.ID != id {
		t.Fatalf("the trace of %q: %d %s %v", id, status, body, err)
	}
	return rq
}

func stays(s *servertest.Server) *http.Client {
	browser := s.Client()
	browser.CheckRedirect = func(*http.Request, []*http.Request) error { return http.ErrUseLastResponse }
	return browser
}

// TestEveryDoorTellsWhyItRefuses: the trace of each refusal names the room (package) that refused, what it answered, the
// reason if several rules lead to that answer, and the setting that would change it. Pages are covered too.
func TestEveryDoorTellsWhyItRefuses(t *testing.T) {
	s := servertest.Start(t)
	browser := stays(s)
	login, _ := s.AuthorizeURL(servertest.Login{ClientID: servertest.SPA, RedirectURI: servertest.SPACallback})
	_, page := s.Visit(s.Client(), login)
	_, own := s.Visit(browser, login)
	state := own.URL.Query().Get("state")
	_, tokens := s.Token(browser, s.ManagementForm())
	whole := "Bearer " + tokens["access_token"].(string)
	narrow := s.ManagementForm()
	narrow.Set("scope", "read:users")
	_, tokens = s.Token(browser, narrow)
	few := "Bearer " + tokens["access_token"].(string)
	machine := url.Values{"grant_type": {"client_credentials"}, "client_id": {servertest.Cron}, "client_secret": {servertest.CronSecret}, "audience": {servertest.API}}
	_, tokens = s.Token(browser, machine)
	foreign := "Bearer " + tokens["access_token"].(string)
	secret := func(id, value string) url.Values {
		return url.Values{"grant_type": {"client_credentials"}, "client_id": {id}, "client_secret": {value}, "audience": {servertest.API}}
	}
	for _, tt := range []struct {
		name, room    string
		asked         askedAs
		said, setting string
	}{
		{"a wrong password on the page", "web", askedAs{method: http.MethodPost, path: "u/login?state=" + state, form: url.Values{"username": {"employee@exampleco.com"}, "password": {"a-typed-password"}}}, "wrong-email-credentials", "identifier and password"},
		{"an empty form", "web", askedAs{method: http.MethodPost, path: "u/login?state=" + state, form: url.Values{"username": {""}, "password": {""}}}, "no-email, no-password", "what was typed"},
		{"a weak password at sign-up", "web", askedAs{method: http.MethodPost, path: "u/signup?state=" + state, form: url.Values{"email": {"new@exampleco.com"}, "password": {"x"}}}, "password-", "the password policy"},
		{"another browser's login", "login", askedAs{method: http.MethodGet, path: "u/login?state=" + page.URL.Query().Get("state")}, "cookie", "the cookies of the browser"},
		{"a login that is no more", "authorize", askedAs{method: http.MethodGet, path: "authorize/resume?state=none"}, "no login with this state is in progress", "at the application"},
		{"a device's wrong code", "web", askedAs{method: http.MethodGet, path: "activate?user_code=AAAA-BBBB"}, "invalid-expired-code", "what was typed"},
		{"an old link", "web", askedAs{method: http.MethodGet, path: "u/unblock?ticket=x"}, "the page", "a new link"},
		{"a link for a new password", "web", askedAs{method: http.MethodGet, path: "u/reset-verify?ticket=x"}, "the page", "a new link"},
		{"no application", "token", askedAs{method: http.MethodPost, path: "oauth/token", form: secret("nobody", "x")}, "(there is no application with the client_id)", "client_id"},
		{"another secret", "token", askedAs{method: http.MethodPost, path: "oauth/token", form: secret(servertest.Cron, "x")}, "(wrong client secret)", "client_secret"},
		{"no secret", "token", askedAs{method: http.MethodPost, path: "oauth/token", form: secret(servertest.Cron, "")}, "(no client secret)", "client_secret"},
		{"parameters in the query", "token", askedAs{method: http.MethodPost, path: "oauth/token?" + secret(servertest.Cron, servertest.CronSecret).Encode()}, "(it was in the query of the URL, where it is not read)", "the parameter grant_type"},
		{"no body", "token", askedAs{method: http.MethodPost, path: "oauth/token", body: "{"}, "cannot be parsed", "the body of the request"},
		{"a code of nobody", "token", askedAs{method: http.MethodPost, path: "oauth/token", form: url.Values{"grant_type": {"authorization_code"}, "client_id": {servertest.SPA}, "code": {"x"}}}, "did not issue this code", "the parameter code"},
		{"no token at userinfo", "userinfo", askedAs{method: http.MethodGet, path: "userinfo"}, "(the request has no access token)", "scope openid"},
		{"an API's token at userinfo", "userinfo", askedAs{method: http.MethodGet, path: "userinfo", headers: []string{"Authorization", foreign}}, "the token is for " + servertest.API, "scope openid"},
		{"no token at the Management API", "management", askedAs{method: http.MethodGet, path: "api/v2/clients"}, "Missing authentication", "the header Authorization"},
		{"an API's token there", "management", askedAs{method: http.MethodGet, path: "api/v2/clients", headers: []string{"Authorization", foreign}}, "the token is for " + servertest.API, "the parameter audience"},
		{"no such scope", "management", askedAs{method: http.MethodGet, path: "api/v2/clients", headers: []string{"Authorization", few}}, "(the token has read:users)", "scope of the application's client grant"},
		{"a bad body there", "management", askedAs{method: http.MethodPost, path: "api/v2/clients", body: `{"nam":1}`, headers: []string{"Authorization", whole}}, "Payload validation error", "the body of the request"},
		{"a bad query there", "management", askedAs{method: http.MethodGet, path: "api/v2/clients?per_page=1000", headers: []string{"Authorization", whole}}, "Query validation error", "the query of the request"},
		{"nothing there", "management", askedAs{method: http.MethodGet, path: "api/v2/clients/none", headers: []string{"Authorization", whole}}, "The client does not exist", "the path of the request"},
		{"no path", "web", askedAs{method: http.MethodGet, path: "nowhere"}, "not_found", "the path of the request"},
		{"the extension's API", "authzext", askedAs{method: http.MethodGet, path: "extensions/authorization/api/users"}, "Missing authentication", "the header Authorization"},
		{"what is not emulated", "notemulated", askedAs{method: http.MethodPost, path: "bc-authorize", form: url.Values{"client_id": {servertest.Web}}}, "not_emulated", "no setting"},
	} {
		t.Run(tt.name, func(t *testing.T) {
			resp, body := tt.asked.send(t, s, browser)
			rq := tracedAs(t, s, resp)
			if resp.StatusCode < 400 || rq.Status != resp.StatusCode || len(rq.Steps) == 0 {
				t.Fatalf("the answer is %d, and its trace %+v", resp.StatusCode, rq)
			}
			last := rq.Steps[len(rq.Steps)-1]
			if last.Room != tt.room || !strings.Contains(last.Said, tt.said) || !strings.Contains(last.Setting, tt.setting) {
				t.Errorf("the last step is %+v, want one of %s that says %q, and the setting %q", last, tt.room, tt.said, tt.setting)
			}
			if (tt.room == "login" || tt.room == "authorize") && !strings.Contains(body, rq.ID) {
				t.Errorf("the error page does not show the id %s: %s", rq.ID, body)
			}
		})
	}
	_, all := traceText(t, s, "/trace")
	for _, typed := range []string{"a-typed-password", "employee@exampleco.com", "new@exampleco.com", state, strings.TrimPrefix(whole, "Bearer "), "AAAA-BBBB"} {
		if strings.Contains(string(all), typed) {
			t.Errorf("the traces show %q", typed)
		}
	}
}

// TestTracesTellWhySessionsWillNotDo also covers why users are asked for consent.
func TestTracesTellWhySessionsWillNotDo(t *testing.T) {
	s := servertest.Start(t)
	browser := stays(s)
	ask := func(client, callback string, params url.Values) string {
		t.Helper()
		target, _ := s.AuthorizeURL(servertest.Login{ClientID: client, RedirectURI: callback, Params: params})
		resp, _ := askedAs{method: http.MethodGet, path: strings.TrimPrefix(target, s.URL)}.send(t, s, browser)
		var said []string
		for _, step := range tracedAs(t, s, resp).Steps {
			said = append(said, step.Said+" => "+step.Setting)
		}
		return strings.Join(said, "\n")
	}
	tells := func(got string, parts ...string) {
		t.Helper()
		for _, part := range parts {
			if strings.Count(got, part) != 1 {
				t.Errorf("the trace is\n%s\nand not once %q", got, part)
			}
		}
	}
	silent := url.Values{"prompt": {"none"}}
	tells(ask(servertest.Web, servertest.WebCallback, silent), "the browser has no session of the tenant", "login_required")
	tells(ask(servertest.Web, servertest.WebCallback, url.Values{}), "the browser has no session of the tenant", "the user is sent to /u/login")
	s.Login(browser, servertest.Login{ClientID: servertest.Web, RedirectURI: servertest.WebCallback})
	s.Advance(time.Minute)
	tells(ask(servertest.Web, servertest.WebCallback, url.Values{"prompt": {"login"}}), "asks for a new login => the parameter prompt")
	tells(ask(servertest.Web, servertest.WebCallback, url.Values{"prompt": {"none"}, "max_age": {"10"}}), "older than the application allows => the parameter max_age", "login_required")
	tells(ask(servertest.Web, servertest.WebCallback, url.Values{"prompt": {"consent"}}), "the application requires that the user is asked for consent")
	tells(ask(servertest.SPA, servertest.SPACallback, silent), "consent_required", "skip_consent_for_verifiable_first_party_clients of the API, or what")
}

// TestTracesTellOfAnotherAddress than the issuer's: clients that use the tenant by that address refuse its tokens.
func TestTracesTellOfAnotherAddress(t *testing.T) {
	s := servertest.Start(t)
	for host, want := range map[string]bool{"idp.localhost:4400": true, strings.TrimSuffix(strings.TrimPrefix(s.URL, "https://"), "/"): false} {
		rq, _ := http.NewRequestWithContext(t.Context(), http.MethodGet, s.URL+".well-known/openid-configuration", http.NoBody)
		rq.Host = host
		resp, err := s.Client().Do(rq)
		if err != nil {
			t.Fatal(err)
		}
		resp.Body.Close()
		if got := strings.Contains(tracedAs(t, s, resp).settings(), "issuer of the server"); got != want {
			t.Errorf("asked for as %s, the trace tells of another address: %v, want %v", host, got, want)
		}
	}
}

// TestTracesAreThereBeforeTheAnswer has been read to its end, even if the answer is a long page.
func TestTracesAreThereBeforeTheAnswer(t *testing.T) {
	s := servertest.Start(t)
	browser := stays(s)
	for range 20 {
		resp, _ := askedAs{method: http.MethodGet, path: "activate"}.send(t, s, browser)
		if rq := tracedAs(t, s, resp); rq.Status != 0 || rq.Path != "/activate" {
			t.Fatalf("the trace of a page is %+v", rq)
		}
	}
}

// TestTracesHaveTheEventsOfOperations of the Management API by the time their answers are read.
func TestTracesHaveTheEventsOfOperations(t *testing.T) {
	s := servertest.Start(t)
	_, tokens := s.Token(s.Client(), s.ManagementForm())
	changed := askedAs{
		method: http.MethodPatch, path: "api/v2/clients/" + servertest.Web, body: `{"description":"a"}`,
		headers: []string{"Authorization", "Bearer " + tokens["access_token"].(string)},
	}
	resp, body := changed.send(t, s, s.Client())
	steps := tracedAs(t, s, resp).Steps
	if resp.StatusCode != http.StatusOK || len(steps) != 1 || steps[0].Said != "event sapi Update a client" {
		t.Errorf("%d %s is traced as %+v", resp.StatusCode, body, steps)
	}
}
