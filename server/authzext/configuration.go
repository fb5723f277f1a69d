package authzext

import (
	"crypto/rand"
	"encoding/hex"
	"encoding/json"

	"github.com/tenant0/tenant0/storage"
)

// document is the format in which the extension's data is exported and imported.
type document struct {
	Configuration []storage.ExtensionConfiguration `json:"configuration,omitzero"`
	Permissions   []storage.ExtensionPermission    `json:"permissions,omitzero"`
	Roles         []storage.ExtensionRole          `json:"roles,omitzero"`
	Groups        []storage.ExtensionGroup         `json:"groups,omitzero"`
	Applications  []json.RawMessage                `json:"applications,omitzero"`
	Rules         []json.RawMessage                `json:"rules,omitzero"`
}

func exported(ext storage.Extension) document {
	return document{ext.Configuration, ext.Permissions, ext.Roles, ext.Groups, ext.Applications, ext.Rules}
}

// configured returns the first configuration record, and creates it if there is none.
func configured(ext *storage.Extension) *storage.ExtensionConfiguration {
	if len(ext.Configuration) == 0 {
		ext.Configuration = []storage.ExtensionConfiguration{{ID: "v1"}}
	}
	return &ext.Configuration[0]
}

// newAPIKey returns 64 random hexadecimal digits.
func newAPIKey() string {
	b := make([]byte, 32)
	_, _ = rand.Read(b) // never fails: crypto/rand
	return hex.EncodeToString(b)
}

//auth0:operation GET /extensions/authorization/api/configuration
func (a *api) getConfiguration(c *call) (any, error) {
	ext, err := a.read(c.Context())
	if err != nil || len(ext.Configuration) == 0 {
		return nil, err
	}
	return ext.Configuration[0], nil
}

// updateConfiguration changes the flags in the body. Once a configuration exists, the
// extension's rule takes part in logins.
//
//auth0:operation PATCH /extensions/authorization/api/configuration
func (a *api) updateConfiguration(c *call) (any, error) {
	var changed storage.ExtensionConfiguration
	key := newAPIKey()
	return &changed, a.change(c.Context(), func(ext *storage.Extension) error {
		stored := configured(ext)
		if err := c.read(stored); err != nil {
			return err
		}
		if stored.APIKey == "" {
			stored.APIKey = key
		}
		changed = *stored
		return nil
	})
}

//auth0:operation GET /extensions/authorization/api/configuration/status
func (a *api) status(c *call) (any, error) {
	ext, err := a.read(c.Context())
	if err != nil {
		return nil, err
	}
	stored, err := json.Marshal(exported(ext))
	configured := len(ext.Configuration) > 0
	return map[string]any{
		"rule":     map[string]any{"exists": configured, "enabled": configured},
		"database": map[string]any{"size": len(stored), "type": "default"},
	}, err
}

// rotateAPIKey replaces the API key. It is the only operation that returns the value that
// callers send as x-api-key.
//
//auth0:operation PATCH /extensions/authorization/api/configuration/rotate-apikey
func (a *api) rotateAPIKey(c *call) (any, error) {
	key := newAPIKey()
	return map[string]any{"hash": a.keyHash(key)}, a.change(c.Context(), func(ext *storage.Extension) error {
		configured(ext).APIKey = key
		return nil
	})
}

//auth0:operation GET /extensions/authorization/api/configuration/export
func (a *api) export(c *call) (any, error) {
	ext, err := a.read(c.Context())
	return exported(ext), err
}

// replace imports a document, which replaces all data. Only data that such a document
// cannot contain is kept: the scope rules and the claim mappings of the tenant file.
//
// Differs: the API key is kept as well, so that callers with the key are not locked out
// by an import.
//
//auth0:operation POST /extensions/authorization/api/configuration/import
func (a *api) replace(c *call) (any, error) {
	var in document
	if err := c.read(&in); err != nil {
		return nil, err
	}
	return nil, a.change(c.Context(), func(ext *storage.Extension) error {
		key := ""
		if len(ext.Configuration) > 0 {
			key = ext.Configuration[0].APIKey
		}
		ext.Configuration, ext.Permissions, ext.Roles, ext.Groups = in.Configuration, in.Permissions, in.Roles, in.Groups
		ext.Applications, ext.Rules = in.Applications, in.Rules
		if key != "" {
			configured(ext).APIKey = key
		}
		return nil
	})
}
