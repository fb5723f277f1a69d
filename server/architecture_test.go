package server_test

import (
	"bytes"
	"encoding/json"
	"go/ast"
	"go/parser"
	"go/token"
	"os"
	"os/exec"
	"path/filepath"
	"slices"
	"strconv"
	"strings"
	"testing"
)

const module = "github.com/tenant0/tenant0/"

// floors gives each package its floor, a layer of the architecture. A package imports only packages of
// lower floors, so packages of one floor do not import each other: what two of them need moves down.
// A name that ends in "/" stands for all packages below it.
var floors = map[string]int{
	"storage/keyspace": -2, "storage/members": -2,

	"storage/identities": -1, "storage/table": -1,

	"config/disk": 0, "config/private": 0, "config/seeds": 0, "config/suggest": 0, "storage": 0, "templates": 0, "server/apierr": 0, "server/clock": 0,
	"server/callback": 0, "server/expressions": 0, "server/metrics": 0, "server/customclaims": 0, "server/redact": 0, "server/telemetry": 0, "server/trace": 0,

	"config": 1, "keys": 1, "keys/ca": 1, "storage/memory": 1, "storage/queue": 1, "storage/postgres/pgtest": 1, "storage/enginetest": 1, "server/identity": 1, "server/logstream": 1,
	"server/outbox": 1, "server/prompts": 1, "server/resource": 1, "server/search": 1, "server/tenantlog": 1, "server/web": 1,

	"server/account": 2, "server/authz": 2, "server/emails": 2, "server/eventstream": 2, "server/outside": 2, "server/registered": 2, "server/resource/resourcetest": 2, "server/session": 2,
	"storage/bolt": 2, "storage/postgres": 2,

	// The tenant file's format belongs to seeding, import and export: no lower package knows it.
	"config/tenantfile": 3, "server/objects": 3, "server/passcodes": 3, "server/providers": 3, "server/saml": 3, "server/telephone": 3, "server/tokens": 3,

	"server/backchannel": 4, "server/deploy": 4, "server/factors": 4, "server/flows": 4, "server/jobs": 4, "server/oauth": 4, "server/signin": 4, "server/webauthn": 4,

	"server/authorize": 5, "server/authzext": 5, "server/consent": 5, "server/control": 5, "server/dbconnections": 5,
	"server/crossorigin": 5, "server/device": 5, "server/discovery": 5, "server/federation": 5, "server/forms": 5, "server/login": 5, "server/logout": 5,
	"server/management": 5, "server/mfa": 5, "server/mfapages": 5, "server/myaccount": 5, "server/notemulated": 5, "server/organization": 5, "server/passkey": 5, "server/passwordless": 5, "server/registration": 5, "server/token": 5, "server/userinfo": 5,

	"server/tenant": 6,

	"server": 7,

	"cmd/": 8, "docs/": 8, "e2e": 8, "e2e/": 8, "examples/": 8, "server/servertest": 8,
}

// TestTheFloorTableNamesEveryPackage checks that floors and the table in CONTRIBUTING.md agree.
func TestTheFloorTableNamesEveryPackage(t *testing.T) {
	text, err := os.ReadFile("../CONTRIBUTING.md")
	if err != nil {
		t.Fatal(err)
	}
	rows := map[int]string{}
	for line := range strings.Lines(string(text)) {
		name, row, _ := strings.Cut(strings.TrimPrefix(line, "| "), " | ")
		if name == "top" {
			name = "8"
		}
		if n, err := strconv.Atoi(name); err == nil && strings.HasPrefix(line, "| ") {
			rows[n] = row
		}
	}
	all := packages(t)
	for pkg, n := range floors {
		name := strings.TrimSuffix(pkg, "/")
		if _, there := all[pkg]; !there && name == pkg {
			t.Errorf("the list of floors has %s, which is no package", pkg)
		}
		if n == 5 {
			name = strings.TrimPrefix(name, "server/")
		}
		if !strings.Contains(rows[n], "`"+name+"`") && !strings.Contains(rows[n], "`"+name+"/") {
			t.Errorf("the table of floors in CONTRIBUTING.md does not name %s on floor %d", name, n)
		}
	}
}

