package server_test

import (
	"encoding/json"
	"fmt"
	"io"
	"net/http"
	"net/url"
	"strings"
	"testing"
	"time"

	"github.com/tenant0/tenant0/server/clock"
	"github.com/tenant0/tenant0/server/servertest"
)

// edges are JSON values at the limits of the server's ranges and of number types.
var edges = []string{
	"-9223372036854775809", "-2147483649", "-1", "-0.5", "0", "0.001", "0.01", "0.5", "1", "1.5", "10", "24", "25", "72", "73", "100", "101", "128", "129",
	"2400", "2400.5", "8760", "8761", "65535", "65536", "144000", "144001", "525600", "525601", "2592000", "2592001", "157788000", "157788001", "2147483647", "2147483648", "4294967296",
	"9007199254740992", "9007199254740993", "9223372036854775807", "9223372036854775808", "1e300", "1e400", `"NaN"`, `"1"`, "true", "[1]", "{}",
}

// bounded is a request with a number at %s in its body, and the least and the largest number
// that the server accepts.
type bounded struct {
	method, path, body string
	least, most        float64
}

func TestNumbersAreBounded(t *testing.T) {
	p := startPages(t)
	bearer := "Bearer " + p.machineToken(servertest.Management, servertest.ManagementSecret, p.Issuer()+"api/v2/")
	find := func(path, member, value string) map[string]any {
		t.Helper()
		_, list := p.Manage(p.client, http.MethodGet, path, nil)
		for _, one := range list.([]any) {
			if one.(map[string]any)[member] == value {
				return one.(map[string]any)
			}
		}
		t.Fatalf("%s has nothing whose %s is %s", path, member, value)
		return nil
	}
	api := "resource-servers/" + find("resource-servers", "identifier", servertest.API)["id"].(string)
	connection := "connections/" + find("connections", "name", "Username-Password-Authentication")["id"].(string)
	user := find("users-by-email?email="+servertest.Employee, "email", servertest.Employee)["user_id"].(string)
	organization := p.manage(http.StatusCreated, http.MethodPost, "organizations", map[string]any{"name": "acme"})["id"].(string)
	p.manage(http.StatusOK, http.MethodPatch, "clients/"+servertest.Web, map[string]any{"organization_usage": "allow", "initiate_login_uri": "https://app.test/login"})
	refresh := `{"refresh_token":{"rotation_type":"rotating","expiration_type":"expiring","%s":%%s}}`
	p.manage(http.StatusCreated, http.MethodPost, "emails/provider", map[string]any{"name": "smtp", "enabled": false, "default_from_address": "a@b.test", "credentials": map[string]any{"smtp_host": "h", "smtp_port": 25, "smtp_user": "u", "smtp_pass": "p"}})
	const int32 = 1<<31 - 1
	for _, n := range []bounded{
		{"PATCH", "tenants/settings", `{"session_lifetime":%s}`, 0.01, 8760},
		{"PATCH", "tenants/settings", `{"idle_session_lifetime":%s}`, 0.01, 2400},
		{"PATCH", "tenants/settings", `{"ephemeral_session_lifetime":%s}`, 0.01, 8760},
		{"PATCH", "tenants/settings", `{"idle_ephemeral_session_lifetime":%s}`, 0.01, 2400},
		{"PATCH", "tenants/settings", `{"session_lifetime_in_minutes":%s}`, 1, 525600},
		{"PATCH", "tenants/settings", `{"idle_session_lifetime_in_minutes":%s}`, 1, 144000},
		{"PATCH", api, `{"token_lifetime":%s}`, 0, 2592000},
		{"PATCH", api, `{"token_lifetime":2592000,"token_lifetime_for_web":%s}`, 0, 2592000},
		{"PATCH", "clients/" + servertest.SPA, `{"jwt_configuration":{"alg":"RS256","lifetime_in_seconds":%s}}`, 0, 2592000},
		{"PATCH", "clients/" + servertest.SPA, fmt.Sprintf(refresh, "token_lifetime"), 1, 157788000},
		{"PATCH", "clients/" + servertest.SPA, fmt.Sprintf(refresh, "idle_token_lifetime"), 1, 157788000},
		{"PATCH", "clients/" + servertest.SPA, fmt.Sprintf(refresh, "leeway"), 0, int32},
		{"POST", "tickets/password-change", `{"user_id":"` + user + `","ttl_sec":%s}`, 0, int32},
		{"POST", "tickets/email-verification", `{"user_id":"` + user + `","ttl_sec":%s}`, 0, int32},
		{"POST", "organizations/" + organization + "/invitations", `{"client_id":"` + servertest.Web + `","inviter":{"name":"I"},"invitee":{"email":"a@example.com"},"send_invitation_email":false,"ttl_sec":%s}`, 0, 2592000},
		{"PATCH", "attack-protection/brute-force-protection", `{"max_attempts":%s}`, 1, 100},
		{"PATCH", "emails/provider", `{"credentials":{"smtp_host":"h","smtp_port":%s,"smtp_user":"u","smtp_pass":"p"}}`, 1, 65535},
		{"PATCH", connection, `{"options":{"password_history":{"enable":true,"size":%s}}}`, 0, 24},
		{"PATCH", connection, `{"options":{"password_complexity_options":{"min_length":%s}}}`, 1, 128},
	} {
		taken := 0
		for _, edge := range edges {
			a := p.from("", n.method, "api/v2/"+n.path, fmt.Sprintf(n.body, edge), "Authorization", bearer, "Content-Type", jsonType)
			var v float64
			number := json.Unmarshal([]byte(edge), &v) == nil
			inRange := number && v >= n.least && v <= n.most
			switch {
			case a.status/100 == 2 && inRange:
				taken++
			case a.status != http.StatusBadRequest || inRange && v == float64(int64(v)):
				t.Errorf("%s %s with %s: %d %s", n.method, n.path, fmt.Sprintf(n.body, edge), a.status, a.body)
			case number && v > n.most && !strings.Contains(a.body, "greater than maximum") && !strings.Contains(a.body, "found type number"):
				t.Errorf("%s in %s is refused with %s", edge, n.body, a.body)
			}
			if a.status/100 == 2 && !strings.Contains(n.path, "tickets") && !strings.Contains(n.path, "connections") {
				p.logsIn(fmt.Sprintf(n.body, edge))
			}
		}
		if taken < 2 {
			t.Errorf("%s: only %d of the numbers are taken", n.body, taken)
		}
	}
}

