package deploy

import (
	"bytes"
	"cmp"
	"encoding/json"
	"maps"
	"slices"
	"strings"

	"github.com/tenant0/tenant0/config/tenantfile"
	"github.com/tenant0/tenant0/storage"
)

// importExtension imports the section authorizationExtension of a tenant file into the
// extension's data of a tenant. A record replaces the existing one with the same id, other
// records are added, and existing records that the section does not contain are kept. An invalid
// section is a [*tenantfile.Error].
func importExtension(tx *storage.Tx, section *tenantfile.ExtensionSection, issuer string) (changes []Change, warnings []string, err error) {
	known, ids, err := knownTo(tx, section.People())
	if err != nil {
		return nil, nil, err
	}
	from, warnings, err := section.Link(known, issuer)
	if err != nil {
		return nil, nil, explained(tx, section, known, issuer, err)
	}
	ext, err := tx.Extension.Get(storage.ExtensionKey)
	if err := storage.Optional(err); err != nil {
		return nil, nil, err
	}
	more := extensionOf(from, func(name string) string { return ids.clients[name] }, func(email string) string { return ids.users[emailKey(email)] })
	application := func(id string) string { return cmp.Or(known.Clients[id], id) }
	note := func(action, name string) {
		changes = append(changes, Change{Action: action, Section: extensionSection, Name: name})
	}
	if len(ext.Configuration) > 0 && len(from.Configuration) > 0 && from.Configuration[0].APIKey == "" {
		more.Configuration[0].APIKey = ext.Configuration[0].APIKey
	}
	merge(&ext.Configuration, more.Configuration, note, func(storage.ExtensionConfiguration) (id, name string) { return "", "configuration" })
	merge(&ext.Permissions, more.Permissions, note, func(p storage.ExtensionPermission) (id, name string) { return p.ID, "permission " + p.Name })
	merge(&ext.Roles, more.Roles, note, func(r storage.ExtensionRole) (id, name string) { return r.ID, "role " + r.Name })
	merge(&ext.Groups, more.Groups, note, func(g storage.ExtensionGroup) (id, name string) { return g.ID, "group " + g.Name })
	merge(&ext.ScopePolicies, more.ScopePolicies, note, func(p storage.ScopePolicy) (id, name string) {
		return p.ClientID, "scope policy of " + application(p.ClientID)
	})
	merge(&ext.TokenClaims, more.TokenClaims, note, func(c storage.TokenClaims) (id, name string) {
		return c.Audience + "\x00" + c.ClientID, "claims for " + strings.TrimSpace(c.Audience+" "+application(c.ClientID))
	})
	return changes, warnings, tx.Extension.Put(ext)
}

// explained checks an invalid section again with all users of the tenant, so that the error can
// suggest the user that was meant.
func explained(tx *storage.Tx, section *tenantfile.ExtensionSection, known tenantfile.Known, issuer string, wrong error) error {
	var all []storage.Document
	for u, err := range tx.Users.All() {
		if err != nil {
			return err
		}
		all = append(all, storage.Document{"user_id": u.UserID, "email": u.Email})
	}
	known.Users = all // without duplicates, because an e-mail address that occurs twice is an error
	if _, _, err := section.Link(known, issuer); err != nil {
		return err
	}
	return wrong
}

// merge adds records to a list or replaces those with the same id, and calls note with the
// action for each.
func merge[T any](list *[]T, more []T, note func(action, name string), identify func(T) (id, name string)) {
	*list = slices.Clone(*list) // a stored list may be shared
	at := map[string]int{}
	for i, record := range *list {
		id, _ := identify(record)
		at[id] = i
	}
	for _, record := range more {
		id, name := identify(record)
		i, there := at[id]
		switch {
		case !there:
			at[id], *list = len(*list), append(*list, record)
			note("create", name)
		case same((*list)[i], record):
			note("unchanged", name)
		default:
			(*list)[i] = record
			note("update", name)
		}
	}
}

// same reports whether two records are equal as JSON.
func same(a, b any) bool {
	one, err := json.Marshal(a)
	other, err2 := json.Marshal(b)
	return err == nil && err2 == nil && bytes.Equal(one, other)
}

// names maps names of applications and e-mail addresses of users to ids.
type names struct{ clients, users map[string]string }

// applicationNames maps the ids of applications to the text by which records refer to them: the
// name, or the id if several applications have the same name.
func applicationNames(tx *storage.Tx) (map[string]string, error) {
	all, named := map[string]string{}, map[string]int{}
	for c, err := range tx.Clients.All() {
		if err != nil {
			return nil, err
		}
		all[c.ClientID] = c.Name
		named[c.Name]++
	}
	for id, name := range all {
		if named[name] > 1 {
			all[id] = id
		}
	}
	return all, nil
}

