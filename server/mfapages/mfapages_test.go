package mfapages_test

import (
	"encoding/base64"
	"encoding/json"
	"html"
	"net/http"
	"net/url"
	"regexp"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"
	"github.com/pquerna/otp"
	"github.com/pquerna/otp/totp"

	"github.com/tenant0/tenant0/server/servertest"
)

const file = `
tenant: {default_directory: Username-Password-Authentication, friendly_name: Example Co}
clients:
  - {name: App, client_id: app, app_type: native, token_endpoint_auth_method: none, callbacks: ["https://app.example.com/callback"], grant_types: [authorization_code, refresh_token, implicit, password]}
  - {name: Other, client_id: other, app_type: native, token_endpoint_auth_method: none, callbacks: ["https://other.example.com/callback"], grant_types: [authorization_code]}
  - {name: management, client_id: Tenant0ManagementClient000000001, client_secret: tenant0-management-secret-for-development-only,
     app_type: non_interactive, grant_types: [client_credentials]}
clientGrants:
  - {client_id: management, audience: "${issuer}api/v2/", allow_all_scopes: true}
users:
  - {user_id: "auth0|ann", email: ann@example.com, email_verified: true, password: a password of ann, connection: Username-Password-Authentication}
  - {user_id: "auth0|bob", email: bob@example.com, password: a password of bob, connection: Username-Password-Authentication}
databases:
  - {name: Username-Password-Authentication, strategy: auth0, enabled_clients: [app, other]}
`

const (
	multiFactor = "http://schemas.openid.net/pape/policies/2007/06/multi-factor"
	phone       = "+15550109167"
	shownPhone  = "XXXXXXXX9167"
)

type object = map[string]any

type tenant struct {
	*servertest.Server
	t   *testing.T
	now time.Time
}

// start starts a tenant with factors, which asks every user for one of them.
func start(t *testing.T, factors ...string) *tenant {
	t.Helper()
	s := servertest.Start(t, servertest.Seed(file), servertest.HTTP())
	tn := &tenant{s, t, time.Date(2027, 3, 1, 12, 0, 0, 0, time.UTC)}
	s.Freeze(tn.now)
	for _, factor := range factors {
		tn.manage(http.MethodPut, "guardian/factors/"+factor, object{"enabled": true})
	}
	tn.manage(http.MethodPut, "guardian/policies", []string{"all-applications"})
	return tn
}

func (tn *tenant) manage(method, path string, body any) any {
	tn.t.Helper()
	status, answer := tn.Manage(tn.Client(), method, path, body)
	if status/100 != 2 {
		tn.t.Fatalf("%s %s: %d %v", method, path, status, answer)
	}
	return answer
}

func (tn *tenant) later(d time.Duration) {
	tn.now = tn.now.Add(d)
	tn.Freeze(tn.now)
}

func (tn *tenant) code(secret string) string {
	tn.t.Helper()
	code, err := totp.GenerateCodeCustom(secret, tn.now, totp.ValidateOpts{Period: 30, Digits: otp.DigitsSix, Algorithm: otp.AlgorithmSHA1})
	if err != nil {
		tn.t.Fatal(err)
	}
	return code
}

// browser is a user's browser at a page of a login.
type browser struct {
	tn       *tenant
	client   *http.Client
	page     servertest.Page
	left     *url.URL // where the login ended, nil while it goes on
	verifier string
	app      string
}

func (tn *tenant) browser() *browser { return &browser{tn: tn, client: tn.Client(), app: "app"} }

// ask begins a login, with parameters in pairs of name and value.
func (b *browser) ask(params ...string) *browser {
	b.tn.t.Helper()
	l := servertest.Login{ClientID: b.app, RedirectURI: "https://" + b.app + ".example.com/callback", Params: url.Values{"audience": {""}, "scope": {"openid offline_access"}}}
	for i := 0; i < len(params); i += 2 {
		l.Params.Set(params[i], params[i+1])
	}
	target, verifier := b.tn.AuthorizeURL(l)
	b.verifier = verifier
	b.left, b.page = b.tn.Visit(b.client, target)
	return b
}

