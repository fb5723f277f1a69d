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

// A journal outlives its process, also one that is killed, and not a power cut: what is written to
// it is handed to the operating system, which nobody waits for to reach the disk. It begins with the
// name of the store that it belongs to. A record is one update: its length (4 bytes), the checksum
// of the rest (4 bytes), and its writes, each a key and a value with their lengths; a value of the
// length deleted is none.

// Journal is a key space in memory with a file that brings it back.
type Journal struct {
	*DB
	path, store string
	file        *os.File // written to by the one writer
	// size is that of the file, and rewriteAt the size at which it is written anew.
	size, rewriteAt int64
	buffer          []byte // the one writer's, for its records
}

const (
	deleted = ^uint32(0)
	// minRewrite is how large a journal grows at least before it is written anew, in bytes.
	minRewrite = 4 << 20
	// maxRecord bounds the record of one update that is read back, in bytes.
	maxRecord = 64 << 20
	// maxBuffer bounds the buffer that is kept for the next record, in bytes.
	maxBuffer = 64 << 10
)

// OpenJournal opens the journal at path and brings back what it holds of the store of that name.
// What is of another store, or is damaged, ends there and is gone.
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

// Path is the file of the journal.
func (j *Journal) Path() string { return j.path }

// nextRecord is the first record of what is left of a journal, nil where there is no whole one.
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

// replay applies the writes of a record, whose checksum is right.
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

// sized appends a part behind its length.
func sized(to, part []byte) []byte {
	length := uint32(len(part)) //nolint:gosec // of a record, which a request of some kilobytes brings about
	return append(binary.BigEndian.AppendUint32(to, length), part...)
}

// put and remove add a write to a record.
func put(record, key, value []byte) []byte { return sized(sized(record, key), value) }

func remove(record, key []byte) []byte {
	return binary.BigEndian.AppendUint32(sized(record, key), deleted)
}

// recordHead is how many bytes stand before a record in the file.
const recordHead = 8

// begin is a record without a write yet, in a buffer that may be used anew.
func begin(buffer []byte) []byte { return append(buffer[:0], make([]byte, recordHead)...) }

// finish fills in what stands before a record, which is then as the file has it.
func finish(record []byte) []byte {
	writes := record[recordHead:]
	binary.BigEndian.PutUint32(record, uint32(len(writes))) //nolint:gosec // see sized
	binary.BigEndian.PutUint32(record[4:], crc32.ChecksumIEEE(writes))
	return record
}

// recording is a transaction that notes what it writes.
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

// append writes a record to the file, or all of the key space where the file has grown enough.
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

// keep keeps the buffer of a record for the next one, unless it has become large.
func (j *Journal) keep(record []byte) {
	if cap(record) <= maxBuffer {
		j.buffer = record
	}
}

// rewrite puts a file in the place of the journal that holds a key space and nothing of what it was
// before. A failure leaves the journal as it is.
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
	const together = 64 << 10 // bytes: what is kept are many small records
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

// Release implements keyspace.Releaser. What is kept comes to lie close together: after a burst it is
// scattered over all of the memory that the burst took, which could not be given back.
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

// Close implements keyspace.Engine. What the journal holds is gone: whoever closes it has taken it.
func (j *Journal) Close() error {
	if err := j.enter(); err != nil {
		return nil //nolint:nilerr // it was closed before
	}
	j.open.RUnlock()
	return errors.Join(j.DB.Close(), j.file.Close(), os.Remove(j.path))
}

var _ keyspace.Releaser = (*Journal)(nil)
