package config

import (
	"embed"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"io/fs"
	"maps"
	"os"
	"slices"
	"strings"
)

//go:embed tenant.schema.json
var tenantSchemaJSON []byte

//go:embed seeds/*.yaml
var seeds embed.FS

// IssuerPlaceholder stands in a tenant file for the issuer of the server that reads it, trailing slash included, so that
// ${issuer}api/v2/ is the identifier of the server's own Management API. [Tenant.WithIssuer] replaces it.
const IssuerPlaceholder = "${issuer}"

// DefaultConnection is the database connection of a tenant whose file lists no connections at all, as Auth0 makes it in
// every tenant.
const DefaultConnection = "Username-Password-Authentication"

// Document is one entry of a section with its keys as the Management API spells them. Its values are those of JSON:
// string, bool, int or float64, []any and Document; keys written with null are left out.
type Document = map[string]any

// Tenant is a tenant file that was read and found right. Encoded as JSON it is a tenant file again.
//
// Entries refer to each other as the file does, by name, and every such name exists in the file: applications and
// connections by name, APIs by identifier, core roles by name. A reference to an application by client id is turned into
// one by name. Which ids, secrets and defaults an entry gets is the business of whoever stores it.
type Tenant struct {
	Settings               Document                `json:"tenant,omitempty"`
	Clients                []Document              `json:"clients,omitempty"`
	ResourceServers        []Document              `json:"resourceServers,omitempty"`
	Databases              []Document              `json:"databases,omitempty"`
	Connections            []Document              `json:"connections,omitempty"`
	ClientGrants           []Document              `json:"clientGrants,omitempty"`
	Roles                  []Document              `json:"roles,omitempty"`
	Users                  []Document              `json:"users,omitempty"`
	AuthorizationExtension *AuthorizationExtension `json:"authorizationExtension,omitempty"`

	// Further are the other sections of auth0-deploy-cli, as [Configuration] has them.
	Further Document `json:"-"`

	// Warnings name, with file, line and column, what the file holds and the tenant does without.
	Warnings []string `json:"-"`
}

// MarshalJSON writes all sections.
func (t Tenant) MarshalJSON() ([]byte, error) {
	type described Tenant
	raw, err := json.Marshal(described(t))
	if err != nil || len(t.Further) == 0 {
		return raw, err
	}
	all := Document{}
	if err := json.Unmarshal(raw, &all); err != nil {
		return nil, err
	}
	maps.Copy(all, t.Further)
	return json.Marshal(all)
}

// Seeds are the names of the embedded tenants, in alphabetical order.
func Seeds() []string {
	entries, _ := fs.ReadDir(seeds, "seeds") // An embedded folder cannot fail.
	names := make([]string, len(entries))
	for i, entry := range entries {
		names[i] = strings.TrimSuffix(entry.Name(), ".yaml")
	}
	return names
}

// TenantSchema is the JSON Schema (draft 2020-12) of the tenant file.
func TenantSchema() []byte { return append([]byte(nil), tenantSchemaJSON...) }

// LoadTenant reads an embedded tenant by its name (see [Seeds]), or else a tenant file, or the folder of one or of an
// export of auth0-deploy-cli, by its path. Keywords are replaced as [LoadConfiguration] does. Files that are wrong give a
// [*TenantError].
func LoadTenant(nameOrPath string, keywords map[string]any) (*Tenant, error) {
	if data, err := seeds.ReadFile("seeds/" + nameOrPath + ".yaml"); err == nil {
		// It fits the schema: a test has seen to it, and starting need not.
		return parseTenant(nameOrPath+".yaml", data, func(*tenantFile, Document) {})
	}
	if err := notCSV(nameOrPath); err != nil {
		return nil, fmt.Errorf("tenant file: %w", err)
	}
	l, err := newConfigurationLoader(nameOrPath, keywords)
	if errors.Is(err, fs.ErrNotExist) {
		return nil, fmt.Errorf("tenant file %s: there is no such file, and the embedded tenants are %s: %w",
			nameOrPath, strings.Join(Seeds(), " and "), fs.ErrNotExist)
	}
	if err == nil {
		err = l.readTenant()
	}
	if err != nil {
		return nil, fmt.Errorf("tenant file: %w", err)
	}
	tenant, err := l.file.tenant((*tenantFile).validate)
	if err != nil {
		return nil, err
	}
	return tenant, tenant.readFiles(l)
}

// readTenant turns the files of a tenant into nodes.
func (l *configurationLoader) readTenant() error {
	if l.source == "" {
		return l.readFolder()
	}
	file, err := os.Open(l.source)
	if err != nil {
		return err
	}
	defer file.Close()
	data, err := io.ReadAll(io.LimitReader(file, maxTenantFile+1))
	if err != nil {
		return err
	}
	l.file.read(l.keywords.replace(data))
	return nil
}

