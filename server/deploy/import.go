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

// Configuration is what a tenant is to hold.
type Configuration struct {
	// Sections are those of auth0-deploy-cli and those of a tenant file.
	Sections storage.Document
	// DryRun says what would change, and changes nothing.
	DryRun bool
	// Also is done in the same change, after the sections of auth0-deploy-cli; nil for
	// nothing.
	Also func(*storage.Tx) error
}

// Import makes the tenant hold a configuration. It is one change: a fault in one object
// leaves everything as it was, and so do a dry run and an end of the context. What is in the
// tenant and not in the configuration stays.
//
// What takes its time comes first: passwords are hashed, and the sections of
// auth0-deploy-cli, which are checked and compared with what is there, are prepared beside
// the store's writers. The rest is done in the update that writes those. What the change
// brings about outside of the store is done once it is kept; a fault in that is an error
// which says that all is kept.
func (t Tenant) Import(ctx context.Context, c Configuration) (Report, error) {
	own, err := t.ownSections(ctx, c.Sections)
	if err != nil {
		return Report{}, err
	}
	var report, rest Report // of the last run
	var effects Effects
	prepare := func(tx *storage.Tx) (err error) {
		var im *importer
		im, effects = t.open(ctx, tx)
		err = im.apply(own.sections)
		report = im.report
		return err
	}
	then := func(tx *storage.Tx) (err error) {
		if c.Also != nil {
			if err := c.Also(tx); err != nil {
				return err
			}
		}
		if rest, err = t.importOwn(ctx, tx, own); err != nil {
			return err
		}
		return ctx.Err() // what nobody waits for any more is not written
	}
	if c.DryRun {
		err = t.DB.Rehearse(ctx, func(tx *storage.Tx) error {
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
		return report, fmt.Errorf("all is kept, but a message is not sent: %w", err)
	}
	return report, nil
}

// prepared is a configuration for this tenant, and ready for a transaction.
type prepared struct {
	sections  storage.Document   // of auth0-deploy-cli
	people    []storage.Document // see hashPasswords
	providers []storage.Document
	extension *tenantfile.ExtensionSection
}

// ownSections makes a configuration this tenant's.
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
	section, isObject := sections[extensionSection].(storage.Document) // which knows the placeholder itself
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

// importOwn imports the sections that tenant files alone have.
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

// entries are the objects of a section that is a list.
func entries(section string, list any) (docs []storage.Document, err error) {
	items, ok := list.([]any)
	if !ok && list != nil {
		return nil, errors.New(section + ": not a list")
	}
	for _, item := range items {
		doc, ok := item.(storage.Document)
		if !ok {
			return nil, errors.New(section + ": an entry is no object")
		}
		docs = append(docs, doc)
	}
	return docs, nil
}

// hasAPI reports whether the tenant has an API of that identifier.
func (t Tenant) hasAPI(ctx context.Context, identifier string) (has bool) {
	err := t.DB.View(ctx, func(tx *storage.Tx) error {
		api, err := tx.API(identifier)
		has = api != nil
		return err
	})
	return err == nil && has
}
