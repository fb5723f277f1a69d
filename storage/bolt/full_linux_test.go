package bolt_test

import (
	"errors"
	"os"
	"os/exec"
	"os/signal"
	"path/filepath"
	"syscall"
	"testing"

	"github.com/tenant0/tenant0/storage/bolt"
	"github.com/tenant0/tenant0/storage/enginetest"
	"github.com/tenant0/tenant0/storage/keyspace"
)

// onDisk returns an engine on a file in a folder. The caller limits the room for that file.
func onDisk(t *testing.T, dir string, opts bolt.Options) enginetest.Disk {
	t.Helper()
	path := filepath.Join(dir, "tenant0.db")
	d := enginetest.Disk{Engine: open(t, path, opts)}
	d.Reopen = func() keyspace.Engine {
		if err := d.Close(); err != nil {
			t.Fatal(err)
		}
		return open(t, path, opts)
	}
	return d
}

// inChild is the environment variable that tells a process that a test has started it as its child.
const inChild = "TENANT0_TEST_CHILD"

// TestAFileThatMayNotGrow limits the size of files, as ulimit -f does. It does so in a child process, since
// the limit applies to all files of a process.
func TestAFileThatMayNotGrow(t *testing.T) {
	if os.Getenv(inChild) == "" {
		child := exec.CommandContext(t.Context(), os.Args[0], "-test.run=^TestAFileThatMayNotGrow$")
		child.Env = append(os.Environ(), inChild+"=1")
		if said, err := child.CombinedOutput(); err != nil {
			t.Errorf("%v:\n%s", err, said)
		}
		return
	}
	var before syscall.Rlimit
	if err := syscall.Getrlimit(syscall.RLIMIT_FSIZE, &before); err != nil {
		t.Fatal(err)
	}
	signal.Ignore(syscall.SIGXFSZ) // which ends the process otherwise; with it ignored the write fails
	defer signal.Reset(syscall.SIGXFSZ)
	limit := func(bytes uint64) {
		if err := syscall.Setrlimit(syscall.RLIMIT_FSIZE, &syscall.Rlimit{Cur: bytes, Max: before.Max}); err != nil {
			t.Fatal(err)
		}
	}
	defer limit(before.Cur)
	for name, opts := range map[string]bolt.Options{"with fsync": {}, "without": {NoSync: true}} {
		t.Run(name, func(t *testing.T) {
			d := onDisk(t, t.TempDir(), opts)
			d.Says = "raise the limit of the process (ulimit -f); the stored data is unchanged"
			d.Fill = func() { limit(64 << 10) }
			d.Free = func() { limit(before.Cur) }
			enginetest.RunFull(t, d)
		})
	}
}

// TestADiskThatIsFull uses a small file system of its own.
func TestADiskThatIsFull(t *testing.T) {
	for name, opts := range map[string]bolt.Options{"with fsync": {}, "without": {NoSync: true}} {
		t.Run(name, func(t *testing.T) {
			dir := t.TempDir()
			if err := syscall.Mount("tmpfs", dir, "tmpfs", 0, "size=96m"); err != nil {
				t.Skipf("no file system of its own can be mounted here (%v); TestAFileThatMayNotGrow has the same end", err)
			}
			defer func() {
				if err := syscall.Unmount(dir, 0); err != nil {
					t.Error(err)
				}
			}()
			d := onDisk(t, dir, opts)
			d.Says = "the disk is full; make room on it; the stored data is unchanged"
			filler := filepath.Join(dir, "filler")
			d.Fill = func() { fillDisk(t, filler) }
			d.Free = func() {
				if err := os.Remove(filler); err != nil {
					t.Fatal(err)
				}
			}
			enginetest.RunFull(t, d)
		})
	}
}

// fillDisk writes to a file until the disk is full.
func fillDisk(t *testing.T, path string) {
	t.Helper()
	f, err := os.Create(path)
	if err != nil {
		t.Fatal(err)
	}
	for page := make([]byte, 4096); err == nil; {
		_, err = f.Write(page)
	}
	if !errors.Is(err, syscall.ENOSPC) {
		t.Fatal(err)
	}
	_ = f.Close() // what was written last may be lost
}
