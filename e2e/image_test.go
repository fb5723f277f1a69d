package e2e_test

import (
	"bytes"
	"context"
	"net"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"syscall"
	"testing"

	"github.com/tenant0/tenant0/server/servertest"
)

// TestImage runs the binary as the image does: in a root that contains only the files that the
// Dockerfile puts there, without privileges, and with only the image's environment. It needs no
// container engine, but it needs root.
func TestImage(t *testing.T) {
	if os.Getuid() != 0 {
		t.Skip("chroot needs root; run the tests as root to check the image's content")
	}
	root := t.TempDir()
	build(t, filepath.Join(root, "tenant0"), "./cmd/tenant0")
	for _, dir := range []string{"data", "tmp"} {
		if err := os.Mkdir(filepath.Join(root, dir), 0o755); err != nil {
			t.Fatal(err)
		}
		if err := os.Chown(filepath.Join(root, dir), 65532, 65532); err != nil {
			t.Fatal(err)
		}
	}
	// The image's user must be allowed to pass through the folders above the root.
	for dir := root; dir != os.TempDir() && len(dir) > 1; dir = filepath.Dir(dir) {
		if err := os.Chmod(dir, 0o755); err != nil {
			t.Fatal(err)
		}
	}
	control := freeAddress(t)
	inImage := func(ctx context.Context, args ...string) *exec.Cmd {
		cmd := exec.CommandContext(ctx, "/tenant0", args...)
		cmd.Dir = "/"
		cmd.Env = []string{"TENANT0_DATA=/data", "TENANT0_LISTEN=127.0.0.1:0", "TENANT0_CONTROL=" + control}
		cmd.SysProcAttr = &syscall.SysProcAttr{Chroot: root, Credential: &syscall.Credential{Uid: 65532, Gid: 65532}}
		return cmd
	}

	ctx, cancel := context.WithTimeout(t.Context(), servertest.Patience)
	defer cancel()
	var out bytes.Buffer
	server := inImage(ctx, "start")
	server.Stdout, server.Stderr = &out, &out
	if err := server.Start(); err != nil {
		t.Fatal(err)
	}
	ended := make(chan error, 1)
	go func() { ended <- server.Wait() }()

	for healthy := false; !healthy; {
		health, err := inImage(ctx, "health").CombinedOutput()
		healthy = err == nil
		select {
		case err := <-ended:
			t.Fatalf("the server ended: %v\n%s", err, out.String())
		case <-ctx.Done():
			t.Fatalf("the server did not become healthy: %s\n%s", health, out.String())
		default:
		}
	}
	if err := server.Process.Signal(syscall.SIGTERM); err != nil {
		t.Fatal(err)
	}
	if err := <-ended; err != nil {
		t.Errorf("the server did not stop cleanly: %v\n%s", err, out.String())
	}
	for _, file := range []string{"data/tenant0.db", "data/ca.pem"} {
		if _, err := os.Stat(filepath.Join(root, file)); err != nil {
			t.Errorf("the volume lacks %s: %v", file, err)
		}
	}
}

// build compiles a program of the module with the image's flags, and with further flags for the linker.
func build(t *testing.T, output, pkg string, linked ...string) {
	t.Helper()
	cmd := exec.CommandContext(t.Context(), "go", "build", "-trimpath", "-ldflags", strings.Join(append([]string{"-s -w"}, linked...), " "), "-o", output, pkg)
	cmd.Dir = ".."
	cmd.Env = append(os.Environ(), "CGO_ENABLED=0")
	if out, err := cmd.CombinedOutput(); err != nil {
		t.Fatalf("build %s: %v\n%s", pkg, err, out)
	}
}

// freeAddress returns a loopback address whose port was free a moment ago.
func freeAddress(t *testing.T) string {
	t.Helper()
	l, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	defer l.Close()
	return l.Addr().String()
}
