package web

import (
	"net/http"
	"slices"
	"strings"
	"sync"

	"github.com/gorilla/mux"
)

// table matches requests to paths with variables. gorilla/mux compiles a regular
// expression for each path, which takes milliseconds and more than a megabyte for all
// paths of a tenant. So all tenants of a process, whose paths are the same, share one
// table.
type table struct{ mux *mux.Router }

var tables struct {
	sync.Mutex
	byPaths map[string]*table
}

// tableOf returns the table for the mounted paths.
func tableOf(rs *routes) *table {
	var name strings.Builder
	for _, path := range rs.variable {
		name.WriteString(path)
		for _, m := range rs.paths[path] {
			name.WriteString(" " + m.method)
		}
		name.WriteByte('\n')
	}
	tables.Lock()
	defer tables.Unlock()
	if t := tables.byPaths[name.String()]; t != nil {
		return t
	}
	t := newTable(rs)
	if tables.byPaths == nil {
		tables.byPaths = map[string]*table{}
	}
	tables.byPaths[name.String()] = t
	return t
}

func newTable(rs *routes) *table {
	// Paths stay encoded, because an id in a path may contain a slash, as an API's
	// identifier does.
	t := &table{mux.NewRouter().UseEncodedPath().SkipClean(true)}
	for _, path := range rs.variable {
		var served []string // methods only, because each tenant has handlers of its own
		for _, m := range rs.paths[path] {
			served = append(served, m.method)
		}
		t.mux.Path(path).Name(path).MatcherFunc(func(r *http.Request, _ *mux.RouteMatch) bool {
			return slices.ContainsFunc(served, func(method string) bool { return answers(method, r.Method) })
		})
	}
	return t
}

// match returns the first mounted path that matches a request, "" if none does, and the
// values of its variables.
func (t *table) match(r *http.Request) (path string, vars map[string]string) {
	var match mux.RouteMatch
	if !t.mux.Match(r, &match) || match.MatchErr != nil || match.Route == nil {
		return "", nil
	}
	return match.Route.GetName(), match.Vars
}
