package device_test

import (
	"net/http"
	"net/url"
	"regexp"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"github.com/tenant0/tenant0/server/servertest"
)

const file = `
tenant: {default_directory: Username-Password-Authentication}
clients:
  - {name: Television, client_id: tv, app_type: native, token_endpoint_auth_method: none, callbacks: [], grant_types: ["urn:ietf:params:oauth:grant-type:device_code", refresh_token]}
  - {name: Radio, client_id: radio, app_type: native, token_endpoint_auth_method: none, callbacks: [], grant_types: ["urn:ietf:params:oauth:grant-type:device_code"]}
  - {name: Stranger, client_id: stranger, app_type: native, token_endpoint_auth_method: none, is_first_party: false, callbacks: [], grant_types: ["urn:ietf:params:oauth:grant-type:device_code"]}
  - {name: Phone, client_id: phone, app_type: native, token_endpoint_auth_method: none, callbacks: [], grant_types: [authorization_code]}
  - {name: Box, client_id: box, app_type: native, token_endpoint_auth_method: none, callbacks: ["https://box.example.com/callback"], grant_types: ["urn:ietf:params:oauth:grant-type:device_code", authorization_code]}
  - {name: management, client_id: Tenant0ManagementClient000000001, client_secret: tenant0-management-secret-for-development-only,
     app_type: non_interactive, grant_types: [client_credentials]}
resourceServers:
  - {name: rs, identifier: "urn:rs", allow_offline_access: true, skip_consent_for_verifiable_first_party_clients: true, scopes: [{value: "read:it"}]}
clientGrants:
  - {client_id: management, audience: "${issuer}api/v2/", allow_all_scopes: true}
users:
  - {user_id: "auth0|ann", email: ann@example.com, password: a password of ann, connection: Username-Password-Authentication}
databases:
  - {name: Username-Password-Authentication, strategy: auth0, enabled_clients: [tv, radio, stranger, phone, box]}
`

const grant = "urn:ietf:params:oauth:grant-type:device_code"

type object = map[string]any

type tenant struct {
	*servertest.Server
	device, browser *http.Client
	t               *testing.T
}

func start(t *testing.T, more string) tenant {
	t.Helper()
	s := servertest.Start(t, servertest.Seed(strings.Replace(file, "tenant: {", "tenant: {"+more, 1)), servertest.HTTP())
	s.Freeze(time.Date(2027, 3, 1, 12, 0, 0, 0, time.UTC))
	return tenant{s, s.Client(), s.Client(), t}
}

func diff(t *testing.T, what string, got, want any) {
	t.Helper()
	if d := cmp.Diff(want, got); d != "" {
		t.Errorf("%s (-want +got):\n%s", what, d)
	}
}

// codes requests a device code and a user code for a device.
func (tn tenant) codes(client string, more ...string) (deviceCode, userCode string) {
	tn.t.Helper()
	form := url.Values{"client_id": {client}, "scope": {"openid offline_access read:it"}, "audience": {"urn:rs"}}
	for i := 0; i < len(more); i += 2 {
		form.Set(more[i], more[i+1])
	}
	status, body := tn.Post(tn.device, "oauth/device/code", form)
	if status != 200 {
		tn.t.Fatalf("device code: %d %v", status, body)
	}
	return body["device_code"].(string), body["user_code"].(string)
}

func (tn tenant) poll(client, code string) (int, object) {
	tn.t.Helper()
	return tn.Token(tn.device, url.Values{"grant_type": {grant}, "client_id": {client}, "device_code": {code}})
}

func (tn tenant) refused(client, code string, status int, name, description string) {
	tn.t.Helper()
	got, body := tn.poll(client, code)
	if got != status || body["error"] != name || body["error_description"] != description {
		tn.t.Errorf("a poll: %d %v, want %d %s: %s", got, body, status, name, description)
	}
}

const (
	pending = "User has yet to authorize device code."
	hasty   = "You are polling faster than the specified interval of 5 seconds."
	unknown = "Invalid or expired device code."
)

