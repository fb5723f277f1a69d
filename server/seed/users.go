package seed

import (
	"cmp"
	"context"
	"crypto/rand"
	"encoding/hex"
	"fmt"
	"maps"
	"runtime"
	"strings"
	"sync"

	"github.com/tenant0/tenant0/config"
	"github.com/tenant0/tenant0/server/identity"
	"github.com/tenant0/tenant0/storage"
)

// ownKeys are the keys of a user in a tenant file that are no part of the
// profile.
var ownKeys = []string{"password", "password_hash", "connection", "roles", "permissions"}

func (p *Plan) planUsers(file *config.Tenant) error {
	hashes := make([]string, len(file.Users))
	if err := p.hash(file.Users, hashes); err != nil {
		return err
	}
	for i, entry := range file.Users {
		doc := profile(entry)
		id := identify(doc, entry)
		identity.Complete(doc, p.deps.Now)
		p.users = append(p.users, doc)
		if hashes[i] != "" {
			p.passwords = append(p.passwords, storage.Password{UserID: id, Hash: hashes[i]})
		}
		if email := text(doc, "email"); email != "" {
			p.userIDs[emailKey(email)] = id
		}
		p.planAccess(id, entry)
	}
	return nil
}

// profile is what of an entry is kept with the user.
func profile(entry storage.Document) storage.Document {
	doc := maps.Clone(entry)
	for _, key := range ownKeys {
		delete(doc, key)
	}
	return doc
}

// identify gives a user an id, unless it has one, and the identity that goes with it.
func identify(doc, entry storage.Document) string {
	id := cmp.Or(text(doc, "user_id"), newUserID())
	if !strings.Contains(id, "|") {
		id = "auth0|" + id
	}
	doc["user_id"] = id
	provider, local, _ := strings.Cut(id, "|")
	if doc["identities"] == nil {
		doc["identities"] = []any{storage.Document{"connection": connectionOf(entry), "provider": provider, "user_id": local, "isSocial": false}}
	}
	return id
}

func connectionOf(entry storage.Document) string {
	return cmp.Or(text(entry, "connection"), config.DefaultConnection)
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

func newUserID() string {
	b := make([]byte, 12)
	_, _ = rand.Read(b) // never fails: crypto/rand
	return "auth0|" + hex.EncodeToString(b)
}

// CheckPasswords says what is wrong with the passwords of users and with their hashes. It
// does not hash.
func CheckPasswords(users []storage.Document) error {
	for _, doc := range users {
		name := nameOf(doc)
		if hash := text(doc, "password_hash"); hash != "" {
			if err := identity.CheckHash(hash); err != nil {
				return fmt.Errorf("user %q: password_hash: %w", name, err)
			}
		} else if err := identity.CheckLength(text(doc, "password")); err != nil {
			return fmt.Errorf("user %q: %w", name, err)
		}
	}
	return nil
}

// nameOf is what an entry is told by: "" for one that nothing tells.
func nameOf(entry storage.Document) string {
	return cmp.Or(text(entry, "email"), text(entry, "username"), text(entry, "phone_number"), text(entry, "user_id"))
}

// hash fills in the hashes of the users' passwords, on all cores: they are by
// far the most of a seed's cost.
func (p *Plan) hash(users []storage.Document, hashes []string) error {
	if err := CheckPasswords(users); err != nil {
		return err
	}
	errs := make([]error, len(users))
	var wait sync.WaitGroup
	free := make(chan struct{}, runtime.GOMAXPROCS(0))
	for i, doc := range users {
		password := text(doc, "password")
		if hashes[i] = text(doc, "password_hash"); hashes[i] != "" {
			continue
		}
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
