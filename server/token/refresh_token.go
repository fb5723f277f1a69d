package token

import (
	"cmp"
	"context"
	"errors"
	"slices"
	"strings"
	"time"

	"github.com/tenant0/tenant0/keys"
	"github.com/tenant0/tenant0/server/apierr"
	"github.com/tenant0/tenant0/server/authz"
	"github.com/tenant0/tenant0/server/clock"
	"github.com/tenant0/tenant0/server/oauth"
	"github.com/tenant0/tenant0/server/session"
	"github.com/tenant0/tenant0/server/tokens"
	"github.com/tenant0/tenant0/storage"
)

// refreshToken exchanges a refresh token for new tokens, RFC 6749 section 6.
type refreshToken struct {
	db     *storage.DB
	issuer *tokens.Issuer
}

// Type implements oauth.Grant.
func (g *refreshToken) Type() string { return "refresh_token" }

// Validate implements oauth.Grant. The user's permissions are decided again, so that a role
// that was taken away is missing from the next access token.
func (g *refreshToken) Validate(ctx context.Context, rq *oauth.TokenRequest) (*tokens.Grant, error) {
	text := rq.Form.Get("refresh_token")
	if text == "" {
		return nil, apierr.MissingParameter("refresh_token")
	}
	id, ok := keys.FamilyOfRefreshToken(text)
	if !ok {
		return nil, apierr.InvalidRefreshToken.WithReason("it is not a refresh token")
	}
	grant := &tokens.Grant{Client: rq.Client, ID: id, GTY: tokens.GTYRefreshToken}
	var decision authz.Decision
	var known bool
	err := g.db.View(ctx, func(tx *storage.Tx) (err error) {
		known, decision, err = g.look(tx, grant, text, rq)
		return err
	})
	switch {
	case storage.IsNotFound(err):
		return nil, apierr.InvalidRefreshToken.WithReason("it belongs to another application, has expired, was revoked, or its session has ended").With(err)
	case err != nil:
		return grant, err
	case !known && !g.issuer.Secrets.IssuedRefreshToken(text):
		return nil, apierr.InvalidRefreshToken.WithReason("it was not issued by this tenant")
	case !known:
		return grant, g.breach(ctx, id, text, rq.Now)
	}
	grant.Apply(decision)
	return grant, nil
}

// look reads a grant and decides what it is worth today. known is false for a token that its family does not list.
func (g *refreshToken) look(tx *storage.Tx, grant *tokens.Grant, text string, rq *oauth.TokenRequest) (known bool, decision authz.Decision, err error) {
	t, err := g.family(tx, grant.ID, text, rq.Client.ClientID)
	if err != nil || t.Issue.ClientID != rq.Client.ClientID || t.Expired(rq.Now) {
		return false, decision, cmp.Or(err, storage.ErrNotFound)
	}
	grant.Issue = t.Issue
	if !t.Has(keys.Hash(text)) {
		return false, decision, nil
	}
	if t.Online {
		if grant.Session, err = sessionOf(tx, t.Issue, rq.Now); err != nil {
			return true, decision, err
		}
	}
	requested, err := selectAPI(tx, grant, rq)
	if err != nil {
		return true, decision, err
	}
	if err := grant.Load(tx); storage.IsNotFound(err) {
		return true, decision, apierr.RefreshUserGone
	} else if err != nil {
		return true, decision, err
	}
	if decision, err = decide(tx, grant, requested); err != nil {
		return true, decision, err
	}
	return true, decision, g.transfer(tx, grant, rq)
}

// family returns the family that a refresh token names. If the family is gone because its user
// was deleted, the token's own application gets an error that says so.
func (g *refreshToken) family(tx *storage.Tx, id, text, clientID string) (t storage.RefreshToken, err error) {
	if t, err = tx.RefreshTokens.Get(id); !storage.IsNotFound(err) {
		return t, err
	}
	revoked, err := tx.RevokedGrants.Get(id)
	if err == nil && revoked.UserGone == clientID && clientID != "" && g.issuer.Secrets.IssuedRefreshToken(text) {
		return t, apierr.RefreshUserGone
	}
	return t, cmp.Or(err, storage.ErrNotFound)
}

func decide(tx *storage.Tx, grant *tokens.Grant, requested string) (authz.Decision, error) {
	if grant.User.Blocked {
		return authz.Decision{}, apierr.RefreshUserBlocked
	}
	if err := authz.CheckMember(tx, grant.Issue.Organization, grant.User.UserID); err != nil {
		return authz.Decision{}, err
	}
	return grant.Decide(tx, tokens.DecisionInput{Scope: requested, Refresh: true})
}

