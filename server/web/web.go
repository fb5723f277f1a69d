// Package web is the HTTP code that all packages with routes share: the type of handlers,
// the router, CORS, request bodies, and the only code that writes an error to a client.
// It knows nothing of OAuth.
package web

import (
	"context"
	"crypto/rand"
	"encoding/hex"
	"errors"
	"log/slog"
	"net/http"
	"reflect"
	"runtime"
	"runtime/debug"
	"strings"

	"github.com/tenant0/tenant0/server/apierr"
	"github.com/tenant0/tenant0/server/trace"
	"github.com/tenant0/tenant0/storage/keyspace"
)

// Handler answers one request. It either writes a response and returns nil, or
// writes nothing and returns an error.
type Handler func(w http.ResponseWriter, r *http.Request) error

// Router mounts handlers with an error format and a CORS rule.
type Router struct {
	*routes
	log   *slog.Logger
	shape Shape
	cors  CORS
	hosts *Hosts
	// before, if set, runs before every handler; routers for the same routes share it.
	before *func(context.Context) error
	// traces keeps how requests were decided; nil keeps nothing.
	traces *trace.Traces
	// observers are notified of every request.
	observers []Observer
}

// NewRouter returns a router that renders errors as OAuth JSON and allows no other
// origin.
func NewRouter(log *slog.Logger) *Router {
	rt := &Router{log: log, shape: OAuth, before: new(func(context.Context) error)}
	notFound := rt.adapt(func(http.ResponseWriter, *http.Request) error { return apierr.NotFound })
	notAllowed := rt.adapt(func(w http.ResponseWriter, _ *http.Request) error {
		return apierr.MethodNotAllowed.WithSetting("the method of the request: the address takes " + strings.Join(w.Header().Values("Allow"), ", "))
	})
	rt.routes = newRoutes(notFound, notAllowed)
	return rt
}

// With returns a Router for the same routes that renders errors with shape.
func (rt *Router) With(shape Shape) *Router {
	c := *rt
	c.shape = shape
	return &c
}

// WithCORS returns a Router for the same routes whose handlers can be called from pages
// of the origins that cors allows.
func (rt *Router) WithCORS(cors CORS) *Router {
	c := *rt
	c.cors = cors
	return &c
}

// SetHosts makes the router refuse requests to host names outside hosts, whatever their
// path. Without it the router answers to every name.
func (rt *Router) SetHosts(hosts Hosts) { rt.hosts = &hosts }

// Before sets a function that runs before every handler. If it fails, the handler is not
// called.
func (rt *Router) Before(fn func(context.Context) error) { *rt.before = fn }

// Trace makes the router, and routers derived from it later, keep how requests are
// decided. It returns the router.
func (rt *Router) Trace(traces *trace.Traces) *Router {
	rt.traces = traces
	return rt
}

// Handle mounts h at method and path. If several paths with variables match a request,
// the one that was mounted first serves it.
func (rt *Router) Handle(method, path string, h Handler) {
	if rt.handle(method, path, h) {
		rt.note(method, path)
	}
}

// HandleAlias mounts h at another path of an operation that is already mounted. It adds no
// entry to Operations.
func (rt *Router) HandleAlias(method, path string, h Handler) { rt.handle(method, path, h) }

// Refuse answers method at path with err, unless another handler is mounted there. It
// adds no entry to Operations.
func (rt *Router) Refuse(method, path string, err error) {
	rt.handle(method, path, func(http.ResponseWriter, *http.Request) error { return err })
}

func (rt *Router) handle(method, path string, h Handler) bool {
	mounted := rt.mount(method, path, rt.adapt(h))
	if rt.cors != nil {
		rt.mount(http.MethodOptions, path, rt.adapt(rt.preflight))
	}
	return mounted
}

// HandlePrefix mounts h at method for every path that starts with prefix and has no
// handler of its own for the method.
func (rt *Router) HandlePrefix(method, prefix string, h Handler) {
	rt.mountPrefix(method, prefix, rt.adapt(h))
	rt.note(method, prefix)
}

// RefusePrefix answers every method at every path that starts with prefix, and has no handler of its own,
// with err. It adds no entry to Operations.
func (rt *Router) RefusePrefix(prefix string, err error) {
	for _, method := range []string{http.MethodGet, http.MethodPost, http.MethodPut, http.MethodPatch, http.MethodDelete} {
		rt.mountPrefix(method, prefix, rt.adapt(func(http.ResponseWriter, *http.Request) error { return err }))
	}
	if rt.cors != nil {
		rt.mountPrefix(http.MethodOptions, prefix, rt.adapt(rt.preflight))
	}
}

