package consent_test

import (
	"html"
	"io"
	"net/http"
	"net/url"
	"regexp"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"

	"github.com/tenant0/tenant0/server/servertest"
)

const (
	declined = "access_denied: User did not authorize the request"
	code     = "code"
)

// tenant is a running tenant with a browser.
type tenant struct {
	*servertest.Server
	browser *http.Client
	t       *testing.T
}

func start(t *testing.T) tenant {
	t.Helper()
	s := servertest.Start(t)
	return tenant{s, s.Client(), t}
}

// request returns the URL of an application's authorization request for scopes of the API.
func (tn tenant) request(client, callback, scope string, params ...string) string {
	tn.t.Helper()
	all := url.Values{"scope": {scope}}
	for i := 0; i < len(params); i += 2 {
		all.Set(params[i], params[i+1])
	}
	target, _ := tn.AuthorizeURL(servertest.Login{ClientID: client, RedirectURI: callback, Params: all})
	return target
}

func (tn tenant) mobile(scope string, params ...string) string {
	tn.t.Helper()
	return tn.request(servertest.Mobile, servertest.MobileCallback, scope, params...)
}

func (tn tenant) spa(scope string, params ...string) string {
	tn.t.Helper()
	return tn.request(servertest.SPA, servertest.SPACallback, scope, params...)
}

// visit follows an authorization request, logs the user in if the login page appears, and
// returns where it ends: at the application or at the consent page.
func (tn tenant) visit(target, username string) (end string, page servertest.Page) {
	tn.t.Helper()
	left, page := tn.Visit(tn.browser, target)
	if left == nil && page.URL.Path == "/u/login" {
		form := page.Form()
		form.Set("username", username)
		form.Set("password", servertest.Password)
		left, page = tn.Submit(tn.browser, page, form)
	}
	return outcome(left, page), page
}

func outcome(left *url.URL, page servertest.Page) string {
	switch {
	case left == nil:
		return page.URL.Path
	case left.Query().Get("code") != "":
		return code
	}
	return left.Query().Get("error") + ": " + left.Query().Get("error_description")
}

// answer submits the consent page with an action.
func (tn tenant) answer(page servertest.Page, action string) string {
	tn.t.Helper()
	form := page.Form()
	form.Set("action", action)
	return outcome(tn.Submit(tn.browser, page, form))
}

func diff(t *testing.T, what string, got, want any) {
	t.Helper()
	if d := cmp.Diff(want, got); d != "" {
		t.Errorf("%s (-want +got):\n%s", what, d)
	}
}

var item = regexp.MustCompile(`(?s)<li><input type="hidden" name="scope\[\]" value="([^"]*)">(.*?)</li>`)

// scopes returns the scopes on the page with their descriptions.
func scopes(page servertest.Page) map[string]string {
	shown := map[string]string{}
	for _, m := range item.FindAllStringSubmatch(page.Body, -1) {
		description, _, _ := strings.Cut(m[2], " <code>")
		shown[html.UnescapeString(m[1])] = html.UnescapeString(description)
	}
	return shown
}

// TestThePageListsWhatIsRequested, not what is granted in the end: the contractor
// has none of the permissions.
func TestThePageListsWhatIsRequested(t *testing.T) {
	tn := start(t)
	_, page := tn.visit(tn.mobile("openid profile email offline_access read:timesheets approve:timesheets nothing:here read:timesheets"), servertest.Contractor)
	diff(t, "page", page.URL.Path, "/u/consent")
	diff(t, "scopes", scopes(page), map[string]string{
		"openid": "Confirm who you are", "profile": "Your profile: name, nickname and picture", "email": "Your e-mail address",
		"offline_access":  "Keep access while you are away",
		"read:timesheets": "Read your timesheets", "approve:timesheets": "Approve timesheets of your team",
	})
	for _, want := range []string{"Timesheets Mobile", "Timesheets API", "contractor@exampleco.com"} {
		if !strings.Contains(page.Body, want) {
			t.Errorf("the page does not say %q", want)
		}
	}
	diff(t, "after accepting", tn.answer(page, "accept"), code)
}

