package tenant

import (
	"context"
	"errors"
	"fmt"

	"github.com/tenant0/tenant0/config/tenantfile"
	"github.com/tenant0/tenant0/server/control"
	"github.com/tenant0/tenant0/server/deploy"
	"github.com/tenant0/tenant0/server/jobs"
	"github.com/tenant0/tenant0/server/seed"
	"github.com/tenant0/tenant0/storage"
)

// imported is what an import did.
type imported struct {
	deploy.Report
	Users  storage.Document   `json:"users,omitempty"`
	Errors []storage.Document `json:"errors,omitempty"`
}

// extensionSection is the part of a configuration that is the Authorization
// Extension's store.
const extensionSection = "authorizationExtension"

// entries are the objects of a list.
func entries(list any) (docs []storage.Document, err error) {
	items, ok := list.([]any)
	if !ok && list != nil {
		return nil, errors.New("users: not a list")
	}
	for _, item := range items {
		doc, ok := item.(storage.Document)
		if !ok {
			return nil, errors.New("users: an entry is no object")
		}
		docs = append(docs, doc)
	}
	return docs, nil
}

// hasAPI reports whether the tenant has an API of that identifier.
func (t *Tenant) hasAPI(identifier string) (has bool) {
	err := t.db.View(func(tx *storage.Tx) error {
		api, err := tx.API(identifier)
		has = api != nil
		return err
	})
	return err == nil && has
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
			return fmt.Errorf("users: the connection %q is no database connection", rq.Connection)
		}
		done.Users, done.Errors, err = t.jobs.ImportAtOnce(ctx, tx, jobs.Import{Connection: conn, Upsert: rq.Upsert}, exported)
		return err
	}
	tenantfile.OwnAPIs(rq.Sections, t.hasAPI)
	sections, _ := tenantfile.ReplaceIssuer(rq.Sections, t.issuer.URL).(storage.Document)
	extension, _ := rq.Sections[extensionSection].(storage.Document) // which knows the placeholder itself
	people, err := entries(sections["users"])
	if err != nil {
		return nil, err
	}
	seeds := seed.Deps{Passwords: t.passwords, Now: t.clock.Now()}
	if people, err = seed.HashPasswords(ctx, t.db, people, seeds); err != nil {
		return nil, err
	}
	delete(sections, extensionSection)
	delete(sections, "users")
	var changes []deploy.Change
	var warnings []string
	note := func(section string, made []seed.Change) {
		for _, c := range made {
			changes = append(changes, deploy.Change{Action: c.Action, Section: section, Name: c.Name})
		}
	}
	report, err := t.deployment().Import(ctx, sections, rq.DryRun, func(tx *storage.Tx) error {
		changes, warnings = nil, nil // this may be the second run
		if err := users(tx); err != nil {
			return err
		}
		made, err := seed.ImportUsers(ctx, tx, people, seeds)
		if note("users", made); err != nil || extension == nil {
			return err
		}
		made, warnings, err = seed.ImportExtension(tx, extension, t.issuer.URL)
		note(extensionSection, made)
		return err
	})
	done.Report = report
	done.Changes = append(done.Changes, changes...)
	for _, warning := range warnings {
		done.Skipped = append(done.Skipped, deploy.Skipped{Section: extensionSection, Reason: warning})
	}
	return done, err
}
