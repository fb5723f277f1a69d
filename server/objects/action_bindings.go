package objects

import (
	"github.com/tenant0/tenant0/server/resource"
	"github.com/tenant0/tenant0/storage"
)

// Bindings of actions are stored below the trigger that they belong to.
var _ = declare(&Kind{Kind: resource.ActionBindings, refers: []reference{by("action_id", Actions)}})

// BindActions replaces the bindings of a trigger by the ones that were sent, in their
// order, and returns them.
func BindActions(ch *Change, trigger string, sent []storage.Document) ([]storage.Document, error) {
	kept := DocumentStoreOf(ch.Tx, resource.ActionBindings, trigger)
	var bindings []storage.Document
	for _, item := range sent {
		binding, err := bind(ch, trigger, item)
		if err != nil {
			return nil, err
		}
		bindings = append(bindings, binding)
	}
	if err := kept.DeleteAll(); err != nil {
		return nil, err
	}
	for _, binding := range bindings {
		if err := kept.Put(binding); err != nil {
			return nil, err
		}
	}
	return bindings, nil
}

// bind makes a binding from an item that was sent, which names an action or an existing
// binding.
func bind(ch *Change, trigger string, item storage.Document) (storage.Document, error) {
	ref, _ := item["ref"].(storage.Document)
	action, name, err := referred(ch.Tx, trigger, ref)
	if err != nil {
		return nil, err
	}
	deployed, err := DeployedVersion(ch.Tx, storage.Text(action, "id"))
	if err != nil {
		return nil, err
	}
	if deployed == nil {
		return nil, resource.ActionNotDeployed
	}
	binding := storage.Document{"id": resource.UUID(), "trigger_id": trigger, "action_id": action["id"], "display_name": name}
	stamp(binding, nil, resource.NanoTime(ch.Now))
	for _, member := range []string{"display_name", "secrets"} {
		if value, sent := item[member]; sent {
			binding[member] = value
		}
	}
	mergeSecrets(binding, nil)
	return binding, nil
}

// referred finds the action that a reference names, and the name that its binding gets
// unless the request has another.
func referred(tx *storage.Tx, trigger string, ref storage.Document) (action storage.Document, name string, err error) {
	value, actions := storage.Text(ref, "value"), DocumentStoreOf(tx, resource.Actions, "")
	switch storage.Text(ref, "type") {
	case "action_name":
		for doc, err := range actions.All() {
			if err != nil {
				return nil, "", err
			}
			if storage.Text(doc, "name") == value {
				return doc, value, nil
			}
		}
		return nil, "", resource.Actions.Missing
	case "binding_id":
		binding, err := tx.Documents(resource.ActionBindings.Name, trigger).Document(value)
		if storage.IsNotFound(err) {
			return nil, "", resource.ActionBindingMissing
		}
		if err != nil {
			return nil, "", err
		}
		action, err = actions.Document(storage.Text(binding, "action_id"))
		return action, storage.Text(binding, "display_name"), err
	}
	action, err = actions.Document(value)
	if storage.IsNotFound(err) {
		return nil, "", resource.Actions.Missing
	}
	return action, storage.Text(action, "name"), err
}
