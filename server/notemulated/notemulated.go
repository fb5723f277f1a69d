// Package notemulated answers the endpoints of Auth0's Authentication API that no room
// serves, each by its name, so that they are told from paths that are wrong. The
// Management API does so for its own.
package notemulated

import (
	"strings"

	"github.com/tenant0/tenant0/server/apierr"
	"github.com/tenant0/tenant0/server/web"
)

// calls are what programs call, Auth0: api/authentication. They answer with JSON, also
// to pages of the tenant's applications. Of those that Auth0 has ended the ones are
// here that its documentation still explains.
var calls = []string{
	"POST /bc-authorize",
	"POST /appliance-mfa/api/enroll", "POST /appliance-mfa/api/resolve-transaction", // what the SDKs of Guardian call
	"POST /anonymous/token",
	"POST /oauth/ro", "POST /tokeninfo", "POST /delegation",
	"GET /user/geoloc/country", // Lock asks, and goes on without an answer

	// Auth0: api/myaccount.
	"GET /me/v1/consents", "GET /me/v1/consents/{id}", "GET /me/v1/organizations",
}

// visits are where browsers are sent. They answer with a page.
var visits = []string{
	"GET /continue", "POST /continue",
	"GET /co/verify",
}

// Endpoints lists them as "METHOD /path".
func Endpoints() []string { return append(append([]string{}, calls...), visits...) }

// Mount has the endpoints that are mounted nowhere else answered with 501 and their
// names. open lets pages of the tenant's applications in.
func Mount(rt, open *web.Router, pages web.Pages) {
	refuse(open, calls)
	refuse(rt.With(pages.Shape), visits)
}

func refuse(rt *web.Router, endpoints []string) {
	for _, endpoint := range endpoints {
		method, path, _ := strings.Cut(endpoint, " ")
		rt.Refuse(method, path, apierr.NotEmulated(endpoint))
	}
}
