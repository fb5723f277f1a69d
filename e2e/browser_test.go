package e2e_test

import (
	"context"
	"fmt"
	"net/url"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/chromedp/cdproto/cdp"
	"github.com/chromedp/cdproto/emulation"
	"github.com/chromedp/cdproto/log"
	"github.com/chromedp/cdproto/network"
	"github.com/chromedp/cdproto/runtime"
	"github.com/chromedp/chromedp"

	"github.com/tenant0/tenant0/server/servertest"
)

// startBrowser starts Chromium, which trusts the tenant's certificate authority
// by the store that a person would import it to, and returns its context.
func startBrowser(t *testing.T, tenant *servertest.Server) context.Context {
	t.Helper()
	chromium := find("chromium", "chromium-browser", "google-chrome")
	if chromium == "" {
		t.Skip("there is no Chromium to log in with; install the package chromium")
	}
	home := t.TempDir()
	if strings.HasPrefix(tenant.URL, "https:") {
		trust(t, home, tenant.CAPath())
	}
	options := append(chromedp.DefaultExecAllocatorOptions[:],
		chromedp.ExecPath(chromium), chromedp.NoSandbox, chromedp.DisableGPU, chromedp.Env("HOME="+home),
		chromedp.UserDataDir(filepath.Join(home, "profile")), chromedp.WindowSize(1280, 900),
		chromedp.Flag("host-resolver-rules", "MAP * ~NOTFOUND, EXCLUDE localhost"),
	)
	ctx, stop := chromedp.NewExecAllocator(context.WithoutCancel(t.Context()), options...)
	t.Cleanup(stop)
	ctx, closeBrowser := chromedp.NewContext(ctx)
	t.Cleanup(closeBrowser)
	t.Cleanup(func() { closeGently(ctx, t) })
	if err := chromedp.Do(ctx); err != nil {
		t.Fatalf("the browser does not start: %v", err)
	}
	return ctx
}

// closeGently asks a browser to close, for one that is killed leaves files behind.
func closeGently(browser context.Context, t *testing.T) {
	t.Helper()
	if err := chromedp.Cancel(browser); err != nil {
		t.Errorf("the browser does not close: %v", err)
	}
}

// trust imports a certificate authority to the store of a browser in home.
func trust(t *testing.T, home, authority string) {
	t.Helper()
	if find("certutil") == "" {
		t.Skip("there is no certutil to make the browser trust the tenant; install the package libnss3-tools")
	}
	store := filepath.Join(home, ".pki/nssdb")
	if err := os.MkdirAll(store, 0o700); err != nil {
		t.Fatal(err)
	}
	output(t, exec.CommandContext(t.Context(), "certutil", "-d", "sql:"+store, "-N", "--empty-password"))
	output(t, exec.CommandContext(t.Context(), "certutil", "-d", "sql:"+store, "-A", "-t", "C,,", "-n", "tenant0", "-i", authority))
}

// window is a window of a browser. In the end it fails the test for what no
// window may do: reach another host than localhost, violate a content security
// policy, or throw.
type window struct {
	t     *testing.T
	ctx   context.Context
	pages int // how many were left by load
	// read is what the steps of a script have read.
	read words

	mu         sync.Mutex
	complaints []string
}

// openWindow opens a window with cookies of its own, until patience ends.
func openWindow(browser context.Context, t *testing.T) *window {
	t.Helper()
	return watch(browser, t, chromedp.WithNewBrowserContext())
}

// watch opens a window and records what it does.
func watch(browser context.Context, t *testing.T, options ...chromedp.ContextOption) *window {
	t.Helper()
	w := &window{t: t}
	ctx, closeWindow := chromedp.NewContext(browser, append(options, chromedp.WithListener(w.listen))...)
	t.Cleanup(closeWindow)
	w.ctx = ctx
	w.do() // the window is there once something was done in it
	var giveUp context.CancelFunc
	w.ctx, giveUp = context.WithTimeout(ctx, servertest.Patience)
	t.Cleanup(giveUp)
	t.Cleanup(func() {
		w.mu.Lock()
		defer w.mu.Unlock()
		for _, complaint := range w.complaints {
			t.Error(complaint)
		}
	})
	return w
}

func (w *window) listen(event any) {
	complaint := ""
	switch event := event.(type) {
	case *network.EventRequestWillBeSent:
		if u, err := url.Parse(event.Request.URL); err != nil || u.Host != "" && u.Hostname() != "localhost" {
			complaint = "the browser reaches " + event.Request.URL
		}
	case *log.EventEntryAdded:
		if event.Entry.Source == "security" || strings.Contains(event.Entry.Text, "Content Security Policy") {
			complaint = "the browser says: " + event.Entry.Text
		}
	case *runtime.EventExceptionThrown:
		complaint = fmt.Sprintf("a script fails: %v", event.ExceptionDetails)
	}
	if complaint != "" {
		w.mu.Lock()
		defer w.mu.Unlock()
		w.complaints = append(w.complaints, complaint)
	}
}

