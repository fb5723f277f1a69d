package storage

import (
	"slices"
	"strings"

	"github.com/tenant0/tenant0/storage/identities"
)

type (
	// User is a user of the tenant.
	User = identities.User
	// Identity is one account of a user.
	Identity = identities.Identity
)

// UserByLogin returns the user of a connection with an identifier (e-mail address, username or phone number), or
// an error that wraps ErrNotFound. A user who is found by a linked account is returned as that account.
func (tx *Tx) UserByLogin(connection, identifier string) (User, error) {
	entry := identities.LoginEntry(connection, identifier)
	user, err := tx.Users.Find("login", entry)
	if err != nil || len(user.Identities) < 2 {
		return user, err
	}
	accounts := user.Accounts()
	n := slices.IndexFunc(accounts, func(i Identity) bool { return slices.Contains(i.Logins(), entry) })
	if n < 1 {
		return user, nil
	}
	return user.As(accounts[n]), nil
}

// UserAs returns a user as the account with an id: the UserID or "" for the user's own account. It returns an error
// that wraps ErrNotFound if the user does not have that account any more.
func (tx *Tx) UserAs(userID, account string) (User, error) {
	user, err := tx.Users.Get(userID)
	if err != nil || account == "" || account == userID {
		return user, err
	}
	for n, identity := range user.Identities {
		if n > 0 && identity.ID() == account {
			return user.As(identity), nil
		}
	}
	return User{}, users.Missing(account)
}

// UserByIdentity returns the user who has a given account at a connection among their identities, or an error that
// wraps ErrNotFound.
func (tx *Tx) UserByIdentity(i Identity) (User, error) {
	return tx.userWith(i.UserID, func(own Identity) bool { return own.ID() == i.ID() && own.Connection == i.Connection })
}

// AccountTaken reports whether an id is that of a user or of an account that is linked to a user.
func (tx *Tx) AccountTaken(id string) (bool, error) {
	if known, err := tx.Users.Has(id); err != nil || known {
		return known, err
	}
	_, local, _ := strings.Cut(id, "|")
	_, err := tx.userWith(local, func(own Identity) bool { return own.ID() == id })
	return err == nil, Optional(err)
}

// userWith returns the first user who has an identity with an id that is as asked. An id that is too long for the index
// belongs to no user.
func (tx *Tx) userWith(id string, asked func(Identity) bool) (User, error) {
	if !identities.Searchable(id) {
		return User{}, ErrNotFound
	}
	keys, err := tx.records(users.Kind).KeysBy("search", identities.SearchEntry("identities.user_id", id))
	if err != nil {
		return User{}, err
	}
	for _, key := range keys {
		user, err := tx.Users.Get(key)
		if err != nil || slices.ContainsFunc(user.Identities, asked) {
			return user, err
		}
	}
	return User{}, ErrNotFound
}

// indexLinked makes users known by the identifiers of their linked accounts, in data of a format that did not know
// them so. A linked account whose identifiers another account of the connection has taken meanwhile loses its own.
func (tx *Tx) indexLinked() error {
	var linking []User
	for user, err := range tx.Users.All() {
		if err != nil {
			return err
		}
		if len(user.Identities) > 1 {
			linking = append(linking, user)
		}
	}
	for _, user := range linking {
		if err := tx.indexAccounts(user); err != nil {
			return err
		}
	}
	return nil
}

func (tx *Tx) indexAccounts(user User) error {
	r := tx.records(users.Kind)
	doc, err := tx.Users.Document(user.UserID)
	if err != nil {
		return err
	}
	accounts := user.Accounts()
	taken := accounts[0].Logins()
	for _, account := range accounts[1:] {
		for _, entry := range account.Logins() {
			holders, err := r.KeysBy("login", entry)
			if err != nil {
				return err
			}
			if slices.Contains(taken, entry) || slices.ContainsFunc(holders, func(id string) bool { return id != user.UserID }) {
				profile := identities.ProfileIn(doc, account.ID())
				delete(profile, "email")
				delete(profile, "username")
				delete(profile, "phone_number")
			}
		}
		taken = append(taken, account.Logins()...)
	}
	v, raw, err := users.Encode(doc)
	if err != nil {
		return err
	}
	if err := r.Write(v, raw); err != nil {
		return err
	}
	return r.IndexAnew(v)
}
