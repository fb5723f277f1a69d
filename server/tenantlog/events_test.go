package tenantlog_test

import (
	"encoding/json"
	"io"
	"net/http"
	"net/url"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"github.com/tenant0/tenant0/server/servertest"
	"github.com/tenant0/tenant0/storage"
)

// stop ends the server and returns its log, oldest event first. All recorded
// events are stored by then.
func stop(t *testing.T, s *servertest.Server) (all []storage.Document) {
	t.Helper()
	if err := s.Close(); err != nil {
		t.Fatal(err)
	}
	db, err := storage.Open(s.OpenData())
	if err != nil {
		t.Fatal(err)
	}
	defer db.Close()
	err = db.View(t.Context(), func(tx *storage.Tx) error {
		for d, err := range tx.Logs.After("") {
			if err != nil {
				return err
			}
			all = append(all, d)
		}
		return nil
	})
	if err != nil {
		t.Fatal(err)
	}
	return all
}

// brief has the members of an event that the tests compare.
type brief struct{ Type, Description, Client, User, Name, Connection string }

func briefs(events []storage.Document) (all []brief) {
	text := func(d storage.Document, name string) string { s, _ := d[name].(string); return s }
	for _, d := range events {
		all = append(all, brief{
			text(d, "type"), text(d, "description"), text(d, "client_name"), text(d, "user_id"), text(d, "user_name"), text(d, "connection"),
		})
	}
	return all
}

// Names in the timesheets tenant.
const (
	mobile     = "Timesheets Mobile"
	spa        = "Timesheets SPA"
	connection = "Username-Password-Authentication"
)

func TestLoginExchangeRefreshReuseLogout(t *testing.T) {
	s := servertest.Start(t)
	browser := s.Client()
	login := s.Login(browser, servertest.Login{ClientID: servertest.SPA, RedirectURI: servertest.SPACallback})
	tokens := s.Exchange(browser, login)
	refresh := url.Values{"grant_type": {"refresh_token"}, "client_id": {servertest.SPA}, "refresh_token": {tokens["refresh_token"].(string)}}
	if status, body := s.Token(browser, refresh); status != http.StatusOK {
		t.Fatalf("refresh: %d %v", status, body)
	}
	s.Advance(time.Hour) // past the leeway
	if status, _ := s.Token(browser, refresh); status != http.StatusForbidden {
		t.Fatalf("a replaced refresh token: %d", status)
	}
	if status, _ := s.Token(browser, refresh); status != http.StatusForbidden {
		t.Fatalf("a token of a revoked family: %d", status)
	}
	again := login.Form()
	if status, _ := s.Token(browser, again); status != http.StatusForbidden {
		t.Fatalf("a code that was used: %d", status)
	}
	s.Visit(browser, s.URL+"v2/logout?client_id="+servertest.SPA)
	s.Visit(browser, s.URL+"v2/logout?client_id="+servertest.SPA+"&returnTo=https://evil.example/")

	events := stop(t, s)
	user, _ := events[0]["user_id"].(string)
	if !strings.HasPrefix(user, "auth0|") {
		t.Errorf("the user of the login is %q", user)
	}
	want := []brief{
		{"s", "Successful login", spa, user, servertest.Employee, connection},
		{"seacft", "Authorization Code for Access Token", spa, user, servertest.Employee, connection},
		{"sertft", "Refresh Token for Access Token", spa, user, servertest.Employee, connection},
		{"ferrt", "Reused rotating refresh token detected, revoked the family", spa, user, servertest.Employee, connection},
		{"fertft", "Unknown or invalid refresh token.", spa, "", "", ""},
		{"feacft", "Invalid authorization code", spa, "", "", ""},
		{"slo", "User successfully logged out", spa, user, servertest.Employee, connection},
		{"flo", `The "returnTo" querystring parameter "https://evil.example/" is not defined as a valid URL in "Allowed Logout URLs".`, spa, "", "", ""},
	}
	if diff := cmp.Diff(want, briefs(events)); diff != "" {
		t.Error(diff)
	}
	details, _ := events[0]["details"].(map[string]any)
	if prompts, _ := details["prompts"].([]any); len(prompts) != 3 || details["session_id"] == "" {
		t.Errorf("the details of the login are %v", details)
	}

	raw, err := json.Marshal(events)
	if err != nil {
		t.Fatal(err)
	}
	for name, secret := range map[string]string{
		"code": login.Get("code"), "verifier": login.Verifier, "password": servertest.Password,
		"access token": tokens["access_token"].(string), "ID token": tokens["id_token"].(string), "refresh token": tokens["refresh_token"].(string),
	} {
		if strings.Contains(string(raw), secret) {
			t.Errorf("the log has the %s", name)
		}
	}
}

