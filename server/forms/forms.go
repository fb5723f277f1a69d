// Package forms serves the tenant's forms within logins, at Auth0's path /u/custom-prompt/{form}: it
// shows a form step by step, stores the entered values in the login transaction, follows routers, runs
// flows, and sends the browser back to /authorize/resume at the end. Auth0: customize/forms.
package forms

import (
	"cmp"
	"encoding/json"
	"errors"
	"maps"
	"net/http"
	"net/url"
	"strconv"
	"strings"
	"time"

	"github.com/tenant0/tenant0/keys"
	"github.com/tenant0/tenant0/server/apierr"
	"github.com/tenant0/tenant0/server/expressions"
	"github.com/tenant0/tenant0/server/flows"
	"github.com/tenant0/tenant0/server/prompts"
	"github.com/tenant0/tenant0/server/resource"
	"github.com/tenant0/tenant0/server/session"
	"github.com/tenant0/tenant0/server/tenantlog"
	"github.com/tenant0/tenant0/server/web"
	"github.com/tenant0/tenant0/storage"
)

// Deps are the dependencies of the handlers.
type Deps struct {
	DB      *storage.DB
	Secrets *keys.Secrets
	Cookies session.Cookies
	Pages   web.Pages
	Log     *tenantlog.Log
	Flows   *flows.Runner
	Now     func() time.Time
	// Tenant is the tenant's name.
	Tenant string
}

type room struct{ Deps }

// Mount adds the routes.
func Mount(rt *web.Router, d Deps) {
	m := &room{d}
	rt = rt.With(d.Pages.Shape)
	rt.Handle(http.MethodGet, "/u/custom-prompt/{form}", m.show)
	rt.Handle(http.MethodPost, "/u/custom-prompt/{form}", web.SameSite(m.submit))
}

// visit is a user's visit of a form within a login.
type visit struct {
	state  string
	t      storage.Transaction
	user   storage.User
	client storage.Client
	storage.FormVisit
	form definition
	// tag is the language tag of the language in which the form is shown.
	tag  string
	kept kept
	// context is the variable context of expressions: data about the login.
	context map[string]any
	// waited says that this request has waited for another one, which may have changed the visit.
	waited bool
}

// kept is the data of the visit so far. It is stored encrypted in the login transaction.
type kept struct {
	// Fields are the values of fields, including hidden ones, by id. Vars are the variables that flows
	// share.
	Fields map[string]any `json:"fields"`
	Vars   map[string]any `json:"vars"`
	// Journey is the id of the visit, which is recorded with executions of flows.
	Journey string `json:"journey"`
	// Codes are the one-time codes that flows have generated.
	Codes map[string]flows.Code `json:"codes,omitempty"`
	// Sent says how often the resend buttons were pressed, by their ids.
	Sent map[string]sending `json:"sent,omitempty"`
}

// sending is how often a resend button was pressed, and when it was pressed last.
type sending struct {
	Times int       `json:"times"`
	Last  time.Time `json:"last"`
}

var (
	// errNothingAsked reports that the login does not show the form, or not any more.
	errNothingAsked = errors.New("the form is not asked for")
	// errTaken reports a form that was submitted before, or from an older page.
	errTaken = errors.New("the page is not the one that the form is at")
)

// load returns the form that a login shows, after waiting for other requests that are working on it. If
// the login has not reached the form, for example because multi-factor authentication comes first, it
// returns errNothingAsked, and the browser is sent back.
func (m *room) load(r *http.Request) (v visit, err error) {
	if v, err = m.look(r); err == nil && v.busy(m.Now()) {
		return m.awaited(r)
	}
	return v, err
}

// look reads the current state of the visit.
func (m *room) look(r *http.Request) (v visit, err error) {
	v.state = session.StateOf(r)
	if v.t, err = m.Cookies.Transaction(m.DB, r, v.state, m.Now()); err != nil {
		return v, err
	}
	err = m.DB.View(r.Context(), func(tx *storage.Tx) error { return m.find(tx, r, &v) })
	return v, err
}

