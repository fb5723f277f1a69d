// Package control serves the control listener, with which tests and operators control the
// server itself. It is a separate listener, so that these endpoints cannot be reached at the
// address that applications use, and it refuses requests that a web page could send.
package control

import (
	"context"
	"errors"
	"net/http"
	"time"

	"github.com/tenant0/tenant0/keys"
	"github.com/tenant0/tenant0/server/apierr"
	"github.com/tenant0/tenant0/server/clock"
	"github.com/tenant0/tenant0/server/logstream"
	"github.com/tenant0/tenant0/server/outbox"
	"github.com/tenant0/tenant0/server/trace"
	"github.com/tenant0/tenant0/server/web"
	"github.com/tenant0/tenant0/storage"
)

// Tenant is what the listener needs of a tenant.
type Tenant struct {
	Name, Issuer string

	DB     *storage.DB
	Clock  *clock.Clock
	Ring   *keys.Ring
	Outbox *outbox.Outbox
	Traces *trace.Traces
	// Refresh takes over changes of the clock and the keys by other servers of the tenant, and
	// KeepClock passes a change of the clock on to them.
	Refresh   func(context.Context) error
	KeepClock func() error
	// Restore resets the tenant to the snapshot with a name, or for "" to its seed. It returns
	// an error that wraps storage.ErrNotFound if there is no such snapshot.
	Restore func(snapshot string) error
	// Import imports a configuration into the tenant, and returns a report. If the context
	// ends before the import is complete, nothing is changed.
	Import func(context.Context, ImportRequest) (any, error)
	// Export returns the tenant's configuration, its users, or both.
	Export func(context.Context, ExportRequest) (any, error)
}

// Tenants are the tenants of the process.
type Tenants interface {
	// Tenant returns the tenant with a name; "" stands for the default tenant.
	Tenant(name string) (t Tenant, found bool)
	// List describes all tenants: the default tenant first, then the others ordered by name.
	List() []Description
	// Create creates a tenant and serves it.
	Create(ctx context.Context, rq NewTenant) (Description, error)
	// Delete stops serving a tenant and removes its data.
	Delete(name string) error
}

// Deps are the dependencies of the handlers. CA is the certificate of the certificate
// authority in PEM.
type Deps struct {
	Tenants Tenants
	CA      []byte
	// Ready reports whether the server accepts requests.
	Ready func() bool
	// Metrics answers with the metrics of the process.
	Metrics http.Handler
	// Hosts are the names by which the listener may be addressed.
	Hosts web.Hosts
}

// room has the data for one request: the dependencies and the tenant that the request is for.
type room struct {
	Deps
	Tenant
}

