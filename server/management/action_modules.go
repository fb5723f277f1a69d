package management

import (
	"net/http"

	"github.com/tenant0/tenant0/server/objects"
	"github.com/tenant0/tenant0/server/resource"
	"github.com/tenant0/tenant0/storage"
)

// actionModules serves the modules of actions, which are versioned pieces of code that
// actions share, Auth0: api/management/v2/actions/modules.
//
//auth0:operation GET /api/v2/actions/modules
//auth0:operation POST /api/v2/actions/modules
//auth0:operation GET /api/v2/actions/modules/{id}
//auth0:operation PATCH /api/v2/actions/modules/{id}
//auth0:operation DELETE /api/v2/actions/modules/{id}
func actionModules() collection {
	return collection{
		kind: objects.ActionModules, path: "/actions/modules", scope: "actions", verbs: "list create get patch delete", strict: true, hides: true,
		list: listing{key: "modules", style: counted, showsZeros: true},
		show: showModule,
	}
}

func showModule(_ *call, tx *storage.Tx, doc storage.Document) (storage.Document, error) {
	id := storage.Text(doc, "id")
	using, err := tx.Linked(resource.Actions.Name, id)
	if err != nil {
		return nil, err
	}
	latest, err := objects.LatestModuleVersion(tx, id)
	if err != nil {
		return nil, err
	}
	published := objects.IsModuleVersion(doc, latest)
	delete(doc, "publish")
	doc["all_changes_published"], doc["actions_using_module_total"] = published, len(using)
	if latest != nil {
		doc["latest_version_number"], doc["latest_version"] = latest["version_number"], latest
	}
	return doc, nil
}

// moduleVersions serves the published versions of a module.
//
//auth0:operation GET /api/v2/actions/modules/{module}/versions
//auth0:operation GET /api/v2/actions/modules/{module}/versions/{id}
func moduleVersions() collection {
	return collection{
		kind: objects.ActionModuleVersions, path: "/actions/modules/{module}/versions", parent: "module", scope: "actions", verbs: "list get",
		list: listing{key: "versions", style: counted, showsZeros: true}, hides: true,
	}
}

//auth0:operation POST /api/v2/actions/modules/{module}/versions
func publishModule(c *call) error {
	return replyChange(c, http.StatusOK, func(ch *objects.Change) (storage.Document, error) {
		version, err := objects.PublishModule(ch, c.param("module"))
		resource.ActionModuleVersions.Hide(version)
		return version, err
	})
}

// rollBackModule replaces a module's draft by an earlier version.
//
//auth0:operation POST /api/v2/actions/modules/{module}/rollback
func rollBackModule(c *call) error {
	if err := c.readAs(resource.ModuleRollback, resource.Create); err != nil {
		return err
	}
	return replyChange(c, http.StatusOK, func(ch *objects.Change) (storage.Document, error) {
		module, err := objects.RollBackModule(ch, c.param("module"), storage.Text(c.body, "module_version_id"))
		if err != nil {
			return nil, err
		}
		return actionModules().shown(c, ch.Tx, module)
	})
}

//auth0:operation GET /api/v2/actions/modules/{module}/actions
func moduleActions(c *call) error {
	docs := []storage.Document{}
	err := c.view(func(tx *storage.Tx) error {
		if err := objects.ActionModules.Require(tx, c.param("module")); err != nil {
			return err
		}
		for action, err := range tx.Documents(resource.Actions.Name, "").All() {
			if err != nil {
				return err
			}
			for _, used := range objects.Items(action, "modules") {
				if storage.Text(used, "module_id") == c.param("module") {
					docs = append(docs, storage.Document{
						"action_id": action["id"], "action_name": action["name"],
						"module_version_id": used["module_version_id"], "module_version_number": used["module_version_number"],
					})
				}
			}
		}
		return nil
	})
	if err != nil {
		return err
	}
	return c.page(docs, listing{key: "actions", style: counted})
}
