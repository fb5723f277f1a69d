package signin_test

import (
	"bytes"
	"encoding/json"
	"net/http"
	"net/url"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/tenant0/tenant0/server/servertest"
	"github.com/tenant0/tenant0/server/signin"
	"github.com/tenant0/tenant0/storage"
	"github.com/tenant0/tenant0/storage/keyspace"
)

const known = "a password that is known"

// attackedFile is a tenant with enabled attack protection.
const attackedFile = `
tenant: {default_directory: db}
clients:
  - {name: app, client_id: app, app_type: regular_web, client_secret: the secret of the app, cross_origin_authentication: true, callbacks: ["https://app.example.com/callback"],
     grant_types: [authorization_code, password]}
  - {name: manager, client_id: Tenant0ManagementClient000000001, client_secret: tenant0-management-secret-for-development-only, app_type: non_interactive}
clientGrants:
  - {client_id: manager, audience: "${issuer}api/v2/", allow_all_scopes: true}
databases:
  - {name: db, strategy: auth0, enabled_clients: [app]}
users:
  - {user_id: "auth0|ann", email: ann@example.com, password: a password of ann, connection: db}
  - {user_id: "auth0|eve", email: eve@example.com, password: ` + known + `, connection: db}
attackProtection:
  suspiciousIpThrottling: {enabled: true, shields: [block], stage: {pre-login: {max_attempts: 3, rate: 60000}, pre-user-registration: {max_attempts: 2, rate: 60000}}}
  breachedPasswordDetection: {enabled: true, shields: [block], stage: {pre-user-registration: {shields: [block]}}, tenant0_passwords: ["` + known + `"]}
`

// attacked starts a tenant of attackedFile, with replacements.
func attacked(t *testing.T, changes ...string) *servertest.Server {
	t.Helper()
	return servertest.Start(t, servertest.Seed(strings.NewReplacer(changes...).Replace(attackedFile)))
}

func logInWith(s *servertest.Server, user, password string) (int, map[string]any) {
	return s.Token(s.Client(), url.Values{
		"grant_type": {"password"}, "client_id": {"app"}, "client_secret": {"the secret of the app"}, "username": {user}, "password": {password}, "scope": {"openid"},
	})
}

// post sends JSON as a page of the application does.
func post(t *testing.T, s *servertest.Server, path string, body map[string]any) (int, map[string]any) {
	t.Helper()
	raw, err := json.Marshal(body)
	if err != nil {
		t.Fatal(err)
	}
	rq, err := http.NewRequestWithContext(t.Context(), http.MethodPost, s.URL+path, bytes.NewReader(raw))
	if err != nil {
		t.Fatal(err)
	}
	rq.Header.Set("Content-Type", "application/json")
	rq.Header.Set("Origin", "https://app.example.com")
	resp, err := s.Client().Do(rq)
	if err != nil {
		t.Fatal(err)
	}
	defer resp.Body.Close()
	var answer map[string]any
	_ = json.NewDecoder(resp.Body).Decode(&answer)
	return resp.StatusCode, answer
}

// onPage logs in on the login page and returns the error that it shows.
func onPage(s *servertest.Server, user, password string) string {
	browser := s.Client()
	target, _ := s.AuthorizeURL(servertest.Login{ClientID: "app", RedirectURI: "https://app.example.com/callback", Params: url.Values{"scope": {"openid"}, "audience": {""}}})
	_, page := s.Visit(browser, target)
	form := page.Form()
	form.Set("username", user)
	form.Set("password", password)
	form.Set("action", "default")
	left, page := s.Submit(browser, page, form)
	if left != nil {
		return "logged in"
	}
	return page.Body
}

// types returns the types of the events in the tenant's log.
func types(t *testing.T, s *servertest.Server) (all []string) {
	t.Helper()
	_, answer := s.Manage(s.Client(), http.MethodGet, "logs?per_page=100", nil)
	list, _ := answer.([]any)
	for _, item := range list {
		event, _ := item.(map[string]any)
		kind, _ := event["type"].(string)
		all = append(all, kind)
	}
	return all
}

