// Package authzext serves the Authorization Extension: the REST API with which
// groups, roles, permissions and who has them are managed, and the policy that
// follows from them. It keeps everything in the one record that storage has for
// the extension; what the record means at a login is package authz's.
//
// Not here: the extension's dashboard, and the ten-second cache that the
// original answers expanded views from.
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

// Deps is what the room works with.
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

// Mount adds the room's routes. Pages of any origin may call them, with a token of
// the application that they are a page of.
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

// speak gives every answer the headers of the extension, and a failure of the
// server its sentence.
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

// serve reads, allows, acts and replies, in the original's order: the caller,
// then the form of the body, the path, the query and the body.
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

// unknown answers what no route serves, also a known path with another method.
//
//auth0:operation GET /extensions/authorization/api/
//auth0:operation POST /extensions/authorization/api/
//auth0:operation PUT /extensions/authorization/api/
//auth0:operation PATCH /extensions/authorization/api/
//auth0:operation DELETE /extensions/authorization/api/
func (a *api) unknown(http.ResponseWriter, *http.Request) error { return errNotFound }

// view reads the extension's store and whatever else of the tenant. The store
// may be shared with other readers.
func (a *api) view(ctx context.Context, fn func(tx *storage.Tx, ext storage.Extension) error) error {
	return a.DB.View(ctx, func(tx *storage.Tx) error {
		ext, err := tx.Extension.Get(storage.ExtensionKey)
		if storage.Optional(err) != nil {
			return err
		}
		return fn(tx, ext)
	})
}

// read returns the extension's store, for reading only.
func (a *api) read(ctx context.Context) (store storage.Extension, err error) {
	err = a.view(ctx, func(_ *storage.Tx, ext storage.Extension) error {
		store = ext
		return nil
	})
	return store, err
}

// change reads the extension's store, lets fn change it and writes it back, all
// in one transaction.
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
