package e2e_test

import (
	"context"
	"net/http"
	"os"
	"os/exec"
	"path/filepath"
	"testing"

	"github.com/chromedp/chromedp"

	"github.com/tenant0/tenant0/config"
	"github.com/tenant0/tenant0/server/servertest"
)

// lockPage is a custom login page with Lock, as in Auth0's template.
const lockPage = `<!doctype html>
<html lang="en"><head><meta charset="utf-8"><title>Sign in</title></head><body>
<script src="https://cdn.auth0.com/js/lock/11.33/lock.min.js"></script>
<script>
  const config = JSON.parse(decodeURIComponent(escape(window.atob('@@config@@'))));
  const options = config.internalOptions;
  new Auth0Lock(config.clientID, config.auth0Domain, {
    auth: {
      redirectUrl: config.callbackURL, params: options,
      responseType: (options || {}).response_type || (config.callbackOnLocationHash ? 'token' : 'code'),
    },
    configurationBaseUrl: config.clientConfigurationBaseUrl, assetsUrl: config.assetsUrl,
    overrides: { __tenant: config.auth0Tenant, __token_issuer: config.authorizationServer.issuer },
    languageDictionary: { title: config.dict.signin.title }, theme: { logo: 'data:,' },
    rememberLastLogin: !config.prompt, avatar: null, closable: false, autofocus: false,
  }).show();
</script></body></html>`

// scriptPage is a custom login page with auth0.js and its own form.
const scriptPage = `<!doctype html>
<html lang="en"><head><meta charset="utf-8"><title>Sign in</title></head><body>
<input id="email"><input id="password" type="password"><button id="send">Log in</button><p id="error"></p>
<script src="https://cdn.auth0.com/js/auth0/9.28/auth0.min.js"></script>
<script>
  const config = JSON.parse(decodeURIComponent(escape(window.atob('@@config@@'))));
  const webAuth = new auth0.WebAuth(Object.assign({
    overrides: { __tenant: config.auth0Tenant, __token_issuer: config.authorizationServer.issuer },
    domain: config.auth0Domain, clientID: config.clientID, redirectUri: config.callbackURL, responseType: 'code',
  }, config.internalOptions));
  document.querySelector('#send').onclick = () => webAuth.login({
    realm: 'Username-Password-Authentication', username: document.querySelector('#email').value, password: document.querySelector('#password').value,
  }, (error) => { document.querySelector('#error').textContent = error.code + ': ' + error.description; });
</script></body></html>`

// TestClassicLogin logs in on custom pages, with the developer's copies of Lock and auth0.js.
func TestClassicLogin(t *testing.T) {
	app := startSPA(t)
	assets := t.TempDir()
	output(t, exec.CommandContext(t.Context(), "node_modules/.bin/esbuild", "spa/lock.js", "--bundle", "--minify", "--format=iife", "--log-level=warning",
		"--main-fields=browser,module,main", "--outfile="+filepath.Join(assets, "lock.min.js")))
	script, err := os.ReadFile("node_modules/auth0-js/dist/auth0.min.js")
	if err != nil {
		t.Fatal(err)
	}
	if err := os.WriteFile(filepath.Join(assets, "auth0.min.js"), script, 0o600); err != nil {
		t.Fatal(err)
	}
	tenant := servertest.Start(t, timesheets(t, app.origin), servertest.Config(func(c *config.Config) { c.Assets = assets }))
	app.use(tenant, map[string]any{"useRefreshTokens": true, "cacheLocation": "localstorage"})
	browser := startBrowser(t, tenant)
	ours := func(page string) {
		t.Helper()
		status, answer := tenant.Manage(tenant.Client(), http.MethodPatch, "clients/"+servertest.SPA, map[string]any{"custom_login_page": page})
		if status != http.StatusOK {
			t.Fatalf("%d %v", status, answer)
		}
	}
	for _, test := range []struct {
		name, page, who, user, password, send, wrong, says string
	}{
		{"Lock", lockPage, servertest.Employee, "input[name=email]", "input[name=password]", "button.auth0-lock-submit", ".auth0-global-message-error", "Wrong email or password."},
		{"auth0.js", scriptPage, servertest.Manager, "#email", "#password", "#send", "#error", "invalid_user_password: Wrong email or password."},
	} {
		t.Run(test.name, func(t *testing.T) {
			ours(test.page)
			w := openWindow(browser, t)
			w.open(app.origin)
			w.shows("nobody")
			w.press("#login")
			if path := w.path(); path != "/login" {
				t.Errorf("the login is at %s", path)
			}
			w.fill(test.user, test.who, test.password, "wrong")
			w.tap(chromedp.CSS(test.send))
			w.says(chromedp.CSS(test.wrong), test.says)
			w.fill(test.password, servertest.Password)
			w.load(tapping(chromedp.CSS(test.send)))
			w.press("button[value=accept]")
			w.shows(test.who)
		})
	}
	t.Run("a script that is missing is named", func(t *testing.T) {
		without := servertest.Start(t, timesheets(t, app.origin))
		app.use(without, nil)
		status, answer := without.Manage(without.Client(), http.MethodPatch, "clients/"+servertest.SPA, map[string]any{
			"custom_login_page": `<html><head></head><body><script src="https://cdn.auth0.com/js/lock/11.33/lock.min.js"></script></body></html>`,
		})
		if status != http.StatusOK {
			t.Fatalf("%d %v", status, answer)
		}
		ctx, closeWindow := chromedp.NewContext(startBrowser(t, without), chromedp.WithNewBrowserContext())
		t.Cleanup(closeWindow)
		w := &window{t: t, ctx: ctx} // which may try to reach Auth0's servers
		w.do()
		ctx, giveUp := context.WithTimeout(ctx, servertest.Patience)
		t.Cleanup(giveUp)
		w.ctx = ctx
		w.open(app.origin)
		w.shows("nobody")
		w.press("#login")
		w.becomes(`document.querySelector("#missing-script")?.textContent.includes("--assets FOLDER")`)
	})
}
