// Package notemulated answers those endpoints of Auth0's Authentication API that tenant0
// does not implement. Each answer names its endpoint, so that a client can tell a missing
// feature from a wrong path. The Management API has its own list of such endpoints.
package notemulated

import (
	"strings"

	"github.com/tenant0/tenant0/server/apierr"
	"github.com/tenant0/tenant0/server/web"
)

// calls are the endpoints that programs call, Auth0: api/authentication. Their errors are
// JSON, and web pages of the tenant's applications may call them too. Of the endpoints
// that Auth0 has retired, the list has those that Auth0's documentation still explains.
var calls = []string{
	"POST /bc-authorize",
	"POST /appliance-mfa/api/enroll", "POST /appliance-mfa/api/resolve-transaction", // the Guardian SDKs call these
	"POST /anonymous/token",
	"POST /oauth/ro", "POST /tokeninfo", "POST /delegation", "POST /oauth/access_token", "POST /unlink", "POST /users/{id}/impersonate",
	"GET /user/geoloc/country", // Lock calls this, and works without an answer

	// Auth0: api/myaccount.
	"GET /me/v1/consents", "GET /me/v1/consents/{id}", "GET /me/v1/organizations",
}

// visits are the endpoints that browsers are redirected to. Their errors are HTML pages.
var visits = []string{
	"GET /continue", "POST /continue",
	"GET /co/verify",
}

// families are the names of whole APIs, by the beginning of their paths. Auth0: api/myorganization and
// authenticate/protocols/scim.
var families = map[string]string{"/my-org/": "The My Organization API", "/scim/v2/": "Provisioning by SCIM"}

// Endpoints lists all of these endpoints as "METHOD /path", without the families.
func Endpoints() []string { return append(append([]string{}, calls...), visits...) }

// Mount makes each of these endpoints answer with the status 501 and its name, unless something else is
// mounted at its path. Web pages of the tenant's applications may call the routes of open.
func Mount(rt, open *web.Router, pages web.Pages) {
	refuse(open, calls)
	refuse(rt.With(pages.Shape), visits)
	for prefix, name := range families {
		open.RefusePrefix(prefix, apierr.NotEmulated(name))
	}
}

func refuse(rt *web.Router, endpoints []string) {
	for _, endpoint := range endpoints {
		method, path, _ := strings.Cut(endpoint, " ")
		rt.Refuse(method, path, apierr.NotEmulated(endpoint))
	}
}
