package authorize

import (
	"context"
	"errors"
	"maps"
	"net/http"
	"net/url"
	"slices"
	"strings"
	"time"

	"github.com/tenant0/tenant0/keys"
	"github.com/tenant0/tenant0/server/apierr"
	"github.com/tenant0/tenant0/server/tenantlog"
	"github.com/tenant0/tenant0/server/web"
	"github.com/tenant0/tenant0/storage"
)

// Limits of pushed authorization requests, Auth0:
// get-started/authentication-and-authorization-flow/authorization-code-flow/authorization-code-flow-with-par.
const (
	pushedLifetime = 30 * time.Second
	maxPushedBody  = 10 << 10
	maxExtensions  = 10
)

// requestURI is the prefix of the request_uri values of this server, RFC 9126 section 2.2.
const requestURI = "urn:ietf:params:oauth:request_uri:"

// push stores an authorization request that an application sends in advance, RFC 9126; the
// browser then brings a reference to it. The request is checked here, and again when the
// browser brings the reference.
//
//auth0:operation POST /oauth/par
func (m *room) push(w http.ResponseWriter, r *http.Request) error {
	r.Body = http.MaxBytesReader(w, r.Body, maxPushedBody)
	form, err := web.Form(w, r)
	if err != nil {
		return err
	}
	pushed, err := m.pushed(r, form)
	if err != nil {
		m.Log.Record(r, notPushed(form, err))
		return atPush(err)
	}
	reference := keys.Random(32)
	pushed.Hash = keys.Hash(requestURI + reference)
	if err := m.DB.PushRequest(r.Context(), pushed); err != nil {
		return err
	}
	web.NoStore(w)
	return web.Reply(w, http.StatusCreated, struct {
		ExpiresIn  int    `json:"expires_in"` // seconds
		RequestURI string `json:"request_uri"`
	}{int(pushedLifetime.Seconds()), requestURI + reference})
}

// pushed authenticates the application and checks its request.
func (m *room) pushed(r *http.Request, form url.Values) (p storage.PushedRequest, err error) {
	if err := m.DB.View(r.Context(), pushingAllowed); err != nil {
		return p, err
	}
	client, err := m.Engine.AuthenticateClient(r, form)
	switch {
	case err != nil:
		return p, apierr.AsInvalidClient(err)
	case client.Public():
		return p, apierr.PublicPush
	case client.Strict():
		return p, strictRefuses("/oauth/par")
	case form.Has("request_uri"): // RFC 9126 section 2.1
		return p, apierr.InvalidParameter("request_uri", "it cannot be part of a pushed request")
	}
	params := pushedParams(form)
	params.Set("client_id", client.ClientID)
	what, err := m.open(r.Context(), asked{params: params, pushed: true})
	if err != nil {
		return p, err
	}
	rq, _, err := m.read(r.Context(), r.Host, what)
	if err != nil {
		return p, err
	}
	if err := rq.Check(); err != nil {
		return p, apierr.TooLong(err)
	}
	return storage.PushedRequest{ClientID: client.ClientID, Params: what.params, ExpiresAt: m.Now().Add(pushedLifetime)}, nil
}

// pushingAllowed returns an error if the tenant has disabled pushed authorization requests.
func pushingAllowed(tx *storage.Tx) error {
	tenant, err := tx.Tenant.Get(storage.TenantKey)
	if err == nil && !tenant.TakesPushedRequests() {
		return apierr.PushDisabled
	}
	return storage.Optional(err)
}

// pushedParams returns the parameters to store: all but the client's credentials and, of the
// application's own parameters (ext-…), only the first maxExtensions.
func pushedParams(form url.Values) url.Values {
	kept, extensions := url.Values{}, 0
	for _, name := range slices.Sorted(maps.Keys(form)) {
		switch {
		case name == "client_secret", strings.HasPrefix(name, "client_assertion"):
			continue
		case strings.HasPrefix(name, extension):
			if extensions++; extensions > maxExtensions {
				continue
			}
		}
		kept[name] = form[name]
	}
	return kept
}

// atPush returns an error of an authorization request as this endpoint answers it: with
// status 400 in place of 403, RFC 9126 section 2.3.
func atPush(err error) error {
	e, ok := errors.AsType[*apierr.Error](err)
	if !ok || e.Status != http.StatusForbidden {
		return err
	}
	answer := *e
	answer.Status = http.StatusBadRequest
	return &answer
}

func notPushed(form url.Values, err error) tenantlog.Event {
	return tenantlog.Event{
		Type: tenantlog.FailedPush, Description: tenantlog.Reason(err), ClientID: form.Get("client_id"),
		Audience: form.Get("audience"), Scope: form.Get("scope"),
	}
}

// take returns the parameters of a request. If the request has a request_uri of this server,
// they are the pushed ones, and all others are ignored. A request_uri can be used once, by
// the application that it was issued to.
func (m *room) take(ctx context.Context, params url.Values) (asked, error) {
	reference := params.Get("request_uri")
	if !strings.HasPrefix(reference, requestURI) {
		return asked{params: params}, nil
	}
	if params.Get("client_id") == "" {
		return asked{params: params}, apierr.MissingParameter("client_id")
	}
	p, err := m.DB.TakePushedRequest(ctx, keys.Hash(reference), params.Get("client_id"), m.Now())
	if storage.IsNotFound(err) || errors.Is(err, storage.ErrExpired) {
		return asked{params: params}, apierr.InvalidRequestURI.With(err)
	}
	return asked{params: p.Params, pushed: true}, err
}
