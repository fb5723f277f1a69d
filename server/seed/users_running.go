package seed

import (
	"context"
	"errors"
	"fmt"
	"maps"
	"slices"
	"strings"

	"github.com/tenant0/tenant0/server/account"
	"github.com/tenant0/tenant0/server/identity"
	"github.com/tenant0/tenant0/server/resource"
	"github.com/tenant0/tenant0/storage"
)

// HashPasswords checks the entries of users as CheckUsers does, but for what their connections
// decide, and returns them with the hashes of their passwords in place of them, for
// ImportUsers. A password that a user has already keeps its hash.
func HashPasswords(ctx context.Context, db *storage.DB, entries []storage.Document, d Deps) ([]storage.Document, error) {
	if err := checkEntries(entries); err != nil {
		return nil, err
	}
	hashed := make([]storage.Document, len(entries))
	for i, entry := range entries {
		hashed[i] = maps.Clone(entry)
		delete(hashed[i], "custom_password_hash")
		hash, err := identity.ReadHash(entry)
		if err != nil {
			return nil, err
		}
		password := text(entry, "password")
		if hash != "" || password == "" {
			hashed[i]["password_hash"] = hash
			continue
		}
		var stored storage.Password
		err = db.View(func(tx *storage.Tx) error {
			doc, err := existing(tx, entry)
			if err == nil && doc != nil {
				stored, err = tx.Passwords.Get(text(doc, "user_id"))
			}
			return storage.Optional(err)
		})
		if err != nil {
			return nil, err
		}
		hash = stored.Hash
		if hash == "" || d.Passwords.Check(ctx, stored.UserID, hash, password) != nil {
			if hash, err = d.Passwords.Hash(ctx, password); err != nil {
				return nil, fmt.Errorf("users: %q: %w", nameOf(entry), err)
			}
		}
		hashed[i]["password_hash"] = hash
	}
	return hashed, nil
}

// ImportUsers brings the users of a tenant file into a tenant: those that are there,
// with their id or their login, are changed, the others are added. Their passwords are
// hashed, see HashPasswords.
func ImportUsers(ctx context.Context, tx *storage.Tx, entries []storage.Document, d Deps) ([]Change, error) {
	roles := map[string]string{}
	for role, err := range tx.Roles.All() {
		if err != nil {
			return nil, err
		}
		roles[role.Name] = role.ID
	}
	var changes []Change
	for _, entry := range entries {
		name := nameOf(entry)
		if name == "" {
			return nil, errors.New("users: an entry has neither an address, a username, a phone number nor a user_id")
		}
		if err := ctx.Err(); err != nil {
			return nil, err
		}
		action, err := importUser(tx, entry, roles, d)
		if err != nil {
			return nil, fmt.Errorf("users: %q: %w", name, err)
		}
		changes = append(changes, Change{action, name})
	}
	return changes, nil
}

// madeByServer are the members of a user that a file gives to a new user alone.
var madeByServer = []string{
	"user_id", "identities", "created_at", "updated_at", "last_login", "last_ip", "logins_count", "last_password_reset",
	"multifactor", "multifactor_last_modified", "guardian_authenticators",
}

func importUser(tx *storage.Tx, entry storage.Document, roles map[string]string, d Deps) (action string, err error) {
	conn, err := connectionFor(tx, entry)
	if err != nil {
		return "", err
	}
	entry = maps.Clone(entry)
	entry["connection"] = conn.Name
	doc, action, err := becoming(tx, entry, conn, d)
	if err != nil {
		return "", err
	}
	if action != "unchanged" {
		doc["updated_at"] = resource.Time(d.Now)
		if err := tx.Users.Put(doc); err != nil {
			return "", err
		}
	}
	newPassword, err := setPassword(tx, text(doc, "user_id"), entry)
	if err != nil {
		return "", err
	}
	newAccess, err := setAccess(tx, text(doc, "user_id"), entry, roles)
	if err != nil {
		return "", err
	}
	newMembership, err := joinOrganizations(tx, text(doc, "user_id"), entry["organizations"], roles)
	if err != nil {
		return "", err
	}
	if action == "unchanged" && (newPassword || newAccess || newMembership) {
		action = "update"
	}
	return action, nil
}

