package servertest

import (
	"crypto/rand"
	"crypto/sha256"
	"encoding/base64"
	"encoding/json"
	"html"
	"io"
	"maps"
	"net"
	"net/http"
	"net/url"
	"regexp"
	"strings"
	"testing"
)

// Login is a login of a person, in a browser without JavaScript.
type Login struct {
	// ClientID and RedirectURI name the application; if empty, Timesheets
	// Mobile.
	ClientID, RedirectURI string
	// Username and Password are typed into the form; if empty, those of the
	// employee.
	Username, Password string
	// Params are set in the authorization request; an empty value removes the
	// parameter.
	Params url.Values
	// Decline refuses consent.
	Decline bool
	// Answers are the form fields for other pages, by the page's path.
	Answers map[string]url.Values
}

// Result is the end of a login: the parameters that the application received.
type Result struct {
	url.Values
	// Pages lists the paths of the pages that were shown.
	Pages []string
	// Verifier is the PKCE verifier of the request.
	Verifier string
	login    Login
}

// Page is an answer of the server that is not a redirect.
type Page struct {
	Status int
	URL    *url.URL
	Body   string
	Header http.Header
}

// Visit fetches a URL and follows redirects. It returns the target of a redirect
// that leaves the server, or the page at which the redirects end.
func (s *Server) Visit(client *http.Client, target string) (left *url.URL, page Page) {
	s.tb.Helper()
	for range 10 {
		resp, err := client.Get(target) //nolint:noctx // the client has a timeout
		if err != nil {
			s.tb.Fatal(err)
		}
		left, page = s.follow(resp)
		if left == nil || !strings.HasPrefix(left.String(), s.URL) {
			return left, page
		}
		target = left.String()
	}
	s.tb.Fatalf("ten redirects and no end, the last to %s", target)
	return nil, page
}

// Submit posts a form to the page's own URL and follows redirects like Visit.
func (s *Server) Submit(client *http.Client, page Page, form url.Values) (*url.URL, Page) {
	s.tb.Helper()
	resp, err := client.PostForm(page.URL.String(), form) //nolint:noctx // the client has a timeout
	if err != nil {
		s.tb.Fatal(err)
	}
	left, next := s.follow(resp)
	if left != nil && strings.HasPrefix(left.String(), s.URL) {
		return s.Visit(client, left.String())
	}
	return left, next
}

// follow reads one response: the target of its redirect, or its page.
func (s *Server) follow(resp *http.Response) (*url.URL, Page) {
	s.tb.Helper()
	defer resp.Body.Close()
	body, err := io.ReadAll(resp.Body)
	if err != nil {
		s.tb.Fatal(err)
	}
	if resp.StatusCode != http.StatusFound {
		return nil, Page{resp.StatusCode, resp.Request.URL, string(body), resp.Header}
	}
	target, err := resp.Location()
	if err != nil {
		s.tb.Fatal(err)
	}
	return target, Page{}
}

// tag matches a tag of an HTML page.
var tag = regexp.MustCompile(`<[^>]*>`)

// Text returns the text of an HTML page without its tags, as a person reads it.
func Text(page string) string { return html.UnescapeString(tag.ReplaceAllString(page, "")) }

var hidden = regexp.MustCompile(`<input type="hidden" name="([^"]*)" value="([^"]*)"`)

// Form returns the hidden fields of the page's primary form, or of its first
// form if no form is marked as primary.
func (p Page) Form() url.Values {
	form, body := url.Values{}, p.Body
	// Forms of identity providers may precede the primary form.
	if i := strings.Index(body, `data-form-primary="true"`); i >= 0 {
		body = body[i:]
	}
	first, _, _ := strings.Cut(body, "</form>")
	for _, m := range hidden.FindAllStringSubmatch(first, -1) {
		form.Add(m[1], html.UnescapeString(m[2]))
	}
	return form
}

var message = regexp.MustCompile(`authorizationResponse = {type: "authorization_response",response: (.*?)};`)

// Response returns the authorization response in a page that sends it to the application, as a form or as a message.
func (p Page) Response() url.Values {
	m := message.FindStringSubmatch(p.Body)
	if m == nil {
		return p.Form()
	}
	response, all := map[string]string{}, url.Values{}
	if err := json.Unmarshal([]byte(m[1]), &response); err != nil {
		return nil
	}
	for name, value := range response {
		all.Set(name, value)
	}
	return all
}

