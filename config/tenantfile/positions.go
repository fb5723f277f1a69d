package tenantfile

import (
	"cmp"
	"fmt"
	"maps"
	"slices"
)

// Positions are the places of sections and their objects in the files of a configuration, as file:line:column. The keys
// are made by originKey.
type Positions map[string]string

// Of returns the position of the object that a report calls by a section and a name. If the object has none, it is that
// of the section, or "" for sections that are not in the files.
func (p Positions) Of(section, name string) string {
	return cmp.Or(p[originKey(at(section, name))], p[originKey(at(section))])
}

// positions returns the positions of all sections, and of their objects by the names that identify them, except of users,
// who may be many.
func (f *file) positions(sections Document) Positions {
	p := Positions{}
	for _, section := range slices.Sorted(maps.Keys(sections)) {
		p[originKey(at(section))] = f.position(at(section))
		if section == "users" {
			continue
		}
		if parts, isObject := sections[section].(Document); isObject {
			for part := range parts {
				p.add(section, part, f.position(at(section, part)))
			}
		}
		for i, item := range documents(sections[section]) {
			position := f.position(at(section, i))
			for _, member := range append(Identity(section), "name") {
				p.add(section, text(item, member), position)
			}
			if section == "clientGrants" {
				p.add(section, GrantName(cmp.Or(text(item, "client_id"), text(item, "default_for")), item), position)
			}
		}
	}
	return p
}

// add adds the position of an object, unless an earlier object has the same name.
func (p Positions) add(section, name, position string) {
	if key := originKey(at(section, name)); name != "" && p[key] == "" {
		p[key] = position
	}
}

// position returns where the value at a path is. A value that is put together from several files is in their folder.
func (f *file) position(path []string) string {
	place := f.locate(path)
	if place.key.Line == 0 {
		return place.file
	}
	return fmt.Sprintf("%s:%d:%d", place.file, place.key.Line, place.key.Column)
}

// GrantName is the name of a client grant in reports: the application, the API and the subject_type, unless that is the
// default.
func GrantName(application string, grant Document) string {
	name := application + " for " + text(grant, "audience")
	if subject := text(grant, "subject_type"); subject != "" && subject != DefaultSubject {
		name += " (" + subject + ")"
	}
	return name
}