// selectAPI directs a grant at the API that the request names, if that is the refresh token's own
// API or one in the application's policies, and returns the requested scope. Any other API in
// the request is ignored, and so is a policy for an API that does not exist. Auth0:
// secure/tokens/refresh-tokens/multi-resource-refresh-token.
func selectAPI(tx *storage.Tx, grant *tokens.Grant, rq *oauth.TokenRequest) (requested string, err error) {
	issue := &grant.Issue
	requested = cmp.Or(rq.Form.Get("scope"), issue.Requested)
	audience := cmp.Or(rq.Form.Get("audience"), issue.Audience)
	added, found := rq.Client.RefreshToken.PolicyFor(audience)
	if !found {
		return requested, nil
	}
	if audience != issue.Audience {
		api, err := tx.API(audience)
		if err != nil || api == nil {
			return requested, err
		}
		// What was granted for one API does not apply to the other.
		issue.Audience, issue.Details = audience, ""
		issue.Scope = slices.DeleteFunc(slices.Clone(issue.Scope), func(s string) bool {
			return s != authz.OnlineAccess && !slices.Contains(authz.StandardScopes(), s)
		})
		requested = cmp.Or(rq.Form.Get("scope"), strings.Join(issue.Scope, " "))
	}
	if rq.Form.Get("scope") == "" {
		requested += " " + strings.Join(added, " ")
	}
	issue.Scope = append(slices.Clone(issue.Scope), added...)
	return requested, nil
}

// extendSession renews the idle lifetime of the session that a refresh token is bound to.
func extendSession(tx *storage.Tx, s storage.Session, rq *oauth.TokenRequest) error {
	tenant, err := tx.Tenant.Get(storage.TenantKey)
	if storage.Optional(err) != nil {
		return err
	}
	kept, err := tx.Sessions.Get(s.CookieHash)
	if err != nil {
		return err
	}
	return tx.Sessions.Put(session.Used(kept, rq.HTTP, rq.Client.ClientID, tenant, rq.Now))
}

// breach revokes a family if a token is used that was replaced before, Auth0:
// secure/tokens/refresh-tokens/refresh-token-rotation. It does so even if the client closes
// the connection before the answer.
func (g *refreshToken) breach(ctx context.Context, id, text string, now time.Time) error {
	_, err := g.db.ExchangeRefreshToken(context.WithoutCancel(ctx), storage.Exchange{ID: id, Hash: keys.Hash(text), Now: now})
	return invalidRefreshToken(err)
}

func invalidRefreshToken(err error) error {
	switch {
	case errors.Is(err, storage.ErrReused):
		return apierr.InvalidRefreshToken.WithReason("it was exchanged before, so all refresh tokens of its family are revoked").With(err)
	case storage.IsNotFound(err):
		return apierr.InvalidRefreshToken.WithReason("it has expired or was revoked").With(err)
	}
	return err
}

// both returns a function that calls two others, of which the first may be nil.
func both(first, second func(*storage.Tx) error) func(*storage.Tx) error {
	return func(tx *storage.Tx) error {
		if first != nil {
			if err := first(tx); err != nil {
				return err
			}
		}
		return second(tx)
	}
}

// Commit implements oauth.Grant.
func (g *refreshToken) Commit(ctx context.Context, rq *oauth.TokenRequest, grant *tokens.Grant, reply *oauth.Reply) error {
	s := rq.Client.RefreshToken
	x := storage.Exchange{
		ID: grant.ID, Hash: keys.Hash(rq.Form.Get("refresh_token")), Now: rq.Now, Device: session.UsedFrom(rq.HTTP),
		Overlap:       clock.Span(s.Leeway, time.Second),
		IdleExpiresAt: idleEnd(s, rq.Now),
		Authorization: grant.Authorization,
	}
	if s := grant.Session; s != nil {
		x.IdleExpiresAt = time.Time{}
		x.Within = func(tx *storage.Tx) error { return extendSession(tx, *s, rq) }
	}
	if grant.Transfer != nil {
		x.Within = both(x.Within, issueTransfer(*grant.Transfer, reply))
	}
	next := g.issuer.Secrets.NewRefreshToken(grant.ID)
	x.Next = keys.Hash(next)
	rotated, err := g.db.ExchangeRefreshToken(ctx, x)
	if err != nil {
		return invalidRefreshToken(err)
	}
	if rotated {
		reply.RefreshToken = next
	}
	return nil
}
