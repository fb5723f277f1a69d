package templates_test

import (
	"bytes"
	"context"
	"fmt"
	"net/http"
	"net/http/httptest"
	neturl "net/url"
	"os/exec"
	"strings"
	"testing"

	"github.com/chromedp/cdproto/accessibility"
	"github.com/chromedp/cdproto/emulation"
	"github.com/chromedp/cdproto/runtime"
	"github.com/chromedp/chromedp"
	"github.com/chromedp/chromedp/kb"
	"github.com/google/go-cmp/cmp"

	"github.com/tenant0/tenant0/server/servertest"
	"github.com/tenant0/tenant0/templates"
)

// strictPolicy is the content security policy under which the package promises to work.
const strictPolicy = "default-src 'none'; style-src 'self'; script-src 'self'; img-src 'self' https: data:;" +
	" form-action 'self'; base-uri 'none'; frame-ancestors 'none'"

// site serves every state. The channel receives what a form sends to /callback, and what the form for a number sends.
func site(t *testing.T) (url string, posted <-chan string) {
	t.Helper()
	received := make(chan string, 1)
	mux := http.NewServeMux()
	mux.HandleFunc("GET "+templates.StaticPath, func(w http.ResponseWriter, r *http.Request) {
		name := strings.TrimPrefix(r.URL.Path, templates.StaticPath)
		content, contentType, ok := templates.Static(name)
		if !ok {
			content, contentType, ok = templates.ThemeSheet(states["login-themed"].(templates.Login).Theme, name)
		}
		if !ok {
			http.NotFound(w, r)
			return
		}
		w.Header().Set("Content-Type", contentType)
		w.Write(content)
	})
	receive := func(w http.ResponseWriter, r *http.Request) {
		if err := r.ParseForm(); err != nil {
			t.Error(err)
		}
		received <- r.PostForm.Encode()
		w.Header().Set("Content-Type", "text/html")
		w.Write([]byte("<title>arrived</title><p id=arrived>"))
	}
	mux.HandleFunc("POST /callback", receive)
	mux.HandleFunc("POST /login-identifier-by-phone", receive)
	mux.HandleFunc("GET /{state}", func(w http.ResponseWriter, r *http.Request) {
		p, ok := states[r.PathValue("state")]
		if !ok {
			http.NotFound(w, r)
			return
		}
		switch response := p.(type) {
		case templates.FormPost:
			response.URL = "/callback"
			response.Fields = append(response.Fields[:1:1], templates.Field{Name: "submit", Value: "a field of this name hides form.submit"})
			p = response
		case templates.WebMessage:
			response.Origin = "http://" + r.Host
			p = response
		}
		var page bytes.Buffer
		if _, err := templates.Render(&page, p); err != nil {
			t.Error(err)
		}
		w.Header().Set("Content-Type", "text/html; charset=utf-8")
		w.Header().Set("Content-Security-Policy", strictPolicy)
		// The page that sends its form at once stays, to be looked at.
		w.Write(bytes.Replace(page.Bytes(), []byte(" data-detects"), nil, 1))
	})
	s := httptest.NewServer(mux)
	t.Cleanup(s.Close)
	return s.URL + "/", received
}

// browser starts Chromium and returns the context of its only tab.
func browser(t *testing.T) context.Context {
	t.Helper()
	var chromium string
	for _, name := range []string{"chromium", "chromium-browser", "google-chrome"} {
		if found, err := exec.LookPath(name); err == nil {
			chromium = found
			break
		}
	}
	if chromium == "" {
		t.Skip("there is no Chromium to look at the pages with; install the package chromium")
	}
	options := append(chromedp.DefaultExecAllocatorOptions[:], chromedp.ExecPath(chromium), chromedp.NoSandbox, chromedp.DisableGPU)
	ctx, stop := chromedp.NewExecAllocator(context.WithoutCancel(t.Context()), options...)
	t.Cleanup(stop)
	ctx, closeTab := chromedp.NewContext(ctx)
	t.Cleanup(closeTab)
	browser := ctx
	t.Cleanup(func() {
		if err := chromedp.Cancel(browser); err != nil { // one that is killed leaves files behind
			t.Errorf("the browser does not close: %v", err)
		}
	})
	if err := chromedp.Do(ctx); err != nil {
		t.Fatal(err)
	}
	ctx, giveUp := context.WithTimeout(ctx, servertest.Patience)
	t.Cleanup(giveUp)
	return ctx
}

