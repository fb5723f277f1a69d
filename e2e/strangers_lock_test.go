package e2e_test

import (
	"fmt"
	"net/url"
	"strings"
	"testing"

	"github.com/tenant0/tenant0/server/outbox"
	"github.com/tenant0/tenant0/server/servertest"
)

// ofLock are scripts written for Lock on a classic page; they must work on the built-in page, which has no Lock.
var ofLock = []script{
	{"Selenium", "class names", `fill .auth0-lock-input-email .auth0-lock-input := WHO;; fill .auth0-lock-input-password .auth0-lock-input := SECRET;; press .auth0-lock-submit`},
	{"Cypress", "the first input and the last", `fill first .auth0-lock-input := WHO;; fill .auth0-lock-input[name=password] := SECRET;; press [class="auth0-lock-submit"]`},
	{"Cypress", "ids", `fill #\31 -email := WHO;; fill #\31 -password := SECRET;; press #\31 -submit`},
	{"Puppeteer", "types", `fill input[type="email"] := WHO;; fill input[type="password"] := SECRET;; press .auth0-lock-submit`},
	{"Puppeteer", "places of inputs", `fill .auth0-lock-input-email > div:nth-child(1) > input:nth-child(2) := WHO;; fill .auth0-lock-input-password > div:nth-child(1) > input:nth-child(2) := SECRET;; press .auth0-label-submit`},
	{"Protractor", "the way to the button", `see #auth0-lock-container-1 := ;; fill div.auth0-lock-input-block.auth0-lock-input-email > div > input := WHO;;` +
		`fill div.auth0-lock-input-show-password > div > div > input := SECRET;; press #auth0-lock-container-1 > div > div.auth0-lock-center > form > div > div > button > span`},
	{"Playwright", "placeholders", `fill [placeholder="yours@example.com"] := WHO;; fill [placeholder="your password"] := SECRET;; press button="Log In"`},
	{"Playwright", "names of the form", `see .auth0-lock-widget-container := ;; fill [name="email"] := WHO;; fill [name="password"] := SECRET;; press [name="submit"]`},
	{"WebdriverIO", "labels", `fill input[aria-label="Email"] := WHO;; fill input[aria-label="Password"] := SECRET;; press //*[@id="1-submit"]`},
	{"Selenium", "the whole class of the button", `fill //input[@name='email'] := WHO;; fill //input[@name='password'] := SECRET;; press //button[@class='auth0-lock-submit']`},
	{"Cypress", "a wrong password", `fill #\31 -email := WHO;; fill #\31 -password := no;; press .auth0-lock-submit;; see first .auth0-global-message-error span := Wrong email or password.;; fill #\31 -password := SECRET;; press .auth0-lock-submit`},
	{"WebdriverIO", "an error by its movement", `fill #\31 -email := WHO;; fill #\31 -password := no;; press .auth0-lock-submit;; see span[class='animated fadeInUp'] span := Wrong email or password.;; see .animated.fadeInUp>span := Wrong;; fill #\31 -password := SECRET;; press .auth0-lock-submit`},
	{"Cypress", "the way to the inputs", `fill .auth0-lock-input-email > .auth0-lock-input-wrap > .auth0-lock-input := WHO;; see #auth0-lock-container-1 > div > div.auth0-lock-center > form > div > div > div:nth-child(3) > span > div > div > div > div > div > div > div > div > div > div.auth0-lock-input-block.auth0-lock-input-email > div > input := ;;` +
		`fill //div[@class='auth0-lock-cred-pane auth0-lock-quiet']/div[3]/span/div/div/div[@class='auth0-lock-view-content']/div/div[@class='auth0-lock-body-content']/div[@class='auth0-lock-content']/div[@class='auth0-lock-form']/div//input[@type='password'] := SECRET;; press .auth0-label-submit`},
	{"Puppeteer", "whole classes of what is around the inputs", `see first //div[@class='auth0-lock-input-wrap auth0-lock-input-wrap-with-icon'] := ;; fill div.auth0-lock-input-block.auth0-lock-input-email > div.auth0-lock-input-wrap.auth0-lock-input-wrap-with-icon > input := WHO;;` +
		`fill div.auth0-lock-input-show-password > div > div.auth0-lock-input-wrap.auth0-lock-input-wrap-with-icon > input := SECRET;; press button.auth0-lock-submit`},
	{"Puppeteer", "a pane at rest, and what the keyboard is for", `see div.auth0-lock-cred-pane.auth0-lock-quiet := ;; fill input[type="email"][id="1-email"][inputmode="email"][name="email"] := WHO;;` +
		`fill input[type="password"][name="password"].auth0-lock-input := SECRET;; press button.auth0-lock-submit[name="submit"][type="submit"]`},
	{"Selenium", "the way from the container", `fill //*[@id="auth0-lock-container-1"]/div/div[2]/form/div/div/div[3]/span/div/div/div/div/div/div/div/div/div[2]/div[1]/div/input := WHO;;` +
		`fill //*[@id="auth0-lock-container-1"]/div/div[2]/form/div/div/div[3]/span/div/div/div/div/div/div/div/div/div[2]/div[2]/div/div/input := SECRET;; press //*[@id='auth0-lock-container-1']/div/div[2]/form/div/div/button/span`},
	{"TestCafe", "the way to an error, and what is behind the title", `see //div[@class='auth0-lock-header-bg auth0-lock-blur-support'] := ;; fill input[name="email"] := WHO;; fill input[name="password"] := no;; press .auth0-lock-submit;;` +
		`see #auth0-lock-container-1 > div > div.auth0-lock-center > form > div > div > div:nth-child(2) > div > div > span > span := Wrong email or password.;; fill input[name="password"] := SECRET;; press .auth0-lock-submit`},
	{"Cypress", "nothing typed", `click .auth0-lock-submit;; see #auth0-lock-error-msg-email .auth0-lock-error-invalid-hint := Email can't be blank;; see .auth0-lock-input-password .auth0-lock-error-msg := Password can't be blank;;` +
		`fill #\31 -email := WHO;; fill #\31 -password := SECRET;; press .auth0-lock-submit`},
	{"Cypress", "the two blocks of the password", `fill .auth0-lock-input-email > div > input := WHO;; fill div.auth0-lock-input-block.auth0-lock-input-show-password > div > div > input := SECRET;; press #\31 -submit`},
	{"Protractor", "the blocks in one another", `fill [name=email] := WHO;; fill div.auth0-lock-input-block.auth0-lock-input-show-password > div.auth0-lock-input-block.auth0-lock-input-password > div > input := SECRET;; press .auth0-label-submit`},
	{"Cypress", "blocks that are marked as wrong", `click .auth0-lock-submit;; see .auth0-lock-input-block.auth0-lock-input-password.auth0-lock-error := Password can't be blank;; fill #\31 -email := nobody;; click .auth0-lock-submit;;` +
		`see #auth0-lock-error-msg-email .auth0-lock-error-invalid-hint := Email is invalid;; fill #\31 -email := WHO;; fill #\31 -password := SECRET;; press .auth0-lock-submit`},
	{"Selenium", "the other tab, and the rules", `press ul[class='auth0-lock-tabs'] li[class] a[href];; see li[class='auth0-lock-tabs-current'] := Sign Up;; see //div[@class="auth0-lock-password-strength animated fadeIn"]/ul/li/span[text()="At least 8 characters in length"] := At least;;` +
		`see //div[@class="auth0-lock-password-strength animated fadeIn"]/ul/li/span[text()="Contain at least 3 of the following 4 types of characters:"] := Contain;;` +
		`see //div[@class="auth0-lock-password-strength animated fadeIn"]/ul/li/ul/li/span[text()="Lower case letters (a-z)"] := Lower;; press ul[class='auth0-lock-tabs'] li[class] a[href];; fill [name=email] := WHO;; fill [name=password] := SECRET;; press [name=submit]`},
	{"Selenium", "the sign-up", `press //*[contains(text(),'Sign Up')];; see .auth0-lock-tabs-current := Sign Up;; fill input[name=email] := NEW;; fill input[name=password] := FRESH;; press button.auth0-lock-submit`},
	{"Cypress", "the sign-up, and its terms", `press ul.auth0-lock-tabs > li > a;; see .auth0-lock-tabs>li:nth-of-type(2) := Sign Up;; see .auth0-lock-terms>span := By signing up, you agree to our terms of service and privacy policy.;;` +
		`see //small[@class='auth0-lock-terms'] := ;; fill #\31 -email := NEW;; fill #\31 -password := FRESH;; press [name=submit]`},
	{"Cypress", "the sign-up by its tab", `press .auth0-lock-tabs > li:nth-child(2) > a;; fill .auth0-lock-input-email input := NEW;; fill .auth0-lock-input-show-password input := FRESH;; press .auth0-lock-submit`},
	{"TestCafe", "the sign-up of somebody who has an account", `press .auth0-lock-tabs > li > a;; fill input[name=email] := WHO;; fill input[name=password] := FRESH;; press button.auth0-lock-submit;;` +
		`see div.auth0-global-message-error span.animated > span := We're sorry, something went wrong when attempting to sign up.;; end`},
	{"Cypress", "who forgot", `see a[href*="#"] := Don't remember your password?;; press .auth0-lock-alternative-link;; see .auth0-lock-header-welcome := Reset your password;;` +
		`see .auth0-lock-body-content := Please enter your email address. We will send you an email to reset your password.;; fill #\31 -email := WHO;; press #\31 -submit;;` +
		`see .auth0-global-message.auth0-global-message-success := We've just sent you an email to reset your password.;; fill #\31 -email := WHO;; fill #\31 -password := SECRET;; press #\31 -submit`},
	{"Selenium", "who forgot, by titles and whole classes", `press //a[@class='auth0-lock-alternative-link'];; see //div[@title='Reset your password'] := ;; see [title='Reset your password'] := ;; fill [name="email"] := WHO;; press //button[@aria-label='Send email'];;` +
		`see //div[@class='auth0-global-message auth0-global-message-success']/span := We've just sent you an email to reset your password.;; end`},
	{"Cypress", "an error by its whole class", `fill [type=email] := WHO;; fill [type=password] := no;; press [type=submit];; see //div[@class='auth0-global-message auth0-global-message-error'] := Wrong email or password.;; fill [type=password] := SECRET;; press [type=submit]`},
}

