package config

import (
	"bytes"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"math"
	"regexp"
	"sort"
	"strconv"
	"strings"
	"unicode/utf8"

	"go.yaml.in/yaml/v3"
)

// Limits of a tenant file. They keep a hostile or broken file from taking the machine; no real tenant comes near them.
const (
	maxTenantFile = 64 << 20 // bytes
	maxNesting    = 100      // lists and maps inside each other
	maxAliased    = 100_000  // values that exist only because an alias repeats them
)

// tenantFile is a tenant file, or a folder of files that are one together, while it is read and checked.
type tenantFile struct {
	name     string
	root     *yaml.Node
	parts    map[string]string // of a folder: the file that a part of the whole is from, by [partKey]
	nulls    bool              // keep members that are null
	problems []TenantProblem
	warnings []TenantProblem

	aliases int             // how many aliases the value being read is inside
	aliased int             // values read inside aliases, against maxAliased
	stopped bool            // a limit was passed: reading on would repeat the complaint
	markers map[string]bool // keyword markers that have no value
}

// read turns the bytes into nodes. It reports false, with the problem recorded, for what is not one map in YAML or JSON.
func (f *tenantFile) read(data []byte) bool {
	f.root = &yaml.Node{Kind: yaml.MappingNode, Line: 1, Column: 1}
	root := f.nodes(data)
	switch {
	case root == nil:
		return false
	case root.Kind == yaml.ScalarNode && root.ShortTag() == "!!null":
		f.wrong(nil, "is empty; a tenant file has sections such as clients and resourceServers")
		return false
	case root.Kind != yaml.MappingNode:
		f.add(root, "", "must be a map of sections such as clients and resourceServers")
		return false
	}
	f.root = root
	return true
}

// nodes parses YAML or JSON, or records why it cannot and returns nil.
func (f *tenantFile) nodes(data []byte) *yaml.Node {
	if len(data) > maxTenantFile {
		f.add(&yaml.Node{}, "", "is larger than %d MiB", maxTenantFile>>20)
		return nil
	}
	isJSON := json.Valid(data)
	if offset, message := notText(data, isJSON); message != "" {
		f.add(position(data, offset), "", "%s", message)
		return nil
	}
	if isJSON {
		return (&jsonNodes{data: data, decoder: json.NewDecoder(bytes.NewReader(data)), line: 1, column: 1}).value()
	}
	return f.yamlNodes(data)
}

// notText finds the first character that the file cannot have: what is not UTF-8 and, in YAML, what is not printable (YAML
// 1.2, section 5.1; JSON may have it inside its strings). The message is empty if there is none.
func notText(data []byte, isJSON bool) (offset int, message string) {
	for i := 0; i < len(data); {
		r, size := utf8.DecodeRune(data[i:])
		switch {
		case r == utf8.RuneError && size == 1:
			return i, "is not UTF-8 text"
		case !isJSON && (r < ' ' && r != '\t' && r != '\n' && r != '\r' || r >= 0x7f && r < 0xa0 && r != 0x85 ||
			r == 0xfeff && i > 0 || r == 0xfffe || r == 0xffff):
			return i, fmt.Sprintf("has the control character %U in it", r)
		}
		i += size
	}
	return 0, ""
}

// yamlNodes parses YAML, or records why it cannot and returns nil.
func (f *tenantFile) yamlNodes(data []byte) *yaml.Node {
	documents, err := parseYAML(data)
	switch {
	case err != nil:
		f.syntaxProblem(err, data)
		return nil
	case len(documents) == 0:
		return &yaml.Node{Kind: yaml.ScalarNode, Tag: "!!null"}
	case len(documents) > 1:
		f.add(documents[1], "", "has more than one YAML document; a tenant file is one")
		return nil
	}
	return documents[0].Content[0]
}

func parseYAML(data []byte) ([]*yaml.Node, error) {
	var documents []*yaml.Node
	for decoder := yaml.NewDecoder(bytes.NewReader(data)); ; {
		document := &yaml.Node{}
		err := decoder.Decode(document)
		if errors.Is(err, io.EOF) {
			return documents, nil
		}
		if err != nil {
			return nil, err
		}
		if documents = append(documents, document); len(documents) == 2 { // already one too many
			return documents, nil
		}
	}
}

var yamlError = regexp.MustCompile(`(?s)^yaml: (?:line \d+: )?(.*)$`)

