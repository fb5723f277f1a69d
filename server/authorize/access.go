package authorize

import (
	"errors"
	"slices"
	"strings"
	"time"

	"github.com/tenant0/tenant0/server/apierr"
	"github.com/tenant0/tenant0/server/authz"
	"github.com/tenant0/tenant0/server/tokens"
	"github.com/tenant0/tenant0/server/trace"
	"github.com/tenant0/tenant0/storage"
)

// access is what a logged-in user is allowed to do with the application and the API.
type access struct {
	grant tokens.Grant
	// joins says that the login makes the user a member of the organization.
	joins bool
	// asks says that the user has to be asked for consent; details says that the consent is for this one
	// transaction only.
	asks, details bool
	// why is the reason for asking, for the trace.
	why trace.Step
}

// grantAccess determines what the user is allowed to do with the application and the API, and whether consent
// is needed.
func grantAccess(tx *storage.Tx, l login, id identity) (a access, err error) {
	rq := l.request
	if err := admitStrict(tx, l); err != nil {
		return a, err
	}
	if a.joins, err = membership(tx, rq.Organization, id); err != nil {
		return a, err
	}
	api, err := authz.API(tx, rq.Audience)
	if err != nil {
		return a, err
	}
	_, further := id.session.Further(l.transaction.StateHash)
	a.details = transactional(rq, api)
	a.grant = tokens.Grant{
		Client: l.client, User: &id.user, API: api,
		Issue: storage.Issue{
			ClientID: l.client.ClientID, UserID: id.user.UserID, Audience: rq.Audience, Requested: rq.Scope, Details: rq.Details,
			Nonce: rq.Nonce, SessionID: id.session.ID, Connection: id.session.Connection, AuthTime: id.session.AuthenticatedAt,
			// Auth0: authenticate/login/max-age-reauthentication.
			ShowAuthTime: rq.MaxAge != nil || slices.Contains(rq.Prompt, "login"), Organization: rq.Organization,
			FurtherFactor: further, Parent: id.session.Parent,
		},
	}
	if err := a.grant.LoadSecret(tx); err != nil {
		return a, err
	}
	decided, err := a.grant.Decide(tx, tokens.DecisionInput{
		Scope: rq.Scope, Online: !rq.Asks("code") || withoutRefreshToken(l.client, id.session), Ephemeral: id.session.Ephemeral,
	})
	if err != nil {
		return a, err
	}
	a.grant.Apply(decided)
	if a.why, err = needsConsent(tx, l, api, id); err != nil {
		return a, err
	}
	a.asks = a.why != (trace.Step{})
	a.grant.Issue.OrganizationName, err = authz.ShownOrganization(tx, rq.Organization)
	return a, err
}

// needsConsent returns the reason why the user must be asked for consent, or the zero Step if no consent is
// needed, Auth0: get-started/applications/third-party-applications/user-consent-and-third-party-applications.
func needsConsent(tx *storage.Tx, l login, api *storage.ResourceServer, id identity) (why trace.Step, err error) {
	rq, userID := l.request, id.user.UserID
	agreed := func(scope []string) bool {
		return containsAll(scope, authz.Requested(rq.Scope, l.client, api, rq.Asks("code")))
	}
	switch {
	case l.transaction.AnsweredBy(userID) && agreed(l.transaction.Agreed(userID)):
		return why, nil
	case transactional(rq, api) && id.session.Pushed(l.transaction.StateHash): // the user approved the transaction in a push notification
		return why, nil
	case slices.Contains(rq.Prompt, "consent"):
		return promptedConsent, nil
	case transactional(rq, api):
		return eachTransaction, nil
	case l.client.IsFirstParty && (api == nil || api.SkipConsentForVerifiableFirstPartyClients):
		return why, nil
	}
	grant, err := tx.GrantFor(userID, l.client, rq.Audience, rq.Organization)
	switch {
	case storage.Optional(err) != nil:
		return why, err
	case err == nil && agreed(grant.Scope):
		return why, nil
	case l.client.IsFirstParty:
		return firstPartyAsks, nil
	}
	return thirdPartyAsks, nil
}