// send submits the form of the page, with fields in pairs of name and value.
func (b *browser) send(fields ...string) *browser {
	b.tn.t.Helper()
	form := b.page.Form()
	for i := 0; i < len(fields); i += 2 {
		form.Set(fields[i], fields[i+1])
	}
	b.left, b.page = b.tn.Submit(b.client, b.page, form)
	return b
}

// logIn enters a user's address and password.
func (b *browser) logIn(user string, params ...string) *browser {
	b.tn.t.Helper()
	b.ask(params...).at("/u/login")
	return b.send("username", user+"@example.com", "password", "a password of "+user, "action", "default")
}

// at checks which page is shown.
func (b *browser) at(path string) *browser {
	b.tn.t.Helper()
	if b.left != nil || b.page.URL.Path != path || b.page.Status != http.StatusOK {
		b.tn.t.Fatalf("the browser is at %v %v, want %s: %d %s", b.left, b.page.URL, path, b.page.Status, b.page.Body)
	}
	return b
}

// refused checks that the page stays and shows an error.
func (b *browser) refused(key, sentence string) {
	b.tn.t.Helper()
	if b.left != nil || b.page.Status != http.StatusBadRequest || !strings.Contains(b.page.Body, `data-error-code="`+key+`"`) || !strings.Contains(html.UnescapeString(b.page.Body), sentence) {
		b.tn.t.Fatalf("want the refusal %s: %s; the browser is at %v %v: %d %s", key, sentence, b.left, b.page.URL, b.page.Status, b.page.Body)
	}
}

// done checks that the login has ended with a code, and returns the claims of the ID token.
func (b *browser) done() object {
	b.tn.t.Helper()
	_, claims := b.tokens()
	return claims
}

func (b *browser) tokens() (tokens, claims object) {
	b.tn.t.Helper()
	if b.left == nil || b.left.Query().Get("code") == "" {
		b.tn.t.Fatalf("the login has not ended: %v %v %s", b.left, b.page.URL, b.page.Body)
	}
	status, tokens := b.tn.Token(b.client, url.Values{
		"grant_type": {"authorization_code"}, "client_id": {b.app}, "code": {b.left.Query().Get("code")},
		"redirect_uri": {"https://" + b.app + ".example.com/callback"}, "code_verifier": {b.verifier},
	})
	if status != http.StatusOK {
		b.tn.t.Fatalf("the code: %d %v", status, tokens)
	}
	return tokens, b.tn.claims(tokens["id_token"])
}

func (tn *tenant) claims(token any) (claims object) {
	tn.t.Helper()
	parts := strings.Split(token.(string), ".")
	raw, err := base64.RawURLEncoding.DecodeString(parts[1])
	if err == nil {
		err = json.Unmarshal(raw, &claims)
	}
	if err != nil {
		tn.t.Fatal(err)
	}
	return claims
}

func diff(t *testing.T, what string, got, want any) {
	t.Helper()
	if d := cmp.Diff(want, got); d != "" {
		t.Errorf("%s (-want +got):\n%s", what, d)
	}
}

var secret = regexp.MustCompile(`<code id="secure-code"[^>]*>([A-Z0-9]+)</code>`)

// enrollOTP enrolls one-time passwords on the pages and returns the secret.
func (b *browser) enrollOTP() string {
	b.tn.t.Helper()
	b.at("/u/mfa-otp-enrollment-qr").send("action", "toggle-view").at("/u/mfa-otp-enrollment-code")
	key := secret.FindStringSubmatch(b.page.Body)
	if key == nil {
		b.tn.t.Fatalf("no secret is shown: %s", b.page.Body)
	}
	b.send("code", b.tn.code(key[1]), "action", "default")
	return key[1]
}

