package memory

import (
	"bufio"
	"bytes"
	"context"
	"encoding/binary"
	"errors"
	"fmt"
	"hash/crc32"
	"io"
	"os"
	"strings"

	"github.com/tenant0/tenant0/storage/keyspace"
)

// A journal preserves its data if the process is killed, but not in a power cut: writes are handed to
// the operating system without waiting for the disk. The file begins with the name of the store that
// it belongs to. Each record is one update: its length (4 bytes), the checksum of the rest (4 bytes),
// and its writes, each a key and a value with their lengths before them; the length "deleted" stands
// for a deleted key.

// Journal is a key space in memory with a file from which it is restored.
type Journal struct {
	*DB
	path, store string
	file        *os.File // only the one writer writes to it
	// size is the size of the file, and rewriteAt the size at which it is rewritten.
	size, rewriteAt int64
	buffer          []byte // used by the one writer for its records
}

const (
	deleted = ^uint32(0)
	// minRewrite is the smallest size at which a journal is rewritten, in bytes.
	minRewrite = 4 << 20
	// maxRecord bounds the records that are read back, in bytes.
	maxRecord = 64 << 20
	// maxBuffer bounds the buffer that is kept for the next record, in bytes.
	maxBuffer = 64 << 10
)

// OpenJournal opens the journal at path and restores what it holds for the store with this name. If
// it belongs to another store, it is discarded, and so is everything from the first damaged record
// on.
func OpenJournal(path, store string) (*Journal, error) {
	j := &Journal{DB: New(), path: path, store: store}
	raw, err := os.ReadFile(path)
	if err != nil && !errors.Is(err, os.ErrNotExist) {
		return nil, fmt.Errorf("journal: %w", err)
	}
	if rest, ours := bytes.CutPrefix(raw, []byte(store+"\n")); ours {
		tree := j.state.Load()
		for record, rest := nextRecord(rest); record != nil; record, rest = nextRecord(rest) {
			replay(tree, record)
		}
	}
	return j, j.rewrite(j.state.Load())
}

// Path returns the path of the journal's file.
func (j *Journal) Path() string { return j.path }

// nextRecord returns the first record of the rest of a journal, nil if no complete record follows.
func nextRecord(raw []byte) (record, rest []byte) {
	if len(raw) < recordHead {
		return nil, nil
	}
	length, sum := int64(binary.BigEndian.Uint32(raw)), binary.BigEndian.Uint32(raw[4:])
	if length == 0 || length > maxRecord || int64(len(raw)-recordHead) < length {
		return nil, nil
	}
	record = raw[recordHead : recordHead+length]
	if crc32.ChecksumIEEE(record) != sum {
		return nil, nil
	}
	return record, raw[recordHead+length:]
}

// replay applies the writes of a record whose checksum was verified.
func replay(t *tree, record []byte) {
	take := func(n uint32) (part []byte) {
		n = uint32(min(int(n), len(record))) //nolint:gosec // no more than n
		part, record = record[:n], record[n:]
		return part
	}
	number := func() uint32 {
		if len(record) < 4 {
			record = nil
			return 0
		}
		return binary.BigEndian.Uint32(take(4))
	}
	for len(record) > 0 {
		key := string(take(number()))
		if n := number(); n == deleted {
			t.Delete(key)
		} else {
			t.Set(key, bytes.Clone(take(n)))
		}
	}
}

// sized appends a part, preceded by its length.
func sized(to, part []byte) []byte {
	length := uint32(len(part)) //nolint:gosec // of a record, which a request of some kilobytes brings about
	return append(binary.BigEndian.AppendUint32(to, length), part...)
}

// put and remove add a write to a record.
func put(record, key, value []byte) []byte { return sized(sized(record, key), value) }

func remove(record, key []byte) []byte {
	return binary.BigEndian.AppendUint32(sized(record, key), deleted)
}

// recordHead is the number of bytes before a record in the file.
const recordHead = 8

// begin returns an empty record, in a buffer that is reused.
func begin(buffer []byte) []byte { return append(buffer[:0], make([]byte, recordHead)...) }

// finish fills in the length and the checksum of a record, which can then be written to the file.
func finish(record []byte) []byte {
	writes := record[recordHead:]
	binary.BigEndian.PutUint32(record, uint32(len(writes))) //nolint:gosec // see sized
	binary.BigEndian.PutUint32(record[4:], crc32.ChecksumIEEE(writes))
	return record
}

