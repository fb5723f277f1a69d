// Package bolt keeps the ordered key space of package storage in one bbolt
// file. It owns the file, its lock and the one writer that groups commits; it
// knows nothing of what the keys and values mean.
package bolt

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"io/fs"
	"os"
	"runtime"
	"runtime/debug"
	"slices"
	"strconv"
	"syscall"
	"time"

	bbolt "go.etcd.io/bbolt"
	bbolterrors "go.etcd.io/bbolt/errors"

	"github.com/tenant0/tenant0/storage/keyspace"
	"github.com/tenant0/tenant0/storage/queue"
)

// ErrLocked reports that another process holds the file.
var ErrLocked = errors.New("in use by another process")

// lockWait bounds the wait for another process's lock; bbolt polls it.
const lockWait = 500 * time.Millisecond

// maxGroup bounds how many updates one commit may carry.
const maxGroup = 512

// linger is how long a commit waits for updates when the one before had many.
const linger = 2 * time.Millisecond

var bucket = []byte("tenant0")

// Options says how to open a file.
type Options struct {
	// NoSync leaves out the fsync at each commit. A crash of the machine may
	// then damage the file; a crash of the process does not. For throw-away
	// stores.
	NoSync bool
}

// DB is an open file. It implements keyspace.Engine.
type DB struct {
	bolt *bbolt.DB
	path string

	queue  *queue.Queue
	broken error // the damage that ended all writing; the writer's own until the queue is closed
}

// Open opens or creates the file at path. It returns an error that wraps ErrLocked
// within a second when another process has the file open, one that wraps
// keyspace.ErrDamaged when it is damaged, and one that says what to do where the machine
// does not let it be used.
func Open(path string, opts Options) (*DB, error) {
	return open(path, opts, os.OpenFile)
}

// mapped is how much of the file is mapped from the start, in bytes of addresses and not of
// memory: until it is as large, a write that makes it grow does not have to wait for the
// reads that go on. Where addresses are few, and on Windows, where the file itself would
// have that size, the map grows with the file.
func mapped() int {
	if strconv.IntSize < 64 || runtime.GOOS == "windows" {
		return 0
	}
	return 1 << 30
}

type openFile func(path string, flag int, mode fs.FileMode) (*os.File, error)

func open(path string, opts Options, file openFile) (db *DB, err error) {
	_, err = os.Stat(path)
	fresh := errors.Is(err, fs.ErrNotExist)
	b, err := openBolt(path, opts, file)
	if err != nil {
		if fresh && !errors.Is(err, ErrLocked) {
			_ = os.Remove(path) // what a full disk has left of a new file
		}
		return nil, err
	}
	db = &DB{bolt: b, path: path}
	db.queue = queue.New(maxGroup, linger, db.errClosed(), db.commit)
	return db, nil
}

func openBolt(path string, opts Options, file openFile) (b *bbolt.DB, err error) {
	defer func() {
		// bbolt panics on some damaged pages; a damaged file is an error here.
		if p := recover(); p != nil {
			b, err = nil, broken(path, p)
		}
	}()
	// The file is mapped: to read what it has not got is a fault, not an error.
	defer debug.SetPanicOnFault(debug.SetPanicOnFault(true))
	settings := &bbolt.Options{
		Timeout:  lockWait,
		NoSync:   opts.NoSync,
		OpenFile: file,
		// It takes free pages at the front of the file first, which keeps the file
		// small. The map takes any, which pays in files of many gigabytes.
		FreelistType:    bbolt.FreelistArrayType,
		InitialMmapSize: mapped(),
	}
	b, err = bbolt.Open(path, 0o600, settings)
	if errors.Is(err, syscall.ENOMEM) { // the process may not have so many addresses (ulimit -v)
		settings.InitialMmapSize = 0
		b, err = bbolt.Open(path, 0o600, settings)
	}
	if errors.Is(err, bbolterrors.ErrTimeout) {
		return nil, fmt.Errorf("%s: %w", path, ErrLocked)
	}
	if err != nil {
		return nil, explain(path, err)
	}
	b.AllocSize = 0 // see transact
	// Only now is the file ours to look at.
	err = checkPages(path)
	if err == nil {
		err = prepare(path, b)
	}
	if err != nil {
		return nil, errors.Join(explain(path, err), b.Close())
	}
	return b, nil
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
		return fmt.Errorf("%w: it has %d bytes where it should have %d", keyspace.ErrDamaged, have, want)
	}
	return nil
}

