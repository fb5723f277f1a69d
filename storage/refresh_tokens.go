package storage

import (
	"context"
	"math"
	"slices"
	"time"
)

// RefreshToken is a refresh token and, when it rotates, the family of tokens
// that descend from it, Auth0: secure/tokens/refresh-tokens. The record is
// bounded: a token of the family that it no longer lists was replaced long ago,
// and its return is reuse.
type RefreshToken struct {
	ID       string `json:"id"` // the grant's id
	Issue    Issue  `json:"issue"`
	Rotating bool   `json:"rotating"`
	// Online says that it ends with the session of its Issue.
	Online          bool      `json:"online,omitempty"`
	CreatedAt       time.Time `json:"created_at"`
	LastExchangedAt time.Time `json:"last_exchanged_at"`
	// ExpiresAt is the absolute end, fixed when the family begins; zero is never.
	ExpiresAt time.Time `json:"expires_at,omitzero"`
	// IdleExpiresAt is the end unless it is used before; zero is never.
	IdleExpiresAt time.Time `json:"idle_expires_at,omitzero"`
	Generation    int       `json:"generation"`
	Tokens        []Token   `json:"tokens"`
	// Metadata is what the Management API has attached to it.
	Metadata Document `json:"metadata,omitempty"`
}

// Token is one token string of a family, by its hash.
type Token struct {
	Hash       string    `json:"hash"`
	Generation int       `json:"generation"`
	RotatedAt  time.Time `json:"rotated_at,omitzero"` // first exchange
}

// Expired reports whether the token is past its absolute or idle end.
func (t RefreshToken) Expired(now time.Time) bool {
	past := func(at time.Time) bool { return !at.IsZero() && !now.Before(at) }
	return past(t.ExpiresAt) || past(t.IdleExpiresAt)
}

// Has reports whether a token string of the family has the hash.
func (t RefreshToken) Has(hash string) bool { return t.find(hash) >= 0 }

// maxRefreshTokens bounds the tokens of one user in one application, Auth0:
// secure/tokens/refresh-tokens, "200 active refresh tokens per user per application".
const maxRefreshTokens = 200

// maxSiblings bounds how many tokens one overlap may bring forth.
const maxSiblings = 50

var refreshTokens = declare(spec[RefreshToken]{
	name:    "refresh_tokens",
	leading: []string{"id", "issue", "expires_at", "idle_expires_at"},
	key:     func(t RefreshToken) string { return t.ID },
	indexes: []index[RefreshToken]{
		{name: ofClient, values: func(t RefreshToken) []string {
			return []string{refreshTokenIndex(t.Issue.UserID, t.Issue.ClientID)}
		}},
		{name: "session", values: func(t RefreshToken) []string {
			if t.Issue.SessionID == "" {
				return nil
			}
			return []string{t.Issue.SessionID}
		}},
	},
	expires: func(t RefreshToken) time.Time {
		if t.ExpiresAt.IsZero() || (!t.IdleExpiresAt.IsZero() && t.IdleExpiresAt.Before(t.ExpiresAt)) {
			return t.IdleExpiresAt
		}
		return t.ExpiresAt
	},
})

// ofClient is the index of those of a user in an application.
const ofClient = "user_client"

// refreshTokenIndex is a value of that index; with no application it is the beginning of all of the user's.
func refreshTokenIndex(userID, clientID string) string { return userID + "\x01" + clientID }

// RefreshTokensOf returns those of a user, in the order of their ids.
func (tx *Tx) RefreshTokensOf(userID string) (all []RefreshToken, err error) {
	ids, err := tx.RefreshTokens.records.keysInOrder(ofClient, refreshTokenIndex(userID, ""), math.MaxInt)
	if err != nil {
		return nil, err
	}
	slices.Sort(ids)
	for _, id := range ids {
		t, err := tx.RefreshTokens.Get(id)
		if err != nil {
			return nil, err
		}
		all = append(all, t)
	}
	return all, nil
}

// StartRefreshToken writes a new family and ends the oldest of its user and
// client past the bound. Ids begin with their time, so the oldest comes first.
func (tx *Tx) StartRefreshToken(t RefreshToken) error {
	owner := refreshTokenIndex(t.Issue.UserID, t.Issue.ClientID) + "\x00"
	if err := tx.RefreshTokens.records.bound(ofClient, owner, maxRefreshTokens-1); err != nil {
		return err
	}
	return tx.RefreshTokens.Put(t)
}

