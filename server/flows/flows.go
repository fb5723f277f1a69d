// Package flows runs the tenant's flows, which forms call, and records their executions. Auth0:
// customize/forms/flows.
//
// Actions that need a third-party service fail with an error that names the service.
package flows

import (
	"cmp"
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"net/http"
	"slices"
	"strings"
	"time"

	"github.com/tenant0/tenant0/keys"
	"github.com/tenant0/tenant0/server/expressions"
	"github.com/tenant0/tenant0/server/identity"
	"github.com/tenant0/tenant0/server/objects"
	"github.com/tenant0/tenant0/server/outbox"
	"github.com/tenant0/tenant0/server/outside"
	"github.com/tenant0/tenant0/server/resource"
	"github.com/tenant0/tenant0/server/tenantlog"
	"github.com/tenant0/tenant0/server/web"
	"github.com/tenant0/tenant0/storage"
)

// Deps are the dependencies of a Runner.
type Deps struct {
	DB        *storage.DB
	Services  objects.Services
	Passwords *identity.Passwords
	Outbox    *outbox.Outbox
	Outside   *outside.Client
	Log       *tenantlog.Log
	Now       func() time.Time
}

// Runner runs flows. It is safe for concurrent use.
type Runner struct{ Deps }

// Journey is the data that the flows of one visit of a form share.
type Journey struct {
	ID      string
	Context map[string]any
	// Fields are the entered values. Those whose names are in Hidden are masked in recorded
	// executions.
	Fields map[string]any
	Hidden []string
	// Vars and Codes are stored by flows for later flows.
	Vars  map[string]any
	Codes map[string]Code
	// Message returns the form's custom message with a key.
	Message func(key string) string
	// Event has the members about user and application for log events.
	Event tenantlog.Event
}

// Outcome is the result of a flow.
type Outcome struct {
	// Message is the message that the flow shows to the user, or "". With a message, the form does not
	// continue.
	Message string
	// Failed is the error of a flow that failed, otherwise nil.
	Failed error
}

// The status of an execution. Auth0 documents the meaning, but not the spelling in its API.
const (
	completed = "COMPLETED"
	failed    = "FAILED"
)

const (
	// maxActions is the limit of actions in one execution, and maxExecutions the number of executions
	// of a flow that are kept.
	maxActions    = 200
	maxExecutions = 100
	maxNesting    = 10
	// mask replaces hidden values in recorded executions.
	mask = "███"
)

// errEnd ends a flow before its last action without a failure. errShown does the same with a message
// to the user.
var errEnd = errors.New("the flow ends")

type errShown string

func (e errShown) Error() string { return string(e) }

// action is an action of a flow.
type action struct {
	ID           string         `json:"id"`
	Type         string         `json:"type"`
	Action       string         `json:"action"`
	AllowFailure bool           `json:"allow_failure"`
	MaskOutput   bool           `json:"mask_output"`
	Params       map[string]any `json:"params"`
}

// execution is a running flow.
type execution struct {
	*Runner
	ctx     context.Context
	journey *Journey
	outputs map[string]any
	steps   []any
	count   int
	// secrets are strings that are masked in the recorded execution.
	secrets []string
}

// Run runs a flow to its end, and records the execution. The error is an internal error of the server;
// errors of the flow are in the outcome.
func (r *Runner) Run(rq *http.Request, id string, j *Journey) (Outcome, error) {
	storage.Slow("running a flow")
	var actions []action
	err := r.DB.View(rq.Context(), func(tx *storage.Tx) error {
		doc, err := tx.Documents(resource.Flows.Name, "").Document(id)
		if err != nil {
			return err
		}
		raw, err := json.Marshal(doc["actions"])
		if err != nil {
			return err
		}
		return json.Unmarshal(raw, &actions)
	})
	if storage.IsNotFound(err) {
		return Outcome{Failed: fmt.Errorf("there is no flow %q", id)}, nil
	}
	if member, want := web.JSONFault(err); want != "" {
		return Outcome{Failed: fmt.Errorf("the actions of the flow %s: %s must be of the type %s", id, cmp.Or(member, "they"), want)}, nil
	}
	if err != nil {
		return Outcome{}, err
	}
	began := r.Now()
	e := &execution{Runner: r, ctx: rq.Context(), journey: j, outputs: map[string]any{}}
	e.hide(j.Vars)
	for _, code := range j.Codes {
		e.hide(code.Code)
	}
	for _, name := range j.Hidden {
		e.hide(j.Fields[name])
	}
	out := outcome(e.run(actions, 0))
	return out, r.record(rq, id, e, began, out)
}

func outcome(err error) (out Outcome) {
	var shown errShown
	switch {
	case err == nil, errors.Is(err, errEnd):
	case errors.As(err, &shown):
		out.Message = string(shown)
	default:
		out.Failed = err
	}
	return out
}

// run runs actions in sequence.
func (e *execution) run(actions []action, depth int) error {
	for _, a := range actions {
		if e.count++; e.count > maxActions || depth > maxNesting {
			return fmt.Errorf("it has more than %d actions, or conditions within more than %d others", maxActions, maxNesting)
		}
		input, output, err := e.act(a, depth)
		step := map[string]any{"id": a.ID, "type": a.Type, "action": a.Action, "input": input, "output": output}
		if a.MaskOutput {
			e.hide(output)
			step["output"] = mask
		}
		stops := errors.Is(err, errEnd) || isShown(err)
		if err != nil && !stops {
			step["error"] = map[string]any{"message": err.Error()}
		}
		e.steps = append(e.steps, step)
		if err != nil && (stops || !a.AllowFailure) {
			if stops {
				return err
			}
			return fmt.Errorf("the action %q, %s %s: %w", a.ID, a.Type, a.Action, err)
		}
		if output != nil {
			e.outputs[a.ID] = output
		}
	}
	return nil
}

