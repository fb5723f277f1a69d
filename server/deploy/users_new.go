package deploy

import (
	"cmp"
	"context"
	"errors"
	"fmt"
	"maps"
	"runtime"
	"slices"
	"strings"
	"sync"

	"github.com/tenant0/tenant0/config/tenantfile"
	"github.com/tenant0/tenant0/server/account"
	"github.com/tenant0/tenant0/server/identity"
	"github.com/tenant0/tenant0/storage"
)

// ownKeys are the keys of a user in a tenant file that are not part of the user profile.
var ownKeys = append([]string{"connection", "roles", "permissions", "organizations"}, passwordKeys...)

// people are the users of a tenant file for an empty tenant, ready to be stored.
type people struct {
	users   []user
	members []membership
	ids     map[string]string // by e-mail address, see emailKey
}

// newUsers prepares the users of a tenant file for storing. It is slow because it hashes
// passwords, and must be called outside of any transaction. roles maps names of roles to ids.
func (t Tenant) newUsers(ctx context.Context, file *tenantfile.Tenant, roles map[string]string) (all people, err error) {
	if err := errors.Join(CheckUsers(file)...); err != nil {
		return all, err
	}
	holders := slices.Clone(file.Users) // of passwords: the users, and after them their linked accounts
	for _, entry := range file.Users {
		holders = append(holders, linkedIn(entry)...)
	}
	hashes := make([]string, len(holders))
	if err := t.hash(ctx, holders, hashes); err != nil {
		return all, err
	}
	ofLinked := hashes[len(file.Users):]
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
		passwords := []storage.Password{{UserID: id, Hash: hashes[i]}}
		for _, linked := range linkedIn(entry) {
			if len(linkedIn(doc)) > 0 { // identities of a user without a user_id do not count
				passwords = append(passwords, storage.Password{UserID: accountID(linked), Hash: ofLinked[0]})
			}
			ofLinked = ofLinked[1:]
		}
		all.users = append(all.users, user{doc: doc, passwords: passwords, access: heldBy(id, entry, roles)})
		if email := storage.Text(doc, "email"); email != "" {
			all.ids[emailKey(email)] = id
		}
		if entry["organizations"] != nil {
			all.members = append(all.members, membership{id, entry["organizations"]})
		}
	}
	return all, encode(all.users)
}

// encode encodes users for the store, in parallel on all cores.
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

// profile returns the members of an entry that belong to the user profile.
func profile(entry storage.Document) storage.Document {
	doc := maps.Clone(entry)
	for _, key := range ownKeys {
		delete(doc, key)
	}
	if doc["identities"] != nil {
		doc["identities"] = withoutPasswords(doc["identities"])
	}
	return doc
}

// identify adds a user_id, unless the user has one with a provider, and the identity for it,
// unless the user has identities. It returns the user_id.
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

// user is the data that is stored for a user: the profile, the passwords of the user's accounts
// (with the hash "" if there is none) and the access (roles and permissions).
type user struct {
	doc       storage.Document // nil after encoding
	encoded   storage.EncodedUser
	passwords []storage.Password
	access    storage.UserAccess
}

func (u user) put(tx *storage.Tx) error {
	err := tx.PutUser(u.encoded)
	for _, password := range u.passwords {
		if err == nil && password.Hash != "" {
			err = tx.Passwords.Put(password)
		}
	}
	if err == nil && len(u.access.Roles)+len(u.access.Permissions) > 0 {
		err = tx.UserAccess.Put(u.access)
	}
	return err
}

// heldBy returns the roles and direct permissions of a user. roles maps names of roles to
// ids.
func heldBy(userID string, entry storage.Document, roles map[string]string) storage.UserAccess {
	access := storage.UserAccess{UserID: userID, Permissions: permissions(entry["permissions"])}
	for _, name := range list(entry["roles"]) {
		access.Roles = append(access.Roles, cmp.Or(roles[name], name))
	}
	return access
}

// nameOf returns the name of an entry in messages: its e-mail address, username, phone number
// or user_id, or "".
func nameOf(entry storage.Document) string {
	return cmp.Or(storage.Text(entry, "email"), storage.Text(entry, "username"), storage.Text(entry, "phone_number"), storage.Text(entry, "user_id"))
}

// hash fills in the hashes of the users' passwords, in parallel on all cores, because hashing
// takes by far the most time of a seed.
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

// list returns the strings of a list.
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

// permissions returns the permissions of a user or a role in a tenant file.
func permissions(value any) []storage.Permission {
	var out []storage.Permission
	for _, doc := range ItemsOf(value) {
		out = append(out, storage.Permission{
			ResourceServerIdentifier: storage.Text(doc, "resource_server_identifier"), PermissionName: storage.Text(doc, "permission_name"),
		})
	}
	return out
}

// emailKey returns the key for lookups by e-mail address, which ignore case.
func emailKey(email string) string { return strings.ToLower(email) }
