package storage

import (
	"context"
	"math"
	"slices"
	"time"

	"github.com/tenant0/tenant0/storage/table"
)

// RefreshToken is a refresh token or, if it rotates, the family of tokens that descend from it, Auth0:
// secure/tokens/refresh-tokens. The size of the record is bounded: a token that the family no longer lists
// was replaced long ago, and presenting it counts as reuse.
type RefreshToken struct {
	ID       string `json:"id"` // the grant's id
	Issue    Issue  `json:"issue"`
	Rotating bool   `json:"rotating"`
	// Online says that it ends with the session of its Issue.
	Online          bool      `json:"online,omitempty"`
	CreatedAt       time.Time `json:"created_at"`
	LastExchangedAt time.Time `json:"last_exchanged_at"`
	// ExpiresAt is the absolute expiry, fixed when the family begins; zero means never.
	ExpiresAt time.Time `json:"expires_at,omitzero"`
	// IdleExpiresAt is when it expires if it is not used before; zero means never.
	IdleExpiresAt time.Time `json:"idle_expires_at,omitzero"`
	Generation    int       `json:"generation"`
	Tokens        []Token   `json:"tokens"`
	// Metadata was set by the Management API.
	Metadata Document `json:"metadata,omitempty"`
	// Device is as in a Session.
	Device Document `json:"device,omitempty"`
}

// Token is one refresh token string of a family.
type Token struct {
	Hash       string    `json:"hash"`
	Generation int       `json:"generation"`
	RotatedAt  time.Time `json:"rotated_at,omitzero"` // first exchange
}

// Expired reports whether the token is past its absolute or idle expiry.
func (t RefreshToken) Expired(now time.Time) bool {
	past := func(at time.Time) bool { return !at.IsZero() && !now.Before(at) }
	return past(t.ExpiresAt) || past(t.IdleExpiresAt)
}

// Has reports whether a token string of the family has the hash.
func (t RefreshToken) Has(hash string) bool { return t.find(hash) >= 0 }

// maxRefreshTokens bounds the tokens of one user in one application, Auth0:
// secure/tokens/refresh-tokens, "200 active refresh tokens per user per application".
const maxRefreshTokens = 200

// maxSiblings bounds the tokens that a family lists, which replays within the overlap would multiply.
const maxSiblings = 50

var refreshTokens = table.Declare(table.Spec[RefreshToken]{
	Name:           "refresh_tokens",
	IndexedMembers: []string{"id", "issue.user_id", "issue.client_id", "issue.parent", "expires_at", "idle_expires_at"},
	Key:            func(t RefreshToken) string { return t.ID },
	Indexes: []table.Index[RefreshToken]{
		{
			Name:   ofClient,
			Values: func(t RefreshToken) []string { return []string{refreshTokenIndex(t.Issue.UserID, t.Issue.ClientID)} },
			Beside: func(t RefreshToken) string { return t.Issue.SessionID },
		},
		{Name: ofParent, Values: func(t RefreshToken) []string { return parents(t.Issue.Parent) }},
	},
	Expires: func(t RefreshToken) time.Time {
		if t.ExpiresAt.IsZero() || (!t.IdleExpiresAt.IsZero() && t.IdleExpiresAt.Before(t.ExpiresAt)) {
			return t.IdleExpiresAt
		}
		return t.ExpiresAt
	},
})

// ofClient is the index of refresh tokens by user and application.
const ofClient = "user_client"

// refreshTokenIndex is a value of that index; with clientID "" it is the prefix of all values of the user.
func refreshTokenIndex(userID, clientID string) string { return userID + "\x01" + clientID }

// RefreshTokensOf returns the refresh tokens of a user, in the order of their ids.
func (tx *Tx) RefreshTokensOf(userID string) (all []RefreshToken, err error) {
	ids, err := tx.records(refreshTokens.Kind).KeysInOrder(ofClient, refreshTokenIndex(userID, ""), math.MaxInt)
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

// RefreshTokensIn returns the ids of the refresh tokens that were issued in a session. There is no index by
// session, which would cost each login two pages: the index by user and application keeps the session's id.
func (tx *Tx) RefreshTokensIn(s Session) (ids []string, err error) {
	err = tx.records(refreshTokens.Kind).EachInOrder(ofClient, refreshTokenIndex(s.UserID, ""), func(id, session []byte) bool {
		if string(session) == s.ID {
			ids = append(ids, string(id))
		}
		return true
	})
	return ids, err
}

// StartRefreshToken stores a new family and, beyond maxRefreshTokens, ends the oldest of its user and
// client. Ids begin with their time, so the oldest sorts first.
func (tx *Tx) StartRefreshToken(t RefreshToken) error {
	owner := refreshTokenIndex(t.Issue.UserID, t.Issue.ClientID) + "\x00"
	if err := tx.records(refreshTokens.Kind).Bound(ofClient, owner, maxRefreshTokens-1); err != nil {
		return err
	}
	return tx.RefreshTokens.Put(t)
}

// RefreshTokensWhere returns the ids of the families that mention one of the values and satisfy a condition.
func (tx *Tx) RefreshTokensWhere(holds func(RefreshToken) bool, values ...string) (ids []string, err error) {
	for t, err := range tx.RefreshTokens.Mentioning("", values...) {
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
	ID   string // the family
	Hash string // of the presented token
	Next string // the hash of the token that replaces it, if the family rotates
	Now  time.Time
	// Device changes the token's Device, nil for no change.
	Device  func(Document) Document
	Overlap time.Duration // how long a replaced token stays valid
	// IdleExpiresAt is the family's new idle expiry; zero means never.
	IdleExpiresAt time.Time
	// Authorization is stored by SetAuthorization in the same transaction, nil for nothing.
	Authorization any
	// Within runs in the same transaction, nil for nothing.
	Within func(*Tx) error
}

// ExchangeRefreshToken records one use of a refresh token. In a rotating family, Next replaces the
// presented token, and rotated is true. Within the overlap the token before the newest may be presented
// again, and gets another successor. Presenting any other replaced token revokes the family and returns
// ErrReused, in one transaction. If there is no such family, or it has expired, the error wraps
// ErrNotFound.
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
		if x.Device != nil {
			t.Device = x.Device(t.Device)
		}
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

// keepBeside stores what belongs to the same transaction as the exchange.
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

// accepts reports whether the family accepts the presented token.
func (t RefreshToken) accepts(x Exchange) bool {
	i := t.find(x.Hash)
	switch {
	case i < 0:
		return false
	case !t.Rotating, t.Tokens[i].RotatedAt.IsZero():
		return true
	}
	// Auth0: only the token before the newest may be replayed within the overlap. With an overlap of 0 no
	// replay is accepted, not even at the very same time.
	return t.Tokens[i].Generation == t.Generation-1 && x.Overlap > 0 && x.Now.Sub(t.Tokens[i].RotatedAt) <= x.Overlap
}

func (t RefreshToken) find(hash string) int {
	return slices.IndexFunc(t.Tokens, func(k Token) bool { return k.Hash == hash })
}

// rotate adds the next token and drops those that can no longer be accepted.
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
