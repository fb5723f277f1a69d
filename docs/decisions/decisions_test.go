// Package decisions holds the pages on what was decided and why, and a test
// that no dependency came without one.
package decisions_test

import (
	"fmt"
	"os"
	"path/filepath"
	"regexp"
	"slices"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"
)

// pages are the texts of all pages by their file's name, in order.
func pages(t *testing.T) (names []string, texts map[string]string) {
	t.Helper()
	names, err := filepath.Glob("[0-9]*.md")
	if err != nil || len(names) == 0 {
		t.Fatalf("there are no pages here: %v", err)
	}
	texts = map[string]string{}
	for _, name := range names {
		text, err := os.ReadFile(name)
		if err != nil {
			t.Fatal(err)
		}
		texts[name] = string(text)
	}
	return names, texts
}

var (
	moduleLines = regexp.MustCompile("(?ms)^Modules?: (.*?)\n\n")
	quoted      = regexp.MustCompile("`([^`]+)`")
	// requirement is a line of go.mod without "// indirect".
	requirement = regexp.MustCompile(`(?m)^(?:\t|require )(\S+) v\S+$`)
)

// TestDependencies compares what go.mod requires directly with the modules that
// the pages are about.
func TestDependencies(t *testing.T) {
	goMod, err := os.ReadFile("../../go.mod")
	if err != nil {
		t.Fatal(err)
	}
	var required, decided []string
	for _, match := range requirement.FindAllStringSubmatch(string(goMod), -1) {
		required = append(required, match[1])
	}
	if len(required) == 0 {
		t.Fatal("go.mod requires nothing directly, which cannot be")
	}
	_, texts := pages(t)
	for _, text := range texts {
		for _, line := range moduleLines.FindAllStringSubmatch(text, -1) {
			for _, module := range quoted.FindAllStringSubmatch(line[1], -1) {
				decided = append(decided, module[1])
			}
		}
	}
	slices.Sort(required)
	slices.Sort(decided)
	if diff := cmp.Diff(required, decided); diff != "" {
		t.Errorf("a dependency needs a page, and a page its dependency (- go.mod, + docs/decisions):\n%s", diff)
	}
}

// TestPagesHaveTheirForm checks numbers, titles and sections.
func TestPagesHaveTheirForm(t *testing.T) {
	names, texts := pages(t)
	for i, name := range names {
		number := fmt.Sprintf("%04d", i+1)
		if !strings.HasPrefix(name, number+"-") {
			t.Errorf("%s should have the number %s", name, number)
		}
		if !strings.HasPrefix(texts[name], "# "+number+": ") {
			t.Errorf("%s does not begin with its number and title", name)
		}
		for _, section := range []string{"Context", "Decision", "What we gave up"} {
			if !strings.Contains(texts[name], "\n## "+section+"\n") {
				t.Errorf("%s has no section %q", name, section)
			}
		}
	}
}
