package server

import (
	"context"
	"errors"

	"github.com/tenant0/tenant0/config"
	"github.com/tenant0/tenant0/server/control"
	"github.com/tenant0/tenant0/server/management"
	"github.com/tenant0/tenant0/server/seed"
	"github.com/tenant0/tenant0/storage"
)

// exported is what an export has.
type exported struct {
	Issuer   string             `json:"issuer"`
	Sections storage.Document   `json:"sections,omitempty"`
	Users    []storage.Document `json:"users,omitempty"`
	// Extension is the store of the Authorization Extension, as a tenant file has it.
	Extension *config.AuthorizationExtension `json:"authorizationExtension,omitempty"`
}

// exportConfiguration exports sections and users.
func (s *services) exportConfiguration(ctx context.Context, rq control.ExportRequest) (any, error) {
	out := exported{Issuer: s.issuer.URL}
	var err error
	if rq.Configuration {
		if out.Sections, err = management.Export(ctx, s.management(), rq.IDs); err != nil {
			return nil, err
		}
	}
	if rq.Users {
		if out.Users, err = s.exportUsers(ctx); err != nil {
			return nil, err
		}
	}
	err = s.db.View(func(tx *storage.Tx) (err error) {
		if !rq.Configuration {
			return nil
		}
		out.Extension, err = seed.ExportExtension(tx)
		return err
	})
	return out, err
}

// madeByServer are the members of a user that an import does not take.
var madeByServer = []string{
	"identities", "created_at", "updated_at", "last_login", "last_ip", "logins_count", "last_password_reset", "multifactor", "multifactor_last_modified", "guardian_authenticators",
}

// exportUsers lists the users in the form of a tenant
// file: each with its connection, the hash of its password, its roles by name and
// its own permissions.
func (s *services) exportUsers(ctx context.Context) (users []storage.Document, err error) {
	err = s.db.View(func(tx *storage.Tx) error {
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
		}
		return nil
	})
	return users, err
}

func exportUser(tx *storage.Tx, doc storage.Document) error {
	id, _ := doc["user_id"].(string)
	if list, _ := doc["identities"].([]any); len(list) > 0 {
		if first, ok := list[0].(storage.Document); ok {
			doc["connection"] = first["connection"]
		}
	}
	for _, name := range madeByServer {
		delete(doc, name)
	}
	password, err := tx.Passwords.Get(id)
	if storage.Optional(err) != nil {
		return err
	}
	if err == nil && password.Hash != "" {
		doc["password_hash"] = password.Hash
	}
	access, err := tx.UserAccess.Get(id)
	if storage.IsNotFound(err) {
		return nil
	}
	if err != nil {
		return err
	}
	var roles, permissions []any
	for _, roleID := range access.Roles {
		role, err := tx.Roles.Get(roleID)
		if err != nil {
			return err
		}
		roles = append(roles, role.Name)
	}
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
