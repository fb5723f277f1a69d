package mfapages_test

import (
	"encoding/base64"
	"encoding/json"
	"io"
	"net/http"
	"net/url"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"github.com/tenant0/tenant0/server/servertest"
)

// ownHTML is a custom page, which shows the variables that it gets.
const ownHTML = `<html><head></head><body><script>told = {"mfaServerUrl": "{{ mfaServerUrl }}", "requestToken": "{{ requestToken }}", "postActionURL": "{{ postActionURL }}",
"user": "{{ userData.userId }} {{ userData.email }}, by name {{ userData.friendlyUserId }}", "tenant": "{{ userData.tenantFriendlyName }}", "remembers": {{ allowRememberBrowser }}}</script>
{% if ticket %}ticket{% endif %}{% for error in errors %}<p class="error">{{ error.message }}</p>{% endfor %}</body></html>`

// startOwn is start with a custom page for multi-factor authentication.
func startOwn(t *testing.T, html string, factors ...string) *tenant {
	t.Helper()
	tn := start(t, factors...)
	tn.manage(http.MethodPatch, "tenants/settings", object{"guardian_mfa_page": object{"enabled": true, "html": html}})
	return tn
}

// widget sends the requests that the library in a custom page sends.
type widget struct {
	*browser
	told  struct{ MFAServerURL, RequestToken, PostActionURL, User, Tenant string }
	token string
}

// widget reads the variables of the custom page, and starts a flow.
func (b *browser) widget() (w *widget, flow object) {
	b.tn.t.Helper()
	b.at("/mf")
	w = &widget{browser: b}
	_, rest, _ := strings.Cut(b.page.Body, "told = ")
	told, _, _ := strings.Cut(rest, "</script>")
	if err := json.Unmarshal([]byte(told), &w.told); err != nil {
		b.tn.t.Fatalf("%v: %s", err, b.page.Body)
	}
	w.token = w.told.RequestToken
	flow = w.call("start-flow", object{"state_transport": "polling"})
	w.token, _ = flow["transaction_token"].(string)
	return w, flow
}

// asked sends a request as the library does, and returns the status and the answer.
func (w *widget) asked(path string, body any) (int, object) {
	w.tn.t.Helper()
	raw, err := json.Marshal(body)
	if err != nil {
		w.tn.t.Fatal(err)
	}
	rq, err := http.NewRequestWithContext(w.tn.t.Context(), http.MethodPost, w.told.MFAServerURL+"/api/"+path, strings.NewReader(string(raw)))
	if err != nil {
		w.tn.t.Fatal(err)
	}
	rq.Header.Set("Authorization", "Bearer "+w.token)
	rq.Header.Set("Accept", "application/json")
	rq.Header.Set("Content-Type", "application/json")
	if body == nil { // superagent sends nothing then
		rq.Body, rq.ContentLength = http.NoBody, 0
		rq.Header.Del("Content-Type")
	}
	resp, err := w.client.Do(rq)
	if err != nil {
		w.tn.t.Fatal(err)
	}
	defer resp.Body.Close()
	text, err := io.ReadAll(resp.Body)
	var answer object
	if err == nil && resp.StatusCode != http.StatusNoContent {
		err = json.Unmarshal(text, &answer)
	}
	if err != nil {
		w.tn.t.Fatalf("%s: %d %s: %v", path, resp.StatusCode, text, err)
	}
	return resp.StatusCode, answer
}

// statuses are the statuses of answers with content; the others are 204.
var statuses = map[string]int{"start-flow": http.StatusCreated, "transaction-state": http.StatusOK, "recover-account": http.StatusOK}

func (w *widget) call(path string, body any) object {
	w.tn.t.Helper()
	status, answer := w.asked(path, body)
	want, has := statuses[path]
	if !has {
		want = http.StatusNoContent
	}
	if status != want {
		w.tn.t.Fatalf("%s: %d %v", path, status, answer)
	}
	return answer
}

// fails checks that a request is refused.
func (w *widget) fails(path string, body any, status int, code string) {
	w.tn.t.Helper()
	if got, answer := w.asked(path, body); got != status || answer["errorCode"] != code || answer["statusCode"] != float64(status) || answer["message"] == "" {
		w.tn.t.Errorf("%s: %d %v, want %d %s", path, got, answer, status, code)
	}
}

