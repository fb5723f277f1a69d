package tenantfile

import (
	"fmt"
	"maps"
	"regexp"
	"slices"
	"strings"

	"github.com/tenant0/tenant0/config/suggest"
)

const (
	managementAPI  = IssuerPlaceholder + "api/v2/"
	extensionAPI   = "urn:auth0-authz-api" // Auth0: Authorization Extension API Explorer
	managementName = "Auth0 Management API"
	databaseType   = "auth0" // the strategy of a database connection
)

// links holds what entries of a file can refer to.
type links struct {
	file        *file
	clients     map[string]string   // by name or client id, the reference that entries use, see clientReferences
	clientNames map[string]bool     // the references that people would use
	apis        map[string][]string // identifier -> scopes; nil for an API whose scopes the file does not list
	connections map[string]bool
	roles       map[string]bool
	// organizations are the names of the file's organizations.
	organizations map[string]bool
}

// link checks that entries refer only to what the file contains, and adds what references may leave out: see
// [Tenant]. It also runs on files with other problems, to find all of them at once.
func (f *file) link(tenant *Tenant) {
	l := &links{
		file:        f,
		clients:     map[string]string{},
		clientNames: map[string]bool{},
		apis:        map[string][]string{managementAPI: nil, extensionAPI: nil, IssuerPlaceholder + "me/": nil, IssuerPlaceholder + "my-org/": nil},
		connections: map[string]bool{},
		roles:       map[string]bool{},

		organizations: map[string]bool{},
	}
	for _, organization := range documents(tenant.Further["organizations"]) {
		l.organizations[text(organization, "name")] = true
	}
	l.collectClients(tenant.Clients)
	tenant.ResourceServers = l.collectAPIs(tenant.ResourceServers)
	if tenant.Databases == nil && tenant.Connections == nil {
		tenant.Databases = []Document{l.defaultConnection(tenant.Clients)}
	}
	l.collectConnections(tenant)
	l.collectRoles(tenant.Roles)

	l.linkSettings(tenant.Settings)
	l.linkClients(tenant.Clients)
	l.linkConnections("databases", tenant.Databases)
	l.linkConnections("connections", tenant.Connections)
	tenant.ClientGrants = l.linkClientGrants(tenant.ClientGrants)
	for i, role := range tenant.Roles {
		l.linkPermissions(role, at("roles", i))
	}
	l.linkUsers(tenant)
	l.linkProviders(tenant)
	if tenant.AuthorizationExtension != nil {
		l.linkExtension(tenant.AuthorizationExtension, tenant.Users)
	}
}

func (l *links) collectClients(clients []Document) {
	called := clientReferences(clients)
	for i, client := range clients {
		if id := text(client, "client_id"); id != "" {
			l.clients[id] = called[i]
		}
	}
	for _, name := range called { // A name takes precedence over another client's id.
		if name != "" {
			l.clients[name], l.clientNames[name] = name, true
		}
	}
}

// clientReferences returns the references that entries use for applications: the name, or the client id if several
// applications have the same name, as Auth0 allows, and all of their ids have Auth0's form. In a file that was
// written by hand, entries use names, and a name that occurs twice is a mistake.
func clientReferences(clients []Document) []string {
	named, byName := map[string]int{}, map[string]bool{}
	for _, client := range clients {
		name := text(client, "name")
		named[name]++
		byName[name] = byName[name] || !clientID.MatchString(text(client, "client_id"))
	}
	called := make([]string, len(clients))
	for i, client := range clients {
		called[i] = text(client, "name")
		if named[called[i]] > 1 && !byName[called[i]] {
			called[i] = text(client, "client_id")
		}
	}
	return called
}

// collectAPIs returns the APIs without the Management API, which exports contain and every tenant has already.
func (l *links) collectAPIs(apis []Document) (own []Document) {
	for i, api := range apis {
		identifier := text(api, "identifier")
		if identifier == managementAPI && api["is_system"] == true {
			continue
		}
		if identifier == managementAPI || text(api, "name") == managementName {
			l.file.wrong(at("resourceServers", i), "the Management API is built in and cannot be set here")
		}
		scopes := []string{}
		for _, scope := range documents(api["scopes"]) {
			scopes = append(scopes, text(scope, "value"))
		}
		if _, builtIn := ownIdentifier(identifier); api["is_system"] == true || builtIn && api["scopes"] == nil {
			scopes = nil // the scopes that Auth0 defines for it
		}
		l.apis[identifier] = scopes
		own = append(own, api)
	}
	return own
}

