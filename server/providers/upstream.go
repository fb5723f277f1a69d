package providers

import (
	"cmp"
	"slices"

	"github.com/tenant0/tenant0/server/outside"
	"github.com/tenant0/tenant0/storage"
)

// Reaches reports whether a connection names a real provider and requests may go to all of its
// URLs. The providers of all other connections are simulated.
func Reaches(reach outside.Reach, c storage.Connection) bool {
	named := addresses(c)
	return len(named) > 0 && !slices.ContainsFunc(named, func(address string) bool { return !reach.Allows(address) })
}

// addresses returns the URLs that a connection names for its provider, or none if they are not
// enough for a login.
func addresses(c storage.Connection) (all []string) {
	names := map[string][]string{
		"oidc":   {"discovery_url", "issuer", "authorization_endpoint", "token_endpoint", "jwks_uri", "userinfo_endpoint"},
		"okta":   {"discovery_url", "issuer", "authorization_endpoint", "token_endpoint", "jwks_uri", "userinfo_endpoint"},
		"oauth2": {"authorizationURL", "tokenURL", "userinfo_endpoint"},
		"samlp":  {"signInEndpoint"}, "pingfederate": {"signInEndpoint"}, "adfs": {"signInEndpoint"},
	}[c.Strategy]
	for _, name := range names {
		if address := storage.Text(c.Options, name); address != "" {
			all = append(all, address)
		}
	}
	thumbprints, _ := c.Options["thumbprints"].([]any)
	enough := c.Strategy == "adfs" && storage.Text(c.Options, "signInEndpoint") != "" && len(thumbprints) > 0 || storage.Text(c.Options, "discovery_url") != "" || storage.Text(c.Options, "issuer") != "" || storage.Text(c.Options, "authorizationURL") != "" && storage.Text(c.Options, "tokenURL") != "" ||
		storage.Text(c.Options, "signInEndpoint") != "" && cmp.Or(storage.Text(c.Options, "signingCert"), storage.Text(c.Options, "cert")) != ""
	if !enough {
		return nil
	}
	return all
}