// View implements keyspace.Engine.
func (db *DB) View(ctx context.Context, fn func(keyspace.KV) error) (err error) {
	if err := ctx.Err(); err != nil {
		return err
	}
	k := &kv{inBolt: true}
	defer debug.SetPanicOnFault(debug.SetPanicOnFault(true))
	defer func() {
		switch p := recover(); {
		case p == nil:
		case k.inBolt || isFault(p):
			err = broken(db.path, p)
		default:
			panic(p)
		}
	}()
	err = db.bolt.View(func(tx *bbolt.Tx) error {
		k.bucket = tx.Bucket(bucket)
		k.inBolt = false
		err := fn(k)
		k.inBolt = true
		return err
	})
	if errors.Is(err, bbolterrors.ErrDatabaseNotOpen) {
		return db.errClosed()
	}
	return err
}

func (db *DB) errClosed() error { return fmt.Errorf("data file %s: %w", db.path, keyspace.ErrClosed) }

// Close implements keyspace.Engine.
func (db *DB) Close() error {
	if first := db.queue.Close(); !first {
		return nil
	}
	if db.broken == nil {
		return db.bolt.Close()
	}
	ctx, cancel := context.WithTimeout(context.Background(), lockWait)
	defer cancel()
	closed := make(chan error, 1)
	go func() { closed <- db.bolt.Close() }()
	select {
	case err := <-closed:
		return errors.Join(db.broken, err)
	case <-ctx.Done(): // it waits for a lock that the damage has left; the end of the process closes the file
		return db.broken
	}
}

// kv is one transaction. It remembers what each write replaced, so that one update of a
// group can be taken back without the others.
type kv struct {
	bucket *bbolt.Bucket
	// at is what single keys are looked for with: bbolt would make a cursor for each.
	at   *bbolt.Cursor
	undo []change
	// alone updates have a transaction of bbolt's for themselves, which is taken back
	// whole: changed says that something was written, and nothing is remembered of it.
	alone, changed bool
	// inBolt says that bbolt is at work, so that a panic is of a damaged page.
	inBolt bool
}

type change struct{ key, before []byte }

func (k *kv) Get(key []byte) ([]byte, error) {
	k.inBolt = true
	value := k.find(key)
	k.inBolt = false
	return value, nil
}

// find is the value at a key, nil for none.
func (k *kv) find(key []byte) []byte {
	if k.at == nil {
		k.at = k.bucket.Cursor()
	}
	found, value := k.at.Seek(key)
	switch {
	case found == nil || !bytes.Equal(found, key):
		return nil
	case value == nil:
		return []byte{}
	}
	return value
}

func (k *kv) Put(key, value []byte) error {
	if value == nil {
		value = []byte{} // bbolt would read a nil of this transaction as no value
	}
	return k.write(key, func() error { return k.bucket.Put(key, value) })
}

func (k *kv) Delete(key []byte) error {
	return k.write(key, func() error { return k.bucket.Delete(key) })
}

// write remembers what a write replaces, and does it.
func (k *kv) write(key []byte, do func() error) error {
	k.inBolt = true
	if k.changed = true; !k.alone {
		k.undo = append(k.undo, change{bytes.Clone(key), bytes.Clone(k.find(key))})
	}
	err := do()
	k.inBolt = false
	return err
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
	k.inBolt = true
	c := k.bucket.Cursor()
	before := from
	for key, value := c.Seek(from); key != nil && bytes.Compare(key, to) < 0; key, value = c.Next() {
		inOrder(before, key)
		before = key
		if !k.call(fn, key, value) {
			break
		}
	}
	k.inBolt = false
	return nil
}

func (k *kv) ScanBack(from, to []byte, fn func(key, value []byte) bool) error {
	k.inBolt = true
	c := k.bucket.Cursor()
	first, _ := c.First()
	if first == nil || bytes.Compare(first, to) >= 0 {
		return nil // where all is deleted, Last does not return
	}
	key, value := c.Seek(to)
	if key == nil {
		key, value = c.Last()
	}
	for before := key; key != nil && bytes.Compare(key, from) >= 0; key, value = prev(c, first, key) {
		inOrder(key, before)
		before = key
		if bytes.Compare(key, to) < 0 && !k.call(fn, key, value) {
			break
		}
	}
	k.inBolt = false
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

// inOrder sees that the keys of a damaged page do not pass for those that were asked for.
func inOrder(first, second []byte) {
	if bytes.Compare(first, second) > 0 {
		panic("keys are out of order")
	}
}

// call lets the caller of a scan look at a key.
func (k *kv) call(fn func(key, value []byte) bool, key, value []byte) bool {
	k.inBolt = false
	more := fn(key, value)
	k.inBolt = true
	return more
}
