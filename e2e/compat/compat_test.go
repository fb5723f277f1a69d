package main

import (
	"encoding/json"
	"os"
	"regexp"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"
)

// printed returns the output of go test -json for tests with a name, an outcome and logged text.
func printed(t *testing.T, tests ...[3]string) string {
	t.Helper()
	var b strings.Builder
	encode := json.NewEncoder(&b)
	b.WriteString("go: downloading something\n")
	for _, test := range tests {
		for line := range strings.Lines(test[2]) {
			if err := encode.Encode(event{"output", test[0], line}); err != nil {
				t.Fatal(err)
			}
		}
		if err := encode.Encode(event{test[1], test[0], ""}); err != nil {
			t.Fatal(err)
		}
	}
	return b.String()
}

func TestResults(t *testing.T) {
	all, err := results(strings.NewReader(printed(t,
		[3]string{"TestLock/a_password", "pass", "=== RUN   TestLock/a_password\n"},
		[3]string{"TestLock/a_sign-up", "fail", "    lock_test.go:9: it hangs\n"},
		[3]string{"TestLock", "fail", ""},
		[3]string{"TestClients/auth-js", "pass", "    clients_test.go:7: ✔ a login (with a code) (12.5ms)\n        ✖ a logout (3ms)\n        pass 1\n        ✖ failing tests:\n        ✖ a logout (3ms)\n"},
		[3]string{"TestClients/authlib", "pass", "    clients_test.go:7: test_a_login (__main__.Login.test_a_login) ... ok\n        test_a_logout (__main__.Login.test_a_logout) ... a warning\n        FAIL\n"},
		[3]string{"TestJVMClients", "pass", "        [INFO] tenant0.Auth0JavaTest.aPushedRequest -- Time elapsed: 0.2 s\n        [ERROR] tenant0.SpringSecurityTest.anAPI -- Time elapsed: 1 s <<< FAILURE!\n"},
		[3]string{"TestManagementClients/go-auth0_v1", "pass", "    sdks_test.go:51: 30 families, 0 failures\n"},
		[3]string{"TestExpress", "skip", "    express_test.go:5: there is no node\n--- SKIP: TestExpress (0.00s)\n"},
	)))
	if err != nil {
		t.Fatal(err)
	}
	want := []conversation{
		{"TestLock/a_password", "pass", ""},
		{"TestLock/a_sign-up", "fail", ""},
		{"TestClients/auth-js/a login (with a code)", "pass", ""},
		{"TestClients/auth-js/a logout", "fail", ""},
		{"TestClients/authlib/a login", "pass", ""},
		{"TestClients/authlib/a logout", "fail", ""},
		{"TestJVMClients/Auth0JavaTest/a pushed request", "pass", ""},
		{"TestJVMClients/SpringSecurityTest/an API", "fail", ""},
		{"TestManagementClients/go-auth0_v1/30 families of resources", "pass", ""},
		{"TestExpress", "skip", "there is no node"},
	}
	if diff := cmp.Diff(want, all, cmp.AllowUnexported(conversation{})); diff != "" {
		t.Error(diff)
	}
}

func TestTable(t *testing.T) {
	t.Chdir("../..")
	text, err := table([]byte(printed(t,
		[3]string{"TestLock/a_password", "pass", ""}, [3]string{"TestLock/a_code_|_a_link", "fail", ""},
		[3]string{"TestAuth0JS", "pass", ""},
		[3]string{"TestExpress", "skip", "    express_test.go:5: there is no node\n"},
	)), "a machine", time.Date(2031, 5, 6, 7, 8, 9, 0, time.UTC))
	if err != nil {
		t.Fatal(err)
	}
	for _, line := range []string{
		`Run on 2031-05-06: a machine\.`,
		`\| .auth0-lock. \| \d[^ ]* \| 1 of 2; failed: a code \\\| a link \| a password \|`,
		`\| .auth0-js. \| \d[^ ]* \| all 1 \| auth0 JS \|`,
		`\| .express-openid-connect. \| \d[^ ]* \| not run: there is no node \|  \|`,
		`\| .Authlib. \| \d[^ ]* \| not run \|  \|`,
	} {
		if !regexp.MustCompile("(?m)^" + line + "$").MatchString(text) {
			t.Errorf("there is no line %s in\n%s", line, text)
		}
	}
}

func TestWords(t *testing.T) {
	for name, want := range map[string]string{
		"aSignUpAndANewPassword": "a sign up and a new password", "aCodeAndItsIDToken": "a code and its ID token", "anAPI": "an API",
		"SPAHearsThat": "SPA hears that", "NextJSAtItsOwnName": "next JS at its own name", "login": "login",
	} {
		if got := words(name); got != want {
			t.Errorf("%s makes %q, want %q", name, got, want)
		}
	}
}

// TestClientsThatRun: every client of the list is in docs/clients.md, and its tests exist.
func TestClientsThatRun(t *testing.T) {
	t.Chdir("../..")
	page, err := os.ReadFile("docs/clients.md")
	if err != nil {
		t.Fatal(err)
	}
	var source strings.Builder
	files, err := os.ReadDir("e2e")
	if err != nil {
		t.Fatal(err)
	}
	for _, file := range files {
		if strings.HasSuffix(file.Name(), "_test.go") {
			text, err := os.ReadFile("e2e/" + file.Name())
			if err != nil {
				t.Fatal(err)
			}
			source.Write(text)
		}
	}
	for _, c := range clients {
		if !strings.Contains(string(page), "`"+c.name+"`") {
			t.Errorf("docs/clients.md does not have %s", c.name)
		}
		if _, err := versionOf(c); err != nil {
			t.Error(err)
		}
		for _, test := range c.tests {
			name, _, _ := strings.Cut(test, "/")
			if !strings.Contains(source.String(), "func "+name+"(t *testing.T)") {
				t.Errorf("%s is run by %s, which there is not", c.name, test)
			}
			if file, isFile := strings.CutPrefix(test, "TestClients/"); isFile && !exists("e2e/clients/"+file+".test.mjs") && !exists("e2e/clients/"+file+"_test.py") {
				t.Errorf("%s is run by %s, which there is not", c.name, test)
			}
		}
	}
}

func exists(name string) bool {
	_, err := os.Stat(name)
	return err == nil
}
