package objects

import (
	"time"

	"github.com/tenant0/tenant0/server/resource"
	"github.com/tenant0/tenant0/storage"
)

// Settings returns the settings of a kind of which a tenant has exactly one, or the kind's
// defaults if the settings were never written.
func Settings(tx *storage.Tx, kind *resource.Kind, now time.Time) (storage.Document, error) {
	doc, err := tx.Documents(kind.Name, "").Document(storage.SettingsKey)
	if storage.IsNotFound(err) {
		doc, err = storage.Document{}, nil
		kind.Fill(doc, now)
	}
	return doc, err
}

// ChangeSettings changes members of settings, or all of them with resource.Replace. It
// returns the settings as they are stored.
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
	if err := fit(kind, doc); err != nil {
		return nil, err
	}
	if kind == resource.Branding {
		if err := shareWithTenant(ch, sent, doc); err != nil {
			return nil, err
		}
	}
	return doc, PutSingleton(ch.Tx, kind, doc)
}

// fit returns an error if members of the settings contradict each other.
func fit(kind *resource.Kind, doc storage.Document) error {
	const inactivity, overall = "mfa_session_inactivity_timeout", "mfa_session_overall_timeout"
	if kind != resource.GuardianRemember {
		return nil
	}
	idle, _ := doc[inactivity].(float64)
	all, _ := doc[overall].(float64)
	if idle > all {
		return resource.InvalidBody("Payload validation error: '" + inactivity + " cannot exceed " + overall + "'.")
	}
	return nil
}

// Singleton returns the document of a kind of which a tenant has at most one, or the kind's
// error Missing.
func Singleton(tx *storage.Tx, kind *resource.Kind) (storage.Document, error) {
	doc, err := tx.Documents(kind.Name, "").Document(storage.SettingsKey)
	if storage.IsNotFound(err) {
		return nil, kind.Missing
	}
	return doc, err
}

// PutSingleton writes this document.
func PutSingleton(tx *storage.Tx, kind *resource.Kind, doc storage.Document) error {
	return tx.Documents(kind.Name, "").Put(storage.Write{ID: storage.SettingsKey, Document: doc})
}

// DeleteSingleton deletes this document. It is no error if there is none.
func DeleteSingleton(tx *storage.Tx, kind *resource.Kind) error {
	return tx.Documents(kind.Name, "").Delete(storage.SettingsKey)
}
