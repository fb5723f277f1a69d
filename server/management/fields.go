package management

import (
	"fmt"
	"maps"
	"slices"
	"strings"

	"github.com/tenant0/tenant0/storage"
)

// checkFields returns an error if the query parameter fields has names that are not
// members of the resource. It accepts any names for resources of which not all members
// are known.
func (s collection) checkFields(c *call) error {
	names := c.query.Get("fields")
	if names == "" || !s.allKnown {
		return nil
	}
	known := append(slices.Collect(maps.Keys(s.kind.Fields)), s.always...)
	for name := range strings.SplitSeq(names, ",") {
		if !slices.Contains(known, name) {
			return unknownFields(names, known)
		}
	}
	return nil
}

func unknownFields(sent string, known []string) error {
	slices.Sort(known)
	return invalidQuery(fmt.Sprintf("'String '%s' does not match pattern. Must be a comma separated list of the following values: %s' on property fields",
		sent, strings.Join(slices.Compact(known), ",")))
}

// selectFields applies the query parameters fields and include_fields: they name the
// top-level members to show or, with include_fields=false, to omit. When members to show
// are named, those in always are shown too.
func (c *call) selectFields(doc storage.Document, always ...string) storage.Document {
	names := c.query.Get("fields")
	if names == "" {
		return doc
	}
	wanted := strings.Split(names, ",")
	include := c.query.Get("include_fields") != "false"
	if include {
		wanted = append(wanted, always...)
	}
	selected := storage.Document{}
	for name, value := range doc {
		if slices.Contains(wanted, name) == include {
			selected[name] = value
		}
	}
	return selected
}
