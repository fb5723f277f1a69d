package objects_test

import (
	"context"
	"errors"
	"testing"

	"github.com/tenant0/tenant0/keys"
	"github.com/tenant0/tenant0/server/emails"
	"github.com/tenant0/tenant0/server/objects"
	"github.com/tenant0/tenant0/server/resource"
	"github.com/tenant0/tenant0/storage"
)

// tenant is a store with the services that changes of its objects need.
type tenant struct {
	t  *testing.T
	db *storage.DB
	objects.Services
}

const issuer = "https://tenant.test/"

// newTenant stores a database connection, a user of it, a role and an organization.
func newTenant(t *testing.T) tenant {
	t.Helper()
	db := open(t)
	secrets, err := keys.OpenSecrets(db)
	if err != nil {
		t.Fatal(err)
	}
	tn := tenant{t, db, objects.Services{Issuer: issuer, Secrets: secrets, Emails: emails.Writer{DB: db, Issuer: issuer}}}
	tn.change(func(ch *objects.Change) error {
		return errors.Join(
			ch.Tx.Tenant.Put(storage.Document{"default_redirection_uri": "https://app.test/"}),
			ch.Tx.Connections.Put(storage.Document{"id": "con_1", "name": "people", "strategy": "auth0", "enabled_clients": []any{}}),
			ch.Tx.Users.Put(storage.Document{
				"user_id": "auth0|1", "email": "one@test.test", "email_verified": true,
				"identities": []any{storage.Document{"connection": "people", "provider": "auth0", "user_id": "1"}},
			}),
			ch.Tx.Passwords.Put(storage.Password{UserID: "auth0|1", Hash: "old"}),
			ch.Tx.Roles.Put(storage.Document{"id": "rol_1", "name": "One"}),
			objects.GiveRole(ch.Tx, "rol_1", []string{"auth0|1"}),
			ch.Tx.Documents(resource.Organizations.Name, "").Put(storage.Write{ID: "org_1", Document: storage.Document{"id": "org_1", "name": "one"}}),
		)
	})
	return tn
}

// try runs a change and returns its effects; updates run twice in tests, and the last run counts.
func (tn tenant) try(fn func(*objects.Change) error) (effects objects.Effects, err error) {
	err = tn.db.Update(context.Background(), func(tx *storage.Tx) error {
		ch := &objects.Change{Services: tn.Services, Author: objects.Author{ClientID: "asking"}, Tx: tx, Now: epoch}
		err := fn(ch)
		effects = ch.Effects
		return err
	})
	return effects, err
}

func (tn tenant) change(fn func(*objects.Change) error) objects.Effects {
	tn.t.Helper()
	effects, err := tn.try(fn)
	if err != nil {
		tn.t.Fatal(err)
	}
	return effects
}

