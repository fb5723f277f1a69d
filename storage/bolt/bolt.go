// Package bolt stores the ordered key space of package storage in one bbolt file. It owns
// the file, its lock and the one writer that groups commits; it does not know what the keys
// and values mean.
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

// ErrLocked reports that another process has the file open.
var ErrLocked = errors.New("in use by another process")

// lockWait bounds the wait for another process's lock, for which bbolt polls.
const lockWait = 500 * time.Millisecond

// maxGroup bounds how many updates one commit may contain.
const maxGroup = 512

// linger is how long a commit waits for more updates if the commit before had many.
const linger = 2 * time.Millisecond

var bucket = []byte("tenant0")

// Options says how to open a file.
type Options struct {
	// NoSync leaves out the fsync at each commit. A crash of the machine may then damage
	// the file; a crash of the process does not. It is meant for temporary stores.
	NoSync bool
}

// DB is an open file. It implements keyspace.Engine.
type DB struct {
	bolt *bbolt.DB
	path string

	queue  *queue.Queue
	broken error // the damage that ended all writing; only the writer uses it until the queue is closed
}

// Open opens or creates the file at path. Its error wraps ErrLocked, within a second, if
// another process has the file open, and keyspace.ErrDamaged if the file is damaged. If the
// operating system does not allow the file to be used, the error says what to do.
func Open(path string, opts Options) (*DB, error) {
	return open(path, opts, os.OpenFile)
}

// mapped is how many bytes of the file are mapped from the start. This takes addresses, not
// memory. As long as the file is smaller, a write that makes it grow need not wait for
// running reads. If addresses are few, and on Windows, where the file itself would get that
// size, the map grows with the file instead.
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
			_ = os.Remove(path) // remove what was written before the disk was full
		}
		return nil, err
	}
	db = &DB{bolt: b, path: path}
	db.queue = queue.New(maxGroup, linger, db.errClosed(), db.commit)
	return db, nil
}

func openBolt(path string, opts Options, file openFile) (b *bbolt.DB, err error) {
	defer func() {
		// bbolt panics on some damaged pages; here this becomes an error.
		if p := recover(); p != nil {
			b, err = nil, broken(path, p)
		}
	}()
	// The file is mapped into memory, so reading beyond its end is a fault, not an error.
	defer debug.SetPanicOnFault(debug.SetPanicOnFault(true))
	settings := &bbolt.Options{
		Timeout:  lockWait,
		NoSync:   opts.NoSync,
		OpenFile: file,
		// An array of free pages takes those at the front of the file first, which keeps
		// the file small. A map takes any free page, which pays in files of many gigabytes.
		FreelistType:    bbolt.FreelistArrayType,
		InitialMmapSize: mapped(),
		// Nobody asks for them, and each transaction would wait for their lock.
		NoStatistics: true,
	}
	b, err = bbolt.Open(path, 0o600, settings)
	if errors.Is(err, syscall.ENOMEM) { // the process may not map so much (ulimit -v)
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
	// Only now does this process hold the lock, so that the file can be checked.
	err = checkPages(path)
	if err == nil {
		err = prepare(path, b)
	}
	if err != nil {
		return nil, errors.Join(explain(path, err), b.Close())
	}
	return b, nil
}

// prepare checks the file, and creates the bucket in a new one. It does not write to an
// existing file, so that opening it need not wait for the disk.
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

// checkLength notices that a file was cut off, before a page of the missing part is read.
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
		return db.named(err)
	})
	if errors.Is(err, bbolterrors.ErrDatabaseNotOpen) {
		return db.errClosed()
	}
	return err
}

// named returns the error of a transaction's function. If it has found damage in a record, the error names the file.
func (db *DB) named(err error) error {
	if errors.Is(err, keyspace.ErrDamaged) {
		return damaged(db.path, err)
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
	case <-ctx.Done(): // it waits for a lock that the damaged transaction still holds; the file is closed when the process ends
		return db.broken
	}
}

// kv is one transaction. It remembers the values that its writes replace, so that one
// update of a group can be undone without the others.
type kv struct {
	bucket *bbolt.Bucket
	// at is the cursor that finds single keys; bbolt itself would make a cursor for each.
	at   *bbolt.Cursor
	undo []change
	// An update that is alone has a bbolt transaction of its own, which can be rolled back
	// as a whole: changed then says that something was written, and undo stays empty.
	alone, changed bool
	// inBolt says that bbolt is running, so that a panic comes from a damaged page.
	inBolt bool
}

type change struct{ key, before []byte }

func (k *kv) Get(key []byte) ([]byte, error) {
	k.inBolt = true
	value := k.find(key)
	k.inBolt = false
	return value, nil
}

// find returns the value at a key, nil if there is none.
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
		value = []byte{} // bbolt would read a nil that this transaction has written as a missing value
	}
	k.inBolt = true
	var before []byte
	if !k.alone {
		before = k.find(key)
	}
	k.remember(key, before)
	err := k.bucket.Put(key, value)
	k.inBolt = false
	return err
}

func (k *kv) Delete(key []byte) (err error) {
	k.inBolt = true
	if value := k.find(key); value != nil {
		k.remember(key, value)
		err = k.at.Delete() // where find has left it: the bucket would look for the key again
	}
	k.inBolt = false
	return err
}

// remember notes the value that a write replaces, nil if there is none.
func (k *kv) remember(key, before []byte) {
	if k.changed = true; !k.alone {
		k.undo = append(k.undo, change{bytes.Clone(key), bytes.Clone(before)})
	}
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
		return nil // if everything is deleted, Last would not return
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

// prev moves a cursor from a key to the one before it, nil at the first key. bbolt's Prev
// also returns nil at a page that this transaction has emptied; the next call continues.
func prev(c *bbolt.Cursor, first, key []byte) (before, value []byte) {
	for before == nil && bytes.Compare(first, key) < 0 {
		before, value = c.Prev()
	}
	return before, value
}

// inOrder panics if keys are out of order, so that the keys of a damaged page are not
// returned as a result.
func inOrder(first, second []byte) {
	if bytes.Compare(first, second) > 0 {
		panic("keys are out of order")
	}
}

// call calls the function of a scan, during which bbolt is not running.
func (k *kv) call(fn func(key, value []byte) bool, key, value []byte) bool {
	k.inBolt = false
	more := fn(key, value)
	k.inBolt = true
	return more
}
