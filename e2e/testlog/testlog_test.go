package main_test

import (
	"bytes"
	"os"
	"os/exec"
	"path/filepath"
	"regexp"
	"strings"
	"testing"
)

// sample is a package with a test of every outcome. TestSlow ends once it is told to.
const sample = `package sample

import (
	"os"
	"testing"
	"time"
)

func TestPasses(t *testing.T) { t.Log("nobody needs to know") }

func TestSkipped(t *testing.T) { t.Skip("there is no moon") }

func TestFails(t *testing.T) {
	t.Run("inside", func(t *testing.T) { t.Error("two is not three") })
}

func TestSlow(t *testing.T) {
	t.Run("part", func(t *testing.T) {
		for {
			if _, err := os.Stat(os.Getenv("GO_ON")); err == nil {
				return
			}
			time.Sleep(time.Millisecond)
		}
	})
}
`

const panics = `package panics

import "testing"

func TestPanics(t *testing.T) { panic("the sky falls") }
`

// write creates a Go module with files, by name, and returns its folder.
func write(t *testing.T, files map[string]string) string {
	t.Helper()
	dir := t.TempDir()
	files["go.mod"] = "module sample\n\ngo 1.26\n"
	for name, text := range files {
		path := filepath.Join(dir, name)
		if err := os.MkdirAll(filepath.Dir(path), 0o755); err != nil {
			t.Fatal(err)
		}
		if err := os.WriteFile(path, []byte(text), 0o600); err != nil {
			t.Fatal(err)
		}
	}
	return dir
}

// watcher collects what is printed, and calls then once a text has been printed.
type watcher struct {
	printed bytes.Buffer
	text    string
	then    func()
}

func (w *watcher) Write(p []byte) (int, error) {
	n, err := w.printed.Write(p)
	if w.then != nil && strings.Contains(w.printed.String(), w.text) {
		w.then()
		w.then = nil
	}
	return n, err
}

var waitingLines = regexp.MustCompile(`(?m)^waiting for .*$`)

func TestWhatIsPrinted(t *testing.T) {
	program := filepath.Join(t.TempDir(), "testlog")
	if out, err := exec.CommandContext(t.Context(), "go", "build", "-o", program, ".").CombinedOutput(); err != nil {
		t.Fatalf("%v\n%s", err, out)
	}
	goOn := filepath.Join(t.TempDir(), "go on")
	out := &watcher{text: "sample/a TestSlow/part (", then: func() {
		if err := os.WriteFile(goOn, nil, 0o600); err != nil {
			t.Error(err)
		}
	}}
	cmd := exec.CommandContext(t.Context(), program, "-every", "100ms", "go", "test", "-json", "./...")
	cmd.Dir = write(t, map[string]string{
		"a/a_test.go": sample, "b/b_test.go": panics, "c/c_test.go": "package c\n\nvar x int = true\n",
		"d/d_test.go": "package d\n\nimport \"testing\"\n\nfunc TestPasses(*testing.T) {}\n",
	})
	cmd.Env = append(os.Environ(), "GO_ON="+goOn, "GOFLAGS=")
	cmd.Stdout, cmd.Stderr = out, out
	err := cmd.Run()
	if cmd.ProcessState.ExitCode() != 1 {
		t.Errorf("it ends with %v, want the exit code of go test", err)
	}
	for _, want := range []string{
		"two is not three", "the sky falls", "FAIL\tsample/a", "FAIL\tsample/b", "ok  \tsample/d", "cannot use true",
		"waiting for sample/a TestSlow/part (", "skipped sample/a TestSkipped: ", "there is no moon",
		"failed sample/a TestFails/inside\n", "failed sample/a TestFails\n", "failed sample/b TestPanics\n",
	} {
		if !strings.Contains(out.printed.String(), want) {
			t.Errorf("%q is not printed", want)
		}
	}
	// The lines about tests that are still running may name any test, even one that passes.
	said := waitingLines.ReplaceAllString(out.printed.String(), "")
	for _, unwanted := range []string{"nobody needs to know", "=== RUN", "TestPasses"} {
		if strings.Contains(said, unwanted) {
			t.Errorf("%q is printed", unwanted)
		}
	}
	if t.Failed() {
		t.Log(out.printed.String())
	}
}

func TestExitCodes(t *testing.T) {
	program := filepath.Join(t.TempDir(), "testlog")
	if out, err := exec.CommandContext(t.Context(), "go", "build", "-o", program, ".").CombinedOutput(); err != nil {
		t.Fatalf("%v\n%s", err, out)
	}
	for _, tt := range []struct {
		command string
		code    int
	}{{"true", 0}, {"exit 3", 3}, {"kill -9 $$", 1}, {"echo words of the go command; exit 2", 2}} {
		cmd := exec.CommandContext(t.Context(), program, "sh", "-c", tt.command)
		out, _ := cmd.CombinedOutput()
		if code := cmd.ProcessState.ExitCode(); code != tt.code {
			t.Errorf("%s: exit code %d, want %d\n%s", tt.command, code, tt.code, out)
		}
	}
	if err := exec.CommandContext(t.Context(), program).Run(); err == nil {
		t.Error("without a command it succeeds")
	}
}
