package expressions

import (
	"strconv"
	"strings"
	"unicode"
	"unicode/utf8"
)

// maxDepth is the limit for nested expressions and conditions.
const maxDepth = 32

// reader parses and evaluates an expression in one pass.
type reader struct {
	env  Env
	rest string
}

// nullish reads operands separated by ??, and returns the first one that is not null or
// undefined.
func (r *reader) nullish(depth int) (any, error) {
	if depth > maxDepth {
		return nil, errSyntax
	}
	value, err := r.operand(depth)
	for err == nil && r.take("??") {
		var next any
		if next, err = r.operand(depth); absent(value) {
			value = next
		}
	}
	return value, err
}

// operand reads a literal, a list, a variable or a function call, with the members that
// follow it.
func (r *reader) operand(depth int) (value any, err error) {
	r.skip()
	switch {
	case r.rest == "":
		return nil, errSyntax
	case r.take("("):
		if value, err = r.nullish(depth + 1); err == nil && !r.take(")") {
			err = errSyntax
		}
	case r.rest[0] == '\'' || r.rest[0] == '"':
		value, err = r.quoted()
	case r.rest[0] == '[':
		r.rest = r.rest[1:]
		var items []any
		items, err = r.items("]", depth)
		value = items
	case r.rest[0] == '-' || isDigit(r.rest[0]):
		value, err = r.number()
	default:
		value, err = r.named(depth)
	}
	if err != nil {
		return nil, err
	}
	return r.members(value, depth)
}

// named reads a variable, a constant or a function call.
func (r *reader) named(depth int) (any, error) {
	name := r.name()
	switch name {
	case "":
		return nil, errSyntax
	case "true", "false":
		return name == "true", nil
	case "null":
		return nil, nil //nolint:nilnil // null is a value
	case "undefined":
		return Undefined{}, nil
	case "functions":
		if !r.take(".") {
			return nil, errSyntax
		}
		if name = r.name(); name == "" {
			return nil, errSyntax
		}
		return r.call(name, depth)
	case "t":
		if strings.HasPrefix(strings.TrimLeft(r.rest, " \t"), "(") {
			return r.call("t", depth)
		}
	}
	value, ok := r.env.Values[name]
	if !ok {
		return Undefined{}, nil
	}
	return value, nil
}

// call reads the arguments of a function and calls it.
func (r *reader) call(name string, depth int) (any, error) {
	if !r.take("(") {
		return nil, errSyntax
	}
	args, err := r.items(")", depth)
	if err != nil {
		return nil, err
	}
	if name == "t" {
		if r.env.Message == nil || len(args) == 0 {
			return Undefined{}, nil
		}
		return r.env.Message(Text(args[0])), nil
	}
	f, ok := functions[name]
	if !ok {
		return Undefined{}, nil
	}
	return bounded(f(arguments{r.env, args})), nil
}

// items reads values separated by commas, up to the closing token.
func (r *reader) items(closes string, depth int) ([]any, error) {
	items := []any{}
	if r.take(closes) {
		return items, nil
	}
	for {
		value, err := r.nullish(depth + 1)
		if err != nil {
			return nil, err
		}
		items = append(items, value)
		switch {
		case r.take(closes):
			return items, nil
		case !r.take(","):
			return nil, errSyntax
		}
	}
}

// members reads .name and [key] after a value, and returns the member that they lead to.
func (r *reader) members(value any, depth int) (any, error) {
	for {
		switch {
		case r.take("?."), r.takeDot():
			name := r.name()
			if name == "" {
				return nil, errSyntax
			}
			value = member(value, name)
		case r.take("["):
			key, err := r.nullish(depth + 1)
			if err != nil {
				return nil, err
			}
			if !r.take("]") {
				return nil, errSyntax
			}
			value = member(value, Text(key))
		default:
			return value, nil
		}
	}
}

// member returns a member of an object, an item of a list, or the length of a list or
// string.
func member(value any, name string) any {
	switch v := value.(type) {
	case map[string]any:
		if m, ok := v[name]; ok {
			return m
		}
	case []any:
		if i, err := strconv.Atoi(name); err == nil && i >= 0 && i < len(v) {
			return v[i]
		}
		if name == "length" {
			return float64(len(v))
		}
	case string:
		if name == "length" {
			return float64(utf8.RuneCountInString(v))
		}
	}
	return Undefined{}
}

func (r *reader) skip() { r.rest = strings.TrimLeftFunc(r.rest, unicode.IsSpace) }

func (r *reader) take(token string) bool {
	r.skip()
	rest, ok := strings.CutPrefix(r.rest, token)
	if ok {
		r.rest = rest
	}
	return ok
}

func (r *reader) takeDot() bool { return r.take(".") }

// name reads a name, or returns "" if there is none.
func (r *reader) name() string {
	r.skip()
	end := strings.IndexFunc(r.rest, func(c rune) bool {
		return !unicode.IsLetter(c) && !unicode.IsDigit(c) && c != '_' && c != '$' && c != '-'
	})
	if end < 0 {
		end = len(r.rest)
	}
	name := r.rest[:end]
	r.rest = r.rest[end:]
	return name
}

// quoted reads a string in quotes.
func (r *reader) quoted() (string, error) {
	quote := r.rest[0]
	var b strings.Builder
	for i := 1; i < len(r.rest); i++ {
		switch c := r.rest[i]; {
		case c == '\\' && i+1 < len(r.rest):
			i++
			b.WriteByte(unescaped(r.rest[i]))
		case c == quote:
			r.rest = r.rest[i+1:]
			return b.String(), nil
		default:
			b.WriteByte(c)
		}
	}
	return "", errSyntax
}

func unescaped(c byte) byte {
	switch c {
	case 'n':
		return '\n'
	case 't':
		return '\t'
	}
	return c
}

func isDigit(c byte) bool { return c >= '0' && c <= '9' }

func (r *reader) number() (float64, error) {
	end := 1
	for end < len(r.rest) && (isDigit(r.rest[end]) || r.rest[end] == '.') {
		end++
	}
	n, err := strconv.ParseFloat(r.rest[:end], 64)
	r.rest = r.rest[end:]
	return n, err
}
