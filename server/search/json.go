package search

import (
	"bytes"
	"encoding/json"
	"strings"
)

// member is a place in documents, given by a path of names, where values are
// tested. Arrays add nothing to the path: each element is at the place of its
// array.
type member struct {
	probes  []probe
	members map[string]*member
}

func (m *member) add(p probe) {
	if p.joined {
		return
	}
	for name := range strings.SplitSeq(p.path, ".") {
		next := m.members[name]
		if next == nil {
			next = &member{}
			if m.members == nil {
				m.members = map[string]*member{}
			}
			m.members[name] = next
		}
		m = next
	}
	m.probes = append(m.probes, p)
}

// visit tests the value at the reader's position, and all values within it, and
// moves the reader past it.
func (m *member) visit(r *reader, hits []bool) {
	if len(m.probes) > 0 {
		value, ok := r.scalar()
		m.note(*r, hits, value, ok)
	}
	switch r.peek() {
	case '{':
		r.object(func(name []byte) { m.inner(name, r, hits) })
	case '[':
		r.array(func() { m.visit(r, hits) })
	default:
		r.skip()
	}
}

// inner visits a member of an object. A name with points is treated as a path.
func (m *member) inner(name []byte, r *reader, hits []bool) {
	first, rest, path := bytes.Cut(name, []byte("."))
	next := m.members[string(first)]
	switch {
	case next == nil:
		r.skip()
	case path:
		next.note(*r, hits, scalar{}, false)
		next.inner(rest, r, hits)
	default:
		next.visit(r, hits)
	}
}

// note runs the tests of a place; ok says that the value there is a scalar.
func (m *member) note(r reader, hits []bool, value scalar, ok bool) {
	for _, p := range m.probes {
		switch {
		case hits[p.leaf]:
		case p.test == nil:
			hits[p.leaf] = r.filled()
		case ok:
			hits[p.leaf] = p.test(value)
		}
	}
}

// reader moves through a JSON text. Stored texts are valid. With an invalid text it
// does not panic, but what it finds is undefined.
type reader struct {
	raw []byte
	at  int
}

// peek returns the next character, 0 at the end.
func (r *reader) peek() byte {
	if r.at < len(r.raw) {
		return r.raw[r.at]
	}
	return 0
}

func (r *reader) space() {
	for r.at < len(r.raw) && (r.raw[r.at] == ' ' || r.raw[r.at] == '\n' || r.raw[r.at] == '\t' || r.raw[r.at] == '\r') {
		r.at++
	}
}

// object reads an object. It calls each at the value of every member, and each has
// to move the reader past the value.
func (r *reader) object(each func(name []byte)) {
	r.elements('}', func() {
		if r.peek() != '"' {
			r.at = len(r.raw)
			return
		}
		name := r.quoted()
		if r.space(); r.peek() != ':' {
			r.at = len(r.raw)
			return
		}
		r.at++
		r.space()
		each(name)
	})
}

// array reads an array. It calls each at every element, and each has to move the
// reader past it.
func (r *reader) array(each func()) { r.elements(']', each) }

func (r *reader) elements(end byte, each func()) {
	for r.at++; r.at < len(r.raw); {
		switch r.space(); r.peek() {
		case end:
			r.at++
			return
		case ',':
			r.at++
		default:
			each()
		}
	}
}

// skip moves past a value.
func (r *reader) skip() {
	depth := 0
	for r.at < len(r.raw) {
		switch c := r.raw[r.at]; c {
		case '"':
			r.skipString()
		case '{', '[':
			depth++
			r.at++
		case '}', ']':
			depth--
			r.at++
		default:
			r.at++
			for depth == 0 && r.at < len(r.raw) && !delimits(r.raw[r.at]) {
				r.at++
			}
		}
		if depth <= 0 {
			return
		}
	}
}

func delimits(c byte) bool {
	return c == ',' || c == '}' || c == ']' || c == ' ' || c == '\n' || c == '\t' || c == '\r'
}

func (r *reader) skipString() {
	start := r.at + 1
	for r.at = start; ; {
		n := bytes.IndexByte(r.raw[r.at:], '"')
		if n < 0 {
			r.at = len(r.raw)
			return
		}
		r.at += n + 1
		escapes := r.at - 1
		for escapes > start && r.raw[escapes-1] == '\\' {
			escapes--
		}
		if (r.at-1-escapes)%2 == 0 {
			return
		}
	}
}

// quoted reads a string and returns it without its quotes and escapes.
func (r *reader) quoted() []byte {
	start := r.at
	r.skipString()
	raw := r.raw[start:r.at]
	if bytes.IndexByte(raw, '\\') < 0 {
		return bytes.Trim(raw, `"`)
	}
	var s string
	if json.Unmarshal(raw, &s) != nil {
		return nil
	}
	return []byte(s)
}

// scalar returns the value at the reader's position if it is a string, a number,
// true or false. It does not move the reader.
func (r *reader) scalar() (scalar, bool) {
	at := *r
	return at.readScalar()
}

func (r *reader) readScalar() (scalar, bool) {
	switch c := r.peek(); {
	case c == '"':
		return scalar{'s', r.quoted()}, true
	case c == 't', c == 'f':
		start := r.at
		r.skip()
		return scalar{'b', r.raw[start:r.at]}, true
	case c == '-', '0' <= c && c <= '9':
		start := r.at
		r.skip()
		return scalar{'n', r.raw[start:r.at]}, true
	}
	return scalar{}, false
}

// filled reports whether the value here is or contains a scalar; null, {} and [] do
// not count.
func (r reader) filled() bool {
	some := false
	within := func() {
		some = some || r.filled()
		r.skip()
	}
	switch r.peek() {
	case '{':
		r.object(func([]byte) { within() })
	case '[':
		r.array(within)
	default:
		_, some = r.scalar()
	}
	return some
}
