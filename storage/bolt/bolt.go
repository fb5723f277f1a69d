// Package bolt keeps the ordered key space of package storage in one bbolt
// file. It owns the file, its lock and the one writer that groups commits; it
// knows nothing of what the keys and values mean.
package bolt

import (
	"bytes"
	"errors"
	"fmt"
	"io/fs"
	"os"
	"runtime/debug"
	"slices"
	"time"

	bbolt "go.etcd.io/bbolt"
	bbolterrors "go.etcd.io/bbolt/errors"

	"github.com/tenant0/tenant0/storage"
)

// ErrLocked reports that another process holds the file.
var ErrLocked = errors.New("in use by another process")

// lockWait bounds the wait for another process's lock; bbolt polls it.
const lockWait = 500 * time.Millisecond

// maxGroup bounds how many updates one commit may carry.
const maxGroup = 512

var bucket = []byte("tenant0")

// Options says how to open a file.
type Options struct {
	// NoSync leaves out the fsync at each commit. A crash of the machine may
	// then damage the file; a crash of the process does not. For throw-away
	// stores.
	NoSync bool
}

// DB is an open file. It implements storage.Engine.
type DB struct {
	bolt  *bbolt.DB
	queue chan *update
	done  chan struct{}
}

// Open opens or creates the file at path. It returns an error that wraps
// ErrLocked within a second when another process has the file open, and an
// error that names the file when it is damaged.
func Open(path string, opts Options) (db *DB, err error) {
	defer func() {
		// bbolt panics on some damaged pages; a damaged file is an error here.
		if p := recover(); p != nil {
			db, err = nil, damaged(path, fmt.Errorf("%v", p))
		}
	}()
	// The file is mapped: to read what it has not got is a fault, not an error.
	defer debug.SetPanicOnFault(debug.SetPanicOnFault(true))
	b, err := bbolt.Open(path, 0o600, &bbolt.Options{
		Timeout: lockWait,
		NoSync:  opts.NoSync,
		// It takes free pages at the front of the file first, which keeps the file
		// small. The map takes any, which pays in files of many gigabytes.
		FreelistType: bbolt.FreelistArrayType,
	})
	switch {
	case errors.Is(err, bbolterrors.ErrTimeout):
		return nil, fmt.Errorf("%s: %w", path, ErrLocked)
	case errors.Is(err, fs.ErrPermission), errors.Is(err, fs.ErrNotExist):
		return nil, fmt.Errorf("open data file: %w", err)
	case err != nil:
		return nil, damaged(path, err)
	}
	if err := prepare(path, b); err != nil {
		return nil, errors.Join(damaged(path, err), b.Close())
	}
	db = &DB{bolt: b, queue: make(chan *update, maxGroup), done: make(chan struct{})}
	go db.write()
	return db, nil
}

// prepare checks the file, and makes the bucket in a new one. What is there is
// not written to, so that opening it does not wait for the disk.
func prepare(path string, b *bbolt.DB) error {
	made := false
	err := b.View(func(tx *bbolt.Tx) error {
		if err := checkLength(path, tx); err != nil {
			return err
		}
		made = tx.Bucket(bucket) != nil
		return nil
	})
	if err != nil || made {
		return err
	}
	return b.Update(func(tx *bbolt.Tx) error {
		_, err := tx.CreateBucket(bucket)
		return err
	})
}

// checkLength finds out that a file was cut off before a page of the lost part
// is looked for.
func checkLength(path string, tx *bbolt.Tx) error {
	info, err := os.Stat(path)
	if err != nil {
		return err
	}
	if have, want := info.Size(), tx.Size(); have < want {
		return fmt.Errorf("it has %d bytes where it should have %d", have, want)
	}
	return nil
}

func damaged(path string, cause error) error {
	return fmt.Errorf("data file %s is damaged (%w); restore it from a copy, or remove it to start from the seed", path, cause)
}

// View implements storage.Engine.
func (db *DB) View(fn func(storage.KV) error) error {
	return db.bolt.View(func(tx *bbolt.Tx) error {
		return fn(&kv{bucket: tx.Bucket(bucket)})
	})
}

// Close implements storage.Engine. No update may be started after it.
func (db *DB) Close() error {
	close(db.queue)
	<-db.done
	return db.bolt.Close()
}

// kv is one transaction. While undo is not nil it remembers what each write
// replaced, so that one update of a group can be taken back alone.
type kv struct {
	bucket *bbolt.Bucket
	undo   []change
}

type change struct{ key, before []byte }

func (k *kv) Get(key []byte) ([]byte, error) { return k.bucket.Get(key), nil }

func (k *kv) Put(key, value []byte) error {
	k.remember(key)
	if value == nil {
		value = []byte{} // bbolt would read a nil of this transaction as no value
	}
	return k.bucket.Put(key, value)
}

func (k *kv) Delete(key []byte) error {
	k.remember(key)
	return k.bucket.Delete(key)
}

func (k *kv) remember(key []byte) {
	k.undo = append(k.undo, change{bytes.Clone(key), bytes.Clone(k.bucket.Get(key))})
}

// rollBack undoes the writes, the last one first.
func (k *kv) rollBack() error {
	for _, c := range slices.Backward(k.undo) {
		err := k.bucket.Delete(c.key)
		if c.before != nil {
			err = k.bucket.Put(c.key, c.before)
		}
		if err != nil {
			return err
		}
	}
	return nil
}

func (k *kv) Scan(from, to []byte, fn func(key, value []byte) bool) error {
	c := k.bucket.Cursor()
	for key, value := c.Seek(from); key != nil && bytes.Compare(key, to) < 0; key, value = c.Next() {
		if !fn(key, value) {
			break
		}
	}
	return nil
}

func (k *kv) ScanBack(from, to []byte, fn func(key, value []byte) bool) error {
	c := k.bucket.Cursor()
	first, _ := c.First()
	if first == nil || bytes.Compare(first, to) >= 0 {
		return nil // where all is deleted, Last does not return
	}
	key, value := c.Seek(to)
	if key == nil {
		key, value = c.Last()
	}
	for ; key != nil && bytes.Compare(key, from) >= 0; key, value = prev(c, first, key) {
		if bytes.Compare(key, to) < 0 && !fn(key, value) {
			break
		}
	}
	return nil
}

// prev moves a cursor from a key to the one before, nil at the first. Prev of bbolt
// yields nil at a page that this transaction has emptied, too; the next call goes on.
func prev(c *bbolt.Cursor, first, key []byte) (before, value []byte) {
	for before == nil && bytes.Compare(first, key) < 0 {
		before, value = c.Prev()
	}
	return before, value
}
