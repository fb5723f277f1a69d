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

// ExtensionAudience is the identifier of the extension's own API. Its tokens are only
// issued to applications, not to users.
const ExtensionAudience = "urn:auth0-authz-api"

// runRule does the same as the rule that the extension publishes: it evaluates the
// extension's data, adds groups, roles and permissions to the user of the login, and
// returns an error if the user lacks the application's required role. It returns the
// user's app_metadata if it must be stored, or nil if it is unchanged.
//
// Difference from Auth0: the extension's rule uses the flags as of its last publishing;
// here changed flags take effect at once.
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

// idpGroups returns the groups that the identity provider gave the user. A string is
// split into a list; any other value than a string or a list of strings is an error,
// which fails the login.
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

// decorate adds groups, roles and permissions to the user, and to
// app_metadata.authorization, as the configuration's flags demand. It returns the
// app_metadata to store, or nil if it is unchanged.
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
	// A copy, so that the map of the caller's user is not changed.
	metadata = maps.Clone(metadata)
	if metadata == nil {
		metadata = map[string]any{}
	}
	metadata["authorization"] = authorization
	user["app_metadata"] = metadata
	return metadata
}

// requiredRoles returns an error for a user who has none of the roles in required_roles
// of the application's client_metadata. The list is split at commas, without trimming
// spaces.
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

// words converts a value to a list of strings: a list, of which only the strings are
// used, or a string with items separated by commas or white space.
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

// list returns items as a decoded JSON array.
func list(items []string) []any {
	all := make([]any, len(items))
	for i, item := range items {
		all[i] = item
	}
	return all
}

func on(flag *bool) bool { return flag != nil && *flag }
