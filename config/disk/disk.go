// Package disk says what to do about errors of the operating system with files and folders.
package disk

import (
	"errors"
	"fmt"
	"strings"
	"syscall"
)

// advice says what to do about system errors for which files cannot be used that are not damaged.
var advice = []struct {
	is   syscall.Errno
	says string
}{
	{syscall.ENOENT, "make its folder, or name another one with --data"},
	{syscall.ENOTDIR, "a part of its path is a file where a folder should be; name another folder with --data"},
	{syscall.EISDIR, "a folder has the name of the data file; rename the folder, or name another one with --data"},
	{syscall.EACCES, "let the user of this process read and write the file and its folder, or name another folder with --data"},
	{syscall.EPERM, "let the user of this process read and write the file and its folder, or name another folder with --data"},
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

// Advice says what to do about an error, "" if it does not know. ofSystem reports whether the error is one of the operating
// system's.
func Advice(err error) (says string, ofSystem bool) {
	errno, ofSystem := errors.AsType[syscall.Errno](err)
	if !ofSystem {
		errno, ofSystem = spelledOut(err)
	}
	for _, a := range advice {
		if errno == a.is {
			return a.says, true
		}
	}
	return "", ofSystem
}

// spelledOut finds the system error in the text of an error that does not wrap it: bbolt's
// error when the file cannot grow ("file resize error: ...").
func spelledOut(err error) (errno syscall.Errno, found bool) {
	for _, a := range advice {
		if strings.HasSuffix(err.Error(), ": "+a.is.Error()) {
			return a.is, true
		}
	}
	return 0, false
}

// Explain wraps an error with what could not be used, and with what to do about it if that is known. An error that
// was explained before is returned as it is: it names what it is about itself.
func Explain(what string, err error) error {
	if _, before := errors.AsType[*explained](err); before {
		return err
	}
	if says, _ := Advice(err); says != "" {
		return &explained{fmt.Errorf("%s: %w; %s", what, err, says)}
	}
	return fmt.Errorf("%s: %w", what, err)
}

// explained is an error that says what to do about it.
type explained struct{ error }

// Unwrap returns the error with its explanation.
func (e *explained) Unwrap() error { return e.error }
