package e2e_test

import (
	"net/http"
	"net/url"
	"testing"

	"github.com/tenant0/tenant0/server/outbox"
	"github.com/tenant0/tenant0/server/servertest"
)

// opened plays a script at an address, up to its "end" or until it reaches the application.
func (s *stage) opened(t *testing.T, target, lines string, more words) {
	t.Helper()
	w := openWindow(s.browser, t)
	w.read = words{}
	w.open(target)
	if w.play(lines, more) {
		s.agree(t, w)
	}
}

// TestScriptsOfDevices plays scripts that activate devices.
func TestScriptsOfDevices(t *testing.T) {
	s := startStage(t)
	s.manage(t, http.MethodPatch, "clients/"+servertest.Mobile, map[string]any{"grant_types": []string{"authorization_code", "urn:ietf:params:oauth:grant-type:device_code"}})
	for _, p := range []script{
		{"Playwright", "the whole address", `see label=secure code := ;; read label=secure code := SHOWN;; press button=confirm;; fill textbox=email address := WHO;; fill textbox=password := SECRET;; press button=continue;;` +
			`see h1 := Congratulations, you're all set!;; end`},
		{"Puppeteer", "by values", `press button[value="confirm"];; fill input[name="username"] := WHO;; fill input[name="password"] := SECRET;; press first button[type="submit"];; see h1 := all set!;; end`},
		{"Selenium", "somebody cancels", `see //h1 := Device Confirmation;; press //button[@value='cancel'];; see //h1 := Activation Denied;; end`},
	} {
		t.Run(p.tool+": "+p.about, func(t *testing.T) {
			status, codes := s.Post(s.Client(), "oauth/device/code", url.Values{"client_id": {servertest.Mobile}, "scope": {"openid"}, "audience": {s.Issuer() + "userinfo"}})
			target, _ := codes["verification_uri_complete"].(string)
			shown, _ := codes["user_code"].(string)
			if target == "" || shown == "" {
				t.Fatalf("the device gets %d %v", status, codes)
			}
			w := openWindow(s.browser, t)
			w.read = words{}
			w.open(target)
			w.play(p.lines, nil)
			if read, has := w.read["SHOWN"]; has && read() != shown {
				t.Errorf("the page shows %q for %s", read(), shown)
			}
		})
	}
	t.Run("Cypress: the code is typed", func(t *testing.T) {
		_, codes := s.Post(s.Client(), "oauth/device/code", url.Values{"client_id": {servertest.Mobile}, "scope": {"openid"}, "audience": {s.Issuer() + "userinfo"}})
		shown, _ := codes["user_code"].(string)
		s.opened(t, s.URL+"activate", `see h1 := Device Activation;; fill input[name="code"] := BBBB-BBBB;; press button="Continue";; see #error-element-code := Invalid or expired user code;;`+
			`fill #code := SHOWN;; press button="Continue";; press button="Confirm";; fill #username := WHO;; fill #password := SECRET;; press button[data-action-button-primary=true];; see h1 := all set!;; end`, words{"SHOWN": said(shown)})
	})
}

// TestScriptsOfOrganizations plays scripts that log in to organizations.
func TestScriptsOfOrganizations(t *testing.T) {
	s := startStage(t)
	m := manage(t, s.Server)
	connection, who := m.find("/connections?name=Username-Password-Authentication"), s.userID(t)
	for _, name := range []string{"acme", "globex"} {
		id := m.send("POST", "/organizations", `{"name":"`+name+`","display_name":"The `+name+`"}`)
		m.send("POST", "/organizations/"+id+"/enabled_connections", `{"connection_id":"`+connection+`"}`)
		m.send("POST", "/organizations/"+id+"/members", `{"members":["`+who+`"]}`)
	}
	ask := func(when string) {
		m.send("PATCH", "/clients/"+servertest.Mobile, `{"organization_usage":"require","organization_require_behavior":"`+when+`","organization_discovery_methods":["organization_name"]}`)
	}
	run := func(when string, scripts ...script) {
		ask(when)
		for _, p := range scripts {
			t.Run(when+"/"+p.tool+": "+p.about, func(t *testing.T) { s.opened(t, s.authorizeURL(url.Values{"prompt": {"login"}}), p.lines, nil) })
		}
	}
	const password = `fill #username := WHO;; fill #password := SECRET;; press button[type=submit][name=action]`
	run("pre_login_prompt",
		script{"Playwright", "by the label", `at /u/organization;; see h1 := Enter Organization;; fill label=Enter your Organization Name := acme;; press button="Continue";;` + password},
		script{"Cypress", "an unknown one first", `fill input[name="organizationName"] := nobody;; press button[name=action];; see #error-element-organizationName := The organization you entered is invalid;;` +
			`fill #organizationName := acme;; press button[value=default];;` + password},
		script{"Selenium", "by its place", `fill //input[@id='organizationName'] := globex;; press //form//button[@type='submit'];;` + password},
	)
	run("post_login_prompt",
		script{"Playwright", "by the name", password + `;; at /u/organization-picker;; see h1 := Choose an Organization;; press button=The acme`},
		script{"Cypress", "by the text", password + `;; press text=The globex`},
		script{"Selenium", "by the text of the button", password + `;; press //button[contains(., 'The acme')]`},
	)
}

