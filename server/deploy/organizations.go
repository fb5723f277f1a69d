package deploy

import (
	"cmp"
	"maps"
	"slices"

	"github.com/tenant0/tenant0/server/resource"
	"github.com/tenant0/tenant0/storage"
)

// importOrganizationParts imports the connections, domains, applications, client grants
// and invitations of an organization.
func importOrganizationParts(im *importer, id string, item storage.Document) error {
	for _, part := range []func(organization string, item storage.Document) error{
		im.organizationConnections, im.organizationDomains, im.organizationClients, im.organizationGrants, im.invitations,
	} {
		if err := part(id, item); err != nil {
			return err
		}
	}
	return nil
}

func (im *importer) organizationConnections(organization string, item storage.Document) error {
	there, err := im.objects.List(at("/organizations/{id}/enabled_connections", organization))
	if err != nil {
		return err
	}
	for _, c := range ItemsOf(item["connections"]) {
		connectionID, err := im.id("/connections", cmp.Or(storage.Text(c, "name"), storage.Text(c, "connection_id")), "id")
		if err != nil {
			return err
		}
		body := maps.Clone(c)
		delete(body, "name")
		delete(body, "connection")
		delete(body, "connection_id")
		write, p := Objects.Change, at("/organizations/{id}/enabled_connections/{connectionId}", organization, connectionID)
		if !slices.ContainsFunc(there, func(e storage.Document) bool { return e["connection_id"] == connectionID }) {
			write, p = created, at("/organizations/{id}/enabled_connections", organization)
			body["connection_id"] = connectionID
		}
		if _, err := write(im.objects, p, body); err != nil {
			return inObject(storage.Text(c, "name"), err)
		}
	}
	return nil
}

func (im *importer) organizationDomains(organization string, item storage.Document) error {
	there, err := im.objects.List(at("/organizations/{id}/discovery-domains", organization))
	if err != nil {
		return err
	}
	for _, d := range ItemsOf(item["discovery_domains"]) {
		if slices.ContainsFunc(there, func(had storage.Document) bool { return had["domain"] == d["domain"] }) {
			continue
		}
		if _, err := im.create(at("/organizations/{id}/discovery-domains", organization), sendable(d, resource.DiscoveryDomains, resource.ReadOnly)); err != nil {
			return inObject(storage.Text(d, "domain"), err)
		}
	}
	return nil
}

func (im *importer) organizationClients(organization string, item storage.Document) error {
	var clients []storage.Document
	for _, oc := range ItemsOf(item["clients"]) {
		clientID, err := im.id("/clients", cmp.Or(storage.Text(oc, "name"), storage.Text(oc, "client_id")), "client_id")
		if err != nil {
			return err
		}
		own := maps.Clone(oc)
		delete(own, "name")
		own["client_id"] = clientID
		clients = append(clients, own)
	}
	if len(clients) == 0 {
		return nil
	}
	_, err := im.create(at("/organizations/{id}/clients", organization), storage.Document{"clients": clients})
	return err
}
