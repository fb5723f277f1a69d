package objects

import (
	"cmp"
	"errors"
	"slices"

	"github.com/tenant0/tenant0/server/account"
	"github.com/tenant0/tenant0/server/resource"
	"github.com/tenant0/tenant0/storage"
)

// LinkUsers makes the accounts of the secondary user identities of the primary user,
// Auth0: manage-users/user-accounts/user-account-linking. It deletes the secondary user,
// and returns the identities of the primary user. People can log in to the accounts as before,
// and are the primary user then.
func LinkUsers(ch *Change, primary, secondary string) ([]any, error) {
	user, err := Users.Find(ch.Tx, primary)
	if err != nil {
		return nil, err
	}
	if secondary == primary {
		return nil, resource.IdentitySame
	}
	other, err := ch.Tx.Users.Document(secondary)
	if storage.IsNotFound(err) {
		return nil, resource.IdentityUnknown
	}
	if err != nil {
		return nil, err
	}
	if err := deleteKeepingAccounts(ch, secondary); err != nil {
		return nil, err
	}
	identities, _ := user["identities"].([]any)
	moved, _ := other["identities"].([]any)
	for n, item := range moved {
		identity, _ := item.(storage.Document)
		if n == 0 {
			identity["profileData"] = profileData(other)
		}
		identities = append(identities, identity)
	}
	user["identities"], user["updated_at"] = identities, resource.Time(ch.Now)
	return identities, account.Put(ch.Tx, user, "")
}

// profileData returns the part of a user's profile that its linked identity keeps.
func profileData(user storage.Document) storage.Document {
	data := storage.Document{}
	for _, name := range []string{"email", "email_verified", "name", "username", "given_name", "family_name", "phone_number", "phone_verified", "picture", "nickname"} {
		if value, ok := user[name]; ok {
			data[name] = value
		}
	}
	return data
}

// UnlinkIdentity removes an identity, which is the account with an id at a provider, from
// a user and makes it a separate user again, with its password and without metadata. It returns the identities that are left.
func UnlinkIdentity(ch *Change, userID, provider, id string) ([]any, error) {
	user, err := Users.Find(ch.Tx, userID)
	if err != nil {
		return nil, err
	}
	all, _ := user["identities"].([]any)
	i := slices.IndexFunc(all, func(item any) bool {
		identity, _ := item.(storage.Document)
		return storage.Text(identity, "provider") == provider && storage.Text(identity, "user_id") == id
	})
	switch i {
	case -1:
		return nil, resource.IdentityMissing
	case 0: // the first identity is the user's own
		return nil, resource.IdentityMain
	}
	identity, _ := all[i].(storage.Document)
	alone, ok := identity["profileData"].(storage.Document)
	if !ok {
		alone = storage.Document{}
	}
	delete(identity, "profileData")
	alone["user_id"] = provider + "|" + id
	if taken, err := ch.Tx.Users.Has(provider + "|" + id); err != nil || taken {
		return nil, cmp.Or(err, error(resource.Users.Taken))
	}
	alone["identities"] = []any{identity}
	alone["created_at"], alone["updated_at"] = resource.Time(ch.Now), resource.Time(ch.Now)
	left := slices.Delete(all, i, i+1)
	user["identities"], user["updated_at"] = left, resource.Time(ch.Now)
	// Wrong passwords for the account were counted for this user.
	if err := errors.Join(ch.Tx.Users.Put(user), ch.Tx.ForgetFailuresAt(userID, provider+"|"+id)); err != nil {
		return nil, err
	}
	return left, account.Put(ch.Tx, alone, "")
}

// dropIdentity deletes an account that is linked to a user.
func dropIdentity(ch *Change, userID string, account storage.Identity) error {
	doc, err := ch.Tx.Users.Document(userID)
	if err != nil {
		return err
	}
	all, _ := doc["identities"].([]any)
	doc["identities"] = slices.DeleteFunc(all, func(item any) bool {
		identity, _ := item.(storage.Document)
		return storage.Text(identity, "provider")+"|"+storage.Text(identity, "user_id") == account.ID()
	})
	doc["updated_at"] = resource.Time(ch.Now)
	return errors.Join(
		ch.Tx.ForgetTokensOf(account), ch.Tx.Passwords.Delete(account.ID()), ch.Tx.ForgetFailuresAt(userID, account.ID()), ch.Tx.Users.Put(doc),
	)
}