func TestFailedLogins(t *testing.T) {
	s := servertest.Start(t)
	browser := s.Client()
	target, _ := s.AuthorizeURL(servertest.Login{ClientID: servertest.Mobile, RedirectURI: servertest.MobileCallback})
	_, page := s.Visit(browser, target)
	for _, typed := range []struct{ username, password string }{
		{servertest.Employee, "wrong"},
		{"nobody@exampleco.com", servertest.Password},
	} {
		form := page.Form()
		form.Set("username", typed.username)
		form.Set("password", typed.password)
		s.Submit(browser, page, form)
	}
	events := stop(t, s)
	user, _ := events[0]["user_id"].(string)
	if !strings.HasPrefix(user, "auth0|") {
		t.Errorf("the wrong password is %q's", user)
	}
	want := []brief{
		{"fp", "Wrong email or password.", mobile, user, servertest.Employee, connection},
		{"fu", "Wrong email or password.", mobile, "", "nobody@exampleco.com", connection},
	}
	if diff := cmp.Diff(want, briefs(events)); diff != "" {
		t.Error(diff)
	}
	if raw, _ := json.Marshal(events); strings.Contains(string(raw), servertest.Password) || strings.Contains(string(raw), `"wrong"`) {
		t.Error("the log has a password")
	}
}

func TestRefusedAuthorizeRequests(t *testing.T) {
	s := servertest.Start(t)
	browser := s.Client()
	request := func(change url.Values) string {
		target, _ := s.AuthorizeURL(servertest.Login{ClientID: servertest.Mobile, RedirectURI: servertest.MobileCallback, Params: change})
		return target
	}
	s.Visit(browser, request(url.Values{"prompt": {"none"}}))
	s.Visit(browser, request(url.Values{"client_id": {"unknown"}}))
	s.Visit(browser, request(url.Values{"redirect_uri": {"https://evil.example/"}}))
	s.Visit(browser, request(url.Values{"audience": {"https://other.example/"}}))
	s.Login(browser, servertest.Login{})
	s.Visit(browser, request(url.Values{"prompt": {"none"}}))

	events := briefs(stop(t, s))
	user := events[len(events)-1].User
	want := []brief{
		{"fsa", "Login required", mobile, "", "", ""},
		{"f", "Unknown client: unknown", "", "", "", ""},
		{"f", "Callback URL mismatch. https://evil.example/ is not in the list of allowed callback URLs", mobile, "", "", ""},
		{"f", "Service not found: https://other.example/", mobile, "", "", ""},
		{"s", "Successful login", mobile, user, servertest.Employee, connection},
		{"ssa", "Successful silent authentication", mobile, user, servertest.Employee, connection},
	}
	if diff := cmp.Diff(want, events); diff != "" {
		t.Error(diff)
	}
}

