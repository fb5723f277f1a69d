package bolt

import (
	"bytes"
	"encoding/binary"
	"errors"
	"fmt"
	"hash/fnv"
	"io"
	"io/fs"
	"os"

	"github.com/tenant0/tenant0/storage/keyspace"
)

// bbolt trusts the pages of its file: a page that refers back to itself makes it loop until the
// memory is used up, and a page that is both free and in use is overwritten. So the pages are
// checked once when the file is opened: the references between pages, the list of free pages, and
// the bounds of the entries in leaves. The layout is that of go.etcd.io/bbolt/internal/common,
// which cannot be imported.
const (
	pageHeader  = 16
	elementSize = 16
	metaMagic   = 0xED0CDAED
	metaSize    = 64

	branchFlag   = 0x01
	leafFlag     = 0x02
	freelistFlag = 0x10
	noFreelist   = ^uint64(0)
)

// meta is the content of a meta page.
type meta struct {
	pageSize             uint32
	root, freelist, high uint64 // high is the first page that was never used
	txid                 uint64
}

// page is one page including its overflow pages.
type page struct {
	id    uint64
	flags uint16
	count int
	raw   []byte
}

// pages follows the pages of a file.
type pages struct {
	file io.ReaderAt
	meta meta
	seen []bool // every page that is known to be in use or free, by its number
	// window contains the bytes of the pages from first up to, but not including, behind.
	// Neighbours in the tree are often neighbours in the file, and are then read together.
	window        []byte
	first, behind uint64
}

// windowPages is how many pages are read together.
const windowPages = 32

// at returns the bytes of a page, valid until the next call.
func (p *pages) at(id uint64) ([]byte, error) {
	size := uint64(p.meta.pageSize)
	if id < p.first || id >= p.behind {
		n := uint64(1)
		if id == p.behind {
			n = min(windowPages, p.meta.high-id)
		}
		if _, err := p.file.ReadAt(p.window[:n*size], int64(id*size)); err != nil { //nolint:gosec // below high
			return nil, err
		}
		p.first, p.behind = id, id+n
	}
	return p.window[(id-p.first)*size:][:size], nil
}

// checkPages returns an error that wraps keyspace.ErrDamaged if the pages of a file contradict each
// other. It ignores what bbolt detects itself: a file of another program, and one that was cut off.
func checkPages(path string) error {
	f, err := os.Open(path)
	if errors.Is(err, fs.ErrNotExist) {
		return nil // a new file
	}
	if err != nil {
		return err
	}
	defer f.Close()
	info, err := f.Stat()
	if err != nil || !info.Mode().IsRegular() {
		return err
	}
	m, ok := readMeta(f)
	if !ok || info.Size() < int64(m.high)*int64(m.pageSize) { //nolint:gosec // a page number that bbolt's checksum covers
		return nil
	}
	p := &pages{file: f, meta: m, seen: make([]bool, m.high), window: make([]byte, windowPages*m.pageSize)}
	if err := p.follow(m.root); err != nil {
		return err
	}
	return p.freePages()
}

// readMeta returns the newer of the two meta pages, if at least one is intact.
func readMeta(f io.ReaderAt) (newest meta, ok bool) {
	first, whole := metaAt(f, 0)
	if whole {
		newest, ok = first, true
		if second, whole := metaAt(f, int64(first.pageSize)); whole && second.txid > first.txid {
			newest = second
		}
		return newest, ok
	}
	for size := int64(1 << 10); size <= 16<<20; size *= 2 { // the page size is in the broken page
		if second, whole := metaAt(f, size); whole && int64(second.pageSize) == size {
			return second, true
		}
	}
	return newest, false
}

func metaAt(f io.ReaderAt, at int64) (m meta, whole bool) {
	raw := make([]byte, metaSize)
	if _, err := f.ReadAt(raw, at+pageHeader); err != nil {
		return m, false
	}
	sum := fnv.New64a()
	_, _ = sum.Write(raw[:metaSize-8])
	word := func(at int) uint64 { return binary.NativeEndian.Uint64(raw[at:]) }
	if binary.NativeEndian.Uint32(raw) != metaMagic || word(metaSize-8) != sum.Sum64() {
		return m, false
	}
	m.pageSize = binary.NativeEndian.Uint32(raw[8:])
	m.root, m.freelist, m.high, m.txid = word(16), word(32), word(40), word(48)
	return m, true
}

