package management

import (
	"iter"
	"net/http"

	"github.com/tenant0/tenant0/server/objects"
	"github.com/tenant0/tenant0/server/resource"
	"github.com/tenant0/tenant0/storage"
)

// organizationInvitations serves the invitations to an organization, Auth0:
// api/management/v2/organizations/get-invitations.
//
//auth0:operation GET /api/v2/organizations/{id}/invitations
//auth0:operation GET /api/v2/organizations/{id}/invitations/{invitation_id}
//auth0:operation DELETE /api/v2/organizations/{id}/invitations/{invitation_id}
func organizationInvitations() collection {
	return collection{
		kind: objects.OrganizationInvitations, path: "/organizations/{id}/invitations", parent: "id", param: "invitation_id",
		verbs: "list get delete", scope: "organization_invitations",
		list: listing{key: "invitations", withoutTotals: true, check: checkEnd, search: func(c *call, _ *storage.Tx, rows iter.Seq2[storage.Row, error]) (iter.Seq2[storage.Row, error], error) {
			return c.sorted(rows, "created_at:-1", "expires_at", "ticket_id")
		}},
	}
}

// createInvitation makes an invitation, and sends it unless the request says not to.
//
//auth0:operation POST /api/v2/organizations/{id}/invitations
func createInvitation(c *call) error {
	if err := c.readAs(resource.OrganizationInvitations, resource.Create); err != nil {
		return err
	}
	return replyChange(c, http.StatusOK, func(ch *objects.Change) (storage.Document, error) {
		return c.body, objects.Invite(ch, c.param("id"), c.body)
	})
}