// TestAddressesThatGuessAreThrottled uses up the failed attempts that the tenant allows, on several accounts:
// then no login works from the IP address, not even with the right password, until time allows another attempt.
func TestAddressesThatGuessAreThrottled(t *testing.T) {
	const sentence = "We have detected suspicious login behavior and further attempts will be blocked. Please contact the administrator."
	s := attacked(t)
	for _, user := range []string{"ann@example.com", "eve@example.com", "nobody@example.com"} {
		if status, body := logInWith(s, user, "wrong"); status != http.StatusForbidden {
			t.Fatalf("%d %v", status, body)
		}
	}
	status, body := logInWith(s, "ann@example.com", "a password of ann")
	if status != http.StatusTooManyRequests || body["error"] != "too_many_attempts" || body["error_description"] != sentence {
		t.Errorf("%d %v", status, body)
	}
	status, body = post(t, s, "co/authenticate", map[string]any{
		"client_id": "app", "username": "ann@example.com", "password": "a password of ann", "realm": "db", "credential_type": "http://auth0.com/oauth/grant-type/password-realm",
	})
	if status != http.StatusTooManyRequests || body["error"] != "too_many_attempts" {
		t.Errorf("%d %v", status, body)
	}
	if said := onPage(s, "ann@example.com", "a password of ann"); !strings.Contains(said, "ip-blocked") {
		t.Errorf("the page says %s", said)
	}
	if !slices.Contains(types(t, s), "limit_mu") {
		t.Errorf("%v", types(t, s))
	}
	s.Advance(61 * time.Second)
	if status, body := logInWith(s, "ann@example.com", "a password of ann"); status != http.StatusOK {
		t.Errorf("after a minute: %d %v", status, body)
	}
}

// TestAddressesAreUnblocked asks the Management API whether an IP address is blocked, and unblocks it
// early.
func TestAddressesAreUnblocked(t *testing.T) {
	s := attacked(t)
	blocked := func(ip string) int {
		status, _ := s.Manage(s.Client(), http.MethodGet, "anomaly/blocks/ips/"+ip, nil)
		return status
	}
	if status := blocked("127.0.0.1"); status != http.StatusNotFound {
		t.Errorf("an address that has tried nothing: %d", status)
	}
	for range 3 {
		logInWith(s, "ann@example.com", "wrong")
	}
	if status, other := blocked("127.0.0.1"), blocked("192.0.2.1"); status != http.StatusOK || other != http.StatusNotFound {
		t.Errorf("the address that guesses: %d, another: %d", status, other)
	}
	if status, answer := s.Manage(s.Client(), http.MethodDelete, "anomaly/blocks/ips/192.0.2.1", nil); status != http.StatusNoContent || blocked("127.0.0.1") != http.StatusOK {
		t.Errorf("another address is unblocked: %d %v", status, answer)
	}
	if status, answer := s.Manage(s.Client(), http.MethodDelete, "anomaly/blocks/ips/127.0.0.1", nil); status != http.StatusNoContent {
		t.Errorf("%d %v", status, answer)
	}
	if status := blocked("127.0.0.1"); status != http.StatusNotFound {
		t.Errorf("after the block was removed: %d", status)
	}
	if status, body := logInWith(s, "ann@example.com", "a password of ann"); status != http.StatusOK {
		t.Errorf("after the block was removed: %d %v", status, body)
	}
}

// TestWhoIsNotThrottled: nobody is blocked if the protection is off or has no block shield, or if the IP
// address is on the allowlist.
func TestWhoIsNotThrottled(t *testing.T) {
	for name, change := range map[string][2]string{
		"off":             {"suspiciousIpThrottling: {enabled: true", "suspiciousIpThrottling: {enabled: false"},
		"without a block": {"suspiciousIpThrottling: {enabled: true, shields: [block]", "suspiciousIpThrottling: {enabled: true, shields: [admin_notification]"},
		"on the list":     {"suspiciousIpThrottling: {enabled: true,", `suspiciousIpThrottling: {enabled: true, allowlist: ["127.0.0.0/8"],`},
	} {
		t.Run(name, func(t *testing.T) {
			s := attacked(t, change[0], change[1])
			for range 5 {
				logInWith(s, "nobody@example.com", "wrong")
			}
			if status, body := logInWith(s, "ann@example.com", "a password of ann"); status != http.StatusOK {
				t.Errorf("%d %v", status, body)
			}
		})
	}
}

