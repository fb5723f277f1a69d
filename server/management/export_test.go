package management

import (
	"strings"

	"github.com/tenant0/tenant0/server/resource"
)

// Served lists the operations of this package as "METHOD /path", for tests.
func Served() []string {
	var all []string
	for _, op := range operations() {
		all = append(all, op.method+" "+base+op.path)
	}
	return all
}

// Scopes gives, for each operation, the scopes that allow it, alone or together, for tests.
func Scopes() map[string][]string {
	all := map[string][]string{}
	for _, op := range operations() {
		all[op.method+" "+op.path] = strings.Fields(strings.Join(op.scopes, " "))
	}
	return all
}

// BodiesServed gives, for each operation on a resource, the kind that describes the bodies.
func BodiesServed() map[string]*resource.Kind {
	all := map[string]*resource.Kind{}
	for _, s := range resources() {
		for _, op := range s.operations() {
			all[op.method+" "+base+op.path] = s.kind.Kind
		}
	}
	return all
}

// KindOf returns the kind that describes the bodies of the operations at a path; known reports whether there is a
// description that tells which members are secret.
func KindOf(path string) (kind *resource.Kind, known bool) {
	_, known = kindsByPath()[path]
	return kindOf(path), known
}