// find reads the user, the form and the stored data of the visit.
func (m *room) find(tx *storage.Tx, r *http.Request, v *visit) error {
	rq := v.t.Request()
	s, err := m.Cookies.Find(tx, r, m.Now())
	if err == nil {
		v.user, err = tx.Users.Get(s.UserID)
	}
	if err == nil {
		v.client, err = tx.Clients.Get(rq.ClientID)
	}
	if storage.IsNotFound(err) || err == nil && v.user.Blocked {
		return errNothingAsked
	}
	if err != nil {
		return err
	}
	var asked bool
	if v.FormVisit, asked = v.t.FormOf(s, web.Param(r, "form")); !asked || v.Done {
		return errNothingAsked
	}
	form, doc, err := find(tx, resource.Forms.Name, v.FormID)
	if storage.IsNotFound(err) {
		return errNothingAsked
	}
	if err != nil {
		return err
	}
	v.tag = web.LanguageAmong(r.Context(), form.tags(), rq.UILocales)
	if v.form, err = form.in(doc, v.tag); err != nil {
		return err
	}
	if v.context, err = m.contextOf(tx, *v); err != nil {
		return err
	}
	if v.Kept == nil {
		return m.fresh(tx, v)
	}
	return v.unseal(m.Secrets)
}

// fresh sets the initial data of a form: the values of hidden fields, and the fields and variables that
// were given when the form was chosen.
func (m *room) fresh(tx *storage.Tx, v *visit) error {
	render, err := prompts.For(tx, v.t.Request().ClientID)
	if err := storage.Optional(err); err != nil {
		return err
	}
	v.kept = kept{Fields: map[string]any{}, Vars: map[string]any{}}
	maps.Copy(v.kept.Vars, render.Vars)
	env := m.env(v)
	for _, hidden := range v.form.Start.HiddenFields {
		if value := env.All(hidden.Value); value != nil && value != any(expressions.Undefined{}) {
			v.kept.Fields[hidden.Key] = value
		}
	}
	for name, value := range render.Fields {
		if v.form.has(name) { // Auth0: customize/forms/render
			v.kept.Fields[name] = value
		}
	}
	return nil
}

// has reports whether a form has a field or a hidden field with an id.
func (d definition) has(id string) bool {
	for _, hidden := range d.Start.HiddenFields {
		if hidden.Key == id {
			return true
		}
	}
	for _, n := range d.Nodes {
		for _, c := range n.Config.Components {
			if c.field() && c.ID == id {
				return true
			}
		}
	}
	return false
}

// seal encrypts the data of the visit for the transaction.
func (v *visit) seal(secrets *keys.Secrets) error {
	raw, err := json.Marshal(v.kept)
	v.Kept = secrets.Seal(string(raw))
	return err
}

func (v *visit) unseal(secrets *keys.Secrets) error {
	if err := json.Unmarshal([]byte(secrets.Unseal(v.Kept)), &v.kept); err != nil {
		return apierr.TransactionExpired.With(err)
	}
	if v.kept.Fields == nil {
		v.kept.Fields = map[string]any{}
	}
	if v.kept.Vars == nil {
		v.kept.Vars = map[string]any{}
	}
	return nil
}

// env returns the environment for the form's expressions.
func (m *room) env(v *visit) expressions.Env {
	return expressions.Env{
		Values: map[string]any{"context": v.context, "fields": v.kept.Fields, "vars": v.kept.Vars}, Now: m.Now,
		Message: func(key string) string { return v.form.Messages.Custom[key] },
	}
}

// answered handles an error of a page: if the user is at another step of the form or the login, it
// redirects there, otherwise it returns the error.
func (v visit) answered(w http.ResponseWriter, r *http.Request, err error) error {
	switch {
	case errors.Is(err, errNothingAsked):
		return web.Resume(w, r, v.state)
	case errors.Is(err, errTaken):
		return web.Continue(w, r, v.path(), v.state)
	}
	return err
}

func (v visit) path() string { return Page(v.FormID) }

// Page returns the path of a form's page.
func Page(form string) string { return "/u/custom-prompt/" + url.PathEscape(form) }

