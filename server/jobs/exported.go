package jobs

import (
	"cmp"
	"maps"
	"slices"
	"strings"

	"github.com/tenant0/tenant0/server/resource"
	"github.com/tenant0/tenant0/storage"
)

// exportNames maps the column names of the default user export to members of a user,
// Auth0: manage-users/user-migration/bulk-user-exports.
var exportNames = map[string]string{
	"Id": "user_id", "Given Name": "given_name", "Family Name": "family_name", "Nickname": "nickname", "Name": "name", "Email": "email",
	"Email Verified": "email_verified", "Picture": "picture", "Username": "username", "passwordHash": "password_hash",
}

// otherProvider returns the provider of an exported user who does not log in with a
// database connection, and "" for all others. A user import would turn such a user into a
// user of a database.
func otherProvider(value any) string {
	exported, _ := value.(storage.Document)
	provider, _, whole := strings.Cut(cmp.Or(storage.Text(exported, "user_id"), storage.Text(exported, "Id")), "|")
	if !whole || provider == storage.DatabaseStrategy || !slices.Contains(resource.Connections.Fields["strategy"].Enum, provider) {
		return ""
	}
	return provider
}

// FromExport converts a user from the format of Auth0's export to that of its import: the
// id without the provider, the name that the import has for the hash, and only members
// that the import accepts. The format of exported password hashes is from Auth0:
// manage-users/user-migration/export-password-hashes-and-mfa-secrets.
func FromExport(value any) any {
	exported, ok := value.(storage.Document)
	if !ok {
		return value
	}
	user := storage.Document{}
	for _, name := range slices.Sorted(maps.Keys(exported)) {
		target := name
		if renamed, ok := exportNames[name]; ok {
			target = renamed
		}
		if _, known := resource.ImportedUser.Fields[target]; known && exported[name] != nil {
			user[target] = exported[name]
		}
	}
	if oid, ok := exported["_id"].(storage.Document); ok && user["user_id"] == nil {
		user["user_id"] = oid["$oid"]
	}
	if id, ok := user["user_id"].(string); ok {
		user["user_id"] = strings.TrimPrefix(id, storage.DatabaseStrategy+"|")
	}
	return user
}