// readFiles puts the files that the tenant file names, in its own folder, in the places of their names. An object of a
// further section whose file is not there is left out.
func (t *Tenant) readFiles(l *configurationLoader) error {
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
func (t *Tenant) readFurther(l *configurationLoader, lost *[]string) error {
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

// ParseTenant reads a tenant file in YAML or JSON. The name is the file's, for messages. A file that is wrong gives a
// [*TenantError] with everything that is wrong with it.
func ParseTenant(name string, data []byte) (*Tenant, error) {
	return parseTenant(name, data, (*tenantFile).validate)
}

func parseTenant(name string, data []byte, validate func(*tenantFile, Document)) (*Tenant, error) {
	file := &tenantFile{name: name}
	file.read(data)
	return file.tenant(validate)
}

// tenant makes a tenant of what was read, unless something is wrong with it.
func (f *tenantFile) tenant(validate func(*tenantFile, Document)) (*Tenant, error) {
	if len(f.problems) == 0 { // it could be read
		sections := f.sections()
		OwnAPIs(sections, nil)
		validate(f, sections)
		f.duplicates(sections, true)
		tenant := newTenant(sections)
		f.link(tenant)
		if len(f.problems) == 0 {
			tenant.Warnings = lines(f.warnings)
			return tenant, nil
		}
	}
	return nil, &TenantError{Problems: sorted(f.problems)}
}

// newTenant sorts sections into a tenant. It takes sections that failed validation as well, so that the references of a
// file with a wrong value in it are still checked: what is not a list or a map counts as empty.
func newTenant(sections Document) *Tenant {
	tenant := &Tenant{
		Clients:         documents(sections["clients"]),
		ResourceServers: documents(sections["resourceServers"]),
		Databases:       documents(sections["databases"]),
		Connections:     documents(sections["connections"]),
		ClientGrants:    documents(sections["clientGrants"]),
		Roles:           documents(sections["roles"]),
		Users:           documents(sections["users"]),
	}
	if settings, ok := sections["tenant"].(Document); ok && len(settings) > 0 {
		tenant.Settings = settings
	}
	if extension, ok := sections["authorizationExtension"].(Document); ok {
		tenant.AuthorizationExtension = newAuthorizationExtension(extension)
	}
	for name, value := range sections {
		if kind, _ := schema().section(name); kind == imported {
			if tenant.Further == nil {
				tenant.Further = Document{}
			}
			tenant.Further[name] = value
		}
	}
	return tenant
}

// documents are the entries of a list. An entry that is not a map becomes an empty one and keeps the others' indexes.
func documents(list any) []Document {
	entries, _ := list.([]any)
	var docs []Document
	for _, entry := range entries {
		doc, ok := entry.(Document)
		if !ok {
			doc = Document{}
		}
		docs = append(docs, doc)
	}
	return docs
}

// WithIssuer is a copy of the tenant with the issuer in place of every [IssuerPlaceholder].
func (t *Tenant) WithIssuer(issuer string) *Tenant {
	expand := func(docs []Document) []Document {
		var out []Document
		for _, doc := range docs {
			out = append(out, ReplaceIssuer(doc, issuer).(Document))
		}
		return out
	}
	settings, _ := ReplaceIssuer(t.Settings, issuer).(Document)
	further, _ := ReplaceIssuer(t.Further, issuer).(Document)
	return &Tenant{
		Settings:               settings,
		Clients:                expand(t.Clients),
		ResourceServers:        expand(t.ResourceServers),
		Databases:              expand(t.Databases),
		Connections:            expand(t.Connections),
		ClientGrants:           expand(t.ClientGrants),
		Roles:                  expand(t.Roles),
		Users:                  expand(t.Users),
		AuthorizationExtension: t.AuthorizationExtension.withIssuer(issuer),
		Further:                further,
		Warnings:               append([]string(nil), t.Warnings...),
	}
}

// ReplaceIssuer copies a value of a document, its texts with the issuer in place of the [IssuerPlaceholder].
func ReplaceIssuer(value any, issuer string) any {
	switch value := value.(type) {
	case string:
		return strings.ReplaceAll(value, IssuerPlaceholder, issuer)
	case []any:
		out := make([]any, len(value))
		for i, item := range value {
			out[i] = ReplaceIssuer(item, issuer)
		}
		return out
	case Document:
		if value == nil {
			return value
		}
		out := make(Document, len(value))
		for key, item := range value {
			out[key] = ReplaceIssuer(item, issuer)
		}
		return out
	default:
		return value
	}
}
