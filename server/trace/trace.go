// Package trace keeps how the latest requests to a tenant were decided: what was asked, what each
// rule decided, and which setting would change it. A developer whose login is refused finds the
// reason there. It holds no secret, no token and nothing that a person typed.
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

// Step is one decision on the way to an answer.
type Step struct {
	// Component names the package or the endpoint that decided.
	Component string `json:"room"`
	// Decision is the decision, in a sentence.
	Decision string `json:"said"`
	// Setting names what would change the decision, "" if no setting of the tenant would.
	Setting string `json:"setting,omitempty"`
}

// Request is a request with the steps of its decision.
type Request struct {
	// ID is the value of the response header X-Auth0-Requestid, which the error page shows too.
	ID     string    `json:"request_id"`
	At     time.Time `json:"at"`
	Method string    `json:"method"`
	Path   string    `json:"path"`
	// Parameters are the request's parameters that say what is asked, without credentials.
	Parameters map[string]string `json:"parameters,omitempty"`
	// CorrelationID is the correlation_id of the login that the request belongs to, "" if it has none.
	CorrelationID string `json:"correlation_id,omitempty"`
	// Status is the HTTP status of a refusal, 0 if the request was not refused.
	Status int    `json:"status,omitempty"`
	Steps  []Step `json:"steps"`
}

// limit is how many requests are kept.
const limit = 200

// shown are the names of the parameters that a trace shows.
var shown = []string{
	"audience", "client_id", "connection", "grant_type", "organization", "post_logout_redirect_uri", "prompt", "realm", "redirect_uri",
	"resource", "response_mode", "response_type", "returnTo", "scope", "wa", "whr", "wreply", "wtrealm",
}

// maxParameter is how much of a parameter is shown at most, in bytes.
const maxParameter = 512

// Traces are the latest requests of a tenant. They are safe for concurrent use.
type Traces struct {
	Deps
	shared *shared // nil if a single server has the tenant

	mu   sync.Mutex
	last []Request // a ring buffer; next is the place of the oldest when it is full
	next int
}

// Deps are the dependencies of Traces.
type Deps struct {
	Now func() time.Time
	// Store keeps the traces of a tenant that several servers serve; nil if a single server does.
	Store Store
	// Ticker makes a ticker that runs by the machine's time. It may be nil without a Store.
	Ticker func(every time.Duration) *time.Ticker
}

// New returns traces without a request. With a Store, [Traces.Run] has to run.
func New(d Deps) *Traces {
	t := &Traces{Deps: d}
	if d.Store != nil {
		t.shared = &shared{wake: make(chan struct{}, 1)}
	}
	return t
}

// under collects the steps of one request. Only the goroutine that serves the request uses it.
type under struct {
	form   url.Values
	status int
	steps  []Step
	ended  bool
	// correlationID is that of the login which the request belongs to.
	correlationID string
}

type key struct{}

// Begin returns the request with a context that steps can be added to.
func Begin(r *http.Request) *http.Request {
	return r.WithContext(context.WithValue(r.Context(), key{}, &under{}))
}

// Note adds a step to the request that a context belongs to. It does nothing if the request is not
// traced.
func Note(ctx context.Context, s Step) {
	if u, ok := ctx.Value(key{}).(*under); ok {
		u.steps = append(u.steps, s)
	}
}

// Correlate records the correlation_id of the login that the request belongs to, by which an application recognizes
// the events, messages and pages of one login, Auth0: authenticate/login/configure-correlation-id.
func Correlate(ctx context.Context, id string) {
	if u, ok := ctx.Value(key{}).(*under); ok && id != "" {
		u.correlationID = id
	}
}

// CorrelationID returns what Correlate has recorded for the request that a context belongs to, "" if nothing.
func CorrelationID(ctx context.Context) string {
	if u, ok := ctx.Value(key{}).(*under); ok {
		return u.correlationID
	}
	return ""
}

// Form records the parameters that came in the body of a request.
func Form(ctx context.Context, form url.Values) {
	if u, ok := ctx.Value(key{}).(*under); ok {
		u.form = form
	}
}

// Refuse records that the request is refused, with which HTTP status and why.
func Refuse(ctx context.Context, status int, s Step) {
	if u, ok := ctx.Value(key{}).(*under); ok {
		u.status, u.steps = status, append(u.steps, s)
	}
}

// Refused reports whether a refusal of the request was recorded.
func Refused(ctx context.Context) bool {
	u, ok := ctx.Value(key{}).(*under)
	return ok && u.status != 0
}

// Answered records the HTTP status of the answer if it is an error, 400 or above, and no refusal
// was recorded before.
func Answered(ctx context.Context, status int) {
	if u, ok := ctx.Value(key{}).(*under); ok && u.status == 0 && status >= http.StatusBadRequest {
		u.status = status
	}
}

// End keeps a request that Begin has returned, with its recorded steps, once it is decided. path
// is the request's path without secrets. Steps that are recorded later, and a second call, have no
// effect.
func (t *Traces) End(r *http.Request, id, path string) {
	u, ok := r.Context().Value(key{}).(*under)
	if !ok || u.ended {
		return
	}
	u.ended = true
	done := Request{ID: id, At: t.Now().UTC(), Method: r.Method, Path: path, Parameters: parameters(r.URL.RawQuery, u.form), CorrelationID: u.correlationID, Status: u.status, Steps: u.steps}
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

// parameters returns the parameters of a query and of a form that a trace shows.
func parameters(rawQuery string, form url.Values) map[string]string {
	if rawQuery == "" && len(form) == 0 {
		return nil
	}
	all := map[string]string{}
	keep := func(name, value string) {
		if all[name] == "" && value != "" {
			all[name] = strings.Clone(value[:min(len(value), maxParameter)]) // a copy does not keep the whole request in memory
		}
	}
	for pair := range strings.SplitSeq(rawQuery, "&") {
		name, value, _ := strings.Cut(pair, "=")
		if i := slices.Index(shown, name); i >= 0 { // a name that is escaped in the URL is not recognized
			value, _ = url.QueryUnescape(value)
			keep(shown[i], value)
		}
	}
	for name := range form {
		if i := slices.Index(shown, name); i >= 0 {
			keep(shown[i], form.Get(name))
		}
	}
	return all
}

// List returns the requests for which keep is true, the newest first. It fails if the store cannot
// be read.
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

// own returns the requests in this server's memory, the newest first. The caller holds mu.
func (t *Traces) own() []Request {
	all := make([]Request, 0, len(t.last))
	for i := range t.last {
		all = append(all, t.last[(t.next+i)%len(t.last)])
	}
	slices.Reverse(all)
	return all
}

// Find returns the request with an id. With a Store it waits, about a second at most, for a
// request that another server has answered just now.
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

// Settle copies the kept requests so that they lie beside each other in memory. Otherwise each
// would keep the memory around it from being given back to the operating system.
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
			steps[j] = Step{strings.Clone(s.Component), strings.Clone(s.Decision), strings.Clone(s.Setting)}
		}
		r.Steps = steps
		last[i] = r
	}
	t.last = last
}

// Clear forgets all requests. It fails if the store cannot be cleared.
func (t *Traces) Clear() error {
	t.mu.Lock()
	t.last, t.next = nil, 0
	t.mu.Unlock()
	if t.shared == nil {
		return nil
	}
	return t.Store.Clear()
}
