package authz

import (
	"strings"

	"github.com/tenant0/tenant0/server/apierr"
	"github.com/tenant0/tenant0/storage"
)

// Organization returns the organization that a request names: by its id or, where the
// tenant allows that, its name. Auth0: manage-users/organizations/
// configure-organizations/use-org-name-authentication-api.
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

// ShownOrganization is the name of an organization where the tenant shows it in tokens.
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
