package federation_test

import (
	"net/http"
	"net/url"
	"slices"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"

	"github.com/tenant0/tenant0/server/servertest"
)

const file = `
clients:
  - {name: app, client_id: app, app_type: native, token_endpoint_auth_method: none, callbacks: ["https://app.example.com/callback"],
     allowed_logout_urls: ["https://app.example.com/out"], grant_types: [authorization_code]}
  - {name: only, client_id: only, app_type: native, token_endpoint_auth_method: none, callbacks: ["https://app.example.com/callback"], grant_types: [authorization_code]}
  - {name: org, client_id: org, app_type: native, token_endpoint_auth_method: none, callbacks: ["https://app.example.com/callback"], grant_types: [authorization_code],
     organization_usage: allow}
  - {name: management, client_id: Tenant0ManagementClient000000001, client_secret: tenant0-management-secret-for-development-only,
     app_type: non_interactive, grant_types: [client_credentials]}
clientGrants:
  - {client_id: management, audience: "${issuer}api/v2/", allow_all_scopes: true}
databases:
  - {name: people, strategy: auth0, enabled_clients: [app]}
connections:
  - {name: google-oauth2, strategy: google-oauth2, enabled_clients: [app, org],
     options: {client_id: at-google, scope: [email, profile], upstream_params: {screen: {alias: screen_hint}, hd: {value: example.com}}}}
  - {name: github, strategy: github, enabled_clients: [app], options: {set_user_root_attributes: on_first_login}}
  - {name: closed, strategy: facebook, enabled_clients: [app], options: {disable_signup: true}}
  - {name: off, strategy: line, enabled_clients: [app], authentication: {active: false}}
  - {name: unused, strategy: apple, enabled_clients: []}
  - {name: corp, strategy: waad, enabled_clients: [app, only], display_name: The Corp, options: {tenant_domain: corp.example, domain_aliases: [corp.test], ext_groups: true}}
  - {name: shown, strategy: okta, enabled_clients: [app, org], show_as_button: true, display_name: Shown}
  - {name: workspace, strategy: google-apps, enabled_clients: [app], options: {tenant_domain: work.example}}
  - {name: saml, strategy: samlp, enabled_clients: [app], options: {non_persistent_attrs: [shoe_size]}}
organizations:
  - {name: acme, display_name: Acme, connections: [{name: google-oauth2, assign_membership_on_login: true}, {name: shown, show_as_button: false}]}
users:
  - {user_id: "auth0|ann", email: ann@example.com, password: a password of ann, connection: people}
prompts: {identifier_first: false}
`

type object = map[string]any

type tenant struct {
	*servertest.Server
	browser *http.Client
	t       *testing.T
}

func start(t *testing.T, change ...func(string) string) tenant {
	t.Helper()
	seed := file
	for _, c := range change {
		seed = c(seed)
	}
	s := servertest.Start(t, servertest.Seed(seed))
	return tenant{s, s.Client(), t}
}

// login returns an authorization request of the application app, with parameters in pairs of name and value.
func login(params ...string) servertest.Login {
	l := servertest.Login{ClientID: "app", RedirectURI: "https://app.example.com/callback", Params: url.Values{"audience": {""}, "scope": {"openid profile email"}}}
	for i := 0; i < len(params); i += 2 {
		if params[i] == "client_id" {
			l.ClientID = params[i+1]
			continue
		}
		l.Params.Set(params[i], params[i+1])
	}
	return l
}

// come begins a login and returns the page that it leads to, or the address outside the tenant.
func (tn tenant) come(params ...string) (*url.URL, servertest.Page) {
	tn.t.Helper()
	target, _ := tn.AuthorizeURL(login(params...))
	return tn.Visit(tn.browser, target)
}

// simulation begins a login that leads to the page of a simulated provider, and returns the page.
func (tn tenant) simulation(params ...string) servertest.Page {
	tn.t.Helper()
	left, page := tn.come(params...)
	if left != nil || !strings.HasPrefix(page.URL.Path, "/simulated/") || !strings.Contains(page.Body, "<strong>Simulation.</strong>") {
		tn.t.Fatalf("the login leads to %v and %s", left, page.Body)
	}
	return page
}