func do(ctx context.Context, t *testing.T, steps ...chromedp.Action[chromedp.Void]) {
	t.Helper()
	if err := chromedp.Do(ctx, steps...); err != nil {
		t.Fatal(err)
	}
}

// evaluated returns the value of a JavaScript expression.
func evaluated[T any](ctx context.Context, t *testing.T, expression string) T {
	t.Helper()
	value, err := chromedp.Run(ctx, chromedp.Evaluate[T](expression))
	if err != nil {
		t.Fatalf("%s: %v", expression, err)
	}
	return value
}

// accessibleName returns the name that a screen reader reads for an element.
func accessibleName(ctx context.Context, t *testing.T, selector string) string {
	t.Helper()
	object, err := chromedp.Call(ctx, runtime.Evaluate, runtime.EvaluateParams{Expression: fmt.Sprintf("document.querySelector(%q)", selector)})
	if err != nil {
		t.Fatal(err)
	}
	tree, err := chromedp.Call(ctx, accessibility.GetPartialAXTree, accessibility.GetPartialAXTreeParams{ObjectID: object.Result.ObjectID})
	if err != nil || len(tree.Nodes) == 0 {
		t.Fatalf("%s: %v", selector, err)
	}
	return strings.Trim(string(tree.Nodes[0].Name.Value), `"`)
}

// byLabel is a JavaScript function of a text. It returns the ids, or else the tag names, of the elements whose
// label contains the text in any case. The label is what aria-labelledby refers to, or else aria-label,
// or else the texts of the element's label elements.
// https://playwright.dev/docs/api/class-page#page-get-by-label
const byLabel = `text => [...document.querySelectorAll("*")].filter(e => {
	const names = e.hasAttribute("aria-labelledby") ? e.getAttribute("aria-labelledby").split(/\s+/).map(id => document.getElementById(id)?.textContent)
		: e.getAttribute("aria-label")?.trim() ? [e.getAttribute("aria-label")]
		: [...e.labels ?? []].map(l => l.textContent);
	return names.some(n => n?.toLowerCase().includes(text.toLowerCase()));
}).map(e => e.id || e.tagName)`

