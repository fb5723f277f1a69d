package tenantfile

import (
	"strconv"
)

// Document is one entry of a section, with the keys of the Management API. Its values are those of JSON: string,
// bool, int or float64, []any and Document; keys whose value is null are left out, except in the metadata of users and in the
// options of connections.
type Document = map[string]any

// documents returns the entries of a list. An entry that is not a map becomes an empty one, so that the indexes
// stay.
func documents(list any) []Document {
	entries, _ := list.([]any)
	var docs []Document
	for _, entry := range entries {
		doc, ok := entry.(Document)
		if !ok {
			doc = Document{}
		}
		docs = append(docs, doc)
	}
	return docs
}

// text returns a member that is a string, "" if it is missing or not a string.
func text(doc Document, key string) string {
	value, _ := doc[key].(string)
	return value
}

func list(doc Document, key string) []any {
	value, _ := doc[key].([]any)
	return value
}

// within returns the value at a path.
func within(value any, path []string) any {
	for _, step := range path {
		switch v := value.(type) {
		case Document:
			value = v[step]
		case []any:
			i, err := strconv.Atoi(step)
			if err != nil || i >= len(v) {
				return nil
			}
			value = v[i]
		}
	}
	return value
}

// isEmptyValue reports whether a value means the same as its absence.
func isEmptyValue(value any) bool {
	switch v := value.(type) {
	case nil:
		return true
	case bool:
		return !v
	case []any:
		return len(v) == 0
	case Document:
		return len(v) == 0
	}
	return false
}