// press sends a form of a simulated provider's page, with fields in pairs of name and value.
func (tn tenant) press(page servertest.Page, fields ...string) (*url.URL, servertest.Page) {
	tn.t.Helper()
	form := url.Values{}
	for i := 0; i < len(fields); i += 2 {
		form.Set(fields[i], fields[i+1])
	}
	return tn.Submit(tn.browser, page, form)
}

// claims goes through a login that needs no click, and returns the claims of its ID token.
func (tn tenant) claims(l servertest.Login) object {
	tn.t.Helper()
	answer := tn.Exchange(tn.browser, tn.Login(tn.browser, l))
	return payload(tn.t, answer["id_token"].(string))
}

// user reads a user of the tenant by the Management API.
func (tn tenant) user(id string) object {
	tn.t.Helper()
	status, user := tn.Manage(tn.browser, http.MethodGet, "users/"+url.PathEscape(id), nil)
	if status != http.StatusOK {
		tn.t.Fatalf("user %s: %d %v", id, status, user)
	}
	return user.(object)
}

func (tn tenant) hasError(left *url.URL, code, description string) {
	tn.t.Helper()
	if left == nil || left.Query().Get("error") != code || left.Query().Get("error_description") != description || !strings.HasPrefix(left.String(), "https://app.example.com/callback?") {
		tn.t.Errorf("the application was told %v, want %s: %s", left, code, description)
	}
}

func diff(t *testing.T, what string, got, want any) {
	t.Helper()
	if d := cmp.Diff(want, got); d != "" {
		t.Errorf("%s (-want +got):\n%s", what, d)
	}
}

// TestTheButtonsOfTheLoginPage: social connections have a button, directories only if their settings say so, and
// each button leads to its provider.
func TestTheButtonsOfTheLoginPage(t *testing.T) {
	tn := start(t)
	for _, hint := range []string{"", "signup"} {
		_, page := tn.come("screen_hint", hint)
		var keys []string
		for _, part := range strings.Split(page.Body, `<form method="POST" data-provider="`)[1:] {
			key, _, _ := strings.Cut(part, `"`)
			keys = append(keys, key)
		}
		diff(t, "buttons with screen_hint "+hint, keys, []string{"facebook", "github", "google", "okta"})
		form := page.Form()
		form.Set("connection", "github")
		left, next := tn.Submit(tn.browser, page, form)
		if left != nil || next.URL.Path != "/simulated/github/authorize" || !strings.Contains(next.Body, "Who logs in at GitHub?") {
			t.Errorf("the button leads to %v %s", left, next.Body)
		}
		for _, other := range []string{"unused", "off", "nothing"} {
			form.Set("connection", other)
			if left, next := tn.Submit(tn.browser, page, form); left != nil || !strings.Contains(next.Body, "the connection was not found") {
				t.Errorf("the connection %s leads to %v %s", other, left, next.Body)
			}
		}
	}
	if _, page := tn.come("client_id", "org", "organization", organization(tn)); strings.Contains(page.Body, "Shown") || !strings.Contains(page.Body, "Continue with Google") {
		t.Errorf("the organization's page is %s", page.Body)
	}
}

func organization(tn tenant) string {
	_, org := tn.Manage(tn.browser, http.MethodGet, "organizations/name/acme", nil)
	return org.(object)["id"].(string)
}

