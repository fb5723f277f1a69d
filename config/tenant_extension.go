package config

import (
	"cmp"
	"crypto/sha256"
	"encoding/json"
	"fmt"
	"maps"
	"regexp"
	"slices"
	"strings"
)

// AuthorizationExtension is the store of the Authorization Extension in the form of its own export, with what its rules
// do written down as data. The order of every list matters: it is the order of the results.
//
// Every record has an id and records refer to each other by id. Users are named by user_id or, those whose id the file
// leaves open, by e-mail address; a user_id need not be one of the file's.
type AuthorizationExtension struct {
	Configuration []ExtensionConfiguration `json:"configuration,omitempty"` // at most one
	Groups        []ExtensionGroup         `json:"groups,omitempty"`
	Roles         []ExtensionRole          `json:"roles,omitempty"`
	Permissions   []ExtensionPermission    `json:"permissions,omitempty"`
	ScopePolicies []ScopePolicy            `json:"scopePolicies,omitempty"`
	TokenClaims   []TokenClaims            `json:"tokenClaims,omitempty"`
}

// ExtensionConfiguration says what the extension's rule puts into the user object and into app_metadata.
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

// ExtensionRecord is what roles and permissions have in common. Of Application and ApplicationID one is set: the name of
// an application of the file, or a client id that is not in the file.
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

// ExtensionMapping makes members of an identity provider's group members of a group.
type ExtensionMapping struct {
	ID             string `json:"_id"`
	GroupName      string `json:"groupName"`
	ConnectionName string `json:"connectionName"`
}

// ScopePolicy makes an application's granted scopes follow the user's permissions.
type ScopePolicy struct {
	Application string `json:"application"`        // name
	Mode        string `json:"mode"`               // append or intersect
	Verbatim    bool   `json:"verbatim,omitempty"` // keep the raw string
}

func newAuthorizationExtension(section Document) *AuthorizationExtension {
	extension := &AuthorizationExtension{}
	// What does not fit the types did not fit the schema either, and was reported there; the rest is checked as it is.
	if data, err := json.Marshal(section); err == nil {
		_ = json.Unmarshal(data, extension)
	}
	return extension
}

// Known is what a tenant has that records of the extension can refer to.
type Known struct {
	Clients     map[string]string // by name and by client id, the name
	APIs        []string          // identifiers
	Connections []string
	Users       []Document // user_id and email
}

// ParseExtension reads the section authorizationExtension of a tenant file for a tenant that runs, whose issuer is put in
// place of the placeholder. A section that is wrong gives a [*TenantError].
func ParseExtension(section Document, known Known, issuer string) (extension *AuthorizationExtension, warnings []string, err error) {
	data, err := json.Marshal(Document{"authorizationExtension": section})
	if err != nil {
		return nil, nil, err
	}
	file := &tenantFile{name: "authorizationExtension"}
	l := &links{file: file, clients: map[string]string{"": ""}, clientNames: map[string]bool{}, apis: map[string][]string{managementAPI: nil}, connections: map[string]bool{}}
	for reference, name := range known.Clients {
		l.clients[reference], l.clientNames[name] = name, true
	}
	for _, api := range known.APIs {
		l.apis[api] = nil
	}
	for _, name := range known.Connections {
		l.connections[name] = true
	}
	if file.read(data) {
		sections := file.sections()
		OwnAPIs(sections, func(identifier string) bool { return slices.Contains(known.APIs, identifier) })
		file.validate(sections)
		extension = newTenant(sections).AuthorizationExtension
		if extension == nil {
			extension = &AuthorizationExtension{}
		}
		l.linkExtension(extension, known.Users)
	}
	if len(file.problems) > 0 {
		return nil, nil, &TenantError{Problems: sorted(file.problems)}
	}
	return extension.withIssuer(issuer), lines(file.warnings), nil
}

// extensionLinks is what records of the extension can refer to.
type extensionLinks struct {
	*links
	permissions, roles, groups *recordIndex
	userIDs                    map[string]bool
	emails                     map[string]int  // users with this address, in lower case
	strangers                  map[string]bool // user ids that are not in the file
}

