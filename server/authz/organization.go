package authz

import (
	"slices"
	"strings"

	"github.com/tenant0/tenant0/server/apierr"
	"github.com/tenant0/tenant0/storage"
)

// Organization returns the organization that a request names by its id or, if the tenant
// allows it, by its name. It returns apierr.OrganizationByID or
// apierr.UnknownOrganization otherwise. Auth0:
// manage-users/organizations/configure-organizations/use-org-name-authentication-api.
func Organization(tx *storage.Tx, value string) (storage.Organization, error) {
	find := tx.Organization
	if !strings.HasPrefix(value, "org_") {
		byName, err := namesOrganizations(tx)
		if err != nil {
			return storage.Organization{}, err
		}
		if !byName {
			return storage.Organization{}, apierr.OrganizationByID
		}
		find = tx.OrganizationByName
	}
	organization, err := find(value)
	if storage.IsNotFound(err) {
		return storage.Organization{}, apierr.UnknownOrganization(value)
	}
	return organization, err
}

// ShownOrganization returns the name of an organization if the tenant includes it in
// tokens (org_name), otherwise "".
func ShownOrganization(tx *storage.Tx, id string) (string, error) {
	if id == "" {
		return "", nil
	}
	shown, err := namesOrganizations(tx)
	if err != nil || !shown {
		return "", err
	}
	organization, err := tx.Organization(id)
	return organization.Name, err
}

func namesOrganizations(tx *storage.Tx) (bool, error) {
	tenant, err := tx.Tenant.Get(storage.TenantKey)
	return tenant.AllowOrganizationName, storage.Optional(err)
}

// maxChoices is how many organizations a user can choose from, Auth0:
// manage-users/organizations/login-flows-for-organizations.
const maxChoices = 20

// Organizations returns the organizations that a user may choose after a login with a
// connection: those that the user is a member of and that have enabled the connection. If
// the connection makes its users members of exactly one organization, that one is
// included.
func Organizations(tx *storage.Tx, user, connection string) (choices []storage.Organization, err error) {
	c, err := tx.Connections.Find("name", connection)
	if err != nil {
		return nil, storage.Optional(err)
	}
	own, err := tx.OrganizationsOf(user)
	if err != nil {
		return nil, err
	}
	for _, o := range own {
		enabled, _, err := tx.OrganizationConnection(o.ID, c.ID)
		if err != nil {
			return nil, err
		}
		if enabled {
			choices = append(choices, o)
		}
	}
	joined, err := tx.OrganizationsJoinedBy(c.ID)
	if err != nil {
		return nil, err
	}
	if len(joined) == 1 && !slices.Contains(choices, joined[0]) {
		choices = append(choices, joined[0])
	}
	return choices[:min(len(choices), maxChoices)], nil
}
