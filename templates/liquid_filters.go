package templates

import (
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"reflect"
	"regexp"
	"strings"
	"time"

	"github.com/osteele/liquid/render"
	"github.com/osteele/liquid/values"
)

// addTags adds the tags that metered inserts, and disables include, which reads files of
// the machine.
func (m *meter) addTags() {
	m.config.AddTag(stepTag, func(string) (func(io.Writer, render.Context) error, error) {
		return func(io.Writer, render.Context) error { m.spend(1); return nil }, nil
	})
	m.config.AddTag("include", func(string) (func(io.Writer, render.Context) error, error) {
		return nil, errors.New("include is not emulated by tenant0")
	})
	m.config.AddBlock(captureTag).Compiler(func(node render.BlockNode) (func(io.Writer, render.Context) error, error) {
		return func(_ io.Writer, ctx render.Context) error {
			w := &boundedWriter{meter: m}
			if err := ctx.RenderChildren(w); err != nil {
				return err
			}
			ctx.Set(node.Args, w.String())
			return nil
		}, nil
	})
}

var anyType = reflect.TypeFor[any]()

// AddFilter adds a filter whose arguments and result are counted as work. It implements
// filters.FilterDictionary.
func (m *meter) AddFilter(name string, filter any) {
	if date, ok := filter.(dateFilter); ok {
		filter = narrow(date)
	}
	fn := reflect.ValueOf(filter)
	in, out := make([]reflect.Type, fn.Type().NumIn()), make([]reflect.Type, fn.Type().NumOut())
	for i := range in {
		// The arguments are counted before they are converted to the filter's types. A
		// parameter of function type is an optional argument.
		if in[i] = fn.Type().In(i); in[i].Kind() != reflect.Func {
			in[i] = anyType
		}
	}
	for i := range out {
		out[i] = fn.Type().Out(i)
	}
	measured := reflect.MakeFunc(reflect.FuncOf(in, out, false), func(args []reflect.Value) []reflect.Value {
		for i, arg := range args {
			if in[i] == anyType {
				args[i] = m.argument(arg.Interface(), fn.Type().In(i))
			}
		}
		results := fn.Call(args)
		m.measure(results[0].Interface())
		return results
	})
	m.config.AddFilter(name, measured.Interface())
}

// argument counts an argument of a filter and converts it.
func (m *meter) argument(value any, as reflect.Type) reflect.Value {
	m.measure(value)
	if value == nil {
		return reflect.Zero(as)
	}
	converted := reflect.New(as).Elem()
	converted.Set(reflect.ValueOf(values.MustConvert(value, as)))
	return converted
}

// bytesPerStep is the length of a value that a filter processes in about the time of one
// step.
const bytesPerStep = 1 << 10

// measure counts the work on a value.
func (m *meter) measure(value any) {
	m.spend(1 + m.size(reflect.ValueOf(value), 0)/bytesPerStep)
}

// size adds the approximate length of a value, in bytes, to a size. A part that occurs
// several times in the value counts each time, because a filter works on each.
func (m *meter) size(v reflect.Value, size int) int {
	if !v.IsValid() {
		return size
	}
	size += 16
	if r, ok := reflect.TypeAssert[values.Range](v); ok {
		size += 16 * min(max(r.Len(), 0), maxBytes)
	}
	switch v.Kind() {
	case reflect.String:
		size += v.Len()
	case reflect.Interface, reflect.Pointer:
		size = m.size(v.Elem(), size)
	case reflect.Slice, reflect.Array:
		for i := 0; i < v.Len() && size <= maxBytes; i++ {
			size = m.size(v.Index(i), size)
		}
	case reflect.Map:
		for entry := v.MapRange(); size <= maxBytes && entry.Next(); {
			size = m.size(entry.Value(), m.size(entry.Key(), size))
		}
	default: // all other kinds are small
	}
	if size > maxBytes {
		m.stop("a value is longer than %d bytes", maxBytes)
	}
	return size
}

// addBoundedFilters replaces those filters of the library whose result or work can be
// out of proportion to their arguments.
func (m *meter) addBoundedFilters() {
	m.AddFilter("replace", func(s, old, with string) string {
		m.grow(len(s), strings.Count(s, old), len(with))
		return strings.ReplaceAll(s, old, with)
	})
	m.AddFilter("join", func(list []any, separator func(string) string) string {
		between := separator(" ")
		m.grow(0, len(list), len(between))
		var texts []string
		for _, item := range list {
			if item != nil {
				texts = append(texts, fmt.Sprint(item))
			}
		}
		return strings.Join(texts, between)
	})
	m.AddFilter("uniq", uniq)
}

// dateFilter is the type of the library's filter "date".
type dateFilter = func(t time.Time, format func(string) string) (string, error)

// narrow returns the filter with an error for widths that would make a short format very
// long.
func narrow(filter dateFilter) dateFilter {
	return func(t time.Time, format func(string) string) (string, error) {
		if wideDirective.MatchString(format("")) {
			return "", errors.New("a width of the date is too large")
		}
		return filter(t, format)
	}
}

// wideDirective is a directive of strftime(3) that pads to a hundred characters or more.
var wideDirective = regexp.MustCompile(`%[^a-zA-Z%]*\d{3}`)

// grow stops the rendering if so many pieces make a text of some length too long.
func (m *meter) grow(length, pieces, piece int) {
	if piece > 0 && pieces > (maxBytes-length)/piece {
		m.stop("a value is longer than %d bytes", maxBytes)
	}
}

// uniq leaves out the repetitions in a list.
func uniq(list []any) (out []any) {
	seen := map[string]bool{}
	for _, item := range list {
		key, err := json.Marshal(item)
		if err == nil && seen[string(key)] {
			continue
		}
		seen[string(key)] = err == nil
		out = append(out, item)
	}
	return out
}
