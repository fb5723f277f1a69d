// Package resource describes the resources of the Management API as data: their
// members with types and constraints, what the server fills in, what a change may
// touch, and the errors that Auth0 gives. One validator, one completion and one
// merge work on the descriptions. It serves nothing and stores nothing.
package resource

import (
	"maps"
	"regexp"
	"slices"
	"sync"
	"time"

	"github.com/tenant0/tenant0/server/apierr"
	"github.com/tenant0/tenant0/storage"
)

// Type is a JSON type.
type Type string

// The JSON types, by the names that Auth0's messages use. Any takes every value.
const (
	Any     Type = ""
	String  Type = "string"
	Bool    Type = "boolean"
	Integer Type = "integer"
	Number  Type = "number"
	Array   Type = "array"
	Object  Type = "object"
)

// Access says when a member may be sent.
type Access int

// When a member may be sent: Writable always, CreateOnly and UpdateOnly as they
// say, ReadOnly never.
const (
	Writable Access = iota
	CreateOnly
	UpdateOnly
	ReadOnly
)

// Fields are the members of an object, by name.
type Fields map[string]Field

// Field describes one member.
type Field struct {
	Type     Type
	Required bool
	Nullable bool
	Access   Access
	Default  any // of a new document; nil for none
	Enum     []string
	Only     any            // the one value of a member that is no text; nil for any
	OneOf    func() []Field // of several descriptions the value fits one, besides this
	Format   string         // uri, email, ...: see formats
	Pattern  Pattern        // of a text
	Min, Max int            // of a number, of the length of a text, list or object; Max 0 is unbounded, or maxNumber for a number
	Least    float64        // of a number, where the least is a fraction
	Unique   bool           // a list without repetitions
	Item     *Field         // of a list, or of an object of any members
	Names    Pattern        // of the members of an object
	// Metadata says that the members of an object are the caller's own at every depth, and
	// Reserved names those that it may not have.
	Metadata bool
	Reserved []string
	Fields   Fields // of an object; nil is an object of any members
	Open     bool   // an object may have members beyond Fields
	Secret   bool   // it is a secret, with all within it that no field of Fields says is Plain: nothing that tells of it shows it
	Plain    bool   // neither it nor what is within is a secret, whatever the names, unless a field says otherwise
	Ordered  bool   // a list whose order means something
	Doc      string // what it is for, in the words of Auth0's messages; "" leaves them out
}

// Pattern is an expression that a text must match. It is compiled when it is first
// needed.
type Pattern func() *regexp.Regexp

// Like returns the pattern of an expression.
func Like(expression string) Pattern {
	return sync.OnceValue(func() *regexp.Regexp { return regexp.MustCompile(expression) })
}

// Kind describes one resource.
type Kind struct {
	// Name is the resource as its path spells it.
	Name string
	// ID is the member that holds the id, and NewID makes one.
	ID    string
	NewID func() string
	// Fields are the members. Unknown ones are refused unless Open is set.
	Fields Fields
	Open   bool
	// Min is how many members a change has at least.
	Min int
	// Item describes the members of a kind without Fields, whatever they are called.
	Item *Field
	// Unique names members whose value no other document of the kind may have.
	Unique []string
	// Merged names members that a PATCH merges key by key: null removes a key.
	Merged []string
	// Deep names members whose objects a PATCH merges at every level.
	Deep []string
	// Complete fills in what depends on other members, after the defaults.
	Complete func(doc storage.Document, now time.Time)
	// Created and Updated name the members that hold the times; "" for none.
	Created, Updated string
	// Missing is the answer for an id that is none, and Taken for a conflict.
	Missing, Taken *apierr.Error
}

// Fill fills in a new document: its id, its defaults and its times. Members that
// are there are left as they are; those that are null go.
func (k *Kind) Fill(doc storage.Document, now time.Time) {
	maps.DeleteFunc(doc, func(_ string, v any) bool { return v == nil })
	fill(doc, k.Fields)
	if k.NewID != nil {
		set(doc, k.ID, k.NewID())
	}
	if k.Complete != nil {
		k.Complete(doc, now)
	}
	for _, name := range []string{k.Created, k.Updated} {
		if name != "" {
			set(doc, name, Time(now))
		}
	}
}

func fill(doc storage.Document, fields Fields) {
	for name, f := range fields {
		if f.Default != nil {
			set(doc, name, clone(f.Default))
		}
	}
}

// set gives a member a value unless it has one.
func set(doc storage.Document, name string, value any) {
	if _, ok := doc[name]; !ok {
		doc[name] = value
	}
}

// setAll is set for each member of values.
func setAll(doc, values storage.Document) {
	for name, value := range values {
		set(doc, name, value)
	}
}

// Time is a time as resources write it: ISO 8601 with milliseconds.
func Time(t time.Time) string { return t.UTC().Format("2006-01-02T15:04:05.000Z") }

// Merge changes a stored document as a PATCH with change does: members are
// replaced, null removes one, and merged ones are merged key by key.
func (k *Kind) Merge(doc, change storage.Document, now time.Time) {
	for name, value := range change {
		part, isObject := value.(storage.Document)
		old, wasObject := doc[name].(storage.Document)
		switch {
		case value == nil:
			delete(doc, name)
		case isObject && wasObject && slices.Contains(k.Deep, name):
			fillIn(part, old)
			doc[name] = part
		case isObject && slices.Contains(k.Merged, name):
			if !wasObject {
				old = storage.Document{}
			}
			doc[name] = mergeKeys(old, part)
		default:
			doc[name] = value
		}
	}
	if k.Updated != "" {
		doc[k.Updated] = Time(now)
	}
}

// mergeKeys merges by key; an empty change empties, as Auth0 does.
func mergeKeys(old, change storage.Document) storage.Document {
	if len(change) == 0 {
		return storage.Document{}
	}
	merged := maps.Clone(old)
	for key, value := range change {
		if value == nil {
			delete(merged, key)
		} else {
			merged[key] = value
		}
	}
	return merged
}

// Clone copies a document with all within it.
func Clone(doc storage.Document) storage.Document {
	c, _ := clone(doc).(storage.Document)
	return c
}

// clone copies lists and objects of JSON values.
func clone(value any) any {
	switch v := value.(type) {
	case storage.Document:
		c := make(storage.Document, len(v))
		for key, item := range v {
			c[key] = clone(item)
		}
		return c
	case []any:
		c := make([]any, len(v))
		for i, item := range v {
			c[i] = clone(item)
		}
		return c
	}
	return value
}
