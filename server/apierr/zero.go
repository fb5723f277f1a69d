package apierr

import (
	"fmt"
	"maps"
	"slices"
	"strings"
)

// ZeroByte finds a text with a zero byte in a JSON value, which no key and no index may
// have, and returns where it is, such as user_metadata.colors[0]; of a name it
// returns where the object is. found is false where there is none.
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

// after is a path as it follows that of the value around it.
func after(path string) string {
	if path == "" || path[0] == '[' {
		return path
	}
	return "." + path
}