// activate enters a user code, answers the confirmation with an action, and continues to the last page.
func (tn tenant) activate(code, action string) servertest.Page {
	tn.t.Helper()
	_, page := tn.Visit(tn.browser, tn.URL+"activate")
	diff(tn.t, "status of /activate", page.Status, 200)
	_, page = tn.Submit(tn.browser, page, url.Values{"code": {code}, "action": {"default"}})
	if !strings.Contains(page.Body, strings.ToUpper(code)) || page.Status != 200 {
		tn.t.Fatalf("the code is not shown: %d %s", page.Status, page.Body)
	}
	_, page = tn.Submit(tn.browser, page, url.Values{"action": {action}})
	for range 3 {
		form := page.Form()
		switch page.URL.Path {
		case "/u/login":
			form.Set("username", "ann@example.com")
			form.Set("password", "a password of ann")
		case "/u/consent":
			form.Set("action", "accept")
			if action == "decline" {
				form.Set("action", "decline")
			}
		default:
			return page
		}
		_, page = tn.Submit(tn.browser, page, form)
	}
	return page
}

func TestADeviceIsLetIn(t *testing.T) {
	tn := start(t, "")
	status, body := tn.Post(tn.device, "oauth/device/code", url.Values{"client_id": {"tv"}, "scope": {"openid offline_access read:it"}, "audience": {"urn:rs"}})
	diff(t, "status", status, 200)
	code, user := body["device_code"].(string), body["user_code"].(string)
	if !regexp.MustCompile(`^[BCDFGHJKLMNPQRSTVWXZ]{4}-[BCDFGHJKLMNPQRSTVWXZ]{4}$`).MatchString(user) || len(code) < 40 {
		t.Errorf("the codes are %s and %s", code, user)
	}
	diff(t, "the rest", body, object{
		"device_code": code, "user_code": user, "expires_in": 900.0, "interval": 5.0,
		"verification_uri": tn.URL + "activate", "verification_uri_complete": tn.URL + "activate?user_code=" + user,
	})
	tn.refused("tv", code, 403, "authorization_pending", pending)
	tn.refused("tv", code, 429, "slow_down", hasty)
	tn.Advance(5 * time.Second)
	tn.refused("tv", code, 403, "authorization_pending", pending)

	page := tn.activate(strings.ToLower(strings.ReplaceAll(user, "-", "")), "confirm")
	if page.Status != 200 || !strings.Contains(page.Body, "Your device is now connected.") {
		t.Fatalf("the last page: %d %s", page.Status, page.Body)
	}
	tn.refused("radio", code, 403, "invalid_grant", unknown) // another application's
	tn.refused("tv", code, 429, "slow_down", hasty)
	tn.Advance(5 * time.Second)
	status, tokens := tn.poll("tv", code)
	diff(t, "status", status, 200)
	diff(t, "scope", tokens["scope"], "openid offline_access read:it")
	if tokens["id_token"] == nil {
		t.Errorf("the tokens are %v", tokens)
	}
	tn.Advance(5 * time.Second)
	tn.refused("tv", code, 403, "invalid_grant", unknown) // once
	status, refreshed := tn.Token(tn.device, url.Values{"grant_type": {"refresh_token"}, "client_id": {"tv"}, "refresh_token": {tokens["refresh_token"].(string)}})
	if status != 200 {
		t.Errorf("a refresh: %d %v", status, refreshed)
	}

	// With a session in the browser only the confirmation page appears.
	code, user = tn.codes("radio", "audience", "", "scope", "openid")
	if page := tn.activate(user, "confirm"); !strings.Contains(page.Body, "Your device is now connected.") {
		t.Errorf("with a session: %d %s", page.Status, page.Body)
	}
	if status, tokens = tn.poll("radio", code); status != 200 || tokens["refresh_token"] != nil {
		t.Errorf("without offline_access: %d %v", status, tokens)
	}
}

