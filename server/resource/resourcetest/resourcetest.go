// Package resourcetest holds checks of the descriptions in server/resource that tests of several packages share.
package resourcetest

import (
	"encoding"
	"encoding/json"
	"reflect"
	"slices"
	"strings"
	"testing"

	"github.com/tenant0/tenant0/server/resource"
)

var (
	unmarshaler = reflect.TypeFor[json.Unmarshaler]()
	texts       = reflect.TypeFor[encoding.TextUnmarshaler]()
)

// Readable reports members of a kind that the API accepts with a JSON type that a Go value of the type T cannot
// be decoded from. Such a member would be stored and could not be read, or would cause an internal error.
func Readable[T any](t testing.TB, kind *resource.Kind) {
	t.Helper()
	readable(t, kind.Name, reflect.TypeFor[T](), resource.Field{Type: resource.Object, Fields: kind.Fields, Open: kind.Open, Item: kind.Item})
}

func readable(t testing.TB, path string, read reflect.Type, sent resource.Field) {
	t.Helper()
	for read.Kind() == reflect.Pointer {
		read = read.Elem()
	}
	if sent.Access == resource.ReadOnly || read.Kind() == reflect.Interface || reflect.PointerTo(read).Implements(unmarshaler) {
		return
	}
	want := map[reflect.Kind][]resource.Type{
		reflect.String: {resource.String}, reflect.Bool: {resource.Bool}, reflect.Slice: {resource.Array}, reflect.Map: {resource.Object},
		reflect.Struct: {resource.Object}, reflect.Int: {resource.Integer}, reflect.Int64: {resource.Integer},
		reflect.Float64: {resource.Integer, resource.Number},
	}[read.Kind()]
	if reflect.PointerTo(read).Implements(texts) {
		want = []resource.Type{resource.String}
	}
	if !slices.Contains(want, sent.Type) {
		t.Errorf("%s is read as %s, and may be sent as %q", path, read, sent.Type)
		return
	}
	switch {
	case read.Kind() == reflect.Slice && sent.Item != nil:
		readable(t, path+"[]", read.Elem(), *sent.Item)
	case read.Kind() == reflect.Slice && read.Elem().Kind() != reflect.Interface:
		t.Errorf("%s is read as %s, and its items are not described", path, read)
	case read.Kind() == reflect.Map && sent.Item != nil:
		readable(t, path+".*", read.Elem(), *sent.Item)
	case read.Kind() == reflect.Struct && !reflect.PointerTo(read).Implements(texts):
		readableMembers(t, path, read, sent)
	}
}

func readableMembers(t testing.TB, path string, read reflect.Type, sent resource.Field) {
	t.Helper()
	for member := range read.Fields() {
		name, _, _ := strings.Cut(member.Tag.Get("json"), ",")
		if member.Anonymous && name == "" {
			readableMembers(t, path, member.Type, sent)
			continue
		}
		if name == "" || name == "-" {
			continue
		}
		described, known := sent.Fields[name]
		switch {
		case known:
			readable(t, path+"."+name, member.Type, described)
		case sent.Item != nil:
			readable(t, path+"."+name, member.Type, *sent.Item)
		case sent.Open || sent.Fields == nil:
			t.Errorf("%s.%s is read as %s, and may be sent as anything", path, name, member.Type)
		}
	}
}
