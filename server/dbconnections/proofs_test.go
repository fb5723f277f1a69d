package dbconnections_test

import (
	"net/http"
	"net/url"
	"strings"
	"testing"
	"time"

	"github.com/tenant0/tenant0/server/servertest"
)

// proofsFile is a tenant whose connections verify by code: "mail" e-mail addresses, "phone" phone numbers.
const proofsFile = `
clients:
  - {name: Mail, client_id: mail, app_type: native, token_endpoint_auth_method: none, callbacks: ["https://app.example.com/callback"], grant_types: [authorization_code]}
  - {name: Phone, client_id: phone, app_type: native, token_endpoint_auth_method: none, callbacks: ["https://app.example.com/callback"], grant_types: [authorization_code]}
databases:
  - name: mail
    strategy: auth0
    enabled_clients: [mail]
    options:
      attributes: {email: {identifier: {active: true}, verification_method: code, signup: {status: required, verification: {active: true}}}}
  - name: phone
    strategy: auth0
    enabled_clients: [phone]
    options:
      attributes: {phone_number: {identifier: {active: true}, signup: {status: required, verification: {active: true}}}}
users:
  - {user_id: "auth0|ann", email: ann@example.com, email_verified: true, password: a password of ann, connection: mail}
`

const emailProof, phoneProof, resetCode = "/u/email-identifier/challenge", "/u/phone-identifier/challenge", "/u/reset-password/code"

func startProofs(t *testing.T) tenant {
	t.Helper()
	s := servertest.Start(t, servertest.Seed(proofsFile), servertest.HTTP())
	return tenant{s, t, s.Client()}
}

// opens begins a login at an application of proofsFile and returns the page.
func (tn tenant) opens(clientID string, params ...string) servertest.Page {
	tn.t.Helper()
	all := url.Values{"audience": {""}, "scope": {"openid email"}}
	for i := 0; i < len(params); i += 2 {
		all.Set(params[i], params[i+1])
	}
	target, _ := tn.AuthorizeURL(servertest.Login{ClientID: clientID, RedirectURI: "https://app.example.com/callback", Params: all})
	left, page := tn.Visit(tn.browser, target)
	if left != nil {
		tn.t.Fatalf("the login ends at %s", left)
	}
	return page
}

func (tn tenant) types(page servertest.Page, typed ...string) (*url.URL, servertest.Page) {
	tn.t.Helper()
	form := url.Values{"state": {page.URL.Query().Get("state")}}
	for i := 0; i < len(typed); i += 2 {
		form.Set(typed[i], typed[i+1])
	}
	return tn.Submit(tn.browser, page, form)
}

func (tn tenant) goesTo(path string, page servertest.Page, typed ...string) servertest.Page {
	tn.t.Helper()
	left, next := tn.types(page, typed...)
	if left != nil || next.URL.Path != path || next.Status != http.StatusOK {
		tn.t.Fatalf("after %s comes %v %v, want %s\n%s", page.URL.Path, left, next.URL, path, next.Body)
	}
	return next
}

func (tn tenant) says(key string, page servertest.Page, typed ...string) {
	tn.t.Helper()
	left, next := tn.types(page, typed...)
	if left != nil || next.Status != http.StatusBadRequest || !strings.Contains(next.Body, `data-error-code="`+key+`"`) {
		tn.t.Fatalf("%v gets %v %d, want %s\n%s", typed, left, next.Status, key, next.Body)
	}
}

func (tn tenant) arrives(left *url.URL, page servertest.Page) {
	tn.t.Helper()
	if left == nil || left.Query().Get("code") == "" {
		tn.t.Fatalf("the login ends at %v\n%s", left, page.Body)
	}
}

