package web

import (
	"encoding/json"
	"errors"
	"reflect"
)

// JSONFault says of an error of encoding/json what is wrong with the text, in JSON's words: which member has
// another type than it must have, "" for the whole, and what it must be. The member is "" and the type too where
// the text is no JSON.
func JSONFault(err error) (member, want string) {
	e, ok := errors.AsType[*json.UnmarshalTypeError](err)
	if !ok {
		return "", ""
	}
	return e.Field, jsonType(e.Type)
}

// jsonType is what a Go type is read from.
func jsonType(t reflect.Type) string {
	switch t.Kind() {
	case reflect.Pointer:
		return jsonType(t.Elem())
	case reflect.String:
		return "string"
	case reflect.Bool:
		return "boolean"
	case reflect.Slice, reflect.Array:
		return "array"
	case reflect.Struct, reflect.Map:
		return "object"
	case reflect.Int, reflect.Int8, reflect.Int16, reflect.Int32, reflect.Int64, reflect.Uint, reflect.Uint8, reflect.Uint16, reflect.Uint32, reflect.Uint64:
		return "integer"
	default:
		return "number"
	}
}