func floor(pkg string) (int, bool) {
	if n, ok := floors[pkg]; ok {
		return n, true
	}
	for name, n := range floors {
		if strings.HasSuffix(name, "/") && strings.HasPrefix(pkg, name) {
			return n, true
		}
	}
	return 0, false
}

// soleImporters gives, for a library that must stay replaceable or would be dangerous elsewhere,
// the only package that may import it. A name that ends in "/" stands for all packages below it.
var soleImporters = map[string]string{
	"github.com/ory/":              "server/oauth",
	"go.etcd.io/bbolt":             "storage/bolt",
	"github.com/tidwall/btree":     "storage/",
	"github.com/jackc/pgx/v5":      "storage/postgres/",
	"github.com/prometheus/":       "server/metrics",
	"go.opentelemetry.io/":         "server/telemetry", // and tests
	"html/template":                "templates",
	"github.com/alecthomas/kong":   "cmd/",
	"github.com/smallstep/":        "keys/ca",
	"github.com/santhosh-tekuri/":  "config/tenantfile",
	"golang.org/x/crypto/bcrypt":   "server/identity",
	"golang.org/x/crypto/argon2":   "server/identity",
	"github.com/google/go-cmp/cmp": "storage/enginetest", // and tests
	"github.com/osteele/":          "templates",
	"github.com/russellhaering/":   "server/saml", // and tests
	"github.com/nicksnyder/":       "templates",
	"github.com/pquerna/":          "server/factors", // and tests
	"github.com/go-webauthn/":      "server/webauthn",
	"math/rand/v2":                 "storage/enginetest", // and tests: what is random here is a secret
}

// soleCallers gives, for a function, the only packages that may call it. A call elsewhere needs
// a nolint directive, which gives the reason.
var soleCallers = map[string][]string{
	"time.Now": {"server/clock"}, "time.Since": {"server/clock"}, "time.Until": {"server/clock"}, "time.Sleep": {},
	"time.After": {"server/clock"}, "time.AfterFunc": {"server/clock"}, "time.NewTimer": {"server/clock"}, "time.NewTicker": {"server/clock"}, "time.Tick": {},
	"os.Getenv": {"config"}, "os.LookupEnv": {"config"}, "os.ExpandEnv": {},
	"http.Error": {}, "http.NotFound": {},
	// No code calls the server's handlers with a request that it made up itself.
	"http.NewRequest": {}, "http.NewRequestWithContext": {"server/backchannel", "server/eventstream", "server/logstream", "server/outside", "server/servertest"}, "httptest.NewRequest": {}, "httptest.NewRecorder": {},
}

type goPackage struct {
	ImportPath, Dir                             string
	Imports, GoFiles, TestGoFiles, XTestGoFiles []string
}

// withoutHTTP lists the packages that must not import net/http, so that their callers
// need no HTTP request.
var withoutHTTP = []string{"server/deploy", "server/objects"}

func TestPackagesWithoutHTTP(t *testing.T) {
	all := packages(t)
	for _, pkg := range withoutHTTP {
		p, there := all[pkg]
		if !there || slices.Contains(p.Imports, "net/http") {
			t.Errorf("%s imports net/http, or is not there", pkg)
		}
	}
}

// requestFiles are the files of package management that handle HTTP requests and responses.
// All others hold operations, which the import and the export call too.
var requestFiles = []string{"access.go", "effects.go", "management.go", "users_export.go"}

func TestOperationsKnowNoHTTP(t *testing.T) {
	p := packages(t)["server/management"]
	for _, name := range p.GoFiles {
		for _, call := range calls(t, filepath.Join(p.Dir, name)) {
			if (call.name == "http.Request" || call.name == "http.ResponseWriter") && !slices.Contains(requestFiles, name) {
				t.Errorf("server/management/%s:%d has to do with %s", name, call.line, call.name)
			}
		}
	}
}

