package authorize_test

import (
	"fmt"
	"io"
	"net/http"
	"net/url"
	"strings"
	"testing"
	"time"

	"github.com/tenant0/tenant0/server/servertest"
)

// webCallback is the callback of the application web, which has a client secret.
const webCallback = "https://web.example.com/callback"

// push sends a pushed authorization request of the application web, with parameters changed in pairs; the
// value "" leaves a parameter out.
func (tn tenant) push(pairs ...string) (status int, answer map[string]any) {
	tn.t.Helper()
	params := url.Values{
		"client_id": {"web"}, "client_secret": {"a secret of sixteen"}, "redirect_uri": {webCallback},
		"response_type": {"code"}, "scope": {"openid"}, "state": {"pushed"},
	}
	for i := 0; i < len(pairs); i += 2 {
		if params.Set(pairs[i], pairs[i+1]); pairs[i+1] == "" {
			params.Del(pairs[i])
		}
	}
	return tn.Post(tn.browser, "oauth/par", params)
}

// reference pushes a request and returns its request_uri.
func (tn tenant) reference(pairs ...string) string {
	tn.t.Helper()
	status, answer := tn.push(pairs...)
	reference, _ := answer["request_uri"].(string)
	if status != http.StatusCreated || reference == "" {
		tn.t.Fatalf("%d %v", status, answer)
	}
	return reference
}

// visit opens /authorize with a request_uri and further parameters, and returns where the browser is
// sent, or the text of the page.
func (tn tenant) visit(clientID, reference string, pairs ...string) (left *url.URL, body string) {
	tn.t.Helper()
	params := url.Values{"client_id": {clientID}, "request_uri": {reference}}
	for i := 0; i < len(pairs); i += 2 {
		params.Set(pairs[i], pairs[i+1])
	}
	left, page := tn.Visit(tn.browser, tn.URL+"authorize?"+params.Encode())
	return left, page.Body
}

func startPushing(t *testing.T) tenant {
	t.Helper()
	tn := start(t)
	tn.Login(tn.browser, servertest.Login{
		ClientID: "web", RedirectURI: webCallback, Username: ann, Password: annPassword, Params: url.Values{"audience": {""}, "scope": {"openid"}},
	})
	return tn
}

func TestAPushedRequestIsGoodOnce(t *testing.T) {
	tn := startPushing(t)
	status, answer := tn.push()
	reference, _ := answer["request_uri"].(string)
	if status != http.StatusCreated || answer["expires_in"] != 30.0 || !strings.HasPrefix(reference, "urn:ietf:params:oauth:request_uri:") || len(answer) != 2 {
		t.Fatalf("%d %v", status, answer)
	}
	// RFC 9126 section 5 and Auth0: other parameters in the URL are ignored.
	left, _ := tn.visit("web", reference, "state", "forged", "redirect_uri", "https://evil.example/", "scope", "openid email", "response_type", "token")
	if left == nil || !strings.HasPrefix(left.String(), webCallback+"?code=") || left.Query().Get("state") != "pushed" {
		t.Fatalf("the browser is sent to %v", left)
	}
	form := url.Values{
		"grant_type": {"authorization_code"}, "client_id": {"web"}, "client_secret": {"a secret of sixteen"},
		"code": {left.Query().Get("code")}, "redirect_uri": {webCallback},
	}
	status, tokens := tn.Token(tn.browser, form)
	diff(t, "the exchange", []any{status, tokens["scope"]}, []any{http.StatusOK, "openid"})
	left, body := tn.visit("web", reference)
	if left != nil || !strings.Contains(servertest.Text(body), "invalid_request_uri: The request_uri is not known, expired or was used before") {
		t.Errorf("a second time: %v %s", left, body)
	}
}

