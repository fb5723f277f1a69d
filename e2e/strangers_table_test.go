package e2e_test

import (
	"fmt"
	"maps"
	"net/url"
	"strings"
	"testing"

	"github.com/chromedp/chromedp"

	"github.com/tenant0/tenant0/server/servertest"
)

// located is a JavaScript function of a way to find elements and a text. It returns all elements that match, by the
// rules of the tools for which the scripts are written. A text in quotes must match as a whole.
// https://playwright.dev/docs/locators
const located = `(how, what) => {
	const whole = /^".*"$/.test(what), text = whole ? what.slice(1, -1) : what;
	const normal = s => (s ?? "").replace(/\s+/g, " ").trim();
	const says = s => whole ? normal(s) === text : normal(s).toLowerCase().includes(text.toLowerCase());
	const refs = e => (e.getAttribute("aria-labelledby") ?? "").split(/\s+/).map(id => document.getElementById(id)).filter(Boolean);
	const read = n => n.nodeType === Node.TEXT_NODE ? n.nodeValue
		: [...n.childNodes].filter(c => c.nodeType === Node.TEXT_NODE || c.nodeType === Node.ELEMENT_NODE && !c.matches('[aria-hidden="true"], [hidden], .hide')).map(read).join(" ");
	const name = e => refs(e).map(r => read(r) || r.title).join(" ").trim() || e.getAttribute("aria-label")?.trim() || [...e.labels ?? []].map(read).join(" ") || read(e);
	const labels = e => refs(e).length ? refs(e).map(r => r.textContent) : e.getAttribute("aria-label")?.trim() ? [e.getAttribute("aria-label")] : [...e.labels ?? []].map(l => l.textContent);
	const shown = e => e.checkVisibility() && !e.closest('[aria-hidden="true"]');
	const all = [...document.querySelectorAll("body *")];
	const parts = e => [...e.children].some(c => says(c.textContent));
	switch (how) {
	case "css": return [...document.querySelectorAll(what)];
	case "xpath": {
		const found = document.evaluate(what, document, null, XPathResult.ORDERED_NODE_SNAPSHOT_TYPE);
		return Array.from({length: found.snapshotLength}, (_, i) => found.snapshotItem(i));
	}
	case "label": return all.filter(e => labels(e).some(says));
	case "textbox": return all.filter(e => e.matches("input:not([type=hidden], [type=checkbox], [type=radio])") && shown(e) && says(name(e)));
	case "button": return all.filter(e => e.matches("button:not([role])") && shown(e) && says(name(e)));
	case "switch": return all.filter(e => e.matches("[role=switch]") && shown(e) && says(name(e)));
	case "link": return all.filter(e => e.matches("a[href]") && shown(e) && says(name(e)));
	case "text": return all.filter(e => says(e.textContent) && !parts(e));
	}
}`

// act is a JavaScript function that performs a step and returns "", or the reason why it cannot.
const act = `({how, what, first, verb, text}) => {
	const found = (` + located + `)(how, what);
	if (found.length === 0 || found.length > 1 && !first) return found.length + " elements answer";
	let e = found[0];
	if (verb === "read") return "";
	if (verb === "see") return !e.checkVisibility() ? "it is not shown" : e.textContent.replace(/\s+/g, " ").includes(text) ? "" : "it says " + e.textContent;
	if (e.control) e = e.control;
	e.scrollIntoView({block: "center"});
	const box = e.getBoundingClientRect();
	const hit = document.elementFromPoint(box.x + box.width / 2, box.y + box.height / 2);
	if (box.width === 0 || !hit || !e.contains(hit) && e !== document.activeElement) return "it cannot be clicked";
	if (verb === "fill") {
		e.focus();
		e.value = text;
		e.dispatchEvent(new Event("input", {bubbles: true}));
		e.dispatchEvent(new Event("change", {bubbles: true}));
	} else if (verb === "click") e.click();
	return "";
}`

