package token

import (
	"cmp"
	"context"
	"errors"
	"net"
	"net/http"
	"net/netip"
	"strings"

	"github.com/tenant0/tenant0/keys"
	"github.com/tenant0/tenant0/server/apierr"
	"github.com/tenant0/tenant0/server/factors"
	"github.com/tenant0/tenant0/server/oauth"
	"github.com/tenant0/tenant0/server/signin"
	"github.com/tenant0/tenant0/server/tokens"
	"github.com/tenant0/tenant0/storage"
)

// people issues tokens to users who authenticate without a browser: there is no session and
// no question for consent.
type people struct{ Deps }

// impliedScope is the default scope of such a request, in addition to every scope of the
// API, Auth0:
// get-started/authentication-and-authorization-flow/resource-owner-password-flow.
const impliedScope = "openid profile email address phone"

// admit decides what is granted to the user of an attempt whose proof was correct. The login
// itself is recorded by Commit. refusal is the error if the proof is not valid any more by
// then.
func (p *people) admit(ctx context.Context, rq *oauth.TokenRequest, a signin.Attempt, gty string, refusal *apierr.Error) (*tokens.Grant, error) {
	issue := storage.Issue{
		ClientID: rq.Client.ClientID, UserID: a.User.UserID, Connection: a.Connection, AuthTime: rq.Now,
		Requested: rq.Form.Get("scope"),
	}
	further := false
	err := p.DB.View(ctx, func(tx *storage.Tx) (err error) {
		if issue.Audience, err = p.audience(tx, rq); err != nil {
			return err
		}
		further, err = factors.Required(tx)
		return err
	})
	if err != nil {
		return grantOfRefused(a), err
	}
	grant, err := p.settle(ctx, rq, a, issue, gty, refusal)
	if err == nil && further {
		err = grantError(p.askFurther(ctx, rq, a, grant), refusal)
	}
	return grant, err
}

// settle decides which scopes of an issue are granted to a user.
func (p *people) settle(ctx context.Context, rq *oauth.TokenRequest, a signin.Attempt, issue storage.Issue, gty string, refusal *apierr.Error) (*tokens.Grant, error) {
	grant := &tokens.Grant{Client: rq.Client, ID: keys.NewGrantID(rq.Now), GTY: gty, User: &a.User, Issue: issue}
	if issue.Audience == factors.Audience(p.Issuer.URL) {
		grant.API = factors.API(p.Issuer.URL)
	}
	err := p.DB.View(ctx, func(tx *storage.Tx) error {
		if err := grant.Load(tx); storage.IsNotFound(err) {
			return signin.ErrWrong // the account was deleted
		} else if err != nil {
			return err
		}
		return p.decide(tx, grant)
	})
	if err != nil {
		return grant, grantError(err, refusal)
	}
	rq.Admit = func(tx *storage.Tx) error { return grantError(p.letIn(tx, a, grant), refusal) }
	return grant, nil
}

// letIn records a login, if the account still exists and is not blocked.
func (p *people) letIn(tx *storage.Tx, a signin.Attempt, grant *tokens.Grant) error {
	user, err := tx.Users.Get(a.User.UserID)
	if storage.IsNotFound(err) {
		return signin.ErrWrong
	}
	if err == nil && user.Blocked {
		return apierr.PersonBlocked
	}
	if err != nil {
		return err
	}
	if err := p.SignIn.Record(tx, a); err != nil || grant.Authorization == nil {
		return err
	}
	return tx.SetAuthorization(user.UserID, grant.Authorization)
}

// audience returns the identifier of the API that a user's request is for, "" if there is
// none.
func (p *people) audience(tx *storage.Tx, rq *oauth.TokenRequest) (string, error) {
	audience, err := defaultAudience(tx, rq.Form)
	if errors.Is(err, apierr.NoAudience) || audience == p.Issuer.Userinfo() {
		return "", nil
	}
	if err != nil {
		return "", err
	}
	if audience == factors.Audience(p.Issuer.URL) {
		return audience, nil
	}
	api, err := tx.API(audience)
	if err == nil && api == nil {
		err = apierr.AtTokenEndpoint(apierr.UnknownService(audience))
	}
	return audience, err
}

func (p *people) decide(tx *storage.Tx, grant *tokens.Grant) error {
	if grant.User.Blocked {
		return apierr.PersonBlocked
	}
	issue := &grant.Issue
	issue.Requested = cmp.Or(issue.Requested, allScopes(grant.API))
	decision, err := grant.Decide(tx, tokens.DecisionInput{Scope: issue.Requested})
	if err != nil {
		return err
	}
	grant.Apply(decision)
	return nil
}

// allScopes returns the scope of a request without one. An API that demands a client grant
// for access by users has its scopes only granted if they are named, Auth0:
// get-started/apis/api-access-policies-for-applications.
func allScopes(api *storage.ResourceServer) string {
	all := []string{impliedScope}
	if api != nil && api.SubjectTypeAuthorization.User.Policy != "require_client_grant" {
		for _, scope := range api.Scopes {
			all = append(all, scope.Value)
		}
	}
	return strings.Join(all, " ")
}

// Commit implements oauth.Grant: it records the login and stores the refresh token in one
// transaction.
func (p *people) Commit(ctx context.Context, rq *oauth.TokenRequest, grant *tokens.Grant, reply *oauth.Reply) error {
	issued := startRefreshToken(p.Issuer.Secrets, grant, reply, rq)
	return p.DB.Update(ctx, func(tx *storage.Tx) error {
		if err := rq.Admit(tx); err != nil || issued == nil {
			return err
		}
		return tx.StartRefreshToken(*issued)
	})
}

// refuseWithoutBrowser refuses logins that are impossible without a browser: to an organization, Auth0:
// manage-users/organizations/organizations-overview, and to third-party applications, which
// need a user's consent.
func refuseWithoutBrowser(rq *oauth.TokenRequest, grantType string) error {
	switch {
	case !rq.Client.IsFirstParty:
		return apierr.GrantNotAllowed(grantType)
	case rq.Form.Get("organization") != "":
		return apierr.OrganizationDenied
	case rq.Client.OrganizationUsage == "require":
		return apierr.OrganizationMissing
	}
	return nil
}

// forwardedFor is the header in which an application's server sends the IP address of its
// user, Auth0:
// get-started/authentication-and-authorization-flow/resource-owner-password-flow/
// avoid-common-issues-with-resource-owner-password-flow-and-attack-protection.
const forwardedFor = "Auth0-Forwarded-For"

// requestOfUser returns the request with the user's own IP address as its remote address, if the
// application is trusted to send that address.
func requestOfUser(rq *oauth.TokenRequest) *http.Request {
	if rq.Client.Public() || !rq.Client.TrustedForIP {
		return rq.HTTP
	}
	first, _, _ := strings.Cut(rq.HTTP.Header.Get(forwardedFor), ",")
	ip, err := netip.ParseAddr(strings.TrimSpace(first))
	if err != nil {
		return rq.HTTP
	}
	r := rq.HTTP.Clone(rq.HTTP.Context())
	r.RemoteAddr = net.JoinHostPort(ip.String(), "0")
	return r
}