// TestAPersonIsChosen by a click on the simulated provider's page, and is stored as a user from then on.
func TestAPersonIsChosen(t *testing.T) {
	tn := start(t)
	page := tn.simulation("connection", "google-oauth2", "screen_hint", "signup", "connection_scope", "calendar email")
	sent := page.URL.Query()
	for name, want := range map[string]string{
		"client_id": "at-google", "redirect_uri": tn.URL + "login/callback", "response_type": "code", "scope": "email profile calendar",
		"screen": "signup", "hd": "example.com", "login_hint": "",
	} {
		diff(t, name, sent.Get(name), want)
	}
	_, id, found := strings.Cut(page.Body, `name="person" value="`)
	id, _, _ = strings.Cut(id, `"`)
	if !found || len(id) != 21 || strings.Trim(id, "0123456789") != "" {
		t.Fatalf("the first person is called %q", id)
	}
	left, _ := tn.press(page, "person", id)
	if left == nil || left.Query().Get("code") == "" {
		t.Fatalf("the choice leads to %v", left)
	}
	user := tn.user("google-oauth2|" + id)
	for name, want := range (object{
		"email": "ada@example.com", "email_verified": true, "name": "Ada Lovelace", "given_name": "Ada", "family_name": "Lovelace", "nickname": "ada",
		"logins_count": 1.0,
	}) {
		diff(t, name, user[name], want)
	}
	if picture, _ := user["picture"].(string); !strings.HasPrefix(picture, "https://s.gravatar.com/avatar/") {
		t.Errorf("the picture is %s", picture)
	}
	var logged []string
	_, logs := tn.Manage(tn.browser, http.MethodGet, "logs?q=type:s", nil)
	for _, e := range logs.([]any) {
		logged = append(logged, e.(object)["connection"].(string)+" "+e.(object)["user_id"].(string))
	}
	diff(t, "logged", logged, []string{"google-oauth2 google-oauth2|" + id})
}

// TestAPersonIsMade on the simulated provider's page, with a profile and groups, and changed at the next login.
func TestAPersonIsMade(t *testing.T) {
	tn := start(t)
	page := tn.simulation("connection", "corp", "login_hint", "eve@corp.example")
	if !strings.Contains(page.Body, `value="eve@corp.example"`) {
		t.Error("the form does not have the address that was given")
	}
	deep := `{"a":` + strings.Repeat("[", 90) + strings.Repeat("]", 90) + "}"
	if left, again := tn.press(page, "action", "save", "id", "7", "email", "eve@corp.example", "more", deep); left != nil || again.Status != 400 || !strings.Contains(again.Body, "at most 90 lists and objects") {
		t.Errorf("a profile that is deep: %v %d %s", left, again.Status, again.Body)
	}
	if left, again := tn.press(page, "action", "save", "id", "7", "email", "eve@corp.example", "more", "["); left != nil || again.Status != 400 || !strings.Contains(again.Body, "must be a JSON object") {
		t.Errorf("further members that are no object lead to %v %s", left, again.Body)
	}
	left, _ := tn.press(page, "action", "save", "id", "7", "email", "Eve@corp.example", "given_name", "Eve", "family_name", "Moneypenny",
		"groups", "Staff\r\nSales, Legal\n", "more", `{"department": "Sales", "user_id": "auth0|ann", "app_metadata": {"admin": true}, "blocked": true}`, "email_verified", "true")
	if left == nil || left.Query().Get("code") == "" {
		t.Fatalf("the choice leads to %v", left)
	}
	user := tn.user("waad|7")
	for name, want := range (object{
		"email": "eve@corp.example", "email_verified": false, "name": "Eve Moneypenny", "groups": []any{"Staff", "Sales", "Legal"}, "department": "Sales",
		"upn": "Eve@corp.example", "oid": "7", "app_metadata": nil, "blocked": nil,
		"identities": []any{object{"provider": "waad", "user_id": "7", "connection": "corp", "isSocial": false}},
	}) {
		if name == "upn" {
			want = strings.ToLower(want.(string))
			user[name] = strings.ToLower(user[name].(string))
		}
		diff(t, name, withoutTokens(user[name]), want)
	}
	if claims := tn.claims(login("connection", "corp", "login_hint", "eve@corp.example", "prompt", "login")); claims["sub"] != "waad|7" || claims["name"] != "Eve Moneypenny" {
		t.Errorf("by the hint logs in %v", claims)
	}
	_, edit := tn.Visit(tn.browser, tn.simulation("connection", "corp", "prompt", "login").URL.String()+"&edit=7")
	if !strings.Contains(edit.Body, "Change Eve Moneypenny") || !strings.Contains(edit.Body, "Staff\nSales\nLegal") || !strings.Contains(edit.Body, "department") {
		t.Errorf("the form shows %s", edit.Body)
	}
	tn.press(edit, "action", "save", "id", "7", "email", "eve@corp.example", "name", "Eve Bond")
	if user := tn.user("waad|7"); user["name"] != "Eve Bond" || user["logins_count"] != 3.0 {
		t.Errorf("after the change the user is %v", user)
	}
}

