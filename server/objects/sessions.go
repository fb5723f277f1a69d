package objects

import (
	"errors"

	"github.com/tenant0/tenant0/server/resource"
	"github.com/tenant0/tenant0/storage"
)

// GetSession returns the session with an id, Auth0: api/management/v2/sessions.
func GetSession(tx *storage.Tx, id string) (storage.Session, error) {
	s, err := tx.SessionByID(id)
	if storage.IsNotFound(err) {
		return s, resource.SessionMissing
	}
	return s, err
}

// UpdateSession replaces the metadata of a session, Auth0:
// manage-users/sessions/session-metadata.
func UpdateSession(tx *storage.Tx, id string, change storage.Document) (storage.Session, error) {
	s, err := GetSession(tx, id)
	if err != nil {
		return s, err
	}
	if sent, ok := change["session_metadata"]; ok {
		s.Metadata, _ = sent.(storage.Document)
	}
	return s, tx.Sessions.Put(s)
}

// DeleteSession ends a session. It is no error if there is none.
func DeleteSession(tx *storage.Tx, id string) error {
	s, err := GetSession(tx, id)
	if errors.Is(err, resource.SessionMissing) {
		return nil // the session is already gone
	}
	if err != nil {
		return err
	}
	return tx.EndSession(s, storage.SessionRevoked)
}

// RevokeSession ends a session, and revokes the refresh tokens that were issued in it.
func RevokeSession(ch *Change, id string) error {
	s, err := GetSession(ch.Tx, id)
	if err != nil {
		return err
	}
	return endWithTokens(ch, s)
}

// RevokeAccess ends one session of a user with the refresh tokens that were issued in it or, if sessionID is "", all
// sessions and all refresh tokens of the user. With keepTokens the refresh tokens stay valid.
func RevokeAccess(ch *Change, userID, sessionID string, keepTokens bool) error {
	if err := Users.Require(ch.Tx, userID); err != nil {
		return err
	}
	if sessionID == "" {
		if keepTokens {
			return ch.Tx.DeleteSessions(userID, storage.SessionRevoked)
		}
		return ch.Tx.EndSessions(userID, storage.SessionRevoked)
	}
	s, err := GetSession(ch.Tx, sessionID)
	switch {
	case err != nil:
		return err
	case s.UserID != userID:
		return resource.SessionMissing
	case keepTokens:
		return ch.Tx.EndSession(s, storage.SessionRevoked)
	}
	return endWithTokens(ch, s)
}

// endWithTokens ends a session, and revokes the refresh tokens that were issued in it.
func endWithTokens(ch *Change, s storage.Session) error {
	ids, err := ch.Tx.RefreshTokensIn(s)
	if err != nil {
		return err
	}
	for _, id := range ids {
		if err := ch.Tx.RevokeGrant(id, ch.Now); err != nil {
			return err
		}
	}
	return ch.Tx.EndSession(s, storage.SessionRevoked)
}

// DeleteSessionsOf ends all sessions of a user.
func DeleteSessionsOf(tx *storage.Tx, userID string) error {
	if err := Users.Require(tx, userID); err != nil {
		return err
	}
	return tx.DeleteSessions(userID, storage.SessionRevoked)
}

// DeleteGrantsOf deletes the consents of a user, Auth0: api/management/v2/grants.
func DeleteGrantsOf(tx *storage.Tx, userID string) error {
	return deleteBy(tx.Grants, "user", userID, func(g storage.Grant) string { return g.ID })
}
