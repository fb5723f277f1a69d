package storage

import (
	"cmp"
	"slices"
)

// Connection is a source of users, Auth0: authenticate/identity-providers.
type Connection struct {
	ID             string   `json:"id"`
	Name           string   `json:"name"`
	Strategy       string   `json:"strategy"` // DatabaseStrategy or another
	EnabledClients []string `json:"enabled_clients"`
	// Domain makes it one for all applications of third parties.
	Domain  bool           `json:"is_domain_connection"`
	Options map[string]any `json:"options"`
	// DisplayName and ShowAsButton say how the login page offers a connection to a directory of
	// an organization's.
	DisplayName  string `json:"display_name"`
	ShowAsButton bool   `json:"show_as_button"`
	// Authentication says whether people log in by the connection: nil is yes.
	Authentication *struct {
		Active bool `json:"active"`
	} `json:"authentication"`
	// ResourceApp says whether the connection's provider may have applications act for its users: its Status
	// is "enabled" then.
	ResourceApp struct {
		Status string `json:"status"`
	} `json:"cross_app_access_resource_app"`
	// ConnectedAccounts says whether applications are given tokens of the connection's provider.
	ConnectedAccounts struct {
		Active bool `json:"active"`
		// CrossAppAccess has the tokens asked for by an assertion of the user's own directory.
		CrossAppAccess bool `json:"cross_app_access"`
	} `json:"connected_accounts"`
}

// InTokenVault reports whether applications are given tokens of the connection's provider, Auth0:
// secure/call-apis-on-users-behalf/token-vault, also by the option that said so before.
func (c Connection) InTokenVault() bool {
	before, _ := c.Options["federated_connections_access_tokens"].(map[string]any)
	return c.ConnectedAccounts.Active || before["active"] == true
}

// AssertsIdentities reports whether the provider of the connection may have applications act for its users, Auth0:
// secure/call-apis-on-users-behalf/xaa.
func (c Connection) AssertsIdentities() bool { return c.ResourceApp.Status == "enabled" }

// Closed reports whether nobody may log in by the connection.
func (c Connection) Closed() bool { return c.Authentication != nil && !c.Authentication.Active }

// AtProvider reports whether those who log in by the connection do so at another identity
// provider.
func (c Connection) AtProvider() bool { return !slices.Contains(ownStrategies, c.Strategy) }

// ownStrategies are those of connections whose proofs the tenant checks itself.
var ownStrategies = []string{DatabaseStrategy, "email", "sms"}

// DatabaseStrategy is the strategy of connections with passwords of their own.
const DatabaseStrategy = "auth0"

// Serves reports whether the client may log users in with the connection: where it is enabled
// for the client, and, for clients of third parties, where it is promoted to the domain level,
// which a strict one demands. Auth0:
// authenticate/identity-providers/promote-connections-to-domain-level.
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

var connections = declare(spec[Connection]{
	name:    "connections",
	ordered: true,
	key:     func(c Connection) string { return c.ID },
	indexes: []index[Connection]{
		{name: "name", unique: true, listed: true, values: func(c Connection) []string { return []string{c.Name} }},
		{name: "strategy", listed: true, values: func(c Connection) []string { return []string{cmp.Or(c.Strategy, "false")} }},
		{name: "client", values: func(c Connection) []string { return c.EnabledClients }},
	},
	remember: true,
})

// Attribute is what a path of members of the connection's attributes leads to, nil for nothing.
// Auth0: authenticate/database-connections/flexible-identifiers-and-attributes.
func (c Connection) Attribute(path ...string) any {
	at := c.Options["attributes"]
	for _, name := range path {
		doc, _ := at.(map[string]any)
		at = doc[name]
	}
	return at
}

// ByCode reports whether e-mail addresses are proved by codes, and not by links.
func (c Connection) ByCode() bool { return c.Attribute("email", "verification_method") == "code" }

// Verifies reports whether an account's "email" or "phone_number" has to be proved at sign-up by
// a code.
func (c Connection) Verifies(member string) bool {
	return c.Attribute(member, "signup", "verification", "active") == true && (member != "email" || c.ByCode())
}
