// Package management serves the Management API, /api/v2. A resource is one file, named as its
// path spells it, and says how the objects of a kind are served: at which path, to whom, how
// they are listed, and what an answer shows of them. What a change of an object means is said
// in package objects, and what its members are in package resource. Access, pages, fields and
// statuses are one piece of code for all.
//
// An operation works on a call, which knows nothing of HTTP: a request makes one, and the
// import and the export of a configuration make others, within a transaction of theirs. It
// leaves its answer in the call, and what it brings about outside of the store as effects,
// which are carried out once the transaction is kept. Pages are for requests alone.
//
// To add a resource: describe its members in package resource, and what a change of it means
// in package objects; put a served value into a file here with the directives of its
// operations above it; name it in resources; add a test; run the tests with UPDATE=1 to renew
// the coverage page.
// operations.txt lists every operation that Auth0 has; those that nothing serves
// answer with an error that names them.
package management

import (
	"bytes"
	"encoding/json"
	"errors"
	"mime"
	"net/http"
	"net/url"
	"sync"
	"time"

	"github.com/tenant0/tenant0/keys"
	"github.com/tenant0/tenant0/server/apierr"
	"github.com/tenant0/tenant0/server/emails"
	"github.com/tenant0/tenant0/server/eventstream"
	"github.com/tenant0/tenant0/server/identity"
	"github.com/tenant0/tenant0/server/jobs"
	"github.com/tenant0/tenant0/server/objects"
	"github.com/tenant0/tenant0/server/outbox"
	"github.com/tenant0/tenant0/server/tenantlog"
	"github.com/tenant0/tenant0/server/tokens"
	"github.com/tenant0/tenant0/server/web"
	"github.com/tenant0/tenant0/storage"
)

// Deps is what the room works with.
type Deps struct {
	DB        *storage.DB
	Issuer    *tokens.Issuer
	Ring      *keys.Ring
	Passwords *identity.Passwords
	Events    *tenantlog.Log
	Changes   *eventstream.Streams
	Emails    emails.Writer
	Outbox    *outbox.Outbox
	Jobs      *jobs.Runner
	Now       func() time.Time
	// MaxImport bounds the file of an import of users, in bytes.
	MaxImport int
}

type api struct{ Deps }

// base is the path of the API.
const base = "/api/v2"

// maxBody bounds a request body, in bytes.
const maxBody = 1 << 20

// Mount adds the room's routes.
func Mount(rt *web.Router, d Deps) {
	a := &api{d}
	rt.Conceal(exportPath)
	rt.With(web.Text).Handle(http.MethodGet, "/"+exportPath+"{id}/{secret}", a.download)
	rt = rt.With(shape).WithCORS(web.AnyOrigin)
	for _, op := range operations() {
		rt.Handle(op.method, base+op.path, a.handler(op))
	}
	for _, method := range []string{http.MethodGet, http.MethodPost, http.MethodPut, http.MethodPatch, http.MethodDelete} {
		rt.HandlePrefix(method, base+"/", a.notEmulated)
	}
}

// operations are all routes. The special ones come first: some have a word where others
// have an id.
var operations = sync.OnceValue(func() []operation {
	all := special()
	for _, s := range resources() {
		all = append(all, s.operations()...)
	}
	return all
})

// shape renders errors as web.Boom does. Those of reading a request, which all rooms
// share, have an errorCode here that says in which part of it the fault is.
func shape(w http.ResponseWriter, r *http.Request, e *apierr.Error) {
	if e.Code == apierr.InvalidRequest && e.Status != http.StatusRequestEntityTooLarge {
		shown := *e
		code := "invalid_body"
		switch e {
		case apierr.ZeroInPath:
			code = "invalid_uri"
		case apierr.ZeroInQuery:
			code = "invalid_query_string"
		}
		shown.Extra = map[string]any{"errorCode": code}
		e = &shown
	}
	web.Boom(w, r, e)
}

