package resource

import (
	"maps"
	"reflect"
	"slices"

	"github.com/tenant0/tenant0/server/redact"
	"github.com/tenant0/tenant0/storage"
)

// Difference is a member that has another value than it is to have.
type Difference struct {
	Member string // with dots between the names of objects and their members
	// Secret says that what differs is a secret. Had and Wanted are nil then.
	Secret      bool
	Had, Wanted any // without secrets
}

// Differences says in which members a document is not as it is to be: of each object the members that are wanted count, and
// no others. A list without an order is what it holds.
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

// hides reports whether a value is a list with secrets in its items, which say too little without them.
func (f Field) hides(value any) bool {
	_, isList := value.([]any)
	return isList && !reflect.DeepEqual(f.Redact(value), value)
}

// same reports whether a value is as it is to be.
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

// sameList compares lists: those whose items a field describes without regard to their order, unless it means something.
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

// sameTexts compares lists of as many texts without regard to their order. It reports false
// as texts where there is anything else. Such lists may be long.
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

// sameItem compares items of a list, which is written as a whole: a member that one has too many is a difference, unless the
// server adds it, as it does to items that take any member.
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
