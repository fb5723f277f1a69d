package bolt

import (
	"errors"
	"io/fs"
	"os"
	"path/filepath"
	"strings"
	"syscall"
	"testing"

	"github.com/tenant0/tenant0/storage/keyspace"
)

// TestAHealthyFileIsNeverCalledDamaged opens a healthy file on systems that cannot use it.
func TestAHealthyFileIsNeverCalledDamaged(t *testing.T) {
	path := filepath.Join(t.TempDir(), "tenant0.db")
	healthy, err := Open(path, Options{})
	if err != nil {
		t.Fatal(err)
	}
	if err := healthy.Close(); err != nil {
		t.Fatal(err)
	}
	before, err := os.ReadFile(path)
	if err != nil {
		t.Fatal(err)
	}
	for _, tt := range []struct {
		errno  syscall.Errno
		advice string
	}{
		{syscall.EACCES, "let the user"},
		{syscall.EPERM, "let the user"},
		{syscall.EROFS, "can be written to"},
		{syscall.ENOSPC, "make room"},
		{syscall.EDQUOT, "make room"},
		{syscall.EFBIG, "ulimit -f"},
		{syscall.EIO, "disk"},
		{syscall.EMFILE, "ulimit -n"},
		{syscall.ENFILE, "fs.file-max"},
		{syscall.ENOMEM, "memory"},
		{syscall.EISDIR, "folder"},
		{syscall.ENOTDIR, "folder"},
		{syscall.ENOLCK, "local disk"},
		{syscall.EXDEV, "cannot be used"}, // one that nobody thought of
	} {
		_, err := open(path, Options{}, func(string, int, fs.FileMode) (*os.File, error) {
			return nil, &fs.PathError{Op: "open", Path: path, Err: tt.errno}
		})
		if !errors.Is(err, tt.errno) || !strings.Contains(err.Error(), path) || !strings.Contains(err.Error(), tt.advice) {
			t.Errorf("%v: %v, want the file and %q", tt.errno, err, tt.advice)
		}
		if err != nil && (errors.Is(err, keyspace.ErrDamaged) || strings.Contains(err.Error(), "remove")) {
			t.Errorf("%v: a healthy file is called damaged: %v", tt.errno, err)
		}
	}
	after, err := os.ReadFile(path)
	if err != nil || string(after) != string(before) {
		t.Errorf("the file has changed: %v", err)
	}
}

func TestAFolderInThePlaceOfTheFile(t *testing.T) {
	path := t.TempDir()
	_, err := Open(path, Options{})
	if err == nil || !strings.Contains(err.Error(), "rename the folder") || errors.Is(err, keyspace.ErrDamaged) {
		t.Errorf("got %v", err)
	}
}

// TestADiskThatIsFullAtTheFirstStart leaves no partial file, which the next start would
// take for a damaged one.
func TestADiskThatIsFullAtTheFirstStart(t *testing.T) {
	path := filepath.Join(t.TempDir(), "tenant0.db")
	_, err := open(path, Options{}, func(path string, flag int, mode fs.FileMode) (*os.File, error) {
		f, err := os.OpenFile(path, flag, mode)
		if err != nil {
			return nil, err
		}
		_, err = f.WriteString("half a page")
		return nil, errors.Join(err, f.Close(), syscall.ENOSPC)
	})
	if !errors.Is(err, syscall.ENOSPC) {
		t.Fatalf("got %v", err)
	}
	db, err := Open(path, Options{})
	if err != nil {
		t.Fatalf("with room again: %v", err)
	}
	if err := db.Close(); err != nil {
		t.Fatal(err)
	}
}
