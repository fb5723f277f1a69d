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

// files are the members whose text may be the path of a file that holds it.
var files = []string{"code", "script", "html", "body", "custom_login_page", "login", "get_user", "create", "verify", "change_password", "delete"}

// readFiles puts the files that the tenant file names, in its own folder, in the places of their names. An object of a
// further section whose file is not there is left out.
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
				t.Warnings = append(t.Warnings, fmt.Sprintf("%q: the file %s is not there; what it would hold was left out", text(doc, "name"), name))
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

// readFurther reads the files of the further sections. The loader notes in lost what is not there.
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
				t.Warnings = append(t.Warnings, fmt.Sprintf("%s: %q was left out: the file %s is not there", section, entryName(doc), (*lost)[0]))
				continue
			}
			kept = append(kept, item)
		}
		t.Further[section] = kept
	}
	return nil
}

// inline puts the content of files in the place of their paths, which are relative to where they are named or to the
// root of the export. The path is that of the value in the whole.
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
	// The YAML form names pages of clients and connections from their own folders on.
	for _, base := range []string{folder, l.root, filepath.Join(l.root, "clients"), filepath.Join(l.root, "connections")} {
		root, err := os.OpenRoot(base)
		if errors.Is(err, fs.ErrNotExist) {
			continue
		}
		if err != nil {
			return "", err
		}
		raw, err := root.ReadFile(filepath.Clean(name))
		_ = root.Close() // it was read from alone
		if err == nil {
			return string(l.keywords.replace(raw)), nil
		}
		if !errors.Is(err, fs.ErrNotExist) {
			return "", fmt.Errorf("file %s: %w", name, err)
		}
	}
	return "", fmt.Errorf("file %s is named and not there: %w", name, fs.ErrNotExist)
}

// finish brings what the forms of an export write differently into the one form of a configuration.
func (l *loader) finish(sections Document) error {
	if prompts, ok := sections["prompts"].(Document); ok && l.source == "" {
		if err := l.partials(prompts["partials"]); err != nil {
			return err
		}
	}
	return unfold(sections)
}

// unfold puts the objects that the YAML form keeps in files of their own in the places of the texts of those.
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

// partials puts the templates of prompts in the place of their files: a folder has {prompt: [{screen: [{name,
// template}]}]}.
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