// RefreshTokensWhere returns the ids of the families that satisfy a condition.
func (tx *Tx) RefreshTokensWhere(holds func(RefreshToken) bool) (ids []string, err error) {
	for t, err := range tx.RefreshTokens.All() {
		if err != nil {
			return nil, err
		}
		if holds(t) {
			ids = append(ids, t.ID)
		}
	}
	return ids, nil
}

// Exchange is one use of a refresh token.
type Exchange struct {
	ID      string // of the family
	Hash    string // of the token presented
	Next    string // hash of the token that replaces it, when the family rotates
	Now     time.Time
	Overlap time.Duration // how long a replaced token stays good
	// IdleExpiresAt is the family's new idle end; zero is never.
	IdleExpiresAt time.Time
	// Authorization is what SetAuthorization writes with it, nil for nothing.
	Authorization any
	// Within is what else is kept with it, nil for nothing.
	Within func(*Tx) error
}

// ExchangeRefreshToken records one use of a refresh token. In a rotating family
// the token presented is replaced by Next, and rotated is true; within the
// overlap the token before the newest may come again, and brings forth a
// sibling. Any other return of a replaced token revokes the family and gives
// ErrReused, in one transaction. A family that is not there gives an error that
// wraps ErrNotFound.
func (db *DB) ExchangeRefreshToken(ctx context.Context, x Exchange) (rotated bool, err error) {
	reused := false
	err = db.Update(ctx, func(tx *Tx) error {
		t, err := tx.RefreshTokens.Get(x.ID)
		if err != nil {
			return err
		}
		if t.Expired(x.Now) {
			return ErrNotFound
		}
		if !t.accepts(x) {
			reused = true
			return tx.RevokeGrant(x.ID, x.Now)
		}
		if t.Rotating {
			t.rotate(x)
		}
		rotated = t.Rotating
		t.LastExchangedAt, t.IdleExpiresAt = x.Now, x.IdleExpiresAt
		if err := x.keepBeside(tx, t.Issue.UserID); err != nil {
			return err
		}
		return tx.RefreshTokens.Put(t)
	})
	if err == nil && reused {
		return false, ErrReused
	}
	return rotated && err == nil, err
}

// keepBeside writes what is kept together with the exchange.
func (x Exchange) keepBeside(tx *Tx, userID string) error {
	if x.Authorization != nil {
		if err := tx.SetAuthorization(userID, x.Authorization); err != nil {
			return err
		}
	}
	if x.Within != nil {
		return x.Within(tx)
	}
	return nil
}

// accepts reports whether the family takes the token presented.
func (t RefreshToken) accepts(x Exchange) bool {
	i := t.find(x.Hash)
	switch {
	case i < 0:
		return false
	case !t.Rotating, t.Tokens[i].RotatedAt.IsZero():
		return true
	}
	// Auth0: only the token before the newest may be replayed in the overlap.
	// Without an overlap not even at the same instant, at which a clock may stand.
	return t.Tokens[i].Generation == t.Generation-1 && x.Overlap > 0 && x.Now.Sub(t.Tokens[i].RotatedAt) <= x.Overlap
}

func (t RefreshToken) find(hash string) int {
	return slices.IndexFunc(t.Tokens, func(k Token) bool { return k.Hash == hash })
}

// rotate adds the next token and forgets those that could not be accepted again.
func (t *RefreshToken) rotate(x Exchange) {
	k := &t.Tokens[t.find(x.Hash)]
	if k.RotatedAt.IsZero() {
		k.RotatedAt = x.Now
	}
	next := Token{Hash: x.Next, Generation: k.Generation + 1}
	t.Generation = max(t.Generation, next.Generation)
	kept := slices.DeleteFunc(t.Tokens, func(k Token) bool {
		return !k.RotatedAt.IsZero() && k.Generation < t.Generation-1
	})
	t.Tokens = append(kept, next)
	if extra := len(t.Tokens) - maxSiblings; extra > 0 {
		t.Tokens = t.Tokens[extra:]
	}
}
