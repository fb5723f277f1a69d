// Package seeds holds the tenants that are part of the program, as tenant files that need no checking: a test of package
// tenantfile holds each of them against the schema.
package seeds

import (
	"embed"
	"io/fs"
	"strings"
)

//go:embed *.yaml
var files embed.FS

const ending = ".yaml"

// Names are the names of the embedded tenants, in alphabetical order.
func Names() []string {
	entries, _ := fs.ReadDir(files, ".") // An embedded folder cannot fail.
	names := make([]string, len(entries))
	for i, entry := range entries {
		names[i] = strings.TrimSuffix(entry.Name(), ending)
	}
	return names
}

// File is the tenant file of a name, in YAML, and whether there is one.
func File(name string) (data []byte, is bool) {
	data, err := files.ReadFile(name + ending)
	return data, err == nil
}
