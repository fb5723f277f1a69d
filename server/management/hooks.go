package management

import (
	"net/http"

	"github.com/tenant0/tenant0/server/deploy"
	"github.com/tenant0/tenant0/server/objects"
	"github.com/tenant0/tenant0/server/resource"
	"github.com/tenant0/tenant0/storage"
)

// hooks serves the tenant's hooks, Auth0: api/management/v2/hooks.
//
//auth0:operation GET /api/v2/hooks
//auth0:operation POST /api/v2/hooks
//auth0:operation GET /api/v2/hooks/{id}
//auth0:operation PATCH /api/v2/hooks/{id}
//auth0:operation DELETE /api/v2/hooks/{id}
func hooks() collection {
	return collection{
		kind: objects.Hooks, path: "/hooks", scope: "hooks", verbs: "list create get patch delete",
		list: listing{key: "hooks", filters: map[string]string{"enabled": "enabled", "triggerId": "triggerId"}},
	}
}

func hookOperations() []operation {
	read, update := []string{"read:hooks"}, []string{"update:hooks"}
	return []operation{
		{http.MethodGet, "/hooks/{id}/secrets", read, hookSecrets},
		{http.MethodPost, "/hooks/{id}/secrets", update, updateHookSecrets},
		{http.MethodPatch, "/hooks/{id}/secrets", update, updateHookSecrets},
		{http.MethodDelete, "/hooks/{id}/secrets", update, deleteHookSecrets},
	}
}

// hookSecrets returns the names of the secrets, and hides their values.
//
//auth0:operation GET /api/v2/hooks/{id}/secrets
func hookSecrets(c *call) error {
	return replyView(c, func(tx *storage.Tx) (storage.Document, error) {
		secrets, err := objects.HookSecrets(tx, c.param("id"))
		if err != nil {
			return nil, err
		}
		names := storage.Document{}
		for secret, err := range secrets.All() {
			if err != nil {
				return nil, err
			}
			names[storage.Text(secret, "name")] = deploy.HiddenSecret
		}
		return names, nil
	})
}

//auth0:operation POST /api/v2/hooks/{id}/secrets
//auth0:operation PATCH /api/v2/hooks/{id}/secrets
func updateHookSecrets(c *call) error {
	if err := c.readAs(resource.HookSecrets, resource.Create); err != nil {
		return err
	}
	return replyChange(c, http.StatusCreated, func(ch *objects.Change) (storage.Document, error) {
		return storage.Document{}, objects.SetHookSecrets(ch.Tx, c.param("id"), c.body)
	})
}

// deleteHookSecrets deletes the secrets whose names are listed in the body.
//
//auth0:operation DELETE /api/v2/hooks/{id}/secrets
func deleteHookSecrets(c *call) error {
	names, err := readList[string](c, notAList)
	if err != nil {
		return err
	}
	return c.emptyChange(http.StatusNoContent, func(ch *objects.Change) error { return objects.DeleteHookSecrets(ch.Tx, c.param("id"), names) })
}
