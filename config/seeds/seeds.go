// Package seeds contains the tenants that are embedded in the program, as tenant files. They need not be checked at
// start, because a test of package tenantfile validates each of them against the schema.
package seeds

import (
	"embed"
	"io/fs"
	"strings"
)

//go:embed *.yaml
var files embed.FS

const ending = ".yaml"

// Names returns the names of the embedded tenants, in alphabetical order.
func Names() []string {
	entries, _ := fs.ReadDir(files, ".") // An embedded folder cannot fail.
	names := make([]string, len(entries))
	for i, entry := range entries {
		names[i] = strings.TrimSuffix(entry.Name(), ending)
	}
	return names
}

// File returns the tenant file of an embedded tenant, in YAML, and whether there is a tenant with this name.
func File(name string) (data []byte, is bool) {
	data, err := files.ReadFile(name + ending)
	return data, err == nil
}
