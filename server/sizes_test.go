package server_test

import (
	"bytes"
	"go/ast"
	"go/parser"
	"go/token"
	"os"
	"path/filepath"
	"slices"
	"testing"
)

// Limits of length, in lines: nobody reads longer code in one go. Test files count as files too. A function
// counts from its name to its closing brace and test functions are exempt; a package counts without its tests.
const (
	mostOfFile     = 500
	mostOfFunction = 70
	mostOfPackage  = 8000
)

// larger gives the packages that exceed the limit, with their current number of lines: they must
// become smaller and cannot grow.
var larger = map[string]int{}

func TestFilesAndFunctionsAreShort(t *testing.T) {
	for pkg, p := range packages(t) {
		for _, name := range slices.Concat(p.GoFiles, p.TestGoFiles, p.XTestGoFiles) {
			if n := lines(t, filepath.Join(p.Dir, name)); n >= mostOfFile {
				t.Errorf("%s/%s has %d lines; a file stays under %d", pkg, name, n, mostOfFile)
			}
		}
		for _, name := range p.GoFiles {
			for function, n := range functions(t, filepath.Join(p.Dir, name)) {
				if n >= mostOfFunction {
					t.Errorf("%s/%s: %s has %d lines; a function stays under %d", pkg, name, function, n, mostOfFunction)
				}
			}
		}
	}
}

func TestPackagesAreSmall(t *testing.T) {
	all := packages(t)
	for pkg, p := range all {
		size := 0
		for _, name := range p.GoFiles {
			size += lines(t, filepath.Join(p.Dir, name))
		}
		switch most, listed := larger[pkg]; {
		case listed && size < mostOfPackage:
			t.Errorf("%s has %d lines, as a package should; take it off the list", pkg, size)
		case listed && size > most:
			t.Errorf("%s has grown from %d lines to %d and is too large already; put what is new elsewhere", pkg, most, size)
		case listed && size < most-200:
			t.Errorf("%s has only %d lines now; write that down in place of %d, so that it stays so", pkg, size, most)
		case !listed && size >= mostOfPackage:
			t.Errorf("%s has %d lines; a package stays under %d", pkg, size, mostOfPackage)
		}
	}
	for pkg := range larger {
		if _, there := all[pkg]; !there {
			t.Errorf("there is no package %s any more; take it off the list", pkg)
		}
	}
}

func lines(t *testing.T, path string) int {
	t.Helper()
	data, err := os.ReadFile(path)
	if err != nil {
		t.Fatal(err)
	}
	return bytes.Count(data, []byte("\n"))
}

// functions returns the number of lines of each function in a file.
func functions(t *testing.T, path string) map[string]int {
	t.Helper()
	files := token.NewFileSet()
	file, err := parser.ParseFile(files, path, nil, 0)
	if err != nil {
		t.Fatal(err)
	}
	all := map[string]int{}
	for _, decl := range file.Decls {
		if f, is := decl.(*ast.FuncDecl); is {
			all[f.Name.Name] = max(all[f.Name.Name], files.Position(f.End()).Line-files.Position(f.Pos()).Line+1)
		}
	}
	return all
}
