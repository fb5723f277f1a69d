package authzext

import (
	"cmp"
	"slices"

	"github.com/tenant0/tenant0/server/authz"
	"github.com/tenant0/tenant0/storage"
)

// page returns the page of items that the query requests. Pages 0 and 1 are both the
// first page.
func page[T any](items []T, s search, size int) []T {
	if s.PerPage != nil {
		size = *s.PerPage
	}
	from := min(max(s.Page-1, 0)*size, len(items))
	return items[from:min(from+size, len(items))]
}

const membersPerPage = 25

//auth0:operation GET /extensions/authorization/api/groups/{id}/members
func (a *api) listMembers(c *call) (any, error) {
	s, err := c.search()
	if err != nil {
		return nil, err
	}
	total, users := 0, []storage.Document{}
	err = a.view(c.Context(), func(tx *storage.Tx, ext storage.Extension) error {
		g, err := groups().find(&ext, c.id())
		if err != nil {
			return err
		}
		total = len(g.Members)
		for _, id := range page(g.Members, s, membersPerPage) {
			user, err := profile(tx, id, listedUser...)
			if err != nil {
				return err
			}
			users = append(users, user)
		}
		return nil
	})
	sortBy(users, "user_id")
	return map[string]any{"total": total, "users": users}, err
}

// listNestedMembers lists the members of the group and of all groups nested in it, each
// user once, with the first group that lists the user.
//
//auth0:operation GET /extensions/authorization/api/groups/{id}/members/nested
func (a *api) listNestedMembers(c *call) (any, error) {
	type member struct {
		User  storage.Document `json:"user"`
		Group summary          `json:"group"`
		id    string
	}
	s, err := c.search()
	if err != nil {
		return nil, err
	}
	all, shown := []member{}, []member{}
	err = a.view(c.Context(), func(tx *storage.Tx, ext storage.Extension) error {
		if _, err := groups().find(&ext, c.id()); err != nil {
			return err
		}
		seen := map[string]bool{}
		for _, g := range authz.WithChildren(ext.Groups, []string{c.id()}) {
			for _, id := range g.Members {
				if !seen[id] {
					seen[id] = true
					all = append(all, member{Group: groups().summary(g), id: id})
				}
			}
		}
		shown = page(all, s, membersPerPage)
		for i, m := range shown {
			if shown[i].User, err = profile(tx, m.id, "user_id", "name", "nickname", "email"); err != nil {
				return err
			}
		}
		return nil
	})
	slices.SortStableFunc(shown, func(a, b member) int { return cmp.Compare(textOf(a.User["name"]), textOf(b.User["name"])) })
	return map[string]any{"total": len(all), "nested": shown}, err
}

// profile returns the given members of a user. An unknown user is shown as Auth0's
// extension shows a user that it cannot fetch.
func profile(tx *storage.Tx, id string, members ...string) (storage.Document, error) {
	user, err := tx.Users.Document(id)
	if storage.IsNotFound(err) {
		user, err = storage.Document{
			"user_id": id, "name": "<Error: ManagementApiError>", "email": id,
			"identities": []any{map[string]any{"connection": "N/A"}},
		}, nil
	}
	return pick(user, members...), err
}

// pick returns a copy of a document with only the given members.
func pick(d storage.Document, members ...string) storage.Document {
	picked := storage.Document{}
	for _, name := range members {
		if value, ok := d[name]; ok {
			picked[name] = value
		}
	}
	return picked
}

func sortBy(documents []storage.Document, member string) {
	slices.SortStableFunc(documents, func(a, b storage.Document) int { return cmp.Compare(textOf(a[member]), textOf(b[member])) })
}

func textOf(value any) string {
	s, _ := value.(string)
	return s
}
