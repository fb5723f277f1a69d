// Package resource describes the resources of the Management API as data: their
// members with types and constraints, their defaults, which members a change may
// contain, and Auth0's errors. The same validation, completion and merging work on
// all descriptions. The package serves nothing and stores nothing.
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

// The JSON types, by the names that Auth0's messages use. Any stands for all of
// them.
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
	Default  any // for a new document; nil for no default
	Enum     []string
	Only     any            // the only value, for a member that is not a text; nil if there are several
	OneOf    func() []Field // descriptions of which the value must fit at least one, in addition to this one
	Format   string         // uri, email, ...: see formats
	Pattern  Pattern        // of a text
	Min, Max int            // of a number, or the length of a text, list or object; Max 0: no limit, or maxNumber for a number
	Least    float64        // the minimum of a number, if it is a fraction
	Unique   bool           // no two items of the list may be equal
	Item     *Field         // describes the items of a list, or the members of an object without Fields
	Names    Pattern        // for the names of the members of an object
	// Metadata says that callers choose the names of the members at every depth.
	// Reserved are names that are not allowed.
	Metadata bool
	Reserved []string
	Fields   Fields // of an object; nil allows any members
	Open     bool   // an object may have members beyond Fields
	Secret   bool   // a secret, with everything in it that Fields does not mark as Plain; it is shown nowhere
	Plain    bool   // neither the value nor anything in it is a secret, whatever the names, unless a field in it says otherwise
	Ordered  bool   // the order of the list has a meaning
	Doc      string // a description that Auth0's messages contain; "" for none
}

// Pattern is a regular expression that a text must match. It is compiled at its
// first use.
type Pattern func() *regexp.Regexp

// Like returns the pattern for a regular expression.
func Like(expression string) Pattern {
	return sync.OnceValue(func() *regexp.Regexp { return regexp.MustCompile(expression) })
}

// Kind describes a kind of resource.
type Kind struct {
	// Name is the path of the resource in the Management API.
	Name string
	// ID is the member with the id. NewID makes a new id.
	ID    string
	NewID func() string
	// Fields are the members. Others are refused unless Open is set.
	Fields Fields
	Open   bool
	// Min is the least number of members in a change.
	Min int
	// Item describes all members of a kind without Fields.
	Item *Field
	// Unique are members whose values must differ from those of all other
	// documents of the kind.
	Unique []string
	// Merged are members that a PATCH merges key by key; null removes a key.
	Merged []string
	// Deep are members whose objects a PATCH merges at every level.
	Deep []string
	// Complete fills in values that depend on other members. It runs after the
	// defaults.
	Complete func(doc storage.Document, now time.Time)
	// Rule, if not nil, checks members of a body that must fit each other.
	Rule func(body storage.Document) error
	// Created and Updated are the members with the times of creation and of the
	// last change; "" for none.
	Created, Updated string
	// Missing is the error for an unknown id, Taken for a conflict with another
	// document.
	Missing, Taken *apierr.Error
}

// Fill completes a new document: it adds an id, defaults and times. Existing
// members are kept, except for those that are null, which are removed.
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

// set sets a member that does not exist yet.
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

// Time formats a time as resources have it: ISO 8601 with milliseconds.
func Time(t time.Time) string { return t.UTC().Format("2006-01-02T15:04:05.000Z") }

// Merge applies a PATCH to a stored document: members are replaced, null removes a
// member, and members in Merged and Deep are merged.
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

// mergeKeys merges by key. As at Auth0, an empty change removes all keys.
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

// Clone returns a deep copy of a document.
func Clone(doc storage.Document) storage.Document {
	c, _ := clone(doc).(storage.Document)
	return c
}

// clone returns a deep copy of lists and objects.
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