// TestReferencesOfOthers: a request_uri of another application is refused and not used up. One that
// is too old or invented is refused too.
func TestReferencesOfOthers(t *testing.T) {
	tn := startPushing(t)
	const refused = "invalid_request_uri"
	reference := tn.reference()
	for name, visit := range map[string][2]string{
		"another application":    {"app", reference},
		"one that is made up":    {"web", "urn:ietf:params:oauth:request_uri:" + strings.Repeat("x", 43)},
		"the beginning of one":   {"web", reference[:len(reference)-1]},
		"the prefix and no more": {"web", "urn:ietf:params:oauth:request_uri:"},
	} {
		if left, body := tn.visit(visit[0], visit[1]); left != nil || !strings.Contains(body, refused) {
			t.Errorf("%s: %v %s", name, left, body)
		}
	}
	if left, body := tn.visit("", reference); left != nil || !strings.Contains(body, "Missing required parameter: client_id") {
		t.Errorf("without an application: %v %s", left, body)
	}
	if left, _ := tn.visit("web", reference); left == nil || left.Query().Get("code") == "" {
		t.Errorf("its own application after that: %v", left)
	}

	now := time.Now().Truncate(time.Second)
	for after, good := range map[time.Duration]bool{29 * time.Second: true, 30 * time.Second: false} {
		tn.Freeze(now)
		reference = tn.reference()
		tn.Freeze(now.Add(after))
		if left, body := tn.visit("web", reference); (left != nil) != good || !good && !strings.Contains(body, refused) {
			t.Errorf("after %v: %v %s", after, left, body)
		}
	}
}

// TestOneOfManyVisitsGetsThePushedRequest: a request_uri works once, even if many requests use it concurrently.
func TestOneOfManyVisitsGetsThePushedRequest(t *testing.T) {
	tn := startPushing(t)
	reference := tn.reference()
	target := tn.URL + "authorize?" + url.Values{"client_id": {"web"}, "request_uri": {reference}}.Encode()
	const visits = 8
	got := make(chan string, visits)
	for range visits {
		go func() {
			resp, err := tn.browser.Get(target)
			if err != nil {
				got <- err.Error()
				return
			}
			defer resp.Body.Close()
			_, _ = io.Copy(io.Discard, resp.Body)
			got <- fmt.Sprint(resp.StatusCode)
		}()
	}
	count := map[string]int{}
	for range visits {
		count[<-got]++
	}
	diff(t, "statuses", count, map[string]int{"302": 1, "400": visits - 1})
}

func TestWhatMayNotBePushed(t *testing.T) {
	tn := startPushing(t)
	for _, tt := range []struct {
		name   string
		params []string
		status int
		want   string
	}{
		{"a wrong secret", []string{"client_secret", "wrong"}, 401, "invalid_client: Unauthorized"},
		{"no secret", []string{"client_secret", ""}, 401, "invalid_client: Unauthorized"},
		{"an application that is none", []string{"client_id", "nobody"}, 401, "invalid_client: Unauthorized"},
		{"no application", []string{"client_id", "", "client_secret", ""}, 400, "invalid_request: Missing required parameter: client_id"},
		{"one that does not authenticate", []string{"client_id", "app", "client_secret", ""}, 401, "invalid_client: Pushed authorization requests are for applications that authenticate"},
		{"a reference", []string{"request_uri", "urn:ietf:params:oauth:request_uri:x"}, 400, "invalid_request: Invalid parameter request_uri: it cannot be part of a pushed request"},
		{"a request object", []string{"request", "a.b.c"}, 400, "request_not_supported: The parameter request (JAR) is not emulated by tenant0"},
		{"a callback that is not registered", []string{"redirect_uri", "https://evil.example/"}, 400, "unauthorized_client: Callback URL mismatch. https://evil.example/ is not in the list of allowed callback URLs"},
		{"no response_type", []string{"response_type", ""}, 400, "invalid_request: Missing required parameter: response_type"},
		{"a response_type that the application may not have", []string{"response_type", "token"}, 400, "unauthorized_client: Grant type 'implicit' not allowed for the client."},
		{"an audience that is none", []string{"audience", "urn:none"}, 400, "access_denied: Service not found: urn:none"},
		{"a state that is too long to be kept", []string{"state", strings.Repeat("s", 10<<10)}, 413, "invalid_request: The request body is too large"},
	} {
		status, answer := tn.push(tt.params...)
		diff(t, tt.name, fmt.Sprintf("%d %v: %v", status, answer["error"], answer["error_description"]), fmt.Sprintf("%d %s", tt.status, tt.want))
		if answer["request_uri"] != nil {
			t.Errorf("%s: it is kept all the same", tt.name)
		}
	}
}

