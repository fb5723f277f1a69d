// Package deploy imports configurations in the form of auth0-deploy-cli into a tenant and
// exports them: it has the list of sections with what each may hold, compares a
// configuration with what is there, says what changes, and changes it. The objects
// themselves are another's, see [Objects].
package deploy

import (
	"fmt"
	"slices"

	"github.com/tenant0/tenant0/config/tenantfile"
	"github.com/tenant0/tenant0/storage"
)

// Report is what an import of a configuration did, or would do.
type Report struct {
	Changes []Change  `json:"changes"`
	Skipped []Skipped `json:"skipped"`
	// Kept are objects with code that is kept for the API and not run.
	Kept []Skipped `json:"kept,omitempty"`
}

// Change is what became of one object of the configuration.
type Change struct {
	Action  string `json:"action"` // create, update or unchanged
	Section string `json:"section"`
	Name    string `json:"name"`
	// Differences are the members that an update changes, each with what it was and
	// what it becomes. Of a secret they say that it changes, and no more.
	Differences []string `json:"differences,omitempty"`
}

// Skipped is what an import cannot honour, and why.
type Skipped struct {
	Section string `json:"section"`
	Name    string `json:"name,omitempty"`
	Reason  string `json:"reason"`
}

// keptCode lists the objects of a section that bring code, which is kept for the API and
// for exports.
func keptCode(section string, items []storage.Document) (kept []Skipped) {
	for _, item := range items {
		name, _ := item["name"].(string)
		options, _ := item["options"].(storage.Document)
		scripts, _ := options["customScripts"].(storage.Document)
		if slices.Contains([]string{"actionModules", "actions", "hooks", "rules"}, section) || len(scripts) > 0 {
			kept = append(kept, Skipped{section, name, "its code is kept, and not run by tenant0"})
		}
	}
	return kept
}

// CodeOf says of a tenant file which of its objects bring code that a server keeps and
// does not run.
func CodeOf(file *tenantfile.Tenant) (lines []string) {
	list := func(section string, items []storage.Document) {
		for _, kept := range keptCode(section, items) {
			lines = append(lines, fmt.Sprintf("%s %s: %s", kept.Section, kept.Name, kept.Reason))
		}
	}
	list("databases", file.Databases)
	list("connections", file.Connections)
	for _, section := range []string{"actionModules", "actions", "hooks", "rules"} {
		list(section, ItemsOf(file.Further[section]))
	}
	return lines
}

// ItemsOf finds the list in an answer, whatever its member is called.
func ItemsOf(answer any) (items []storage.Document) {
	list, ok := answer.([]any)
	if envelope, isObject := answer.(storage.Document); isObject {
		for _, value := range envelope {
			if l, isList := value.([]any); isList {
				list, ok = l, true
			}
		}
	}
	if !ok {
		return nil
	}
	for _, item := range list {
		if doc, isObject := item.(storage.Document); isObject {
			items = append(items, doc)
		}
	}
	return items
}

// IsEmpty reports whether there is nothing in a value: no value, or a list or an object
// without any.
func IsEmpty(value any) bool {
	switch v := value.(type) {
	case nil:
		return true
	case []any:
		return len(v) == 0
	case storage.Document:
		return len(v) == 0
	}
	return false
}
