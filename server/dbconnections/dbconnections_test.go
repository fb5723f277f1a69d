package dbconnections_test

import (
	"bytes"
	"encoding/json"
	"io"
	"maps"
	"net/http"
	"net/url"
	"strings"
	"testing"
	"time"

	"github.com/tenant0/tenant0/server/outbox"
	"github.com/tenant0/tenant0/server/servertest"
)

const database = "Username-Password-Authentication"

// tenant is a running tenant with a browser.
type tenant struct {
	*servertest.Server
	t       *testing.T
	browser *http.Client
}

func start(t *testing.T) tenant {
	t.Helper()
	s := servertest.Start(t)
	return tenant{s, t, s.Client()}
}

type object = map[string]any

// send sends JSON and returns the answer, also decoded if it is an object.
func (tn tenant) send(method, target string, body object, header ...string) (status int, answer object, text string) {
	tn.t.Helper()
	raw, _ := json.Marshal(body)
	rq, err := http.NewRequestWithContext(tn.t.Context(), method, target, bytes.NewReader(raw))
	if err != nil {
		tn.t.Fatal(err)
	}
	rq.Header.Set("Content-Type", "application/json")
	for i := 0; i < len(header); i += 2 {
		rq.Header.Set(header[i], header[i+1])
	}
	resp, err := tn.Client().Do(rq)
	if err != nil {
		tn.t.Fatal(err)
	}
	defer resp.Body.Close()
	raw, err = io.ReadAll(resp.Body)
	if err != nil {
		tn.t.Fatal(err)
	}
	_ = json.Unmarshal(raw, &answer) // a sentence stays one
	return resp.StatusCode, answer, string(raw)
}

// api calls the Authentication API.
func (tn tenant) api(path string, body object) (status int, answer object, text string) {
	tn.t.Helper()
	return tn.send(http.MethodPost, tn.URL+"dbconnections/"+path, body)
}

// manage calls the Management API.
func (tn tenant) manage(method, path string, body object) (status int, answer object) {
	tn.t.Helper()
	_, token := tn.Token(tn.Client(), url.Values{
		"grant_type": {"client_credentials"}, "client_id": {servertest.Management}, "client_secret": {servertest.ManagementSecret},
		"audience": {tn.Issuer() + "api/v2/"},
	})
	status, answer, _ = tn.send(method, tn.URL+"api/v2"+path, body, "Authorization", "Bearer "+token["access_token"].(string))
	return status, answer
}

func (tn tenant) must(want int, method, path string, body object) object {
	tn.t.Helper()
	status, answer := tn.manage(method, path, body)
	if status != want {
		tn.t.Fatalf("%s %s: %d %v, want %d", method, path, status, answer, want)
	}
	return answer
}

// page opens the page to which an authorization request leads.
func (tn tenant) page(params ...string) servertest.Page {
	tn.t.Helper()
	all := url.Values{"audience": {""}, "scope": {"openid email"}}
	for i := 0; i < len(params); i += 2 {
		all.Set(params[i], params[i+1])
	}
	target, _ := tn.AuthorizeURL(servertest.Login{ClientID: servertest.Mobile, RedirectURI: servertest.MobileCallback, Params: all})
	left, page := tn.Visit(tn.browser, target)
	if left != nil {
		tn.t.Fatalf("the browser is sent to %v", left)
	}
	return page
}

// fill fills in a page's form and sends it.
func (tn tenant) fill(page servertest.Page, fields ...string) (left *url.URL, next servertest.Page) {
	tn.t.Helper()
	form := page.Form()
	form.Set("action", "default")
	for i := 0; i < len(fields); i += 2 {
		form.Set(fields[i], fields[i+1])
	}
	return tn.Submit(tn.browser, page, form)
}

// follow opens a link from an e-mail in another browser.
func (tn tenant) follow(link string) servertest.Page {
	tn.t.Helper()
	left, page := tn.Visit(tn.Client(), link)
	if left != nil {
		tn.t.Fatalf("the link leads to %v", left)
	}
	return page
}