// TestWherePushingIsRequired by the application or by the tenant, other requests are refused.
func TestWherePushingIsRequired(t *testing.T) {
	tn := startPushing(t)
	manage := tn.manager()
	plain := func() string {
		t.Helper()
		target, _ := tn.AuthorizeURL(servertest.Login{ClientID: "web", RedirectURI: webCallback, Params: url.Values{"audience": {""}, "scope": {"openid"}}})
		left, _ := tn.Visit(tn.browser, target)
		if left == nil {
			t.Fatal("a page is shown")
		}
		return left.Query().Get("error_description")
	}
	const required = "Pushed Authorization Request is required"
	diff(t, "where nobody asks for it", plain(), "")
	manage("clients/web", map[string]any{"require_pushed_authorization_requests": true})
	diff(t, "where the application does", plain(), required)
	manage("clients/web", map[string]any{"require_pushed_authorization_requests": false})
	manage("tenants/settings", map[string]any{"flags": map[string]any{"require_pushed_authorization_requests": true}})
	diff(t, "where the tenant does", plain(), required)
	if left, _ := tn.visit("web", tn.reference()); left == nil || left.Query().Get("code") == "" {
		t.Errorf("a pushed request: %v", left)
	}
	diff(t, "discovery", tn.discovered("require_pushed_authorization_requests"), any(true))
	diff(t, "discovery", tn.discovered("pushed_authorization_request_endpoint"), any(tn.URL+"oauth/par"))
	manage("tenants/settings", map[string]any{"pushed_authorization_requests_supported": false})
	diff(t, "discovery", tn.discovered("pushed_authorization_request_endpoint"), nil)
	if status, answer := tn.push(); status != http.StatusNotFound || answer["error"] != "endpoint_disabled" {
		t.Errorf("where it is turned off: %d %v", status, answer)
	}
}

// TestAPushedLoginGoesThroughThePages, which take longer than the request_uri is valid, and keeps the
// application's own parameters.
func TestAPushedLoginGoesThroughThePages(t *testing.T) {
	tn := start(t)
	reference := tn.reference("ext-colour", "red")
	now := time.Now()
	tn.Freeze(now)
	_, page := tn.Visit(tn.browser, tn.URL+"authorize?"+url.Values{"client_id": {"web"}, "request_uri": {reference}}.Encode())
	tn.Freeze(now.Add(5 * time.Minute))
	form := page.Form()
	form.Set("username", ann)
	form.Set("password", annPassword)
	left, page := tn.Submit(tn.browser, page, form)
	if left == nil || left.Query().Get("code") == "" || left.Query().Get("state") != "pushed" {
		t.Errorf("the login ends at %v %s", left, page.Body)
	}
}

// TestWhatAuthenticatedAPushedRequestIsNotToldOn: the classic login page has the request's parameters in its
// address, but not the client secret with which the request was pushed.
func TestWhatAuthenticatedAPushedRequestIsNotToldOn(t *testing.T) {
	tn := start(t, servertest.Seed(file+"prompts: {universal_login_experience: classic}\n"))
	begun, err := url.Parse(tn.URL + "authorize?" + url.Values{"client_id": {"web"}, "request_uri": {tn.reference("ext-shown", "yes")}}.Encode())
	if err != nil {
		t.Fatal(err)
	}
	_, page := tn.Visit(tn.browser, begun.String())
	told := page.URL.Query()
	if page.URL.Path != "/login" || told.Get("ext-shown") != "yes" || told.Get("client_secret") != "" || strings.Contains(page.Body, "a secret of sixteen") {
		t.Errorf("the page of the login is at %s", page.URL)
	}
}

// TestAMethodNeedsAChallenge: an application that may do without PKCE gets an error if it sends half of it, so that
// nobody who removes the challenge from a request makes a login without PKCE of it, RFC 9700 section 2.1.1.
func TestAMethodNeedsAChallenge(t *testing.T) {
	tn := start(t)
	half := []string{"client_id", "web", "redirect_uri", webCallback, "code_challenge", ""}
	diff(t, "with a method", tn.outcome(append(half, "code_challenge_method", "S256")...), "invalid_request: Missing required parameter: code_challenge")
	diff(t, "without one", tn.outcome(append(half, "code_challenge_method", "")...), "/u/login")
}
