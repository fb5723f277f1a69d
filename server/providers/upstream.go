package providers

import (
	"cmp"
	"net"
	"net/url"
	"slices"
	"strings"

	"github.com/tenant0/tenant0/storage"
)

// Upstream says which identity providers are talked to: "none", those at "loopback" addresses, or
// "all". The others are simulated.
type Upstream string

// Reaches reports whether a connection names its provider, at an address that may be talked to.
func (u Upstream) Reaches(c storage.Connection) bool {
	named := addresses(c)
	if len(named) == 0 || u == "none" {
		return false
	}
	return u == "all" || !slices.ContainsFunc(named, func(address string) bool { return !isLoopback(address) })
}

// addresses are those that a connection names of its provider, none where they would not do.
func addresses(c storage.Connection) (all []string) {
	names := map[string][]string{
		"oidc":   {"discovery_url", "issuer", "authorization_endpoint", "token_endpoint", "jwks_uri", "userinfo_endpoint"},
		"okta":   {"discovery_url", "issuer", "authorization_endpoint", "token_endpoint", "jwks_uri", "userinfo_endpoint"},
		"oauth2": {"authorizationURL", "tokenURL", "userinfo_endpoint"},
		"samlp":  {"signInEndpoint"}, "pingfederate": {"signInEndpoint"},
	}[c.Strategy]
	for _, name := range names {
		if address := storage.Text(c.Options, name); address != "" {
			all = append(all, address)
		}
	}
	enough := storage.Text(c.Options, "discovery_url") != "" || storage.Text(c.Options, "issuer") != "" || storage.Text(c.Options, "authorizationURL") != "" && storage.Text(c.Options, "tokenURL") != "" ||
		storage.Text(c.Options, "signInEndpoint") != "" && cmp.Or(storage.Text(c.Options, "signingCert"), storage.Text(c.Options, "cert")) != ""
	if !enough {
		return nil
	}
	return all
}

// isLoopback reports whether an address leads to this machine by what it is called. The client holds
// the address that a name comes down to against the same.
func isLoopback(address string) bool {
	u, err := url.Parse(address)
	if err != nil {
		return false
	}
	host := strings.ToLower(u.Hostname())
	ip := net.ParseIP(host)
	return host == "localhost" || strings.HasSuffix(host, ".localhost") || ip != nil && ip.IsLoopback()
}
