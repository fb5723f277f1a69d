package objects

import (
	"github.com/tenant0/tenant0/keys"
	"github.com/tenant0/tenant0/server/resource"
	"github.com/tenant0/tenant0/storage"
)

// AddProviderTokens adds the tokens of identity providers to the identities of a user, Auth0:
// authenticate/identity-providers/calling-an-external-idp-api.
func AddProviderTokens(tx *storage.Tx, user storage.Document) error {
	for _, identity := range Items(user, "identities") {
		t, err := tx.TokensOf(storage.Identity{Provider: storage.Text(identity, "provider"), UserID: storage.Text(identity, "user_id")})
		if storage.IsNotFound(err) {
			continue
		}
		if err != nil {
			return err
		}
		identity["access_token"] = t.AccessToken
		if t.RefreshToken != "" {
			identity["refresh_token"] = t.RefreshToken
		}
		if t.ExpiresIn > 0 {
			identity["expires_in"] = t.ExpiresIn
		}
	}
	return nil
}

// TokensetsOf describes the provider tokens of a user's accounts that applications may get, without
// the tokens themselves. Auth0: api/management/v2/users/get-federated-connections-tokensets.
func TokensetsOf(tx *storage.Tx, userID string) ([]storage.Document, error) {
	sets := []storage.Document{}
	err := eachTokenset(tx, userID, func(id string, identity storage.Identity, t storage.IdentityTokens) error {
		set := storage.Document{"id": id, "connection": identity.Connection, "scope": t.Scope, "issued_at": resource.Time(t.GivenAt)}
		if end := t.ExpiresAt(); !end.IsZero() {
			set["expires_at"] = resource.Time(end)
		}
		if !t.UsedAt.IsZero() {
			set["last_used_at"] = resource.Time(t.UsedAt)
		}
		sets = append(sets, set)
		return nil
	})
	return sets, err
}

// DeleteTokenset deletes the provider tokens of one of a user's accounts. It is no error if there are
// none.
func DeleteTokenset(tx *storage.Tx, userID, tokenset string) error {
	return eachTokenset(tx, userID, func(id string, identity storage.Identity, _ storage.IdentityTokens) error {
		if id != tokenset {
			return nil
		}
		return tx.ForgetTokensOf(identity)
	})
}

// eachTokenset calls fn with the provider tokens of each of a user's accounts that applications may
// get. id is derived from the account's provider and its id there.
func eachTokenset(tx *storage.Tx, userID string, fn func(id string, identity storage.Identity, t storage.IdentityTokens) error) error {
	if err := Users.Require(tx, userID); err != nil {
		return err
	}
	user, err := tx.Users.Get(userID)
	if err != nil {
		return err
	}
	for _, identity := range user.Identities {
		connection, err := tx.Connections.Find("name", identity.Connection)
		if err != nil || !connection.InTokenVault() {
			if storage.Optional(err) != nil {
				return err
			}
			continue
		}
		t, err := tx.TokensOf(identity)
		if storage.IsNotFound(err) {
			continue
		}
		if err != nil {
			return err
		}
		if err := fn(keys.Hash(identity.Provider+"|"+identity.UserID), identity, t); err != nil {
			return err
		}
	}
	return nil
}
