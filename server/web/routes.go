package web

import (
	"net/http"
	"net/url"
	"slices"
	"strings"
	"sync"

	"github.com/gorilla/mux"
)

// routes finds the handler of a request. Paths without variables are looked up in a map.
// Paths with variables are matched by a table that routers with the same paths share.
type routes struct {
	paths      map[string]methods // by path, with variables in braces
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

// of returns the handler of a method, nil if there is none.
func (m methods) of(method string) http.Handler {
	for _, one := range m {
		if answers(one.method, method) {
			return one.handler
		}
	}
	return nil
}

// answers reports whether the handler of a method is to answer a request with another method: HEAD is
// answered as GET is, and net/http leaves the content out. RFC 9110 section 9.3.2.
func answers(mounted, asked string) bool {
	return mounted == asked || mounted == http.MethodGet && asked == http.MethodHead
}

// prefix is a handler for the paths that begin with path and have no handler of their own.
type prefix struct {
	method, path string
	handler      http.Handler
}

func newRoutes(notFound, methodNotAllowed http.Handler) *routes {
	rs := &routes{paths: map[string]methods{}, notFound: notFound, methodNotAllowed: methodNotAllowed}
	rs.table = sync.OnceValue(func() *table { return tableOf(rs) })
	return rs
}

// mount adds the handler of a method at a path. If there is one already, that one stays,
// and mount returns false. Nothing may be mounted after the first request was served.
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
}

func (rs *routes) note(method, path string) { rs.operations = append(rs.operations, method+" "+path) }

// Conceal keeps the part of a path after prefix out of the log, even if the prefix is in
// other letters' case, because everybody who has such a link can use it.
func (rs *routes) Conceal(prefix string) { rs.concealed = append(rs.concealed, prefix) }

// logged returns the path of a request without its concealed part.
func (rs *routes) logged(path string) string {
	for _, prefix := range rs.concealed {
		if i := strings.Index(strings.ToLower(path), prefix); i >= 0 {
			return path[:min(len(path), i+len(prefix))] + "…"
		}
	}
	return path
}

// Operations lists every route as "METHOD /path", without preflights and without routes
// that Refuse mounts.
func (rs *routes) Operations() []string { return slices.Clone(rs.operations) }

// serve runs the handler of a request. It returns the path of the operation, "" if there
// is none.
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

// serveRest serves requests that no path has a handler for.
func (rs *routes) serveRest(w http.ResponseWriter, r *http.Request) (route string) {
	for _, p := range rs.prefixes {
		if answers(p.method, r.Method) && strings.HasPrefix(r.URL.EscapedPath(), p.path) {
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

// allowed returns the methods that are served at the path of a request.
func (rs *routes) allowed(r *http.Request) (all []string) {
	for _, method := range []string{http.MethodGet, http.MethodHead, http.MethodPost, http.MethodPut, http.MethodPatch, http.MethodDelete, http.MethodOptions} {
		path, _ := rs.table().match(&http.Request{Method: method, URL: r.URL, Host: r.Host})
		if path != "" || rs.paths[r.URL.EscapedPath()].of(method) != nil {
			all = append(all, method)
		}
	}
	return all
}

// Param returns a variable of the route's path, decoded.
func Param(r *http.Request, name string) string {
	raw := mux.Vars(r)[name]
	decoded, err := url.PathUnescape(raw)
	if err != nil {
		return raw
	}
	return decoded
}
