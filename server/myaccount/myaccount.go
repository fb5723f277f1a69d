// Package myaccount serves the My Account API at /me/v1. With an access token for this API, an application lets its
// user connect accounts at identity providers, and add and remove authentication methods. Auth0: api/myaccount and
// manage-users/my-account-api.
package myaccount

import (
	"net/http"
	"slices"
	"strings"
	"time"

	"github.com/tenant0/tenant0/server/emails"
	"github.com/tenant0/tenant0/server/identity"
	"github.com/tenant0/tenant0/server/registered"
	"github.com/tenant0/tenant0/server/signin"
	"github.com/tenant0/tenant0/server/tenantlog"
	"github.com/tenant0/tenant0/server/tokens"
	"github.com/tenant0/tenant0/server/web"
	"github.com/tenant0/tenant0/storage"
)

// Deps holds the dependencies of the handlers.
type Deps struct {
	DB        *storage.DB
	Issuer    *tokens.Issuer
	Passwords *identity.Passwords
	SignIn    *signin.Service
	Emails    emails.Writer
	Log       *tenantlog.Log
	Now       func() time.Time
}

type room struct{ Deps }

// path is the path of the API; audience returns the identifier of the API at a tenant.
const path = "/me/v1"

func audience(issuer string) string { return issuer + "me/" }

// Mount adds the routes. Web pages of the tenant's applications may call them from other origins (CORS).
func Mount(open *web.Router, d Deps) {
	m := &room{d}
	open = open.With(shape)
	handle := func(method, at, scope string, h func(*call) error) {
		open.Handle(method, path+at, m.allow(scope, h))
	}
	handle(http.MethodGet, "/connected-accounts/connections", "read:me:connected_accounts", (*call).connections)
	handle(http.MethodGet, "/connected-accounts/accounts", "read:me:connected_accounts", (*call).accounts)
	handle(http.MethodDelete, "/connected-accounts/accounts/{id}", "delete:me:connected_accounts", (*call).disconnect)
	handle(http.MethodPost, "/connected-accounts/connect", "create:me:connected_accounts", (*call).connect)
	handle(http.MethodPost, "/connected-accounts/complete", "create:me:connected_accounts", (*call).complete)
	handle(http.MethodGet, "/factors", "read:me:factors", (*call).factors)
	handle(http.MethodGet, methodsPath, "read:me:authentication_methods", (*call).methods)
	handle(http.MethodPost, methodsPath, "create:me:authentication_methods", (*call).enroll)
	handle(http.MethodGet, methodsPath+"/{id}", "read:me:authentication_methods", (*call).method)
	handle(http.MethodPatch, methodsPath+"/{id}", "update:me:authentication_methods", (*call).changeMethod)
	handle(http.MethodDelete, methodsPath+"/{id}", "delete:me:authentication_methods", (*call).deleteMethod)
	handle(http.MethodPost, methodsPath+"/{id}/verify", "create:me:authentication_methods", (*call).verify)
}

// call is a request that an application makes for a user.
type call struct {
	*room
	w     http.ResponseWriter
	r     *http.Request
	owner tokens.Claims
	now   time.Time
}

// requestsPerSecond is Auth0's rate limit for a tenant, which the response headers show. tenant0 does not enforce
// it.
const requestsPerSecond = 25

// allow calls h if the request has a user's access token for this API with the scope.
func (m *room) allow(scope string, h func(*call) error) web.Handler {
	return func(w http.ResponseWriter, r *http.Request) error {
		c := &call{room: m, w: w, r: r, now: m.Now()}
		web.NoStore(w)
		web.RateLimit(w, requestsPerSecond, c.now)
		scheme, token, _ := strings.Cut(r.Header.Get("Authorization"), " ")
		brought := strings.EqualFold(scheme, "Bearer") && token != ""
		var err error
		if brought {
			c.owner, err = m.Issuer.Verify(r.Context(), token, audience(m.Issuer.URL), c.now)
		}
		proved := err
		err = m.DB.View(r.Context(), func(tx *storage.Tx) error {
			api, err := tx.API(audience(m.Issuer.URL))
			switch {
			case err != nil:
				return err
			case api == nil:
				return notFound(r, "the API "+audience(m.Issuer.URL)+", which has to be activated")
			case !brought:
				return errNoToken
			case proved != nil:
				return errToken.WithReason(tokens.Why(proved)).With(proved)
			}
			if err := registered.CheckOrigin(tx, r, c.owner.ClientID); err != nil {
				return err
			}
			_, err = c.user(tx)
			return err
		})
		switch {
		case err != nil:
			return err
		case !slices.Contains(c.owner.Scope, scope):
			return insufficientScope(scope)
		}
		return h(c)
	}
}

// record writes an event of the user to the tenant's log.
func (c *call) record(kind, description, connection string) {
	c.Log.Record(c.r, tenantlog.Event{Type: kind, Description: description, ClientID: c.owner.ClientID, UserID: c.owner.Subject, Connection: connection})
}

// user returns the user of the access token, and an error if the user is gone or blocked.
func (c *call) user(tx *storage.Tx) (storage.User, error) {
	user, err := tx.Users.Get(c.owner.Subject)
	if storage.IsNotFound(err) || err == nil && user.Blocked {
		return user, errToken
	}
	return user, err
}

func (c *call) view(fn func(*storage.Tx) error) error   { return c.DB.View(c.r.Context(), fn) }
func (c *call) update(fn func(*storage.Tx) error) error { return c.DB.Update(c.r.Context(), fn) }

// id returns the id in the path.
func (c *call) id() string { return web.Param(c.r, "id") }

func (c *call) reply(status int, body any) error { return web.Reply(c.w, status, body) }

func (c *call) empty() error {
	c.w.WriteHeader(http.StatusNoContent)
	return nil
}
