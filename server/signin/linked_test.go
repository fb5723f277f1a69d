package signin_test

import (
	"encoding/base64"
	"encoding/json"
	"fmt"
	"net/http"
	"net/url"
	"strings"
	"testing"

	"github.com/tenant0/tenant0/server/outbox"
	"github.com/tenant0/tenant0/server/servertest"
)

const (
	realmGrant = "http://auth0.com/oauth/grant-type/password-realm"
	otpGrant   = "http://auth0.com/oauth/grant-type/passwordless/otp"
	ada        = "google-oauth2|ada"
	beaSecret  = "a password of bea"
)

// linkedFile is a tenant whose user ada logs in with Google. bea, dot and the codes by e-mail are for her to link.
const linkedFile = `
clients:
  - {name: app, client_id: app, app_type: regular_web, client_secret: the secret of the app, callbacks: ["https://app.example.com/callback"],
     grant_types: [authorization_code, "` + realmGrant + `", "` + otpGrant + `"]}
  - {name: manager, client_id: Tenant0ManagementClient000000001, client_secret: tenant0-management-secret-for-development-only, app_type: non_interactive}
clientGrants:
  - {client_id: manager, audience: "${issuer}api/v2/", allow_all_scopes: true}
databases:
  - {name: db, strategy: auth0, enabled_clients: [app], options: {requires_username: true}}
  - {name: rival, strategy: auth0, enabled_clients: [app]}
  - {name: coded, strategy: auth0, enabled_clients: [app], options: {attributes: {email: {
      identifier: {active: true}, profile_required: true, verification_method: code, signup: {status: required, verification: {active: true}}}}}}
connections:
  - {name: google-oauth2, strategy: google-oauth2, enabled_clients: [app]}
  - {name: email, strategy: email, enabled_clients: [app]}
attackProtection:
  suspiciousIpThrottling: {enabled: false}
  bruteForceProtection: {enabled: true, shields: [block], mode: count_per_identifier_and_ip, max_attempts: 3, allowlist: []}
`

const linkedUsers = `
users:
  - {user_id: "google-oauth2|ada", connection: google-oauth2, email: ada@own.example, user_metadata: {kept: "yes"}}
  - {user_id: "auth0|bea", connection: db, email: bea@example.com, username: bea, password: ` + beaSecret + `, user_metadata: {lost: "yes"}}
  - {user_id: "auth0|cyd", connection: db, email: cyd@example.com, username: cyd, password: a password of cyd}
  - {user_id: "auth0|twin", connection: rival, email: bea@example.com, password: a password of twin}
  - {user_id: "auth0|dot", connection: rival, email: dot@example.com, password: a password of dot}
  - {user_id: "email|eve", connection: email, email: eve@example.com}
  - {user_id: "auth0|fox", connection: coded, email: fox@example.com, password: a password of fox}
`

// linking is a tenant in which accounts are linked.
type linking struct {
	*servertest.Server
	t *testing.T
}

func linkable(t *testing.T) linking {
	t.Helper()
	return linking{servertest.Start(t, servertest.Seed(linkedFile+linkedUsers), servertest.HTTP()), t}
}

// do calls the Management API, and fails the test for another status.
func (l linking) do(status int, method, path string, body any) any {
	l.t.Helper()
	got, answer := l.Manage(l.Client(), method, path, body)
	if got != status {
		l.t.Fatalf("%s %s: %d %v, want %d", method, path, got, answer, status)
	}
	return answer
}

func at(id string) string { return "users/" + url.PathEscape(id) }

func (l linking) link(primary, provider, local string) {
	l.t.Helper()
	l.do(http.StatusCreated, http.MethodPost, at(primary)+"/identities", map[string]any{"provider": provider, "user_id": local})
}

