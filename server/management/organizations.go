package management

import (
	"iter"
	"net/http"
	"strings"

	"github.com/tenant0/tenant0/server/resource"
	"github.com/tenant0/tenant0/storage"
)

// organizations is Auth0: api/management/v2/organizations.
//
//auth0:operation GET /api/v2/organizations
//auth0:operation POST /api/v2/organizations
//auth0:operation GET /api/v2/organizations/{id}
//auth0:operation PATCH /api/v2/organizations/{id}
//auth0:operation DELETE /api/v2/organizations/{id}
func organizations() served {
	return served{
		kind: resource.Organizations, path: "/organizations", scope: "organizations", verbs: "list create get patch delete", strict: true,
		keep: func(c *call, tx *storage.Tx) (store, error) { return c.plain(tx, resource.Organizations, ""), nil },
		list: listing{key: "organizations", style: flexible, search: sortOrganizations},
		show: showOrganization,
		before: func(_ *call, _ *storage.Tx, doc, _ storage.Document) error {
			delete(doc, "enabled_connections") // kept by themselves
			return nil
		},
		after:   enableConnections,
		deleted: deleteOrganization,
	}
}

// sortOrganizations puts organizations in the order that the query asks for.
func sortOrganizations(c *call, _ *storage.Tx, rows iter.Seq2[storage.Row, error]) (iter.Seq2[storage.Row, error], error) {
	return c.sorted(rows, "created_at:1", "name", "display_name")
}

// showOrganization adds what the organization is to the application that the query
// asks about.
func showOrganization(c *call, tx *storage.Tx, doc storage.Document) (storage.Document, error) {
	client := c.query.Get("include_client_association_for")
	if client == "" {
		return doc, nil
	}
	association, err := tx.Documents(organizationClientKind, text(doc, "id")).Document(client)
	if storage.IsNotFound(err) {
		return doc, nil
	}
	doc["client"] = storage.Document{"use_for_member_access": association["use_for_member_access"] == true}
	return doc, err
}

// enableConnections adds the connections that a new organization was sent with.
func enableConnections(c *call, tx *storage.Tx, doc, old storage.Document) error {
	sent, _ := c.sent["enabled_connections"].([]any)
	if old != nil {
		return nil
	}
	for _, item := range sent {
		entry, _ := item.(storage.Document)
		if err := completeAddition(tx, entry); err != nil {
			return err
		}
		resource.OrganizationConnections.Fill(entry, c.now)
		if err := c.child(tx, resource.OrganizationConnections, text(doc, "id")).Put(entry); err != nil {
			return err
		}
	}
	return nil
}

// deleteOrganization takes along all that is kept of it.
func deleteOrganization(c *call, tx *storage.Tx, doc storage.Document) error {
	id := text(doc, "id")
	if err := tx.DeleteLinked(id, storage.MemberRolesKind); err != nil {
		return err
	}
	for _, kind := range []string{
		storage.OrganizationConnectionsKind, organizationClientKind, organizationGrantKind, storage.OrganizationMembersKind,
		resource.OrganizationInvitations.Name, resource.DiscoveryDomains.Name,
	} {
		if err := tx.Documents(kind, id).DeleteAll(); err != nil {
			return err
		}
	}
	if err := forgetDefaultOrganization(tx, id); err != nil {
		return err
	}
	return tx.ForgetOrganization(id, c.now)
}

// forgetDefaultOrganization leaves applications whose requests were for an organization
// unless they said otherwise without one.
func forgetDefaultOrganization(tx *storage.Tx, id string) error {
	var named []string
	for client, err := range tx.Clients.All() {
		if err != nil {
			return err
		}
		if client.DefaultOrganization.OrganizationID == id {
			named = append(named, client.ClientID)
		}
	}
	for _, client := range named {
		doc, err := tx.Clients.Document(client)
		if err != nil {
			return err
		}
		delete(doc, "default_organization")
		if err := tx.Clients.Put(doc); err != nil {
			return err
		}
	}
	return nil
}

// organizationClientKind is the kind of an organization's applications.
const organizationClientKind = "organization-clients"

