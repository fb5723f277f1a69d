package e2e_test

import (
	"net/http"
	"os/exec"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"github.com/chromedp/chromedp"
	"github.com/pquerna/otp/totp"

	"github.com/tenant0/tenant0/config"
	"github.com/tenant0/tenant0/server/servertest"
)

// guardianPage is a custom page for multi-factor authentication with auth0-guardian.js, as in its readme.
const guardianPage = `<!doctype html>
<html lang="en"><head><meta charset="utf-8"><title>2nd Factor Authentication</title></head><body>
<h1>{{ userData.tenantFriendlyName }}: {{ userData.email }}</h1>
{% for error in errors %}<p class="error">{{ error.message }}</p>{% endfor %}
<p id="secret"></p><p id="recovery"></p><p id="said"></p>
<input id="phone"><button id="enroll">Send</button><input id="code"><button id="send">Verify</button><button id="recover">Recover</button>
<script src="https://cdn.auth0.com/js/guardian-js/1.3.0/guardian-js.min.js"></script>
<script>
  const at = (id) => document.getElementById(id);
  const say = (error) => { at('said').textContent = error.errorCode; };
  const guardian = auth0GuardianJS({
    serviceUrl: '{{ mfaServerUrl }}', {% if ticket %}ticket: '{{ ticket }}'{% else %}requestToken: '{{ requestToken }}'{% endif %},
    issuer: { label: '{{ userData.tenantFriendlyName }}', name: '{{ userData.tenant }}' },
    accountLabel: '{{ userData.friendlyUserId }}', globalTrackingId: '{{ globalTrackingId }}', stateCheckingMechanism: 'polling',
  });
  guardian.start((error, transaction) => {
    if (error) return say(error);
    const post = (payload) => auth0GuardianJS.formPostHelper('{{ postActionURL }}', { signature: payload.signature });
    transaction.on('error', say);
    transaction.on('auth-response', (payload) => payload.accepted ? post(payload) : say({ errorCode: 'rejected' }));
    transaction.on('enrollment-complete', (payload) => { at('recovery').textContent = payload.recoveryCode; });
    if (transaction.isEnrolled()) {
      const enrollment = transaction.getEnrollments()[0];
      at('phone').value = enrollment.getPhoneNumber() || '';
      transaction.requestAuth(enrollment, (error, auth) => {
        if (error) return say(error);
        at('said').textContent = 'asks for ' + auth.getMethod();
        at('send').onclick = () => auth.verify({ otpCode: at('code').value }, (error) => error && say(error));
        at('recover').onclick = () => transaction.recover({ recoveryCode: at('code').value }, (error) => error && say(error));
      });
      return;
    }
    const method = transaction.getAvailableEnrollmentMethods()[0];
    const enroll = (data) => transaction.enroll(method, data, (error, step) => {
      if (error) return say(error);
      at('said').textContent = 'adds ' + method;
      if (method === 'otp') at('secret').textContent = step.getData().otpSecret;
      at('send').onclick = () => step.confirm({ otpCode: at('code').value }, (error) => error && say(error));
    });
    if (method === 'sms') at('enroll').onclick = () => enroll({ phoneNumber: at('phone').value });
    else enroll({});
    at('said').textContent = 'may add ' + method;
  });
</script></body></html>`

