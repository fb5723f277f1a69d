package tenantfile

import (
	"encoding/json"
	"slices"
)

// Extension is the data of the Authorization Extension in the form of its own export, with the effects of its rules
// expressed as data. The order of every list matters, because results have the same order.
//
// Every record has an id, and records refer to each other by id. Users are named by user_id or, if the file leaves
// the id open, by e-mail address; a user_id need not belong to a user of the file.
type Extension struct {
	Configuration []ExtensionConfiguration `json:"configuration,omitempty"` // at most one
	Groups        []ExtensionGroup         `json:"groups,omitempty"`
	Roles         []ExtensionRole          `json:"roles,omitempty"`
	Permissions   []ExtensionPermission    `json:"permissions,omitempty"`
	ScopePolicies []ScopePolicy            `json:"scopePolicies,omitempty"`
	TokenClaims   []TokenClaims            `json:"tokenClaims,omitempty"`
}

// ExtensionConfiguration says what the extension's rule adds to the user object and to app_metadata.
type ExtensionConfiguration struct {
	ID                     string `json:"_id,omitempty"`
	APIKey                 string `json:"apikey,omitempty"`
	GroupsInToken          bool   `json:"groupsInToken,omitempty"`
	RolesInToken           bool   `json:"rolesInToken,omitempty"`
	PermissionsInToken     bool   `json:"permissionsInToken,omitempty"`
	GroupsPassthrough      bool   `json:"groupsPassthrough,omitempty"`
	RolesPassthrough       bool   `json:"rolesPassthrough,omitempty"`
	PermissionsPassthrough bool   `json:"permissionsPassthrough,omitempty"`
	PersistGroups          bool   `json:"persistGroups,omitempty"`
	PersistRoles           bool   `json:"persistRoles,omitempty"`
	PersistPermissions     bool   `json:"persistPermissions,omitempty"`
}

// ExtensionRecord is what roles and permissions have in common. Either Application or ApplicationID is set: the
// name of an application in the file, or a client id that is not in the file.
type ExtensionRecord struct {
	ID              string `json:"_id"`
	Name            string `json:"name"`
	Description     string `json:"description"`
	Application     string `json:"application,omitempty"`
	ApplicationID   string `json:"applicationId,omitempty"`
	ApplicationType string `json:"applicationType"`
}

// ExtensionPermission is a permission of one application; its name is the scope.
type ExtensionPermission struct {
	ExtensionRecord
}

// ExtensionRole is a role of one application.
type ExtensionRole struct {
	ExtensionRecord
	Permissions []string `json:"permissions,omitempty"` // ids
	Users       []string `json:"users,omitempty"`
}

// ExtensionGroup is a group of users.
type ExtensionGroup struct {
	ID          string             `json:"_id"`
	Name        string             `json:"name"`
	Description string             `json:"description"`
	Members     []string           `json:"members,omitempty"`
	Roles       []string           `json:"roles,omitempty"`  // ids
	Nested      []string           `json:"nested,omitempty"` // ids of the children
	Mappings    []ExtensionMapping `json:"mappings,omitempty"`
}

// ExtensionMapping makes the members of a group at an identity provider members of an extension group.
type ExtensionMapping struct {
	ID             string `json:"_id"`
	GroupName      string `json:"groupName"`
	ConnectionName string `json:"connectionName"`
}

// ScopePolicy makes the granted scopes of an application depend on the user's permissions.
type ScopePolicy struct {
	Application string `json:"application"`        // name
	Mode        string `json:"mode"`               // append or intersect
	Verbatim    bool   `json:"verbatim,omitempty"` // keep the requested string unchanged
}

func newExtension(section Document) *Extension {
	extension := &Extension{}
	// Values of a wrong type were already reported by the schema; the remaining values are checked anyway.
	if data, err := json.Marshal(section); err == nil {
		_ = json.Unmarshal(data, extension)
	}
	return extension
}

// Known is what records of the extension can refer to in a tenant.
type Known struct {
	Clients     map[string]string // names, by name and by client id
	APIs        []string          // identifiers
	Connections []string
	Users       []Document // user_id and email, at least of the users in People
}

// ExtensionSection is the section authorizationExtension of a tenant file, for a running tenant.
type ExtensionSection struct {
	file     *file
	sections Document // nil if the section could not be read
}

// ReadExtension reads the section and validates it against the schema, which is slow. Link returns the problems.
func ReadExtension(section Document) (*ExtensionSection, error) {
	data, err := json.Marshal(Document{"authorizationExtension": section})
	if err != nil {
		return nil, err
	}
	read := &ExtensionSection{file: &file{name: "authorizationExtension"}}
	if read.file.read(data) {
		read.sections = read.file.sections()
		read.file.validate(read.sections)
	}
	return read, nil
}

// People returns the ids and e-mail addresses by which the section refers to users, without repetitions.
func (s *ExtensionSection) People() (references []string) {
	section, _ := s.sections["authorizationExtension"].(Document)
	extension := newExtension(section)
	for _, role := range extension.Roles {
		references = append(references, role.Users...)
	}
	for _, group := range extension.Groups {
		references = append(references, group.Members...)
	}
	slices.Sort(references)
	return slices.Compact(references)
}

// Link checks the section's references against what the tenant has (known), and returns the extension with the
// issuer in place of the placeholder. If the section is wrong, the error is an [*Error].
func (s *ExtensionSection) Link(known Known, issuer string) (extension *Extension, warnings []string, err error) {
	file := *s.file // so that the section can be linked again to another Known
	file.problems, file.warnings = slices.Clone(file.problems), slices.Clone(file.warnings)
	l := &links{file: &file, clients: map[string]string{"": ""}, clientNames: map[string]bool{}, apis: map[string][]string{managementAPI: nil}, connections: map[string]bool{}}
	for reference, name := range known.Clients {
		l.clients[reference], l.clientNames[name] = name, true
	}
	for _, api := range known.APIs {
		l.apis[api] = nil
	}
	for _, name := range known.Connections {
		l.connections[name] = true
	}
	if s.sections != nil {
		sections, _ := ReplaceIssuer(s.sections, IssuerPlaceholder).(Document) // a copy
		OwnAPIs(sections, func(identifier string) bool { return slices.Contains(known.APIs, identifier) })
		extension = newTenant(sections).AuthorizationExtension
		if extension == nil {
			extension = &Extension{}
		}
		l.linkExtension(extension, known.Users)
	}
	if len(file.problems) > 0 {
		return nil, nil, &Error{Problems: sorted(file.problems)}
	}
	return extension.withIssuer(issuer), lines(file.warnings), nil
}