// subject logs in by a password, and returns whom the ID token is for, or the error.
func (l linking) subject(realm, name, password string) string {
	l.t.Helper()
	_, body := l.Token(l.Client(), url.Values{
		"grant_type": {realmGrant}, "client_id": {"app"}, "client_secret": {"the secret of the app"}, "realm": {realm},
		"username": {name}, "password": {password}, "scope": {"openid email"},
	})
	return l.whom(body)
}

func (l linking) whom(body map[string]any) string {
	l.t.Helper()
	if body["id_token"] == nil {
		return fmt.Sprint(body["error"])
	}
	return fmt.Sprint(l.claims(body)["sub"])
}

// claims are those of the ID token in an answer of the token endpoint.
func (l linking) claims(body map[string]any) (claims map[string]any) {
	l.t.Helper()
	token, _ := body["id_token"].(string)
	parts := strings.Split(token, ".")
	raw, err := base64.RawURLEncoding.DecodeString(parts[min(1, len(parts)-1)])
	if err == nil {
		err = json.Unmarshal(raw, &claims)
	}
	if err != nil {
		l.t.Fatalf("%v: %v", body, err)
	}
	return claims
}

// expect checks who logs in by a password: the id of a user, or an error.
func (l linking) expect(want, realm, name, password string) {
	l.t.Helper()
	if got := l.subject(realm, name, password); got != want {
		l.t.Errorf("%s with %q at %s is %s, want %s", name, password, realm, got, want)
	}
}

// link of the message to an address.
func (l linking) linkOf(to, kind string) string {
	l.t.Helper()
	return l.WaitForMessage(to, kind).Link
}

// choose sets a new password by the link of a message or a ticket.
func (l linking) choose(link, password string) {
	l.t.Helper()
	browser := l.Client()
	_, page := l.Visit(browser, link)
	form := page.Form()
	form.Set("password-reset", password)
	form.Set("re-enter-password", password)
	if _, page = l.Submit(browser, page, form); page.Status != http.StatusOK || !strings.Contains(page.URL.Path, "success") {
		l.t.Fatalf("%s leads to %v %d %s", link, page.URL, page.Status, page.Body)
	}
}

const refused = "invalid_grant"

// TestALinkedAccountOpensItsUserOnly: with the password of a linked account, people log in as the user whom it is
// linked to, at the account's own connection and by its own identifiers, and by nothing else.
func TestALinkedAccountOpensItsUserOnly(t *testing.T) {
	l := linkable(t)
	l.link(ada, "auth0", "bea")
	l.expect(ada, "db", "bea@example.com", beaSecret)
	l.expect(ada, "db", "BEA@example.com", beaSecret)
	l.expect(ada, "db", "bea", beaSecret)
	l.expect("auth0|twin", "rival", "bea@example.com", "a password of twin")
	for _, wrong := range [][3]string{
		{"rival", "bea@example.com", beaSecret},
		{"db", "bea@example.com", "a password of twin"},
		{"db", "ada@own.example", beaSecret},
		{"rival", "bea", beaSecret},
		{"db", "cyd@example.com", beaSecret},
		{"db", "bea@example.com", "a password of cyd"},
		{"db", "auth0|bea", beaSecret},
	} {
		l.expect(refused, wrong[0], wrong[1], wrong[2])
	}
	// The user of one database has another account there: the passwords of the two do not open each other.
	l.link("auth0|cyd", "auth0", "dot")
	l.expect("auth0|cyd", "rival", "dot@example.com", "a password of dot")
	l.expect("auth0|cyd", "db", "cyd@example.com", "a password of cyd")
	l.expect(refused, "rival", "dot@example.com", "a password of cyd")
	l.expect(refused, "db", "cyd@example.com", "a password of dot")

	result := l.Login(l.Client(), servertest.Login{
		ClientID: "app", RedirectURI: "https://app.example.com/callback", Username: "bea@example.com", Password: beaSecret,
		Params: url.Values{"scope": {"openid email"}, "audience": {""}},
	})
	form := result.Form()
	form.Set("client_secret", "the secret of the app")
	_, tokens := l.Token(l.Client(), form)
	claims := l.claims(tokens)
	if claims["sub"] != ada || claims["email"] != "ada@own.example" {
		t.Errorf("on the login page, the linked account is %v", claims)
	}
	user := l.do(http.StatusOK, http.MethodGet, at(ada), nil).(map[string]any)
	if user["logins_count"] != 4.0 || user["last_login"] == nil {
		t.Errorf("the user has logged in %v times, the last at %v", user["logins_count"], user["last_login"])
	}
	l.do(http.StatusOK, http.MethodPatch, at(ada), map[string]any{"blocked": true})
	l.expect("unauthorized", "db", "bea@example.com", beaSecret)
}

