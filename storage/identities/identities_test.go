package identities_test

import (
	"encoding/json"
	"slices"
	"testing"

	"github.com/google/go-cmp/cmp"

	"github.com/tenant0/tenant0/storage/identities"
)

// ada has an account at Google, and two that are linked to her.
const ada = `{"user_id": "google-oauth2|ada", "email": "ada@own.example", "blocked": true, "identities": [
	{"connection": "google-oauth2", "provider": "google-oauth2", "user_id": "ada", "isSocial": true},
	{"connection": "db", "provider": "auth0", "user_id": "bea", "profileData": {"email": "Bea@example.com", "email_verified": "not a flag", "username": "bea"}},
	{"connection": "github", "provider": "github", "user_id": "7", "profileData": {"email": "bea@example.com"}}]}`

func decode[T any](t *testing.T, text string) (v T) {
	t.Helper()
	if err := json.Unmarshal([]byte(text), &v); err != nil {
		t.Fatal(err)
	}
	return v
}

// TestAUserAsALinkedAccount has the account's members, none of the user's own, and is as blocked as the user. Members
// of a wrong type do not count.
func TestAUserAsALinkedAccount(t *testing.T) {
	user := decode[identities.User](t, ada)
	bea := user.As(user.Identities[1])
	if bea.UserID != user.UserID || bea.AccountID() != "auth0|bea" || bea.ConnectionName() != "db" || bea.Email != "Bea@example.com" || bea.EmailVerified || !bea.Blocked {
		t.Errorf("as the linked account, the user is %+v", bea)
	}
	if user.AccountID() != user.UserID || user.ConnectionName() != "google-oauth2" || user.Email != "ada@own.example" {
		t.Errorf("the user has become %+v", user)
	}
}

// TestOnlyAccountsHereHaveIdentifiers: at other identity providers an e-mail address names nobody.
func TestOnlyAccountsHereHaveIdentifiers(t *testing.T) {
	want := []string{identities.LoginEntry("db", "bea@example.com"), identities.LoginEntry("db", "bea")}
	if diff := cmp.Diff(want, decode[identities.User](t, ada).Logins()); diff != "" {
		t.Errorf("(-want +got):\n%s", diff)
	}
}

// TestAccountsThatALoginCouldNotTellApart are alike: those with one identifier at one connection.
func TestAccountsThatALoginCouldNotTellApart(t *testing.T) {
	account := func(connection, email, username string) identities.Identity {
		return identities.Identity{Connection: connection, Provider: "auth0", Profile: identities.Profile{Email: email, Username: username}}
	}
	for name, tt := range map[string]struct {
		linked []identities.Identity
		alike  bool
	}{
		"nothing is linked":                      {nil, false},
		"the same address at another connection": {[]identities.Identity{account("other", "ann@x", "")}, false},
		"another address":                        {[]identities.Identity{account("db", "bob@x", "")}, false},
		"the same address in other letters":      {[]identities.Identity{account("db", "ANN@x", "")}, true},
		"the address as a username":              {[]identities.Identity{account("db", "", "ann@x")}, true},
		"one name twice in one account":          {[]identities.Identity{account("db", "bob@x", "bob@x")}, false},
		"two linked accounts":                    {[]identities.Identity{account("other", "bob@x", ""), account("other", "bob@x", "")}, true},
	} {
		user := identities.User{UserID: "auth0|ann", Email: "ann@x", Identities: slices.Concat([]identities.Identity{account("db", "", "")}, tt.linked)}
		if got := user.Alike(); got != tt.alike {
			t.Errorf("%s: alike is %v", name, got)
		}
	}
}

// TestTheProfileOfAnAccountInADocument is the part that a change of the account writes to.
func TestTheProfileOfAnAccountInADocument(t *testing.T) {
	user := decode[map[string]any](t, ada)
	for account, email := range map[string]any{"": "ada@own.example", "google-oauth2|ada": "ada@own.example", "auth0|bea": "Bea@example.com", "github|7": "bea@example.com"} {
		if got := identities.ProfileIn(user, account)["email"]; got != email {
			t.Errorf("%q has the address %v", account, got)
		}
	}
	if unknown := identities.ProfileIn(user, "auth0|cyd"); unknown != nil {
		t.Errorf("an account of somebody else is %v", unknown)
	}
	bare := decode[map[string]any](t, `{"user_id": "auth0|a", "identities": [{}, {"provider": "auth0", "user_id": "b"}]}`)
	identities.ProfileIn(bare, "auth0|b")["email_verified"] = true
	if identities.ProfileIn(bare, "auth0|b")["email_verified"] != true || bare["email_verified"] != nil {
		t.Errorf("after a change the user is %v", bare)
	}
}
