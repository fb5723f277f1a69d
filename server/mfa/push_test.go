package mfa_test

import (
	"encoding/json"
	"net/http"
	"net/url"
	"strings"
	"testing"
	"time"

	"github.com/tenant0/tenant0/server/servertest"
)

const (
	pending = "Authorization pending: please repeat the request in a few seconds."
	hasty   = "You are polling faster than allowed. Please repeat the request in a few seconds."
)

// startPush starts a tenant whose users can enroll the app on their phones.
func startPush(t *testing.T) *tenant {
	t.Helper()
	tn := start(t)
	tn.manage(http.MethodPut, "guardian/factors/push-notification", object{"enabled": true})
	return tn
}

var app = object{"authenticator_types": []string{"oob"}, "oob_channels": []string{"auth0"}}

// question returns the only open question to ann's app.
func (tn *tenant) question(kind string) servertest.Question {
	tn.t.Helper()
	all := tn.Questions("auth0|ann")
	if len(all) != 1 || all[0].Kind != kind {
		tn.t.Fatalf("the questions to ann are %v, want one %s", all, kind)
	}
	return all[0]
}

// withApp enrolls the app for ann and finishes the login.
func (tn *tenant) withApp() {
	tn.t.Helper()
	token := tn.token("app", "ann")
	made := tn.enroll(token, object{"authenticator_types": app["authenticator_types"], "oob_channels": app["oob_channels"]})
	if made["authenticator_type"] != "oob" || made["oob_channel"] != "auth0" || made["binding_method"] != nil || made["secret"] != nil {
		tn.t.Errorf("the enrollment is %v", made)
	}
	q := tn.question("enrollment")
	barcode, err := url.Parse(made["barcode_uri"].(string))
	if err != nil || barcode.Scheme != "otpauth" || barcode.Query().Get("enrollment_tx_id") != q.ID || barcode.Query().Get("base_url") != tn.URL+"appliance-mfa" || q.Code != "" {
		tn.t.Errorf("the QR code is %v %v, the question %v", made["barcode_uri"], err, q)
	}
	oob := made["oob_code"].(string)
	status, body := tn.finish("mfa-oob", token, "oob_code", oob)
	tn.refused(status, body, 400, "authorization_pending", pending)
	tn.AnswerPush(q.ID, "allow")
	if status, body = tn.finish("mfa-oob", token, "oob_code", oob); status != 200 || body["access_token"] == nil {
		tn.t.Fatalf("an app that has added itself: %d %v", status, body)
	}
	if codes, _ := made["recovery_codes"].([]any); len(codes) != 1 {
		tn.t.Errorf("the recovery codes are %v", made["recovery_codes"])
	}
}

// askApp begins a login of ann and sends a question to her app.
func (tn *tenant) askApp() (token, oob string, q servertest.Question) {
	tn.t.Helper()
	token = tn.token("app", "ann")
	status, challenge := tn.send(http.MethodPost, "mfa/challenge", "", object{"client_id": "app", "mfa_token": token, "challenge_type": "oob"})
	answer := challenge.(object)
	if status != 200 || answer["challenge_type"] != "oob" || answer["binding_method"] != nil {
		tn.t.Fatalf("the challenge is %d %v", status, challenge)
	}
	return token, answer["oob_code"].(string), tn.question("challenge")
}