func TestSignUpWithAnAddressThatIsProvedByACode(t *testing.T) {
	tn := startProofs(t)
	const address, password = "new@example.com", "ExampleCo!2026-new"
	proof := tn.goesTo(emailProof, tn.opens("mail", "screen_hint", "signup"), "email", address, "password", password, "action", "default")
	if !strings.Contains(proof.Body, "We&#39;ve sent an email with your code to") || !strings.Contains(proof.Body, ">new@example.com</span>") {
		t.Errorf("the page is\n%s", proof.Body)
	}
	sent := tn.Inbox()
	if len(sent) != 1 || sent[0].Kind != "verify_email_by_code" {
		t.Fatalf("the messages are %v", sent)
	}
	first := sent[0].Code
	// Without the code there is no session, and the login asks for it again.
	if left, page := tn.Visit(tn.browser, tn.URL+"authorize/resume?state="+proof.URL.Query().Get("state")); left != nil || page.URL.Path != "/u/signup" {
		t.Errorf("the login goes on to %v %v", left, page.URL)
	}
	tn.says("no-code", proof, "code", " ")
	tn.ClearInbox()
	login := tn.goesTo(emailProof, tn.opens("mail"), "username", address, "password", password)
	second := tn.WaitForMessage(address, "verify_email_by_code").Code
	if first != second {
		tn.says("invalid-code", login, "code", first) // of another login
	}
	left, last := tn.types(login, "code", second, "action", "default")
	tn.arrives(left, last)
	// The address is verified now.
	left, last = tn.types(tn.opens("mail", "prompt", "login"), "username", address, "password", password)
	tn.arrives(left, last)
}

func TestSignUpWithANumberThatIsProvedByACode(t *testing.T) {
	tn := startProofs(t)
	proof := tn.goesTo(phoneProof, tn.opens("phone", "screen_hint", "signup"), "phone", "+15550100", "password", "ExampleCo!2026-new")
	code := tn.WaitForMessage("+15550100", "otp_verify").Code
	if _, page := tn.Visit(tn.browser, strings.Replace(proof.URL.String(), phoneProof, emailProof, 1)); page.URL.Path != phoneProof {
		t.Errorf("the page of the other kind leads to %s", page.URL)
	}
	wrong := "000000"
	if code == wrong {
		wrong = "111111"
	}
	for range 3 {
		tn.says("invalid-code", proof, "code", wrong)
	}
	tn.says("too-many-failures", proof, "code", code)
	tn.ClearInbox()
	proof = tn.goesTo(phoneProof, proof, "action", "resend-code")
	code = tn.WaitForMessage("+15550100", "otp_verify").Code
	tn.Advance(6 * time.Minute)
	tn.says("invalid-expired-code", proof, "code", code)
	tn.ClearInbox()
	proof = tn.goesTo(phoneProof, proof, "action", "resend-code")
	left, last := tn.types(proof, "code", tn.WaitForMessage("+15550100", "otp_verify").Code)
	tn.arrives(left, last)
}

