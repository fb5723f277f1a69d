package forms

import (
	"cmp"
	"net/http"
	"net/url"

	"github.com/tenant0/tenant0/server/expressions"
	"github.com/tenant0/tenant0/server/resource"
	"github.com/tenant0/tenant0/server/tenantlog"
	"github.com/tenant0/tenant0/server/web"
	"github.com/tenant0/tenant0/storage"
)

// maxNodes is the limit of nodes between two steps, because routers can form a cycle.
const maxNodes = 100

// goOn follows the nodes from a step to the next step or the end. If a flow stops the form, the current
// step is shown again with the flow's message.
func (m *room) goOn(w http.ResponseWriter, r *http.Request, v *visit, from node, next string) error {
	for range maxNodes {
		if next == endingNode {
			return m.end(w, r, v)
		}
		n, ok := v.form.node(next)
		if !ok {
			return faulty(v.FormID, "%q leads to the node %q, which is not there", cmp.Or(from.ID, "start"), next)
		}
		var err error
		switch n.Type {
		case stepNode:
			if from.ID != "" {
				v.Back = append(v.Back, from.ID)
			}
			v.Node = n.ID
			return m.stay(w, r, v)
		case routerNode:
			next, err = m.route(v, n)
		case flowNode:
			var message string
			if message, err = m.run(r, v, n.Config.FlowID); err == nil && message != "" {
				return m.stopped(w, r, v, message)
			}
			next = cmp.Or(n.Config.NextNode, endingNode)
		default:
			err = faulty(v.FormID, "its node %q has the type %q; there are STEP, FLOW and ROUTER", n.ID, n.Type)
		}
		if err != nil {
			return v.answered(w, r, err)
		}
	}
	return faulty(v.FormID, "its nodes lead in a circle without a step")
}

// route returns the next node of a router: that of the first rule whose condition is true, or the fallback.
func (m *room) route(v *visit, n node) (string, error) {
	env := m.env(v)
	for i, rule := range n.Config.Rules {
		holds, err := env.Condition(rule.Condition)
		if err != nil {
			return "", faulty(v.FormID, "rule %d of the router %q: %v", i+1, n.ID, err)
		}
		if holds {
			return cmp.Or(rule.NextNode, endingNode), nil
		}
	}
	return cmp.Or(n.Config.Fallback, endingNode), nil
}

// end ends the form: the login continues, or the browser is redirected away from the login.
func (m *room) end(w http.ResponseWriter, r *http.Request, v *visit) error {
	target, leaves, err := m.target(v)
	if err != nil {
		return err
	}
	if after := v.form.Ending.AfterSubmit; after != nil && after.FlowID != "" {
		if _, err := m.run(r, v, after.FlowID); err != nil { // a message of this flow cannot be shown any more
			return v.answered(w, r, err)
		}
	}
	for _, id := range v.form.secrets() {
		delete(v.kept.Fields, id)
	}
	v.Done, v.Node, v.Back = true, "", nil
	if err := v.seal(m.Secrets); err != nil {
		return err
	}
	err = m.DB.Update(r.Context(), func(tx *storage.Tx) error {
		if err := m.write(tx, v); err != nil {
			return err
		}
		if leaves { // a user who returns to the login begins the form again
			if err := m.forget(tx, v); err != nil {
				return err
			}
		}
		return m.submitted(tx, v.FormID)
	})
	if err != nil {
		return v.answered(w, r, err)
	}
	event := v.event()
	event.Type, event.Details = tenantlog.FormSubmitted, map[string]any{"form_id": v.FormID}
	m.Log.Record(r, event)
	if leaves {
		return web.Redirect(w, r, target)
	}
	return web.Resume(w, r, v.state)
}

// target returns the URL to which the form redirects instead of continuing the login, Auth0:
// ending.redirection without resume_flow. Its delay is ignored.
func (m *room) target(v *visit) (target string, leaves bool, err error) {
	to := v.form.Ending.Redirection
	if v.form.Ending.ResumeFlow || to == nil || to.Target == "" {
		return "", false, nil
	}
	target = m.env(v).Text(to.Target)
	if u, err := url.Parse(target); err != nil || u.Scheme != "http" && u.Scheme != "https" || u.Host == "" {
		return "", false, faulty(v.FormID, "its ending leads to %q, which is no address of http or https", target)
	}
	return target, true, nil
}

func (m *room) forget(tx *storage.Tx, v *visit) error {
	return tx.ChangeTransaction(v.t.StateHash, m.Now(), func(t *storage.Transaction) error {
		t.Form = nil
		return nil
	})
}

// submitted stores in the form when it was last submitted.
func (m *room) submitted(tx *storage.Tx, id string) error {
	all := tx.Documents(resource.Forms.Name, "")
	doc, err := all.Document(id)
	if err != nil {
		return storage.Optional(err)
	}
	doc["submitted_at"] = resource.Time(m.Now())
	return all.Put(storage.Write{ID: id, Document: doc})
}

// contextOf returns the variable context for expressions: data about the user, application, tenant,
// transaction and organization, Auth0: customize/forms/variables.
func (m *room) contextOf(tx *storage.Tx, v visit) (map[string]any, error) {
	doc, err := tx.Users.Document(v.user.UserID)
	if err != nil {
		return nil, err
	}
	user := map[string]any{"user_metadata": map[string]any{}, "app_metadata": map[string]any{}}
	for _, name := range []string{
		"user_id", "username", "name", "given_name", "family_name", "nickname", "email", "email_verified", "phone_number", "phone_verified",
		"picture", "user_metadata", "app_metadata", "created_at", "updated_at", "last_password_reset", "identities",
	} {
		if value, ok := doc[name]; ok {
			user[name] = value
		}
	}
	transaction := map[string]any{"state": v.state}
	if id := v.t.Request().CorrelationID; id != "" {
		transaction["correlation_id"] = id
	}
	all := map[string]any{
		"user":        user,
		"client":      map[string]any{"client_id": v.client.ClientID, "name": v.client.Name},
		"tenant":      map[string]any{"name": m.Tenant},
		"transaction": transaction,
	}
	if o := v.t.Request().Organization; o != "" {
		doc, err := tx.Documents(storage.OrganizationsKind, "").Document(o)
		if storage.Optional(err) != nil {
			return nil, err
		}
		shown := map[string]any{"id": o}
		for _, name := range []string{"name", "display_name", "metadata"} {
			if value, ok := doc[name]; ok {
				shown[name] = value
			}
		}
		all["organization"] = shown
	}
	plain, err := expressions.JSONValue(all)
	context, _ := plain.(map[string]any)
	return context, err
}
