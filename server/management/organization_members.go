package management

import (
	"net/http"
	"slices"
	"strings"

	"github.com/tenant0/tenant0/server/resource"
	"github.com/tenant0/tenant0/storage"
)

// member sees that the user of the path is in the organization of the path. Roles
// of members are kept by themselves: a document of an organization and user for
// each role.
func (c *call) member(tx *storage.Tx) error {
	if err := c.organization(tx); err != nil {
		return err
	}
	_, err := tx.Documents(storage.OrganizationMembersKind, c.param("id")).Document(c.param("user_id"))
	if storage.IsNotFound(err) {
		return resource.NotMember
	}
	return err
}

//auth0:operation GET /api/v2/organizations/{id}/members
func listMembers(c *call) error {
	return c.listMembers(nil)
}

//auth0:operation GET /api/v2/organizations/{id}/roles/{role_id}/members
func roleMembers(c *call) error {
	return c.listMembers(func(tx *storage.Tx, user string) (bool, error) {
		held, err := c.rolesOf(tx, user)
		return slices.Contains(held, c.param("role_id")), err
	})
}

// listMembers lists the members that keep lets through, nil for all. A cursor names the last
// member, so that one who leaves does not move it.
func (c *call) listMembers(keep func(tx *storage.Tx, user string) (bool, error)) error {
	return c.listed(listing{key: "members", style: flexible, eager: true}, func(tx *storage.Tx, w *window) error {
		if err := c.organization(tx); err != nil {
			return err
		}
		return w.fill(tx.Documents(storage.OrganizationMembersKind, c.param("id")).List(), keep != nil, func(row storage.Row) error {
			if keep != nil {
				if kept, err := keep(tx, row.Key); err != nil || !kept {
					return err
				}
			}
			if !w.take(row.Place) {
				return nil
			}
			doc, err := c.showMember(tx, row.Key)
			w.docs = append(w.docs, doc)
			return err
		})
	})
}

// showMember is a member as lists show one; roles are shown to those who ask for
// them.
func (c *call) showMember(tx *storage.Tx, id string) (storage.Document, error) {
	user, err := tx.Users.Document(id)
	if err != nil {
		return nil, err
	}
	doc := briefUser(user)
	asked := strings.Split(c.query.Get("fields"), ",")
	if !slices.Contains(asked, "roles") || c.query.Get("include_fields") == "false" {
		return doc, nil
	}
	doc["roles"], err = c.showRoles(tx, id, func(role storage.Document) storage.Document {
		return storage.Document{"id": role["id"], "name": role["name"]}
	})
	return doc, err
}

//auth0:operation POST /api/v2/organizations/{id}/members
func addMembers(c *call) error {
	return c.changeMembers(func(tx *storage.Tx, user string) error {
		if known, err := tx.Users.Has(user); err != nil || !known {
			return orMissing(err, resource.Users)
		}
		return tx.AddMember(c.param("id"), user)
	})
}

//auth0:operation DELETE /api/v2/organizations/{id}/members
func removeMembers(c *call) error {
	return c.changeMembers(func(tx *storage.Tx, user string) error {
		if err := tx.Documents(storage.MemberRolesKind, storage.MemberOf(c.param("id"), user)).DeleteAll(); err != nil {
			return err
		}
		return tx.Documents(storage.OrganizationMembersKind, c.param("id")).Delete(user)
	})
}

func (c *call) changeMembers(change func(tx *storage.Tx, user string) error) error {
	users, err := c.readList("members", 0)
	if err != nil {
		return err
	}
	err = c.update(func(tx *storage.Tx) error {
		if err := c.organization(tx); err != nil {
			return err
		}
		for _, user := range users {
			if err := change(tx, user); err != nil {
				return err
			}
		}
		return nil
	})
	if err != nil {
		return err
	}
	return c.empty(http.StatusNoContent)
}

// rolesOf returns the ids of the roles that a user has in the organization of the
// path.
func (c *call) rolesOf(tx *storage.Tx, user string) ([]string, error) {
	var ids []string
	for doc, err := range tx.Documents(storage.MemberRolesKind, storage.MemberOf(c.param("id"), user)).All() {
		if err != nil {
			return nil, err
		}
		ids = append(ids, text(doc, "id"))
	}
	return ids, nil
}

