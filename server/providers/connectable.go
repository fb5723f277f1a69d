package providers

import (
	"slices"
	"strings"

	"github.com/tenant0/tenant0/storage"
)

// withoutTokens are the strategies whose providers issue no tokens for their own APIs.
var withoutTokens = []string{"samlp", "pingfederate", "adfs", "ad", "auth0-adldap", "custom", "ip", "sharepoint"}

// Connectable lists the connections with whose providers users of an application can connect accounts, Auth0:
// secure/call-apis-on-users-behalf/token-vault/connected-accounts-for-token-vault.
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

// FindConnectable returns the connection with a name if Connectable lists it, or an error that wraps
// storage.ErrNotFound.
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

// Scopes returns the scopes that a connection requests from its provider.
func Scopes(c storage.Connection) []string { return SplitScope(scopeText(c)) }

// SeparatesByCommas reports whether the connection's scope is separated by commas, as some providers require.
func SeparatesByCommas(c storage.Connection) bool { return strings.Contains(scopeText(c), ",") }

// scopeText returns the connection's option scope, which is one string or a list of strings, as one string.
func scopeText(c storage.Connection) string {
	list, _ := c.Options["scope"].([]any)
	text, _ := c.Options["scope"].(string)
	for _, one := range list {
		part, _ := one.(string)
		text += part + " "
	}
	return text
}

// SplitScope splits a scope at its spaces or, as some providers write it, at its commas.
func SplitScope(text string) []string {
	return strings.FieldsFunc(text, func(r rune) bool { return r == ' ' || r == ',' })
}

// OfflineAccess is the scope that requests a refresh token from a provider, OIDC Core section 11.
const OfflineAccess = "offline_access"

// Offline reports whether a connection requests a refresh token.
func Offline(c storage.Connection) bool {
	return c.Options[OfflineAccess] == true || slices.Contains(Scopes(c), OfflineAccess)
}
