package mfa_test

import (
	"net/http"
	"net/url"
	"testing"
	"time"
)

// withAuthenticator enrolls an authenticator app of ann, and returns an access token of hers for the MFA API.
func (tn *tenant) withAuthenticator(scope string) (access string) {
	tn.t.Helper()
	token := tn.token("app", "ann")
	secret := tn.enroll(token, object{"authenticator_types": []string{"otp"}})["secret"].(string)
	if status, body := tn.finish("mfa-otp", token, "otp", tn.code(secret)); status != 200 {
		tn.t.Fatalf("the enrollment: %d %v", status, body)
	}
	tn.later(time.Minute)
	_, body := tn.ask("app", "ann", "audience", tn.URL+"mfa/", "scope", scope)
	status, body := tn.finish("mfa-otp", body["mfa_token"].(string), "otp", tn.code(secret))
	access, _ = body["access_token"].(string)
	if status != 200 || access == "" {
		tn.t.Fatalf("the access token: %d %v", status, body)
	}
	return access
}

// TestWhoseAccessToken of the MFA API is taken: that of the application, of a user who exists, in its time.
func TestWhoseAccessToken(t *testing.T) {
	tn := start(t)
	access := tn.withAuthenticator("enroll read:authenticators remove:authenticators")
	otp := func(client string) object { return object{"client_id": client, "authenticator_types": []string{"otp"}} }

	status, answer := tn.send(http.MethodPost, "mfa/associate", access, otp("other"))
	tn.refused(status, answer.(object), 400, "invalid_request", "mfa_token not issued to this client")
	_, body := tn.ask("plain", "bob", "audience", "urn:rs") // of another API
	for what, token := range map[string]string{"no token": "", "one of an unknown kind": "x", "one that waits for a factor, of another user": body["mfa_token"].(string)} {
		if status, answer := tn.send(http.MethodDelete, "mfa/authenticators/totp%7Cdev_x", token, nil); status/100 != 4 || status == 404 {
			t.Errorf("%s: %d %v", what, status, answer)
		}
	}
	if status, _ := tn.send(http.MethodGet, "mfa/authenticators", " ", nil); status != 401 {
		t.Errorf("an empty token: %d", status)
	}
	status, answer = tn.send(http.MethodPost, "mfa/challenge", access, object{"client_id": "app"})
	tn.refused(status, answer.(object), 400, "invalid_request", "Missing required parameter: mfa_token")
	status, answer = tn.send(http.MethodPost, "mfa/challenge", "", object{"client_id": "app", "mfa_token": access}) // a challenge is part of a login
	tn.refused(status, answer.(object), 403, "invalid_grant", "Malformed mfa_token")

	tn.later(10 * time.Minute)
	status, answer = tn.send(http.MethodGet, "mfa/authenticators", access, nil)
	tn.refused(status, answer.(object), 401, "expired_token", "mfa_token is expired")
	tn.later(-5 * time.Minute)
	tn.manage(http.MethodDelete, "users/auth0%7Cann", nil)
	status, answer = tn.send(http.MethodGet, "mfa/authenticators", access, nil)
	tn.refused(status, answer.(object), 403, "invalid_grant", "Malformed mfa_token")
}

// TestAnAppIsAskedForItsUser: the question to an app that a user adds with an access token logs nobody else in.
func TestAnAppIsAskedForItsUser(t *testing.T) {
	tn := startPush(t)
	access := tn.withAuthenticator("enroll")
	made := object{"client_id": "app", "authenticator_types": app["authenticator_types"], "oob_channels": app["oob_channels"]}
	status, answer := tn.send(http.MethodPost, "mfa/associate", access, made)
	if status != 200 {
		t.Fatalf("%d %v", status, answer)
	}
	tn.AnswerPush(tn.question("enrollment").ID, "allow")
	oob := answer.(object)["oob_code"].(string)
	status, body := tn.finish("mfa-oob", tn.token("app", "bob"), "oob_code", oob)
	tn.refused(status, body, 400, "invalid_request", "The oob_code doesn't match the mfa_token")
	if status, body = tn.finish("mfa-oob", tn.token("app", "ann"), "oob_code", oob); status != 200 {
		t.Errorf("the user's own: %d %v", status, body)
	}
}

// TestAFactorThatIsRemoved while a login waits for it does not finish that login.
func TestAFactorThatIsRemoved(t *testing.T) {
	tn := startPush(t)
	tn.withAuthenticator("enroll")
	remove := func(kind string) {
		t.Helper()
		for _, method := range tn.manage(http.MethodGet, "users/auth0%7Cann/authentication-methods", nil).([]any) {
			if m := method.(object); m["type"] == kind {
				tn.manage(http.MethodDelete, "users/auth0%7Cann/authentication-methods/"+url.PathEscape(m["id"].(string)), nil)
			}
		}
	}
	tn.manage(http.MethodPost, "users/auth0%7Cann/authentication-methods", object{"type": "phone", "phone_number": phone, "preferred_authentication_method": "sms"})
	token := tn.token("app", "ann")
	status, answer := tn.send(http.MethodPost, "mfa/challenge", "", object{"client_id": "app", "mfa_token": token, "challenge_type": "oob"})
	if status != 200 {
		t.Fatalf("%d %v", status, answer)
	}
	code := tn.WaitForMessage(phone, "otp_verify").Code
	remove("phone")
	status, body := tn.finish("mfa-oob", token, "oob_code", answer.(object)["oob_code"].(string), "binding_code", code)
	if status != 403 || body["error"] != "invalid_grant" {
		t.Errorf("by text message: %d %v", status, body)
	}
}

// TestAFactorsAddressIsAnAddressAlone.
func TestAFactorsAddressIsAnAddressAlone(t *testing.T) {
	tn := start(t)
	token := tn.token("app", "ann")
	for _, address := range []string{"Ann <ann@example.com>", "ann@example.com, bob@example.com", "ann", ""} {
		body := object{"client_id": "app", "authenticator_types": []string{"oob"}, "oob_channels": []string{"email"}, "email": address}
		if status, answer := tn.send(http.MethodPost, "mfa/associate", token, body); status != 400 {
			t.Errorf("%q: %d %v", address, status, answer)
		}
	}
	if inbox := tn.Inbox(); len(inbox) != 0 {
		t.Errorf("messages were sent: %v", inbox)
	}
}