func TestMachines(t *testing.T) {
	s := servertest.Start(t, servertest.HTTP())
	form := url.Values{
		"grant_type": {"client_credentials"}, "audience": {servertest.API}, "client_id": {servertest.Cron}, "client_secret": {servertest.CronSecret},
	}
	s.Token(s.Client(), form)
	form.Set("client_secret", "wrong")
	s.Token(s.Client(), form)
	form.Set("client_secret", servertest.CronSecret)
	form.Set("scope", "approve:timesheets")
	s.Token(s.Client(), form)

	events := stop(t, s)
	got := briefs(events)
	name := got[0].Client
	want := []brief{
		{Type: "seccft", Description: "Client Credentials for Access Token", Client: name},
		{Type: "feccft", Description: "Unauthorized", Client: name},
		{Type: "feccft", Description: "Client has not been granted scopes: approve:timesheets", Client: name},
	}
	if diff := cmp.Diff(want, got); diff != "" || name == "" {
		t.Errorf("the application is %q\n%s", name, diff)
	}
	if e := events[0]; e["audience"] != servertest.API || e["scope"] != "batch:upload" || e["ip"] != "127.0.0.1" || e["hostname"] != "localhost" {
		t.Errorf("the exchange is %v", e)
	}
	if raw, _ := json.Marshal(events); strings.Contains(string(raw), servertest.CronSecret) {
		t.Error("the log has the client secret")
	}
}

func TestRevocationAndReset(t *testing.T) {
	s := servertest.Start(t)
	browser := s.Client()
	s.Login(browser, servertest.Login{})
	s.Reset()
	tokens := s.Exchange(browser, s.Login(browser, servertest.Login{}))
	resp, err := browser.PostForm(s.URL+"oauth/revoke", url.Values{"client_id": {servertest.Mobile}, "token": {tokens["refresh_token"].(string)}})
	if err != nil {
		t.Fatal(err)
	}
	resp.Body.Close()
	var got []string
	for _, e := range briefs(stop(t, s)) {
		got = append(got, e.Type)
	}
	if diff := cmp.Diff([]string{"s", "seacft", "srrt"}, got); diff != "" {
		t.Errorf("after the reset:\n%s", diff)
	}
}

func TestBlockedUser(t *testing.T) {
	s := servertest.Start(t)
	browser := s.Client()
	s.Login(browser, servertest.Login{})
	_, body := s.Token(browser, url.Values{
		"grant_type": {"client_credentials"}, "client_id": {servertest.Management}, "client_secret": {servertest.ManagementSecret},
		"audience": {s.URL + "api/v2/"},
	})
	call := func(method, path, sent string) []byte {
		t.Helper()
		rq, err := http.NewRequestWithContext(t.Context(), method, s.URL+"api/v2/"+path, strings.NewReader(sent))
		if err != nil {
			t.Fatal(err)
		}
		rq.Header.Set("Authorization", "Bearer "+body["access_token"].(string))
		rq.Header.Set("Content-Type", "application/json")
		resp, err := browser.Do(rq)
		if err != nil {
			t.Fatal(err)
		}
		defer resp.Body.Close()
		raw, err := io.ReadAll(resp.Body)
		if err != nil || resp.StatusCode != http.StatusOK {
			t.Fatalf("%s %s: %d %s %v", method, path, resp.StatusCode, raw, err)
		}
		return raw
	}
	var found []struct {
		UserID string `json:"user_id"`
	}
	if err := json.Unmarshal(call(http.MethodGet, "users-by-email?email="+servertest.Employee, ""), &found); err != nil || len(found) != 1 {
		t.Fatalf("%v %v", found, err)
	}
	call(http.MethodPatch, "users/"+url.PathEscape(found[0].UserID), `{"blocked": true}`)
	target, _ := s.AuthorizeURL(servertest.Login{ClientID: servertest.Mobile, RedirectURI: servertest.MobileCallback})
	s.Visit(browser, target)

	events := briefs(stop(t, s))
	want := brief{"f", "user is blocked", mobile, found[0].UserID, servertest.Employee, connection}
	if diff := cmp.Diff(want, events[len(events)-1]); diff != "" {
		t.Error(diff)
	}
}
