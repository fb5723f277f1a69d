package objects

import (
	"cmp"
	"errors"
	"slices"
	"strings"

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

// DeleteRefreshToken revokes a refresh token. It is no error if there is none.
func DeleteRefreshToken(ch *Change, id string) error {
	t, err := GetRefreshToken(ch.Tx, id)
	if errors.Is(err, resource.RefreshTokenMissing) {
		return nil // the token is already gone
	}
	if err != nil {
		return err
	}
	return ch.Tx.RevokeGrant(t.ID, ch.Now)
}

// ShownRefreshToken returns a refresh token as the API shows it, Auth0:
// api/management/v2/refresh-tokens.
func ShownRefreshToken(t storage.RefreshToken) storage.Document {
	doc := storage.Document{
		"id": t.ID, "user_id": t.Issue.UserID, "client_id": t.Issue.ClientID, "rotating": t.Rotating, "session_id": nil,
		"created_at": resource.Time(t.CreatedAt), "last_exchanged_at": resource.Time(t.LastExchangedAt),
		"resource_servers": []any{storage.Document{"audience": t.Issue.Audience, "scopes": strings.Join(t.Issue.Scope, " ")}},
	}
	if t.Issue.SessionID != "" {
		doc["session_id"] = t.Issue.SessionID
	}
	if !t.ExpiresAt.IsZero() {
		doc["expires_at"] = resource.Time(t.ExpiresAt)
	}
	if !t.IdleExpiresAt.IsZero() {
		doc["idle_expires_at"] = resource.Time(t.IdleExpiresAt)
	}
	if t.Device != nil {
		doc["device"] = t.Device
	}
	if len(t.Metadata) > 0 {
		doc["refresh_token_metadata"] = t.Metadata
	}
	return doc
}

// invalidCombination is Auth0's error for parameters that cannot be combined.
var invalidCombination = resource.InvalidBody("Invalid combination of parameters.")

// RevokeRefreshTokens reads which refresh tokens a request revokes: those with ids, or those of a
// user, of an application, or of a user, an application and an API. It returns the change that revokes
// them.
func RevokeRefreshTokens(sent storage.Document) (revoke func(*Change) error, err error) {
	ids, byID := sent["ids"].([]any)
	user, client, audience := storage.Text(sent, "user_id"), storage.Text(sent, "client_id"), storage.Text(sent, "audience")
	switch {
	case byID && user+client+audience != "":
		return nil, invalidCombination
	case audience != "" && (user == "" || client == ""):
		return nil, invalidCombination
	case byID:
		return revoking(func(t storage.RefreshToken) bool { return slices.Contains(ids, any(t.ID)) }, textsOf(ids)...), nil
	case user+client == "":
		return nil, resource.InvalidBody("One of ids, user_id or client_id is required.")
	}
	fits := func(wanted, have string) bool { return wanted == "" || wanted == have }
	return revoking(func(t storage.RefreshToken) bool {
		return fits(user, t.Issue.UserID) && fits(client, t.Issue.ClientID) && fits(audience, t.Issue.Audience)
	}, cmp.Or(user, client)), nil
}

// revoking returns the change that revokes the refresh tokens that mention one of the values and meet a condition.
func revoking(meets func(storage.RefreshToken) bool, values ...string) func(*Change) error {
	return func(ch *Change) error {
		ids, err := ch.Tx.RefreshTokensWhere(meets, values...)
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
}

// DeleteRefreshTokensOf revokes all refresh tokens of a user.
func DeleteRefreshTokensOf(tx *storage.Tx, userID string) error {
	if err := Users.Require(tx, userID); err != nil {
		return err
	}
	return tx.DeleteRefreshTokens(userID)
}