// begin sets the headers that every answer has, serves the request, and returns the
// route.
func (rt *Router) begin(w *statusWriter, r *http.Request) (route string) {
	h := w.Header()
	id := make([]byte, 10)
	_, _ = rand.Read(id)
	h.Set("X-Auth0-Requestid", hex.EncodeToString(id))
	h.Set("X-Content-Type-Options", "nosniff")
	h.Set("X-Robots-Tag", "noindex, nofollow")
	if rt.traces == nil {
		return rt.answer(w, r)
	}
	r = trace.Begin(r)
	w.traced, w.keep = r, rt.trace
	route = rt.answer(w, r)
	rt.trace(w, r)
	return route
}

// trace completes the trace of a request.
func (rt *Router) trace(w http.ResponseWriter, r *http.Request) {
	if rt.traces != nil {
		rt.traces.End(r, RequestID(w), rt.logged(r.URL.Path))
	}
}

// answer refuses a request to a foreign host name, and serves any other.
func (rt *Router) answer(w http.ResponseWriter, r *http.Request) (route string) {
	if rt.hosts != nil {
		if err := rt.hosts.refuse(r); err != nil {
			rt.With(Text).fail(w, r, "web", err)
			return ""
		}
	}
	return rt.routes.serve(w, r)
}

// RequestID returns the id of the request that w answers. Error pages show it as the
// tracking id, and the server's log contains it.
func RequestID(w http.ResponseWriter) string { return w.Header().Get("X-Auth0-Requestid") }

func (rt *Router) adapt(h Handler) http.Handler {
	room := roomOf(h)
	return http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		if err := rt.serve(h, w, r); err != nil {
			rt.fail(w, r, room, err)
		}
	})
}

// roomOf returns the name of the package that a handler belongs to, which traces show.
func roomOf(h Handler) string {
	name := runtime.FuncForPC(reflect.ValueOf(h).Pointer()).Name()
	name = name[strings.LastIndex(name, "/")+1:]
	room, _, _ := strings.Cut(name, ".")
	return room
}

// serve applies the CORS rule and runs h. A panic becomes an error, so that it is
// answered and logged like any other failure.
func (rt *Router) serve(h Handler, w http.ResponseWriter, r *http.Request) (err error) {
	defer func() {
		if p := recover(); p != nil {
			if p == http.ErrAbortHandler { //nolint:errorlint // net/http compares it so
				panic(p)
			}
			rt.log.ErrorContext(r.Context(), "handler panicked", "panic", p, "stack", string(debug.Stack()))
			err = apierr.InternalError
		}
	}()
	if err := rt.allowOrigin(w, r); err != nil {
		return err
	}
	if err := checkURL(r); err != nil {
		return err
	}
	if before := *rt.before; before != nil {
		if err := before(r.Context()); err != nil {
			return err
		}
	}
	return h(w, withLanguages(r))
}

// maxLogged bounds a text of a request in the log, in bytes: any page may send long requests again and again.
const maxLogged = 2 << 10

func shortened(text string) string {
	if len(text) > maxLogged {
		return text[:maxLogged] + "…"
	}
	return text
}

// fail is the only place where an error becomes a response. It logs the error once. An
// error that is not an apierr.Error is answered as an internal error; its text is only
// logged.
func (rt *Router) fail(w http.ResponseWriter, r *http.Request, room string, err error) {
	e, ok := errors.AsType[*apierr.Error](err)
	if !ok {
		e = apierr.InternalError
	}
	if errors.Is(err, keyspace.ErrUnavailable) {
		e = apierr.StoreUnavailable
	}
	if errors.Is(err, context.Canceled) && r.Context().Err() != nil {
		return // the client has gone
	}
	if name, lacks := e.MissingParameterName(); lacks && r.Method == http.MethodPost && r.URL.Query().Has(name) {
		e = e.WithReason("it was in the query of the URL, where it is not read")
	}
	level := slog.LevelInfo
	if e.Status >= http.StatusInternalServerError && e.Status != http.StatusNotImplemented {
		level = slog.LevelError
	}
	rt.log.Log(r.Context(), level, "request refused", "request_id", RequestID(w), "method", r.Method,
		"host", shortened(r.Host), "path", shortened(rt.logged(r.URL.Path)), "status", e.Status, "err", shortened(err.Error()))
	trace.Refuse(r.Context(), e.Status, trace.Step{Component: room, Decision: e.Summary(), Setting: e.Remedy()})
	for name, value := range e.Header {
		w.Header().Set(name, value)
	}
	shape := rt.shape
	if e.Code == originNotAllowed {
		shape = Text
		disallowOrigin(w.Header())
	}
	shape(w, r, e)
}