func has(t *testing.T, page servertest.Page, status int, words ...string) {
	t.Helper()
	for _, one := range words {
		if page.Status != status || !strings.Contains(page.Body, one) {
			t.Errorf("the page is %d and does not say %q:\n%s", page.Status, one, page.Body)
		}
	}
}

func TestSignUpAndVerify(t *testing.T) {
	tn := start(t)
	page := tn.page("screen_hint", "signup", "login_hint", "new@exampleco.com")
	if page.URL.Path != "/u/signup" || !strings.Contains(page.Body, `value="new@exampleco.com"`) {
		t.Fatalf("sign-up was asked for and there is %s", page.URL)
	}
	_, weak := tn.fill(page, "email", "new@exampleco.com", "password", "short")
	has(t, weak, http.StatusBadRequest, "At least 8 characters")
	left, _ := tn.fill(page, "email", "New@exampleco.com", "password", "A password of 2026")
	if left == nil || left.Query().Get("code") == "" {
		t.Fatalf("after the sign-up the browser is sent to %v", left)
	}
	_, twice := tn.fill(tn.page("screen_hint", "signup", "prompt", "login"), "email", "new@exampleco.com", "password", "A password of 2026")
	has(t, twice, http.StatusBadRequest, "Something went wrong")

	mail := tn.WaitForMessage("new@exampleco.com", outbox.VerifyEmail)
	if !strings.Contains(mail.HTML, "ExampleCo Timesheets") || !strings.HasPrefix(mail.Link, tn.Issuer()+"u/email-verification?ticket=") {
		t.Errorf("the e-mail is %+v", mail)
	}
	has(t, tn.follow(mail.Link), http.StatusOK, "Email Verified")
	has(t, tn.follow(mail.Link), http.StatusOK, "already verified")
	has(t, tn.follow(tn.Issuer()+"u/email-verification?ticket=none"), http.StatusBadRequest, "User account does not exist or the verification code is invalid.")
	user := tn.must(http.StatusOK, http.MethodGet, "/users/"+url.PathEscape(mail.UserID), nil)
	if user["email_verified"] != true || user["email"] != "new@exampleco.com" {
		t.Errorf("the user is %v", user)
	}
}

func TestSignUpThroughTheAPI(t *testing.T) {
	tn := start(t)
	account := object{"client_id": servertest.Mobile, "connection": database, "email": "api@exampleco.com", "password": "A password of 2026", "given_name": "Ann"}
	status, made, _ := tn.api("signup", account)
	if id, _ := made["_id"].(string); status != http.StatusOK || len(id) != 24 || made["email_verified"] != false || made["given_name"] != "Ann" {
		t.Fatalf("%d %v", status, made)
	}
	tn.Login(tn.browser, servertest.Login{Username: "api@exampleco.com", Password: "A password of 2026"})

	with := func(name string, value any) object {
		changed := object{}
		maps.Copy(changed, account)
		changed[name] = value
		return changed
	}
	for _, tt := range []struct {
		name   string
		body   object
		member string
		want   any
	}{
		{"an address that is taken", account, "code", "invalid_signup"},
		{"a weak password", with("password", "weak"), "name", "PasswordStrengthError"},
		{"no connection", with("connection", ""), "error", "connection is required"},
		{"an unknown connection", with("connection", "none"), "error_description", "the connection was not found"},
		{"an unknown connection, by its code", with("connection", "none"), "error", "invalid_request"},
		{"an unknown application", with("client_id", "none"), "error", "Unknown client: none"},
		{"an address that is none", with("email", "none"), "code", "invalid_signup"},
	} {
		t.Run(tt.name, func(t *testing.T) {
			if status, answer, _ := tn.api("signup", tt.body); status != http.StatusBadRequest || answer[tt.member] != tt.want {
				t.Errorf("%d %v, want %s %v", status, answer, tt.member, tt.want)
			}
		})
	}
	tn.must(http.StatusOK, http.MethodPatch, "/tenants/settings", object{"flags": object{"enable_public_signup_user_exists_error": true}})
	if _, answer, _ := tn.api("signup", account); answer["code"] != "user_exists" {
		t.Errorf("where strangers may know it they get %v", answer)
	}
	connections := tn.must(http.StatusOK, http.MethodGet, "/connections?include_totals=true", nil)["connections"].([]any)
	id := connections[0].(object)["id"].(string)
	options := connections[0].(object)["options"].(object)
	options["disable_signup"] = true
	tn.must(http.StatusOK, http.MethodPatch, "/connections/"+id, object{"options": options})
	if _, answer, _ := tn.api("signup", with("email", "late@exampleco.com")); answer["description"] != "Public signup is disabled" {
		t.Errorf("where nobody may they get %v", answer)
	}
	if page := tn.page("screen_hint", "signup", "prompt", "login"); page.URL.Path != "/u/login" || strings.Contains(page.Body, "Sign up") {
		t.Errorf("sign-up leads to %s", page.URL)
	}
}