func (w *widget) verify(code string) {
	w.tn.t.Helper()
	w.call("verify-otp", object{"type": "manual_input", "code": code})
}

// accepted checks that the flow is accepted, and returns the signature that the page then posts.
func (w *widget) accepted() string {
	w.tn.t.Helper()
	s := w.call("transaction-state", nil)
	token, _ := s["token"].(string)
	if s["state"] != "accepted" || token == "" {
		w.tn.t.Fatalf("the flow is %v", s)
	}
	return token
}

// posts sends a form to the page's postActionURL.
func (w *widget) posts(fields ...string) *browser {
	w.tn.t.Helper()
	form := url.Values{}
	for i := 0; i < len(fields); i += 2 {
		form.Set(fields[i], fields[i+1])
	}
	target, err := url.Parse(w.told.PostActionURL)
	if err != nil {
		w.tn.t.Fatal(err)
	}
	w.left, w.page = w.tn.Submit(w.client, servertest.Page{URL: target}, form)
	return w.browser
}

// factors returns the types of a user's confirmed factors in alphabetical order.
func (tn *tenant) factors(user string) (names []string) {
	tn.t.Helper()
	list, _ := tn.manage(http.MethodGet, "users/auth0|"+user+"/authentication-methods", nil).([]any)
	for _, method := range list {
		if m, _ := method.(object); m["confirmed"] == true {
			names = append(names, m["type"].(string))
		}
	}
	slices.Sort(names)
	return names
}

func member(o object, name string) object {
	m, _ := o[name].(object)
	return m
}

// TestOwnPageEnrolls enrolls one-time passwords, and uses them, on a custom page.
func TestOwnPageEnrolls(t *testing.T) {
	tn := startOwn(t, ownHTML, "otp", "push-notification", "recovery-code")
	b := tn.browser().logIn("ann")
	w, flow := b.widget()
	diff(t, "the user", w.told.User, "auth0|ann ann@example.com, by name ann@example.com")
	diff(t, "the tenant", w.told.Tenant, "Example Co")
	adds := member(flow, "device_account")
	diff(t, "the methods", flow["available_enrollment_methods"], []any{"otp"})
	recovery, _ := adds["recovery_code"].(string)
	if len(recovery) != 24 || flow["enrollment_tx_id"] == nil {
		t.Fatalf("the flow begins with %v", flow)
	}
	before := w.call("transaction-state", nil)
	if before["state"] != "pending" || before["enrollment"] != nil || before["token"] != nil {
		t.Errorf("before the code the flow is %v", before)
	}
	if id := tn.claims(w.token)["txid"]; before["id"] != id {
		t.Errorf("the state is of %v, and the token of %v", before["id"], id)
	}
	_, again := tn.reload(b).widget()
	diff(t, "the secret of a page that is loaded again", member(again, "device_account")["otp_secret"], adds["otp_secret"])
	recovery, _ = member(again, "device_account")["recovery_code"].(string)

	w.fails("verify-otp", object{"type": "manual_input", "code": "000000"}, http.StatusForbidden, "invalid_otp")
	w.fails("verify-otp", object{"type": "manual_input"}, http.StatusBadRequest, "invalid_body")
	w.fails("send-sms", nil, http.StatusNotFound, "login_transaction_not_found")
	w.fails("device-accounts/x/sms-enroll", object{"phone_number": phone}, http.StatusForbidden, "enrollment_method_disabled")
	secret, _ := adds["otp_secret"].(string)
	w.verify(tn.code(secret))
	state := w.call("transaction-state", nil)
	if state["enrollment"] == nil {
		t.Errorf("after the code the flow is %v", state)
	}
	diff(t, "the factors of somebody who has not gone on", tn.factors("ann"), []string(nil))
	w.posts("signature", w.accepted()).done()
	diff(t, "the factors", tn.factors("ann"), []string{"recovery-code", "totp"})
	w.fails("transaction-state", nil, http.StatusNotFound, "login_transaction_not_found")

	tn.later(time.Minute)
	w, flow = tn.browser().logIn("ann").widget()
	has := member(flow, "device_account")
	if has["otp_secret"] != nil || has["recovery_code"] != nil || flow["enrollment_tx_id"] != nil {
		t.Errorf("somebody with a factor is shown %v", flow)
	}
	diff(t, "the methods", has["available_authenticator_types"], []any{"otp", "recovery-code"})
	code := tn.code(secret)
	w.verify(code)
	w.posts("signature", w.accepted(), "rememberBrowser", "true").done()
	w.ask("prompt", "login").at("/u/login").send("username", "ann@example.com", "password", "a password of ann", "action", "default").done() // it is remembered

	w, _ = tn.browser().logIn("ann").widget()
	w.fails("verify-otp", object{"type": "manual_input", "code": code}, http.StatusForbidden, "invalid_otp") // it was used
	w.fails("recover-account", object{"recovery_code": strings.Repeat("A", 24)}, http.StatusForbidden, "invalid_recovery_code")
	next, _ := w.call("recover-account", object{"recovery_code": recovery})["recovery_code"].(string)
	if len(next) != 24 || next == recovery {
		t.Errorf("the next recovery code is %q", next)
	}
	w.posts("signature", w.accepted()).done()
	w, _ = tn.browser().logIn("ann").widget()
	w.fails("recover-account", object{"recovery_code": recovery}, http.StatusForbidden, "invalid_recovery_code")
	w.call("recover-account", object{"recovery_code": next})
	w.posts("signature", w.accepted()).done()
}

