package storage

import (
	"encoding/json"
	"errors"
	"slices"
	"strings"
)

// Identity is one account of a user at a connection. The first identity is the user's own account; the others are
// accounts that were linked to the user, Auth0: manage-users/user-accounts/user-account-linking.
type Identity struct {
	Connection string `json:"connection"`
	Provider   string `json:"provider"`
	UserID     string `json:"user_id"`
	IsSocial   bool   `json:"isSocial"`
	// Profile is what a linked account has of its own. The user's own account has the members of the user.
	Profile AccountProfile `json:"profileData,omitzero"`
}

// AccountProfile are the members of a user that each of the user's accounts has of its own.
type AccountProfile struct {
	Email         string `json:"email,omitempty"`
	EmailVerified bool   `json:"email_verified,omitempty"`
	Username      string `json:"username,omitempty"`
	PhoneNumber   string `json:"phone_number,omitempty"`
	PhoneVerified bool   `json:"phone_verified,omitempty"`
	Name          string `json:"name,omitempty"`
	GivenName     string `json:"given_name,omitempty"`
	FamilyName    string `json:"family_name,omitempty"`
	Nickname      string `json:"nickname,omitempty"`
	Picture       string `json:"picture,omitempty"`
}

// UnmarshalJSON leaves out members of a wrong type: nothing has checked what files say of linked accounts.
func (p *AccountProfile) UnmarshalJSON(raw []byte) error {
	type plain AccountProfile
	err := json.Unmarshal(raw, (*plain)(p))
	if _, wrong := errors.AsType[*json.UnmarshalTypeError](err); wrong {
		return nil
	}
	return err
}

// identifiers are the values by which people name the account when they log in.
func (p AccountProfile) identifiers() []string {
	return slices.DeleteFunc([]string{p.Email, p.Username, p.PhoneNumber}, func(id string) bool { return id == "" })
}

// ID is the id that the account has, or would have, as a user of its own.
func (i Identity) ID() string { return i.Provider + "|" + i.UserID }

// own reports whether people authenticate to the account here and not at an identity provider, where several
// accounts may have the same e-mail address.
func (i Identity) own() bool { return i.Provider == "" || slices.Contains(ownStrategies, i.Provider) }

// profile are the members of the user's own account.
func (u User) profile() AccountProfile {
	return AccountProfile{
		Email: u.Email, EmailVerified: u.EmailVerified, Username: u.Username, PhoneNumber: u.PhoneNumber, PhoneVerified: u.PhoneVerified,
		Name: u.Name, GivenName: u.GivenName, FamilyName: u.FamilyName, Nickname: u.Nickname, Picture: u.Picture,
	}
}

// accounts are the user's accounts, each with its profile. A user without identities has one.
func (u User) accounts() []Identity {
	all := slices.Clone(u.Identities)
	if len(all) == 0 {
		all = make([]Identity, 1)
	}
	all[0].Profile = u.profile()
	return all
}

// as returns the user as one of the linked accounts: with the members of that account in place of the user's own.
func (u User) as(linked Identity) User {
	p := linked.Profile
	u.Email, u.EmailVerified, u.Username, u.PhoneNumber, u.PhoneVerified = p.Email, p.EmailVerified, p.Username, p.PhoneNumber, p.PhoneVerified
	u.Name, u.GivenName, u.FamilyName, u.Nickname, u.Picture = p.Name, p.GivenName, p.FamilyName, p.Nickname, p.Picture
	u.Linked = &linked
	return u
}

// ConnectionName is the connection of the account by which the user was found: a linked one, or the user's own.
func (u User) ConnectionName() string {
	switch {
	case u.Linked != nil:
		return u.Linked.Connection
	case len(u.Identities) == 0:
		return ""
	}
	return u.Identities[0].Connection
}

// AccountID is the id of the account by which the user was found: the UserID, unless it is a linked one. Under
// this id the account's password is kept, and wrong passwords are counted.
func (u User) AccountID() string {
	if u.Linked != nil {
		return u.Linked.ID()
	}
	return u.UserID
}

func (u User) alike() bool {
	if len(u.Identities) < 2 {
		return false
	}
	seen := map[string]int{}
	for n, account := range u.accounts() {
		for _, value := range account.logins() {
			if other, taken := seen[value]; taken && other != n {
				return true
			}
			seen[value] = n
		}
	}
	return false
}

// logins are the entries of the account in the index of identifiers, which name only one account of a connection.
func (i Identity) logins() (entries []string) {
	if !i.own() {
		return nil
	}
	for _, id := range i.Profile.identifiers() {
		entries = append(entries, loginIndex(i.Connection, id))
	}
	return entries
}

