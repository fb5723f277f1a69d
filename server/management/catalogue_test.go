package management_test

import (
	"os"
	"path/filepath"
	"regexp"
	"slices"
	"testing"

	"github.com/tenant0/tenant0/server/management"
	"github.com/tenant0/tenant0/server/resource"
	"github.com/tenant0/tenant0/storage"
)

// TestScopes: every operation needs a scope, and only scopes that the Management API has.
func TestScopes(t *testing.T) {
	known := resource.ManagementScopes()
	for op, scopes := range management.Scopes() {
		if len(scopes) == 0 {
			t.Errorf("%s asks for no scope", op)
		}
		for _, scope := range scopes {
			if !slices.ContainsFunc(known, func(s storage.Scope) bool { return s.Value == scope }) {
				t.Errorf("%s asks for %s, which the API does not have", op, scope)
			}
		}
	}
}

var directive = regexp.MustCompile(`(?m)^//auth0:operation (\S+ /api/v2\S+)$`)

// TestDirectives checks that the directives above the handlers and the operations that are served are the same.
func TestDirectives(t *testing.T) {
	files, err := filepath.Glob("*.go")
	if err != nil || len(files) == 0 {
		t.Fatalf("no source files: %v", err)
	}
	written := map[string]bool{}
	for _, file := range files {
		source, err := os.ReadFile(file)
		if err != nil {
			t.Fatal(err)
		}
		for _, m := range directive.FindAllStringSubmatch(string(source), -1) {
			op := variable.ReplaceAllString(m[1], "{}")
			if written[op] {
				t.Errorf("%s: the directive %s comes twice", file, op)
			}
			written[op] = true
		}
	}
	served := map[string]bool{}
	for _, op := range management.Served() {
		op = variable.ReplaceAllString(op, "{}")
		served[op] = true
		if !written[op] {
			t.Errorf("%s is served and has no directive", op)
		}
	}
	for op := range written {
		if !served[op] {
			t.Errorf("%s has a directive and is not served", op)
		}
	}
}