// ofLastLogins are scripts for the page of Lock that offers the last login of a browser with a session.
var ofLastLogins = []script{
	{"Protractor", "the button", `see .auth0-lock-last-login-pane > button := WHO;; press .auth0-lock-last-login-pane > button`},
	{"Cypress", "the social button", `see .auth0-lock-form .auth0-lock-last-login-pane > p:first-child := Last time you logged in with;; see .auth0-lock-social-button.auth0-lock-social-big-button[data-provider="auth0"] .auth0-lock-social-button-text := WHO;;` +
		`press .auth0-lock-last-login-pane .auth0-lock-social-button`},
	{"Selenium", "another account", `see //div[@class='auth0-lock-social-button-text'] := WHO;; press .auth0-lock-last-login-pane a;; fill [name="email"] := WHO;; fill [name="password"] := SECRET;; press .auth0-lock-submit`},
	{"Playwright", "another account, by its words", `press .auth0-lock-alternative > a.auth0-lock-alternative-link;; fill #\31 -email := WHO;; fill #\31 -password := SECRET;; press button="Log In"`},
}

// ofLockElsewhere are scripts written for Lock that log in with another identity provider.
var ofLockElsewhere = []script{
	{"Cypress", "Google", `see img.auth0-lock-header-logo := ;; see div.auth0-lock-social-button-icon := ;; see div.auth0-lock-social-button-text := Sign in with Google;; press .auth0-lock-social-button[data-provider="google-oauth2"];; see #simulation := Google;; end`},
	{"Nightwatch", "Google by its text", `see div.auth0-lock-content := ;; press div.auth0-lock-social-button-text:not([disabled]);; see #simulation := Google;; end`},
	{"Playwright", "Google by its role", `press button="Sign in with Google";; see #simulation := Google;; end`},
	{"Protractor", "Google by its classes", `press button.auth0-lock-social-button.auth0-lock-social-big-button:first-of-type > div.auth0-lock-social-button-text;; see #simulation := Google;; end`},
	{"Puppeteer", "the way to Google", `press #auth0-lock-container-1 > div > div.auth0-lock-center > form > div > div > div:nth-child(3) > span > div > div > div > div > div > div > div > div > div > div.auth-lock-social-buttons-pane > div > button:nth-child(1) > div.auth0-lock-social-button-icon;;` +
		`see #simulation := Google;; end`},
	{"Selenium", "an address of an enterprise", `fill #\31 -email := bob@corp.example;; see .auth0-sso-notice-container := Single Sign-On enabled;; press .auth0-lock-submit;; see #simulation := corp;; end`},
	{"Cypress", "another address after that of an enterprise", `fill #\31 -email := bob@corp.example;; see .auth0-sso-notice := Single Sign-On enabled;; fill #\31 -email := WHO;; fill #\31 -password := SECRET;; press #\31 -submit`},
}