func TestPagesInABrowser(t *testing.T) {
	ctx := browser(t)
	url, posted := site(t)

	t.Run("every page fits a narrow screen and nothing of it is blocked", func(t *testing.T) {
		console := chromedp.Console(ctx)
		do(ctx, t, chromedp.EmulateViewport(320, 640))
		for name, p := range states {
			if strings.Contains(render(t, p), `src="https:`) || name == "form-post" {
				continue // a logo elsewhere, and a page that leaves at once
			}
			do(ctx, t, chromedp.Navigate(url+name))
			if width := evaluated[int](ctx, t, "document.documentElement.scrollWidth"); width > 320 {
				t.Errorf("%s is %d pixels wide", name, width)
			}
		}
		evaluated[chromedp.Void](ctx, t, `console.log("the end")`)
		for message, err := range console {
			if err != nil {
				t.Fatal(err)
			}
			if message.Text == "the end" {
				break
			}
			t.Errorf("the browser says: %s", message)
		}
	})

	t.Run("the keyboard goes from field to field to button", func(t *testing.T) {
		do(ctx, t, chromedp.Navigate(url+"login-with-links"),
			chromedp.Poll[chromedp.Void]("document.activeElement !== document.body", chromedp.WithPollingTimeout(0))) // autofocus comes with the first frame
		var path []string
		for range 5 {
			path = append(path, evaluated[string](ctx, t, `document.activeElement.id || document.activeElement.className || document.activeElement.textContent`))
			do(ctx, t, chromedp.KeyEvent(kb.Tab))
		}
		want := []string{"username", "password", "ulp-button-icon _button-icon", "Forgot password?", "button primary _button-login"}
		if diff := cmp.Diff(want, path); diff != "" {
			t.Errorf("focus (-want +got):\n%s", diff)
		}
	})

	t.Run("the password can be read until it is sent", func(t *testing.T) {
		for page, id := range map[string]string{"login": "password", "signup": "password", "new-password": "re-enter-password"} {
			do(ctx, t, chromedp.Navigate(url+page))
			const button = `#%s + [data-action="toggle"]`
			toggle := chromedp.CSS(fmt.Sprintf(button, id))
			look := fmt.Sprintf(`document.getElementById(%q).type + ": " + document.querySelector(%q).innerText`, id, fmt.Sprintf(button, id))
			seen := []string{evaluated[string](ctx, t, look)}
			for range 2 {
				do(ctx, t, chromedp.Click(toggle))
				seen = append(seen, evaluated[string](ctx, t, look))
			}
			do(ctx, t, chromedp.Click(toggle))
			seen = append(seen, evaluated[string](ctx, t, fmt.Sprintf(`document.getElementById(%q).form.dispatchEvent(new Event("submit")), `, id)+look))
			want := []string{"password: Show password", "text: Hide password", "password: Show password", "password: Show password"}
			if diff := cmp.Diff(want, seen); diff != "" {
				t.Errorf("the field of %s (-want +got):\n%s", page, diff)
			}
		}
	})

	t.Run("inputs alone answer to a label", func(t *testing.T) {
		for page, want := range map[string][]string{
			"login": {"password"}, "login-wrong-password": {"password"}, "login-with-links": {"password"},
			"signup": {"password"}, "signup-refused": {"password"},
			"new-password": {"password-reset", "re-enter-password"}, "new-password-mismatch": {"password-reset", "re-enter-password"},
		} {
			do(ctx, t, chromedp.Navigate(url+page))
			for _, state := range []string{"hidden", "shown"} {
				if got := evaluated[[]string](ctx, t, "("+byLabel+`)("Password")`); !cmp.Equal(want, got) {
					t.Errorf("%s with the password %s: %q answer to the label Password, want %q", page, state, got, want)
				}
				evaluated[chromedp.Void](ctx, t, `document.querySelector('button[data-action="toggle"]._button-icon').click()`)
			}
		}
	})

	t.Run("a label is found with its star and without", func(t *testing.T) {
		const exact = `text => [...document.querySelectorAll("[aria-labelledby]")].filter(e =>
			e.getAttribute("aria-labelledby").split(/\s+/).some(id => document.getElementById(id)?.textContent === text)).map(e => e.id)`
		do(ctx, t, chromedp.Navigate(url+"new-password"))
		for _, label := range []string{"New password", "New password*"} {
			if got := evaluated[[]string](ctx, t, "("+exact+`)("`+label+`")`); !cmp.Equal([]string{"password-reset"}, got) {
				t.Errorf("%q answer to %s", got, label)
			}
		}
		if name := accessibleName(ctx, t, "#password-reset"); name != "New password" {
			t.Errorf("a screen reader calls the input %q", name)
		}
	})

	t.Run("the button is found by its label once there is something to show", func(t *testing.T) {
		do(ctx, t, chromedp.Navigate(url+"login"))
		const count = `document.querySelectorAll('button[aria-label="Show password"]').length`
		before := evaluated[int](ctx, t, count)
		do(ctx, t, chromedp.SendKeys(chromedp.ID("password"), "x"))
		if after := evaluated[int](ctx, t, count); before != 0 || after != 1 {
			t.Errorf("%d buttons are labelled at first, and %d after typing", before, after)
		}
		if got := evaluated[[]string](ctx, t, "("+byLabel+`)("Password")`); !cmp.Equal([]string{"password"}, got) {
			t.Errorf("after typing, %q answer to the label Password", got)
		}
		if name := accessibleName(ctx, t, "button[data-action=toggle]"); name != "Show password" {
			t.Errorf("a screen reader calls the button %q", name)
		}
	})

	t.Run("what is missing is said in the page's words, and required stays", func(t *testing.T) {
		do(ctx, t, chromedp.Navigate(url+"login"))
		shown := func() []string {
			return evaluated[[]string](ctx, t, `[...document.querySelectorAll("[id^=error-cs-]")].filter(e => e.checkVisibility()).map(e => e.id)`)
		}
		press := func(want ...string) {
			t.Helper()
			do(ctx, t, chromedp.Click(chromedp.CSS("button[name=action]")))
			if got := shown(); !cmp.Equal(want, got) {
				t.Errorf("shown are %q, want %q", got, want)
			}
		}
		if got := shown(); len(got) > 0 {
			t.Errorf("at first it complains with %q", got)
		}
		press("error-cs-username-required", "error-cs-password-required")
		do(ctx, t, chromedp.SendKeys(chromedp.ID("username"), "nobody"))
		press("error-cs-email-invalid", "error-cs-pattern-mismatch", "error-cs-password-required")
		const active = `[...document.querySelectorAll(".ulp-error-info[data-is-error='true']")].map(e => e.id).join()`
		if got := evaluated[string](ctx, t, active); got != "error-cs-email-invalid,error-cs-password-required" {
			t.Errorf("marked as errors are %s", got)
		}
		do(ctx, t, chromedp.SendKeys(chromedp.ID("username"), "@example.com"), chromedp.SendKeys(chromedp.ID("password"), "x"))
		if got := shown(); len(got) > 0 {
			t.Errorf("what is mended is complained of still, with %q", got)
		}
		if required := evaluated[int](ctx, t, `document.querySelectorAll("input[required]").length`); required != 2 {
			t.Errorf("%d inputs are required", required)
		}
	})

	t.Run("a complaint of the page is found as one of the server's, in its place", func(t *testing.T) {
		do(ctx, t, chromedp.Navigate(url+"login-wrong-password"))
		said := func() string {
			return evaluated[string](ctx, t, `[...document.querySelectorAll(".ulp-input-error-message")].map(e =>
				[e.id, e.dataset.errorCode, e.textContent, e.checkVisibility(), e.querySelector("[role=img][aria-label=Error]").getBoundingClientRect().width > 0].join()).join("; ")`)
		}
		if got, want := said(), "error-element-password,wrong-email-credentials,Wrong email or password,true,true"; got != want {
			t.Errorf("the server says %s, want %s", got, want)
		}
		do(ctx, t, chromedp.SetValue(chromedp.ID("username"), "nobody"), chromedp.Click(chromedp.CSS("button[name=action]")))
		const want = "error-element-username,invalid-email-format,Email is not valid.,true,true; error-element-password,no-password,Password is required,true,true"
		if got := said(); got != want {
			t.Errorf("the page says %s, want %s", got, want)
		}
	})

	t.Run("both logos are shown", func(t *testing.T) {
		for _, page := range []string{"login", "logged-out", "mfa-otp-challenge"} {
			do(ctx, t, chromedp.Navigate(url+page))
			const sizes = `["custom-prompt-logo", "prompt-logo-center"].map(id => document.getElementById(id)).map(e => e.checkVisibility() && e.offsetWidth * e.offsetHeight > 0).join()`
			if got := evaluated[string](ctx, t, sizes); got != "true,true" {
				t.Errorf("of %s are shown %s", page, got)
			}
		}
	})

	t.Run("the policy is held against the password while it is typed", func(t *testing.T) {
		do(ctx, t, chromedp.Navigate(url+"signup-refused"))
		met := func(typed string) []string {
			t.Helper()
			evaluated[string](ctx, t, `document.getElementById("password").value = ""`)
			do(ctx, t, chromedp.SendKeys(chromedp.ID("password"), typed))
			return evaluated[[]string](ctx, t, `[...document.querySelectorAll("li.met")].map(e => e.dataset.rule)`)
		}
		for typed, want := range map[string][]string{
			"a": {"lowerCase"}, "aB3": {"containsAtLeast", "lowerCase", "upperCase", "numbers"},
			"aB3!5678": {"lengthAtLeast", "containsAtLeast", "lowerCase", "upperCase", "numbers", "specialCharacters"},
		} {
			if got := met(typed); !cmp.Equal(want, got) {
				t.Errorf("%s meets %q, want %q", typed, got, want)
			}
		}
	})

	const response = "code=0a1b2c&submit=a+field+of+this+name+hides+form.submit"
	t.Run("a response posts itself", func(t *testing.T) {
		// In a new window: the page navigates away before it has loaded, which would
		// disturb the next steps.
		do(ctx, t, chromedp.Navigate(url+"logged-out"))
		evaluated[string](ctx, t, `window.response = open("/form-post"), ""`)
		if got := received(ctx, t, posted); got != response {
			t.Errorf("it posts %q, want %q", got, response)
		}
		evaluated[string](ctx, t, `window.response.close(), ""`)
	})

	t.Run("a response reaches the page that opened its own", func(t *testing.T) {
		do(ctx, t, chromedp.Navigate(url+"logged-out"))
		got, err := chromedp.Run(ctx, chromedp.Evaluate[string](`new Promise(arrived => {
			addEventListener("message", e => { e.source.close(); arrived(JSON.stringify(e.data)) }, {once: true})
			open("/web-message")
		})`, chromedp.EvalAwaitPromise))
		if want := `{"type":"authorization_response","response":{"code":"0a1b2c","state":"{\"from\":\"/\"}"}}`; err != nil || got != want {
			t.Errorf("the message is %s (%v), want %s", got, err, want)
		}
	})

	t.Run("without script a response waits for its button, and login has none that does nothing", func(t *testing.T) {
		off := emulation.SetScriptExecutionDisabledParams{Value: true}
		if _, err := chromedp.Call(ctx, emulation.SetScriptExecutionDisabled, off); err != nil {
			t.Fatal(err)
		}
		do(ctx, t, chromedp.Navigate(url+"login"), chromedp.WaitNotVisible(chromedp.CSS("._button-icon")),
			chromedp.Navigate(url+"form-post"), chromedp.WaitVisible(chromedp.CSS("noscript p")), chromedp.Click(chromedp.CSS("button[type=submit]")))
		if got := received(ctx, t, posted); got != response {
			t.Errorf("it posts %q, want %q", got, response)
		}
		do(ctx, t, chromedp.WaitReady(chromedp.ID("arrived")))
	})

	t.Run("without script the number goes along to the list of countries, and Enter goes on", func(t *testing.T) {
		for key, action := range map[string]string{"": "pick-country-code", kb.Enter: "default"} {
			do(ctx, t, chromedp.Navigate(url+"login-identifier-by-phone"), chromedp.SetValue(chromedp.ID("username"), "612 345"))
			if key == "" {
				do(ctx, t, chromedp.Click(chromedp.CSS(`button[value="pick-country-code"]`)))
			} else {
				do(ctx, t, chromedp.Focus(chromedp.ID("username")), chromedp.KeyEvent(key))
			}
			sent, err := neturl.ParseQuery(received(ctx, t, posted))
			if err != nil || sent.Get("username") != "612 345" || sent.Get("action") != action {
				t.Errorf("it posts %v (%v), want the action %s", sent, err, action)
			}
			do(ctx, t, chromedp.WaitReady(chromedp.ID("arrived")))
		}
	})
}

func received(ctx context.Context, t *testing.T, posted <-chan string) string {
	t.Helper()
	select {
	case form := <-posted:
		return form
	case <-ctx.Done():
		t.Fatal("nothing is posted")
		return ""
	}
}