func isShown(err error) bool {
	var shown errShown
	return errors.As(err, &shown)
}

// act evaluates the parameters of an action and runs it.
func (e *execution) act(a action, depth int) (input, output any, err error) {
	if a.Type == "FLOW" && a.Action == "BOOLEAN_CONDITION" {
		output, err = e.branch(a, depth)
		return nil, output, err
	}
	do, ok := actions[a.Type+" "+a.Action]
	if !ok {
		return nil, nil, fmt.Errorf("tenant0 does not emulate the action %s of %s", a.Action, a.Type)
	}
	p := params{}
	for name, value := range a.Params {
		if !slices.Contains(plainParams[a.Type+" "+a.Action], name) {
			value = e.env().All(value)
		}
		if value != any(expressions.Undefined{}) {
			p[name] = value
		}
	}
	output, err = do(e, p)
	if err == nil && output != nil {
		output, err = expressions.JSONValue(output)
	}
	return map[string]any(p), output, err
}

// plainParams are the parameters that are Liquid templates instead of texts with expressions.
var plainParams = map[string][]string{
	"AUTH0 SEND_EMAIL": {"subject", "body"}, "AUTH0 SEND_SMS": {"message"}, "AUTH0 MAKE_CALL": {"message"},
}

// branch evaluates a condition and runs the actions of its then or else part.
func (e *execution) branch(a action, depth int) (any, error) {
	holds, err := e.env().Condition(a.Params["if"])
	if err != nil {
		return nil, err
	}
	output := map[string]any{"result": holds}
	e.outputs[a.ID] = output
	raw, err := json.Marshal(a.Params[map[bool]string{true: "then", false: "else"}[holds]])
	if err != nil {
		return nil, err
	}
	var next []action
	if err := json.Unmarshal(raw, &next); err != nil {
		return nil, err
	}
	return output, e.run(next, depth+1)
}

// env returns the environment for the flow's expressions.
func (e *execution) env() expressions.Env {
	return expressions.Env{
		Values:  map[string]any{"context": e.journey.Context, "fields": e.journey.Fields, "vars": e.journey.Vars, "actions": e.outputs},
		Now:     e.Now,
		Message: e.journey.Message,
		Masked:  e.hide,
	}
}

// hide marks a value, with all strings and numbers in it, as secret, so that it is masked in the
// recorded execution. Strings of one character are left out.
func (e *execution) hide(value any) {
	switch v := value.(type) {
	case string:
		if len(v) > 1 {
			e.secrets = append(e.secrets, v)
		}
	case map[string]any:
		for _, member := range v {
			e.hide(member)
		}
	case []any:
		for _, item := range v {
			e.hide(item)
		}
	case float64:
		e.hide(expressions.Text(v))
	}
}

// shown returns a value with the secrets masked.
func (e *execution) shown(value any) any {
	switch v := value.(type) {
	case string:
		for _, secret := range e.secrets {
			v = strings.ReplaceAll(v, secret, mask)
		}
		return v
	case float64:
		if slices.Contains(e.secrets, expressions.Text(v)) {
			return mask
		}
	case map[string]any:
		out := make(map[string]any, len(v))
		for name, member := range v {
			out[name] = e.shown(member)
		}
		return out
	case []any:
		out := make([]any, len(v))
		for i, item := range v {
			out[i] = e.shown(item)
		}
		return out
	}
	return value
}

// record stores an execution in the format of api/management/v2/flows/get-flows-executions, and writes
// a log event.
func (r *Runner) record(rq *http.Request, flow string, e *execution, began time.Time, out Outcome) error {
	status, event := completed, e.journey.Event
	event.Type = tenantlog.FlowCompleted
	details := map[string]any{"flow_id": flow}
	slices.SortFunc(e.secrets, func(a, b string) int { return cmp.Compare(len(b), len(a)) })
	if out.Failed != nil {
		status, event.Type = failed, tenantlog.FlowFailed
		event.Description, _ = e.shown(out.Failed.Error()).(string)
	}
	id := "ex_" + keys.Random(16)
	details["execution_id"] = id
	event.Details = details
	steps, err := expressions.JSONValue(e.steps)
	if err != nil {
		return err
	}
	at, now := resource.Time(began), resource.Time(r.Now())
	doc := storage.Document{
		"id": id, "trace_id": keys.Random(16), "journey_id": e.journey.ID, "status": status, "created_at": at, "updated_at": now, "started_at": at, "ended_at": now,
		"debug": map[string]any{"actions": e.shown(steps)},
	}
	err = r.DB.Update(rq.Context(), func(tx *storage.Tx) error { return keep(tx, flow, doc, now) })
	r.Log.Record(rq, event)
	return err
}

// keep stores an execution, and deletes the oldest ones if there are too many.
func keep(tx *storage.Tx, flow string, doc storage.Document, now string) error {
	flows := tx.Documents(resource.Flows.Name, "")
	kept, err := flows.Document(flow)
	if err != nil {
		return storage.Optional(err) // the flow was deleted in the meantime
	}
	kept["executed_at"] = now
	if err := flows.Put(storage.Write{ID: flow, Document: kept}); err != nil {
		return err
	}
	executions := tx.Documents(resource.FlowExecutions.Name, flow)
	var old []string
	for row, err := range executions.Rows() {
		if err != nil {
			return err
		}
		old = append(old, row.Key)
	}
	for len(old) >= maxExecutions {
		if err := executions.Delete(old[0]); err != nil {
			return err
		}
		old = old[1:]
	}
	return executions.Put(storage.Write{ID: storage.Text(doc, "id"), Document: doc})
}
