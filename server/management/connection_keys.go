package management

import (
	"net/http"

	"github.com/tenant0/tenant0/server/apierr"
	"github.com/tenant0/tenant0/server/objects"
	"github.com/tenant0/tenant0/storage"
)

func connectionKeyOperations() []operation {
	return []operation{
		{http.MethodGet, "/connections/{id}/keys", []string{"read:connections_keys"}, connectionKeys},
		{http.MethodPost, "/connections/{id}/keys", []string{"create:connections_keys"}, createConnectionKeys},
		{http.MethodPost, "/connections/{id}/keys/rotate", []string{"create:connections_keys update:connections_keys"}, rotateConnectionKeys},
	}
}

//auth0:operation GET /api/v2/connections/{id}/keys
func connectionKeys(c *call) error {
	_, all, _, err := c.haveConnectionKeys()
	if err != nil {
		return err
	}
	return c.reply(http.StatusOK, all)
}

//auth0:operation POST /api/v2/connections/{id}/keys
func createConnectionKeys(c *call) error {
	_, all, made, err := c.haveConnectionKeys()
	if err != nil {
		return err
	}
	if !made {
		return &apierr.Error{
			Status: http.StatusConflict, Message: "Keys have already been created for this connection.", Extra: map[string]any{"errorCode": "connection_keys_conflict"},
		}
	}
	return c.reply(http.StatusCreated, all)
}

// haveConnectionKeys returns the name and the keys of the connection in the path. It
// generates the keys if there are none; made says whether it did.
func (c *call) haveConnectionKeys() (name string, all []storage.Document, made bool, err error) {
	name, all, err = c.storedConnectionKeys()
	if err != nil || len(all) > 0 {
		return name, all, false, err
	}
	var fresh []storage.Document
	for _, use := range []string{objects.CurrentKey, objects.NextKey} {
		key, err := objects.NewConnectionKey(c.services().Secrets, name, use, c.now)
		if err != nil {
			return "", nil, false, err
		}
		fresh = append(fresh, key)
	}
	err = c.change(func(ch *objects.Change) (err error) {
		made, err = objects.AddFirstConnectionKeys(ch.Tx, c.param("id"), fresh)
		return err
	})
	if err != nil {
		return "", nil, false, err
	}
	_, all, err = c.storedConnectionKeys()
	return name, all, made, err
}

func (c *call) storedConnectionKeys() (name string, all []storage.Document, err error) {
	err = c.view(func(tx *storage.Tx) (err error) {
		name, all, err = objects.ConnectionKeys(tx, c.param("id"))
		return err
	})
	return name, all, err
}

// rotateConnectionKeys makes the next key the current one, and responds with the new next
// key.
//
//auth0:operation POST /api/v2/connections/{id}/keys/rotate
func rotateConnectionKeys(c *call) error {
	name, _, _, err := c.haveConnectionKeys()
	if err != nil {
		return err
	}
	fresh, err := objects.NewConnectionKey(c.services().Secrets, name, objects.NextKey, c.now)
	if err != nil {
		return err
	}
	err = c.change(func(ch *objects.Change) error { return objects.RotateConnectionKeys(ch, c.param("id"), fresh) })
	if err != nil {
		return err
	}
	return c.reply(http.StatusCreated, objects.ShownKey(fresh))
}
