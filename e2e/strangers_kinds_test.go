package e2e_test

import (
	"fmt"
	"net/http"
	"net/url"
	"testing"
	"time"

	"github.com/tenant0/tenant0/server/outbox"
	"github.com/tenant0/tenant0/server/servertest"
)

// mailed returns the words for a code that was sent to an address or number, and for that address or number.
func (s *stage) mailed(to string) words {
	return words{"CODE": func() string { return s.WaitForMessage(to, "").Code }, "TO": said(to)}
}

// TestScriptsOfPush plays scripts that wait for the answer of the app on a phone.
func TestScriptsOfPush(t *testing.T) {
	f := startFurther(t, "push-notification")
	user := f.userID(t)
	// app returns a word without text; when a script comes to it, the app on the phone answers its question.
	app := func(answer string) func() string {
		return func() string {
			all := f.Questions(user)
			if len(all) != 1 {
				t.Fatalf("the app is asked %v", all)
			}
			f.AnswerPush(all[0].ID, answer)
			return ""
		}
	}
	f.answers = words{"ALLOWS": app("allow"), "DENIES": app("deny"), "SHOWN": func() string { return f.Questions(user)[0].Code }}
	f.run(t, script{"", "", loginLines + `at /u/mfa-push-welcome;; see h1 := Secure Your Account;; press button="Continue";; at /u/mfa-push-enrollment-qr;; see form img := ALLOWS;; leave /u/mfa-push-enrollment-qr`})
	for _, p := range []script{
		{"Playwright", "the page goes on by itself", loginLines + `at /u/mfa-push-challenge-push;; see h1 := Verify Your Identity;; see span.ulp-authenticator-selector-text := Ann's phoneALLOWS;; leave /u/mfa-push-challenge-push`},
		{"Cypress", "the button before the answer", loginLines + `press button="I've responded on my device";; see #prompt-alert := You must accept the notification;; see h1 := ALLOWS;; leave /u/mfa-push-challenge-push`},
		{"Selenium", "a denial, and another question", loginLines + `see //h1[text()="Verify Your Identity"] := DENIES;; leave /u/nowhere;; press //button[@value='resend'];; see //h1 := ALLOWS;; leave /u/mfa-push-challenge-push`},
		{"Puppeteer", "the code that the app shows", loginLines + `press button[value=enter-otp-code];; at /u/mfa-otp-challenge;; fill input#code := SHOWN;; press button[data-action-button-primary="true"]`},
	} {
		t.Run(p.tool+": "+p.about, func(t *testing.T) { f.run(t, p) })
	}
}