func TestConsentIsRememberedAsFarAsItGoes(t *testing.T) {
	tn := start(t)
	_, page := tn.visit(tn.mobile("openid read:timesheets"), servertest.Employee)
	diff(t, "the first time", page.URL.Path, "/u/consent")
	diff(t, "after accepting", tn.answer(page, "accept"), code)

	expect := func(what, target, want string) (page servertest.Page) {
		t.Helper()
		got, page := tn.visit(target, servertest.Employee)
		diff(t, what, got, want)
		return page
	}
	expect("the same scopes", tn.mobile("openid read:timesheets"), code)
	expect("the same in another order", tn.mobile("read:timesheets openid"), code)
	expect("fewer", tn.mobile("openid"), code)
	expect("silently", tn.mobile("openid", "prompt", "none"), code)
	expect("when it is asked for", tn.mobile("openid", "prompt", "consent"), "/u/consent")
	expect("another application", tn.spa("openid read:timesheets"), "/u/consent")
	expect("another application, silently", tn.spa("openid read:timesheets", "prompt", "none"), "consent_required: Consent required")
	expect("no API needs none", tn.spa("openid", "audience", ""), code)
	more := expect("one scope more", tn.mobile("openid read:timesheets create:timesheets"), "/u/consent")
	diff(t, "scopes shown", len(scopes(more)), 3)
	diff(t, "after declining", tn.answer(more, "decline"), declined)
	expect("what was agreed to before", tn.mobile("openid read:timesheets"), code)
	more = expect("one scope more, asked again", tn.mobile("openid read:timesheets create:timesheets"), "/u/consent")
	diff(t, "after accepting", tn.answer(more, "accept"), code)
	expect("all of them", tn.mobile("create:timesheets openid read:timesheets"), code)

	tn.browser = tn.Client()
	if got, _ := tn.visit(tn.mobile("openid"), servertest.Manager); got != "/u/consent" {
		t.Errorf("another user gets %s", got)
	}
}

func TestDeclining(t *testing.T) {
	tn := start(t)
	_, page := tn.visit(tn.mobile("openid read:timesheets"), servertest.Employee)
	for _, action := range []string{"decline", "deny"} {
		diff(t, action, tn.answer(page, action), declined)
	}
	diff(t, "the form once more", tn.answer(page, "decline"), declined)
	diff(t, "after the back button, accepting", tn.answer(page, "accept"), code)
	diff(t, "twice", tn.answer(page, "accept"), code)
}

func TestFormsThatAreNotThePages(t *testing.T) {
	tn := start(t)
	_, page := tn.visit(tn.mobile("openid read:timesheets"), servertest.Employee)
	for _, tt := range []struct {
		name    string
		change  func(url.Values)
		headers []string
		status  int
		want    string
	}{
		{"no action", func(f url.Values) { f.Del("action") }, nil, 400, "Invalid action"},
		{"an action that is none", func(f url.Values) { f.Set("action", "maybe") }, nil, 400, "Invalid action"},
		{"fewer scopes", func(f url.Values) { f["scope[]"] = f["scope[]"][1:] }, nil, 400, "Invalid scope"},
		{"more scopes", func(f url.Values) { f.Add("scope[]", "delete:timesheets") }, nil, 400, "Invalid scope"},
		{"no scopes", func(f url.Values) { f.Del("scope[]") }, nil, 400, "Invalid scope"},
		{"another site by Origin", func(url.Values) {}, []string{"Origin", "https://evil.example"}, 403, "sent from another site"},
		{"another site by Sec-Fetch-Site", func(url.Values) {}, []string{"Sec-Fetch-Site", "cross-site"}, 403, "sent from another site"},
	} {
		t.Run(tt.name, func(t *testing.T) {
			form := page.Form()
			form.Set("action", "accept")
			tt.change(form)
			status, body := post(t, tn.browser, page.URL.String(), form, tt.headers...)
			if status != tt.status || !strings.Contains(body, tt.want) {
				t.Errorf("%d, want %d and %q\n%s", status, tt.status, tt.want, body)
			}
			if got, _ := tn.visit(tn.mobile("openid", "prompt", "none"), ""); got != "consent_required: Consent required" {
				t.Errorf("the form counted: %s", got)
			}
		})
	}
	if status, body := post(t, tn.Client(), page.URL.String(), page.Form()); status != 400 || !strings.Contains(body, "another browser") {
		t.Errorf("another browser: %d\n%s", status, body)
	}
}

