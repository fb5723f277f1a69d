package config

import (
	"bytes"
	"encoding/json"
	"fmt"
	"maps"
	"path"
	"slices"
	"strings"

	"go.yaml.in/yaml/v3"
)

// WriteConfiguration writes sections into a folder as auth0-deploy-cli exports them: as tenant.yaml, or as a folder of
// JSON files, with scripts and pages in files of their own. It makes the folder and takes the place of what is there, as
// [WritePrivate] does. It returns the files it wrote, from the folder on.
func WriteConfiguration(folder string, sections Document, asYAML bool) ([]string, error) {
	w := &configurationWriter{files: map[string][]byte{}, asYAML: asYAML}
	if err := w.sections(sections); err != nil {
		return nil, err
	}
	if err := WriteAllPrivate(folder, w.files); err != nil {
		return nil, fmt.Errorf("export: %w", err)
	}
	return slices.Sorted(maps.Keys(w.files)), nil
}

// MarshalTenant is a tenant file in YAML that has sections and users.
func MarshalTenant(sections Document) ([]byte, error) {
	var out bytes.Buffer
	encoder := yaml.NewEncoder(&out)
	encoder.SetIndent(2)
	if err := encoder.Encode(whole(sections)); err != nil {
		return nil, err
	}
	return out.Bytes(), encoder.Close()
}

// whole turns the numbers of JSON that are whole into such, which YAML would write with an exponent.
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

// configurationWriter collects the files of an export.
type configurationWriter struct {
	files  map[string][]byte
	asYAML bool
}

// textMember is where a section has texts that are files of their own: the members that lead to it, "*" for each, and the
// file's ending.
type textMember struct {
	path, ending string
}

var textMembers = map[string]textMember{
	"actions": {"code", ".js"}, "actionModules": {"code", ".js"}, "branding": {"templates.body", ".html"}, "clients": {"custom_login_page", "_custom_login_page.html"},
	"connections": {"options.email.body", ".html"}, "databases": {"options.customScripts.*", ".js"}, "emailTemplates": {"body", ".html"},
	"hooks": {"script", ".js"}, "pages": {"html", ".html"}, "rules": {"script", ".js"},
}

// yamlFolders are the folders of texts beside tenant.yaml, where they are not called as the section.
var yamlFolders = map[string]string{"branding": "branding_templates", "actionModules": "action-modules"}

func (w *configurationWriter) sections(sections Document) error {
	if w.asYAML {
		for _, section := range inFiles {
			if err := w.fold(section, sections[section]); err != nil {
				return err
			}
		}
		for section, value := range sections {
			if texts, ok := textMembers[section]; ok {
				folder := section
				if other, ok := yamlFolders[section]; ok {
					folder = other
				}
				w.texts(value, textPlace{steps: strings.Split(texts.path, "."), ending: texts.ending, folder: folder, base: "."})
			}
		}
		raw, err := MarshalTenant(sections)
		w.files["tenant.yaml"] = raw
		return err
	}
	for section, value := range sections {
		if err := w.section(section, value); err != nil {
			return fmt.Errorf("%s: %w", section, err)
		}
	}
	return nil
}

// fold moves each object of a section into a file of its own.
func (w *configurationWriter) fold(section string, value any) error {
	for _, entry := range documents(value) {
		name := text(entry, "name")
		file := path.Join(section, fileName(name)+".json")
		if err := w.json(file, maps.Clone(entry)); err != nil {
			return err
		}
		clear(entry)
		entry["name"], entry["body"] = name, "./"+file
	}
	return nil
}

// section writes one section of an export that is a folder.
func (w *configurationWriter) section(section string, value any) error {
	switch section {
	case "databases":
		return w.list(value, func(name string) string { return "database-connections/" + name + "/database.json" }, section)
	case "branding", "prompts", "attackProtection":
		return w.members(section, value)
	}
	for file, of := range wholes {
		if of == section {
			return w.json(file, value)
		}
	}
	for folder, of := range folders {
		if of == section {
			return w.list(value, func(name string) string { return folder + "/" + name + ".json" }, section)
		}
	}
	return fmt.Errorf("there is no file for it")
}

