package mfapages_test

import (
	"net/http"
	"net/url"
	"strings"
	"testing"
	"time"

	"github.com/tenant0/tenant0/server/servertest"
)

// ticket creates an enrollment ticket for a user, with further members of the request, and returns its link.
func (tn *tenant) ticket(user string, more ...any) (link string) {
	tn.t.Helper()
	body := object{"user_id": "auth0|" + user}
	for i := 0; i < len(more); i += 2 {
		body[more[i].(string)] = more[i+1]
	}
	answer := tn.manage(http.MethodPost, "guardian/enrollments/ticket", body).(object)
	id, _ := answer["ticket_id"].(string)
	link, _ = answer["ticket_url"].(string)
	if !strings.HasPrefix(id, "gten_") || link != tn.URL+"guardian/enroll?ticket="+id || len(answer) != 2 {
		tn.t.Fatalf("the ticket is %v", answer)
	}
	return link
}

// follow opens the link of a ticket.
func (b *browser) follow(link string) *browser {
	b.tn.t.Helper()
	b.left, b.page = b.tn.Visit(b.client, link)
	return b
}

// says checks the page with which an enrollment ends.
func (b *browser) says(status int, title string) {
	b.tn.t.Helper()
	if b.left != nil || b.page.Status != status || !strings.Contains(b.page.Body, "<h1>"+title+"</h1>") {
		b.tn.t.Fatalf("the browser is at %v %v, want %d %s: %d %s", b.left, b.page.URL, status, title, b.page.Status, b.page.Body)
	}
}

func TestATicketEnrollsAFactor(t *testing.T) {
	tn := start(t, "otp", "sms", "email", "recovery-code")
	link := tn.ticket("bob")
	b := tn.browser().follow(link).at("/u/mfa-otp-enrollment-qr")
	if strings.Contains(b.page.Body, "auth0|bob") {
		t.Errorf("the page tells whose ticket it is: %s", b.page.Body)
	}
	key := b.send("action", "pick-authenticator").at("/u/mfa-enroll-options").send("action", "otp").enrollOTP()
	b.at("/u/mfa-recovery-code-enrollment")
	b.send("action", "default").refused("no-confirmation", "")
	b.send("saved", "true", "action", "default").says(http.StatusOK, "You&#39;re All Set!")
	if b.page.URL.Path != "/u/mfa-enroll-result" {
		t.Errorf("it ends at %v", b.page.URL)
	}
	tn.logged("gd_start_enroll", "gd_enrollment_complete")

	// The ticket logs nobody in, and the factor is asked for from then on.
	b.logIn("bob").at("/u/mfa-otp-challenge")
	tn.later(time.Minute)
	b.send("code", tn.code(key), "action", "default").done()

	// The ticket is used up, in any browser.
	tn.browser().follow(link).says(http.StatusBadRequest, "Already used")
	tn.browser().follow(tn.ticket("bob")).says(http.StatusBadRequest, "Something Went Wrong")
	tn.browser().follow(tn.ticket("bob", "factor", "phone")).says(http.StatusBadRequest, "Something Went Wrong")
}

func TestATicketForAnotherFactor(t *testing.T) {
	tn := start(t, "otp", "sms", "push-notification")
	tn.browser().logIn("bob").install().send("action", "pick-authenticator").send("action", "otp").enrollOTP()
	b := tn.browser().follow(tn.ticket("bob", "factor", "phone", "allow_multiple_enrollments", true)).at("/u/mfa-sms-enrollment")
	b.send("phone", phone, "action", "default").at("/u/mfa-sms-enrollment-verify")
	code := tn.WaitForMessage(phone, "otp_enroll").Code
	b.send("code", "000001", "action", "default").refused("invalid-code", "The code you entered is invalid")
	b.send("code", code, "action", "default").says(http.StatusOK, "You&#39;re All Set!")

	b = tn.browser().follow(tn.ticket("bob", "factor", "push-notification", "allow_multiple_enrollments", true)).install()
	tn.AnswerPush(tn.question("bob", "enrollment").ID, "allow")
	b.send("action", "default").says(http.StatusOK, "You&#39;re All Set!")
	methods := tn.manage(http.MethodGet, "users/auth0%7Cbob/authentication-methods", nil).([]any)
	var kinds []string
	for _, m := range methods {
		if m.(object)["confirmed"] == true {
			kinds = append(kinds, m.(object)["type"].(string))
		}
	}
	if len(kinds) != 3 {
		t.Errorf("the factors are %v", kinds)
	}
	// The first ticket of a user without factors may enroll the app.
	b = tn.browser().follow(tn.ticket("ann", "factor", "push-notification")).install()
	tn.AnswerPush(tn.question("ann", "enrollment").ID, "allow")
	b.send("action", "default").says(http.StatusOK, "You&#39;re All Set!")
}