// do does steps one after the other, and fails the test when one cannot be done.
func (w *window) do(steps ...chromedp.Action[chromedp.Void]) {
	w.t.Helper()
	if err := chromedp.Do(w.ctx, steps...); err != nil {
		w.fatal(err)
	}
}

// fatal fails the test and shows what the window shows.
func (w *window) fatal(err error) {
	w.t.Helper()
	ctx, cancel := context.WithTimeout(context.WithoutCancel(w.ctx), 2*time.Second)
	defer cancel()
	text, _ := chromedp.Run(ctx, chromedp.Evaluate[string](`location.href + "\n" + document.body.innerText`))
	w.t.Fatalf("%v; the page is\n%s", err, text)
}

// open loads a page.
func (w *window) open(url string) {
	w.t.Helper()
	w.do(chromedp.Navigate(url))
}

// press clicks what leads to another page, and waits for that.
func (w *window) press(selector chromedp.CSS) {
	w.t.Helper()
	w.load(chromedp.Click(selector))
}

// load does what leads to another page, and waits for that. It asks the window for its page rather than wait for
// events of the browser, which are told in another order when scripts of the new page change its address.
func (w *window) load(step chromedp.Action[chromedp.Void]) {
	w.t.Helper()
	w.pages++
	evaluate[chromedp.Void](w, fmt.Sprintf(`void (document.left = %d)`, w.pages))
	w.do(step)
	w.becomes(fmt.Sprintf(`document.left !== %d && document.readyState === "complete"`, w.pages))
}

// becomes waits until a JavaScript expression is true, whatever pages come and go meanwhile.
func (w *window) becomes(expression string) {
	w.t.Helper()
	for {
		is, err := w.asks(expression)
		if is {
			return
		}
		select {
		case <-w.ctx.Done():
			w.fatal(fmt.Errorf("%w before %s; the last answer: %v, %w", w.ctx.Err(), expression, is, err))
		case <-time.After(10 * time.Millisecond):
		}
	}
}

// asks tells whether a JavaScript expression is true. The answer of a page that is just left may not come.
func (w *window) asks(expression string) (bool, error) {
	ctx, cancel := context.WithTimeout(w.ctx, 10*time.Second)
	defer cancel()
	return chromedp.Run(ctx, chromedp.Evaluate[bool](`!!(`+expression+`)`))
}

// logIn fills the login page in and sends it.
func (w *window) logIn(username, password string) {
	w.t.Helper()
	w.do(chromedp.SetValue(chromedp.ID("username"), username), chromedp.SetValue(chromedp.ID("password"), password))
	w.press("button[value=default]")
}

// text returns what an element says.
func (w *window) text(selector chromedp.CSS) string {
	w.t.Helper()
	return value(w, chromedp.Text(selector))
}

// path returns the path of the page.
func (w *window) path() string {
	w.t.Helper()
	return evaluate[string](w, "location.pathname")
}

// value returns what an action finds.
func value[T any](w *window, action chromedp.Action[T]) T {
	w.t.Helper()
	v, err := chromedp.Run(w.ctx, action)
	if err != nil {
		w.fatal(err)
	}
	return v
}

// evaluate returns the value of a JavaScript expression, or of its promise.
func evaluate[T any](w *window, expression string) T {
	w.t.Helper()
	return value(w, chromedp.Evaluate[T](expression, chromedp.EvalAwaitPromise))
}

// call sends a command of the browser's protocol.
func call[P, R any](w *window, command cdp.Command[P, R], params P) {
	w.t.Helper()
	if _, err := chromedp.Call(w.ctx, command, params); err != nil {
		w.fatal(err)
	}
}

// prefer makes the window prefer a colour scheme, as the system's setting does.
func (w *window) prefer(scheme string) {
	w.t.Helper()
	call(w, emulation.SetEmulatedMedia, emulation.SetEmulatedMediaParams{
		Features: []*emulation.MediaFeature{{Name: "prefers-color-scheme", Value: scheme}},
	})
}

// withoutScript turns JavaScript off in the window.
func (w *window) withoutScript() {
	w.t.Helper()
	call(w, emulation.SetScriptExecutionDisabled, emulation.SetScriptExecutionDisabledParams{Value: true})
}
