package resource

import (
	"encoding/json"
	"slices"
	"time"

	"github.com/tenant0/tenant0/server/redact"
	"github.com/tenant0/tenant0/storage"
)

// The declarations of kinds say which values are secrets: a member with Secret, and everything in it. Members without a
// description, such as options of connections that Auth0 adds later, are judged by their names, by package redact.

// Step is a part of the path to a value: the name of a member, or the index in a list.
type Step struct {
	Name  string
	Index int // the index of an item; Name is "" then
}

// Field returns a description of the kind's documents as a field.
func (k *Kind) Field() Field {
	if k == nil {
		return Field{Type: Object, Open: true}
	}
	return Field{Type: Object, Fields: k.Fields, Open: k.Open, Item: k.Item}
}

// Redact returns a copy of a body, or of a list of bodies, with its secrets masked. Values that JSON does not have are
// left out.
func (k *Kind) Redact(body any) any { return k.Field().Redact(body) }

// Redact returns a copy of a value with its secrets masked; see Redact of a kind.
func (f Field) Redact(value any) any {
	return f.conceal(value, nil, concealer{
		whole: func([]Step, any) any { return redact.Mask },
		part:  func([]Step, string) string { return redact.Mask },
	})
}

// Mark returns a copy of a value in which each secret text, and each secret within a text, is replaced by a mark. mark
// gets the path to the text, and either the whole secret text or, in part, a name for the secret within it.
func (f Field) Mark(value any, mark func(way []Step, text, part string) string) any {
	return f.conceal(value, nil, concealer{
		part: func(way []Step, what string) string { return mark(way, "", what) },
		whole: func(way []Step, secret any) any {
			return eachText(secret, way, func(way []Step, text string) string { return mark(way, text, "") })
		},
	})
}

// Holds reports whether a value contains a secret.
func (f Field) Holds(value any) bool {
	found := false
	f.conceal(value, nil, concealer{
		whole: func([]Step, any) any { found = true; return nil },
		part:  func([]Step, string) string { found = true; return "" },
	})
	return found
}

// concealer replaces secrets: whole replaces a whole value, part replaces a part of a text.
type concealer struct {
	whole func(way []Step, secret any) any
	part  func(way []Step, what string) string
}

// conceal returns a copy of a value that a field describes, with its secrets replaced.
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

// item returns the description of a list's items. A description of an object also describes the items of a list of such
// objects.
func (f Field) item() Field {
	switch {
	case f.Item != nil:
		return *f.Item
	case f.Fields == nil:
		return Field{Open: true, Plain: f.Plain}
	}
	return f
}

// within returns the description of a member with its value. A member without a description is a secret if it looks
// like one.
func (f Field) within(doc storage.Document, name string, value any) Field {
	field, described := f.member(name)
	byName := !described && !f.Plain && (redact.Value(name, value) || secretPair(doc, name, value))
	if !empty(value) && (byName || privateJWK(doc, name)) {
		return secret
	}
	return field
}

// member returns the description of a member: by its name, or else by the object's Item. described says that the
// description decides whether the member is a secret; an Item decides that only if it is marked as Secret or Plain.
func (f Field) member(name string) (field Field, described bool) {
	if field, known := f.Fields[name]; known {
		return field, true
	}
	if f.Item != nil {
		return *f.Item, f.Item.Secret || f.Item.Plain
	}
	return Field{Open: true, Plain: f.Plain, Secret: f.Secret}, f.Secret
}

// privateJWK reports whether a member is a private part of a JSON Web Key, RFC 7518 sections 6.2.2, 6.3.2 and 6.4. Only
// public keys are accepted, but the log has what was sent.
func privateJWK(doc storage.Document, name string) bool {
	_, isKey := doc["kty"].(string)
	return isKey && slices.Contains([]string{"d", "p", "q", "dp", "dq", "qi", "oth", "k"}, name)
}

// secretPair reports whether a member is the value of a pair whose other member names a secret, as in {"key": "token",
// "value": "..."}, or the value of an HTTP header.
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

// plainValue reports whether a value is one that JSON has and that cannot hold a secret.
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

// Hide removes the secrets from a document, for answers that do not show them, not even masked.
func (k *Kind) Hide(doc storage.Document) { k.Field().Hide(doc) }

// Hide removes the secrets from a value; see Hide of a kind.
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

// Restore copies the secrets of a stored document into the document as the API shows it. It is for comparing documents,
// not for showing them.
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

// restoreWithin is restore for objects, and for lists of objects if both have the same length.
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
