package management

import (
	"net/http"
	"strings"

	"github.com/tenant0/tenant0/server/objects"
	"github.com/tenant0/tenant0/server/resource"
	"github.com/tenant0/tenant0/storage"
)

// provisioning serves one of the two ways to provision users from a directory.
type provisioning struct {
	objects.Provisioning
	path, scope string
}

var (
	scim      = provisioning{objects.SCIM, "/connections/{id}/scim-configuration", "scim_config"}
	directory = provisioning{objects.Directory, "/connections/{id}/directory-provisioning", "directory_provisionings"}
)

//auth0:operation GET /api/v2/connections/{id}/scim-configuration
//auth0:operation POST /api/v2/connections/{id}/scim-configuration
//auth0:operation PATCH /api/v2/connections/{id}/scim-configuration
//auth0:operation DELETE /api/v2/connections/{id}/scim-configuration
//auth0:operation GET /api/v2/connections/{id}/scim-configuration/default-mapping
//auth0:operation GET /api/v2/connections/{id}/directory-provisioning
//auth0:operation POST /api/v2/connections/{id}/directory-provisioning
//auth0:operation PATCH /api/v2/connections/{id}/directory-provisioning
//auth0:operation DELETE /api/v2/connections/{id}/directory-provisioning
//auth0:operation GET /api/v2/connections/{id}/directory-provisioning/default-mapping
func (p provisioning) operations() []operation {
	scope := func(action string) []string { return []string{action + ":" + p.scope} }
	return []operation{
		{http.MethodGet, p.path, scope("read"), p.get},
		{http.MethodPost, p.path, scope("create"), p.create},
		{http.MethodPatch, p.path, scope("update"), p.patch},
		{http.MethodDelete, p.path, scope("delete"), p.remove},
		{http.MethodGet, p.path + "/default-mapping", scope("read"), p.defaultMapping},
	}
}

func (p provisioning) get(c *call) error {
	return replyView(c, func(tx *storage.Tx) (storage.Document, error) { return p.Find(tx, c.param("id")) })
}

// create makes a configuration. Members that are not sent get the defaults of the
// connection's strategy.
func (p provisioning) create(c *call) error {
	if err := c.readAs(p.Body(), resource.Update); err != nil {
		return err
	}
	return replyChange(c, http.StatusCreated, func(ch *objects.Change) (storage.Document, error) {
		return p.Create(ch, c.param("id"), c.body)
	})
}

// patch changes a configuration. Unlike in changes of other kinds, the required members must
// be sent again.
func (p provisioning) patch(c *call) error {
	if err := c.read(); err != nil {
		return err
	}
	if err := c.check(p.Body(), resource.Create, func(tx *storage.Tx) error {
		_, err := p.Find(tx, c.param("id"))
		return err
	}); err != nil {
		return err
	}
	return replyChange(c, http.StatusOK, func(ch *objects.Change) (storage.Document, error) {
		return p.Update(ch, c.param("id"), c.body)
	})
}

func (p provisioning) remove(c *call) error {
	return c.emptyChange(http.StatusNoContent, func(ch *objects.Change) error { return p.Delete(ch.Tx, c.param("id")) })
}

func (p provisioning) defaultMapping(c *call) error {
	return replyView(c, func(tx *storage.Tx) (storage.Document, error) {
		mapping, err := p.DefaultMapping(tx, c.param("id"))
		return storage.Document{"mapping": mapping}, err
	})
}

func provisioningOperations() []operation {
	groups := directory.path + "/synchronized-groups"
	return []operation{
		{http.MethodGet, scim.path + "/tokens", []string{"read:scim_token"}, scimTokens},
		{http.MethodPost, scim.path + "/tokens", []string{"create:scim_token"}, createSCIMToken},
		{http.MethodDelete, scim.path + "/tokens/{token}", []string{"delete:scim_token"}, deleteSCIMToken},
		{http.MethodGet, groups, []string{"read:directory_provisionings"}, synchronizedGroups},
		{http.MethodPost, groups, []string{"update:directory_provisionings"}, addSynchronizedGroups},
		{http.MethodPut, groups, []string{"update:directory_provisionings"}, replaceSynchronizedGroups},
		{http.MethodDelete, groups, []string{"update:directory_provisionings"}, removeSynchronizedGroups},
		{http.MethodGet, "/connections-scim-configurations", []string{"read:scim_config"}, provisionings(scim, "scim_configurations")},
		{http.MethodGet, "/connections-directory-provisionings", []string{"read:directory_provisionings"}, provisionings(directory, "directory_provisionings")},
	}
}