// logsIn checks that with a setting users can still log in, stay logged in and use
// their tokens.
func (p pages) logsIn(setting string) {
	p.t.Helper()
	browser := p.Client()
	params := url.Values{"scope": {"openid offline_access"}}
	result := p.Login(browser, servertest.Login{ClientID: servertest.SPA, RedirectURI: servertest.SPACallback, Params: params})
	status, tokens := p.Token(browser, result.Form())
	if status != http.StatusOK {
		p.t.Fatalf("with %s a code is answered with %d %v", setting, status, tokens)
	}
	lifetime, _ := tokens["expires_in"].(float64)
	if lifetime <= 0 {
		p.t.Errorf("with %s tokens live %v seconds", setting, tokens["expires_in"])
	}
	silent, _ := p.AuthorizeURL(servertest.Login{ClientID: servertest.SPA, RedirectURI: servertest.SPACallback, Params: url.Values{"scope": {"openid"}, "prompt": {"none"}}})
	resp, err := browser.Get(silent)
	if err != nil {
		p.t.Fatal(err)
	}
	resp.Body.Close()
	if location := resp.Header.Get("Location"); !strings.Contains(location, "code=") {
		p.t.Errorf("with %s the session is not there: %s", setting, location)
	}
	form := url.Values{"grant_type": {"refresh_token"}, "client_id": {servertest.SPA}, "refresh_token": {fmt.Sprint(tokens["refresh_token"])}}
	if status, body := p.Token(browser, form); status != http.StatusOK {
		p.t.Errorf("with %s a refresh is answered with %d %v", setting, status, body)
	}
}

