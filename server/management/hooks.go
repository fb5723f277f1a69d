package management

import (
	"net/http"

	"github.com/tenant0/tenant0/server/deploy"
	"github.com/tenant0/tenant0/server/resource"
	"github.com/tenant0/tenant0/storage"
)

// hooks is Auth0: api/management/v2/hooks.
//
//auth0:operation GET /api/v2/hooks
//auth0:operation POST /api/v2/hooks
//auth0:operation GET /api/v2/hooks/{id}
//auth0:operation PATCH /api/v2/hooks/{id}
//auth0:operation DELETE /api/v2/hooks/{id}
func hooks() served {
	return served{
		kind: resource.Hooks, path: "/hooks", scope: "hooks", verbs: "list create get patch delete",
		keep: func(c *call, tx *storage.Tx) (store, error) { return c.plain(tx, resource.Hooks, ""), nil },
		list: listing{key: "hooks", filters: map[string]string{"enabled": "enabled", "triggerId": "triggerId"}},
		before: func(c *call, _ *storage.Tx, doc, old storage.Document) error {
			if old == nil {
				doc["id"] = resource.ULID(c.now)
			}
			return nil
		},
		deleted: func(_ *call, tx *storage.Tx, doc storage.Document) error {
			return tx.Documents(resource.HookSecrets.Name, text(doc, "id")).DeleteAll()
		},
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

// hookSecretsOf keeps the secrets of the hook that the path names.
func (c *call) hookSecretsOf(tx *storage.Tx) (storage.Documents, error) {
	_, err := hooks().find(c, c.plain(tx, resource.Hooks, ""))
	return tx.Documents(resource.HookSecrets.Name, c.param("id")), err
}

// hookSecrets names the secrets and hides their values.
//
//auth0:operation GET /api/v2/hooks/{id}/secrets
func hookSecrets(c *call) error {
	names := storage.Document{}
	err := c.view(func(tx *storage.Tx) error {
		secrets, err := c.hookSecretsOf(tx)
		if err != nil {
			return err
		}
		for secret, err := range secrets.All() {
			if err != nil {
				return err
			}
			names[text(secret, "name")] = deploy.HiddenSecret
		}
		return nil
	})
	if err != nil {
		return err
	}
	return c.reply(http.StatusOK, names)
}

//auth0:operation POST /api/v2/hooks/{id}/secrets
//auth0:operation PATCH /api/v2/hooks/{id}/secrets
func updateHookSecrets(c *call) error {
	if err := c.read(); err != nil {
		return err
	}
	if err := resource.HookSecrets.Check(c.body, resource.Create); err != nil {
		return err
	}
	err := c.update(func(tx *storage.Tx) error {
		secrets, err := c.hookSecretsOf(tx)
		if err != nil {
			return err
		}
		for name, value := range c.body {
			if err := secrets.Put(storage.Write{ID: name, Document: storage.Document{"name": name, "value": value}}); err != nil {
				return err
			}
		}
		return nil
	})
	if err != nil {
		return err
	}
	return c.reply(http.StatusCreated, storage.Document{})
}

// deleteHookSecrets deletes the secrets whose names are in the body, a list.
//
//auth0:operation DELETE /api/v2/hooks/{id}/secrets
func deleteHookSecrets(c *call) error {
	names, err := readList[string](c, notAList)
	if err != nil {
		return err
	}
	err = c.update(func(tx *storage.Tx) error {
		secrets, err := c.hookSecretsOf(tx)
		if err != nil {
			return err
		}
		for _, name := range names {
			if err := secrets.Delete(name); err != nil {
				return err
			}
		}
		return nil
	})
	if err != nil {
		return err
	}
	return c.empty(http.StatusNoContent)
}