func (l *links) linkExtension(extension *AuthorizationExtension, users []Document) {
	e := &extensionLinks{
		links:       l,
		permissions: newRecordIndex("permission"), roles: newRecordIndex("role"), groups: newRecordIndex("group"),
		userIDs: map[string]bool{}, emails: map[string]int{}, strangers: map[string]bool{},
	}
	for _, user := range users {
		e.userIDs[text(user, "user_id")] = true
		if email := text(user, "email"); email != "" {
			e.emails[strings.ToLower(email)]++
		}
	}
	e.collect(extension)
	for i := range extension.Roles {
		role, path := &extension.Roles[i], at("authorizationExtension", "roles", i)
		role.Permissions = e.refer(role.Permissions, e.permissions, role.application(), append(path, "permissions"))
		e.people(role.Users, append(path, "users"))
	}
	for i := range extension.Groups {
		group, path := &extension.Groups[i], at("authorizationExtension", "groups", i)
		group.Roles = e.refer(group.Roles, e.roles, "", append(path, "roles"))
		group.Nested = e.refer(group.Nested, e.groups, "", append(path, "nested"))
		e.people(group.Members, append(path, "members"))
		for j := range group.Mappings {
			e.mapping(&group.Mappings[j], group.ID, append(path, "mappings", fmt.Sprint(j), "connectionName"))
		}
	}
	if len(e.strangers) > 0 {
		l.file.warn(at("authorizationExtension"), "%d of its users are not in the file; the records wait for users with these ids", len(e.strangers))
	}
	e.linkPolicies(extension.ScopePolicies)
	e.linkClaims(extension.TokenClaims)
}

// recordIndex finds records by id and by name.
type recordIndex struct {
	kind  string
	paths unique
	ids   map[string]bool
	names map[string]map[string][]string // application -> name -> ids; the application "" has the names of all
}

func newRecordIndex(kind string) *recordIndex {
	return &recordIndex{kind, unique{}, map[string]bool{}, map[string]map[string][]string{"": {}}}
}

func (r *recordIndex) add(f *tenantFile, id, name, application string, path []string) {
	r.paths.add(f, id, path, fmt.Sprintf("the %s %q, or its _id,", r.kind, name))
	r.ids[id] = true
	for _, scope := range slices.Compact([]string{"", application}) {
		if r.names[scope] == nil {
			r.names[scope] = map[string][]string{}
		}
		r.names[scope][name] = append(r.names[scope][name], id)
	}
}

// collect gives every record its id, application and description.
func (e *extensionLinks) collect(extension *AuthorizationExtension) {
	for i := range extension.Permissions {
		e.complete(&extension.Permissions[i].ExtensionRecord, e.permissions, at("authorizationExtension", "permissions", i))
	}
	for i := range extension.Roles {
		e.complete(&extension.Roles[i].ExtensionRecord, e.roles, at("authorizationExtension", "roles", i))
	}
	for i := range extension.Groups {
		group := &extension.Groups[i]
		group.ID = cmp.Or(group.ID, recordID("group", group.Name))
		group.Description = cmp.Or(group.Description, group.Name)
		e.groups.add(e.file, group.ID, group.Name, "", at("authorizationExtension", "groups", i))
	}
}

// application is the name or client id that the record is for.
func (r *ExtensionRecord) application() string { return cmp.Or(r.Application, r.ApplicationID) }

func (e *extensionLinks) complete(record *ExtensionRecord, index *recordIndex, path []string) {
	key := "application"
	if record.Application == "" {
		key = "applicationId"
	}
	reference := record.application()
	name, inFile := e.clients[reference]
	switch {
	case record.Application != "" && record.ApplicationID != "":
		e.file.wrong(append(path, "applicationId"), "give application or applicationId, not both")
	case reference == "":
		e.file.wrong(path, "the key %q is missing", "application")
	case inFile:
		record.Application, record.ApplicationID = name, ""
	case record.ApplicationType == "resource_server":
		// The id is an API's. The extension keeps such a record and no application ever has it.
		record.Application, record.ApplicationID = "", reference
	case clientID.MatchString(reference):
		record.Application, record.ApplicationID = "", reference
		e.file.warn(append(path, key), "the application with the id %s is not in the file", reference)
	default:
		e.noClient(reference, append(path, key))
	}
	record.ApplicationType = cmp.Or(record.ApplicationType, "client")
	record.Description = cmp.Or(record.Description, record.Name)
	record.ID = cmp.Or(record.ID, recordID(index.kind, record.application(), record.Name))
	index.add(e.file, record.ID, record.Name, record.application(), path)
}