// TestEffects makes changes that notify somebody, and the same changes when nobody is notified.
func TestEffects(t *testing.T) {
	tn := newTenant(t)
	tn.change(func(ch *objects.Change) error {
		return ch.Tx.Clients.Put(storage.Document{"client_id": "app", "organization_usage": "allow"})
	})
	person := func(more ...any) storage.Document {
		doc := storage.Document{"connection": "people", "email": "new@test.test", "password": "p"}
		for i := 0; i < len(more); i += 2 {
			doc[more[i].(string)] = more[i+1]
		}
		return doc
	}
	invitation := func() storage.Document {
		return storage.Document{
			"client_id": "app", "inviter": storage.Document{"name": "Jane"}, "invitee": storage.Document{"email": "new@test.test"},
		}
	}
	for _, test := range []struct {
		name                     string
		do                       func(*objects.Change) error
		drafts, messages, events int
	}{
		{"a new user with an address", func(ch *objects.Change) error { return objects.CreateUser(ch, person(), "hash") }, 1, 0, 0},
		{"one whose address is verified", func(ch *objects.Change) error {
			return objects.CreateUser(ch, person("email", "verified@test.test", "email_verified", true), "hash")
		}, 0, 0, 0},
		{"one who is not to be told", func(ch *objects.Change) error {
			return objects.CreateUser(ch, person("email", "quiet@test.test", "verify_email", false), "hash")
		}, 0, 0, 0},
		{"another name", func(ch *objects.Change) error {
			_, err := objects.UpdateUser(ch, "auth0|1", storage.Document{"name": "N"}, "")
			return err
		}, 0, 0, 0},
		{"another address that is to be verified", func(ch *objects.Change) error {
			_, err := objects.UpdateUser(ch, "auth0|1", storage.Document{"email": "Other@test.test", "verify_email": true}, "")
			return err
		}, 1, 0, 0},
		{"an invitation", func(ch *objects.Change) error { return objects.Invite(ch, "org_1", invitation()) }, 0, 1, 0},
		{"one that is not to be sent", func(ch *objects.Change) error {
			sent := invitation()
			sent["send_invitation_email"] = false
			return objects.Invite(ch, "org_1", sent)
		}, 0, 0, 0},
		{"users who are let in again", func(ch *objects.Change) error { return objects.Unblock(ch, []string{"auth0|1", "auth0|2"}) }, 0, 0, 2},
		{"a job that verifies an address", func(ch *objects.Change) error {
			_, err := objects.SendVerification(ch, storage.Document{"user_id": "auth0|1"})
			return err
		}, 1, 0, 1},
	} {
		got := tn.change(test.do)
		if len(got.Drafts) != test.drafts || len(got.Messages) != test.messages || len(got.Events) != test.events {
			t.Errorf("%s: %d drafts, %d messages, %d events; want %d, %d, %d", test.name, len(got.Drafts), len(got.Messages), len(got.Events),
				test.drafts, test.messages, test.events)
		}
		for _, e := range got.Events {
			if e.ClientID != "asking" {
				t.Errorf("%s: the event %s is by %q", test.name, e.Type, e.ClientID)
			}
		}
	}
}

// TestChangesThatAreRefused tries changes that the description of a kind cannot exclude.
func TestChangesThatAreRefused(t *testing.T) {
	tn := newTenant(t)
	for name, test := range map[string]struct {
		do   func(*objects.Change) error
		want error
	}{
		"a second user with an address": {func(ch *objects.Change) error {
			return objects.CreateUser(ch, storage.Document{"connection": "people", "email": "one@test.test", "password": "p"}, "hash")
		}, storage.ErrConflict},
		"a user of a connection that is not there": {func(ch *objects.Change) error {
			return objects.CreateUser(ch, storage.Document{"connection": "none", "email": "two@test.test"}, "")
		}, resource.NoSuchConnection},
		"a role for nobody":        {func(ch *objects.Change) error { return objects.GiveRole(ch.Tx, "rol_1", []string{"auth0|2"}) }, resource.Users.Missing},
		"a role that is not there": {func(ch *objects.Change) error { return objects.ChangeRoles(ch.Tx, "auth0|1", []string{"rol_2"}, true) }, resource.Roles.Missing},
		"a role of one who is no member": {func(ch *objects.Change) error {
			return objects.ChangeMemberRoles(ch.Tx, "org_1", "auth0|1", []string{"rol_1"}, true)
		}, resource.NotMember},
		"a user linked with themselves": {func(ch *objects.Change) error { _, err := objects.LinkUsers(ch, "auth0|1", "auth0|1"); return err }, resource.IdentitySame},
		"a user's own identity, unlinked": {func(ch *objects.Change) error {
			_, err := objects.UnlinkIdentity(ch, "auth0|1", "auth0", "1")
			return err
		}, resource.IdentityMain},
		"a grant for an API that is not there": {func(ch *objects.Change) error {
			o, err := objects.ClientGrants.In(ch, "")
			if err != nil {
				return err
			}
			_, err = o.Create(storage.Document{"default_for": "third_party_clients", "audience": "urn:none"})
			return err
		}, resource.ResourceServers.Missing},
	} {
		if effects, err := tn.try(test.do); !errors.Is(err, test.want) || len(effects.Drafts) > 0 {
			t.Errorf("%s: %v with %d messages, want %v", name, err, len(effects.Drafts), test.want)
		}
	}
}

