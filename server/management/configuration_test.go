package management_test

import (
	"context"
	"errors"
	"testing"
	"time"

	"github.com/tenant0/tenant0/server/deploy"
	"github.com/tenant0/tenant0/server/management"
	"github.com/tenant0/tenant0/server/outbox"
	"github.com/tenant0/tenant0/server/resource"
	"github.com/tenant0/tenant0/storage"
	"github.com/tenant0/tenant0/storage/memory"
)

// TestEffectsComeAfterTheTransaction invites somebody as a part of a change of the
// server's own: the message is sent once the change is kept, and never otherwise. Under
// test the change runs twice.
func TestEffectsComeAfterTheTransaction(t *testing.T) {
	failed := errors.New("the rest failed")
	for _, way := range []struct {
		name string
		dry  bool
		rest error // of what comes after the invitation, in the same transaction
		sent int
	}{
		{"kept", false, nil, 1}, {"dry", true, nil, 0}, {"failed", false, failed, 0},
	} {
		t.Run(way.name, func(t *testing.T) {
			d := invitingTenant(t)
			var objects deploy.Objects
			tenant := deploy.Tenant{DB: d.DB, Open: func(ctx context.Context, tx *storage.Tx) (deploy.Objects, deploy.Effects) {
				var effects deploy.Effects
				objects, effects = management.Objects(ctx, d, tx)
				return objects, effects
			}}
			_, err := tenant.Import(t.Context(), storage.Document{}, way.dry, func(*storage.Tx) error {
				_, err := objects.Create(deploy.Place{Path: "/organizations/{id}/invitations", Values: []string{"org_1"}}, storage.Document{
					"inviter": storage.Document{"name": "Jane"}, "invitee": storage.Document{"email": "new@example.com"}, "client_id": "app",
				}, "")
				if err != nil {
					t.Errorf("the invitation: %v", err)
				}
				if sent := d.Outbox.List(outbox.Filter{}); len(sent) > 0 {
					t.Errorf("within the transaction, %d messages are sent", len(sent))
				}
				return way.rest
			})
			if !errors.Is(err, way.rest) {
				t.Errorf("the change ends with %v, want %v", err, way.rest)
			}
			if sent := d.Outbox.List(outbox.Filter{}); len(sent) != way.sent {
				t.Errorf("%d messages are sent, want %d", len(sent), way.sent)
			}
		})
	}
}

// invitingTenant has an organization and an application that invitations lead to.
func invitingTenant(t *testing.T) management.Deps {
	t.Helper()
	db, err := storage.Open(memory.New())
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { _ = db.Close() })
	err = db.Update(func(tx *storage.Tx) error {
		organization := storage.Document{"id": "org_1", "name": "exampleco"}
		return errors.Join(
			tx.Tenant.Put(storage.Document{}),
			tx.Clients.Put(storage.Document{"client_id": "app", "organization_usage": "allow", "initiate_login_uri": "https://app.test/login"}),
			tx.Documents(resource.Organizations.Name, "").Put(storage.Write{ID: "org_1", Document: organization}),
		)
	})
	if err != nil {
		t.Fatal(err)
	}
	now := func() time.Time { return time.Unix(1_700_000_000, 0) }
	return management.Deps{DB: db, Outbox: outbox.New(outbox.Deps{Now: now}), Now: now}
}
