package management

import (
	"context"
	"encoding/json"
	"fmt"
	"net/http"
	"regexp"
	"strings"
	"sync"

	"github.com/tenant0/tenant0/server/apierr"
	"github.com/tenant0/tenant0/server/deploy"
	"github.com/tenant0/tenant0/server/objects"
	"github.com/tenant0/tenant0/server/resource"
	"github.com/tenant0/tenant0/server/tokens"
	"github.com/tenant0/tenant0/server/web"
	"github.com/tenant0/tenant0/storage"
)

// Objects returns access to the tenant's objects in a transaction, for an import or an
// export of the tenant's configuration. It executes the operations of the API.
func Objects(ctx context.Context, d Deps, tx *storage.Tx) (deploy.Objects, deploy.Effects) {
	o := &configured{api: &api{d}, ctx: ctx, tx: tx, caller: caller{Claims: tokens.Claims{Subject: "import@clients"}}}
	for _, s := range resource.ManagementScopes() {
		o.caller.Scope = append(o.caller.Scope, s.Value)
	}
	return o, o
}

// configured implements deploy.Objects and deploy.Effects. A deploy.Place is the path of an
// operation with values for its variables.
type configured struct {
	*api
	ctx     context.Context //nolint:containedctx // of the one import or export
	tx      *storage.Tx
	caller  caller // has all scopes
	effects objects.Effects
	bulk    objects.Bulk
}

// Settle implements deploy.Effects.
func (o *configured) Settle() error { return o.bulk.Settle(o.tx) }

// Kind implements deploy.Objects.
func (o *configured) Kind(path string) *resource.Kind { return kindOf(servedPath(path)) }

// List implements deploy.Objects.
func (o *configured) List(p deploy.Place) ([]storage.Document, error) {
	s, plain := resourcesByPath()[servedPath(p.Path)]
	if !plain {
		answer, err := o.Get(p)
		return deploy.ItemsOf(answer), err
	}
	c, err := o.call(http.MethodGet, s.path, p, nil)
	if err != nil {
		return nil, err
	}
	docs, err := s.all(c, o.tx)
	if err != nil {
		return nil, err
	}
	list, err := objects.Value(docs)
	return deploy.ItemsOf(list), err
}

// Get implements deploy.Objects.
func (o *configured) Get(p deploy.Place) (any, error) {
	answer, err := o.do(http.MethodGet, p, nil, "")
	if e, ok := err.(*apierr.Error); ok && (e.Status == http.StatusNotFound || e == resource.DirectoryUnsupported) { //nolint:errorlint // the answer itself
		return nil, e.With(storage.ErrNotFound)
	}
	return answer, err
}

// Create implements deploy.Objects.
func (o *configured) Create(p deploy.Place, body any, id string) (any, error) {
	return o.do(http.MethodPost, p, body, id)
}

// Change implements deploy.Objects.
func (o *configured) Change(p deploy.Place, body any) (any, error) {
	return o.do(http.MethodPatch, p, body, "")
}

// Set implements deploy.Objects.
func (o *configured) Set(p deploy.Place, body any) (any, error) {
	return o.do(http.MethodPut, p, body, "")
}

// Remove implements deploy.Objects.
func (o *configured) Remove(p deploy.Place, body any) error {
	_, err := o.do(http.MethodDelete, p, body, "")
	return err
}

// Restore implements deploy.Objects.
func (o *configured) Restore(p deploy.Place, doc storage.Document, id string) (any, error) {
	path := servedPath(p.Path)
	s, plain := resourcesByPath()[path]
	switch {
	case path == "/organizations/{id}/invitations" && len(p.Values) == 1:
		return doc, objects.RestoreInvitation(o.tx, p.Values[0], doc, o.Now())
	case path == "/tenants/settings":
		resource.TenantSettings.Fill(doc, o.Now())
		return doc, o.tx.Tenant.Put(doc)
	case !plain:
		return nil, fmt.Errorf("%s: objects of this kind are not restored", p)
	}
	c, err := o.call(http.MethodPost, path, p, nil)
	if err != nil {
		return nil, err
	}
	c.givenID = id
	change := c.within(o.tx)
	change.Restored = true
	collection, err := s.in(c, change)
	if err != nil {
		return nil, err
	}
	made, err := collection.Create(doc)
	if err != nil {
		return nil, err
	}
	shown, err := s.shown(c, o.tx, made)
	if err != nil {
		return nil, err
	}
	o.effects.Add(change.Effects)
	return objects.Value(shown)
}

