package storage

import (
	"encoding/json"
	"errors"
	"fmt"
	"iter"
	"slices"
	"strconv"
	"strings"

	"github.com/tenant0/tenant0/storage/table"

	"github.com/tenant0/tenant0/storage/keyspace"
)

// Kinds of the documents that the pages read, and the id of the document of a kind that has only
// one.
const (
	BrandingKind   = "branding"
	ThemesKind     = "branding/themes"
	PromptsKind    = "prompts"
	CustomTextKind = "prompts/custom-text"
	// PartialsKind are the tenant's HTML insertions into pages (partials), by prompt.
	PartialsKind = "prompts/partials"
	// PageTemplateKind is the HTML document around the pages.
	PageTemplateKind = "branding/templates/universal-login"
	SettingsKey      = "settings"
)

// Entry is a document that the server keeps for the Management API without a record type of its
// own. Entries of a kind and parent are ordered by when they were created.
type Entry struct {
	Kind   string `json:"kind"`
	Parent string `json:"parent,omitempty"` // the id of the resource that it belongs to
	ID     string `json:"id"`
	// Order sorts the entry among those of its kind and parent: 16 hex digits.
	Order string `json:"order"`
	// Unique holds the values that no other entry of the kind and parent may have.
	Unique []string `json:"unique,omitempty"`
	// Links holds values by which Linked finds entries of the kind in any parent.
	Links    []string        `json:"links,omitempty"`
	Document json.RawMessage `json:"document"`
}

// lookups are the members by which documents of a kind can be found, ignoring case.
var lookups = map[string][]string{
	OrganizationsKind:    {"name", "display_name"},
	DiscoveryDomainsKind: {"domain"},
	InvitationsKind:      {"ticket_id"},
}

// texts are the index values for the members in lookups.
func (e Entry) texts() []string {
	members := lookups[e.Kind]
	if len(members) == 0 {
		return nil
	}
	doc, err := decodeDocument(e)
	if err != nil {
		return nil // the fault is reported when the document is read
	}
	var values []string
	for _, member := range members {
		if text, _ := doc[member].(string); text != "" && !strings.ContainsRune(text, 0) {
			values = append(values, e.lookup(member, text))
		}
	}
	return values
}

func (e Entry) lookup(member, text string) string {
	return e.Kind + "\x01" + member + "\x01" + strings.ToLower(text)
}

func (e Entry) place() string { return e.Kind + "\x01" + e.Parent }

// maxCachedDocument is the largest document, in bytes, whose look-ups are cached.
const maxCachedDocument = 128 << 10

var entries = table.Declare(table.Spec[Entry]{
	Name:         "documents",
	Recent:       true,
	CacheLookups: true,
	Uncached:     func(e Entry) bool { return len(e.Document) > maxCachedDocument },
	Key:          func(e Entry) string { return e.place() + "\x01" + e.Order },
	List:         Entry.place,
	Indexes: []table.Index[Entry]{
		{Name: "id", Unique: true, Values: func(e Entry) []string { return []string{e.place() + "\x01" + e.ID} }},
		{Name: "unique", Unique: true, Values: func(e Entry) []string {
			var values []string
			for _, u := range e.Unique {
				values = append(values, e.place()+"\x01"+u)
			}
			return values
		}},
		{Name: "link", Values: func(e Entry) []string {
			var values []string
			for _, l := range e.Links {
				values = append(values, e.Kind+"\x01"+l)
			}
			return values
		}},
		{Name: "text", Values: Entry.texts},
	},
})

// Documents gives access to the documents of one kind and one parent ("" for none).
type Documents struct {
	tx           *Tx
	kind, parent string
}

// Documents returns the documents of a kind and parent.
func (tx *Tx) Documents(kind, parent string) Documents { return Documents{tx, kind, parent} }

func (d Documents) place() string { return Entry{Kind: d.kind, Parent: d.parent}.place() }

func (d Documents) find(id string) (Entry, error) {
	return d.tx.Entries.Find("id", d.place()+"\x01"+id)
}

// Document returns the document with an id, or an error that wraps ErrNotFound.
// The caller may change it.
func (d Documents) Document(id string) (Document, error) {
	e, err := d.find(id)
	if err != nil {
		return nil, err
	}
	return decodeDocument(e)
}

// Read decodes the document with an id into a value, or returns an error that wraps ErrNotFound.
func (d Documents) Read(id string, into any) error {
	e, err := d.find(id)
	if err != nil {
		return err
	}
	return e.decode(into)
}

// Decode decodes a document into a value, as Read does for a stored document.
func Decode(doc Document, into any) error {
	raw, err := json.Marshal(doc)
	if err != nil {
		return err
	}
	return json.Unmarshal(raw, into)
}

