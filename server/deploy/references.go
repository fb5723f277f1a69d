package deploy

import (
	"fmt"
	"maps"
	"slices"
	"strings"

	"github.com/tenant0/tenant0/storage"
)

// reference is a member that has the name of another object where the API has its
// id.
type reference struct {
	member   string // of objects at any depth, or with dots the way to it
	path, id string // where the others are, and the member that holds their id
}

var (
	toAction           = reference{"action_id", "/actions/actions", "id"}
	toAttributeProfile = reference{"user_attribute_profile_id", "/user-attribute-profiles", "id"}
)

// resolve turns the names in an item into ids. A name that nothing has stays, and is
// listed with that of the item.
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

// rename turns the ids in an item into names.
func (im *importer) rename(s collection, item storage.Document) error {
	for _, ref := range s.refs {
		if err := ref.each(item, func(id string) (string, error) { return im.name(ref.path, id, ref.id) }); err != nil {
			return err
		}
	}
	return nil
}

// each replaces the texts at a reference.
func (r reference) each(value any, replace func(string) (string, error)) error {
	return EachText(value, r.member, replace)
}

func sortedNames[V any](m map[string]V) []string { return slices.Sorted(maps.Keys(m)) }
