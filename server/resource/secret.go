package resource

import (
	"encoding/json"
	"slices"
	"time"

	"github.com/tenant0/tenant0/server/redact"
	"github.com/tenant0/tenant0/storage"
)

// Where secrets are is said where kinds are declared: a member with Secret is one, with all within it. What no field
// describes, such as the options of connections of strategies that Auth0 adds, is told by its name, by package redact.

// Step is a part of the way to a value: the name of a member, or the place in a list.
type Step struct {
	Name  string
	Index int // of an item; Name is "" then
}

// Field describes the document of a kind as a field does.
func (k *Kind) Field() Field {
	if k == nil {
		return Field{Type: Object, Open: true}
	}
	return Field{Type: Object, Fields: k.Fields, Open: k.Open, Item: k.Item}
}

// Redact returns a copy of a body, or of a list of them, without its secrets. What is no JSON value is left out.
func (k *Kind) Redact(body any) any { return k.Field().Redact(body) }

// Redact is described with that of a kind.
func (f Field) Redact(value any) any {
	return f.conceal(value, nil, concealer{
		whole: func([]Step, any) any { return redact.Mask },
		part:  func([]Step, string) string { return redact.Mask },
	})
}

// Mark returns a copy of a value in which a mark stands for each text that is a secret, and for each secret within a text.
// mark is given the way to the text, and the text itself, or what a secret within it is called.
func (f Field) Mark(value any, mark func(way []Step, text, part string) string) any {
	return f.conceal(value, nil, concealer{
		part: func(way []Step, what string) string { return mark(way, "", what) },
		whole: func(way []Step, secret any) any {
			return eachText(secret, way, func(way []Step, text string) string { return mark(way, text, "") })
		},
	})
}

// Holds reports whether a value holds a secret.
func (f Field) Holds(value any) bool {
	found := false
	f.conceal(value, nil, concealer{
		whole: func([]Step, any) any { found = true; return nil },
		part:  func([]Step, string) string { found = true; return "" },
	})
	return found
}

// concealer says what stands for a secret: for a whole value, and for a part of a text.
type concealer struct {
	whole func(way []Step, secret any) any
	part  func(way []Step, what string) string
}

// conceal returns a copy of a value that a field describes.
func (f Field) conceal(value any, way []Step, c concealer) any {
	_, isObject := value.(storage.Document)
	if f.Secret && !empty(value) && (f.Fields == nil || !isObject) {
		return c.whole(way, value)
	}
	switch v := value.(type) {
	case storage.Document:
		shown := make(storage.Document, len(v))
		for name, item := range v {
			shown[name] = f.within(v, name, item).conceal(item, append(slices.Clip(way), Step{Name: name}), c)
		}
		return shown
	case []storage.Document:
		items := make([]any, len(v))
		for i, item := range v {
			items[i] = item
		}
		return f.conceal(items, way, c)
	case []any:
		shown := make([]any, len(v))
		for i, item := range v {
			shown[i] = f.item().conceal(item, append(slices.Clip(way), Step{Index: i}), c)
		}
		return shown
	case []string:
		shown := make([]any, len(v))
		for i, item := range v {
			shown[i] = item
		}
		return f.conceal(shown, way, c)
	case string:
		return redact.Text(v, func(what string) string { return c.part(way, what) })
	}
	if plainValue(value) {
		return value
	}
	return storage.Document{}
}

// item describes the items of a list. A list of documents is described by what describes one of them.
func (f Field) item() Field {
	switch {
	case f.Item != nil:
		return *f.Item
	case f.Fields == nil:
		return Field{Open: true, Plain: f.Plain}
	}
	return f
}

// within describes a member of an object as it is. What no field describes is a secret if it looks like one.
func (f Field) within(doc storage.Document, name string, value any) Field {
	field, described := f.member(name)
	if !described && !f.Plain && !empty(value) && (redact.Value(name, value) || secretPair(doc, name, value)) {
		return secret
	}
	return field
}

// member describes a member. One that no field names is described by the item of the object, if it has one; that says
// whether it is a secret only if it is marked.
func (f Field) member(name string) (field Field, described bool) {
	if field, known := f.Fields[name]; known {
		return field, true
	}
	if f.Item != nil {
		return *f.Item, f.Item.Secret || f.Item.Plain
	}
	return Field{Open: true, Plain: f.Plain, Secret: f.Secret}, f.Secret
}

// secretPair reports whether a member is the value of a pair whose other member names a secret, as in
// {"key": "token", "value": "..."}, or is the value of a header.
func secretPair(doc storage.Document, name string, value any) bool {
	if name != "value" {
		return false
	}
	if _, isHeader := doc["header"]; isHeader {
		return true
	}
	for _, naming := range []string{"name", "key"} {
		if called, _ := doc[naming].(string); called != "" && redact.Value(called, value) {
			return true
		}
	}
	return false
}

func empty(value any) bool {
	switch v := value.(type) {
	case nil, bool:
		return true
	case string:
		return v == ""
	case []any:
		return len(v) == 0
	case storage.Document:
		return len(v) == 0
	}
	return false
}

// plainValue reports whether a value is one that JSON has, and no secret fits in.
func plainValue(value any) bool {
	switch value.(type) {
	case nil, bool, int, int64, float64, json.Number, time.Time:
		return true
	}
	return false
}

// eachText returns a copy of a value with each of its texts replaced.
func eachText(value any, way []Step, replace func(way []Step, text string) string) any {
	switch v := value.(type) {
	case string:
		if v == "" {
			return v
		}
		return replace(way, v)
	case []any:
		list := make([]any, len(v))
		for i, item := range v {
			list[i] = eachText(item, append(slices.Clip(way), Step{Index: i}), replace)
		}
		return list
	case storage.Document:
		doc := make(storage.Document, len(v))
		for name, item := range v {
			doc[name] = eachText(item, append(slices.Clip(way), Step{Name: name}), replace)
		}
		return doc
	}
	return value
}

// Hide takes the secrets out of a document, for answers that have none of them, not even masked.
func (k *Kind) Hide(doc storage.Document) { k.Field().Hide(doc) }

// Hide is described with that of a kind.
func (f Field) Hide(value any) {
	switch v := value.(type) {
	case storage.Document:
		for name, item := range v {
			field, _ := f.member(name)
			if _, isObject := item.(storage.Document); field.Secret && (field.Fields == nil || !isObject) {
				delete(v, name)
				continue
			}
			field.Hide(item)
		}
	case []any:
		for _, item := range v {
			f.item().Hide(item)
		}
	}
}

// Restore gives a document as the API shows it the secrets that it has as it is stored, for those who compare documents and
// do not show them.
func (k *Kind) Restore(shown, stored storage.Document) { k.Field().restore(shown, stored) }

func (f Field) restore(shown, stored storage.Document) {
	for name, value := range stored {
		field := f.within(stored, name, value)
		if field.Secret {
			shown[name] = clone(value)
			continue
		}
		had, isShown := shown[name]
		if !isShown || had == nil {
			if field.Holds(value) {
				shown[name] = clone(value)
			}
			continue
		}
		field.restoreWithin(had, value)
	}
}

// restoreWithin is restore for objects and for lists of them that have kept their length.
func (f Field) restoreWithin(shown, stored any) {
	switch v := stored.(type) {
	case storage.Document:
		if doc, ok := shown.(storage.Document); ok {
			f.restore(doc, v)
		}
	case []any:
		if list, ok := shown.([]any); ok && len(list) == len(v) {
			for i := range v {
				f.item().restoreWithin(list[i], v[i])
			}
		}
	}
}
