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

// conversation is what the commands of one script share.
type conversation struct {
	tenant  *servertest.Server
	browser *http.Client
	page    servertest.Page // shown last
}

type conversationKey struct{}

// TestConversations holds what the server says, word for word, to the files of
// testdata/conversations. UPDATE=1 rewrites them.
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

// send fetches a path, or posts parameters to it. Parameters in one word are a
// form; one that begins with { is JSON. Words behind them are headers.
//
//	get PATH [HEADER: VALUE]...
//	post PATH PARAMETERS [HEADER: VALUE]...
func send(method string) func(*testscript.TestScript, bool, []string) {
	return func(ts *testscript.TestScript, neg bool, args []string) {
		sendAny(ts, neg, append([]string{method}, args...))
	}
}

// sendAny is send for any method.
//
//	send METHOD PATH [PARAMETERS] [HEADER: VALUE]...
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

// visit fetches a path and follows redirects for as long as they stay here.
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

// follow shows the first answer that does not lead on here.
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

// submit fills in the form of the page that was shown last, posts it and follows.
//
//	submit NAME=VALUE...
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

// logIn logs the employee in to an application with the browser, agrees to what is
// asked, and sets CODE and VERIFIER.
//
//	login CLIENT_ID REDIRECT_URI [NAME=VALUE]...
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

// later moves the tenant's clock.
func later(ts *testscript.TestScript, _ bool, args []string) {
	by, err := time.ParseDuration(strings.Join(args, " "))
	ts.Check(err)
	talk(ts).tenant.Advance(by)
}

// forget gives the browser no cookies.
func forget(ts *testscript.TestScript, _ bool, _ []string) {
	c := talk(ts)
	c.browser = c.tenant.Client()
}

// told are the headers that say something in words, or where to go.
var told = []string{"Location", "WWW-Authenticate", "Allow", "Cache-Control", "Content-Type"}

// show writes the answer to stdout: status, headers and the text, with what is new
// every time in brackets. Tokens of an answer are set as variables.
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

// keep sets the tokens of a response as variables and takes them out.
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

// words is the text of a page, a line for each piece, and the keys of its errors.
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

// mask replaces what differs from run to run.
func (c *conversation) mask(text string) string {
	text = strings.ReplaceAll(text, c.tenant.URL, "$ISSUER")
	text = strings.ReplaceAll(text, url.QueryEscape(c.tenant.URL), "$ISSUER")
	text = fresh.ReplaceAllString(text, "$1=($1)")
	return tracking.ReplaceAllString(text, "(tracking id)")
}