// methods returns the authentication methods of the user's only session.
func (tn *tenant) methods(user string) (names []string) {
	tn.t.Helper()
	sessions := tn.manage(http.MethodGet, "users/auth0%7C"+user+"/sessions", nil).(object)["sessions"].([]any)
	if len(sessions) != 1 {
		tn.t.Fatalf("%s has %d sessions", user, len(sessions))
	}
	for _, m := range sessions[0].(object)["authentication"].(object)["methods"].([]any) {
		name := m.(object)["name"].(string)
		if kind, ok := m.(object)["type"].(string); ok {
			name += " " + kind
		}
		if m.(object)["timestamp"] == nil {
			tn.t.Errorf("the method %s has no time", name)
		}
		names = append(names, name)
	}
	return names
}

// logged checks that the tenant's log has events of each type.
func (tn *tenant) logged(types ...string) {
	tn.t.Helper()
	var all []string
	for _, e := range tn.manage(http.MethodGet, "logs?per_page=100&q="+url.QueryEscape("type:gd_*"), nil).([]any) {
		all = append(all, e.(object)["type"].(string))
	}
	for _, want := range types {
		if !slices.Contains(all, want) {
			tn.t.Errorf("the log has no %s: %v", want, all)
		}
	}
}

func TestOneTimePasswords(t *testing.T) {
	tn := start(t, "otp")
	b := tn.browser().logIn("ann").at("/u/mfa-otp-enrollment-qr")
	for _, has := range []string{
		"Secure Your Account", `<img src="data:image/png;base64,`, `name="code"`, "Enter your one-time code", `value="toggle-view"`, "Trouble Scanning?",
	} {
		if !strings.Contains(b.page.Body, has) {
			t.Errorf("the page has no %s: %s", has, b.page.Body)
		}
	}
	if secret.MatchString(b.page.Body) || strings.Contains(b.page.Body, "pick-authenticator") {
		t.Errorf("the page shows the secret, or another method: %s", b.page.Body)
	}
	b.send("code", "", "action", "default").refused("no-code", "Please enter a code")
	b.send("code", "12345x", "action", "default").refused("invalid-otp-code-format", "OTP Code must have 6 numeric characters")
	b.send("action", "toggle-view").at("/u/mfa-otp-enrollment-code")
	key := secret.FindStringSubmatch(b.page.Body)[1]
	b.send("action", "toggle-view").at("/u/mfa-otp-enrollment-qr").send("action", "toggle-view").at("/u/mfa-otp-enrollment-code")
	if again := secret.FindStringSubmatch(b.page.Body)[1]; again != key {
		t.Errorf("the secret has changed from %s to %s", key, again)
	}
	tn.wrong(b, key)
	claims := b.send("code", tn.code(key), "action", "default").done()
	diff(t, "acr", claims["acr"], any(multiFactor))
	diff(t, "amr", claims["amr"], any([]any{"mfa"}))
	diff(t, "methods", tn.methods("ann"), []string{"pwd", "mfa otp"})
	tn.logged("gd_start_enroll", "gd_enrollment_complete", "gd_auth_succeed", "gd_auth_failed")

	// From then on the session suffices, and the ID token does not name the factor again.
	claims = b.ask().done()
	if claims["acr"] != nil || claims["amr"] != nil {
		t.Errorf("a token without a further factor has %v", claims)
	}
	if b.ask("prompt", "none").left.Query().Get("code") == "" {
		t.Errorf("silently: %v", b.left)
	}

	// Another browser is asked for the factor. Each one-time password works once.
	b = tn.browser().logIn("ann").at("/u/mfa-otp-challenge")
	if !strings.Contains(b.page.Body, "Check your preferred one-time password application for a code.") || !strings.Contains(b.page.Body, `for="rememberBrowser"`) {
		t.Errorf("the page is %s", b.page.Body)
	}
	b.send("code", tn.code(key), "action", "default").refused("invalid-code", "The code you entered is invalid")
	tn.later(30 * time.Second)
	b.send("code", tn.code(key), "action", "default").done()
	tn.logged("gd_start_auth")
}