// members writes a section whose members have files of their own.
func (w *configurationWriter) members(section string, value any) error {
	doc, _ := value.(Document)
	rest := maps.Clone(doc)
	for file, of := range wholes {
		if _, member, ok := strings.Cut(of, section+"."); ok && doc[member] != nil && member != "partials" {
			delete(rest, member)
			if err := w.json(file, doc[member]); err != nil {
				return err
			}
		}
	}
	if partials, ok := doc["partials"].(Document); ok {
		delete(rest, "partials")
		if err := w.partials(partials); err != nil {
			return err
		}
	}
	for member, folder := range map[string]string{"templates": "branding/templates", "screenRenderers": "prompts/screenRenderSettings"} {
		list, ok := doc[member].([]any)
		if !ok {
			continue
		}
		delete(rest, member)
		if err := w.list(list, func(name string) string { return folder + "/" + name + ".json" }, map[string]string{"templates": "emailTemplates"}[member]); err != nil {
			return err
		}
	}
	if len(rest) == 0 {
		return nil
	}
	return w.json(section+"/"+section+".json", rest)
}

// partials writes the partials of prompts: {prompt: [{screen: [{name, template}]}]}, each template in a file.
func (w *configurationWriter) partials(partials Document) error {
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

// list writes each entry of a section to a file that its name gives, with its texts beside it.
func (w *configurationWriter) list(value any, file func(name string) string, section string) error {
	for _, entry := range documents(value) {
		own := fileName(entryName(entry))
		for n := 2; w.files[file(own)] != nil; n++ { // names that differ where those of files cannot
			own = fmt.Sprintf("%s-%d", fileName(entryName(entry)), n)
		}
		name := file(own)
		if texts, ok := textMembers[section]; ok {
			folder, base := path.Dir(name), path.Dir(name)
			if section == "actions" || section == "actionModules" {
				base = "." // code is named from the export's folder on
			}
			w.texts(entry, textPlace{strings.Split(texts.path, "."), texts.ending, folder, base, own})
		}
		if err := w.json(name, entry); err != nil {
			return err
		}
	}
	return nil
}

// entryName is what an entry is called.
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

// fileName is a name without what files of one system or another cannot have.
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

// textPlace is where texts are in a value, and where their files go.
type textPlace struct {
	steps  []string // members on the way to the texts; "*" is each of them
	ending string   // of the files
	folder string   // of the files
	base   string   // what the files are named from
	name   string   // of the entry; empty: it is the value's own
}

// below is the place of the same texts, seen from a member of the value.
func (p textPlace) below() textPlace {
	if p.steps[0] == "templates" { // each template is an entry of its own
		p.name = ""
	}
	p.steps = p.steps[1:]
	return p
}

// texts moves texts below a value into files, and leaves the names of the files in their places.
func (w *configurationWriter) texts(value any, at textPlace) {
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
				w.texts(item, at.below())
				continue
			}
			if content, _ := item.(string); content != "" {
				file := w.textFile(at, member)
				w.files[file] = []byte(content)
				value[member] = "./" + strings.TrimPrefix(file, strings.TrimPrefix(at.base+"/", "./"))
			}
		}
	}
}

// textFile is the file of the text that is a member of a value.
func (w *configurationWriter) textFile(at textPlace, member string) string {
	switch {
	case at.steps[0] == "*" && w.asYAML:
		return path.Join(at.folder, at.name, fileName(member)) + at.ending
	case at.steps[0] == "*":
		return path.Join(at.folder, fileName(member)) + at.ending
	case at.steps[0] == "code":
		return path.Join(at.folder, at.name, "code") + at.ending
	}
	return path.Join(at.folder, at.name) + at.ending
}

func (w *configurationWriter) json(file string, value any) error {
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
