package objects

import (
	"reflect"
	"slices"

	"github.com/tenant0/tenant0/server/resource"
	"github.com/tenant0/tenant0/storage"
)

// Actions are the tenant's actions, Auth0: api/management/v2/actions. They are stored,
// versioned and bound as at Auth0, but never run. An action can be found by the ids of the
// modules that it uses.
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

// Items returns the objects in the list that a member of doc holds.
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

// prepareAction sets the times of an action and of its secrets, and completes its
// references to modules.
func prepareAction(o Collection, doc, old storage.Document) error {
	stamp(doc, old, resource.NanoTime(o.Now))
	mergeSecrets(doc, old)
	return describeModules(o.Tx, doc)
}

// stamp sets the times of a document. now is the time in the format of its kind.
func stamp(doc, old storage.Document, now string) {
	if old == nil {
		doc["created_at"] = now
	}
	doc["updated_at"] = now
}

// mergeSecrets keeps the values of secrets that were sent with their name only, and sets
// the time of the changed ones.
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

// versioned are the members of an action that a version has a copy of.
var versioned = []string{"code", "dependencies", "runtime", "secrets", "supported_triggers", "modules"}

// SameContent reports whether two documents agree in all of these members.
func SameContent(a, b storage.Document) bool {
	for _, name := range versioned {
		if !reflect.DeepEqual(a[name], b[name]) {
			return false
		}
	}
	return true
}

// deployNewAction deploys a new action if it was sent with "deploy": true.
func deployNewAction(o Collection, doc, old storage.Document) error {
	if old != nil || o.sent["deploy"] != true {
		return nil
	}
	_, err := deployVersion(o.Change, doc)
	return err
}

// unboundAction returns an error if the action is bound to a trigger, since it must not be
// deleted then, unless the change has Force set.
func unboundAction(o Collection, doc storage.Document) error {
	bound, err := o.Tx.Linked(resource.ActionBindings.Name, storage.Text(doc, "id"))
	if err == nil && len(bound) > 0 && !o.Force {
		return resource.ActionBound
	}
	return err
}
