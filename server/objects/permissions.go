package objects

import (
	"slices"

	"github.com/tenant0/tenant0/server/resource"
	"github.com/tenant0/tenant0/storage"
)

// checkPermissions returns an error if a permission is not a scope of an existing API.
func checkPermissions(tx *storage.Tx, all []storage.Permission) error {
	apis := DescribedAPIs{}
	for _, p := range all {
		api, err := apis.of(tx, p.ResourceServerIdentifier)
		if err != nil {
			return err
		}
		if _, defined := api.scopes[p.PermissionName]; !defined {
			return resource.PermissionMissing(p)
		}
	}
	return nil
}

// DescribedAPIs caches APIs by their identifiers, so that each API is read only once: a list
// may have a thousand permissions of an API with a thousand scopes.
type DescribedAPIs map[string]describedAPI

// describedAPI is an API with the descriptions of its scopes. there is false if it does not
// exist.
type describedAPI struct {
	there  bool
	name   string
	scopes map[string]string
}

func (d DescribedAPIs) of(tx *storage.Tx, identifier string) (describedAPI, error) {
	if known, ok := d[identifier]; ok {
		return known, nil
	}
	api, err := tx.API(identifier)
	if err != nil {
		return describedAPI{}, err
	}
	described := describedAPI{there: api != nil, scopes: map[string]string{}}
	if api != nil {
		described.name = api.Name
		for _, s := range api.Scopes {
			described.scopes[s.Value] = s.Description
		}
	}
	d[identifier] = described
	return described, nil
}

// Describe returns a permission as lists show it.
func (d DescribedAPIs) Describe(tx *storage.Tx, p storage.Permission) (storage.Document, error) {
	doc := storage.Document{"permission_name": p.PermissionName, "resource_server_identifier": p.ResourceServerIdentifier}
	api, err := d.of(tx, p.ResourceServerIdentifier)
	if err != nil || !api.there {
		return doc, err
	}
	doc["resource_server_name"] = api.name
	if description, defined := api.scopes[p.PermissionName]; defined {
		doc["description"] = description
	}
	return doc, nil
}

// ChangeRolePermissions adds permissions to a role, or removes them if add is false.
func ChangeRolePermissions(tx *storage.Tx, roleID string, sent []storage.Permission, add bool) error {
	if err := Roles.Require(tx, roleID); err != nil {
		return err
	}
	held, err := tx.RolePermissions.Get(roleID)
	if err := storage.Optional(err); err != nil {
		return err
	}
	held.RoleID = roleID
	if held.Permissions, err = changePermissions(tx, held.Permissions, sent, add); err != nil {
		return err
	}
	return tx.RolePermissions.Put(held)
}

// ChangeUserPermissions adds permissions to a user's direct ones, or removes them if add is
// false.
func ChangeUserPermissions(tx *storage.Tx, userID string, sent []storage.Permission, add bool) error {
	if err := Users.Require(tx, userID); err != nil {
		return err
	}
	access, err := tx.UserAccess.Get(userID)
	if err := storage.Optional(err); err != nil {
		return err
	}
	access.UserID = userID
	if access.Permissions, err = changePermissions(tx, access.Permissions, sent, add); err != nil {
		return err
	}
	return tx.UserAccess.Put(access)
}

// changePermissions returns held with the permissions in sent added, which must exist, or
// removed.
func changePermissions(tx *storage.Tx, held, sent []storage.Permission, add bool) ([]storage.Permission, error) {
	if add {
		if err := checkPermissions(tx, sent); err != nil {
			return nil, err
		}
	}
	return changed(held, sent, add), nil
}

// changed returns list without the items or, with add, with each item once at its end.
func changed[T comparable](list, items []T, add bool) []T {
	sent := make(map[T]bool, len(items))
	for _, item := range items {
		sent[item] = true
	}
	list = slices.DeleteFunc(list, func(v T) bool { return sent[v] })
	for _, item := range items {
		if add && sent[item] {
			sent[item] = false
			list = append(list, item)
		}
	}
	return list
}

// Held is a permission that a user has: whether directly, and the roles that include it.
type Held struct {
	storage.Permission
	Direct bool
	Roles  []storage.Document
}

// PermissionsOf lists the permissions that a user has, first the direct ones and then those
// of roles.
func PermissionsOf(tx *storage.Tx, userID string) ([]Held, error) {
	if err := Users.Require(tx, userID); err != nil {
		return nil, err
	}
	access, err := tx.UserAccess.Get(userID)
	if err := storage.Optional(err); err != nil {
		return nil, err
	}
	var all []Held
	at := map[storage.Permission]int{}
	hold := func(permissions []storage.Permission, by func(*Held)) {
		for _, p := range permissions {
			i, there := at[p]
			if !there {
				i, all = len(all), append(all, Held{Permission: p})
				at[p] = i
			}
			by(&all[i])
		}
	}
	hold(access.Permissions, func(h *Held) { h.Direct = true })
	for _, id := range access.Roles {
		role, err := tx.Roles.Document(id)
		if err != nil {
			return nil, err
		}
		given, err := tx.RolePermissions.Get(id)
		if err := storage.Optional(err); err != nil {
			return nil, err
		}
		hold(given.Permissions, func(h *Held) { h.Roles = append(h.Roles, role) })
	}
	return all, nil
}
