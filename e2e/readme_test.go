package e2e_test

import (
	"context"
	"os"
	"os/exec"
	"path/filepath"
	"regexp"
	"testing"
	"time"
)

var testedSnippet = regexp.MustCompile("(?s)<!-- tested -->\n```sh\n(.*?)```")

// TestReadme runs the README's snippets that are marked as tested, as a reader
// would: in a shell, with the binary on the path.
func TestReadme(t *testing.T) {
	readme, err := os.ReadFile("../README.md")
	if err != nil {
		t.Fatal(err)
	}
	snippets := testedSnippet.FindAllStringSubmatch(string(readme), -1)
	if len(snippets) < 3 {
		t.Fatalf("the README has %d tested snippets, want at least 3", len(snippets))
	}
	for _, tool := range []string{"sh", "curl"} {
		if _, err := exec.LookPath(tool); err != nil {
			t.Skipf("%s is not installed, and the README's snippets need it", tool)
		}
	}
	bin := t.TempDir()
	build(t, filepath.Join(bin, "tenant0"), "./cmd/tenant0")
	for _, snippet := range snippets {
		ctx, cancel := context.WithTimeout(t.Context(), time.Minute)
		defer cancel()
		cmd := exec.CommandContext(ctx, "sh", "-e", "-c", snippet[1])
		cmd.Dir = t.TempDir()
		cmd.Env = append(os.Environ(), "PATH="+bin+":"+os.Getenv("PATH"))
		if out, err := cmd.CombinedOutput(); err != nil {
			t.Errorf("%v\n%s\n%s", err, snippet[1], out)
		}
	}
}