// TestNumbersInQueriesAreBounded sends numbers out of range to the paging parameters of every list.
func TestNumbersInQueriesAreBounded(t *testing.T) {
	p := startPages(t)
	operations, err := p.Operations()
	if err != nil {
		t.Fatal(err)
	}
	bearer := "Bearer " + p.machineToken(servertest.Management, servertest.ManagementSecret, p.Issuer()+"api/v2/")
	extension := p.extensionToken()
	values := []string{"-9223372036854775809", "-1", "-0", "0", "0.5", "1", "1000", "2147483647", "2147483648", "4611686018427387904", "9223372036854775807", "9223372036854775808", "1e300", "NaN", "%00", "１"}
	asked := 0
	for _, operation := range operations {
		method, path, _ := strings.Cut(operation, " ")
		authorization := bearer
		if strings.HasPrefix(path, "/extensions/") {
			authorization = extension
		}
		if method != http.MethodGet || strings.Contains(path, "{") || !strings.HasPrefix(path, "/api/v2/") && !strings.HasPrefix(path, "/extensions/authorization/api/") {
			continue
		}
		for _, name := range []string{"page", "per_page", "take", "from"} {
			for _, value := range values {
				query := name + "=" + value
				if name == "page" {
					query += "&per_page=7"
				}
				if a := p.from("", method, path[1:]+"?"+query, "", "Authorization", authorization); a.status >= 500 && a.status != http.StatusNotImplemented {
					t.Errorf("%s?%s: %d %s", path, query, a.status, a.body)
				}
				asked++
			}
		}
	}
	if asked < 1000 {
		t.Errorf("only %d requests were sent", asked)
	}
	for query, want := range map[string]int{
		"page=2147483647&per_page=100": http.StatusOK, "page=2147483648": http.StatusBadRequest, "page=9223372036854775807&per_page=50": http.StatusBadRequest,
		"page=99999999999999999999": http.StatusBadRequest, "page=-1": http.StatusBadRequest, "page=0.5": http.StatusBadRequest,
		"per_page=101": http.StatusBadRequest, "per_page=-1": http.StatusBadRequest, "take=101": http.StatusBadRequest, "take=-5": http.StatusBadRequest,
	} {
		path := "api/v2/roles?"
		if strings.Contains(query, "take") {
			path = "api/v2/organizations?"
		}
		a := p.from("", http.MethodGet, path+query, "", "Authorization", bearer)
		if a.status != want || want == http.StatusOK && a.body != "[]" || want != http.StatusOK && !strings.Contains(a.body, "Query validation error") {
			t.Errorf("%s: %d %s, want %d", query, a.status, a.body, want)
		}
	}
}

// extensionToken returns an Authorization header for the API of the Authorization Extension.
func (p pages) extensionToken() string {
	p.t.Helper()
	const audience = "urn:auth0-authz-api"
	made := p.manage(http.StatusCreated, http.MethodPost, "clients", map[string]any{"name": "Extension", "app_type": "non_interactive"})
	id, secret := made["client_id"].(string), made["client_secret"].(string)
	p.manage(http.StatusCreated, http.MethodPost, "client-grants", map[string]any{"client_id": id, "audience": audience, "scope": []string{
		"read:users", "read:groups", "read:roles", "read:permissions", "read:applications", "read:connections", "read:configuration",
	}})
	return "Bearer " + p.machineToken(id, secret, audience)
}

// control sends a JSON request to the control listener.
func (p pages) control(method, path, body string) answer {
	p.t.Helper()
	rq, err := http.NewRequestWithContext(p.t.Context(), method, p.ControlURL()+path, strings.NewReader(body))
	if err != nil {
		p.t.Fatal(err)
	}
	resp, err := p.client.Do(rq)
	if err != nil {
		p.t.Fatal(err)
	}
	defer resp.Body.Close()
	raw, err := io.ReadAll(resp.Body)
	if err != nil {
		p.t.Fatal(err)
	}
	return answer{resp.StatusCode, resp.Header, string(raw)}
}

// now returns the time of the server's clock, and whether the clock is frozen.
func (p pages) now() (now time.Time, frozen bool) {
	p.t.Helper()
	var state struct {
		Now    time.Time `json:"now"`
		Frozen bool      `json:"frozen"`
	}
	if err := json.Unmarshal([]byte(p.control(http.MethodGet, "/clock", "").body), &state); err != nil {
		p.t.Fatal(err)
	}
	return state.Now, state.Frozen
}

