package server_test

import (
	"bytes"
	"encoding/json"
	"fmt"
	"html"
	"io"
	"net/http"
	"net/url"
	"os"
	"path/filepath"
	"regexp"
	"strings"
	"testing"
	"time"

	"github.com/rogpeppe/go-internal/testscript"

	"github.com/tenant0/tenant0/server/servertest"
)

// conversation is the state that the commands of one script share.
type conversation struct {
	tenant  *servertest.Server
	browser *http.Client
	page    servertest.Page // shown last
}

type conversationKey struct{}

// TestConversations compares the server's answers word for word with the files in
// testdata/conversations. UPDATE=1 rewrites the files.
func TestConversations(t *testing.T) {
	const dir = "testdata/conversations"
	if scripts, err := filepath.Glob(dir + "/*.txtar"); err != nil || len(scripts) == 0 {
		t.Fatalf("%s has no scripts: %v", dir, err)
	}
	testscript.Run(t, testscript.Params{
		Dir: dir,
		Setup: func(env *testscript.Env) error {
			tenant := servertest.Start(t, servertest.HTTP())
			env.Values[conversationKey{}] = &conversation{tenant: tenant, browser: tenant.Client()}
			for name, value := range map[string]string{
				"ISSUER": tenant.URL, "API": servertest.API, "MOBILE": servertest.Mobile, "CALLBACK": servertest.MobileCallback,
				"SPA": servertest.SPA, "WEB": servertest.Web, "WEB_SECRET": servertest.WebSecret, "CRON": servertest.Cron, "CRON_SECRET": servertest.CronSecret,
			} {
				env.Setenv(name, value)
			}
			return nil
		},
		Cmds: map[string]func(*testscript.TestScript, bool, []string){
			"get": send(http.MethodGet), "post": send(http.MethodPost), "send": sendAny,
			"visit": visit, "login": logIn, "submit": submit, "later": later, "forget": forget,
		},
		RequireUniqueNames: true,
		UpdateScripts:      os.Getenv("UPDATE") != "",
	})
}

func talk(ts *testscript.TestScript) *conversation {
	c, ok := ts.Value(conversationKey{}).(*conversation)
	if !ok {
		ts.Fatalf("no tenant")
	}
	return c
}

// send requests a path with a method, with or without parameters. The parameters are one word:
// JSON if it begins with {, else a form. The words after it are headers.
//
// get PATH [HEADER: VALUE]...
// post PATH PARAMETERS [HEADER: VALUE]...
func send(method string) func(*testscript.TestScript, bool, []string) {
	return func(ts *testscript.TestScript, neg bool, args []string) {
		sendAny(ts, neg, append([]string{method}, args...))
	}
}

// sendAny is send with the method as the first word.
//
// send METHOD PATH [PARAMETERS] [HEADER: VALUE]...
func sendAny(ts *testscript.TestScript, neg bool, args []string) {
	if neg || len(args) < 2 {
		ts.Fatalf("usage: METHOD PATH [PARAMETERS] [HEADER: VALUE]...")
	}
	c, body, headers := talk(ts), "", args[2:]
	if len(headers) > 0 && !strings.Contains(headers[0], ": ") {
		body, headers = headers[0], headers[1:]
	}
	rq, err := http.NewRequest(args[0], c.tenant.URL+strings.TrimPrefix(args[1], "/"), strings.NewReader(body))
	ts.Check(err)
	if args[0] == http.MethodPost {
		rq.Header.Set("Content-Type", formType)
		if strings.HasPrefix(body, "{") {
			rq.Header.Set("Content-Type", jsonType)
		}
	}
	for _, header := range headers {
		name, value, _ := strings.Cut(header, ": ")
		rq.Header.Set(name, value)
	}
	resp, err := c.browser.Do(rq)
	ts.Check(err)
	c.show(ts, resp)
}

// visit fetches a path and follows redirects as long as they stay on the server.
//
//	visit PATH
func visit(ts *testscript.TestScript, neg bool, args []string) {
	if neg || len(args) != 1 {
		ts.Fatalf("usage: visit PATH")
	}
	c := talk(ts)
	resp, err := c.browser.Get(c.tenant.URL + strings.TrimPrefix(args[0], "/"))
	ts.Check(err)
	c.follow(ts, resp)
}

// follow follows redirects within the server and shows the first other answer.
func (c *conversation) follow(ts *testscript.TestScript, resp *http.Response) {
	for range 10 {
		next := resp.Header.Get("Location")
		if !strings.HasPrefix(next, "/") {
			break
		}
		resp.Body.Close()
		var err error
		resp, err = c.browser.Get(c.tenant.URL + next[1:])
		ts.Check(err)
	}
	c.show(ts, resp)
}

// submit fills in the form of the last page shown, posts it and follows redirects.
//
// submit NAME=VALUE...
func submit(ts *testscript.TestScript, _ bool, args []string) {
	c := talk(ts)
	if c.page.URL == nil {
		ts.Fatalf("no page was shown")
	}
	form := c.page.Form()
	for _, arg := range args {
		name, value, _ := strings.Cut(arg, "=")
		form.Set(name, value)
	}
	resp, err := c.browser.PostForm(c.page.URL.String(), form)
	ts.Check(err)
	c.follow(ts, resp)
}

