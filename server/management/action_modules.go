package management

import (
	"net/http"
	"reflect"

	"github.com/tenant0/tenant0/server/resource"
	"github.com/tenant0/tenant0/storage"
)

// actionModules is Auth0: api/management/v2/actions/modules: code that actions
// share, in versions.
//
//auth0:operation GET /api/v2/actions/modules
//auth0:operation POST /api/v2/actions/modules
//auth0:operation GET /api/v2/actions/modules/{id}
//auth0:operation PATCH /api/v2/actions/modules/{id}
//auth0:operation DELETE /api/v2/actions/modules/{id}
func actionModules() served {
	return served{
		kind: resource.ActionModules, path: "/actions/modules", scope: "actions", verbs: "list create get patch delete", strict: true,
		keep: func(c *call, tx *storage.Tx) (store, error) { return c.plain(tx, resource.ActionModules, ""), nil },
		list: listing{key: "modules", style: counted, zeros: true},
		before: func(c *call, _ *storage.Tx, doc, old storage.Document) error {
			stamp(doc, old, resource.MicroTime(c.now))
			mergeSecrets(doc, old)
			return nil
		},
		after: func(c *call, tx *storage.Tx, doc, _ storage.Document) error {
			if c.method != http.MethodPost || c.body["publish"] != true {
				return nil
			}
			_, err := publishVersion(c, tx, doc)
			return err
		},
		show:    showModule,
		deleted: deleteModule,
	}
}

// moduleContent are the members of a module that a version keeps.
var moduleContent = []string{"code", "dependencies", "secrets"}

func showModule(c *call, tx *storage.Tx, doc storage.Document) (storage.Document, error) {
	id := text(doc, "id")
	using, err := tx.Linked(resource.Actions.Name, id)
	if err != nil {
		return nil, err
	}
	latest, err := latestModuleVersion(c, tx, id)
	if err != nil {
		return nil, err
	}
	published := latest != nil
	for _, name := range moduleContent {
		published = published && reflect.DeepEqual(doc[name], latest[name])
	}
	delete(doc, "publish")
	hideValues(doc)
	doc["all_changes_published"], doc["actions_using_module_total"] = published, len(using)
	if latest != nil {
		hideValues(latest)
		doc["latest_version_number"], doc["latest_version"] = latest["version_number"], latest
	}
	return doc, nil
}

// latestModuleVersion is the version of a module that came last, nil for none.
func latestModuleVersion(c *call, tx *storage.Tx, id string) (version storage.Document, err error) {
	for version, err = range c.plain(tx, resource.ActionModuleVersions, id).All() {
		if err != nil {
			return nil, err
		}
	}
	return version, nil
}

func deleteModule(_ *call, tx *storage.Tx, doc storage.Document) error {
	id := text(doc, "id")
	using, err := tx.Linked(resource.Actions.Name, id)
	if err != nil {
		return err
	}
	if len(using) > 0 {
		return resource.ModuleUsed
	}
	return tx.Documents(resource.ActionModuleVersions.Name, id).DeleteAll()
}

// moduleVersions are what was published of a module.
//
//auth0:operation GET /api/v2/actions/modules/{module}/versions
//auth0:operation GET /api/v2/actions/modules/{module}/versions/{id}
func moduleVersions() served {
	return served{
		kind: resource.ActionModuleVersions, path: "/actions/modules/{module}/versions", scope: "actions", verbs: "list get",
		keep: func(c *call, tx *storage.Tx) (store, error) {
			_, err := c.module(tx)
			return c.plain(tx, resource.ActionModuleVersions, c.param("module")), err
		},
		list: listing{key: "versions", style: counted, zeros: true},
		show: func(_ *call, _ *storage.Tx, doc storage.Document) (storage.Document, error) {
			hideValues(doc)
			return doc, nil
		},
	}
}

// module is the module that the path names.
func (c *call) module(tx *storage.Tx) (storage.Document, error) {
	doc, err := tx.Documents(resource.ActionModules.Name, "").Document(c.param("module"))
	if storage.IsNotFound(err) {
		return nil, resource.ActionModules.Missing
	}
	return doc, err
}

// publishVersion makes a version of what a module is now, and returns it.
func publishVersion(c *call, tx *storage.Tx, module storage.Document) (storage.Document, error) {
	last, err := latestModuleVersion(c, tx, text(module, "id"))
	if err != nil {
		return nil, err
	}
	number, _ := last["version_number"].(float64)
	version := storage.Document{
		"id": resource.UUID(), "module_id": module["id"], "version_number": number + 1, "created_at": resource.MicroTime(c.now),
	}
	for _, name := range moduleContent {
		version[name] = module[name]
	}
	return version, c.plain(tx, resource.ActionModuleVersions, text(module, "id")).Put(version)
}

//auth0:operation POST /api/v2/actions/modules/{module}/versions
func publishModule(c *call) error {
	var version storage.Document
	err := c.update(func(tx *storage.Tx) error {
		module, err := c.module(tx)
		if err != nil {
			return err
		}
		version, err = publishVersion(c, tx, module)
		return err
	})
	if err != nil {
		return err
	}
	hideValues(version)
	return c.reply(http.StatusOK, version)
}

var rollbackBody = &resource.Kind{Fields: resource.Fields{"module_version_id": {Type: resource.String, Required: true}}}

// rollBackModule makes a module what an earlier version of it is.
//
//auth0:operation POST /api/v2/actions/modules/{module}/rollback
func rollBackModule(c *call) error {
	if err := c.read(); err != nil {
		return err
	}
	if err := rollbackBody.Check(c.body, resource.Create); err != nil {
		return err
	}
	var module storage.Document
	err := c.update(func(tx *storage.Tx) (err error) {
		if module, err = c.module(tx); err != nil {
			return err
		}
		version, err := c.plain(tx, resource.ActionModuleVersions, c.param("module")).Document(text(c.body, "module_version_id"))
		if storage.IsNotFound(err) {
			return resource.ActionModuleVersions.Missing
		}
		if err != nil {
			return err
		}
		for _, name := range moduleContent {
			module[name] = version[name]
		}
		stamp(module, module, resource.MicroTime(c.now))
		if err := c.plain(tx, resource.ActionModules, "").Put(module); err != nil {
			return err
		}
		module, err = showModule(c, tx, module)
		return err
	})
	if err != nil {
		return err
	}
	return c.reply(http.StatusOK, module)
}

//auth0:operation GET /api/v2/actions/modules/{module}/actions
func moduleActions(c *call) error {
	docs := []storage.Document{}
	err := c.view(func(tx *storage.Tx) error {
		if _, err := c.module(tx); err != nil {
			return err
		}
		for action, err := range c.actions(tx).All() {
			if err != nil {
				return err
			}
			for _, used := range objectsIn(action, "modules") {
				if text(used, "module_id") == c.param("module") {
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

// describeModules completes an action's references to modules.
func describeModules(c *call, tx *storage.Tx, action storage.Document) error {
	for _, used := range objectsIn(action, "modules") {
		module, err := c.plain(tx, resource.ActionModules, "").Document(text(used, "module_id"))
		if storage.IsNotFound(err) {
			return resource.ActionModules.Missing
		}
		if err != nil {
			return err
		}
		version, err := c.plain(tx, resource.ActionModuleVersions, text(used, "module_id")).Document(text(used, "module_version_id"))
		if storage.IsNotFound(err) {
			return resource.ActionModuleVersions.Missing
		}
		if err != nil {
			return err
		}
		used["module_name"], used["module_version_number"] = module["name"], version["version_number"]
	}
	return nil
}