func TestForgottenPassword(t *testing.T) {
	tn := start(t)
	tn.Login(tn.browser, servertest.Login{})
	login := tn.page("prompt", "login")
	_, ask := tn.Visit(tn.browser, tn.URL+"u/reset-password/request/"+database+"?"+login.URL.RawQuery)
	has(t, ask, http.StatusOK, "Forgot Your Password?")
	_, sent := tn.fill(ask, "email", servertest.Employee)
	has(t, sent, http.StatusOK, "Please check the email address "+servertest.Employee)
	_, nobody := tn.fill(ask, "email", "nobody@exampleco.com")
	has(t, nobody, http.StatusOK, "Please check the email address nobody@exampleco.com")

	first := tn.WaitForMessage(servertest.Employee, outbox.ResetEmail)
	if status, _, text := tn.api("change_password", object{"connection": database, "email": servertest.Employee}); status != http.StatusOK ||
		text != "We've just sent you an email to reset your password." {
		t.Errorf("%d %s", status, text)
	}
	mail := newer(tn, first)
	has(t, tn.follow(first.Link), http.StatusBadRequest, "Please Try Again") // only the newest is good

	page := tn.follow(mail.Link)
	has(t, page, http.StatusOK, "Change Your Password")
	for _, tt := range []struct{ one, two, says string }{
		{"", "", "Enter a new password."},
		{"A password of 2027", "another", "Passwords don&#39;t match"},
		{"weak", "weak", "The password is too weak"},
	} {
		_, again := tn.fill(page, "password-reset", tt.one, "re-enter-password", tt.two)
		has(t, again, http.StatusBadRequest, tt.says)
	}
	_, done := tn.fill(page, "password-reset", "A password of 2027", "re-enter-password", "A password of 2027")
	has(t, done, http.StatusOK, "Password Changed!")
	_, twice := tn.fill(page, "password-reset", "A password of 2028", "re-enter-password", "A password of 2028")
	has(t, twice, http.StatusBadRequest, "This link has already been used.")

	if page := tn.page(); page.URL.Path != "/u/login" {
		t.Errorf("a session from before the reset is good: %s", page.URL)
	}
	tn.Login(tn.Client(), servertest.Login{Password: "A password of 2027"})
}

// newer waits for the password reset e-mail that follows m.
func newer(tn tenant, m outbox.Message) outbox.Message {
	tn.t.Helper()
	_, answer, text := tn.send(http.MethodGet, tn.ControlURL()+"/inbox/wait?to="+url.QueryEscape(m.To)+"&kind="+m.Kind+"&after="+m.ID, nil)
	link, _ := answer["link"].(string)
	if link == "" {
		tn.t.Fatalf("no second e-mail: %s", text)
	}
	m.Link = link
	return m
}