// logins are the identifiers by which logins find the user: those of every account.
func logins(u User) (all []string) {
	for _, account := range u.accounts() {
		all = append(all, account.logins()...)
	}
	return all
}

func loginIndex(connection, identifier string) string {
	return connection + "\x01" + strings.ToLower(identifier)
}

// UserByLogin returns the user of a connection with an identifier (e-mail address, username or phone number), or
// an error that wraps ErrNotFound. A user who is found by a linked account is returned as that account: the e-mail
// address, the names and so on are the account's, everything else is the user's.
func (tx *Tx) UserByLogin(connection, identifier string) (User, error) {
	entry := loginIndex(connection, identifier)
	user, err := tx.Users.Find("login", entry)
	if err != nil || len(user.Identities) < 2 {
		return user, err
	}
	accounts := user.accounts()
	n := slices.IndexFunc(accounts, func(i Identity) bool { return slices.Contains(i.logins(), entry) })
	if n < 1 {
		return user, nil
	}
	return user.as(accounts[n]), nil
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
			return user.as(identity), nil
		}
	}
	return User{}, &missing{table: users.name, value: account}
}

// AccountTaken reports whether an id is that of a user or of an account that is linked to a user.
func (tx *Tx) AccountTaken(id string) (bool, error) {
	if known, err := tx.Users.Has(id); err != nil || known {
		return known, err
	}
	_, local, _ := strings.Cut(id, "|")
	if !hasSearchIndex(local) {
		return false, nil
	}
	ids, err := tx.Users.records.keysBy("search", searchIndex("identities.user_id", local))
	if err != nil {
		return false, err
	}
	for _, owner := range ids {
		user, err := tx.Users.Get(owner)
		if err != nil {
			return false, err
		}
		if slices.ContainsFunc(user.Identities, func(i Identity) bool { return i.ID() == id }) {
			return true, nil
		}
	}
	return false, nil
}

// AccountIn returns the part of a user's document that has the members of one account: the document itself for the
// user's own account, which is the user_id or "", and the profileData of a linked one. It is nil if the user does
// not have the account any more.
func AccountIn(user Document, account string) Document {
	if account == "" || account == Text(user, "user_id") {
		return user
	}
	identities, _ := user["identities"].([]any)
	for n, item := range identities {
		identity, _ := item.(Document)
		if n == 0 || Text(identity, "provider")+"|"+Text(identity, "user_id") != account {
			continue
		}
		profile, ok := identity["profileData"].(Document)
		if !ok {
			profile = Document{}
			identity["profileData"] = profile
		}
		return profile
	}
	return nil
}

// indexLinked makes users known by the identifiers of their linked accounts, in data of a format that did not know
// them so. What another account of the connection has taken meanwhile is removed from the linked one.
func (tx *Tx) indexLinked() error {
	r := tx.Users.records
	var linking []string
	for user, err := range tx.Users.All() {
		if err != nil {
			return err
		}
		if len(user.Identities) > 1 {
			linking = append(linking, user.UserID)
		}
	}
	for _, id := range linking {
		doc, err := tx.Users.Document(id)
		if err != nil {
			return err
		}
		if err := tx.yieldIdentifiers(doc); err != nil {
			return err
		}
		if err := tx.Users.Put(doc); err != nil {
			return err
		}
		v, err := r.get(id)
		if err != nil {
			return err
		}
		for _, l := range r.links(id, v) {
			if err := tx.kv.Put(l.entry, l.beside); err != nil {
				return err
			}
		}
	}
	return nil
}

// yieldIdentifiers removes from a user's linked accounts the identifiers that another account has.
func (tx *Tx) yieldIdentifiers(doc Document) error {
	id := Text(doc, "user_id")
	user, err := tx.Users.Get(id)
	if err != nil {
		return err
	}
	taken := user.accounts()[0].logins()
	for _, account := range user.accounts()[1:] {
		profile, kept := AccountIn(doc, account.ID()), []string(nil)
		for _, member := range []string{"email", "username", "phone_number"} {
			identifier := Text(profile, member)
			if identifier == "" || !account.own() {
				continue
			}
			entry := loginIndex(account.Connection, identifier)
			holders, err := tx.Users.records.keysBy("login", entry)
			if err != nil {
				return err
			}
			if slices.Contains(taken, entry) || slices.ContainsFunc(holders, func(other string) bool { return other != id }) {
				delete(profile, member)
				continue
			}
			kept = append(kept, entry)
		}
		taken = append(taken, kept...)
	}
	return nil
}
