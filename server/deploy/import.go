package deploy

import (
	"context"
	"errors"
	"fmt"

	"github.com/tenant0/tenant0/config/tenantfile"
	"github.com/tenant0/tenant0/storage"
)

// The sections of a tenant file that auth0-deploy-cli does not have.
const (
	usersSection     = "users"
	providersSection = "simulatedProviders"
	extensionSection = "authorizationExtension"
)

// Configuration is a configuration to import into a tenant.
type Configuration struct {
	// Sections are the sections of auth0-deploy-cli and those that only tenant files have.
	Sections storage.Document
	// DryRun reports what would change, without changing anything.
	DryRun bool
	// AfterImport, if not nil, is called in the same transaction after the sections of
	// auth0-deploy-cli are imported.
	AfterImport func(*storage.Tx) error
}

// Import imports a configuration into the tenant in a single transaction: if there is an
// error in one object, or the context ends, or it is a dry run, nothing is changed. Objects
// of the tenant that are not in the configuration are kept.
//
// Slow work is done first: passwords are hashed, and the sections of auth0-deploy-cli are
// checked and compared with existing objects while other writers can go on. The rest is
// done in the transaction that writes them. Effects outside of the store, such as messages,
// follow after the commit; an error in them says that the import itself is stored.
func (t Tenant) Import(ctx context.Context, c Configuration) (Report, error) {
	own, err := t.ownSections(ctx, c.Sections)
	if err != nil {
		return Report{}, err
	}
	var report, rest Report // of the last run: a transaction may run again
	var effects Effects
	prepare := func(tx *storage.Tx) (err error) {
		var im *importer
		im, effects = t.open(ctx, tx)
		err = im.apply(own.sections)
		report = im.report
		return err
	}
	then := func(tx *storage.Tx) (err error) {
		if c.AfterImport != nil {
			if err := c.AfterImport(tx); err != nil {
				return err
			}
		}
		if rest, err = t.importOwn(ctx, tx, own); err != nil {
			return err
		}
		return ctx.Err() // do not commit if the caller does not wait any more
	}
	if c.DryRun {
		err = t.DB.DryRun(ctx, func(tx *storage.Tx) error {
			if err := prepare(tx); err != nil {
				return err
			}
			return then(tx)
		})
	} else {
		err = t.DB.Prepare(ctx, prepare, then)
	}
	report.Changes = append(report.Changes, rest.Changes...)
	report.Skipped = append(report.Skipped, rest.Skipped...)
	if err != nil || c.DryRun {
		return report, err
	}
	if err := effects.CarryOut(); err != nil {
		return report, fmt.Errorf("everything was imported, but a message could not be sent: %w", err)
	}
	return report, nil
}

// prepared is a configuration with this tenant's issuer, ready for the transaction.
type prepared struct {
	sections  storage.Document   // the sections of auth0-deploy-cli
	people    []storage.Document // see hashPasswords
	providers []storage.Document
	extension *tenantfile.ExtensionSection
}

// ownSections replaces placeholders in a configuration by values of this tenant, hashes the
// passwords, and separates the sections that only tenant files have.
func (t Tenant) ownSections(ctx context.Context, sections storage.Document) (own prepared, err error) {
	tenantfile.OwnAPIs(sections, func(identifier string) bool { return t.hasAPI(ctx, identifier) })
	own.sections, _ = tenantfile.ReplaceIssuer(sections, t.Issuer).(storage.Document)
	people, err := entries(usersSection, own.sections[usersSection])
	if err != nil {
		return own, err
	}
	if own.providers, err = entries(providersSection, own.sections[providersSection]); err != nil {
		return own, err
	}
	if own.people, err = t.hashPasswords(ctx, people); err != nil {
		return own, err
	}
	section, isObject := sections[extensionSection].(storage.Document) // it replaces the placeholder for the issuer itself
	if sections[extensionSection] != nil && !isObject {
		return own, errors.New(extensionSection + ": it must be an object")
	}
	if isObject {
		if own.extension, err = tenantfile.ReadExtension(section); err != nil {
			return own, err
		}
	}
	delete(own.sections, extensionSection)
	delete(own.sections, usersSection)
	delete(own.sections, providersSection)
	return own, nil
}

// importOwn imports the sections that only tenant files have.
func (t Tenant) importOwn(ctx context.Context, tx *storage.Tx, own prepared) (report Report, err error) {
	if report.Changes, err = t.importUsers(ctx, tx, own.people); err != nil {
		return report, err
	}
	simulated, err := importProviders(tx, own.providers)
	report.Changes = append(report.Changes, simulated...)
	if err != nil || own.extension == nil {
		return report, err
	}
	changes, warnings, err := importExtension(tx, own.extension, t.Issuer)
	report.Changes = append(report.Changes, changes...)
	for _, warning := range warnings {
		report.Skipped = append(report.Skipped, Skipped{Section: extensionSection, Reason: warning})
	}
	return report, err
}

// entries returns the objects of a section that is a list.
func entries(section string, list any) (docs []storage.Document, err error) {
	items, ok := list.([]any)
	if !ok && list != nil {
		return nil, errors.New(section + ": not a list")
	}
	for _, item := range items {
		doc, ok := item.(storage.Document)
		if !ok {
			return nil, errors.New(section + ": an entry is not an object")
		}
		docs = append(docs, doc)
	}
	return docs, nil
}

// hasAPI reports whether the tenant has an API with the identifier.
func (t Tenant) hasAPI(ctx context.Context, identifier string) (has bool) {
	err := t.DB.View(ctx, func(tx *storage.Tx) error {
		api, err := tx.API(identifier)
		has = api != nil
		return err
	})
	return err == nil && has
}
