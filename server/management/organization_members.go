package management

import (
	"net/http"
	"slices"
	"strings"

	"github.com/tenant0/tenant0/server/objects"
	"github.com/tenant0/tenant0/server/resource"
	"github.com/tenant0/tenant0/storage"
)

//auth0:operation GET /api/v2/organizations/{id}/members
func listMembers(c *call) error {
	return c.listMembers(nil)
}

//auth0:operation GET /api/v2/organizations/{id}/roles/{role_id}/members
func roleMembers(c *call) error {
	return c.listMembers(func(tx *storage.Tx, user string) (bool, error) {
		held, err := tx.MemberRoles(c.param("id"), user)
		return slices.Contains(held, c.param("role_id")), err
	})
}

// listMembers lists the members for which keep returns true, or all if keep is nil. A cursor
// names the last member of a page, so members who leave the organization do not shift it.
func (c *call) listMembers(keep func(tx *storage.Tx, user string) (bool, error)) error {
	return c.listed(listing{key: "members", style: flexible, cursorAtEnd: true, check: checkShallow}, func(tx *storage.Tx, w *window) error {
		if err := organizationAt(c, tx); err != nil {
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

// showMember returns a member as lists show it. The roles are included only if the query
// parameter fields names them.
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
	roles, err := objects.MemberRoles(tx, c.param("id"), id)
	shown := []storage.Document{}
	for _, role := range roles {
		shown = append(shown, storage.Document{"id": role["id"], "name": role["name"]})
	}
	doc["roles"] = shown
	return doc, err
}

//auth0:operation POST /api/v2/organizations/{id}/members
func addMembers(c *call) error { return c.changeMembers(objects.AddMembers) }

//auth0:operation DELETE /api/v2/organizations/{id}/members
func removeMembers(c *call) error { return c.changeMembers(objects.RemoveMembers) }

func (c *call) changeMembers(change func(tx *storage.Tx, organization string, users []string) error) error {
	users, err := c.readList("members", resource.MaxMembers)
	if err != nil {
		return err
	}
	return c.emptyChange(http.StatusNoContent, func(ch *objects.Change) error { return change(ch.Tx, c.param("id"), users) })
}

// memberAt returns an error if the user in the path is not a member of the organization in
// the path.
func memberAt(c *call, tx *storage.Tx) error {
	return objects.RequireMember(tx, c.param("id"), c.param("user_id"))
}

//auth0:operation GET /api/v2/organizations/{id}/members/{user_id}/roles
func memberRoles(c *call) error {
	return c.listMemberRoles(listing{key: "roles", lastPage: 1000}, briefRole)
}

// effectiveMemberRoles lists the effective roles of a member. All are assigned directly,
// since tenant0 has no groups.
//
//auth0:operation GET /api/v2/organizations/{id}/members/{user_id}/effective-roles
func effectiveMemberRoles(c *call) error {
	return c.listMemberRoles(listing{key: "roles", style: checkpointed}, directRole)
}

// directRole returns a role in the format of effective roles, as one that is assigned
// directly.
func directRole(role storage.Document) storage.Document {
	brief := briefRole(role)
	brief["sources"] = []string{"direct"}
	return brief
}

// briefRole returns a role as lists of other resources show it.
func briefRole(role storage.Document) storage.Document {
	return storage.Document{"id": role["id"], "name": role["name"], "description": storage.Text(role, "description")}
}

func (c *call) listMemberRoles(l listing, show func(role storage.Document) storage.Document) error {
	docs := []storage.Document{}
	err := c.view(func(tx *storage.Tx) error {
		if err := memberAt(c, tx); err != nil {
			return err
		}
		roles, err := objects.MemberRoles(tx, c.param("id"), c.param("user_id"))
		for _, role := range roles {
			docs = append(docs, show(role))
		}
		return err
	})
	if err != nil {
		return err
	}
	return c.page(docs, l)
}

//auth0:operation POST /api/v2/organizations/{id}/members/{user_id}/roles
func addMemberRoles(c *call) error { return c.changeMemberRoles(true) }

//auth0:operation DELETE /api/v2/organizations/{id}/members/{user_id}/roles
func removeMemberRoles(c *call) error { return c.changeMemberRoles(false) }

func (c *call) changeMemberRoles(add bool) error {
	roles, err := c.readList("roles", resource.MaxRoles)
	if err != nil {
		return err
	}
	return c.emptyChange(http.StatusNoContent, func(ch *objects.Change) error {
		return objects.ChangeMemberRoles(ch.Tx, c.param("id"), c.param("user_id"), roles, add)
	})
}

//auth0:operation GET /api/v2/users/{id}/organizations
func userOrganizations(c *call) error {
	return c.organizationsOf(storage.OrganizationMembersKind, listing{key: "organizations", lastPage: 1000}, userAt)
}

//auth0:operation GET /api/v2/client-grants/{id}/organizations
func grantOrganizations(c *call) error {
	return c.organizationsOf(resource.OrganizationGrants.Name, listing{key: "organizations", style: flexible}, func(c *call, tx *storage.Tx) error {
		return objects.ClientGrants.Require(tx, c.param("id"))
	})
}

// organizationsOf lists the organizations that have an entry of a kind for the id in the
// path. there returns an error if nothing has that id.
func (c *call) organizationsOf(kind string, l listing, there check) error {
	return c.listed(l, func(tx *storage.Tx, w *window) error {
		if err := there(c, tx); err != nil {
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
