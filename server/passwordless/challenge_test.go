package passwordless_test

import (
	"encoding/json"
	"maps"
	"net/http"
	"strings"
	"testing"
	"time"
)

const database = "Username-Password-Authentication"

// challenges starts a tenant whose database connection accepts codes.
func challenges(t *testing.T, options object) tenant {
	t.Helper()
	tn := start(t)
	tn.Freeze(time.Date(2027, 3, 1, 12, 0, 0, 0, time.UTC))
	_, found := tn.Manage(tn.browser, http.MethodGet, "connections?name="+database, nil)
	conn := found.([]any)[0].(object)
	kept := conn["options"].(object)
	maps.Copy(kept, options)
	if kept["authentication_methods"] == nil || options["authentication_methods"] == nil {
		kept["authentication_methods"] = object{"password": object{"enabled": true}, "email_otp": object{"enabled": true}, "phone_otp": object{"enabled": true}}
	}
	if status, answer := tn.Manage(tn.browser, http.MethodPatch, "connections/"+conn["id"].(string), object{"options": kept}); status != 200 {
		t.Fatal(answer)
	}
	return tn
}

// challenge requests a code.
func (tn tenant) challenge(body object) (int, object) {
	tn.t.Helper()
	if body["client_id"] == nil {
		body["client_id"] = "app"
	}
	if body["connection"] == nil {
		body["connection"] = database
	}
	raw, err := json.Marshal(body)
	if err != nil {
		tn.t.Fatal(err)
	}
	resp, err := tn.browser.Post(tn.URL+"otp/challenge", "application/json", strings.NewReader(string(raw)))
	if err != nil {
		tn.t.Fatal(err)
	}
	defer resp.Body.Close()
	var answer object
	if err := json.NewDecoder(resp.Body).Decode(&answer); err != nil {
		tn.t.Fatal(err)
	}
	return resp.StatusCode, answer
}

// session requests a code and returns the auth_session with which it is sent back.
func (tn tenant) session(body object) string {
	tn.t.Helper()
	status, answer := tn.challenge(body)
	session, _ := answer["auth_session"].(string)
	if status != 200 || session == "" || len(answer) != 1 {
		tn.t.Fatalf("%v: %d %v", body, status, answer)
	}
	return session
}

func (tn tenant) exchange(client, session, code string) (int, object) {
	tn.t.Helper()
	return tn.Token(tn.browser, map[string][]string{"grant_type": {grant}, "client_id": {client}, "auth_session": {session}, "otp": {code}, "scope": {"openid email"}})
}

func (tn tenant) wrong(status int, body object) {
	tn.t.Helper()
	if status != 400 || body["error"] != "invalid_request" {
		tn.t.Errorf("want invalid_request: %d %v", status, body)
	}
}

func TestACodeLogsInToADatabase(t *testing.T) {
	tn := challenges(t, object{})
	session := tn.session(object{"email": "Ann@example.com"})
	code := tn.WaitForMessage("ann@example.com", "passwordless_email").Code
	tn.wrong(tn.exchange("app", session, "x"))
	tn.wrong(tn.exchange("other", session, code))
	tn.wrong(tn.exchange("app", "nothing", code))
	status, body := tn.exchange("app", session, code)
	if status != 200 || body["access_token"] == nil || body["id_token"] == nil {
		t.Fatalf("%d %v", status, body)
	}
	tn.wrong(tn.exchange("app", session, code)) // once
	_, user := tn.Manage(tn.browser, http.MethodGet, "users/auth0%7Cann", nil)
	if user.(object)["email_verified"] != true || user.(object)["logins_count"] != 1.0 {
		t.Errorf("the user is %v", user)
	}

	// A code is void after three wrong attempts, and after it expires.
	session, last := tn.session(object{"email": "ann@example.com"}), ""
	for _, m := range tn.Inbox() {
		if m.Kind == "passwordless_email" {
			last = m.Code
			break
		}
	}
	for range 3 {
		tn.wrong(tn.exchange("app", session, "x"))
	}
	tn.wrong(tn.exchange("app", session, last))
	tn.ClearInbox()
	session = tn.session(object{"email": "ann@example.com"})
	code = tn.WaitForMessage("ann@example.com", "passwordless_email").Code
	tn.Freeze(time.Date(2027, 3, 1, 12, 5, 0, 0, time.UTC))
	tn.wrong(tn.exchange("app", session, code))

	// A blocked user learns this only with the right code.
	tn.ClearInbox()
	session = tn.session(object{"email": "ann@example.com"})
	code = tn.WaitForMessage("ann@example.com", "passwordless_email").Code
	tn.Manage(tn.browser, http.MethodPatch, "users/auth0%7Cann", object{"blocked": true})
	tn.wrong(tn.exchange("app", session, "x"))
	if status, body = tn.exchange("app", session, code); status != 403 || body["error"] != "access_denied" {
		t.Errorf("a blocked user: %d %v", status, body)
	}
}