// TestTheIdentifiersOfALinkedAccountAreTaken at its connection, and free at others.
func TestTheIdentifiersOfALinkedAccountAreTaken(t *testing.T) {
	l := linkable(t)
	l.link(ada, "auth0", "bea")
	l.link("auth0|cyd", "auth0", "dot")
	for _, tt := range []struct {
		status      int
		email, name string
	}{{400, "bea@example.com", "new"}, {400, "new@example.com", "bea"}, {200, "new@example.com", "new"}} {
		body := map[string]any{"client_id": "app", "connection": "db", "email": tt.email, "username": tt.name, "password": "Abc123!!xyz"}
		if status, answer := post(t, l.Server, "dbconnections/signup", body); status != tt.status {
			t.Errorf("the sign-up of %s %s: %d %v", tt.email, tt.name, status, answer)
		}
	}
	made := map[string]any{"connection": "db", "email": "bea@example.com", "username": "other", "password": "Abc123!!xyz"}
	l.do(http.StatusConflict, http.MethodPost, "users", made)
	made["email"], made["user_id"] = "another@example.com", "bea"
	l.do(http.StatusConflict, http.MethodPost, "users", made)
	l.do(http.StatusConflict, http.MethodPatch, at("auth0|cyd"), map[string]any{"email": "bea@example.com"})
	l.do(http.StatusConflict, http.MethodPatch, at("auth0|cyd"), map[string]any{"email": "bea@example.com", "connection": "rival"})
	l.do(http.StatusOK, http.MethodPatch, at("auth0|cyd"), map[string]any{"email": "dot@example.com"}) // at db, where nobody has it
	l.link("auth0|twin", "auth0", "cyd")
	l.do(http.StatusConflict, http.MethodPatch, at("auth0|twin"), map[string]any{"email": "dot@example.com"}) // the user's other account at rival
	l.expect(ada, "db", "bea@example.com", beaSecret)
}

// TestWrongPasswordsBlockOneAccount: each account of a user has its own count of wrong passwords.
func TestWrongPasswordsBlockOneAccount(t *testing.T) {
	l := linkable(t)
	l.link("auth0|cyd", "auth0", "dot")
	wrong := func(n int) {
		for range n {
			l.expect(refused, "rival", "dot@example.com", "wrong")
		}
	}
	wrong(2)
	l.expect("auth0|cyd", "db", "cyd@example.com", "a password of cyd") // does not end the count of the other account
	wrong(1)
	l.expect("too_many_attempts", "rival", "dot@example.com", "a password of dot")
	l.expect("auth0|cyd", "db", "cyd@example.com", "a password of cyd")
	blocks := fmt.Sprint(l.do(http.StatusOK, http.MethodGet, "user-blocks/"+url.PathEscape("auth0|cyd"), nil))
	if !strings.Contains(blocks, "dot@example.com") || strings.Contains(blocks, "cyd@example.com") {
		t.Errorf("the blocks of the user are %s", blocks)
	}
	if byAddress := fmt.Sprint(l.do(http.StatusOK, http.MethodGet, "user-blocks?identifier=dot@example.com", nil)); byAddress != blocks {
		t.Errorf("the blocks of the address are %s", byAddress)
	}
	l.do(http.StatusNoContent, http.MethodDelete, "user-blocks?identifier=dot@example.com", nil)
	l.expect("auth0|cyd", "rival", "dot@example.com", "a password of dot")
	wrong(3)
	l.do(http.StatusOK, http.MethodDelete, at("auth0|cyd")+"/identities/auth0/dot", nil)
	l.expect("auth0|dot", "rival", "dot@example.com", "a password of dot") // nobody could lift a block that is counted for another user
}