// Mount adds the routes. Each route of a tenant exists twice: at the root for the default
// tenant, and below /tenants/{tenant} for any tenant.
func Mount(rt *web.Router, d Deps) {
	process := func(method, path string, h func(*room, http.ResponseWriter, *http.Request) error) {
		rt.Handle(method, path, d.guard(func(w http.ResponseWriter, r *http.Request) error { return h(&room{Deps: d}, w, r) }))
	}
	process(http.MethodGet, "/healthz", (*room).healthz)
	process(http.MethodGet, "/readyz", (*room).readyz)
	process(http.MethodGet, "/ca.pem", (*room).ca)
	process(http.MethodGet, "/metrics", (*room).metrics)
	process(http.MethodGet, "/tenants", (*room).listTenants)
	process(http.MethodPost, "/tenants", (*room).createTenant)
	process(http.MethodGet, "/tenants/{tenant}", (*room).getTenant)
	process(http.MethodDelete, "/tenants/{tenant}", (*room).deleteTenant)

	tenant := func(method, path string, h func(*room, http.ResponseWriter, *http.Request) error) {
		serve := d.guard(func(w http.ResponseWriter, r *http.Request) error {
			name := web.Param(r, "tenant")
			t, found := d.Tenants.Tenant(name)
			if !found {
				return unknownTenant(name)
			}
			if err := t.Refresh(r.Context()); err != nil {
				return err
			}
			return h(&room{d, t}, w, r)
		})
		rt.Handle(method, path, serve)
		rt.HandleAlias(method, "/tenants/{tenant}"+path, serve)
	}
	tenant(http.MethodPost, "/reset", (*room).reset)
	tenant(http.MethodPost, "/import", (*room).importConfiguration)
	tenant(http.MethodGet, "/export", (*room).exportConfiguration)
	tenant(http.MethodGet, "/clock", (*room).getClock)
	tenant(http.MethodPut, "/clock", (*room).setClock)
	tenant(http.MethodDelete, "/clock", (*room).resetClock)
	tenant(http.MethodPost, "/clock/advance", (*room).advanceClock)
	tenant(http.MethodGet, "/keys", (*room).listKeys)
	tenant(http.MethodPost, "/keys/rotate", (*room).rotateKeys)
	tenant(http.MethodDelete, "/keys/{kid}", (*room).revokeKey)
	tenant(http.MethodGet, "/trace", (*room).listTraces)
	tenant(http.MethodGet, "/trace/{request}", (*room).getTrace)
	tenant(http.MethodGet, "/inbox", (*room).listInbox)
	tenant(http.MethodDelete, "/inbox", (*room).clearInbox)
	tenant(http.MethodGet, "/inbox/wait", (*room).waitForMessage)
	tenant(http.MethodGet, "/inbox/{id}", (*room).getMessage)
	tenant(http.MethodGet, "/push", (*room).listPush)
	tenant(http.MethodPost, "/push/{id}/allow", (*room).allowPush)
	tenant(http.MethodPost, "/push/{id}/deny", (*room).denyPush)
	tenant(http.MethodGet, "/providers", (*room).listProviders)
	tenant(http.MethodGet, "/providers/{connection}", (*room).getProvider)
	tenant(http.MethodPost, "/providers/{connection}/people", (*room).putPerson)
	tenant(http.MethodDelete, "/providers/{connection}/people/{person}", (*room).deletePerson)
	tenant(http.MethodPost, "/providers/{connection}/tokens", (*room).giveToken)
	tenant(http.MethodPost, "/providers/{connection}/assertions", (*room).giveAssertion)
	tenant(http.MethodPut, "/providers/{connection}/choice", (*room).putChoice)
	tenant(http.MethodDelete, "/providers/{connection}/choice", (*room).deleteChoice)
	tenant(http.MethodGet, "/prompts", (*room).listPrompts)
	tenant(http.MethodPut, "/prompts", (*room).putPrompt)
	tenant(http.MethodDelete, "/prompts", (*room).deletePrompt)
	tenant(http.MethodGet, "/snapshots", (*room).listSnapshots)
	tenant(http.MethodGet, "/snapshots/{snapshot}", (*room).getSnapshot)
	tenant(http.MethodPut, "/snapshots/{snapshot}", (*room).keepSnapshot)
	tenant(http.MethodDelete, "/snapshots/{snapshot}", (*room).deleteSnapshot)
	tenant(http.MethodPost, "/snapshots/{snapshot}/restore", (*room).restoreSnapshot)
}

var (
	errForeignHost   = &apierr.Error{Status: http.StatusForbidden, Code: "foreign_host", Message: "The control listener answers only requests that are sent to its own address: any other host name may belong to a web page"}
	errLogStream     = &apierr.Error{Status: http.StatusForbidden, Code: "log_stream", Message: "The control listener does not accept requests from log streams"}
	errForeignOrigin = &apierr.Error{Status: http.StatusForbidden, Code: "foreign_origin", Message: "The control listener does not answer web pages of other origins"}
)

// guard refuses requests that a web page can send. Requests from pages of other sites have an
// Origin or Sec-Fetch-Site header; a page that uses DNS rebinding sends its own host name as
// Host. guard also refuses requests of log streams, which have a header that identifies them:
// anybody with access to the Management API can choose a log stream's URL.
func (d Deps) guard(h web.Handler) web.Handler {
	return func(w http.ResponseWriter, r *http.Request) error {
		switch own, err := d.Hosts.Own(r.Context(), r.Host); {
		case err != nil:
			return err
		case !own:
			return errForeignHost
		}
		if r.Header.Get(logstream.Header) != "" {
			return errLogStream
		}
		origin := r.Header.Get("Origin")
		if origin != "" && origin != "http://"+r.Host {
			return errForeignOrigin
		}
		if site := r.Header.Get("Sec-Fetch-Site"); site != "" && site != "same-origin" && site != "none" {
			return errForeignOrigin
		}
		w.Header().Set("Cache-Control", "no-store")
		return h(w, r)
	}
}

