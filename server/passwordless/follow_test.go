package passwordless_test

import (
	"net/http"
	"net/url"
	"strings"
	"testing"
	"time"
)

// link sends bob a link, and returns its address with the parameters changed; an empty value removes one.
func (tn tenant) link(changes ...string) string {
	tn.t.Helper()
	tn.ClearInbox()
	status, answer := tn.send("passwordless/start", object{
		"client_id": "web", "client_secret": "a secret of sixteen", "connection": "email", "email": bob,
		"authParams": object{"redirect_uri": "https://app.example.com/callback", "scope": "openid", "state": "s", "response_type": "code"},
	})
	if status != 200 {
		tn.t.Fatalf("start: %d %v", status, answer)
	}
	u, err := url.Parse(tn.WaitForMessage(bob, "passwordless_email").Link)
	if err != nil {
		tn.t.Fatal(err)
	}
	query := u.Query()
	for i := 0; i < len(changes); i += 2 {
		if query.Set(changes[i], changes[i+1]); changes[i+1] == "" {
			query.Del(changes[i])
		}
	}
	u.RawQuery = query.Encode()
	return u.String()
}

// follows checks that a link leads to a page with a text, and begins no session.
func (tn tenant) follows(what, link string, status int, text string) {
	tn.t.Helper()
	browser := tn.Client()
	if left, page := tn.Visit(browser, link); left != nil || page.Status != status || !strings.Contains(page.Body, text) {
		tn.t.Errorf("%s leads to %v, %d: %s", what, left, page.Status, page.Body)
	}
	if left, page := tn.Visit(browser, tn.URL+"authorize?"+tn.silent("app")); left == nil || left.Query().Get("error") != "login_required" {
		tn.t.Errorf("after %s there is a session: %v %s", what, left, page.Body)
	}
}

// TestLinksThatLogNobodyIn.
func TestLinksThatLogNobodyIn(t *testing.T) {
	tn := start(t)
	tn.follows("a link of another application", tn.link("client_id", "other"), 401, wrongEmail)
	tn.follows("a link of an unknown application", tn.link("client_id", "none"), 400, "Unknown client: none")
	tn.follows("a link of no application", tn.link("client_id", ""), 400, "Missing required parameter: client_id")
	tn.follows("a link to another address", tn.link("email", "ann@example.com"), 401, wrongEmail)

	late := tn.link()
	tn.Advance(time.Hour)
	tn.follows("a late link", late, 401, expired)
	guessed := tn.link()
	for range 3 {
		tn.send("passwordless/verify", object{"client_id": "web", "connection": "email", "email": bob, "verification_code": "x"})
	}
	tn.follows("a link whose code was guessed", guessed, 401, strings.ReplaceAll(tooMany, "'", "&#39;"))

	blocked := tn.link()
	_, found := tn.Manage(tn.browser, http.MethodGet, "users-by-email?email="+url.QueryEscape(bob), nil)
	id, _ := found.([]any)[0].(object)["user_id"].(string)
	if status, answer := tn.Manage(tn.browser, http.MethodPatch, "users/"+url.PathEscape(id), object{"blocked": true}); status != 200 {
		t.Fatalf("%d %v", status, answer)
	}
	tn.follows("a link of a blocked user", blocked, 403, "user is blocked")
	if status, answer := tn.Manage(tn.browser, http.MethodPatch, "users/"+url.PathEscape(id), object{"blocked": false}); status != 200 {
		t.Fatalf("%d %v", status, answer)
	}
	if left, page := tn.Visit(tn.browser, tn.link()); left == nil || left.Query().Get("code") == "" {
		t.Errorf("the user's own link leads to %v: %s", left, page.Body)
	}
}

// TestVerifyAnswersLateAndGuessedCodes.
func TestVerifyAnswersLateAndGuessedCodes(t *testing.T) {
	tn := start(t)
	verify := func(code string) (int, any) {
		status, answer := tn.send("passwordless/verify", object{"connection": "email", "email": bob, "verification_code": code})
		return status, answer["error_description"]
	}
	code := tn.emailed()
	tn.Advance(3 * time.Minute)
	if status, sentence := verify(code); status != 401 || sentence != expired {
		t.Errorf("a late one: %d %v", status, sentence)
	}
	code = tn.emailed()
	for range 3 {
		verify("x")
	}
	if status, sentence := verify(code); status != 401 || sentence != tooMany {
		t.Errorf("one that was guessed: %d %v", status, sentence)
	}
}

// TestACodeOfSomebodyWhoHasGone makes no account, unless the request for the code allowed a sign-up.
func TestACodeOfSomebodyWhoHasGone(t *testing.T) {
	tn := challenges(t, object{})
	session := tn.session(object{"email": "ann@example.com"})
	code := tn.WaitForMessage("ann@example.com", "passwordless_email").Code
	tn.Manage(tn.browser, http.MethodDelete, "users/auth0%7Cann", nil)
	if status, body := tn.exchange("app", session, code); status/100 != 4 {
		t.Errorf("%d %v", status, body)
	}
	if _, found := tn.Manage(tn.browser, http.MethodGet, "users-by-email?email=ann%40example.com", nil); len(found.([]any)) != 0 {
		t.Errorf("there is an account: %v", found)
	}
}
