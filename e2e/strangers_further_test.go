package e2e_test

import (
	"fmt"
	"maps"
	"net/http"
	"net/url"
	"strings"
	"testing"
	"time"

	"github.com/pquerna/otp/totp"

	"github.com/tenant0/tenant0/server/servertest"
)

// phoneNumber is the number to which the codes for these scripts are sent.
const phoneNumber = "+15550109167"

// loginLines are the lines with which these scripts log in.
const loginLines = `fill #username := WHO;; fill #password := SECRET;; press button[type=submit][name=action];;`

// enrolling are scripts for users without a further factor, by the factor that they enroll.
var enrolling = map[string][]script{
	"otp": {
		{"Playwright", "the key as text", loginLines + `at /u/mfa-otp-enrollment-qr;; see h1 := Secure Your Account;; press button=Trouble Scanning?;; see #secure-code := ;; read #secure-code := KEY;;` +
			`fill label=Enter your one-time code := TOTP;; press button="Continue";; see h1 := Almost There!;; click label=I have safely recorded this code;; press button="Continue"`},
		{"Cypress", "the key as text, by values", loginLines + `press button[value="toggle-view"];; read section code := KEY;; fill input[name="code"] := TOTP;; press button[data-action-button-primary="true"];;` +
			`click label[for=saved];; press button[value=default]`},
		{"Selenium", "the picture first", loginLines + `see //h1[text()="Secure Your Account"] := ;; see //form//img := ;; press //button[@value="toggle-view"];; read //code := KEY;; fill //input[@id="code"] := TOTP;;` +
			`press //button[@type="submit" and @name="action" and @value="default"];; click //input[@type="checkbox"];; press //button[contains(text(), "Continue")]`},
	},
	"sms": {
		{"Playwright", "a number", loginLines + `at /u/mfa-sms-enrollment;; fill input[name="phone"] := PHONE;; press button="Continue";; at /u/mfa-sms-enrollment-verify;; see span.ulp-authenticator-selector-text := XXXXXXXX9167;; fill input[name="code"] := TEXTED;; press button="Continue";;` + recorded},
		{"Cypress", "a number, wrong first", loginLines + `fill #phone := 12;; press first button[name=action];; see #error-element-phone := not valid;; fill #phone := PHONE;; press first button[name=action];;` +
			`fill #code := 000000;; press button[value=default];; see #error-element-code := The code you entered is invalid;; fill #code := TEXTED;; press button[value=default];;` + recorded},
		{"Playwright", "the country by what is searched for", loginLines + `fill #phone := 12;; press button[name="action"][value="pick-country-code"];; at /u/mfa-country-codes;; fill input[type="search"][name="with-search"] := kenya;; press first text="Kenya (+254)";;` +
			`see button[value="pick-country-code"] := Kenya, KE, +254;; press button[value="pick-country-code"];; press button[value="selection-action::US1"];; fill #phone := 5550109167;; press form._form-mfa-sms-enrollment button[value=default];; fill #code := TEXTED;; press button[value=default];;` + recorded},
		{"Selenium", "the country by its label", loginLines + `press //button[@value='pick-country-code'];; press //button[@aria-label='United States (+1)'][@value='selection-action::US1'];; fill //input[@id='phone'] := 555-010-9167;;` +
			`press //button[@type='submit'][contains(.,'Continue')];; fill #code := TEXTED;; press button[value=default];;` + recorded},
	},
}

// recorded are the lines after the first factor, which confirm the recovery code.
const recorded = `see h1 := Almost There!;; click label[for=saved];; press button[value=default]`

// challenged are scripts for users with factors: one-time passwords, a phone and the recovery code.
var challenged = []script{
	{"Playwright", "a code", loginLines + `at /u/mfa-otp-challenge;; see h1 := Verify Your Identity;; fill input[name="code"] := TOTP;; press button="Continue"`},
	{"Playwright", "a code by its label", loginLines + `fill label=Enter your one-time code* := TOTP;; press button=Continue`},
	{"Playwright", "a code by its role", loginLines + `fill textbox=Enter your one-time code := TOTP;; press button="Continue"`},
	{"Puppeteer", "a wrong code", loginLines + `see main.mfa-otp-challenge := ;; fill input#code := 000000;; press form._form-mfa-otp-challenge ._button-mfa-otp-challenge;;` +
		`see .ulp-input-error-message[data-error-code=invalid-code] := The code you entered is invalid;; fill input#code := TOTP;; press first button[type=submit]`},
	{"Selenium", "nothing typed", loginLines + `click //button[@value='default'];; see //*[@id='error-cs-code-required'] := Please enter a code;; fill //*[@id='code'] := TOTP;; press //button[@value='default']`},
	{"Playwright", "another method: text messages", loginLines + `press button=Try another method;; at /u/mfa-login-options;; see h1 := Other Methods;; press text="SMS";; at /u/mfa-sms-challenge;;` +
		`fill input[name="code"] := TEXTED;; press button="Continue"`},
	{"Cypress", "another method, by values", loginLines + `press button[value="pick-authenticator"];; press button[value^="sms"];; fill #code := TEXTED;; press button[data-action-button-primary="true"]`},
	{"a script", "another method, by the forms of the buttons", loginLines + `press .ulp-action-form-pick-authenticator > button;; press .ulp-action-form-sms > button;; press //form/button[@value='pick-authenticator'];;` +
		`press li._selector-item-otp button;; fill #code := TOTP;; press button[value=default]`},
	{"Playwright", "another method, by the name of its button", loginLines + `press form.ulp-action-form-pick-authenticator button[type="submit"];; press button[aria-label="SMS"];; press .ulp-action-form-resend-code button;; fill #code := TEXTED;; press button="Continue"`},
	{"Selenium", "another method, and back", loginLines + `press ._link-pick-authenticator;; press //button[@value="back-action"];; at /u/mfa-otp-challenge;; fill [name=code] := TOTP;; press first [name=action]`},
	{"Playwright", "a text sent again", loginLines + `press button=Try another method;; press button=SMS;; press button=Resend;; fill #code := TEXTED;; press button="Continue"`},
	{"Playwright", "the recovery code", loginLines + `press button=Try another method;; press button=Recovery code;; at /u/mfa-recovery-code-challenge;; fill input[name=code] := RECOVERY;; press button="Continue";;` +
		`at /u/mfa-recovery-code-challenge-new-code;; read #secure-code := SPARE;; click label[for=saved];; press button="Continue"`},
	{"Cypress", "remembers the browser", loginLines + `click label[for=rememberBrowser];; fill input[name=code] := TOTP;; press button[value=default]`},
	{"Playwright", "remembers the browser by the label", loginLines + `click label=Remember this device for 30 days;; fill #code := TOTP;; press button=Continue`},
}