// child is where an organization's documents of a kind are; what they are named
// by leads to them.
func (c *call) child(tx *storage.Tx, kind *resource.Kind, organization string) plain {
	p := c.plain(tx, kind, organization)
	p.Links = func(doc storage.Document) []string { return []string{text(doc, kind.ID)} }
	return p
}

// organization sees that the organization of the path is there.
func (c *call) organization(tx *storage.Tx) error {
	_, err := tx.Documents(resource.Organizations.Name, "").Document(c.param("id"))
	if err != nil {
		return orMissing(err, resource.Organizations)
	}
	return nil
}

// ofOrganization is the keep of what belongs to the organization of the path.
func ofOrganization(kind *resource.Kind) func(*call, *storage.Tx) (store, error) {
	return func(c *call, tx *storage.Tx) (store, error) {
		if err := c.organization(tx); err != nil {
			return nil, err
		}
		return c.child(tx, kind, c.param("id")), nil
	}
}

// organizationConnections serves connections of an organization, at their path
// and at the one that was there first.
//
//auth0:operation GET /api/v2/organizations/{id}/connections
//auth0:operation POST /api/v2/organizations/{id}/connections
//auth0:operation GET /api/v2/organizations/{id}/connections/{connection_id}
//auth0:operation PATCH /api/v2/organizations/{id}/connections/{connection_id}
//auth0:operation DELETE /api/v2/organizations/{id}/connections/{connection_id}
//auth0:operation GET /api/v2/organizations/{id}/enabled_connections
//auth0:operation POST /api/v2/organizations/{id}/enabled_connections
//auth0:operation GET /api/v2/organizations/{id}/enabled_connections/{connectionId}
//auth0:operation PATCH /api/v2/organizations/{id}/enabled_connections/{connectionId}
//auth0:operation DELETE /api/v2/organizations/{id}/enabled_connections/{connectionId}
func organizationConnections() []served {
	s := served{
		kind: resource.OrganizationConnections, path: "/organizations/{id}/connections", param: "connectionId",
		verbs: "list create get patch delete", scope: "organization_connections",
		keep: ofOrganization(resource.OrganizationConnections),
		list: listing{key: "connections", filters: map[string]string{"is_enabled": "is_enabled"}},
		before: func(c *call, tx *storage.Tx, doc, old storage.Document) error {
			if old != nil {
				return checkSignup(doc)
			}
			_, err := tx.Documents(storage.OrganizationConnectionsKind, c.param("id")).Document(text(doc, "connection_id"))
			if err == nil {
				return resource.OrganizationConnections.Taken
			}
			return completeAddition(tx, doc)
		},
		show: func(_ *call, tx *storage.Tx, doc storage.Document) (storage.Document, error) {
			connection, err := tx.Connections.Document(text(doc, "connection_id"))
			if err != nil {
				return nil, err
			}
			doc["connection"] = storage.Document{"name": connection["name"], "strategy": connection["strategy"]}
			return doc, nil
		},
	}
	first := s
	first.path, first.list.key = "/organizations/{id}/enabled_connections", "enabled_connections"
	return []served{s, first}
}

// completeAddition sees that a connection that is added is there. Sign-up is for
// databases alone.
func completeAddition(tx *storage.Tx, doc storage.Document) error {
	connection, err := tx.Connections.Document(text(doc, "connection_id"))
	if err != nil {
		return orMissing(err, resource.OrganizationConnections)
	}
	if _, sent := doc["is_signup_enabled"]; !sent && text(connection, "strategy") == "auth0" {
		doc["is_signup_enabled"] = false
	}
	return checkSignup(doc)
}

// checkSignup sees that who signs up becomes a member.
func checkSignup(doc storage.Document) error {
	if doc["is_signup_enabled"] == true && doc["assign_membership_on_login"] != true {
		return resource.InvalidBody("Only database connections with assign_membership_on_login = true support is_signup_enabled = true.")
	}
	return nil
}

