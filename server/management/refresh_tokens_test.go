package management_test

import (
	"net/http"
	"net/url"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"github.com/tenant0/tenant0/server/servertest"
)

// loggedIn logs the employee in to an application and returns the refresh token.
func (c *client) loggedIn(client, callback string) string {
	c.t.Helper()
	browser := c.tenant.Client()
	result := c.tenant.Login(browser, servertest.Login{
		ClientID: client, RedirectURI: callback, Params: url.Values{"audience": {servertest.API}, "scope": {"openid offline_access"}},
	})
	token, _ := c.tenant.Exchange(browser, result)["refresh_token"].(string)
	if token == "" {
		c.t.Fatal("the login brought no refresh token")
	}
	return token
}

func (c *client) refresh(client, token string) int {
	c.t.Helper()
	status, _ := c.tenant.Token(c.http, url.Values{"grant_type": {"refresh_token"}, "client_id": {client}, "refresh_token": {token}})
	return status
}

func (c *client) employee() string {
	c.t.Helper()
	id, _ := c.list("/users-by-email?email=" + url.QueryEscape(servertest.Employee))[0]["user_id"].(string)
	return id
}

func TestRefreshTokensAreListedDescribedAndRevoked(t *testing.T) {
	c := newClient(t)
	user := c.employee()
	spa := c.loggedIn(servertest.SPA, servertest.SPACallback)
	mobile := c.loggedIn(servertest.Mobile, servertest.MobileCallback)

	all := c.must(200, http.MethodGet, "/refresh-tokens?user_id="+url.QueryEscape(user), nil)["refresh_tokens"].([]any)
	mine := c.must(200, http.MethodGet, "/refresh-tokens?client_id="+servertest.SPA+"&user_id="+url.QueryEscape(user), nil)["refresh_tokens"].([]any)
	if len(all) != 2 || len(mine) != 1 || mine[0].(object)["client_id"] != servertest.SPA {
		t.Fatalf("%d tokens in all, and of the application %v", len(all), mine)
	}
	path := "/refresh-tokens/" + mine[0].(object)["id"].(string)
	c.must(200, http.MethodPatch, path, object{"refresh_token_metadata": object{"device": "phone"}})
	if got := c.must(200, http.MethodGet, path, nil)["refresh_token_metadata"]; got == nil || got.(object)["device"] != "phone" {
		t.Errorf("the metadata is %v", got)
	}
	for name, body := range map[string]object{
		"a number": {"refresh_token_metadata": object{"n": 1}}, "a name with a space": {"refresh_token_metadata": object{"a b": "c"}},
	} {
		if status, answer := c.do(http.MethodPatch, path, body); status != http.StatusBadRequest {
			t.Errorf("%s gets %d %v, want 400", name, status, answer)
		}
	}

	for name, body := range map[string]object{
		"nothing": {}, "an API alone": {"audience": servertest.API}, "ids with a user": {"ids": []any{"x"}, "user_id": user}, "no ids": {"ids": []any{}},
	} {
		if status, answer := c.do(http.MethodPost, "/refresh-tokens/revoke", body); status != http.StatusBadRequest {
			t.Errorf("to revoke %s gets %d %v, want 400", name, status, answer)
		}
	}
	c.must(202, http.MethodPost, "/refresh-tokens/revoke", object{"user_id": user, "client_id": servertest.SPA, "audience": "https://other.test/"})
	if got := c.refresh(servertest.SPA, spa); got != http.StatusOK {
		t.Fatalf("after another API's tokens are revoked a refresh gets %d", got)
	}
	c.must(202, http.MethodPost, "/refresh-tokens/revoke", object{"client_id": servertest.SPA})
	if status, _ := c.do(http.MethodGet, path, nil); status != http.StatusNotFound {
		t.Errorf("a revoked token is read with %d", status)
	}
	if got := c.refresh(servertest.Mobile, mobile); got != http.StatusOK {
		t.Errorf("another application's refresh gets %d", got)
	}
}

