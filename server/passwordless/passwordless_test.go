package passwordless_test

import (
	"encoding/json"
	"io"
	"maps"
	"net/http"
	"net/url"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"github.com/tenant0/tenant0/server/servertest"
)

const file = `
clients:
  - {name: app, client_id: app, app_type: native, token_endpoint_auth_method: none, callbacks: ["https://app.example.com/callback"],
     grant_types: [authorization_code, refresh_token, "http://auth0.com/oauth/grant-type/passwordless/otp"]}
  - {name: other, client_id: other, app_type: native, token_endpoint_auth_method: none, callbacks: ["https://app.example.com/callback"],
     grant_types: [authorization_code, "http://auth0.com/oauth/grant-type/passwordless/otp"]}
  - {name: web, client_id: web, client_secret: a secret of sixteen, app_type: regular_web, callbacks: ["https://app.example.com/callback"], grant_types: [authorization_code]}
  - {name: management, client_id: Tenant0ManagementClient000000001, client_secret: tenant0-management-secret-for-development-only,
     app_type: non_interactive, grant_types: [client_credentials]}
resourceServers:
  - {name: rs, identifier: "urn:rs", allow_offline_access: true, skip_consent_for_verifiable_first_party_clients: true, scopes: [{value: "read:it"}]}
clientGrants:
  - {client_id: management, audience: "${issuer}api/v2/", allow_all_scopes: true}
connections:
  - {name: email, strategy: email, enabled_clients: [app, other, web], options: {name: email, email: {subject: "For {{ application.name }}", body: "<b>{{ code }}</b>", syntax: liquid}}}
  - {name: sms, strategy: sms, enabled_clients: [app], options: {template: "Use @@password@@ now", totp: {length: 8, time_step: 60}}}
  - {name: closed, strategy: email, enabled_clients: [app], options: {disable_signup: true}}
  - {name: unused, strategy: email, enabled_clients: []}
users:
  - {user_id: "auth0|ann", email: ann@example.com, password: a password of ann, connection: Username-Password-Authentication}
databases:
  - {name: Username-Password-Authentication, strategy: auth0, enabled_clients: [app, web]}
`

const (
	grant = "http://auth0.com/oauth/grant-type/passwordless/otp"
	bob   = "bob@example.com"
	phone = "+15550100"
)

type object = map[string]any

type tenant struct {
	*servertest.Server
	browser *http.Client
	t       *testing.T
}

func start(t *testing.T) tenant {
	t.Helper()
	s := servertest.Start(t, servertest.Seed(file), servertest.HTTP())
	return tenant{s, s.Client(), t}
}

// send posts JSON and returns the status and the JSON of the answer.
func (tn tenant) send(path string, body object) (int, object) {
	tn.t.Helper()
	raw, err := json.Marshal(body)
	if err != nil {
		tn.t.Fatal(err)
	}
	resp, err := tn.browser.Post(tn.URL+path, "application/json", strings.NewReader(string(raw)))
	if err != nil {
		tn.t.Fatal(err)
	}
	defer resp.Body.Close()
	got, err := io.ReadAll(resp.Body)
	if err != nil {
		tn.t.Fatal(err)
	}
	var answer object
	if err := json.Unmarshal(got, &answer); err != nil {
		tn.t.Fatalf("%s: %d %s", path, resp.StatusCode, got)
	}
	return resp.StatusCode, answer
}

// code requests a code and reads it from the inbox.
func (tn tenant) code(body object, to, kind string) string {
	tn.t.Helper()
	tn.ClearInbox()
	if status, answer := tn.send("passwordless/start", body); status != 200 {
		tn.t.Fatalf("start: %d %v", status, answer)
	}
	return tn.WaitForMessage(to, kind).Code
}

func (tn tenant) emailed() string {
	tn.t.Helper()
	return tn.code(object{"client_id": "app", "connection": "email", "email": bob, "send": "code"}, bob, "passwordless_email")
}

