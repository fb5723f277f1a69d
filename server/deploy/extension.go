package deploy

import (
	"cmp"

	"github.com/tenant0/tenant0/config/tenantfile"
	"github.com/tenant0/tenant0/keys"
	"github.com/tenant0/tenant0/storage"
)

// seedExtension stores the Authorization Extension's section of a tenant file in an empty
// tenant. If section is nil, it stores empty data. users maps e-mail addresses (see
// emailKey) to user ids.
func seedExtension(tx *storage.Tx, section *tenantfile.Extension, users map[string]string) error {
	if section == nil {
		return tx.Extension.Put(storage.Extension{})
	}
	applications, err := applicationNames(tx)
	if err != nil {
		return err
	}
	ids := map[string]string{}
	for id, name := range applications {
		ids[name] = id
	}
	client := func(name string) string { return cmp.Or(ids[name], name) }
	return tx.Extension.Put(extensionOf(section, client, func(user string) string { return users[emailKey(user)] }))
}

// extensionOf converts a section, in which references are names, to the extension's data.
// client and user return the id for the name of an application and for an e-mail address,
// or "" if it is unknown.
func extensionOf(from *tenantfile.Extension, client, user func(string) string) storage.Extension {
	ext := storage.Extension{}
	for _, c := range from.Configuration {
		ext.Configuration = append(ext.Configuration, extensionConfiguration(c))
	}
	application := func(r tenantfile.ExtensionRecord) string { return cmp.Or(r.ApplicationID, client(r.Application)) }
	for _, x := range from.Permissions {
		ext.Permissions = append(ext.Permissions, storage.ExtensionPermission{
			ID: x.ID, Name: x.Name, Description: x.Description, ApplicationType: x.ApplicationType, ApplicationID: application(x.ExtensionRecord),
		})
	}
	people := func(references []string) (ids []string) {
		for _, reference := range references {
			ids = append(ids, cmp.Or(user(reference), reference))
		}
		return ids
	}
	for _, x := range from.Roles {
		ext.Roles = append(ext.Roles, storage.ExtensionRole{
			ID: x.ID, Name: x.Name, Description: x.Description, ApplicationType: x.ApplicationType, ApplicationID: application(x.ExtensionRecord),
			Permissions: x.Permissions, Users: people(x.Users),
		})
	}
	for _, x := range from.Groups {
		g := storage.ExtensionGroup{
			ID: x.ID, Name: x.Name, Description: x.Description, Members: people(x.Members), Roles: x.Roles, Nested: x.Nested,
		}
		for _, m := range x.Mappings {
			g.Mappings = append(g.Mappings, storage.ExtensionGroupMapping(m))
		}
		ext.Groups = append(ext.Groups, g)
	}
	for _, x := range from.ScopePolicies {
		ext.ScopePolicies = append(ext.ScopePolicies, storage.ScopePolicy{ClientID: client(x.Application), Mode: x.Mode, Verbatim: x.Verbatim})
	}
	for _, x := range from.TokenClaims {
		claims := storage.TokenClaims{Audience: x.Audience, AccessToken: sources(x.AccessToken), IDToken: sources(x.IDToken)}
		if x.Application != "" {
			claims.ClientID = client(x.Application)
		}
		ext.TokenClaims = append(ext.TokenClaims, claims)
	}
	return ext
}

func sources(from map[string]tenantfile.ClaimSource) map[string]any {
	to := map[string]any{}
	for name, s := range from {
		if s.Path != "" {
			to[name] = s.Path
		} else {
			to[name] = map[string]any{"value": s.Value}
		}
	}
	return to
}

func extensionConfiguration(c tenantfile.ExtensionConfiguration) storage.ExtensionConfiguration {
	on := func(b bool) *bool {
		if !b {
			return nil
		}
		return &b
	}
	return storage.ExtensionConfiguration{
		ID: cmp.Or(c.ID, "v1"), APIKey: cmp.Or(c.APIKey, keys.Random(48)),
		GroupsInToken: on(c.GroupsInToken), RolesInToken: on(c.RolesInToken), PermissionsInToken: on(c.PermissionsInToken),
		GroupsPassthrough: on(c.GroupsPassthrough), RolesPassthrough: on(c.RolesPassthrough), PermissionsPassthrough: on(c.PermissionsPassthrough),
		PersistGroups: on(c.PersistGroups), PersistRoles: on(c.PersistRoles), PersistPermissions: on(c.PersistPermissions),
	}
}
