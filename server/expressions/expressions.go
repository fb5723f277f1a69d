// Package expressions evaluates the expressions in double braces in the texts of forms and flows, and
// the conditions of routers and of if/then actions. Auth0: customize/forms/variables and
// customize/forms/routers.
//
// Values that a user has entered are never evaluated as expressions: the result of an evaluation is
// not evaluated again.
package expressions

import (
	"encoding/json"
	"errors"
	"strings"
	"time"
	"unicode/utf8"
)

// Undefined is the value of a variable that does not exist and of an expression that cannot be
// evaluated.
type Undefined struct{}

// MarshalJSON implements json.Marshaler: in JSON it is null.
func (Undefined) MarshalJSON() ([]byte, error) { return []byte("null"), nil }

// maxValue is the limit of a value, in bytes of its text or JSON. Larger values become undefined.
const maxValue = 64 << 10

// Env has the variables and functions that expressions may use.
type Env struct {
	// Values are the variables at the top level: context, fields, vars, actions. They are decoded
	// JSON.
	Values map[string]any
	// Now returns the time for now() and toTimestamp().
	Now func() time.Time
	// Message returns the form's custom message with a key, for t('key'). It is nil if there are no
	// messages.
	Message func(key string) string
	// Masked, if not nil, is called with each value that is passed to mask().
	Masked func(value any)
}

// Value evaluates the expressions in a text. If the text is a single expression, the result is its
// value with its type; otherwise the values are inserted into the text.
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

// Text evaluates the expressions in a text, and returns the result as a string.
func (e Env) Text(text string) string { return Text(e.Value(text)) }

// Escaped evaluates the expressions in a markup text. Each value is inserted as escape returns it,
// which gets the text before the value and the value as a string.
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

// All evaluates all strings within a JSON value. Members and items that become undefined are left
// out.
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

// Text converts a value to a string: "" for null and undefined, and JSON for other values that are
// not strings.
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

// part is a part of a text: an expression without its braces, or the text between expressions.
type part struct {
	text       string
	expression bool
}

// split divides a text into parts. White space around a single expression is ignored, and braces that
// are not closed are text.
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

// closing returns the index after the expression at the beginning of a text, or -1 if it is not
// closed. Braces within quotes are ignored.
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

// errSyntax reports an invalid expression.
var errSyntax = errors.New("no expression")

// eval evaluates an expression. An invalid expression is undefined.
func (e Env) eval(source string) any {
	p := &reader{env: e, rest: source}
	value, err := p.nullish(0)
	if err != nil || strings.TrimSpace(p.rest) != "" {
		return Undefined{}
	}
	return bounded(value)
}

// bounded returns the value, or Undefined if it is longer than maxValue or not valid UTF-8.
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

// absent reports whether a value is null or undefined, so that ?? uses the next one.
func absent(value any) bool { return value == nil || value == any(Undefined{}) }
