package bolt

import (
	"errors"
	"fmt"
	"syscall"

	bbolt "go.etcd.io/bbolt"
	bbolterrors "go.etcd.io/bbolt/errors"

	"github.com/tenant0/tenant0/storage/keyspace"
)

// Release implements keyspace.Releaser: it removes the pages of the file from the process's memory.
// The operating system keeps them as long as it has room, and supplies them when they are read
// again. The transaction ensures that the file is not mapped anew meanwhile.
func (db *DB) Release() error {
	err := db.bolt.View(func(tx *bbolt.Tx) error {
		data, length := tx.DB().Info().Data, uintptr(tx.Size()) //nolint:gosec // a length
		if _, _, errno := syscall.Syscall(syscall.SYS_MADVISE, data, length, syscall.MADV_DONTNEED); errno != 0 {
			return fmt.Errorf("release the pages of %s: %w", db.path, errno)
		}
		return nil
	})
	if errors.Is(err, bbolterrors.ErrDatabaseNotOpen) {
		return fmt.Errorf("data file %s: %w", db.path, keyspace.ErrClosed)
	}
	return err
}

var _ keyspace.Releaser = (*DB)(nil)