// wrong enters the one-time password of another time.
func (tn *tenant) wrong(b *browser, key string) {
	tn.t.Helper()
	tn.now = tn.now.Add(time.Hour)
	code := tn.code(key)
	tn.now = tn.now.Add(-time.Hour)
	b.send("code", code, "action", "default").refused("invalid-code", "The code you entered is invalid")
}

// TestTheFactorIsNotGoneAround by anything that a browser can do which has proved only the password.
func TestTheFactorIsNotGoneAround(t *testing.T) {
	tn := start(t, "otp")
	key := tn.browser().logIn("ann").enrollOTP()
	tn.later(time.Minute)
	b := tn.browser().logIn("ann").at("/u/mfa-otp-challenge")
	state := b.page.URL.Query().Get("state")
	for _, path := range []string{"u/mfa-otp-enrollment-qr", "u/mfa-otp-enrollment-code", "u/mfa-sms-challenge", "u/mfa-recovery-code-challenge", "u/mfa-recovery-code-enrollment", "authorize/resume"} {
		b.left, b.page = tn.Visit(b.client, tn.URL+path+"?state="+state)
		b.at("/u/mfa-otp-challenge")
	}
	b.send("action", "default", "saved", "on", "state", state)
	b.refused("no-code", "Please enter a code")
	other := tn.browser()
	other.app, other.client = "other", b.client
	other.ask().at("/u/mfa-otp-challenge")
	other.ask("prompt", "none")
	if q := other.left.Query(); q.Get("error") != "login_required" || q.Get("error_description") != "Multifactor authentication required" {
		t.Errorf("silently: %v", q)
	}
	// Another browser cannot go on with the login.
	stranger := tn.browser()
	stranger.left, stranger.page = tn.Visit(stranger.client, tn.URL+"u/mfa-otp-challenge?state="+state)
	if stranger.page.Status != http.StatusBadRequest && stranger.page.Status != http.StatusForbidden {
		t.Errorf("a stranger sees %d %s", stranger.page.Status, stranger.page.Body)
	}
	// Pages of other sites cannot either.
	rq, err := http.NewRequestWithContext(t.Context(), http.MethodPost, b.page.URL.String(), strings.NewReader(url.Values{"code": {tn.code(key)}, "action": {"default"}}.Encode()))
	if err != nil {
		t.Fatal(err)
	}
	rq.Header.Set("Content-Type", "application/x-www-form-urlencoded")
	rq.Header.Set("Sec-Fetch-Site", "cross-site")
	rq.Header.Set("Origin", "https://evil.example.com")
	resp, err := b.client.Do(rq)
	if err != nil {
		t.Fatal(err)
	}
	resp.Body.Close()
	if resp.StatusCode != http.StatusForbidden {
		t.Errorf("from another site: %d", resp.StatusCode)
	}
	// A one-time password of another user's factor is wrong here.
	bob := tn.browser().logIn("bob")
	bobs := bob.enrollOTP()
	tn.later(time.Minute)
	b.send("code", tn.code(bobs), "action", "default").refused("invalid-code", "invalid")
	b.send("code", tn.code(key), "action", "default").done()
}

