package authzext

import (
	"crypto/rand"
	"fmt"
	"slices"
	"strings"

	"github.com/tenant0/tenant0/storage"
)

// summary are the members that groups, roles and permissions have in common, as most
// operations return them.
type summary struct {
	ID          string `json:"_id"`
	Name        string `json:"name"`
	Description string `json:"description"`
}

// collection has the operations that groups, roles and permissions have in common.
type collection[T any] struct {
	name    string
	records func(*storage.Extension) *[]T
	summary func(T) summary
	// members are the members, by name, that a search may use in addition to those of the
	// summary.
	members map[string]func(T) string
}

func groups() collection[storage.ExtensionGroup] {
	return collection[storage.ExtensionGroup]{
		"groups",
		func(ext *storage.Extension) *[]storage.ExtensionGroup { return &ext.Groups },
		func(g storage.ExtensionGroup) summary { return summary{g.ID, g.Name, g.Description} },
		nil,
	}
}

func roles() collection[storage.ExtensionRole] {
	return collection[storage.ExtensionRole]{
		"roles",
		func(ext *storage.Extension) *[]storage.ExtensionRole { return &ext.Roles },
		func(r storage.ExtensionRole) summary { return summary{r.ID, r.Name, r.Description} },
		map[string]func(storage.ExtensionRole) string{
			"applicationType": func(r storage.ExtensionRole) string { return r.ApplicationType },
			"applicationId":   func(r storage.ExtensionRole) string { return r.ApplicationID },
		},
	}
}

func permissions() collection[storage.ExtensionPermission] {
	return collection[storage.ExtensionPermission]{
		"permissions",
		func(ext *storage.Extension) *[]storage.ExtensionPermission { return &ext.Permissions },
		func(p storage.ExtensionPermission) summary { return summary{p.ID, p.Name, p.Description} },
		map[string]func(storage.ExtensionPermission) string{
			"applicationType": func(p storage.ExtensionPermission) string { return p.ApplicationType },
			"applicationId":   func(p storage.ExtensionPermission) string { return p.ApplicationID },
		},
	}
}

// find returns the record with the id, or errNoRecord.
func (c collection[T]) find(ext *storage.Extension, id string) (*T, error) {
	records := *c.records(ext)
	i := slices.IndexFunc(records, func(v T) bool { return c.summary(v).ID == id })
	if i < 0 {
		return nil, errNoRecord(c.name, id)
	}
	return &records[i], nil
}

// remove removes the record with the id, if there is one.
func (c collection[T]) remove(ext *storage.Extension, id string) {
	records := c.records(ext)
	*records = slices.DeleteFunc(*records, func(v T) bool { return c.summary(v).ID == id })
}

// taken reports whether another record than v, for which counts is true, has the name of
// v. The case of names is ignored.
func (c collection[T]) taken(ext *storage.Extension, v T, counts func(T) bool) bool {
	own := c.summary(v)
	return slices.ContainsFunc(*c.records(ext), func(other T) bool {
		s := c.summary(other)
		return strings.EqualFold(s.Name, own.Name) && s.ID != own.ID && counts(other)
	})
}

// search returns the records in which the member s.Field contains the text s.Q, or all
// records if the text is empty; never nil. total is the number of all records, regardless
// of the search.
func (c collection[T]) search(ext *storage.Extension, s search) (found []T, total int, err error) {
	records := *c.records(ext)
	found = []T{}
	if s.Q == "" {
		return append(found, records...), len(records), nil
	}
	member, ok := c.member(s.Field)
	if !ok {
		return nil, 0, errInvalid("query", place{"field", "field"}.fails("must be a searchable field"))
	}
	for _, v := range records {
		if strings.Contains(strings.ToLower(member(v)), strings.ToLower(s.Q)) {
			found = append(found, v)
		}
	}
	return found, len(records), nil
}

func (c collection[T]) member(name string) (value func(T) string, ok bool) {
	switch name {
	case "_id":
		return func(v T) string { return c.summary(v).ID }, true
	case "name":
		return func(v T) string { return c.summary(v).Name }, true
	case "description":
		return func(v T) string { return c.summary(v).Description }, true
	}
	value, ok = c.members[name]
	return value, ok
}

// summaries returns the summaries of the records; never nil.
func (c collection[T]) summaries(records []T) []summary {
	all := make([]summary, len(records))
	for i, v := range records {
		all[i] = c.summary(v)
	}
	return all
}

// names returns the names of the records for which want is true.
func (c collection[T]) names(ext *storage.Extension, want func(T) bool) []string {
	var found []string
	for _, v := range *c.records(ext) {
		if want(v) {
			found = append(found, c.summary(v).Name)
		}
	}
	return found
}

// with returns list with the items added that it does not contain yet.
func with(list []string, items ...string) []string {
	there := setOf(list)
	for _, item := range items {
		if !there[item] {
			there[item] = true
			list = append(list, item)
		}
	}
	return list
}

// without returns list without the items. An empty result is an empty list, not nil,
// unless list is nil.
func without(list []string, items ...string) []string {
	gone := setOf(items)
	return slices.DeleteFunc(list, func(item string) bool { return gone[item] })
}

// setOf returns the items of a list as a set, for fast lookups.
func setOf(list []string) map[string]bool {
	set := make(map[string]bool, len(list))
	for _, item := range list {
		set[item] = true
	}
	return set
}

// newID returns a random UUID, RFC 9562 version 4.
func newID() string {
	var b [16]byte
	_, _ = rand.Read(b[:]) // never fails: crypto/rand
	b[6], b[8] = b[6]&0x0f|0x40, b[8]&0x3f|0x80
	return fmt.Sprintf("%x-%x-%x-%x-%x", b[:4], b[4:6], b[6:8], b[8:10], b[10:])
}

// list returns the records that match the query.
func (c collection[T]) list(a *api, rq *call) (any, error) {
	ext, err := a.read(rq.Context())
	if err != nil {
		return nil, err
	}
	s, err := rq.search()
	if err != nil {
		return nil, err
	}
	found, total, err := c.search(&ext, s)
	return map[string]any{c.name: found, "total": total}, err
}

// show returns the summary of the record whose id is in the path.
func (c collection[T]) show(a *api, rq *call) (any, error) {
	ext, err := a.read(rq.Context())
	if err != nil {
		return nil, err
	}
	v, err := c.find(&ext, rq.id())
	if err != nil {
		return nil, err
	}
	return c.summary(*v), nil
}