// AuthorizeURL returns the URL of an authorization request with PKCE, and its
// verifier.
func (s *Server) AuthorizeURL(l Login) (target, verifier string) {
	s.tb.Helper()
	verifier = random()
	sum := sha256.Sum256([]byte(verifier))
	params := url.Values{
		"client_id": {l.ClientID}, "redirect_uri": {l.RedirectURI}, "response_type": {"code"}, "state": {"s-" + verifier[:8]},
		"scope":          {"create:timesheets read:timesheets openid profile email offline_access"},
		"audience":       {API},
		"code_challenge": {base64.RawURLEncoding.EncodeToString(sum[:])}, "code_challenge_method": {"S256"},
	}
	for name, values := range l.Params {
		if params[name] = values; values[0] == "" {
			params.Del(name)
		}
	}
	return s.URL + "authorize?" + params.Encode(), verifier
}

func random() string {
	b := make([]byte, 32)
	_, _ = rand.Read(b) // never fails: crypto/rand
	return base64.RawURLEncoding.EncodeToString(b)
}

func (l Login) withDefaults() Login {
	if l.ClientID == "" {
		l.ClientID, l.RedirectURI = Mobile, MobileCallback
	}
	if l.Username == "" {
		l.Username = Employee
	}
	if l.Password == "" {
		l.Password = Password
	}
	return l
}

// Login logs a person in with a client's cookies and gives consent where it is
// asked for. It fails the test if the browser does not end at the application.
func (s *Server) Login(client *http.Client, l Login) Result {
	s.tb.Helper()
	l = l.withDefaults()
	target, verifier := s.AuthorizeURL(l)
	result := Result{Verifier: verifier, login: l}
	left, page := s.Visit(client, target)
	for range 6 {
		if left != nil {
			result.Values = left.Query()
			return result
		}
		result.Pages = append(result.Pages, page.URL.Path)
		form := page.Form()
		switch page.URL.Path {
		case "/u/login":
			form.Set("username", l.Username)
			form.Set("password", l.Password)
			form.Set("action", "default")
		case "/u/login/identifier":
			form.Set("username", l.Username)
			form.Set("action", "default")
		case "/u/login/password":
			form.Set("password", l.Password)
			form.Set("action", "default")
		case "/u/accept-invitation":
			form.Set("action", "default")
		case "/u/consent", "/u/customized-consent":
			form.Set("action", "accept")
			if l.Decline {
				form.Set("action", "decline")
			}
		default:
			answer, ok := l.Answers[page.URL.Path]
			if ok && page.Status == http.StatusOK {
				maps.Copy(form, answer)
				break
			}
			s.tb.Fatalf("the login ended on a page: status %d\n%s", page.Status, page.Body)
		}
		left, page = s.Submit(client, page, form)
	}
	s.tb.Fatalf("the login went through %v and did not end; the last page:\n%s", result.Pages, page.Body)
	return result
}

// Exchange redeems the code of a login and returns the token response. It fails
// the test if the server refuses.
func (s *Server) Exchange(client *http.Client, r Result) map[string]any {
	s.tb.Helper()
	status, body := s.Token(client, r.Form())
	if status != http.StatusOK {
		s.tb.Fatalf("code exchange of %v: %d %v", r.Values, status, body)
	}
	return body
}

// Form returns the token request that redeems the code of a login.
func (r Result) Form() url.Values {
	return url.Values{
		"grant_type": {"authorization_code"}, "client_id": {r.login.ClientID}, "code": {r.Get("code")},
		"redirect_uri": {r.login.RedirectURI}, "code_verifier": {r.Verifier},
	}
}

// freeAddress returns a loopback address whose port was free a moment ago.
func freeAddress(tb testing.TB) string {
	tb.Helper()
	var lc net.ListenConfig
	l, err := lc.Listen(tb.Context(), "tcp", "127.0.0.1:0")
	if err != nil {
		tb.Fatal(err)
	}
	defer l.Close()
	return l.Addr().String()
}
