package objects

import (
	"strings"

	"github.com/tenant0/tenant0/server/resource"
	"github.com/tenant0/tenant0/storage"
)

// Organizations are Auth0: api/management/v2/organizations.
var Organizations = &Kind{
	Kind: resource.Organizations,
	parts: []string{
		storage.OrganizationConnectionsKind, resource.OrganizationClients.Name, resource.OrganizationGrants.Name, storage.OrganizationMembersKind,
		resource.OrganizationInvitations.Name, resource.DiscoveryDomains.Name,
	},
	referring: []string{storage.MemberRolesKind},
	before: func(_ Collection, doc, _ storage.Document) error {
		delete(doc, "enabled_connections") // kept by themselves
		return nil
	},
	after: enableConnections, deleted: deleteOrganization,
}

// OrganizationConnections are the connections that an organization has enabled.
var OrganizationConnections = &Kind{
	Kind: resource.OrganizationConnections, Owner: Organizations, links: linkToConnection, before: checkOrganizationConnection,
}

func linkToConnection(_ string, doc storage.Document) []string {
	return []string{storage.Text(doc, "connection_id")}
}

// OrganizationClients are the applications of an organization.
var OrganizationClients = &Kind{
	Kind: resource.OrganizationClients, Owner: Organizations,
	links: func(_ string, doc storage.Document) []string { return []string{storage.Text(doc, "client_id")} },
}

// OrganizationGrants are the client grants that are assigned to an organization.
var OrganizationGrants = &Kind{
	Kind: resource.OrganizationGrants, Owner: Organizations,
	links:  func(_ string, doc storage.Document) []string { return []string{storage.Text(doc, "grant_id")} },
	before: describeOrganizationGrant,
}

// OrganizationInvitations are Auth0: api/management/v2/organizations/get-invitations. They
// are made by Invite.
var OrganizationInvitations = &Kind{Kind: resource.OrganizationInvitations, Owner: Organizations}

// DiscoveryDomains are the domains by which an organization is found.
var DiscoveryDomains = &Kind{
	Kind: resource.DiscoveryDomains, Owner: Organizations,
	before: func(o Collection, doc, old storage.Document) error {
		if old == nil {
			doc["domain"] = strings.ToLower(storage.Text(doc, "domain"))
			doc["verification_host"] = "_ss-verification." + o.Parent + "." + storage.Text(doc, "domain")
		}
		return nil
	},
}

// enableConnections adds the connections that a new organization was sent with.
func enableConnections(o Collection, doc, old storage.Document) error {
	if old != nil {
		return nil
	}
	id := storage.Text(doc, "id")
	added := PlainOf(o.Tx, resource.OrganizationConnections, id)
	added.Links = func(doc storage.Document) []string { return linkToConnection(id, doc) }
	sent, _ := o.sent["enabled_connections"].([]any)
	for _, item := range sent {
		entry, _ := item.(storage.Document)
		if err := completeAddition(o.Tx, entry); err != nil {
			return err
		}
		resource.OrganizationConnections.Fill(entry, o.Now)
		if err := added.Put(entry); err != nil {
			return err
		}
	}
	return nil
}

// checkOrganizationConnection checks a connection that an organization adds or changes.
func checkOrganizationConnection(o Collection, doc, old storage.Document) error {
	if old != nil {
		return checkSignup(doc)
	}
	if _, err := o.Store.Document(storage.Text(doc, "connection_id")); err == nil {
		return resource.OrganizationConnections.Taken
	}
	return completeAddition(o.Tx, doc)
}

// completeAddition sees that a connection that is added is there. Sign-up is for
// databases alone.
func completeAddition(tx *storage.Tx, doc storage.Document) error {
	connection, err := tx.Connections.Document(storage.Text(doc, "connection_id"))
	if storage.IsNotFound(err) {
		return resource.OrganizationConnections.Missing
	}
	if err != nil {
		return err
	}
	if _, sent := doc["is_signup_enabled"]; !sent && storage.Text(connection, "strategy") == storage.DatabaseStrategy {
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

// describeOrganizationGrant adds to a client grant that is assigned what lists are filtered
// by.
func describeOrganizationGrant(o Collection, doc, _ storage.Document) error {
	grant, err := o.Tx.ClientGrants.Document(storage.Text(doc, "grant_id"))
	if storage.IsNotFound(err) {
		return resource.ClientGrants.Missing
	}
	if err != nil {
		return err
	}
	doc["client_id"], doc["audience"] = grant["client_id"], grant["audience"]
	return nil
}

// AddOrganizationClients adds applications to an organization.
func AddOrganizationClients(ch *Change, organization string, added []storage.Document) error {
	clients, err := OrganizationClients.In(ch, organization)
	if err != nil {
		return err
	}
	for _, doc := range added {
		if err := Clients.Require(ch.Tx, storage.Text(doc, "client_id")); err != nil {
			return err
		}
		if err := clients.Put(doc); err != nil {
			return err
		}
	}
	return nil
}

// RemoveOrganizationClients takes applications out of an organization; that one is not in
// it is no error.
func RemoveOrganizationClients(tx *storage.Tx, organization string, ids []string) error {
	clients, err := OrganizationClients.Open(tx, organization)
	if err != nil {
		return err
	}
	for _, id := range ids {
		if err := clients.Delete(id); err != nil {
			return err
		}
	}
	return nil
}

// deleteOrganization removes what came of an organization that is gone.
func deleteOrganization(o Collection, doc storage.Document) error {
	id := storage.Text(doc, "id")
	if err := forgetDefaultOrganization(o.Tx, id); err != nil {
		return err
	}
	return o.Tx.ForgetOrganization(id, o.Now)
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
