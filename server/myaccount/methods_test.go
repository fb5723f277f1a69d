package myaccount_test

import (
	"crypto/rand"
	"crypto/rsa"
	"crypto/x509"
	"encoding/json"
	"net/http"
	"net/url"
	"regexp"
	"strings"
	"testing"
	"time"

	"github.com/descope/virtualwebauthn"
	"github.com/pquerna/otp/totp"

	"github.com/tenant0/tenant0/server/outbox"
)

const methods = "authentication-methods"

// withFactors starts a tenant on which all factors are enabled.
func withFactors(t *testing.T) *tenant {
	t.Helper()
	tn := start(t)
	for _, factor := range []string{"otp", "sms", "email", "push-notification", "recovery-code", "webauthn-roaming"} {
		tn.manage(http.MethodPut, "guardian/factors/"+factor, object{"enabled": true})
	}
	tn.manage(http.MethodPut, "guardian/factors/phone/message-types", object{"message_types": []string{"sms", "voice"}})
	return tn
}

func (tn *tenant) manage(method, path string, body any) any {
	tn.t.Helper()
	status, answer := tn.Manage(tn.browser, method, path, body)
	if status/100 != 2 {
		tn.t.Fatalf("%s %s: %d %v", method, path, status, answer)
	}
	return answer
}

// begun is an unfinished enrollment: the path for verifying it, and the answer that the application got.
type begun struct {
	path    string
	session string
	answer  object
}

// enroll begins an enrollment.
func (tn *tenant) enroll(token string, body object) begun {
	tn.t.Helper()
	resp, answer := tn.call(http.MethodPost, methods, token, body)
	at, found := strings.CutPrefix(resp.Header.Get("Location"), tn.URL+"me/v1/")
	if resp.StatusCode != http.StatusAccepted || !found {
		tn.t.Fatalf("%s %v %v", resp.Status, resp.Header, answer)
	}
	id, err := url.PathUnescape(strings.TrimPrefix(at, methods+"/"))
	if err != nil || answer["id"] != nil && answer["id"] != id {
		tn.t.Errorf("%v is at %s", answer, at)
	}
	return begun{at, answer["auth_session"].(string), answer}
}

// verify verifies an enrollment.
func (tn *tenant) verify(token string, b begun, members ...any) object {
	tn.t.Helper()
	return tn.must(http.StatusCreated, http.MethodPost, b.path+"/verify", token, with(object{"auth_session": b.session}, members...))
}

// unverified checks that the given members do not verify an enrollment.
func (tn *tenant) unverified(what, token string, b begun, members ...any) {
	tn.t.Helper()
	answer := tn.refused("A0E-400-0001", http.MethodPost, b.path+"/verify", token, with(object{"auth_session": b.session}, members...))
	if answer["status"] != 400.0 {
		tn.t.Errorf("%s: %v", what, answer)
	}
}

func (tn *tenant) list(token, query string) []any {
	tn.t.Helper()
	return tn.must(http.StatusOK, http.MethodGet, methods+query, token, nil)["authentication_methods"].([]any)
}

// noon is the time at which the tests begin.
var noon = time.Date(2027, 3, 1, 12, 0, 0, 0, time.UTC)

func otpOf(t *testing.T, b begun, at time.Time) string {
	t.Helper()
	code, err := totp.GenerateCode(b.answer["manual_input_code"].(string), at)
	if err != nil {
		t.Fatal(err)
	}
	return code
}

func TestFactorsOfAUser(t *testing.T) {
	tn := withFactors(t)
	var got []string
	for _, one := range tn.must(http.StatusOK, http.MethodGet, "factors", tn.token("ann", "app", every), nil)["factors"].([]any) {
		o := one.(object)
		got = append(got, o["type"].(string)+" "+o["usage"].([]any)[0].(string))
	}
	diff(t, "the factors", got, []string{
		"password primary", "passkey primary", "webauthn-roaming secondary", "totp secondary", "phone secondary", "email secondary",
		"push-notification secondary", "recovery-code secondary",
	})
}

