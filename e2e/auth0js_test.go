package e2e_test

import (
	"os"
	"strings"
	"testing"

	"github.com/chromedp/cdproto/target"
	"github.com/chromedp/chromedp"

	"github.com/tenant0/tenant0/server/outbox"
	"github.com/tenant0/tenant0/server/servertest"
)

// TestAuth0JS runs auth0-js in a page: tokens in the fragment, a session found in a hidden frame, and a
// login with the page's own form (cross-origin authentication).
func TestAuth0JS(t *testing.T) {
	app := startPage(t, "spa/auth0-js.js")
	tenant := servertest.Start(t, servertest.HTTP(), pageWithTokens(t, app.origin))
	app.use(tenant, map[string]any{"authJS": map[string]any{
		"overrides": map[string]string{"__token_issuer": tenant.URL, "__jwks_uri": tenant.URL + ".well-known/jwks.json"},
	}})
	w := openWindow(startBrowser(t, tenant), t)

	w.open(app.origin)
	w.shows("nobody")
	w.press("#login")
	w.logIn(servertest.Employee, servertest.Password)
	w.press("button[value=accept]")
	w.shows(servertest.Employee)
	got := evaluate[string](w, `promised(done => webAuth.checkSession({}, done)).then(r => r.accessToken && r.idTokenPayload.email, e => e.error)`)
	if got != servertest.Employee {
		t.Errorf("a hidden frame brings %s, want the tokens of %s", got, servertest.Employee)
	}

	w.press("#logout")
	w.shows("nobody")
	if got := evaluate[string](w, `promised(done => webAuth.checkSession({}, done)).then(() => "tokens", e => e.error)`); got != "login_required" {
		t.Errorf("after the logout a hidden frame brings %s, want login_required", got)
	}

	form := func(password string) string {
		return `webAuth.login({realm: "Username-Password-Authentication", username: "` + servertest.Employee + `", password: "` + password + `"}, `
	}
	got = evaluate[string](w, `promised(done => `+form("wrong")+`done)).then(() => "a login", e => e.code + ": " + e.description)`)
	if got != "access_denied: Wrong email or password." {
		t.Errorf("a wrong password in the page's own form brings %q", got)
	}
	w.load(chromedp.Evaluate[chromedp.Void](`void setTimeout(() => ` + form(servertest.Password) + `() => {}))`))
	w.shows(servertest.Employee)
}