func redeem(otp string, more ...string) url.Values {
	form := url.Values{"grant_type": {grant}, "client_id": {"app"}, "realm": {"email"}, "username": {bob}, "otp": {otp}}
	for i := 0; i < len(more); i += 2 {
		if form.Set(more[i], more[i+1]); more[i+1] == "" {
			form.Del(more[i])
		}
	}
	return form
}

func (tn tenant) refused(form url.Values, status int, code, description string) {
	tn.t.Helper()
	got, body := tn.Token(tn.browser, form)
	if got != status || body["error"] != code || body["error_description"] != description {
		tn.t.Errorf("%v: %d %v, want %d %s %s", form, got, body, status, code, description)
	}
}

const (
	wrongEmail = "Wrong email or verification code."
	wrongPhone = "Wrong phone number or verification code."
	expired    = "The verification code has expired. Please try to login again."
	tooMany    = "You've reached the maximum number of attempts. Please try to login again."
)

func diff(t *testing.T, what string, got, want any) {
	t.Helper()
	if d := cmp.Diff(want, got); d != "" {
		t.Errorf("%s (-want +got):\n%s", what, d)
	}
}

func TestACodeByEmail(t *testing.T) {
	tn := start(t)
	status, answer := tn.send("passwordless/start", object{
		"client_id": "app", "connection": "email", "email": " Bob@Example.com", "send": "code", "authParams": object{"scope": "openid"},
	})
	diff(t, "status of start", status, 200)
	diff(t, "address", answer["email"], bob)
	diff(t, "verified", answer["email_verified"], false)
	id, _ := answer["_id"].(string)
	m := tn.WaitForMessage(bob, "passwordless_email")
	if len(m.Code) != 6 || m.Subject != "For app" || m.HTML != "<b>"+m.Code+"</b>" || m.Link != "" || m.UserID != "email|"+id {
		t.Errorf("the message is %+v", m)
	}
	status, body := tn.Token(tn.browser, redeem(m.Code, "audience", "urn:rs", "scope", "openid email offline_access read:it"))
	diff(t, "status of the grant", status, 200)
	diff(t, "scope", body["scope"], "openid email offline_access read:it")
	if body["refresh_token"] == nil || body["id_token"] == nil {
		t.Errorf("the tokens are %v", body)
	}
	_, user := tn.Manage(tn.browser, http.MethodGet, "users/email%7C"+id, nil)
	for name, want := range (object{"email_verified": true, "logins_count": 1.0, "nickname": "bob"}) {
		diff(t, name, user.(object)[name], want)
	}
	diff(t, "identities", user.(object)["identities"], []any{object{"connection": "email", "provider": "email", "user_id": id, "isSocial": false}})

	tn.refused(redeem(m.Code), 403, "invalid_grant", wrongEmail) // once
	again := tn.emailed()
	if status, answer := tn.send("passwordless/start", object{"client_id": "app", "connection": "email", "email": bob, "send": "code"}); status != 200 || answer["_id"] != id || answer["email_verified"] != true {
		t.Errorf("the account a second time is %v", answer)
	}
	if again == tn.WaitForMessage(bob, "passwordless_email").Code {
		return // one in a million
	}
	tn.refused(redeem(again), 403, "invalid_grant", wrongEmail) // another one was sent since
}

func TestACodeByTextMessage(t *testing.T) {
	tn := start(t)
	code := tn.code(object{"client_id": "app", "connection": "sms", "phone_number": phone}, phone, "otp_verify")
	if text := tn.WaitForMessage(phone, "otp_verify").Text; len(code) != 8 || text != "Use "+code+" now" {
		t.Errorf("the message is %q, and its code %s", text, code)
	}
	sms := []string{"realm", "sms", "username", phone}
	tn.refused(redeem("00000000x", sms...), 403, "invalid_grant", wrongPhone)
	tn.Advance(61 * time.Second)
	tn.refused(redeem(code, sms...), 403, "invalid_grant", expired)
	code = tn.code(object{"client_id": "app", "connection": "sms", "phone_number": phone}, phone, "otp_verify")
	if status, body := tn.Token(tn.browser, redeem(code, sms...)); status != 200 {
		t.Errorf("%d %v", status, body)
	}
	_, users := tn.Manage(tn.browser, http.MethodGet, "users?q=phone_number:%22%2B15550100%22&search_engine=v3", nil)
	list := users.([]any)
	if len(list) != 1 || list[0].(object)["phone_verified"] != true || !strings.HasPrefix(list[0].(object)["user_id"].(string), "sms|") {
		t.Errorf("the user is %v", users)
	}
}

