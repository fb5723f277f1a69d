package deploy

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

// people are the users of a tenant file for an empty tenant, ready to be stored.
type people struct {
	users   []user
	members []membership
	ids     map[string]string // by e-mail address, see emailKey
}

// newUsers works out the users of a tenant file. It hashes passwords, so it takes its time and is
// called outside of any transaction. roles are ids by name.
func (t Tenant) newUsers(ctx context.Context, file *tenantfile.Tenant, roles map[string]string) (all people, err error) {
	if err := errors.Join(CheckUsers(file)...); err != nil {
		return all, err
	}
	hashes := make([]string, len(file.Users))
	if err := t.hash(ctx, file.Users, hashes); err != nil {
		return all, err
	}
	all.ids = map[string]string{}
	connections, now := connectionsOf(file), t.Now()
	for i, entry := range file.Users {
		doc := profile(entry)
		conn, known := connections[connectionOf(entry)]
		if !known {
			conn = storage.Connection{Name: connectionOf(entry), Strategy: storage.DatabaseStrategy}
		}
		id := identify(doc, conn)
		identity.Complete(doc, now)
		all.users = append(all.users, user{doc: doc, password: storage.Password{UserID: id, Hash: hashes[i]}, access: heldBy(id, entry, roles)})
		if email := storage.Text(doc, "email"); email != "" {
			all.ids[emailKey(email)] = id
		}
		if entry["organizations"] != nil {
			all.members = append(all.members, membership{id, entry["organizations"]})
		}
	}
	return all, encode(all.users)
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
	provider, local, whole := strings.Cut(storage.Text(doc, "user_id"), "|")
	switch {
	case !whole:
		account.Identify(doc, conn)
	case doc["identities"] == nil:
		doc["identities"] = []any{account.Identity(conn, provider, local)}
	}
	return storage.Text(doc, "user_id")
}

func connectionOf(entry storage.Document) string {
	return cmp.Or(storage.Text(entry, "connection"), tenantfile.DefaultConnection)
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

// heldBy is the core roles and permissions of a user, whose roles have ids by name.
func heldBy(userID string, entry storage.Document, roles map[string]string) storage.UserAccess {
	access := storage.UserAccess{UserID: userID, Permissions: permissions(entry["permissions"])}
	for _, name := range list(entry["roles"]) {
		access.Roles = append(access.Roles, cmp.Or(roles[name], name))
	}
	return access
}

// nameOf is what an entry is told by: "" for one that nothing tells.
func nameOf(entry storage.Document) string {
	return cmp.Or(storage.Text(entry, "email"), storage.Text(entry, "username"), storage.Text(entry, "phone_number"), storage.Text(entry, "user_id"))
}

// hash fills in the hashes of the users' passwords, on all cores: they are by
// far the most of a seed's cost.
func (t Tenant) hash(ctx context.Context, users []storage.Document, hashes []string) error {
	errs := make([]error, len(users))
	var wait sync.WaitGroup
	free := make(chan struct{}, runtime.GOMAXPROCS(0))
	for i, doc := range users {
		if hashes[i], errs[i] = identity.ReadHash(doc); hashes[i] != "" || errs[i] != nil {
			continue
		}
		password := storage.Text(doc, "password")
		if password == "" {
			continue
		}
		free <- struct{}{}
		wait.Go(func() {
			defer func() { <-free }()
			hashes[i], errs[i] = t.Passwords.Hash(ctx, password)
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

// list is the texts of a list.
func list(value any) []string {
	var out []string
	items, _ := value.([]any)
	for _, item := range items {
		if s, ok := item.(string); ok {
			out = append(out, s)
		}
	}
	return out
}

// permissions are those that a user or a role of a tenant file has.
func permissions(value any) []storage.Permission {
	var out []storage.Permission
	for _, doc := range ItemsOf(value) {
		out = append(out, storage.Permission{
			ResourceServerIdentifier: storage.Text(doc, "resource_server_identifier"), PermissionName: storage.Text(doc, "permission_name"),
		})
	}
	return out
}

// emailKey is how users are told apart by e-mail address.
func emailKey(email string) string { return strings.ToLower(email) }