// step performs a line of a script: "fill", "click", "press" (a click that leads to another page), "submit" (the form around
// an element, by a script), "see" (an element contains a text), "read" (keep its text as a word), "at" (the page has a path)
// or "leave" (wait until the page leaves a path by itself). "first" takes the first of several elements.
func (w *window) step(line string) {
	w.t.Helper()
	verb, rest, _ := strings.Cut(line, " ")
	what, text, _ := strings.Cut(rest, " :=")
	text = strings.TrimSpace(text)
	if verb == "at" {
		if w.path() != rest {
			w.fatal(fmt.Errorf("the script is at %s, want %s", w.path(), rest))
		}
		return
	}
	if verb == "leave" {
		w.becomes(`location.pathname !== ` + quoted(rest) + ` && document.readyState === "complete"`)
		return
	}
	what, first := strings.CutPrefix(what, "first ")
	how := "css"
	for _, way := range []string{"label", "textbox", "button", "switch", "link", "text"} {
		if name, is := strings.CutPrefix(what, way+"="); is {
			how, what = way, name
		}
	}
	if strings.HasPrefix(what, "/") || strings.HasPrefix(what, "(") {
		how = "xpath"
	}
	step := func(verb string) string {
		return fmt.Sprintf(`({how: %s, what: %s, first: %t, verb: %s, text: %s})`, quoted(how), quoted(what), first, quoted(verb), quoted(text))
	}
	if complaint := evaluate[string](w, "("+act+")"+step(verb)); complaint != "" {
		w.fatal(fmt.Errorf("%s: %s", line, complaint))
	}
	switch element := "(" + located + ")(" + quoted(how) + "," + quoted(what) + ")[0]"; verb {
	case "read":
		w.read[text] = said(evaluate[string](w, element+".textContent.trim() || "+element+".value"))
	case "press":
		w.load(chromedp.Evaluate[chromedp.Void](element + ".click()"))
	case "submit":
		w.load(chromedp.Evaluate[chromedp.Void](element + ".closest('form').submit()"))
	}
}

// words gives the texts that replace the words in capitals in a script, such as TOTP, when a line is performed.
type words map[string]func() string

// said returns a word whose text is always the same.
func said(text string) func() string { return func() string { return text } }

// play performs the lines of a script, and reports whether it leads to the application; a script that
// does not ends with the line "end".
func (w *window) play(lines string, more words) bool {
	w.t.Helper()
	defer func() {
		if w.t.Failed() {
			w.t.Logf("the script is %s", lines)
		}
	}()
	known := words{"WHO": said(servertest.Employee), "SECRET": said(servertest.Password), "FRESH": said("ExampleCo!2026-new")}
	maps.Copy(known, more)
	for line := range strings.SplitSeq(lines, ";;") {
		line = strings.TrimSpace(line)
		if line == "end" {
			return false
		}
		for word, says := range known {
			if strings.Contains(line, word) {
				line = strings.ReplaceAll(line, word, says())
			}
		}
		w.step(line)
	}
	return true
}

// script has the steps of a real script for Auth0's pages, in the same order and with the same selectors.
// Lines end with ";;".
type script struct{ tool, about, lines string }

