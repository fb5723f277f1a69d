package objects

import (
	"github.com/tenant0/tenant0/server/resource"
	"github.com/tenant0/tenant0/storage"
)

// SelfServiceProfiles are the self-service profiles, Auth0:
// api/management/v2/self-service-profiles.
var SelfServiceProfiles = declare(&Kind{
	Kind: resource.SelfServiceProfiles,
	before: func(_ Collection, doc, _ storage.Document) error {
		if doc["user_attributes"] == nil {
			doc["user_attributes"] = []any{}
		}
		return nil
	},
})

var (
	_ = declare(&Kind{Kind: resource.SelfServiceTexts, Owner: SelfServiceProfiles})
	_ = declare(&Kind{Kind: resource.SelfServiceTickets, Owner: SelfServiceProfiles})
)

// RequireProfile returns Auth0's error if there is no profile with an id.
func RequireProfile(tx *storage.Tx, id string) error {
	_, err := DocumentStoreOf(tx, resource.SelfServiceProfiles, "").Document(id)
	if storage.IsNotFound(err) {
		return resource.ProfileMissing(id)
	}
	return err
}

// ofProfile returns the documents of a kind that belong to a profile.
func ofProfile(tx *storage.Tx, kind *resource.Kind, profile string) (storage.Documents, error) {
	return tx.Documents(kind.Name, profile), RequireProfile(tx, profile)
}

// SelfServiceTexts returns the custom texts of a profile at a place, which is made of the
// language and the page. It returns an empty document if there are none.
func SelfServiceTexts(tx *storage.Tx, profile, place string) (storage.Document, error) {
	texts, err := ofProfile(tx, resource.SelfServiceTexts, profile)
	if err != nil {
		return nil, err
	}
	stored, err := texts.Document(place)
	if storage.IsNotFound(err) {
		return storage.Document{}, nil
	}
	return stored, err
}

// SetSelfServiceTexts replaces the custom texts of a profile at a place.
func SetSelfServiceTexts(tx *storage.Tx, profile, place string, sent storage.Document) error {
	texts, err := ofProfile(tx, resource.SelfServiceTexts, profile)
	if err != nil {
		return err
	}
	return texts.Put(storage.Write{ID: place, Document: sent})
}

// AddSelfServiceTicket stores a self-service ticket for an administrator.
func AddSelfServiceTicket(tx *storage.Tx, profile, id string, sent storage.Document) error {
	tickets, err := ofProfile(tx, resource.SelfServiceTickets, profile)
	if err != nil {
		return err
	}
	return tickets.Put(storage.Write{ID: id, Document: sent})
}

// RevokeSelfServiceTicket deletes a self-service ticket.
func RevokeSelfServiceTicket(tx *storage.Tx, profile, id string) error {
	tickets, err := ofProfile(tx, resource.SelfServiceTickets, profile)
	if err != nil {
		return err
	}
	if _, err := tickets.Document(id); storage.IsNotFound(err) {
		return resource.SelfServiceTickets.Missing
	} else if err != nil {
		return err
	}
	return tickets.Delete(id)
}
