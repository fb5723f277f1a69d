package storage

import (
	"time"

	"github.com/tenant0/tenant0/storage/table"
)

// SessionTransfer is a session transfer token: an application has it for a refresh token, and a browser begins a
// session of the same user with it, Auth0: authenticate/single-sign-on/native-to-web. Its key is the hash of the token.
type SessionTransfer struct {
	Hash string `json:"hash"`
	// Parent is the id of the refresh token. The token is worth nothing once that is revoked.
	Parent       string `json:"parent"`
	ClientID     string `json:"client_id"` // the application that has it
	UserID       string `json:"user_id"`
	Connection   string `json:"connection"`
	Organization string `json:"org_id,omitempty"`
	// AuthenticatedAt and Methods are when and how the user has authenticated to the application.
	AuthenticatedAt time.Time              `json:"authenticated_at"`
	Methods         []AuthenticationMethod `json:"methods,omitempty"`
	// IP is the address of the device that has the token.
	IP        string    `json:"ip"`
	ExpiresAt time.Time `json:"expires_at"`
}

var sessionTransfers = table.Declare(table.Spec[SessionTransfer]{
	Name:    "session_transfers",
	Key:     func(t SessionTransfer) string { return t.Hash },
	Expires: func(t SessionTransfer) time.Time { return t.ExpiresAt },
})

// ofParent is the index of what began with a session transfer token: by the id of the refresh token that it was for.
const ofParent = "parent"

// parents are the values of that index.
func parents(id string) []string {
	if id == "" {
		return nil
	}
	return []string{id}
}

// SessionTransferSettings say what an application may do with session transfer tokens. The first two are of the
// application that gets a token, the others of the one that the browser is brought to.
type SessionTransferSettings struct {
	CreatesTokens     bool `json:"can_create_session_transfer_token"`
	CascadeRevocation bool `json:"enforce_cascade_revocation"`
	// Methods are the ways in which browsers may bring a token: cookie and query.
	Methods []string `json:"allowed_authentication_methods"`
	// DeviceBinding is ip, asn or none.
	DeviceBinding       string `json:"enforce_device_binding"`
	AllowRefreshToken   bool   `json:"allow_refresh_token"`
	OnlineRefreshTokens bool   `json:"enforce_online_refresh_tokens"`
}

// endRefreshToken ends a refresh token and, unless its application is configured otherwise, the sessions that its
// session transfer tokens began, with their refresh tokens. Auth0:
// authenticate/single-sign-on/native-to-web/native-to-web-sso-and-sessions.
func (tx *Tx) endRefreshToken(id string) error {
	t, err := tx.RefreshTokens.Get(id)
	if err != nil {
		return Optional(err)
	}
	if err := tx.RefreshTokens.Delete(id); err != nil {
		return err
	}
	sessions, err := tx.records(sessions.Kind).KeysBy(ofParent, id)
	if err != nil {
		return err
	}
	tokens, err := tx.records(refreshTokens.Kind).KeysBy(ofParent, id)
	if err != nil || len(sessions)+len(tokens) == 0 {
		return err
	}
	client, err := tx.Clients.Get(t.Issue.ClientID)
	if Optional(err) != nil || err == nil && !client.SessionTransfer.CascadeRevocation {
		return err
	}
	for _, key := range sessions {
		s, err := tx.Sessions.Get(key)
		if err == nil {
			err = tx.EndSession(s, SessionRevoked)
		}
		if Optional(err) != nil { // the end of another session may have ended this one
			return err
		}
	}
	return tx.records(refreshTokens.Kind).DeleteAll(tokens)
}