// discoveryDomains serves the domains by which an organization is found.
//
//auth0:operation GET /api/v2/organizations/{id}/discovery-domains
//auth0:operation POST /api/v2/organizations/{id}/discovery-domains
//auth0:operation GET /api/v2/organizations/{id}/discovery-domains/{discovery_domain_id}
//auth0:operation PATCH /api/v2/organizations/{id}/discovery-domains/{discovery_domain_id}
//auth0:operation DELETE /api/v2/organizations/{id}/discovery-domains/{discovery_domain_id}
func discoveryDomains() served {
	return served{
		kind: resource.DiscoveryDomains, path: "/organizations/{id}/discovery-domains", param: "discovery_domain_id",
		verbs: "list create get patch delete", strict: true, scope: "organization_discovery_domains",
		keep: ofOrganization(resource.DiscoveryDomains), list: listing{key: "domains", style: checkpointed},
		before: func(c *call, _ *storage.Tx, doc, old storage.Document) error {
			if old == nil {
				doc["domain"] = strings.ToLower(text(doc, "domain"))
				doc["verification_host"] = "_ss-verification." + c.param("id") + "." + text(doc, "domain")
			}
			return nil
		},
	}
}

func organizationOperations() []operation {
	clients := "/organizations/{id}/clients"
	members, roles := "/organizations/{id}/members", "/organizations/{id}/members/{user_id}/roles"
	return []operation{
		{http.MethodGet, "/organizations/name/{name}", []string{"read:organizations"}, organizationByName},
		{http.MethodGet, "/organizations/{id}/discovery-domains/name/{name}", []string{"read:organization_discovery_domains"}, discoveryDomainByName},
		{http.MethodPost, clients, []string{"create:organization_clients"}, addOrganizationClients},
		{http.MethodDelete, clients, []string{"delete:organization_clients"}, removeOrganizationClients},
		{http.MethodGet, "/client-grants/{id}/organizations", []string{"read:organization_client_grants"}, grantOrganizations},
		{http.MethodPost, "/organizations/{id}/invitations", []string{"create:organization_invitations"}, createInvitation},
		{http.MethodGet, members, []string{"read:organization_members"}, listMembers},
		{http.MethodPost, members, []string{"create:organization_members"}, addMembers},
		{http.MethodDelete, members, []string{"delete:organization_members"}, removeMembers},
		{http.MethodGet, roles, []string{"read:organization_member_roles"}, memberRoles},
		{http.MethodGet, "/organizations/{id}/members/{user_id}/effective-roles", []string{"read:organization_member_effective_roles"}, effectiveMemberRoles},
		{http.MethodPost, roles, []string{"create:organization_member_roles"}, addMemberRoles},
		{http.MethodDelete, roles, []string{"delete:organization_member_roles"}, removeMemberRoles},
		{http.MethodGet, "/organizations/{id}/roles/{role_id}/members", []string{"read:organization_member_roles"}, roleMembers},
		{http.MethodGet, "/users/{id}/organizations", []string{"read:organizations"}, userOrganizations},
	}
}

//auth0:operation GET /api/v2/organizations/name/{name}
func organizationByName(c *call) error {
	return c.findBy(c.plainAt(resource.Organizations, ""), "name", c.param("name"))
}

//auth0:operation GET /api/v2/organizations/{id}/discovery-domains/name/{discovery_domain}
func discoveryDomainByName(c *call) error {
	return c.findBy(c.plainAt(resource.DiscoveryDomains, c.param("id")), "domain", strings.ToLower(c.param("name")))
}

// plainAt opens the documents of a kind and parent in a transaction.
func (c *call) plainAt(kind *resource.Kind, parent string) func(*storage.Tx) plain {
	return func(tx *storage.Tx) plain { return c.plain(tx, kind, parent) }
}

// findBy answers with the document that has a value.
func (c *call) findBy(open func(*storage.Tx) plain, member, value string) error {
	var found storage.Document
	err := c.view(func(tx *storage.Tx) error {
		docs := open(tx)
		for doc, err := range docs.All() {
			if err != nil {
				return err
			}
			if text(doc, member) == value {
				found = doc
				return nil
			}
		}
		return docs.Kind.Missing
	})
	if err != nil {
		return err
	}
	return c.reply(http.StatusOK, found)
}
