package storage

import (
	"slices"
	"time"
)

// What logins at other identity providers need: how far one has come is a part of the
// Transaction, and here is what is kept beside it.

// UpstreamLogin is a login at another identity provider within a transaction.
type UpstreamLogin struct {
	// Connection is the name of the connection that leads there.
	Connection string `json:"connection"`
	// StateHash is the hash of the state that the provider has to bring back, "" before the
	// browser is sent there and after it has come back: a state is good once.
	StateHash string `json:"state_hash,omitempty"`
	// Page is the state of the login's own pages, which the provider does not get to know.
	Page string `json:"page,omitempty"`
	// Real says that the browser was sent to the provider itself and to no simulation.
	Real bool `json:"real,omitempty"`
	// Nonce and Verifier are what the provider's answer is held against: OIDC Core section
	// 3.1.2.1 and RFC 7636 section 4.1, and for SAML the id of the request.
	Nonce    string `json:"nonce,omitempty"`
	Verifier string `json:"verifier,omitempty"`
	// CodeHash is the hash of the code that a simulated provider has given out for Person, and
	// of no use anywhere else.
	CodeHash string         `json:"code_hash,omitempty"`
	Person   map[string]any `json:"person,omitempty"`
	// Code and Message are the error that the login ended with, "" for none.
	Code    string `json:"code,omitempty"`
	Message string `json:"message,omitempty"`
}

// Person is somebody whom a simulated identity provider knows.
type Person struct {
	// Connection is the name of the connection whose provider it is, and ID what the provider
	// calls the person.
	Connection string `json:"connection"`
	ID         string `json:"id"`
	// Profile is what the provider says of the person, with the names of Auth0's normalized
	// profile: email, email_verified, name, groups and so on.
	Profile map[string]any `json:"profile"`
}

var people = declare(spec[Person]{
	name:    "people",
	key:     func(p Person) string { return p.Connection + "\x01" + p.ID },
	indexes: []index[Person]{{name: "connection", values: func(p Person) []string { return []string{p.Connection} }}},
})

// PersonOf returns a person of a simulated provider, or an error that wraps ErrNotFound.
func (tx *Tx) PersonOf(connection, id string) (Person, error) {
	return tx.People.Get(connection + "\x01" + id)
}

// DeletePerson removes a person of a simulated provider; one that is not there is no error.
func (tx *Tx) DeletePerson(connection, id string) error {
	return tx.People.Delete(connection + "\x01" + id)
}

// ProviderChoice is what a simulated provider answers without asking.
type ProviderChoice struct {
	Connection string `json:"connection"`
	// Person is the id of who logs in, "" for nobody: Outcome says what happens then.
	Person string `json:"person,omitempty"`
	// Outcome is "allow", "deny", "fail" or "without_email".
	Outcome string `json:"outcome"`
	// Once says that the choice holds for the next login alone.
	Once bool `json:"once,omitempty"`
}

var providerChoices = declare(spec[ProviderChoice]{
	name: "provider_choices",
	key:  func(c ProviderChoice) string { return c.Connection },
})

// IdentityTokens are the tokens that an identity provider has given for one of its accounts.
// They are kept apart from the user, whose document many may read.
type IdentityTokens struct {
	// Provider and UserID are those of the Identity.
	Provider     string    `json:"provider"`
	UserID       string    `json:"user_id"`
	AccessToken  string    `json:"access_token"`
	RefreshToken string    `json:"refresh_token,omitempty"`
	ExpiresIn    int       `json:"expires_in,omitempty"`
	Scope        string    `json:"scope,omitempty"`
	IDToken      string    `json:"id_token,omitempty"`
	GivenAt      time.Time `json:"given_at"`
	// UsedAt is when an application was last given the access token, zero for never.
	UsedAt time.Time `json:"used_at,omitzero"`
}

// ExpiresAt is when the access token ends, zero where the provider has not said.
func (t IdentityTokens) ExpiresAt() time.Time {
	if t.ExpiresIn == 0 {
		return time.Time{}
	}
	return t.GivenAt.Add(time.Duration(t.ExpiresIn) * time.Second)
}

var identityTokens = declare(spec[IdentityTokens]{
	name: "identity_tokens",
	key:  func(t IdentityTokens) string { return identityKeyOf(t.Provider, t.UserID) },
})

func identityKeyOf(provider, userID string) string { return provider + "|" + userID }

// TokensOf returns the tokens of an identity, or an error that wraps ErrNotFound.
func (tx *Tx) TokensOf(i Identity) (IdentityTokens, error) {
	return tx.IdentityTokens.Get(identityKeyOf(i.Provider, i.UserID))
}

// UserByIdentity returns the user who has an account at an identity provider, by whatever of the
// user's identities, or an error that wraps ErrNotFound. An id that is too long to be found by is
// nobody's.
func (tx *Tx) UserByIdentity(i Identity) (User, error) {
	if !hasSearchIndex(i.UserID) {
		return User{}, ErrNotFound
	}
	ids, err := tx.Users.records.keysBy("search", searchIndex("identities.user_id", i.UserID))
	if err != nil {
		return User{}, err
	}
	for _, id := range ids {
		user, err := tx.Users.Get(id)
		if err != nil {
			return user, err
		}
		if slices.ContainsFunc(user.Identities, func(own Identity) bool {
			return own.Provider == i.Provider && own.UserID == i.UserID && own.Connection == i.Connection
		}) {
			return user, nil
		}
	}
	return User{}, ErrNotFound
}

// TransactionOfUpstream returns the login under way that waits for a provider to bring back
// the state with a hash, or an error that wraps ErrNotFound.
func (tx *Tx) TransactionOfUpstream(stateHash string) (Transaction, error) {
	return as[Transaction](tx.Transactions.find("upstream", stateHash))
}

// forgetProvider removes what was kept of the provider that a connection led to.
func (tx *Tx) forgetProvider(connection string) error {
	ids, err := tx.People.records.keysBy("connection", connection)
	if err != nil {
		return err
	}
	for _, id := range ids {
		if err := tx.People.Delete(id); err != nil {
			return err
		}
	}
	return tx.ProviderChoices.Delete(connection)
}

// ForgetTokensOf removes the tokens of an identity; that there are none is no error.
func (tx *Tx) ForgetTokensOf(i Identity) error {
	return tx.IdentityTokens.Delete(identityKeyOf(i.Provider, i.UserID))
}