func TestADeviceIsRefused(t *testing.T) {
	tn := start(t, "")
	const denied = "User cancelled the confirmation prompt."
	code, user := tn.codes("tv")
	if page := tn.activate(user, "cancel"); !strings.Contains(page.Body, "Activation Denied") {
		t.Errorf("after Cancel: %d %s", page.Status, page.Body)
	}
	tn.refused("tv", code, 403, "access_denied", denied)

	code, user = tn.codes("stranger")
	_, page := tn.Visit(tn.browser, tn.URL+"activate?user_code="+user)
	_, page = tn.Submit(tn.browser, page, url.Values{"action": {"confirm"}})
	form := page.Form()
	form.Set("username", "ann@example.com")
	form.Set("password", "a password of ann")
	_, page = tn.Submit(tn.browser, page, form)
	diff(t, "the page of an application of others", page.URL.Path, "/u/consent")
	form = page.Form()
	form.Set("action", "decline")
	if _, page = tn.Submit(tn.browser, page, form); page.Status != 403 || !strings.Contains(page.Body, "Activation Denied") {
		t.Errorf("after Decline: %d %s", page.Status, page.Body)
	}
	tn.refused("stranger", code, 403, "access_denied", denied)

	// A code that was answered cannot be used again.
	if _, page := tn.Visit(tn.browser, tn.URL+"activate?user_code="+user); page.Status != 400 || !strings.Contains(page.Body, "Invalid or expired user code") {
		t.Errorf("a used user code: %d %s", page.Status, page.Body)
	}
}

// TestADeviceIsAnsweredOnce: the end of a login lets no device in that was refused or has expired meanwhile.
func TestADeviceIsAnsweredOnce(t *testing.T) {
	tn := start(t, "")
	for name, tt := range map[string]struct {
		meanwhile    func(user string)
		status       int
		code, answer string
	}{
		"refused in another tab": {func(user string) {
			_, page := tn.Visit(tn.browser, tn.URL+"activate?user_code="+user)
			if _, page = tn.Submit(tn.browser, page, url.Values{"action": {"cancel"}}); !strings.Contains(page.Body, "Activation Denied") {
				t.Fatalf("the other tab: %d %s", page.Status, page.Body)
			}
		}, 403, "access_denied", "User cancelled the confirmation prompt."},
		"expired": {func(string) { tn.Advance(15 * time.Minute) }, 403, "expired_token", "The device_code is expired."},
	} {
		tn.browser = tn.Client()
		code, user := tn.codes("tv")
		_, page := tn.Visit(tn.browser, tn.URL+"activate?user_code="+user)
		_, page = tn.Submit(tn.browser, page, url.Values{"action": {"confirm"}})
		form := page.Form()
		tt.meanwhile(user)
		form.Set("username", "ann@example.com")
		form.Set("password", "a password of ann")
		if _, page = tn.Submit(tn.browser, page, form); page.Status != 400 {
			t.Errorf("%s: the login ends with %d %s", name, page.Status, page.Body)
		}
		tn.refused("tv", code, tt.status, tt.code, tt.answer)
	}
}

func TestADeviceIsLate(t *testing.T) {
	tn := start(t, "")
	code, user := tn.codes("tv")
	tn.Advance(15 * time.Minute)
	if _, page := tn.Visit(tn.browser, tn.URL+"activate?user_code="+user); page.Status != 400 {
		t.Errorf("an old user code: %d", page.Status)
	}
	tn.refused("tv", code, 403, "expired_token", "The device_code is expired.")
	tn.refused("tv", code, 403, "invalid_grant", unknown)
}

func TestWhatADeviceMayNot(t *testing.T) {
	tn := start(t, "")
	tn.refused("tv", "", 400, "invalid_request", "Missing required parameter: device_code")
	tn.refused("tv", "x", 403, "invalid_grant", unknown)
	for _, tt := range []struct {
		name              string
		form              url.Values
		status            int
		code, description string
	}{
		{"an application without the grant", url.Values{"client_id": {"phone"}}, 403, "unauthorized_client", "Grant type '" + grant + "' not allowed for the client."},
		{"an application that is none", url.Values{"client_id": {"x"}}, 401, "access_denied", "Unauthorized"},
		{"no application", url.Values{}, 400, "invalid_request", "Missing required parameter: client_id"},
		{"an API that is none", url.Values{"client_id": {"tv"}, "audience": {"urn:none"}}, 403, "access_denied", "Service not found: urn:none"},
	} {
		status, body := tn.Post(tn.device, "oauth/device/code", tt.form)
		if status != tt.status || body["error"] != tt.code || body["error_description"] != tt.description {
			t.Errorf("%s: %d %v", tt.name, status, body)
		}
	}
	if status, body := tn.poll("phone", "x"); status != 403 || body["error"] != "unauthorized_client" {
		t.Errorf("a poll without the grant: %d %v", status, body)
	}
}

