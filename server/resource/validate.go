package resource

import (
	"fmt"
	"maps"
	"math"
	"net/http"
	"net/mail"
	"net/url"
	"reflect"
	"slices"
	"strings"
	"unicode/utf8"

	"github.com/tenant0/tenant0/server/apierr"
	"github.com/tenant0/tenant0/storage"
)

// Operation is what a body is sent for.
type Operation int

// The operations: Create needs what is required, Update only what is sent, and
// Replace is an update of all that may change.
const (
	Create Operation = iota
	Update
	Replace
)

// Check checks a body against the description and returns Auth0's validation
// error, or nil.
func (k *Kind) Check(body storage.Document, op Operation) error {
	c := checker{op: op}
	c.object("", body, k.Fields, k.Open)
	return c.err
}

// checker stops at the first fault, in the order of names, so that the same body
// always gets the same answer.
type checker struct {
	op  Operation
	err error
}

// fail notes a fault of a member: "" is the body itself.
func (c *checker) fail(path, format string, args ...any) {
	if c.err != nil {
		return
	}
	sentence := "'" + fmt.Sprintf(format, args...) + "'"
	if path != "" {
		sentence += " on property " + path
	}
	c.err = InvalidBody("Payload validation error: " + sentence + ".")
}

// InvalidBody is Auth0's answer to a body that does not fit.
func InvalidBody(message string) error {
	return &apierr.Error{Status: http.StatusBadRequest, Message: message, Extra: map[string]any{"errorCode": "invalid_body"}}
}

func (c *checker) object(path string, body storage.Document, fields Fields, open bool) {
	for _, name := range slices.Sorted(maps.Keys(body)) {
		f, known := fields[name]
		switch {
		case !known && open:
		case !known || !c.allowed(path, f):
			c.fail(path, "Additional properties not allowed: %s", name)
		default:
			c.value(join(path, name), body[name], f)
		}
		if c.err != nil {
			return
		}
	}
	if c.op == Update && path == "" {
		return
	}
	for _, name := range slices.Sorted(maps.Keys(fields)) {
		if _, sent := body[name]; !sent && fields[name].Required && c.allowed(path, fields[name]) {
			c.fail(path, "Missing required property: %s", name)
		}
	}
}

func (c *checker) allowed(path string, f Field) bool {
	if path != "" {
		return f.Access != ReadOnly
	}
	switch f.Access {
	case ReadOnly:
		return false
	case CreateOnly:
		return c.op == Create
	case UpdateOnly:
		return c.op != Create
	case Writable:
	}
	return true
}

func join(path, name string) string {
	if path == "" {
		return name
	}
	return path + "." + name
}

func (c *checker) value(path string, value any, f Field) {
	// A null in a PATCH removes the member.
	if value == nil && (f.Nullable || f.Type == Any || c.op == Update) {
		return
	}
	if got := typeOf(value); f.Type != Any && got != f.Type && (got != Integer || f.Type != Number) {
		c.fail(path, "Expected type %s but found type %s", f.Type, got)
		return
	}
	switch v := value.(type) {
	case string:
		c.text(path, v, f)
	case float64:
		c.number(path, v, f)
	case []any:
		c.list(path, v, f)
	case storage.Document:
		if f.Fields != nil {
			c.object(path, v, f.Fields, f.Open)
		}
	}
}

func typeOf(value any) Type {
	switch v := value.(type) {
	case string:
		return String
	case bool:
		return Bool
	case float64:
		if v == math.Trunc(v) {
			return Integer
		}
		return Number
	case int:
		return Integer
	case []any:
		return Array
	case storage.Document:
		return Object
	}
	return "null"
}

// formats check texts of a format.
var formats = map[string]func(string) bool{
	"email": func(s string) bool {
		a, err := mail.ParseAddress(s)
		return err == nil && a.Address == s
	},
	"uri": func(s string) bool {
		u, err := url.Parse(s)
		return err == nil && u.Scheme != ""
	},
}

func (c *checker) text(path, v string, f Field) {
	length := utf8.RuneCountInString(v)
	switch {
	case len(f.Enum) > 0 && !slices.Contains(f.Enum, v):
		c.fail(path, "No enum match for: %s", v)
	case length < f.Min:
		c.fail(path, "String is too short (%d chars), minimum %d", length, f.Min)
	case f.Max > 0 && length > f.Max:
		c.fail(path, "String is too long (%d chars), maximum %d", length, f.Max)
	case f.Format != "" && !formats[f.Format](v):
		c.fail(path, "Object didn't pass validation for format %s: %s", f.Format, v)
	}
}

func (c *checker) number(path string, v float64, f Field) {
	switch {
	case v < float64(f.Min):
		c.fail(path, "Value %s is less than minimum %d", plain(v), f.Min)
	case f.Max > 0 && v > float64(f.Max):
		c.fail(path, "Value %s is greater than maximum %d", plain(v), f.Max)
	}
}

func plain(v float64) string { return strings.TrimSuffix(fmt.Sprintf("%g", v), ".0") }

func (c *checker) list(path string, v []any, f Field) {
	switch {
	case len(v) < f.Min:
		c.fail(path, "Array is too short (%d), minimum %d", len(v), f.Min)
		return
	case f.Max > 0 && len(v) > f.Max:
		c.fail(path, "Array is too long (%d), maximum %d", len(v), f.Max)
		return
	case f.Unique:
		if i, j, ok := repeated(v); ok {
			c.fail(path, "Array items are not unique (indexes %d and %d)", i, j)
			return
		}
	}
	if f.Item == nil {
		return
	}
	for i, item := range v {
		c.value(fmt.Sprintf("%s[%d]", path, i), item, *f.Item)
	}
}

func repeated(v []any) (i, j int, ok bool) {
	for j := range v {
		for i := range j {
			if reflect.DeepEqual(v[i], v[j]) {
				return i, j, true
			}
		}
	}
	return 0, 0, false
}
