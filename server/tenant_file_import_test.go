package server_test

import (
	"net/http"
	"net/url"
	"slices"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"

	"github.com/tenant0/tenant0/server/servertest"
)

// TestImportOfTheExtension imports a role of the Authorization Extension into a running tenant:
// the next login is granted the role's permissions.
func TestImportOfTheExtension(t *testing.T) {
	s := servertest.Start(t)
	login := servertest.Login{
		ClientID: servertest.Mobile, RedirectURI: servertest.MobileCallback, Username: servertest.Contractor, Password: servertest.Password,
	}
	scope := func() string {
		t.Helper()
		result := s.Login(s.Client(), login)
		granted, _ := s.Exchange(s.Client(), result)["scope"].(string)
		return granted
	}
	before := scope()
	section := func(permissions string) string {
		return `{"sections":{"authorizationExtension":{
			"permissions":[{"name":"batch:upload","application":"Timesheets Mobile"}],
			"roles":[{"name":"Loader","application":"` + servertest.Mobile + `","permissions":[` + permissions + `],"users":["` + servertest.Contractor + `"]}],
			"scopePolicies":[{"application":"Timesheets Mobile","mode":"append"}]}}}`
	}
	did := func(body string) []string { return done(t, s, body, "authorizationExtension") }
	made := did(section(`"batch:upload"`))
	if !slices.Equal(made, []string{"create authorizationExtension permission batch:upload", "create authorizationExtension role Loader", "unchanged authorizationExtension scope policy of Timesheets Mobile"}) {
		t.Errorf("the import did %q", made)
	}
	if after := scope(); strings.Contains(before, "batch:upload") || !strings.Contains(after, "batch:upload") {
		t.Errorf("the scope was %q, and is %q", before, after)
	}
	if again := did(section("")); !slices.Contains(again, "update authorizationExtension role Loader") {
		t.Errorf("without its permission the import did %q", again)
	}
	if after := scope(); strings.Contains(after, "batch:upload") {
		t.Errorf("the scope is still %q", after)
	}
	status, report := bring(t, s, section(`"no:such"`))
	if status != http.StatusUnprocessableEntity || !strings.Contains(report.Message, `no permission "no:such"`) {
		t.Errorf("a permission that is none: %d %s", status, report.Message)
	}
}

// TestImportsEndSessionsAsTheManagementAPIDoes: a new or no longer verified e-mail address, and a new
// password, end the user's sessions, and other changes do not.
func TestImportsEndSessionsAsTheManagementAPIDoes(t *testing.T) {
	s := servertest.Start(t)
	section := func(member string) string { return `{"sections":{"users":[{"user_id":"auth0|s",` + member + `}]}}` }
	users := func(member string) string {
		return `{"upsert":true,"connection":"Username-Password-Authentication","users":[{"email":"s@exampleco.com",` + member + `}]}`
	}
	for _, tt := range []struct {
		body string
		ends bool
	}{
		{section(`"email":"S@exampleco.com","name":"S"`), false},
		{section(`"email":"s@exampleco.com","email_verified":false`), true},
		{section(`"email":"moved@exampleco.com"`), true},
		{section(`"email":"s@exampleco.com","password":"` + servertest.Password + `"`), false},
		{section(`"email":"s@exampleco.com","password":"` + servertest.Password + `2"`), true},
		{users(`"email_verified":true,"nickname":"s"`), false},
		{users(`"email_verified":false`), true},
	} {
		done(t, s, section(`"email":"s@exampleco.com","email_verified":true,"password":"`+servertest.Password+`"`))
		browser := s.Client()
		if got := s.Login(browser, servertest.Login{Username: "s@exampleco.com", Password: servertest.Password}); got.Get("code") == "" {
			t.Fatalf("no login before %s: %v", tt.body, got.Values)
		}
		if status, report := bring(t, s, tt.body); status != http.StatusOK || len(report.Errors) > 0 {
			t.Fatalf("%s: %d %s %v", tt.body, status, report.Message, report.Errors)
		}
		got := s.Login(browser, servertest.Login{Params: url.Values{"prompt": {"none"}}})
		if ended := got.Get("error") == "login_required"; ended != tt.ends {
			t.Errorf("after %s: %v, want the session to end: %v", tt.body, got.Values, tt.ends)
		}
	}
}

