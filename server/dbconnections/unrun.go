package dbconnections

import (
	"context"
	"strings"

	"github.com/tenant0/tenant0/server/objects"
	"github.com/tenant0/tenant0/server/resource"
	"github.com/tenant0/tenant0/server/trace"
	"github.com/tenant0/tenant0/storage"
)

// resetTrigger is the trigger whose Actions Auth0 runs between the link or the code of a forgotten password and the
// page for a new one. Only they can ask for a further factor there. Auth0:
// customize/actions/explore-triggers/password-reset-triggers/post-challenge-trigger.
const resetTrigger = "password-reset-post-challenge"

// noteUnrunActions writes to the trace of a request which Actions Auth0 would have run before the page for a new
// password.
func (m *room) noteUnrunActions(ctx context.Context) error {
	var names []string
	err := m.DB.View(ctx, func(tx *storage.Tx) error {
		names = nil
		for binding, err := range objects.DocumentStoreOf(tx, resource.ActionBindings, resetTrigger).All() {
			if err != nil {
				return err
			}
			names = append(names, storage.Text(binding, "display_name"))
		}
		return nil
	})
	if len(names) > 0 {
		trace.Note(ctx, trace.Step{
			Component: "dbconnections", Setting: "the bindings of the trigger " + resetTrigger,
			Decision: "the Actions of " + resetTrigger + " are not run, so they ask for no further factor and deny nothing: " + strings.Join(names, ", "),
		})
	}
	return err
}
