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
	"github.com/tenant0/tenant0/server/servertest"
	"github.com/tenant0/tenant0/server/tokens"
	"github.com/tenant0/tenant0/storage"
	"github.com/tenant0/tenant0/storage/memory"
)

// TestEffectsComeAfterTheTransaction sends an invitation as a part of an import: the message is sent only
// once the import is committed. The import is prepared twice, because what it has read changes during the
// first time, and still sends one message.
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
			runs := 0
			tenant := deploy.Tenant{DB: d.DB, Open: func(ctx context.Context, tx *storage.Tx) (deploy.Objects, deploy.Effects) {
				objects, effects := management.Objects(ctx, d, tx)
				return beforeCreate{objects, func() {
					invite(t, objects)
					if sent, err := d.Outbox.List(outbox.Filter{}); err != nil || len(sent) > 0 {
						t.Errorf("within the transaction, %d messages are sent", len(sent))
					}
					if runs++; runs == 1 {
						err := d.DB.Update(ctx, func(tx *storage.Tx) error { return tx.Roles.Put(storage.Document{"id": "rol_1", "name": "New"}) })
						if err != nil {
							t.Error(err)
						}
					}
				}}, effects
			}}
			sections := storage.Document{"roles": []any{storage.Document{"name": "Clerk"}}}
			_, err := tenant.Import(t.Context(), deploy.Configuration{
				Sections: sections, DryRun: way.dry, AfterImport: func(*storage.Tx) error { return way.rest },
			})
			if !errors.Is(err, way.rest) {
				t.Errorf("the import ends with %v, want %v", err, way.rest)
			}
			if sent, err := d.Outbox.List(outbox.Filter{}); err != nil || len(sent) != way.sent || runs != 2 {
				t.Errorf("after %d runs, %d messages are sent, want %d after 2", runs, len(sent), way.sent)
			}
		})
	}
}

func invite(t *testing.T, objects deploy.Objects) {
	t.Helper()
	_, err := objects.Create(deploy.Place{Path: "/organizations/{id}/invitations", Values: []string{"org_1"}}, storage.Document{
		"inviter": storage.Document{"name": "Jane"}, "invitee": storage.Document{"email": "new@example.com"}, "client_id": "app",
	}, "")
	if err != nil {
		t.Errorf("the invitation: %v", err)
	}
}

// invitingTenant returns a tenant with an organization, and an application that its invitations lead to.
func invitingTenant(t *testing.T) management.Deps {
	t.Helper()
	db, err := storage.Open(memory.New())
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { _ = db.Close() })
	err = db.Update(t.Context(), func(tx *storage.Tx) error {
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
	return management.Deps{DB: db, Issuer: &tokens.Issuer{URL: "https://tenant.test/"}, Outbox: outbox.New(outbox.Deps{Now: now}), Now: now}
}

// TestWritersDoNotWaitForAnImport changes something else whenever an import is about to create an
// object: if the import held the write lock, the change would wait for its end.
func TestWritersDoNotWaitForAnImport(t *testing.T) {
	d := invitingTenant(t)
	for name, dry := range map[string]bool{"import": false, "dry run": true} {
		t.Run(name, func(t *testing.T) {
			written := 0
			tenant := deploy.Tenant{DB: d.DB, Open: func(ctx context.Context, tx *storage.Tx) (deploy.Objects, deploy.Effects) {
				objects, effects := management.Objects(ctx, d, tx)
				return beforeCreate{objects, func() {
					done := make(chan error, 1)
					go func() {
						done <- d.DB.Update(ctx, func(tx *storage.Tx) error { return tx.ClientSecrets.Put(storage.ClientSecret{ClientID: "other"}) })
					}()
					select {
					case err := <-done:
						if err != nil {
							t.Error(err)
						}
						written++
					case <-time.After(servertest.Patience):
						t.Error("a change waits for the import")
					}
				}}, effects
			}}
			report, err := tenant.Import(t.Context(), deploy.Configuration{DryRun: dry, Sections: storage.Document{"roles": []any{
				storage.Document{"name": name + " one"}, storage.Document{"name": name + " two"},
			}}})
			if err != nil {
				t.Fatal(err)
			}
			if len(report.Changes) != 2 || written != 2 {
				t.Errorf("of %d objects, %d had a change before them", len(report.Changes), written)
			}
		})
	}
}

// beforeCreate calls do before each object is created.
type beforeCreate struct {
	deploy.Objects
	do func()
}

func (o beforeCreate) Create(p deploy.Place, body any, id string) (any, error) {
	o.do()
	return o.Objects.Create(p, body, id)
}
