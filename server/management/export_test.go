package management

import (
	"strings"

	"github.com/tenant0/tenant0/server/resource"
)

// Served lists what the room serves as "METHOD /path", for tests.
func Served() []string {
	var all []string
	for _, op := range operations() {
		all = append(all, op.method+" "+base+op.path)
	}
	return all
}

// Scopes lists the scopes that let callers in, alone or together, by operation, for tests.
func Scopes() map[string][]string {
	all := map[string][]string{}
	for _, op := range operations() {
		all[op.method+" "+op.path] = strings.Fields(strings.Join(op.scopes, " "))
	}
	return all
}

// BodiesServed are the kinds of the bodies that resources take, by operation.
func BodiesServed() map[string]*resource.Kind {
	all := map[string]*resource.Kind{}
	for _, s := range resources() {
		for _, op := range s.operations() {
			all[op.method+" "+base+op.path] = s.kind.Kind
		}
	}
	return all
}

// KindOf is the kind of what an operation takes and answers with, by the path of the operation; known says that it is told
// where the secrets are.
func KindOf(path string) (kind *resource.Kind, known bool) {
	_, known = kindsByPath()[path]
	return kindOf(path), known
}