func TestRefusedCodes(t *testing.T) {
	tn := start(t)
	code := tn.emailed()
	tn.refused(redeem(code, "client_id", "other"), 403, "invalid_grant", wrongEmail)
	tn.refused(redeem(code, "username", "ann@example.com"), 403, "invalid_grant", wrongEmail)
	tn.refused(redeem(code, "realm", "closed"), 403, "invalid_grant", wrongEmail)
	tn.refused(redeem(code, "realm", "Username-Password-Authentication"), 400, "invalid_request", "specified strategy does not support requested operation")
	tn.refused(redeem(code, "realm", "unused"), 400, "invalid_request", "the connection was disabled")
	tn.refused(redeem(code, "realm", "nothing"), 400, "invalid_request", "the connection was not found")
	tn.refused(redeem(code, "otp", ""), 400, "invalid_request", "Missing required parameter: otp")
	tn.refused(redeem(code, "client_id", "web", "client_secret", "a secret of sixteen"), 403, "unauthorized_client", "Grant type '"+grant+"' not allowed for the client.")
	if status, body := tn.Token(tn.browser, redeem(code)); status != 200 {
		t.Errorf("the right one after that: %d %v", status, body)
	}

	code = tn.emailed()
	tn.Advance(3 * time.Minute)
	tn.refused(redeem(code), 403, "invalid_grant", expired)
	code = tn.emailed()
	for range 3 {
		tn.refused(redeem("x"), 403, "invalid_grant", wrongEmail)
	}
	tn.refused(redeem(code), 403, "invalid_grant", tooMany)
	// A new code allows three more attempts; the account allows ten in all.
	for range 2 {
		tn.emailed()
		for range 3 {
			tn.refused(redeem("x"), 403, "invalid_grant", wrongEmail)
		}
	}
	code = tn.emailed()
	tn.refused(redeem("x"), 403, "invalid_grant", wrongEmail)
	if status, body := tn.Token(tn.browser, redeem(code)); status != 429 || body["error"] != "too_many_attempts" {
		t.Errorf("after ten wrong codes: %d %v", status, body)
	}
}

func TestWhatIsWrongWithAStart(t *testing.T) {
	tn := start(t)
	ok := func(more object) object {
		body := object{"client_id": "app", "connection": "email", "email": bob, "send": "code"}
		maps.Copy(body, more)
		return body
	}
	for _, tt := range []struct {
		name              string
		body              object
		status            int
		code, description string
	}{
		{"a connection that is none", ok(object{"connection": "x"}), 400, "bad.connection", "Connection does not exist"},
		{"no connection", ok(object{"connection": ""}), 400, "bad.connection", "Missing required property: connection"},
		{"a database", ok(object{"connection": "Username-Password-Authentication"}), 400, "bad.connection", "The connection does not support user creation through this API. It must either be a passwordless connection"},
		{"another application's connection", ok(object{"connection": "unused"}), 400, "bad.connection", "Connection is disabled"},
		{"nobody at a connection without sign-up", ok(object{"connection": "closed"}), 400, "bad.connection", "Public signup is disabled"},
		{"an address that is none", ok(object{"email": "bob"}), 400, "bad.email", "error in email - email format validation failed: bob"},
		{"no address", ok(object{"email": ""}), 400, "bad.email", "Missing required property: email"},
		{"a name beside the address", ok(object{"email": "Bob <bob@example.com>"}), 400, "bad.email", "error in email - email format validation failed: bob <bob@example.com>"},
		{"a number that is none", ok(object{"connection": "sms", "phone_number": "5550100"}), 400, "bad.phone_number", `String does not match pattern: ^\+[0-9]{1,15}$`},
		{"a way to send that is none", ok(object{"send": "pigeon"}), 400, "bad.send", "error in send - No enum match for: pigeon"},
		{"parameters that are one text", ok(object{"authParams": "scope"}), 400, "bad.authParams", "error in authParams - invalid type: string (expected object)"},
		{"parameters that are no texts", ok(object{"authParams": object{"scope": 1}}), 400, "bad.authParams", "authParams.scope must be a string"},
		{"an application that is none", ok(object{"client_id": "nobody"}), 401, "access_denied", "Unauthorized"},
		{"an application without its secret", ok(object{"client_id": "web"}), 401, "access_denied", "Unauthorized"},
		{"an application without the grant", ok(object{"client_id": "web", "client_secret": "a secret of sixteen"}), 403, "unauthorized_client", "Grant type '" + grant + "' not allowed for the client."},
	} {
		status, answer := tn.send("passwordless/start", tt.body)
		if status != tt.status || answer["error"] != tt.code || answer["error_description"] != tt.description {
			t.Errorf("%s: %d %v", tt.name, status, answer)
		}
	}
	if inbox := tn.Inbox(); len(inbox) != 0 {
		t.Errorf("messages were sent: %v", inbox)
	}
}

