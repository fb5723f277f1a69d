package e2e_test

import (
	"encoding/json"
	"maps"
	"net/http"
	"os"
	"os/exec"
	"path/filepath"
	"testing"

	"github.com/chromedp/cdproto/target"
	"github.com/chromedp/chromedp"

	"github.com/tenant0/tenant0/server/servertest"
)

// nodeModules skips the test if the SDKs are not installed.
func nodeModules(t *testing.T) {
	t.Helper()
	if find("node") == "" {
		t.Skip("there is no node to run the SDKs with; install the package nodejs")
	}
	if _, err := os.Stat("node_modules/.package-lock.json"); err != nil {
		t.Skip("the SDKs are not installed; run npm ci in e2e (make test does)")
	}
}

// spa is a single-page application with Auth0's SDK.
type spa struct {
	origin string
	// bundle is the file of the page's script, and html the file of the page.
	bundle, html string
	// settings are the settings with which the page creates its client.
	settings map[string]any
}

// startSPA bundles the application with auth0-spa-js and serves it.
func startSPA(t *testing.T) *spa {
	t.Helper()
	return startPage(t, "spa/app.js")
}

// startPage bundles the script of a page and serves the page.
func startPage(t *testing.T, script string) *spa {
	t.Helper()
	app := bundlePage(t, script)
	app.origin = serve(t, app.pages(t))
	return app
}

// bundlePage bundles the script of a page.
func bundlePage(t *testing.T, script string) *spa {
	t.Helper()
	nodeModules(t)
	bundle := filepath.Join(t.TempDir(), "app.js")
	// As webpack does, it prefers ES modules for what Lock requires: the other build of auth0-js claims to be
	// a module and is not.
	output(t, exec.CommandContext(t.Context(), "node_modules/.bin/esbuild", script, "--bundle", "--format=esm", "--main-fields=browser,module,main",
		"--jsx=automatic", `--define:process.env.NODE_ENV="production"`, "--log-level=warning", "--outfile="+bundle))
	return &spa{bundle: bundle, html: "spa/index.html"}
}

// pages serves the application's page at every path, and its script and its settings.
func (a *spa) pages(t *testing.T) http.Handler {
	t.Helper()
	mux := http.NewServeMux()
	mux.HandleFunc("GET /app.js", func(w http.ResponseWriter, r *http.Request) { http.ServeFile(w, r, a.bundle) })
	mux.HandleFunc("GET /settings.json", func(w http.ResponseWriter, _ *http.Request) {
		if err := json.NewEncoder(w).Encode(a.settings); err != nil {
			t.Error(err)
		}
	})
	mux.HandleFunc("GET /", func(w http.ResponseWriter, r *http.Request) { http.ServeFile(w, r, a.html) })
	return mux
}

// use sets the application up for a tenant, with further settings.
func (a *spa) use(tenant *servertest.Server, more map[string]any) {
	a.settings = map[string]any{
		"domain": tenant.URL[:len(tenant.URL)-1], "clientId": servertest.SPA,
		"authorizationParams": map[string]any{
			"redirect_uri": a.origin + "/callback", "audience": servertest.API, "scope": "openid profile email read:timesheets",
		},
	}
	maps.Copy(a.settings, more)
}

// shows waits until the page shows a text as the user who is logged in.
func (w *window) shows(text string) {
	w.t.Helper()
	w.becomes(`document.querySelector("#user")?.textContent === ` + quoted(text))
}

func quoted(text string) string {
	raw, _ := json.Marshal(text) // a string is always JSON
	return string(raw)
}

// refreshToken is a JavaScript expression for the refresh token that the SDK keeps for the page.
const refreshToken = `Object.values(localStorage).map(v => JSON.parse(v).body?.refresh_token).find(Boolean) ?? ""`

