package storage_test

import (
	"errors"
	"strings"
	"testing"

	"github.com/tenant0/tenant0/storage"
	"github.com/tenant0/tenant0/storage/keyspace"
)

// owner is a user with an account at google and accounts of the database db that are linked to it.
func owner(id string, linked ...storage.Document) storage.Document {
	identities := []any{storage.Document{"connection": "google", "provider": "google-oauth2", "user_id": id}}
	for _, profile := range linked {
		identities = append(identities, storage.Document{
			"connection": "db", "provider": "auth0", "user_id": strings.TrimSuffix(storage.Text(profile, "name"), "@x"), "profileData": profile,
		})
	}
	return storage.Document{"user_id": "google-oauth2|" + id, "email": id + "@own", "identities": identities}
}

// TestLinkedAccountsOfFormat7AreFound by their identifiers, in the store and in its snapshots. An identifier that
// another account has taken meanwhile is removed from the linked one.
func TestLinkedAccountsOfFormat7AreFound(t *testing.T) {
	s := open(t)
	s.update(func(tx *storage.Tx) error {
		return errors.Join(
			tx.Users.Put(owner("ada", storage.Document{"name": "bea", "email": "Bea@x", "username": "bea", "email_verified": "not a flag"})),
			tx.Users.Put(owner("cyd", storage.Document{"name": "dot", "email": "dot@x", "username": "dot"}, storage.Document{"name": "dup", "email": "DOT@x"})),
			tx.SaveSnapshot("named"))
	})
	rows := s.rows(false)
	err := s.engine.Update(t.Context(), func(kv keyspace.KV) error {
		for _, key := range rows {
			if strings.Contains(key, "i/users\x00login\x00db\x01") {
				if err := kv.Delete([]byte(key)); err != nil {
					return err
				}
			}
		}
		return kv.Put([]byte("format"), formatMark(7))
	})
	if err != nil {
		t.Fatal(err)
	}
	s.update(func(tx *storage.Tx) error { return tx.Users.Put(user("auth0|fay", "db", "dot@x")) })
	db, err := storage.Open(s.engine)
	if err != nil {
		t.Fatal(err)
	}
	found := func(name, want, account string) {
		t.Helper()
		err := db.View(t.Context(), func(tx *storage.Tx) error {
			got, err := tx.UserByLogin("db", name)
			if got.UserID != want || got.AccountID() != account {
				t.Errorf("%s is %q as %q, want %q as %q", name, got.UserID, got.AccountID(), want, account)
			}
			return storage.Optional(err)
		})
		if err != nil {
			t.Fatal(err)
		}
	}
	found("bea@x", "google-oauth2|ada", "auth0|bea")
	found("bea", "google-oauth2|ada", "auth0|bea")
	found("dot@x", "auth0|fay", "auth0|fay")
	found("dot", "", "") // the account whose address is taken has no identifier left
	found("ada@own", "", "")
	if err := db.Update(t.Context(), func(tx *storage.Tx) error { return tx.RestoreSnapshot("named") }); err != nil {
		t.Fatal(err)
	}
	found("bea@x", "google-oauth2|ada", "auth0|bea")
	found("dot@x", "google-oauth2|cyd", "auth0|dot")
}