// TestScriptsOfCalls plays scripts that get codes by phone calls and by e-mail.
func TestScriptsOfCalls(t *testing.T) {
	f := startFurther(t, "sms")
	by := func(ways ...string) {
		f.manage(t, http.MethodPut, "guardian/factors/phone/message-types", map[string]any{"message_types": ways})
	}
	by("voice")
	user := "users/" + url.PathEscape(f.userID(t))
	called := `fill input[name="code"] := TEXTED;; press button="Continue"`
	for _, p := range []script{
		{"Playwright", "a number", loginLines + `at /u/mfa-voice-enrollment;; see h1 := Secure Your Account;; fill input[name="phone"] := PHONE;; press button="Continue";; at /u/mfa-voice-enrollment-verify;; see #aria-description-text := ;;` + called},
		{"Cypress", "a call", loginLines + `at /u/mfa-voice-challenge;; see span.ulp-authenticator-selector-text := 9167;; fill #code := 000000;; press button[value=default];; see #error-element-code := The code you entered is invalid;;` + called},
		{"Selenium", "another call", loginLines + `press //button[text()="Call again"];; fill //input[@id='code'] := TEXTED;; press //button[@name='action' and @value='default']`},
	} {
		t.Run("voice/"+p.tool+": "+p.about, func(t *testing.T) { f.run(t, p) })
	}
	by("sms", "voice")
	t.Run("both/Playwright: a text in the place of a call", func(t *testing.T) {
		f.run(t, script{"", "", loginLines + `at /u/mfa-phone-challenge;; press button="Continue";; at /u/mfa-voice-challenge;; press button=send a text;; at /u/mfa-sms-challenge;;` + called})
	})
	by("sms")
	f.manage(t, http.MethodPut, "guardian/factors/email", map[string]any{"enabled": true})
	f.manage(t, http.MethodPatch, user, map[string]any{"email_verified": true})
	f.now = f.now.Add(time.Hour) // a user gets ten codes in an hour
	f.answers = words{"MAILED": func() string { return f.WaitForMessage(servertest.Employee, "").Code }}
	for _, p := range []script{
		{"a script", "by the forms", loginLines + `press .ulp-action-form-pick-authenticator > button;; press .ulp-action-form-email > button;; fill #code := MAILED;; press [data-action-button-primary=true]`},
		{"Selenium", "by XPath", loginLines + `press //button[@value='pick-authenticator'];; press //form[contains(@class,'ulp-action-form-email')]/button;; fill //input[@name='code'] := MAILED;; press //button[@value='default']`},
		{"Cypress", "by the value, and resends", loginLines + `press button[value="pick-authenticator"];; press button[value^="email"];; press form[class*="resend"] button;; fill #code := MAILED;; press button[value=default]`},
	} {
		t.Run("email/"+p.tool+": "+p.about, func(t *testing.T) { f.run(t, p) })
	}
	f.manage(t, http.MethodPatch, "tenants/settings", map[string]any{"enabled_locales": []string{"en", "fr"}})
	t.Run("email/Playwright: in French", func(t *testing.T) {
		f.asks = url.Values{"ui_locales": {"fr"}}
		f.run(t, script{"", "", `fill #username := WHO;; fill #password := SECRET;; press button="Continuer";; press text=Essayer une autre méthode;; press text="E-mail";; fill #code := MAILED;; press button="Continuer"`})
	})
}

// TestScriptsOfOtherMethods plays scripts that choose a code by e-mail instead of a text message.
func TestScriptsOfOtherMethods(t *testing.T) {
	f := startFurther(t, "sms")
	user := "users/" + url.PathEscape(f.userID(t))
	f.manage(t, http.MethodPut, "guardian/factors/email", map[string]any{"enabled": true})
	f.manage(t, http.MethodPatch, user, map[string]any{"email_verified": true})
	f.manage(t, http.MethodPost, user+"/authentication-methods", map[string]any{"type": "phone", "phone_number": phoneNumber, "preferred_authentication_method": "sms"})
	f.manage(t, http.MethodPatch, "tenants/settings", map[string]any{"enabled_locales": []string{"en", "es"}})
	f.answers = words{"MAILED": func() string { return f.WaitForMessage(servertest.Employee, "").Code }}
	for _, p := range []script{
		{"Selenium", "by the texts of buttons", loginLines + `press //button[contains(text(), 'Try another method')];; press //button[contains(., 'Email')];; fill input[name="code"], input[autocomplete="one-time-code"], input[inputmode="numeric"] := MAILED;; press first button[type="submit"]`},
		{"Playwright", "by what starts the name", loginLines + `press button[value="pick-authenticator"];; press form.ulp-action-form-email button[type="submit"], button[aria-label="Email"], button[value^="email"];; at /u/mfa-email-challenge;; fill #code := MAILED;; press button[value=default]`},
	} {
		t.Run(p.tool+": "+p.about, func(t *testing.T) { f.run(t, p) })
	}
	t.Run("Selenium: in Spanish", func(t *testing.T) {
		f.asks = url.Values{"ui_locales": {"es"}}
		f.run(t, script{"", "", `fill #username := WHO;; fill #password := SECRET;; press button[type='submit'][data-action-button-primary='true'];; press //button[contains(translate(text(), 'ABCDEFGHIJKLMNOPQRSTUVWXYZ', 'abcdefghijklmnopqrstuvwxyz'), 'probar otro')];;` +
			`press //form[contains(@class,'ulp-action-form-email')]/button;; fill #code := MAILED;; press button[type='submit'][data-action-button-primary='true']`})
	})
}