// show shows the current step of the form, or begins the form.
//
//auth0:operation GET /u/custom-prompt/{form}
func (m *room) show(w http.ResponseWriter, r *http.Request) error {
	v, err := m.load(r)
	if err != nil {
		return v.answered(w, r, err)
	}
	step, ok := m.step(&v)
	if v.Node != "" && ok {
		return m.page(w, r, http.StatusOK, &v, step, shown{})
	}
	return m.once(w, r, &v, func(r *http.Request) error {
		v.kept.Journey, v.Back = expressions.UUID(), nil
		return m.goOn(w, r, &v, node{}, cmp.Or(v.form.Start.NextNode, endingNode))
	})
}

// submit takes the submitted form of a step.
//
//auth0:operation POST /u/custom-prompt/{form}
func (m *room) submit(w http.ResponseWriter, r *http.Request) error {
	form, err := web.FormLists(w, r, web.MaxForm)
	if err != nil {
		return err
	}
	v, err := m.load(r)
	if err != nil {
		return v.answered(w, r, err)
	}
	step, ok := m.step(&v)
	if !ok || step.Type != stepNode || v.waited || form.Has("turn") && form.Get("turn") != strconv.Itoa(v.Turn) {
		return web.Continue(w, r, v.path(), v.state)
	}
	action, id, _ := strings.Cut(form.Get("action"), "::")
	switch action {
	case "", "default":
		return m.next(w, r, &v, step, form)
	case "previous":
		return m.previous(w, r, &v, step, form)
	case "jump":
		return m.jump(w, r, &v, step, id)
	case "resend":
		return m.resend(w, r, &v, step, id)
	}
	return m.page(w, r, http.StatusBadRequest, &v, step, shown{alert: v.say(errInput)})
}

// step returns the current step of the form, with the texts of its options evaluated.
func (m *room) step(v *visit) (step node, ok bool) {
	if step, ok = v.form.node(v.Node); !ok {
		return step, false
	}
	env := m.env(v)
	for i := range step.Config.Components {
		list := step.Config.Components[i].Config.Options.list
		for j, o := range list {
			list[j] = option{Value: env.Text(o.Value), Label: env.Text(o.Label), ImageURL: env.Text(o.ImageURL)}
		}
	}
	return step, true
}

// say returns the text of a message in the form's language.
func (v visit) say(key string) string { return v.form.message(fault{key: key}, v.tag) }

// next stores the entered values and continues with the node that follows the step.
func (m *room) next(w http.ResponseWriter, r *http.Request, v *visit, step node, form url.Values) error {
	if faults := step.enteredAll(form, v.kept.Fields); len(faults) > 0 {
		return m.page(w, r, http.StatusBadRequest, v, step, shown{faults: faults, typed: form, alert: v.say(errInput)})
	}
	return m.once(w, r, v, func(r *http.Request) error {
		return m.goOn(w, r, v, step, cmp.Or(step.Config.NextNode, endingNode))
	})
}

// previous stores the entered values and goes back to the previous step. The values are checked as for
// next.
func (m *room) previous(w http.ResponseWriter, r *http.Request, v *visit, step node, form url.Values) error {
	if len(v.Back) == 0 {
		return web.Continue(w, r, v.path(), v.state)
	}
	if faults := step.enteredAll(form, v.kept.Fields); len(faults) > 0 {
		return m.page(w, r, http.StatusBadRequest, v, step, shown{faults: faults, typed: form, alert: v.say(errInput)})
	}
	return m.once(w, r, v, func(r *http.Request) error {
		last := len(v.Back) - 1
		v.Node, v.Back = v.Back[last], v.Back[:last]
		return m.stay(w, r, v)
	})
}

// jump continues with the node of a jump button. The entered values are ignored.
func (m *room) jump(w http.ResponseWriter, r *http.Request, v *visit, step node, id string) error {
	button, ok := step.component("JUMP_BUTTON", id)
	if !ok {
		return m.page(w, r, http.StatusBadRequest, v, step, shown{alert: v.say(errInput)})
	}
	return m.once(w, r, v, func(r *http.Request) error {
		return m.goOn(w, r, v, step, cmp.Or(button.Config.NextNode, endingNode))
	})
}

// stay stores the visit and redirects the browser to its current step.
func (m *room) stay(w http.ResponseWriter, r *http.Request, v *visit) error {
	if err := m.keep(r, v); err != nil {
		return v.answered(w, r, err)
	}
	return web.Continue(w, r, v.path(), v.state)
}