// TestUserCodesAreNotGuessed: an IP address may enter ten wrong codes, and then one more every six minutes.
func TestUserCodesAreNotGuessed(t *testing.T) {
	tn := start(t, "")
	says := func(words string) {
		t.Helper()
		if _, page := tn.Visit(tn.browser, tn.URL+"activate?user_code=BBBB-BBBB"); page.Status != 400 || !strings.Contains(page.Body, words) {
			t.Errorf("a wrong code: %d %s, want %s", page.Status, page.Body, words)
		}
	}
	for range 10 {
		says("Invalid or expired user code")
	}
	says("Too many failed codes")
	tn.Advance(6 * time.Minute)
	says("Invalid or expired user code")
	says("Too many failed codes")
}

// TestTheTenantSaysHowCodesLook checks the setting device_flow.
func TestTheTenantSaysHowCodesLook(t *testing.T) {
	tn := start(t, `device_flow: {charset: digits, mask: "*** ***"}, `)
	_, user := tn.codes("tv")
	if !regexp.MustCompile(`^[0-9]{3} [0-9]{3}$`).MatchString(user) {
		t.Errorf("the user code is %q", user)
	}
}

// TestAPageOfAnotherSiteConfirmsNothing: a cross-site POST does not confirm a device.
func TestAPageOfAnotherSiteConfirmsNothing(t *testing.T) {
	tn := start(t, "")
	code, user := tn.codes("tv")
	rq, err := http.NewRequestWithContext(t.Context(), http.MethodPost, tn.URL+"activate?user_code="+user, strings.NewReader("action=confirm"))
	if err != nil {
		t.Fatal(err)
	}
	rq.Header.Set("Content-Type", "application/x-www-form-urlencoded")
	rq.Header.Set("Origin", "https://evil.example")
	rq.Header.Set("Sec-Fetch-Site", "cross-site")
	resp, err := tn.browser.Do(rq)
	if err != nil {
		t.Fatal(err)
	}
	resp.Body.Close()
	diff(t, "status", resp.StatusCode, 403)
	tn.refused("tv", code, 403, "authorization_pending", pending)
}

// TestTheLoginOfADeviceEndsHereAlone: only a code of that login connects the device, and that
// code cannot be exchanged for tokens.
func TestTheLoginOfADeviceEndsHereAlone(t *testing.T) {
	tn := start(t, "")
	code, user := tn.codes("tv")
	for _, query := range []string{"", "?code=x", "?state=x&code=x", "?error=access_denied"} {
		if _, page := tn.Visit(tn.browser, tn.URL+"u/device-code-activation"+query); page.Status != 400 {
			t.Errorf("with %q: %d", query, page.Status)
		}
	}
	tn.refused("tv", code, 403, "authorization_pending", pending)
	end := tn.confirmed(user)
	status, body := tn.Token(tn.device, url.Values{
		"grant_type": {"authorization_code"}, "client_id": {"tv"}, "code": {end.Query().Get("code")}, "redirect_uri": {tn.URL + "u/device-code-activation"}, "code_verifier": {"x"},
	})
	if status == 200 {
		t.Errorf("the code is redeemed elsewhere: %v", body)
	}
	if _, page := tn.Visit(tn.browser, end.String()); page.Status != 200 {
		t.Errorf("%d %s", page.Status, page.Body)
	}
}

