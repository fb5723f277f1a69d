package bolt

import (
	"errors"
	"fmt"
	"io"
	"os"
	"runtime"
	"strings"
	"syscall"

	bbolterrors "go.etcd.io/bbolt/errors"

	"github.com/tenant0/tenant0/storage/keyspace"
)

// reasons are system errors for which a healthy file cannot be used, and what to do about
// them.
var reasons = []struct {
	is     syscall.Errno
	advice string
}{
	{syscall.ENOENT, "make its folder, or name another one with --data"},
	{syscall.ENOTDIR, "a part of its path is a file where a folder should be; name another folder with --data"},
	{syscall.EISDIR, "a folder has the name of the data file; rename the folder, or name another one with --data"},
	{syscall.EACCES, "let the user of this process read and write the file and its folder"},
	{syscall.EPERM, "let the user of this process read and write the file and its folder"},
	{syscall.EROFS, "mount the file system so that it can be written to, or name another folder with --data"},
	{syscall.ENOSPC, "the disk is full; make room on it; the stored data is unchanged"},
	{syscall.EDQUOT, "the quota of the disk is used up; make room; the stored data is unchanged"},
	{syscall.EFBIG, "the file may not become larger; raise the limit of the process (ulimit -f); the stored data is unchanged"},
	{syscall.EMFILE, "the process has too many files open; raise its limit (ulimit -n)"},
	{syscall.ENFILE, "the machine has too many files open; raise its limit (fs.file-max)"},
	{syscall.ENOMEM, "the memory is used up; give the process more"},
	{syscall.EIO, "the disk cannot read or write; look at the log of the machine, and copy the data before the disk fails"},
	{syscall.ENOLCK, "the file system cannot lock files; name a folder on a local disk with --data"},
	{syscall.EOPNOTSUPP, "the file system cannot lock or map files; name a folder on a local disk with --data"},
}

// explain describes why a file cannot be used: because the operating system does not allow
// it, which leaves the file unharmed, or because the file is damaged.
func explain(path string, err error) error {
	errno, ofMachine := errors.AsType[syscall.Errno](err)
	if !ofMachine {
		errno, ofMachine = spelledOut(err)
	}
	for _, r := range reasons {
		if errno == r.is {
			return fmt.Errorf("data file %s cannot be used: %w; %s", path, err, r.advice)
		}
	}
	switch {
	case ofMachine:
		return fmt.Errorf("data file %s cannot be used: %w", path, err)
	case errors.Is(err, keyspace.ErrDamaged):
		return damaged(path, err)
	}
	for _, invalid := range []error{
		bbolterrors.ErrInvalid, bbolterrors.ErrChecksum, bbolterrors.ErrVersionMismatch, bbolterrors.ErrInvalidMapping, io.ErrUnexpectedEOF, io.EOF,
	} {
		if !errors.Is(err, invalid) {
			continue
		}
		if unread := readThrough(path); unread != nil { // a failing disk, which bbolt does not report
			return explain(path, unread)
		}
		return damaged(path, err)
	}
	return fmt.Errorf("data file %s: %w", path, err)
}

// spelledOut finds the system error in the text of an error that does not wrap it: bbolt's
// error when the file cannot grow ("file resize error: ...").
func spelledOut(err error) (errno syscall.Errno, found bool) {
	for _, r := range reasons {
		if strings.HasSuffix(err.Error(), ": "+r.is.Error()) {
			return r.is, true
		}
	}
	return 0, false
}

func damaged(path string, cause error) error {
	return fmt.Errorf("data file %s is damaged (%w); restore it from a copy, or remove it to start from the seed", path, wrapDamage(cause))
}

// wrapDamage makes an error wrap keyspace.ErrDamaged.
func wrapDamage(cause error) error {
	if errors.Is(cause, keyspace.ErrDamaged) {
		return cause
	}
	return fmt.Errorf("%w: %w", keyspace.ErrDamaged, cause)
}

// isFault reports whether a panic comes from reading memory that is not there: a mapped
// file that ends too early, or that the disk cannot read.
func isFault(panicked any) bool {
	_, fault := panicked.(interface{ Addr() uintptr })
	return fault
}

// broken returns the error for a panic of bbolt. If the file can be read from beginning to
// end, it is damaged; otherwise the error of reading it is the reason.
func broken(path string, panicked any) error {
	if isFault(panicked) {
		if err := readThrough(path); err != nil {
			return explain(path, err)
		}
	}
	if _, ours := panicked.(runtime.Error); ours {
		return damaged(path, errors.New("a page has impossible content"))
	}
	return damaged(path, fmt.Errorf("%v", panicked))
}

func readThrough(path string) error {
	f, err := os.Open(path)
	if err != nil {
		return err
	}
	defer f.Close()
	_, err = io.Copy(io.Discard, f)
	return err
}
