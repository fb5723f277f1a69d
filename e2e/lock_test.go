package e2e_test

import (
	"crypto/ecdsa"
	"crypto/elliptic"
	"crypto/rand"
	"crypto/tls"
	"crypto/x509"
	"math/big"
	"net/http/httptest"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"github.com/chromedp/chromedp"

	"github.com/tenant0/tenant0/config"
	"github.com/tenant0/tenant0/server/outbox"
	"github.com/tenant0/tenant0/server/servertest"
)

// startEmbedded serves a page that asks for passwords itself. Page and tenant use https: Lock supports only
// https tenants, and browsers send the session cookie only within the same site.
func startEmbedded(t *testing.T, script string) (*spa, *servertest.Server) {
	t.Helper()
	app := bundlePage(t, script)
	page := httptest.NewUnstartedServer(app.pages(t))
	t.Cleanup(page.Close)
	app.origin = "https://" + strings.Replace(page.Listener.Addr().String(), "127.0.0.1", "localhost", 1)
	seed, err := os.ReadFile("spa/embedded.yaml")
	if err != nil {
		t.Fatal(err)
	}
	tenant := servertest.Start(t, servertest.Seed(strings.ReplaceAll(string(seed), "ORIGIN", app.origin)))
	page.TLS = &tls.Config{Certificates: []tls.Certificate{localhost(t, tenant)}, MinVersion: tls.VersionTLS12}
	page.StartTLS()
	app.settings = map[string]any{"clientId": "EmbeddedLogin", "domain": strings.TrimSuffix(tenant.URL, "/"), "host": strings.Trim(strings.TrimPrefix(tenant.URL, "https:"), "/")}
	return app, tenant
}

// localhost returns a certificate for localhost, issued by the authority that the browser trusts for the tenant.
func localhost(t *testing.T, tenant *servertest.Server) tls.Certificate {
	t.Helper()
	file := filepath.Join(filepath.Dir(tenant.CAPath()), config.CAKeyFile)
	authority, err := tls.LoadX509KeyPair(file, file)
	if err != nil {
		t.Fatal(err)
	}
	key, err := ecdsa.GenerateKey(elliptic.P256(), rand.Reader)
	if err != nil {
		t.Fatal(err)
	}
	leaf := &x509.Certificate{
		SerialNumber: big.NewInt(time.Now().UnixNano()), DNSNames: []string{"localhost"}, NotBefore: time.Now().Add(-time.Minute), NotAfter: time.Now().Add(time.Hour),
		KeyUsage: x509.KeyUsageDigitalSignature, ExtKeyUsage: []x509.ExtKeyUsage{x509.ExtKeyUsageServerAuth},
	}
	raw, err := x509.CreateCertificate(rand.Reader, leaf, authority.Leaf, &key.PublicKey, authority.PrivateKey)
	if err != nil {
		t.Fatal(err)
	}
	return tls.Certificate{Certificate: [][]byte{raw}, PrivateKey: key}
}

// fill types into fields, as a user does, until they contain the text: scripts react to each key, and may
// replace the fields meanwhile.
func (w *window) fill(fields ...string) {
	w.t.Helper()
	for i := 0; i < len(fields); i += 2 {
		field := `document.querySelector(` + quoted(fields[i]) + `)`
		for ready := false; !ready; ready = evaluate[bool](w, field+`?.value === `+quoted(fields[i+1])) {
			w.becomes(`(e => { e?.focus(); e?.select(); return e && document.activeElement === e })(` + field + `)`)
			w.do(chromedp.KeyEvent(fields[i+1]))
		}
	}
}

// says waits until an element that a selector matches contains a text.
func (w *window) says(selector chromedp.CSS, text string) {
	w.t.Helper()
	w.becomes(`[...document.querySelectorAll(` + quoted(string(selector)) + `)].some(e => e.textContent.includes(` + quoted(text) + `))`)
}

// submit presses a button, which may navigate to the tenant and back, and waits until the page shows
// who is logged in.
func (w *window) submit(button chromedp.CSS, user string) {
	w.t.Helper()
	w.tap(button)
	w.shows(user)
}

// tap presses a button of Lock.
func (w *window) tap(button chromedp.CSS) {
	w.t.Helper()
	w.do(tapping(button))
}

// tapping clicks a button by a script: Lock's box may be moving, so that a click at a position would miss it.
func tapping(button chromedp.CSS) chromedp.Action[chromedp.Void] {
	return chromedp.Evaluate[chromedp.Void](`void document.querySelector(` + quoted(string(button)) + `).click()`)
}

