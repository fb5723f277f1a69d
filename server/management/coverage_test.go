package management_test

import (
	"fmt"
	"os"
	"regexp"
	"slices"
	"strings"
	"testing"

	"github.com/tenant0/tenant0/server/management"
)

const coveragePage = "../../docs/management-api-coverage.md"

var variable = regexp.MustCompile(`\{[^}]*\}`)

// undocumented are operations that Auth0 does not document but that official clients call.
var undocumented = []string{"PATCH /api/v2/prompts/mfa-push"}

// TestCoverage compares the operations that are served with the catalogue of Auth0's operations,
// and the page of the documentation that lists them with both.
func TestCoverage(t *testing.T) {
	catalogue := management.Catalogue()
	if want := 443 + 21 + 33 + 4; len(catalogue) != want { // those of go-auth0 3, what npm's auth0 7.1 has beyond, auth0-python 6.8, and older SDKs
		t.Errorf("the catalogue has %d operations, want %d", len(catalogue), want)
	}
	served := map[string]bool{}
	for _, op := range management.Served() {
		op = variable.ReplaceAllString(op, "{}")
		if slices.Contains(undocumented, op) {
			continue
		}
		if !slices.Contains(catalogue, op) {
			t.Errorf("%s is served and is no operation of Auth0's", op)
		}
		if served[op] {
			t.Errorf("%s is served twice", op)
		}
		served[op] = true
	}
	page := renderCoverage(catalogue, served)
	if os.Getenv("UPDATE") != "" {
		if err := os.WriteFile(coveragePage, []byte(page), 0o600); err != nil {
			t.Fatal(err)
		}
	}
	have, err := os.ReadFile(coveragePage)
	if err != nil {
		t.Fatal(err)
	}
	if string(have) != page {
		t.Errorf("%s does not show what is served; run the tests with UPDATE=1", coveragePage)
	}
}

func renderCoverage(catalogue []string, served map[string]bool) string {
	var b strings.Builder
	fmt.Fprintf(&b, "# Coverage of the Management API\n\n%d of the %d operations that Auth0 documents, or that its SDKs have had, are served. "+
		"The others answer with an error that names them: 404 to a read, 403 to a write.\n\nThis page is made by a test; `UPDATE=1 go test ./server/management` renews it.\n",
		len(served), len(catalogue))
	resource := ""
	for _, op := range catalogue {
		_, path, _ := strings.Cut(op, " ")
		if name := strings.Split(path, "/")[3]; name != resource {
			resource = name
			fmt.Fprintf(&b, "\n## %s\n\n| operation | |\n| --- | --- |\n", resource)
		}
		verdict := "not emulated"
		if served[op] {
			verdict = "served"
		}
		fmt.Fprintf(&b, "| `%s` | %s |\n", strings.ReplaceAll(op, "{}", "{…}"), verdict)
	}
	return b.String()
}
