package deploy

import (
	"context"
	"errors"
	"reflect"
	"strings"

	"github.com/tenant0/tenant0/server/account"
	"github.com/tenant0/tenant0/server/resource"
	"github.com/tenant0/tenant0/storage"
)

// exportUsers returns the users in the format of a tenant file, each with the connection,
// the hash of the password, the names of roles, direct permissions and organizations.
// leftOut names data of users that is not exported.
func (t Tenant) exportUsers(ctx context.Context) (users []storage.Document, leftOut []string, err error) {
	err = t.DB.View(ctx, func(tx *storage.Tx) error {
		for row, err := range tx.Users.Rows() {
			if err := errors.Join(err, ctx.Err()); err != nil {
				return err
			}
			doc, err := row.Document()
			if err != nil {
				return err
			}
			if err := exportUser(tx, doc); err != nil {
				return err
			}
			users = append(users, doc)
			for _, err := range tx.Documents(resource.AuthenticationMethods.Name, row.Key).Rows() {
				if err != nil {
					return err
				}
				leftOut = append(leftOut, "the factors of user "+row.Key+": they cannot be exported, and the user enrolls them again")
				break
			}
		}
		return nil
	})
	return users, leftOut, err
}

func exportUser(tx *storage.Tx, doc storage.Document) error {
	id, _ := doc["user_id"].(string)
	if err := exportIdentities(tx, id, doc); err != nil {
		return err
	}
	if err := exportPassword(tx, id, doc); err != nil {
		return err
	}
	for _, linked := range linkedIn(doc) {
		if err := exportPassword(tx, accountID(linked), linked); err != nil {
			return err
		}
	}
	if err := exportAccess(tx, id, doc); err != nil {
		return err
	}
	return exportMemberships(tx, id, doc)
}

// exportIdentities adds the name of the user's connection, and removes identities that
// can be derived from the connection and the id.
func exportIdentities(tx *storage.Tx, id string, doc storage.Document) error {
	all, _ := doc["identities"].([]any)
	if len(all) == 0 {
		return nil
	}
	first, _ := all[0].(storage.Document)
	name, _ := first["connection"].(string)
	doc["connection"] = name
	conn, err := tx.Connections.Find("name", name)
	if err != nil {
		return storage.Optional(err)
	}
	provider, local, _ := strings.Cut(id, "|")
	if len(all) == 1 && reflect.DeepEqual(first, account.Identity(conn, provider, local)) {
		delete(doc, "identities")
	}
	return nil
}

// exportAccess adds a user's roles and direct permissions (core RBAC).
func exportAccess(tx *storage.Tx, id string, doc storage.Document) error {
	access, err := tx.UserAccess.Get(id)
	if err != nil {
		return storage.Optional(err)
	}
	roles, err := roleNames(tx, access.Roles)
	if err != nil {
		return err
	}
	var permissions []any
	for _, p := range access.Permissions {
		permissions = append(permissions, storage.Document{"permission_name": p.PermissionName, "resource_server_identifier": p.ResourceServerIdentifier})
	}
	if roles != nil {
		doc["roles"] = roles
	}
	if permissions != nil {
		doc["permissions"] = permissions
	}
	return nil
}

// exportMemberships adds a user's organizations, with the roles in each.
func exportMemberships(tx *storage.Tx, id string, doc storage.Document) error {
	organizations, err := tx.OrganizationsOf(id)
	if err != nil {
		return err
	}
	var memberships []any
	for _, o := range organizations {
		held, err := tx.MemberRoles(o.ID, id)
		if err != nil {
			return err
		}
		roles, err := roleNames(tx, held)
		if err != nil {
			return err
		}
		membership := storage.Document{"name": o.Name}
		if roles != nil {
			membership["roles"] = roles
		}
		memberships = append(memberships, membership)
	}
	if memberships != nil {
		doc["organizations"] = memberships
	}
	return nil
}

// roleNames returns the names of roles; roles that do not exist any more are left out.
func roleNames(tx *storage.Tx, ids []string) (names []any, err error) {
	for _, id := range ids {
		role, err := tx.Roles.Get(id)
		if storage.IsNotFound(err) {
			continue
		}
		if err != nil {
			return nil, err
		}
		names = append(names, role.Name)
	}
	return names, nil
}