func withoutTokens(identities any) any {
	list, _ := identities.([]any)
	for _, one := range list {
		if o, ok := one.(object); ok {
			delete(o, "access_token")
			delete(o, "expires_in")
		}
	}
	return identities
}

// TestWhatAProviderRefuses: the application gets the error in the provider's words, and the user can
// log in again.
func TestWhatAProviderRefuses(t *testing.T) {
	tn := start(t)
	page := tn.simulation("connection", "google-oauth2")
	left, _ := tn.press(page, "action", "deny")
	tn.hasError(left, "access_denied", "access_denied")
	if _, stale := tn.press(page, "action", "deny"); !strings.Contains(stale.Body, "You may have pressed the back button") {
		t.Errorf("a second answer leads to %s", stale.Body)
	}
	left, _ = tn.press(tn.simulation("connection", "github"), "action", "deny")
	tn.hasError(left, "access_denied", "The user has denied your application access.")
	left, _ = tn.press(tn.simulation("connection", "github"), "action", "fail")
	tn.hasError(left, "server_error", "The simulated identity provider has failed, as it was told to.")
	tn.Choose("closed", "allow", "")
	left, _ = tn.come("connection", "closed")
	tn.hasError(left, "access_denied", "Public signup is disabled")

	_, form := tn.come()
	choice := form.Form()
	choice.Set("connection", "google-oauth2")
	_, provider := tn.Submit(tn.browser, form, choice)
	left, _ = tn.press(provider, "action", "deny")
	tn.hasError(left, "access_denied", "access_denied")
	_, provider = tn.Submit(tn.browser, form, choice)
	if left, _ = tn.press(provider, "person", "ada@example.com"); left == nil || left.Query().Get("code") == "" {
		t.Errorf("another try of the same login leads to %v", left)
	}
	var logged []string
	_, logs := tn.Manage(tn.browser, http.MethodGet, "logs?q=type:f", nil)
	for _, e := range logs.([]any) {
		logged = append(logged, e.(object)["description"].(string))
	}
	slices.Sort(logged)
	diff(t, "logged", logged, []string{
		"Public signup is disabled", "The simulated identity provider has failed, as it was told to.", "The user has denied your application access.", "access_denied", "access_denied",
	})
}

// TestAChoiceBeforehand by the control listener, for every login or for the next one, replaces the click.
func TestAChoiceBeforehand(t *testing.T) {
	tn := start(t)
	tn.Person("github", "12", object{"email": "octo@example.com", "email_verified": true, "nickname": "octo", "name": "Octo Cat"})
	tn.Choose("github", "allow", "octo@example.com")
	if claims := tn.claims(login("connection", "github")); claims["sub"] != "github|12" || claims["nickname"] != "octo" {
		t.Errorf("logged in is %v", claims)
	}
	tn.Choose("github", "without_email", "12")
	tn.Person("github", "12", object{"email": "octo@example.com", "name": "Another Name"})
	if claims := tn.claims(login("connection", "github", "prompt", "login")); claims["email"] != "octo@example.com" || claims["name"] != "Octo Cat" {
		t.Errorf("a connection that reads profiles at the first login alone changes them to %v", claims)
	}
	tn.Person("google-oauth2", "13", object{"email": "new@example.com", "name": "New"})
	tn.Choose("google-oauth2", "without_email", "13")
	if claims := tn.claims(login("connection", "google-oauth2")); claims["email"] != nil || claims["sub"] != "google-oauth2|13" {
		t.Errorf("without an address logs in %v", claims)
	}
	tn.Choose("google-oauth2", "deny", "")
	left, _ := tn.come("connection", "google-oauth2", "prompt", "login")
	tn.hasError(left, "access_denied", "access_denied")
	tn.Reset()
	tn.simulation("connection", "github")
}