// further is a stage whose users need a further factor.
type further struct {
	*stage
	now time.Time
	// read holds the words that scripts have read from pages, and answers holds further words.
	read, answers words
	// asks are further parameters of the application's authorization request.
	asks url.Values
}

func startFurther(t *testing.T, factors ...string) *further {
	t.Helper()
	f := &further{stage: startStage(t), now: time.Now(), read: words{}}
	for _, factor := range factors {
		f.manage(t, http.MethodPut, "guardian/factors/"+factor, map[string]any{"enabled": true})
	}
	f.manage(t, http.MethodPut, "guardian/policies", []string{"all-applications"})
	f.Freeze(f.now)
	return f
}

// run plays a script until it reaches the application.
func (f *further) run(t *testing.T, p script) {
	t.Helper()
	f.runIn(t, openWindow(f.browser, t), p)
}

// runIn plays a script in a window.
func (f *further) runIn(t *testing.T, w *window, p script) {
	t.Helper()
	f.now = f.now.Add(time.Minute) // one-time passwords are good once
	f.Freeze(f.now)
	f.ClearInbox()
	w.read = f.read
	params := url.Values{"prompt": {"login"}}
	maps.Copy(params, f.asks)
	w.open(f.authorizeURL(params))
	known := words{
		"PHONE": said(phoneNumber), "TEXTED": func() string { return f.WaitForMessage(phoneNumber, "").Code },
		"TOTP": func() string {
			code, err := totp.GenerateCode(strings.ReplaceAll(f.read["KEY"](), " ", ""), f.now)
			if err != nil {
				t.Fatal(err)
			}
			return code
		},
		"RECOVERY": func() string { return f.read["SPARE"]() },
	}
	maps.Copy(known, f.answers)
	if w.play(p.lines, known) {
		f.agree(t, w)
	}
}

// TestScriptsOfFurtherFactors plays scripts written for Auth0's pages of further factors.
func TestScriptsOfFurtherFactors(t *testing.T) {
	f := startFurther(t, "recovery-code")
	user := "users/" + url.PathEscape(f.userID(t)) + "/authentication-methods"
	turn := func(factor string, on bool) {
		f.manage(t, http.MethodPut, "guardian/factors/"+factor, map[string]any{"enabled": on})
	}
	for factor, scripts := range enrolling {
		turn(factor, true)
		for _, p := range scripts {
			t.Run("enroll "+factor+"/"+p.tool+": "+p.about, func(t *testing.T) { f.run(t, p) })
			f.manage(t, http.MethodDelete, user, nil)
		}
		turn(factor, false)
	}
	turn("otp", true)
	turn("sms", true)
	f.run(t, script{"", "", loginLines + `press button[value="toggle-view"];; read #secure-code := KEY;; fill #code := TOTP;; press button[value=default];; read #secure-code := SPARE;; click label[for=saved];; press button[value=default]`})
	f.manage(t, http.MethodPost, user, map[string]any{"type": "phone", "phone_number": phoneNumber, "preferred_authentication_method": "sms"})
	for _, p := range challenged {
		t.Run("challenge/"+p.tool+": "+p.about, func(t *testing.T) { f.run(t, p) })
	}
}

// userID returns the id of the employee.
func (s *stage) userID(t *testing.T) string {
	t.Helper()
	const email = servertest.Employee
	_, answer := s.Manage(s.Client(), http.MethodGet, "users-by-email?email="+url.QueryEscape(email), nil)
	list, _ := answer.([]any)
	if len(list) != 1 {
		t.Fatalf("the users of %s are %v", email, answer)
	}
	user, _ := list[0].(map[string]any)
	return fmt.Sprint(user["user_id"])
}