func (l *links) defaultConnection(clients []Document) Document {
	enabled := []any{}
	for _, reference := range clientReferences(clients) {
		enabled = append(enabled, reference)
	}
	return Document{"name": DefaultConnection, "strategy": databaseType, "enabled_clients": enabled}
}

func (l *links) collectConnections(tenant *Tenant) {
	for _, database := range tenant.Databases {
		if database["strategy"] == nil {
			database["strategy"] = databaseType
		}
	}
	for _, connection := range slices.Concat(tenant.Databases, tenant.Connections) {
		l.connections[text(connection, "name")] = true
	}
}

func (l *links) collectRoles(roles []Document) {
	for _, role := range roles {
		l.roles[text(role, "name")] = true
	}
}

// known records a problem if value is not a key of set.
func known[V any](l *links, set map[string]V, value string, path []string, singular, plural string) {
	if _, ok := set[value]; ok || value == "" {
		return
	}
	names := slices.DeleteFunc(slices.Collect(maps.Keys(set)), func(name string) bool { return name == "" }) // of an entry without one
	l.file.wrong(path, "there is no %s %q in the file; %s", singular, value, suggest.For(value, names, plural))
}

// clientID matches the client ids that Auth0 makes. An export may refer by id to applications that it left out;
// people write names.
var clientID = regexp.MustCompile(`^([A-Za-z0-9]{32}|tpc_[A-Za-z0-9]+)$`)

// client returns the name of the application that a reference means; ok is false if there is no such application.
func (l *links) client(reference string, path []string) (name string, ok bool) {
	name, ok = l.clients[reference]
	switch {
	case ok, reference == "":
	case clientID.MatchString(reference):
		l.file.warn(path, "the application with the id %s is not in the file; the reference to it was left out", reference)
	default:
		l.noClient(reference, path)
	}
	return name, ok
}

func (l *links) noClient(reference string, path []string) {
	known(l, l.clientNames, reference, path, "application", "applications")
}

func (l *links) api(identifier string, path []string) {
	known(l, l.apis, identifier, path, "API", "APIs")
}

// scopes checks that an API of the file has the scopes.
func (l *links) scopes(identifier string, scopes []any, path []string) {
	for i, scope := range scopes {
		if value, ok := scope.(string); ok {
			l.scope(identifier, value, append(slices.Clone(path), fmt.Sprint(i)))
		}
	}
}

func (l *links) scope(identifier, scope string, path []string) {
	if scopes := l.apis[identifier]; scopes != nil && scope != "" && !slices.Contains(scopes, scope) {
		l.file.wrong(path, "the API %s has no scope %q; %s", identifier, scope, suggest.For(scope, scopes, "scopes"))
	}
}

func (l *links) linkSettings(settings Document) {
	l.api(text(settings, "default_audience"), at("tenant", "default_audience"))
	known(l, l.connections, text(settings, "default_directory"), at("tenant", "default_directory"), "connection", "connections")
}

func (l *links) linkClients(clients []Document) {
	for i, client := range clients {
		refresh, _ := client["refresh_token"].(Document)
		for j, entry := range list(refresh, "policies") {
			policy, _ := entry.(Document)
			path := at("clients", i, "refresh_token", "policies", j)
			l.api(text(policy, "audience"), append(path, "audience"))
			l.scopes(text(policy, "audience"), list(policy, "scope"), append(path, "scope"))
		}
	}
}

func (l *links) linkConnections(section string, connections []Document) {
	for i, connection := range connections {
		enabled := []any{}
		for j, reference := range list(connection, "enabled_clients") {
			value, _ := reference.(string)
			if name, ok := l.client(value, at(section, i, "enabled_clients", j)); ok && !slices.Contains(enabled, any(name)) {
				enabled = append(enabled, name)
			}
		}
		if connection["enabled_clients"] != nil {
			connection["enabled_clients"] = enabled
		}
	}
}