// TestGuardianPage has users enroll factors and use them on a custom page, with Auth0's own library.
func TestGuardianPage(t *testing.T) {
	nodeModules(t)
	assets := t.TempDir()
	output(t, exec.CommandContext(t.Context(), "node_modules/.bin/esbuild", "spa/guardian.js", "--bundle", "--minify", "--format=iife", "--log-level=warning",
		"--main-fields=browser,module,main", "--define:global=window", "--outfile="+filepath.Join(assets, "guardian-js.min.js")))
	app := startApplication(t)
	tenant := servertest.Start(t, timesheets(t, app.origin), servertest.Config(func(c *config.Config) { c.Assets = assets }))
	f := &further{stage: &stage{tenant, app, startBrowser(t, tenant)}, now: time.Now(), read: words{}}
	turn := func(factor string, on bool) {
		t.Helper()
		f.manage(t, http.MethodPut, "guardian/factors/"+factor, map[string]any{"enabled": on})
	}
	f.manage(t, http.MethodPut, "guardian/policies", []string{"all-applications"})
	f.manage(t, http.MethodPatch, "tenants/settings", map[string]any{"guardian_mfa_page": map[string]any{"enabled": true, "html": guardianPage}})
	turn("recovery-code", true)

	// page logs the employee in, up to the custom page, and waits until the page shows a text.
	page := func(t *testing.T, says string) *window {
		t.Helper()
		f.now = f.now.Add(time.Minute) // one-time passwords are good once
		f.Freeze(f.now)
		f.ClearInbox()
		w := openWindow(f.browser, t)
		w.open(f.authorizeURL(map[string][]string{"prompt": {"login"}}))
		w.logIn(servertest.Employee, servertest.Password)
		w.becomes(`document.querySelector("#said")?.textContent === ` + quoted(says))
		if path := w.path(); path != "/mf" {
			t.Errorf("the page is at %s", path)
		}
		return w
	}
	verify := func(w *window, code, button string) {
		w.t.Helper()
		w.do(chromedp.SetValue(chromedp.ID("code"), code), chromedp.Click(chromedp.ID(button)))
	}
	arrives := func(t *testing.T, w *window) {
		t.Helper()
		w.becomes(`location.pathname === "/u/consent" || !document.querySelector("#said")`)
		f.agree(t, w)
	}
	code := func(secret string) string {
		code, err := totp.GenerateCode(secret, f.now)
		if err != nil {
			t.Fatal(err)
		}
		return code
	}

	var secret, recovery string
	t.Run("one-time passwords", func(t *testing.T) {
		turn("otp", true)
		w := page(t, "adds otp")
		secret = w.text("#secret")
		if title := w.text("h1"); !strings.HasSuffix(title, servertest.Employee) {
			t.Errorf("the page says %q", title)
		}
		verify(w, "000000", "send")
		w.says("#said", "invalid_otp")
		arrives(t, reloaded(w, func() {
			w.says("#said", "adds otp")
			if again := w.text("#secret"); again != secret {
				t.Errorf("the page shows %s, and before it %s", again, secret)
			}
			w.do(chromedp.Evaluate[chromedp.Void](`void new MutationObserver(() => { window.name = document.querySelector("#recovery").textContent }).observe(document.querySelector("#recovery"), {childList: true})`))
			verify(w, code(secret), "send")
		}))
		recovery = evaluate[string](w, "window.name")
		w = page(t, "asks for otp")
		verify(w, code(secret), "send")
		arrives(t, w)
	})
	t.Run("the recovery code", func(t *testing.T) {
		w := page(t, "asks for otp")
		if len(recovery) != 24 {
			t.Fatalf("the page has shown the recovery code %q", recovery)
		}
		verify(w, strings.Repeat("A", 24), "recover")
		w.says("#said", "invalid_recovery_code")
		verify(w, recovery, "recover")
		arrives(t, w)
	})
	f.manage(t, http.MethodDelete, "users/"+f.userID(t)+"/authentication-methods", nil)
	turn("otp", false)
	t.Run("text messages", func(t *testing.T) {
		turn("sms", true)
		w := page(t, "may add sms")
		w.do(chromedp.SetValue(chromedp.ID("phone"), phoneNumber), chromedp.Click(chromedp.ID("enroll")))
		w.says("#said", "adds sms")
		verify(w, f.WaitForMessage(phoneNumber, "").Code, "send")
		arrives(t, w)
		w = page(t, "asks for sms")
		verify(w, f.WaitForMessage(phoneNumber, "").Code, "send")
		arrives(t, w)
	})
}

// reloaded reloads the page of a window, and then calls do.
func reloaded(w *window, do func()) *window {
	w.t.Helper()
	w.load(chromedp.Evaluate[chromedp.Void](`void location.reload()`))
	do()
	return w
}
