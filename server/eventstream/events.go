package eventstream

import (
	"encoding/json"
	"reflect"
	"time"

	"github.com/tenant0/tenant0/server/redact"
	"github.com/tenant0/tenant0/server/resource"
	"github.com/tenant0/tenant0/storage"
)

// event is an event of a type (kind) about a change in the tenant, Auth0: docs/events.
type event struct {
	kind             string
	object, previous storage.Document
}

// Members of the objects in events, Auth0: docs/events. Other members of stored objects are left
// out.
var (
	userMembers = []string{
		"user_id", "email", "email_verified", "username", "phone_number", "phone_verified", "created_at", "updated_at", "identities", "app_metadata",
		"user_metadata", "picture", "name", "nickname", "multifactor", "last_ip", "last_login", "logins_count", "blocked", "given_name", "family_name",
	}
	identityMembers     = []string{"connection", "user_id", "provider", "isSocial", "profileData"}
	organizationMembers = []string{"id", "name", "display_name", "metadata", "branding"}
	connectionMembers   = []string{
		"authentication", "display_name", "enabled_clients", "id", "is_domain_connection", "metadata", "name", "realms", "connected_accounts", "options",
		"show_as_button", "strategy",
	}
	enabledMembers = []string{"assign_membership_on_login", "show_as_button", "is_signup_enabled", "is_enabled", "organization_access_level"}
)

// passing are the members of a user that every login changes. A change of these alone is not an
// update event.
var passing = []string{"updated_at", "last_ip", "last_login", "logins_count"}

// wants reports whether storage.Watch should report changes of a record: records that events are
// about, event streams and deliveries.
func wants(table, key string) bool {
	if table != storage.DocumentsTable {
		return table == storage.UsersTable || table == storage.ConnectionsTable
	}
	switch kind, _ := storage.PlaceOf(key); kind {
	case storage.OrganizationsKind, storage.OrganizationMembersKind, storage.MemberRolesKind, storage.OrganizationConnectionsKind,
		resource.EventStreams.Name, deliveryKind:
		return true
	}
	return false
}

// changed is the total change of an object by a transaction.
type changed struct {
	kind, parent  string // of a document; for other records kind is the table
	before, after storage.Document
}

// read combines the changes of a transaction to one change for each object, in the order of the
// objects' first changes.
func read(changes []storage.Change) (all []changed, err error) {
	type place struct{ table, key string }
	at := map[place]int{}
	var records []storage.Change
	for _, c := range changes {
		i, known := at[place{c.Table, c.Key}]
		if known {
			records[i].After = c.After
			continue
		}
		at[place{c.Table, c.Key}] = len(records)
		records = append(records, c)
	}
	for _, r := range records {
		c := changed{kind: r.Table}
		if r.Table == storage.DocumentsTable {
			c.kind, c.parent = storage.PlaceOf(r.Key)
		}
		if c.before, err = decode(r.Table, r.Before); err != nil {
			return nil, err
		}
		if c.after, err = decode(r.Table, r.After); err != nil {
			return nil, err
		}
		if c.before != nil || c.after != nil {
			all = append(all, c)
		}
	}
	return all, nil
}

// decode decodes a stored record; nil is no record.
func decode(table string, raw []byte) (doc storage.Document, err error) {
	if raw == nil {
		return doc, nil
	}
	if table == storage.DocumentsTable {
		var entry storage.Entry
		if err := json.Unmarshal(raw, &entry); err != nil {
			return nil, err
		}
		raw = entry.Document
	}
	return doc, json.Unmarshal(raw, &doc)
}

// happened returns the events for the changes of a transaction. Records that are deleted
// together with their object have no events of their own.
func happened(tx *storage.Tx, all []changed, now time.Time) (events []event, err error) {
	gone := map[string]bool{} // users, organizations and members that are deleted
	for _, c := range all {
		if c.after != nil {
			continue
		}
		switch c.kind {
		case storage.UsersTable:
			gone[storage.Text(c.before, "user_id")] = true
		case storage.OrganizationsKind, storage.ConnectionsTable:
			gone[storage.Text(c.before, "id")] = true
		case storage.OrganizationMembersKind:
			gone[storage.MemberOf(c.parent, storage.Text(c.before, "user_id"))] = true
		}
	}
	for _, c := range all {
		e, err := c.event(tx, gone, now)
		if err != nil {
			return nil, err
		}
		if e.kind != "" {
			events = append(events, e)
		}
	}
	return events, nil
}

// event returns the event for a change, or the zero event if there is none.
func (c changed) event(tx *storage.Tx, gone map[string]bool, now time.Time) (event, error) {
	switch c.kind {
	case storage.UsersTable:
		e := c.ofObject("user", user)
		if c.after == nil {
			e.object["deleted_at"] = resource.Time(now)
		}
		return e, nil
	case storage.ConnectionsTable:
		return c.ofObject("connection", connection), nil
	case storage.OrganizationsKind:
		e := c.ofObject("organization", organization)
		if c.after == nil {
			delete(e.object, "branding")
		}
		return e, nil
	case storage.OrganizationMembersKind:
		return c.ofMember(tx, gone)
	case storage.MemberRolesKind:
		return c.ofMemberRole(tx, gone)
	case storage.OrganizationConnectionsKind:
		return c.ofOrganizationConnection(tx, gone)
	}
	return event{}, nil
}