// syntaxProblem records a parser's error. The line in its text is the one where the list or map around the mistake
// begins, so the mistake's own is looked for: the last line of the shortest beginning of the file with the same error.
func (f *tenantFile) syntaxProblem(err error, data []byte) {
	var wrongJSON *json.SyntaxError
	if bytes.HasPrefix(bytes.TrimSpace(data), []byte("{")) && errors.As(json.Unmarshal(data, new(any)), &wrongJSON) {
		f.add(position(data, int(wrongJSON.Offset)-1), "", "is not JSON: %s", wrongJSON)
		return
	}
	ends := bytes.SplitAfter(data, []byte("\n"))
	line := 1 + sort.Search(len(ends)-1, func(i int) bool {
		_, shorter := parseYAML(bytes.Join(ends[:i+1], nil))
		return shorter != nil && shorter.Error() == err.Error()
	})
	if marker := unquotedMarker.FindSubmatch(ends[line-1]); marker != nil {
		f.add(&yaml.Node{Line: line}, "", "is not YAML: a value cannot begin with @; the keyword %s has no value, so quote it: \"%s\"",
			bytes.Trim(marker[1], "@"), marker[1])
		return
	}
	message := err.Error()
	if parts := yamlError.FindStringSubmatch(message); parts != nil {
		message = parts[1]
	}
	f.add(&yaml.Node{Line: line}, "", "is not YAML: %s", message)
}

// position is a node for a byte of the file.
func position(data []byte, offset int) *yaml.Node {
	before := data[:offset]
	start := bytes.LastIndexByte(before, '\n') + 1
	return &yaml.Node{Line: bytes.Count(before, []byte("\n")) + 1, Column: utf8.RuneCount(before[start:]) + 1}
}

// sections are the values of the sections that tenant0 knows. The others are left out, with a warning each.
func (f *tenantFile) sections() Document {
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
	merged     int // 1 if it comes from another map
}

// target is the node itself, or the one that an alias stands for.
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

// fields are the keys of a map in order, repeated ones included, then those of the maps that it merges (<<) and that it
// does not have itself. A map that merges itself is visited once.
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

// value is a node's value as JSON knows it. Problems are recorded, and the value is nil where they are.
func (f *tenantFile) value(node *yaml.Node, path []string) any {
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
			list[i] = f.value(item, append(path, strconv.Itoa(i)))
		}
		return list
	case node.Kind == yaml.MappingNode && tag == "!!map":
		return f.document(node, path)
	default:
		return f.scalar(node, tag, path)
	}
}

func (f *tenantFile) stop(node *yaml.Node, path []string, format string, args ...any) {
	f.stopped = true
	f.add(node, f.locate(path).text, format, args...)
}

func (f *tenantFile) document(node *yaml.Node, path []string) Document {
	doc := Document{}
	f.each(node, path, func(key string, field field, below []string) {
		f.aliases += field.merged
		value := f.value(field.value, below)
		f.aliases -= field.merged
		if text, isText := value.(string); isText && leavesOut(text) {
			return
		}
		// null means «not set» in an export, and a key that is not set is not there.
		if value != nil || f.nulls && isNull(field.value) {
			doc[key] = value
		}
		f.commented(field, below)
	})
	return doc
}

// each visits the keys of a map that are text and given once, and records a problem with the others.
func (f *tenantFile) each(node *yaml.Node, path []string, visit func(key string, field field, below []string)) {
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

func (f *tenantFile) scalar(node *yaml.Node, tag string, path []string) any {
	switch tag {
	case "!!null":
		return nil
	case "!!str", "!!timestamp": // JSON has no dates: one is the text it was written as
		if strings.ContainsRune(node.Value, 0) {
			f.wrong(path, "has the character U+0000")
			return ""
		}
		f.mark(node.Value, path)
		return node.Value
	case "!!bool", "!!int", "!!float":
		var value any
		if err := node.Decode(&value); err != nil {
			f.wrong(path, "is not what its tag %s says", tag)
			return nil
		}
		return f.number(value, path)
	default:
		f.wrong(path, "has the tag %s, which a tenant file cannot have; write the value itself", tag)
		return nil
	}
}

// number keeps whole numbers as int, however they were written, so that a file means the same in YAML and in JSON. What
// is no number stays as it is.
func (f *tenantFile) number(value any, path []string) any {
	switch value := value.(type) {
	case uint64: // beyond int64
		return float64(value)
	case float64:
		if math.IsNaN(value) || math.IsInf(value, 0) {
			f.wrong(path, "is a number that JSON does not have")
			return nil
		}
		if value == math.Trunc(value) && math.Abs(value) < 1<<53 {
			return int(value)
		}
	}
	return value
}