func TestSPA(t *testing.T) {
	app := startSPA(t)
	for name, options := range map[string][]servertest.Option{"https": nil, "http": {servertest.HTTP()}} {
		t.Run("with refresh tokens, the issuer on "+name, func(t *testing.T) {
			tenant := servertest.Start(t, append(options, timesheets(t, app.origin))...)
			app.use(tenant, map[string]any{"useRefreshTokens": true, "cacheLocation": "localstorage"})
			w := openWindow(startBrowser(t, tenant), t)

			w.open(app.origin)
			w.shows("nobody")
			w.press("#login")
			w.logIn(servertest.Employee, servertest.Password)
			w.press("button[value=accept]")
			w.shows(servertest.Employee)

			before := evaluate[string](w, refreshToken)
			for range 2 { // the second needs what the first rotated to
				if token := evaluate[string](w, `auth0.getTokenSilently({cacheMode: "off"})`); token == "" {
					t.Error("no token")
				}
			}
			if after := evaluate[string](w, refreshToken); before == "" || after == before {
				t.Errorf("the refresh token was %q and is %q, want another", before, after)
			}

			w.press("#logout")
			w.shows("nobody")
			w.press("#login")
			if path := w.path(); path != "/u/login" {
				t.Errorf("after the logout a login leads to %s, want the login page", path)
			}
		})
	}
}

func TestSPAWithoutRefreshTokens(t *testing.T) {
	app := startSPA(t)
	tenant := servertest.Start(t, servertest.HTTP(), timesheets(t, app.origin))
	app.use(tenant, nil)
	browser := startBrowser(t, tenant)

	t.Run("a reload finds the session in a hidden frame", func(t *testing.T) {
		w := openWindow(browser, t)
		w.open(app.origin)
		w.shows("nobody")
		w.press("#login")
		w.logIn(servertest.Employee, servertest.Password)
		w.press("button[value=accept]")
		w.shows(servertest.Employee)
		w.load(chromedp.Reload())
		w.shows(servertest.Employee)
		if token := evaluate[string](w, `auth0.getTokenSilently({cacheMode: "off"})`); token == "" {
			t.Error("no token")
		}
		got := evaluate[string](w, `auth0.getTokenSilently({cacheMode: "off", authorizationParams: {scope: "openid approve:timesheets"}}).catch(e => e.error)`)
		if got != "consent_required" {
			t.Errorf("a scope that nobody consented to: %s, want consent_required", got)
		}
	})

	t.Run("without a session the frame says so at once", func(t *testing.T) {
		w := openWindow(browser, t)
		w.open(app.origin)
		w.shows("nobody")
		if got := evaluate[string](w, `auth0.getTokenSilently().catch(e => e.error)`); got != "login_required" {
			t.Errorf("got %s, want login_required", got)
		}
	})

	t.Run("a popup hands its response to the page", func(t *testing.T) {
		w := openWindow(browser, t)
		w.open(app.origin)
		w.shows("nobody")
		opened := chromedp.WaitNewTarget(w.ctx, func(i *target.Info) bool { return i.Type == "page" })
		w.do(chromedp.Click(chromedp.CSS("#popup")))
		popup := watch(w.ctx, t, chromedp.WithTargetID(<-opened))
		popup.logIn(servertest.Manager, servertest.Password)
		_ = chromedp.Do(popup.ctx, chromedp.Click(chromedp.CSS("button[value=accept]"))) // it closes, maybe before it can say that it was clicked
		w.shows(servertest.Manager)
	})
}

// TestSPAHearsThatTheFrameHasNoSession: for an https tenant an application on http://localhost is another site, and
// browsers that block third-party cookies hide the session from the frame. The SDK must get that answer at once instead
// of waiting for a minute.
func TestSPAHearsThatTheFrameHasNoSession(t *testing.T) {
	app := startSPA(t)
	tenant := servertest.Start(t, timesheets(t, app.origin))
	app.use(tenant, nil)
	w := openWindow(startBrowser(t, tenant), t)
	w.open(app.origin)
	w.shows("nobody")
	w.press("#login")
	w.logIn(servertest.Employee, servertest.Password)
	w.press("button[value=accept]")
	w.shows(servertest.Employee)
	if got := evaluate[string](w, `auth0.getTokenSilently({cacheMode: "off"}).then(() => "a token", e => e.error)`); got != "a token" && got != "login_required" {
		t.Errorf("got %s, want a token or login_required", got)
	}
}