func TestSessionMetadata(t *testing.T) {
	c := newClient(t)
	c.loggedIn(servertest.SPA, servertest.SPACallback)
	sessions := c.must(200, http.MethodGet, "/users/"+url.PathEscape(c.employee())+"/sessions", nil)["sessions"].([]any)
	path := "/sessions/" + sessions[0].(object)["id"].(string)
	got := c.must(200, http.MethodPatch, path, object{"session_metadata": object{"desk": "7"}})
	if metadata, _ := got["session_metadata"].(object); metadata["desk"] != "7" {
		t.Errorf("the session is %v", got)
	}
	if got := c.must(200, http.MethodPatch, path, object{"session_metadata": object{}}); got["session_metadata"] != nil {
		t.Errorf("without metadata the session is %v", got)
	}
}

// agent sends requests with a User-Agent.
type agent string

// RoundTrip implements http.RoundTripper.
func (a agent) RoundTrip(rq *http.Request) (*http.Response, error) {
	rq = rq.Clone(rq.Context())
	rq.Header.Set("User-Agent", string(a))
	return http.DefaultTransport.RoundTrip(rq)
}

// TestDevicesOfSessionsAndRefreshTokens: both say from where they were first and last used.
func TestDevicesOfSessionsAndRefreshTokens(t *testing.T) {
	c := newClient(t)
	browser := c.tenant.Client()
	browser.Transport = agent("First/1.0")
	login := servertest.Login{
		ClientID: servertest.SPA, RedirectURI: servertest.SPACallback, Params: url.Values{"audience": {servertest.API}, "scope": {"openid offline_access"}},
	}
	token, _ := c.tenant.Exchange(browser, c.tenant.Login(browser, login))["refresh_token"].(string)
	expect := func(when, list, last string) {
		t.Helper()
		user := "/users/" + url.PathEscape(c.employee())
		all := c.must(200, http.MethodGet, user+map[string]string{"sessions": "/sessions", "tokens": "/refresh-tokens"}[list], nil)[list].([]any)
		want := object{"initial_ip": "127.0.0.1", "initial_user_agent": "First/1.0", "last_ip": "127.0.0.1", "last_user_agent": last}
		if diff := cmp.Diff(any(want), all[0].(object)["device"]); diff != "" {
			t.Errorf("%s, the device of the %s (- want, + got):\n%s", when, list, diff)
		}
	}
	expect("after the login", "sessions", "First/1.0")
	expect("after the login", "tokens", "First/1.0")

	browser.Transport = agent("Second/" + strings.Repeat("x", 600))
	status, _ := c.tenant.Token(browser, url.Values{"grant_type": {"refresh_token"}, "client_id": {servertest.SPA}, "refresh_token": {token}})
	if status != http.StatusOK {
		t.Fatalf("the refresh gets %d", status)
	}
	expect("after a refresh", "tokens", "Second/"+strings.Repeat("x", 505))
	expect("after a refresh", "sessions", "First/1.0")
	c.tenant.Advance(2 * time.Minute)
	c.token = c.machineToken("")
	c.tenant.Login(browser, login)
	expect("after another login", "sessions", "Second/"+strings.Repeat("x", 505))
}

