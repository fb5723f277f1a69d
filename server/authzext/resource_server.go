package authzext

import (
	"crypto/rand"
	"encoding/hex"

	"github.com/tenant0/tenant0/server/authz"
	"github.com/tenant0/tenant0/server/objects"
	"github.com/tenant0/tenant0/storage"
)

// newResourceServer returns the resource server of the extension's own API, with a new
// id.
func newResourceServer() storage.Document {
	id := make([]byte, 12)
	_, _ = rand.Read(id) // never fails: crypto/rand
	return storage.Document{
		"id":                   hex.EncodeToString(id),
		"name":                 "auth0-authorization-extension-api",
		"identifier":           authz.ExtensionAudience,
		"scopes":               authz.ExtensionScopes(),
		"signing_alg":          "RS256",
		"allow_offline_access": false,
		"skip_consent_for_verifiable_first_party_clients": false,
		"token_lifetime":         86400,
		"token_lifetime_for_web": 7200,
		"subject_type_authorization": map[string]any{
			"client": map[string]any{"policy": "require_client_grant"}, "user": map[string]any{"policy": "allow_all"},
		},
	}
}

// maxTokenLifetime is the greatest token lifetime that Auth0 allows an API, in seconds.
const maxTokenLifetime = 2592000

// extensionAPI returns the extension's API, and whether the tenant has it.
func extensionAPI(tx *storage.Tx) (storage.ResourceServer, bool, error) {
	rs, err := tx.ResourceServers.Find("identifier", authz.ExtensionAudience)
	return rs, err == nil, storage.Optional(err)
}

// unregister removes the extension's API and its client grants.
func (a *api) unregister(tx *storage.Tx, rs storage.ResourceServer) error {
	apis, err := objects.ResourceServers.In(&objects.Change{Tx: tx, Now: a.Now()}, "")
	if err != nil {
		return err
	}
	_, err = apis.Delete(rs.ID)
	return err
}

//auth0:operation GET /extensions/authorization/api/configuration/resource-server
func (a *api) getResourceServer(c *call) (any, error) {
	var state struct {
		APIAccess     bool `json:"apiAccess"`
		TokenLifetime int  `json:"token_lifetime,omitempty"`
	}
	return &state, a.DB.View(c.Context(), func(tx *storage.Tx) error {
		rs, known, err := extensionAPI(tx)
		state.APIAccess, state.TokenLifetime = known, rs.TokenLifetime
		return err
	})
}

//auth0:operation POST /extensions/authorization/api/configuration/resource-server
func (a *api) createResourceServer(c *call) (any, error) {
	created := newResourceServer()
	return created, a.DB.Update(c.Context(), func(tx *storage.Tx) error {
		_, known, err := extensionAPI(tx)
		switch {
		case err != nil:
			return err
		case known:
			return errHasResourceServer
		}
		return tx.ResourceServers.Put(created)
	})
}

//auth0:operation PATCH /extensions/authorization/api/configuration/resource-server
func (a *api) updateResourceServer(c *call) (any, error) {
	var in struct {
		APIAccess     bool
		TokenLifetime *int `json:"token_lifetime"`
	}
	if err := c.read(&in); err != nil {
		return nil, err
	}
	created := newResourceServer()
	return nil, a.DB.Update(c.Context(), func(tx *storage.Tx) error {
		rs, known, err := extensionAPI(tx)
		switch {
		case err != nil:
			return err
		case !in.APIAccess && known:
			return a.unregister(tx, rs)
		case !in.APIAccess:
			return nil
		case known:
			if created, err = tx.ResourceServers.Document(rs.ID); err != nil {
				return err
			}
		}
		if in.TokenLifetime != nil {
			created["token_lifetime"] = *in.TokenLifetime
		}
		return tx.ResourceServers.Put(created)
	})
}

//auth0:operation DELETE /extensions/authorization/api/configuration/resource-server
func (a *api) deleteResourceServer(c *call) (any, error) {
	return nil, a.DB.Update(c.Context(), func(tx *storage.Tx) error {
		rs, known, err := extensionAPI(tx)
		switch {
		case err != nil:
			return err
		case !known:
			// Differs: Auth0's extension answers 500.
			return errNoResourceServer
		}
		return a.unregister(tx, rs)
	})
}