func TestAOneTimePasswordIsEnrolled(t *testing.T) {
	tn := withFactors(t)
	ann, bob := tn.token("ann", "app", every), tn.token("bob", "app", every)
	b := tn.enroll(ann, object{"type": "totp"})
	if !regexp.MustCompile(`^otpauth://totp/Example%20Co:ann@example.com\?.*secret=`).MatchString(b.answer["barcode_uri"].(string)) || !strings.HasPrefix(b.path, methods+"/totp%7Cdev_") {
		t.Errorf("%v at %s", b.answer, b.path)
	}
	other := tn.enroll(bob, object{"type": "totp"})
	right := otpOf(t, b, noon)
	tn.unverified("a wrong code", ann, b, "otp_code", "000000")
	tn.unverified("bob's token", bob, b, "otp_code", right)
	tn.unverified("another application", tn.token("ann", "other", every), b, "otp_code", right)
	tn.unverified("bob's session", ann, b, "otp_code", right, "auth_session", other.session)
	tn.unverified("another method", ann, begun{methods + "/totp%7Cdev_other", b.session, nil}, "otp_code", right)
	tn.unverified("another type", ann, begun{methods + "/push-notification%7Cdev_x", b.session, nil})
	tn.refused("A0E-400-0003", http.MethodPost, b.path+"/verify", ann, object{"auth_session": b.session})
	tn.refused("A0E-403-0002", http.MethodPost, b.path+"/verify", tn.token("ann", "app", "read:me:authentication_methods"), object{"auth_session": b.session, "otp_code": right})
	made := tn.verify(ann, b, "otp_code", right)
	diff(t, "the method", made, object{
		"id": b.answer["id"], "type": "totp", "confirmed": true, "usage": []any{"secondary"}, "created_at": "2027-03-01T12:00:00.000Z", "last_auth_at": "2027-03-01T12:00:00.000Z",
	})
	tn.unverified("a second time", ann, b, "otp_code", right)
	named := tn.must(http.StatusOK, http.MethodPatch, b.path, ann, object{"name": "My phone"})
	diff(t, "the renamed method", named, with(made, "name", "My phone"))
	diff(t, "the method by its id", tn.must(http.StatusOK, http.MethodGet, b.path, ann, nil), named)
	diff(t, "the methods", tn.list(ann, "?type=totp"), []any{named})
	tn.refused("A0E-404-0001", http.MethodGet, strings.Replace(b.path, "totp", "phone", 1), ann, nil)
	tn.refused("A0E-400-0003", http.MethodPatch, b.path, ann, object{"preferred_authentication_method": "sms"})
	for _, method := range []string{http.MethodGet, http.MethodPatch, http.MethodDelete} {
		tn.refused("A0E-404-0001", method, b.path, bob, object{})
	}
	// The method is a factor of logins.
	tn.manage(http.MethodPut, "guardian/policies", []string{"all-applications"})
	if status, answer := tn.tokens("ann", "app", "openid", tn.URL+"me/"); status != http.StatusForbidden || answer["error"] != "mfa_required" {
		t.Errorf("%d %v", status, answer)
	}
	if resp, _ := tn.call(http.MethodDelete, b.path, ann, nil); resp.StatusCode != http.StatusNoContent {
		t.Error(resp.Status)
	}
	diff(t, "the methods afterwards", tn.list(ann, "?type=totp"), []any{})
	late := tn.enroll(ann, object{"type": "totp"})
	tn.Advance(9*time.Minute + 59*time.Second)
	if resp, answer := tn.call(http.MethodPost, late.path+"/verify", ann, object{"auth_session": late.session, "otp_code": "000000"}); resp.StatusCode != http.StatusBadRequest || answer["detail"] != "The code is wrong, or not good any more." {
		t.Error(answer)
	}
}