// handler reads, allows, and lets the operation act and reply.
func (a *api) handler(op operation) web.Handler {
	names := variables(op.path)
	return func(w http.ResponseWriter, r *http.Request) error {
		web.RateLimit(w, requestsPerSecond, a.Now())
		who, err := a.allow(r, op.scopes)
		if err != nil {
			return err
		}
		c := &call{
			api: a, ctx: r.Context(), method: op.method, params: map[string]string{}, query: r.URL.Query(), from: request{a, w, r},
			addressed: r.Host, caller: who, now: a.Now(),
		}
		for _, name := range names {
			c.params[name] = web.Param(r, name)
		}
		if err = c.checkRequest(op); err == nil {
			err = c.serve(op, r)
		}
		c.record(op, r, err) // before the answer, whose reader may look for it at once
		switch {
		case err != nil:
			return err
		case c.answer.bodiless:
			w.WriteHeader(c.answer.status)
			return nil
		}
		return web.Reply(w, c.answer.status, c.answer.body)
	}
}

// serve performs the operation, and carries out what comes of it.
func (c *call) serve(op operation, r *http.Request) error {
	out, effects, err := op.perform(c)
	if err != nil {
		return err
	}
	if out.list != nil {
		if err := c.replyPage(out.list.docs, out.list.listing); err != nil {
			return err
		}
	}
	return effects.CarryOut(carrier{c.Deps, r})
}

// record tells the tenant's log of an operation and its answer.
func (c *call) record(op operation, r *http.Request, err error) {
	kind := kindOf(op.path)
	done := tenantlog.Operation{
		Path: op.path, ClientID: c.caller.ClientID, Request: kind.Redact(c.sent), Status: c.answer.status, Answer: kind.Redact(c.answer.body),
	}
	if !c.caller.machine() {
		done.UserID = c.caller.Subject
	}
	if err != nil {
		done.Status = http.StatusInternalServerError
		if fault, ok := errors.AsType[*apierr.Error](err); ok {
			done.Status, done.Answer = fault.Status, storage.Document{"statusCode": float64(fault.Status), "message": fault.Message}
		}
	}
	c.Events.Operation(r, done)
}

// request is the source of a call that came by HTTP.
type request struct {
	*api
	w http.ResponseWriter
	r *http.Request
}

func (rq request) content() (sent content, err error) {
	if sent.raw, err = web.ReadJSON(rq.w, rq.r, maxBody); err != nil {
		return sent, err
	}
	text := bytes.TrimSpace(sent.raw)
	sent.none = len(text) == 0
	if !sent.none && !bytes.ContainsRune([]byte("{["), rune(text[0])) && rq.sendsForm() {
		sent.value, err = formMembers(string(text))
		return sent, err
	}
	sent.faulty = !sent.none && json.Unmarshal(sent.raw, &sent.value) != nil
	return sent, nil
}

// requestsPerSecond is what the headers of the rate limit say.
const requestsPerSecond = 1000

// sendsForm reports whether the body says that it is form-encoded, as every operation takes it that takes JSON.
func (rq request) sendsForm() bool {
	mediaType, _, err := mime.ParseMediaType(rq.r.Header.Get("Content-Type"))
	return err == nil && mediaType == "application/x-www-form-urlencoded"
}

// formMembers makes an object of a form: each value is a text, and of a name that comes more than once
// the texts are a list.
func formMembers(text string) (any, error) {
	form, err := url.ParseQuery(text)
	if err != nil {
		return nil, malformed
	}
	body := storage.Document{}
	for name, values := range form {
		body[name] = values[0]
		if len(values) > 1 {
			if body[name], err = objects.Value(values); err != nil {
				return nil, err
			}
		}
	}
	if path, found := apierr.ZeroByte(body); found {
		return nil, apierr.ZeroInBody(path).With(web.ErrZeroByte)
	}
	return body, nil
}

func jsonText(v any) string {
	raw, _ := json.Marshal(v) // numbers always marshal
	return string(raw)
}

// notEmulated answers an operation of Auth0's that nothing here serves, or one
// that is none. A 501 would say it best, and the official clients would try it
// again for minutes. A read is answered with 404, which auth0-deploy-cli takes for
// a feature that the tenant does not have; a write with 403, since a client may
// take 404 to a delete for success.
func (a *api) notEmulated(_ http.ResponseWriter, r *http.Request) error {
	if !catalogued(r.Method, r.URL.Path) {
		return &apierr.Error{Status: http.StatusNotFound, Message: "Not Found"}
	}
	status := http.StatusForbidden
	if r.Method == http.MethodGet {
		status = http.StatusNotFound
	}
	return &apierr.Error{
		Status: status, Message: r.Method + " " + r.URL.Path + " is not emulated by tenant0",
		Extra: map[string]any{"errorCode": "not_emulated"},
	}
}
