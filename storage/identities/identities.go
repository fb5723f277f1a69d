// Package identities describes the users of a tenant and their accounts, Auth0:
// manage-users/user-accounts/user-account-linking. It knows no store; package storage keeps users by what this package
// says of them.
package identities

import (
	"encoding/json"
	"errors"
	"slices"
	"strings"
)

// User is a user of the tenant, Auth0:
// manage-users/user-accounts/user-profiles/user-profile-structure.
type User struct {
	UserID        string         `json:"user_id"` // strategy|id
	Email         string         `json:"email"`
	EmailVerified bool           `json:"email_verified"`
	Username      string         `json:"username"`
	PhoneNumber   string         `json:"phone_number"`
	PhoneVerified bool           `json:"phone_verified"`
	Name          string         `json:"name"`
	GivenName     string         `json:"given_name"`
	FamilyName    string         `json:"family_name"`
	MiddleName    string         `json:"middle_name"`
	Nickname      string         `json:"nickname"`
	Picture       string         `json:"picture"`
	CreatedAt     string         `json:"created_at"` // ISO 8601 with milliseconds
	UpdatedAt     string         `json:"updated_at"`
	Blocked       bool           `json:"blocked"`
	AppMetadata   map[string]any `json:"app_metadata"`
	UserMetadata  map[string]any `json:"user_metadata"`
	Identities    []Identity     `json:"identities"`
	// Groups, Roles and Permissions come from an identity provider, for the Authorization
	// Extension's passthrough.
	Groups      any `json:"groups"`
	Roles       any `json:"roles"`
	Permissions any `json:"permissions"`
	// Linked is the linked account by which the user was found, nil for the user's own; see As.
	Linked *Identity `json:"-"`
}

// Identity is one account of a user at a connection. The first identity is the user's own account; the others are
// accounts that were linked to the user.
type Identity struct {
	Connection string `json:"connection"`
	Provider   string `json:"provider"`
	UserID     string `json:"user_id"`
	IsSocial   bool   `json:"isSocial"`
	// Profile is what a linked account has of its own. The user's own account has the members of the user.
	Profile Profile `json:"profileData,omitzero"`
}