// together are scripts for pages that ask for the identifier and the password together.
var together = []script{
	{"Cypress", "the guide", `fill input#username := WHO;; fill input#password := SECRET;; press button[value=default]`},
	{"Cypress", "a button by its whole text", `fill #username := WHO;; fill #password := SECRET;; press button="Continue"`},
	{"Cypress", "the primary button", `fill #username := WHO;; fill #password := SECRET;; press button[data-action-button-primary="true"]`},
	{"Cypress", "the button's name", `fill input[name=username] := WHO;; fill input[name=password] := SECRET;; press button[type=submit][name=action]`},
	{"Cypress", "errors by their ids", `click first button[type=submit];; see #error-cs-username-required := Please enter an email address;; see #error-cs-password-required := Password is required;;` +
		`fill #username := abc;; click first button[type=submit];; see #error-cs-email-invalid := Email is not valid.;; see #error-cs-pattern-mismatch := Email is not valid.;;` +
		`fill #username := WHO;; fill #password := wrong;; press first button[type=submit];; see #error-element-password := Wrong email or password;; fill #password := SECRET;; press first button[type=submit]`},
	{"Playwright", "labels of 2024", `fill label=Email address* := WHO;; fill label=Password* := SECRET;; press button="Continue"`},
	{"Playwright", "labels of 2026", `fill label=Email address * := WHO;; fill label=Password * := SECRET;; press button="Continue"`},
	{"Playwright", "labels without a star", `fill label=Email address := WHO;; fill label=Password := SECRET;; press button=Continue`},
	{"Playwright", "whole labels", `fill label="Email address" := WHO;; fill label="Password" := SECRET;; press button="Continue"`},
	{"Playwright", "the text of a label", `click text=Email address;; fill #username := WHO;; click text="Password";; fill #password := SECRET;; press button="Continue"`},
	{"Playwright", "a part of a label", `fill label=email := WHO;; fill input[type=password] := SECRET;; press button=Continue`},
	{"Playwright", "roles", `fill textbox=Email address := WHO;; fill textbox=Password := SECRET;; press button="Continue"`},
	{"Playwright", "the password is shown", `fill #username := WHO;; fill #password := SECRET;; click switch=Show password;; see #password-toggle := ;; press button="Continue"`},
	{"Playwright", "no decoy", `fill input[name='username'] := WHO;; fill input[name='password'] := SECRET;; press button[type='submit']:not(.ulp-hidden-form-submit-button)`},
	{"Playwright", "the text of the button", `fill #username := WHO;; fill #password := SECRET;; press text="Continue"`},
	{"Playwright", "labels that are filled", `fill [id="username-label"] := WHO;; fill [id="password-label"] := SECRET;; press [type="submit"]`},
	{"Playwright", "the inbox for a new password", `press link=Forgot password?;; fill label=Email address := WHO;; press button="Continue";; see h1 := Check Your Email;; end`},
	{"Playwright", "sign-up", `press link=Sign up;; see text=Already have an account? := Log in;; fill label=Email address* := NEW;; fill label=Password* := FRESH;;` +
		`see text=Your password must contain: := Your password must contain:;; click switch=Show password;; press button="Continue"`},
	{"Playwright", "sign-up, and yes", `press link=Sign Up;; fill input[name="email"] := NEW;; fill input[name="password"] := FRESH;; press first button[type="submit"];; press button[value="accept"]`},
	{"Cypress", "sign-up, and yes as of old", `press link=Sign up;; fill input[name="email"] := NEW;; fill input[name="password"] := FRESH;; press first button[type="submit"];; press #allow`},
	{"Selenium", "names", `fill first [name=username] := WHO;; fill first [name=password] := SECRET;; press first [name=action]`},
	{"Selenium", "the way to the button", `fill #username := WHO;; fill #password := SECRET;; press /html/body/div/main/section/div/div/div/form/div[2]/button`},
	{"Selenium", "the button by its attributes", `fill //input[@id='username'] := WHO;; fill //input[@name='password'] := SECRET;; press //button[@type='submit' and @name='action' and @data-action-button-primary='true']`},
	{"Selenium", "classes", `fill first .input := WHO;; fill .password .input := SECRET;; press ._button-login`},
	{"Selenium", "parts of a login page", `see //h1 := Welcome;; see section._prompt-box-outer div header := Log in to;; see main.login := ;; fill #username := WHO;; fill #password := no;; press first button[type=submit];;` +
		`see //span[@class = "ulp-input-error-message"] := Wrong email or password;; fill #password := SECRET;; press first button[type=submit]`},
	{"Selenium", "labels in the fields", `see //div[@data-dynamic-label-for='username'] := Email address;; see div[data-dynamic-label-for~="password"] := Password;; fill #username := WHO;; fill #password := SECRET;;` +
		`press //button[@type='submit']`},
	{"Cypress", "what a password must be", `press a[href*='signup'];; fill input[name=email] := NEW;; fill input[name=password] := Password!;; see li[data-error-code='password-policy-length-at-least'] := At least 8 characters;;` +
		`see li[data-error-code='password-policy-contains-at-least'] := At least 3;; see li[data-error-code='password-policy-lower-case'] := Lower case;; see li[data-error-code='password-policy-upper-case'] := Upper case;;` +
		`see li[data-error-code='password-policy-numbers'] := Numbers;; see li[data-error-code='password-policy-special-characters'] := Special characters;; fill input[name=password] := FRESH;; press [name=action]`},
	{"Selenium", "tooltips", `fill #username := WHO;; fill #password := SECRET;; click [data-action="toggle"];; see span.hide-password-tooltip := Hide password;; click [data-action="toggle"];;` +
		`see span.show-password-tooltip := Show password;; press first button[name=action]`},
	{"Selenium", "the link of who forgot", `press [method="POST"] p a;; at /u/reset-password/request/Username-Password-Authentication;; fill [name=email] := WHO;; press first [name=action];; see h1 := Check Your Email;; end`},
	{"Selenium", "the link to the sign-up", `press .ulp-alternate-action a;; fill //input[@id='email'] := NEW;; fill //input[@id='password'] := FRESH;; press //button[contains(text(),'Continue')][@data-action-button-primary='true']`},
	{"Robot Framework", "the way to everything", `see /html/body/div/main/section/div/div/div/form := ;; fill /html/body/div/main/section/div/div/div/form/div[1]/div/div[1]/div/input := WHO;;` +
		`fill /html/body/div/main/section/div/div/div/form/div[1]/div/div[2]/div/input := SECRET;; press /html/body/div/main/section/div/div/div/form/div[2]/button`},
	{"Puppeteer", "the way to the button", `fill #username := WHO;; fill #password := SECRET;; press body > div > main > section > div > div > div > form > div:nth-child(4) > button`},
	{"Puppeteer", "a logo, and a button that submits", `see img#prompt-logo-center := ;; fill input#username := WHO;; fill input#password := SECRET;; press button[type="submit"][data-action-button-primary="true"]`},
	{"WebdriverIO", "an error", `fill #username := WHO;; fill #password := no;; press button[type="submit"];; see .ulp-input-error-message#error-element-password := Wrong email or password;; fill #password := SECRET;; press button[type="submit"]`},
	{"a script", "submits the form itself", `fill #username := WHO;; fill #password := SECRET;; submit #password`},
	{"Selenium", "a logo by its other id", `see //div[@id='custom-prompt-logo'] := ;; see #prompt-logo-center := ;; see h1 := Welcome;; fill [name=username] := WHO;; fill #password := SECRET;; press first [name=action]`},
	{"Playwright", "the header, and buttons that are not hidden", `see header := Log in to ;; see header := to continue to ;; fill textbox=Email address := WHO;; fill textbox=Password := SECRET;;` +
		`press button[data-action-button-primary="true"]:not([aria-hidden="true"]):not(.ulp-hidden-form-submit-button)`},
	{"Cypress", "a button of a bar that is not hidden", `fill input#username := WHO;; fill input#password := SECRET;; press div:not(.ulp-button-bar-hidden) > button[type=submit]`},
	{"Selenium", "the form by its mark", `see form[data-form-primary='true'] := ;; fill #username := WHO;; fill #password := SECRET;; click .ulp-button-icon;; press button[type='submit'][data-action-button-primary='true']`},
	{"Playwright", "what an error consists of", `fill #username := WHO;; fill #password := no;; press button[data-action-button-primary="true"];; see span[data-error-code="wrong-email-credentials"] := Wrong email or password;;` +
		`see //*[@id="error-element-password"]/span := ;; see //span[contains(@class,"ulp-input-error-icon")] := ;; see span.ulp-input-error-icon[role=img] := ;; fill #password := SECRET;; press button="Continue"`},
	{"Selenium", "an address that is none", `fill #username := abc;; fill #password := SECRET;; click first button[type=submit];; see //span[@id='error-element-username'] := Email is not valid;;` +
		`see div.input-wrapper span#error-element-username.ulp-input-error-message := ;; see .ulp-input-error-message, .ulp-error-info:not(.aria-error-check) := Email is not valid;; fill #username := WHO;; press first button[type=submit]`},
	{"Cypress", "the way to the sign-up, and what it refuses", `press body > div > main > section > div > div > div > div.ulp-alternate-action._alternate-action.__s16nu9 > p > a;; see body > div > main > section > div > div > header > h1 := Welcome;; see header := Sign Up;;` +
		`fill #email := x;; fill #password := FRESH;; click first [name=action];; see #error-element-email := Email is not valid.;; see [type="button"] := ;; fill #email := NEW;; press first [name=action]`},
	{"Selenium", "a link by its whole class", `press //div[@class='ulp-alternate-action  _alternate-action __s16nu9']//a;; fill input[name="email"] := NEW;; fill input[name="password"] := FRESH;; press //button[@type='submit' and contains(text(), 'Continue')]`},
	{"Cypress", "the way of who forgot", `press a[href*='/u/login/password-reset-start'];; see body > div > main > section > div > div > header > h1 := Forgot Your Password?;; see //*[contains(text(),'Back to')] := ;; see #aria-description-text := Enter your email address;; see //p[@id="aria-description-text"] := ;; fill #email := x;; click first [name=action];;` +
		`see //span[@id='error-element-email'] := Email is not valid.;; fill #email := WHO;; press first [name=action];; see body > div > main > section > div > div > section > h1 := Check Your Email;; see button=Resend email := ;; end`},
}

