package management

import (
	"net/http"

	"github.com/tenant0/tenant0/server/resource"
	"github.com/tenant0/tenant0/storage"
)

// singleton says how a resource is served of which a tenant has one.
type singleton struct {
	kind  *resource.Kind
	path  string
	verbs string // get, patch, put
	scope string
	// key finds the document among those of its kind by the path: SettingsKey
	// unless it is set. An error says that there is none of that name.
	key func(c *call) (string, error)
	// show makes of a stored document what the answer holds.
	show func(c *call, doc storage.Document) storage.Document
	// before checks a change.
	before func(c *call, tx *storage.Tx, doc storage.Document) error
}

// theOne returns the one document of a kind that a tenant may have, or the kind's answer
// for none.
func theOne(tx *storage.Tx, kind *resource.Kind) (storage.Document, error) {
	doc, err := tx.Documents(kind.Name, "").Document(storage.SettingsKey)
	if storage.IsNotFound(err) {
		return nil, kind.Missing
	}
	return doc, err
}

// readTheOne reads it for an answer.
func (c *call) readTheOne(kind *resource.Kind) (doc storage.Document, err error) {
	err = c.view(func(tx *storage.Tx) error {
		doc, err = theOne(tx, kind)
		return err
	})
	return doc, err
}

func putTheOne(tx *storage.Tx, kind *resource.Kind, doc storage.Document) error {
	return tx.Documents(kind.Name, "").Put(storage.Write{ID: storage.SettingsKey, Document: doc})
}

// deleteTheOne removes it; one that is not there is no error.
//
//auth0:operation DELETE /api/v2/branding/templates/universal-login
//auth0:operation DELETE /api/v2/emails/provider
//auth0:operation DELETE /api/v2/keys/custom-signing
func deleteTheOne(kind *resource.Kind) func(*call) error {
	return func(c *call) error {
		err := c.update(func(tx *storage.Tx) error { return tx.Documents(kind.Name, "").Delete(storage.SettingsKey) })
		if err != nil {
			return err
		}
		return c.empty(http.StatusNoContent)
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

// load returns the document, with the kind's defaults where it was never written.
func (s singleton) load(c *call, tx *storage.Tx) (id string, doc storage.Document, err error) {
	id = storage.SettingsKey
	if s.key != nil {
		if id, err = s.key(c); err != nil {
			return "", nil, err
		}
	}
	doc, err = tx.Documents(s.kind.Name, "").Document(id)
	if storage.IsNotFound(err) {
		doc = storage.Document{}
		s.kind.Fill(doc, c.now)
		err = nil
	}
	return id, doc, err
}

func (s singleton) answer(c *call, doc storage.Document) error {
	if s.show != nil {
		stored := c.keepSecrets(doc)
		if doc = s.show(c, doc); stored != nil {
			s.kind.Restore(doc, stored)
		}
	}
	return c.reply(http.StatusOK, c.selectFields(doc))
}

func (s singleton) serveGet(c *call) error {
	var doc storage.Document
	err := c.view(func(tx *storage.Tx) (err error) {
		_, doc, err = s.load(c, tx)
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
	err := c.check(s.kind, op, func(tx *storage.Tx) error {
		_, _, err := s.load(c, tx)
		return err
	})
	if err != nil {
		return err
	}
	var doc storage.Document
	err = c.update(func(tx *storage.Tx) error {
		id, stored, err := s.load(c, tx)
		if err != nil {
			return err
		}
		if doc = stored; op == resource.Replace {
			doc = storage.Document{}
		}
		s.kind.Merge(doc, c.body, c.now)
		s.kind.Fill(doc, c.now)
		if s.before != nil {
			if err := s.before(c, tx, doc); err != nil {
				return err
			}
		}
		return tx.Documents(s.kind.Name, "").Put(storage.Write{ID: id, Document: doc})
	})
	if err != nil {
		return err
	}
	return s.answer(c, doc)
}

// showTenantSettings leaves out what an answer does not hold: a read the flags of
// passwordless starts, a change the versions of the sandbox.
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

func tenantOperations() []operation {
	return []operation{
		{http.MethodGet, "/tenants/settings", []string{"read:tenant_settings"}, tenantSettings},
		{http.MethodPatch, "/tenants/settings", []string{"update:tenant_settings"}, updateTenantSettings},
	}
}

//auth0:operation GET /api/v2/tenants/settings
func tenantSettings(c *call) error {
	var doc storage.Document
	err := c.view(func(tx *storage.Tx) (err error) {
		doc, err = tx.Tenant.Document(storage.TenantKey)
		return err
	})
	if err != nil {
		return err
	}
	return c.reply(http.StatusOK, c.showTenantSettings(doc))
}

//auth0:operation PATCH /api/v2/tenants/settings
func updateTenantSettings(c *call) error {
	if err := c.read(); err != nil {
		return err
	}
	if err := resource.TenantSettings.Check(c.body, resource.Update); err != nil {
		return err
	}
	if err := minutesToHours(c.body); err != nil {
		return err
	}
	var doc storage.Document
	err := c.update(func(tx *storage.Tx) (err error) {
		if doc, err = tx.Tenant.Document(storage.TenantKey); err != nil {
			return err
		}
		resource.TenantSettings.Merge(doc, c.body, c.now)
		return tx.Tenant.Put(doc)
	})
	if err != nil {
		return err
	}
	return c.reply(http.StatusOK, c.showTenantSettings(doc))
}

// minutesToHours puts the lifetimes of sessions that a change states in minutes into
// the members with hours, which are the only ones that an answer has.
func minutesToHours(settings storage.Document) error {
	for _, hours := range []string{"session_lifetime", "idle_session_lifetime", "ephemeral_session_lifetime", "idle_ephemeral_session_lifetime"} {
		minutes := hours + "_in_minutes"
		n, ok := settings[minutes].(float64)
		if !ok {
			continue
		}
		if _, both := settings[hours]; both {
			return resource.InvalidBody(minutes + " cannot be specified together with " + hours + ".")
		}
		delete(settings, minutes)
		settings[hours] = n / 60
	}
	return nil
}
