package tenant

import (
	"context"
	"fmt"

	"github.com/tenant0/tenant0/server/control"
	"github.com/tenant0/tenant0/server/deploy"
	"github.com/tenant0/tenant0/server/jobs"
	"github.com/tenant0/tenant0/server/management"
	"github.com/tenant0/tenant0/storage"
)

// deployment returns what package deploy needs to import, export and seed this tenant.
func (t *Tenant) deployment() deploy.Tenant {
	return deploy.Tenant{
		DB: t.db, Issuer: t.issuer.URL, Passwords: t.passwords, Now: t.clock.Now,
		Open: func(ctx context.Context, tx *storage.Tx) (deploy.Objects, deploy.Effects) {
			return management.Objects(ctx, t.management(), tx)
		},
	}
}

// imported is the result of an import.
type imported struct {
	deploy.Report
	Users  storage.Document   `json:"users,omitempty"`
	Errors []storage.Document `json:"errors,omitempty"`
}

// importConfiguration imports sections and users in one transaction.
func (t *Tenant) importConfiguration(ctx context.Context, rq control.ImportRequest) (any, error) {
	var done imported
	exported := jobs.Prepare(rq.Users)
	users := func(tx *storage.Tx) error {
		if len(rq.Users) == 0 {
			return nil
		}
		conn, err := tx.Connections.Find("name", rq.Connection)
		if err != nil {
			return fmt.Errorf("users: there is no connection %q", rq.Connection)
		}
		if conn.Strategy != storage.DatabaseStrategy {
			return fmt.Errorf("users: the connection %q is not a database connection", rq.Connection)
		}
		done.Users, done.Errors, err = t.jobs.ImportAtOnce(ctx, tx, jobs.Import{Connection: conn, Upsert: rq.Upsert}, exported)
		return err
	}
	var err error
	done.Report, err = t.deployment().Import(ctx, deploy.Configuration{Sections: rq.Sections, DryRun: rq.DryRun, AfterImport: users})
	return done, err
}

// exportConfiguration exports sections and users.
func (t *Tenant) exportConfiguration(ctx context.Context, rq control.ExportRequest) (any, error) {
	return t.deployment().Export(ctx, deploy.Wanted(rq))
}