// recordID is an id that is always the same for the same record, in the form of a UUID (RFC 9562, version 8).
func recordID(parts ...string) string {
	sum := sha256.Sum256([]byte(strings.Join(parts, "\x00")))
	sum[6], sum[8] = sum[6]&0x0f|0x80, sum[8]&0x3f|0x80
	return fmt.Sprintf("%x-%x-%x-%x-%x", sum[:4], sum[4:6], sum[6:8], sum[8:10], sum[10:16])
}

// uuid is what the extension makes as ids of its records.
var uuid = regexp.MustCompile(`^[0-9a-f]{8}(-[0-9a-f]{4}){3}-[0-9a-f]{12}$`)

// refer turns references to records, by id or name, into ids. The names are those of one application, if one is given.
// An id that is nowhere stays: the extension leaves such ids behind when it deletes, and passes them over.
func (e *extensionLinks) refer(references []string, records *recordIndex, application string, path []string) []string {
	var ids []string
	for i, reference := range references {
		below := append(slices.Clone(path), fmt.Sprint(i))
		names := records.names[application]
		found := names[reference]
		switch {
		case records.ids[reference]:
			found = []string{reference}
		case len(found) > 1:
			e.file.wrong(below, "there are %d %ss named %q; give the _id of the one that is meant", len(found), records.kind, reference)
		case len(found) == 1:
		case uuid.MatchString(reference):
			found = []string{reference}
			e.file.warn(below, "there is no %s with the id %s; the reference does nothing", records.kind, reference)
		default:
			e.file.wrong(below, "there is no %s %q here; %s", records.kind, reference,
				suggestion(reference, slices.Collect(maps.Keys(names)), records.kind+"s"))
		}
		ids = append(ids, found...)
	}
	return ids
}

// mapping checks a mapping's connection. An export may have mappings of connections that are gone; it has ids too.
func (e *extensionLinks) mapping(mapping *ExtensionMapping, group string, path []string) {
	if mapping.ID != "" && mapping.ConnectionName != "" && !e.connections[mapping.ConnectionName] {
		e.file.warn(path, "there is no connection %q; the mapping does nothing", mapping.ConnectionName)
		return
	}
	known(e.links, e.connections, mapping.ConnectionName, path, "connection", "connections")
	mapping.ID = cmp.Or(mapping.ID, recordID("mapping", group, mapping.ConnectionName, mapping.GroupName))
}

// people checks references to users.
func (e *extensionLinks) people(references []string, path []string) {
	for i, reference := range references {
		below := append(slices.Clone(path), fmt.Sprint(i))
		switch same := e.emails[strings.ToLower(reference)]; {
		case e.userIDs[reference], same == 1:
		case same > 1:
			e.file.wrong(below, "%d users have the e-mail address %q; give the user_id of the one that is meant", same, reference)
		case strings.Contains(reference, "|"):
			e.strangers[reference] = true
		default:
			known(e.links, e.emails, reference, below, "user", "users")
		}
	}
}

func (e *extensionLinks) linkPolicies(policies []ScopePolicy) {
	once := unique{}
	for i := range policies {
		policy, path := &policies[i], at("authorizationExtension", "scopePolicies", i)
		if name, ok := e.clients[policy.Application]; ok {
			policy.Application = name
		} else {
			e.noClient(policy.Application, append(path, "application"))
		}
		once.add(e.file, policy.Application, append(path, "application"), fmt.Sprintf("the scope policy of %q", policy.Application))
		policy.Mode = cmp.Or(policy.Mode, "append")
	}
}