// TestThePasswordOfALinkedAccountChanges: by the link of an e-mail to the account's own address, by a ticket, and by
// the Management API, and the user's other passwords stay.
func TestThePasswordOfALinkedAccountChanges(t *testing.T) {
	l := linkable(t)
	l.link("auth0|cyd", "auth0", "dot")
	ask := func(connection, email string) {
		t.Helper()
		if status, _ := post(t, l.Server, "dbconnections/change_password", map[string]any{"client_id": "app", "connection": connection, "email": email}); status != 200 {
			t.Fatalf("a new password for %s: %d", email, status)
		}
	}
	changed := func(now, before string) {
		t.Helper()
		l.expect("auth0|cyd", "rival", "dot@example.com", now)
		l.expect(refused, "rival", "dot@example.com", before)
		l.expect("auth0|cyd", "db", "cyd@example.com", "a password of cyd")
		l.expect(refused, "db", "cyd@example.com", now)
	}
	ask("rival", "dot@example.com")
	l.choose(l.linkOf("dot@example.com", outbox.ResetEmail), "Mailed123!!")
	changed("Mailed123!!", "a password of dot")
	user := l.do(http.StatusOK, http.MethodGet, at("auth0|cyd"), nil).(map[string]any)
	if profile := profileOf(user); profile["email_verified"] != true || user["email_verified"] == true {
		t.Errorf("the e-mail to the linked address verifies %v %v", profile, user["email_verified"])
	}
	rival := l.do(http.StatusOK, http.MethodGet, "connections?name=rival", nil).([]any)[0].(map[string]any)["id"]
	ticket := l.do(http.StatusCreated, http.MethodPost, "tickets/password-change", map[string]any{"connection_id": rival, "email": "dot@example.com"})
	l.choose(ticket.(map[string]any)["ticket"].(string), "Ticket123!!")
	changed("Ticket123!!", "Mailed123!!")
	l.do(http.StatusOK, http.MethodPatch, at("auth0|cyd"), map[string]any{"connection": "rival", "password": "Patched123!!"})
	changed("Patched123!!", "Ticket123!!")
	l.do(http.StatusBadRequest, http.MethodPatch, at("auth0|cyd"), map[string]any{"connection": "rival", "password": "short"})
	l.do(http.StatusBadRequest, http.MethodPatch, at("auth0|cyd"), map[string]any{"connection": "google-oauth2", "password": "Patched123!!"})
	changed("Patched123!!", "short")

	ask("rival", "dot@example.com")
	link := l.linkOf("dot@example.com", outbox.ResetEmail)
	l.do(http.StatusOK, http.MethodDelete, at("auth0|cyd")+"/identities/auth0/dot", nil)
	if _, page := l.Visit(l.Client(), link); page.Status != http.StatusBadRequest {
		t.Errorf("after the account was unlinked, the link for the user's account leads to %d %v", page.Status, page.URL)
	}
}

func profileOf(user map[string]any) map[string]any {
	profile, _ := user["identities"].([]any)[1].(map[string]any)["profileData"].(map[string]any)
	return profile
}

