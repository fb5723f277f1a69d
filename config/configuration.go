package config

import (
	"bufio"
	"bytes"
	"encoding/json"
	"errors"
	"fmt"
	"io/fs"
	"maps"
	"os"
	"path/filepath"
	"regexp"
	"slices"
	"strings"

	"go.yaml.in/yaml/v3"
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

// LoadConfiguration reads a configuration: a folder or a YAML file that auth0-deploy-cli has exported, a tenant file, or
// a file of users (a JSON list, or JSON lines). Keywords are replaced as auth0-deploy-cli does: ##KEY## by the text of
// its value, @@KEY@@ by the value as JSON.
func LoadConfiguration(path string, keywords map[string]any) (*Configuration, error) {
	info, err := os.Stat(path)
	if err != nil {
		return nil, fmt.Errorf("configuration: %w", err)
	}
	l := &configurationLoader{keywords: keywords, root: path}
	c := &Configuration{Sections: Document{}}
	if info.IsDir() {
		if file := filepath.Join(path, "tenant.yaml"); exists(file) {
			err = l.file(file, c)
		} else {
			err = l.folder(path, c)
		}
	} else {
		l.root = filepath.Dir(path)
		err = l.file(path, c)
	}
	if err != nil {
		return nil, err
	}
	c.Sections, _ = l.withoutUnset(c.Sections).(Document)
	c.Unset = slices.Compact(slices.Sorted(slices.Values(l.unset)))
	return c, nil
}

func exists(path string) bool {
	_, err := os.Stat(path)
	return err == nil
}

type configurationLoader struct {
	root     string
	keywords map[string]any
	unset    []string
	// missing is told of files that are named and not there, whose members are left out; nil makes each a fault.
	missing func(name string)
}

var (
	textKeyword = regexp.MustCompile(`##([A-Za-z0-9_]+)##`)
	jsonKeyword = regexp.MustCompile(`["']?@@([A-Za-z0-9_]+)@@["']?`)
)

// replace puts the values of keywords in their places.
func (l *configurationLoader) replace(text []byte) []byte {
	text = jsonKeyword.ReplaceAllFunc(text, func(match []byte) []byte {
		value, known := l.keywords[string(jsonKeyword.FindSubmatch(match)[1])]
		if !known {
			return match
		}
		raw, err := json.Marshal(value)
		if err != nil {
			return match
		}
		return raw
	})
	return textKeyword.ReplaceAllFunc(text, func(match []byte) []byte {
		value, known := l.keywords[string(match[2:len(match)-2])]
		if !known {
			return match
		}
		return []byte(fmt.Sprint(value))
	})
}

// file reads one file of sections or of users.
func (l *configurationLoader) file(path string, c *Configuration) error {
	raw, err := os.ReadFile(path)
	if err != nil {
		return fmt.Errorf("configuration: %w", err)
	}
	raw = l.replace(raw)
	if users, isUsers := readUsers(raw); isUsers {
		c.Users = users
		return nil
	}
	value, err := readValue(path, raw)
	if err != nil {
		return err
	}
	sections, ok := value.(Document)
	if !ok {
		return fmt.Errorf("%s: must be a map of sections, or a list of users", path)
	}
	c.Sections = sections
	if err := l.inline(sections, l.root); err != nil {
		return err
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

// readValue reads YAML or JSON.
func readValue(path string, raw []byte) (value any, err error) {
	if err := yaml.Unmarshal(raw, &value); err != nil {
		return nil, fmt.Errorf("%s: %w", path, err)
	}
	text, err := json.Marshal(value)
	if err != nil {
		return nil, fmt.Errorf("%s: %w", path, err)
	}
	return value, json.Unmarshal(text, &value)
}

// folders are the folders of an export and the sections that the files in them are of.
var folders = map[string]string{
	"actions": "actions", "action-modules": "actionModules", "clients": "clients", "connections": "connections", "connection-profiles": "connectionProfiles",
	"event-streams": "eventStreams", "flows": "flows", "forms": "forms", "grants": "clientGrants", "hooks": "hooks", "log-streams": "logStreams",
	"network-acls": "networkACLs", "organizations": "organizations", "pages": "pages", "phone-templates": "phoneTemplates",
	"rate-limit-policies": "rateLimitPolicies", "resource-servers": "resourceServers", "roles": "roles", "rules": "rules",
	"rules-configs": "rulesConfigs", "self-service-profiles": "selfServiceProfiles", "themes": "themes",
	"token-exchange-profiles": "tokenExchangeProfiles", "user-attribute-profiles": "userAttributeProfiles",
	"emails": "emailTemplates", "guardian/factors": "guardianFactors", "guardian/providers": "guardianFactorProviders",
	"guardian/templates": "guardianFactorTemplates", "flow-vault-connections": "flowVaultConnections",
	"branding/templates": "branding.templates", "prompts/screenRenderSettings": "prompts.screenRenderers",
}

// wholes are the files of an export that are a section, or a member of one.
var wholes = map[string]string{
	"tenant.json": "tenant", "triggers/triggers.json": "triggers", "custom-domains/custom-domains.json": "customDomains",
	"branding/branding.json": "branding", "prompts/prompts.json": "prompts", "prompts/custom-text.json": "prompts.customText",
	"prompts/partials.json": "prompts.partials", "emails/provider.json": "emailProvider", "guardian/policies.json": "guardianPolicies",
	"guardian/phoneFactorMessageTypes.json":     "guardianPhoneFactorMessageTypes",
	"guardian/phoneFactorSelectedProvider.json": "guardianPhoneFactorSelectedProvider", "phone-providers/provider.json": "phoneProviders",
	"risk-assessment/settings.json": "riskAssessment", "supplemental-signals.json": "supplementalSignals",
	"attack-protection/bot-detection.json":               "attackProtection.botDetection",
	"attack-protection/breached-password-detection.json": "attackProtection.breachedPasswordDetection",
	"attack-protection/brute-force-protection.json":      "attackProtection.bruteForceProtection",
	"attack-protection/captcha.json":                     "attackProtection.captcha",
	"attack-protection/suspicious-ip-throttling.json":    "attackProtection.suspiciousIpThrottling",
}

// folder reads an export that is a folder of files.
func (l *configurationLoader) folder(root string, c *Configuration) error {
	return filepath.WalkDir(root, func(path string, entry fs.DirEntry, err error) error {
		if err != nil || entry.IsDir() || filepath.Ext(path) != ".json" {
			return err
		}
		name, err := filepath.Rel(root, path)
		if err != nil {
			return err
		}
		name = filepath.ToSlash(name)
		section, isWhole := wholes[name]
		if !isWhole {
			section = folders[filepath.ToSlash(filepath.Dir(name))]
		}
		if strings.HasPrefix(name, "database-connections/") {
			section = "databases"
		}
		if section == "" {
			return nil // of programs, such as package.json
		}
		return l.part(path, section, isWhole, c.Sections)
	})
}

// part reads one file of such an export into its section.
func (l *configurationLoader) part(path, section string, whole bool, sections Document) error {
	raw, err := os.ReadFile(path)
	if err != nil {
		return err
	}
	value, err := readValue(path, l.replace(raw))
	if err != nil {
		return err
	}
	if err := l.inline(value, filepath.Dir(path)); err != nil {
		return err
	}
	name, member, isMember := strings.Cut(section, ".")
	if !whole && !isMember {
		list, _ := sections[section].([]any)
		sections[section] = append(list, value)
		return nil
	}
	doc, ok := sections[name].(Document)
	if !ok {
		doc = Document{}
	}
	if !whole {
		list, _ := doc[member].([]any)
		value = append(list, value)
	}
	if section == "prompts.partials" {
		if value, err = l.partials(value); err != nil {
			return err
		}
	}
	switch object, isObject := value.(Document); {
	case isMember:
		doc[member] = value
	case isObject:
		maps.Copy(doc, object)
	default:
		sections[name] = value
		return nil
	}
	sections[name] = doc
	return nil
}

// partials puts the templates of prompts in the place of their files: a folder has {prompt: [{screen: [{name,
// template}]}]}.
func (l *configurationLoader) partials(value any) (any, error) {
	written, _ := value.(Document)
	for prompt, list := range written {
		screens := Document{}
		for _, entry := range documents(list) {
			for screen, items := range entry {
				points := Document{}
				for _, item := range documents(items) {
					content, err := l.content(text(item, "template"), filepath.Join(l.root, "prompts"))
					if err != nil {
						return nil, err
					}
					points[text(item, "name")] = strings.TrimSpace(content)
				}
				screens[screen] = points
			}
		}
		written[prompt] = screens
	}
	return written, nil
}

// files are the members whose text may be the path of a file that holds it.
var files = []string{"code", "script", "html", "body", "custom_login_page", "login", "get_user", "create", "verify", "change_password", "delete"}

// inline puts the content of files in the place of their paths, which are relative to where they are named or to the
// root of the export.
func (l *configurationLoader) inline(value any, folder string) error {
	switch v := value.(type) {
	case []any:
		for _, item := range v {
			if err := l.inline(item, folder); err != nil {
				return err
			}
		}
	case Document:
		for _, name := range slices.Sorted(maps.Keys(v)) {
			if err := l.inlineMember(v, name, folder); err != nil {
				return err
			}
		}
	}
	return nil
}

func (l *configurationLoader) inlineMember(doc Document, name, folder string) error {
	text, isText := doc[name].(string)
	if !isText || !slices.Contains(files, name) || !strings.HasPrefix(text, "./") {
		return l.inline(doc[name], folder)
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
			return string(l.replace(raw)), nil
		}
		if !errors.Is(err, fs.ErrNotExist) {
			return "", fmt.Errorf("file %s: %w", name, err)
		}
	}
	return "", fmt.Errorf("file %s is named and not there: %w", name, fs.ErrNotExist)
}

// withoutUnset leaves out the members whose value holds a keyword that has no value.
func (l *configurationLoader) withoutUnset(value any) any {
	switch v := value.(type) {
	case Document:
		for name, item := range v {
			if text, isText := item.(string); isText && l.isUnset(text) {
				delete(v, name)
				continue
			}
			v[name] = l.withoutUnset(item)
		}
	case []any:
		for i, item := range v {
			v[i] = l.withoutUnset(item)
		}
	}
	return value
}

// isUnset notes the keywords in a text that have no value, and reports whether the text cannot stay.
func (l *configurationLoader) isUnset(text string) bool {
	for _, match := range textKeyword.FindAllStringSubmatch(text, -1) {
		l.unset = append(l.unset, match[1])
	}
	found := jsonKeyword.FindAllStringSubmatch(text, -1)
	for _, match := range found {
		l.unset = append(l.unset, match[1])
	}
	return len(found) > 0
}
