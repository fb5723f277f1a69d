package deploy

import (
	"fmt"
	"slices"

	"github.com/tenant0/tenant0/server/objects"
	"github.com/tenant0/tenant0/storage"
)

// membership is the member organizations of a user in a tenant file: entries with the
// name of an organization and the names of the user's roles in it.
type membership struct {
	user          string
	organizations any
}

// joinOrganizations makes a user a member of organizations, with exactly the listed
// roles. roles maps the names of roles to ids.
func joinOrganizations(tx *storage.Tx, user string, organizations any, roles map[string]string) (changed bool, err error) {
	entries, _ := organizations.([]any)
	for _, item := range entries {
		entry, _ := item.(storage.Document)
		organization, err := tx.OrganizationByName(storage.Text(entry, "name"))
		if storage.IsNotFound(err) {
			return false, fmt.Errorf("there is no organization %q", storage.Text(entry, "name"))
		}
		if err != nil {
			return false, err
		}
		wanted := []string{}
		for _, name := range list(entry["roles"]) {
			role, known := roles[name]
			if !known {
				return false, fmt.Errorf("there is no role %q", name)
			}
			wanted = append(wanted, role)
		}
		joined, err := join(tx, organization.ID, user, wanted)
		if err != nil {
			return false, err
		}
		changed = changed || joined
	}
	return changed, nil
}

// join makes a user a member of an organization with exactly the given roles. It reports
// whether anything changed.
func join(tx *storage.Tx, organization, user string, roles []string) (changed bool, err error) {
	member, err := tx.IsMember(organization, user)
	if err != nil {
		return false, err
	}
	had, err := tx.MemberRoles(organization, user)
	if err != nil {
		return false, err
	}
	if member && slices.Equal(slices.Sorted(slices.Values(had)), slices.Sorted(slices.Values(roles))) {
		return false, nil
	}
	if !member {
		err = objects.AddMember(tx, organization, user)
	}
	if err == nil {
		err = tx.Documents(storage.MemberRolesKind, storage.MemberOf(organization, user)).DeleteAll()
	}
	for _, role := range roles {
		if err == nil {
			err = objects.AddMemberRole(tx, organization, user, role)
		}
	}
	return true, err
}
