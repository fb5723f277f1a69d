package authorize

import (
	"context"
	"net/http"
	"reflect"
	"time"

	"github.com/tenant0/tenant0/server/apierr"
	"github.com/tenant0/tenant0/server/factors"
	"github.com/tenant0/tenant0/server/objects"
	"github.com/tenant0/tenant0/server/session"
	"github.com/tenant0/tenant0/storage"
)

// respond signs the tokens or the assertion, stores the end of the login in one transaction
// of the store, and sends the response. It returns errOutdated if the data of the decision
// has changed since.
func (m *room) respond(w http.ResponseWriter, r *http.Request, d *decision) error {
	answer, err := m.answer(r, d)
	if err != nil {
		return err
	}
	now := m.Now()
	if err := m.update(d, now)(r.Context(), func(tx *storage.Tx) error { return commit(tx, d, answer.Code, now) }); err != nil {
		return err
	}
	m.Log.Record(r, succeeded(d, now))
	return m.send(w, r, d, answer.Params)
}

// commit stores everything that the response changes.
func commit(tx *storage.Tx, d *decision, code *storage.Code, now time.Time) error {
	if err := finish(tx, d, now); err != nil {
		return err
	}
	if err := touch(tx, d, now); err != nil {
		return err
	}
	if err := renew(tx, d, now); err != nil {
		return err
	}
	if code != nil {
		if err := tx.IssueCode(*code); err != nil {
			return err
		}
	}
	if err := join(tx, d, now); err != nil {
		return err
	}
	if d.access.grant.Authorization == nil {
		return nil
	}
	return tx.SetAuthorization(d.identity.user.UserID, d.access.grant.Authorization)
}

// join makes the user a member of the organization, if the login accepts an invitation or
// its connection makes users members. It returns apierr.InvitationUsed if the invitation
// has been accepted or withdrawn.
func join(tx *storage.Tx, d *decision, now time.Time) error {
	if invitation := d.identity.invitation; invitation.ID != "" {
		_, err := tx.Invitation(invitation.OrganizationID, invitation.TicketID, now)
		if storage.IsNotFound(err) {
			return apierr.InvitationUsed
		}
		if err != nil {
			return err
		}
		return objects.AcceptInvitation(tx, invitation, d.identity.user.UserID)
	}
	if d.access.joins {
		return objects.AddMember(tx, d.request.Organization, d.identity.user.UserID)
	}
	return nil
}

// finish marks the login transaction of the response as finished, if there is one. It
// returns errOutdated if a page has changed the transaction since the decision.
func finish(tx *storage.Tx, d *decision, now time.Time) error {
	from := d.transaction
	if from.StateHash == "" {
		return nil
	}
	return session.ChangeTransaction(tx, from.StateHash, now, func(t *storage.Transaction) error {
		if !reflect.DeepEqual(*t, from) {
			return errOutdated
		}
		if t.FinishedAt.IsZero() {
			t.FinishedAt, t.ExpiresAt, t.UserID = now, now.Add(doneLifetime), d.identity.user.UserID
		}
		return nil
	})
}

// touch marks the session as used. It returns errOutdated if the session has ended, or the
// user was deleted or blocked, since the decision.
func touch(tx *storage.Tx, d *decision, now time.Time) error {
	s, err := tx.Sessions.GetShared(d.identity.session.CookieHash)
	if storage.IsNotFound(err) {
		return errOutdated
	}
	if err != nil {
		return err
	}
	user, err := tx.Users.GetShared(d.identity.user.UserID)
	if storage.IsNotFound(err) || err == nil && user.Blocked {
		return errOutdated
	}
	if err != nil || !d.touches(now) {
		return err
	}
	return tx.Sessions.Put(session.Used(s, d.http, d.client.ClientID, d.tenant, now))
}

// renew extends the time during which the browser is not asked for multi-factor
// authentication.
func renew(tx *storage.Tx, d *decision, now time.Time) error {
	if !d.identity.renews {
		return nil
	}
	b, longer, err := factors.Renewed(tx, d.identity.browser, d.identity.user.UserID, now)
	if err != nil || !longer {
		return err
	}
	return tx.RememberBrowser(b)
}

// touches reports whether this use of the session has to be stored.
func (d *decision) touches(now time.Time) bool {
	return session.UseCounts(d.identity.session, d.client.ClientID, d.tenant, now)
}

// update returns the function to store the response with. If the response changes only data
// that may be lost in a power failure, it is UpdateVolatile, which waits neither for other
// writers nor for the disk.
func (m *room) update(d *decision, now time.Time) func(context.Context, func(*storage.Tx) error) error {
	durable := d.touches(now) || d.identity.renews || d.access.joins || d.identity.invitation.ID != "" || d.access.grant.Authorization != nil
	if durable {
		return m.DB.Update
	}
	return m.DB.UpdateVolatile
}
