// Package management serves the Management API at /api/v2. Each resource has one file, named after its path,
// that says how the objects of a kind are served: at which path, with which scopes, how they are listed, and
// what a response shows. Package objects says what a change of an object does, and package resource what its
// members are. Access control, paging, the query parameter fields, and the status codes have one implementation
// for all resources.
//
// An operation works on a call, which does not depend on HTTP. A request makes a call, and so do the import and
// the export of a configuration, within a transaction of their own. The operation stores its response in the
// call, and what it does outside of the store as effects, which are carried out after the transaction is
// committed. Only requests get pages of a list.
//
// To add a resource: describe its members in package resource, and its changes in package objects; declare a
// collection value in a file here, with the directives of its operations above it; add it to resources; add a test;
// and run the tests with UPDATE=1 to update the coverage page. operations.txt lists every operation that Auth0
// has; one that is not served answers with an error that names it.
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
	"github.com/tenant0/tenant0/server/outside"
	"github.com/tenant0/tenant0/server/tenantlog"
	"github.com/tenant0/tenant0/server/tokens"
	"github.com/tenant0/tenant0/server/web"
	"github.com/tenant0/tenant0/storage"
)

// Deps holds the dependencies of the handlers.
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
	// Outside fetches the documents that applications publish about themselves.
	Outside *outside.Client
	// MaxImport limits the size of the file in a users import, in bytes.
	MaxImport int
}

type api struct{ Deps }

// base is the path of the API.
const base = "/api/v2"

// maxBody limits a request body, in bytes.
const maxBody = 1 << 20

// Mount adds the routes.
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

// operations returns all operations. The special ones come first, because some of them have a fixed word where
// the path of another has an id.
var operations = sync.OnceValue(func() []operation {
	all := otherOperations()
	for _, s := range resources() {
		all = append(all, s.operations()...)
	}
	return all
})

// shape writes errors as web.Boom does. Errors in reading a request, which all endpoints of tenant0 share, get
// an errorCode here that says which part of the request is wrong.
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

// handler returns a handler that checks the caller's access, executes the operation, and writes the response.
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
		c.record(op, r, err) // before the response, since a client may read the log as soon as it has the response
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

// serve executes the operation, and carries out its effects.
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

// record writes the operation and its response to the tenant's log.
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

// request is the source of a call that was made by HTTP.
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

// requestsPerSecond is the rate limit that the response headers show.
const requestsPerSecond = 1000

// sendsForm reports whether the body is form-encoded. Every operation that accepts JSON also accepts this.
func (rq request) sendsForm() bool {
	mediaType, _, err := mime.ParseMediaType(rq.r.Header.Get("Content-Type"))
	return err == nil && mediaType == "application/x-www-form-urlencoded"
}

// formMembers makes an object from a form. Each value is a string; if a name occurs more than once, its value
// is a list of strings.
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

// notEmulated answers requests for operations that tenant0 does not serve. The best status would be 501, but
// the official clients retry it for minutes. So the status of a read is 404, which auth0-deploy-cli takes as a
// feature that the tenant does not have. The status of a write is 403, since a client may take 404 as the
// success of a delete. An operation that Auth0 does not have is answered with 404.
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
