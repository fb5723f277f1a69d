package seed

import (
	"cmp"
	"context"
	"errors"
	"fmt"
	"maps"
	"runtime"
	"strings"
	"sync"

	"github.com/tenant0/tenant0/config/tenantfile"
	"github.com/tenant0/tenant0/server/account"
	"github.com/tenant0/tenant0/server/identity"
	"github.com/tenant0/tenant0/storage"
)

// ownKeys are the keys of a user in a tenant file that are no part of the
// profile.
var ownKeys = []string{"password", "password_hash", "custom_password_hash", "connection", "roles", "permissions", "organizations"}

func (p *Plan) planUsers(file *tenantfile.Tenant) error {
	if err := errors.Join(CheckUsers(file)...); err != nil {
		return err
	}
	hashes := make([]string, len(file.Users))
	if err := p.hash(file.Users, hashes); err != nil {
		return err
	}
	for i, entry := range file.Users {
		doc := profile(entry)
		id := identify(doc, p.connection(connectionOf(entry)))
		identity.Complete(doc, p.deps.Now)
		p.users = append(p.users, doc)
		if hashes[i] != "" {
			p.passwords = append(p.passwords, storage.Password{UserID: id, Hash: hashes[i]})
		}
		if email := text(doc, "email"); email != "" {
			p.userIDs[emailKey(email)] = id
		}
		p.planAccess(id, entry)
		if entry["organizations"] != nil {
			p.members = append(p.members, membership{id, entry["organizations"]})
		}
	}
	return nil
}

// connection is a connection of the file.
func (p *Plan) connection(name string) storage.Connection {
	for _, doc := range p.connections {
		if text(doc, "name") == name {
			return storage.Connection{Name: name, Strategy: text(doc, "strategy")}
		}
	}
	return storage.Connection{Name: name, Strategy: storage.DatabaseStrategy}
}

// profile is what of an entry is kept with the user.
func profile(entry storage.Document) storage.Document {
	doc := maps.Clone(entry)
	for _, key := range ownKeys {
		delete(doc, key)
	}
	return doc
}

// identify gives a user an id, unless it has one with a provider, and the identity that
// goes with it, unless it has some.
func identify(doc storage.Document, conn storage.Connection) string {
	provider, local, whole := strings.Cut(text(doc, "user_id"), "|")
	switch {
	case !whole:
		account.Identify(doc, conn)
	case doc["identities"] == nil:
		doc["identities"] = []any{account.Identity(conn, provider, local)}
	}
	return text(doc, "user_id")
}

func connectionOf(entry storage.Document) string {
	return cmp.Or(text(entry, "connection"), tenantfile.DefaultConnection)
}

// planAccess notes the core roles and permissions of a user.
func (p *Plan) planAccess(userID string, entry storage.Document) {
	access := storage.UserAccess{UserID: userID, Permissions: permissions(entry["permissions"])}
	for _, name := range list(entry["roles"]) {
		access.Roles = append(access.Roles, cmp.Or(p.roleIDs[name], name))
	}
	if len(access.Roles)+len(access.Permissions) > 0 {
		p.access = append(p.access, access)
	}
}

// nameOf is what an entry is told by: "" for one that nothing tells.
func nameOf(entry storage.Document) string {
	return cmp.Or(text(entry, "email"), text(entry, "username"), text(entry, "phone_number"), text(entry, "user_id"))
}

// hash fills in the hashes of the users' passwords, on all cores: they are by
// far the most of a seed's cost.
func (p *Plan) hash(users []storage.Document, hashes []string) error {
	errs := make([]error, len(users))
	var wait sync.WaitGroup
	free := make(chan struct{}, runtime.GOMAXPROCS(0))
	for i, doc := range users {
		if hashes[i], errs[i] = identity.ReadHash(doc); hashes[i] != "" || errs[i] != nil {
			continue
		}
		password := text(doc, "password")
		if password == "" {
			continue
		}
		free <- struct{}{}
		wait.Go(func() {
			defer func() { <-free }()
			hashes[i], errs[i] = p.deps.Passwords.Hash(context.Background(), password)
		})
	}
	wait.Wait()
	for i, err := range errs {
		if err != nil {
			return fmt.Errorf("user %q: %w", nameOf(users[i]), err)
		}
	}
	return nil
}
