package objects

import (
	"slices"
	"strings"

	"github.com/tenant0/tenant0/server/account"
	"github.com/tenant0/tenant0/server/resource"
	"github.com/tenant0/tenant0/storage"
	"github.com/tenant0/tenant0/storage/identities"
)

// synced are the members of a user that an identity provider sets at each login, unless the connection has another
// set_user_root_attributes.
var synced = []string{"family_name", "given_name", "name", "nickname", "picture"}

// checkProvided returns an error if a change has members that cannot be changed for users of the connection: those that
// the identity provider sets at each login, a password or a username if the connection has none, and email_verified at
// enterprise and SMS connections. Auth0: manage-users/user-accounts/user-profiles/configure-connection-sync-with-auth0 and
// api/management/v2/users/patch-users-by-id.
func checkProvided(conn storage.Connection, change storage.Document) error {
	var never, later []string
	for member := range change {
		switch {
		case conn.Name == "":
		case member == "password" && conn.Strategy != storage.DatabaseStrategy,
			member == "username" && conn.AtProvider(),
			member == "email_verified" && (conn.Strategy == "sms" || account.IsEnterprise(conn)):
			never = append(never, member)
		case slices.Contains(synced, member) && conn.AtProvider() && !setsOnce(conn):
			later = append(later, member)
		}
	}
	if len(never)+len(later) == 0 {
		return nil
	}
	slices.Sort(never)
	slices.Sort(later)
	message := "The following user attributes cannot be updated: "
	if len(never) > 0 {
		message += strings.Join(never, ", ") + ". The connection (" + conn.Name + ") must be a database connection (using the Auth0 store)."
		if never[0] == "email_verified" && len(never) == 1 {
			message = strings.TrimSuffix(message, ".") + ", a social connection or a passwordless connection (email)."
		}
	} else {
		message += strings.Join(later, ", ") + ". The connection (" + conn.Name + ") must either be a database connection (using the Auth0 store), " +
			"a passwordless connection (email or sms) or has disabled 'Sync user profile attributes at each login'. " +
			"For more information, see https://auth0.com/docs/dashboard/guides/connections/configure-connection-sync"
	}
	return resource.MembersNotChangeable(message)
}

// ofAccount are the members of a user that belong to one account of the user.
var ofAccount = []string{"email", "email_verified", "phone_number", "phone_verified", "username"}

// changeLinked moves the members of an account that is linked to the user, such as its e-mail address, from the change
// of the user to the account's profile. It does nothing for the user's own account.
func changeLinked(user storage.Document, account string, change storage.Document) {
	if account == storage.Text(user, "user_id") {
		return
	}
	profile := identities.ProfileIn(user, account)
	for _, member := range ofAccount {
		if value, sent := change[member]; sent {
			profile[member] = value
			delete(change, member)
		}
	}
}

// setsOnce reports whether the identity provider does not change the profiles of users after their first login.
func setsOnce(conn storage.Connection) bool {
	when, _ := conn.Options["set_user_root_attributes"].(string)
	return when == "on_first_login" || when == "never_on_login"
}
