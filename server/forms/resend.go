package forms

import (
	"net/http"

	"github.com/tenant0/tenant0/server/web"
)

// resend runs the flow of a button again, as often as the button may be pressed.
func (m *room) resend(w http.ResponseWriter, r *http.Request, v *visit, step node, id string) error {
	button, ok := step.component("RESEND_BUTTON", id)
	if !ok {
		return m.page(w, r, http.StatusBadRequest, v, step, shown{alert: v.say(errInput)})
	}
	if wait, over := m.mayResend(v, button); over || wait > 0 {
		return web.Continue(w, r, v.path(), v.state)
	}
	return faulty(v.FormID, "its button %q runs a flow, and flows do not run yet", id)
}
