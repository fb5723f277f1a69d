package storage

import (
	"context"
	"slices"
	"time"

	"github.com/tenant0/tenant0/storage/table"
)

// What ended a session: Auth0's names of the initiators of a back-channel logout, Auth0:
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

// Logout is a pending back-channel logout: it asks for an application to be told that a session has
// ended in which it took part.
type Logout struct {
	Key       string `json:"key"` // session id, client id
	ClientID  string `json:"client_id"`
	SessionID string `json:"session_id"`
	UserID    string `json:"user_id"`
	// URL is the application's back-channel logout URL.
	URL string `json:"url"`
	// Worker is the worker that has taken on telling the application, "" for none yet.
	Worker string `json:"teller,omitempty"`
	// ExpiresAt is when the logout is given up.
	ExpiresAt time.Time `json:"expires_at"`
}

var logouts = table.Declare(table.Spec[Logout]{
	Name:    "logouts",
	Key:     func(l Logout) string { return l.Key },
	Expires: func(l Logout) time.Time { return l.ExpiresAt },
})

// logoutMemory is how long after the expiry of its session a logout is kept, in case no server
// is running to deliver it.
const logoutMemory = 24 * time.Hour

// EndSession ends a session, and queues a back-channel logout for each of its applications that
// wants to know of this initiator.
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
	if err := tx.endOnlineTokens(s); err != nil {
		return err
	}
	return tx.Sessions.Delete(s.CookieHash)
}

// endExpiredSession ends the session at an expired row, so that its applications are told; it ignores
// other records.
func (tx *Tx) endExpiredSession(row []byte) error {
	if table.NameOf(row) != sessions.Name {
		return nil
	}
	s, err := tx.Sessions.Get(string(row[len(table.Prefix(sessions.Name)):]))
	if err != nil {
		return Optional(err)
	}
	return tx.EndSession(s, SessionExpired)
}

// endOnlineTokens ends the online refresh tokens of a session, which must not outlive it.
func (tx *Tx) endOnlineTokens(s Session) error {
	ids, err := tx.RefreshTokensIn(s)
	if err != nil {
		return err
	}
	for _, id := range ids {
		t, err := tx.RefreshTokens.Get(id)
		if err == nil && t.Online {
			err = tx.endRefreshToken(id)
		}
		if Optional(err) != nil {
			return err
		}
	}
	return nil
}

// LogoutClaims says which server delivers which logout, for TakeOver.
func (tx *Tx) LogoutClaims() Claims[Logout] {
	return tableClaims[Logout]{
		tx.Logouts, logouts.KeyOf, func(l *Logout) *string { return &l.Worker }, func(Logout) bool { return false },
	}
}

// FinishLogout removes a logout that was delivered to its application, or cannot be.
func (db *DB) FinishLogout(ctx context.Context, l Logout) error {
	return db.Update(ctx, func(tx *Tx) error { return tx.Logouts.Delete(l.Key) })
}

// OIDCLogout are an application's settings of back-channel logout, Auth0:
// authenticate/login/logout/back-channel-logout/configure-back-channel-logout.
type OIDCLogout struct {
	URLs       []string `json:"backchannel_logout_urls"`
	Initiators struct {
		Mode     string   `json:"mode"` // all or custom; empty means custom
		Selected []string `json:"selected_initiators"`
	} `json:"backchannel_logout_initiators"`
}

// tells returns the application's back-channel logout URL, and whether it wants to know of an
// initiator. Logouts by an application or an identity provider are always wanted.
func (o OIDCLogout) tells(initiator string) (url string, wanted bool) {
	if len(o.URLs) == 0 {
		return "", false
	}
	return o.URLs[0], initiator == LoggedOut || initiator == ProviderLogout || o.Initiators.Mode == "all" || slices.Contains(o.Initiators.Selected, initiator)
}