// TestCodesAreSent to phone numbers and e-mail addresses, and work once and for five minutes.
func TestCodesAreSent(t *testing.T) {
	tn := withFactors(t)
	ann := tn.token("ann", "app", every)
	number := tn.enroll(ann, object{"type": "phone", "phone_number": "+15550109167", "preferred_authentication_method": "voice"})
	address := tn.enroll(ann, object{"type": "email", "email": "ann@work.example"})
	call := tn.WaitForMessage("+15550109167", outbox.OTPEnroll)
	letter := tn.WaitForMessage("ann@work.example", outbox.MFAOOBCode)
	tn.unverified("a wrong code", ann, number, "otp_code", "x")
	tn.unverified("the other's code", ann, address, "otp_code", call.Code+"0")
	diff(t, "the phone", tn.verify(ann, number, "otp_code", call.Code), object{
		"id": number.answer["id"], "type": "phone", "confirmed": true, "usage": []any{"secondary"}, "phone_number": "+15550109167",
		"preferred_authentication_method": "voice", "created_at": "2027-03-01T12:00:00.000Z", "last_auth_at": "2027-03-01T12:00:00.000Z",
	})
	if changed := tn.must(http.StatusOK, http.MethodPatch, number.path, ann, object{"preferred_authentication_method": "sms"}); changed["preferred_authentication_method"] != "sms" {
		t.Error(changed)
	}
	if made := tn.verify(ann, address, "otp_code", letter.Code); made["email"] != "ann@work.example" {
		t.Error(made)
	}
	late := tn.enroll(ann, object{"type": "email", "email": "late@work.example"})
	code := tn.WaitForMessage("late@work.example", outbox.MFAOOBCode).Code
	tn.Advance(5 * time.Minute)
	tn.unverified("late", ann, late, "otp_code", code)
	// At most ten an hour are sent, from all requests together.
	for i := range 12 {
		resp, _ := tn.call(http.MethodPost, methods, ann, object{"type": "email", "email": "ann@work.example"})
		if sent := resp.StatusCode == http.StatusAccepted; sent != (i < 7) { // three were sent, and none has come back yet
			t.Errorf("the message %d is answered %s", i, resp.Status)
		}
	}
}

func TestAnAppAddsItself(t *testing.T) {
	tn := withFactors(t)
	ann := tn.token("ann", "app", every)
	b := tn.enroll(ann, object{"type": "push-notification"})
	tn.unverified("before the app has answered", ann, b)
	questions := tn.Questions("auth0|ann")
	if len(questions) != 1 || !strings.Contains(b.answer["barcode_uri"].(string), questions[0].ID) {
		t.Fatalf("%v %v", questions, b.answer)
	}
	tn.AnswerPush(questions[0].ID, "allow")
	if made := tn.verify(ann, b); made["confirmed"] != true || made["name"] != "Ann's phone" || made["type"] != "push-notification" {
		t.Error(made)
	}
	tn.unverified("a second time", ann, b)
}

// TestANewRecoveryCode replaces the previous one once it is verified.
func TestANewRecoveryCode(t *testing.T) {
	tn := withFactors(t)
	ann := tn.token("ann", "app", every)
	one := tn.enroll(ann, object{"type": "recovery-code"})
	if code := one.answer["recovery_code"].(string); len(code) != 24 {
		t.Error(code)
	}
	diff(t, "the methods before", tn.list(ann, "?type=recovery-code"), []any{})
	first := tn.verify(ann, one)
	diff(t, "the methods", tn.list(ann, "?type=recovery-code"), []any{first})
	second := tn.verify(ann, tn.enroll(ann, object{"type": "recovery-code"}))
	diff(t, "the methods afterwards", tn.list(ann, "?type=recovery-code"), []any{second})
}

