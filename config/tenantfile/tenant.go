package tenantfile

import (
	"encoding/json"
	"maps"
)

// DefaultConnection is the database connection of a tenant whose file lists no connections at all. Auth0 creates it
// in every tenant.
const DefaultConnection = "Username-Password-Authentication"

// Tenant is a tenant file that was read and found valid. Encoded as JSON, it is a tenant file again.
//
// Entries refer to each other by name, and every such name exists in the file: applications and connections by
// name, APIs by identifier, core roles by name. A reference to an application by client id is replaced by one by
// name. The ids, secrets and defaults of entries are left to the code that stores them.
type Tenant struct {
	Settings               Document   `json:"tenant,omitempty"`
	Clients                []Document `json:"clients,omitempty"`
	ResourceServers        []Document `json:"resourceServers,omitempty"`
	Databases              []Document `json:"databases,omitempty"`
	Connections            []Document `json:"connections,omitempty"`
	ClientGrants           []Document `json:"clientGrants,omitempty"`
	Roles                  []Document `json:"roles,omitempty"`
	Users                  []Document `json:"users,omitempty"`
	SimulatedProviders     []Document `json:"simulatedProviders,omitempty"`
	AuthorizationExtension *Extension `json:"authorizationExtension,omitempty"`

	// Further are the other sections of auth0-deploy-cli, in the form of [Configuration].
	Further Document `json:"-"`

	// Positions are the places of sections and objects in the file.
	Positions Positions `json:"-"`

	// Warnings name, with file, line and column, what the file contains and the tenant ignores.
	Warnings []string `json:"-"`
}

// MarshalJSON writes all sections.
func (t Tenant) MarshalJSON() ([]byte, error) {
	type described Tenant
	raw, err := json.Marshal(described(t))
	if err != nil || len(t.Further) == 0 {
		return raw, err
	}
	all := Document{}
	if err := json.Unmarshal(raw, &all); err != nil {
		return nil, err
	}
	maps.Copy(all, t.Further)
	return json.Marshal(all)
}

// newTenant makes a tenant of sections. It accepts sections that failed validation, so that references are checked
// even in a file with a wrong value: a value that should be a list or a map and is not counts as empty.
func newTenant(sections Document) *Tenant {
	tenant := &Tenant{
		Clients:         documents(sections["clients"]),
		ResourceServers: documents(sections["resourceServers"]),
		Databases:       documents(sections["databases"]),
		Connections:     documents(sections["connections"]),
		ClientGrants:    documents(sections["clientGrants"]),
		Roles:           documents(sections["roles"]),
		Users:           documents(sections["users"]),

		SimulatedProviders: documents(sections["simulatedProviders"]),
	}
	if settings, ok := sections["tenant"].(Document); ok && len(settings) > 0 {
		tenant.Settings = settings
	}
	if extension, ok := sections["authorizationExtension"].(Document); ok {
		tenant.AuthorizationExtension = newExtension(extension)
	}
	for name, value := range sections {
		if kind, _ := schema().section(name); kind == imported {
			if tenant.Further == nil {
				tenant.Further = Document{}
			}
			tenant.Further[name] = value
		}
	}
	return tenant
}
