package management

import (
	"cmp"
	"encoding/base64"
	"fmt"
	"iter"
	"maps"
	"math"
	"net/http"
	"slices"
	"strconv"
	"strings"

	"github.com/tenant0/tenant0/server/objects"
	"github.com/tenant0/tenant0/storage"
)

// listing says how a resource is listed.
type listing struct {
	// key names the list in the answer.
	key string
	// style is the form of the answer.
	style style
	// filters are parameters that a member must be equal to, by parameter.
	filters map[string]string
	// indexes are those of the filters for which there are lists, by parameter.
	indexes map[string]string
	// untotalled lists do not say how many there are, though asked.
	untotalled bool
	// length adds the length of the page to one with totals.
	length bool
	// most is the largest page, 0 for maxPage, and otherwise the one that is given unless the
	// query says, 0 for defaultPage.
	most, otherwise int
	// empty lists may be asked for pages of nothing.
	empty bool
	// lastPage is the largest number of a page, 0 for any.
	lastPage int
	// zeros keeps in a counted list the members that are zero.
	zeros bool
	// without are parameters of other lists that this one refuses, as Auth0 is known to do.
	without []string
	// eager lists give a cursor with the last page too.
	eager bool
	// keep says whether a document is in the list at all, and narrowed whether the
	// query asks for less than all: without it, documents off the page need not be
	// looked into.
	keep     func(c *call, doc storage.Document) bool
	narrowed func(c *call) bool
	// search lets through what the query searches for, or returns asItIs, and check refuses
	// windows that the list does not have; nil for neither.
	search func(c *call, tx *storage.Tx, rows iter.Seq2[storage.Row, error]) (iter.Seq2[storage.Row, error], error)
	check  func(w *window) error
}

// asItIs is what a search returns whose query asks for nothing but the list.
var asItIs iter.Seq2[storage.Row, error]

// style is the form of a list, Auth0: api/management/v2: lists differ by the age
// of their resource.
type style int

const (
	// paged lists are arrays, or objects with totals when include_totals is sent.
	paged style = iota
	// flexible lists are paged, or have a cursor when take or from is sent.
	flexible
	// checkpointed lists are objects with a cursor.
	checkpointed
	// totalled lists are objects with totals always.
	totalled
	// bare lists are arrays always.
	bare
	// wrapped lists are objects with the list alone.
	wrapped
	// arrayOrCursor lists are arrays, or have a cursor when take or from is sent.
	arrayOrCursor
	// counted lists leave out members that are zero, as the actions API does.
	counted
)

// Bounds of pages.
const (
	defaultPage = 50
	countedPage = 20
	maxPage     = 100
	// maxPageNumber is far past the last page of any list, and any size of a page can
	// be multiplied by it.
	maxPageNumber = math.MaxInt32
)

// window is the part of a list that a request asks for.
type window struct {
	listing
	whole  bool // all of it
	cursor bool // the size documents after the place; else those from the index start
	after  string
	start  int
	size   int
	page   int
	// counting windows count the documents past their end, to tell how many there are.
	counting bool

	docs  []storage.Document
	total int
	last  string // the place of the last of docs
	more  bool   // there are documents after the last
}

// window reads the parameters of a list.
func (c *call) window(l listing) (*window, error) {
	cursor := c.query.Get("take") != "" || c.query.Get("from") != ""
	w := &window{listing: l, docs: []storage.Document{}}
	if c.whole {
		w.whole = true
		return w, nil
	}
	for _, name := range l.without {
		if c.query.Has(name) {
			return nil, invalidQuery("'Additional properties not allowed: " + name + "'")
		}
	}
	switch l.style {
	case bare, wrapped:
		w.whole = true
	case arrayOrCursor:
		w.whole, w.cursor = !cursor, cursor
	case checkpointed:
		w.cursor = true
	case flexible:
		w.cursor = cursor
	case paged, totalled, counted:
	}
	if w.whole {
		return w, nil
	}
	w.counting = !w.cursor && !w.untotalled && (l.style == totalled || l.style == counted || c.query.Get("include_totals") == "true")
	if w.cursor {
		return w, w.readCursor(c)
	}
	return w, w.readPage(c)
}

// sizes are those of the list's pages: the least, the largest, and that of one whose query does
// not say.
func (l listing) sizes() (least, most, otherwise int) {
	least, most, otherwise = 1, cmp.Or(l.most, maxPage), cmp.Or(l.otherwise, defaultPage)
	if l.empty {
		least = 0
	}
	if l.style == counted {
		otherwise = countedPage
	}
	return least, most, min(otherwise, most)
}