// TestANewPassword is checked by the password policy, ends the sessions, and logs in.
func TestANewPassword(t *testing.T) {
	tn := withFactors(t)
	ann := tn.token("ann", "app", every)
	_, user := tn.Manage(tn.browser, http.MethodGet, "users/auth0|ann", nil)
	diff(t, "the methods", tn.list(ann, ""), []any{object{
		"id": "password|YXV0aDB8YW5u", "type": "password", "identity_user_id": "auth0|ann", "usage": []any{"primary"}, "created_at": user.(object)["created_at"],
	}})
	b := tn.enroll(ann, object{"type": "password"})
	complexity := b.answer["policy"].(object)["complexity"].(object)
	diff(t, "the policy", complexity, object{
		"min_length": 8.0, "character_types": []any{"lowercase", "uppercase", "number", "special"}, "character_type_rule": "three_of_four",
		"identical_characters": "allow", "sequential_characters": "allow", "max_length_exceeded": "error",
	})
	if b.path != methods+"/password%7Cnew" {
		t.Error(b.path)
	}
	bob := tn.token("bob", "app", every)
	tn.unverified("bob's token", bob, b, "new_password", "Bob 1 chooses it")
	tn.refused("A0E-400-0003", http.MethodPost, b.path+"/verify", ann, object{"auth_session": b.session, "new_password": "weak"})
	made := tn.verify(ann, b, "new_password", "A 2nd password of ann")
	if made["id"] != "password|YXV0aDB8YW5u" || made["last_password_reset"] == nil {
		t.Error(made)
	}
	tn.unverified("a second time", ann, b, "new_password", "A 3rd password of ann")
	if status, answer := tn.tokens("ann", "app", "openid", "https://api.test"); status == http.StatusOK {
		t.Errorf("the old password is good: %v", answer)
	}
	tn.refused("A0E-409-0001", http.MethodDelete, methods+"/password%7CYXV0aDB8YW5u", ann, nil)
}

// TestAPasskeyIsEnrolled and then logs in the user without a password.
func TestAPasskeyIsEnrolled(t *testing.T) {
	tn := withFactors(t)
	ann, bob := tn.token("ann", "app", every), tn.token("bob", "app", every)
	b := tn.enroll(ann, object{"type": "passkey", "connection": "people"})
	if b.path != methods+"/passkey%7Cnew" || b.answer["id"] != nil {
		t.Errorf("%v at %s", b.answer, b.path)
	}
	raw, err := json.Marshal(b.answer["authn_params_public_key"])
	if err != nil {
		t.Fatal(err)
	}
	asked, err := virtualwebauthn.ParseAttestationOptions(string(raw))
	if err != nil {
		t.Fatal(err)
	}
	party := virtualwebauthn.RelyingParty{Name: asked.RelyingPartyName, ID: asked.RelyingPartyID, Origin: strings.TrimSuffix(tn.URL, "/")}
	device, key := virtualwebauthn.NewAuthenticator(), virtualwebauthn.NewCredential(virtualwebauthn.KeyTypeEC2)
	device.Options.UserHandle = []byte(asked.UserID)
	tn.unverified("an RSA key of 1024 bits", ann, b, "authn_response", json.RawMessage(virtualwebauthn.CreateAttestationResponse(party, device, shortKey(t), *asked)))
	response := json.RawMessage(virtualwebauthn.CreateAttestationResponse(party, device, key, *asked))
	tn.unverified("bob's token", bob, b, "authn_response", response)
	tn.unverified("no answer", ann, b, "authn_response", object{"id": "x"})
	other := tn.enroll(ann, object{"type": "passkey"})
	tn.unverified("another session", ann, other, "authn_response", response)
	made := tn.verify(ann, b, "authn_response", response)
	if made["type"] != "passkey" || made["relying_party_id"] != "localhost" || made["identity_user_id"] != "auth0|ann" || made["usage"].([]any)[0] != "primary" || made["webauthn_credential"] != nil {
		t.Error(made)
	}
	tn.unverified("a second time", ann, b, "authn_response", response)
	if kept := tn.list(ann, "?type=passkey"); len(kept) != 1 {
		t.Error(kept)
	}
	at := methods + "/" + url.PathEscape(made["id"].(string))
	for _, path := range []string{methods + "/password%7CYXV0aDB8YW5u"} {
		if resp, answer := tn.call(http.MethodDelete, path, ann, nil); resp.StatusCode != http.StatusNoContent {
			t.Error(answer)
		}
	}
	tn.refused("A0E-409-0001", http.MethodDelete, at, ann, nil) // nothing else is left to log in by
}