func TestPasswordsAreHeldAgainstTheConnectionsPolicy(t *testing.T) {
	tn := start(t)
	connections := tn.must(http.StatusOK, http.MethodGet, "/connections?include_totals=true", nil)["connections"].([]any)
	connection := connections[0].(object)
	user := tn.must(http.StatusCreated, http.MethodPost, "/users", object{
		"connection": database, "email": "hopper@exampleco.com", "password": "A password of 2026", "verify_email": false, "name": "Grace Hopper",
	})["user_id"].(string)
	path := "/users/" + url.PathEscape(user)
	options := connection["options"].(object)
	policy := object{
		"passwordPolicy": "excellent", "password_complexity_options": object{"min_length": 12},
		"password_history":          object{"enable": true, "size": 2},
		"password_no_personal_info": object{"enable": true},
		"password_dictionary":       object{"enable": true, "dictionary": []string{"Timesheets-2026"}},
	}
	maps.Copy(options, policy)
	tn.must(http.StatusOK, http.MethodPatch, "/connections/"+connection["id"].(string), object{"options": options})
	for _, tt := range []struct{ name, password, refused string }{
		{"too short", "Short-2026", "PasswordStrengthError: Password is too weak"},
		{"three of a kind", "Passworddd of 2026", "PasswordStrengthError: Password is too weak"},
		{"too common", "timesheets-2026", "PasswordDictionaryError: Password is too common"},
		{"the name in it", "xx Hopper of 2026", "PasswordNoUserInfoError: Password contains user information"},
		{"the same again", "A password of 2026", "PasswordHistoryError: Password has previously been used"},
		{"a good one", "Another one of 2026", ""},
		{"the one before", "A password of 2026", "PasswordHistoryError: Password has previously been used"},
		{"a second good one", "A third one of 2026", ""},
		{"one long ago", "A password of 2026", ""},
	} {
		t.Run(tt.name, func(t *testing.T) {
			status, answer := tn.manage(http.MethodPatch, path, object{"password": tt.password})
			if tt.refused == "" && status != http.StatusOK || tt.refused != "" && answer["message"] != tt.refused {
				t.Errorf("%d %v, want %q", status, answer["message"], tt.refused)
			}
		})
	}
}

func TestTickets(t *testing.T) {
	tn := start(t)
	user := tn.must(http.StatusCreated, http.MethodPost, "/users", object{
		"connection": database, "email": "ticket@exampleco.com", "password": "A password of 2026", "verify_email": false,
	})["user_id"].(string)
	link := func(kind string, body object) string {
		t.Helper()
		return tn.must(http.StatusCreated, http.MethodPost, "/tickets/"+kind, body)["ticket"].(string)
	}
	verify := link("email-verification", object{"user_id": user, "result_url": "http://localhost:3000/done?x=1", "includeEmailInRedirect": true})
	left, _ := tn.Visit(tn.browser, verify)
	if left == nil || left.Host != "localhost:3000" || left.Query().Get("success") != "true" || left.Query().Get("email") != "ticket@exampleco.com" ||
		left.Query().Get("x") != "1" {
		t.Errorf("the browser is sent to %v", left)
	}
	late := link("password-change", object{"user_id": user, "ttl_sec": 60})
	tn.Advance(2 * time.Minute)
	has(t, tn.follow(late), http.StatusBadRequest, "Link Expired")

	connections := tn.must(http.StatusOK, http.MethodGet, "/connections?include_totals=true", nil)["connections"].([]any)
	id := connections[0].(object)["id"]
	page := tn.follow(link("password-change", object{"connection_id": id, "email": "ticket@exampleco.com", "client_id": servertest.Mobile}))
	_, done := tn.fill(page, "password-reset", "A password of 2027", "re-enter-password", "A password of 2027")
	has(t, done, http.StatusOK, "Password Changed!")

	for _, tt := range []struct {
		name, kind string
		body       object
		want       int
	}{
		{"nobody", "email-verification", object{"user_id": "auth0|nobody"}, http.StatusNotFound},
		{"no user", "password-change", object{}, http.StatusBadRequest},
		{"a user named twice", "password-change", object{"user_id": user, "connection_id": id, "email": "ticket@exampleco.com"}, http.StatusBadRequest},
		{"two places to go", "password-change", object{"user_id": user, "client_id": servertest.Mobile, "result_url": "http://localhost"}, http.StatusBadRequest},
		{"an unknown application", "password-change", object{"user_id": user, "client_id": "none"}, http.StatusBadRequest},
	} {
		t.Run(tt.name, func(t *testing.T) {
			if status, answer := tn.manage(http.MethodPost, "/tickets/"+tt.kind, tt.body); status != tt.want {
				t.Errorf("%d %v, want %d", status, answer, tt.want)
			}
		})
	}
}