// readPage reads which page the query asks for.
func (w *window) readPage(c *call) (err error) {
	least, most, otherwise := w.sizes()
	if w.size, err = c.number("per_page", otherwise, least, most); err != nil {
		return err
	}
	w.page, err = c.number("page", 0, 0, cmp.Or(w.lastPage, maxPageNumber))
	w.start = w.page * w.size
	if err != nil || w.check == nil {
		return err
	}
	return w.check(w)
}

// readCursor reads where the query has the window begin.
func (w *window) readCursor(c *call) (err error) {
	_, most, otherwise := w.sizes()
	if w.size, err = c.number("take", otherwise, 1, most); err != nil {
		return err
	}
	after, err := base64.RawURLEncoding.DecodeString(c.query.Get("from"))
	if err != nil {
		return invalidCursor
	}
	w.after = string(after)
	return nil
}

// take counts a document at a place of the list, and reports whether it is in the
// window.
func (w *window) take(place string) bool {
	if w.cursor && place <= w.after {
		return false
	}
	index := w.total
	w.total++
	if w.whole {
		return true
	}
	if index < w.start {
		return false
	}
	if len(w.docs) >= w.size {
		w.more = true
		return false
	}
	w.last = place
	return true
}

// done reports whether the rest of the list does not matter.
func (w *window) done() bool {
	switch {
	case w.whole, w.counting:
		return false
	case w.cursor:
		return w.more
	}
	return len(w.docs) >= w.size
}

// walk has take look at rows for as long as they matter.
func (w *window) walk(rows iter.Seq2[storage.Row, error], take func(storage.Row) error) error {
	for row, err := range rows {
		if err != nil {
			return err
		}
		if err := take(row); err != nil || w.done() {
			return err
		}
	}
	return nil
}

// fill has take look at the rows of a list from where the window begins. Where it does not
// sift, and takes each, what is before the window and behind it is not read.
func (w *window) fill(list storage.List, sifts bool, take func(storage.Row) error) (err error) {
	if sifts || w.whole || w.cursor {
		return w.walk(list.Rows(w.after, 0), take)
	}
	counting := w.counting
	w.counting, w.total = false, w.start
	if err := w.walk(list.Rows("", w.start), take); err != nil || !counting {
		return err
	}
	w.total, err = list.Count()
	return err
}

// taker takes the documents of the window out of rows.
func (c *call) taker(w *window, sifts bool) func(storage.Row) error {
	if !sifts {
		return w.takeRow
	}
	return func(row storage.Row) error {
		doc, err := row.Document()
		if err == nil && c.matches(doc, w.listing) && w.take(row.Place) {
			w.docs = append(w.docs, doc)
		}
		return err
	}
}

// takeRow decodes a row only if it is in the window.
func (w *window) takeRow(row storage.Row) error {
	if !w.take(row.Place) {
		return nil
	}
	doc, err := row.Document()
	w.docs = append(w.docs, doc)
	return err
}

// of is the shortest list that the query can be answered from: all documents, or those
// that one of its filters leads to. sifts reports whether it asks for less than that.
func (l listing) of(c *call, st objects.Lister) (list storage.List, sifts bool) {
	by, ok := st.(objects.Indexed)
	if !ok {
		return st.List(), l.sifts(c)
	}
	for _, parameter := range slices.Sorted(maps.Keys(l.indexes)) {
		values := c.query[parameter]
		if len(values) != 1 || values[0] == "" || strings.Contains(values[0], ",") {
			continue
		}
		l.filters = maps.Clone(l.filters)
		delete(l.filters, parameter)
		return by.ListBy(l.indexes[parameter], values[0]), l.sifts(c)
	}
	return st.List(), l.sifts(c)
}

// sifts reports whether the query asks for less than the whole list.
func (l listing) sifts(c *call) bool {
	for parameter := range l.filters {
		if c.query.Has(parameter) {
			return true
		}
	}
	return l.keep != nil && (l.narrowed == nil || l.narrowed(c))
}

func (s served) serveList(c *call) error {
	w, err := c.window(s.list)
	if err != nil {
		return err
	}
	if err := s.checkFields(c); err != nil {
		return err
	}
	if err := c.view(func(tx *storage.Tx) error { return s.load(c, tx, w) }); err != nil {
		return err
	}
	return c.replyWindow(w, s.always...)
}