// becoming is the user that an entry makes or changes, and which of the two it does.
func becoming(tx *storage.Tx, entry storage.Document, conn storage.Connection, d Deps) (doc storage.Document, action string, err error) {
	if doc, err = existing(tx, entry); err != nil {
		return nil, "", err
	}
	if doc == nil {
		if err := checkNew(entry, conn); err != nil {
			return nil, "", err
		}
		doc = profile(entry)
		identify(doc, conn)
		identity.Complete(doc, d.Now)
		return doc, "create", nil
	}
	action = "unchanged"
	for member, value := range profile(entry) {
		if !slices.Contains(madeByServer, member) && !same(doc[member], value) {
			doc[member], action = value, "update"
		}
	}
	return doc, action, nil
}

// connectionFor is the connection of an entry: the one that it names, or else the only one
// of the provider that is in its id.
func connectionFor(tx *storage.Tx, entry storage.Document) (found storage.Connection, err error) {
	provider, _, whole := strings.Cut(text(entry, "user_id"), "|")
	if name := text(entry, "connection"); name != "" || !whole || provider == storage.DatabaseStrategy {
		found, err = tx.Connections.Find("name", connectionOf(entry))
		if storage.IsNotFound(err) {
			err = fmt.Errorf("there is no connection %q", connectionOf(entry))
		}
		return found, err
	}
	count := 0
	for c, err := range tx.Connections.All() {
		if err != nil {
			return found, err
		}
		if account.Provider(c) == provider {
			found, count = c, count+1
		}
	}
	if count != 1 {
		err = fmt.Errorf("the user_id is one of %s, and so are %d connections; name the connection that the user logs in with", provider, count)
	}
	return found, err
}

// existing is the user with the id or the login of an entry, nil for none.
func existing(tx *storage.Tx, entry storage.Document) (doc storage.Document, err error) {
	if id := text(entry, "user_id"); id != "" {
		doc, err = tx.Users.Document(id)
		if err == nil || !storage.IsNotFound(err) {
			return doc, err
		}
	}
	for _, member := range []string{"email", "username", "phone_number"} {
		login := text(entry, member)
		if login == "" {
			continue
		}
		user, err := tx.UserByLogin(connectionOf(entry), login)
		if storage.IsNotFound(err) {
			continue
		}
		if err != nil {
			return nil, err
		}
		return tx.Users.Document(user.UserID)
	}
	return doc, nil
}

// setPassword gives a user the hash of an entry, if it has one that is another.
func setPassword(tx *storage.Tx, id string, entry storage.Document) (changed bool, err error) {
	stored, err := tx.Passwords.Get(id)
	if err := storage.Optional(err); err != nil {
		return false, err
	}
	hash := text(entry, "password_hash")
	if hash == "" || hash == stored.Hash {
		return false, nil
	}
	return true, tx.Passwords.Put(storage.Password{UserID: id, Hash: hash})
}

// setAccess gives a user the roles and permissions of an entry that names some.
func setAccess(tx *storage.Tx, id string, entry storage.Document, roles map[string]string) (changed bool, err error) {
	_, ofRoles := entry["roles"]
	_, ofPermissions := entry["permissions"]
	if !ofRoles && !ofPermissions {
		return false, nil
	}
	stored, err := tx.UserAccess.Get(id)
	if err := storage.Optional(err); err != nil {
		return false, err
	}
	access := stored
	access.UserID = id
	if ofRoles {
		access.Roles = nil
		for _, name := range list(entry["roles"]) {
			role, known := roles[name]
			if !known {
				return false, fmt.Errorf("there is no role %q", name)
			}
			access.Roles = append(access.Roles, role)
		}
	}
	if ofPermissions {
		access.Permissions = permissions(entry["permissions"])
	}
	if same(access, stored) {
		return false, nil
	}
	return true, tx.UserAccess.Put(access)
}
