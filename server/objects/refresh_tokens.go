package objects

import (
	"errors"

	"github.com/tenant0/tenant0/server/resource"
	"github.com/tenant0/tenant0/storage"
)

// GetRefreshToken returns the refresh token with an id, Auth0:
// api/management/v2/refresh-tokens.
func GetRefreshToken(tx *storage.Tx, id string) (storage.RefreshToken, error) {
	t, err := tx.RefreshTokens.Get(id)
	if storage.IsNotFound(err) {
		return t, resource.RefreshTokenMissing
	}
	return t, err
}

// UpdateRefreshToken replaces the metadata of a refresh token, Auth0:
// secure/tokens/refresh-tokens/refresh-token-metadata.
func UpdateRefreshToken(tx *storage.Tx, id string, change storage.Document) (storage.RefreshToken, error) {
	t, err := GetRefreshToken(tx, id)
	if err != nil {
		return t, err
	}
	if sent, ok := change["refresh_token_metadata"]; ok {
		t.Metadata, _ = sent.(storage.Document)
	}
	return t, tx.RefreshTokens.Put(t)
}

// DeleteRefreshToken ends a refresh token; that there is none is no error.
func DeleteRefreshToken(ch *Change, id string) error {
	t, err := GetRefreshToken(ch.Tx, id)
	if errors.Is(err, resource.RefreshTokenMissing) {
		return nil // what was asked for is so
	}
	if err != nil {
		return err
	}
	return ch.Tx.RevokeGrant(t.ID, ch.Now)
}

// RevokeRefreshTokens ends the refresh tokens that meet a condition.
func RevokeRefreshTokens(ch *Change, meets func(storage.RefreshToken) bool) error {
	ids, err := ch.Tx.RefreshTokensWhere(meets)
	if err != nil {
		return err
	}
	for _, id := range ids {
		if err := ch.Tx.RevokeGrant(id, ch.Now); err != nil {
			return err
		}
	}
	return nil
}

// DeleteRefreshTokensOf ends all refresh tokens of a user.
func DeleteRefreshTokensOf(tx *storage.Tx, userID string) error {
	if err := Users.Require(tx, userID); err != nil {
		return err
	}
	return tx.DeleteRefreshTokens(userID)
}