// ofObject returns the event for a change of an object. name is the first part of the event
// type, and shown returns the object as the event contains it.
func (c changed) ofObject(name string, shown func(storage.Document) storage.Document) event {
	switch {
	case c.before == nil:
		return event{kind: name + ".created", object: shown(c.after)}
	case c.after == nil:
		return event{kind: name + ".deleted", object: shown(c.before)}
	}
	is, was := shown(c.after), shown(c.before)
	if same(is, was) {
		return event{}
	}
	return event{kind: name + ".updated", object: is, previous: was}
}

// same reports whether two states of an object are equal except for the members in passing.
func same(is, was storage.Document) bool {
	is, was = resource.Clone(is), resource.Clone(was)
	for _, name := range passing {
		delete(is, name)
		delete(was, name)
	}
	return reflect.DeepEqual(is, was)
}

// either returns the object after the change or, if it is deleted, before it.
func (c changed) either() storage.Document {
	if c.after != nil {
		return c.after
	}
	return c.before
}

// ofMember returns the event for a user who joins or leaves an organization.
func (c changed) ofMember(tx *storage.Tx, gone map[string]bool) (event, error) {
	id := storage.Text(c.either(), "user_id")
	if c.before != nil && c.after != nil || gone[id] || gone[c.parent] {
		return event{}, nil
	}
	named, err := organizationNamed(tx, c.parent)
	e := event{kind: "organization.member.added", object: storage.Document{"organization": named, "user": storage.Document{"user_id": id}}}
	if c.after == nil {
		e.kind = "organization.member.deleted"
	}
	return e, err
}

// ofMemberRole returns the event for a role that a member of an organization gets or loses.
func (c changed) ofMemberRole(tx *storage.Tx, gone map[string]bool) (event, error) {
	organization, user := storage.MemberFrom(c.parent)
	id := storage.Text(c.either(), "id")
	if c.before != nil && c.after != nil || gone[user] || gone[organization] || gone[c.parent] {
		return event{}, nil
	}
	role, err := tx.Roles.Get(id)
	if storage.IsNotFound(err) { // the role itself is deleted
		return event{}, nil
	}
	e := event{kind: "organization.member.role.assigned", object: storage.Document{
		"organization": storage.Document{"id": organization}, "user": storage.Document{"user_id": user},
		"role": storage.Document{"id": id, "name": role.Name},
	}}
	if c.after == nil {
		e.kind = "organization.member.role.deleted"
	}
	return e, err
}

// ofOrganizationConnection returns the event for a connection that is enabled, changed or
// disabled for an organization.
func (c changed) ofOrganizationConnection(tx *storage.Tx, gone map[string]bool) (event, error) {
	id := storage.Text(c.either(), "connection_id")
	if gone[id] || gone[c.parent] {
		return event{}, nil
	}
	named, err := organizationNamed(tx, c.parent)
	shown := func(doc storage.Document) storage.Document {
		object := pick(doc, enabledMembers)
		object["organization"], object["connection"] = named, storage.Document{"id": id}
		return object
	}
	e := c.ofObject("organization.connection", shown)
	switch {
	case c.before == nil:
		e.kind = "organization.connection.added"
	case c.after == nil:
		e.kind, e.object = "organization.connection.removed", storage.Document{"organization": named, "connection": storage.Document{"id": id}}
	}
	return e, err
}

func organizationNamed(tx *storage.Tx, id string) (storage.Document, error) {
	o, err := tx.Organization(id)
	return storage.Document{"id": id, "name": o.Name}, storage.Optional(err)
}

// pick returns a copy of a document with only the given members that are not null.
func pick(doc storage.Document, members []string) storage.Document {
	picked := storage.Document{}
	for _, name := range members {
		if value, has := doc[name]; has && value != nil {
			picked[name] = value
		}
	}
	return picked
}

func user(doc storage.Document) storage.Document {
	object := pick(doc, userMembers)
	identities, _ := doc["identities"].([]any)
	shown := make([]any, 0, len(identities))
	for _, identity := range identities {
		of, _ := identity.(storage.Document)
		shown = append(shown, pick(of, identityMembers))
	}
	object["identities"] = shown
	return object
}

func organization(doc storage.Document) storage.Document { return pick(doc, organizationMembers) }

// connection returns a connection as events contain it, without secrets.
func connection(doc storage.Document) storage.Document {
	object, _ := withoutMasks(resource.Connections.Redact(pick(doc, connectionMembers))).(storage.Document)
	return object
}

// withoutMasks removes the members whose values were masked as secret.
func withoutMasks(value any) any {
	switch v := value.(type) {
	case storage.Document:
		for name, item := range v {
			if item == redact.Mask {
				delete(v, name)
				continue
			}
			v[name] = withoutMasks(item)
		}
	case []any:
		for i, item := range v {
			v[i] = withoutMasks(item)
		}
	}
	return value
}
