package deploy

import (
	"errors"
	"fmt"
	"maps"

	"github.com/tenant0/tenant0/server/identity"
	"github.com/tenant0/tenant0/storage"
)

// Accounts that are linked to a user are among the identities of the user's entry, and each has its password or its
// hash there, in the members that a user has for it.

// passwordKeys are the keys of a password in an entry or in one of its identities.
var passwordKeys = []string{"password", "password_hash", "custom_password_hash"}

// linkedIn returns the linked accounts of an entry.
func linkedIn(entry storage.Document) []storage.Document {
	if all := ItemsOf(entry["identities"]); len(all) > 1 {
		return all[1:]
	}
	return nil
}

// accountID is the id of an account that is linked to a user.
func accountID(linked storage.Document) string {
	return storage.Identity{Provider: storage.Text(linked, "provider"), UserID: storage.Text(linked, "user_id")}.ID()
}

// withoutPasswords returns a copy of the identities of an entry as they are stored.
func withoutPasswords(identities any) any {
	all, ok := identities.([]any)
	if !ok {
		return identities
	}
	stored := make([]any, len(all))
	for n, item := range all {
		stored[n] = item
		if doc, ok := item.(storage.Document); ok {
			doc = maps.Clone(doc)
			for _, key := range passwordKeys {
				delete(doc, key)
			}
			stored[n] = doc
		}
	}
	return stored
}

// withHashes returns a copy of the identities of an entry, with a hash in place of the password of each linked account.
// hash makes the hash.
func withHashes(identities any, hash func(account string, holder storage.Document) (string, error)) (any, error) {
	all, ok := withoutPasswords(identities).([]any)
	if !ok {
		return identities, nil
	}
	for n, linked := range linkedIn(storage.Document{"identities": identities}) {
		made, err := hash(accountID(linked), linked)
		if err != nil {
			return nil, err
		}
		if doc, ok := all[n+1].(storage.Document); ok && made != "" {
			doc["password_hash"] = made
		}
	}
	return all, nil
}

// exportPassword adds the hash of an account's password to the document of the account.
func exportPassword(tx *storage.Tx, account string, doc storage.Document) error {
	password, err := tx.Passwords.Get(account)
	if err != nil || password.Hash == "" {
		return storage.Optional(err)
	}
	member, value, err := identity.HashMember(password.Hash)
	if err != nil {
		return fmt.Errorf("the hash of %s: %w", account, err)
	}
	doc[member] = value
	return nil
}

// setPasswords stores the hashes of the passwords of an entry's accounts that differ from the stored ones, if the user
// has the accounts.
func setPasswords(tx *storage.Tx, userID string, entry storage.Document) (changed bool, err error) {
	changed, err = setPassword(tx, userID, userID, entry)
	for _, linked := range linkedIn(entry) {
		if err != nil {
			return false, err
		}
		account, another := accountID(linked), false
		if _, err = tx.UserAs(userID, account); storage.IsNotFound(err) {
			err = nil
			continue
		}
		if err == nil {
			another, err = setPassword(tx, userID, account, linked)
		}
		changed = changed || another
	}
	return changed, err
}

// setPassword stores the password hash of an account, if its document has one that differs from the stored hash.
func setPassword(tx *storage.Tx, userID, account string, doc storage.Document) (changed bool, err error) {
	stored, err := tx.Passwords.Get(account)
	if err := storage.Optional(err); err != nil {
		return false, err
	}
	hash := storage.Text(doc, "password_hash")
	if hash == "" || hash == stored.Hash {
		return false, nil
	}
	if err := tx.Passwords.Put(storage.Password{UserID: account, Hash: hash}); err != nil || stored.Hash == "" {
		return true, err
	}
	return true, errors.Join(tx.EndSessions(userID, storage.PasswordChanged), tx.ForgetFailuresAt(userID, account))
}

// errLinked is the error for an entry of an account that is linked to a user.
func errLinked(account, userID string) error {
	return fmt.Errorf("the account %s is linked to the user %s: unlink it first, or write it as one of the identities of that user", account, userID)
}