// confirmed returns the URL to which the login for a device redirects, before the browser follows it.
func (tn tenant) confirmed(user string) *url.URL {
	tn.t.Helper()
	_, page := tn.Visit(tn.browser, tn.URL+"activate?user_code="+user)
	_, page = tn.Submit(tn.browser, page, url.Values{"action": {"confirm"}})
	form := page.Form()
	form.Set("username", "ann@example.com")
	form.Set("password", "a password of ann")
	resp, err := tn.browser.PostForm(page.URL.String(), form)
	if err != nil {
		tn.t.Fatal(err)
	}
	resp.Body.Close()
	resp, err = tn.browser.Get(tn.URL + strings.TrimPrefix(resp.Header.Get("Location"), "/"))
	if err != nil {
		tn.t.Fatal(err)
	}
	resp.Body.Close()
	end, err := resp.Location()
	if err != nil || end.Path != "/u/device-code-activation" {
		tn.t.Fatalf("the login ends at %v, %v", end, err)
	}
	return end
}

// TestACodeOfAnotherLoginLetsNoDeviceIn: a code stolen from a login of the application, or from the login of
// another device, does not connect the attacker's device, RFC 9700 section 4.5.
func TestACodeOfAnotherLoginLetsNoDeviceIn(t *testing.T) {
	tn := start(t, "")
	stolen := map[string]string{
		"a login of the application": tn.Login(tn.Client(), servertest.Login{
			ClientID: "box", RedirectURI: "https://box.example.com/callback", Username: "ann@example.com", Password: "a password of ann",
			Params: url.Values{"audience": {""}, "scope": {"openid"}},
		}).Get("code"),
	}
	tn.browser = tn.Client()
	_, user := tn.codes("tv")
	stolen["another application's device"] = tn.confirmed(user).Query().Get("code")
	tn.browser = tn.Client()
	device, user := tn.codes("box")
	end := tn.confirmed(user)
	for whose, code := range stolen {
		query := url.Values{"state": {end.Query().Get("state")}, "code": {code}}
		if _, page := tn.Visit(tn.browser, tn.URL+"u/device-code-activation?"+query.Encode()); page.Status != http.StatusBadRequest || code == "" {
			t.Errorf("the code of %s: %d", whose, page.Status)
		}
	}
	tn.refused("box", device, 403, "authorization_pending", pending)
	if _, page := tn.Visit(tn.browser, end.String()); page.Status != http.StatusOK {
		t.Errorf("its own code: %d", page.Status)
	}
}

func TestDevicesInTheLog(t *testing.T) {
	tn := start(t, "")
	tn.Post(tn.device, "oauth/device/code", url.Values{"client_id": {"phone"}})
	tn.Visit(tn.browser, tn.URL+"activate?user_code=BBBB-BBBB")
	_, user := tn.codes("tv")
	tn.activate(user, "cancel")
	code, user := tn.codes("tv")
	tn.poll("tv", code)
	tn.activate(user, "confirm")
	tn.Advance(5 * time.Second)
	tn.poll("tv", code)
	tn.poll("tv", code)
	_, answer := tn.Manage(tn.browser, http.MethodGet, "logs?sort=date:1&per_page=100", nil)
	var got []string
	for _, item := range answer.([]any) {
		if kind := item.(object)["type"].(string); kind != "seccft" && kind != "sapi" {
			got = append(got, kind)
		}
	}
	slices.Sort(got)
	diff(t, "events", got, []string{"fdeac", "fdeaz", "fdecc", "fede", "s", "sede"})
}

// TestADeviceOfABlockedUser: if a user is blocked or deleted after confirming a device, the device gets
// no tokens.
func TestADeviceOfABlockedUser(t *testing.T) {
	tn := start(t, "")
	code, user := tn.codes("tv")
	tn.activate(user, "confirm")
	if status, answer := tn.Manage(tn.Client(), http.MethodPatch, "users/auth0%7Cann", object{"blocked": true}); status != http.StatusOK {
		t.Fatalf("%d %v", status, answer)
	}
	tn.refused("tv", code, 403, "unauthorized", "user is blocked")
	if status, answer := tn.Manage(tn.Client(), http.MethodDelete, "users/auth0%7Cann", nil); status != http.StatusNoContent {
		t.Fatalf("%d %v", status, answer)
	}
	tn.Advance(6 * time.Second)
	tn.refused("tv", code, 403, "invalid_grant", unknown)
}