// TestAuth0JSInForms does what pages with forms of their own do with auth0-js: they log in, in three ways, sign
// up, request a new password and codes, and find the session again.
func TestAuth0JSInForms(t *testing.T) {
	app, tenant := startEmbedded(t, "spa/auth0-js.js")
	app.settings["domain"] = app.settings["host"]
	app.settings["authJS"] = map[string]any{"scope": "openid profile email"}
	browser := startBrowser(t, tenant)
	opened := func(t *testing.T) *window {
		t.Helper()
		w := openWindow(browser, t)
		w.open(app.origin)
		w.shows("nobody")
		return w
	}
	// answer returns the result with which a function of the SDK calls back, or its error.
	answer := func(w *window, function, options, result string) string {
		return evaluate[string](w, `promised(done => webAuth.`+function+`(`+options+`, done)).then(r => `+result+`, e => e.code + ": " + e.description)`)
	}
	// leave calls a function that navigates the browser away from the page.
	leave := func(w *window, function, options string) {
		w.load(chromedp.Evaluate[chromedp.Void](`void setTimeout(() => webAuth.` + function + `(` + options + `, e => document.querySelector("#user").textContent = e.code + ": " + e.description))`))
	}
	employee := func(password string) string {
		return `{realm: "Username-Password-Authentication", username: "` + servertest.Employee + `", password: "` + password + `"}`
	}

	for _, function := range []string{"login", "redirect.loginWithCredentials"} {
		t.Run(function, func(t *testing.T) {
			w := opened(t)
			if got := answer(w, function, employee("wrong"), `"a login"`); got != "access_denied: Wrong email or password." {
				t.Errorf("a wrong password: %s", got)
			}
			leave(w, function, employee(servertest.Password))
			w.shows(servertest.Employee)
		})
	}

	t.Run("popup.loginWithCredentials, and the verification of its browser", func(t *testing.T) {
		w := opened(t)
		if got := answer(w, "popup.loginWithCredentials", employee("wrong"), `"a login"`); got != "access_denied: Wrong email or password." {
			t.Errorf("a wrong password: %s", got)
		}
		if got := answer(w, "popup.loginWithCredentials", employee(servertest.Password), `r.accessToken && r.idTokenPayload.email`); got != servertest.Employee {
			t.Errorf("a login brings %s", got)
		}
		for expression, want := range map[string]string{
			`promised(done => webAuth.checkSession({}, done)).then(r => r.idTokenPayload.email, e => e.error)`:                      servertest.Employee,
			`promised(done => webAuth.client.getSSOData(done)).then(r => r.sso + " " + r.lastUsedUsername, e => JSON.stringify(e))`: "true " + servertest.Employee,
		} {
			if got := evaluate[string](w, expression); got != want {
				t.Errorf("%s brings %s, want %s", expression, got, want)
			}
		}

		// The page keeps a verifier, and gives it to a page of the tenant that shows it in a frame.
		id := evaluate[string](w, `decodeURIComponent(document.cookie.split("; ").map(c => decodeURIComponent(c.split("=")[0])).find(n => n.startsWith("co/verifier/")).split("/").pop())`)
		w.open(tenant.URL + ".well-known/openid-configuration")
		if got := evaluate[string](w, `new Promise(done => {
			addEventListener("message", e => e.data.type === "ready" ? e.source.postMessage({type: "co_verifier_request", request: {id: `+quoted(id)+`}}, e.origin) : done(e.data.response.verifier));
			document.body.appendChild(document.createElement("iframe")).src = `+quoted(app.origin+"/verification#origin=")+` + encodeURIComponent(origin);
		})`); len(got) < 20 {
			t.Errorf("the verifier is %q", got)
		}
	})

	t.Run("popup.authorize", func(t *testing.T) {
		w := opened(t)
		found := chromedp.WaitNewTarget(w.ctx, func(i *target.Info) bool { return i.Type == "page" })
		w.do(chromedp.Click(chromedp.CSS("#popup")))
		popup := watch(w.ctx, t, chromedp.WithTargetID(<-found))
		popup.do(chromedp.SetValue(chromedp.ID("username"), servertest.Manager), chromedp.SetValue(chromedp.ID("password"), servertest.Password))
		_ = chromedp.Do(popup.ctx, chromedp.Click(chromedp.CSS("button[value=default]"))) // it closes, maybe before it can say that it was clicked
		w.shows(servertest.Manager)
	})

	t.Run("client.login", func(t *testing.T) {
		w := opened(t)
		if got := answer(w, "client.login", employee("wrong"), `"a login"`); got != "invalid_grant: Wrong email or password." {
			t.Errorf("a wrong password: %s", got)
		}
		if got := answer(w, "client.login", employee(servertest.Password), `r.tokenType + " " + (r.accessToken && r.idToken ? "both" : "one")`); got != "Bearer both" {
			t.Errorf("a login brings %s", got)
		}
		if got := answer(w, "client.loginWithDefaultDirectory", employee(servertest.Password), `r.tokenType`); got != "Bearer" {
			t.Errorf("a login with the default directory brings %s", got)
		}
	})

	t.Run("signup", func(t *testing.T) {
		w := opened(t)
		form := func(email, password string) string {
			return `{connection: "Username-Password-Authentication", email: "` + email + `", password: "` + password + `", user_metadata: {team: "a"}}`
		}
		for _, tt := range []struct{ email, password, want string }{
			{"form@exampleco.com", "Form!2026", "form@exampleco.com false"},
			{"form@exampleco.com", "Form!2026", "invalid_signup: Invalid sign up"},
			{"weak@exampleco.com", "weak", "invalid_password: "},
		} {
			if got := answer(w, "signup", form(tt.email, tt.password), `r.email + " " + r.emailVerified`); !strings.HasPrefix(got, tt.want) {
				t.Errorf("a sign-up of %s brings %s, want %s", tt.email, got, tt.want)
			}
		}
		leave(w, "redirect.signupAndLogin", form("next@exampleco.com", "Next!2026"))
		w.shows("next@exampleco.com")
	})

	t.Run("changePassword", func(t *testing.T) {
		w := opened(t)
		got := answer(w, "changePassword", `{connection: "Username-Password-Authentication", email: "`+servertest.Manager+`"}`, `r`)
		if got != "We've just sent you an email to reset your password." || tenant.WaitForMessage(servertest.Manager, outbox.ResetEmail).Link == "" {
			t.Errorf("it answers %s", got)
		}
	})

	for _, tt := range []struct{ connection, kind, member, address string }{
		{"email", outbox.PasswordlessEmail, "email", "guest@exampleco.com"},
		{"sms", outbox.OTPVerify, "phoneNumber", "+15550100"},
	} {
		t.Run("passwordlessStart and passwordlessLogin with "+tt.connection, func(t *testing.T) {
			w := opened(t)
			of := `connection: "` + tt.connection + `", ` + tt.member + `: "` + tt.address + `"`
			if got := answer(w, "passwordlessStart", `{send: "code", `+of+`}`, `r.email ?? r.phoneNumber ?? JSON.stringify(r)`); got != tt.address {
				t.Errorf("it answers %s", got)
			}
			code := tenant.WaitForMessage(tt.address, tt.kind).Code
			if got := answer(w, "passwordlessLogin", `{verificationCode: "000000", `+of+`}`, `"a login"`); code != "000000" && !strings.HasPrefix(got, "access_denied: Wrong ") {
				t.Errorf("a wrong code: %s", got)
			}
			leave(w, "passwordlessLogin", `{verificationCode: "`+code+`", `+of+`}`)
			w.becomes(`location.pathname === "/callback" && document.querySelector("#user").textContent !== ""`)
			if got := w.text("#user"); tt.member == "email" && got != tt.address || strings.Contains(got, ":") {
				t.Errorf("the page shows %q", got)
			}
		})
	}
}

// pageWithTokens is the timesheets tenant with an SPA that may get tokens in the fragment, and log users
// in with its own form.
func pageWithTokens(t *testing.T, origin string) servertest.Option {
	t.Helper()
	seed, err := os.ReadFile("../config/seeds/timesheets.yaml")
	if err != nil {
		t.Fatal(err)
	}
	before, page, found := strings.Cut(string(seed), "  - name: Timesheets SPA\n")
	if !found {
		t.Fatal("the seed has no page")
	}
	page = strings.Replace(page, "    grant_types:\n", "    cross_origin_authentication: true\n    grant_types:\n      - implicit\n", 1)
	return servertest.Seed(strings.ReplaceAll(before+"  - name: Timesheets SPA\n"+page, "http://localhost:3000", origin))
}
