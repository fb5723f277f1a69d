package tenantfile

import (
	"regexp"
	"slices"
	"strings"
)

// ownAPI are the identifiers that the APIs of a tenant itself have, in every spelling that configurations write: of a
// domain at Auth0, of a custom domain, of a local port, of a keyword that is not replaced, with or without the slash at
// the end.
var ownAPI = regexp.MustCompile(`^(?:https?://([^/?\s]+)/|\$\{issuer\})(api/v2|me|my-org)/?$`)

// ownAPINames are the names that Auth0 gives those APIs.
var ownAPINames = []string{managementName, "Auth0 My Account API", "Auth0 My Organization API"}

// references are where a configuration refers to an API by its identifier.
var references = []string{
	"tenant.default_audience",
	"clients.refresh_token.policies.audience",
	"clientGrants.audience",
	"roles.permissions.resource_server_identifier",
	"users.permissions.resource_server_identifier",
	"organizations.client_grants.audience",
	"authorizationExtension.tokenClaims.audience",
}

// OwnAPIs writes every reference to one of the tenant's own APIs in its one form, after the [IssuerPlaceholder]. An
// export has them with the domain of the tenant that it is of, so each identifier of their form is taken for this
// tenant's, unless the configuration declares an API with that identifier as one of its own, or known has it. It changes
// the sections that it is given.
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

// ownIdentifier is the identifier of this tenant's API in place of that of another tenant's, if it is one.
func ownIdentifier(identifier string) (own string, is bool) {
	match := ownAPI.FindStringSubmatch(identifier)
	if match == nil {
		return identifier, false
	}
	return IssuerPlaceholder + match[2] + "/", true
}

// isOwn reports whether an entry with an identifier of that form is the tenant's own API: as exports mark it, by Auth0's
// name for it, or at a domain of Auth0's.
func isOwn(api Document) bool {
	host := ownAPI.FindStringSubmatch(text(api, "identifier"))[1]
	return api["is_system"] == true || host != "" && slices.Contains(ownAPINames, text(api, "name")) ||
		strings.HasSuffix(strings.ToLower(host), ".auth0.com")
}

// eachText replaces the texts that a way of members leads to, through the entries of lists.
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