func TestVerificationEmails(t *testing.T) {
	tn := start(t)
	tn.must(http.StatusCreated, http.MethodPost, "/email-templates", object{
		"template": "verify_email", "from": "Ours <ours@exampleco.com>", "subject": "{{ application.name }} for {{ user.name }}", "syntax": "liquid",
		"body": "<a href='{{ url }}'>{{ user.user_metadata.color }}</a>", "enabled": true, "resultUrl": "http://localhost:3000/verified",
	})
	user := tn.must(http.StatusCreated, http.MethodPost, "/users", object{
		"connection": database, "email": "mail@exampleco.com", "password": "A password of 2026", "name": "Mail", "user_metadata": object{"color": "red"},
		"verify_email": false,
	})["user_id"].(string)
	job := tn.must(http.StatusCreated, http.MethodPost, "/jobs/verification-email", object{"user_id": user, "client_id": servertest.Mobile})
	if done := tn.must(http.StatusOK, http.MethodGet, "/jobs/"+job["id"].(string), nil); job["status"] != "pending" || done["status"] != "completed" {
		t.Errorf("the job is %v and then %v", job, done)
	}
	mail := tn.WaitForMessage("mail@exampleco.com", outbox.VerifyEmail)
	if mail.Subject != "Timesheets Mobile for Mail" || mail.From != "Ours <ours@exampleco.com>" || mail.HTML != "<a href='"+mail.Link+"'>red</a>" {
		t.Errorf("the e-mail is %+v", mail)
	}
	if left, _ := tn.Visit(tn.browser, mail.Link); left == nil || left.Path != "/verified" {
		t.Errorf("the link leads to %v", left)
	}
	tn.must(http.StatusOK, http.MethodPatch, "/email-templates/verify_email", object{"enabled": false})
	tn.must(http.StatusNotFound, http.MethodPost, "/jobs/verification-email", object{"user_id": user, "organization_id": "org_0000000000000000"})
	job = tn.must(http.StatusCreated, http.MethodPost, "/jobs/verification-email", object{"user_id": user})
	if done := tn.must(http.StatusOK, http.MethodGet, "/jobs/"+job["id"].(string), nil); done["status"] != "failed" {
		t.Errorf("with the template disabled the job is %v", done)
	}
}

