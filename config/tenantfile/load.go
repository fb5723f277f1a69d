package tenantfile

import (
	"cmp"
	"errors"
	"fmt"
	"io"
	"io/fs"
	"os"
	"path/filepath"
	"strings"

	"github.com/tenant0/tenant0/config/seeds"
)

// Load reads an embedded tenant by its name (see [seeds.Names]), or a tenant file, or a folder with a tenant.yaml
// or an export of auth0-deploy-cli, by its path. Keywords are replaced as by [LoadConfiguration]. If files are
// wrong, the error is an [*Error].
func Load(nameOrPath string, keywords map[string]any) (*Tenant, error) {
	if data, is := seeds.File(nameOrPath); is {
		// It fits the schema, which a test has checked, so that the start need not.
		return parse(nameOrPath+".yaml", data, func(*file, Document) {})
	}
	if err := notCSV(nameOrPath); err != nil {
		return nil, fmt.Errorf("tenant file: %w", err)
	}
	l, err := newLoader(nameOrPath, keywords)
	if errors.Is(err, fs.ErrNotExist) {
		return nil, fmt.Errorf("tenant file %s: there is no such file, and the embedded tenants are %s: %w",
			nameOrPath, strings.Join(seeds.Names(), " and "), fs.ErrNotExist)
	}
	if err == nil {
		err = l.read(nil)
	}
	if err != nil {
		return nil, fmt.Errorf("tenant file: %w", err)
	}
	tenant, err := l.file.tenant((*file).validate)
	if err != nil {
		return nil, err
	}
	return tenant, tenant.readFiles(l)
}

// Parse reads a tenant file in YAML or JSON. name is the file's name in messages. If the file is wrong, the error
// is an [*Error] with everything that is wrong with it.
func Parse(name string, data []byte) (*Tenant, error) {
	return parse(name, data, (*file).validate)
}

func parse(name string, data []byte, validate func(*file, Document)) (*Tenant, error) {
	file := &file{name: name}
	file.read(data)
	return file.tenant(validate)
}

// tenant returns the tenant of the file, or an error if something is wrong with it.
func (f *file) tenant(validate func(*file, Document)) (*Tenant, error) {
	if len(f.problems) == 0 { // otherwise it could not be read
		sections := f.sections()
		OwnAPIs(sections, nil)
		validate(f, sections)
		f.duplicates(sections, true)
		tenant := newTenant(sections)
		f.link(tenant)
		if len(f.problems) == 0 {
			tenant.Warnings, tenant.Positions = lines(f.warnings), f.positions(sections)
			return tenant, nil
		}
	}
	return nil, &Error{Problems: sorted(f.problems)}
}

// Configuration is what can be imported into a running tenant: sections as auth0-deploy-cli writes them, or users
// as Auth0 exports them. Its values are those of JSON.
type Configuration struct {
	Sections Document
	Users    []any
	// Unset are the keywords in the files that have no value in any mapping. Their markers ##KEY## stay as text,
	// which marks secrets to be set later; members whose value is @@KEY@@ are left out.
	Unset []string
	// Positions are the places of sections and objects in the files.
	Positions Positions
}

// LoadConfiguration reads a configuration: a folder or a YAML file that auth0-deploy-cli has exported, a tenant
// file, or a file of users (a JSON list, or JSON lines). Keywords are replaced as auth0-deploy-cli does: ##KEY## by
// the text of its value, @@KEY@@ by the value as JSON. If files are wrong, the error is an [*Error].
func LoadConfiguration(path string, keywords map[string]any) (*Configuration, error) {
	if err := notCSV(path); err != nil {
		return nil, err
	}
	l, err := newLoader(path, keywords)
	if err != nil {
		return nil, fmt.Errorf("configuration: %w", err)
	}
	l.file.nulls = true
	var users []any
	areUsers := false
	err = l.read(func(raw []byte) bool {
		users, areUsers = readUsers(raw)
		return areUsers
	})
	if err != nil {
		return nil, fmt.Errorf("configuration: %w", err)
	}
	if areUsers {
		return &Configuration{Sections: Document{}, Users: users}, nil
	}
	sections := l.file.document(l.file.root, nil)
	own, _ := ReplaceIssuer(sections, IssuerPlaceholder).(Document) // a copy, because only the server knows which APIs exist
	OwnAPIs(own, nil)
	l.file.duplicates(own, false)
	l.file.duplicateUsers(documents(own["users"]))
	if len(l.file.problems) > 0 {
		return nil, &Error{Problems: sorted(l.file.problems)}
	}
	positions := l.file.positions(sections)
	if err := l.inline(sections, l.root, nil); err != nil {
		return nil, err
	}
	if err := l.finish(sections); err != nil {
		return nil, err
	}
	return &Configuration{Sections: sections, Unset: l.file.unsetKeywords(), Positions: positions}, nil
}

// notCSV refuses a file of users whose name ends in .csv, the default format of Auth0's exports of users.
func notCSV(path string) error {
	if !strings.EqualFold(filepath.Ext(path), ".csv") {
		return nil
	}
	return fmt.Errorf("%s: CSV is not supported; give users as a JSON list or as JSON lines, as Auth0 exports them in the format json", path)
}

// loader reads a configuration from one file or from a folder of files.
type loader struct {
	root     string // the folder that paths in the configuration are relative to
	source   string // the one file, "" for a folder in which every object has a file of its own
	keywords replacer
	file     *file
	// missing is called for each named file that does not exist, and the member is left out; if nil, this is an
	// error.
	missing func(name string)
}

func newLoader(path string, keywords map[string]any) (*loader, error) {
	info, err := os.Stat(path)
	if err != nil {
		return nil, err
	}
	l := &loader{root: path}
	if l.keywords, err = newReplacer(keywords); err != nil {
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
	l.file = &file{name: cmp.Or(l.source, path)}
	return l, nil
}

func exists(path string) bool {
	_, err := os.Stat(path)
	return err == nil
}

// read parses the files into nodes. If there is one file and others is not nil, others gets its text first, and
// returns true if it has read the text itself.
func (l *loader) read(others func(raw []byte) bool) error {
	if l.source == "" {
		return l.readFolder()
	}
	file, err := os.Open(l.source)
	if err != nil {
		return err
	}
	defer file.Close()
	var from io.Reader = file
	if others == nil { // others accepts longer files
		from = io.LimitReader(file, maxTenantFile+1)
	}
	raw, err := io.ReadAll(from)
	if err != nil {
		return err
	}
	raw = l.keywords.replace(raw)
	if others == nil || !others(raw) {
		l.file.read(raw)
	}
	return nil
}
