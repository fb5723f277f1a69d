package resource

import (
	"maps"
	"reflect"
	"slices"

	"github.com/tenant0/tenant0/server/redact"
	"github.com/tenant0/tenant0/storage"
)

// Difference is a member whose value differs from the wanted one.
type Difference struct {
	Member string // its path, with dots between the names
	// Secret says that the value is or contains a secret; then Had and Wanted are nil.
	Secret      bool
	Had, Wanted any // without secrets
}

// Differences returns the members in which a document differs from a wanted one. Members that are not wanted are
// ignored, also within objects. Lists whose order has no meaning are compared without regard to it.
func (f Field) Differences(had, wanted storage.Document) []Difference {
	return f.differences("", had, wanted)
}

func (f Field) differences(prefix string, had, wanted storage.Document) (all []Difference) {
	for _, name := range slices.Sorted(maps.Keys(wanted)) {
		before, after := had[name], wanted[name]
		field := f.within(wanted, name, after)
		if f.within(had, name, before).Secret {
			field = secret
		}
		if field.same(before, after) {
			continue
		}
		was, isObject := before.(storage.Document)
		is, staysObject := after.(storage.Document)
		if isObject && staysObject && (!field.Secret || field.Fields != nil) {
			all = append(all, field.differences(prefix+name+".", was, is)...)
			continue
		}
		d := Difference{Member: prefix + name, Had: field.Redact(before), Wanted: field.Redact(after)}
		if d.Had == redact.Mask || d.Wanted == redact.Mask || reflect.DeepEqual(d.Had, d.Wanted) || field.hides(after) {
			d = Difference{Member: d.Member, Secret: true}
		}
		all = append(all, d)
	}
	return all
}

// hides reports whether a value is a list with secrets in its items, so that it would be misleading without them.
func (f Field) hides(value any) bool {
	_, isList := value.([]any)
	return isList && !reflect.DeepEqual(f.Redact(value), value)
}

// same reports whether a value equals the wanted one.
func (f Field) same(had, wanted any) bool {
	switch want := wanted.(type) {
	case storage.Document:
		got, ok := had.(storage.Document)
		return ok && len(f.differences("", got, want)) == 0
	case []any:
		got, ok := had.([]any)
		return ok && f.sameList(got, want)
	}
	return reflect.DeepEqual(had, wanted)
}

// sameList compares lists. The order is ignored if the field describes the items and is not Ordered.
func (f Field) sameList(had, wanted []any) bool {
	if len(had) != len(wanted) {
		return false
	}
	item := f.item()
	if slices.EqualFunc(had, wanted, item.sameItem) {
		return true
	}
	if f.Item == nil || f.Ordered {
		return false
	}
	if same, texts := sameTexts(had, wanted); texts {
		return same
	}
	left := slices.Clone(had)
	for _, want := range wanted {
		at := slices.IndexFunc(left, func(got any) bool { return item.sameItem(got, want) })
		if at < 0 {
			return false
		}
		left = slices.Delete(left, at, at+1)
	}
	return true
}

// sameTexts compares two lists of texts of the same length without regard to their order. It counts, because such lists
// may be long. texts is false if an item is not a text.
func sameTexts(had, wanted []any) (same, texts bool) {
	left := map[string]int{}
	for i := range had {
		one, ok := had[i].(string)
		other, alsoText := wanted[i].(string)
		if !ok || !alsoText {
			return false, false
		}
		left[one]++
		left[other]--
	}
	for _, n := range left {
		if n != 0 {
			return false, true
		}
	}
	return true, true
}

// sameItem compares two items of lists. Since a list is written as a whole, a surplus member is a difference, except
// for members that the server may have added, as it does in objects that are open or not described.
func (f Field) sameItem(had, wanted any) bool {
	got, isObject := had.(storage.Document)
	want, ok := wanted.(storage.Document)
	if !isObject || !ok {
		return f.same(had, wanted)
	}
	for name, value := range got {
		field, described := f.Fields[name]
		written := described && field.Access != ReadOnly || !f.Open || f.Fields == nil
		if _, wants := want[name]; !wants && written && value != nil {
			return false
		}
	}
	return f.same(had, wanted)
}
