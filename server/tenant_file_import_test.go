package server_test

import (
	"net/http"
	"slices"
	"strings"
	"testing"

	"github.com/tenant0/tenant0/server/servertest"
)

// TestImportOfTheExtension brings a role of the Authorization Extension into a running
// tenant: a login is granted what it permits.
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
	if !slices.Equal(made, []string{"create authorizationExtension permission batch:upload", "create authorizationExtension role Loader", "unchanged authorizationExtension scope policy of " + servertest.Mobile}) {
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

// TestImportOfUsersOfATenantFile changes a user and adds one, who can log in.
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
		`{"given_name":"X"}`: "neither an address",
		`{"user_id":"auth0|x1","email":"new@exampleco.com"},"no object"`: "no object",
	} {
		status, report := bring(t, s, `{"sections":{"users":[`+body+`]}}`)
		if status != http.StatusUnprocessableEntity || !strings.Contains(report.Message, reason) {
			t.Errorf("%s: %d %s", body, status, report.Message)
		}
	}
}