func TestTheClockStaysInItsRange(t *testing.T) {
	p := startPages(t)
	refused := []string{
		`{"seconds":1e300}`, `{"seconds":-1e300}`, `{"seconds":1e400}`, `{"seconds":9223372036854775807}`, `{"seconds":9223372036}`, `{"seconds":-9223372036}`,
		`{"seconds":18446744073709551616}`, `{"by":"2562047h47m16.854775807s"}`, `{"by":"-2562047h47m16.854775807s"}`, `{"by":"2562048h"}`, `{"by":"1e9h"}`,
		`{"by":"NaN"}`, `{"by":"NaNs"}`, `{"by":1}`, `{}`, `{"seconds":"1"}`, `{"seconds":null}`,
	}
	for range 3 { // the first may come within the range, and one after it beyond
		for _, body := range refused {
			before, _ := p.now()
			if a := p.control(http.MethodPost, "/clock/advance", body); a.status != http.StatusBadRequest {
				t.Errorf("%s: %d %s", body, a.status, a.body)
			}
			if after, _ := p.now(); after.Before(before) || after.Sub(before) > time.Hour {
				t.Fatalf("%s moves the clock from %v to %v", body, before, after)
			}
		}
	}
	for range 5 {
		p.control(http.MethodPost, "/clock/advance", `{"by":"800000h"}`)
		p.logsIn("a clock far ahead")
	}
	if now, _ := p.now(); now.After(clock.Latest) || now.Before(time.Date(2100, 1, 1, 0, 0, 0, 0, time.UTC)) {
		t.Errorf("the clock shows %v", now)
	}
	for _, body := range []string{
		`{"now":"1734-01-01T00:00:00Z"}`, `{"now":"1969-12-31T23:59:59Z"}`, `{"now":"2200-01-01T00:00:01Z"}`, `{"now":"9999-12-31T23:59:59Z"}`,
		`{"now":"0001-01-01T00:00:00Z"}`, `{"now":"10000-01-01T00:00:00Z"}`, `{"now":1e300}`, `{"now":"soon"}`, `{"frozen":true}`, `{"now":"1734-01-01T00:00:00Z","frozen":true}`,
	} {
		if a := p.control(http.MethodPut, "/clock", body); a.status != http.StatusBadRequest {
			t.Errorf("%s: %d %s", body, a.status, a.body)
		}
	}
	for _, now := range []time.Time{clock.Earliest.Add(time.Second), clock.Latest.Add(-time.Hour), time.Date(2030, 1, 1, 0, 0, 0, 0, time.UTC)} {
		if a := p.control(http.MethodPut, "/clock", `{"now":"`+now.Format(time.RFC3339)+`","frozen":true}`); a.status != http.StatusOK {
			t.Errorf("%v: %d %s", now, a.status, a.body)
		}
		if got, frozen := p.now(); !frozen || !got.Equal(now) {
			t.Errorf("the clock shows %v, want %v", got, now)
		}
		p.logsIn("a clock frozen at " + now.String())
	}
}

// TestAResetBringsTheClockBack: the test that runs after a reset must not see the time of the one before.
func TestAResetBringsTheClockBack(t *testing.T) {
	p := startPages(t)
	for _, move := range []func(){
		func() { p.Advance(90 * 24 * time.Hour) },
		func() { p.Advance(-90 * 24 * time.Hour) },
		func() { p.Freeze(time.Date(2030, 1, 1, 0, 0, 0, 0, time.UTC)) },
	} {
		move()
		if a := p.control(http.MethodPost, "/reset", ""); a.status != http.StatusNoContent {
			t.Fatalf("the reset: %d %s", a.status, a.body)
		}
		if now, frozen := p.now(); frozen || time.Since(now).Abs() > time.Hour {
			t.Errorf("after a reset the clock shows %v, frozen %v", now, frozen)
		}
		p.logsIn("a reset")
	}
	p.Advance(time.Hour)
	if a := p.control(http.MethodDelete, "/clock", ""); a.status != http.StatusOK {
		t.Errorf("DELETE /clock: %d %s", a.status, a.body)
	}
	if now, _ := p.now(); time.Since(now).Abs() > 10*time.Minute {
		t.Errorf("after DELETE /clock the clock shows %v", now)
	}
}

func TestMaxAgeIsBounded(t *testing.T) {
	p := startPages(t)
	for value, ok := range map[string]bool{
		"0": true, "1": true, "86400": true, "2147483647": true, "-1": false, "0.5": false, "2147483648": true, "9007199254740993": true,
		"9223372036854775807": true, "9223372036854775808": false, "1e300": false, "NaN": false, " 1": false,
	} {
		target, _ := p.AuthorizeURL(servertest.Login{ClientID: servertest.SPA, RedirectURI: servertest.SPACallback, Params: url.Values{"max_age": {value}}})
		resp, err := p.client.Get(target)
		if err != nil {
			t.Fatal(err)
		}
		resp.Body.Close()
		refused := strings.Contains(resp.Header.Get("Location"), "error=invalid_request")
		if ok && value != "0" {
			browser := p.Client()
			login := servertest.Login{ClientID: servertest.SPA, RedirectURI: servertest.SPACallback, Params: url.Values{"max_age": {value}}}
			if status, tokens := p.Token(browser, p.Login(browser, login).Form()); status != http.StatusOK {
				t.Errorf("max_age=%s: %d %v", value, status, tokens)
			}
		}
		if resp.StatusCode != http.StatusFound || refused == ok {
			t.Errorf("max_age=%s: %s %s", value, resp.Status, resp.Header.Get("Location"))
		}
	}
}
