package resource

import (
	"maps"
	"slices"
	"strings"

	"github.com/tenant0/tenant0/storage"
)

// userMetadata and appMetadata are the metadata of users, Auth0:
// manage-users/user-accounts/metadata/metadata-fields-data.
var (
	userMetadata = Field{Type: Object, Metadata: true}
	appMetadata  = Field{Type: Object, Metadata: true, Reserved: []string{
		"__tenant", "_id", "blocked", "clientID", "created_at", "email", "email_verified", "globalClientID", "global_client_id",
		"identities", "lastIP", "lastLogin", "loginsCount", "metadata", "multifactor", "multifactor_last_modified", "updated_at", "user_id",
	}}
)

// TenantUser checks those members of a user in a tenant file that follow the rules
// for imported users.
var TenantUser = &Kind{Name: "jobs/users-imports", Open: true, Fields: Fields{
	"user_metadata": userMetadata, "app_metadata": appMetadata, "custom_password_hash": customPasswordHash,
}}

// metadata checks the names in metadata, which callers may choose: at no depth may a
// name contain a dot or a dollar sign, and the names in f.Reserved, which are members
// of the user, are not allowed.
func (c *checker) metadata(at place, body storage.Document, f Field) {
	var reserved []string
	for _, name := range slices.Sorted(maps.Keys(body)) {
		if slices.Contains(f.Reserved, name) && body[name] != nil { // null removes an existing member
			reserved = append(reserved, name)
		}
	}
	if len(reserved) > 0 {
		c.fail(at, "Additional properties not allowed: %s", strings.Join(reserved, ","))
		return
	}
	c.metadataNames(at, body)
}

func (c *checker) metadataNames(at place, value any) {
	switch v := value.(type) {
	case storage.Document:
		for _, name := range slices.Sorted(maps.Keys(v)) {
			if strings.ContainsAny(name, ".$") {
				c.fail(at, "Property names may not contain the characters . and $: %s", name)
				return
			}
			c.metadataNames(at.member(name, ""), v[name])
		}
	case []any:
		for i, item := range v {
			c.metadataNames(at.item(i, ""), item)
		}
	}
}

// Signup is the profile that people may send when they sign up, Auth0:
// api/authentication/signup/create-a-new-user. The request has other members too.
var Signup = &Kind{Name: "dbconnections/signup", Open: true, Fields: Fields{
	"email": {Type: String}, "username": {Type: String}, "phone_number": {Type: String, Max: 30},
	"given_name": {Type: String, Max: 150}, "family_name": {Type: String, Max: 150},
	"name": {Type: String, Max: 300}, "nickname": {Type: String, Max: 300}, "picture": {Type: String, Format: "absolute-uri-or-empty"},
	"user_metadata": {
		Type: Object, Max: 10, Metadata: true, Names: Like(`^.{1,100}$`), Item: &Field{Type: String, Max: 500},
	},
}}
