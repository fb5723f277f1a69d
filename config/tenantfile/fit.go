package tenantfile

import (
	"errors"
	"fmt"
	"slices"
	"strings"

	"github.com/santhosh-tekuri/jsonschema/v6"
	"github.com/santhosh-tekuri/jsonschema/v6/kind"
)

// HasSection reports whether a tenant file can have a section with this name.
func HasSection(section string) bool {
	is, _ := schema().section(section)
	return is == emulated || is == imported
}

// Fit removes from the sections of a tenant the members that a tenant file has no key for, scopes that their API no
// longer has, and references to an API, a connection or an application that does not exist. It returns a line for each of them, in alphabetical
// order.
func Fit(sections Document) []string {
	left := slices.Concat(withoutKeys(sections), withoutScopes(sections), withoutDefaults(sections), withoutClients(sections))
	slices.Sort(left)
	return slices.Compact(left)
}

// withoutDefaults removes the default API and the default connection if they do not exist: the settings of a tenant
// keep their names after they were deleted.
func withoutDefaults(sections Document) (left []string) {
	settings, _ := sections["tenant"].(Document)
	there := map[string]bool{extensionAPI: true}
	for section, member := range map[string]string{"resourceServers": "identifier", "databases": "name", "connections": "name"} {
		for _, item := range documents(sections[section]) {
			there[text(item, member)] = true
		}
	}
	for setting, what := range map[string]string{"default_audience": "API", "default_directory": "connection"} {
		name := text(settings, setting)
		builtIn := slices.ContainsFunc([]string{"/api/v2/", "/me/", "/my-org/"}, func(of string) bool { return strings.HasSuffix(name, of) })
		if name != "" && !there[name] && !builtIn {
			left = append(left, fmt.Sprintf("tenant.%s: there is no %s %s", setting, what, name))
			delete(settings, setting)
		}
	}
	return left
}

// withoutClients removes applications that do not exist from those that may use a connection: the Management API does
// not look.
func withoutClients(sections Document) (left []string) {
	clients := documents(sections["clients"])
	there := map[string]bool{}
	for i, reference := range clientReferences(clients) {
		there[reference], there[text(clients[i], "client_id")] = true, true
	}
	for _, section := range []string{"databases", "connections"} {
		for _, connection := range documents(sections[section]) {
			enabled, ok := connection["enabled_clients"].([]any)
			if !ok {
				continue
			}
			connection["enabled_clients"] = slices.DeleteFunc(enabled, func(client any) bool {
				gone := !there[fmt.Sprint(client)]
				if gone {
					left = append(left, fmt.Sprintf("%s: the application %v of %s does not exist", section, client, text(connection, "name")))
				}
				return gone
			})
		}
	}
	return left
}

// withoutScopes removes granted scopes that an API in the sections does not have.
func withoutScopes(sections Document) (left []string) {
	scopes := map[string]map[string]bool{}
	for _, api := range documents(sections["resourceServers"]) {
		known := map[string]bool{}
		for _, scope := range documents(api["scopes"]) {
			known[text(scope, "value")] = true
		}
		scopes[text(api, "identifier")] = known
	}
	gone := func(section, api, scope string) bool {
		known, listed := scopes[api]
		lost := listed && !known[scope]
		if lost {
			left = append(left, fmt.Sprintf("%s: %s of %s: the API has no such scope", section, scope, api))
		}
		return lost
	}
	granted := func(section string, grant Document) {
		if list, ok := grant["scope"].([]any); ok {
			grant["scope"] = slices.DeleteFunc(list, func(scope any) bool { return gone(section, text(grant, "audience"), fmt.Sprint(scope)) })
		}
	}
	for _, grant := range documents(sections["clientGrants"]) {
		granted("clientGrants", grant)
	}
	for _, client := range documents(sections["clients"]) {
		refresh, _ := client["refresh_token"].(Document)
		for _, policy := range documents(refresh["policies"]) {
			granted("clients", policy)
		}
	}
	for _, section := range []string{"roles", "users"} {
		for _, owner := range documents(sections[section]) {
			if held, ok := owner["permissions"].([]any); ok {
				owner["permissions"] = slices.DeleteFunc(held, func(item any) bool {
					permission, _ := item.(Document)
					return gone(section, text(permission, "resource_server_identifier"), text(permission, "permission_name"))
				})
			}
		}
	}
	return left
}

// withoutKeys removes the members that the schema does not know.
func withoutKeys(sections Document) (left []string) {
	var invalid *jsonschema.ValidationError
	if !errors.As(compiledSchema().Validate(sections), &invalid) {
		return nil
	}
	var visit func(*jsonschema.ValidationError)
	visit = func(e *jsonschema.ValidationError) {
		for _, cause := range e.Causes {
			visit(cause)
		}
		extra, ok := e.ErrorKind.(*kind.AdditionalProperties)
		if !ok || schema().at(e.SchemaURL)[openKeyword] == true {
			return
		}
		entry, ok := within(sections, e.InstanceLocation).(Document)
		if !ok {
			return
		}
		for _, key := range extra.Properties {
			if !isEmptyValue(entry[key]) {
				left = append(left, fmt.Sprintf("%s.%s: a tenant file has no such key", e.InstanceLocation[0], key))
			}
			delete(entry, key)
		}
	}
	visit(invalid)
	return left
}
