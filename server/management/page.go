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
	// style is the format of the response.
	style style
	// filters maps query parameters to members; a listed document's member must equal the
	// parameter.
	filters map[string]string
	// indexes maps those of these parameters that have an index to its name.
	indexes map[string]string
	// withoutTotals lists never have a total, even if the request asks for it.
	withoutTotals bool
	// showsLength adds the length of the page to a response with totals.
	showsLength bool
	// maxPageSize is the largest page size, 0 for maxPage. defaultPageSize is the page size of a request
	// that does not set it, 0 for defaultPage.
	maxPageSize, defaultPageSize int
	// empty says that a request may ask for pages of size 0.
	empty bool
	// lastPage is the largest page number, 0 for no limit.
	lastPage int
	// showsZeros says that a counted list includes members that are 0.
	showsZeros bool
	// refusedParams lists query parameters of other lists that this list refuses, as Auth0 is known
	// to do.
	refusedParams []string
	// cursorAtEnd says that the last page has a cursor too.
	cursorAtEnd bool
	// keep reports whether a document belongs to the list. filtered reports whether the query
	// makes keep exclude any document; if it does not, documents outside of the page need not
	// be decoded. If filtered is nil, it always does.
	keep     func(c *call, doc storage.Document) bool
	filtered func(c *call) bool
	// search returns the rows that the query searches for, or asItIs. check returns an error
	// for windows that the list does not support. Both may be nil.
	search func(c *call, tx *storage.Tx, rows iter.Seq2[storage.Row, error]) (iter.Seq2[storage.Row, error], error)
	check  func(w *window) error
}

// wholeList is what search returns if the query asks for the whole list in its usual order.
var wholeList iter.Seq2[storage.Row, error]

// style is the format of a list, Auth0: api/management/v2. The formats differ because the
// resources were added at different times.
type style int

const (
	// paged lists are arrays, or objects with totals if include_totals is true.
	paged style = iota
	// flexible lists are paged, or objects with a cursor if take or from is sent.
	flexible
	// checkpointed lists are always objects with a cursor.
	checkpointed
	// totalled lists are always objects with totals.
	totalled
	// alwaysArray lists are always arrays.
	alwaysArray
	// wrapped lists are objects with no member but the list.
	wrapped
	// arrayOrCursor lists are arrays, or objects with a cursor if take or from is sent.
	arrayOrCursor
	// counted lists are objects with totals that omit members which are 0, as in the Actions
	// API.
	counted
)

// Limits of pages.
const (
	defaultPage = 50
	countedPage = 20
	maxPage     = 100
	// maxPageNumber is far beyond the last page of any list, and small enough that its product
	// with any page size does not overflow.
	maxPageNumber = math.MaxInt32
)

// window is the part of a list that a request asks for.
type window struct {
	listing
	whole  bool // the whole list
	cursor bool // begins after the place in after; otherwise at the index in start
	after  string
	start  int
	size   int
	page   int
	// counting windows also count the documents after their end, for the total.
	counting bool

	docs  []storage.Document
	total int
	last  string // the place of the last document in docs
	more  bool   // there are documents after it
}