// reload opens the page again.
func (tn *tenant) reload(b *browser) *browser {
	tn.t.Helper()
	again := *b
	again.left, again.page = tn.Visit(b.client, b.page.URL.String())
	return &again
}

// TestOwnPageSendsCodes enrolls a phone, and has codes sent to it.
func TestOwnPageSendsCodes(t *testing.T) {
	tn := startOwn(t, ownHTML, "sms")
	w, flow := tn.browser().logIn("ann").widget()
	adds := member(flow, "device_account")
	id, _ := adds["id"].(string)
	diff(t, "the methods", flow["available_enrollment_methods"], []any{"sms"})
	if adds["recovery_code"] != nil || adds["otp_secret"] != nil {
		t.Errorf("the flow begins with %v", flow)
	}
	w.fails("device-accounts/"+id+"/sms-enroll", object{"phone_number": "12"}, http.StatusBadRequest, "invalid_phone_number")
	w.call("device-accounts/"+id+"/sms-enroll", object{"phone_number": phone})
	w.fails("verify-otp", object{"type": "manual_input", "code": "000000"}, http.StatusForbidden, "invalid_otp")
	w.verify(tn.WaitForMessage(phone, "").Code)
	w.posts("signature", w.accepted()).done()

	tn.ClearInbox()
	w, flow = tn.browser().logIn("ann").widget()
	has := member(flow, "device_account")
	diff(t, "the phone", has["phone_number"], any(shownPhone))
	diff(t, "the methods", has["available_methods"], []any{"sms"})
	w.call("send-sms", nil)
	w.verify(tn.WaitForMessage(phone, "").Code)
	w.posts("signature", w.accepted()).done()
}

// TestOwnPageAsksTheApp enrolls the app on a phone, and has notifications sent to it.
func TestOwnPageAsksTheApp(t *testing.T) {
	tn := startOwn(t, ownHTML, "push-notification")
	w, flow := tn.browser().logIn("ann").widget()
	if flow["enrollment_tx_id"] != tn.question("ann", "enrollment").ID {
		t.Errorf("the app is asked by %v", flow)
	}
	tn.AnswerPush(tn.question("ann", "enrollment").ID, "allow")
	state := w.call("transaction-state", nil)
	if state["state"] != "pending" || member(state, "enrollment") == nil {
		t.Errorf("after the app was added the flow is %v", state)
	}
	w.call("send-push-notification", nil)
	diff(t, "the flow that waits", w.call("transaction-state", nil)["state"], any("pending"))
	tn.AnswerPush(tn.question("ann", "challenge").ID, "allow")
	w.posts("signature", w.accepted()).done()

	w, _ = tn.browser().logIn("ann").widget()
	w.call("send-push-notification", nil)
	tn.AnswerPush(tn.question("ann", "challenge").ID, "deny")
	diff(t, "the flow that the app denies", w.call("transaction-state", nil)["state"], any("rejected"))
	w.call("send-push-notification", nil)
	tn.AnswerPush(tn.question("ann", "challenge").ID, "allow")
	w.posts("signature", w.accepted()).done()
}

