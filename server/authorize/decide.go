package authorize

import (
	"net/http"
	"slices"
	"strings"
	"time"

	"github.com/tenant0/tenant0/server/apierr"
	"github.com/tenant0/tenant0/server/authz"
	"github.com/tenant0/tenant0/storage"
)

// Pages that a transaction may need. They are other rooms'.
const (
	loginPage   = "/u/login"
	signupPage  = "/u/signup"
	consentPage = "/u/consent"
)

// step is what comes next: a page, or the response with what it grants.
type step struct {
	page string
	// from is the transaction as it was when this was decided.
	from   storage.Transaction
	client storage.Client
	// request is what was asked, with the organization that was found.
	request storage.AuthorizeRequest
	session storage.Session
	issue   storage.Issue
	// authorization is what the Authorization Extension puts into the user's app_metadata,
	// nil for nothing new.
	authorization any
	// joins says that the user becomes a member of the organization, and invitation is
	// the one that the user accepts, if any.
	joins      bool
	invitation storage.Invitation
}

// decide says what a transaction needs next, from stored state alone: pages do
// their part, write it down and come back here. An apierr.Error ends the
// transaction.
func (m *room) decide(r *http.Request, t *storage.Transaction, client storage.Client, now time.Time) (next step, err error) {
	silent := isSilent(t.Request())
	next.client, next.from, next.request = client, *t, t.Request()
	err = m.DB.View(func(tx *storage.Tx) error {
		if asks(t, client, storage.BeforeLogin) {
			if next.page = organizationPage; silent {
				return apierr.InteractionRequired
			}
			return nil
		}
		s, user, err := m.loggedIn(tx, r, now)
		if err != nil {
			return err
		}
		invited, err := invitedAs(tx, t.Request(), user, now, &next)
		if err != nil {
			return err
		}
		foreign, err := foreignTo(tx, t.Request().Organization, s)
		if err != nil {
			return err
		}
		if s.ID == "" || user.UserID == "" || foreign || needsLogin(t, s, now) || !invited && !t.Began(s) {
			return askLogin(t, &next, silent)
		}
		next.session = s
		switch {
		case user.Blocked:
			return apierr.UserBlocked
		case !invited:
			return apierr.InvitationForeign
		case t.Refused(user.UserID):
			return apierr.ConsentDeclined
		}
		return m.decideFor(tx, t, user, &next, silent)
	})
	return next, err
}

// askLogin has the user log in, or sign up where the application asks for that.
func askLogin(t *storage.Transaction, next *step, silent bool) error {
	if silent {
		return apierr.LoginRequired
	}
	if next.page = loginPage; t.Request().ScreenHint == "signup" {
		next.page = signupPage
	}
	return nil
}

// decideFor says what a transaction needs whose user has logged in and may go on.
func (m *room) decideFor(tx *storage.Tx, t *storage.Transaction, user storage.User, next *step, silent bool) error {
	if asks(t, next.client, storage.AfterLogin) {
		if err := decideOrganization(tx, user.UserID, next, silent); err != nil || next.page != "" {
			return err
		}
	}
	if err := decideMembership(tx, next.request.Organization, user.UserID, next); err != nil {
		return err
	}
	return m.decideAccess(tx, t, user, next, silent)
}

// loggedIn returns the browser's session and its user, both empty without one.
func (m *room) loggedIn(tx *storage.Tx, r *http.Request, now time.Time) (s storage.Session, user storage.User, err error) {
	if s, err = m.Cookies.Find(tx, r, now); err != nil {
		return s, user, storage.Optional(err)
	}
	user, err = tx.Users.Get(s.UserID)
	return s, user, storage.Optional(err)
}

// invitedAs reports whether the user is whom the request's invitation is for, if it
// has one.
func invitedAs(tx *storage.Tx, rq storage.AuthorizeRequest, user storage.User, now time.Time, next *step) (bool, error) {
	if rq.Invitation == "" {
		return true, nil
	}
	invitation, err := tx.Invitation(rq.Organization, rq.Invitation, now)
	if storage.IsNotFound(err) {
		return false, apierr.InvitationUsed
	}
	next.invitation = invitation
	return strings.EqualFold(invitation.Invitee.Email, user.Email), err
}