// CarryOut implements deploy.Effects.
func (o *configured) CarryOut() error { return o.effects.CarryOut(carrier{o.Deps, nil}) }

// do executes the operation of a method at a place within the transaction, and returns its
// response as JSON values. id is the id for a new object, "" to generate one.
func (o *configured) do(method string, p deploy.Place, body any, id string) (any, error) {
	op, served := operationsByName()[method+" "+unnamed(p.Path)]
	if !served {
		return nil, fmt.Errorf("%s %s is not served", method, p)
	}
	if method != http.MethodGet {
		storage.Slow("checking an object of a configuration")
	}
	c, err := o.call(method, op.path, p, body)
	if err != nil {
		return nil, err
	}
	c.givenID = id
	out, effects, err := op.perform(c)
	if err != nil {
		return nil, err
	}
	o.effects.Add(effects)
	return objects.Value(out.body)
}

// call returns a call of the operation with a path, at a place.
func (o *configured) call(method, path string, p deploy.Place, body any) (*call, error) {
	names := variables(path)
	if len(names) != len(p.Values) {
		return nil, fmt.Errorf("%s %s is not served", method, p)
	}
	params := map[string]string{}
	for i, name := range names {
		params[name] = p.Values[i]
	}
	return &call{
		api: o.api, ctx: o.ctx, method: method, params: params, from: given{body}, caller: o.caller, now: o.Now(),
		tx: o.tx, bulk: &o.bulk, unpaged: true, withSecrets: true,
	}, o.ctx.Err()
}

// variables returns the names of the variables in the path of an operation.
func variables(path string) (names []string) {
	for part := range strings.SplitSeq(path, "/") {
		if name, isVariable := strings.CutPrefix(part, "{"); isVariable {
			names = append(names, strings.TrimSuffix(name, "}"))
		}
	}
	return names
}

// unnamed returns a path without the names of its variables.
func unnamed(path string) string { return variable.ReplaceAllString(path, "{}") }

var variable = regexp.MustCompile(`\{[^}]*\}`)

// operationsByName maps "METHOD /path", with {} for each variable of the path, to its operation.
// resourcesByPath maps the path of a list, with the names of its variables, to its resource. If
// several have the same key, the first one is used.
var (
	operationsByName = sync.OnceValue(func() map[string]operation {
		all := map[string]operation{}
		for _, op := range operations() {
			if name := op.method + " " + unnamed(op.path); all[name].serve == nil {
				all[name] = op
			}
		}
		return all
	})
	resourcesByPath = sync.OnceValue(func() map[string]collection {
		all := map[string]collection{}
		for _, s := range resources() {
			if _, there := all[s.path]; !there {
				all[s.path] = s
			}
		}
		return all
	})
	// servedPaths maps each path without the names of its variables to the path with them.
	servedPaths = sync.OnceValue(func() map[string]string {
		all := map[string]string{}
		for _, op := range operations() {
			if name := unnamed(op.path); all[name] == "" {
				all[name] = op.path
			}
		}
		return all
	})
)

// servedPath returns the path as the operations have it, or the path itself if no operation
// has it.
func servedPath(path string) string {
	if served := servedPaths()[unnamed(path)]; served != "" {
		return served
	}
	return path
}

// given is the source of a call that the server itself makes. Its body is a value that can
// be encoded as JSON, or nil for none.
type given struct{ body any }

// content implements source. It enforces the limits of requests, so that an import accepts
// nothing that a request could not send.
func (g given) content() (sent content, err error) {
	if g.body == nil {
		return content{none: true}, nil
	}
	raw, err := json.Marshal(g.body)
	if err != nil {
		return sent, err
	}
	if len(raw) > maxBody {
		return sent, apierr.PayloadTooLarge(maxBody)
	}
	if sent.value, err = objects.Value(g.body); err != nil {
		return sent, err
	}
	if path, found := apierr.ZeroByte(sent.value); found {
		return sent, apierr.ZeroInBody(path).With(web.ErrZeroByte)
	}
	return sent, nil
}

// usersForm implements source. It always fails, since files are only sent by HTTP.
func (given) usersForm() (form importForm, err error) { return form, notMultipart }
