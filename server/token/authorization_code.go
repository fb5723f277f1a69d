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
	"github.com/tenant0/tenant0/server/session"
	"github.com/tenant0/tenant0/server/tokens"
	"github.com/tenant0/tenant0/storage"
)

// authorizationCode redeems an authorization code, RFC 6749 section 4.1.3.
type authorizationCode struct {
	db     *storage.DB
	issuer *tokens.Issuer
}

// Type implements oauth.Grant.
func (g *authorizationCode) Type() string { return "authorization_code" }

// Validate implements oauth.Grant. A wrong redirect_uri or code_verifier does not use
// up the code.
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
		return nil, apierr.InvalidCode.WithReason("the code was issued to another application")
	case !rq.Now.Before(code.ExpiresAt):
		return nil, apierr.InvalidCode.WithReason("the code has expired: it is good for ten minutes")
	}
	// RFC 6749 section 4.1.3: "if the redirect_uri parameter was included in the
	// initial authorization request [...] ensure that their values are identical".
	if uri := rq.Form.Get("redirect_uri"); uri != code.RedirectURI {
		return nil, apierr.WrongRedirectURI(uri, code.RedirectURI)
	}
	if verifier := rq.Form.Get("code_verifier"); !provesPossession(code, verifier) {
		return nil, wrongVerifier(code, verifier)
	}
	if grant.User.Blocked {
		return nil, apierr.AtTokenEndpoint(apierr.UserBlocked)
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
		if err := grant.Load(tx); err != nil || !slices.Contains(grant.Issue.Scope, authz.OnlineAccess) && code.Issue.Parent == "" {
			return err
		}
		grant.Session, err = sessionOf(tx, code.Issue, rq.Now)
		return storage.Optional(err) // a session that has ended gives no refresh token
	})
	return code, grant, err
}

// reused handles a code that is not in the store. If the tenant issued it to this
// client, it was redeemed before (or expired long ago), and the tokens that were
// issued for it are revoked. Another client cannot cause that.
func (g *authorizationCode) reused(ctx context.Context, text string, rq *oauth.TokenRequest) error {
	id, ok := g.issuer.Secrets.GrantOfCode(text, rq.Client.ClientID)
	if !ok {
		return apierr.InvalidCode.WithReason("the tenant did not issue this code to this application, or has new keys since")
	}
	// The tokens are revoked even if the client closes the connection before the
	// answer.
	if err := g.db.Update(context.WithoutCancel(ctx), func(tx *storage.Tx) error { return tx.RevokeGrant(id, rq.Now) }); err != nil {
		return err
	}
	return apierr.InvalidCode.WithReason("the code was used before; the tokens that were issued for it are now revoked").With(storage.ErrReused)
}

// Commit implements oauth.Grant. One transaction deletes the code and stores the
// refresh token, so that only one of several requests with the same code succeeds.
func (g *authorizationCode) Commit(ctx context.Context, rq *oauth.TokenRequest, grant *tokens.Grant, reply *oauth.Reply) error {
	issued := startRefreshToken(g.issuer.Secrets, grant, reply, rq)
	code := storage.Code{Hash: keys.Hash(rq.Form.Get("code")), GrantID: grant.ID}
	err := g.db.RedeemCode(ctx, code, rq.Now, issued)
	if errors.Is(err, storage.ErrReused) {
		return apierr.InvalidCode.With(err)
	}
	return err
}

// offline reports whether a grant includes a refresh token. The check of the API and
// the application is needed because a scope rule that grants scopes without looking
// at them could grant offline_access too.
func offline(grant *tokens.Grant) bool {
	if grant.Issue.Parent != "" && grant.Session == nil { // the session that a session transfer token began has ended
		return false
	}
	return slices.Contains(grant.Issue.Scope, "offline_access") && authz.OfflineAllowed(grant.Client, grant.API)
}

// startRefreshToken creates the refresh token of a grant, if the grant includes one, and puts it
// into the reply.
func startRefreshToken(secrets *keys.Secrets, grant *tokens.Grant, reply *oauth.Reply, rq *oauth.TokenRequest) *storage.RefreshToken {
	switch {
	case bound(grant):
		reply.RefreshToken = secrets.NewOnlineRefreshToken(grant.ID)
	case offline(grant):
		reply.RefreshToken = secrets.NewRefreshToken(grant.ID)
	default:
		return nil
	}
	family := newFamily(grant, reply.RefreshToken, rq.Now)
	family.Device = session.UsedFrom(rq.HTTP)(nil)
	return family
}

// bound reports whether the refresh token of a grant ends with its session: with online access and, if the application
// is configured so, in a session that a session transfer token began.
func bound(grant *tokens.Grant) bool {
	online := slices.Contains(grant.Issue.Scope, authz.OnlineAccess)
	return grant.Session != nil && (online || grant.Client.SessionTransfer.OnlineRefreshTokens && offline(grant))
}

// sessionOf returns the session in which a grant began. If the session has ended, the
// error wraps storage.ErrNotFound.
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

// newFamily returns the record of a user's first refresh token. It has no nonce,
// which belongs to the first ID token only, OIDC Core section 12.2.
func newFamily(grant *tokens.Grant, token string, now time.Time) *storage.RefreshToken {
	s := grant.Client.RefreshToken
	issue := grant.Issue
	issue.Nonce, issue.FurtherFactor = "", false
	if bound(grant) { // Auth0: it ends with the session and does not rotate
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
	// Auth0: the absolute lifetime begins when the first token is issued, and
	// rotation does not extend it.
	if s.ExpirationType == "expiring" && !s.InfiniteTokenLifetime && s.TokenLifetime > 0 {
		t.ExpiresAt = now.Add(clock.Span(s.TokenLifetime, time.Second))
	}
	return t
}

// idleEnd returns when a refresh token expires unless it is used before; the zero
// time means never.
func idleEnd(s storage.RefreshTokenSettings, now time.Time) time.Time {
	if s.ExpirationType != "expiring" || s.InfiniteIdleTokenLifetime || s.IdleTokenLifetime <= 0 {
		return time.Time{}
	}
	return now.Add(clock.Span(s.IdleTokenLifetime, time.Second))
}
