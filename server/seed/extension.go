package seed

import (
	"cmp"

	"github.com/tenant0/tenant0/config"
	"github.com/tenant0/tenant0/keys"
	"github.com/tenant0/tenant0/storage"
)

func (p *Plan) planExtension(file *config.Tenant) error {
	from := file.AuthorizationExtension
	if from == nil {
		from = &config.AuthorizationExtension{}
	}
	ext := storage.Extension{}
	for _, c := range from.Configuration {
		ext.Configuration = append(ext.Configuration, extensionConfiguration(c))
	}
	for _, x := range from.Permissions {
		ext.Permissions = append(ext.Permissions, storage.ExtensionPermission{
			ID: x.ID, Name: x.Name, Description: x.Description, ApplicationType: x.ApplicationType, ApplicationID: p.application(x.ExtensionRecord),
		})
	}
	for _, x := range from.Roles {
		ext.Roles = append(ext.Roles, storage.ExtensionRole{
			ID: x.ID, Name: x.Name, Description: x.Description, ApplicationType: x.ApplicationType, ApplicationID: p.application(x.ExtensionRecord),
			Permissions: x.Permissions, Users: p.people(x.Users),
		})
	}
	for _, x := range from.Groups {
		g := storage.ExtensionGroup{
			ID: x.ID, Name: x.Name, Description: x.Description, Members: p.people(x.Members), Roles: x.Roles, Nested: x.Nested,
		}
		for _, m := range x.Mappings {
			g.Mappings = append(g.Mappings, storage.ExtensionGroupMapping(m))
		}
		ext.Groups = append(ext.Groups, g)
	}
	for _, x := range from.ScopePolicies {
		ext.ScopePolicies = append(ext.ScopePolicies, storage.ScopePolicy{
			ClientID: p.clientID(x.Application), Mode: x.Mode, Verbatim: x.Verbatim,
		})
	}
	for _, x := range from.TokenClaims {
		ext.TokenClaims = append(ext.TokenClaims, storage.TokenClaims{
			Audience: x.Audience, ClientID: p.optionalClient(x.Application),
			AccessToken: sources(x.AccessToken), IDToken: sources(x.IDToken),
		})
	}
	p.extension = ext
	return nil
}

func (p *Plan) application(r config.ExtensionRecord) string {
	return cmp.Or(r.ApplicationID, p.clientID(r.Application))
}

func (p *Plan) optionalClient(name string) string {
	if name == "" {
		return ""
	}
	return p.clientID(name)
}

// people turns e-mail addresses of the file's users into their ids.
func (p *Plan) people(users []string) []string {
	var ids []string
	for _, u := range users {
		ids = append(ids, cmp.Or(p.userIDs[emailKey(u)], u))
	}
	return ids
}

func sources(from map[string]config.ClaimSource) map[string]any {
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

func extensionConfiguration(c config.ExtensionConfiguration) storage.ExtensionConfiguration {
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