func TestAnAppThatIsAsked(t *testing.T) {
	tn := startPush(t)
	tn.withApp()
	_, body := tn.ask("app", "ann")
	diff(t, "requirements", body["mfa_requirements"], any(object{"challenge": []any{object{"type": "push-notification"}, object{"type": "otp"}, object{"type": "recovery-code"}}}))
	_, listed := tn.send(http.MethodGet, "mfa/authenticators", body["mfa_token"].(string), nil)
	first, second := listed.([]any)[0].(object), listed.([]any)[1].(object)
	if !strings.HasPrefix(first["id"].(string), "push|dev_") || first["authenticator_type"] != "oob" || first["oob_channel"] != "auth0" || first["name"] != "Ann's phone" || first["active"] != true ||
		!strings.HasPrefix(second["id"].(string), "totp|dev_") || second["authenticator_type"] != "otp" {
		t.Errorf("the authenticators are %v", listed)
	}

	token, oob, q := tn.askApp()
	if m := tn.WaitForMessage("ann@example.com", "push_verify"); m.Push != q.ID || m.Channel != "push" || m.UserID != "auth0|ann" || !strings.Contains(m.Text, "Example Co") {
		t.Errorf("the notification is %v", m)
	}
	status, body := tn.finish("mfa-oob", token, "oob_code", oob)
	tn.refused(status, body, 400, "authorization_pending", pending)
	status, body = tn.finish("mfa-oob", token, "oob_code", oob)
	tn.refused(status, body, 400, "slow_down", hasty)
	tn.later(time.Second)
	status, body = tn.finish("mfa-oob", token, "oob_code", oob)
	tn.refused(status, body, 400, "authorization_pending", pending)
	// The oob_code works for neither another login nor another user.
	for _, other := range []string{tn.token("app", "ann"), tn.token("app", "bob")} {
		status, body = tn.finish("mfa-oob", other, "oob_code", oob)
		tn.refused(status, body, 400, "invalid_request", "The oob_code doesn't match the mfa_token")
	}
	tn.AnswerPush(q.ID, "allow")
	for _, other := range []string{tn.token("app", "ann"), tn.token("app", "bob")} {
		status, body = tn.finish("mfa-oob", other, "oob_code", oob)
		tn.refused(status, body, 400, "invalid_request", "The oob_code doesn't match the mfa_token")
	}
	if status, body = tn.finish("mfa-oob", token, "oob_code", oob); status != 200 || body["refresh_token"] == nil {
		t.Fatalf("an app that has allowed it: %d %v", status, body)
	}
	// It works only once.
	status, body = tn.finish("mfa-oob", token, "oob_code", oob)
	tn.refused(status, body, 403, "invalid_grant", "Malformed mfa_token")
	status, body = tn.finish("mfa-oob", tn.token("app", "ann"), "oob_code", oob)
	tn.refused(status, body, 403, "invalid_grant", "Invalid oob_code.")
}

// TestAnAppIsNotAskedForever: a user gets at most ten questions and codes an hour, from all requests together.
func TestAnAppIsNotAskedForever(t *testing.T) {
	tn := startPush(t)
	tn.withApp()
	token := tn.token("app", "ann")
	ask := func() int {
		status, _ := tn.send(http.MethodPost, "mfa/challenge", "", object{"client_id": "app", "mfa_token": token, "challenge_type": "oob"})
		return status
	}
	for i := range 9 { // the app was sent one when it added itself
		if status := ask(); status != http.StatusOK {
			t.Errorf("question %d: %d", i, status)
		}
	}
	if status := ask(); status != http.StatusTooManyRequests {
		t.Errorf("the question too many: %d", status)
	}
	if token = tn.token("app", "ann"); ask() != http.StatusTooManyRequests {
		t.Error("another login gets more")
	}
	tn.later(6 * time.Minute)
	if token = tn.token("app", "ann"); ask() != http.StatusOK || ask() != http.StatusTooManyRequests {
		t.Error("one comes back in six minutes")
	}
}

func TestAnAppThatDenies(t *testing.T) {
	tn := startPush(t)
	tn.withApp()
	token, oob, q := tn.askApp()
	tn.AnswerPush(q.ID, "deny")
	for range 2 { // it is the last word
		status, body := tn.finish("mfa-oob", token, "oob_code", oob)
		tn.refused(status, body, 400, "access_denied", "MFA Authorization rejected.")
	}
	if status, answer := tn.answer(q.ID, "allow"); status != http.StatusConflict || answer["error"] != "push_answered" {
		t.Errorf("a second answer: %d %v", status, answer)
	}
	if all := tn.Questions("auth0|ann"); len(all) != 0 {
		t.Errorf("what was answered waits: %v", all)
	}

	// The same login can be finished with the code that the app shows.
	tn.later(time.Minute)
	_, _, q = tn.askApp()
	if status, body := tn.finish("mfa-otp", token, "otp", q.Code); status != 200 {
		t.Errorf("the code of the app: %d %v", status, body)
	}
}

func TestAnAppThatIsLate(t *testing.T) {
	tn := startPush(t)
	tn.withApp()
	token, oob, q := tn.askApp()
	tn.later(5 * time.Minute)
	status, body := tn.finish("mfa-oob", token, "oob_code", oob)
	tn.refused(status, body, 403, "invalid_grant", "Invalid oob_code.")
	if status, answer := tn.answer(q.ID, "allow"); status != http.StatusNotFound || answer["error"] != "unknown_push" {
		t.Errorf("an answer that is late: %d %v", status, answer)
	}
	if status, answer := tn.answer("nothing", "deny"); status != http.StatusNotFound || answer["error"] != "unknown_push" {
		t.Errorf("an answer to nothing: %d %v", status, answer)
	}
}

// answer sends an app's answer and returns the response, which may be an error.
func (tn *tenant) answer(id, answer string) (status int, body object) {
	tn.t.Helper()
	rq, err := http.NewRequestWithContext(tn.t.Context(), http.MethodPost, tn.ControlURL()+"/push/"+id+"/"+answer, nil)
	if err != nil {
		tn.t.Fatal(err)
	}
	resp, err := http.DefaultClient.Do(rq)
	if err != nil {
		tn.t.Fatal(err)
	}
	defer resp.Body.Close()
	return resp.StatusCode, decode(tn.t, resp)
}

