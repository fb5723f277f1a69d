package dbconnections

import (
	"errors"
	"net/http"
	"net/url"
	"strconv"

	"github.com/tenant0/tenant0/server/objects"
	"github.com/tenant0/tenant0/server/tenantlog"
	"github.com/tenant0/tenant0/server/trace"
	"github.com/tenant0/tenant0/server/web"
	"github.com/tenant0/tenant0/storage"
	"github.com/tenant0/tenant0/templates"
)

// verifyEmail marks the e-mail address of the link's user as verified, Auth0:
// manage-users/user-accounts/verify-emails. If the link was used before, the page says so. Auth0's page posts
// the ticket, so that mail scanners which fetch the link do not use it up; here fetching the link is enough.
//
//auth0:operation GET /u/email-verification
//auth0:operation POST /u/email-verification
func (m *room) verifyEmail(w http.ResponseWriter, r *http.Request) error {
	var t storage.Ticket
	err := m.DB.Update(r.Context(), func(tx *storage.Tx) (err error) {
		t, err = objects.FollowVerificationTicket(tx, ticketHash(r), m.Now())
		return err
	})
	trace.Correlate(r.Context(), t.CorrelationID)
	if errors.Is(err, storage.ErrReused) && r.Method == http.MethodPost {
		err = nil // the page posts the ticket that fetching the link has used up
	}
	outcome, status, message := templates.EmailVerified, http.StatusOK, "Your email was verified. You can continue using the application."
	switch {
	case errors.Is(err, storage.ErrReused):
		outcome, status, message = templates.EmailAlreadyVerified, http.StatusOK, "This URL can be used only once"
	case errors.Is(err, storage.ErrExpired):
		outcome, status, message = templates.VerificationLinkExpired, http.StatusBadRequest, "Access expired."
	case storage.IsNotFound(err):
		outcome, status, message = templates.VerificationLinkInvalid, http.StatusBadRequest, "This account is already verified."
	case err != nil:
		return err
	}
	e := tenantlog.Event{Type: tenantlog.EmailVerified, Description: message, ClientID: t.ClientID, Connection: t.Connection, UserID: t.UserID}
	if err != nil {
		e.Type = tenantlog.EmailVerifyFailed
	}
	m.Log.Record(r, e)
	if t.ResultURL != "" {
		return redirectToResult(w, r, t, err == nil, message)
	}
	page, err := m.resultPage(r.Context(), outcome, t.ClientID, t.Email)
	if err != nil {
		return err
	}
	page.Ticket = r.URL.Query().Get("ticket")
	return m.Pages.Write(w, status, page)
}

// redirectToResult redirects the browser to the ticket's result URL, with the outcome in the query, Auth0:
// customize/email/email-templates.
func redirectToResult(w http.ResponseWriter, r *http.Request, t storage.Ticket, success bool, message string) error {
	target, err := resultURL(t, t.Email, success, message)
	if err != nil {
		return err
	}
	return web.Redirect(w, r, target)
}

// resultURL returns the ticket's result URL with the outcome in the query: success, message and, if the
// ticket says so, email.
func resultURL(t storage.Ticket, email string, success bool, message string) (string, error) {
	target, err := url.Parse(t.ResultURL)
	if err != nil {
		return "", err
	}
	query := target.Query()
	if t.IncludeEmail {
		query.Set("email", email)
	}
	query.Set("success", strconv.FormatBool(success))
	query.Set("message", message)
	target.RawQuery = query.Encode()
	return target.String(), nil
}

// askUnblock shows a button that ends the block, so that mail scanners which fetch the link do not end it.
//
//auth0:operation GET /u/unblock
func (m *room) askUnblock(w http.ResponseWriter, r *http.Request) error {
	var t storage.Ticket
	err := m.DB.View(r.Context(), func(tx *storage.Tx) (err error) {
		t, err = tx.FindTicket(ticketHash(r), storage.TicketUnblock, m.Now())
		return err
	})
	trace.Correlate(r.Context(), t.CorrelationID)
	if badLink(err) {
		return m.result(r.Context(), w, http.StatusBadRequest, templates.UnblockLinkInvalid, t.ClientID, t.Email)
	}
	if err != nil {
		return err
	}
	page := templates.Unblock{}
	if page.Layout, err = m.Pages.Layout(r.Context(), web.About{ClientID: t.ClientID}); err != nil {
		return err
	}
	if page.ClientName, _, err = m.appName(r.Context(), t.ClientID); err != nil {
		return err
	}
	return m.Pages.Write(w, http.StatusOK, page)
}

// unblock removes the block after too many wrong passwords, Auth0:
// secure/attack-protection/brute-force-protection.
//
//auth0:operation POST /u/unblock
func (m *room) unblock(w http.ResponseWriter, r *http.Request) error {
	var t storage.Ticket
	err := m.DB.Update(r.Context(), func(tx *storage.Tx) (err error) {
		t, err = objects.FollowUnblockTicket(tx, ticketHash(r), m.Now())
		return err
	})
	trace.Correlate(r.Context(), t.CorrelationID)
	if badLink(err) {
		return m.result(r.Context(), w, http.StatusBadRequest, templates.UnblockLinkInvalid, t.ClientID, t.Email)
	}
	if err != nil {
		return err
	}
	m.Log.Record(r, tenantlog.Event{Type: tenantlog.UserUnblocked, ClientID: t.ClientID, Connection: t.Connection, UserID: t.UserID})
	return m.result(r.Context(), w, http.StatusOK, templates.AccountUnblocked, t.ClientID, t.Email)
}