// TestDeletionsTakeAlong deletes an application and a connection, and checks the objects that
// referred to them.
func TestDeletionsTakeAlong(t *testing.T) {
	tn := newTenant(t)
	var client storage.Document
	remove := func(kind *objects.Kind, id string) {
		t.Helper()
		tn.change(func(ch *objects.Change) error {
			o, err := kind.In(ch, "")
			if err != nil {
				return err
			}
			_, err = o.Delete(id)
			return err
		})
	}
	tn.change(func(ch *objects.Change) error {
		o, err := objects.Clients.In(ch, "")
		if err != nil {
			return err
		}
		client, err = o.Create(storage.Document{"name": "App"})
		return err
	})
	id := storage.Text(client, "client_id")
	look := func(fn func(*storage.Tx) error) {
		t.Helper()
		if err := tn.db.View(t.Context(), fn); err != nil {
			t.Fatal(err)
		}
	}
	look(func(tx *storage.Tx) error {
		conn, err1 := tx.Connections.Get("con_1")
		secret, err2 := tx.ClientSecrets.Get(id)
		if len(conn.EnabledClients) != 1 || conn.EnabledClients[0] != id || !tn.Secrets.CheckClientSecret(secret, tn.Secrets.Unseal(secret.Sealed)) {
			t.Errorf("a new application has the connections of %v and the secret %v", conn.EnabledClients, secret)
		}
		return errors.Join(err1, err2)
	})
	remove(objects.Clients, id)
	remove(objects.Connections, "con_1")
	look(func(tx *storage.Tx) error {
		if _, err := tx.ClientSecrets.Get(id); !storage.IsNotFound(err) {
			t.Errorf("the secret of an application that is gone: %v", err)
		}
		if known, err := tx.Users.Has("auth0|1"); known || err != nil {
			t.Errorf("the user of a connection that is gone: %v, %v", known, err)
		}
		if _, err := tx.Passwords.Get("auth0|1"); !storage.IsNotFound(err) {
			t.Errorf("their password: %v", err)
		}
		if _, err := tx.UserAccess.Get("auth0|1"); !storage.IsNotFound(err) {
			t.Errorf("their roles: %v", err)
		}
		return nil
	})
}

// TestTokensOfLinkedAccountsGoWithTheirConnection: an account linked to a user of another connection is kept, but the
// tokens that its provider issued are deleted.
func TestTokensOfLinkedAccountsGoWithTheirConnection(t *testing.T) {
	tn := newTenant(t)
	account, other := storage.Identity{Provider: "google-oauth2", UserID: "7"}, storage.Identity{Provider: "github", UserID: "7"}
	tn.change(func(ch *objects.Change) error {
		return errors.Join(
			ch.Tx.Connections.Put(storage.Document{"id": "con_google", "name": "google-oauth2", "strategy": "google-oauth2"}),
			ch.Tx.Users.Put(storage.Document{"user_id": "auth0|linked", "identities": []any{
				storage.Document{"connection": "db", "provider": "auth0", "user_id": "linked"},
				storage.Document{"connection": "google-oauth2", "provider": account.Provider, "user_id": account.UserID},
				storage.Document{"connection": "github", "provider": other.Provider, "user_id": other.UserID},
			}}),
			ch.Tx.IdentityTokens.Put(storage.IdentityTokens{Provider: account.Provider, UserID: account.UserID, AccessToken: "a"}),
			ch.Tx.IdentityTokens.Put(storage.IdentityTokens{Provider: other.Provider, UserID: other.UserID, AccessToken: "b"}),
		)
	})
	tn.change(func(ch *objects.Change) error {
		o, err := objects.Connections.In(ch, "")
		if err != nil {
			return err
		}
		_, err = o.Delete("con_google")
		return err
	})
	err := tn.db.View(t.Context(), func(tx *storage.Tx) error {
		if _, err := tx.TokensOf(account); !storage.IsNotFound(err) {
			t.Errorf("the tokens of a connection that is gone: %v", err)
		}
		_, err1 := tx.TokensOf(other)
		_, err2 := tx.Users.Get("auth0|linked")
		return errors.Join(err1, err2)
	})
	if err != nil {
		t.Error("what belongs to others went, too:", err)
	}
}
