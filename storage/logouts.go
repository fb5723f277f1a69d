package storage

import (
	"context"
	"slices"
	"time"
)

// What ends a session, as Auth0 names the initiators of a back-channel logout, Auth0:
// authenticate/login/logout/back-channel-logout/oidc-back-channel-logout-initiators.
const (
	LoggedOut       = "rp-logout"
	ProviderLogout  = "idp-logout"
	SessionExpired  = "session-expired"
	PasswordChanged = "password-changed"
	SessionRevoked  = "session-revoked"
	AccountDeleted  = "account-deleted"
	EmailChanged    = "email-identifier-changed"
)

// Logout says that a session has ended in which an application takes part that wants to be
// told so. It waits for whoever tells it.
type Logout struct {
	Key       string `json:"key"` // session id, client id
	ClientID  string `json:"client_id"`
	SessionID string `json:"session_id"`
	UserID    string `json:"user_id"`
	// URL is where the application is told.
	URL string `json:"url"`
	// Teller is the worker that tells the application, "" for none yet.
	Teller string `json:"teller,omitempty"`
	// ExpiresAt is when nobody needs to be told any more.
	ExpiresAt time.Time `json:"expires_at"`
}

var logouts = declare(spec[Logout]{
	name:    "logouts",
	key:     func(l Logout) string { return l.Key },
	expires: func(l Logout) time.Time { return l.ExpiresAt },
})

// logoutMemory is how long after the end of a session, by its own clock, a logout waits at
// most: a server that is not there tells nobody.
const logoutMemory = 24 * time.Hour

// EndSession ends a session, and has the applications told that take part in it and want to
// know of what ended it.
func (tx *Tx) EndSession(s Session, initiator string) error {
	for _, id := range s.Clients {
		client, err := tx.Clients.Get(id)
		if IsNotFound(err) {
			continue
		}
		if err != nil {
			return err
		}
		url, wanted := client.OIDCLogout.tells(initiator)
		if !wanted {
			continue
		}
		err = tx.Logouts.Put(Logout{
			Key: s.ID + "\x01" + id, ClientID: id, SessionID: s.ID, UserID: s.UserID, URL: url, ExpiresAt: s.ExpiresAt.Add(logoutMemory),
		})
		if err != nil {
			return err
		}
	}
	if err := tx.endOnlineTokens(s.ID); err != nil {
		return err
	}
	return tx.Sessions.Delete(s.CookieHash)
}

// tellOfExpiry has applications told of a session at a row whose time is over, where the row is one.
func (tx *Tx) tellOfExpiry(row []byte) error {
	if tableOf(row) != sessions.name {
		return nil
	}
	s, err := tx.Sessions.Get(string(row[len(tablePrefix(sessions.name)):]))
	if err != nil {
		return Optional(err)
	}
	return tx.EndSession(s, SessionExpired)
}

// endOnlineTokens ends the refresh tokens that end with a session.
func (tx *Tx) endOnlineTokens(sessionID string) error {
	ids, err := tx.RefreshTokens.records.keysBy("session", sessionID)
	if err != nil {
		return err
	}
	for _, id := range ids {
		t, err := tx.RefreshTokens.Get(id)
		if err == nil && t.Online {
			err = tx.RefreshTokens.Delete(id)
		}
		if err != nil {
			return err
		}
	}
	return nil
}

// LogoutClaims say which server tells applications of which logouts, for TakeOver.
func (tx *Tx) LogoutClaims() Claims[Logout] {
	return tableClaims[Logout]{
		tx.Logouts, logouts.key, func(l *Logout) *string { return &l.Teller }, func(Logout) bool { return false },
	}
}

// LogoutTold forgets a logout that the application has been told of, or cannot be.
func (db *DB) LogoutTold(ctx context.Context, l Logout) error {
	return db.Update(ctx, func(tx *Tx) error { return tx.Logouts.Delete(l.Key) })
}

// OIDCLogout is how an application learns that a session has ended, Auth0:
// authenticate/login/logout/back-channel-logout/configure-back-channel-logout.
type OIDCLogout struct {
	URLs       []string `json:"backchannel_logout_urls"`
	Initiators struct {
		Mode     string   `json:"mode"` // all or custom; empty is custom
		Selected []string `json:"selected_initiators"`
	} `json:"backchannel_logout_initiators"`
}

// tells returns where the application is told of an end, if it wants to be told of what
// brought it: of a logout that an application or an identity provider asked for always.
func (o OIDCLogout) tells(initiator string) (url string, wanted bool) {
	if len(o.URLs) == 0 {
		return "", false
	}
	return o.URLs[0], initiator == LoggedOut || initiator == ProviderLogout || o.Initiators.Mode == "all" || slices.Contains(o.Initiators.Selected, initiator)
}
