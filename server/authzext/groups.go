package authzext

import (
	"slices"

	"github.com/tenant0/tenant0/server/authz"
	"github.com/tenant0/tenant0/storage"
)

//auth0:operation GET /extensions/authorization/api/groups
func (a *api) listGroups(c *call) (any, error) {
	ext, err := a.read(c.Context())
	if err != nil {
		return nil, err
	}
	s, err := c.search()
	if err != nil {
		return nil, err
	}
	found, total, err := groups().search(&ext, s)
	for i, g := range found {
		found[i].Members = append([]string{}, g.Members...)
		found[i].Mappings = append([]storage.ExtensionGroupMapping{}, g.Mappings...)
	}
	return map[string]any{"groups": found, "total": total}, err
}

//auth0:operation POST /extensions/authorization/api/groups
func (a *api) createGroup(c *call) (any, error) {
	g := storage.ExtensionGroup{ID: newID()}
	if err := c.read(&g); err != nil {
		return nil, err
	}
	return g, a.change(c.Context(), func(ext *storage.Extension) error {
		if err := freeGroupName(ext, g); err != nil {
			return err
		}
		ext.Groups = append(ext.Groups, g)
		return nil
	})
}

// getGroup returns a group. With expand it adds the roles that members have through the
// group and its parent groups.
//
//auth0:operation GET /extensions/authorization/api/groups/{id}
func (a *api) getGroup(c *call) (any, error) {
	ext, err := a.read(c.Context())
	if err != nil {
		return nil, err
	}
	s, err := c.search()
	if err != nil {
		return nil, err
	}
	g, err := groups().find(&ext, c.id())
	switch {
	case s.Expand && len(ext.Groups) == 0:
		return nil, errNoGroups
	case s.Expand && err != nil:
		return nil, errNoCurrentGroup
	case err != nil:
		return nil, err
	case !s.Expand:
		return groups().summary(*g), nil
	}
	return struct {
		summary
		Roles []expandedRole `json:"roles"`
	}{groups().summary(*g), expand(ext, authz.WithParents(ext.Groups, []string{g.ID}))}, nil
}

//auth0:operation PUT /extensions/authorization/api/groups/{id}
func (a *api) updateGroup(c *call) (any, error) {
	var changed storage.ExtensionGroup
	return &changed, a.change(c.Context(), func(ext *storage.Extension) error {
		g, err := groups().find(ext, c.id())
		if err != nil {
			return err
		}
		if err := c.read(g); err != nil {
			return err
		}
		changed = *g
		return freeGroupName(ext, changed)
	})
}

//auth0:operation DELETE /extensions/authorization/api/groups/{id}
func (a *api) deleteGroup(c *call) (any, error) {
	return nil, a.change(c.Context(), func(ext *storage.Extension) error {
		users := groups().names(ext, func(g storage.ExtensionGroup) bool { return slices.Contains(g.Nested, c.id()) })
		if len(users) > 0 {
			return errInUse("nested", "groups", users)
		}
		groups().remove(ext, c.id())
		return nil
	})
}

func freeGroupName(ext *storage.Extension, g storage.ExtensionGroup) error {
	if groups().taken(ext, g, func(storage.ExtensionGroup) bool { return true }) {
		return errValidation(`Group with name "%s" already exists`, g.Name)
	}
	return nil
}