func TestATicketIsSent(t *testing.T) {
	tn := start(t, "otp")
	link := tn.ticket("bob", "send_mail", true)
	if m := tn.WaitForMessage("bob@example.com", "enrollment_email"); m.Link != link || !strings.Contains(m.HTML, link) || m.Subject == "" || m.UserID != "auth0|bob" {
		t.Errorf("the e-mail is %v", m)
	}
	tn.ClearInbox()
	tn.manage(http.MethodPost, "email-templates", object{
		"template": "enrollment_email", "from": "mfa@example.com", "subject": "For {{ user.email }}", "body": "<a href=\"{{ url }}\">here</a>", "syntax": "liquid", "enabled": true,
	})
	link = tn.ticket("bob", "send_mail", true, "email", "elsewhere@example.com", "email_locale", "de")
	if m := tn.WaitForMessage("elsewhere@example.com", "enrollment_email"); m.HTML != `<a href="`+link+`">here</a>` || m.From != "mfa@example.com" {
		t.Errorf("the e-mail is %v", m)
	}
	tn.ClearInbox()
	tn.ticket("bob")
	if inbox := tn.Inbox(); len(inbox) != 0 {
		t.Errorf("an e-mail was sent: %v", inbox)
	}
	for _, tt := range []struct {
		body   object
		status int
	}{
		{object{}, 400},
		{object{"user_id": "auth0|nobody"}, 404},
		{object{"user_id": "auth0|bob", "factor": "magic"}, 400},
		{object{"user_id": "auth0|bob", "email": "x"}, 400},
		{object{"user_id": "auth0|bob", "stranger": true}, 400},
	} {
		if status, answer := tn.Manage(tn.Client(), http.MethodPost, "guardian/enrollments/ticket", tt.body); status != tt.status {
			t.Errorf("%v: %d %v", tt.body, status, answer)
		}
	}
}

// TestATicketIsGoodOnce, until it expires, and only for its user and its tenant.
func TestATicketIsGoodOnce(t *testing.T) {
	tn := start(t, "otp")
	tn.browser().follow(tn.URL+"guardian/enroll?ticket=gten_nothing").says(http.StatusBadRequest, "Invalid Link")
	tn.browser().follow(tn.URL+"guardian/enroll").says(http.StatusBadRequest, "Invalid Link")
	late := tn.ticket("bob")
	tn.later(5 * 24 * time.Hour)
	tn.browser().follow(late).says(http.StatusBadRequest, "Expired Link")

	link := tn.ticket("bob")
	elsewhere := servertest.Start(t, servertest.Seed(file), servertest.HTTP())
	elsewhere.Freeze(tn.now)
	other := &tenant{elsewhere, t, tn.now}
	id, _ := url.Parse(link)
	other.browser().follow(other.URL+"guardian/enroll?"+id.RawQuery).says(http.StatusBadRequest, "Invalid Link")

	// If two browsers have begun with a ticket, only one finishes.
	first, second := tn.browser().follow(link).at("/u/mfa-otp-enrollment-qr"), tn.browser().follow(link).at("/u/mfa-otp-enrollment-qr")
	stolen := tn.browser().follow(first.page.URL.String())
	if stolen.page.Status/100 != 4 || strings.Contains(stolen.page.Body, "data:image/png") {
		t.Errorf("another browser sees %d %s", stolen.page.Status, stolen.page.Body)
	}
	second.enrollOTP()
	second.says(http.StatusOK, "You&#39;re All Set!")
	first.send("code", "123456", "action", "default").says(http.StatusBadRequest, "Already used")
	second.follow(second.page.URL.String()).says(http.StatusOK, "You&#39;re All Set!")

	// The state of an enrollment does not work for a login, nor the other way round.
	state := first.page.URL.Query().Get("state")
	for _, path := range []string{"authorize/resume", "u/login", "u/consent", "u/passkey-enrollment", "u/logout"} {
		if first.follow(tn.URL + path + "?state=" + state); first.left != nil || first.page.Status/100 != 4 {
			t.Errorf("%s with the state of an enrollment: %v %d", path, first.left, first.page.Status)
		}
	}
	login := tn.browser().ask()
	if login.follow(tn.URL + "u/mfa-enroll-result?state=" + login.page.URL.Query().Get("state")); login.page.Status/100 != 4 {
		t.Errorf("the result of a login: %d %s", login.page.Status, login.page.Body)
	}

	// The ticket of a blocked or deleted user does not work either.
	link = tn.ticket("ann")
	begun := tn.browser().follow(link).at("/u/mfa-otp-enrollment-qr")
	tn.manage(http.MethodPatch, "users/auth0%7Cann", object{"blocked": true})
	tn.browser().follow(link).says(http.StatusBadRequest, "Invalid Link")
	begun.send("code", "123456", "action", "default").says(http.StatusBadRequest, "Invalid Link")
	tn.manage(http.MethodDelete, "users/auth0%7Cann", nil)
	tn.browser().follow(link).says(http.StatusBadRequest, "Invalid Link")
}

func TestCodesAreNotGuessedByATicket(t *testing.T) {
	tn := start(t, "otp")
	b := tn.browser().follow(tn.ticket("bob")).at("/u/mfa-otp-enrollment-qr")
	for range 9 {
		b.send("code", "000000", "action", "default").refused("invalid-code", "")
	}
	b.send("code", "000000", "action", "default")
	b.send("code", "000000", "action", "default").refused("too-many-failures", "Too many failed codes.")
}

func TestATicketWithoutAFactor(t *testing.T) {
	tn := start(t, "email")
	b := tn.browser().follow(tn.ticket("bob"))
	if b.page.Status != http.StatusForbidden {
		t.Errorf("where the tenant has none: %d %s", b.page.Status, b.page.Body)
	}
}