func TestACodeMakesAnAccount(t *testing.T) {
	tn := challenges(t, object{})
	// An unknown address gets no message, and the same answer, unless sign-up is allowed.
	session := tn.session(object{"email": bob})
	if inbox := tn.Inbox(); len(inbox) != 0 {
		t.Errorf("nobody was sent %v", inbox)
	}
	for _, code := range []string{"000000", "x"} {
		tn.wrong(tn.exchange("app", session, code))
	}
	session = tn.session(object{"email": bob, "allow_signup": true})
	code := tn.WaitForMessage(bob, "passwordless_email").Code
	if _, found := tn.Manage(tn.browser, http.MethodGet, "users-by-email?email=bob%40example.com", nil); len(found.([]any)) != 0 {
		t.Errorf("there is an account before the code: %v", found)
	}
	tn.wrong(tn.exchange("app", session, "x"))
	if status, body := tn.exchange("app", session, code); status != 200 || body["id_token"] == nil {
		t.Fatalf("%d %v", status, body)
	}
	_, found := tn.Manage(tn.browser, http.MethodGet, "users-by-email?email=bob%40example.com", nil)
	if user := found.([]any)[0].(object); user["email_verified"] != true || user["identities"].([]any)[0].(object)["connection"] != database {
		t.Errorf("the account is %v", user)
	}
	tn.wrong(tn.exchange("app", session, code))

	// If two codes are sent to one address, only one creates the account.
	tn.ClearInbox()
	first := tn.session(object{"email": "twin@example.com", "allow_signup": true})
	one := tn.WaitForMessage("twin@example.com", "passwordless_email").Code
	tn.ClearInbox()
	second := tn.session(object{"email": "twin@example.com", "allow_signup": true})
	two := tn.WaitForMessage("twin@example.com", "passwordless_email").Code
	if status, body := tn.exchange("app", first, one); status != 200 {
		t.Fatalf("%d %v", status, body)
	}
	tn.wrong(tn.exchange("app", second, two))

	// If sign-ups are disabled, the answer is the same and nothing is sent.
	closed := challenges(t, object{"disable_signup": true})
	session = closed.session(object{"email": bob, "allow_signup": true})
	if inbox := closed.Inbox(); len(inbox) != 0 {
		t.Errorf("nobody was sent %v", inbox)
	}
	closed.wrong(closed.exchange("app", session, "000000"))
	// A tenant does not accept another tenant's code.
	closed.wrong(closed.exchange("app", second, two))
}

func TestACodeToAPhone(t *testing.T) {
	tn := challenges(t, object{"attributes": object{
		"email": object{"identifier": object{"active": true}, "signup": object{"status": "optional"}}, "phone_number": object{"identifier": object{"active": true}, "signup": object{"status": "optional"}},
	}})
	for way, channel := range map[string]string{"": "sms", "text": "sms", "voice": "voice"} {
		tn.ClearInbox()
		session := tn.session(object{"phone_number": phone, "allow_signup": true, "delivery_method": way})
		m := tn.WaitForMessage(phone, "otp_verify")
		if m.Channel != channel || !strings.Contains(m.Text, m.Code) {
			t.Errorf("%q: the message is %v", way, m)
		}
		if status, body := tn.exchange("app", session, m.Code); status != 200 {
			t.Errorf("%q: %d %v", way, status, body)
		}
	}
}

func TestWhatIsNoChallenge(t *testing.T) {
	tn := challenges(t, object{})
	for name, tt := range map[string]struct {
		body   object
		status int
		code   string
		field  string
	}{
		"no identifier":            {object{}, 400, "invalid_request", "email"},
		"two identifiers":          {object{"email": bob, "phone_number": phone}, 400, "invalid_request", "email"},
		"a bad address":            {object{"email": "x"}, 400, "invalid_request", "email"},
		"a name beside it":         {object{"email": "Bob <bob@example.com>"}, 400, "invalid_request", "email"},
		"a bad number":             {object{"phone_number": "1"}, 400, "invalid_request", "phone_number"},
		"a bad way":                {object{"phone_number": phone, "delivery_method": "pigeon"}, 400, "invalid_request", "delivery_method"},
		"no connection":            {object{"email": bob, "connection": ""}, 400, "invalid_request", "connection"},
		"an unknown connection":    {object{"email": bob, "connection": "nothing"}, 400, "invalid_connection", ""},
		"no database":              {object{"email": bob, "connection": "email"}, 400, "invalid_connection", ""},
		"another application's":    {object{"email": bob, "client_id": "other"}, 400, "invalid_connection", ""},
		"no application":           {object{"email": bob, "client_id": "nobody"}, 401, "invalid_client", ""},
		"a secret that is missing": {object{"email": bob, "client_id": "web"}, 401, "invalid_client", ""},
		"without the grant":        {object{"email": bob, "client_id": "web", "client_secret": "a secret of sixteen"}, 403, "unauthorized_client", ""},
	} {
		status, body := tn.challenge(tt.body)
		if status != tt.status || body["error"] != tt.code {
			t.Errorf("%s: %d %v", name, status, body)
			continue
		}
		if tt.field != "" && body["validation_errors"].([]any)[0].(object)["field"] != tt.field {
			t.Errorf("%s: %v", name, body)
		}
	}
	if _, body := tn.challenge(object{}); body["error_description"] != "Either email or phone_number must be provided" {
		t.Errorf("the sentence is %v", body)
	}
	plain := challenges(t, object{"authentication_methods": object{"password": object{"enabled": true}}})
	if status, body := plain.challenge(object{"email": bob}); status != 400 || body["error"] != "invalid_connection" {
		t.Errorf("a database without codes: %d %v", status, body)
	}
}