// TestPasswordsThatOthersKnow: a breached password does not log its user in, with the error that each
// client expects, and cannot be chosen.
func TestPasswordsThatOthersKnow(t *testing.T) {
	const sentence = "This login attempt has been blocked because the password you're using was previously disclosed through a data breach (not in this application)."
	s := attacked(t)
	status, body := logInWith(s, "eve@example.com", known)
	if status != http.StatusUnauthorized || body["error"] != "password_leaked" || body["error_description"] != sentence+" Please check your email for more information." {
		t.Errorf("%d %v", status, body)
	}
	status, body = post(t, s, "co/authenticate", map[string]any{
		"client_id": "app", "username": "eve@example.com", "password": known, "realm": "db", "credential_type": "http://auth0.com/oauth/grant-type/password-realm",
	})
	if status != http.StatusUnauthorized || body["error"] != "password_leaked" || body["error_description"] != sentence {
		t.Errorf("%d %v", status, body)
	}
	if said := onPage(s, "eve@example.com", known); !strings.Contains(said, "password-breached") {
		t.Errorf("the page says %s", said)
	}
	// A breached password that is not the user's is just a wrong password.
	if status, body := logInWith(s, "ann@example.com", known); status != http.StatusForbidden {
		t.Errorf("%d %v", status, body)
	}
	status, body = post(t, s, "dbconnections/signup", map[string]any{"client_id": "app", "connection": "db", "email": "new@example.com", "password": known})
	if status != http.StatusBadRequest || body["code"] != "password_leaked" {
		t.Errorf("%d %v", status, body)
	}
	for _, kind := range []string{"pwd_leak", "signup_pwd_leak"} {
		if !slices.Contains(types(t, s), kind) {
			t.Errorf("no %s in %v", kind, types(t, s))
		}
	}
	off := attacked(t, "breachedPasswordDetection: {enabled: true", "breachedPasswordDetection: {enabled: false")
	if status, body := logInWith(off, "eve@example.com", known); status != http.StatusOK {
		t.Errorf("%d %v", status, body)
	}
}

// TestSignupsOfOneAddressAreThrottled: sign-ups count whether or not they succeed.
func TestSignupsOfOneAddressAreThrottled(t *testing.T) {
	s := attacked(t)
	sign := func(email string) (int, map[string]any) {
		return post(t, s, "dbconnections/signup", map[string]any{"client_id": "app", "connection": "db", "email": email, "password": "A long enough one 1!"})
	}
	if status, body := sign("one@example.com"); status != http.StatusOK {
		t.Fatalf("%d %v", status, body)
	}
	if status, body := sign("one@example.com"); status != http.StatusBadRequest { // taken
		t.Fatalf("%d %v", status, body)
	}
	if status, body := sign("two@example.com"); status != http.StatusTooManyRequests || body["code"] != "too_many_requests" {
		t.Errorf("%d %v", status, body)
	}
	s.Advance(61 * time.Second)
	if status, body := sign("two@example.com"); status != http.StatusOK {
		t.Errorf("after a minute: %d %v", status, body)
	}
}

// TestPagesNameEachRefusal: each refusal of a login has its own key, and other errors have none.
func TestPagesNameEachRefusal(t *testing.T) {
	for err, want := range map[error]string{
		signin.ErrBlocked: "user-blocked", signin.ErrThrottled: "ip-blocked", signin.ErrPasswordBreached: "password-breached",
		signin.ErrWrong: "invalid-code", storage.ErrReused: "invalid-code", keyspace.ErrUnavailable: "", nil: "",
	} {
		if got := signin.PageKey(err, "invalid-code"); got != want {
			t.Errorf("%v is told as %q, want %q", err, got, want)
		}
	}
}