// ofNewPasswords are scripts written for Auth0's change-password widget; they must work on the built-in
// page, which does not use it.
var ofNewPasswords = []script{
	{"WebdriverIO", "placeholders", `see .auth0-lock-name := Change Password;; fill [placeholder="your new password"] := NEWER;; fill [placeholder="confirm your new password"] := other;; press .auth0-lock-submit;;` +
		`see .fadeInUp := Please ensure the password and the confirmation are the same.;; fill [placeholder="your new password"] := NEWER;; fill [placeholder="confirm your new password"] := NEWER;; press .auth0-lock-submit;;` +
		`see .auth0-lock-confirmation-content p := Your password has been reset successfully.;; end`},
	{"Cypress", "places of inputs", `fill (//input[@name='password'])[1] := NEWER;; fill (//input[@name='password'])[2] := NEWER;; see .auth0-lock-submit > span > svg := ;; press [type='submit'];;` +
		`see .auth0-lock-confirmation-content > p := Your password has been reset successfully.;; end`},
	{"Cypress", "one that is too weak", `fill [placeholder="your new password"] := a;; fill [placeholder="confirm your new password"] := a;; press .auth0-lock-submit;; see .auth0-global-message-error > span := Password is too weak.;;` +
		`fill first .auth0-lock-input := NEWER;; fill [placeholder="confirm your new password"] := NEWER;; press button.auth0-lock-submit;; see .auth0-lock-confirmation-content := reset successfully;; end`},
}

