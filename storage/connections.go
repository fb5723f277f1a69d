package storage

import (
	"cmp"
	"slices"
)

// Connection is a source of users, Auth0: authenticate/identity-providers.
type Connection struct {
	ID             string         `json:"id"`
	Name           string         `json:"name"`
	Strategy       string         `json:"strategy"` // DatabaseStrategy or another
	EnabledClients []string       `json:"enabled_clients"`
	Options        map[string]any `json:"options"`
}

// DatabaseStrategy is the strategy of connections with passwords of their own.
const DatabaseStrategy = "auth0"

// Enabled reports whether the client may log users in with the connection.
func (c Connection) Enabled(clientID string) bool { return slices.Contains(c.EnabledClients, clientID) }

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
