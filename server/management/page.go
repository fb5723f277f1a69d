package management

import (
	"encoding/base64"
	"iter"
	"maps"
	"net/http"
	"net/url"
	"slices"
	"strconv"
	"strings"

	"github.com/tenant0/tenant0/server/apierr"
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
	// length adds the length of the page to one with totals.
	length bool
	// keep says whether a document is in the list at all.
	keep func(c *call, doc storage.Document) bool
}

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

func (s served) serveList(c *call) error {
	var docs []storage.Document
	err := c.view(func(tx *storage.Tx) error {
		st, err := s.keep(c, tx)
		if err != nil {
			return err
		}
		if docs, err = c.collect(st.All(), s.list); err != nil {
			return err
		}
		for i, doc := range docs {
			if docs[i], err = s.shown(c, tx, doc); err != nil {
				return err
			}
		}
		return nil
	})
	if err != nil {
		return err
	}
	return c.page(docs, s.list, s.always...)
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

// Bounds of pages.
const (
	defaultPage = 50
	maxPage     = 100
)

// number reads a parameter of the query.
func (c *call) number(name string, otherwise, maximum int) (int, error) {
	raw := c.query.Get(name)
	if raw == "" {
		return otherwise, nil
	}
	n, err := strconv.Atoi(raw)
	switch {
	case err != nil:
		return 0, invalidQuery("'Expected type integer but found type string' on property " + name)
	case n < 0:
		return 0, invalidQuery("'Value " + raw + " is less than minimum 0' on property " + name)
	case maximum > 0 && n > maximum:
		return 0, invalidQuery("'Value " + raw + " is greater than maximum " + strconv.Itoa(maximum) + "' on property " + name)
	}
	return n, nil
}

func invalidQuery(what string) error {
	return &apierr.Error{
		Status: http.StatusBadRequest, Message: "Query validation error: " + what + ".",
		Extra: map[string]any{"errorCode": "invalid_query_string"},
	}
}

// page answers with one page of documents in the list's style.
func (c *call) page(docs []storage.Document, l listing, always ...string) error {
	for i, doc := range docs {
		docs[i] = selectFields(c.query, doc, always...)
	}
	cursor := c.query.Get("take") != "" || c.query.Get("from") != ""
	switch {
	case l.style == bare, l.style == arrayOrCursor && !cursor:
		return c.reply(http.StatusOK, docs)
	case l.style == wrapped:
		return c.reply(http.StatusOK, storage.Document{l.key: docs})
	case l.style == checkpointed, cursor && (l.style == flexible || l.style == arrayOrCursor):
		return c.cursorPage(docs, l)
	}
	per := defaultPage
	if l.style == counted {
		per = 20
	}
	per, err := c.number("per_page", per, maxPage)
	if err != nil {
		return err
	}
	page, err := c.number("page", 0, 0)
	if err != nil {
		return err
	}
	start := min(page*per, len(docs))
	part := docs[start:min(start+per, len(docs))]
	switch {
	case l.style == counted:
		return c.reply(http.StatusOK, nonZero(storage.Document{l.key: part, "total": len(docs), "page": page, "per_page": per}))
	case l.style == totalled || c.query.Get("include_totals") == "true":
		answer := storage.Document{l.key: part, "start": page * per, "limit": per, "total": len(docs)}
		if l.length {
			answer["length"] = len(part)
		}
		return c.reply(http.StatusOK, answer)
	}
	return c.reply(http.StatusOK, part)
}

func nonZero(doc storage.Document) storage.Document {
	maps.DeleteFunc(doc, func(_ string, v any) bool { return v == 0 })
	return doc
}

// cursorPage answers with a page after a cursor. Cursors are opaque; they hold
// the place in the list.
func (c *call) cursorPage(docs []storage.Document, l listing) error {
	otherwise, err := c.number("per_page", defaultPage, maxPage)
	if err != nil {
		return err
	}
	take, err := c.number("take", otherwise, 1000)
	if err != nil {
		return err
	}
	start := 0
	if from := c.query.Get("from"); from != "" {
		raw, err := base64.RawURLEncoding.DecodeString(from)
		if start, _ = strconv.Atoi(strings.TrimPrefix(string(raw), "at,")); err != nil || start <= 0 {
			return invalidQuery("'The cursor is not one of this list' on property from")
		}
	}
	start = min(start, len(docs))
	end := min(start+take, len(docs))
	answer := storage.Document{l.key: docs[start:end]}
	if end < len(docs) {
		answer["next"] = base64.RawURLEncoding.EncodeToString([]byte("at," + strconv.Itoa(end)))
	}
	return c.reply(http.StatusOK, answer)
}

// selectFields applies fields and include_fields: top-level members to show, or
// with include_fields=false to leave out. Those always shown stay.
func selectFields(query url.Values, doc storage.Document, always ...string) storage.Document {
	names := query.Get("fields")
	if names == "" {
		return doc
	}
	wanted := strings.Split(names, ",")
	include := query.Get("include_fields") != "false"
	if include {
		wanted = append(wanted, always...)
	}
	selected := storage.Document{}
	for name, value := range doc {
		if slices.Contains(wanted, name) == include {
			selected[name] = value
		}
	}
	return selected
}
