package tenantfile

import (
	_ "embed"
	"encoding/json"
	"errors"
	"fmt"
	"maps"
	"math/big"
	"net/url"
	"slices"
	"strconv"
	"strings"
	"sync"

	"github.com/santhosh-tekuri/jsonschema/v6"
	"github.com/santhosh-tekuri/jsonschema/v6/kind"

	"github.com/tenant0/tenant0/config/suggest"
)

//go:embed tenant.schema.json
var schemaJSON []byte

// Schema is the JSON Schema (draft 2020-12) of the tenant file.
func Schema() []byte { return append([]byte(nil), schemaJSON...) }

// openKeyword marks objects to which the Management API lets callers add members of their own. Unknown keys there are kept,
// and told of in a warning, unless they look like a misspelt one.
const openKeyword = "x-open"

// schemaDocument is the decoded tenant.schema.json, whose texts messages need. compiledSchema takes longer to make
// than reading a tenant does, so it is made only when an unchecked file must be validated.
type schemaDocument struct{ document Document }

var (
	schema = sync.OnceValue(func() schemaDocument {
		var document Document
		if err := json.Unmarshal(schemaJSON, &document); err != nil {
			panic("tenant.schema.json: " + err.Error()) // The file is part of the program.
		}
		return schemaDocument{document}
	})
	compiledSchema = sync.OnceValue(func() *jsonschema.Schema {
		const id = "urn:tenant0:tenant-file"
		compiler := jsonschema.NewCompiler()
		if err := compiler.AddResource(id, map[string]any(schema().document)); err != nil {
			panic("tenant.schema.json: " + err.Error())
		}
		return compiler.MustCompile(id)
	})
)

// at returns the part of the schema that the JSON pointer in a URL names, or nil.
func (s schemaDocument) at(location string) Document {
	_, pointer, _ := strings.Cut(location, "#/")
	var part any = s.document
	for step := range strings.SplitSeq(pointer, "/") {
		if unescaped, err := url.PathUnescape(step); err == nil {
			step = unescaped
		}
		switch node := part.(type) {
		case Document:
			part = node[strings.NewReplacer("~1", "/", "~0", "~").Replace(step)]
		case []any:
			if i, err := strconv.Atoi(step); err == nil && i < len(node) {
				part = node[i]
			}
		}
	}
	doc, _ := part.(Document)
	return doc
}

// sectionKind says what a tenant file does with a section.
type sectionKind int

const (
	emulated    sectionKind = iota // described by the schema
	imported                       // imported when the tenant is made
	notEmulated                    // known to auth0-deploy-cli only, or newer than this file format: left out
	misspelt                       // nearly the name of a section that would not be left out
)

// section returns the kind of the section with a name, and for a misspelt name the right one.
func (s schemaDocument) section(name string) (sectionKind, string) {
	sections, _ := s.document["properties"].(Document)
	var known []string
	for section, part := range sections {
		part, _ := part.(Document)
		switch ref := part["$ref"]; {
		case ref == "#/$defs/notEmulated":
			continue
		case section == name && (ref == "#/$defs/imported" || ref == "#/$defs/importedObject"):
			return imported, ""
		case section == name:
			return emulated, ""
		}
		known = append(known, section)
	}
	if similar, near := suggest.Nearest(name, known); near && sections[name] == nil {
		return misspelt, similar
	}
	return notEmulated, ""
}

// IsObject reports whether a section is one object; all others are lists of objects.
func IsObject(section string) bool {
	s := schema()
	sections, _ := s.document["properties"].(Document)
	part, _ := sections[section].(Document)
	if ref, refers := part["$ref"].(string); refers {
		definitions, _ := s.document["$defs"].(Document)
		part, _ = definitions[strings.TrimPrefix(ref, "#/$defs/")].(Document)
	}
	return part["type"] == "object"
}

// validate checks the sections against the schema and records all problems.
func (f *file) validate(sections Document) {
	var invalid *jsonschema.ValidationError
	switch err := compiledSchema().Validate(withoutNulls(sections)); {
	case errors.As(err, &invalid):
		f.schemaProblems(schema(), invalid)
	case err != nil:
		f.wrong(nil, "%s", err)
	}
}

// connectionSections are the sections with connections.
var connectionSections = []string{"databases", "connections"}

// withoutNulls returns the sections without the options of connections that are null, which the schema does not describe.
func withoutNulls(sections Document) Document {
	described := maps.Clone(sections)
	for _, name := range connectionSections {
		if list, ok := described[name].([]any); ok {
			described[name] = leaveOutNulls(list)
		}
	}
	return described
}

