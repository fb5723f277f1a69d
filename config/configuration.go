package config

import (
	"bufio"
	"bytes"
	"cmp"
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

// Configuration is what can be imported into a tenant that runs: sections as auth0-deploy-cli writes them, or users as
// Auth0 exports them. Its values are those of JSON.
type Configuration struct {
	Sections Document
	Users    []any
	// Unset are the keywords that stand in the files and that no mapping has a value for. The marker ##KEY## of one stays
	// as text, as secrets that are to be set later have it; members whose value is @@KEY@@ are left out.
	Unset []string
}

// notCSV refuses a file of users that its name says to be CSV, as exports of users are by default.
func notCSV(path string) error {
	if !strings.EqualFold(filepath.Ext(path), ".csv") {
		return nil
	}
	return fmt.Errorf("%s: CSV is not taken; give users as a JSON list or JSON lines, as an export of users in the format json has them", path)
}

// LoadConfiguration reads a configuration: a folder or a YAML file that auth0-deploy-cli has exported, a tenant file, or
// a file of users (a JSON list, or JSON lines). Keywords are replaced as auth0-deploy-cli does: ##KEY## by the text of
// its value, @@KEY@@ by the value as JSON. Files that are wrong give a [*TenantError].
func LoadConfiguration(path string, keywords map[string]any) (*Configuration, error) {
	if err := notCSV(path); err != nil {
		return nil, err
	}
	l, err := newConfigurationLoader(path, keywords)
	if err != nil {
		return nil, fmt.Errorf("configuration: %w", err)
	}
	l.file.nulls = true
	if l.source == "" {
		err = l.readFolder()
	} else {
		var raw []byte
		if raw, err = os.ReadFile(l.source); err == nil {
			raw = l.keywords.replace(raw)
			if users, isUsers := readUsers(raw); isUsers {
				return &Configuration{Sections: Document{}, Users: users}, nil
			}
			l.file.read(raw)
		}
	}
	if err != nil {
		return nil, fmt.Errorf("configuration: %w", err)
	}
	sections := l.file.document(l.file.root, nil)
	own, _ := ReplaceIssuer(sections, IssuerPlaceholder).(Document) // a copy: which APIs there are is known to the server alone
	OwnAPIs(own, nil)
	l.file.duplicates(own, false)
	l.file.duplicateUsers(documents(own["users"]))
	if len(l.file.problems) > 0 {
		return nil, &TenantError{Problems: sorted(l.file.problems)}
	}
	if err := l.inline(sections, l.root, nil); err != nil {
		return nil, err
	}
	if err := l.finish(sections); err != nil {
		return nil, err
	}
	return &Configuration{Sections: sections, Unset: l.file.unsetKeywords()}, nil
}

// configurationLoader reads a configuration of one file or of a folder of them.
type configurationLoader struct {
	root     string // the folder that paths in the configuration begin at
	source   string // the one file, "" for a folder in which every object has its own
	keywords keywordReplacer
	file     *tenantFile
	// missing is told of files that are named and not there, whose members are left out; nil makes each a fault.
	missing func(name string)
}

func newConfigurationLoader(path string, keywords map[string]any) (*configurationLoader, error) {
	info, err := os.Stat(path)
	if err != nil {
		return nil, err
	}
	l := &configurationLoader{root: path}
	if l.keywords, err = newKeywordReplacer(keywords); err != nil {
		return nil, err
	}
	if !info.IsDir() {
		l.root, l.source = filepath.Dir(path), path
	}
	for _, name := range []string{"tenant.yaml", "tenant.yml"} {
		if whole := filepath.Join(path, name); info.IsDir() && l.source == "" && exists(whole) {
			l.source = whole
		}
	}
	l.file = &tenantFile{name: cmp.Or(l.source, path)}
	return l, nil
}

func exists(path string) bool {
	_, err := os.Stat(path)
	return err == nil
}

// finish brings what the forms of an export write differently into the one form of a configuration.
func (l *configurationLoader) finish(sections Document) error {
	if prompts, ok := sections["prompts"].(Document); ok && l.source == "" {
		if err := l.partials(prompts["partials"]); err != nil {
			return err
		}
	}
	return unfold(sections)
}

// inFiles are the sections whose objects the YAML form keeps in a JSON file each, named by the member body.
var inFiles = []string{"flows", "forms"}

// unfold puts the objects of those files in the places of their texts.
func unfold(sections Document) error {
	for _, section := range inFiles {
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

// readUsers reads a JSON list, or JSON lines, of users.
func readUsers(raw []byte) (users []any, ok bool) {
	if json.Unmarshal(raw, &users) == nil {
		return users, true
	}
	lines := bufio.NewScanner(bytes.NewReader(raw))
	lines.Buffer(nil, maxTenantFile)
	for lines.Scan() {
		line := bytes.TrimSpace(lines.Bytes())
		if len(line) == 0 {
			continue
		}
		var user Document
		if json.Unmarshal(line, &user) != nil {
			return nil, false
		}
		users = append(users, user)
	}
	// One line is an object that may be a file of sections.
	return users, len(users) > 1 || len(users) == 1 && isUser(users[0])
}

func isUser(value any) bool {
	user, _ := value.(Document)
	_, hasEmail := user["email"].(string)
	return hasEmail
}

// partials puts the templates of prompts in the place of their files: a folder has {prompt: [{screen: [{name,
// template}]}]}.
func (l *configurationLoader) partials(value any) error {
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

// files are the members whose text may be the path of a file that holds it.
var files = []string{"code", "script", "html", "body", "custom_login_page", "login", "get_user", "create", "verify", "change_password", "delete"}

// inline puts the content of files in the place of their paths, which are relative to where they are named or to the
// root of the export. The path is that of the value in the whole.
func (l *configurationLoader) inline(value any, folder string, path []string) error {
	if file, begins := l.file.parts[partKey(path)]; begins {
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

func (l *configurationLoader) inlineMember(doc Document, name, folder string, path []string) error {
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

func (l *configurationLoader) content(name, folder string) (string, error) {
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
