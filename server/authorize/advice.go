package authorize

import (
	"cmp"
	"fmt"
	"net/http"
	"net/url"
	"slices"
	"strings"
	"time"

	"github.com/tenant0/tenant0/server/authz"
	"github.com/tenant0/tenant0/server/callback"
	"github.com/tenant0/tenant0/server/clock"
	"github.com/tenant0/tenant0/server/trace"
)

// noticed is the least difference from the machine's time at which a moved clock is noted in the trace:
// smaller ones are usual between machines.
const noticed = time.Minute

// advise notes in the trace of a request things that are not errors but cause confusion later: an access
// token for no API, scopes that will not be granted, a moved clock, a web_message response that Auth0
// would not send.
func (m *room) advise(r *http.Request, d *decision) {
	ctx := r.Context()
	m.Issuer.Advise(r)
	rq, client, api := d.request, d.client, cmp.Or(d.api, d.access.grant.API)
	note := func(setting, said string, about ...any) {
		trace.Note(ctx, trace.Step{Component: "authorize", Decision: fmt.Sprintf(said, about...), Setting: setting})
	}
	if api == nil && rq.Assertion == nil {
		note("the parameter audience, or default_audience of the tenant", "the request names no API, so the access token is opaque and can be used at /userinfo only")
	}
	for scope := range strings.FieldsSeq(rq.Scope) {
		switch {
		case scope == "offline_access":
			if withoutRefreshToken(client, d.identity.session) {
				note("session_transfer.allow_refresh_token of the application", "the scope offline_access brings no refresh token, because the session began with a session transfer token")
			} else if !authz.OfflineAllowed(client, api) {
				note("allow_offline_access of the API, and grant_types of the application", "the scope offline_access will bring no refresh token")
			}
		case scope == authz.OnlineAccess:
			if !authz.OnlineAllowed(client, api, false) {
				note("allow_online_access of the API, and grant_types of the application", "the scope online_access brings no refresh token")
			}
		case !slices.Contains(authz.StandardScopes(), scope) && (api == nil || !api.Defines(scope)):
			note("scopes of the API, or the parameter audience", "no API of the request defines the scope %s, so it will not be granted", scope)
		}
	}
	if ahead := m.Now().Sub(clock.Machine()); ahead.Abs() > noticed {
		note("DELETE /clock of the control listener", "the tenant's clock shows %s, which differs from the machine's clock by %s: programs that use the machine's clock may reject tokens",
			m.Now().UTC().Format(time.RFC3339), ahead.Round(time.Second))
	}
	if u, err := url.Parse(rq.RedirectURI); err == nil && rq.ResponseMode == webMessageMode && !callback.AllowedOrigin(client.WebOrigins, u.Scheme+"://"+u.Host, callback.Placeholders{}) {
		note("web_origins of the application", "Auth0 sends web messages only to the application's web_origins, and %s://%s is not one of them", u.Scheme, u.Host)
	}
	for _, step := range ignored(r.URL.Query(), d) {
		trace.Note(ctx, step)
	}
}

// notRead are parameters of Auth0's that are ignored here, and why.
var notRead = []struct{ name, why string }{
	{"access_token", "linking accounts at /authorize is not emulated"},
	{"claims", "Auth0 does not read it either"},
	{"dpop_jkt", "DPoP is not emulated"},
}

// ignored returns a step for each parameter of a request that has no effect.
func ignored(params url.Values, d *decision) (steps []trace.Step) {
	for _, p := range notRead {
		if params.Has(p.name) {
			steps = append(steps, trace.Step{Component: "authorize", Decision: "the parameter " + p.name + " is ignored: " + p.why, Setting: "the parameter " + p.name})
		}
	}
	if resource := params.Get("resource"); resource != "" && d.tenant.AudienceOf(resource) == "" {
		steps = append(steps, trace.Step{
			Component: "authorize", Decision: "the parameter resource is ignored: the tenant takes it for the audience only by its profile",
			Setting: "resource_parameter_profile of the tenant, or the parameter audience",
		})
	}
	return steps
}