func decodeDocument(e Entry) (doc Document, err error) {
	err = e.decode(&doc)
	return doc, err
}

// decode decodes the entry's document into a value.
func (e Entry) decode(into any) error {
	if err := json.Unmarshal(e.Document, into); err != nil {
		return fmt.Errorf("%s %q: %w: %w", e.Kind, e.ID, keyspace.ErrDamaged, err)
	}
	return nil
}

// Write is what Put stores: a document, its unique values and its links.
type Write struct {
	ID            string
	Unique, Links []string
	Document      Document
}

// Put stores a document; a new one becomes the last. It returns an error that wraps ErrConflict if
// another document has one of its unique values.
func (d Documents) Put(w Write) error {
	raw, err := json.Marshal(w.Document)
	if err != nil {
		return err
	}
	e := Entry{Kind: d.kind, Parent: d.parent, ID: w.ID, Unique: w.Unique, Links: w.Links, Document: raw}
	old, err := d.find(w.ID)
	if e.Order = old.Order; IsNotFound(err) {
		e.Order, err = d.next()
	}
	if err != nil {
		return err
	}
	return d.tx.Entries.Put(e)
}

// next is the Order behind the last document.
func (d Documents) next() (string, error) {
	prefix := d.tx.records(entries.Kind).RowKey(d.place() + "\x01")
	var last uint64
	var damaged error
	err := d.tx.kv().ScanBack(prefix, keyspace.PrefixEnd(prefix), func(key, _ []byte) bool {
		last, damaged = strconv.ParseUint(string(key[len(prefix):]), 16, 64)
		return false
	})
	return fmt.Sprintf("%016x", last+1), errors.Join(err, damaged)
}

// Delete removes the document with an id; it is not an error if there is no such document.
func (d Documents) Delete(id string) error {
	e, err := d.find(id)
	if err != nil {
		return Optional(err)
	}
	return d.tx.Entries.Delete(entries.KeyOf(e))
}

// DeleteAll removes every document of the kind and parent.
func (d Documents) DeleteAll() error {
	var keys []string
	for e, err := range d.entries() {
		if err != nil {
			return err
		}
		keys = append(keys, entries.KeyOf(e))
	}
	for _, key := range keys {
		if err := d.tx.Entries.Delete(key); err != nil {
			return err
		}
	}
	return nil
}

func (d Documents) entries() iter.Seq2[Entry, error] {
	return d.tx.Entries.Starting(d.place() + "\x01")
}

// List contains the documents in their order.
func (d Documents) List() List {
	return d.tx.Entries.Named(d.place(), d.place()+"\x01", func(e Entry) Row { return Row{Place: e.Order, Key: e.ID, JSON: e.Document} })
}

// Rows yields the stored documents in their order. Changes made while it runs may or may not be
// seen.
func (d Documents) Rows() iter.Seq2[Row, error] { return d.List().Rows("", 0) }

// All yields the same documents as Rows, decoded.
func (d Documents) All() iter.Seq2[Document, error] { return d.List().Documents() }

// withText returns the entries of a kind, in any parent, by the text of a member named in lookups.
func (tx *Tx) withText(kind, member, text string) ([]Entry, error) {
	return collect(tx.Entries.By("text", Entry{Kind: kind}.lookup(member, text)))
}

// LinkedParents lists the entries of a kind that have a link, ordered by key: each row has the id
// of the entry's parent for its key, and the entry's document.
func (tx *Tx) LinkedParents(kind, value string) List {
	l := tx.Entries.ListBy("link", kind+"\x01"+value)
	return l.Showing(func(row Row) (Row, error) {
		var e Entry
		err := json.Unmarshal(row.JSON, &e)
		return Row{Place: row.Place, Key: e.Parent, JSON: e.Document}, err
	})
}

// Linked returns the entries of a kind, in any parent, that have value among their Links.
func (tx *Tx) Linked(kind, value string) ([]Entry, error) {
	return collect(tx.Entries.By("link", kind+"\x01"+value))
}

func collect(entries iter.Seq2[Entry, error]) (found []Entry, err error) {
	for e, err := range entries {
		if err != nil {
			return nil, err
		}
		found = append(found, e)
	}
	return found, nil
}

// DeleteLinked removes the entries of the given kinds that have value among their Links.
func (tx *Tx) DeleteLinked(value string, kinds ...string) error {
	for _, kind := range slices.Compact(slices.Sorted(slices.Values(kinds))) {
		found, err := tx.Linked(kind, value)
		if err != nil {
			return err
		}
		for _, e := range found {
			if err := tx.Entries.Delete(entries.KeyOf(e)); err != nil {
				return err
			}
		}
	}
	return nil
}
