package management

import (
	"cmp"
	"errors"
	"iter"
	"net/http"
	"slices"

	"github.com/tenant0/tenant0/server/apierr"
	"github.com/tenant0/tenant0/server/search"
	"github.com/tenant0/tenant0/storage"
)

// searchFault turns an error in a search query or a sort order into the error for the
// client.
func searchFault(err error) error {
	var fault *search.Error
	if !errors.As(err, &fault) {
		return err
	}
	return &apierr.Error{
		Status: http.StatusBadRequest, Message: fault.Message, Extra: map[string]any{"errorCode": "invalid_query_string"},
	}
}

// searchUsers returns the users that match the query parameter q, in the order of the
// parameter sort. It parses both before it reads the first row.
func (c *call) searchUsers(tx *storage.Tx, rows iter.Seq2[storage.Row, error]) (iter.Seq2[storage.Row, error], error) {
	if err := c.oneOf("search_engine", "v1", "v2", "v3"); err != nil {
		return nil, err
	}
	schema := search.Users
	switch c.query.Get("search_engine") {
	case "v1":
		return nil, invalidPart("You are not allowed to use search_engine=v1.", "invalid_query_string")
	case "v2":
		schema = search.UsersV2
	}
	if text := c.query.Get("q"); text != "" {
		query, err := search.Parse(text, schema)
		if err != nil {
			return nil, searchFault(err)
		}
		if rows, err = usersMatching(tx, rows, query); err != nil {
			return nil, err
		}
	}
	switch sort := c.query.Get("sort"); {
	case sort != "":
		return inOrder(rows, sort, schema)
	case c.query.Get("q") == "":
		return wholeList, nil
	}
	return rows, nil
}

// usersMatching returns the users that match a query. If an index can find them, it tests
// only the users that the index finds.
func usersMatching(tx *storage.Tx, rows iter.Seq2[storage.Row, error], query search.Query) (iter.Seq2[storage.Row, error], error) {
	var fault error
	plan := query.Plan(func(field, value string) (iter.Seq[string], bool) {
		ids, ok, err := tx.UsersWith(field, value)
		if field == "organization_id" {
			ids, ok, err = membersOf(tx, value)
		}
		fault = cmp.Or(fault, err)
		return slices.Values(ids), ok
	})
	if plan.Narrowed {
		rows = tx.Users.RowsAt(plan.Keys)
	}
	return matching(rows, func(row storage.Row) bool { return plan.Match(row.Key, row.JSON) }), fault
}

// membersOf returns the ids of an organization's members. An organization that does not
// exist has none.
func membersOf(tx *storage.Tx, organization string) (ids []string, ok bool, err error) {
	for row, err := range tx.Documents(storage.OrganizationMembersKind, organization).Rows() {
		if err != nil {
			return nil, false, err
		}
		ids = append(ids, row.Key)
	}
	return ids, true, nil
}

// searches serves the searches for organizations, APIs, applications and client grants.
//
//auth0:operation GET /api/v2/organizations/search
//auth0:operation GET /api/v2/resource-servers/search
//auth0:operation GET /api/v2/clients/search
//auth0:operation GET /api/v2/client-grants/search
func searches() []operation {
	applications := clients()
	applications.scopes = map[string][]string{"list": {"read:clients", "read:client_summary"}}
	applications.show = func(c *call, _ *storage.Tx, doc storage.Document) (storage.Document, error) {
		for _, name := range []string{"client_secret", "encryption_key", "signing_keys", "owners", "addons"} {
			delete(doc, name)
		}
		return c.narrow(doc), nil
	}
	return slices.Concat(
		searchOf(organizations(), search.Fields("id", "name", "display_name", "metadata.*"), "name", "display_name"),
		searchOf(resourceServers(), search.Fields("id", "name", "identifier"), "name", "identifier"),
		searchOf(applications, search.Clients, "name"),
		searchOf(clientGrants(), search.ClientGrants, "audience"),
	)
}

