// Package management serves the Management API, /api/v2. A resource is one file,
// named as its path spells it, and says what is special about it: its kind (what
// its members are, package resource), where it is kept, how it is listed, and
// what a change brings along. Access, validation, pages, masks, times, conflicts
// and statuses are one piece of code for all.
//
// To add a resource: describe its kind in package resource; put a served value
// into a file here with the directives of its operations above it; name it in
// resources; add a test; run the tests with UPDATE=1 to renew the coverage page.
// operations.txt lists every operation that Auth0 has; those that nothing serves
// answer with an error that names them.
package management

import (
	"encoding/json"
	"errors"
	"maps"
	"net/http"
	"net/url"
	"strings"
	"sync"
	"time"

	"github.com/tenant0/tenant0/keys"
	"github.com/tenant0/tenant0/server/apierr"
	"github.com/tenant0/tenant0/server/emails"
	"github.com/tenant0/tenant0/server/identity"
	"github.com/tenant0/tenant0/server/jobs"
	"github.com/tenant0/tenant0/server/outbox"
	"github.com/tenant0/tenant0/server/resource"
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

// operation is one route.
type operation struct {
	method, path string
	// scopes lists the scopes of which the token must have one.
	scopes []string
	serve  func(c *call) error
}

// call is one request.
type call struct {
	*api
	w      http.ResponseWriter
	r      *http.Request
	caller caller
	now    time.Time
	body   storage.Document
	query  url.Values
	// sent is the body as it came; status and answered are of the answer.
	sent     storage.Document
	status   int
	answered any
	// tx is the transaction that the call is part of, nil for one that has its own.
	tx *storage.Tx
	// givenID is the id that a new document is to have, "" for a new one.
	givenID string
	// bare reads documents with the secrets that the API hides, for an import or an export, which show none.
	bare bool
	// secret is a client secret on its way from the body to where secrets are kept.
	secret string
}

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
	return func(w http.ResponseWriter, r *http.Request) error {
		rateLimit(w, a.Now())
		who, err := a.allow(r, op.scopes)
		if err != nil {
			return err
		}
		c := &call{api: a, w: w, r: r, caller: who, now: a.Now(), query: r.URL.Query()}
		err = op.serve(c)
		c.record(op, err)
		return err
	}
}

// record tells the tenant's log of an operation and its answer.
func (c *call) record(op operation, err error) {
	kind := kindOf(op.path)
	done := tenantlog.Operation{
		Path: op.path, ClientID: c.caller.ClientID, Request: kind.Redact(c.sent), Status: c.status, Answer: kind.Redact(c.answered),
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
	c.Events.Operation(c.r, done)
}

// rateLimit says that the limit is far away: there is none.
func rateLimit(w http.ResponseWriter, now time.Time) {
	h := w.Header()
	h.Set("X-Ratelimit-Limit", "1000")
	h.Set("X-Ratelimit-Remaining", "999")
	h.Set("X-Ratelimit-Reset", jsonText(now.Unix()+1))
}

func jsonText(v any) string {
	raw, _ := json.Marshal(v) // numbers always marshal
	return string(raw)
}

// param is a variable of the path.
func (c *call) param(name string) string { return web.Param(c.r, name) }

// read decodes the body, a JSON object; without one it is empty.
func (c *call) read() error {
	raw, err := web.ReadJSON(c.w, c.r, maxBody)
	if err != nil {
		return err
	}
	c.body = storage.Document{}
	if len(strings.TrimSpace(string(raw))) == 0 {
		return nil
	}
	var any any
	if err := json.Unmarshal(raw, &any); err != nil {
		return malformed
	}
	body, ok := any.(storage.Document)
	if !ok {
		return resource.InvalidBody("Payload validation error: 'Expected type object but found type " + typeName(any) + "'.")
	}
	c.body, c.sent = body, maps.Clone(body)
	return nil
}

var malformed = &apierr.Error{Status: http.StatusBadRequest, Message: "Invalid request payload JSON format", Extra: map[string]any{"errorCode": "invalid_body"}}

func typeName(v any) string {
	switch v.(type) {
	case []any:
		return "array"
	case string:
		return "string"
	case float64:
		return "number"
	case bool:
		return "boolean"
	}
	return "null"
}

// reply answers with JSON.
func (c *call) reply(status int, v any) error {
	c.status, c.answered = status, v
	if c.tx != nil {
		return nil // nobody waits for the server's own calls
	}
	return web.Reply(c.w, status, v)
}

// empty answers without a body.
func (c *call) empty(status int) error {
	c.status = status
	c.w.WriteHeader(status)
	return nil
}

// view and update run one transaction of the request, or go on with the one that
// it is part of.
func (c *call) view(fn func(*storage.Tx) error) error {
	if c.tx != nil {
		return fn(c.tx)
	}
	return c.DB.ViewContext(c.r.Context(), fn)
}

func (c *call) update(fn func(*storage.Tx) error) error {
	if c.tx != nil {
		return fn(c.tx)
	}
	began := *c
	return c.DB.Update(func(tx *storage.Tx) error {
		*c = began // whatever an earlier run has made of it
		c.body = resource.Clone(began.body)
		return fn(tx)
	})
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