func TestDeviceCredentials(t *testing.T) {
	c := newClient(t)
	user := url.QueryEscape(c.employee())
	c.loggedIn(servertest.SPA, servertest.SPACallback)
	machine := c.token

	key := object{"device_name": "Phone", "type": "public_key", "value": "AAAA", "device_id": "F0-1", "client_id": servertest.Mobile}
	own := object{"device_name": "Server", "type": "public_key", "value": "AAAA", "device_id": "5E-1"}
	id, _ := c.must(201, http.MethodPost, "/device-credentials", own)["id"].(string) // of the application itself
	c.must(204, http.MethodDelete, "/device-credentials/"+id, nil)
	c.token, _ = c.userToken(servertest.Employee, "create:current_user_device_credentials delete:current_user_device_credentials")
	made := c.must(201, http.MethodPost, "/device-credentials", key)
	if status, _ := c.do(http.MethodPost, "/device-credentials", key); status != http.StatusConflict {
		t.Errorf("the same device once more gets %d, want 409", status)
	}
	theirs := c.token
	c.token = machine

	listed := func(kind string) []object { return c.list("/device-credentials?user_id=" + user + kind) }
	if got := listed("&type=public_key"); len(got) != 1 || got[0]["id"] != made["id"] || got[0]["value"] != nil {
		t.Errorf("the public keys are %v", got)
	}
	tokens := append(listed("&type=refresh_token"), listed("&type=rotating_refresh_token")...)
	if len(tokens) == 0 {
		t.Fatal("the refresh token of the login is not listed")
	}
	c.token = theirs
	c.must(204, http.MethodDelete, "/device-credentials/"+made["id"].(string), nil)
	c.token = machine
	for _, token := range tokens {
		c.must(204, http.MethodDelete, "/device-credentials/"+token["id"].(string), nil)
	}
	if got := listed(""); len(got) != 0 {
		t.Errorf("after their deletion there are %v", got)
	}
	if status, _ := c.do(http.MethodGet, "/device-credentials?type=car", nil); status != http.StatusBadRequest {
		t.Errorf("an unknown type gets %d, want 400", status)
	}
}

func TestEnrollmentsAreTheUsersFactors(t *testing.T) {
	c := newClient(t)
	user := "/users/" + url.PathEscape(c.employee())
	status, made := c.do(http.MethodPut, user+"/authentication-methods", []object{
		{"type": "phone", "name": "Work", "phone_number": "+15550100", "preferred_authentication_method": "sms"}, {"type": "email", "email": "e@example.com"},
	})
	if status != http.StatusOK || len(made.([]any)) != 2 {
		t.Fatalf("two factors get %d %v", status, made)
	}
	path := "/guardian/enrollments/" + made.([]any)[0].(object)["id"].(string)
	if got := c.must(200, http.MethodGet, path, nil); got["status"] != "confirmed" || got["phone_number"] != "+15550100" {
		t.Errorf("the enrollment is %v", got)
	}
	c.must(204, http.MethodDelete, path, nil)
	if status, _ := c.do(http.MethodGet, path, nil); status != http.StatusNotFound {
		t.Errorf("after its deletion it gets %d", status)
	}
	if left := c.list(user + "/authentication-methods"); len(left) != 1 {
		t.Errorf("left are %v", left)
	}
	if status, _ := c.do(http.MethodPut, user+"/authentication-methods", []object{{"type": "stone"}}); status != http.StatusBadRequest {
		t.Errorf("an unknown factor gets %d, want 400", status)
	}
	if left := c.list(user + "/authentication-methods"); len(left) != 1 {
		t.Errorf("after a bad request left are %v", left)
	}
}

func TestStatsCountTheLog(t *testing.T) {
	c := newClient(t)
	c.tenant.Freeze(time.Now()) // no day ends meanwhile
	c.loggedIn(servertest.SPA, servertest.SPACallback)
	c.loggedIn(servertest.Mobile, servertest.MobileCallback)
	daily := c.list("/stats/daily")
	if len(daily) != 1 || daily[0]["logins"] != 2.0 || daily[0]["signups"] != 0.0 {
		t.Errorf("the days are %v", daily)
	}
	if status, users := c.do(http.MethodGet, "/stats/active-users", nil); status != http.StatusOK || users != 1.0 {
		t.Errorf("active users: %d %v", status, users)
	}
	if got := c.list("/stats/daily?to=20200101"); len(got) != 0 {
		t.Errorf("until 2020 there are %v", got)
	}
	if status, _ := c.do(http.MethodGet, "/stats/daily?from=yesterday", nil); status != http.StatusBadRequest {
		t.Errorf("a day that is none gets %d, want 400", status)
	}
}

func TestNoAddressIsBlocked(t *testing.T) {
	c := newClient(t)
	for path, want := range map[string]int{"192.0.2.1": 404, "2001:db8::1": 404, "here": 400} {
		if status, _ := c.do(http.MethodGet, "/anomaly/blocks/ips/"+path, nil); status != want {
			t.Errorf("%s gets %d, want %d", path, status, want)
		}
	}
	c.must(204, http.MethodDelete, "/anomaly/blocks/ips/192.0.2.1", nil)
}

