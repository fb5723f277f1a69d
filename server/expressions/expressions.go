// Package expressions evaluates the expressions in double braces that forms and flows of the tenant
// have in their texts, and the conditions of routers and of if/then actions. Auth0:
// customize/forms/variables and customize/forms/routers.
//
// What a person has entered is a value here and never an expression: a text is read once.
package expressions

import (
	"encoding/json"
	"errors"
	"strings"
	"time"
	"unicode/utf8"
)

// Undefined is the value of what is not there or cannot be worked out.
type Undefined struct{}

// MarshalJSON implements json.Marshaler: JSON has no such value.
func (Undefined) MarshalJSON() ([]byte, error) { return []byte("null"), nil }

// maxValue bounds a value that functions have made, in bytes of its text or its JSON: what is longer
// is undefined.
const maxValue = 64 << 10

// Env is what expressions can speak of.
type Env struct {
	// Values are the roots: context, fields, vars, actions. They are values of JSON.
	Values map[string]any
	// Now is the time of now() and toTimestamp().
	Now func() time.Time
	// Message is the form's custom message of a key, for t('key'); nil for a text that knows none.
	Message func(key string) string
	// Masked is told of each value that mask() is called with; nil for nobody.
	Masked func(value any)
}

// Value evaluates a text. One that is a single expression keeps the type of its value; otherwise the
// values are put into the text.
func (e Env) Value(text string) any {
	parts := split(text)
	if len(parts) == 1 && parts[0].expression {
		return e.eval(parts[0].text)
	}
	var b strings.Builder
	for _, p := range parts {
		if p.expression {
			b.WriteString(Text(e.eval(p.text)))
		} else {
			b.WriteString(p.text)
		}
	}
	return b.String()
}

// Text evaluates a text to a text.
func (e Env) Text(text string) string { return Text(e.Value(text)) }

// Escaped evaluates a text of mark-up: the values are put in by escape, which makes text of them, and
// is told what stands before.
func (e Env) Escaped(text string, escape func(before, value string) string) string {
	var b strings.Builder
	for _, p := range split(text) {
		if p.expression {
			b.WriteString(escape(b.String(), Text(e.eval(p.text))))
		} else {
			b.WriteString(p.text)
		}
	}
	return b.String()
}

// All evaluates the texts within a value of JSON. Members and items that are undefined are left out.
func (e Env) All(value any) any {
	switch v := value.(type) {
	case string:
		return e.Value(v)
	case map[string]any:
		out := make(map[string]any, len(v))
		for name, member := range v {
			if got := e.All(member); got != any(Undefined{}) {
				out[name] = got
			}
		}
		return out
	case []any:
		out := make([]any, 0, len(v))
		for _, item := range v {
			if got := e.All(item); got != any(Undefined{}) {
				out = append(out, got)
			}
		}
		return out
	}
	return value
}

// Text is a value as a text: nothing for null and undefined, JSON for objects and lists.
func Text(value any) string {
	switch v := value.(type) {
	case nil, Undefined:
		return ""
	case string:
		return v
	}
	raw, err := json.Marshal(value)
	if err != nil {
		return ""
	}
	return string(raw)
}

// part is a stretch of a text: an expression without its braces, or what is between two.
type part struct {
	text       string
	expression bool
}

// split splits a text. Blanks around a single expression do not count, and braces that do not close
// are text.
func split(text string) (parts []part) {
	if trimmed := strings.TrimSpace(text); strings.HasPrefix(trimmed, "{{") {
		if end := closing(trimmed); end == len(trimmed) {
			return []part{{trimmed[2 : end-2], true}}
		}
	}
	for text != "" {
		begin := strings.Index(text, "{{")
		if begin < 0 {
			break
		}
		length := closing(text[begin:])
		if length < 0 {
			break
		}
		if begin > 0 {
			parts = append(parts, part{text: text[:begin]})
		}
		parts = append(parts, part{text[begin+2 : begin+length-2], true})
		text = text[begin+length:]
	}
	if text != "" {
		parts = append(parts, part{text: text})
	}
	return parts
}

// closing is where the expression that a text begins with ends, -1 for nowhere. Braces within quotes
// do not close it.
func closing(text string) int {
	var quote byte
	for i := 2; i < len(text); i++ {
		c := text[i]
		switch {
		case quote != 0 && c == '\\':
			i++
		case quote != 0:
			if c == quote {
				quote = 0
			}
		case c == '\'' || c == '"':
			quote = c
		case c == '}' && i+1 < len(text) && text[i+1] == '}':
			return i + 2
		}
	}
	return -1
}

// errSyntax reports what is no expression.
var errSyntax = errors.New("no expression")

// eval evaluates an expression; one that is none is undefined.
func (e Env) eval(source string) any {
	p := &reader{env: e, rest: source}
	value, err := p.nullish(0)
	if err != nil || strings.TrimSpace(p.rest) != "" {
		return Undefined{}
	}
	return bounded(value)
}

// bounded is a value, or undefined where it is too long.
func bounded(value any) any {
	switch v := value.(type) {
	case string:
		if len(v) > maxValue || !utf8.ValidString(v) {
			return Undefined{}
		}
	case map[string]any, []any:
		raw, err := json.Marshal(v)
		if err != nil || len(raw) > maxValue {
			return Undefined{}
		}
	}
	return value
}

// absent reports whether a value gives way to what follows ??.
func absent(value any) bool { return value == nil || value == any(Undefined{}) }
