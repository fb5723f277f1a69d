package objects

import (
	"errors"
	"time"

	"github.com/tenant0/tenant0/server/resource"
	"github.com/tenant0/tenant0/storage"
)

// Settings returns the settings of a kind of which a tenant has one, with the kind's
// defaults where they were never written.
func Settings(tx *storage.Tx, kind *resource.Kind, now time.Time) (storage.Document, error) {
	doc, err := tx.Documents(kind.Name, "").Document(storage.SettingsKey)
	if storage.IsNotFound(err) {
		doc, err = storage.Document{}, nil
		kind.Fill(doc, now)
	}
	return doc, err
}

// ChangeSettings changes settings: members of them, or all with resource.Replace. It returns
// them as they are kept.
func ChangeSettings(ch *Change, kind *resource.Kind, op resource.Operation, sent storage.Document) (storage.Document, error) {
	doc := storage.Document{}
	if op != resource.Replace {
		var err error
		if doc, err = Settings(ch.Tx, kind, ch.Now); err != nil {
			return nil, err
		}
	}
	kind.Merge(doc, sent, ch.Now)
	kind.Fill(doc, ch.Now)
	return doc, PutTheOne(ch.Tx, kind, doc)
}

// TheOne returns the one document of a kind that a tenant may have, or the kind's answer
// for none.
func TheOne(tx *storage.Tx, kind *resource.Kind) (storage.Document, error) {
	doc, err := tx.Documents(kind.Name, "").Document(storage.SettingsKey)
	if storage.IsNotFound(err) {
		return nil, kind.Missing
	}
	return doc, err
}

// PutTheOne writes it.
func PutTheOne(tx *storage.Tx, kind *resource.Kind, doc storage.Document) error {
	return tx.Documents(kind.Name, "").Put(storage.Write{ID: storage.SettingsKey, Document: doc})
}

// DeleteTheOne removes it; that there is none is no error.
func DeleteTheOne(tx *storage.Tx, kind *resource.Kind) error {
	return tx.Documents(kind.Name, "").Delete(storage.SettingsKey)
}

// SetPageTemplate replaces the document around the pages, and reports whether there was one.
func SetPageTemplate(tx *storage.Tx, html string) (existed bool, err error) {
	_, err = TheOne(tx, resource.UniversalLoginTemplate)
	if existed = err == nil; !existed && !errors.Is(err, resource.UniversalLoginTemplate.Missing) {
		return false, err
	}
	return existed, PutTheOne(tx, resource.UniversalLoginTemplate, storage.Document{"body": html})
}

// UpdateTenant changes the tenant's own settings, and returns them.
func UpdateTenant(ch *Change, change storage.Document) (storage.Document, error) {
	doc, err := ch.Tx.Tenant.Document(storage.TenantKey)
	if err != nil {
		return nil, err
	}
	resource.TenantSettings.Merge(doc, change, ch.Now)
	return doc, ch.Tx.Tenant.Put(doc)
}

// MinutesToHours puts the lifetimes of sessions that a change of the tenant's settings states in
// minutes into the members with hours, which are the only ones that are kept.
func MinutesToHours(settings storage.Document) error {
	for _, hours := range []string{"session_lifetime", "idle_session_lifetime", "ephemeral_session_lifetime", "idle_ephemeral_session_lifetime"} {
		minutes := hours + "_in_minutes"
		n, ok := settings[minutes].(float64)
		if !ok {
			continue
		}
		if _, both := settings[hours]; both {
			return resource.InvalidBody(minutes + " cannot be specified together with " + hours + ".")
		}
		delete(settings, minutes)
		settings[hours] = n / 60
	}
	return nil
}
