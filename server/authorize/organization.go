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

// When an application has users asked for their organization, Auth0: manage-users/
// organizations/configure-organizations/define-organization-behavior.
const (
	beforeLogin = "pre_login_prompt"
	afterLogin  = "post_login_prompt"
)

// asks reports whether a transaction is for an application that has its users asked for
// their organization at a time, and the question is open.
func asks(t *storage.Transaction, client storage.Client, when string) bool {
	open := client.OrganizationUsage == "require" || client.OrganizationUsage == "allow" && !t.Personal
	return open && t.Request.Organization == "" && client.OrganizationRequireBehavior == when
}

// decideOrganization finds the organization of a user who has logged in. Where there is
// a choice the user is asked.
func decideOrganization(tx *storage.Tx, t *storage.Transaction, user string, next *step, silent bool) error {
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
		t.Request.Organization = choices[0].ID
		return nil
	case silent:
		return apierr.InteractionRequired
	}
	next.page = pickerPage
	return nil
}