// TestAccessIsRevokedAsFarAsIsAsked: Auth0: api/management/v2/users/user-revoke-access.
func TestAccessIsRevokedAsFarAsIsAsked(t *testing.T) {
	for _, tt := range []struct {
		name            string
		body            func(first string) any
		first, second   int // what the refresh token of each session gets
		sessions, after int
	}{
		{"all that there is", func(string) any { return object{} }, 403, 403, 2, 0},
		{"without a body", func(string) any { return nil }, 403, 403, 2, 0},
		{"one session and its tokens", func(first string) any { return object{"session_id": first} }, 403, 200, 2, 1},
		{"one session alone", func(first string) any { return object{"session_id": first, "preserve_refresh_tokens": true} }, 200, 200, 2, 1},
		{"the sessions alone", func(string) any { return object{"preserve_refresh_tokens": true} }, 200, 200, 2, 0},
	} {
		t.Run(tt.name, func(t *testing.T) {
			c := newClient(t)
			path := "/users/" + url.PathEscape(c.employee())
			ids := func() (ids []string) {
				for _, s := range c.must(200, http.MethodGet, path+"/sessions", nil)["sessions"].([]any) {
					ids = append(ids, s.(object)["id"].(string))
				}
				return ids
			}
			first := c.loggedIn(servertest.SPA, servertest.SPACallback)
			session := ids()[0]
			second := c.loggedIn(servertest.Mobile, servertest.MobileCallback)
			if got := len(ids()); got != tt.sessions {
				t.Fatalf("there are %d sessions", got)
			}
			c.must(202, http.MethodPost, path+"/revoke-access", tt.body(session))
			if got := ids(); len(got) != tt.after || slices.Contains(got, session) {
				t.Errorf("the sessions are %v after %s was revoked, want %d", got, session, tt.after)
			}
			if got := []int{c.refresh(servertest.SPA, first), c.refresh(servertest.Mobile, second)}; got[0] != tt.first || got[1] != tt.second {
				t.Errorf("the refresh tokens get %v, want %d and %d", got, tt.first, tt.second)
			}
		})
	}
}

// TestAccessOfOthersIsNotRevoked: a session is ended only for its own user, and a request that is not understood ends nothing.
func TestAccessOfOthersIsNotRevoked(t *testing.T) {
	c := newClient(t)
	token := c.loggedIn(servertest.SPA, servertest.SPACallback)
	path := "/users/" + url.PathEscape(c.employee())
	session := c.must(200, http.MethodGet, path+"/sessions", nil)["sessions"].([]any)[0].(object)["id"].(string)
	other := c.must(201, http.MethodPost, "/users", object{"connection": "Username-Password-Authentication", "email": "other@example.com", "password": "Other!2026x"})["user_id"].(string)
	c.refuses([]refusal{
		{http.MethodPost, "/users/" + url.PathEscape(other) + "/revoke-access", object{"session_id": session}, 404, "inexistent_session", "The session does not exist."},
		{http.MethodPost, path + "/revoke-access", object{"session_id": "none"}, 404, "inexistent_session", "The session does not exist."},
		{http.MethodPost, path + "/revoke-access", object{"session_id": letters(51)}, 400, "invalid_body", "Payload validation error: 'String is too long (51 chars), maximum 50' on property session_id."},
		{http.MethodPost, path + "/revoke-access", object{"preserve_refresh_tokens": "yes"}, 400, "invalid_body", "Payload validation error: 'Expected type boolean but found type string' on property preserve_refresh_tokens."},
		{http.MethodPost, path + "/revoke-access", object{"sessions": []string{session}}, 400, "invalid_body", "Payload validation error: 'Additional properties not allowed: sessions'."},
	})
	if got := c.refresh(servertest.SPA, token); got != 200 {
		t.Errorf("the refresh token gets %d", got)
	}
}
