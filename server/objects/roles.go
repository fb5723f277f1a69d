package objects

import (
	"github.com/tenant0/tenant0/server/resource"
	"github.com/tenant0/tenant0/storage"
)

// Roles are the tenant's roles, Auth0: manage-users/access-control/rbac.
var Roles = declare(&Kind{
	Kind: resource.Roles, table: func(tx *storage.Tx) Store { return TableStore[storage.Role]{Resources: tx.Roles} },
	deleted: deleteRole,
})

// deleteRole removes a deleted role from all users who have it.
func deleteRole(o Collection, doc storage.Document) error {
	id := storage.Text(doc, "id")
	var holders []storage.UserAccess
	for access, err := range o.Tx.UserAccess.By("role", id) {
		if err != nil {
			return err
		}
		holders = append(holders, access)
	}
	for _, access := range holders {
		access.Roles = changed(access.Roles, []string{id}, false)
		if err := o.Tx.UserAccess.Put(access); err != nil {
			return err
		}
	}
	if err := o.Tx.RolePermissions.Delete(id); err != nil {
		return err
	}
	return o.Tx.ForgetRole(id)
}

// ChangeRoles assigns roles to a user, or removes them if add is false.
func ChangeRoles(tx *storage.Tx, userID string, ids []string, add bool) error {
	if err := Users.Require(tx, userID); err != nil {
		return err
	}
	access, err := tx.UserAccess.Get(userID)
	if err := storage.Optional(err); err != nil {
		return err
	}
	access.UserID = userID
	for _, id := range ids {
		known, err := tx.Roles.Has(id)
		if err != nil {
			return err
		}
		if !known && add {
			return resource.Roles.Missing
		}
	}
	access.Roles = changed(access.Roles, ids, add)
	return tx.UserAccess.Put(access)
}

// GiveRole assigns a role to users.
func GiveRole(tx *storage.Tx, id string, users []string) error {
	if err := Roles.Require(tx, id); err != nil {
		return err
	}
	for _, user := range users {
		if err := ChangeRoles(tx, user, []string{id}, true); err != nil {
			return err
		}
	}
	return nil
}

// RolesOf returns the roles that a user has outside of organizations, in the order in which they
// were assigned.
func RolesOf(tx *storage.Tx, userID string) ([]storage.Document, error) {
	if err := Users.Require(tx, userID); err != nil {
		return nil, err
	}
	access, err := tx.UserAccess.Get(userID)
	if err := storage.Optional(err); err != nil {
		return nil, err
	}
	return rolesWith(tx, access.Roles)
}

// rolesWith returns the roles with the given ids.
func rolesWith(tx *storage.Tx, ids []string) ([]storage.Document, error) {
	roles := []storage.Document{}
	for _, id := range ids {
		role, err := tx.Roles.Document(id)
		if err != nil {
			return nil, err
		}
		roles = append(roles, role)
	}
	return roles, nil
}