// TestTheAddressIsProvedBeforeThePassword: with an identifier page of its own, the code comes before the password.
func TestTheAddressIsProvedBeforeThePassword(t *testing.T) {
	s := servertest.Start(t, servertest.Seed("prompts: {identifier_first: true}"+proofsFile), servertest.HTTP())
	tn := tenant{s, t, s.Client()}
	const identifier, password, secret = "/u/signup/identifier", "/u/signup/password", "ExampleCo!2026-new"
	begin := func(client string) servertest.Page {
		t.Helper()
		page := tn.opens(client, "screen_hint", "signup", "prompt", "login")
		if page.URL.Path != identifier {
			t.Fatalf("the sign-up begins at %s", page.URL)
		}
		return page
	}
	page := tn.goesTo(emailProof, begin("mail"), "email", "new@example.com", "action", "default")
	first := tn.WaitForMessage("new@example.com", "verify_email_by_code").Code
	if !strings.Contains(page.Body, `href="/u/signup/identifier?state=`) {
		t.Errorf("the address cannot be changed on\n%s", page.Body)
	}
	wrong := "000000"
	if first == wrong {
		wrong = "111111"
	}
	tn.says("invalid-code", page, "code", wrong)
	tn.ClearInbox()
	page = tn.goesTo(emailProof, page, "action", "resend-code")
	tn.arrives(tn.types(tn.goesTo(password, page, "code", tn.WaitForMessage("new@example.com", "verify_email_by_code").Code), "password", secret))
	tn.arrives(tn.types(tn.goesTo("/u/login/password", tn.opens("mail", "prompt", "login"), "username", "new@example.com"), "password", secret))

	// A verified address verifies no other: neither one posted with the password, nor one entered after going back.
	for name, lie := range map[string]func(page servertest.Page) servertest.Page{
		"with the password": func(page servertest.Page) servertest.Page {
			return tn.goesTo(emailProof, page, "password", secret, "email", "other@example.com")
		},
		"after going back": func(page servertest.Page) servertest.Page {
			_, back := tn.Visit(tn.browser, strings.Replace(page.URL.String(), password, identifier, 1))
			return tn.goesTo(emailProof, back, "email", "third@example.com")
		},
	} {
		tn.ClearInbox()
		mine := strings.ReplaceAll(name, " ", "-") + "@example.com"
		page = tn.goesTo(emailProof, begin("mail"), "email", mine)
		lied := lie(tn.goesTo(password, page, "code", tn.WaitForMessage(mine, "verify_email_by_code").Code))
		if strings.Contains(lied.Body, mine) {
			t.Errorf("%s: the code is asked for\n%s", name, lied.Body)
		}
	}

	// A person who already has an account learns this after the code, and is not logged in.
	page = tn.goesTo(emailProof, begin("mail"), "email", "ann@example.com")
	page = tn.goesTo(password, page, "code", tn.WaitForMessage("ann@example.com", "verify_email_by_code").Code)
	if left, last := tn.types(page, "password", secret); left != nil || last.Status != http.StatusBadRequest {
		t.Errorf("the second account of an address ends at %v %d", left, last.Status)
	}

	page = tn.goesTo(phoneProof, begin("phone"), "phone", "+15550100")
	tn.arrives(tn.types(tn.goesTo(password, page, "code", tn.WaitForMessage("+15550100", "otp_verify").Code), "password", secret))
}

// TestAChangedPasswordEndsTheProofThatBeganWithIt: after that, the code alone logs nobody in.
func TestAChangedPasswordEndsTheProofThatBeganWithIt(t *testing.T) {
	tn := startProofs(t)
	const address = "new@example.com"
	proof := tn.goesTo(emailProof, tn.opens("mail", "screen_hint", "signup"), "email", address, "password", "ExampleCo!2026-new")
	code := tn.WaitForMessage(address, "verify_email_by_code").Code

	owner := tenant{tn.Server, t, tn.Client()}
	owner.resetByCode(address, "ExampleCo!2027-new")
	tn.says("invalid-code", proof, "code", code)
}

// resetByCode sets a new password by code, starting at the login page.
func (tn tenant) resetByCode(address, password string) {
	tn.t.Helper()
	login := tn.opens("mail")
	_, request := tn.Visit(tn.browser, tn.URL+"u/login/password-reset-start/mail/"+url.PathEscape(address)+"?state="+login.URL.Query().Get("state"))
	if request.URL.Path != "/u/reset-password/request/mail" || !strings.Contains(request.Body, `value="`+address+`"`) {
		tn.t.Fatalf("the reset begins at %s\n%s", request.URL, request.Body)
	}
	code := tn.goesTo(resetCode, request, "email", address, "action", "default")
	change := tn.goesTo("/u/reset-verify", code, "code", tn.WaitForMessage(address, "reset_email_by_code").Code)
	tn.goesTo("/u/reset-password/success", change, "password-reset", password, "re-enter-password", password, "action", "default")
}

func TestResetByCode(t *testing.T) {
	tn := startProofs(t)
	const address, password = "ann@example.com", "ExampleCo!2027-ann"
	tn.resetByCode(address, password)
	login := tn.opens("mail", "prompt", "login")
	tn.says("wrong-email-credentials", login, "username", address, "password", "a password of ann")
	left, last := tn.types(login, "username", address, "password", password)
	tn.arrives(left, last)
}

