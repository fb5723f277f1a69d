package objects

import (
	"reflect"
	"slices"

	"github.com/tenant0/tenant0/server/resource"
	"github.com/tenant0/tenant0/storage"
)

// Actions are Auth0: api/management/v2/actions. They are kept, versioned and bound as Auth0
// does it; none is ever run. The modules of an action lead to it.
var Actions = declare(&Kind{
	Kind: resource.Actions,
	found: func(doc storage.Document) []string {
		var ids []string
		for _, module := range Items(doc, "modules") {
			ids = append(ids, storage.Text(module, "module_id"))
		}
		return ids
	},
	before: prepareAction, after: deployNewAction, deleted: unboundAction,
})

// Items are the objects in a list.
func Items(doc storage.Document, name string) []storage.Document {
	items, _ := doc[name].([]any)
	var all []storage.Document
	for _, item := range items {
		if object, ok := item.(storage.Document); ok {
			all = append(all, object)
		}
	}
	return all
}

// prepareAction dates an action and its secrets, and completes its references to modules.
func prepareAction(o Collection, doc, old storage.Document) error {
	stamp(doc, old, resource.NanoTime(o.Now))
	mergeSecrets(doc, old)
	return describeModules(o.Tx, doc)
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
	before := Items(old, "secrets")
	for _, secret := range Items(doc, "secrets") {
		known := slices.IndexFunc(before, func(s storage.Document) bool { return s["name"] == secret["name"] })
		if known >= 0 && (secret["value"] == nil || secret["value"] == before[known]["value"]) {
			secret["value"], secret["updated_at"] = before[known]["value"], before[known]["updated_at"]
			continue
		}
		secret["updated_at"] = doc["updated_at"]
	}
}

// versioned are the members of an action that a version keeps.
var versioned = []string{"code", "dependencies", "runtime", "secrets", "supported_triggers", "modules"}

// SameContent reports whether two documents have the same of what is versioned.
func SameContent(a, b storage.Document) bool {
	for _, name := range versioned {
		if !reflect.DeepEqual(a[name], b[name]) {
			return false
		}
	}
	return true
}

// deployNewAction deploys an action that is to be deployed as soon as it is made.
func deployNewAction(o Collection, doc, old storage.Document) error {
	if old != nil || o.sent["deploy"] != true {
		return nil
	}
	_, err := deployVersion(o.Change, doc)
	return err
}

// unboundAction refuses to delete an action that is bound, unless the change insists.
func unboundAction(o Collection, doc storage.Document) error {
	bound, err := o.Tx.Linked(resource.ActionBindings.Name, storage.Text(doc, "id"))
	if err == nil && len(bound) > 0 && !o.Force {
		return resource.ActionBound
	}
	return err
}