// TestTheAddressOfALinkedAccountIsVerified by the ticket that names the identity, and the user's own is not.
func TestTheAddressOfALinkedAccountIsVerified(t *testing.T) {
	l := linkable(t)
	l.link(ada, "auth0", "bea")
	identity := map[string]any{"user_id": "bea", "provider": "auth0"}
	l.do(http.StatusBadRequest, http.MethodPost, "tickets/email-verification", map[string]any{"user_id": ada, "identity": map[string]any{"user_id": "cyd", "provider": "auth0"}})
	ticket := l.do(http.StatusCreated, http.MethodPost, "tickets/email-verification", map[string]any{"user_id": ada, "identity": identity})
	l.Visit(l.Client(), ticket.(map[string]any)["ticket"].(string))
	user := l.do(http.StatusOK, http.MethodGet, at(ada), nil).(map[string]any)
	if profileOf(user)["email_verified"] != true || user["email_verified"] == true {
		t.Errorf("verified are %v %v", profileOf(user), user["email_verified"])
	}
	l.do(http.StatusOK, http.MethodPatch, at(ada), map[string]any{"connection": "db", "email_verified": false, "verify_email": true})
	l.Visit(l.Client(), l.linkOf("bea@example.com", outbox.VerifyEmail))
	if user = l.do(http.StatusOK, http.MethodGet, at(ada), nil).(map[string]any); profileOf(user)["email_verified"] != true {
		t.Errorf("after verify_email: %v", user)
	}
	l.do(http.StatusCreated, http.MethodPost, "jobs/verification-email", map[string]any{"user_id": ada, "identity": identity})
	l.WaitForMessage("bea@example.com", outbox.VerifyEmail)
}

// TestALinkedAccountProvesItsAddress: if its connection verifies addresses by codes, the code is sent to the account's
// address, verifies that, and logs the user in.
func TestALinkedAccountProvesItsAddress(t *testing.T) {
	l := linkable(t)
	l.link(ada, "auth0", "fox")
	browser := l.Client()
	target, verifier := l.AuthorizeURL(servertest.Login{
		ClientID: "app", RedirectURI: "https://app.example.com/callback", Params: url.Values{"scope": {"openid"}, "audience": {""}, "connection": {"coded"}},
	})
	_, page := l.Visit(browser, target)
	form := page.Form()
	form.Set("username", "fox@example.com")
	form.Set("password", "a password of fox")
	form.Set("action", "default")
	_, page = l.Submit(browser, page, form)
	if page.URL.Path != "/u/email-identifier/challenge" {
		t.Fatalf("the password leads to %v", page.URL)
	}
	form = page.Form()
	form.Set("code", l.WaitForMessage("fox@example.com", outbox.VerifyEmailByCode).Code)
	form.Set("action", "default")
	left, page := l.Submit(browser, page, form)
	if left == nil {
		t.Fatalf("the code leads to %v %s", page.URL, page.Body)
	}
	_, tokens := l.Token(browser, url.Values{
		"grant_type": {"authorization_code"}, "client_id": {"app"}, "client_secret": {"the secret of the app"}, "code": {left.Query().Get("code")},
		"redirect_uri": {"https://app.example.com/callback"}, "code_verifier": {verifier},
	})
	user := l.do(http.StatusOK, http.MethodGet, at(ada), nil).(map[string]any)
	if sub := l.whom(tokens); sub != ada || profileOf(user)["email_verified"] != true || user["email_verified"] == true {
		t.Errorf("the code logs in %s, and verifies %v %v", sub, profileOf(user), user["email_verified"])
	}
}