// window reads a request's paging parameters.
func (c *call) window(l listing) (*window, error) {
	cursor := c.query.Get("take") != "" || c.query.Get("from") != ""
	w := &window{listing: l, docs: []storage.Document{}}
	if c.unpaged {
		w.whole = true
		return w, nil
	}
	for _, name := range l.refusedParams {
		if c.query.Has(name) {
			return nil, invalidQuery("'Additional properties not allowed: " + name + "'")
		}
	}
	switch l.style {
	case alwaysArray, wrapped:
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
	w.counting = !w.cursor && !w.withoutTotals && (l.style == totalled || l.style == counted || c.query.Get("include_totals") == "true")
	if w.cursor {
		return w, w.readCursor(c)
	}
	return w, w.readPage(c)
}

// sizes returns the least and the largest page size of the list, and the size for a request
// that does not set it.
func (l listing) sizes() (least, most, otherwise int) {
	least, most, otherwise = 1, cmp.Or(l.maxPageSize, maxPage), cmp.Or(l.defaultPageSize, defaultPage)
	if l.empty {
		least = 0
	}
	if l.style == counted {
		otherwise = countedPage
	}
	return least, most, min(otherwise, most)
}

// readPage reads the page number and the page size.
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

// readCursor reads the cursor at which the window begins.
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

// take counts the document at a place of the list, and reports whether it is in the window.
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

// done reports whether the rest of the list need not be read.
func (w *window) done() bool {
	switch {
	case w.whole, w.counting:
		return false
	case w.cursor:
		return w.more
	}
	return len(w.docs) >= w.size
}

// walk calls take for each row until the rest is not needed.
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

// fill calls take for the rows of a list from the beginning of the window. If sifts is false,
// take must take every row; rows before and after the window are then not read.
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

// taker returns a function that adds a row's document to the window if it belongs there.
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

// of returns the shortest list that contains all results of the query: the list of an index, if
// one of the query's filters has one, or else all documents. sifts reports whether the query
// may exclude documents of that list.
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

// sifts reports whether the query may exclude documents of the list.
func (l listing) sifts(c *call) bool {
	for parameter := range l.filters {
		if c.query.Has(parameter) {
			return true
		}
	}
	return l.keep != nil && (l.filtered == nil || l.filtered(c))
}

func (s collection) serveList(c *call) error {
	w, err := c.window(s.list)
	if err != nil {
		return err
	}
	if err := s.checkFields(c); err != nil {
		return err
	}
	if err := s.checkFilters(c); err != nil {
		return err
	}
	if err := c.view(func(tx *storage.Tx) error { return s.load(c, tx, w) }); err != nil {
		return err
	}
	return c.replyWindow(w, s.always...)
}

// all returns the whole list as the API shows it.
func (s collection) all(c *call, tx *storage.Tx) ([]storage.Document, error) {
	w := &window{listing: s.list, whole: true, docs: []storage.Document{}}
	err := s.load(c, tx, w)
	return w.docs, err
}

// load reads the documents of the window, as the API shows them. It completes them only after
// it has read all, since showing one may read other documents.
func (s collection) load(c *call, tx *storage.Tx, w *window) error {
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

// fill reads the documents of the window from the list that the query selects.
func (s collection) fill(c *call, tx *storage.Tx, st objects.Store, w *window) error {
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

// replyPage responds with the window of a list that is completely in memory.
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

// listed responds with the window that fill has filled.
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

// indexPlace returns the place of a document in a list that is completely in memory.
func indexPlace(i int) string { return fmt.Sprintf("%09d", i) }

// replyWindow responds with a window in the style of its list.
func (c *call) replyWindow(w *window, always ...string) error {
	for i, doc := range w.docs {
		w.docs[i] = c.selectFields(doc, always...)
	}
	switch {
	case c.unpaged:
		return c.reply(http.StatusOK, w.docs)
	case w.cursor:
		answer := storage.Document{w.key: w.docs}
		if w.more || (w.cursorAtEnd && len(w.docs) > 0) {
			answer["next"] = base64.RawURLEncoding.EncodeToString([]byte(w.last))
		}
		return c.reply(http.StatusOK, answer)
	case w.style == wrapped:
		return c.reply(http.StatusOK, storage.Document{w.key: w.docs})
	case w.style == counted:
		answer := storage.Document{w.key: w.docs, "total": w.total, "page": w.page, "per_page": w.size}
		if len(w.docs) == 0 {
			answer["total"] = 0 // even for a page after the end of the list
		}
		maps.DeleteFunc(answer, func(_ string, v any) bool { return v == 0 && !w.showsZeros })
		return c.reply(http.StatusOK, answer)
	case w.style == totalled, !w.whole && c.query.Get("include_totals") == "true":
		answer := storage.Document{w.key: w.docs, "start": w.start, "limit": w.size, "total": w.total}
		if w.withoutTotals {
			delete(answer, "total")
		}
		if w.showsLength {
			answer["length"] = len(w.docs)
		}
		return c.reply(http.StatusOK, answer)
	}
	return c.reply(http.StatusOK, w.docs)
}

// collect returns the documents that match the query's filters.
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

// textOf returns a member's value as a query parameter would have it.
func textOf(v any) string {
	switch v := v.(type) {
	case string:
		return v
	case bool:
		return strconv.FormatBool(v)
	case nil:
		return "false" // a missing flag counts as false
	}
	return jsonText(v)
}
