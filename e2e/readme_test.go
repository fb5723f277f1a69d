package e2e_test

import (
	"errors"
	"os"
	"os/exec"
	"path/filepath"
	"regexp"
	"strings"
	"testing"

	"github.com/tenant0/tenant0/server/servertest"
)

// testedSnippet matches a snippet of a page that a test runs, or a file that such a snippet needs,
// with the file's name.
var testedSnippet = regexp.MustCompile("(?s)<!-- tested(?:: ([a-z.]+))? -->\n```[a-z]+\n(.*?)```")

// reader follows the tested snippets of a page as a human reader would: in a shell, with the
// binary on the PATH.
type reader struct {
	page        string
	dir, path   string
	environment []string
	// before is run before each snippet: the shell settings that the page has given so far.
	before string
}

func newReader(t *testing.T, page string) *reader {
	t.Helper()
	for _, tool := range []string{"sh", "curl"} {
		if find(tool) == "" {
			t.Skipf("%s is not installed, and the snippets of %s need it", tool, page)
		}
	}
	bin := t.TempDir()
	build(t, filepath.Join(bin, "tenant0"), "./cmd/tenant0")
	return &reader{page: page, dir: t.TempDir(), path: bin}
}

// section is a section of a page with its snippets, each as a file name ("" if it is not a file) and a text.
type section struct {
	title    string
	snippets [][2]string
}

func (r *reader) sections(t *testing.T) []section {
	t.Helper()
	text, err := os.ReadFile(r.page)
	if err != nil {
		t.Fatal(err)
	}
	var all []section
	count := 0
	for part := range strings.SplitSeq(string(text), "\n## ") {
		title, _, _ := strings.Cut(part, "\n")
		s := section{title: title}
		for _, snippet := range testedSnippet.FindAllStringSubmatch(part, -1) {
			s.snippets = append(s.snippets, [2]string{snippet[1], snippet[2]})
			count++
		}
		all = append(all, s)
	}
	if count < 1 {
		t.Fatalf("%s has no tested snippets", r.page)
	}
	return all
}

// run runs a snippet, or writes it to a file if it is one.
func (r *reader) run(t *testing.T, file, text string) {
	t.Helper()
	if file != "" {
		if err := os.WriteFile(filepath.Join(r.dir, file), []byte(text), 0o600); err != nil {
			t.Fatal(err)
		}
		return
	}
	cmd := exec.CommandContext(servertest.UntilDeadline(t), "sh", "-e", "-c", r.before+text)
	cmd.Dir = r.dir
	cmd.Env = append(append(os.Environ(), "PATH="+r.path+":"+os.Getenv("PATH")), r.environment...)
	if out, err := cmd.CombinedOutput(); err != nil {
		t.Errorf("%v\n%s\n%s", err, text, out)
	}
}

func TestReadme(t *testing.T) {
	for _, page := range []string{"../README.md", "../docs/identity-providers.md"} {
		r := newReader(t, page)
		for _, s := range r.sections(t) {
			r.dir = t.TempDir() // the snippets of a section go on from each other
			for _, snippet := range s.snippets {
				r.run(t, snippet[0], snippet[1])
			}
		}
	}
}

// TestTools follows docs/tools.md with a tenant on a free port and the tools that make test has installed. It
// skips snippets whose tool is missing, and says so.
func TestTools(t *testing.T) {
	t.Parallel() // deploy-cli waits most of the time
	r := newReader(t, "../docs/tools.md")
	tenant := servertest.Start(t)
	r.environment = []string{"TENANT0_DATA=" + tenant.Data, "AUTH0_AUDIENCE=" + servertest.API}
	r.link(t, "node_modules", "goauth0/go.mod", "goauth0/go.sum")
	host := strings.Trim(strings.TrimPrefix(tenant.URL, "https:"), "/")
	for i, s := range r.sections(t) {
		for j, snippet := range s.snippets {
			s.snippets[j][1] = strings.ReplaceAll(snippet[1], "localhost:4400", host)
		}
		if i == 0 {
			r.before = s.snippets[0][1] // the shell's settings, for all that follows
			continue
		}
		t.Run(s.title, func(t *testing.T) {
			switch s.title {
			case "auth0-deploy-cli":
				nodeModules(t)
			case "Node: auth0":
				modernNode(t)
			case "Python: auth0-python":
				r.path += ":" + filepath.Dir(python(t))
			case "Go: go-auth0":
				goAuth0(t) // its modules are there
			case "Terraform":
				t.Skip("the provider comes from Terraform's registry")
			}
			heavyClient.Lock()
			defer heavyClient.Unlock()
			for _, snippet := range s.snippets {
				r.run(t, snippet[0], snippet[1])
			}
		})
	}
}

// link creates links to what make test has installed in the folder where the reader works.
func (r *reader) link(t *testing.T, targets ...string) {
	t.Helper()
	for _, target := range targets {
		absolute, err := filepath.Abs(target)
		if err := errors.Join(err, os.Symlink(absolute, filepath.Join(r.dir, filepath.Base(target)))); err != nil {
			t.Fatal(err)
		}
	}
}