// TestLock logs users in with Lock in a page of an application, which asks for the password itself.
func TestLock(t *testing.T) {
	app, tenant := startEmbedded(t, "spa/auth0-lock.js")
	browser := startBrowser(t, tenant)
	opened := func(t *testing.T, path string, settings map[string]any) *window {
		t.Helper()
		app.settings["lock"] = settings
		w := openWindow(browser, t)
		w.open(app.origin + path)
		w.shows("nobody")
		w.do(chromedp.Click(chromedp.CSS("#login")))
		return w
	}

	t.Run("a password", func(t *testing.T) {
		w := opened(t, "/", nil)
		w.fill("input[name=email]", servertest.Employee, "input[name=password]", "wrong")
		w.tap("button[name=submit]")
		w.says(".auth0-global-message-error", "Wrong email or password.")
		w.fill("input[name=password]", servertest.Password)
		w.submit("button[name=submit]", servertest.Employee)

		// Lock finds the session, and offers to go on with it.
		w.open(app.origin)
		w.shows("nobody")
		w.do(chromedp.Click(chromedp.CSS("#login")))
		w.says(".auth0-lock-social-button-text", servertest.Employee)
		w.submit(".auth0-lock-social-button", servertest.Employee)
		w.submit("#logout", "nobody")
	})

	t.Run("a password, without leaving the page", func(t *testing.T) {
		w := opened(t, "/", map[string]any{"auth": map[string]any{"redirect": false, "responseType": "token id_token", "redirectUrl": app.origin + "/callback"}})
		w.fill("input[name=email]", servertest.Manager, "input[name=password]", servertest.Password)
		w.submit("button[name=submit]", servertest.Manager)
	})

	t.Run("a sign-up", func(t *testing.T) {
		w := opened(t, "/", map[string]any{"initialScreen": "signUp"})
		w.fill("input[name=email]", "lock@exampleco.com", "input[name=password]", "Lock!2026")
		w.submit("button[name=submit]", "lock@exampleco.com")

		w = opened(t, "/", map[string]any{"initialScreen": "signUp"})
		w.fill("input[name=email]", "lock@exampleco.com", "input[name=password]", "Lock!2027")
		w.tap("button[name=submit]")
		w.says(".auth0-global-message-error", "We're sorry, something went wrong when attempting to sign up.")
	})

	t.Run("a forgotten password", func(t *testing.T) {
		w := opened(t, "/", map[string]any{"initialScreen": "forgotPassword"})
		w.fill("input[name=email]", servertest.Manager)
		w.tap("button[name=submit]")
		w.says(".auth0-global-message-success", "We've just sent you an email to reset your password.")
		if m := tenant.WaitForMessage(servertest.Manager, outbox.ResetEmail); m.Link == "" {
			t.Errorf("the message has no link: %+v", m)
		}
	})

	t.Run("a code by e-mail", func(t *testing.T) {
		app.settings["passwordless"] = map[string]any{"passwordlessMethod": "code", "allowedConnections": []string{"email"}}
		w := opened(t, "/passwordless", nil)
		w.fill("input[name=email]", "guest@exampleco.com")
		w.tap("button[name=submit]")
		w.fill("input[name=vcode]", tenant.WaitForMessage("guest@exampleco.com", outbox.PasswordlessEmail).Code)
		w.submit("button[name=submit]", "guest@exampleco.com")
	})

	t.Run("a link by e-mail", func(t *testing.T) {
		app.settings["passwordless"] = map[string]any{"passwordlessMethod": "link", "allowedConnections": []string{"email"}}
		w := opened(t, "/passwordless", nil)
		w.fill("input[name=email]", "reader@exampleco.com")
		w.tap("button[name=submit]")
		link := tenant.WaitForMessage("reader@exampleco.com", outbox.PasswordlessEmail).Link
		w.open(link)
		w.shows("reader@exampleco.com")
	})

	t.Run("a code by text message", func(t *testing.T) {
		app.settings["passwordless"] = map[string]any{"allowedConnections": []string{"sms"}}
		w := opened(t, "/passwordless", nil)
		w.fill("input[name=phoneNumber]", "5550123456")
		w.tap("button[name=submit]")
		w.fill("input[name=vcode]", tenant.WaitForMessage("+15550123456", outbox.OTPVerify).Code)
		w.submit("button[name=submit]", "+15550123456")
	})
}
