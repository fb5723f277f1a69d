package management

import (
	"net/http"
	"slices"

	"github.com/tenant0/tenant0/server/resource"
	"github.com/tenant0/tenant0/storage"
)

// member is an organization's user as it is kept. Roles of members are kept by
// themselves: a document of an organization and user for each role.
func (c *call) isMember(tx *storage.Tx, organization, user string) error {
	_, err := tx.Documents(organizationMemberKind, organization).Document(user)
	if storage.IsNotFound(err) {
		return resource.NotMember
	}
	return err
}

//auth0:operation GET /api/v2/organizations/{id}/members
func listMembers(c *call) error {
	return c.listMembers(func(*storage.Tx, string) (bool, error) { return true, nil })
}

//auth0:operation GET /api/v2/organizations/{id}/roles/{role_id}/members
func roleMembers(c *call) error {
	return c.listMembers(func(tx *storage.Tx, user string) (bool, error) {
		held, err := c.rolesOf(tx, user)
		return slices.Contains(held, c.param("role_id")), err
	})
}

// listMembers lists the members that keep lets through.
func (c *call) listMembers(keep func(tx *storage.Tx, user string) (bool, error)) error {
	docs := []storage.Document{}
	err := c.view(func(tx *storage.Tx) error {
		if err := c.organization(tx); err != nil {
			return err
		}
		for entry, err := range tx.Documents(organizationMemberKind, c.param("id")).All() {
			if err != nil {
				return err
			}
			user := text(entry, "user_id")
			if ok, err := keep(tx, user); err != nil || !ok {
				if err != nil {
					return err
				}
				continue
			}
			doc, err := tx.Users.Document(user)
			if err != nil {
				return err
			}
			docs = append(docs, briefUser(doc))
		}
		return nil
	})
	if err != nil {
		return err
	}
	return c.page(docs, listing{key: "members", style: flexible, eager: true})
}

//auth0:operation POST /api/v2/organizations/{id}/members
func addMembers(c *call) error {
	return c.changeMembers(func(tx *storage.Tx, user string) error {
		if known, err := tx.Users.Has(user); err != nil || !known {
			return orMissing(err, resource.Users)
		}
		return tx.Documents(organizationMemberKind, c.param("id")).Put(storage.Write{
			ID: user, Links: []string{user}, Document: storage.Document{"user_id": user},
		})
	})
}

//auth0:operation DELETE /api/v2/organizations/{id}/members
func removeMembers(c *call) error {
	return c.changeMembers(func(tx *storage.Tx, user string) error {
		if err := tx.Documents(memberRoleKind, memberOf(c.param("id"), user)).DeleteAll(); err != nil {
			return err
		}
		return tx.Documents(organizationMemberKind, c.param("id")).Delete(user)
	})
}

func (c *call) changeMembers(change func(tx *storage.Tx, user string) error) error {
	users, err := c.readList("members")
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

// memberOf is the parent of a member's roles.
func memberOf(organization, user string) string { return organization + "\x02" + user }

// rolesOf returns the ids of the roles that a user has in the organization of the
// path.
func (c *call) rolesOf(tx *storage.Tx, user string) ([]string, error) {
	var ids []string
	for doc, err := range tx.Documents(memberRoleKind, memberOf(c.param("id"), user)).All() {
		if err != nil {
			return nil, err
		}
		ids = append(ids, text(doc, "id"))
	}
	return ids, nil
}

//auth0:operation GET /api/v2/organizations/{id}/members/{user_id}/roles
func memberRoles(c *call) error {
	docs := []storage.Document{}
	err := c.view(func(tx *storage.Tx) error {
		if err := c.isMember(tx, c.param("id"), c.param("user_id")); err != nil {
			return err
		}
		ids, err := c.rolesOf(tx, c.param("user_id"))
		if err != nil {
			return err
		}
		for _, id := range ids {
			role, err := tx.Roles.Document(id)
			if err != nil {
				return err
			}
			docs = append(docs, storage.Document{"id": id, "name": role["name"], "description": text(role, "description")})
		}
		return nil
	})
	if err != nil {
		return err
	}
	return c.page(docs, listing{key: "roles"})
}

//auth0:operation POST /api/v2/organizations/{id}/members/{user_id}/roles
func addMemberRoles(c *call) error {
	return c.changeMemberRoles(func(tx *storage.Tx, docs storage.Documents, role string) error {
		if err := c.requireRole(tx, role); err != nil {
			return err
		}
		return docs.Put(storage.Write{
			ID: role, Links: []string{role, c.param("user_id"), c.param("id")}, Document: storage.Document{"id": role},
		})
	})
}

//auth0:operation DELETE /api/v2/organizations/{id}/members/{user_id}/roles
func removeMemberRoles(c *call) error {
	return c.changeMemberRoles(func(_ *storage.Tx, docs storage.Documents, role string) error { return docs.Delete(role) })
}

func (c *call) changeMemberRoles(change func(tx *storage.Tx, docs storage.Documents, role string) error) error {
	roles, err := c.readList("roles")
	if err != nil {
		return err
	}
	err = c.update(func(tx *storage.Tx) error {
		if err := c.organization(tx); err != nil {
			return err
		}
		if err := c.isMember(tx, c.param("id"), c.param("user_id")); err != nil {
			return err
		}
		docs := tx.Documents(memberRoleKind, memberOf(c.param("id"), c.param("user_id")))
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
	return c.organizationsOf(organizationMemberKind, listing{key: "organizations"}, func(tx *storage.Tx) error {
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
	docs := []storage.Document{}
	err := c.view(func(tx *storage.Tx) error {
		if err := check(tx); err != nil {
			return err
		}
		found, err := tx.Linked(kind, c.param("id"))
		if err != nil {
			return err
		}
		for _, entry := range found {
			doc, err := tx.Documents(resource.Organizations.Name, "").Document(entry.Parent)
			if err != nil {
				return err
			}
			docs = append(docs, doc)
		}
		return nil
	})
	if err != nil {
		return err
	}
	return c.page(docs, l)
}
