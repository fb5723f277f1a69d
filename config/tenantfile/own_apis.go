package tenantfile

import (
	"regexp"
	"slices"
	"strings"
)

// ownAPI matches the identifiers of a tenant's own APIs, in all spellings that configurations use: with a domain of
// Auth0's, a custom domain, a local port, or a keyword (for the domain or the whole URL) that is not replaced, with or
// without the slash at the end.
var ownAPI = regexp.MustCompile(`^(?:(?i:https?)://([^/?\s]+)/|\$\{issuer\}|(##[^#\s]+##|@@[^@\s]+@@)/?)(api/v2|me|my-org)/?$`)

// ownAPINames are the names that Auth0 gives those APIs.
var ownAPINames = []string{managementName, "Auth0 My Account API", "Auth0 My Organization API"}

// references are the members by which a configuration refers to APIs.
var references = []string{
	"tenant.default_audience",
	"clients.refresh_token.policies.audience",
	"clientGrants.audience",
	"roles.permissions.resource_server_identifier",
	"users.permissions.resource_server_identifier",
	"organizations.client_grants.audience",
	"authorizationExtension.tokenClaims.audience",
}

// OwnAPIs converts every reference to one of the tenant's own APIs to one form, with the [IssuerPlaceholder]. In an
// export they contain the domain of the exported tenant. So every identifier of this form is taken to mean the API of
// the tenant that reads the file, unless the configuration declares another API with that identifier, or known returns
// true for it. OwnAPIs changes the sections in place.
func OwnAPIs(sections Document, known func(identifier string) bool) {
	declared := map[string]bool{}
	for _, api := range documents(sections["resourceServers"]) {
		identifier := text(api, "identifier")
		if own, is := ownIdentifier(identifier); is && isOwn(api) {
			api["identifier"], api["is_system"] = own, true
			continue
		}
		declared[strings.TrimSuffix(identifier, "/")] = true
	}
	for _, reference := range references {
		section, way, _ := strings.Cut(reference, ".")
		eachText(sections[section], strings.Split(way, "."), func(identifier string) string {
			own, is := ownIdentifier(identifier)
			if !is || declared[strings.TrimSuffix(identifier, "/")] || known != nil && known(identifier) {
				return identifier
			}
			return own
		})
	}
}

// ownIdentifier returns the identifier of this tenant's API for that of another tenant's, if it is one.
func ownIdentifier(identifier string) (own string, is bool) {
	match := ownAPI.FindStringSubmatch(identifier)
	if match == nil {
		return identifier, false
	}
	return IssuerPlaceholder + match[3] + "/", true
}

// isOwn reports whether an entry with such an identifier is the tenant's own API: if an export marks it so, if it
// has Auth0's name for it, or if its domain is Auth0's.
func isOwn(api Document) bool {
	match := ownAPI.FindStringSubmatch(text(api, "identifier"))
	host := match[1] + match[2]
	return api["is_system"] == true || host != "" && slices.Contains(ownAPINames, text(api, "name")) ||
		strings.HasSuffix(strings.ToLower(host), ".auth0.com")
}

// eachText replaces the texts at the end of a path of members (way), in every entry of the lists on it.
func eachText(value any, way []string, replace func(string) string) {
	switch value := value.(type) {
	case []any:
		for _, item := range value {
			eachText(item, way, replace)
		}
	case Document:
		if len(way) > 1 {
			eachText(value[way[0]], way[1:], replace)
		} else if old, isText := value[way[0]].(string); isText {
			value[way[0]] = replace(old)
		}
	}
}
