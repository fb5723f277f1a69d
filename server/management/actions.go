package management

import (
	"net/http"
	"reflect"
	"slices"
	"strconv"

	"github.com/tenant0/tenant0/server/resource"
	"github.com/tenant0/tenant0/storage"
)

// actions is Auth0: api/management/v2/actions. They are kept, versioned and bound
// as Auth0 does it; none is ever run.
//
//auth0:operation GET /api/v2/actions/actions
//auth0:operation POST /api/v2/actions/actions
//auth0:operation GET /api/v2/actions/actions/{id}
//auth0:operation PATCH /api/v2/actions/actions/{id}
//auth0:operation DELETE /api/v2/actions/actions/{id}
func actions() served {
	return served{
		kind: resource.Actions, path: "/actions/actions", scope: "actions", verbs: "list create get patch delete", strict: true,
		keep: func(c *call, tx *storage.Tx) (store, error) { return c.actions(tx), nil },
		list: listing{
			key: "actions", style: counted, filters: map[string]string{"actionName": "name"},
			keep: triggersAction, narrowed: func(c *call) bool { return c.query.Has("triggerId") },
		},
		before: prepareAction,
		after: func(c *call, tx *storage.Tx, doc, _ storage.Document) error {
			if c.body["deploy"] != true || c.method != http.MethodPost {
				return nil
			}
			_, err := deployVersion(c, tx, doc)
			return err
		},
		show:    showAction,
		deleted: deleteAction,
	}
}

// actions keeps the actions such that their modules lead to them.
func (c *call) actions(tx *storage.Tx) plain {
	docs := c.plain(tx, resource.Actions, "")
	docs.Links = func(doc storage.Document) []string {
		var ids []string
		for _, module := range objectsIn(doc, "modules") {
			ids = append(ids, text(module, "module_id"))
		}
		return ids
	}
	return docs
}

// objectsIn are the objects in a list.
func objectsIn(doc storage.Document, name string) []storage.Document {
	items, _ := doc[name].([]any)
	var all []storage.Document
	for _, item := range items {
		if object, ok := item.(storage.Document); ok {
			all = append(all, object)
		}
	}
	return all
}

func triggersAction(c *call, doc storage.Document) bool {
	return !c.query.Has("triggerId") || slices.ContainsFunc(objectsIn(doc, "supported_triggers"), func(t storage.Document) bool {
		return text(t, "id") == c.query.Get("triggerId")
	})
}

func prepareAction(c *call, tx *storage.Tx, doc, old storage.Document) error {
	stamp(doc, old, resource.NanoTime(c.now))
	mergeSecrets(doc, old)
	return describeModules(c, tx, doc)
}

// stamp writes the times of a document in the form that its resource has.
func stamp(doc, old storage.Document, now string) {
	if old == nil {
		doc["created_at"] = now
	}
	doc["updated_at"] = now
}

// mergeSecrets keeps the values of secrets that are sent by name alone, and dates
// the others.
func mergeSecrets(doc, old storage.Document) {
	before := objectsIn(old, "secrets")
	for _, secret := range objectsIn(doc, "secrets") {
		known := slices.IndexFunc(before, func(s storage.Document) bool { return s["name"] == secret["name"] })
		if known >= 0 && (secret["value"] == nil || secret["value"] == before[known]["value"]) {
			secret["value"], secret["updated_at"] = before[known]["value"], before[known]["updated_at"]
			continue
		}
		secret["updated_at"] = doc["updated_at"]
	}
}

// hideValues leaves the values of secrets out.
func hideValues(doc storage.Document) {
	for _, secret := range objectsIn(doc, "secrets") {
		delete(secret, "value")
	}
}

// showAction adds the version that is deployed. An action is built as soon as it
// is asked for.
func showAction(c *call, tx *storage.Tx, doc storage.Document) (storage.Document, error) {
	version, err := deployedVersion(c, tx, text(doc, "id"))
	if err != nil {
		return nil, err
	}
	delete(doc, "deploy")
	doc["status"] = "built"
	if c.method != http.MethodGet {
		doc["status"] = "pending"
	}
	doc["all_changes_deployed"] = version != nil && sameContent(doc, version)
	hideValues(doc)
	if version == nil {
		return doc, nil
	}
	hideValues(version)
	doc["deployed_version"] = version
	doc["current_version"] = storage.Document{
		"id": version["id"], "code": version["code"], "runtime": version["runtime"], "status": "BUILT", "number": version["number"],
		"build_time": version["built_at"], "created_at": version["created_at"], "updated_at": version["updated_at"],
	}
	return doc, nil
}

// versioned are the members of an action that a version keeps.
var versioned = []string{"code", "dependencies", "runtime", "secrets", "supported_triggers", "modules"}

// sameContent reports whether two documents have the same of what is versioned.
func sameContent(a, b storage.Document) bool {
	for _, name := range versioned {
		if !reflect.DeepEqual(a[name], b[name]) {
			return false
		}
	}
	return true
}

// deleteAction refuses an action that is bound, unless the request insists.
func deleteAction(c *call, tx *storage.Tx, doc storage.Document) error {
	id := text(doc, "id")
	bound, err := tx.Linked(resource.ActionBindings.Name, id)
	if err != nil {
		return err
	}
	if force, _ := strconv.ParseBool(c.query.Get("force")); len(bound) > 0 && !force {
		return resource.ActionBound
	}
	if err := tx.DeleteLinked(id, resource.ActionBindings.Name); err != nil {
		return err
	}
	return tx.Documents(resource.ActionVersions.Name, id).DeleteAll()
}
