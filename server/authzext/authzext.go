// Package authzext serves the API of Auth0's Authorization Extension, which manages
// groups, roles and permissions and their assignment to users, and returns the policy of
// a user. All data is in a single record of the store, storage.Extension; package authz
// evaluates it at logins.
//
// Not implemented: the extension's dashboard, and its cache, from which Auth0's extension
// answers requests for expanded views for ten seconds.
package authzext

import (
	"context"
	"errors"
	"net/http"
	"time"

	"github.com/tenant0/tenant0/server/apierr"
	"github.com/tenant0/tenant0/server/tokens"
	"github.com/tenant0/tenant0/server/web"
	"github.com/tenant0/tenant0/storage"
)

// Deps are the dependencies of the handlers.
type Deps struct {
	DB     *storage.DB
	Issuer *tokens.Issuer
	Now    func() time.Time
}

type api struct{ Deps }

const (
	base   = "/extensions/authorization"
	prefix = base + "/api"
)

// Mount adds the routes. Web pages of any origin may call them if their token is of an
// application that allows the origin.
func Mount(rt *web.Router, d Deps) {
	a := &api{d}
	rt = rt.With(web.Boom).WithCORS(web.AnyOrigin)
	for _, r := range a.routes() {
		rt.Handle(r.method, prefix+r.path, speak(a.serve(r)))
	}
	rt.Handle(http.MethodGet, base+"/meta", speak(a.meta))
	for _, method := range []string{http.MethodGet, http.MethodPost, http.MethodPut, http.MethodPatch, http.MethodDelete} {
		rt.HandlePrefix(method, prefix+"/", speak(a.unknown))
	}
}

// speak adds the extension's headers to every response, and replaces internal errors by
// the extension's message for them.
func speak(h web.Handler) web.Handler {
	return func(w http.ResponseWriter, r *http.Request) error {
		w.Header().Set("Cache-Control", "no-cache")
		w.Header().Set("Access-Control-Expose-Headers", "WWW-Authenticate,Server-Authorization")
		err := h(w, r)
		if _, meant := errors.AsType[*apierr.Error](err); err != nil && !meant {
			return errInternal.With(err)
		}
		return err
	}
}

// serve returns the handler of a route. It checks in the order of Auth0's extension:
// first the caller, then that the body is JSON, then the path, the query and the members
// of the body.
func (a *api) serve(rt route) web.Handler {
	return func(w http.ResponseWriter, r *http.Request) error {
		if err := a.allow(r, rt.scope); err != nil {
			return err
		}
		c := &call{Request: r}
		if rt.body != nil {
			raw, err := readJSON(w, r)
			if err != nil {
				return err
			}
			c.body = raw
		}
		if err := c.check(rt); err != nil {
			return err
		}
		v, err := rt.handle(c)
		switch {
		case err != nil:
			return err
		case v == nil:
			w.WriteHeader(http.StatusNoContent)
			return nil
		}
		return web.Reply(w, http.StatusOK, v)
	}
}

//auth0:operation GET /extensions/authorization/meta
func (a *api) meta(w http.ResponseWriter, _ *http.Request) error {
	return web.Reply(w, http.StatusOK, map[string]any{
		"title": "Auth0 Authorization", "name": "auth0-authz", "version": "2.13.7", "type": "application",
	})
}

// unknown answers requests without a route with 404, including known paths with another
// method.
//
//auth0:operation GET /extensions/authorization/api/
//auth0:operation POST /extensions/authorization/api/
//auth0:operation PUT /extensions/authorization/api/
//auth0:operation PATCH /extensions/authorization/api/
//auth0:operation DELETE /extensions/authorization/api/
func (a *api) unknown(http.ResponseWriter, *http.Request) error { return errNotFound }

// view calls fn with the extension's data in a read transaction. fn must not change the
// data, which may be shared with other readers.
func (a *api) view(ctx context.Context, fn func(tx *storage.Tx, ext storage.Extension) error) error {
	return a.DB.View(ctx, func(tx *storage.Tx) error {
		ext, err := tx.Extension.Get(storage.ExtensionKey)
		if storage.Optional(err) != nil {
			return err
		}
		return fn(tx, ext)
	})
}

// read returns the extension's data, which must not be changed.
func (a *api) read(ctx context.Context) (store storage.Extension, err error) {
	err = a.view(ctx, func(_ *storage.Tx, ext storage.Extension) error {
		store = ext
		return nil
	})
	return store, err
}

// change reads the extension's data, lets fn change it and stores it, all in one
// transaction.
func (a *api) change(ctx context.Context, fn func(ext *storage.Extension) error) error {
	return a.DB.Update(ctx, func(tx *storage.Tx) error {
		ext, err := tx.Extension.Get(storage.ExtensionKey)
		if storage.Optional(err) != nil {
			return err
		}
		if err := fn(&ext); err != nil {
			return err
		}
		return tx.Extension.Put(ext)
	})
}
