package authorize

import (
	"github.com/tenant0/tenant0/server/apierr"
	"github.com/tenant0/tenant0/server/authz"
	"github.com/tenant0/tenant0/storage"
)

// Pages that ask for the organization. They are another room's.
const (
	organizationPage = "/u/organization"
	pickerPage       = "/u/organization-picker"
)

// asks reports whether the user is to be asked for the organization at a time.
func asks(t *storage.Transaction, client storage.Client, when string) bool {
	open := t.Request().Organization == "" && (!t.Personal() || client.OrganizationUsage == "require")
	return open && client.AsksOrganization(when)
}

// decideOrganization finds the organization of a user who has logged in. Where there is
// a choice the user is asked.
func decideOrganization(tx *storage.Tx, user string, next *step, silent bool) error {
	choices, err := authz.Organizations(tx, user, next.session.Connection)
	required := next.client.OrganizationUsage == "require"
	switch {
	case err != nil:
		return err
	case len(choices) == 0 && required:
		return apierr.NoOrganization
	case len(choices) == 0:
		return nil
	case len(choices) == 1 && required:
		next.request.Organization = choices[0].ID
		return nil
	case silent:
		return apierr.InteractionRequired
	}
	next.page = pickerPage
	return nil
}