// TestALink follows the link in the browser, which logs the browser in.
func TestALink(t *testing.T) {
	tn := start(t)
	status, answer := tn.send("passwordless/start", object{
		"client_id": "web", "client_secret": "a secret of sixteen", "connection": "email", "email": bob,
		"authParams": object{"redirect_uri": "https://app.example.com/callback", "scope": "openid", "state": "s", "response_type": "code"},
	})
	diff(t, "status", status, 200)
	link := tn.WaitForMessage(bob, "passwordless_email").Link
	if !strings.HasPrefix(link, tn.URL+"passwordless/verify_redirect?") {
		t.Fatalf("the link is %s, and the answer %v", link, answer)
	}
	u, err := url.Parse(link)
	if err != nil {
		t.Fatal(err)
	}
	query := u.Query()
	query.Set("verification_code", "000000x")
	u.RawQuery = query.Encode()
	if _, page := tn.Visit(tn.browser, u.String()); page.Status != 401 || !strings.Contains(page.Body, wrongEmail) {
		t.Errorf("a wrong link: %d %s", page.Status, page.Body)
	}
	left, page := tn.Visit(tn.browser, link)
	if left == nil || left.Host != "app.example.com" || left.Query().Get("state") != "s" {
		t.Fatalf("the link leads to %v: %s", left, page.Body)
	}
	status, body := tn.Token(tn.browser, url.Values{
		"grant_type": {"authorization_code"}, "client_id": {"web"}, "client_secret": {"a secret of sixteen"}, "code": {left.Query().Get("code")},
		"redirect_uri": {"https://app.example.com/callback"},
	})
	if status != 200 || body["id_token"] == nil {
		t.Errorf("the code of the login: %d %v", status, body)
	}
	if _, page := tn.Visit(tn.browser, link); page.Status != 401 {
		t.Errorf("the link a second time: %d", page.Status)
	}
}

// TestVerify checks that verify says whether a code is right, and does not use it up.
func TestVerify(t *testing.T) {
	tn := start(t)
	code := tn.emailed()
	verify := func(code string) (int, object) {
		return tn.send("passwordless/verify", object{"connection": "email", "email": bob, "verification_code": code})
	}
	if status, answer := verify("x"); status != 401 || answer["error"] != "invalid_user_password" {
		t.Errorf("a wrong one: %d %v", status, answer)
	}
	for range 2 {
		if status, answer := verify(code); status != 200 {
			t.Errorf("the right one: %d %v", status, answer)
		}
	}
	if status, body := tn.Token(tn.browser, redeem(code)); status != 200 {
		t.Errorf("%d %v", status, body)
	}
	if status, _ := verify(code); status != 401 {
		t.Errorf("a used one: %d", status)
	}
}
