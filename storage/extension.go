package storage

import (
	"encoding/json"

	"github.com/tenant0/tenant0/storage/table"
)

// ExtensionKey is the key of the one record of the Authorization Extension.
const ExtensionKey = "v1"

// Extension is the Authorization Extension's data. As in the original it is one
// document of ordered collections; a nil collection was never written.
type Extension struct {
	Configuration []ExtensionConfiguration `json:"configuration,omitzero"`
	Permissions   []ExtensionPermission    `json:"permissions,omitzero"`
	Roles         []ExtensionRole          `json:"roles,omitzero"`
	Groups        []ExtensionGroup         `json:"groups,omitzero"`
	// Applications and Rules are collections of the extension's first version,
	// kept for export and used by nothing.
	Applications []json.RawMessage `json:"applications,omitzero"`
	Rules        []json.RawMessage `json:"rules,omitzero"`

	ScopePolicies []ScopePolicy `json:"scope_policies,omitempty"`
	TokenClaims   []TokenClaims `json:"token_claims,omitempty"`
}

// ExtensionConfiguration says what the extension's rule adds to tokens and
// stores in profiles.
type ExtensionConfiguration struct {
	ID                     string `json:"_id"`
	APIKey                 string `json:"apikey,omitempty"`
	GroupsInToken          *bool  `json:"groupsInToken,omitempty"`
	RolesInToken           *bool  `json:"rolesInToken,omitempty"`
	PermissionsInToken     *bool  `json:"permissionsInToken,omitempty"`
	PersistGroups          *bool  `json:"persistGroups,omitempty"`
	PersistRoles           *bool  `json:"persistRoles,omitempty"`
	PersistPermissions     *bool  `json:"persistPermissions,omitempty"`
	GroupsPassthrough      *bool  `json:"groupsPassthrough,omitempty"`
	RolesPassthrough       *bool  `json:"rolesPassthrough,omitempty"`
	PermissionsPassthrough *bool  `json:"permissionsPassthrough,omitempty"`
}

// ExtensionPermission is a permission of one application.
type ExtensionPermission struct {
	ID              string `json:"_id"`
	Name            string `json:"name"`
	Description     string `json:"description"`
	ApplicationType string `json:"applicationType"`
	ApplicationID   string `json:"applicationId"`
}

// ExtensionRole is a role of one application: its permissions and the users who
// hold it directly.
type ExtensionRole struct {
	ID              string   `json:"_id"`
	Name            string   `json:"name"`
	Description     string   `json:"description"`
	ApplicationType string   `json:"applicationType"`
	ApplicationID   string   `json:"applicationId"`
	Permissions     []string `json:"permissions,omitzero"`
	Users           []string `json:"users,omitzero"`
}

// ExtensionGroup is a group of users. Nested lists its children, whose members
// are members of it as well.
type ExtensionGroup struct {
	ID          string                  `json:"_id"`
	Name        string                  `json:"name"`
	Description string                  `json:"description"`
	Members     []string                `json:"members,omitzero"`
	Roles       []string                `json:"roles,omitzero"`
	Nested      []string                `json:"nested,omitzero"`
	Mappings    []ExtensionGroupMapping `json:"mappings,omitzero"`
}

// ExtensionGroupMapping makes users members who have a group at a connection.
type ExtensionGroupMapping struct {
	ID             string `json:"_id"`
	GroupName      string `json:"groupName"`
	ConnectionName string `json:"connectionName"`
}

// ScopePolicy turns the scope rule on for an application.
type ScopePolicy struct {
	ClientID string `json:"client_id"`
	Mode     string `json:"mode"` // append, intersect
	Verbatim bool   `json:"verbatim,omitempty"`
}

// TokenClaims adds claims to tokens. It maps the name of a claim to the path of
// its value, or to an object {"value": ...}.
type TokenClaims struct {
	Audience    string         `json:"audience,omitempty"`
	ClientID    string         `json:"client_id,omitempty"`
	AccessToken map[string]any `json:"access_token,omitempty"`
	IDToken     map[string]any `json:"id_token,omitempty"`
}

var extensions = table.Declare(table.Spec[Extension]{
	Name:     "extension",
	Key:      func(Extension) string { return ExtensionKey },
	Remember: true,
})