// packages lists the module's packages by their path within the module. The replacement of
// github.com/ory/x is not among them: it is a module of its own.
func packages(t *testing.T) map[string]goPackage {
	t.Helper()
	out, err := exec.CommandContext(t.Context(), "go", "list", "-e", "-json=ImportPath,Dir,Imports,GoFiles,TestGoFiles,XTestGoFiles", module+"...").Output()
	if err != nil {
		t.Fatal(err)
	}
	all := map[string]goPackage{}
	for dec := json.NewDecoder(bytes.NewReader(out)); dec.More(); {
		var p goPackage
		if err := dec.Decode(&p); err != nil {
			t.Fatal(err)
		}
		all[strings.TrimPrefix(p.ImportPath, module)] = p
	}
	if len(all) < 20 {
		t.Fatalf("only %d packages are found", len(all))
	}
	return all
}

func TestFloors(t *testing.T) {
	for pkg, p := range packages(t) {
		own, known := floor(pkg)
		if !known {
			t.Errorf("%s has no floor; give it one in architecture_test.go", pkg)
			continue
		}
		for _, imported := range p.Imports {
			below, ours := strings.CutPrefix(imported, module)
			if n, _ := floor(below); ours && n >= own {
				t.Errorf("%s (floor %d) imports %s (floor %d)", pkg, own, below, n)
			}
		}
	}
}

func TestSoleImporters(t *testing.T) {
	found := map[string]bool{}
	for pkg, p := range packages(t) {
		for _, imported := range p.Imports {
			for library, owner := range soleImporters {
				if imported != library && !strings.HasPrefix(imported, strings.TrimSuffix(library, "/")+"/") {
					continue
				}
				found[library] = true
				allowed := pkg == owner || (strings.HasSuffix(owner, "/") && strings.HasPrefix(pkg+"/", owner)) || program(pkg)
				if !allowed {
					t.Errorf("%s imports %s; only %s may", pkg, imported, owner)
				}
			}
		}
	}
	for library := range soleImporters {
		if !found[library] {
			t.Errorf("nothing imports %s any more; take it off the list", library)
		}
	}
}

// program reports whether a package holds programs of its own, which may print, wait and read the time.
func program(pkg string) bool {
	return strings.HasPrefix(pkg, "examples/") || strings.HasPrefix(pkg, "e2e")
}

func TestSoleCallers(t *testing.T) {
	for pkg, p := range packages(t) {
		for _, name := range p.GoFiles {
			for _, call := range calls(t, filepath.Join(p.Dir, name)) {
				owners, listed := soleCallers[call.name]
				if listed && !slices.Contains(owners, pkg) && !call.excused && !program(pkg) && !strings.HasPrefix(pkg, "cmd/") {
					t.Errorf("%s/%s:%d calls %s; only %v may", pkg, name, call.line, call.name, owners)
				}
			}
		}
	}
}

type call struct {
	name    string
	line    int
	excused bool
}

// calls lists the places in a file that use functions of other packages.
func calls(t *testing.T, path string) []call {
	t.Helper()
	files := token.NewFileSet()
	file, err := parser.ParseFile(files, path, nil, parser.ParseComments)
	if err != nil {
		t.Fatal(err)
	}
	excused := map[int]bool{}
	for _, group := range file.Comments {
		for _, c := range group.List {
			if strings.HasPrefix(c.Text, "//nolint:") && strings.Contains(c.Text, "forbidigo") {
				excused[files.Position(c.Pos()).Line] = true
			}
		}
	}
	imported := map[string]string{}
	for _, spec := range file.Imports {
		path, err := strconv.Unquote(spec.Path.Value)
		if err != nil {
			t.Fatal(err)
		}
		name := filepath.Base(path)
		if spec.Name != nil {
			name = spec.Name.Name
		}
		imported[name] = filepath.Base(path)
	}
	var all []call
	ast.Inspect(file, func(n ast.Node) bool {
		if selector, ok := n.(*ast.SelectorExpr); ok {
			if pkg, ok := selector.X.(*ast.Ident); ok && imported[pkg.Name] != "" {
				line := files.Position(selector.Pos()).Line
				all = append(all, call{imported[pkg.Name] + "." + selector.Sel.Name, line, excused[line]})
			}
		}
		return true
	})
	return all
}
