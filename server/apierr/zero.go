package apierr

import (
	"fmt"
	"maps"
	"slices"
	"strings"
)

// ZeroByte looks for a string with a zero byte in a JSON value; the keys and indexes of
// the store cannot contain one. It returns the path of the string, such as
// user_metadata.colors[0]. If the string is a member's name, the path is that of the
// object which contains the member.
func ZeroByte(value any) (path string, found bool) {
	switch v := value.(type) {
	case string:
		return "", strings.ContainsRune(v, 0)
	case []any:
		for i, item := range v {
			if path, found := ZeroByte(item); found {
				return fmt.Sprintf("[%d]%s", i, after(path)), true
			}
		}
	case map[string]any:
		for _, name := range slices.Sorted(maps.Keys(v)) {
			if strings.ContainsRune(name, 0) {
				return "", true
			}
			if path, found := ZeroByte(v[name]); found {
				return name + after(path), true
			}
		}
	}
	return "", false
}

// after returns a path as it is appended to the path of the surrounding value: with a
// dot, unless it is an index.
func after(path string) string {
	if path == "" || path[0] == '[' {
		return path
	}
	return "." + path
}
