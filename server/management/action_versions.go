package management

import (
	"maps"
	"net/http"

	"github.com/tenant0/tenant0/server/resource"
	"github.com/tenant0/tenant0/storage"
)

// actionVersions are what was deployed of an action. The last is in force.
//
//auth0:operation GET /api/v2/actions/actions/{action}/versions
//auth0:operation GET /api/v2/actions/actions/{action}/versions/{id}
func actionVersions() served {
	return served{
		kind: resource.ActionVersions, path: "/actions/actions/{action}/versions", scope: "actions", verbs: "list get",
		keep: func(c *call, tx *storage.Tx) (store, error) {
			_, err := c.action(tx)
			return c.plain(tx, resource.ActionVersions, c.param("action")), err
		},
		list: listing{key: "versions", style: counted},
		show: func(c *call, tx *storage.Tx, doc storage.Document) (storage.Document, error) {
			action, err := c.action(tx)
			if err != nil {
				return nil, err
			}
			deployed, err := deployedVersion(c, tx, c.param("action"))
			if err != nil {
				return nil, err
			}
			doc["deployed"] = doc["id"] == deployed["id"]
			return showVersion(doc, action, sameContent(action, deployed)), nil
		},
	}
}

func actionOperations() []operation {
	read, update := []string{"read:actions"}, []string{"update:actions", "create:actions"}
	return []operation{
		{http.MethodPost, "/actions/actions/{action}/deploy", update, deployAction},
		{http.MethodPost, "/actions/actions/{action}/versions/{id}/deploy", update, rollBackAction},
		{http.MethodGet, "/actions/executions/{id}", read, actionExecution},
		{http.MethodGet, "/actions/triggers", read, listTriggers},
		{http.MethodGet, "/actions/triggers/{trigger}/bindings", read, bindings},
		{http.MethodPatch, "/actions/triggers/{trigger}/bindings", update, updateBindings},
		{http.MethodPost, "/actions/modules/{module}/versions", update, publishModule},
		{http.MethodPost, "/actions/modules/{module}/rollback", update, rollBackModule},
		{http.MethodGet, "/actions/modules/{module}/actions", read, moduleActions},
	}
}

// action is the action that the path names.
func (c *call) action(tx *storage.Tx) (storage.Document, error) {
	doc, err := tx.Documents(resource.Actions.Name, "").Document(c.param("action"))
	if storage.IsNotFound(err) {
		return nil, resource.Actions.Missing
	}
	return doc, err
}

// deployedVersion is the version of an action that is deployed, nil for none.
func deployedVersion(c *call, tx *storage.Tx, id string) (version storage.Document, err error) {
	for version, err = range c.plain(tx, resource.ActionVersions, id).All() {
		if err != nil {
			return nil, err
		}
	}
	if version != nil {
		version["deployed"] = true
	}
	return version, nil
}

// deployVersion makes a version of what an action is now, and returns it.
func deployVersion(c *call, tx *storage.Tx, content storage.Document) (storage.Document, error) {
	last, err := deployedVersion(c, tx, text(content, "id"))
	if err != nil {
		return nil, err
	}
	number, _ := last["number"].(float64)
	now := resource.NanoTime(c.now)
	version := storage.Document{
		"id": resource.UUID(), "number": number + 1, "status": "built", "deployed": false, "built_at": now, "created_at": now, "updated_at": now,
	}
	for _, name := range versioned {
		if value, ok := content[name]; ok {
			version[name] = value
		}
	}
	return version, c.plain(tx, resource.ActionVersions, text(content, "id")).Put(version)
}

// showVersion adds to a version the action that it is of.
func showVersion(version, action storage.Document, same bool) storage.Document {
	hideValues(version)
	version["action"] = storage.Document{
		"id": action["id"], "name": action["name"], "supported_triggers": action["supported_triggers"],
		"created_at": action["created_at"], "updated_at": action["updated_at"], "all_changes_deployed": same,
	}
	return version
}

//auth0:operation POST /api/v2/actions/actions/{action}/deploy
func deployAction(c *call) error {
	var version storage.Document
	err := c.update(func(tx *storage.Tx) error {
		action, err := c.action(tx)
		if err != nil {
			return err
		}
		if version, err = deployVersion(c, tx, action); err != nil {
			return err
		}
		version = showVersion(version, action, false)
		delete(version, "built_at")
		return nil
	})
	if err != nil {
		return err
	}
	return c.reply(http.StatusOK, version)
}

// rollBackAction deploys an earlier version again, as a new one, and with
// update_draft makes it what the action is.
//
//auth0:operation POST /api/v2/actions/actions/{action}/versions/{id}/deploy
func rollBackAction(c *call) error {
	if err := c.read(); err != nil {
		return err
	}
	var version storage.Document
	err := c.update(func(tx *storage.Tx) error {
		action, err := c.action(tx)
		if err != nil {
			return err
		}
		earlier, err := actionVersions().find(c, c.plain(tx, resource.ActionVersions, c.param("action")))
		if err != nil {
			return err
		}
		content := maps.Clone(earlier)
		content["id"] = action["id"]
		if c.body["update_draft"] == true {
			for _, name := range versioned {
				if value, ok := earlier[name]; ok {
					action[name] = value
				}
			}
			stamp(action, action, resource.NanoTime(c.now))
			if err := c.actions(tx).Put(action); err != nil {
				return err
			}
		}
		if version, err = deployVersion(c, tx, content); err != nil {
			return err
		}
		version = showVersion(version, action, false)
		return nil
	})
	if err != nil {
		return err
	}
	return c.reply(http.StatusOK, version)
}

// actionExecution knows no execution: actions are not run.
//
//auth0:operation GET /api/v2/actions/executions/{id}
func actionExecution(*call) error { return resource.ActionExecutionMissing }
