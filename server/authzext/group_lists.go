package authzext

import (
	"cmp"
	"slices"

	"github.com/tenant0/tenant0/server/authz"
	"github.com/tenant0/tenant0/storage"
)

// changeGroup changes the group whose id is in the path.
func (a *api) changeGroup(c *call, fn func(g *storage.ExtensionGroup)) error {
	return a.change(c.Context(), func(ext *storage.Extension) error {
		g, err := groups().find(ext, c.id())
		if err != nil {
			return err
		}
		fn(g)
		return nil
	})
}

// changeList changes a list of the group with the items of the body: how is the function
// with, which adds them, or without, which removes them.
func (a *api) changeList(c *call, how func([]string, ...string) []string, of func(*storage.ExtensionGroup) *[]string) (any, error) {
	var items []string
	if err := c.read(&items); err != nil {
		return nil, err
	}
	return nil, a.changeGroup(c, func(g *storage.ExtensionGroup) {
		l := of(g)
		*l = how(*l, items...)
	})
}

func members(g *storage.ExtensionGroup) *[]string    { return &g.Members }
func nested(g *storage.ExtensionGroup) *[]string     { return &g.Nested }
func groupRoles(g *storage.ExtensionGroup) *[]string { return &g.Roles }

//auth0:operation PATCH /extensions/authorization/api/groups/{id}/members
func (a *api) addMembers(c *call) (any, error) { return a.changeList(c, with, members) }

//auth0:operation DELETE /extensions/authorization/api/groups/{id}/members
func (a *api) removeMembers(c *call) (any, error) { return a.changeList(c, without, members) }

// addNested nests groups in the group. They need not exist and may form a cycle, but the
// group itself is left out.
//
//auth0:operation PATCH /extensions/authorization/api/groups/{id}/nested
func (a *api) addNested(c *call) (any, error) {
	return a.changeList(c, func(list []string, items ...string) []string {
		return with(list, without(items, c.id())...)
	}, nested)
}

//auth0:operation DELETE /extensions/authorization/api/groups/{id}/nested
func (a *api) removeNested(c *call) (any, error) { return a.changeList(c, without, nested) }

//auth0:operation PATCH /extensions/authorization/api/groups/{id}/roles
func (a *api) addGroupRoles(c *call) (any, error) { return a.changeList(c, with, groupRoles) }

//auth0:operation DELETE /extensions/authorization/api/groups/{id}/roles
func (a *api) removeGroupRoles(c *call) (any, error) { return a.changeList(c, without, groupRoles) }

// readGroup returns the extension's data and the group whose id is in the path.
func (a *api) readGroup(c *call) (storage.Extension, *storage.ExtensionGroup, error) {
	ext, err := a.read(c.Context())
	if err != nil {
		return ext, nil, err
	}
	g, err := groups().find(&ext, c.id())
	return ext, g, err
}

//auth0:operation GET /extensions/authorization/api/groups/{id}/nested
func (a *api) listNested(c *call) (any, error) {
	ext, g, err := a.readGroup(c)
	if err != nil {
		return nil, err
	}
	found := []storage.ExtensionGroup{}
	within := setOf(g.Nested)
	for _, child := range ext.Groups {
		if within[child.ID] {
			found = append(found, child)
		}
	}
	slices.SortStableFunc(found, func(a, b storage.ExtensionGroup) int { return cmp.Compare(a.Name, b.Name) })
	return found, nil
}

//auth0:operation GET /extensions/authorization/api/groups/{id}/roles
func (a *api) listGroupRoles(c *call) (any, error) {
	ext, g, err := a.readGroup(c)
	if err != nil {
		return nil, err
	}
	return rolesAmong(ext, g.Roles), nil
}

// listNestedRoles lists the roles of the group and of its parent groups, each with its
// group.
//
//auth0:operation GET /extensions/authorization/api/groups/{id}/roles/nested
func (a *api) listNestedRoles(c *call) (any, error) {
	ext, g, err := a.readGroup(c)
	if err != nil {
		return nil, err
	}
	type pair struct {
		Role  storage.ExtensionRole  `json:"role"`
		Group storage.ExtensionGroup `json:"group"`
	}
	found := []pair{}
	for _, group := range authz.WithParents(ext.Groups, []string{g.ID}) {
		for _, role := range rolesAmong(ext, group.Roles) {
			found = append(found, pair{role, group})
		}
	}
	return found, nil
}

// listMappings lists the mappings of a group, with connections as "name (strategy)".
// Mappings of connections that do not exist are left out.
//
//auth0:operation GET /extensions/authorization/api/groups/{id}/mappings
func (a *api) listMappings(c *call) (any, error) {
	shown := []storage.ExtensionGroupMapping{}
	return &shown, a.view(c.Context(), func(tx *storage.Tx, ext storage.Extension) error {
		g, err := groups().find(&ext, c.id())
		if err != nil {
			return err
		}
		for _, m := range g.Mappings {
			connection, err := tx.Connections.Find("name", m.ConnectionName)
			switch {
			case err == nil:
				m.ConnectionName = connection.Name + " (" + connection.Strategy + ")"
				shown = append(shown, m)
			case !storage.IsNotFound(err):
				return err
			}
		}
		return nil
	})
}

//auth0:operation PATCH /extensions/authorization/api/groups/{id}/mappings
func (a *api) addMappings(c *call) (any, error) {
	var added []storage.ExtensionGroupMapping
	if err := c.read(&added); err != nil {
		return nil, err
	}
	for i := range added {
		added[i].ID = newID()
	}
	return nil, a.changeGroup(c, func(g *storage.ExtensionGroup) { g.Mappings = append(g.Mappings, added...) })
}

//auth0:operation DELETE /extensions/authorization/api/groups/{id}/mappings
func (a *api) removeMappings(c *call) (any, error) {
	var ids []string
	if err := c.read(&ids); err != nil {
		return nil, err
	}
	gone := setOf(ids)
	return nil, a.changeGroup(c, func(g *storage.ExtensionGroup) {
		g.Mappings = slices.DeleteFunc(g.Mappings, func(m storage.ExtensionGroupMapping) bool { return gone[m.ID] })
	})
}