// TestTabsAndUsers: what one user has proved in a browser does not count for another user.
func TestTabsAndUsers(t *testing.T) {
	tn := start(t, "otp")
	anns := tn.browser().logIn("ann").enrollOTP()
	bobs := tn.browser().logIn("bob").enrollOTP()
	tn.later(time.Minute)
	first := tn.browser().logIn("ann").at("/u/mfa-otp-challenge")
	second := tn.browser()
	second.client = first.client
	second.logIn("bob", "prompt", "login").at("/u/mfa-otp-challenge")
	// The session now belongs to bob, so the tab of ann's login asks for his factor.
	first.send("code", tn.code(anns), "action", "default").refused("invalid-code", "invalid")
	claims := first.send("code", tn.code(bobs), "action", "default").done()
	diff(t, "subject", claims["sub"], any("auth0|bob"))
	second.ask("prompt", "none")
	if second.left.Query().Get("code") == "" {
		t.Errorf("bob's session: %v", second.left)
	}
}

// TestWhoIsBlockedIsAskedNoMore: a user who is blocked between the password and the factor cannot go on.
func TestWhoIsBlockedIsAskedNoMore(t *testing.T) {
	tn := start(t, "otp")
	key := tn.browser().logIn("ann").enrollOTP()
	tn.later(time.Minute)
	b := tn.browser().logIn("ann").at("/u/mfa-otp-challenge")
	tn.manage(http.MethodPatch, "users/auth0%7Cann", object{"blocked": true})
	b.send("code", tn.code(key), "action", "default")
	if b.left == nil || b.left.Query().Get("error") != "unauthorized" {
		t.Errorf("the browser of a user who is blocked is at %v: %s", b.left, b.page.Body)
	}
	tn.manage(http.MethodPatch, "users/auth0%7Cann", object{"blocked": false})
	tn.browser().logIn("ann").at("/u/mfa-otp-challenge").send("code", tn.code(key), "action", "default").done() // the code was not taken
}

func TestARememberedBrowser(t *testing.T) {
	tn := start(t, "otp")
	key := tn.browser().logIn("ann").enrollOTP()
	bobs := tn.browser().logIn("bob").enrollOTP()
	tn.later(time.Minute)
	b := tn.browser().logIn("ann").at("/u/mfa-otp-challenge")
	b.send("code", tn.code(key), "rememberBrowser", "true", "action", "default").done()
	again := func() *browser { return b.logIn("ann", "prompt", "login") }
	claims := again().done()
	if claims["amr"] != nil {
		t.Errorf("without a further factor the token has %v", claims)
	}
	// Only for this user, and not if the application requires the factor.
	b.logIn("bob", "prompt", "login").at("/u/mfa-otp-challenge").send("code", tn.code(bobs), "action", "default").done()
	again().done()
	b.ask("acr_values", multiFactor).at("/u/mfa-otp-challenge")
	if strings.Contains(b.page.Body, "rememberBrowser") {
		t.Errorf("the page of a step-up offers to remember the browser")
	}
	// Until the Management API invalidates it, or 30 days have passed.
	tn.manage(http.MethodPost, "users/auth0%7Cann/multifactor/actions/invalidate-remember-browser", nil)
	again().at("/u/mfa-otp-challenge")
	tn.later(time.Minute)
	b.send("code", tn.code(key), "rememberBrowser", "on", "action", "default").done()
	tn.later(29 * 24 * time.Hour)
	again().done()
	tn.later(24 * time.Hour)
	again().at("/u/mfa-otp-challenge")
	tn.later(time.Minute)
	b.send("code", tn.code(key), "action", "default").done() // and is not where the user did not say so
	again().at("/u/mfa-otp-challenge")
}