// TestImportOfUsersOfATenantFile changes one user and adds another; both can log in.
func TestImportOfUsersOfATenantFile(t *testing.T) {
	s := servertest.Start(t)
	did := func(users string) []string {
		return done(t, s, `{"sections":{"roles":[{"name":"Clerk"}],"users":[`+users+`]}}`, "users")
	}
	users := `{"email":"` + servertest.Employee + `","given_name":"Em","password":"` + servertest.Password + `"},` +
		`{"email":"new@exampleco.com","password":"Correct horse 1!","email_verified":true,"roles":["Clerk"]}`
	if got := did(users); !slices.Equal(got, []string{"update users " + servertest.Employee, "create users new@exampleco.com"}) {
		t.Errorf("the import did %q", got)
	}
	if got := did(users); !slices.Equal(got, []string{"unchanged users " + servertest.Employee, "unchanged users new@exampleco.com"}) {
		t.Errorf("the same import again did %q", got)
	}
	for name, password := range map[string]string{servertest.Employee: servertest.Password, "new@exampleco.com": "Correct horse 1!"} {
		login := servertest.Login{ClientID: servertest.SPA, RedirectURI: servertest.SPACallback, Username: name, Password: password}
		if result := s.Login(s.Client(), login); result.Get("code") == "" {
			t.Errorf("%s cannot log in: %v", name, result.Values)
		}
	}
	for body, reason := range map[string]string{
		`{"email":"x@exampleco.com","roles":["None"]}`:                                                               `there is no role "None"`,
		`{"email":"x@exampleco.com","connection":"none"}`:                                                            `there is no connection "none"`,
		`{"email":"x@exampleco.com","password_hash":"plain"}`:                                                        "bcrypt or argon2id",
		`{"email":"x@exampleco.com","password_hash":"$2b$31$abcdefghijklmnopqrstuuNBcI4oRhiR3rEZ1.oTL2vIH2Wi1S1.a"}`: "would take too long",
		`{"email":"x@exampleco.com","password":"` + strings.Repeat("x", 73) + `"}`:                                   "too long",
		`{"given_name":"X"}`:                           "neither an address",
		`{"email":"x@exampleco.com","username":"x 1"}`: "can only contain",
		`{"email":"x@exampleco.com","custom_password_hash":{"algorithm":"md5","hash":{"value":"5f4dcc3b5aa765d61d8327deb882cf99","encoding":"hex"},"salt":{"value":"p","position":"middle"}}}`: "No enum match for: middle",
		`{"email":"x@exampleco.com","user_metadata":{"a.b":1}}`:                         "may not contain the characters",
		`{"email":"` + servertest.Employee + `","app_metadata":{"user_id":"x"}}`:        "not allowed: user_id",
		`{"email":"x@exampleco.com","user_id":"google-oauth2|1"}`:                       "there are 0 connections",
		`{"user_id":"google-oauth2|1","connection":"Username-Password-Authentication"}`: "the provider google-oauth2, but the connection",
		`{"user_id":"auth0|x1","email":"new@exampleco.com"},"no object"`:                "not an object",
	} {
		status, report := bring(t, s, `{"sections":{"users":[`+body+`]}}`)
		if status != http.StatusUnprocessableEntity || !strings.Contains(report.Message, reason) {
			t.Errorf("%s: %d %s", body, status, report.Message)
		}
	}
}

// TestImportOfSocialUsers: users of a social provider belong to the provider's connection, whether or
// not the file names that connection.
func TestImportOfSocialUsers(t *testing.T) {
	users := `{"email":"a@social.test","user_id":"google-oauth2|1"},{"email":"` + servertest.Employee + `","user_id":"google-oauth2|2","connection":"google"},{"user_id":"google-oauth2|3"}`
	sections := `"connections":[{"name":"google","strategy":"google-oauth2"}],"users":[` + users + `]`
	running := servertest.Start(t)
	if got := done(t, running, `{"sections":{`+sections+`}}`, "users"); !slices.Equal(got, []string{"create users a@social.test", "create users " + servertest.Employee, "create users google-oauth2|3"}) {
		t.Errorf("the import did %q", got)
	}
	manager := `"clients":[{"name":"M","client_id":"` + servertest.Management + `","client_secret":"` + servertest.ManagementSecret + `","app_type":"non_interactive"}],
		"clientGrants":[{"client_id":"M","audience":"${issuer}api/v2/","scope":["read:users"]}],`
	seeded := servertest.Start(t, servertest.Seed(`{`+manager+sections+`}`))
	for name, s := range map[string]*servertest.Server{"imported": running, "seeded": seeded} {
		for _, id := range []string{"1", "2", "3"} {
			status, answer := s.Manage(s.Client(), http.MethodGet, "users/google-oauth2%7C"+id+"?fields=identities", nil)
			want := map[string]any{"identities": []any{map[string]any{"connection": "google", "provider": "google-oauth2", "user_id": id, "isSocial": true}}}
			if diff := cmp.Diff(want, answer); status != http.StatusOK || diff != "" {
				t.Errorf("%s: %s is %d (- want, + got):\n%s", name, id, status, diff)
			}
		}
	}
}

// TestReportsNameWhatTheyChange: the report names applications and templates, and lists policies at all.
func TestReportsNameWhatTheyChange(t *testing.T) {
	s := servertest.Start(t)
	const sections = `{"sections":{"guardianPolicies":{"policies":["all-applications"]},
		"emailTemplates":[{"template":"welcome_email","body":"<p>x</p>","from":"a@example.com","subject":"s","syntax":"liquid","enabled":true}],
		"attackProtection":{"breachedPasswordDetection":{"enabled":true}},
		"authorizationExtension":{"scopePolicies":[{"application":"Timesheets SPA"}],"tokenClaims":[{"application":"Timesheets SPA","accessToken":{"https://a.example/x":{"value":1}}}]}}}`
	var got []string
	for _, change := range done(t, s, sections) {
		change, _, _ = strings.Cut(change, ";") // without what differs
		got = append(got, change)
	}
	slices.Sort(got)
	if want := []string{
		"create authorizationExtension claims for Timesheets SPA", "create authorizationExtension scope policy of Timesheets SPA",
		"update attackProtection breachedPasswordDetection", "update emailTemplates welcome_email", "update guardianPolicies policies",
	}; !slices.Equal(got, want) {
		t.Errorf("the import did %q", got)
	}
	for _, change := range done(t, s, sections) {
		if !strings.HasPrefix(change, "unchanged ") {
			t.Errorf("the same import again did %q", change)
		}
	}
}
