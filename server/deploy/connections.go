package deploy

import (
	"errors"
	"fmt"

	"github.com/tenant0/tenant0/server/resource"
	"github.com/tenant0/tenant0/storage"
)

// connectionParts maps members of a connection in auth0-deploy-cli's format to the
// subpaths of the Management API at which they are separate objects.
var connectionParts = map[string]string{
	"scim_configuration": "/scim-configuration", "directory_provisioning_configuration": "/directory-provisioning",
}

// connectionsSection imports connections, the applications that they are enabled for, and
// their user provisioning.
func connectionsSection(name string) importSection {
	return collection{
		name: name, path: "/connections", id: "id",
		apart: append(sortedNames(connectionParts), "enabled_clients"),
		refs:  []reference{{"options.custom_password_hash.action_id", "/actions/actions", "id"}, {"options.idpinitiated.client_id", "/clients", "client_id"}},
		exported: func(_ *importer, item storage.Document) bool {
			return (storage.Text(item, "strategy") == storage.DatabaseStrategy) == (name == "databases")
		},
		before: func(_ *importer, item storage.Document) error {
			if name == "databases" && storage.Text(item, "strategy") == "" {
				item["strategy"] = storage.DatabaseStrategy
			}
			if _, listed := item["enabled_clients"].([]any); !listed && item["enabled_clients"] != nil {
				return errors.New("enabled_clients: it must be a list")
			}
			return nil
		},
		complete: func(im *importer, own, item storage.Document) (err error) {
			own["enabled_clients"], err = im.clientIDs(item)
			return err
		},
		after: func(im *importer, id string, item storage.Document) error {
			if err := im.enableClients(id, item); err != nil {
				return err
			}
			return im.provisioning(name, id, item)
		},
		named: func(im *importer, id string, item storage.Document) (err error) {
			if item["enabled_clients"], err = im.enabledClients(id, func(clientID string) (any, error) {
				return im.name("/clients", clientID, "client_id")
			}); err != nil {
				return err
			}
			return im.exportProvisioning(id, item)
		},
	}.section()
}

// enableClients enables a connection for the applications in the configuration's
// enabled_clients, and disables it for all others.
func (im *importer) enableClients(id string, item storage.Document) error {
	if _, listed := item["enabled_clients"].([]any); !listed || im.fresh {
		return nil
	}
	changes := []storage.Document{}
	on, err := im.clientIDs(item)
	if err != nil {
		return err
	}
	had, err := im.enabledClients(id, func(clientID string) (any, error) { return clientID, nil })
	if err != nil {
		return err
	}
	enabled, wanted := setOf(had), setOf(on)
	for _, clientID := range on {
		if !enabled[clientID] {
			changes = append(changes, storage.Document{"client_id": clientID, "status": true})
		}
	}
	for _, clientID := range had {
		if !wanted[clientID] {
			changes = append(changes, storage.Document{"client_id": clientID, "status": false})
		}
	}
	if len(changes) == 0 {
		return nil
	}
	before, err := im.names("/clients", had, "client_id")
	if err != nil {
		return err
	}
	after, err := im.names("/clients", on, "client_id")
	if err != nil {
		return err
	}
	im.alsoChanged(resource.Difference{Member: "enabled_clients", Had: before, Wanted: after})
	_, err = im.objects.Change(at("/connections/{id}/clients", id), changes)
	return err
}

// clientIDs returns the ids of the applications in a configuration's enabled_clients.
func (im *importer) clientIDs(item storage.Document) ([]any, error) {
	listed, _ := item["enabled_clients"].([]any)
	ids := make([]any, len(listed))
	for i, c := range listed {
		id, err := im.id("/clients", fmt.Sprint(c), "client_id")
		if err != nil {
			return nil, err
		}
		ids[i] = id
	}
	return ids, nil
}

// enabledClients lists the applications that a connection is enabled for, each converted
// by form.
func (im *importer) enabledClients(id string, form func(clientID string) (any, error)) ([]any, error) {
	list := []any{}
	enabled, err := im.objects.List(at("/connections/{id}/clients", id))
	if err != nil {
		return nil, err
	}
	for _, c := range enabled {
		item, err := form(storage.Text(c, "client_id"))
		if err != nil {
			return nil, err
		}
		list = append(list, item)
	}
	return list, nil
}

// provisioning imports a connection's SCIM and directory provisioning.
func (im *importer) provisioning(section, id string, item storage.Document) error {
	for _, member := range sortedNames(connectionParts) {
		if part, there := item[member].(storage.Document); there {
			called := storage.Text(item, "name") + ": " + member
			if err := im.provisioningPart(section, called, at("/connections/{id}"+connectionParts[member], id), part); err != nil {
				return err
			}
		}
	}
	return nil
}

// provisioningPart imports the object of one connection part. name is its name in
// reports.
func (im *importer) provisioningPart(section, name string, p Place, part storage.Document) error {
	own := storage.Document{}
	for _, member := range provisioningMembers {
		if value, sent := part[member]; sent {
			own[member] = value
		}
	}
	had, err := im.object(p)
	if err != nil {
		return err
	}
	if had == nil {
		if _, err = im.create(p, own); err == nil {
			im.changed("create", section, name)
		}
	} else {
		err = im.setNamed(section, name, Objects.Change, p, own)
	}
	groups, selected := part["synchronized_groups"].([]any)
	if err != nil || !selected {
		return err
	}
	_, err = im.objects.Set(p.below("/synchronized-groups"), storage.Document{"groups": groups})
	return err
}

// provisioningMembers are the writable members of a connection's provisioning objects.
var provisioningMembers = []string{"mapping", "user_id_attribute", "synchronize_automatically", "synchronize_groups"}

func (im *importer) exportProvisioning(id string, item storage.Document) error {
	for member, path := range connectionParts {
		p := at("/connections/{id}"+path, id)
		had, err := im.object(p)
		if err != nil {
			return err
		}
		part := storage.Document{}
		for _, name := range provisioningMembers {
			if value, there := had[name]; there {
				part[name] = value
			}
		}
		if had["synchronize_groups"] == "selected" {
			groups, err := im.objects.List(p.below("/synchronized-groups"))
			if err != nil {
				return err
			}
			part["synchronized_groups"] = groups
		}
		if len(part) > 0 {
			item[member] = part
		}
	}
	return nil
}
