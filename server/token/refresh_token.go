package token

import (
	"cmp"
	"context"
	"errors"
	"time"

	"github.com/tenant0/tenant0/keys"
	"github.com/tenant0/tenant0/server/apierr"
	"github.com/tenant0/tenant0/server/authz"
	"github.com/tenant0/tenant0/server/clock"
	"github.com/tenant0/tenant0/server/oauth"
	"github.com/tenant0/tenant0/server/tokens"
	"github.com/tenant0/tenant0/storage"
)

// refreshToken exchanges a refresh token, RFC 6749 section 6.
type refreshToken struct {
	db     *storage.DB
	issuer *tokens.Issuer
}

// Type implements oauth.Grant.
func (g *refreshToken) Type() string { return "refresh_token" }

// Validate implements oauth.Grant. What the user may do is decided anew, so that
// a role taken away is missing from the next access token.
func (g *refreshToken) Validate(ctx context.Context, rq *oauth.TokenRequest) (*tokens.Grant, error) {
	text := rq.Form.Get("refresh_token")
	if text == "" {
		return nil, apierr.MissingParameter("refresh_token")
	}
	id, ok := keys.FamilyOfRefreshToken(text)
	if !ok {
		return nil, apierr.InvalidRefreshToken
	}
	grant := &tokens.Grant{Client: rq.Client, ID: id, GTY: tokens.GTYRefreshToken}
	var decision authz.Decision
	var known bool
	err := g.db.View(ctx, func(tx *storage.Tx) error {
		t, err := tx.RefreshTokens.Get(id)
		if err != nil || t.Issue.ClientID != rq.Client.ClientID || t.Expired(rq.Now) {
			return cmp.Or(err, storage.ErrNotFound)
		}
		known = t.Has(keys.Hash(text))
		grant.Issue = t.Issue
		if !known {
			return nil
		}
		if err := grant.Load(tx); storage.IsNotFound(err) {
			return apierr.RefreshUserGone
		} else if err != nil {
			return err
		}
		decision, err = decide(tx, grant, rq)
		return err
	})
	switch {
	case storage.IsNotFound(err):
		return nil, apierr.InvalidRefreshToken.With(err)
	case err != nil:
		return grant, err
	case !known && !g.issuer.Secrets.IssuedRefreshToken(text):
		return nil, apierr.InvalidRefreshToken
	case !known:
		return grant, g.breach(ctx, id, text, rq.Now)
	}
	grant.Apply(decision)
	return grant, nil
}

func decide(tx *storage.Tx, grant *tokens.Grant, rq *oauth.TokenRequest) (authz.Decision, error) {
	if grant.User.Blocked {
		return authz.Decision{}, apierr.RefreshUserBlocked
	}
	if err := authz.CheckMember(tx, grant.Issue.Organization, grant.User.UserID); err != nil {
		return authz.Decision{}, err
	}
	return grant.Decide(tx, tokens.Asked{Scope: cmp.Or(rq.Form.Get("scope"), grant.Issue.Requested), Refresh: true})
}

// breach ends a family of which a token comes that it has long replaced, Auth0:
// secure/tokens/refresh-tokens/refresh-token-rotation. It does so for one who does not wait
// for the answer, too.
func (g *refreshToken) breach(ctx context.Context, id, text string, now time.Time) error {
	_, err := g.db.ExchangeRefreshToken(context.WithoutCancel(ctx), storage.Exchange{ID: id, Hash: keys.Hash(text), Now: now})
	return invalidRefreshToken(err)
}

func invalidRefreshToken(err error) error {
	if errors.Is(err, storage.ErrReused) || storage.IsNotFound(err) {
		return apierr.InvalidRefreshToken.With(err)
	}
	return err
}

// Commit implements oauth.Grant.
func (g *refreshToken) Commit(ctx context.Context, rq *oauth.TokenRequest, grant *tokens.Grant, reply *oauth.Reply) error {
	s := rq.Client.RefreshToken
	x := storage.Exchange{
		ID: grant.ID, Hash: keys.Hash(rq.Form.Get("refresh_token")), Now: rq.Now,
		Overlap:       clock.Span(s.Leeway, time.Second),
		IdleExpiresAt: idleEnd(s, rq.Now),
		Authorization: grant.Authorization,
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