// recording is a transaction that adds its writes to a record.
type recording struct {
	keyspace.KV
	record []byte
}

func (r *recording) Put(key, value []byte) error {
	r.record = put(r.record, key, value)
	return r.KV.Put(key, value)
}

func (r *recording) Delete(key []byte) error {
	r.record = remove(r.record, key)
	return r.KV.Delete(key)
}

// Update implements keyspace.Engine.
func (j *Journal) Update(ctx context.Context, fn func(keyspace.KV) error) error {
	return j.DB.Update(ctx, func(k keyspace.KV) error {
		r := &recording{KV: k, record: begin(j.buffer)}
		defer func() { j.keep(r.record) }()
		if err := fn(r); err != nil || len(r.record) == recordHead {
			return err
		}
		return j.append(r.record, k)
	})
}

// append writes a record to the file, or rewrites the file if it has become too large.
func (j *Journal) append(record []byte, k keyspace.KV) error {
	if j.size+int64(len(record)) > j.rewriteAt || len(record) > maxRecord {
		if own, ok := k.(keyspace.TreeKV); ok {
			return j.rewrite(own.Tree)
		}
	}
	if _, err := j.file.WriteAt(finish(record), j.size); err != nil {
		return errors.Join(fmt.Errorf("journal: %w", err), j.file.Truncate(j.size))
	}
	j.size += int64(len(record))
	return nil
}

// keep keeps the buffer of a record for the next record, unless it has become too large.
func (j *Journal) keep(record []byte) {
	if cap(record) <= maxBuffer {
		j.buffer = record
	}
}

// rewrite replaces the journal's file by one that holds the current rows only. If it fails, the
// journal is unchanged.
func (j *Journal) rewrite(t *tree) (err error) {
	next, err := os.OpenFile(j.path+".new", os.O_RDWR|os.O_CREATE|os.O_TRUNC, 0o600)
	if err != nil {
		return fmt.Errorf("journal: %w", err)
	}
	size, err := writeAll(next, j.store, t)
	if err == nil {
		err = os.Rename(next.Name(), j.path)
	}
	if err != nil {
		return errors.Join(fmt.Errorf("journal: %w", err), next.Close(), os.Remove(next.Name()))
	}
	before := j.file
	j.file, j.size, j.rewriteAt = next, size, max(minRewrite, 4*size)
	if before != nil {
		return before.Close()
	}
	return nil
}

func writeAll(file io.Writer, store string, t *tree) (size int64, err error) {
	const together = 64 << 10 // bytes: most records are small, so they are written together
	out := bufio.NewWriterSize(file, together)
	write := func(raw []byte) {
		n, failed := out.Write(raw)
		size, err = size+int64(n), errors.Join(err, failed)
	}
	write([]byte(store + "\n"))
	var record []byte
	t.Scan(func(key string, value []byte) bool {
		record = put(begin(record), []byte(key), value)
		write(finish(record))
		return err == nil
	})
	return size, errors.Join(err, out.Flush())
}

// Release implements keyspace.Releaser. It copies the rows into one block of memory: after a burst of
// requests they are scattered over all memory that the burst has used, which therefore could not be
// released.
func (j *Journal) Release() error {
	if err := j.enter(); err != nil {
		return err
	}
	defer j.open.RUnlock()
	j.writer.Lock()
	defer j.writer.Unlock()
	was := j.state.Load()
	var names strings.Builder
	var values []byte
	was.Scan(func(key string, value []byte) bool {
		names.WriteString(key)
		values = append(values, value...)
		return true
	})
	keys, values := strings.Clone(names.String()), append(make([]byte, 0, len(values)), values...)
	next := keyspace.NewTree()
	was.Scan(func(key string, value []byte) bool {
		next.Load(keys[:len(key)], values[:len(value):len(value)])
		keys, values = keys[len(key):], values[len(value):]
		return true
	})
	j.state.Store(next)
	return nil
}

// Close implements keyspace.Engine. It deletes the journal's file: a caller that still needs the data
// copies it first.
func (j *Journal) Close() error {
	if err := j.enter(); err != nil {
		return nil //nolint:nilerr // it was closed before
	}
	j.open.RUnlock()
	return errors.Join(j.DB.Close(), j.file.Close(), os.Remove(j.path))
}

var _ keyspace.Releaser = (*Journal)(nil)