// TestScriptsOfPasswordless plays scripts that log in without a password.
func TestScriptsOfPasswordless(t *testing.T) {
	s := startStage(t)
	m := manage(t, s.Server)
	serial := 0
	run := func(kind, connection, to string, scripts ...script) {
		for _, p := range scripts {
			t.Run(kind+"/"+p.tool+": "+p.about, func(t *testing.T) {
				serial++
				s.ClearInbox()
				s.opened(t, s.authorizeURL(url.Values{"prompt": {"login"}, "connection": {connection}}), p.lines, s.mailed(fmt.Sprintf(to, serial)))
			})
		}
	}
	m.send("POST", "/connections", `{"name":"sms","strategy":"sms","enabled_clients":["`+servertest.Mobile+`"]}`)
	email := m.send("POST", "/connections", `{"name":"email","strategy":"email","enabled_clients":["`+servertest.Mobile+`"]}`)
	run("code", "email", "reader%d@example.com",
		script{"Playwright", "by roles", `at /u/login/identifier;; fill textbox=Email address := TO;; press button="Continue";; at /u/login/passwordless-email-challenge;; see h1 := Verify Your Identity;; see text=We've sent an email with your code to := ;; see button=Resend := ;;` +
			`fill textbox=Enter the code := CODE;; press button="Continue"`},
		script{"DrissionPage", "by names", `fill input[name=username] := TO;; press button[name=action][value=default];; fill input[name=code] := CODE;; press first button[type=submit]`},
		script{"Selenium", "a code that was replaced", `fill //*[@id="username"] := TO;; press //button[text()="Continue"];; see //*[@data-link-name='edit-email'] := Edit;; press //button[@value='resend'];; fill //*[@id="code"] := CODE;; press //button[@type='submit' and @value='default']`},
		script{"Puppeteer", "the form of the button that resends", `fill #username := TO;; press ._button-login-id;; press .ulp-action-form-resend button;; fill #code := CODE;; press form[data-form-primary] button`},
	)
	run("text message", "sms", "+155501%05d",
		script{"Playwright", "by labels", `fill label=Phone number := TO;; press button="Continue";; at /u/login/passwordless-sms-challenge;; see text=We've sent a text message to := ;; fill label=Enter the 6-digit code := CODE;; press button="Continue"`},
		script{"Cypress", "by ids", `fill input#username := TO;; press button[type=submit]._button-login-id;; fill input#code := 000000;; press button[value=default];; see #error-element-code := The code you entered is invalid;; fill input#code := CODE;; press button[value=default]`},
	)
	m.send("PATCH", "/connections/"+email, `{"options":{"send":"link"}}`)
	for _, p := range []script{
		{"Playwright", "the link", `fill label=Email address := TO;; press button="Continue";; see h1 := Email sent;; see span.ulp-authenticator-selector-text := TO;; see text=Didn't receive an email? := ;; end`},
		{"Cypress", "sent again", `fill #username := TO;; press button[value=default];; press button=Resend;; see h1 := Email sent;; end`},
	} {
		t.Run("link/"+p.tool+": "+p.about, func(t *testing.T) {
			serial++
			to := fmt.Sprintf("reader%d@example.com", serial)
			w := openWindow(s.browser, t)
			w.open(s.authorizeURL(url.Values{"prompt": {"login"}, "connection": {"email"}}))
			w.play(p.lines, s.mailed(to))
			all := s.Inbox()
			w.open(all[0].Link)
			s.agree(t, w)
			s.ClearInbox()
		})
	}
}

