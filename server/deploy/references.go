package deploy

import (
	"fmt"
	"maps"
	"slices"
	"strings"

	"github.com/tenant0/tenant0/storage"
)

// reference is a member that contains the name of another object in a configuration, and
// its id in the API.
type reference struct {
	member   string // the name of a member of objects at any depth, or a path with dots
	path, id string // the path of the other objects, and the member with their id
}

var (
	toAction           = reference{"action_id", "/actions/actions", "id"}
	toAttributeProfile = reference{"user_attribute_profile_id", "/user-attribute-profiles", "id"}
)

// resolve replaces the names in an item by ids. An unknown name is left unchanged, and
// reported as skipped for the item.
func (im *importer) resolve(s collection, named string, item storage.Document) error {
	for _, ref := range s.refs {
		err := ref.each(item, func(name string) (string, error) {
			there, err := im.references(ref.path, ref.id)
			if err != nil {
				return "", err
			}
			if id, known := there.ids[name]; known {
				return id, nil
			}
			if id, known := im.coming[ref.path][name]; known {
				return id, nil
			}
			im.skip(s.name, named, fmt.Sprintf("%s: there is no %q in %s", ref.member, name, strings.Trim(ref.path, "/")))
			return name, nil
		})
		if err != nil {
			return err
		}
	}
	return nil
}

// rename replaces the ids in an item by names.
func (im *importer) rename(s collection, item storage.Document) error {
	for _, ref := range s.refs {
		if err := ref.each(item, func(id string) (string, error) { return im.name(ref.path, id, ref.id) }); err != nil {
			return err
		}
	}
	return nil
}

// each replaces the strings of a reference within a value.
func (r reference) each(value any, replace func(string) (string, error)) error {
	return EachText(value, r.member, replace)
}

func sortedNames[V any](m map[string]V) []string { return slices.Sorted(maps.Keys(m)) }
