package ca_test

import (
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"slices"
	"strings"
	"testing"

	"github.com/smallstep/truststore"

	"github.com/tenant0/tenant0/keys/ca"
)

// TestMain runs Trust or Untrust if a desktop of these tests has started it for that: the
// library takes the home folder from the environment before any test begins.
func TestMain(m *testing.M) {
	var change func(string) ([]ca.Outcome, error)
	switch os.Getenv("TENANT0_TEST_CHANGE") {
	case "trust":
		change = ca.Trust
	case "untrust":
		change = ca.Untrust
	default:
		os.Exit(m.Run())
	}
	truststore.SystemTrustFilename = os.Getenv("TENANT0_TEST_SYSTEM") + "/%s.crt"
	truststore.SystemTrustCommand = []string{"true"}
	outcomes, err := change(os.Getenv("TENANT0_TEST_PATH"))
	for _, outcome := range outcomes {
		fmt.Printf("%s: %q\n", outcome.Store, outcome.Skipped)
	}
	fmt.Printf("error: %v\n", err)
}

// desktop is a user's machine with its own trust stores: the home folder, the system's
// folder of certificates, and the programs that can be run.
type desktop struct{ home, system, bin, java string }

// newDesktop returns a desktop with the named programs, and never with sudo, which would ask
// whoever runs the tests for a password.
func newDesktop(t *testing.T, programs ...string) desktop {
	t.Helper()
	d := desktop{home: t.TempDir(), system: t.TempDir(), bin: t.TempDir()}
	for _, program := range append(programs, "tee", "rm", "true") {
		path, err := exec.LookPath(program)
		if err != nil {
			t.Skipf("%s is not installed: %v", program, err)
		}
		if err := os.Symlink(path, filepath.Join(d.bin, program)); err != nil {
			t.Fatal(err)
		}
	}
	return d
}

// run performs a change ("trust" or "untrust") and returns its report.
func (d desktop) run(t *testing.T, change, path string) string {
	t.Helper()
	self, err := os.Executable()
	if err != nil {
		t.Fatal(err)
	}
	cmd := exec.Command(self)
	cmd.Env = []string{
		"HOME=" + d.home, "PATH=" + d.bin, "JAVA_HOME=" + d.java, "TENANT0_TEST_SYSTEM=" + d.system,
		"TENANT0_TEST_CHANGE=" + change, "TENANT0_TEST_PATH=" + path, "GORACE=atexit_sleep_ms=0",
	}
	out, err := cmd.CombinedOutput()
	if err != nil {
		t.Fatalf("%v: %s", err, out)
	}
	return string(out)
}

// trusted returns the certificates in the system's folder, sorted.
func (d desktop) trusted(t *testing.T) []string {
	t.Helper()
	files, err := filepath.Glob(filepath.Join(d.system, "*.crt"))
	if err != nil {
		t.Fatal(err)
	}
	var held []string
	for _, file := range files {
		held = append(held, string(readFile(t, file)))
	}
	slices.Sort(held)
	return held
}

func checkReport(t *testing.T, got string, want ...string) {
	t.Helper()
	for _, want := range want {
		if !strings.Contains(got, want) {
			t.Errorf("the report lacks %q:\n%s", want, got)
		}
	}
}