// TestDirectoriesByTheirDomains: an e-mail address leads to the directory that has its domain.
func TestDirectoriesByTheirDomains(t *testing.T) {
	tn := start(t, func(s string) string {
		return strings.Replace(s, "identifier_first: false", "identifier_first: true", 1)
	})
	_, page := tn.come()
	if page.URL.Path != "/u/login/identifier" || strings.Contains(page.Body, "The Corp") || !strings.Contains(page.Body, "Continue with Shown") {
		t.Fatalf("the first page is %s", page.Body)
	}
	form := page.Form()
	form.Set("username", "someone@CORP.test")
	if left, next := tn.Submit(tn.browser, page, form); left != nil || next.URL.Path != "/simulated/corp/authorize" || next.URL.Query().Get("login_hint") != "someone@CORP.test" {
		t.Errorf("the address leads to %v %v", left, next.URL)
	}
	form.Set("username", "ann@example.com")
	if _, next := tn.Submit(tn.browser, page, form); next.URL.Path != "/u/login/password" {
		t.Errorf("another address leads to %v", next.URL)
	}
	// If an application's only connection is a directory, there is no page before it.
	if page := tn.simulation("client_id", "only"); page.URL.Path != "/simulated/corp/authorize" {
		t.Errorf("the login leads to %v", page.URL)
	}
}

// TestTheIdsOfUsers: the strategy decides how a user_id is formed.
func TestTheIdsOfUsers(t *testing.T) {
	tn := start(t)
	for _, tt := range []struct{ connection, id, want string }{
		{"google-oauth2", "1081", "google-oauth2|1081"},
		{"github", "1", "github|1"},
		{"shown", "00u1", "okta|shown|00u1"},
		{"saml", "sam@example.com", "samlp|saml|sam@example.com"},
		{"workspace", "joe@work.example", "google-apps|joe@work.example"},
		{"corp", "abc", "waad|abc"},
	} {
		tn.Person(tt.connection, tt.id, object{"email": "joe@work.example", "email_verified": true, "shoe_size": 44})
		tn.Choose(tt.connection, "allow", tt.id)
		if sub := tn.claims(login("connection", tt.connection))["sub"]; sub != tt.want {
			t.Errorf("%s calls the user %v, want %s", tt.connection, sub, tt.want)
		}
	}
	if size, there := tn.user("samlp|saml|sam@example.com")["shoe_size"]; there {
		t.Errorf("an attribute that is not to be kept is %v", size)
	}
	// The domain belongs to a directory, so only that directory may say that the address is verified.
	for id, want := range map[string]bool{"google-oauth2|1081": false, "okta|shown|00u1": false, "google-apps|joe@work.example": true} {
		diff(t, id, tn.user(id)["email_verified"], any(want))
	}
	tn.Person("workspace", "eve@other.example", object{"email": "eve@other.example"})
	tn.Choose("workspace", "allow", "eve@other.example")
	left, _ := tn.come("connection", "workspace", "prompt", "login")
	tn.hasError(left, "access_denied", "The account is of another domain than the connection")
}

