package management

import (
	"net/http"
	"slices"

	"github.com/tenant0/tenant0/server/objects"
	"github.com/tenant0/tenant0/server/resource"
	"github.com/tenant0/tenant0/storage"
)

//auth0:operation GET /api/v2/actions/triggers
func listTriggers(c *call) error {
	return c.reply(http.StatusOK, storage.Document{"triggers": resource.Triggers()})
}

// trigger returns the trigger in the path.
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
		for binding, err := range tx.Documents(resource.ActionBindings.Name, trigger).All() {
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

// showBinding adds the bound action in its current state.
func showBinding(c *call, tx *storage.Tx, binding storage.Document) (storage.Document, error) {
	action, err := tx.Documents(resource.Actions.Name, "").Document(storage.Text(binding, "action_id"))
	if err != nil {
		return nil, err
	}
	if action, err = showAction(c, tx, action); err != nil {
		return nil, err
	}
	delete(action, "code")
	action["all_changes_deployed"] = false // Auth0 shows false here, whatever the action itself shows
	delete(binding, "action_id")
	binding["action"] = action
	resource.ActionBindings.Fields["bindings"].Item.Hide(binding)
	return binding, nil
}

// updateBindings replaces the bindings of a trigger by the actions in the body, in their
// order.
//
//auth0:operation PATCH /api/v2/actions/triggers/{trigger}/bindings
func updateBindings(c *call) error {
	trigger, err := c.trigger()
	if err != nil {
		return err
	}
	if err := c.readAs(resource.ActionBindings, resource.Update); err != nil {
		return err
	}
	return replyChange(c, http.StatusOK, func(ch *objects.Change) (storage.Document, error) {
		bindings, err := objects.BindActions(ch, trigger, objects.Items(c.body, "bindings"))
		if err != nil {
			return nil, err
		}
		docs := []storage.Document{}
		for _, binding := range bindings {
			shown, err := showBinding(c, ch.Tx, binding)
			if err != nil {
				return nil, err
			}
			docs = append(docs, shown)
		}
		return storage.Document{"bindings": docs}, nil
	})
}