// elsewhere are scripts for users who log in with another identity provider.
var elsewhere = []script{
	{"Playwright", "Google", `press button[data-provider="google"];; see #simulation := Google;; end`},
	{"Cypress", "Google", `press button=Continue with Google;; see #simulation := Google;; end`},
	{"Robot Framework", "Google", `press /html/body/div/main/section/div/div/div/div[3]/form/button;; see #simulation := Google;; end`},
}

// apart are scripts for pages that ask for the identifier first.
var apart = []script{
	{"Puppeteer", "classes of buttons", `fill #username := WHO;; press button._button-login-id;; fill #password := SECRET;; press button._button-login-password`},
	{"Cypress", "classes of buttons", `fill input#username := WHO;; press button[type="submit"]._button-login-id;; fill input#password := SECRET;; press button[type="submit"]._button-login-password`},
	{"Cypress", "a person is edited", `fill #username := nobody@example.com;; press button[type='submit'];; see span.ulp-authenticator-selector-text := nobody@example.com;; press [data-link-name='edit-username'];;` +
		`fill #username := WHO;; press button[type='submit'];; fill #password := SECRET;; click [aria-label='Show password'];; press button[type='submit']`},
	{"Playwright", "labels of 2024", `fill label=Email address* := WHO;; press button=Continue;; fill label=Password* := SECRET;; press button=Continue`},
	{"Playwright", "labels of 2026", `fill label=Email address * := WHO;; press button=Continue;; fill label=Password * := SECRET;; press button=Continue`},
	{"Playwright", "roles", `fill textbox=Email address := WHO;; press button="Continue";; see h1 := Enter Your Password;; fill textbox=Password := SECRET;; press button="Continue"`},
	{"Playwright", "an input mode and a label", `fill [inputmode="email"] := WHO;; press [type="submit"];; see [class="ulp-authenticator-selector-text"] := WHO;; fill [id="password-label"] := SECRET;; press [type="submit"]`},
	{"Playwright", "inputs that are not hidden", `fill input[name='username'] := WHO;; press button[type='submit']:not(.ulp-hidden-form-submit-button);; fill input[name='password']:not(.hide) := SECRET;; press first button[name='action']`},
	{"Playwright", "many ways at once", `fill input#username, input[name="username"], input[type="email"] := WHO;; press button._button-login-id, button[type="submit"][name="action"], button[type="submit"];;` +
		`fill input#password:not(.hide):not([aria-hidden="true"]) := SECRET;; press button[name="action"][value="default"]`},
	{"Selenium", "ways of 2023", `fill //*[@id="username"] := WHO;; press /html/body/div/main/section/div/div/div/div[1]/div/form/div[2]/button;; fill //*[@id="password"] := SECRET;;` +
		`press /html/body/div[1]/main/section/div/div/div/form/div[2]/button`},
	{"Selenium", "ways to inputs", `fill #username := WHO;; press button._button-login-id;; see /html/body/div/main/section/div/div/div/form/div[1]/div/div[1]/div/a := Edit;;` +
		`fill /html/body/div/main/section/div/div/div/form/div[1]/div/div[2]/div/input := SECRET;; click /html/body/div/main/section/div/div/div/form/div[1]/div/div[2]/div[1]/button;; press ._button-login-password`},
	{"Selenium", "inputs by their places", `fill (//input)[2] := WHO;; press first button;; fill (//input)[3] := SECRET;; press ._button-login-password`},
	{"Selenium", "parts of classes", `see //*[@id='prompt-logo-center'] := ;; fill //*[@id='username'] := WHO;; press //*[contains(@class, 'button-login-id')];; fill //*[@id='password'] := SECRET;; press //*[contains(@class, 'button-login-password')]`},
	{"Selenium", "the text of a button", `fill #username := WHO;; press //button[text()="Continue"];; fill #password := SECRET;; press ._button-login-password`},
	{"a script", "submits the forms itself", `fill //input[@id="username"] := not an address;; submit #username;; see //span[@id="error-element-username"] := Email is not valid;;` +
		`fill //input[@id="username"] := WHO;; submit #username;; fill #password := SECRET;; submit #password`},
	{"Puppeteer", "the way to the sign-up", `press body > div > main > section > div > div > div > div:nth-child(2) > p > a;; at /u/signup/identifier;; fill input[name=email] := NEW;; press button[type=submit];; fill input[name=password] := FRESH;; press button[type=submit]`},
	{"Puppeteer", "inputs of any name", `fill input[name='username'], input[name='email'], input[type='email'] := WHO;; press button[data-action-button-primary='true'];; fill input[name='password'], input[type='password'] := SECRET;; press button[data-action-button-primary='true']`},
	{"Playwright", "an input that can be written", `see main.login-id := ;; fill input[name="username"]:not([readonly]) := WHO;; press first button[type="submit"];; fill input[name="password"]:not(.hide) := SECRET;; press first button[type="submit"]`},
	{"Cypress", "nothing typed, on both pages", `click first button[type=submit];; see #error-cs-username-required := Please enter an email address;; see #error-element-username := Please enter an email address;; fill #username := WHO;; press first button[type=submit];;` +
		`click first button[type=submit];; see #error-cs-password-required := Password is required;; see #error-element-password := Password is required;; fill #password := SECRET;; press first button[type=submit]`},
	{"Selenium", "complaints by their state", `click first button[type=submit];; see .ulp-error-info[data-is-error='true'] := Please enter an email address;; fill #username := WHO;; press first button[type=submit];;` +
		`click first button[type=submit];; see #error-cs-password-required.ulp-error-info[data-is-error='true'] := Password is required;; fill #password := SECRET;; press first button[type=submit]`},
	{"Selenium", "the page by its logo and its input", `see div#custom-prompt-logo := ;; fill input[name="username"] := WHO;; press button=Continue;; see link=Edit := ;; fill input[name="password"] := SECRET;; press button=Continue`},
	{"Playwright", "the way of who forgot", `fill #username := WHO;; press button=Continue;; press text=Forgot password?;; see input[name=email] := ;; press button=Continue;; see h1 := Check Your Email;; end`},
}

// TestScriptsLineByLine plays scripts that were written for Auth0's pages.
func TestScriptsLineByLine(t *testing.T) {
	s := startStage(t)
	m := manage(t, s.Server)
	fresh := 0
	run := func(t *testing.T, p script) {
		t.Helper()
		fresh++
		w := openWindow(s.browser, t)
		w.open(s.authorizeURL(url.Values{"prompt": {"login"}}))
		if w.play(p.lines, words{"NEW": said(fmt.Sprintf("stranger%d@example.com", fresh))}) {
			s.agree(t, w)
		}
	}
	all := func(kind string, scripts []script) {
		for _, p := range scripts {
			t.Run(kind+"/"+p.tool+": "+p.about, func(t *testing.T) { run(t, p) })
		}
	}
	all("together", together)
	m.send("PATCH", "/prompts", `{"identifier_first":true}`)
	all("identifier first", apart)
	m.send("PATCH", "/prompts", `{"identifier_first":false}`)
	m.send("POST", "/connections", `{"name":"google-oauth2","strategy":"google-oauth2","enabled_clients":["`+servertest.Mobile+`"]}`)
	all("elsewhere", elsewhere)
}