// showRoles shows the roles that a user has in the organization of the path.
func (c *call) showRoles(tx *storage.Tx, user string, show func(role storage.Document) storage.Document) ([]storage.Document, error) {
	ids, err := c.rolesOf(tx, user)
	if err != nil {
		return nil, err
	}
	docs := []storage.Document{}
	for _, id := range ids {
		role, err := tx.Roles.Document(id)
		if err != nil {
			return nil, err
		}
		docs = append(docs, show(role))
	}
	return docs, nil
}

//auth0:operation GET /api/v2/organizations/{id}/members/{user_id}/roles
func memberRoles(c *call) error {
	return c.listMemberRoles(listing{key: "roles"}, briefRole)
}

// effectiveMemberRoles lists the roles of a member, all of which are the member's
// own: there are no groups to have them from.
//
//auth0:operation GET /api/v2/organizations/{id}/members/{user_id}/effective-roles
func effectiveMemberRoles(c *call) error {
	return c.listMemberRoles(listing{key: "roles", style: checkpointed}, directRole)
}

// directRole is a role as lists of effective roles show one that came from no group.
func directRole(role storage.Document) storage.Document {
	brief := briefRole(role)
	brief["sources"] = []string{"direct"}
	return brief
}

// briefRole is a role as lists of other resources show one.
func briefRole(role storage.Document) storage.Document {
	return storage.Document{"id": role["id"], "name": role["name"], "description": text(role, "description")}
}

func (c *call) listMemberRoles(l listing, show func(role storage.Document) storage.Document) error {
	var docs []storage.Document
	err := c.view(func(tx *storage.Tx) error {
		if err := c.member(tx); err != nil {
			return err
		}
		var err error
		docs, err = c.showRoles(tx, c.param("user_id"), show)
		return err
	})
	if err != nil {
		return err
	}
	return c.page(docs, l)
}

//auth0:operation POST /api/v2/organizations/{id}/members/{user_id}/roles
func addMemberRoles(c *call) error {
	return c.changeMemberRoles(func(tx *storage.Tx, _ storage.Documents, role string) error {
		if err := c.requireRole(tx, role); err != nil {
			return err
		}
		return tx.AddMemberRole(c.param("id"), c.param("user_id"), role)
	})
}

//auth0:operation DELETE /api/v2/organizations/{id}/members/{user_id}/roles
func removeMemberRoles(c *call) error {
	return c.changeMemberRoles(func(_ *storage.Tx, docs storage.Documents, role string) error { return docs.Delete(role) })
}

func (c *call) changeMemberRoles(change func(tx *storage.Tx, docs storage.Documents, role string) error) error {
	roles, err := c.readList("roles", resource.MostRoles)
	if err != nil {
		return err
	}
	err = c.update(func(tx *storage.Tx) error {
		if err := c.member(tx); err != nil {
			return err
		}
		docs := tx.Documents(storage.MemberRolesKind, storage.MemberOf(c.param("id"), c.param("user_id")))
		for _, role := range roles {
			if err := change(tx, docs, role); err != nil {
				return err
			}
		}
		return nil
	})
	if err != nil {
		return err
	}
	return c.empty(http.StatusNoContent)
}

//auth0:operation GET /api/v2/users/{id}/organizations
func userOrganizations(c *call) error {
	return c.organizationsOf(storage.OrganizationMembersKind, listing{key: "organizations"}, func(tx *storage.Tx) error {
		_, err := c.user(tx)
		return err
	})
}

//auth0:operation GET /api/v2/client-grants/{id}/organizations
func grantOrganizations(c *call) error {
	return c.organizationsOf(organizationGrantKind, listing{key: "organizations", style: flexible}, func(tx *storage.Tx) error {
		if known, err := tx.ClientGrants.Has(c.param("id")); err != nil || !known {
			return orMissing(err, resource.ClientGrants)
		}
		return nil
	})
}

// organizationsOf lists the organizations that have an entry of a kind for the id
// of the path, which check sees to be there.
func (c *call) organizationsOf(kind string, l listing, check func(*storage.Tx) error) error {
	return c.listed(l, func(tx *storage.Tx, w *window) error {
		if err := check(tx); err != nil {
			return err
		}
		return w.fill(tx.LinkedParents(kind, c.param("id")), false, func(row storage.Row) error {
			if !w.take(row.Place) {
				return nil
			}
			doc, err := tx.Documents(resource.Organizations.Name, "").Document(row.Key)
			w.docs = append(w.docs, doc)
			return err
		})
	})
}