// TestAnUnlinkedAccountIsItselfAgain, with its password and without metadata; a deleted one is gone.
func TestAnUnlinkedAccountIsItselfAgain(t *testing.T) {
	l := linkable(t)
	l.link(ada, "auth0", "bea")
	l.do(http.StatusOK, http.MethodPatch, at(ada), map[string]any{"connection": "db", "password": "Changed123!!"})
	l.do(http.StatusOK, http.MethodDelete, at(ada)+"/identities/auth0/bea", nil)
	l.expect("auth0|bea", "db", "bea@example.com", "Changed123!!")
	l.expect(refused, "db", "bea@example.com", beaSecret)
	own := l.do(http.StatusOK, http.MethodGet, at("auth0|bea"), nil).(map[string]any)
	if own["user_metadata"] != nil || own["email"] != "bea@example.com" || own["username"] != "bea" {
		t.Errorf("the account of its own is %v", own)
	}
	// A user with linked accounts is linked: the accounts keep what they have.
	l.link("auth0|cyd", "auth0", "dot")
	l.link(ada, "auth0", "cyd")
	l.expect(ada, "db", "cyd@example.com", "a password of cyd")
	l.expect(ada, "rival", "dot@example.com", "a password of dot")
	l.do(http.StatusOK, http.MethodDelete, at(ada)+"/identities/auth0/dot", nil)
	l.expect("auth0|dot", "rival", "dot@example.com", "a password of dot")
	l.link(ada, "auth0", "dot")

	l.do(http.StatusNoContent, http.MethodDelete, "connections/"+l.connection("rival")+"/users?email=dot@example.com", nil)
	l.expect(refused, "rival", "dot@example.com", "a password of dot")
	l.expect(ada, "db", "cyd@example.com", "a password of cyd")
	l.do(http.StatusNoContent, http.MethodDelete, at(ada), nil)
	l.expect(refused, "db", "cyd@example.com", "a password of cyd")
	again := map[string]any{"connection": "db", "email": "cyd@example.com", "username": "cyd", "user_id": "cyd", "password": "Another123!!"}
	l.do(http.StatusCreated, http.MethodPost, "users", again)
	l.expect("auth0|cyd", "db", "cyd@example.com", "Another123!!")
}

func (l linking) connection(name string) string {
	l.t.Helper()
	all := l.do(http.StatusOK, http.MethodGet, "connections?name="+name, nil).([]any)
	return all[0].(map[string]any)["id"].(string)
}

// TestTheAccountsOfADeletedConnectionEnd, those too that are linked to users of other connections.
func TestTheAccountsOfADeletedConnectionEnd(t *testing.T) {
	l := linkable(t)
	l.link(ada, "auth0", "bea")
	l.link(ada, "auth0", "dot")
	l.do(http.StatusAccepted, http.MethodDelete, "connections/"+l.connection("db"), nil)
	l.expect(ada, "rival", "dot@example.com", "a password of dot")
	l.do(http.StatusCreated, http.MethodPost, "connections", map[string]any{"name": "db", "strategy": "auth0", "enabled_clients": []string{"app"}})
	l.expect(refused, "db", "bea@example.com", beaSecret)
	user := l.do(http.StatusOK, http.MethodGet, at(ada), nil).(map[string]any)
	if len(user["identities"].([]any)) != 2 {
		t.Errorf("the identities are %v", user["identities"])
	}
}

// TestALinkedAccountOfCodesOpensItsUser, and nobody gets an account of the same address meanwhile.
func TestALinkedAccountOfCodesOpensItsUser(t *testing.T) {
	l := linkable(t)
	l.link(ada, "email", "eve")
	logIn := func() string {
		t.Helper()
		status, answer := post(t, l.Server, "passwordless/start", map[string]any{
			"client_id": "app", "client_secret": "the secret of the app", "connection": "email", "email": "eve@example.com", "send": "code",
		})
		if status != http.StatusOK {
			t.Fatalf("no code: %d %v", status, answer)
		}
		code := l.WaitForMessage("eve@example.com", outbox.PasswordlessEmail).Code
		_, body := l.Token(l.Client(), url.Values{
			"grant_type": {otpGrant}, "client_id": {"app"}, "client_secret": {"the secret of the app"}, "realm": {"email"},
			"username": {"eve@example.com"}, "otp": {code}, "scope": {"openid"},
		})
		return l.whom(body)
	}
	if got := logIn(); got != ada {
		t.Errorf("the code logs in %s", got)
	}
	user := l.do(http.StatusOK, http.MethodGet, at(ada), nil).(map[string]any)
	if profileOf(user)["email_verified"] != true || user["email_verified"] == true {
		t.Errorf("the code verifies %v %v", profileOf(user), user["email_verified"])
	}
	l.ClearInbox()
	l.do(http.StatusOK, http.MethodDelete, at(ada)+"/identities/email/eve", nil)
	if got := logIn(); got != "email|eve" {
		t.Errorf("unlinked, the code logs in %s", got)
	}
}

