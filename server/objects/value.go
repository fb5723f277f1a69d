package objects

import (
	"encoding/json"

	"github.com/tenant0/tenant0/storage"
)

// Value converts a value to what encoding and decoding it as JSON would give: objects,
// lists, strings, numbers as float64, booleans and nil.
func Value(value any) (copied any, err error) {
	switch v := value.(type) {
	case nil, string, bool, float64:
		return v, nil
	case int:
		return float64(v), nil
	case storage.Document:
		if v == nil {
			return copied, nil // JSON encodes it as null
		}
		doc := make(storage.Document, len(v))
		for name, item := range v {
			if doc[name], err = Value(item); err != nil {
				return nil, err
			}
		}
		return doc, nil
	case []any:
		return valueList(v)
	case []storage.Document:
		return valueList(v)
	case []string:
		return valueList(v)
	}
	raw, err := json.Marshal(value)
	if err != nil {
		return nil, err
	}
	return copied, json.Unmarshal(raw, &copied)
}

func valueList[T any](items []T) (copied any, err error) {
	if items == nil {
		return copied, nil
	}
	list := make([]any, len(items))
	for i, item := range items {
		if list[i], err = Value(item); err != nil {
			return nil, err
		}
	}
	return list, nil
}
