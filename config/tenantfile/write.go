package tenantfile

import (
	"bytes"
	"cmp"
	"encoding/json"
	"fmt"
	"maps"
	"path"
	"slices"
	"strings"

	"go.yaml.in/yaml/v3"

	"github.com/tenant0/tenant0/config/private"
)

// WriteConfiguration writes sections into a folder as auth0-deploy-cli exports them: as tenant.yaml, or as a folder
// of JSON files, with scripts and pages in files of their own. It creates the folder and replaces existing files,
// as [private.Write] does. It returns the names of the written files, relative to the folder.
func WriteConfiguration(folder string, sections Document, asYAML bool) ([]string, error) {
	w := &writer{files: map[string][]byte{}, asYAML: asYAML}
	if err := w.sections(sections); err != nil {
		return nil, err
	}
	if err := private.WriteAll(folder, w.files); err != nil {
		return nil, fmt.Errorf("export: %w", err)
	}
	return slices.Sorted(maps.Keys(w.files)), nil
}

// Marshal returns a tenant file in YAML with the sections.
func Marshal(sections Document) ([]byte, error) {
	var out bytes.Buffer
	encoder := yaml.NewEncoder(&out)
	encoder.SetIndent(2)
	if err := encoder.Encode(whole(sections)); err != nil {
		return nil, err
	}
	return out.Bytes(), encoder.Close()
}

// whole converts whole numbers of JSON to integers, because YAML would write large floats with an exponent.
func whole(value any) any {
	switch value := value.(type) {
	case Document:
		out := make(Document, len(value))
		for name, item := range value {
			out[name] = whole(item)
		}
		return out
	case []any:
		out := make([]any, len(value))
		for i, item := range value {
			out[i] = whole(item)
		}
		return out
	case float64:
		if n := int64(value); float64(n) == value {
			return n
		}
	}
	return value
}

// writer collects the files of an export.
type writer struct {
	files  map[string][]byte
	asYAML bool
}

func (w *writer) sections(sections Document) error {
	if w.asYAML {
		return w.yaml(sections)
	}
	for section, value := range sections {
		if err := w.section(section, value); err != nil {
			return fmt.Errorf("%s: %w", section, err)
		}
	}
	return nil
}

// yaml writes tenant.yaml and, beside it, the files of texts.
func (w *writer) yaml(sections Document) error {
	for where, p := range parts {
		section, member, isMember := strings.Cut(where, ".")
		value := sections[section]
		if isMember {
			owner, _ := value.(Document)
			value = owner[member]
		}
		if p.bodies {
			if err := w.fold(section, value); err != nil {
				return err
			}
		}
		if p.texts.path != "" {
			w.texts(value, textPlace{steps: strings.Split(p.texts.path, "."), ending: p.texts.ending, folder: cmp.Or(p.beside, section), base: "."})
		}
	}
	raw, err := Marshal(sections)
	w.files["tenant.yaml"] = raw
	return err
}

// fold moves each object of a section into a file of its own.
func (w *writer) fold(section string, value any) error {
	for _, entry := range documents(value) {
		name := text(entry, "name")
		file := w.free(path.Join(section, fileName(name)), ".json")
		if err := w.json(file, maps.Clone(entry)); err != nil {
			return err
		}
		clear(entry)
		entry["name"], entry["body"] = name, "./"+file
	}
	return nil
}

// section writes one section of an export that is a folder.
func (w *writer) section(section string, value any) error {
	p := parts[section]
	switch below := members(section); {
	case len(below) > 0:
		return w.members(section, value, below)
	case section == "databases":
		return w.list(value, p, func(name string) string { return databaseFolder + name + "/database.json" })
	case p.file != "":
		return w.json(p.file, value)
	case p.folder != "":
		return w.list(value, p, p.objectFile)
	}
	return fmt.Errorf("there is no file for it")
}

// objectFile returns the path of an object's file in an export that is a folder.
func (p part) objectFile(name string) string { return p.folder + "/" + name + ".json" }

// members writes a section, some of whose members (below) have files of their own.
func (w *writer) members(section string, value any, below map[string]part) error {
	doc, _ := value.(Document)
	rest := maps.Clone(doc)
	for member, p := range below {
		if doc[member] == nil {
			continue
		}
		written, err := w.member(member, doc[member], p)
		if err != nil {
			return err
		}
		if written {
			delete(rest, member)
		}
	}
	if len(rest) == 0 {
		return nil
	}
	return w.json(section+"/"+section+".json", rest)
}

// member writes a member of a section to files of its own, unless its value has a form for which there are no such
// files.
func (w *writer) member(member string, value any, p part) (written bool, err error) {
	switch partials, is := value.(Document); {
	case member == "partials" && !is:
		return false, nil
	case member == "partials":
		return true, w.partials(partials)
	case p.file != "":
		return true, w.json(p.file, value)
	}
	list, isList := value.([]any)
	return isList, w.list(list, p, p.objectFile)
}

