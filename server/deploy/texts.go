package deploy

import (
	"encoding/json"
	"maps"
	"slices"
	"strings"

	"github.com/tenant0/tenant0/storage"
)

// EachText replaces the strings of a member. The member is a name, for objects at any
// depth, or a path of names joined with dots. Empty strings are left out.
func EachText(value any, member string, replace func(string) (string, error)) error {
	way := strings.Split(member, ".")
	return eachText(value, way, len(way) == 1, replace)
}

func eachText(value any, way []string, deep bool, replace func(string) (string, error)) error {
	switch value := value.(type) {
	case []any:
		for _, item := range value {
			if err := eachText(item, way, deep, replace); err != nil {
				return err
			}
		}
	case storage.Document:
		for _, name := range slices.Sorted(maps.Keys(value)) {
			item := value[name]
			old, isText := item.(string)
			var err error
			switch {
			case name == way[0] && len(way) == 1 && isText && old != "":
				value[name], err = replace(old)
			case name == way[0] && len(way) > 1:
				err = eachText(item, way[1:], deep, replace)
			case deep:
				err = eachText(item, way, deep, replace)
			}
			if err != nil {
				return err
			}
		}
	}
	return nil
}

// jsonText returns a value as JSON text.
func jsonText(value any) string {
	raw, _ := json.Marshal(value) // cannot fail for decoded JSON
	return string(raw)
}

func setOf[T comparable](list []T) map[T]bool {
	set := make(map[T]bool, len(list))
	for _, item := range list {
		set[item] = true
	}
	return set
}
