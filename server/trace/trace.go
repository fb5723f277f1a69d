// Package trace keeps how the last requests to a tenant were decided: what was asked, what each
// rule said, and which setting would change it. A developer whose login is refused reads there why.
// It holds no secret, no token and nothing that a person typed.
package trace

import (
	"context"
	"net/http"
	"net/url"
	"slices"
	"strings"
	"sync"
	"time"
)

// Step is one thing that was decided on the way to an answer.
type Step struct {
	// Room is where it was decided: the name of the package or of the endpoint.
	Room string `json:"room"`
	// Said is what was decided, in a sentence.
	Said string `json:"said"`
	// Setting names what would change the decision, "" where nothing of the tenant's does.
	Setting string `json:"setting,omitempty"`
}

// Request is a request with the steps of its decision.
type Request struct {
	// ID is that of the response header X-Auth0-Requestid, and of the error page.
	ID     string    `json:"request_id"`
	At     time.Time `json:"at"`
	Method string    `json:"method"`
	Path   string    `json:"path"`
	// Parameters are those of the request that say what is asked, and none that prove anything.
	Parameters map[string]string `json:"parameters,omitempty"`
	// Status is that of a refusal, 0 for a request that was answered.
	Status int    `json:"status,omitempty"`
	Steps  []Step `json:"steps"`
}

// limit is how many requests are kept.
const limit = 200

// shown are the parameters that a trace shows.
var shown = []string{
	"audience", "client_id", "connection", "grant_type", "organization", "post_logout_redirect_uri", "prompt", "realm", "redirect_uri",
	"resource", "response_mode", "response_type", "returnTo", "scope", "wa", "whr", "wreply", "wtrealm",
}

// maxParameter bounds what is shown of one parameter, in bytes.
const maxParameter = 512

// Traces are the last requests of a tenant. They are safe for concurrent use.
type Traces struct {
	Deps
	shared *shared // nil for those of one server

	mu   sync.Mutex
	last []Request // a ring, the next of which is at the place next
	next int
}

// Deps is what Traces work with.
type Deps struct {
	Now func() time.Time
	// Shelf has the traces of a tenant that several servers have; nil for one that a single server
	// has.
	Shelf Shelf
	// Ticker ticks by the machine's time; it may be nil without a Shelf.
	Ticker func(every time.Duration) *time.Ticker
}

// New returns traces. Run puts them onto the shelf.
func New(d Deps) *Traces {
	t := &Traces{Deps: d}
	if d.Shelf != nil {
		t.shared = &shared{wake: make(chan struct{}, 1)}
	}
	return t
}

// under is where it is noted how a request is decided, by the one goroutine that serves it.
type under struct {
	form   url.Values
	status int
	steps  []Step
	ended  bool
}

type key struct{}

// Begin returns the request with a place for its steps.
func Begin(r *http.Request) *http.Request {
	return r.WithContext(context.WithValue(r.Context(), key{}, &under{}))
}

// Note adds a step to the request that a context belongs to, if it is traced.
func Note(ctx context.Context, s Step) {
	if u, ok := ctx.Value(key{}).(*under); ok {
		u.steps = append(u.steps, s)
	}
}

// Form notes the parameters of a request that came in its body.
func Form(ctx context.Context, form url.Values) {
	if u, ok := ctx.Value(key{}).(*under); ok {
		u.form = form
	}
}

// Refuse notes that the request is refused with an HTTP status, and why.
func Refuse(ctx context.Context, status int, s Step) {
	if u, ok := ctx.Value(key{}).(*under); ok {
		u.status, u.steps = status, append(u.steps, s)
	}
}

// Refused reports whether it was noted that the request is refused.
func Refused(ctx context.Context) bool {
	u, ok := ctx.Value(key{}).(*under)
	return ok && u.status != 0
}

// Answered notes the HTTP status of the answer, which is a refusal from 400 on, where nothing has
// refused the request before.
func Answered(ctx context.Context, status int) {
	if u, ok := ctx.Value(key{}).(*under); ok && u.status == 0 && status >= http.StatusBadRequest {
		u.status = status
	}
}

