package authz

import (
	"fmt"
	"maps"
	"reflect"
	"slices"
	"strings"
	"unicode"

	"github.com/tenant0/tenant0/storage"
)

// ExtensionAudience is the identifier of the extension's own API, which is for
// machines alone.
const ExtensionAudience = "urn:auth0-authz-api"

// runRule does what the extension's published rule does to the user of a login:
// it evaluates the store, puts groups, roles and permissions on the user and
// refuses a user without the application's required role. It returns the
// app_metadata to store, nil when it is unchanged.
//
// Differs: the original compiles the rule from the flags of the last publish
// alone; here the stored flags are the rule.
func runRule(ext storage.Extension, in Input, user storage.Document) (map[string]any, error) {
	groups, err := idpGroups(user)
	if err != nil {
		return nil, err
	}
	connection := in.Connection
	if connection == "" {
		connection = in.User.ConnectionName()
	}
	policy := Effective(ext, in.User.UserID, in.Client.ClientID, connection, groups)
	metadata := decorate(ext.Configuration[0], policy, user)
	return metadata, requiredRoles(in.Client, words(user["roles"]))
}

// idpGroups reads the groups that the identity provider gave the user. A string
// is split; what is no list of strings fails the login.
func idpGroups(user storage.Document) ([]string, error) {
	value, present := user["groups"]
	switch v := value.(type) {
	case string:
		return words(v), nil
	case []any:
		for i, item := range v {
			if _, ok := item.(string); !ok {
				return nil, errExtension(fmt.Sprintf("%q must be a string", fmt.Sprintf("groups[%d]", i)), nil)
			}
		}
		return words(v), nil
	}
	if present {
		return nil, errExtension(`"groups" must be an array`, nil)
	}
	return nil, nil
}

// decorate puts on the user, and into app_metadata.authorization, what the
// configuration asks for. It returns the app_metadata to store, nil when that is
// what the user has.
func decorate(c storage.ExtensionConfiguration, policy Policy, user storage.Document) map[string]any {
	authorization := map[string]any{}
	for _, kind := range []struct {
		name                          string
		inToken, persist, passthrough *bool
		held                          []string
	}{
		{"groups", c.GroupsInToken, c.PersistGroups, c.GroupsPassthrough, policy.Groups},
		{"roles", c.RolesInToken, c.PersistRoles, c.RolesPassthrough, policy.Roles},
		{"permissions", c.PermissionsInToken, c.PersistPermissions, c.PermissionsPassthrough, policy.Permissions},
	} {
		held := kind.held
		if on(kind.passthrough) {
			held = unique(append(words(user[kind.name]), held...))
		}
		if on(kind.inToken) {
			user[kind.name] = list(held)
		}
		if on(kind.persist) {
			authorization[kind.name] = list(held)
		}
	}
	metadata, _ := user["app_metadata"].(map[string]any)
	if len(authorization) == 0 || reflect.DeepEqual(metadata["authorization"], any(authorization)) {
		return nil
	}
	// A copy: the caller may not expect its user to change.
	metadata = maps.Clone(metadata)
	if metadata == nil {
		metadata = map[string]any{}
	}
	metadata["authorization"] = authorization
	user["app_metadata"] = metadata
	return metadata
}

// requiredRoles refuses a user who has none of the roles that the application's
// metadata asks for. The list is split at commas and not trimmed.
func requiredRoles(client storage.Client, roles []string) error {
	required, _ := client.ClientMetadata["required_roles"].(string)
	if required == "" {
		return nil
	}
	for name := range strings.SplitSeq(required, ",") {
		if slices.Contains(roles, name) {
			return nil
		}
	}
	return errRequiredRole(client.Name)
}

// words reads what an identity provider may send as a list: a list of strings,
// or a string with items between commas and white space.
func words(value any) []string {
	var found []string
	switch v := value.(type) {
	case string:
		found = strings.FieldsFunc(v, func(c rune) bool { return c == ',' || unicode.IsSpace(c) })
	case []any:
		for _, item := range v {
			if word, ok := item.(string); ok {
				found = append(found, word)
			}
		}
	}
	return found
}

// list is items as a JSON document holds them.
func list(items []string) []any {
	all := make([]any, len(items))
	for i, item := range items {
		all[i] = item
	}
	return all
}

func on(flag *bool) bool { return flag != nil && *flag }