//auth0:operation GET /healthz
func (m *room) healthz(w http.ResponseWriter, _ *http.Request) error {
	return web.Reply(w, http.StatusOK, map[string]string{"status": "ok"})
}

// readyz answers 200 if the server accepts requests and the store of the default tenant can be
// read.
//
//auth0:operation GET /readyz
func (m *room) readyz(w http.ResponseWriter, r *http.Request) error {
	if t, found := m.Tenants.Tenant(""); found && m.Ready() {
		err := t.DB.View(r.Context(), func(tx *storage.Tx) error {
			_, err := tx.Tenant.Get(storage.TenantKey)
			return storage.Optional(err)
		})
		if err != nil {
			return err
		}
		return web.Reply(w, http.StatusOK, map[string]string{"status": "ready"})
	}
	return &apierr.Error{Status: http.StatusServiceUnavailable, Code: "not_ready", Message: "The server is starting or stopping"}
}

//auth0:operation GET /ca.pem
func (m *room) ca(w http.ResponseWriter, _ *http.Request) error {
	return web.ReplyBytes(w, http.StatusOK, "application/x-pem-file", m.CA)
}

// metrics serves the metrics in the Prometheus text format.
//
//auth0:operation GET /metrics
func (m *room) metrics(w http.ResponseWriter, r *http.Request) error {
	m.Metrics.ServeHTTP(w, r)
	return nil
}

//auth0:operation POST /reset
func (m *room) reset(w http.ResponseWriter, _ *http.Request) error {
	if err := m.Restore(""); err != nil {
		return err
	}
	w.WriteHeader(http.StatusNoContent)
	return nil
}

// signingKey is a signing key in responses.
type signingKey struct {
	KeyID     string     `json:"kid"`
	Current   bool       `json:"current"`
	Next      bool       `json:"next"`
	Previous  bool       `json:"previous"`
	CreatedAt time.Time  `json:"created_at"`
	RevokedAt *time.Time `json:"revoked_at,omitempty"`
}

//auth0:operation GET /keys
func (m *room) listKeys(w http.ResponseWriter, _ *http.Request) error {
	all := []signingKey{}
	for _, k := range m.Ring.List() {
		shown := signingKey{
			KeyID: k.KeyID, CreatedAt: k.CreatedAt,
			Current:  !k.CurrentSince.IsZero() && k.CurrentUntil.IsZero(),
			Next:     k.CurrentSince.IsZero(),
			Previous: !k.CurrentUntil.IsZero(),
		}
		if !k.RevokedAt.IsZero() {
			shown.RevokedAt = &k.RevokedAt
		}
		all = append(all, shown)
	}
	return web.Reply(w, http.StatusOK, all)
}

//auth0:operation POST /keys/rotate
func (m *room) rotateKeys(w http.ResponseWriter, r *http.Request) error {
	if err := m.Ring.Rotate(m.Clock.Now()); err != nil {
		return err
	}
	return m.listKeys(w, r)
}

//auth0:operation DELETE /keys/{kid}
func (m *room) revokeKey(w http.ResponseWriter, r *http.Request) error {
	err := m.Ring.Revoke(web.Param(r, "kid"), m.Clock.Now())
	switch {
	case errors.Is(err, keys.ErrUnknownKey):
		return &apierr.Error{Status: http.StatusNotFound, Code: "unknown_key", Message: err.Error()}
	case errors.Is(err, keys.ErrKeyInUse):
		return &apierr.Error{Status: http.StatusConflict, Code: "key_in_use", Message: err.Error()}
	case err != nil:
		return err
	}
	return m.listKeys(w, r)
}