// all is the whole list, as the API shows it.
func (s served) all(c *call, tx *storage.Tx) ([]storage.Document, error) {
	w := &window{listing: s.list, whole: true, docs: []storage.Document{}}
	err := s.load(c, tx, w)
	return w.docs, err
}

// load takes the documents of the window, as the API shows them. They are shown once all
// are read: to show one may read others.
func (s served) load(c *call, tx *storage.Tx, w *window) error {
	st, err := s.open(c, tx)
	if err != nil {
		return err
	}
	if err := s.fill(c, tx, st, w); err != nil {
		return err
	}
	for i, doc := range w.docs {
		if w.docs[i], err = s.shown(c, tx, doc); err != nil {
			return err
		}
	}
	return nil
}

// fill takes the documents of the window out of the list that the query asks for.
func (s served) fill(c *call, tx *storage.Tx, st objects.Store, w *window) error {
	list, sifts := s.list.of(c, st)
	if s.list.search != nil {
		found, err := s.list.search(c, tx, list.Rows("", 0))
		if err != nil {
			return err
		}
		if found != nil {
			return w.walk(found, c.taker(w, sifts))
		}
	}
	return w.fill(list, sifts, c.taker(w, sifts))
}

// replyPage answers with the window of documents that are at hand.
func (c *call) replyPage(docs []storage.Document, l listing) error {
	w, err := c.window(l)
	if err != nil {
		return err
	}
	for i, doc := range docs {
		if w.take(indexPlace(i)) {
			w.docs = append(w.docs, doc)
		}
	}
	return c.replyWindow(w)
}

// listed answers with the window that fill fills.
func (c *call) listed(l listing, fill func(tx *storage.Tx, w *window) error) error {
	w, err := c.window(l)
	if err != nil {
		return err
	}
	if err := c.view(func(tx *storage.Tx) error { return fill(tx, w) }); err != nil {
		return err
	}
	return c.replyWindow(w)
}

// indexPlace is the place of a document in a list that is at hand.
func indexPlace(i int) string { return fmt.Sprintf("%09d", i) }

// replyWindow answers with a window in its list's style.
func (c *call) replyWindow(w *window, always ...string) error {
	for i, doc := range w.docs {
		w.docs[i] = c.selectFields(doc, always...)
	}
	switch {
	case c.whole:
		return c.reply(http.StatusOK, w.docs)
	case w.cursor:
		answer := storage.Document{w.key: w.docs}
		if w.more || (w.eager && len(w.docs) > 0) {
			answer["next"] = base64.RawURLEncoding.EncodeToString([]byte(w.last))
		}
		return c.reply(http.StatusOK, answer)
	case w.style == wrapped:
		return c.reply(http.StatusOK, storage.Document{w.key: w.docs})
	case w.style == counted:
		answer := storage.Document{w.key: w.docs, "total": w.total, "page": w.page, "per_page": w.size}
		if len(w.docs) == 0 {
			answer["total"] = 0 // past the end too
		}
		maps.DeleteFunc(answer, func(_ string, v any) bool { return v == 0 && !w.zeros })
		return c.reply(http.StatusOK, answer)
	case w.style == totalled, !w.whole && c.query.Get("include_totals") == "true":
		answer := storage.Document{w.key: w.docs, "start": w.start, "limit": w.size, "total": w.total}
		if w.untotalled {
			delete(answer, "total")
		}
		if w.length {
			answer["length"] = len(w.docs)
		}
		return c.reply(http.StatusOK, answer)
	}
	return c.reply(http.StatusOK, w.docs)
}

// collect takes the documents that the query's filters let through.
func (c *call) collect(all iter.Seq2[storage.Document, error], l listing) ([]storage.Document, error) {
	docs := []storage.Document{}
	for doc, err := range all {
		if err != nil {
			return nil, err
		}
		if c.matches(doc, l) {
			docs = append(docs, doc)
		}
	}
	return docs, nil
}

func (c *call) matches(doc storage.Document, l listing) bool {
	if l.keep != nil && !l.keep(c, doc) {
		return false
	}
	for parameter, member := range l.filters {
		wanted := c.query[parameter]
		if len(wanted) == 0 {
			continue
		}
		if wanted = strings.Split(strings.Join(wanted, ","), ","); !slices.Contains(wanted, textOf(doc[member])) {
			return false
		}
	}
	return true
}

// textOf is a member's value as a query writes it.
func textOf(v any) string {
	switch v := v.(type) {
	case string:
		return v
	case bool:
		return strconv.FormatBool(v)
	case nil:
		return "false" // a flag that is not there
	}
	return jsonText(v)
}