func TestTrustAndUntrustTheSystemAndTheBrowsers(t *testing.T) {
	d := newDesktop(t, "certutil")
	profiles := []string{".pki/nssdb", ".local/share/pki/nssdb", ".mozilla/firefox/x.default", "snap/firefox/common/.mozilla/firefox/x"}
	for _, profile := range profiles {
		makeBrowserStore(t, d.home, profile)
	}
	dir, c := t.TempDir(), newClock()
	first := open(t, dir, c)
	done := []string{`the system: ""`, `Firefox and Chromium: ""`, `Java: "JAVA_HOME does not name a Java installation"`, "error: <nil>"}
	browsers := func() string {
		var held strings.Builder
		for _, profile := range profiles {
			held.WriteString(runTool(t, d.home, "certutil", "-d", "sql:"+filepath.Join(d.home, profile), "-L"))
		}
		return held.String()
	}

	for range 2 { // the second finds everything done
		checkReport(t, d.run(t, "trust", first.Path()), done...)
	}
	if got := d.trusted(t); !slices.Equal(got, []string{string(first.PEM())}) {
		t.Errorf("the system trusts %q", got)
	}
	if n := strings.Count(browsers(), "tenant0 local CA"); n != len(profiles) {
		t.Errorf("the browsers hold %d certificates:\n%s", n, browsers())
	}

	second := open(t, dir, c, "new.example.test")
	checkReport(t, d.run(t, "trust", second.Path()), done...)
	if got := len(d.trusted(t)); got != 2 {
		t.Errorf("the system trusts %d certificates, want the new one beside the one it replaced", got)
	}

	checkReport(t, d.run(t, "untrust", second.Path()), done...)
	if got := d.trusted(t); got != nil {
		t.Errorf("the system still trusts %q", got)
	}
	if strings.Contains(browsers(), "tenant0") {
		t.Errorf("the browsers still hold:\n%s", browsers())
	}
	checkReport(t, d.run(t, "untrust", second.Path()), done...)
}

func TestTrustInJava(t *testing.T) {
	keytool, err := exec.LookPath("keytool")
	if err != nil {
		t.Skipf("Java is not installed: %v", err)
	}
	d := newDesktop(t)
	d.java = t.TempDir()
	for _, folder := range []string{"bin", "lib/security"} {
		if err := os.MkdirAll(filepath.Join(d.java, folder), 0o700); err != nil {
			t.Fatal(err)
		}
	}
	store := filepath.Join(d.java, "lib/security/cacerts")
	if err := os.Symlink(keytool, filepath.Join(d.java, "bin/keytool")); err != nil {
		t.Fatal(err)
	}
	runTool(t, d.home, "keytool", "-genkeypair", "-keystore", store, "-storepass", "changeit", "-alias", "other",
		"-dname", "CN=other", "-keyalg", "EC")
	a := open(t, t.TempDir(), newClock())
	list := func() string {
		return runTool(t, d.home, "keytool", "-list", "-keystore", store, "-storepass", "changeit")
	}

	for range 2 {
		checkReport(t, d.run(t, "trust", a.Path()), `Java: ""`, "error: <nil>")
	}
	checkReport(t, list(), "tenant0 local ca", "trustedCertEntry")
	checkReport(t, d.run(t, "untrust", a.Path()), `Java: ""`, "error: <nil>")
	if strings.Contains(list(), "tenant0") {
		t.Errorf("it is still trusted:\n%s", list())
	}
}

func TestTrustSaysWhatItSkips(t *testing.T) {
	a := open(t, t.TempDir(), newClock())
	t.Run("certutil is missing", func(t *testing.T) {
		checkReport(t, newDesktop(t).run(t, "trust", a.Path()), `the system: ""`, "error: <nil>",
			"certutil is missing: install it (\\\"apt install libnss3-tools\\\"")
	})
	t.Run("no browser was ever started", func(t *testing.T) {
		checkReport(t, newDesktop(t, "certutil").run(t, "trust", a.Path()), "error: <nil>", "neither has a profile")
	})
}

func TestTrustThatCannotWriteSaysWhyAndWhatToDo(t *testing.T) {
	d := newDesktop(t, "certutil")
	makeBrowserStore(t, d.home, ".pki/nssdb")
	d.system = filepath.Join(d.system, "missing")
	a := open(t, t.TempDir(), newClock())

	report := d.run(t, "trust", a.Path())
	checkReport(t, report, `Firefox and Chromium: ""`, "error: trust store of the system: ", "tee ", "No such file or directory",
		"run it as root, or do it by hand: copy "+a.Path()+" to /usr/local/share/ca-certificates/tenant0.crt")
	for _, unwanted := range []string{`the system: ""`, "-----BEGIN"} {
		if strings.Contains(report, unwanted) {
			t.Errorf("the report has %q:\n%s", unwanted, report)
		}
	}
}

func TestTrustWithoutAFileSaysWhereItComesFrom(t *testing.T) {
	path := filepath.Join(t.TempDir(), "ca.pem")
	for _, change := range []string{"trust", "untrust"} {
		checkReport(t, newDesktop(t).run(t, change, path), path+": no such file or directory; start the server once")
	}
}