// knownTo returns the objects that the extension's records can refer to. Of the tenant's users,
// who may be many, it returns only those in people.
func knownTo(tx *storage.Tx, people []string) (known tenantfile.Known, ids names, err error) {
	known.Clients, ids = map[string]string{}, names{map[string]string{}, map[string]string{}}
	applications, err := applicationNames(tx)
	if err != nil {
		return known, ids, err
	}
	for id, name := range applications {
		known.Clients[name], known.Clients[id], ids.clients[name] = name, name, id
	}
	for api, err := range tx.ResourceServers.All() {
		if err != nil {
			return known, ids, err
		}
		known.APIs = append(known.APIs, api.Identifier)
	}
	for c, err := range tx.Connections.All() {
		if err != nil {
			return known, ids, err
		}
		known.Connections = append(known.Connections, c.Name)
	}
	users, err := usersCalled(tx, people)
	for _, u := range users {
		known.Users = append(known.Users, storage.Document{"user_id": u.UserID, "email": u.Email})
		if u.Email != "" {
			ids.users[emailKey(u.Email)] = u.UserID
		}
	}
	return known, ids, err
}

// usersCalled returns the users with the given ids or e-mail addresses, ordered by id. For an
// address these are all users who have it.
func usersCalled(tx *storage.Tx, references []string) ([]storage.User, error) {
	called := map[string]storage.User{}
	for _, reference := range references {
		ids, _, err := tx.UsersWith("email", emailKey(reference))
		if err != nil {
			return nil, err
		}
		for _, id := range append(ids, reference) {
			user, err := tx.Users.Get(id)
			if storage.IsNotFound(err) {
				continue
			}
			if err != nil {
				return nil, err
			}
			called[id] = user
		}
	}
	users := slices.Collect(maps.Values(called))
	slices.SortFunc(users, func(a, b storage.User) int { return strings.Compare(a.UserID, b.UserID) })
	return users, nil
}

// exportExtension returns the extension's data as the section authorizationExtension of a tenant
// file, or nil if it is empty. The API key is not included.
func exportExtension(tx *storage.Tx) (*tenantfile.Extension, error) {
	ext, err := tx.Extension.Get(storage.ExtensionKey)
	if err != nil || len(ext.Configuration)+len(ext.Permissions)+len(ext.Roles)+len(ext.Groups)+len(ext.ScopePolicies)+len(ext.TokenClaims) == 0 {
		return nil, storage.Optional(err)
	}
	applications, err := applicationNames(tx)
	if err != nil {
		return nil, err
	}
	out := &tenantfile.Extension{}
	for _, c := range ext.Configuration {
		out.Configuration = append(out.Configuration, shownConfiguration(c))
	}
	record := func(id, name, description, kind, clientID string) tenantfile.ExtensionRecord {
		r := tenantfile.ExtensionRecord{ID: id, Name: name, Description: description, ApplicationType: kind, Application: applications[clientID]}
		if r.Application == "" {
			r.ApplicationID = clientID
		}
		return r
	}
	for _, p := range ext.Permissions {
		out.Permissions = append(out.Permissions, tenantfile.ExtensionPermission{
			ExtensionRecord: record(p.ID, p.Name, p.Description, p.ApplicationType, p.ApplicationID),
		})
	}
	for _, r := range ext.Roles {
		out.Roles = append(out.Roles, tenantfile.ExtensionRole{
			ExtensionRecord: record(r.ID, r.Name, r.Description, r.ApplicationType, r.ApplicationID), Permissions: r.Permissions, Users: r.Users,
		})
	}
	for _, g := range ext.Groups {
		group := tenantfile.ExtensionGroup{ID: g.ID, Name: g.Name, Description: g.Description, Members: g.Members, Roles: g.Roles, Nested: g.Nested}
		for _, m := range g.Mappings {
			group.Mappings = append(group.Mappings, tenantfile.ExtensionMapping(m))
		}
		out.Groups = append(out.Groups, group)
	}
	for _, p := range ext.ScopePolicies {
		out.ScopePolicies = append(out.ScopePolicies, tenantfile.ScopePolicy{Application: cmp.Or(applications[p.ClientID], p.ClientID), Mode: p.Mode, Verbatim: p.Verbatim})
	}
	for _, c := range ext.TokenClaims {
		out.TokenClaims = append(out.TokenClaims, tenantfile.TokenClaims{
			Audience: c.Audience, Application: cmp.Or(applications[c.ClientID], c.ClientID),
			AccessToken: claimSources(c.AccessToken), IDToken: claimSources(c.IDToken),
		})
	}
	return out, nil
}

// claimSources is the inverse of sources.
func claimSources(from map[string]any) map[string]tenantfile.ClaimSource {
	if len(from) == 0 {
		return nil
	}
	to := map[string]tenantfile.ClaimSource{}
	for name, source := range from {
		switch s := source.(type) {
		case string:
			to[name] = tenantfile.ClaimSource{Path: s}
		case map[string]any:
			to[name] = tenantfile.ClaimSource{Value: s["value"]}
		}
	}
	return to
}

func shownConfiguration(c storage.ExtensionConfiguration) tenantfile.ExtensionConfiguration {
	on := func(flag *bool) bool { return flag != nil && *flag }
	return tenantfile.ExtensionConfiguration{
		ID:            c.ID,
		GroupsInToken: on(c.GroupsInToken), RolesInToken: on(c.RolesInToken), PermissionsInToken: on(c.PermissionsInToken),
		GroupsPassthrough: on(c.GroupsPassthrough), RolesPassthrough: on(c.RolesPassthrough), PermissionsPassthrough: on(c.PermissionsPassthrough),
		PersistGroups: on(c.PersistGroups), PersistRoles: on(c.PersistRoles), PersistPermissions: on(c.PersistPermissions),
	}
}