// Profile are the members of a user that each of the user's accounts has of its own.
type Profile struct {
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
func (p *Profile) UnmarshalJSON(raw []byte) error {
	type plain Profile
	err := json.Unmarshal(raw, (*plain)(p))
	if _, wrong := errors.AsType[*json.UnmarshalTypeError](err); wrong {
		return nil
	}
	return err
}

// ownStrategies are the strategies of connections whose users the tenant authenticates itself.
var ownStrategies = []string{"auth0", "email", "sms"}

// AuthenticatedHere reports whether the tenant itself authenticates the users of connections with a strategy, and no
// other identity provider does.
func AuthenticatedHere(strategy string) bool { return slices.Contains(ownStrategies, strategy) }

// ID is the id that the account has, or would have, as a user of its own.
func (i Identity) ID() string { return i.Provider + "|" + i.UserID }

// identifiers are the names by which people log in to the account. At
// other identity providers several accounts may have the same e-mail address, so it names none.
func (i Identity) identifiers() []string {
	if i.Provider != "" && !AuthenticatedHere(i.Provider) {
		return nil
	}
	names := []string{i.Profile.Email, i.Profile.Username, i.Profile.PhoneNumber}
	return slices.DeleteFunc(names, func(name string) bool { return name == "" })
}

// Logins are the account's entries in the index of identifiers, each of which names one account of a connection.
func (i Identity) Logins() (entries []string) {
	for _, name := range i.identifiers() {
		entries = append(entries, LoginEntry(i.Connection, name))
	}
	return entries
}

// LoginEntry is the entry of an identifier (e-mail address, username or phone number) of a connection in the index.
func LoginEntry(connection, identifier string) string {
	return connection + "\x01" + strings.ToLower(identifier)
}

// Accounts are the user's accounts, each with its profile. A user without identities has one.
func (u User) Accounts() []Identity {
	all := slices.Clone(u.Identities)
	if len(all) == 0 {
		all = make([]Identity, 1)
	}
	all[0].Profile = Profile{
		Email: u.Email, EmailVerified: u.EmailVerified, Username: u.Username, PhoneNumber: u.PhoneNumber, PhoneVerified: u.PhoneVerified,
		Name: u.Name, GivenName: u.GivenName, FamilyName: u.FamilyName, Nickname: u.Nickname, Picture: u.Picture,
	}
	return all
}

// Logins are the entries of all accounts of the user in the index of identifiers.
func (u User) Logins() (entries []string) {
	for _, account := range u.Accounts() {
		entries = append(entries, account.Logins()...)
	}
	return entries
}

// Alike reports whether two of the user's accounts at one connection share an identifier, so that a login could not
// tell which is meant.
func (u User) Alike() bool {
	if len(u.Identities) < 2 {
		return false
	}
	seen := map[string]int{}
	for n, account := range u.Accounts() {
		for _, entry := range account.Logins() {
			if other, taken := seen[entry]; taken && other != n {
				return true
			}
			seen[entry] = n
		}
	}
	return false
}

// Moved reports whether an account of the user has another e-mail address than before, or one that is no longer verified.
// Accounts that were added or removed since do not count.
func (u User) Moved(before User) bool {
	former := before.Accounts()
	return slices.ContainsFunc(u.Accounts(), func(now Identity) bool {
		n := slices.IndexFunc(former, func(i Identity) bool { return i.ID() == now.ID() })
		if n < 0 {
			return false
		}
		was := former[n].Profile
		return !strings.EqualFold(was.Email, now.Profile.Email) || was.EmailVerified && !now.Profile.EmailVerified
	})
}

// As returns the user as one of the linked accounts: the e-mail address, the names and so on are those of the account,
// everything else is the user's.
func (u User) As(linked Identity) User {
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

// ProfileIn returns the part of a user's document that has the members of one account: the document itself for the
// user's own account, which is the user_id or "", and the profileData of a linked one. It is nil if the user does
// not have the account any more.
func ProfileIn(user map[string]any, account string) map[string]any {
	if account == "" || account == user["user_id"] {
		return user
	}
	all, _ := user["identities"].([]any)
	for n, item := range all {
		identity, _ := item.(map[string]any)
		provider, _ := identity["provider"].(string)
		local, _ := identity["user_id"].(string)
		if n == 0 || (Identity{Provider: provider, UserID: local}).ID() != account {
			continue
		}
		profile, ok := identity["profileData"].(map[string]any)
		if !ok {
			profile = map[string]any{}
			identity["profileData"] = profile
		}
		return profile
	}
	return nil
}

// maxSearched is the longest value, in bytes, that has an index entry for searches: stored values
// may be longer than a key can be.
const maxSearched = 512

// Searchable reports whether a value has an entry in the index of searches.
func Searchable(value string) bool {
	return len(value) <= maxSearched && !strings.ContainsRune(value, 0)
}

// SearchEntry is the entry of a member's value in the index of searches.
func SearchEntry(field, value string) string { return field + "\x01" + value }

// Searched are the entries by which a search finds a user quickly. Names are found
// ignoring case.
func (u User) Searched() (entries []string) {
	add := func(field, value string) {
		if value != "" && Searchable(value) {
			entries = append(entries, SearchEntry(field, value))
		}
	}
	add("username", u.Username)
	add("phone_number", u.PhoneNumber)
	add("name", strings.ToLower(u.Name))
	add("nickname", strings.ToLower(u.Nickname))
	add("given_name", strings.ToLower(u.GivenName))
	add("family_name", strings.ToLower(u.FamilyName))
	for _, i := range u.Identities {
		add("identities.user_id", i.UserID)
	}
	return entries
}
