package providers

import (
	"slices"
	"strings"

	"github.com/tenant0/tenant0/storage"
)

// withoutTokens are the strategies whose providers say who logs in and give no tokens for themselves.
var withoutTokens = []string{"samlp", "pingfederate", "adfs", "ad", "auth0-adldap", "custom", "ip", "sharepoint"}

// Connectable lists the connections at whose providers users of an application connect accounts, Auth0: secure/
// call-apis-on-users-behalf/token-vault/connected-accounts-for-token-vault.
func Connectable(tx *storage.Tx, clientID string) ([]storage.Connection, error) {
	client, err := tx.Clients.Get(clientID)
	if err != nil {
		return nil, err
	}
	all, err := tx.ConnectionsOf(client)
	return slices.DeleteFunc(all, func(c storage.Connection) bool {
		return !c.AtProvider() || !c.ConnectedAccounts.Active || slices.Contains(withoutTokens, c.Strategy)
	}), err
}

// FindConnectable returns the one of Connectable with a name, or an error that wraps storage.ErrNotFound.
func FindConnectable(tx *storage.Tx, clientID, name string) (storage.Connection, error) {
	all, err := Connectable(tx, clientID)
	if err != nil {
		return storage.Connection{}, err
	}
	i := slices.IndexFunc(all, func(c storage.Connection) bool { return c.Name == name })
	if i < 0 {
		return storage.Connection{}, storage.ErrNotFound
	}
	return all[i], nil
}

// Scopes are what a connection asks its provider for.
func Scopes(c storage.Connection) []string { return SplitScope(scopeText(c)) }

// SeparatesByCommas reports whether a connection's scope is written with commas, as its provider wants it.
func SeparatesByCommas(c storage.Connection) bool { return strings.Contains(scopeText(c), ",") }

// scopeText is the option of a connection, which is one text or several.
func scopeText(c storage.Connection) string {
	list, _ := c.Options["scope"].([]any)
	text, _ := c.Options["scope"].(string)
	for _, one := range list {
		part, _ := one.(string)
		text += part + " "
	}
	return text
}

// SplitScope are the scopes that are written in one text, separated by spaces or, as some providers do, by commas.
func SplitScope(text string) []string {
	return strings.FieldsFunc(text, func(r rune) bool { return r == ' ' || r == ',' })
}

// OfflineAccess is the scope by which providers are asked for a refresh token, OIDC Core section 11.
const OfflineAccess = "offline_access"

// Offline reports whether a connection asks for a refresh token.
func Offline(c storage.Connection) bool {
	return c.Options[OfflineAccess] == true || slices.Contains(Scopes(c), OfflineAccess)
}