// TestScriptsOfProofs plays scripts that verify addresses and phone numbers by codes, and change a password by a code.
func TestScriptsOfProofs(t *testing.T) {
	s := startStage(t)
	m := manage(t, s.Server)
	m.send("POST", "/connections", `{"name":"coded","strategy":"auth0","enabled_clients":["`+servertest.Mobile+`"],"options":{"attributes":{
		"email":{"identifier":{"active":true},"verification_method":"code","signup":{"status":"required","verification":{"active":true}}}}}}`)
	m.send("POST", "/connections", `{"name":"numbers","strategy":"auth0","enabled_clients":["`+servertest.Mobile+`"],"options":{"attributes":{
		"phone_number":{"identifier":{"active":true},"signup":{"status":"required","verification":{"active":true}}}}}}`)
	run := func(t *testing.T, connection, to, lines string, params ...string) {
		t.Helper()
		s.ClearInbox()
		all := url.Values{"prompt": {"login"}, "connection": {connection}}
		for _, p := range params {
			all.Set("screen_hint", p)
		}
		s.opened(t, s.authorizeURL(all), lines, s.mailed(to))
	}
	t.Run("one page/Playwright: the code after the password", func(t *testing.T) {
		run(t, "coded", "one@example.com", `fill label=Email address := TO;; fill label=Password := FRESH;; press button="Continue";; at /u/email-identifier/challenge;; see h1 := Verify Your Identity;; fill input[name=code] := CODE;; press button="Continue"`, "signup")
	})
	m.send("PATCH", "/prompts", `{"identifier_first":true}`)
	t.Run("two pages/a script: the code before the password", func(t *testing.T) {
		run(t, "coded", "two@example.com", `at /u/signup/identifier;; fill input[name=email] := TO;; press button._button-signup-id;; at /u/email-identifier/challenge;; fill input#code := CODE;; press button[name=action][value=default];;`+
			`at /u/signup/password;; fill input[name=password] := FRESH;; press first button[type=submit]`, "signup")
	})
	t.Run("two pages/Cypress: a wrong code", func(t *testing.T) {
		run(t, "coded", "three@example.com", `fill #email := TO;; press button[value=default];; fill #code := 000000;; press button[value=default];; see #error-element-code := The code you entered is invalid;; fill #code := CODE;; press button[value=default];;`+
			`see span.ulp-authenticator-selector-text := TO;; fill #password := FRESH;; press button[value=default]`, "signup")
	})
	t.Run("number/Playwright: sign-up and login", func(t *testing.T) {
		run(t, "numbers", "+15550104711", `fill label=Phone number := TO;; press button="Continue";; at /u/phone-identifier/challenge;; fill label=Enter the 6-digit code := CODE;; press button="Continue";; fill label=Password := FRESH;; press button="Continue"`, "signup")
		run(t, "numbers", "+15550104711", `fill input[name=username] := TO;; press button[value=default];; fill label=Password := no;; press button[value=default];; see #error-element-password := Incorrect phone number or password;; fill #password := FRESH;; press button[value=default]`)
	})
	t.Run("reset/Selenium: by a code", func(t *testing.T) {
		run(t, "coded", "two@example.com", `fill #username := TO;; press ._button-login-id;; press //a[contains(text(),'Forgot password?')];; see h1 := Forgot Your Password?;; press //button[@value='default'];; at /u/reset-password/code;;`+
			`fill //input[@id='code'] := CODE;; press //button[@name='action' and @value='default'];; see //h1 := Change Your Password;; fill //input[@id='password-reset'] := ExampleCo!2031;; fill //input[@id='re-enter-password'] := ExampleCo!2031;;`+
			`press //button[text()="Reset password"];; see //h1 := Password Changed!;; end`)
		run(t, "coded", "two@example.com", `fill #username := TO;; press ._button-login-id;; fill #password := ExampleCo!2031;; press ._button-login-password`)
	})
}

