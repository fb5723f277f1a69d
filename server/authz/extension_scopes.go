package authz

import (
	"strings"

	"github.com/tenant0/tenant0/storage"
)

// ExtensionScopes returns the scopes of the extension's own API.
func ExtensionScopes() []storage.Scope {
	crud := []string{"read", "create", "update", "delete"}
	var all []storage.Scope
	for _, resource := range []struct {
		name    string
		actions []string
	}{
		{"users", crud[:1]},
		{"applications", crud[:1]},
		{"connections", crud[:1]},
		{"configuration", []string{"read", "update"}},
		{"groups", crud},
		{"roles", crud},
		{"permissions", crud},
		{"resource-server", crud},
	} {
		for _, action := range resource.actions {
			all = append(all, storage.Scope{
				Value:       action + ":" + resource.name,
				Description: strings.ToUpper(action[:1]) + action[1:] + " " + strings.ReplaceAll(resource.name, "-", " "),
			})
		}
	}
	return all
}
