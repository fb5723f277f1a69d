package objects

import (
	"reflect"

	"github.com/tenant0/tenant0/server/resource"
	"github.com/tenant0/tenant0/storage"
)

// ActionModules are versioned pieces of code that actions share, Auth0:
// api/management/v2/actions/modules.
var ActionModules = declare(&Kind{
	Kind: resource.ActionModules,
	before: func(o Collection, doc, old storage.Document) error {
		stamp(doc, old, resource.MicroTime(o.Now))
		mergeSecrets(doc, old)
		return nil
	},
	after: func(o Collection, doc, old storage.Document) error {
		if old != nil || o.sent["publish"] != true {
			return nil
		}
		_, err := publishVersion(o.Change, doc)
		return err
	},
	deleted: unusedModule,
})

// ActionModuleVersions are the published versions of a module.
var ActionModuleVersions = declare(&Kind{Kind: resource.ActionModuleVersions, Owner: ActionModules})

// moduleContent are the members of a module that a version has a copy of.
var moduleContent = []string{"code", "dependencies", "secrets"}

// LatestModuleVersion returns the latest version of a module, nil if there is none.
func LatestModuleVersion(tx *storage.Tx, id string) (version storage.Document, err error) {
	for version, err = range DocumentStoreOf(tx, resource.ActionModuleVersions, id).All() {
		if err != nil {
			return nil, err
		}
	}
	return version, nil
}

// IsModuleVersion reports whether a module's draft equals a version. It returns false if
// version is nil.
func IsModuleVersion(module, version storage.Document) bool {
	same := version != nil
	for _, name := range moduleContent {
		same = same && reflect.DeepEqual(module[name], version[name])
	}
	return same
}

// unusedModule returns an error if actions use the module, since it must not be deleted
// then.
func unusedModule(o Collection, doc storage.Document) error {
	using, err := o.Tx.Linked(resource.Actions.Name, storage.Text(doc, "id"))
	if err == nil && len(using) > 0 {
		return resource.ModuleUsed
	}
	return err
}

// PublishModule publishes a module's draft as a new version, and returns the version.
func PublishModule(ch *Change, id string) (storage.Document, error) {
	module, err := ActionModules.Find(ch.Tx, id)
	if err != nil {
		return nil, err
	}
	last, err := LatestModuleVersion(ch.Tx, id)
	if err != nil {
		return nil, err
	}
	if IsModuleVersion(module, last) {
		return nil, resource.ModuleWithoutDraft
	}
	return publishVersion(ch, module)
}

// RollBackModule replaces a module's draft by an earlier version, and returns the module.
func RollBackModule(ch *Change, id, versionID string) (storage.Document, error) {
	module, err := ActionModules.Find(ch.Tx, id)
	if err != nil {
		return nil, err
	}
	version, err := ActionModuleVersions.orMissing(DocumentStoreOf(ch.Tx, resource.ActionModuleVersions, id).Document(versionID))
	if err != nil {
		return nil, err
	}
	if IsModuleVersion(module, version) {
		return nil, resource.ModuleVersionIsDraft
	}
	for _, name := range moduleContent {
		module[name] = version[name]
	}
	stamp(module, module, resource.MicroTime(ch.Now))
	return module, DocumentStoreOf(ch.Tx, resource.ActionModules, "").Put(module)
}

// publishVersion stores a module's draft as a new version, and returns the version.
func publishVersion(ch *Change, module storage.Document) (storage.Document, error) {
	last, err := LatestModuleVersion(ch.Tx, storage.Text(module, "id"))
	if err != nil {
		return nil, err
	}
	number, _ := last["version_number"].(float64)
	version := storage.Document{
		"id": resource.UUID(), "module_id": module["id"], "version_number": number + 1, "created_at": resource.MicroTime(ch.Now),
	}
	for _, name := range moduleContent {
		version[name] = module[name]
	}
	return version, DocumentStoreOf(ch.Tx, resource.ActionModuleVersions, storage.Text(module, "id")).Put(version)
}

// describeModules fills in the names and version numbers in an action's references to
// modules.
func describeModules(tx *storage.Tx, action storage.Document) error {
	for _, used := range Items(action, "modules") {
		id := storage.Text(used, "module_id")
		module, err := DocumentStoreOf(tx, resource.ActionModules, "").Document(id)
		if storage.IsNotFound(err) {
			return resource.ActionModules.Missing
		}
		if err != nil {
			return err
		}
		version, err := DocumentStoreOf(tx, resource.ActionModuleVersions, id).Document(storage.Text(used, "module_version_id"))
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