// TestScriptsOfUsernames plays scripts that log in by a username.
func TestScriptsOfUsernames(t *testing.T) {
	s := startStage(t)
	m := manage(t, s.Server)
	m.send("POST", "/connections", `{"name":"named","strategy":"auth0","enabled_clients":["`+servertest.Mobile+`"],"options":{"requires_username":true}}`)
	s.manage(t, http.MethodPost, "users", map[string]any{"connection": "named", "username": "danielt", "email": "daniel@example.com", "password": servertest.Password})
	for i, p := range []script{
		{"Playwright", "the label", `fill label=Username or email address := danielt;; fill label=Password := SECRET;; press button="Continue"`},
		{"Cypress", "a wrong password", `fill #username := danielt;; fill #password := no;; press button[type=submit];; see #error-element-password := Wrong username or password;; fill #password := SECRET;; press button[type=submit]`},
		{"Selenium", "the address", `fill //input[@id='username'] := daniel@example.com;; fill //input[@id='password'] := SECRET;; press //button[@type='submit']`},
		{"Cypress", "the sign-up", `press a[href*='signup'];; see header := Sign Up;; fill input[name=username] := newcomer;; fill input[name=email] := newcomer@example.com;; fill input[name=password] := FRESH;; press button[type=submit]`},
	} {
		t.Run(fmt.Sprintf("%d %s: %s", i, p.tool, p.about), func(t *testing.T) {
			s.opened(t, s.authorizeURL(url.Values{"prompt": {"login"}, "connection": {"named"}}), p.lines, nil)
		})
	}
}

// TestScriptsInOtherLanguages plays scripts that log in on pages in other languages.
func TestScriptsInOtherLanguages(t *testing.T) {
	s := startStage(t)
	s.manage(t, http.MethodPatch, "tenants/settings", map[string]any{"enabled_locales": []string{"en", "de", "fr", "es", "ja"}})
	for language, lines := range map[string]string{
		"de": `see h1 := Willkommen;; fill label=E-Mail-Adresse := WHO;; fill label=Passwort := SECRET;; press button="Weiter"`,
		"fr": `see h1 := Bienvenue;; fill label=Adresse e-mail := WHO;; fill label=Mot de passe := SECRET;; press button="Continuer"`,
		"es": `fill #username := WHO;; fill label=Contraseña := SECRET;; press button="Continuar"`,
		"ja": `fill label=メール := WHO;; fill label=パスワード := SECRET;; press button=続`,
	} {
		t.Run(language, func(t *testing.T) {
			s.opened(t, s.authorizeURL(url.Values{"prompt": {"login"}, "ui_locales": {language}}), lines, nil)
		})
	}
}

// TestScriptsOfLogout plays scripts that log out on a page that asks first, and that verify an address by a link.
func TestScriptsOfLogout(t *testing.T) {
	s := startStage(t)
	for _, p := range []script{
		{"Playwright", "by the role", `see h1 := Logout;; press button="Yes";; see h1 := Logged Out;; end`},
		{"Cypress", "by the value", `press button[name=action][value=accept];; see h1 := Logged Out;; end`},
		{"Selenium", "not now", `press //button[text()="No"];; see //h1 := Still Logged In;; end`},
	} {
		t.Run(p.tool+": "+p.about, func(t *testing.T) {
			w := openWindow(s.browser, t)
			w.open(s.authorizeURL(url.Values{"prompt": {"login"}}))
			w.logIn(servertest.Employee, servertest.Password)
			s.agree(t, w)
			w.open(s.URL + "oidc/logout")
			w.play(p.lines, nil)
		})
	}
	t.Run("Playwright: the link of the e-mail that asks to verify", func(t *testing.T) {
		s.ClearInbox()
		w := openWindow(s.browser, t)
		w.open(s.authorizeURL(url.Values{"prompt": {"login"}, "screen_hint": {"signup"}}))
		w.play(`fill #email := verifier@example.com;; fill #password := FRESH;; press button[value=default]`, nil)
		s.agree(t, w)
		w.open(s.WaitForMessage("verifier@example.com", outbox.VerifyEmail).Link)
		w.play(`see h1 := Email Verified;; end`, nil)
	})
}
