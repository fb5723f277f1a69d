package tenantfile

import (
	"bytes"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"regexp"
	"sort"
	"unicode/utf8"

	"go.yaml.in/yaml/v3"
)

// Limits of a tenant file. They protect the machine from a hostile or broken file; real tenants are much smaller.
const (
	maxTenantFile = 64 << 20 // bytes
	maxNesting    = 100      // lists and maps inside each other
	maxAliased    = 100_000  // values that exist only because an alias repeats them
)

// file is a tenant file, or a folder of files that form one, while it is read and checked.
type file struct {
	name     string
	root     *yaml.Node
	origins  map[string]string // in a folder: by [originKey], the file that a part comes from
	nulls    bool              // keep members that are null
	problems []Problem
	warnings []Problem

	aliases int             // how many aliases enclose the value being read
	aliased int             // values read inside aliases, against maxAliased
	stopped bool            // a limit was exceeded: further problems would only repeat this
	markers map[string]bool // keyword markers that have no value
	// comments has, by [originKey], the markers that YAML takes for comments.
	comments map[string]string
}

// read parses the bytes. If they are not one map in YAML or JSON, it records the problem and returns false.
func (f *file) read(data []byte) bool {
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
func (f *file) nodes(data []byte) *yaml.Node {
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

// notText finds the first character that the file must not contain: one that is not UTF-8 or, in YAML, not
// printable (YAML 1.2, section 5.1; JSON allows such characters in strings). The message is empty if there is none.
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
func (f *file) yamlNodes(data []byte) *yaml.Node {
	documents, err := parseYAML(data)
	switch {
	case err != nil:
		f.syntaxProblem(err, data)
		return nil
	case len(documents) == 0:
		return &yaml.Node{Kind: yaml.ScalarNode, Tag: "!!null"}
	case len(documents) > 1:
		f.add(documents[1], "", "has more than one YAML document; a tenant file must be a single one")
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

// syntaxProblem records a parser's error. The line in the parser's text is where the list or map around the mistake
// begins. The line of the mistake is the last line of the shortest beginning of the file that has the same error.
func (f *file) syntaxProblem(err error, data []byte) {
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

// position returns a node with the position of a byte in the file.
func position(data []byte, offset int) *yaml.Node {
	before := data[:offset]
	start := bytes.LastIndexByte(before, '\n') + 1
	return &yaml.Node{Line: bytes.Count(before, []byte("\n")) + 1, Column: utf8.RuneCount(before[start:]) + 1}
}