// TestLinkedAccountsAreExported with their passwords, and imported with them.
func TestLinkedAccountsAreExported(t *testing.T) {
	l := linkable(t)
	l.link(ada, "auth0", "bea")
	rq, err := http.NewRequestWithContext(t.Context(), http.MethodGet, l.ControlURL()+"/export?users=true", nil)
	if err != nil {
		t.Fatal(err)
	}
	resp, err := http.DefaultClient.Do(rq)
	if err != nil {
		t.Fatal(err)
	}
	defer resp.Body.Close()
	var exported struct{ Users []map[string]any }
	if err := json.NewDecoder(resp.Body).Decode(&exported); err != nil {
		t.Fatal(err)
	}
	users, err := json.Marshal(exported.Users)
	if err != nil {
		t.Fatal(err)
	}
	seeded := linking{servertest.Start(t, servertest.Seed(linkedFile+"users: "+string(users)+"\n"), servertest.HTTP()), t}
	imported := linking{servertest.Start(t, servertest.Seed(linkedFile), servertest.HTTP()), t}
	file := `{"sections":{"users":` + string(users) + `}}`
	for range 2 { // the second time, there is nothing to change
		imported.bring(http.StatusOK, file)
	}
	for _, there := range []linking{seeded, imported} {
		there.expect(ada, "db", "bea@example.com", beaSecret)
		there.expect(refused, "db", "bea@example.com", "a password of cyd")
		if user := fmt.Sprint(there.do(http.StatusOK, http.MethodGet, at(ada), nil)); strings.Contains(user, "hash") {
			t.Errorf("the user shows the hash: %s", user)
		}
	}
	// The file says that the accounts are apart, the tenant that they are linked.
	for _, entry := range []string{`"email":"bea@example.com","connection":"db"`, `"user_id":"auth0|bea","email":"new@example.com","connection":"db"`} {
		if said := imported.bring(http.StatusUnprocessableEntity, `{"sections":{"users":[{`+entry+`,"password":"Abc123!!xyz"}]}}`); !strings.Contains(said, "linked to") {
			t.Errorf("%s: %s", entry, said)
		}
	}
	imported.expect(ada, "db", "bea@example.com", beaSecret)
	changed := strings.Replace(file, `"provider":"auth0"`, `"password":"Written123!!","provider":"auth0"`, 1)
	changed = strings.ReplaceAll(changed, `"password_hash"`, `"ignored"`)
	imported.bring(http.StatusOK, changed)
	imported.expect(ada, "db", "bea@example.com", "Written123!!")
}

// bring imports a configuration, and returns the answer.
func (l linking) bring(want int, body string) string {
	l.t.Helper()
	rq, err := http.NewRequestWithContext(l.t.Context(), http.MethodPost, l.ControlURL()+"/import", strings.NewReader(body))
	if err != nil {
		l.t.Fatal(err)
	}
	resp, err := http.DefaultClient.Do(rq)
	if err != nil {
		l.t.Fatal(err)
	}
	defer resp.Body.Close()
	var answer json.RawMessage
	if err := json.NewDecoder(resp.Body).Decode(&answer); err != nil || resp.StatusCode != want {
		l.t.Fatalf("the import answers %d %s %v, want %d", resp.StatusCode, answer, err, want)
	}
	return string(answer)
}