// End keeps a request that Begin has returned and that is decided, with what was noted of it. path
// is the request's as a log may have it. What is noted later, and a second end, change nothing.
func (t *Traces) End(r *http.Request, id, path string) {
	u, ok := r.Context().Value(key{}).(*under)
	if !ok || u.ended {
		return
	}
	u.ended = true
	done := Request{ID: id, At: t.Now().UTC(), Method: r.Method, Path: path, Parameters: parameters(r.URL.RawQuery, u.form), Status: u.status, Steps: u.steps}
	if done.Steps == nil {
		done.Steps = []Step{}
	}
	t.mu.Lock()
	defer t.mu.Unlock()
	if len(t.last) < limit {
		t.last = append(t.last, done)
	} else {
		t.last[t.next] = done
		t.next = (t.next + 1) % limit
	}
	t.shared.tell()
}

// parameters are those of a query and of a form that a trace shows.
func parameters(rawQuery string, form url.Values) map[string]string {
	if rawQuery == "" && len(form) == 0 {
		return nil
	}
	all := map[string]string{}
	keep := func(name, value string) {
		if all[name] == "" && value != "" {
			all[name] = strings.Clone(value[:min(len(value), maxParameter)]) // without the rest of the request
		}
	}
	for pair := range strings.SplitSeq(rawQuery, "&") {
		name, value, _ := strings.Cut(pair, "=")
		if i := slices.Index(shown, name); i >= 0 { // what is spelt otherwise is not shown
			value, _ = url.QueryUnescape(value)
			keep(shown[i], value)
		}
	}
	for _, name := range shown {
		keep(name, form.Get(name))
	}
	return all
}

// List returns the requests that keep lets through, the newest first. An error is that of the
// store of a tenant that several servers have.
func (t *Traces) List(keep func(Request) bool) ([]Request, error) {
	all, err := t.all()
	return slices.DeleteFunc(all, func(r Request) bool { return !keep(r) }), err
}

// all returns the requests, the newest first.
func (t *Traces) all() ([]Request, error) {
	if t.shared != nil {
		return t.ofAllServers()
	}
	t.mu.Lock()
	defer t.mu.Unlock()
	return t.own(), nil
}

// own returns the requests that are in memory, the newest first. Its caller holds mu.
func (t *Traces) own() []Request {
	all := make([]Request, 0, len(t.last))
	for i := range t.last {
		all = append(all, t.last[(t.next+i)%len(t.last)])
	}
	slices.Reverse(all)
	return all
}

// Find returns the request with an id. One that another server has answered just now is waited
// for, about a second at most.
func (t *Traces) Find(ctx context.Context, id string) (r Request, found bool, err error) {
	if t.shared != nil {
		return t.await(ctx, id)
	}
	return t.find(id)
}

func (t *Traces) find(id string) (r Request, found bool, err error) {
	all, err := t.all()
	i := slices.IndexFunc(all, func(r Request) bool { return r.ID == id })
	if i < 0 {
		return r, false, err
	}
	return all[i], true, nil
}

// Settle copies the requests that are kept, so that they lie beside each other in memory and not
// scattered over all that was in use while they came.
func (t *Traces) Settle() {
	t.mu.Lock()
	defer t.mu.Unlock()
	last := make([]Request, len(t.last))
	for i, r := range t.last {
		r.ID, r.Method, r.Path = strings.Clone(r.ID), strings.Clone(r.Method), strings.Clone(r.Path)
		parameters := make(map[string]string, len(r.Parameters))
		for name, value := range r.Parameters {
			parameters[name] = strings.Clone(value)
		}
		if r.Parameters != nil {
			r.Parameters = parameters
		}
		steps := make([]Step, len(r.Steps))
		for j, s := range r.Steps {
			steps[j] = Step{strings.Clone(s.Room), strings.Clone(s.Said), strings.Clone(s.Setting)}
		}
		r.Steps = steps
		last[i] = r
	}
	t.last = last
}

// Clear forgets all requests. An error is that of the store of a tenant that several servers
// have.
func (t *Traces) Clear() error {
	t.mu.Lock()
	t.last, t.next = nil, 0
	t.mu.Unlock()
	if t.shared == nil {
		return nil
	}
	return t.Shelf.Clear()
}
