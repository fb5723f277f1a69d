package templates_test

import (
	"encoding/json"
	"go/ast"
	"go/parser"
	"go/token"
	"maps"
	"os"
	"path/filepath"
	"reflect"
	"regexp"
	"slices"
	"strings"
	"testing"

	"github.com/tenant0/tenant0/templates"
)

// declared returns the names of the package's types that are pages, and of its constants of the type Outcome.
func declared(t *testing.T) (pages, outcomes []string) {
	t.Helper()
	files, err := filepath.Glob("*.go")
	if err != nil || len(files) == 0 {
		t.Fatalf("no source: %v", err)
	}
	for _, file := range files {
		if strings.HasSuffix(file, "_test.go") {
			continue
		}
		source, err := parser.ParseFile(token.NewFileSet(), file, nil, parser.SkipObjectResolution)
		if err != nil {
			t.Fatal(err)
		}
		for _, d := range source.Decls {
			switch d := d.(type) {
			case *ast.FuncDecl:
				if d.Name.Name == "view" && d.Recv != nil {
					pages = append(pages, d.Recv.List[0].Type.(*ast.Ident).Name)
				}
			case *ast.GenDecl:
				first, isValue := d.Specs[0].(*ast.ValueSpec)
				if !isValue || d.Tok != token.CONST {
					continue
				}
				if kind, isNamed := first.Type.(*ast.Ident); isNamed && kind.Name == "Outcome" {
					for _, s := range d.Specs {
						outcomes = append(outcomes, s.(*ast.ValueSpec).Names[0].Name)
					}
				}
			}
		}
	}
	return pages, outcomes
}

// TestTheStatesAreComplete: every page that the package can render is among the states, which are recorded, checked for
// accessibility and pictured: each type, each screen that has texts, each outcome and each status.
func TestTheStatesAreComplete(t *testing.T) {
	types, outcomes, statuses, screens := map[string]bool{}, map[templates.Outcome]bool{}, map[templates.Status]bool{}, map[string]bool{}
	main := regexp.MustCompile(`<main class="([^"]*)"`)
	for _, p := range states {
		types[reflect.TypeOf(p).Name()] = true
		switch p := p.(type) {
		case templates.Result:
			outcomes[p.Outcome] = true
		case templates.Message:
			statuses[p.Status] = true
		}
		if found := main.FindStringSubmatch(render(t, p)); found != nil {
			for class := range strings.FieldsSeq(found[1]) {
				screens[class] = true
			}
		}
	}
	pages, all := declared(t)
	if len(pages) < 40 || len(all) < 15 {
		t.Fatalf("the source has %d pages and %d outcomes", len(pages), len(all))
	}
	for _, name := range pages {
		if !types[name] {
			t.Errorf("no state is a %s", name)
		}
	}
	for i, name := range all {
		if !outcomes[templates.Outcome(i)] {
			t.Errorf("no state has the outcome %s", name)
		}
	}
	raw, err := os.ReadFile("texts/en.json")
	if err != nil {
		t.Fatal(err)
	}
	var texts templates.Texts
	if err := json.Unmarshal(raw, &texts); err != nil {
		t.Fatal(err)
	}
	for prompt, of := range texts {
		for screen := range of {
			if !screens[screen] {
				t.Errorf("no state is the screen %s of %s", screen, prompt)
			}
		}
	}
	for key := range texts["status"]["status"] {
		status, isTitle := strings.CutSuffix(key, "-title")
		if isTitle && !statuses[templates.Status(status)] && status != "custom-script-error-code" {
			t.Errorf("no state has the status %s", status)
		}
	}
}

// kinds has an empty page of each type, except of those whose fields are names of the package's own texts.
var kinds = func() (all []templates.Page) {
	done := map[string]bool{"MFAChallenge": true, "MFAKey": true, "MFAOptions": true, "MFAPush": true, "MFAPhoneEnrollment": true, "MFAList": true}
	for _, name := range slices.Sorted(maps.Keys(states)) {
		kind := reflect.TypeOf(states[name])
		if !done[kind.Name()] {
			empty, _ := reflect.TypeAssert[templates.Page](reflect.Zero(kind))
			all = append(all, empty)
		}
		done[kind.Name()] = true
	}
	return all
}()
