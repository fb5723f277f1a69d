package tenantfile

import (
	"cmp"
	"crypto/sha256"
	"fmt"
	"maps"
	"regexp"
	"slices"
	"strings"

	"github.com/tenant0/tenant0/config/suggest"
)

// extensionLinks holds what records of the extension can refer to.
type extensionLinks struct {
	*links
	permissions, roles, groups *recordIndex
	userIDs                    map[string]bool
	emails                     map[string]int  // users with this address, in lower case
	strangers                  map[string]bool // referenced user ids that are not in the file
}

func (l *links) linkExtension(extension *Extension, users []Document) {
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
		l.file.warn(at("authorizationExtension"), "%d of its users are not in the file; their records take effect once users with these ids exist", len(e.strangers))
	}
	e.linkPolicies(extension.ScopePolicies)
	e.linkClaims(extension.TokenClaims)
}

// recordIndex finds records by id and by name.
type recordIndex struct {
	kind  string
	paths unique
	ids   map[string]bool
	names map[string]map[string][]string // application -> name -> ids; the application "" has all names
}

func newRecordIndex(kind string) *recordIndex {
	return &recordIndex{kind, unique{}, map[string]bool{}, map[string]map[string][]string{"": {}}}
}

func (r *recordIndex) add(f *file, id, name, application string, path []string) {
	r.paths.add(f, id, path, fmt.Sprintf("the %s %q, or its _id,", r.kind, name))
	r.ids[id] = true
	for _, scope := range slices.Compact([]string{"", application}) {
		if r.names[scope] == nil {
			r.names[scope] = map[string][]string{}
		}
		r.names[scope][name] = append(r.names[scope][name], id)
	}
}

// collect completes the id, the application and the description of every record.
func (e *extensionLinks) collect(extension *Extension) {
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

// application returns the application's name or client id.
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
		// The id is that of an API. The extension stores such a record, but it applies to no application.
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

// recordID returns an id in the form of a UUID (RFC 9562, version 8), always the same for the same record.
func recordID(parts ...string) string {
	sum := sha256.Sum256([]byte(strings.Join(parts, "\x00")))
	sum[6], sum[8] = sum[6]&0x0f|0x80, sum[8]&0x3f|0x80
	return fmt.Sprintf("%x-%x-%x-%x-%x", sum[:4], sum[4:6], sum[6:8], sum[8:10], sum[10:16])
}

// uuid matches the ids that the extension gives its records.
var uuid = regexp.MustCompile(`^[0-9a-f]{8}(-[0-9a-f]{4}){3}-[0-9a-f]{12}$`)

// refer turns references to records, by id or name, into ids. If an application is given, only its names count. The
// id of a record that does not exist is kept: the extension leaves such ids behind when it deletes records, and
// ignores them.
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
				suggest.For(reference, slices.Collect(maps.Keys(names)), records.kind+"s"))
		}
		ids = append(ids, found...)
	}
	return ids
}

// mapping checks a mapping's connection. In an export, whose mappings have ids, the connection may have been
// deleted.
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