// provisionings lists the configurations of all connections.
//
//auth0:operation GET /api/v2/connections-scim-configurations
//auth0:operation GET /api/v2/connections-directory-provisionings
func provisionings(p provisioning, key string) func(*call) error {
	return func(c *call) error {
		var docs []storage.Document
		err := c.view(func(tx *storage.Tx) (err error) {
			docs, err = c.collect(p.All(tx), listing{})
			return err
		})
		if err != nil {
			return err
		}
		return c.page(docs, listing{key: key, style: checkpointed})
	}
}

//auth0:operation GET /api/v2/connections/{id}/scim-configuration/tokens
func scimTokens(c *call) error { return c.parts(scim, listing{style: alwaysArray}) }

// parts lists the objects that belong to a connection's configuration.
func (c *call) parts(p provisioning, l listing) error {
	var docs []storage.Document
	err := c.view(func(tx *storage.Tx) error {
		parts, err := p.Parts(tx, c.param("id"))
		if err != nil {
			return err
		}
		docs, err = c.collect(parts.All(), l)
		return err
	})
	if err != nil {
		return err
	}
	return c.page(docs, l)
}

// createSCIMToken returns the token's secret in this response only; it is not stored.
//
//auth0:operation POST /api/v2/connections/{id}/scim-configuration/tokens
func createSCIMToken(c *call) error {
	if err := c.readAs(resource.SCIMTokens, resource.Create); err != nil {
		return err
	}
	id := resource.Prefixed("tok_", 16)()
	return replyChange(c, http.StatusCreated, func(ch *objects.Change) (storage.Document, error) {
		token, err := objects.AddSCIMToken(ch, c.param("id"), id, c.body)
		if err != nil {
			return nil, err
		}
		token["token"] = id + "." + resource.ObjectID() + resource.ObjectID() + resource.ObjectID()[:16]
		return token, nil
	})
}

//auth0:operation DELETE /api/v2/connections/{id}/scim-configuration/tokens/{token}
func deleteSCIMToken(c *call) error {
	return c.emptyChange(http.StatusNoContent, func(ch *objects.Change) error {
		tokens, err := scim.Parts(ch.Tx, c.param("id"))
		if err != nil {
			return err
		}
		return tokens.Delete(c.param("token"))
	})
}

//auth0:operation GET /api/v2/connections/{id}/directory-provisioning/synchronized-groups
func synchronizedGroups(c *call) error {
	return c.parts(directory, listing{key: "groups", style: checkpointed, keep: matchesGroup})
}

// matchesGroup applies the query parameter q, which is a part of the group's name, e-mail
// address or id.
func matchesGroup(c *call, doc storage.Document) bool {
	q := strings.ToLower(c.query.Get("q"))
	return strings.Contains(strings.ToLower(storage.Text(doc, "name")+" "+storage.Text(doc, "email")+" "+storage.Text(doc, "id")), q)
}

//auth0:operation POST /api/v2/connections/{id}/directory-provisioning/synchronized-groups
func addSynchronizedGroups(c *call) error { return changeSynchronizedGroups(c, false, true) }

//auth0:operation PUT /api/v2/connections/{id}/directory-provisioning/synchronized-groups
func replaceSynchronizedGroups(c *call) error { return changeSynchronizedGroups(c, true, true) }

//auth0:operation DELETE /api/v2/connections/{id}/directory-provisioning/synchronized-groups
func removeSynchronizedGroups(c *call) error { return changeSynchronizedGroups(c, false, false) }

// changeSynchronizedGroups adds the groups in the body, or removes them if add is false. With
// replace it first removes all other groups.
func changeSynchronizedGroups(c *call, replace, add bool) error {
	if err := c.readAs(resource.GroupsToSynchronize, resource.Create); err != nil {
		return err
	}
	return c.emptyChange(http.StatusNoContent, func(ch *objects.Change) error {
		return objects.ChangeSynchronizedGroups(ch.Tx, c.param("id"), objects.Items(c.body, "groups"), replace, add)
	})
}
