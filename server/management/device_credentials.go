package management

import (
	"net/http"

	"github.com/tenant0/tenant0/server/objects"
	"github.com/tenant0/tenant0/server/resource"
	"github.com/tenant0/tenant0/storage"
)

// deviceCredentialOperations are the operations of device credentials, which are public
// keys of users' devices and users' refresh tokens. Auth0:
// api/management/v2/device-credentials.
func deviceCredentialOperations() []operation {
	return []operation{
		{http.MethodGet, "/device-credentials", []string{"read:device_credentials"}, deviceCredentials},
		{http.MethodPost, "/device-credentials", []string{"create:current_user_device_credentials"}, createDeviceCredential},
		{http.MethodDelete, "/device-credentials/{id}", removeDeviceScopes, deleteDeviceCredential},
	}
}

var removeDeviceScopes = []string{"delete:device_credentials", "delete:current_user_device_credentials"}

// The types of device credentials.
const (
	publicKeyCredential = "public_key"
	refreshCredential   = "refresh_token"
	rotatingCredential  = "rotating_refresh_token"
)

// deviceCredentials lists the device credentials of a type. Without a type it lists all
// public keys and all refresh tokens that do not rotate.
//
//auth0:operation GET /api/v2/device-credentials
func deviceCredentials(c *call) error {
	kind := c.query.Get("type")
	list := listing{key: "device_credentials", maxPageSize: 1000, filters: map[string]string{"user_id": "user_id", "client_id": "client_id"}}
	if err := c.oneOf("type", publicKeyCredential, refreshCredential, rotatingCredential); err != nil {
		return err
	}
	if kind == "" {
		list.style = alwaysArray
	}
	all := []storage.Document{}
	err := c.view(func(tx *storage.Tx) error {
		for doc, err := range tx.Documents(resource.DeviceCredentials.Name, "").All() {
			if err != nil {
				return err
			}
			delete(doc, "value")
			all = append(all, doc)
		}
		for t, err := range tx.RefreshTokens.All() {
			if err != nil {
				return err
			}
			all = append(all, describeDevice(t))
		}
		return nil
	})
	if err != nil {
		return err
	}
	docs := []storage.Document{}
	for _, doc := range all {
		wanted := doc["type"] == kind || kind == "" && doc["type"] != rotatingCredential
		if wanted && c.matches(doc, list) {
			docs = append(docs, doc)
		}
	}
	return c.page(docs, list)
}

// describeDevice returns a refresh token in the form of a device credential.
func describeDevice(t storage.RefreshToken) storage.Document {
	kind := refreshCredential
	if t.Rotating {
		kind = rotatingCredential
	}
	return storage.Document{"id": t.ID, "type": kind, "user_id": t.Issue.UserID, "client_id": t.Issue.ClientID}
}

// createDeviceCredential stores a public key for the user who calls.
//
//auth0:operation POST /api/v2/device-credentials
func createDeviceCredential(c *call) error {
	if err := c.readAs(resource.DeviceCredentials, resource.Create); err != nil {
		return err
	}
	return replyChange(c, http.StatusCreated, func(ch *objects.Change) (storage.Document, error) {
		err := objects.CreateDeviceCredential(ch, c.body)
		return storage.Document{"id": c.body["id"]}, err
	})
}

// deleteDeviceCredential deletes a public key, or revokes a refresh token. Users may do
// this with their own.
//
//auth0:operation DELETE /api/v2/device-credentials/{id}
func deleteDeviceCredential(c *call) error {
	return c.emptyChange(http.StatusNoContent, func(ch *objects.Change) error {
		return objects.DeleteDeviceCredential(ch, c.param("id"), func(owner string) error {
			if c.caller.own && owner != c.caller.Subject {
				return c.caller.lacks(removeDeviceScopes[:1])
			}
			return nil
		})
	})
}
