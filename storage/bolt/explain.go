package bolt

import (
	"errors"
	"fmt"
	"io"
	"os"
	"runtime"

	bbolterrors "go.etcd.io/bbolt/errors"

	"github.com/tenant0/tenant0/config/disk"
	"github.com/tenant0/tenant0/storage/keyspace"
)

// explain describes why a file cannot be used: because the operating system does not allow
// it, which leaves the file unharmed, or because the file is damaged.
func explain(path string, err error) error {
	_, ofSystem := disk.Advice(err)
	switch {
	case ofSystem:
		return disk.Explain("data file "+path+" cannot be used", err)
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
