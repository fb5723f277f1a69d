package storage

import (
	"errors"
	"math"
	"slices"
	"strings"
	"time"

	"github.com/tenant0/tenant0/storage/table"

	"github.com/tenant0/tenant0/storage/keyspace"
)

// Session is a user's login session at a browser, Auth0: manage-users/sessions. Its key is a hash of the cookie, so
// that the store does not hold what a browser presents. The id is the beginning of the key, except for sessions
// that earlier versions began.
type Session struct {
	CookieHash      string    `json:"cookie_hash"`
	ID              string    `json:"id"` // the sid claim of tokens
	UserID          string    `json:"user_id"`
	Connection      string    `json:"connection"`
	AuthenticatedAt time.Time `json:"authenticated_at"`
	CreatedAt       time.Time `json:"created_at"`
	LastUsedAt      time.Time `json:"last_used_at"`
	ExpiresAt       time.Time `json:"expires_at"`      // the absolute expiry
	IdleExpiresAt   time.Time `json:"idle_expires_at"` // the idle expiry, postponed by use
	Clients         []string  `json:"clients"`
	// Ephemeral says that the session's cookie ends when the browser is closed.
	Ephemeral bool `json:"ephemeral,omitempty"`
	// BeganIn is the StateHash of the Transaction in which the user logged in.
	BeganIn string `json:"began_in"`
	// Methods are the ways in which the user has authenticated in the session, the first one first.
	Methods []AuthenticationMethod `json:"methods,omitempty"`
	// Parent is the id of the refresh token whose session transfer token began the session, "" for none.
	Parent string `json:"parent,omitempty"`
	// Metadata was set by the Management API.
	Metadata Document `json:"metadata,omitempty"`
	// Device is the session's device as the Management API shows it, which package session keeps.
	Device Document `json:"device,omitempty"`
}

// AuthenticationMethod is one way in which a user has authenticated, and when.
type AuthenticationMethod struct {
	Name string    `json:"name"`           // a name that server/signin defines
	Type string    `json:"type,omitempty"` // which further factor, if Name is "mfa"
	At   time.Time `json:"at"`
	// In is the StateHash of the login in which the method was a further factor, and Notified says that the user
	// allowed it there in an app, after a push notification.
	In       string `json:"in,omitempty"`
	Notified bool   `json:"notified,omitempty"`
}

// Further reports whether the user has proved a further factor in the session, and whether this happened in the
// login with a StateHash.
func (s Session) Further(stateHash string) (ever, here bool) {
	for _, m := range s.Methods {
		if m.In != "" {
			ever, here = true, here || m.In == stateHash
		}
	}
	return ever, here
}

// Pushed reports whether the user allowed a push notification in the login with a StateHash.
func (s Session) Pushed(stateHash string) bool {
	return slices.ContainsFunc(s.Methods, func(m AuthenticationMethod) bool { return m.Notified && m.In == stateHash })
}

// Live reports whether the session is valid at now.
func (s Session) Live(now time.Time) bool {
	return now.Before(s.ExpiresAt) && now.Before(s.IdleExpiresAt)
}

// maxSessions bounds the sessions of one user; beyond it the least recently used end. The store must not grow with
// every login of a test suite.
const maxSessions = 100

var sessions = table.Declare(table.Spec[Session]{
	Name:           "sessions",
	Recent:         true,
	IndexedMembers: []string{"cookie_hash", "id", "user_id", "parent", "last_used_at", "expires_at", "idle_expires_at"},
	Key:            func(s Session) string { return s.CookieHash },
	Indexes: []table.Index[Session]{
		{Name: "id", Unique: true, Values: func(s Session) []string {
			if strings.HasPrefix(s.CookieHash, s.ID) {
				return nil
			}
			return []string{s.ID}
		}},
		{Name: ofParent, Values: func(s Session) []string { return parents(s.Parent) }},
		{Name: "use", Values: func(s Session) []string { return []string{sessionIndex(s.UserID) + sortableTime(s.LastUsedAt)} }},
	},
	Expires: func(s Session) time.Time {
		if s.IdleExpiresAt.Before(s.ExpiresAt) {
			return s.IdleExpiresAt
		}
		return s.ExpiresAt
	},
})

func sessionIndex(userID string) string { return userID + "\x01" }

// SessionByID returns the session with an id, or an error that wraps ErrNotFound.
func (tx *Tx) SessionByID(id string) (Session, error) {
	r := tx.records(sessions.Kind)
	start := r.RowKey(id)
	var key string
	err := tx.kv().Scan(start, keyspace.PrefixEnd(start), func(row, _ []byte) bool {
		key = string(row[len(start)-len(id):])
		return false
	})
	if err != nil {
		return Session{}, err
	}
	if key != "" {
		if s, err := tx.Sessions.Get(key); err != nil || s.ID == id {
			return s, err
		}
	}
	return tx.Sessions.Find("id", id)
}

// SessionsOf returns the sessions of a user, in the order of their keys.
func (tx *Tx) SessionsOf(userID string) (all []Session, err error) {
	keys, err := tx.records(sessions.Kind).KeysInOrder("use", sessionIndex(userID), math.MaxInt)
	if err != nil {
		return nil, err
	}
	slices.Sort(keys)
	for _, key := range keys {
		s, err := tx.Sessions.Get(key)
		if err != nil {
			return nil, err
		}
		all = append(all, s)
	}
	return all, nil
}

// StartSession stores a new session and deletes the session that it replaces (by its key, "" for none). Beyond
// maxSessions, the least recently used session of the user is deleted.
func (tx *Tx) StartSession(s Session, replaces string) error {
	if replaces != "" {
		if err := tx.Sessions.Delete(replaces); err != nil {
			return err
		}
	}
	if err := tx.records(sessions.Kind).Bound("use", sessionIndex(s.UserID), maxSessions-1); err != nil {
		return err
	}
	return tx.Sessions.Put(s)
}

// EndSessions ends every session of a user, the user's logins that wait for a further factor, and the user's
// refresh tokens for every application, with the codes for which applications and devices could still get new
// ones. The initiator says why, as in EndSession.
func (tx *Tx) EndSessions(userID, initiator string) error {
	return errors.Join(
		tx.DeleteSessions(userID, initiator), tx.endMFALoginsOf(userID), deleteOfUser(tx.records(loginTickets.Kind), userID),
		tx.endUnfinished(func(i Issue) bool { return i.UserID == userID }, userID), tx.DeleteRefreshTokens(userID),
	)
}

// DeleteSessions ends every session of a user.
func (tx *Tx) DeleteSessions(userID, initiator string) error {
	all, err := tx.SessionsOf(userID)
	if err != nil {
		return err
	}
	for _, s := range all {
		if err := tx.EndSession(s, initiator); err != nil {
			return err
		}
	}
	return nil
}

// DeleteRefreshTokens ends every refresh token of a user.
func (tx *Tx) DeleteRefreshTokens(userID string) error {
	keys, err := tx.records(refreshTokens.Kind).KeysInOrder(ofClient, refreshTokenIndex(userID, ""), math.MaxInt)
	if err != nil {
		return err
	}
	for _, id := range keys {
		if err := tx.endRefreshToken(id); err != nil {
			return err
		}
	}
	return nil
}

// deleteOfUser removes the records of a user, found by the index "user".
func deleteOfUser(r table.Records, userID string) error {
	keys, err := r.KeysBy("user", userID)
	if err != nil {
		return err
	}
	return r.DeleteAll(keys)
}