// shortKey returns the key of an authenticator, RSA of 1024 bits.
func shortKey(t *testing.T) virtualwebauthn.Credential {
	t.Helper()
	key, err := rsa.GenerateKey(rand.Reader, 1024)
	if err != nil {
		t.Fatal(err)
	}
	der, err := x509.MarshalPKCS8PrivateKey(key)
	if err != nil {
		t.Fatal(err)
	}
	return virtualwebauthn.NewCredentialWithImportedKey(virtualwebauthn.KeyTypeRSA, der)
}

func TestRequestsToEnroll(t *testing.T) {
	tn := start(t)
	ann := tn.token("ann", "app", every)
	for _, body := range []object{
		{},
		{"type": "webauthn-roaming"},
		{"type": "sms"},
		{"type": "phone"},
		{"type": "phone", "phone_number": "5550109167"},
		{"type": "email", "email": "nobody"},
		{"type": "totp", "email": "ann@example.com"},
		{"type": "email", "email": "a@example.com", "x": 1},
		{"type": "password", "connection": "other"},
		{"type": "password", "identity_user_id": "auth0|bob"},
		{"type": "phone", "phone_number": "+15550109167", "preferred_authentication_method": "post"},
	} {
		tn.refused("A0E-400-0003", http.MethodPost, methods, ann, body)
	}
	tn.refused("A0E-400-0001", http.MethodPost, methods, ann, object{"type": "totp"}) // it is not switched on
	tn.refused("A0E-400-0003", http.MethodGet, methods+"?type=sms", ann, nil)
	tn.refused("A0E-403-0002", http.MethodGet, methods, tn.token("ann", "app", "read:me:factors"), nil)
	tn.refused("A0E-403-0002", http.MethodGet, "factors", tn.token("ann", "app", "read:me:authentication_methods"), nil)
	tn.refused("A0E-404-0001", http.MethodGet, methods+"/totp%7Cdev_none", ann, nil)
}

// TestTheNewPasswordOfALinkedAccount: the password of each account in a database connection is a method of its own.
func TestTheNewPasswordOfALinkedAccount(t *testing.T) {
	tn := withFactors(t)
	if status, answer := tn.Manage(tn.browser, http.MethodPost, "users/auth0|ann/identities", object{"provider": "auth0", "user_id": "auth0|bob"}); status != http.StatusCreated {
		t.Fatalf("%d %v", status, answer)
	}
	ann := tn.token("ann", "app", every)
	var accounts []any
	for _, method := range tn.list(ann, "?type=password") {
		accounts = append(accounts, method.(object)["identity_user_id"])
	}
	diff(t, "the accounts with passwords", accounts, []any{"auth0|ann", "auth0|bob"})
	tn.refused("A0E-400-0003", http.MethodPost, methods, ann, object{"type": "password", "identity_user_id": "auth0|eve"})
	tn.refused("A0E-400-0003", http.MethodPost, methods, ann, object{"type": "passkey", "identity_user_id": "auth0|bob"})
	b := tn.enroll(ann, object{"type": "password", "identity_user_id": "bob"})
	tn.refused("A0E-400-0003", http.MethodPost, b.path+"/verify", ann, object{"auth_session": b.session, "new_password": "bob@example.com"}) // the account's own address
	made := tn.verify(ann, b, "new_password", "A 2nd password of bob")
	diff(t, "whose password it is", made["identity_user_id"], "auth0|bob")
	for user, want := range map[string]int{"ann": http.StatusOK, "bob": http.StatusForbidden} { // by the passwords that they had
		if status, answer := tn.tokens(user, "app", "openid", "https://api.test"); status != want {
			t.Errorf("the former password of %s: %d %v", user, status, answer)
		}
	}
	tn.must(http.StatusNoContent, http.MethodDelete, methods+"/"+url.PathEscape(made["id"].(string)), ann, nil)
	diff(t, "the methods without it", len(tn.list(ann, "?type=password")), 1)
}
