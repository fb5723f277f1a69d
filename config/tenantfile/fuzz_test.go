package tenantfile_test

import (
	"encoding/json"
	"errors"
	"os"
	"path/filepath"
	"regexp"
	"slices"
	"testing"

	"github.com/google/go-cmp/cmp"
	"github.com/rogpeppe/go-internal/txtar"

	"github.com/tenant0/tenant0/config/tenantfile"
)

// FuzzParse: an accepted file means the same after it is written as JSON and read again. A refused file is refused with
// problems that have a message and a place in the file, in the file's order. Nothing panics.
func FuzzParse(f *testing.F) {
	for _, pattern := range []string{"../seeds/*.yaml", "testdata/*.yaml"} {
		paths, err := filepath.Glob(pattern)
		if err != nil || len(paths) == 0 {
			f.Fatalf("no seeds in %s: %v", pattern, err)
		}
		for _, path := range paths {
			data, err := os.ReadFile(path)
			if err != nil {
				f.Fatal(err)
			}
			f.Add(data)
		}
	}
	for _, path := range wrongFiles(f) {
		archive, err := txtar.ParseFile(path)
		if err != nil {
			f.Fatal(err)
		}
		for _, file := range archive.Files {
			f.Add(file.Data)
		}
	}
	f.Fuzz(func(t *testing.T, data []byte) {
		tenant, err := tenantfile.Parse("seed.yaml", data)
		if err != nil {
			checkRefusal(t, data, err)
			return
		}
		written, err := json.Marshal(tenant)
		if err != nil {
			t.Fatal(err)
		}
		again, err := tenantfile.Parse("seed.json", written)
		if err != nil {
			t.Fatalf("%v\n%s", err, written)
		}
		tenant.Warnings, again.Warnings = nil, nil
		if d := cmp.Diff(tenant, again, whereverItIs); d != "" {
			t.Errorf("read (-) and read again (+):\n%s\n%s", d, written)
		}
	})
}

// yamlLineBreak matches what YAML 1.1 counts as the end of a line.
var yamlLineBreak = regexp.MustCompile("\r\n|[\n\r\u0085\u2028\u2029]")

func checkRefusal(t *testing.T, data []byte, err error) {
	t.Helper()
	var refused *tenantfile.Error
	if !errors.As(err, &refused) || len(refused.Problems) == 0 {
		t.Fatalf("no problems in %v", err)
	}
	lines := len(yamlLineBreak.FindAll(data, -1)) + 1
	for _, problem := range refused.Problems {
		if problem.Line < 1 || problem.Line > lines || problem.Column < 1 || problem.Message == "" {
			t.Errorf("misplaced: %#v", problem)
		}
	}
	if !slices.IsSortedFunc(refused.Problems, func(a, b tenantfile.Problem) int { return a.Line - b.Line }) {
		t.Errorf("out of order:\n%v", err)
	}
}