// transactional reports whether consent is needed for each transaction, regardless of earlier consent: the
// request has authorization_details, or the API's consent policy demands it. Auth0:
// get-started/apis/configure-rich-authorization-requests.
func transactional(rq storage.AuthorizeRequest, api *storage.ResourceServer) bool {
	return rq.Details != "" || api != nil && api.ConsentPolicy == storage.ConsentAlways
}

func containsAll(have, wanted []string) bool {
	return !slices.ContainsFunc(wanted, func(s string) bool { return !slices.Contains(have, s) })
}

// membership returns an error unless the user is a member of the organization, has an invitation, or logs in
// with a connection that makes users members; in the last case joins is true. Auth0:
// manage-users/organizations/configure-organizations/grant-just-in-time-membership.
func membership(tx *storage.Tx, organization string, id identity) (joins bool, err error) {
	if id.invitation.ID != "" {
		return false, nil
	}
	notMember := authz.CheckMember(tx, organization, id.user.UserID)
	if _, refused := errors.AsType[*apierr.Error](notMember); !refused {
		return false, notMember
	}
	if _, joins, err = tx.OrganizationUses(organization, id.session.Connection); err == nil && !joins {
		err = notMember
	}
	return joins, err
}

// invitedAs returns the invitation that a request carries, if any, and whether it is for this user. Without
// an invitation invited is true.
func invitedAs(tx *storage.Tx, rq storage.AuthorizeRequest, user storage.User, now time.Time) (invitation storage.Invitation, invited bool, err error) {
	if rq.Invitation == "" {
		return invitation, true, nil
	}
	invitation, err = tx.Invitation(rq.Organization, rq.Invitation, now)
	if storage.IsNotFound(err) {
		return invitation, false, apierr.InvitationUsed
	}
	return invitation, strings.EqualFold(invitation.Invitee.Email, user.Email), err
}

// foreignTo reports whether a session began with a connection that is not enabled for the organization to log
// in to. Auth0: manage-users/organizations/configure-organizations/enable-connections.
func foreignTo(tx *storage.Tx, organization string, s storage.Session) (bool, error) {
	if organization == "" || s.ID == "" {
		return false, nil
	}
	enabled, _, err := tx.OrganizationUses(organization, s.Connection)
	return !enabled, err
}

// asksOrganization reports whether the user is to be asked for the organization before or after the login, as
// when says: storage.BeforeLogin or storage.AfterLogin.
func asksOrganization(l login, when string) bool {
	open := l.request.Organization == "" && (!l.transaction.Personal() || l.client.OrganizationUsage == "require")
	return open && l.client.AsksOrganization(when)
}

// askOrganization returns the page that asks for the organization before the login, if the application is
// configured so, or "".
func askOrganization(l login) (page string, err error) {
	switch {
	case !asksOrganization(l, storage.BeforeLogin):
		return "", nil
	case l.silent():
		return "", apierr.InteractionRequired
	}
	return organizationPage, nil
}

// findOrganization returns the organization of the login after the user has logged in: that of the request
// or, if the application asks after the login, the only possible one. If the user has a choice, it returns
// the page to choose on.
func findOrganization(tx *storage.Tx, l login, id identity) (organization, page string, err error) {
	if !asksOrganization(l, storage.AfterLogin) {
		return l.request.Organization, "", nil
	}
	choices, err := authz.Organizations(tx, id.user.UserID, id.session.Connection)
	required := l.client.OrganizationUsage == "require"
	switch {
	case err != nil:
		return "", "", err
	case len(choices) == 0 && required:
		return "", "", apierr.NoOrganization
	case len(choices) == 0:
		return "", "", nil
	case len(choices) == 1 && required:
		return choices[0].ID, "", nil
	case l.silent():
		return "", "", apierr.InteractionRequired
	}
	return "", pickerPage, nil
}