// linkClientGrants returns the grants whose application is in the file.
func (l *links) linkClientGrants(grants []Document) []Document {
	var linked []Document
	for i, grant := range grants {
		audience := text(grant, "audience")
		l.api(audience, at("clientGrants", i, "audience"))
		l.scopes(audience, list(grant, "scope"), at("clientGrants", i, "scope"))
		if text(grant, "client_id") == "" {
			if grant["default_for"] == nil {
				l.file.wrong(at("clientGrants", i), "the key %q is missing", "client_id")
			}
			linked = append(linked, grant)
			continue
		}
		name, ok := l.client(text(grant, "client_id"), at("clientGrants", i, "client_id"))
		if !ok {
			continue
		}
		grant["client_id"] = name
		linked = append(linked, grant)
	}
	return linked
}

// linkProviders checks that each simulated provider belongs to a connection to an identity provider.
func (l *links) linkProviders(tenant *Tenant) {
	strategies := map[string]string{}
	for _, connection := range tenant.Connections {
		if strategy := text(connection, "strategy"); !slices.Contains([]string{"auth0", "email", "sms"}, strategy) {
			strategies[text(connection, "name")] = strategy
		}
	}
	seen := map[string]bool{}
	for i, provider := range tenant.SimulatedProviders {
		name, path := text(provider, "connection"), at("simulatedProviders", i, "connection")
		known(l, strategies, name, path, "connection to an identity provider", "connections to identity providers")
		if seen[name] {
			l.file.wrong(path, "the provider of %q is given twice", name)
		}
		seen[name] = true
	}
}

// linkPermissions checks the permissions of a core role or of a user.
func (l *links) linkPermissions(owner Document, path []string) {
	for i, entry := range list(owner, "permissions") {
		permission, _ := entry.(Document)
		below := append(slices.Clone(path), at("permissions", i)...)
		api := text(permission, "resource_server_identifier")
		l.api(api, append(below, "resource_server_identifier"))
		l.scope(api, text(permission, "permission_name"), append(below, "permission_name"))
	}
}

func (l *links) linkUsers(tenant *Tenant) {
	directory := text(tenant.Settings, "default_directory")
	if directory == "" && len(tenant.Databases) == 1 {
		directory = text(tenant.Databases[0], "name")
	}
	for i, user := range tenant.Users {
		path := at("users", i)
		provider, isElsewhere := elsewhere(text(user, "user_id"))
		missing := "there is neither a default_directory nor one single database"
		if user["connection"] == nil {
			user["connection"] = directory
			if isElsewhere {
				user["connection"], missing = l.onlyAt(tenant, provider), fmt.Sprintf("there is not one single connection of the strategy %q", provider)
			}
		}
		connection := text(user, "connection")
		if connection == "" {
			l.file.wrong(path, "the key %q is missing: %s", "connection", missing)
		}
		known(l, l.connections, connection, append(path, "connection"), "connection", "connections")
		identified := slices.ContainsFunc(identifiers, func(key string) bool { return text(user, key) != "" })
		if !identified && !isElsewhere {
			l.file.wrong(path, "a user needs an email, a username or a phone_number")
		}
		l.linkRoles(user, path)
		for j, entry := range list(user, "organizations") {
			organization, _ := entry.(Document)
			below := at("users", i, "organizations", j)
			known(l, l.organizations, text(organization, "name"), append(below, "name"), "organization", "organizations")
			l.linkRoles(organization, below)
		}
		l.linkPermissions(user, path)
	}
	l.file.duplicateUsers(tenant.Users)
}

// elsewhere returns the provider in a user_id, and whether it is another identity provider than the tenant's
// databases and passwordless connections: such a user may have no other identifier than the id.
func elsewhere(userID string) (provider string, is bool) {
	provider, _, whole := strings.Cut(userID, "|")
	return provider, whole && provider != databaseType && provider != "email" && provider != "sms"
}

// onlyAt returns the name of the only connection of a provider, "" if there is none or more than one.
func (l *links) onlyAt(tenant *Tenant, provider string) (name string) {
	for _, connection := range tenant.Connections {
		strategy := text(connection, "strategy")
		if strategy != provider && (provider != "ad" || strategy != "auth0-adldap") {
			continue
		}
		if name != "" {
			return ""
		}
		name = text(connection, "name")
	}
	return name
}

// linkRoles checks that the roles of a user or of a member of an organization exist.
func (l *links) linkRoles(owner Document, path []string) {
	for i, role := range list(owner, "roles") {
		value, _ := role.(string)
		known(l, l.roles, value, append(slices.Clone(path), "roles", fmt.Sprint(i)), "role", "roles")
	}
}