func TestManyWrongPasswordsBlock(t *testing.T) {
	tn := start(t)
	tn.must(http.StatusOK, http.MethodPatch, "/attack-protection/brute-force-protection", object{"max_attempts": 3})
	page := tn.page()
	for range 2 {
		_, again := tn.fill(page, "username", servertest.Employee, "password", "wrong")
		has(t, again, http.StatusBadRequest, "Wrong email or password")
	}
	left, _ := tn.fill(page, "username", servertest.Employee, "password", servertest.Password)
	if left == nil {
		t.Fatal("two wrong passwords keep a right one out")
	}
	for range 3 {
		_, again := tn.fill(tn.page("prompt", "login"), "username", servertest.Employee, "password", "wrong")
		has(t, again, http.StatusBadRequest, "Wrong email or password")
	}
	blocked := tn.page("prompt", "login")
	_, again := tn.fill(blocked, "username", servertest.Employee, "password", servertest.Password)
	has(t, again, http.StatusBadRequest, "Your account has been blocked")
	blocks := tn.must(http.StatusOK, http.MethodGet, "/user-blocks?identifier="+servertest.Employee, nil)["blocked_for"].([]any)
	if len(blocks) != 1 || blocks[0].(object)["ip"] != "127.0.0.1" || blocks[0].(object)["identifier"] != servertest.Employee {
		t.Errorf("the blocks are %v", blocks)
	}
	considered := func(protected bool, count int) {
		t.Helper()
		tn.must(http.StatusOK, http.MethodPatch, "/attack-protection/brute-force-protection", object{"enabled": protected})
		path := "/user-blocks?consider_brute_force_enablement=true&identifier=" + servertest.Employee
		if blocks := tn.must(http.StatusOK, http.MethodGet, path, nil)["blocked_for"].([]any); len(blocks) != count {
			t.Errorf("with the protection enabled %v, the blocks are %v", protected, blocks)
		}
	}
	considered(false, 0)
	considered(true, 1)
	mail := tn.WaitForMessage(servertest.Employee, outbox.BlockedAccount)
	ask := tn.follow(mail.Link)
	has(t, ask, http.StatusOK, "Unblock My Account") // the look of a program at the link does not use it up
	has(t, tn.follow(mail.Link), http.StatusOK, "Unblock My Account")
	_, unblocked := tn.fill(ask)
	has(t, unblocked, http.StatusOK, "Account Unblocked")
	has(t, tn.follow(mail.Link), http.StatusBadRequest, "Invalid Link")
	if left, _ := tn.fill(blocked, "username", servertest.Employee, "password", servertest.Password); left == nil {
		t.Error("the link did not unblock the account")
	}
	for range 3 {
		tn.fill(tn.page("prompt", "login"), "username", servertest.Employee, "password", "wrong")
	}
	tn.must(http.StatusNoContent, http.MethodDelete, "/user-blocks/"+url.PathEscape(mail.UserID), nil)
	if left, _ := tn.fill(tn.page("prompt", "login"), "username", servertest.Employee, "password", servertest.Password); left == nil {
		t.Error("the Management API did not unblock the account")
	}
}

// TestSignupsAreBounded: anyone can sign up, so the size of a request and of what is stored
// is limited.
func TestSignupsAreBounded(t *testing.T) {
	tn := start(t)
	long := strings.Repeat("x", 64<<10)
	account := object{"client_id": servertest.Mobile, "connection": database, "email": "long@exampleco.com", "password": "A password of 2026", "picture": "https://example.com/" + long}
	if status, answer, text := tn.api("signup", account); status != http.StatusRequestEntityTooLarge || answer["error"] == "" {
		t.Errorf("JSON: %d %s", status, text)
	}
	page := tn.page("screen_hint", "signup")
	if _, next := tn.fill(page, "email", "long@exampleco.com", "password", long); next.Status != http.StatusRequestEntityTooLarge {
		t.Errorf("the page: %d", next.Status)
	}
	for member, value := range map[string]any{
		"email": long[:40<<10] + "@example.com", "username": long[:129], "phone_number": long[:31], "given_name": long[:151], "family_name": long[:151],
		"name": long[:301], "nickname": long[:301], "user_metadata": object{"a": long[:501]},
	} {
		body := object{"client_id": servertest.Mobile, "connection": database, "email": "long@exampleco.com", "password": "A password of 2026", member: value}
		if status, _, text := tn.api("signup", body); status != http.StatusBadRequest {
			t.Errorf("a long %s: %d %s", member, status, text)
		}
	}
	if status, _, text := tn.api("change_password", object{"connection": database, "email": long[:40<<10] + "@example.com"}); status != http.StatusOK {
		t.Errorf("a long address whose password is forgotten: %d %s", status, text)
	}
	if _, next := tn.fill(tn.page(), "username", long[:40<<10], "password", "wrong"); next.Status != http.StatusBadRequest {
		t.Errorf("a login with a long name: %d", next.Status)
	}
}