// decideMembership lets only members log in to an organization, and those who come by
// a connection that makes them members. Auth0: manage-users/organizations/
// configure-organizations/grant-just-in-time-membership.
func decideMembership(tx *storage.Tx, organization, user string, next *step) error {
	if organization == "" || next.invitation.ID != "" {
		return nil
	}
	member, err := tx.IsMember(organization, user)
	if err != nil || member {
		return err
	}
	if _, next.joins, err = tx.OrganizationUses(organization, next.session.Connection); err != nil {
		return err
	}
	if !next.joins {
		return apierr.NotAMember(user, organization)
	}
	return nil
}

// foreignTo reports whether a session began by a connection that the organization to log
// in to has not enabled. Auth0: manage-users/organizations/configure-organizations/
// enable-connections.
func foreignTo(tx *storage.Tx, organization string, s storage.Session) (bool, error) {
	if organization == "" || s.ID == "" {
		return false, nil
	}
	enabled, _, err := tx.OrganizationUses(organization, s.Connection)
	return !enabled, err
}

// needsLogin reports whether the session, though live, will not do. One that
// began in this transaction always will: the user has just logged in.
func needsLogin(t *storage.Transaction, s storage.Session, now time.Time) bool {
	rq := t.Request()
	switch {
	case t.Began(s):
		return false
	case slices.Contains(rq.Prompt, "login"), slices.Contains(rq.Prompt, "select_account"):
		return true
	case rq.MaxAge != nil && (*rq.MaxAge == 0 || now.Sub(s.AuthenticatedAt).Seconds() > float64(*rq.MaxAge)):
		return true // OIDC Core section 3.1.2.1: max_age=0 is prompt=login
	}
	return rq.Connection != "" && rq.Connection != s.Connection
}

func (m *room) decideAccess(tx *storage.Tx, t *storage.Transaction, user storage.User, next *step, silent bool) error {
	rq := next.request
	api, err := tx.API(rq.Audience)
	if err != nil {
		return err
	}
	offline := next.client.Allows("refresh_token") && (api == nil || api.AllowOfflineAccess)
	decision, err := authz.Decide(tx, authz.Input{
		Client: next.client, User: user, API: api, Audience: rq.Audience, Requested: rq.Scope,
		Connection: next.session.Connection, OfflineAllowed: offline, Organization: rq.Organization,
	})
	if err != nil {
		return err
	}
	asked, err := needsConsent(tx, t, next.client, api, user, offline)
	switch {
	case err != nil:
		return err
	case asked && silent:
		return apierr.ConsentRequired
	case asked:
		next.page = consentPage
		return nil
	}
	next.authorization = decision.AppMetadata["authorization"]
	next.issue = storage.Issue{
		ClientID: next.client.ClientID, UserID: user.UserID, Audience: rq.Audience, Requested: rq.Scope,
		Scope: decision.Scope, Permissions: decision.Permissions, Nonce: rq.Nonce,
		SessionID: next.session.ID, Connection: next.session.Connection, AuthTime: next.session.AuthenticatedAt,
		// Auth0: authenticate/login/max-age-reauthentication.
		ShowAuthTime: rq.MaxAge != nil || slices.Contains(rq.Prompt, "login"),
		AccessClaims: decision.AccessClaims, IDClaims: decision.IDClaims, Organization: rq.Organization,
	}
	next.issue.OrganizationName, err = authz.ShownOrganization(tx, rq.Organization)
	return err
}

// needsConsent reports whether the user must be asked, Auth0:
// get-started/applications/third-party-applications/user-consent-and-third-party-applications.
func needsConsent(tx *storage.Tx, t *storage.Transaction, client storage.Client, api *storage.ResourceServer, user storage.User, offline bool) (bool, error) {
	wanted := authz.Requested(t.Request().Scope, api, offline)
	if t.AnsweredBy(user.UserID) && containsAll(t.Agreed(user.UserID), wanted) {
		return false, nil
	}
	if slices.Contains(t.Request().Prompt, "consent") {
		return true, nil
	}
	if client.IsFirstParty && (api == nil || api.SkipConsentForVerifiableFirstPartyClients) {
		return false, nil
	}
	grant, err := tx.GrantFor(user.UserID, client.ClientID, t.Request().Audience)
	if storage.IsNotFound(err) {
		return true, nil
	}
	return !containsAll(grant.Scope, wanted), err
}

func containsAll(have, wanted []string) bool {
	return !slices.ContainsFunc(wanted, func(s string) bool { return !slices.Contains(have, s) })
}
