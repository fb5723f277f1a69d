package storage

import (
	"cmp"
	"context"
	"errors"
	"time"

	"github.com/tenant0/tenant0/storage/table"
)

var (
	// ErrReused reports a single-use credential that was presented again.
	ErrReused = errors.New("already used")
	// ErrExpired reports a credential that has expired.
	ErrExpired = errors.New("expired")
	// ErrTooEarly reports a poll that came sooner after the last one than is allowed.
	ErrTooEarly = errors.New("too early")
)

// Code is an authorization code with everything that its exchange needs, RFC 6749 section 4.1.2. Its
// key is the hash of the code.
type Code struct {
	Hash    string `json:"hash"`
	GrantID string `json:"grant_id"`
	Issue   Issue  `json:"issue"`
	// RedirectURI is the redirect_uri of the authorization request, "" if it sent none.
	RedirectURI         string    `json:"redirect_uri"`
	CodeChallenge       string    `json:"code_challenge"`
	CodeChallengeMethod string    `json:"code_challenge_method"`
	ExpiresAt           time.Time `json:"expires_at"`
}

// Issue is what the tokens of a user's grant contain. An authorization code carries it to the first
// exchange and a refresh token to later ones.
type Issue struct {
	ClientID  string `json:"client_id"`
	UserID    string `json:"user_id"`
	Audience  string `json:"audience"`
	Requested string `json:"requested"` // the scope parameter as sent
	// Scope is what was granted, in order. A refresh grants no further scopes, unless the scope rule
	// says so.
	Scope       []string `json:"scope"`
	Permissions []string `json:"permissions,omitempty"`
	Nonce       string   `json:"nonce,omitempty"`
	SessionID   string   `json:"sid,omitempty"`
	// Parent is the Parent of the session.
	Parent   string    `json:"parent,omitempty"`
	AuthTime time.Time `json:"auth_time,omitzero"`
	// ShowAuthTime says that the ID token must carry auth_time.
	ShowAuthTime bool `json:"show_auth_time,omitempty"`
	// FurtherFactor says that the user has just proved a further factor.
	FurtherFactor bool   `json:"further_factor,omitempty"`
	Connection    string `json:"connection,omitempty"`
	// Organization is the id of the organization that the user logged in to. OrganizationName is set
	// only if tokens contain the name.
	Organization     string         `json:"org_id,omitempty"`
	OrganizationName string         `json:"org_name,omitempty"`
	AccessClaims     map[string]any `json:"access_claims,omitempty"`
	// Details are the authorization_details that the user agreed to, a JSON array, or "".
	Details  string         `json:"authorization_details,omitempty"`
	IDClaims map[string]any `json:"id_claims,omitempty"`
}

var codes = table.Declare(table.Spec[Code]{
	Name:           "codes",
	Recent:         true,
	IndexedMembers: []string{"hash", "issue.sid", "expires_at"},
	Key:            func(c Code) string { return c.Hash },
	Expires:        func(c Code) time.Time { return c.ExpiresAt },
	Indexes: []table.Index[Code]{{Name: "session", Values: func(c Code) []string {
		return []string{codeIndex(c.Issue.SessionID) + sortableTime(c.ExpiresAt)}
	}}},
})

func codeIndex(sessionID string) string { return sessionID + "\x01" }

// maxCodes bounds the unredeemed codes of one session, since any web page can make the browser request
// another one. The size of a code is bounded by that of its request.
const maxCodes = 256

// IssueCode stores a new code. Beyond maxCodes, the oldest code of the session is deleted.
func (tx *Tx) IssueCode(c Code) error {
	if err := tx.Codes.Put(c); err != nil {
		return err
	}
	return tx.records(codes.Kind).Bound("session", codeIndex(c.Issue.SessionID), maxCodes)
}

// RevokedGrant says that tokens of a grant are no longer valid. It is kept for as long as such a token
// may live.
type RevokedGrant struct {
	GrantID string `json:"grant_id"`
	Ending  int64  `json:"ending,omitempty"` // see Endings
	// UserGone is the application that held the grant's refresh token when its user was deleted, ""
	// for grants that ended for another reason.
	UserGone  string    `json:"user_gone,omitempty"`
	ExpiresAt time.Time `json:"expires_at"`
}

var revokedGrants = table.Declare(table.Spec[RevokedGrant]{
	Name:    "revoked_grants",
	Key:     func(g RevokedGrant) string { return g.GrantID },
	Expires: func(g RevokedGrant) time.Time { return g.ExpiresAt },
})

// opaqueLifetime is the longest lifetime of an opaque access token, which a revocation can end, Auth0:
// secure/tokens/access-tokens.
const opaqueLifetime = 30 * 24 * time.Hour

// RedeemCode deletes a code and stores the refresh token that its exchange issues (nil for none), in
// one transaction. Of several callers with one code, one succeeds; the others get ErrReused, and what
// the first issued is revoked: RFC 6749 section 4.1.2, "the authorization server MUST deny the request
// and SHOULD revoke (when possible) all tokens previously issued based on that authorization code".
func (db *DB) RedeemCode(ctx context.Context, c Code, now time.Time, issued *RefreshToken) error {
	update := db.Update
	if issued == nil {
		update = db.UpdateVolatile // only volatile records change, so it need not wait for the disk
	}
	err := update(ctx, func(tx *Tx) error {
		there, err := tx.Codes.Has(c.Hash)
		if err == nil && !there {
			err = ErrReused
		}
		if err != nil {
			return err
		}
		if err := tx.Codes.Delete(c.Hash); err != nil || issued == nil {
			return err
		}
		return tx.StartRefreshToken(*issued)
	})
	if errors.Is(err, ErrReused) {
		// An update of its own, because the revocation must be durable. It follows the update of the
		// first caller, and happens even if this caller has disconnected.
		return cmp.Or(db.Update(context.WithoutCancel(ctx), func(tx *Tx) error { return tx.RevokeGrant(c.GrantID, now) }), err)
	}
	return err
}

// RevokeGrant ends the refresh token of a grant and its opaque access tokens.
func (tx *Tx) RevokeGrant(grantID string, now time.Time) error {
	if err := tx.endRefreshToken(grantID); err != nil {
		return err
	}
	return tx.RevokedGrants.Put(RevokedGrant{GrantID: grantID, ExpiresAt: now.Add(opaqueLifetime)})
}

// UsedAssertion remembers the jti of a client assertion until the assertion
// expires, RFC 7523 section 3.
type UsedAssertion struct {
	ID        string    `json:"id"` // client id, jti
	ExpiresAt time.Time `json:"expires_at"`
}

var usedAssertions = table.Declare(table.Spec[UsedAssertion]{
	Name:    "used_assertions",
	Key:     func(a UsedAssertion) string { return a.ID },
	Expires: func(a UsedAssertion) time.Time { return a.ExpiresAt },
})

// UseAssertion records that an assertion was used. It returns ErrReused if it was used before.
func (db *DB) UseAssertion(ctx context.Context, a UsedAssertion) error {
	return db.Update(ctx, func(tx *Tx) error {
		seen, err := tx.UsedAssertions.Has(a.ID)
		switch {
		case err != nil:
			return err
		case seen:
			return ErrReused
		}
		return tx.UsedAssertions.Put(a)
	})
}
