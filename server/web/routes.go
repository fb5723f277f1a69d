package web

import (
	"net/http"
	"net/url"
	"slices"
	"strings"
	"sync"

	"github.com/gorilla/mux"
)

// routes finds the handler of a request. Paths without variables are looked up; those with
// variables are matched by a table that all routers of the same paths share.
type routes struct {
	paths      map[string]methods // by path, variables in braces
	variable   []string           // the paths with variables, in the order of mounting
	table      func() *table
	prefixes   []prefix
	concealed  []string // see Conceal
	operations []string

	notFound, methodNotAllowed http.Handler
}

// methods are the handlers of a path by method.
type methods []struct {
	method  string
	handler http.Handler
}

// of returns the handler of a method, nil for none.
func (m methods) of(method string) http.Handler {
	for _, one := range m {
		if one.method == method {
			return one.handler
		}
	}
	return nil
}

// prefix is what serves the paths below it that have no handler of their own.
type prefix struct {
	method, path string
	handler      http.Handler
}

func newRoutes(notFound, methodNotAllowed http.Handler) *routes {
	rs := &routes{paths: map[string]methods{}, notFound: notFound, methodNotAllowed: methodNotAllowed}
	rs.table = sync.OnceValue(func() *table { return tableOf(rs) })
	return rs
}

// mount adds the handler of a method at a path and reports whether it is the first one
// there: of several the first one stays. Nothing is mounted once a request was served.
func (rs *routes) mount(method, path string, h http.Handler) bool {
	m, known := rs.paths[path]
	if !known && strings.Contains(path, "{") {
		rs.variable = append(rs.variable, path)
	}
	if m.of(method) != nil {
		return false
	}
	rs.paths[path] = append(m, methods{{method, h}}...)
	return true
}

func (rs *routes) mountPrefix(method, path string, h http.Handler) {
	rs.prefixes = append(rs.prefixes, prefix{method, path, h})
	rs.note(method, path)
}

func (rs *routes) note(method, path string) { rs.operations = append(rs.operations, method+" "+path) }

// Conceal keeps what follows prefix in a path out of the log, also where the path is
// misspelt, since such a link lets in whoever has it.
func (rs *routes) Conceal(prefix string) { rs.concealed = append(rs.concealed, prefix) }

// logged is the path of a request as the log may have it.
func (rs *routes) logged(path string) string {
	for _, prefix := range rs.concealed {
		if i := strings.Index(strings.ToLower(path), prefix); i >= 0 {
			return path[:min(len(path), i+len(prefix))] + "…"
		}
	}
	return path
}

// Operations lists every route as "METHOD /path". Preflights are left out, and what
// Refuse mounts.
func (rs *routes) Operations() []string { return slices.Clone(rs.operations) }

// serve finds the handler of a request and runs it. It returns the path of the operation,
// "" for none.
func (rs *routes) serve(w http.ResponseWriter, r *http.Request) (route string) {
	path := r.URL.EscapedPath()
	if h := rs.paths[path].of(r.Method); h != nil {
		h.ServeHTTP(w, r)
		return path
	}
	if path, vars := rs.table().match(r); path != "" {
		rs.paths[path].of(r.Method).ServeHTTP(w, mux.SetURLVars(r, vars))
		return path
	}
	return rs.serveRest(w, r)
}

// serveRest serves what no path has a handler for.
func (rs *routes) serveRest(w http.ResponseWriter, r *http.Request) (route string) {
	for _, p := range rs.prefixes {
		if p.method == r.Method && strings.HasPrefix(r.URL.EscapedPath(), p.path) {
			p.handler.ServeHTTP(w, r)
			return p.path
		}
	}
	allowed := rs.allowed(r)
	if len(allowed) == 0 {
		rs.notFound.ServeHTTP(w, r)
		return ""
	}
	// RFC 9110 section 15.5.6: "The origin server MUST generate an Allow header
	// field in a 405 response".
	w.Header()["Allow"] = allowed
	rs.methodNotAllowed.ServeHTTP(w, r)
	return ""
}

// allowed lists the methods that the path of a request has.
func (rs *routes) allowed(r *http.Request) (all []string) {
	for _, method := range []string{http.MethodGet, http.MethodPost, http.MethodPut, http.MethodPatch, http.MethodDelete, http.MethodOptions} {
		path, _ := rs.table().match(&http.Request{Method: method, URL: r.URL, Host: r.Host})
		if path != "" || rs.paths[r.URL.EscapedPath()].of(method) != nil {
			all = append(all, method)
		}
	}
	return all
}

// Param is a variable of the route's path, decoded.
func Param(r *http.Request, name string) string {
	raw := mux.Vars(r)[name]
	decoded, err := url.PathUnescape(raw)
	if err != nil {
		return raw
	}
	return decoded
}
