package storage

import (
	"encoding/json"
	"strings"
	"time"

	"github.com/tenant0/tenant0/storage/table"

	"github.com/tenant0/tenant0/storage/identities"
)

// EncodedUser is a user's document in its stored form.
type EncodedUser struct {
	user any
	raw  []byte
}

// EncodeUser does the part of writing a user that needs no transaction, which shortens transactions
// that write many users.
func EncodeUser(d Document) (u EncodedUser, err error) {
	u.user, u.raw, err = users.Encode(d)
	return u, err
}

// Alike reports whether two accounts of the user at one connection share an identifier, so that a login could not
// tell which is meant.
func (u EncodedUser) Alike() bool { return u.user.(*User).Alike() }

// PutUser is Users.Put for an encoded user.
func (tx *Tx) PutUser(u EncodedUser) error { return tx.records(users.Kind).Write(u.user, u.raw) }

var users = table.Declare(table.Spec[User]{
	Name:    "users",
	Ordered: true,
	Recent:  true,
	Key:     func(u User) string { return u.UserID },
	Indexes: []table.Index[User]{
		{Name: "login", Unique: true, Values: User.Logins},
		{Name: "connection", Values: func(u User) []string { return []string{u.ConnectionName()} }},
		{Name: "email", Values: func(u User) []string {
			if u.Email == "" {
				return nil
			}
			return []string{strings.ToLower(u.Email)}
		}},
		{Name: "search", Values: User.Searched},
	},
})

// UsersWith returns the ids of the users with a value in a member. The value of an e-mail address
// or a name must be in lower case; theirs may be in any case. ok is false if no index can answer.
func (tx *Tx) UsersWith(member, value string) (ids []string, ok bool, err error) {
	if value == "" || !identities.Searchable(value) {
		return nil, false, nil
	}
	switch member {
	case "user_id":
		if has, err := tx.Users.Has(value); !has {
			return nil, err == nil, err
		}
		return []string{value}, true, nil
	case "email":
		ids, err = tx.records(users.Kind).KeysBy("email", value)
	case "username", "phone_number", "name", "nickname", "given_name", "family_name", "identities.user_id":
		ids, err = tx.records(users.Kind).KeysBy("search", identities.SearchEntry(member, value))
	default:
		return nil, false, nil
	}
	return ids, err == nil, err
}

// RecordLogin records the time and the IP address of a user's login, and counts it, Auth0:
// manage-users/user-accounts/user-profiles/user-profile-structure.
func (tx *Tx) RecordLogin(userID string, at time.Time, ip string) error {
	return tx.records(users.Kind).PutBeside(userID, []string{"last_ip", "last_login", "logins_count"}, func(d map[string]json.RawMessage) error {
		count := 0.0
		if raw := d["logins_count"]; raw != nil {
			_ = json.Unmarshal(raw, &count) // a value that is not a number counts as 0
		}
		for member, value := range map[string]any{"last_login": at.UTC().Format("2006-01-02T15:04:05.000Z"), "last_ip": ip, "logins_count": count + 1} {
			raw, err := json.Marshal(value)
			if err != nil {
				return err
			}
			d[member] = raw
		}
		return nil
	})
}

// SetAuthorization replaces what the Authorization Extension has stored in a user's app_metadata.
// The other metadata keeps its current value, which others may have changed since the extension
// read it.
func (tx *Tx) SetAuthorization(userID string, authorization any) error {
	d, err := tx.Users.Document(userID)
	if err != nil {
		return err
	}
	metadata, _ := d["app_metadata"].(map[string]any)
	if metadata == nil {
		metadata = map[string]any{}
	}
	metadata["authorization"] = authorization
	d["app_metadata"] = metadata
	return tx.Users.Put(d)
}

// Password is the password hash of an account: bcrypt or argon2id in their usual notation.
type Password struct {
	// UserID is the id of the account: that of the user, or the ID of a linked identity.
	UserID string `json:"user_id"`
	Hash   string `json:"hash"`
	// Earlier are the hashes of earlier passwords, the newest first, if the connection remembers
	// them.
	Earlier []string `json:"earlier,omitempty"`
}

var passwords = table.Declare(table.Spec[Password]{
	Name: "passwords",
	Key:  func(p Password) string { return p.UserID },
})