// TestStolenAnswers: a state and a code work once, and only in their browser and their login.
func TestStolenAnswers(t *testing.T) {
	tn := start(t)
	page := tn.simulation("connection", "google-oauth2")
	state := page.URL.Query().Get("state")
	answer := func(browser *http.Client, query string) string {
		left, page := tn.Visit(browser, tn.URL+"login/callback?"+query)
		if left != nil {
			return left.Query().Get("error") + left.Query().Get("code")
		}
		return page.Body
	}
	for name, tt := range map[string]struct {
		browser *http.Client
		query   string
		want    string
	}{
		"no state":         {tn.browser, "code=x", "Missing required parameter: state"},
		"a state of none":  {tn.browser, "code=x&state=y", "You may have pressed the back button"},
		"another browser":  {tn.Client(), "code=x&state=" + state, "another browser"},
		"the page's state": {tn.browser, "code=x&state=" + pageState(tn), "You may have pressed the back button"},
	} {
		if got := answer(tt.browser, tt.query); !strings.Contains(got, tt.want) {
			t.Errorf("%s: %s", name, got)
		}
	}
	if got := answer(tn.browser, "code=made-up&state="+state); got != "invalid_request" {
		t.Errorf("a code that was made up is answered with %s", got)
	}
	first, second := tn.simulation("connection", "google-oauth2"), tn.simulation("connection", "google-oauth2")
	code := tn.codeOf(second)
	if got := answer(tn.browser, "code="+code+"&state="+first.URL.Query().Get("state")); got != "invalid_request" {
		t.Errorf("a code of another login is answered with %s", got)
	}
	third := tn.simulation("connection", "google-oauth2")
	tn.codeOf(third)
	if got := answer(tn.browser, "code="+code+"&state="+third.URL.Query().Get("state")); got != "invalid_request" {
		t.Errorf("a code of another login, in place of its own, is answered with %s", got)
	}
	query := "code=" + code + "&state=" + second.URL.Query().Get("state")
	if got := answer(tn.browser, query); got == "" || strings.Contains(got, "<") {
		t.Fatalf("the right answer leads to %s", got)
	}
	if got := answer(tn.browser, query); !strings.Contains(got, "You may have pressed the back button") {
		t.Errorf("an answer a second time leads to %s", got)
	}
}

// codeOf chooses a person on the simulated provider's page and returns the code, without sending the browser back.
func (tn tenant) codeOf(page servertest.Page) string {
	tn.t.Helper()
	stay := *tn.browser
	stay.CheckRedirect = func(*http.Request, []*http.Request) error { return http.ErrUseLastResponse }
	resp, err := stay.PostForm(page.URL.String(), url.Values{"person": {"ada@example.com"}})
	if err != nil {
		tn.t.Fatal(err)
	}
	defer resp.Body.Close()
	back, err := resp.Location()
	if err != nil {
		tn.t.Fatal(err)
	}
	return back.Query().Get("code")
}

func pageState(tn tenant) string {
	_, page := tn.come()
	return page.URL.Query().Get("state")
}

// TestTheFormOfTheProvider refuses posts from other sites.
func TestTheFormOfTheProvider(t *testing.T) {
	tn := start(t)
	page := tn.simulation("connection", "google-oauth2")
	rq, err := http.NewRequestWithContext(t.Context(), http.MethodPost, page.URL.String(), strings.NewReader("person=ada@example.com"))
	if err != nil {
		t.Fatal(err)
	}
	rq.Header.Set("Content-Type", "application/x-www-form-urlencoded")
	rq.Header.Set("Origin", "https://evil.example")
	resp, err := tn.browser.Do(rq)
	if err != nil {
		t.Fatal(err)
	}
	resp.Body.Close()
	if resp.StatusCode != http.StatusForbidden {
		t.Errorf("a form of another site is answered with %s", resp.Status)
	}
	other := strings.Replace(page.URL.String(), "/simulated/google-oauth2/", "/simulated/github/", 1)
	if left, next := tn.Visit(tn.browser, other); left != nil || !strings.Contains(next.Body, "the connection was not found") {
		t.Errorf("the page of another provider leads to %v %s", left, next.Body)
	}
	for _, fields := range [][]string{{"person", "nobody"}, {"action", "dance"}} {
		if _, next := tn.press(page, fields...); !strings.Contains(next.Body, "Invalid action") {
			t.Errorf("%v leads to %s", fields, next.Body)
		}
	}
}