// TestAFirstFactorIsNotAddedToOthers: whoever knows the password can begin to enroll a factor if the
// user has none. That enrollment becomes useless once the user has another factor.
func TestAFirstFactorIsNotAddedToOthers(t *testing.T) {
	tn := startPush(t)
	thief := tn.token("app", "ann")
	otpMade := tn.enroll(thief, object{"authenticator_types": []string{"otp"}})
	appMade := tn.enroll(thief, object{"authenticator_types": app["authenticator_types"], "oob_channels": app["oob_channels"]})
	q := tn.question("enrollment")
	if status, answer := tn.answer(q.ID, "deny"); status != http.StatusConflict || answer["error"] != "push_enrollment" {
		t.Errorf("an enrollment that is denied: %d %v", status, answer)
	}

	token := tn.token("app", "ann")
	made := tn.enroll(token, object{"authenticator_types": []string{"oob"}, "oob_channels": []string{"sms"}, "phone_number": phone})
	code := tn.WaitForMessage(phone, "otp_enroll").Code
	if status, body := tn.finish("mfa-oob", token, "oob_code", made["oob_code"].(string), "binding_code", code); status != 200 {
		t.Fatalf("the user's own: %d %v", status, body)
	}

	status, body := tn.finish("mfa-otp", thief, "otp", tn.code(otpMade["secret"].(string)))
	tn.refused(status, body, 403, "invalid_grant", "Invalid otp_code.")
	if status, answer := tn.answer(q.ID, "allow"); status != http.StatusConflict || answer["error"] != "push_not_first" {
		t.Errorf("the thief's app: %d %v", status, answer)
	}
	status, body = tn.finish("mfa-oob", thief, "oob_code", appMade["oob_code"].(string))
	tn.refused(status, body, 400, "authorization_pending", pending)
	_, listed := tn.send(http.MethodGet, "mfa/authenticators", tn.token("app", "ann"), nil)
	for _, a := range listed.([]any) {
		if a := a.(object); a["active"] == true && a["oob_channel"] != "sms" && a["authenticator_type"] != "recovery-code" {
			t.Errorf("an authenticator of the thief's is active: %v", a)
		}
	}
}

// TestAnAppIsSwitchedOff: no factor that the tenant has disabled is asked for.
func TestAnAppIsSwitchedOff(t *testing.T) {
	tn := startPush(t)
	tn.withApp()
	tn.manage(http.MethodPut, "guardian/factors/push-notification", object{"enabled": false})
	token := tn.token("app", "ann")
	status, challenge := tn.send(http.MethodPost, "mfa/challenge", "", object{"client_id": "app", "mfa_token": token, "challenge_type": "oob"})
	if status != 403 || challenge.(object)["error"] != "association_required" {
		t.Errorf("an app that the tenant has switched off: %d %v", status, challenge)
	}
	status, answer := tn.send(http.MethodPost, "mfa/associate", token, object{"client_id": "app", "authenticator_types": app["authenticator_types"], "oob_channels": app["oob_channels"]})
	tn.refused(status, answer.(object), 400, "invalid_request", "The authenticator type is not enabled for the tenant")
}

func TestWhatTheManagementAPIShowsOfAnApp(t *testing.T) {
	tn := startPush(t)
	tn.withApp()
	methods := tn.manage(http.MethodGet, "users/auth0%7Cann/authentication-methods", nil).([]any)
	var found object
	for _, m := range methods {
		if m.(object)["type"] == "guardian" {
			found = m.(object)
		}
	}
	if found == nil || found["name"] != "Ann's phone" || found["confirmed"] != true || found["totp_secret"] != nil || found["enrolled_as_first"] != nil || len(found["authentication_methods"].([]any)) != 2 {
		t.Fatalf("the methods are %v", methods)
	}
	tn.manage(http.MethodDelete, "guardian/enrollments/"+found["id"].(string), nil)
	if _, listed := tn.send(http.MethodGet, "mfa/authenticators", tn.token("app", "ann"), nil); strings.Contains(toJSON(t, listed), "push|") {
		t.Errorf("the app is still there: %v", listed)
	}
}

func decode(t *testing.T, resp *http.Response) (body object) {
	t.Helper()
	if resp.StatusCode != http.StatusNoContent {
		if err := json.NewDecoder(resp.Body).Decode(&body); err != nil {
			t.Fatal(err)
		}
	}
	return body
}

func toJSON(t *testing.T, v any) string {
	t.Helper()
	raw, err := json.Marshal(v)
	if err != nil {
		t.Fatal(err)
	}
	return string(raw)
}