// partials writes the partials of prompts: {prompt: [{screen: [{name, template}]}]}, each template in a file.
func (w *writer) partials(partials Document) error {
	written := Document{}
	for prompt, value := range partials {
		screens := Document{}
		doc, _ := value.(Document)
		for screen, insertions := range doc {
			list := []any{}
			points, _ := insertions.(Document)
			for _, point := range slices.Sorted(maps.Keys(points)) {
				file := path.Join("partials", fileName(prompt), fileName(screen), fileName(point)+".liquid")
				w.files["prompts/"+file] = []byte(text(points, point))
				list = append(list, Document{"name": point, "template": file})
			}
			screens[screen] = list
		}
		written[prompt] = []any{screens}
	}
	return w.json("prompts/partials.json", written)
}

// list writes each entry of a section to a file named after it, and its texts to files beside that file.
func (w *writer) list(value any, p part, file func(name string) string) error {
	for _, entry := range documents(value) {
		own := fileName(entryName(entry))
		for n := 2; w.files[file(own)] != nil; n++ { // different names may lead to the same file name
			own = fmt.Sprintf("%s-%d", fileName(entryName(entry)), n)
		}
		name := file(own)
		if p.texts.path != "" {
			folder, base := path.Dir(name), path.Dir(name)
			if p.texts.path == "code" {
				base = "." // paths of code are relative to the export's folder
			}
			w.texts(entry, textPlace{strings.Split(p.texts.path, "."), p.texts.ending, folder, base, own})
		}
		if err := w.json(name, entry); err != nil {
			return err
		}
	}
	return nil
}

// entryName returns the name of an entry, for its file.
func entryName(entry Document) string {
	if provider := text(entry, "provider"); provider != "" && entry["name"] != nil {
		return text(entry, "name") + "-" + provider
	}
	if client := text(entry, "client_id"); client != "" && entry["audience"] != nil {
		if subject := text(entry, "subject_type"); subject != "" && subject != "client" {
			client += " (" + subject + ")"
		}
		return client + "-" + text(entry, "audience")
	}
	if screen := text(entry, "screen"); screen != "" {
		return text(entry, "prompt") + "_" + screen
	}
	for _, member := range []string{"name", "template", "displayName", "type", "description", "consumer_selector", "identifier"} {
		if name := text(entry, member); name != "" {
			return name
		}
	}
	return "unnamed"
}

// fileName replaces the characters of a name that file names cannot contain on some operating system.
func fileName(name string) string {
	name = strings.Map(func(r rune) rune {
		if r < ' ' || strings.ContainsRune(`/\?<>:*|"`, r) {
			return '-'
		}
		return r
	}, name)
	if strings.Trim(name, ".") == "" {
		return "-"
	}
	return name
}

// textPlace says where texts are in a value, and where their files go.
type textPlace struct {
	steps  []string // members on the way to the texts; "*" stands for every member
	ending string   // the ending of the files
	folder string   // the folder of the files
	base   string   // the folder that the paths of the files are relative to
	name   string   // the name of the entry; if empty, the value's own name is used
}

// texts moves texts below a value into files, and replaces them by the paths of the files.
func (w *writer) texts(value any, at textPlace) {
	switch value := value.(type) {
	case []any:
		for _, item := range value {
			w.texts(item, at)
		}
	case Document:
		if at.name == "" {
			at.name = fileName(entryName(value))
		}
		for member, item := range value {
			if at.steps[0] != "*" && at.steps[0] != member {
				continue
			}
			if len(at.steps) > 1 {
				below := at
				below.steps = at.steps[1:]
				w.texts(item, below)
				continue
			}
			if content, _ := item.(string); content != "" {
				file := w.free(w.textFile(at, member), at.ending)
				w.files[file] = []byte(content)
				value[member] = "./" + strings.TrimPrefix(file, strings.TrimPrefix(at.base+"/", "./"))
			}
		}
	}
}

// free returns an unused file name, since different names of objects may lead to the same file name.
func (w *writer) free(stem, ending string) string {
	name := stem + ending
	for n := 2; w.files[name] != nil; n++ {
		name = fmt.Sprintf("%s-%d%s", stem, n, ending)
	}
	return name
}

// textFile returns the path of the file for a text, which is a member of a value, without its ending.
func (w *writer) textFile(at textPlace, member string) string {
	switch {
	case at.steps[0] == "*" && w.asYAML:
		return path.Join(at.folder, at.name, fileName(member))
	case at.steps[0] == "*":
		return path.Join(at.folder, fileName(member))
	case at.steps[0] == "code":
		return path.Join(at.folder, at.name, "code")
	}
	return path.Join(at.folder, at.name)
}

func (w *writer) json(file string, value any) error {
	var out bytes.Buffer
	encoder := json.NewEncoder(&out)
	encoder.SetEscapeHTML(false)
	encoder.SetIndent("", "  ")
	if err := encoder.Encode(value); err != nil {
		return err
	}
	w.files[file] = out.Bytes()
	return nil
}
