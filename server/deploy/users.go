package deploy

import (
	"cmp"
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

// hashPasswords checks the entries of users as CheckUsers does, except for the checks that
// depend on connections, and returns them for importUsers with hashes in place of the
// passwords. If an existing user has the same password already, its hash is kept.
func (t Tenant) hashPasswords(ctx context.Context, entries []storage.Document) ([]storage.Document, error) {
	if err := checkEntries(entries); err != nil {
		return nil, err
	}
	hashed := make([]storage.Document, len(entries))
	for i, entry := range entries {
		hash := func(account string, holder storage.Document) (string, error) {
			made, err := t.hashKept(ctx, entry, account, holder)
			if err != nil {
				err = fmt.Errorf("users: %q: %w", nameOf(entry), err)
			}
			return made, err
		}
		hashed[i] = maps.Clone(entry)
		delete(hashed[i], "custom_password_hash")
		made, err := hash("", entry)
		if err != nil {
			return nil, err
		}
		hashed[i]["password_hash"] = made
		if entry["identities"] == nil {
			continue
		}
		if hashed[i]["identities"], err = withHashes(entry["identities"], hash); err != nil {
			return nil, err
		}
	}
	return hashed, nil
}

// hashKept returns the hash of the password of an account, "" for none: the hash in holder, the stored hash if its
// password is the one in holder, or a new one. The account "" is the own one of the user of the entry.
func (t Tenant) hashKept(ctx context.Context, entry storage.Document, account string, holder storage.Document) (string, error) {
	hash, err := identity.ReadHash(holder)
	password := storage.Text(holder, "password")
	if err != nil || hash != "" || password == "" {
		return hash, err
	}
	var stored storage.Password
	err = t.DB.View(ctx, func(tx *storage.Tx) error {
		doc, err := existing(tx, entry)
		if err == nil && doc != nil {
			stored, err = tx.Passwords.Get(cmp.Or(account, storage.Text(doc, "user_id")))
		}
		return storage.Optional(err)
	})
	if err != nil {
		return "", err
	}
	if stored.Hash != "" && t.Passwords.Check(ctx, stored.UserID, stored.Hash, password) == nil {
		return stored.Hash, nil
	}
	return t.Passwords.Hash(ctx, password)
}

// importUsers imports the users of a tenant file: existing users, found by id or login
// identifier, are changed, the others are added. The passwords must be hashed by
// hashPasswords.
func (t Tenant) importUsers(ctx context.Context, tx *storage.Tx, entries []storage.Document) ([]Change, error) {
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
		action, err := t.importUser(tx, entry, roles)
		if err != nil {
			return nil, fmt.Errorf("users: %q: %w", name, err)
		}
		changes = append(changes, Change{Action: action, Section: usersSection, Name: name})
	}
	return changes, nil
}

// madeByServer are the members of a user that are imported only for a new user.
var madeByServer = []string{
	"user_id", "identities", "created_at", "updated_at", "last_login", "last_ip", "logins_count", "last_password_reset",
	"multifactor", "multifactor_last_modified", "guardian_authenticators",
}

func (t Tenant) importUser(tx *storage.Tx, entry storage.Document, roles map[string]string) (action string, err error) {
	conn, err := connectionFor(tx, entry)
	if err != nil {
		return "", err
	}
	entry = maps.Clone(entry)
	entry["connection"] = conn.Name
	before, doc, err := t.becoming(tx, entry, conn)
	if err != nil {
		return "", err
	}
	if action, err = t.write(tx, before, doc); err != nil {
		return "", err
	}
	newPassword, err := setPasswords(tx, storage.Text(doc, "user_id"), entry)
	if err != nil {
		return "", err
	}
	newAccess, err := setAccess(tx, storage.Text(doc, "user_id"), entry, roles)
	if err != nil {
		return "", err
	}
	newMembership, err := joinOrganizations(tx, storage.Text(doc, "user_id"), entry["organizations"], roles)
	if err != nil {
		return "", err
	}
	if action == "unchanged" && (newPassword || newAccess || newMembership) {
		action = "update"
	}
	return action, nil
}

// becoming returns the new or changed user of an entry, and the user's document before the
// change, nil for a new user.
func (t Tenant) becoming(tx *storage.Tx, entry storage.Document, conn storage.Connection) (before, doc storage.Document, err error) {
	if before, err = existing(tx, entry); err != nil {
		return nil, nil, err
	}
	if before == nil {
		if err := checkNew(entry, conn); err != nil {
			return nil, nil, err
		}
		doc = profile(entry)
		id := identify(doc, conn)
		if taken, err := tx.AccountTaken(id); err != nil || taken {
			return nil, nil, cmp.Or(err, fmt.Errorf("the account %s is linked to another user", id))
		}
		identity.Complete(doc, t.Now())
		return nil, doc, nil
	}
	doc = maps.Clone(before)
	for member, value := range profile(entry) {
		if !slices.Contains(madeByServer, member) && !same(doc[member], value) {
			doc[member] = value
		}
	}
	return before, doc, nil
}

// write stores a user and returns the action: "create" if before is nil, "update", or "unchanged" if doc equals before.
func (t Tenant) write(tx *storage.Tx, before, doc storage.Document) (action string, err error) {
	switch {
	case before == nil:
		action = "create"
	case same(before, doc):
		return "unchanged", nil
	default:
		action = "update"
	}
	doc["updated_at"] = resource.Time(t.Now())
	if before == nil {
		return action, account.Put(tx, doc, "")
	}
	return action, account.Update(tx, doc)
}

// connectionFor returns the connection of an entry: the one that it names, or the only
// connection with the provider in its user_id.
func connectionFor(tx *storage.Tx, entry storage.Document) (found storage.Connection, err error) {
	provider, _, whole := strings.Cut(storage.Text(entry, "user_id"), "|")
	if name := storage.Text(entry, "connection"); name != "" || !whole || provider == storage.DatabaseStrategy {
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
		err = fmt.Errorf("the user_id belongs to the provider %s, for which there are %d connections; name the connection that the user logs in with", provider, count)
	}
	return found, err
}

// existing returns the user with the id or a login identifier of an entry, or nil.
func existing(tx *storage.Tx, entry storage.Document) (doc storage.Document, err error) {
	if id := storage.Text(entry, "user_id"); id != "" {
		doc, err = tx.Users.Document(id)
		if err == nil || !storage.IsNotFound(err) {
			return doc, err
		}
	}
	for _, member := range []string{"email", "username", "phone_number"} {
		login := storage.Text(entry, member)
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
		if user.Linked != nil {
			return nil, errLinked(user.AccountID(), user.UserID)
		}
		return tx.Users.Document(user.UserID)
	}
	return doc, nil
}

// setAccess sets a user's roles and direct permissions to those of the entry, if the entry
// has these members.
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
