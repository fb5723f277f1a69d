package storage

import (
	"slices"
	"time"
)

// Session is a browser's login, Auth0: manage-users/sessions. Its key is the
// hash of the cookie, so that the store does not hold what a browser presents.
type Session struct {
	CookieHash      string    `json:"cookie_hash"`
	ID              string    `json:"id"` // the sid of tokens
	UserID          string    `json:"user_id"`
	Connection      string    `json:"connection"`
	AuthenticatedAt time.Time `json:"authenticated_at"`
	CreatedAt       time.Time `json:"created_at"`
	LastUsedAt      time.Time `json:"last_used_at"`
	ExpiresAt       time.Time `json:"expires_at"`      // absolute
	IdleExpiresAt   time.Time `json:"idle_expires_at"` // moved by use
	Clients         []string  `json:"clients"`
	// BeganIn is the StateHash of the transaction in which the user logged in.
	BeganIn string `json:"began_in"`
	// Methods are the ways in which the user has authenticated in it, the first one first.
	Methods []AuthenticationMethod `json:"methods,omitempty"`
	// Metadata is what the Management API has attached to it.
	Metadata Document `json:"metadata,omitempty"`
}

// AuthenticationMethod is one way in which a user has authenticated, and when.
type AuthenticationMethod struct {
	Name string    `json:"name"`           // as server/signin names them
	Type string    `json:"type,omitempty"` // which further factor, where Name is "mfa"
	At   time.Time `json:"at"`
	// In is the StateHash of the login in which it was a further factor.
	In string `json:"in,omitempty"`
}

// Further reports whether the user has proved a further factor in the session, and whether that
// was in the login with a StateHash.
func (s Session) Further(stateHash string) (ever, here bool) {
	for _, m := range s.Methods {
		if m.In != "" {
			ever, here = true, here || m.In == stateHash
		}
	}
	return ever, here
}

// Live reports whether the session is still good at now.
func (s Session) Live(now time.Time) bool {
	return now.Before(s.ExpiresAt) && now.Before(s.IdleExpiresAt)
}

// maxSessions bounds the sessions of one user: past it the oldest end. The
// store must not grow with every login of a test suite.
const maxSessions = 100

var sessions = declare(spec[Session]{
	name:   "sessions",
	recent: true,
	key:    func(s Session) string { return s.CookieHash },
	indexes: []index[Session]{
		{name: "id", unique: true, values: func(s Session) []string { return []string{s.ID} }},
		{name: "user", values: func(s Session) []string { return []string{s.UserID} }},
	},
	expires: func(s Session) time.Time {
		if s.IdleExpiresAt.Before(s.ExpiresAt) {
			return s.IdleExpiresAt
		}
		return s.ExpiresAt
	},
})

// StartSession writes a new session and ends the one whose cookie it replaces
// ("" for none) as well as the user's oldest ones past a bound.
func (tx *Tx) StartSession(s Session, replaces string) error {
	if replaces != "" {
		if err := tx.Sessions.Delete(replaces); err != nil {
			return err
		}
	}
	n, err := tx.Sessions.records.countBy("user", s.UserID)
	if err != nil {
		return err
	}
	if n >= maxSessions {
		if err := tx.endOldestSessions(s.UserID, n-maxSessions+1); err != nil {
			return err
		}
	}
	return tx.Sessions.Put(s)
}

// endOldestSessions ends at least n of the user's sessions. It takes some more,
// so that not every login past the bound has to look at all of them.
func (tx *Tx) endOldestSessions(userID string, n int) error {
	var all []Session
	for s, err := range tx.Sessions.By("user", userID) {
		if err != nil {
			return err
		}
		all = append(all, s)
	}
	slices.SortFunc(all, func(a, b Session) int { return a.LastUsedAt.Compare(b.LastUsedAt) })
	for _, s := range all[:min(len(all), n+maxSessions/4)] {
		if err := tx.Sessions.Delete(s.CookieHash); err != nil {
			return err
		}
	}
	return nil
}

// EndSessions ends every session of a user, the logins that wait for a further factor, and
// the refresh tokens that the user holds, in whatever application. The initiator is what
// ends them, as in EndSession.
func (tx *Tx) EndSessions(userID, initiator string) error {
	if err := tx.DeleteSessions(userID, initiator); err != nil {
		return err
	}
	if err := tx.endMFALoginsOf(userID); err != nil {
		return err
	}
	if err := deleteOfUser(tx.LoginTickets.records, userID); err != nil {
		return err
	}
	return tx.DeleteRefreshTokens(userID)
}

// DeleteSessions ends every session of a user.
func (tx *Tx) DeleteSessions(userID, initiator string) error {
	var all []Session
	for s, err := range tx.Sessions.By("user", userID) {
		if err != nil {
			return err
		}
		all = append(all, s)
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
	return deleteOfUser(tx.RefreshTokens.records, userID)
}

// deleteOfUser removes the records of a user, which the index "user" leads to.
func deleteOfUser(r records, userID string) error {
	keys, err := r.keysBy("user", userID)
	if err != nil {
		return err
	}
	for _, key := range keys {
		if err := r.delete(key); err != nil {
			return err
		}
	}
	return nil
}
