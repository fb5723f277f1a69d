package table

import (
	"bytes"
	"fmt"
	"slices"
	"strings"

	"github.com/tenant0/tenant0/storage/keyspace"
)

// Reindex writes the index and expiry entries of every record.
func (r Records) Reindex() error {
	var links []link
	for v, err := range r.scan("") {
		if err != nil {
			return err
		}
		links = append(links, r.links(r.kind.key(v), v)...)
	}
	return r.putLinks(links)
}

// IndexAnew writes the index and expiry entries of one record.
func (r Records) IndexAnew(record any) error { return r.putLinks(r.links(r.kind.key(record), record)) }

func (r Records) putLinks(links []link) error {
	for _, l := range links {
		if err := r.tx.kv.Put(l.entry, l.beside); err != nil {
			return err
		}
	}
	return nil
}

// Unindex removes the entries of an index.
func (r Records) Unindex(ix string) error {
	return r.deleteEntries(slices.Concat(IndexesPrefix(r.kind.Name), []byte(ix), []byte{0}))
}

// deleteEntries removes the entries whose keys have a prefix.
func (r Records) deleteEntries(prefix []byte) error {
	entries, err := keyspace.Copies(r.tx.kv, prefix, nil)
	if err != nil {
		return err
	}
	return keyspace.DeleteAll(r.tx.kv, entries)
}

// link is an index or expiry entry that leads to a record.
type link struct {
	entry  []byte
	beside []byte // what the entry holds besides its key
	unique []byte // the part of entry that no other record may share, or nil
	// malformed marks an index value with a zero byte, which separates the parts of an entry.
	malformed bool
}

func (r Records) links(key string, v any) []link {
	out := make([]link, 0, len(r.kind.indexes)+1)
	for _, ix := range r.kind.indexes {
		for _, value := range ix.values(v) {
			entry := []byte("i/" + r.kind.Name + "\x00" + ix.name + "\x00" + value + "\x00" + key)
			l := link{entry: entry, malformed: strings.ContainsRune(value, 0)}
			if ix.beside != nil {
				l.beside = []byte(ix.beside(v))
			}
			if ix.unique {
				prefix := len(entry) - len(key)
				l.unique = entry[:prefix:prefix]
			}
			out = append(out, l)
		}
	}
	if r.kind.expires != nil {
		if at := r.kind.expires(v); !at.IsZero() {
			out = append(out, link{entry: []byte("e/" + string(expiryBytes(at)) + r.kind.Name + "\x00" + key)})
		}
	}
	return out
}

// checkLinks returns an error if entries cannot be written for a record: an index value has a zero
// byte, or another record has a unique value already.
func (r Records) checkLinks(key string, added []link) error {
	for _, l := range added {
		if l.malformed {
			return fmt.Errorf("%s %q: an indexed value has a zero byte", r.kind.Name, key)
		}
		if err := r.checkUnique(l, key); err != nil {
			return err
		}
	}
	return nil
}

func (r Records) checkUnique(l link, key string) error {
	if l.unique == nil {
		return nil
	}
	var conflict error
	err := r.tx.kv.Scan(l.unique, keyspace.PrefixEnd(l.unique), func(entry, _ []byte) bool {
		if string(entry[len(l.unique):]) != key {
			conflict = fmt.Errorf("%s %q: %w", r.kind.Name, key, ErrConflict)
		}
		return conflict == nil
	})
	if err != nil {
		return err
	}
	return conflict
}

// indexing is how a record is found: its index entries and the names of the lists that contain it.
type indexing struct {
	links []link
	lists []string
}

// without returns the links that are not among others.
func without(links, others []link) (left []link) {
	const few = 16 // most records have fewer
	among := func(l link) bool {
		return slices.ContainsFunc(others, func(other link) bool { return bytes.Equal(l.entry, other.entry) })
	}
	if len(others) > few {
		entries := make(map[string]bool, len(others))
		for _, l := range others {
			entries[string(l.entry)] = true
		}
		among = func(l link) bool { return entries[string(l.entry)] }
	}
	for _, l := range links {
		if !among(l) {
			left = append(left, l)
		}
	}
	return left
}

func (r Records) indexing(key string, v any) indexing {
	return indexing{r.links(key, v), r.kind.lists(v)}
}

// indexingOf is the indexing of a stored record.
func (r Records) indexingOf(row, raw []byte) (indexing, error) {
	v, err := r.decodeIndexed(row, raw)
	if err != nil {
		return indexing{}, err
	}
	return r.indexing(r.kind.key(v), v), nil
}

// relink writes the links that are new for a record (added), removes its old links that no longer
// apply, and moves it between lists.
func (r Records) relink(key string, was, is indexing, added []link) error {
	if err := r.putLinks(added); err != nil {
		return err
	}
	for _, l := range without(was.links, is.links) {
		if err := r.tx.kv.Delete(l.entry); err != nil {
			return err
		}
	}
	return r.relist(key, was.lists, is.lists)
}
