package forms

import (
	"net/http"

	"github.com/tenant0/tenant0/server/apierr"
	"github.com/tenant0/tenant0/server/flows"
	"github.com/tenant0/tenant0/server/tenantlog"
	"github.com/tenant0/tenant0/server/web"
	"github.com/tenant0/tenant0/storage"
)

// run runs a flow for the visit. It returns the message that the flow shows to the user, or "" if the
// form continues.
func (m *room) run(r *http.Request, v *visit, flow string) (message string, err error) {
	if v.kept.Codes == nil {
		v.kept.Codes = map[string]flows.Code{}
	}
	out, err := m.Flows.Run(r, flow, &flows.Journey{
		ID: v.kept.Journey, Context: v.context, Fields: v.kept.Fields, Hidden: v.form.secrets(), Vars: v.kept.Vars, Codes: v.kept.Codes,
		Message: m.env(v).Message, Event: v.event(),
	})
	if err != nil {
		return "", err
	}
	err = m.DB.View(r.Context(), func(tx *storage.Tx) (err error) { // the flow may have changed the user
		v.context, err = m.contextOf(tx, *v)
		return err
	})
	switch {
	case storage.IsNotFound(err):
		return "", errNothingAsked
	case out.Failed != nil:
		return v.say(errFlow) + " " + out.Failed.Error(), err
	}
	return out.Message, err
}

// event returns a log event with the members about the user and the application.
func (v *visit) event() tenantlog.Event {
	return tenantlog.Event{
		ClientID: v.client.ClientID, ClientName: v.client.Name, UserID: v.user.UserID, Connection: v.user.ConnectionName(),
		Organization: v.t.Request().Organization,
	}
}

// stopped shows the current step again with the message of a flow that has stopped the form. If the form
// has not reached a step yet, it returns the message as an error.
func (m *room) stopped(w http.ResponseWriter, r *http.Request, v *visit, message string) error {
	if err := m.keep(r, v); err != nil {
		return v.answered(w, r, err)
	}
	v.Turn++
	step, ok := m.step(v)
	if !ok {
		return &apierr.Error{Status: http.StatusBadRequest, Code: "flow_stopped", Message: message, Setting: "the flow that the form " + v.FormID + " begins with"}
	}
	return m.page(w, r, http.StatusBadRequest, v, step, shown{alert: message})
}

// resend runs the flow of a resend button, if the button may be pressed now.
func (m *room) resend(w http.ResponseWriter, r *http.Request, v *visit, step node, id string) error {
	button, ok := step.component("RESEND_BUTTON", id)
	if !ok {
		return m.page(w, r, http.StatusBadRequest, v, step, shown{alert: v.say(errInput)})
	}
	if wait, over := m.mayResend(v, button); over || wait > 0 {
		return web.Continue(w, r, v.path(), v.state)
	}
	return m.once(w, r, v, func(r *http.Request) error {
		if v.kept.Sent == nil {
			v.kept.Sent = map[string]sending{}
		}
		v.kept.Sent[id] = sending{v.kept.Sent[id].Times + 1, m.Now()}
		message, err := m.run(r, v, button.Config.FlowID)
		switch {
		case err != nil:
			return v.answered(w, r, err)
		case message != "":
			return m.stopped(w, r, v, message)
		}
		return m.stay(w, r, v)
	})
}
