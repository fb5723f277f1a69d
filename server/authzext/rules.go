package authzext

import (
	"bytes"
	"cmp"
	"encoding/json"
	"fmt"
	"math"
	"regexp"
	"slices"
	"strconv"
	"strings"
	"unicode/utf16"
)

// rule describes the allowed values of a body, query or member. The error messages are
// those of the validator in Auth0's extension (joi), which stops at the first error.
type rule struct {
	kind     kind
	required bool
	// nullable allows null, and empty allows "".
	nullable, empty bool
	oneOf           []string // the allowed values of a string
	// min and max are the limits of a number. min is also the least number of items of a
	// list, and max the greatest length of a string in UTF-16 code units. If max is 0
	// there is no upper limit.
	min, max int
	items    *rule   // of a list
	fields   []field // of an object, in the order in which they are checked
	open     bool    // the object may have other members, which are dropped
	whole    bool    // the object may have any members, which are kept
}

type field struct {
	name string
	rule
}

type kind int

const (
	text kind = iota
	guid
	boolean
	integer
	list
	object
)

// place is the position of a value in two notations: that of messages, a[0].b, and that
// of the keys of a validation error, a.0.b.
type place struct{ label, key string }

func (p place) member(name string) place {
	return place{strings.TrimPrefix(p.label+"."+name, "."), strings.TrimPrefix(p.key+"."+name, ".")}
}

func (p place) item(i int) place {
	return place{fmt.Sprintf("%s[%d]", p.label, i), strings.TrimPrefix(fmt.Sprintf("%s.%d", p.key, i), ".")}
}

// fails returns an error about the value at this place.
func (p place) fails(format string, args ...any) error {
	return &violation{p, fmt.Sprintf(format, args...)}
}

// violation is the error about a value that breaks its rule: the place of the value, and
// what it must be.
type violation struct {
	place
	must string
}

// Error implements the error interface.
func (v *violation) Error() string {
	return fmt.Sprintf(`"%s" %s`, cmp.Or(v.label, "value"), v.must)
}

var guidForm = regexp.MustCompile(`(?i)^([0-9a-f]{8}(-?[0-9a-f]{4}){3}-?[0-9a-f]{12}|\{[0-9a-f]{8}(-?[0-9a-f]{4}){3}-?[0-9a-f]{12}\})$`)

// check checks a value, and returns it as JSON of the rule's kind: a string such as "yes"
// or "25" is converted if the rule demands a boolean or a number. raw is nil if the value
// is missing.
func (r *rule) check(raw json.RawMessage, at place) (json.RawMessage, error) {
	switch {
	case raw == nil && r.required:
		return nil, at.fails("is required")
	case raw == nil, r.nullable && string(raw) == "null":
		return raw, nil
	}
	switch r.kind {
	case list:
		return r.checkList(raw, at)
	case object:
		return r.checkObject(raw, at)
	case boolean:
		return checkBoolean(raw, at)
	case integer:
		return r.checkInteger(raw, at)
	case text, guid:
	}
	return raw, r.checkText(raw, at)
}

func (r *rule) checkText(raw json.RawMessage, at place) error {
	var s string
	isText := raw[0] == '"' && json.Unmarshal(raw, &s) == nil
	switch {
	case r.oneOf != nil && !slices.Contains(r.oneOf, s):
		return at.fails("must be one of [%s]", strings.Join(r.oneOf, ", "))
	case !isText:
		return at.fails("must be a string")
	case s == "" && !r.empty:
		return at.fails("is not allowed to be empty")
	case r.max > 0 && len(utf16.Encode([]rune(s))) > r.max:
		return at.fails("length must be less than or equal to %d characters long", r.max)
	case r.kind == guid && !guidForm.MatchString(s):
		return at.fails("must be a valid GUID")
	}
	return nil
}

func checkBoolean(raw json.RawMessage, at place) (json.RawMessage, error) {
	switch strings.ToLower(string(raw)) {
	case "true", `"true"`, `"yes"`:
		return json.RawMessage("true"), nil
	case "false", `"false"`, `"no"`:
		return json.RawMessage("false"), nil
	}
	return nil, at.fails("must be a boolean")
}

func (r *rule) checkInteger(raw json.RawMessage, at place) (json.RawMessage, error) {
	n, err := strconv.ParseFloat(strings.Trim(string(raw), `"`), 64)
	switch {
	case err != nil || math.IsNaN(n):
		return nil, at.fails("must be a number")
	case n != math.Trunc(n) || math.Abs(n) >= 1<<53:
		return nil, at.fails("must be an integer")
	case n < float64(r.min):
		return nil, at.fails("must be larger than or equal to %d", r.min)
	case r.max > 0 && n > float64(r.max):
		return nil, at.fails("must be less than or equal to %d", r.max)
	}
	return strconv.AppendInt(nil, int64(n), 10), nil
}

func (r *rule) checkList(raw json.RawMessage, at place) (json.RawMessage, error) {
	var items []json.RawMessage
	if raw[0] != '[' || json.Unmarshal(raw, &items) != nil {
		return nil, at.fails("must be an array")
	}
	for i, item := range items {
		checked, err := r.items.check(item, at.item(i))
		if err != nil {
			return nil, err
		}
		items[i] = checked
	}
	if len(items) < r.min {
		return nil, at.fails("must contain at least %d items", r.min)
	}
	return json.Marshal(items)
}

func (r *rule) checkObject(raw json.RawMessage, at place) (json.RawMessage, error) {
	var members map[string]json.RawMessage
	if raw[0] != '{' || json.Unmarshal(raw, &members) != nil {
		return nil, at.fails("must be of type object")
	}
	if r.whole {
		return raw, nil
	}
	known := map[string]json.RawMessage{}
	for _, f := range r.fields {
		checked, err := f.check(members[f.name], at.member(f.name))
		if err != nil {
			return nil, err
		}
		if checked != nil {
			known[f.name] = checked
		}
	}
	if len(known) < len(members) && !r.open {
		for _, name := range memberNames(raw) {
			if _, ok := known[name]; !ok {
				return nil, at.member(name).fails("is not allowed")
			}
		}
	}
	return json.Marshal(known)
}

// memberNames returns the names of an object's members in the order of the text.
func memberNames(raw json.RawMessage) []string {
	var names []string
	dec := json.NewDecoder(bytes.NewReader(raw))
	_, _ = dec.Token() // the opening brace; raw is known to be valid JSON
	for dec.More() {
		name, _ := dec.Token()
		var value json.RawMessage
		_ = dec.Decode(&value)
		names = append(names, fmt.Sprint(name))
	}
	return names
}
