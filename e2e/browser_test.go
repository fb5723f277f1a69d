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

// startBrowser starts a Chromium that trusts the tenant's certificate authority (imported into
// its certificate store, as a user would do), and returns its context.
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

// closeGently asks a browser to close, because a killed one leaves files behind.
func closeGently(browser context.Context, t *testing.T) {
	t.Helper()
	if err := chromedp.Cancel(browser); err != nil {
		t.Errorf("the browser does not close: %v", err)
	}
}

// trust imports a certificate authority into the certificate store of a browser whose home folder is home.
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

// window is a window of a browser. At its end it fails the test if the window did what no page may
// do: contact another host than localhost, violate a content security policy, or throw an exception.
type window struct {
	t     *testing.T
	ctx   context.Context
	pages int // how many were left by load
	// read holds the words that the steps of a script have read from pages.
	read words

	mu         sync.Mutex
	complaints []string
}

// openWindow opens a window with its own cookies, which times out after servertest.Patience.
func openWindow(browser context.Context, t *testing.T) *window {
	t.Helper()
	return watch(browser, t, chromedp.WithNewBrowserContext())
}

// watch opens a window and records what it must not do.
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

// do runs steps in order, and fails the test if one of them fails.
func (w *window) do(steps ...chromedp.Action[chromedp.Void]) {
	w.t.Helper()
	if err := chromedp.Do(w.ctx, steps...); err != nil {
		w.fatal(err)
	}
}

// fatal fails the test and reports the address and the text of the page.
func (w *window) fatal(err error) {
	w.t.Helper()
	ctx, cancel := context.WithTimeout(context.WithoutCancel(w.ctx), 2*time.Second)
	defer cancel()
	text, _ := chromedp.Run(ctx, chromedp.Evaluate[string](`location.href + "\n" + document.body.innerText`))
	w.t.Fatalf("%v; the page is\n%s", err, text)
}

// open navigates to a page.
func (w *window) open(url string) {
	w.t.Helper()
	w.do(chromedp.Navigate(url))
}

// press clicks an element that leads to another page, and waits for that page.
func (w *window) press(selector chromedp.CSS) {
	w.t.Helper()
	w.load(chromedp.Click(selector))
}

// load runs a step that leads to another page, and waits for that page. It asks the window for its page instead of
// waiting for the browser's events, whose order changes when scripts of the new page change its address.
func (w *window) load(step chromedp.Action[chromedp.Void]) {
	w.t.Helper()
	w.pages++
	evaluate[chromedp.Void](w, fmt.Sprintf(`void (document.left = %d)`, w.pages))
	w.do(step)
	w.becomes(fmt.Sprintf(`document.left !== %d && document.readyState === "complete"`, w.pages))
}

// becomes waits until a JavaScript expression is true, even while pages change.
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

// asks reports whether a JavaScript expression is true. A page that is being left may not answer.
func (w *window) asks(expression string) (bool, error) {
	ctx, cancel := context.WithTimeout(w.ctx, 10*time.Second)
	defer cancel()
	return chromedp.Run(ctx, chromedp.Evaluate[bool](`!!(`+expression+`)`))
}

// logIn fills in the login page and sends it.
func (w *window) logIn(username, password string) {
	w.t.Helper()
	w.do(chromedp.SetValue(chromedp.ID("username"), username), chromedp.SetValue(chromedp.ID("password"), password))
	w.press("button[value=default]")
}

// text returns the text of an element.
func (w *window) text(selector chromedp.CSS) string {
	w.t.Helper()
	return value(w, chromedp.Text(selector))
}

// path returns the path of the page's address.
func (w *window) path() string {
	w.t.Helper()
	return evaluate[string](w, "location.pathname")
}

// value returns the result of an action.
func value[T any](w *window, action chromedp.Action[T]) T {
	w.t.Helper()
	v, err := chromedp.Run(w.ctx, action)
	if err != nil {
		w.fatal(err)
	}
	return v
}

// evaluate returns the value of a JavaScript expression, or of the promise that it returns.
func evaluate[T any](w *window, expression string) T {
	w.t.Helper()
	return value(w, chromedp.Evaluate[T](expression, chromedp.EvalAwaitPromise))
}

// call sends a command of the Chrome DevTools Protocol.
func call[P, R any](w *window, command cdp.Command[P, R], params P) {
	w.t.Helper()
	if _, err := chromedp.Call(w.ctx, command, params); err != nil {
		w.fatal(err)
	}
}

// prefer makes the window prefer a colour scheme, as a system setting would.
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
