package management

import (
	"net/http"

	"github.com/tenant0/tenant0/server/objects"
	"github.com/tenant0/tenant0/server/resource"
	"github.com/tenant0/tenant0/storage"
)

// selfServiceProfiles serves the self-service profiles, Auth0:
// api/management/v2/self-service-profiles.
//
//auth0:operation GET /api/v2/self-service-profiles
//auth0:operation POST /api/v2/self-service-profiles
//auth0:operation GET /api/v2/self-service-profiles/{id}
//auth0:operation PATCH /api/v2/self-service-profiles/{id}
//auth0:operation DELETE /api/v2/self-service-profiles/{id}
func selfServiceProfiles() collection {
	return collection{
		kind: objects.SelfServiceProfiles, path: "/self-service-profiles", scope: "self_service_profiles", verbs: "list create get patch delete",
		checkPath: func(c *call, tx *storage.Tx) error {
			if id := c.param("id"); id != "" && c.method != http.MethodDelete {
				return objects.RequireProfile(tx, id)
			}
			return nil
		},
		list: listing{key: "self_service_profiles"},
	}
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

// textPlace returns the language and the page of a custom text. Auth0 supports only one
// value for each.
func (c *call) textPlace() (string, error) {
	for _, part := range []struct{ name, only string }{{"language", "en"}, {"page", "get-started"}} {
		if err := c.pathHas(part.name, []string{part.only}); err != nil {
			return "", err
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
	return replyView(c, func(tx *storage.Tx) (storage.Document, error) {
		return objects.SelfServiceTexts(tx, c.param("id"), place)
	})
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
	return replyChange(c, http.StatusOK, func(ch *objects.Change) (storage.Document, error) {
		return c.body, objects.SetSelfServiceTexts(ch.Tx, c.param("id"), place, c.body)
	})
}

// createTicket makes a self-service URL for an administrator. tenant0 does not have the
// page that Auth0 shows there.
//
//auth0:operation POST /api/v2/self-service-profiles/{id}/sso-ticket
func createTicket(c *call) error {
	if err := c.readAs(resource.SelfServiceTickets, resource.Create); err != nil {
		return err
	}
	id := resource.ClientID()
	return replyChange(c, http.StatusCreated, func(ch *objects.Change) (storage.Document, error) {
		answer := storage.Document{"ticket": ch.Issuer + "self-service/connections-flow?ticket=" + id}
		return answer, objects.AddSelfServiceTicket(ch.Tx, c.param("id"), id, c.body)
	})
}

//auth0:operation POST /api/v2/self-service-profiles/{id}/sso-ticket/{ticket}/revoke
func revokeTicket(c *call) error {
	return c.emptyChange(http.StatusAccepted, func(ch *objects.Change) error {
		return objects.RevokeSelfServiceTicket(ch.Tx, c.param("id"), c.param("ticket"))
	})
}
