package tenantfile

import (
	"encoding/json"
	"errors"
	"fmt"
	"io/fs"
	"maps"
	"os"
	"path/filepath"
	"slices"
	"strconv"
	"strings"
)

// files are the members whose text may be the path of a file that contains the value.
var files = []string{"code", "script", "html", "body", "custom_login_page", "login", "get_user", "create", "verify", "change_password", "delete"}

// readFiles replaces the paths of files in the tenant file's folder by the files' contents. An object in Further is
// left out if its file does not exist.
func (t *Tenant) readFiles(l *loader) error {
	var lost []string
	l.missing = func(name string) { lost = append(lost, name) }
	for _, section := range []struct {
		name string
		docs []Document
	}{{"clients", t.Clients}, {"databases", t.Databases}, {"connections", t.Connections}} {
		for i, doc := range section.docs {
			lost = nil
			if err := l.inline(doc, l.root, at(section.name, i)); err != nil {
				return fmt.Errorf("tenant file: %w", err)
			}
			for _, name := range lost {
				t.Warnings = append(t.Warnings, fmt.Sprintf("%q: the file %s does not exist, so its content was left out", text(doc, "name"), name))
			}
		}
	}
	if err := t.readFurther(l, &lost); err != nil {
		return err
	}
	if err := l.finish(t.Further); err != nil {
		return fmt.Errorf("tenant file: %w", err)
	}
	return nil
}

// readFurther reads the files of the further sections. The loader adds the names of missing files to lost.
func (t *Tenant) readFurther(l *loader, lost *[]string) error {
	for _, section := range slices.Sorted(maps.Keys(t.Further)) {
		list, isList := t.Further[section].([]any)
		if !isList {
			if err := l.inline(t.Further[section], l.root, at(section)); err != nil {
				return fmt.Errorf("tenant file: %s: %w", section, err)
			}
			continue
		}
		kept := []any{}
		for i, item := range list {
			*lost = nil
			if err := l.inline(item, l.root, at(section, i)); err != nil {
				return fmt.Errorf("tenant file: %s: %w", section, err)
			}
			if doc, _ := item.(Document); len(*lost) > 0 {
				t.Warnings = append(t.Warnings, fmt.Sprintf("%s: %q was left out: the file %s does not exist", section, entryName(doc), (*lost)[0]))
				continue
			}
			kept = append(kept, item)
		}
		t.Further[section] = kept
	}
	return nil
}

// inline replaces paths of files by the files' contents. The paths are relative to the file that names them or to
// the root of the export. path is the position of value in the whole configuration.
func (l *loader) inline(value any, folder string, path []string) error {
	if file, begins := l.file.origins[originKey(path)]; begins {
		folder = filepath.Dir(file)
	}
	switch v := value.(type) {
	case []any:
		for i, item := range v {
			if err := l.inline(item, folder, append(path, strconv.Itoa(i))); err != nil {
				return err
			}
		}
	case Document:
		for _, name := range slices.Sorted(maps.Keys(v)) {
			if err := l.inlineMember(v, name, folder, path); err != nil {
				return err
			}
		}
	}
	return nil
}

func (l *loader) inlineMember(doc Document, name, folder string, path []string) error {
	text, isText := doc[name].(string)
	if !isText || !slices.Contains(files, name) || !strings.HasPrefix(text, "./") {
		return l.inline(doc[name], folder, append(path, name))
	}
	content, err := l.content(text, folder)
	if errors.Is(err, fs.ErrNotExist) && l.missing != nil {
		l.missing(text)
		delete(doc, name)
		return nil
	}
	if err == nil {
		doc[name] = content
	}
	return err
}

func (l *loader) content(name, folder string) (string, error) {
	// In the YAML form, paths of pages are relative to the folder clients or connections.
	for _, base := range []string{folder, l.root, filepath.Join(l.root, "clients"), filepath.Join(l.root, "connections")} {
		root, err := os.OpenRoot(base)
		if errors.Is(err, fs.ErrNotExist) {
			continue
		}
		if err != nil {
			return "", err
		}
		raw, err := root.ReadFile(filepath.Clean(name))
		_ = root.Close() // it was only read from
		if err == nil {
			return string(l.keywords.replace(raw)), nil
		}
		if !errors.Is(err, fs.ErrNotExist) {
			return "", fmt.Errorf("file %s: %w", name, err)
		}
	}
	return "", fmt.Errorf("the configuration names the file %s: %w", name, fs.ErrNotExist)
}

// finish converts what the two forms of an export write differently to one form.
func (l *loader) finish(sections Document) error {
	if prompts, ok := sections["prompts"].(Document); ok && l.source == "" {
		if err := l.partials(prompts["partials"]); err != nil {
			return err
		}
	}
	return unfold(sections)
}

// unfold decodes the objects that the YAML form stores as texts of JSON files, and merges their members into sections.
func unfold(sections Document) error {
	for _, section := range slices.Sorted(maps.Keys(parts)) {
		if !parts[section].bodies {
			continue
		}
		for _, item := range documents(sections[section]) {
			body, isText := item["body"].(string)
			if !isText {
				continue
			}
			var whole Document
			if err := json.Unmarshal([]byte(body), &whole); err != nil {
				return fmt.Errorf("%s: the file of %q: %w", section, text(item, "name"), err)
			}
			delete(item, "body")
			maps.Copy(item, whole)
		}
	}
	return nil
}

// partials replaces the files of prompts' templates by their contents. In a folder, they are listed as {prompt:
// [{screen: [{name, template}]}]}.
func (l *loader) partials(value any) error {
	written, _ := value.(Document)
	for prompt, list := range written {
		screens := Document{}
		for _, entry := range documents(list) {
			for screen, items := range entry {
				points := Document{}
				for _, item := range documents(items) {
					content, err := l.content(text(item, "template"), filepath.Join(l.root, "prompts"))
					if err != nil {
						return err
					}
					points[text(item, "name")] = strings.TrimSpace(content)
				}
				screens[screen] = points
			}
		}
		written[prompt] = screens
	}
	return nil
}
