package server_test

import (
	"go/parser"
	"go/token"
	"io/fs"
	"os"
	"regexp"
	"slices"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"

	"github.com/tenant0/tenant0/server/servertest"
)

var variable = regexp.MustCompile(`\{[^}]*\}`)

// operations sorts a list of operations, leaves out the names of path variables, and drops the handlers
// of whole folders, which only answer that something is not served.
func operations(list []string) []string {
	var kept []string
	for _, operation := range list {
		if !strings.HasSuffix(operation, "/") {
			kept = append(kept, variable.ReplaceAllString(operation, "{}"))
		}
	}
	slices.Sort(kept)
	return kept
}

// TestOperations checks that the routes that are served and the //auth0:operation directives
// in the code are the same.
func TestOperations(t *testing.T) {
	served, err := servertest.Start(t).Operations()
	if err != nil {
		t.Fatal(err)
	}
	var claimed []string
	err = fs.WalkDir(os.DirFS("."), ".", func(path string, _ fs.DirEntry, err error) error {
		if err != nil || !strings.HasSuffix(path, ".go") || strings.HasSuffix(path, "_test.go") {
			return err
		}
		file, err := parser.ParseFile(token.NewFileSet(), path, nil, parser.ParseComments)
		if err != nil {
			return err
		}
		for _, group := range file.Comments {
			for _, c := range group.List {
				if operation, ok := strings.CutPrefix(c.Text, "//auth0:operation "); ok {
					claimed = append(claimed, operation)
				}
			}
		}
		return nil
	})
	if err != nil {
		t.Fatal(err)
	}
	served, claimed = operations(served), operations(claimed)
	if len(claimed) < 50 {
		t.Errorf("only %d operations are claimed", len(claimed))
	}
	if diff := cmp.Diff(claimed, served); diff != "" {
		t.Errorf("what is claimed and what is served differ (-claimed +served):\n%s", diff)
	}
}
