package management

import (
	"net/http"
	"slices"

	"github.com/tenant0/tenant0/server/resource"
	"github.com/tenant0/tenant0/storage"
)

//auth0:operation GET /api/v2/actions/triggers
func listTriggers(c *call) error {
	return c.reply(http.StatusOK, storage.Document{"triggers": resource.Triggers()})
}

// trigger is the trigger that the path names.
func (c *call) trigger() (string, error) {
	id := c.param("trigger")
	if !slices.Contains(resource.TriggerIDs(), id) {
		return "", resource.ActionBindings.Missing
	}
	return id, nil
}

//auth0:operation GET /api/v2/actions/triggers/{trigger}/bindings
func bindings(c *call) error {
	trigger, err := c.trigger()
	if err != nil {
		return err
	}
	docs := []storage.Document{}
	err = c.view(func(tx *storage.Tx) error {
		for binding, err := range c.plain(tx, resource.ActionBindings, trigger).All() {
			if err != nil {
				return err
			}
			if binding, err = showBinding(c, tx, binding); err != nil {
				return err
			}
			docs = append(docs, binding)
		}
		return nil
	})
	if err != nil {
		return err
	}
	return c.page(docs, listing{key: "bindings", style: counted})
}

// showBinding adds the action that is bound, as it is now.
func showBinding(c *call, tx *storage.Tx, binding storage.Document) (storage.Document, error) {
	action, err := tx.Documents(resource.Actions.Name, "").Document(text(binding, "action_id"))
	if err != nil {
		return nil, err
	}
	if action, err = showAction(c, tx, action); err != nil {
		return nil, err
	}
	delete(action, "code")
	action["all_changes_deployed"] = false // whatever the action itself says
	delete(binding, "action_id")
	hideValues(binding)
	binding["action"] = action
	return binding, nil
}

// updateBindings binds the actions in the order of the body, and no others.
//
//auth0:operation PATCH /api/v2/actions/triggers/{trigger}/bindings
func updateBindings(c *call) error {
	trigger, err := c.trigger()
	if err != nil {
		return err
	}
	if err := c.read(); err != nil {
		return err
	}
	if err := resource.ActionBindings.Check(c.body, resource.Update); err != nil {
		return err
	}
	var docs []storage.Document
	err = c.update(func(tx *storage.Tx) error {
		docs = []storage.Document{}
		kept := c.plain(tx, resource.ActionBindings, trigger)
		kept.Links = func(doc storage.Document) []string { return []string{text(doc, "action_id")} }
		var fresh []storage.Document
		for _, item := range objectsIn(c.body, "bindings") {
			binding, err := bind(c, tx, trigger, item)
			if err != nil {
				return err
			}
			fresh = append(fresh, binding)
		}
		if err := kept.DeleteAll(); err != nil {
			return err
		}
		for _, binding := range fresh {
			if err := kept.Put(binding); err != nil {
				return err
			}
			if binding, err = showBinding(c, tx, binding); err != nil {
				return err
			}
			docs = append(docs, binding)
		}
		return nil
	})
	if err != nil {
		return err
	}
	return c.reply(http.StatusOK, storage.Document{"bindings": docs})
}

// bind makes a binding of one of the body's, which names an action or a binding
// that is there.
func bind(c *call, tx *storage.Tx, trigger string, item storage.Document) (storage.Document, error) {
	ref, _ := item["ref"].(storage.Document)
	action, name, err := referred(c, tx, trigger, ref)
	if err != nil {
		return nil, err
	}
	deployed, err := deployedVersion(c, tx, text(action, "id"))
	if err != nil {
		return nil, err
	}
	if deployed == nil {
		return nil, resource.ActionNotDeployed
	}
	binding := storage.Document{"id": resource.UUID(), "trigger_id": trigger, "action_id": action["id"], "display_name": name}
	stamp(binding, nil, resource.NanoTime(c.now))
	for _, member := range []string{"display_name", "secrets"} {
		if value, sent := item[member]; sent {
			binding[member] = value
		}
	}
	mergeSecrets(binding, nil)
	return binding, nil
}

// referred finds the action that a reference leads to, and the name that the
// binding has unless another is sent.
func referred(c *call, tx *storage.Tx, trigger string, ref storage.Document) (action storage.Document, name string, err error) {
	value, actions := text(ref, "value"), c.plain(tx, resource.Actions, "")
	switch text(ref, "type") {
	case "action_name":
		for doc, err := range actions.All() {
			if err != nil {
				return nil, "", err
			}
			if text(doc, "name") == value {
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
		action, err = actions.Document(text(binding, "action_id"))
		return action, text(binding, "display_name"), err
	}
	action, err = actions.Document(value)
	if storage.IsNotFound(err) {
		return nil, "", resource.Actions.Missing
	}
	return action, text(action, "name"), err
}
