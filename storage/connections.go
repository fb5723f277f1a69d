package storage

import (
	"cmp"
	"slices"

	"github.com/tenant0/tenant0/storage/table"

	"github.com/tenant0/tenant0/storage/identities"
)

// Connection is a source of users, Auth0: authenticate/identity-providers.
type Connection struct {
	ID             string   `json:"id"`
	Name           string   `json:"name"`
	Strategy       string   `json:"strategy"` // DatabaseStrategy or that of an identity provider
	EnabledClients []string `json:"enabled_clients"`
	// Domain (domain-level) makes the connection available to all third-party applications.
	Domain  bool           `json:"is_domain_connection"`
	Options map[string]any `json:"options"`
	// DisplayName and ShowAsButton say how the login page offers an organization's enterprise connection.
	DisplayName  string `json:"display_name"`
	ShowAsButton bool   `json:"show_as_button"`
	// Authentication says whether users may log in with the connection; nil means yes.
	Authentication *struct {
		Active bool `json:"active"`
	} `json:"authentication"`
	// ResourceApp says whether the connection's provider may let applications act for its users; if so, its Status
	// is "enabled".
	ResourceApp struct {
		Status string `json:"status"`
	} `json:"cross_app_access_resource_app"`
	// ConnectedAccounts says whether applications may get the tokens of the connection's provider.
	ConnectedAccounts struct {
		Active bool `json:"active"`
		// CrossAppAccess has those tokens requested with an identity assertion from the user's own directory.
		CrossAppAccess bool `json:"cross_app_access"`
	} `json:"connected_accounts"`
}

// InTokenVault reports whether applications may get the tokens of the connection's provider, Auth0:
// secure/call-apis-on-users-behalf/token-vault. An older option that says the same counts as well.
func (c Connection) InTokenVault() bool {
	before, _ := c.Options["federated_connections_access_tokens"].(map[string]any)
	return c.ConnectedAccounts.Active || before["active"] == true
}

// AssertsIdentities reports whether the connection's provider may let applications act for its users, Auth0:
// secure/call-apis-on-users-behalf/xaa.
func (c Connection) AssertsIdentities() bool { return c.ResourceApp.Status == "enabled" }

// Closed reports whether nobody may log in with the connection.
func (c Connection) Closed() bool { return c.Authentication != nil && !c.Authentication.Active }

// AtProvider reports whether users of the connection authenticate at another identity provider.
func (c Connection) AtProvider() bool { return !identities.AuthenticatedHere(c.Strategy) }

// DatabaseStrategy is the strategy of database connections, whose passwords the tenant keeps.
const DatabaseStrategy = "auth0"

// Serves reports whether the client may log users in with the connection. A first-party client needs the
// connection enabled for it. For a third-party client a domain-level connection will do, and a strict one accepts
// no other. Auth0: authenticate/identity-providers/promote-connections-to-domain-level.
func (c Connection) Serves(client Client) bool {
	enabled := slices.Contains(c.EnabledClients, client.ClientID)
	switch {
	case client.IsFirstParty:
		return enabled
	case client.Strict():
		return c.Domain
	}
	return c.Domain || enabled
}

// ConnectionsOf returns the connections that serve a client, in the order of their ids.
func (tx *Tx) ConnectionsOf(client Client) (all []Connection, err error) {
	candidates := tx.Connections.By("client", client.ClientID)
	if !client.IsFirstParty {
		candidates = tx.Connections.All()
	}
	for c, err := range candidates {
		if err != nil {
			return nil, err
		}
		if c.Serves(client) {
			all = append(all, c)
		}
	}
	return all, nil
}

var connections = table.Declare(table.Spec[Connection]{
	Name:    "connections",
	Ordered: true,
	Key:     func(c Connection) string { return c.ID },
	Indexes: []table.Index[Connection]{
		{Name: "name", Unique: true, Listed: true, Values: func(c Connection) []string { return []string{c.Name} }},
		{Name: "strategy", Listed: true, Values: func(c Connection) []string { return []string{cmp.Or(c.Strategy, "false")} }},
		{Name: "client", Values: func(c Connection) []string { return c.EnabledClients }},
	},
	Remember: true,
})

// Attribute is the value at a path in the connection's options.attributes, nil if there is none. Auth0:
// authenticate/database-connections/flexible-identifiers-and-attributes.
func (c Connection) Attribute(path ...string) any {
	at := c.Options["attributes"]
	for _, name := range path {
		doc, _ := at.(map[string]any)
		at = doc[name]
	}
	return at
}

// ByCode reports whether e-mail addresses are verified by codes instead of links.
func (c Connection) ByCode() bool { return c.Attribute("email", "verification_method") == "code" }

// Verifies reports whether sign-up requires the user to verify the "email" or "phone_number" by a code.
func (c Connection) Verifies(member string) bool {
	return c.Attribute(member, "signup", "verification", "active") == true && (member != "email" || c.ByCode())
}
