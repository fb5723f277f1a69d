package organization

import (
	"net/http"

	"github.com/tenant0/tenant0/server/apierr"
	"github.com/tenant0/tenant0/server/web"
	"github.com/tenant0/tenant0/storage"
	"github.com/tenant0/tenant0/templates"
)

// invitation returns a handler for a request about the invitation that a login began with.
// If the login has no invitation, the handler sends the browser back to /authorize/resume.
func (m *room) invitation(serve func(http.ResponseWriter, *http.Request, question, storage.Invitation) error) web.Handler {
	return func(w http.ResponseWriter, r *http.Request) error {
		q, err := m.load(w, r)
		if err != nil {
			return err
		}
		rq := q.transaction.Asked
		if rq.Invitation == "" {
			return web.Resume(w, r, q.state)
		}
		var i storage.Invitation
		err = m.DB.View(r.Context(), func(tx *storage.Tx) error {
			i, err = tx.Invitation(rq.Organization, rq.Invitation, m.Now())
			return err
		})
		if storage.IsNotFound(err) {
			return apierr.InvitationUsed
		}
		if err != nil {
			return err
		}
		return serve(w, r, q, i)
	}
}

// showInvitation shows who sent the invitation and to whom, Auth0:
// manage-users/organizations/configure-organizations/invite-members.
//
//auth0:operation GET /u/accept-invitation
func (m *room) showInvitation(w http.ResponseWriter, r *http.Request, q question, i storage.Invitation) error {
	layout, err := m.Pages.Layout(r.Context(), web.AboutRequest(q.transaction.Asked))
	if err != nil {
		return err
	}
	return m.Pages.Write(w, http.StatusOK, templates.AcceptInvitation{
		Layout: layout, ClientName: q.client.Name, State: q.state, Inviter: i.Inviter.Name, Email: i.Invitee.Email,
	})
}

// acceptInvitation continues with the login or the sign-up. The invitation itself is
// accepted when the login is complete.
//
//auth0:operation POST /u/accept-invitation
func (m *room) acceptInvitation(w http.ResponseWriter, r *http.Request, q question, _ storage.Invitation) error {
	err := m.change(r.Context(), q, func(_ *storage.Tx, t *storage.Transaction) error {
		t.Invited = true
		return nil
	})
	if err != nil {
		return err
	}
	return web.Resume(w, r, q.state)
}
