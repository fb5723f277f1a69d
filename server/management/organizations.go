package management

import (
	"iter"
	"net/http"
	"strings"

	"github.com/tenant0/tenant0/server/objects"
	"github.com/tenant0/tenant0/server/resource"
	"github.com/tenant0/tenant0/storage"
)

// organizations serves the tenant's organizations, Auth0: api/management/v2/organizations.
//
//auth0:operation GET /api/v2/organizations
//auth0:operation POST /api/v2/organizations
//auth0:operation GET /api/v2/organizations/{id}
//auth0:operation PATCH /api/v2/organizations/{id}
//auth0:operation DELETE /api/v2/organizations/{id}
func organizations() collection {
	return collection{
		kind: objects.Organizations, path: "/organizations", scope: "organizations", verbs: "list create get patch delete", strict: true,
		scopes: map[string][]string{"list": readOrganizations, "get": readOrganizations},
		list:   listing{key: "organizations", style: flexible, check: checkShallow, search: sortOrganizations},
		show:   showOrganization,
	}
}

// readOrganizations are the scopes that allow to read organizations.
var readOrganizations = []string{"read:organizations", "read:organizations_summary"}

// sortOrganizations sorts organizations as the query asks.
func sortOrganizations(c *call, _ *storage.Tx, rows iter.Seq2[storage.Row, error]) (iter.Seq2[storage.Row, error], error) {
	return c.sorted(rows, "created_at:1", "name", "display_name")
}

// showOrganization adds the association with the application that the query parameter
// include_client_association_for names.
func showOrganization(c *call, tx *storage.Tx, doc storage.Document) (storage.Document, error) {
	client := c.query.Get("include_client_association_for")
	if client == "" {
		return doc, nil
	}
	association, err := tx.Documents(resource.OrganizationClients.Name, storage.Text(doc, "id")).Document(client)
	if storage.IsNotFound(err) {
		return doc, nil
	}
	doc["client"] = storage.Document{"use_for_member_access": association["use_for_member_access"] == true}
	return doc, err
}

// organizationAt returns an error if the organization in the path does not exist.
func organizationAt(c *call, tx *storage.Tx) error {
	return objects.Organizations.Require(tx, c.param("id"))
}

// organizationConnections serves the connections of an organization, at their current path
// and at an older one.
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
func organizationConnections() []collection {
	s := collection{
		kind: objects.OrganizationConnections, path: "/organizations/{id}/connections", parent: "id", param: "connection_id",
		verbs: "list create get patch delete", scope: "organization_connections",
		list: listing{key: "connections", filters: map[string]string{"is_enabled": "is_enabled"}},
		show: func(_ *call, tx *storage.Tx, doc storage.Document) (storage.Document, error) {
			connection, err := tx.Connections.Document(storage.Text(doc, "connection_id"))
			if err != nil {
				return nil, err
			}
			doc["connection"] = storage.Document{"name": connection["name"], "strategy": connection["strategy"]}
			return doc, nil
		},
	}
	first := s
	first.path, first.param, first.list.key = "/organizations/{id}/enabled_connections", "connectionId", "enabled_connections"
	return []collection{s, first}
}

// discoveryDomains serves the e-mail domains by which an organization is found.
//
//auth0:operation GET /api/v2/organizations/{id}/discovery-domains
//auth0:operation POST /api/v2/organizations/{id}/discovery-domains
//auth0:operation GET /api/v2/organizations/{id}/discovery-domains/{discovery_domain_id}
//auth0:operation PATCH /api/v2/organizations/{id}/discovery-domains/{discovery_domain_id}
//auth0:operation DELETE /api/v2/organizations/{id}/discovery-domains/{discovery_domain_id}
func discoveryDomains() collection {
	return collection{
		kind: objects.DiscoveryDomains, path: "/organizations/{id}/discovery-domains", parent: "id", param: "discovery_domain_id",
		verbs: "list create get patch delete", scope: "organization_discovery_domains",
		list: listing{key: "domains", style: checkpointed},
	}
}

func organizationOperations() []operation {
	clients := "/organizations/{id}/clients"
	members, roles := "/organizations/{id}/members", "/organizations/{id}/members/{user_id}/roles"
	return []operation{
		{http.MethodGet, "/organizations/name/{name}", []string{"read:organizations"}, organizationByName},
		{http.MethodGet, "/organizations/{id}/discovery-domains/name/{discovery_domain}", []string{"read:organization_discovery_domains"}, discoveryDomainByName},
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
	return c.findBy(objects.Organizations, "", "name", c.param("name"))
}

//auth0:operation GET /api/v2/organizations/{id}/discovery-domains/name/{discovery_domain}
func discoveryDomainByName(c *call) error {
	return c.findBy(objects.DiscoveryDomains, c.param("id"), "domain", strings.ToLower(c.param("discovery_domain")))
}

// findBy answers with the object of a kind and a parent whose member has a value.
func (c *call) findBy(kind *objects.Kind, parent, member, value string) error {
	return replyView(c, func(tx *storage.Tx) (storage.Document, error) {
		for doc, err := range objects.DocumentStoreOf(tx, kind.Kind, parent).All() {
			if err != nil {
				return nil, err
			}
			if storage.Text(doc, member) == value {
				return doc, nil
			}
		}
		return nil, kind.Missing
	})
}
