package management

import (
	"net/http"

	"github.com/tenant0/tenant0/server/objects"
	"github.com/tenant0/tenant0/server/resource"
	"github.com/tenant0/tenant0/storage"
)

// singleton says how a resource is served of which a tenant has exactly one object.
type singleton struct {
	kind  *resource.Kind
	path  string
	verbs string // get, patch, put
	scope string
	// hides says that responses omit the members that the kind marks as secret.
	hides bool
	// show makes the object in the response from a stored document.
	show func(c *call, doc storage.Document) storage.Document
}

// readSingleton reads the only object of a kind, and returns the kind's error Missing if there
// is none.
func (c *call) readSingleton(kind *resource.Kind) (doc storage.Document, err error) {
	err = c.view(func(tx *storage.Tx) error {
		doc, err = objects.Singleton(tx, kind)
		return err
	})
	return doc, err
}

// deleteSingleton deletes the only object of a kind. It is no error if there is none.
//
//auth0:operation DELETE /api/v2/branding/templates/universal-login
//auth0:operation DELETE /api/v2/emails/provider
//auth0:operation DELETE /api/v2/keys/custom-signing
func deleteSingleton(kind *resource.Kind) func(*call) error {
	return func(c *call) error {
		return c.emptyChange(http.StatusNoContent, func(ch *objects.Change) error { return objects.DeleteSingleton(ch.Tx, kind) })
	}
}

func (s singleton) operations() []operation {
	all := map[string]operation{
		"get":   {http.MethodGet, s.path, []string{"read:" + s.scope}, s.serveGet},
		"patch": {http.MethodPatch, s.path, []string{"update:" + s.scope}, s.servePatch},
		"put":   {http.MethodPut, s.path, []string{"update:" + s.scope}, s.servePut},
	}
	var ops []operation
	for _, verb := range words(s.verbs) {
		ops = append(ops, all[verb])
	}
	return ops
}

func (s singleton) answer(c *call, doc storage.Document) error {
	stored := c.keepSecrets(doc)
	if s.show != nil {
		doc = s.show(c, doc)
	}
	if s.hides {
		s.kind.Hide(doc)
	}
	if stored != nil {
		s.kind.Restore(doc, stored)
	}
	return c.reply(http.StatusOK, c.selectFields(doc))
}

func (s singleton) serveGet(c *call) error {
	var doc storage.Document
	err := c.view(func(tx *storage.Tx) (err error) {
		doc, err = objects.Settings(tx, s.kind, c.now)
		return err
	})
	if err != nil {
		return err
	}
	return s.answer(c, doc)
}

func (s singleton) servePatch(c *call) error { return s.change(c, resource.Update) }

func (s singleton) servePut(c *call) error { return s.change(c, resource.Replace) }

func (s singleton) change(c *call, op resource.Operation) error {
	if err := c.read(); err != nil {
		return err
	}
	if err := s.kind.Check(c.body, op); err != nil {
		return err
	}
	var doc storage.Document
	err := c.change(func(ch *objects.Change) (err error) {
		doc, err = objects.ChangeSettings(ch, s.kind, op, c.body)
		return err
	})
	if err != nil {
		return err
	}
	return s.answer(c, doc)
}

// showTenantSettings omits the members that Auth0's response does not have: in a read the
// flags about passwordless starts, in a change the available sandbox versions.
func (c *call) showTenantSettings(doc storage.Document) storage.Document {
	if c.method != http.MethodGet {
		delete(doc, "sandbox_versions_available")
		return doc
	}
	flags, _ := doc["flags"].(storage.Document)
	delete(flags, "enforce_client_authentication_on_passwordless_start")
	delete(flags, "cannot_change_enforce_client_authentication_on_passwordless_start")
	return c.selectFields(doc)
}

// showIdentifierFirst adds the prompt setting that Auth0 includes in the response to a
// change, but not in a read.
func showIdentifierFirst(doc storage.Document) {
	page, ok := doc["universal_login"].(storage.Document)
	if !ok {
		page = storage.Document{}
		doc["universal_login"] = page
	}
	page["identifier_first"] = true
}

func tenantOperations() []operation {
	return []operation{
		{http.MethodGet, "/tenants/settings", []string{"read:tenant_settings"}, tenantSettings},
		{http.MethodPatch, "/tenants/settings", []string{"update:tenant_settings"}, updateTenantSettings},
	}
}

//auth0:operation GET /api/v2/tenants/settings
func tenantSettings(c *call) error {
	return replyView(c, func(tx *storage.Tx) (storage.Document, error) {
		doc, err := tx.Tenant.Document(storage.TenantKey)
		if err != nil {
			return nil, err
		}
		return c.showTenantSettings(doc), nil
	})
}

//auth0:operation PATCH /api/v2/tenants/settings
func updateTenantSettings(c *call) error {
	if err := c.readAs(resource.TenantSettings, resource.Update); err != nil {
		return err
	}
	if err := objects.MinutesToHours(c.body); err != nil {
		return err
	}
	return replyChange(c, http.StatusOK, func(ch *objects.Change) (storage.Document, error) {
		doc, err := objects.UpdateTenant(ch, c.body)
		if err != nil {
			return nil, err
		}
		if prompts, err := objects.Settings(ch.Tx, resource.Prompts, ch.Now); err != nil {
			return nil, err
		} else if prompts["identifier_first"] == true {
			showIdentifierFirst(doc)
		}
		return c.showTenantSettings(doc), nil
	})
}
