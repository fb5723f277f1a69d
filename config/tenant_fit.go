package config

import (
	"errors"
	"fmt"
	"slices"
	"strconv"

	"github.com/santhosh-tekuri/jsonschema/v6"
	"github.com/santhosh-tekuri/jsonschema/v6/kind"
)

// InTenantFile reports whether a tenant file has a section of that name.
func InTenantFile(section string) bool {
	is, _ := schema().section(section)
	return is == emulated || is == imported
}

// FitTenant takes out of the sections of a tenant the members that a tenant file has no key for, and returns a line for
// each of them, in alphabetical order.
func FitTenant(sections Document) []string {
	var invalid *jsonschema.ValidationError
	if !errors.As(compiledSchema().Validate(sections), &invalid) {
		return nil
	}
	var left []string
	var visit func(*jsonschema.ValidationError)
	visit = func(e *jsonschema.ValidationError) {
		for _, cause := range e.Causes {
			visit(cause)
		}
		extra, ok := e.ErrorKind.(*kind.AdditionalProperties)
		if !ok {
			return
		}
		entry, ok := within(sections, e.InstanceLocation).(Document)
		if !ok {
			return
		}
		for _, key := range extra.Properties {
			if !isEmptyValue(entry[key]) {
				left = append(left, fmt.Sprintf("%s.%s: a tenant file has no such key", e.InstanceLocation[0], key))
			}
			delete(entry, key)
		}
	}
	visit(invalid)
	slices.Sort(left)
	return slices.Compact(left)
}

// within is the value at a path.
func within(value any, path []string) any {
	for _, step := range path {
		switch v := value.(type) {
		case Document:
			value = v[step]
		case []any:
			i, err := strconv.Atoi(step)
			if err != nil || i >= len(v) {
				return nil
			}
			value = v[i]
		}
	}
	return value
}

// isEmptyValue reports whether a value says no more than its absence.
func isEmptyValue(value any) bool {
	switch v := value.(type) {
	case nil:
		return true
	case bool:
		return !v
	case []any:
		return len(v) == 0
	case Document:
		return len(v) == 0
	}
	return false
}
