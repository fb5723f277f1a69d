package tenantfile

import (
	"bytes"
	"encoding/json"
	"unicode/utf8"

	"go.yaml.in/yaml/v3"
)

// jsonNodes converts JSON to the nodes that the YAML parser would make. The YAML parser itself cannot read all
// JSON: it refuses tabs and surrogate pairs that JSON allows, and converts some of JSON's characters to blanks.
type jsonNodes struct {
	data    []byte // valid JSON
	decoder *json.Decoder

	offset, line, column int // position of the last token
}

func (j *jsonNodes) value() *yaml.Node {
	node := j.place()
	token, _ := j.decoder.Token() // valid JSON has no error
	switch token := token.(type) {
	case json.Delim:
		node.Kind = yaml.SequenceNode
		if token == '{' {
			node.Kind = yaml.MappingNode
		}
		for j.decoder.More() {
			node.Content = append(node.Content, j.value())
		}
		_, _ = j.decoder.Token()
	case string:
		node.Tag, node.Value = "!!str", token
	case float64:
		node.Value = string(j.data[j.offset:j.decoder.InputOffset()])
	case bool:
		node.Tag, node.Value = "!!bool", map[bool]string{true: "true", false: "false"}[token]
	case nil:
		node.Tag, node.Value = "!!null", "null"
	}
	return node
}

// place returns a scalar node with the position of the next token.
func (j *jsonNodes) place() *yaml.Node {
	rest := j.data[j.decoder.InputOffset():]
	offset := len(j.data) - len(bytes.TrimLeft(rest, " \t\r\n,:"))
	// Counting continues from the last token, because a file may be one long line.
	between := j.data[j.offset:offset]
	if end := bytes.LastIndexByte(between, '\n'); end >= 0 {
		j.line, j.column = j.line+bytes.Count(between, []byte{'\n'}), 1
		between = between[end+1:]
	}
	j.offset, j.column = offset, j.column+utf8.RuneCount(between)
	return &yaml.Node{Kind: yaml.ScalarNode, Line: j.line, Column: j.column}
}
