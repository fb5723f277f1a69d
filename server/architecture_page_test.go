package server_test

import (
	"io/fs"
	"os"
	"path"
	"regexp"
	"strings"
	"testing"
)

// named matches the names of files and folders in docs/architecture.md.
var named = regexp.MustCompile("`([a-z0-9_/]+(?:\\.go)?)`")

// TestTheArchitecturePageNamesWhatIsThere checks that every file and folder that docs/architecture.md
// names exists. A name that exists as a path will do, and so will a bare file name (no slash, ends in
// .go) that any folder has.
func TestTheArchitecturePageNamesWhatIsThere(t *testing.T) {
	root := os.DirFS("..")
	page, err := fs.ReadFile(root, "docs/architecture.md")
	if err != nil {
		t.Fatal(err)
	}
	files := map[string]bool{}
	for _, top := range []string{"cmd", "server", "storage", "templates", "config", "keys"} {
		err := fs.WalkDir(root, top, func(p string, _ fs.DirEntry, err error) error {
			files[path.Base(p)] = true
			return err
		})
		if err != nil {
			t.Fatal(err)
		}
	}
	found := 0
	for _, match := range named.FindAllStringSubmatch(string(page), -1) {
		name := match[1]
		_, err := fs.Stat(root, name)
		switch {
		case err == nil || strings.HasSuffix(name, ".go") && !strings.Contains(name, "/") && files[name]:
			found++
		case strings.Contains(name, "/") && !strings.HasPrefix(name, "/") || strings.HasSuffix(name, ".go"):
			t.Errorf("%s is not there", name)
		}
	}
	if found < 50 {
		t.Errorf("only %d names of the page are found", found)
	}
}
