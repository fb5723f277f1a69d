package jobs

import (
	"cmp"
	"maps"
	"slices"
	"strings"

	"github.com/tenant0/tenant0/server/resource"
	"github.com/tenant0/tenant0/storage"
)

// exportNames are what the default export of users calls members, Auth0:
// manage-users/user-migration/bulk-user-exports.
var exportNames = map[string]string{
	"Id": "user_id", "Given Name": "given_name", "Family Name": "family_name", "Nickname": "nickname", "Name": "name", "Email": "email",
	"Email Verified": "email_verified", "Picture": "picture", "Username": "username", "passwordHash": "password_hash",
}

// otherProvider is the provider of a user as Auth0 exports one who logs in elsewhere than
// at a database, "" for others. An import would make a user of a database of them.
func otherProvider(value any) string {
	exported, _ := value.(storage.Document)
	provider, _, whole := strings.Cut(cmp.Or(storage.Text(exported, "user_id"), storage.Text(exported, "Id")), "|")
	if !whole || provider == storage.DatabaseStrategy || !slices.Contains(resource.Connections.Fields["strategy"].Enum, provider) {
		return ""
	}
	return provider
}

// FromExport turns a user as Auth0 exports one into one as it imports: ids without
// the provider, hashes by the name of the import, and nothing else than what an
// import takes. The export of password hashes is Auth0:
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
