// Package registered decides which of its registered URLs an application may use: where
// logins and logouts may redirect to, and from which origins pages may call the server for
// the application. The syntax of the URLs, with their wildcards and placeholders, is that
// of package callback.
//
// Auth0: get-started/applications/application-settings and
// get-started/applications/wildcards-for-subdomains.
package registered

import (
	"errors"
	"net"
	"net/http"
	"slices"
	"strings"

	"github.com/tenant0/tenant0/server/apierr"
	"github.com/tenant0/tenant0/server/callback"
	"github.com/tenant0/tenant0/server/web"
	"github.com/tenant0/tenant0/storage"
)

// Addresses are the registered URLs of one application, for one request.
type Addresses struct {
	tx     *storage.Tx
	client storage.Client
	host   string
	// organization is the name of the request's organization. named says that it is known,
	// even if it is empty because the request names no organization; if named is false,
	// this kind of request has no way to name an organization.
	organization string
	named        bool
}

// Of returns the URLs of an application for a request to a host that has no way to name an
// organization: {organization_name} then matches the name of any existing organization.
func Of(tx *storage.Tx, client storage.Client, host string) Addresses {
	return Addresses{tx: tx, client: client, host: host}
}

// OfTenant returns the URLs of the tenant itself, for a request that names no application.
func OfTenant(tx *storage.Tx, tenant storage.Tenant, host string) Addresses {
	return Of(tx, storage.Client{AllowedLogoutURLs: tenant.AllowedLogoutURLs}, host)
}

// In returns the URLs for a request that names an organization by its name. If the request
// could have named an organization and did not, the name is empty, and URLs with
// {organization_name} match nothing.
func (a Addresses) In(organization string) Addresses {
	a.organization, a.named = organization, true
	return a
}

// Callback reports whether the response to an authorization request may go to uri.
func (a Addresses) Callback(uri string) (bool, error) {
	p, err := a.placeholders(uri, a.client.Callbacks)
	return err == nil && callback.Allowed(a.client.Callbacks, uri, p), err
}

// Logout reports whether a logout may lead to uri; see [callback.AllowedLogout].
func (a Addresses) Logout(uri string, ignoreQuery bool) (bool, error) {
	p, err := a.placeholders(uri, a.client.AllowedLogoutURLs)
	return err == nil && callback.AllowedLogout(a.client.AllowedLogoutURLs, uri, p, ignoreQuery), err
}

// DefaultLogout returns where a logout redirects to that names no returnTo: the first
// allowed logout URL that contains no wildcard and no placeholder, or "" if there is none.
func (a Addresses) DefaultLogout() string {
	for _, uri := range a.client.AllowedLogoutURLs {
		if callback.AllowedLogout([]string{uri}, uri, callback.Placeholders{}, true) {
			return uri
		}
	}
	return ""
}

// Login returns the application's login URI, where others send users to begin a login,
// Auth0: authenticate/login/auth0-universal-login/configure-default-login-routes. It is ""
// if the application has no login URI, or if a placeholder in it has no value.
func (a Addresses) Login() (string, error) {
	p, err := a.placeholders("", []string{a.client.InitiateLoginURI})
	return callback.Filled(a.client.InitiateLoginURI, p), err
}

// Origin reports whether pages of an origin may call the server for the application. The
// origins of callback URLs are allowed without being listed, Auth0:
// get-started/applications/set-up-cors.
func (a Addresses) Origin(origin string) (bool, error) {
	lists := [][]string{a.client.AllowedOrigins, a.client.WebOrigins, a.client.Callbacks}
	p, err := a.placeholders(origin, lists...)
	if err != nil {
		return false, err
	}
	for _, list := range lists {
		if callback.AllowedOrigin(list, origin, p) {
			return true, nil
		}
	}
	return false, nil
}

// placeholders returns the values of placeholders for matching uri against the registered
// URLs in lists. It returns no values, and reads nothing, if no URL has a placeholder.
// Auth0 fills in {organization_name} only for applications that use organizations, and no
// placeholder at all for third-party applications in strict mode.
func (a Addresses) placeholders(uri string, lists ...[]string) (p callback.Placeholders, err error) {
	hasOne := func(address string) bool { return strings.Contains(address, "{") }
	if !slices.ContainsFunc(lists, func(list []string) bool { return slices.ContainsFunc(list, hasOne) }) {
		return p, nil
	}
	if !a.client.IsFirstParty && a.client.ThirdPartySecurityMode == "strict" {
		return p, nil
	}
	if p.Metadata, err = a.metadata(); err != nil {
		return p, err
	}
	if usage := a.client.OrganizationUsage; usage != "allow" && usage != "require" {
		return p, nil
	}
	if a.named {
		p.Organization = a.organization
		return p, nil
	}
	organization, err := a.tx.OrganizationByName(callback.OrganizationIn(uri))
	p.Organization = organization.Name
	return p, storage.Optional(err)
}

// metadata returns the metadata of the custom domain that the request was sent to.
func (a Addresses) metadata() (map[string]any, error) {
	name, _, err := net.SplitHostPort(a.host)
	if err != nil {
		name = a.host // the host has no port
	}
	domain, err := a.tx.CustomDomain(name)
	metadata, _ := domain["domain_metadata"].(map[string]any)
	return metadata, storage.Optional(err)
}

// OriginOfAny is [Addresses.Origin] for all applications of the tenant. It is for requests
// that name no application, such as CORS preflights, and reads only the applications that
// may list the origin.
func OriginOfAny(tx *storage.Tx, host, origin string) (bool, error) {
	listed, ok := callback.Origin(origin)
	if !ok {
		return false, nil
	}
	for client, err := range tx.ClientsAt(listed) {
		if err != nil {
			return false, err
		}
		if allowed, err := Of(tx, client, host).Origin(origin); allowed || err != nil {
			return allowed, err
		}
	}
	return false, nil
}

// CheckOrigin refuses a request for an application that a page of an unregistered origin
// sends. The request names the application or carries its credentials. Without this check,
// a page served on one port of a developer's machine could use the applications of the
// pages on other ports. A request that comes from no page of another origin passes.
func CheckOrigin(tx *storage.Tx, r *http.Request, clientID string) error {
	origin := web.ForeignOrigin(r)
	if origin == "" {
		return nil
	}
	client, err := tx.Clients.Get(clientID)
	if err != nil && !errors.Is(err, storage.ErrNotFound) {
		return err
	}
	allowed, err := Of(tx, client, r.Host).Origin(origin)
	if err != nil || allowed {
		return err
	}
	return apierr.OriginNotAllowed(origin)
}