// TestOwnPageIsNotGoneAround by posting a form without a valid proof.
func TestOwnPageIsNotGoneAround(t *testing.T) {
	tn := startOwn(t, ownHTML, "otp")
	w, flow := tn.browser().logIn("ann").widget()
	secret, _ := member(flow, "device_account")["otp_secret"].(string)
	refuses := func(what, signature string) {
		t.Helper()
		if w.posts("signature", signature); w.left != nil || w.page.Status != http.StatusBadRequest || !strings.Contains(w.page.Body, `<p class="error">The further factor was not proved.`) {
			t.Errorf("%s: %v %d %s", what, w.left, w.page.Status, w.page.Body)
		}
	}
	refuses("nothing was proved, and nothing is posted", "")
	w.verify(tn.code(secret))
	good := w.accepted()
	parts := strings.Split(good, ".")
	unsigned := base64.RawURLEncoding.EncodeToString([]byte(`{"alg":"none","typ":"JWT"}`)) + "." + parts[1] + "."
	other, otherFlow := tn.browser().logIn("bob").widget()
	otherSecret, _ := member(otherFlow, "device_account")["otp_secret"].(string)
	other.verify(tn.code(otherSecret))
	for what, signature := range map[string]string{
		"no signature": "", "the token of the page": w.told.RequestToken, "the token of the flow": w.token, "a token without a signature": unsigned,
		"a token with another's signature": parts[0] + "." + parts[1] + "." + strings.Split(other.accepted(), ".")[2], "another's token": other.accepted(),
	} {
		refuses(what, signature)
	}

	// The API works only in the browser of the login, and each token has one purpose.
	thief := &widget{browser: tn.browser(), told: w.told, token: w.token}
	thief.fails("transaction-state", nil, http.StatusNotFound, "login_transaction_not_found")
	w.token, thief.token = w.told.RequestToken, w.token
	w.fails("transaction-state", nil, http.StatusUnauthorized, "invalid_token")
	w.token = thief.token
	w.fails("start-flow", nil, http.StatusUnauthorized, "invalid_token")
	w.token = ""
	w.fails("transaction-state", nil, http.StatusUnauthorized, "invalid_token")
	w.token = thief.token

	// Another user logs in with the same browser, in another tab: the first user's proof does not count.
	second := *w.browser
	second.ask("prompt", "login").at("/u/login").send("username", "bob@example.com", "password", "a password of bob", "action", "default").at("/mf")
	refuses("another's proof", good)
	diff(t, "the factors", cmp.Diff(tn.factors("ann"), []string(nil))+cmp.Diff(tn.factors("bob"), []string(nil)), "")
}

// TestWithoutTheOwnPage shows the built-in pages for factors that the library does not support, if the custom page
// cannot be rendered, and if it is switched off.
func TestWithoutTheOwnPage(t *testing.T) {
	tn := startOwn(t, ownHTML, "webauthn-roaming")
	tn.browser().logIn("ann").at("/u/mfa-webauthn-roaming-enrollment")
	tn = startOwn(t, `{% for i in (1..1000000) %}{{ i }}{% endfor %}`, "otp")
	tn.browser().logIn("ann").at("/u/mfa-otp-enrollment-qr")
	tn.manage(http.MethodPatch, "tenants/settings", object{"guardian_mfa_page": object{"enabled": false, "html": ownHTML}})
	b := tn.browser().logIn("ann").at("/u/mfa-otp-enrollment-qr")
	page := *b.page.URL
	page.Path = "/mf"
	if b.left, b.page = tn.Visit(b.client, page.String()); b.page.URL.Path != "/u/mfa-otp-enrollment-qr" {
		t.Errorf("the page that is switched off leads to %s", b.page.URL)
	}
}