// TestScriptsOfInvitations plays scripts that accept an invitation.
func TestScriptsOfInvitations(t *testing.T) {
	s := startStage(t)
	m := manage(t, s.Server)
	id := m.send("POST", "/organizations", `{"name":"acme","display_name":"Acme"}`)
	m.send("POST", "/organizations/"+id+"/enabled_connections", `{"connection_id":"`+m.find("/connections?name=Username-Password-Authentication")+`"}`)
	m.send("PATCH", "/clients/"+servertest.Mobile, `{"organization_usage":"allow","initiate_login_uri":"https://app.example.com/login"}`)
	for _, p := range []script{
		{"Playwright", "somebody new", `see h1 := You've Been Invited!;; press button="Continue";; see h1 := Welcome;; fill label=Password* := FRESH;; press button="Continue"`},
		{"Cypress", "somebody new", `press button[name=action][value=default];; see #email := ;; fill input#password := FRESH;; press button[data-action-button-primary="true"]`},
	} {
		t.Run(p.tool+": "+p.about, func(t *testing.T) {
			_, answer := s.Manage(s.Client(), http.MethodPost, "organizations/"+id+"/invitations", map[string]any{
				"inviter": map[string]any{"name": "Ann"}, "invitee": map[string]any{"email": p.tool + "@acme.test"}, "client_id": servertest.Mobile, "send_invitation_email": false,
			})
			made, _ := answer.(map[string]any)
			link, _ := made["invitation_url"].(string)
			u, err := url.Parse(link)
			if err != nil || link == "" {
				t.Fatalf("the invitation is %v", answer)
			}
			s.opened(t, s.authorizeURL(url.Values{"organization": {id}, "invitation": {u.Query().Get("invitation")}}), p.lines, nil)
		})
	}
}

// TestScriptsOfForgottenPasswords plays scripts that change a password by the link in an e-mail.
func TestScriptsOfForgottenPasswords(t *testing.T) {
	s := startStage(t)
	for _, p := range []script{
		{"Playwright", "by the labels", `see h1 := Change Your Password;; fill label="New password" := NEWER;; fill label="Re-enter new password" := NEWER;; press button="Reset password";; see h1 := Password Changed!;; end`},
		{"Playwright", "by the labels with stars", `fill label="New password*" := NEWER;; fill label=Re-enter new password* := NEWER;; press button[type=submit];; see h1 := Password Changed!;; end`},
		{"Cypress", "by ids, and two that differ", `fill #password-reset := NEWER;; fill #re-enter-password := other;; press button[data-action-button-primary=true];; see .ulp-input-error-message := Passwords don't match;;` +
			`fill #password-reset := NEWER;; fill #re-enter-password := NEWER;; press button[value=default];; see h1 := Password Changed!;; end`},
		{"Selenium", "by names", `fill //input[@name='password-reset'] := NEWER;; fill //input[@name='re-enter-password'] := NEWER;; press //button[@name='action'];; see //h1 := Password Changed!;; end`},
		{"Puppeteer", "by places", `fill first input[type=password] := NEWER;; fill (//input[@type='password'])[2] := NEWER;; press button[type="submit"];; see h1 := Password Changed!;; end`},
	} {
		t.Run(p.tool+": "+p.about, func(t *testing.T) {
			s.ClearInbox()
			w := openWindow(s.browser, t)
			w.open(s.authorizeURL(url.Values{"prompt": {"login"}}))
			w.play(`press text=Forgot password?;; fill #email := WHO;; press button="Continue";; see h1 := Check Your Email;; end`, nil)
			s.opened(t, s.WaitForMessage(servertest.Employee, outbox.ResetEmail).Link, p.lines, words{"NEWER": said("ExampleCo!2027-" + p.tool)})
		})
	}
}

// TestScriptsOfPasskeys plays scripts that decline a passkey, in a browser without a platform
// authenticator.
func TestScriptsOfPasskeys(t *testing.T) {
	s := startStage(t)
	offerPasskeys(t, s)
	for _, p := range []script{
		{"Playwright", "by the value", `press button[value="abort-passkey-enrollment"]`},
		{"Playwright", "by the role", `press button=Continue without passkeys`},
		{"Cypress", "by the class", `press button[type="submit"]._link-abort-passkey-enrollment`},
		{"Selenium", "by the text", `at /u/passkey-enrollment;; press //button[contains(text(), "Continue without passkeys")]`},
		{"Puppeteer", "by a part of a class", `press [class*="link-abort-passkey-enrollment"]`},
	} {
		t.Run(p.tool+": "+p.about, func(t *testing.T) {
			s.opened(t, s.authorizeURL(url.Values{"prompt": {"login"}}), `fill #username := WHO;; press button[data-action-button-primary="true"];; fill #password := SECRET;; press button[data-action-button-primary="true"];;`+p.lines, nil)
		})
	}
}
