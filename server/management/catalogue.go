package management

import (
	_ "embed"
	"regexp"
	"strings"
	"sync"
)

// operationsText lists every operation of Auth0's Management API, one on each line, with
// {} for a variable of the path.
//
//go:embed operations.txt
var operationsText string

// Catalogue returns every operation of Auth0's Management API as "METHOD /path",
// with {} for a variable.
func Catalogue() []string { return strings.Split(strings.TrimSpace(operationsText), "\n") }

// catalogue maps each method to an expression that matches the paths of its operations.
var catalogue = sync.OnceValue(func() map[string]*regexp.Regexp {
	patterns := map[string][]string{}
	for line := range strings.Lines(operationsText) {
		method, path, _ := strings.Cut(strings.TrimSpace(line), " ")
		patterns[method] = append(patterns[method], strings.ReplaceAll(regexp.QuoteMeta(path), `\{\}`, `[^/]+`))
	}
	matchers := map[string]*regexp.Regexp{}
	for method, list := range patterns {
		matchers[method] = regexp.MustCompile("^(" + strings.Join(list, "|") + ")$")
	}
	return matchers
})

// catalogued reports whether an operation exists at Auth0.
func catalogued(method, path string) bool {
	m := catalogue()[method]
	return m != nil && m.MatchString(path)
}