func leaveOutNulls(value any) any {
	switch v := value.(type) {
	case Document:
		own := Document{}
		for name, inner := range v {
			if inner != nil {
				own[name] = leaveOutNulls(inner)
			}
		}
		return own
	case []any:
		own := make([]any, len(v))
		for i, inner := range v {
			own[i] = leaveOutNulls(inner)
		}
		return own
	}
	return value
}

// schemaProblems records the innermost causes of a validation error.
func (f *file) schemaProblems(schema schemaDocument, invalid *jsonschema.ValidationError) {
	causes := invalid.Causes
	if _, alternatives := invalid.ErrorKind.(*kind.AnyOf); alternatives {
		causes = causes[:1] // the first alternative lists the usual values, which helps most
	}
	for _, cause := range causes {
		f.schemaProblems(schema, cause)
	}
	if len(causes) > 0 {
		return
	}
	path := invalid.InstanceLocation
	switch wrong := invalid.ErrorKind.(type) {
	case *kind.AdditionalProperties:
		part := schema.at(invalid.SchemaURL)
		properties, _ := part["properties"].(Document)
		var known []string
		for key := range properties {
			known = append(known, key)
		}
		for _, key := range wrong.Properties {
			if similar, near := suggest.Nearest(key, known); part[openKeyword] == true && (!near || similar == key) {
				f.warn(append(slices.Clone(path), key), "unknown key; the Management API keeps such members of its callers, and so does the tenant")
				continue
			}
			f.wrongKey(append(slices.Clone(path), key), "unknown key; %s", suggest.For(key, known, "keys"))
		}
	case *kind.Required:
		for _, key := range wrong.Missing {
			f.wrong(path, "the key %q is missing%s", key, f.lost(append(slices.Clone(path), key)))
		}
	default:
		f.wrong(path, "%s%s", schemaMessage(schema.at(invalid.SchemaURL), invalid), f.lost(path))
	}
}

// schemaMessage describes what is wrong with a value. It does not repeat texts, which may be secrets.
func schemaMessage(part Document, invalid *jsonschema.ValidationError) string {
	switch wrong := invalid.ErrorKind.(type) {
	case *kind.Type:
		return typeMessage(wrong)
	case *kind.Enum:
		return enumMessage(wrong)
	case *kind.Const:
		return fmt.Sprintf("must be %q", wrong.Want)
	case *kind.Pattern:
		return fmt.Sprintf("does not fit its description: %s", part["description"])
	case *kind.MinLength:
		if wrong.Want == 1 {
			return "must not be empty"
		}
		return fmt.Sprintf("must have at least %d characters", wrong.Want)
	case *kind.MaxLength:
		return fmt.Sprintf("must have at most %d characters", wrong.Want)
	case *kind.MaxItems:
		return fmt.Sprintf("has more entries than the allowed %d", wrong.Want)
	case *kind.Minimum:
		return fmt.Sprintf("must be at least %s", decimal(wrong.Want))
	case *kind.Maximum:
		return fmt.Sprintf("must be at most %s", decimal(wrong.Want))
	case *kind.UniqueItems:
		return fmt.Sprintf("entries %d and %d are the same", wrong.Duplicates[0], wrong.Duplicates[1])
	default:
		return invalid.Error()
	}
}

func typeMessage(wrong *kind.Type) string {
	words := map[string]string{
		"string": "text", "boolean": "true or false", "integer": "a whole number", "number": "a number",
		"array": "a list", "object": "a map", "null": "empty",
	}
	var want []string
	for _, name := range wrong.Want {
		want = append(want, words[name])
	}
	if wrong.Want[0] == "integer" {
		words["number"] = "a fraction"
	}
	message := fmt.Sprintf("must be %s, not %s", strings.Join(want, " or "), words[wrong.Got])
	scalar := wrong.Got == "number" || wrong.Got == "boolean"
	switch {
	case slices.Contains(wrong.Want, "string") && scalar:
		message += "; put it in quotes"
	case slices.Contains(wrong.Want, "array") && wrong.Got == "string":
		message += "; put it in brackets"
	}
	return message
}

func enumMessage(wrong *kind.Enum) string {
	var values []string
	for _, value := range wrong.Want {
		values = append(values, fmt.Sprint(value))
	}
	got, ok := wrong.Got.(string)
	if !ok {
		return fmt.Sprintf("must be text, such as %q", values[0])
	}
	return fmt.Sprintf("%q is not allowed; %s", got, suggest.For(got, values, "values"))
}

// decimal returns a bound as the schema writes it.
func decimal(bound *big.Rat) string {
	f, _ := bound.Float64()
	return strconv.FormatFloat(f, 'f', -1, 64)
}