func TestAResetByCodeIsBoundToItsLogin(t *testing.T) {
	tn := startProofs(t)
	const address = "ann@example.com"
	ask := func() servertest.Page {
		login := tn.opens("mail", "prompt", "login")
		_, request := tn.Visit(tn.browser, tn.URL+"u/reset-password/request/mail?state="+login.URL.Query().Get("state"))
		return tn.goesTo(resetCode, request, "email", address)
	}
	first := ask()
	code := tn.WaitForMessage(address, "reset_email_by_code").Code
	other := ask() // in another tab
	if tn.WaitForMessage(address, "reset_email_by_code").Code != code {
		tn.says("invalid-code", other, "code", code)
	}
	stranger := tenant{tn.Server, t, tn.Client()}
	if left, page := stranger.types(first, "code", code); left != nil || page.Status != http.StatusBadRequest || strings.Contains(page.Body, address) {
		t.Errorf("another browser gets to %v, or sees\n%s", left, page.Body)
	}
	change := tn.goesTo("/u/reset-verify", first, "code", code)
	// The code is used up, and its login no longer waits for one.
	if left, page := tn.types(first, "code", code); left != nil || page.URL.Path == "/u/reset-verify" {
		t.Errorf("the code leads to %v %v a second time", left, page.URL)
	}
	tn.goesTo("/u/reset-password/success", change, "password-reset", "ExampleCo!2027-ann", "re-enter-password", "ExampleCo!2027-ann")
	if left, page := tn.types(change, "password-reset", "ExampleCo!2028-ann", "re-enter-password", "ExampleCo!2028-ann"); left != nil || page.Status != http.StatusBadRequest {
		t.Errorf("the ticket leads to %v %d a second time", left, page.Status)
	}
	if _, page := tn.Visit(tn.browser, tn.URL+"u/reset-password/success?ticket=none"); page.Status != http.StatusBadRequest {
		t.Errorf("a ticket that is none gets %d", page.Status)
	}
}

// TestAResetByCodeTellsNobodyWhoHasAnAccount: unknown addresses see the same page, and get no code.
func TestAResetByCodeTellsNobodyWhoHasAnAccount(t *testing.T) {
	tn := startProofs(t)
	login := tn.opens("mail")
	_, request := tn.Visit(tn.browser, tn.URL+"u/reset-password/request/mail?state="+login.URL.Query().Get("state"))
	code := tn.goesTo(resetCode, request, "email", "nobody@example.com")
	tn.says("invalid-code", code, "code", "123456")
	if sent := tn.Inbox(); len(sent) != 0 {
		t.Errorf("%d messages were sent", len(sent))
	}
	// A code sent to another address in the same login does not work here.
	_, request = tn.Visit(tn.browser, request.URL.String())
	tn.goesTo(resetCode, request, "email", "ann@example.com")
	anns := tn.WaitForMessage("ann@example.com", "reset_email_by_code").Code
	_, request = tn.Visit(tn.browser, request.URL.String())
	code = tn.goesTo(resetCode, request, "email", "nobody@example.com")
	tn.says("invalid-code", code, "code", anns)
}

// TestWrongCodesBlock: wrong codes count like wrong passwords.
func TestWrongCodesBlock(t *testing.T) {
	tn := startProofs(t)
	login := tn.opens("mail")
	_, request := tn.Visit(tn.browser, tn.URL+"u/reset-password/request/mail?state="+login.URL.Query().Get("state"))
	page := tn.goesTo(resetCode, request, "email", "ann@example.com")
	for i := range 10 {
		tn.says("invalid-code", page, "code", "x")
		if i%3 == 2 {
			page = tn.goesTo(resetCode, page, "action", "resend-code")
		}
	}
	tn.says("user-blocked", page, "code", tn.WaitForMessage("ann@example.com", "reset_email_by_code").Code)
}
