package token

import (
	"context"
	"errors"
	"slices"
	"time"

	"github.com/tenant0/tenant0/keys"
	"github.com/tenant0/tenant0/server/apierr"
	"github.com/tenant0/tenant0/server/authz"
	"github.com/tenant0/tenant0/server/clock"
	"github.com/tenant0/tenant0/server/oauth"
	"github.com/tenant0/tenant0/server/tokens"
	"github.com/tenant0/tenant0/storage"
)

// authorizationCode redeems a code, RFC 6749 section 4.1.3.
type authorizationCode struct {
	db     *storage.DB
	issuer *tokens.Issuer
}

// Type implements oauth.Grant.
func (g *authorizationCode) Type() string { return "authorization_code" }

// Validate implements oauth.Grant. A wrong redirect_uri or verifier neither uses
// the code up nor makes it easier to redeem.
func (g *authorizationCode) Validate(ctx context.Context, rq *oauth.TokenRequest) (*tokens.Grant, error) {
	text := rq.Form.Get("code")
	if text == "" {
		return nil, apierr.MissingParameter("code")
	}
	code, grant, err := g.load(ctx, text, rq)
	switch {
	case errors.Is(err, storage.ErrNotFound):
		return nil, g.reused(ctx, text, rq)
	case err != nil:
		return nil, err
	case code.Issue.ClientID != rq.Client.ClientID:
		return nil, apierr.InvalidCode.Because("the code is another application's")
	case !rq.Now.Before(code.ExpiresAt):
		return nil, apierr.InvalidCode.Because("the code's ten minutes are over")
	}
	// RFC 6749 section 4.1.3: "if the redirect_uri parameter was included in the
	// initial authorization request [...] ensure that their values are identical".
	if uri := rq.Form.Get("redirect_uri"); uri != code.RedirectURI {
		return nil, apierr.WrongRedirectURI(uri, code.RedirectURI)
	}
	if verifier := rq.Form.Get("code_verifier"); !provesPossession(code, verifier) {
		return nil, wrongVerifier(code, verifier)
	}
	return grant, nil
}

func (g *authorizationCode) load(ctx context.Context, text string, rq *oauth.TokenRequest) (storage.Code, *tokens.Grant, error) {
	var code storage.Code
	grant := &tokens.Grant{Client: rq.Client}
	err := g.db.View(ctx, func(tx *storage.Tx) error {
		var err error
		if code, err = tx.Codes.Get(keys.Hash(text)); err != nil {
			return err
		}
		grant.ID, grant.Issue = code.GrantID, code.Issue
		if err := grant.Load(tx); err != nil || !slices.Contains(grant.Issue.Scope, authz.OnlineAccess) {
			return err
		}
		grant.Session, err = sessionOf(tx, code.Issue, rq.Now)
		return storage.Optional(err) // one that has ended brings no refresh token
	})
	return code, grant, err
}

// reused handles a code that is not there. When it is one that we gave the client, it
// was redeemed before (or is long expired), and what it brought is revoked. Another
// client cannot do that.
func (g *authorizationCode) reused(ctx context.Context, text string, rq *oauth.TokenRequest) error {
	id, ok := g.issuer.Secrets.GrantOfCode(text, rq.Client.ClientID)
	if !ok {
		return apierr.InvalidCode.Because("the tenant has given this application no such code, or its keys are new")
	}
	// Whoever brings it need not stay to hear the answer.
	if err := g.db.Update(context.WithoutCancel(ctx), func(tx *storage.Tx) error { return tx.RevokeGrant(id, rq.Now) }); err != nil {
		return err
	}
	return apierr.InvalidCode.Because("the code was redeemed before, and the tokens that it brought are revoked").With(storage.ErrReused)
}

// Commit implements oauth.Grant: the code goes and the refresh token comes in
// one transaction, so that of several requests with one code one succeeds.
func (g *authorizationCode) Commit(ctx context.Context, rq *oauth.TokenRequest, grant *tokens.Grant, reply *oauth.Reply) error {
	issued := begin(g.issuer.Secrets, grant, reply, rq.Now)
	code := storage.Code{Hash: keys.Hash(rq.Form.Get("code")), GrantID: grant.ID}
	err := g.db.RedeemCode(ctx, code, rq.Now, issued)
	if errors.Is(err, storage.ErrReused) {
		return apierr.InvalidCode.With(err)
	}
	return err
}

// offline reports whether the grant brings a refresh token. A scope rule that
// takes scopes over word for word cannot bring one that the API or the
// application does not allow.
func offline(grant *tokens.Grant) bool {
	return slices.Contains(grant.Issue.Scope, "offline_access") && authz.OfflineAllowed(grant.Client, grant.API)
}

// begin begins the refresh token of a grant, if it has one, and puts it into the reply.
func begin(secrets *keys.Secrets, grant *tokens.Grant, reply *oauth.Reply, now time.Time) *storage.RefreshToken {
	switch {
	case grant.Session != nil:
		reply.RefreshToken = secrets.NewOnlineRefreshToken(grant.ID)
	case offline(grant):
		reply.RefreshToken = secrets.NewRefreshToken(grant.ID)
	default:
		return nil
	}
	return newFamily(grant, reply.RefreshToken, now)
}

// sessionOf is the session in which a grant began, or an error that wraps storage.ErrNotFound
// where it has ended.
func sessionOf(tx *storage.Tx, issue storage.Issue, now time.Time) (*storage.Session, error) {
	s, err := tx.SessionByID(issue.SessionID)
	if err == nil && !s.Live(now) {
		err = storage.ErrNotFound
	}
	if err != nil {
		return nil, err
	}
	return &s, nil
}

// newFamily is the record of a user's first refresh token. The nonce was for the
// first ID token only, OIDC Core section 12.2.
func newFamily(grant *tokens.Grant, token string, now time.Time) *storage.RefreshToken {
	s := grant.Client.RefreshToken
	issue := grant.Issue
	issue.Nonce, issue.FurtherFactor = "", false
	if grant.Session != nil { // Auth0: it ends with the session, and does not rotate
		return &storage.RefreshToken{
			ID: grant.ID, Issue: issue, CreatedAt: now, LastExchangedAt: now, Online: true, ExpiresAt: grant.Session.ExpiresAt,
			Tokens: []storage.Token{{Hash: keys.Hash(token)}},
		}
	}
	t := &storage.RefreshToken{
		ID: grant.ID, Issue: issue, CreatedAt: now, LastExchangedAt: now,
		Rotating:      s.RotationType == "rotating",
		IdleExpiresAt: idleEnd(s, now),
		Tokens:        []storage.Token{{Hash: keys.Hash(token)}},
	}
	// Auth0: the absolute end is fixed at the first issue and not moved by rotation.
	if s.ExpirationType == "expiring" && !s.InfiniteTokenLifetime && s.TokenLifetime > 0 {
		t.ExpiresAt = now.Add(clock.Span(s.TokenLifetime, time.Second))
	}
	return t
}

// idleEnd is when a refresh token ends unless it is used before; zero is never.
func idleEnd(s storage.RefreshTokenSettings, now time.Time) time.Time {
	if s.ExpirationType != "expiring" || s.InfiniteIdleTokenLifetime || s.IdleTokenLifetime <= 0 {
		return time.Time{}
	}
	return now.Add(clock.Span(s.IdleTokenLifetime, time.Second))
}
