package search

import (
	"cmp"
	"strings"
	"time"
)

// Order is a sort order of documents, Auth0:
// manage-users/user-search/sort-search-results.
type Order struct {
	field field
	path  []string
	sign  int
}

// ParseOrder reads field:1 (ascending) or field:-1 (descending). It fails with an
// *Error.
func ParseOrder(sort string, s *Schema) (Order, error) {
	colon := strings.LastIndexByte(sort, ':')
	name, direction := sort[:max(colon, 0)], sort[colon+1:]
	sign := map[string]int{"1": 1, "-1": -1}[direction]
	if sign == 0 || name == "" {
		return Order{}, sortError(sort, "Must be field:order, where order is 1 for ascending and -1 for descending.")
	}
	for _, root := range []string{"app_metadata", "user_metadata"} {
		if name == root || strings.HasPrefix(name, root+".") {
			return Order{}, sortError(sort, "Sorting by app_metadata or user_metadata is not supported.")
		}
	}
	f, reason := s.field(name)
	if reason == "" && f.joined {
		reason = `field "` + name + `" cannot be sorted by`
	}
	if reason != "" {
		return Order{}, sortError(sort, reason+".")
	}
	return Order{field: f, path: strings.Split(f.from, "."), sign: sign}, nil
}

// Key is the value that a document is sorted by.
type Key struct {
	form   byte // 0: the document has no value
	number float64
	text   string
}

// Key returns the value that a stored document is sorted by. If it is an array, its
// first element counts.
func (o Order) Key(raw []byte) Key {
	r := reader{raw: raw}
	r.space()
	v, ok := r.first(o.path)
	if !ok {
		return Key{}
	}
	n, _ := v.number()
	if at, err := time.Parse(time.RFC3339, string(v.text)); err == nil && o.field.kind == date {
		return Key{form: 'd', number: float64(at.UnixMilli())}
	}
	return Key{form: v.form, number: n, text: string(o.field.searched(v.text))}
}

// Compare orders keys. Documents without a value come last in either direction.
func (o Order) Compare(a, b Key) int {
	if a.form == 0 || b.form == 0 {
		return -cmp.Compare(min(a.form, 1), min(b.form, 1))
	}
	if a.form == 'n' && b.form == 'n' {
		a.text, b.text = "", ""
	}
	return o.sign * cmp.Or(cmp.Compare(a.form, b.form), cmp.Compare(a.number, b.number), strings.Compare(a.text, b.text))
}

// first returns the first scalar at a path.
func (r *reader) first(path []string) (found scalar, ok bool) {
	switch r.peek() {
	case '{':
		r.object(func(name []byte) {
			if !ok && len(path) > 0 && string(name) == path[0] {
				at := *r
				found, ok = at.first(path[1:])
			}
			r.skip()
		})
	case '[':
		r.array(func() {
			if !ok {
				at := *r
				found, ok = at.first(path)
			}
			r.skip()
		})
	default:
		if len(path) == 0 {
			return r.scalar()
		}
	}
	return found, ok
}
