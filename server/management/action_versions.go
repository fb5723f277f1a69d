package management

import (
	"net/http"

	"github.com/tenant0/tenant0/server/objects"
	"github.com/tenant0/tenant0/server/resource"
	"github.com/tenant0/tenant0/storage"
)

// actionVersions serves the deployed versions of an action. The latest one is in force.
//
//auth0:operation GET /api/v2/actions/actions/{action}/versions
//auth0:operation GET /api/v2/actions/actions/{action}/versions/{id}
func actionVersions() collection {
	return collection{
		kind: objects.ActionVersions, path: "/actions/actions/{action}/versions", parent: "action", scope: "actions", verbs: "list get",
		list: listing{key: "versions", style: counted},
		show: func(c *call, tx *storage.Tx, doc storage.Document) (storage.Document, error) {
			action, err := objects.Actions.Find(tx, c.param("action"))
			if err != nil {
				return nil, err
			}
			deployed, err := objects.DeployedVersion(tx, c.param("action"))
			if err != nil {
				return nil, err
			}
			doc["deployed"] = doc["id"] == deployed["id"]
			return showVersion(doc, action, objects.SameContent(action, deployed)), nil
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

// showVersion adds the action to a version.
func showVersion(version, action storage.Document, same bool) storage.Document {
	resource.ActionVersions.Hide(version)
	version["action"] = storage.Document{
		"id": action["id"], "name": action["name"], "supported_triggers": action["supported_triggers"],
		"created_at": action["created_at"], "updated_at": action["updated_at"], "all_changes_deployed": same,
	}
	return version
}

//auth0:operation POST /api/v2/actions/actions/{action}/deploy
func deployAction(c *call) error {
	return replyChange(c, http.StatusOK, func(ch *objects.Change) (storage.Document, error) {
		version, action, err := objects.DeployAction(ch, c.param("action"))
		if err != nil {
			return nil, err
		}
		delete(version, "built_at")
		return showVersion(version, action, false), nil
	})
}

// rollBackAction deploys an earlier version again, under a new number. With update_draft
// it also replaces the action's draft.
//
//auth0:operation POST /api/v2/actions/actions/{action}/versions/{id}/deploy
func rollBackAction(c *call) error {
	if err := c.read(); err != nil {
		return err
	}
	return replyChange(c, http.StatusOK, func(ch *objects.Change) (storage.Document, error) {
		version, action, err := objects.RollBackAction(ch, c.param("action"), c.param("id"), c.body["update_draft"] == true)
		if err != nil {
			return nil, err
		}
		return showVersion(version, action, false), nil
	})
}

// actionExecution always answers that there is no such execution, since tenant0 does not
// run actions.
//
//auth0:operation GET /api/v2/actions/executions/{id}
func actionExecution(*call) error { return resource.ActionExecutionMissing }