// TestScriptsOfLock plays scripts written for Lock on the built-in classic pages.
func TestScriptsOfLock(t *testing.T) {
	s := startStage(t)
	m := manage(t, s.Server)
	m.send("PATCH", "/prompts", `{"universal_login_experience":"classic"}`)
	for i, p := range ofLock {
		t.Run(p.tool+": "+p.about, func(t *testing.T) {
			s.opened(t, s.authorizeURL(url.Values{"prompt": {"login"}}), p.lines, words{"NEW": said(fmt.Sprintf("lock%d@example.com", i))})
		})
	}
	for _, p := range ofLastLogins {
		t.Run("last login/"+p.tool+": "+p.about, func(t *testing.T) {
			w := openWindow(s.browser, t)
			w.open(s.authorizeURL(nil))
			login := evaluate[string](w, "location.href")
			w.open(s.authorizeURL(nil))
			w.play(`fill #\31 -email := WHO;; fill #\31 -password := SECRET;; press .auth0-lock-submit`, nil)
			s.agree(t, w)
			w.open(login)
			if w.play(p.lines, nil) {
				s.agree(t, w)
			}
		})
	}
	m.send("POST", "/connections", `{"name":"google-oauth2","strategy":"google-oauth2","enabled_clients":["`+servertest.Mobile+`"]}`)
	m.send("POST", "/connections", `{"name":"corp","strategy":"waad","enabled_clients":["`+servertest.Mobile+`"],"options":{"domain_aliases":["corp.example"]}}`)
	for _, p := range ofLockElsewhere {
		t.Run("elsewhere/"+p.tool+": "+p.about, func(t *testing.T) {
			s.opened(t, s.authorizeURL(url.Values{"prompt": {"login"}}), p.lines, nil)
		})
	}
	for _, p := range ofNewPasswords {
		t.Run("new password/"+p.tool+": "+p.about, func(t *testing.T) {
			s.ClearInbox()
			w := openWindow(s.browser, t)
			w.open(s.authorizeURL(url.Values{"prompt": {"login"}}))
			w.play(`press .auth0-lock-alternative-link;; fill #\31 -email := WHO;; press #\31 -submit;; end`, nil)
			link := s.WaitForMessage(servertest.Employee, outbox.ResetEmail).Link
			if !strings.HasPrefix(link, s.URL+"lo/reset?ticket=") {
				t.Errorf("the link is %s", link)
			}
			s.opened(t, link, p.lines, words{"NEWER": said("ExampleCo!2028-" + p.tool)})
			s.opened(t, link, `see .auth0-lock-confirmation-content p := This link has already been used.;; end`, nil)
		})
	}
}
