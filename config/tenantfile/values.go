package tenantfile

import (
	"math"
	"slices"
	"strconv"
	"strings"

	"go.yaml.in/yaml/v3"
)

// sections returns the sections that tenant0 knows. The others are left out, with a warning for each.
func (f *file) sections() Document {
	sections := Document{}
	f.each(f.root, nil, func(name string, field field, path []string) {
		if isNull(field.value) {
			return
		}
		switch kind, similar := schema().section(name); kind {
		case emulated, imported:
			if value := f.value(field.value, path); value != nil {
				sections[name] = value
			}
		case misspelt:
			f.wrongKey(path, "unknown section; did you mean %q?", similar)
		case notEmulated:
			if value := target(field.value); value.Kind == yaml.ScalarNode || len(value.Content) > 0 {
				f.warn(path, "this section is not emulated yet and was left out")
			}
		}
	})
	return sections
}

// field is one key of a map and its value.
type field struct {
	key, value *yaml.Node
	merged     int // 1 if it comes from a merged map
}

// target returns the node itself, or the node that an alias refers to.
func target(node *yaml.Node) *yaml.Node {
	if node.Kind == yaml.AliasNode {
		return node.Alias
	}
	return node
}

func isNull(node *yaml.Node) bool {
	node = target(node)
	return node.Kind == yaml.ScalarNode && node.ShortTag() == "!!null"
}

// fields returns the keys of a map in order, including repeated ones, and then the keys of the maps that it merges
// (<<) except those that it has itself. A map that merges itself is visited once.
func fields(node *yaml.Node, visited map[*yaml.Node]bool) []field {
	var own, merged []field
	for i := 0; i+1 < len(node.Content); i += 2 {
		key, value := node.Content[i], node.Content[i+1]
		if key.Kind != yaml.ScalarNode || key.ShortTag() != "!!merge" {
			own = append(own, field{key, value, 0})
			continue
		}
		if visited == nil {
			visited = map[*yaml.Node]bool{node: true}
		}
		sources := []*yaml.Node{target(value)}
		if sources[0].Kind == yaml.SequenceNode {
			sources = sources[0].Content
		}
		for _, source := range sources {
			if source = target(source); source.Kind == yaml.MappingNode && !visited[source] {
				visited[source] = true
				merged = append(merged, fields(source, visited)...)
			}
		}
	}
	if merged == nil {
		return own
	}
	have := map[string]bool{}
	for _, field := range own {
		have[target(field.key).Value] = true
	}
	for _, field := range merged {
		if key := target(field.key).Value; !have[key] {
			have[key], field.merged = true, 1
			own = append(own, field)
		}
	}
	return own
}

// value returns a node's value in the types of JSON. For a value with a problem, it records the problem and returns
// nil.
func (f *file) value(node *yaml.Node, path []string) any {
	if node.Kind == yaml.AliasNode {
		f.aliases++
		defer func() { f.aliases-- }()
		node = node.Alias
	}
	if f.aliases > 0 {
		f.aliased++
	}
	switch {
	case f.stopped:
		return nil
	case len(path) > maxNesting:
		f.stop(node, path[:3], "is nested deeper than %d levels", maxNesting)
		return nil
	case f.aliased > maxAliased:
		f.stop(node, path, "aliases repeat more than %d values", maxAliased)
		return nil
	}
	switch tag := node.ShortTag(); {
	case node.Kind == yaml.SequenceNode && tag == "!!seq":
		list := make([]any, len(node.Content))
		for i, item := range node.Content {
			below := append(slices.Clone(path), strconv.Itoa(i))
			list[i] = f.value(item, below)
			f.commented(item, below, item.LineComment)
		}
		return list
	case node.Kind == yaml.MappingNode && tag == "!!map":
		return f.document(node, path)
	default:
		return f.scalar(node, tag, path)
	}
}

func (f *file) stop(node *yaml.Node, path []string, format string, args ...any) {
	f.stopped = true
	f.add(node, f.locate(path).text, format, args...)
}

func (f *file) document(node *yaml.Node, path []string) Document {
	doc := Document{}
	f.each(node, path, func(key string, field field, below []string) {
		f.aliases += field.merged
		value := f.value(field.value, below)
		f.aliases -= field.merged
		if text, isText := value.(string); isText && leavesOut(text) {
			return
		}
		// In an export, null means that a key is not set, so the key is left out.
		if value != nil || isNull(field.value) && (f.nulls || inMetadata(path) || inOptions(path)) {
			doc[key] = value
		}
		f.commented(field.value, below, field.key.LineComment, field.value.LineComment)
	})
	return doc
}

// inMetadata reports whether a map is the metadata of a user or in it, where null is a value like any other.
func inMetadata(path []string) bool {
	return slices.Contains(path, "user_metadata") || slices.Contains(path, "app_metadata")
}

// inOptions reports whether a map is the options of a connection or in them. Null there is a value of its own: a
// passwordPolicy that is null means no policy, while a database without the key gets Auth0's default.
func inOptions(path []string) bool {
	return len(path) >= 3 && slices.Contains(connectionSections, path[0]) && path[2] == "options"
}

// each visits the keys of a map that are texts and occur once, and records a problem with every other key.
func (f *file) each(node *yaml.Node, path []string, visit func(key string, field field, below []string)) {
	seen := map[string]*yaml.Node{}
	for _, field := range fields(node, nil) {
		key := target(field.key)
		if key.Kind != yaml.ScalarNode {
			f.add(field.key, f.locate(path).text, "a key must be text")
			continue
		}
		if strings.ContainsRune(key.Value, 0) {
			f.add(field.key, f.locate(path).text, "a key has the character U+0000")
			continue
		}
		below := append(path, key.Value)
		if first := seen[key.Value]; first != nil {
			f.add(field.key, f.locate(below).text, "the key is given twice, first on line %d", first.Line)
			continue
		}
		seen[key.Value] = field.key
		visit(key.Value, field, below)
	}
}

func (f *file) scalar(node *yaml.Node, tag string, path []string) any {
	switch tag {
	case "!!null":
		return nil
	case "!!str", "!!timestamp": // JSON has no dates: they stay texts
		if strings.ContainsRune(node.Value, 0) {
			f.wrong(path, "has the character U+0000")
			return ""
		}
		f.mark(node.Value, path)
		return node.Value
	case "!!bool", "!!int", "!!float":
		var value any
		if err := node.Decode(&value); err != nil {
			f.wrong(path, "does not have the type of its tag %s", tag)
			return nil
		}
		return f.number(value, path)
	default:
		f.wrong(path, "has the tag %s, which a tenant file cannot have; write the value itself", tag)
		return nil
	}
}

// number converts whole numbers to int, however they were written, so that a file means the same in YAML and in
// JSON. Any other value is returned unchanged.
func (f *file) number(value any, path []string) any {
	switch value := value.(type) {
	case uint64: // beyond int64
		return float64(value)
	case float64:
		if math.IsNaN(value) || math.IsInf(value, 0) {
			f.wrong(path, "is a number that JSON cannot represent")
			return nil
		}
		if value == math.Trunc(value) && math.Abs(value) < 1<<53 {
			return int(value)
		}
	}
	return value
}
