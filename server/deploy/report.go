// Package deploy imports configurations in the format of auth0-deploy-cli into a tenant,
// and exports them. It knows the sections of a configuration, compares them with the
// existing objects, reports the differences and makes the changes. The objects are read
// and written with [Objects], which another package implements.
package deploy

import (
	"cmp"
	"errors"
	"fmt"
	"slices"

	"github.com/tenant0/tenant0/config/tenantfile"
	"github.com/tenant0/tenant0/server/objects"
	"github.com/tenant0/tenant0/storage"
)

// Report is what an import of a configuration did, or would do.
type Report struct {
	Changes []Change  `json:"changes"`
	Skipped []Skipped `json:"skipped"`
	// Kept are objects with code that is stored for the API but not run, and objects with settings that have no effect
	// on tokens.
	Kept []Skipped `json:"kept,omitempty"`
}

// Change says what happened to an object of the configuration.
type Change struct {
	Action  string `json:"action"` // create, update or unchanged
	Section string `json:"section"`
	Name    string `json:"name"`
	// Differences are the members that an update changes, each with its old and new
	// value. For a secret only the fact of a change is reported.
	Differences []string `json:"differences,omitempty"`
}

// Skipped is a part of the configuration that cannot be imported, and the reason.
type Skipped struct {
	Section string `json:"section"`
	Name    string `json:"name,omitempty"`
	Reason  string `json:"reason"`
}

// Refused is the error about an object of a configuration that cannot be imported.
type Refused struct {
	// Section and Name are those of the object, as reports have them. Name is "" if the section itself is wrong.
	Section, Name string
	// Err says both, and what is wrong.
	Err error
}

// Error implements the error interface.
func (e *Refused) Error() string { return e.Err.Error() }

// Unwrap returns what is wrong.
func (e *Refused) Unwrap() error { return e.Err }

// refused adds the section to the error about an object or the section.
func refused(section string, err error) error {
	name := ""
	if in, ok := errors.AsType[*Refused](err); ok {
		name = in.Name
	}
	return &Refused{Section: section, Name: name, Err: within(section, err)}
}

// Located adds the position of the object that an error is about, or else the name of the file, unless that is "".
func Located(positions tenantfile.Positions, file string, err error) error {
	place := file
	if e, ok := errors.AsType[*Refused](err); ok {
		place = cmp.Or(positions.Of(e.Section, e.Name), file)
	}
	if place == "" {
		return err
	}
	return fmt.Errorf("%s: %w", place, err)
}

// Lines returns what was skipped as lines of text, with positions in the file.
func Lines(positions tenantfile.Positions, skipped []Skipped) (lines []string) {
	for _, s := range skipped {
		line := fmt.Sprintf("%s %s: %s", s.Section, s.Name, s.Reason)
		if place := positions.Of(s.Section, s.Name); place != "" {
			line = place + ": " + line
		}
		lines = append(lines, line)
	}
	return lines
}

// keptCode lists the objects of a section that contain code, which is stored for the API and
// for exports, and objects with settings that tokens do not follow (objects.Neglected).
func keptCode(section string, items []storage.Document) (kept []Skipped) {
	for _, item := range items {
		name, _ := item["name"].(string)
		options, _ := item["options"].(storage.Document)
		scripts, _ := options["customScripts"].(storage.Document)
		if slices.Contains([]string{"actionModules", "actions", "hooks", "rules"}, section) || len(scripts) > 0 {
			kept = append(kept, Skipped{section, name, "its code is stored, but tenant0 does not run it"})
		}
		for _, said := range objects.Neglected(section, item) {
			kept = append(kept, Skipped{section, name, said})
		}
	}
	return kept
}

// CodeOf lists the objects of a tenant file that contain code, which the server stores
// but does not run, and those with settings that tokens do not follow. It returns a line of
// text for each.
func CodeOf(file *tenantfile.Tenant) []string {
	var kept []Skipped
	list := func(section string, items []storage.Document) { kept = append(kept, keptCode(section, items)...) }
	list("resourceServers", file.ResourceServers)
	list("clients", file.Clients)
	list("databases", file.Databases)
	list("connections", file.Connections)
	for _, section := range []string{"actionModules", "actions", "hooks", "rules"} {
		list(section, ItemsOf(file.Further[section]))
	}
	return Lines(file.Positions, kept)
}

// ItemsOf returns the objects of a list, or of the list in an object that has one,
// whatever the name of its member.
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

// IsEmpty reports whether a value is nil, an empty list or an empty object.
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