// logIn logs the employee in to an application with the browser, accepts the consent
// page if there is one, and sets CODE and VERIFIER.
//
// login CLIENT_ID REDIRECT_URI [NAME=VALUE]...
func logIn(ts *testscript.TestScript, _ bool, args []string) {
	if len(args) < 2 {
		ts.Fatalf("usage: login CLIENT_ID REDIRECT_URI [NAME=VALUE]...")
	}
	params := url.Values{}
	for _, arg := range args[2:] {
		name, value, _ := strings.Cut(arg, "=")
		params.Set(name, value)
	}
	c := talk(ts)
	result := c.tenant.Login(c.browser, servertest.Login{ClientID: args[0], RedirectURI: args[1], Params: params})
	ts.Setenv("CODE", result.Get("code"))
	ts.Setenv("VERIFIER", result.Verifier)
}

// later moves the tenant's clock by a duration.
func later(ts *testscript.TestScript, _ bool, args []string) {
	by, err := time.ParseDuration(strings.Join(args, " "))
	ts.Check(err)
	talk(ts).tenant.Advance(by)
}

// forget replaces the browser by one without cookies.
func forget(ts *testscript.TestScript, _ bool, _ []string) {
	c := talk(ts)
	c.browser = c.tenant.Client()
}

// told are the response headers that the conversations record.
var told = []string{"Location", "WWW-Authenticate", "Allow", "Cache-Control", "Content-Type"}

// show writes the answer to stdout: status, headers and text, with placeholders for values that
// differ in each run. It sets the answer's tokens as variables.
func (c *conversation) show(ts *testscript.TestScript, resp *http.Response) {
	defer resp.Body.Close()
	raw, err := io.ReadAll(resp.Body)
	ts.Check(err)
	var out strings.Builder
	fmt.Fprintln(&out, resp.StatusCode, http.StatusText(resp.StatusCode))
	for _, name := range told {
		if values := resp.Header.Values(name); len(values) > 0 {
			fmt.Fprintf(&out, "%s: %s\n", name, strings.Join(values, ", "))
		}
	}
	out.WriteString("\n")
	switch contentType := resp.Header.Get("Content-Type"); {
	case strings.HasPrefix(contentType, "application/json"):
		var body any
		ts.Check(json.Unmarshal(raw, &body))
		c.keep(ts, body)
		var pretty bytes.Buffer
		enc := json.NewEncoder(&pretty)
		enc.SetEscapeHTML(false)
		enc.SetIndent("", "  ")
		ts.Check(enc.Encode(body))
		out.Write(pretty.Bytes())
	case strings.HasPrefix(contentType, "text/html"):
		c.page = servertest.Page{Status: resp.StatusCode, URL: resp.Request.URL, Body: string(raw)}
		out.WriteString(words(string(raw)))
	default:
		out.Write(raw)
		out.WriteString("\n")
	}
	fmt.Fprint(ts.Stdout(), c.mask(out.String()))
}

// keep sets the tokens of a response as variables and replaces them by placeholders.
func (c *conversation) keep(ts *testscript.TestScript, body any) {
	object, ok := body.(map[string]any)
	if !ok {
		return
	}
	for _, name := range []string{"access_token", "id_token", "refresh_token"} {
		if token, ok := object[name].(string); ok {
			ts.Setenv(strings.ToUpper(name), token)
			object[name] = "(" + name + ")"
		}
	}
}

var (
	unseen   = regexp.MustCompile(`(?s)<(head|script|svg|style)\b.*?</(head|script|svg|style)>`)
	markup   = regexp.MustCompile(`(?s)<[^>]*>`)
	errorKey = regexp.MustCompile(`(?s)<[^>]*data-error-code="([^"]*)"[^>]*>`)
	fresh    = regexp.MustCompile(`\b(code|state)=[A-Za-z0-9_-]{30,}`)
	tracking = regexp.MustCompile(`\b[0-9a-f]{20}\b`)
)

// words returns the text of a page, one line for each piece of text, with the codes of its errors.
func words(page string) string {
	page = errorKey.ReplaceAllString(unseen.ReplaceAllString(page, ""), "[$1] ")
	var out strings.Builder
	for line := range strings.Lines(html.UnescapeString(markup.ReplaceAllString(page, ""))) {
		if line = strings.TrimSpace(line); line != "" {
			out.WriteString(line + "\n")
		}
	}
	return out.String()
}

// mask replaces values that differ from run to run.
func (c *conversation) mask(text string) string {
	text = strings.ReplaceAll(text, c.tenant.URL, "$ISSUER")
	text = strings.ReplaceAll(text, url.QueryEscape(c.tenant.URL), "$ISSUER")
	text = fresh.ReplaceAllString(text, "$1=($1)")
	return tracking.ReplaceAllString(text, "(tracking id)")
}