func TestSteppingUp(t *testing.T) {
	tn := start(t, "otp")
	tn.manage(http.MethodPut, "guardian/policies", []string{})
	b := tn.browser().logIn("ann")
	if claims := b.done(); claims["amr"] != nil || claims["acr"] != nil {
		t.Errorf("without a further factor the token has %v", claims)
	}
	diff(t, "methods", tn.methods("ann"), []string{"pwd"})
	if q := b.ask("acr_values", multiFactor, "prompt", "none").left.Query(); q.Get("error") != "login_required" {
		t.Errorf("silently: %v", q)
	}
	key := b.ask("acr_values", "something "+multiFactor).enrollOTP()
	tokens, claims := b.tokens()
	diff(t, "amr", claims["amr"], any([]any{"mfa"}))
	diff(t, "methods", tn.methods("ann"), []string{"pwd", "mfa otp"})
	status, refreshed := tn.Token(b.client, url.Values{"grant_type": {"refresh_token"}, "client_id": {"app"}, "refresh_token": {tokens["refresh_token"].(string)}})
	if claims := tn.claims(refreshed["id_token"]); status != 200 || claims["amr"] != nil || claims["acr"] != nil {
		t.Errorf("a refreshed token: %d %v", status, claims)
	}
	if claims := b.ask().done(); claims["amr"] != nil {
		t.Errorf("a login of the session: %v", claims)
	}
	// It is asked for each time, and a proof in one login does not count in another.
	one := b.ask("acr_values", multiFactor).at("/u/mfa-otp-challenge").page
	b.ask("acr_values", multiFactor).at("/u/mfa-otp-challenge")
	tn.later(time.Minute)
	b.send("code", tn.code(key), "action", "default").done()
	b.page = one
	b.send("code", tn.code(key), "action", "default").refused("invalid-code", "invalid")
	b.left, b.page = tn.Visit(b.client, tn.URL+"authorize/resume?"+one.URL.RawQuery)
	b.at("/u/mfa-otp-challenge")
	diff(t, "methods", tn.methods("ann"), []string{"pwd", "mfa otp", "mfa otp"})
	// max_age and auth_time count from the password.
	tn.later(time.Hour)
	claims = b.ask("acr_values", multiFactor, "max_age", "100000").at("/u/mfa-otp-challenge").send("code", tn.code(key), "action", "default").done()
	if at := time.Unix(int64(claims["auth_time"].(float64)), 0); !at.Equal(time.Date(2027, 3, 1, 12, 0, 0, 0, time.UTC)) {
		t.Errorf("auth_time is %v", at)
	}
}

func TestThePolicyDecides(t *testing.T) {
	tn := start(t, "otp")
	tn.browser().logIn("ann").at("/u/mfa-otp-enrollment-qr")
	for _, policies := range [][]string{{}, {"confidence-score"}} {
		tn.manage(http.MethodPut, "guardian/policies", policies)
		tn.browser().logIn("ann").done()
	}
	tn.manage(http.MethodPut, "guardian/policies", []string{"all-applications"})
	b := tn.browser().logIn("ann").at("/u/mfa-otp-enrollment-qr")
	tn.manage(http.MethodPut, "guardian/factors/otp", object{"enabled": false})
	b.send("code", "123456", "action", "default").done() // nothing is asked for any more
	tn.manage(http.MethodPut, "guardian/factors/email", object{"enabled": true})
	tn.browser().logIn("bob").at("/u/mfa-email-challenge")
	status, answer := tn.Manage(tn.Client(), http.MethodPatch, "users/auth0%7Cbob", object{"blocked": true})
	if status != 200 {
		t.Fatal(answer)
	}
}

func TestPasswordsAreNotGuessed(t *testing.T) {
	tn := start(t, "otp")
	key := tn.browser().logIn("ann").enrollOTP()
	tn.later(time.Minute)
	b := tn.browser().logIn("ann").at("/u/mfa-otp-challenge")
	for range 10 {
		tn.wrong(b, key)
	}
	b.send("code", tn.code(key), "action", "default").refused("too-many-failures", "Too many failed codes. Wait for some minutes before retrying.")
	// A new login or another browser gives no further attempts.
	other := tn.browser().logIn("ann").at("/u/mfa-otp-challenge")
	other.send("code", tn.code(key), "action", "default").refused("too-many-failures", "Too many failed codes.")
	tn.logged("gd_otp_rate_limit_exceed")
	tn.later(6 * time.Minute)
	b.send("code", tn.code(key), "action", "default").done()
}