// read reads a page and marks it as used. It is an error if it was used before.
func (p *pages) read(id uint64) (page, error) {
	damage := func(what string) (page, error) {
		return page{}, fmt.Errorf("%w: page %d %s", keyspace.ErrDamaged, id, what)
	}
	if id < 2 || id >= p.meta.high {
		return damage("is not there")
	}
	raw, err := p.at(id)
	if err != nil {
		return page{}, err
	}
	overflow := uint64(binary.NativeEndian.Uint32(raw[12:]))
	if binary.NativeEndian.Uint64(raw) != id || id+overflow >= p.meta.high {
		return damage("is of another kind than expected")
	}
	for n := id; n <= id+overflow; n++ {
		if p.seen[n] {
			return damage("is used twice")
		}
		p.seen[n] = true
	}
	out := page{id: id, flags: binary.NativeEndian.Uint16(raw[8:]), count: int(binary.NativeEndian.Uint16(raw[10:])), raw: raw}
	switch {
	case overflow > 0:
		out.raw = make([]byte, (overflow+1)*uint64(p.meta.pageSize))
		_, err := p.file.ReadAt(out.raw, int64(id)*int64(p.meta.pageSize)) //nolint:gosec // below high
		return out, err
	case out.flags != leafFlag:
		out.raw = bytes.Clone(raw) // because other pages are read before this one is finished
	}
	return out, nil
}

// follow checks a page of the tree and all pages below it.
func (p *pages) follow(id uint64) error { //nolint:gocognit // one check after the other, of one page
	g, err := p.read(id)
	if err != nil {
		return err
	}
	bad := fmt.Errorf("%w: page %d has impossible content", keyspace.ErrDamaged, id)
	if g.flags != branchFlag && g.flags != leafFlag || g.flags == branchFlag && g.count == 0 || pageHeader+g.count*elementSize > len(g.raw) {
		return bad
	}
	var before []byte
	for i := range g.count {
		at := pageHeader + i*elementSize
		word := func(n int) uint64 { return uint64(binary.NativeEndian.Uint32(g.raw[at+n:])) }
		if g.flags == branchFlag {
			// An element holds the offset and the size of its key, and the page below.
			if uint64(at)+word(0)+word(4) > uint64(len(g.raw)) {
				return bad
			}
			if err := p.follow(binary.NativeEndian.Uint64(g.raw[at+8:])); err != nil {
				return err
			}
			continue
		}
		// An element holds flags, the offset of its key, and the sizes of key and value.
		begin := uint64(at) + word(4)
		value := begin + word(8)
		if value+word(12) > uint64(len(g.raw)) || word(0) > 1 {
			return bad
		}
		key := g.raw[begin:value]
		if i > 0 && bytes.Compare(before, key) >= 0 {
			return bad
		}
		before = key
		if word(0) == 1 { // the value is a bucket
			g.raw = bytes.Clone(g.raw) // because reading the bucket's own pages overwrites the window
			if err := p.bucket(g, value, word(12)); err != nil {
				return err
			}
			before = g.raw[begin:value]
		}
	}
	return nil
}

// bucket checks a bucket within a bucket: it contains the number of its first page, or 0 if it is
// so small that its content follows inline.
func (p *pages) bucket(g page, at, size uint64) error {
	if size < pageHeader {
		return fmt.Errorf("%w: page %d holds half a bucket", keyspace.ErrDamaged, g.id)
	}
	if root := binary.NativeEndian.Uint64(g.raw[at:]); root != 0 {
		return p.follow(root)
	}
	return nil
}

// freePages checks the list of the free pages.
func (p *pages) freePages() error {
	if p.meta.freelist == noFreelist {
		return nil
	}
	g, err := p.read(p.meta.freelist)
	if err != nil {
		return err
	}
	ids := g.raw[pageHeader:]
	count := uint64(g.count) //nolint:gosec // it was read from 16 bits
	if g.count == 0xFFFF {   // more than fit into the header's field
		count, ids = binary.NativeEndian.Uint64(ids), ids[8:]
	}
	if g.flags != freelistFlag || count > uint64(len(ids)/8) {
		return fmt.Errorf("%w: the list of free pages is invalid", keyspace.ErrDamaged)
	}
	for i := range count {
		id := binary.NativeEndian.Uint64(ids[8*i:])
		if id < 2 || id >= p.meta.high || p.seen[id] {
			return fmt.Errorf("%w: page %d is listed as free, but is in use", keyspace.ErrDamaged, id)
		}
		p.seen[id] = true
	}
	return nil
}
