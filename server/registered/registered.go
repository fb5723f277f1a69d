// Package registered says which addresses an application may use, of those that it
// has registered: where logins and logouts lead to, and which pages may call the
// server for it. The grammar of the addresses is package callback's.
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

// Addresses are those of one application, in one request.
type Addresses struct {
	tx     *storage.Tx
	client storage.Client
	host   string
	// organization is that of the request; named says that there is one, or none, and
	// not that the request could not name any.
	organization string
	named        bool
}

// Of returns the addresses of an application for a request that was sent to a host
// and names no organization: {organization_name} stands for any that there is.
func Of(tx *storage.Tx, client storage.Client, host string) Addresses {
	return Addresses{tx: tx, client: client, host: host}
}

// OfTenant returns the addresses of the tenant itself, for a request that names no
// application.
func OfTenant(tx *storage.Tx, tenant storage.Tenant, host string) Addresses {
	return Of(tx, storage.Client{AllowedLogoutURLs: tenant.AllowedLogoutURLs}, host)
}

// In returns the addresses for a request that names an organization, by name; of one
// that could have named one and has not, the name is empty, and {organization_name}
// stands for nothing.
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

// DefaultLogout is where a logout leads that does not say: to the first URL that is
// one without anything filled in, "" for none.
func (a Addresses) DefaultLogout() string {
	for _, uri := range a.client.AllowedLogoutURLs {
		if callback.AllowedLogout([]string{uri}, uri, callback.Placeholders{}, true) {
			return uri
		}
	}
	return ""
}

// Login is where the application begins a login that others ask it for, "" for none or for
// one with a placeholder that stands for nothing, Auth0:
// authenticate/login/auth0-universal-login/configure-default-login-routes.
func (a Addresses) Login() (string, error) {
	p, err := a.placeholders("", []string{a.client.InitiateLoginURI})
	return callback.Filled(a.client.InitiateLoginURI, p), err
}

// Origin reports whether pages of an origin may call the server for the application,
// Auth0: get-started/applications/set-up-cors: the origins of callback URLs count
// without being listed.
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

// placeholders are what placeholders stand for where a registered address of some lists is to
// match uri, nothing where none of those has one. Auth0 evaluates the one for organizations only where the application
// uses organizations, and none of them for third-party applications in strict mode.
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

// metadata is that of the custom domain which the request was sent to.
func (a Addresses) metadata() (map[string]any, error) {
	name, _, err := net.SplitHostPort(a.host)
	if err != nil {
		name = a.host // without a port
	}
	domain, err := a.tx.CustomDomain(name)
	metadata, _ := domain["domain_metadata"].(map[string]any)
	return metadata, storage.Optional(err)
}

// OriginOfAny is [Addresses.Origin] for all applications of the tenant. It is for
// requests that name none, as preflights do, and looks at those alone that may list the
// origin.
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

// CheckOrigin refuses a request for an application, whose credentials it brings or
// names, from a page that is another's: what runs at one port of a machine is not to
// use the applications of the others. A request that no page of another origin made
// passes.
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