func post(t *testing.T, browser *http.Client, target string, form url.Values, headers ...string) (int, string) {
	t.Helper()
	rq, err := http.NewRequestWithContext(t.Context(), http.MethodPost, target, strings.NewReader(form.Encode()))
	if err != nil {
		t.Fatal(err)
	}
	rq.Header.Set("Content-Type", "application/x-www-form-urlencoded")
	for i := 0; i < len(headers); i += 2 {
		rq.Header.Set(headers[i], headers[i+1])
	}
	resp, err := browser.Do(rq)
	if err != nil {
		t.Fatal(err)
	}
	defer resp.Body.Close()
	body, err := io.ReadAll(resp.Body)
	if err != nil {
		t.Fatal(err)
	}
	return resp.StatusCode, html.UnescapeString(string(body))
}

// TestConsentIsTheUsersWhoGaveIt: another user uses the same browser to log in while the
// first user's login is finished but can still be resumed.
func TestConsentIsTheUsersWhoGaveIt(t *testing.T) {
	for _, action := range []string{"accept", "decline"} {
		tn := start(t)
		_, page := tn.visit(tn.mobile("openid read:timesheets"), servertest.Employee)
		tn.answer(page, action)
		if got, _ := tn.visit(tn.spa("openid", "prompt", "login", "audience", ""), servertest.Manager); got != code {
			t.Fatalf("the other user's login ends with %s", got)
		}
		left, shown := tn.Visit(tn.browser, tn.URL+"authorize/resume?"+page.URL.RawQuery)
		diff(t, "what the other user gets of the first one's login after "+action, outcome(left, shown), "/u/consent")
	}
}

// TestAnAnswerIsOfTheUserWhoWasAsked: another user logs in with the same browser while the page is open. The answer
// on the page of the first user is none of the second one's, who is asked anew.
func TestAnAnswerIsOfTheUserWhoWasAsked(t *testing.T) {
	for _, action := range []string{"accept", "decline"} {
		tn := start(t)
		_, page := tn.visit(tn.mobile("openid read:timesheets"), servertest.Employee)
		if got, _ := tn.visit(tn.spa("openid", "prompt", "login", "audience", ""), servertest.Manager); got != code {
			t.Fatalf("the other user's login ends with %s", got)
		}
		form := page.Form()
		form.Set("action", action)
		left, shown := tn.Submit(tn.browser, page, form)
		diff(t, "after "+action+" on the first user's page", outcome(left, shown), "/u/consent")
		diff(t, "the answer of the user who is asked then", tn.answer(shown, "accept"), code)
	}
}

// TestWithoutASessionThereIsNothingToAsk: after a logout the consent page leads back to the login page.
func TestWithoutASessionThereIsNothingToAsk(t *testing.T) {
	tn := start(t)
	_, page := tn.visit(tn.mobile("openid read:timesheets"), servertest.Employee)
	tn.Visit(tn.browser, tn.URL+"v2/logout")
	form := page.Form()
	form.Set("action", "accept")
	left, shown := tn.Submit(tn.browser, page, form)
	diff(t, "after logging out in another tab", outcome(left, shown), "/u/login")
	left, shown = tn.Visit(tn.browser, page.URL.String())
	diff(t, "the page after that", outcome(left, shown), "/u/login")
}

func TestWithoutScopesThereIsStillConsent(t *testing.T) {
	tn := start(t)
	got, page := tn.visit(tn.mobile(""), servertest.Employee)
	diff(t, "an API without scopes", got, "/u/consent")
	diff(t, "after accepting", tn.answer(page, "accept"), code)
	got, _ = tn.visit(tn.mobile(""), servertest.Employee)
	diff(t, "again", got, code)
}