// searchOf serves the search of a resource. The schema says which fields can be searched,
// and sortable by which results can be sorted, in ascending order.
func searchOf(s collection, schema *search.Schema, sortable ...string) []operation {
	s.path, s.verbs = s.path+"/search", "list"
	s.list = listing{key: s.list.key, style: checkpointed, search: func(c *call, _ *storage.Tx, rows iter.Seq2[storage.Row, error]) (iter.Seq2[storage.Row, error], error) {
		if parser := c.query.Get("parser"); parser != "" && parser != "lucene" {
			return nil, invalidQuery("'The parser " + parser + " is not emulated by tenant0; lucene is' on property parser")
		}
		text, sort := c.query.Get("q"), c.query.Get("sort")
		if text == "" && sort == "" {
			return wholeList, nil
		}
		if text != "" {
			query, err := search.Parse(text, schema)
			if err != nil {
				return nil, searchFault(err)
			}
			rows = matching(rows, func(row storage.Row) bool { return query.Match(row.JSON) })
		}
		if sort == "" {
			return rows, nil
		}
		if !slices.Contains(sortable, sort) {
			return nil, invalidQuery("'No enum match for: " + sort + "' on property sort")
		}
		return inOrder(rows, sort+":1", schema)
	}}
	return s.operations()
}

// matching returns the rows that meet a condition.
func matching(rows iter.Seq2[storage.Row, error], meets func(storage.Row) bool) iter.Seq2[storage.Row, error] {
	return func(yield func(storage.Row, error) bool) {
		for row, err := range rows {
			if (err != nil || meets(row)) && !yield(row, err) {
				return
			}
		}
	}
}

// inOrder sorts rows in the order that sort describes.
func inOrder(rows iter.Seq2[storage.Row, error], sort string, schema *search.Schema) (iter.Seq2[storage.Row, error], error) {
	order, err := search.ParseOrder(sort, schema)
	if err != nil {
		return nil, searchFault(err)
	}
	return ordered(rows, order)
}

// sorted sorts rows as the query parameter sort asks, or as own does if the query has
// none. Rows come in the order in which their objects were created.
func (c *call) sorted(rows iter.Seq2[storage.Row, error], own string, fields ...string) (iter.Seq2[storage.Row, error], error) {
	sort := cmp.Or(c.query.Get("sort"), own)
	switch sort {
	case "created_at:1":
		return wholeList, nil
	case "created_at:-1":
		var all []storage.Row
		for row, err := range rows {
			if err != nil {
				return nil, err
			}
			all = append(all, row)
		}
		slices.Reverse(all)
		return numbered(all), nil
	}
	return inOrder(rows, sort, search.Fields(fields...))
}

// numbered yields rows with their index in this list as their place, so that a cursor
// continues at the right row.
func numbered(all []storage.Row) iter.Seq2[storage.Row, error] {
	return func(yield func(storage.Row, error) bool) {
		for i, row := range all {
			row.Place = indexPlace(i)
			if !yield(row, nil) {
				return
			}
		}
	}
}

// ordered reads all rows, and returns them in order.
func ordered(rows iter.Seq2[storage.Row, error], order search.Order) (iter.Seq2[storage.Row, error], error) {
	type ranked struct {
		row storage.Row
		key search.Key
	}
	var all []ranked
	for row, err := range rows {
		if err != nil {
			return nil, err
		}
		all = append(all, ranked{row, order.Key(row.JSON)})
	}
	slices.SortStableFunc(all, func(a, b ranked) int { return order.Compare(a.key, b.key) })
	sorted := make([]storage.Row, len(all))
	for i, r := range all {
		sorted[i] = r.row
	}
	return numbered(sorted), nil
}

// checkUserPage returns an error for pages beyond the limit of the user search.
func checkUserPage(w *window) error {
	if w.start+w.size <= maxPaged {
		return nil
	}
	return invalidPaging("You can only page through the first 1000 records. See https://auth0.com/docs/users/search/v3/view-search-results-by-page#limitation")
}
