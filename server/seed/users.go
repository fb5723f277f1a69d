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
		p.users = append(p.users, user{doc: doc, password: storage.Password{UserID: id, Hash: hashes[i]}, access: p.access(id, entry)})
		if email := text(doc, "email"); email != "" {
			p.userIDs[emailKey(email)] = id
		}
		if entry["organizations"] != nil {
			p.members = append(p.members, membership{id, entry["organizations"]})
		}
	}
	return encode(p.users)
}

// encode encodes users, on all cores.
func encode(users []user) error {
	cores := runtime.GOMAXPROCS(0)
	errs := make([]error, len(users))
	var wait sync.WaitGroup
	for first := range cores {
		wait.Go(func() {
			for i := first; i < len(users); i += cores {
				users[i].encoded, errs[i] = storage.EncodeUser(users[i].doc)
				users[i].doc = nil
			}
		})
	}
	wait.Wait()
	return errors.Join(errs...)
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

// user is what is stored of one: beside the profile the password, with the hash "" for
// none, and the access, with nothing in it for none.
type user struct {
	doc      storage.Document // until it is encoded
	encoded  storage.EncodedUser
	password storage.Password
	access   storage.UserAccess
}

func (u user) put(tx *storage.Tx) error {
	err := tx.PutUser(u.encoded)
	if err == nil && u.password.Hash != "" {
		err = tx.Passwords.Put(u.password)
	}
	if err == nil && len(u.access.Roles)+len(u.access.Permissions) > 0 {
		err = tx.UserAccess.Put(u.access)
	}
	return err
}

// access is the core roles and permissions of a user.
func (p *Plan) access(userID string, entry storage.Document) storage.UserAccess {
	access := storage.UserAccess{UserID: userID, Permissions: permissions(entry["permissions"])}
	for _, name := range list(entry["roles"]) {
		access.Roles = append(access.Roles, cmp.Or(p.roleIDs[name], name))
	}
	return access
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
