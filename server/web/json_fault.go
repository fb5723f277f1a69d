package web

import (
	"encoding/json"
	"errors"
	"reflect"
	"strings"
)

// JSONFault describes an error of encoding/json: which member has the wrong type ("" for the whole text), and
// which type it must have, by JSON's names. Both are "" if the text is not valid JSON, or
// has a number that is out of range.
func JSONFault(err error) (member, want string) {
	e, ok := errors.AsType[*json.UnmarshalTypeError](err)
	if !ok || e.Type.Kind() == reflect.Float64 && strings.HasPrefix(e.Value, "number ") { // 1e400, a number of no type
		return "", ""
	}
	return e.Field, jsonType(e.Type)
}

// jsonType returns the name of the JSON type that is decoded into a Go type.
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
