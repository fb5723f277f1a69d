package management

import (
	"net/http"

	"github.com/tenant0/tenant0/server/apierr"
	"github.com/tenant0/tenant0/server/resource"
	"github.com/tenant0/tenant0/storage"
)

// selfServiceProfiles is Auth0: api/management/v2/self-service-profiles.
//
//auth0:operation GET /api/v2/self-service-profiles
//auth0:operation POST /api/v2/self-service-profiles
//auth0:operation GET /api/v2/self-service-profiles/{id}
//auth0:operation PATCH /api/v2/self-service-profiles/{id}
//auth0:operation DELETE /api/v2/self-service-profiles/{id}
func selfServiceProfiles() served {
	return served{
		kind: resource.SelfServiceProfiles, path: "/self-service-profiles", scope: "self_service_profiles", verbs: "list create get patch delete",
		keep: func(c *call, tx *storage.Tx) (store, error) {
			docs := c.plain(tx, resource.SelfServiceProfiles, "")
			if id := c.param("id"); id != "" && c.method != http.MethodDelete {
				_, err := docs.Document(id)
				return docs, profileMissing(id, err)
			}
			return docs, nil
		},
		list: listing{key: "self_service_profiles"},
		before: func(_ *call, _ *storage.Tx, doc, _ storage.Document) error {
			if doc["user_attributes"] == nil {
				doc["user_attributes"] = []any{}
			}
			return nil
		},
		deleted: func(_ *call, tx *storage.Tx, doc storage.Document) error {
			for _, kind := range []*resource.Kind{resource.SelfServiceTexts, resource.SelfServiceTickets} {
				if err := tx.Documents(kind.Name, text(doc, "id")).DeleteAll(); err != nil {
					return err
				}
			}
			return nil
		},
	}
}

// profileMissing names the profile that there is none of.
func profileMissing(id string, err error) error {
	if storage.IsNotFound(err) {
		return &apierr.Error{Status: http.StatusNotFound, Message: "Profile with ID: " + id + " not found"}
	}
	return err
}

func selfServiceOperations() []operation {
	const path = "/self-service-profiles/{id}"
	return []operation{
		{http.MethodGet, path + "/custom-text/{language}/{page}", []string{"read:self_service_profile_custom_texts"}, selfServiceText},
		{http.MethodPut, path + "/custom-text/{language}/{page}", []string{"update:self_service_profile_custom_texts"}, setSelfServiceText},
		{http.MethodPost, path + "/sso-ticket", []string{"create:sso_access_tickets"}, createTicket},
		{http.MethodPost, path + "/sso-ticket/{ticket}/revoke", []string{"delete:sso_access_tickets"}, revokeTicket},
	}
}

// ofProfile keeps the documents of a kind that belong to the profile of the path.
func (c *call) ofProfile(tx *storage.Tx, kind *resource.Kind) (storage.Documents, error) {
	_, err := selfServiceProfiles().keep(c, tx)
	return tx.Documents(kind.Name, c.param("id")), err
}

// textPlace is the language and the page of a text. There is one of each.
func (c *call) textPlace() (string, error) {
	for _, part := range []struct{ name, only string }{{"language", "en"}, {"page", "get-started"}} {
		if c.param(part.name) != part.only {
			return "", &apierr.Error{
				Status: http.StatusBadRequest, Extra: map[string]any{"errorCode": "invalid_uri"},
				Message: "Path validation error: 'No enum match for: " + c.param(part.name) + "' on property " + part.name + ".",
			}
		}
	}
	return c.param("language") + "/" + c.param("page"), nil
}

//auth0:operation GET /api/v2/self-service-profiles/{id}/custom-text/{language}/{page}
func selfServiceText(c *call) error {
	place, err := c.textPlace()
	if err != nil {
		return err
	}
	texts := storage.Document{}
	err = c.view(func(tx *storage.Tx) error {
		docs, err := c.ofProfile(tx, resource.SelfServiceTexts)
		if err != nil {
			return err
		}
		stored, err := docs.Document(place)
		if err == nil {
			texts = stored
		}
		return storage.Optional(err)
	})
	if err != nil {
		return err
	}
	return c.reply(http.StatusOK, texts)
}

//auth0:operation PUT /api/v2/self-service-profiles/{id}/custom-text/{language}/{page}
func setSelfServiceText(c *call) error {
	place, err := c.textPlace()
	if err != nil {
		return err
	}
	if err := c.read(); err != nil {
		return err
	}
	err = c.update(func(tx *storage.Tx) error {
		docs, err := c.ofProfile(tx, resource.SelfServiceTexts)
		if err != nil {
			return err
		}
		return docs.Put(storage.Write{ID: place, Document: c.body})
	})
	if err != nil {
		return err
	}
	return c.reply(http.StatusOK, c.body)
}

// createTicket makes an address for an administrator. What Auth0 shows there is
// not emulated.
//
//auth0:operation POST /api/v2/self-service-profiles/{id}/sso-ticket
func createTicket(c *call) error {
	if err := c.read(); err != nil {
		return err
	}
	if err := resource.SelfServiceTickets.Check(c.body, resource.Create); err != nil {
		return err
	}
	id := resource.ClientID()
	err := c.update(func(tx *storage.Tx) error {
		docs, err := c.ofProfile(tx, resource.SelfServiceTickets)
		if err != nil {
			return err
		}
		return docs.Put(storage.Write{ID: id, Document: c.body})
	})
	if err != nil {
		return err
	}
	return c.reply(http.StatusCreated, storage.Document{"ticket": c.Issuer.URL + "self-service/connections-flow?ticket=" + id})
}

//auth0:operation POST /api/v2/self-service-profiles/{id}/sso-ticket/{ticket}/revoke
func revokeTicket(c *call) error {
	err := c.update(func(tx *storage.Tx) error {
		docs, err := c.ofProfile(tx, resource.SelfServiceTickets)
		if err != nil {
			return err
		}
		if _, err := docs.Document(c.param("ticket")); storage.IsNotFound(err) {
			return resource.SelfServiceTickets.Missing
		} else if err != nil {
			return err
		}
		return docs.Delete(c.param("ticket"))
	})
	if err != nil {
		return err
	}
	return c.empty(http.StatusAccepted)
}
