// Package members finds the members of a record's JSON, and sets some, without decoding the rest. It
// relies on the form that json.Marshal writes and does not know what records mean. An object in any other
// form, with blanks or with escapes in names, is decoded as a whole, so that the result is correct in any
// case.
package members

import (
	"bytes"
	"encoding/json"
	"maps"
	"slices"
)

// each calls fn with the members of an object in order, until fn returns false. ok is false if it cannot
// read the object.
func each(raw []byte, fn func(name, value []byte) bool) (ok bool) {
	if len(raw) < len("{}") || raw[0] != '{' || raw[len(raw)-1] != '}' {
		return false
	}
	rest := raw[1 : len(raw)-1]
	for len(rest) > 0 {
		colon := valueEnd(rest)
		if colon <= len(`""`) || rest[0] != '"' || colon >= len(rest) || rest[colon] != ':' {
			return false
		}
		name := rest[1 : colon-1]
		rest = rest[colon+1:]
		end := valueEnd(rest)
		if end <= 0 || bytes.IndexByte(name, '\\') >= 0 || end < len(rest) && rest[end] != ',' || end == len(rest)-1 {
			return false
		}
		if !fn(name, rest[:end]) {
			return true
		}
		rest = rest[min(end+1, len(rest)):]
	}
	return true
}

// valueEnd returns the index after the value at the beginning of a text, -1 if the value is not complete.
func valueEnd(raw []byte) int {
	depth := 0
	for i := 0; i < len(raw); i++ {
		switch raw[i] {
		case '"':
			end := stringEnd(raw[i:])
			if end < 0 {
				return -1
			}
			if i += end - 1; depth == 0 {
				return i + 1
			}
		case '{', '[':
			depth++
		case '}', ']':
			if depth--; depth == 0 {
				return i + 1
			}
		case ',', ':', ' ':
			if depth == 0 {
				return i
			}
		}
	}
	if depth != 0 {
		return -1
	}
	return len(raw)
}

// stringEnd returns the index after the string at the beginning of a text, -1 if the string is not
// complete.
func stringEnd(raw []byte) int {
	for i := 1; i < len(raw); i++ {
		quote := bytes.IndexByte(raw[i:], '"')
		if quote < 0 {
			return -1
		}
		i += quote
		escapes := 0
		for raw[i-1-escapes] == '\\' {
			escapes++
		}
		if escapes%2 == 0 {
			return i + 1
		}
	}
	return -1
}

// Only returns the object with just the named members, or the unchanged object if each cannot read it. The
// name "a.b" is of the member b of the object that is the member a.
func Only(raw []byte, names []string) []byte { return only(make([]byte, 0, len(raw)), raw, names) }

// only appends what Only returns.
func only(to, raw []byte, names []string) []byte {
	begin := len(to)
	to = append(to, '{')
	ok := each(raw, func(name, value []byte) bool {
		if slices.Contains(names, string(name)) {
			to = append(nameOf(to, begin, string(name)), value...)
		} else if inner := within(names, string(name)); inner != nil {
			to = only(nameOf(to, begin, string(name)), value, inner)
		}
		return true
	})
	if !ok {
		return append(to[:begin], raw...)
	}
	return append(to, '}')
}

// within returns the names of members of the named member.
func within(names []string, member string) (inner []string) {
	for _, name := range names {
		if len(name) > len(member) && name[len(member)] == '.' && name[:len(member)] == member {
			inner = append(inner, name[len(member)+1:])
		}
	}
	return inner
}

// Of returns those of the named members that the object has.
func Of[T any](raw []byte, names []string) (map[string]T, error) {
	found := map[string]T{}
	if err := json.Unmarshal(Only(raw, names), &found); err != nil {
		return nil, err
	}
	maps.DeleteFunc(found, func(name string, _ T) bool { return !slices.Contains(names, name) })
	return found, nil
}

// With returns the object with some members set.
func With(raw []byte, set map[string]json.RawMessage) ([]byte, error) {
	if out, ok := merged(raw, set); ok {
		return out, nil
	}
	var all map[string]json.RawMessage
	if err := json.Unmarshal(raw, &all); err != nil {
		return nil, err
	}
	maps.Copy(all, set)
	return json.Marshal(all)
}

// merged is With for an object whose members are sorted by name; ok is false for any other object.
func merged(raw []byte, set map[string]json.RawMessage) (out []byte, ok bool) {
	left := slices.Sorted(maps.Keys(set))
	out = append(make([]byte, 0, len(raw)+len(raw)/4), '{')
	before, sorted := "", true
	ok = each(raw, func(name, value []byte) bool {
		sorted = before < string(name)
		before = string(name)
		for ; len(left) > 0 && left[0] < before; left = left[1:] {
			out = add(out, left[0], set[left[0]])
		}
		if len(left) > 0 && left[0] == before {
			value, left = set[before], left[1:]
		}
		out = add(out, before, value)
		return sorted
	})
	for _, name := range left {
		out = add(out, name, set[name])
	}
	return append(out, '}'), ok && sorted
}

func add(to []byte, name string, value []byte) []byte {
	return append(nameOf(to, 0, name), value...)
}

// nameOf appends the name of the next member of the object that begins at the index begin.
func nameOf(to []byte, begin int, name string) []byte {
	if len(to) > begin+1 {
		to = append(to, ',')
	}
	return append(append(append(to, '"'), name...), '"', ':')
}
