package deploy

import (
	"fmt"
	"maps"

	"github.com/tenant0/tenant0/server/resource"
	"github.com/tenant0/tenant0/storage"
)

// Invitations exist only in tenant files: auth0-deploy-cli does not know them.

// invitationParts are the members of an invitation that refer to other objects, with the
// paths of those objects and the members with their ids.
var invitationParts = map[string]reference{
	"client_id": {path: "/clients", id: "client_id"}, "connection_id": {path: "/connections", id: "id"}, "roles": {path: "/roles", id: "id"},
}

// invitations imports the invitations to an organization with all members, so that links
// that were sent stay valid. No e-mail is sent.
func (im *importer) invitations(organization string, item storage.Document) error {
	for _, given := range ItemsOf(item["invitations"]) {
		invitation := maps.Clone(given)
		err := replaceNames(invitation, func(name string, ref reference) (string, error) { return im.id(ref.path, name, ref.id) })
		if err == nil {
			_, err = im.objects.Restore(at("/organizations/{id}/invitations", organization), invitation, "")
		}
		if err != nil {
			invitee, _ := given["invitee"].(storage.Document)
			return fmt.Errorf("the invitation of %q: %w", storage.Text(invitee, "email"), err)
		}
	}
	return nil
}

// exportInvitations lists the invitations to an organization, with names in place of ids
// and without members that can be derived from others.
func (im *importer) exportInvitations(organizationID string) ([]any, error) {
	list := []any{}
	for invitation, err := range im.tx.Documents(resource.OrganizationInvitations.Name, organizationID).All() {
		if err != nil {
			return nil, err
		}
		delete(invitation, "organization_id")
		delete(invitation, "invitation_url")
		err := replaceNames(invitation, func(id string, ref reference) (string, error) { return im.name(ref.path, id, ref.id) })
		if err != nil {
			return nil, err
		}
		list = append(list, invitation)
	}
	return list, nil
}

// replaceNames replaces the references of an invitation to other objects.
func replaceNames(invitation storage.Document, replace func(name string, ref reference) (string, error)) error {
	for member, ref := range invitationParts {
		var err error
		switch value := invitation[member].(type) {
		case string:
			invitation[member], err = replace(value, ref)
		case []any:
			named := make([]any, len(value))
			for i, item := range value {
				if named[i], err = replace(fmt.Sprint(item), ref); err != nil {
					return err
				}
			}
			invitation[member] = named
		}
		if err != nil {
			return err
		}
	}
	return nil
}
