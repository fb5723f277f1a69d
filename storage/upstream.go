package storage

import (
	"time"

	"github.com/tenant0/tenant0/storage/table"
)

// What logins at other identity providers need. The progress of a login is part of its
// Transaction; the rest is stored separately, here.

// UpstreamLogin is a login at another identity provider within a transaction.
type UpstreamLogin struct {
	// Connection is the name of the provider's connection.
	Connection string `json:"connection"`
	// StateHash is the hash of the state that the provider has to return, "" before the browser
	// is sent there and after it has returned: a state is valid once.
	StateHash string `json:"state_hash,omitempty"`
	// Page is the state of the login's own pages, which is hidden from the provider.
	Page string `json:"page,omitempty"`
	// Real says that the browser was sent to the real provider, not to a simulated one.
	Real bool `json:"real,omitempty"`
	// Nonce and Verifier are compared with the provider's answer: the nonce of OIDC Core section
	// 3.1.2.1 and the code_verifier of RFC 7636 section 4.1, or the id of the SAML request.
	Nonce    string `json:"nonce,omitempty"`
	Verifier string `json:"verifier,omitempty"`
	// CodeHash is the hash of the code that a simulated provider has issued for Person; it is
	// valid for this login only.
	CodeHash string         `json:"code_hash,omitempty"`
	Person   map[string]any `json:"person,omitempty"`
	// Code and Message are the error with which the login ended, "" for none.
	Code    string `json:"code,omitempty"`
	Message string `json:"message,omitempty"`
}

// Person is a user of a simulated identity provider.
type Person struct {
	// Connection is the name of the provider's connection, and ID the person's id at the
	// provider.
	Connection string `json:"connection"`
	ID         string `json:"id"`
	// Profile is what the provider says about the person, in the members of Auth0's normalized
	// profile: email, email_verified, name, groups and so on.
	Profile map[string]any `json:"profile"`
}

var people = table.Declare(table.Spec[Person]{
	Name:    "people",
	Key:     func(p Person) string { return p.Connection + "\x01" + p.ID },
	Indexes: []table.Index[Person]{{Name: "connection", Values: func(p Person) []string { return []string{p.Connection} }}},
})

// PersonOf returns a person of a simulated provider, or an error that wraps ErrNotFound.
func (tx *Tx) PersonOf(connection, id string) (Person, error) {
	return tx.People.Get(connection + "\x01" + id)
}

// DeletePerson removes a person of a simulated provider; it is not an error if there is none.
func (tx *Tx) DeletePerson(connection, id string) error {
	return tx.People.Delete(connection + "\x01" + id)
}

// ProviderChoice makes a simulated provider answer without showing a page.
type ProviderChoice struct {
	Connection string `json:"connection"`
	// Person is the id of the person who logs in, "" if nobody does: Outcome says what happens
	// then.
	Person string `json:"person,omitempty"`
	// Outcome is "allow", "deny", "fail" or "without_email".
	Outcome string `json:"outcome"`
	// Once says that the choice holds for the next login only.
	Once bool `json:"once,omitempty"`
}

var providerChoices = table.Declare(table.Spec[ProviderChoice]{
	Name: "provider_choices",
	Key:  func(c ProviderChoice) string { return c.Connection },
})

// IdentityTokens are the tokens that an identity provider has issued for one of its accounts.
// They are stored apart from the user, whose document many may read.
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

// ExpiresAt is when the access token expires, zero if the provider did not say.
func (t IdentityTokens) ExpiresAt() time.Time {
	if t.ExpiresIn == 0 {
		return time.Time{}
	}
	return t.GivenAt.Add(time.Duration(t.ExpiresIn) * time.Second)
}

var identityTokens = table.Declare(table.Spec[IdentityTokens]{
	Name: "identity_tokens",
	Key:  func(t IdentityTokens) string { return Identity{Provider: t.Provider, UserID: t.UserID}.ID() },
})

// TokensOf returns the tokens of an identity, or an error that wraps ErrNotFound.
func (tx *Tx) TokensOf(i Identity) (IdentityTokens, error) {
	return tx.IdentityTokens.Get(i.ID())
}

// TransactionOfUpstream returns the login under way that waits for a provider to return the state
// with a hash, or an error that wraps ErrNotFound.
func (tx *Tx) TransactionOfUpstream(stateHash string) (Transaction, error) {
	return tx.Transactions.table.Find("upstream", stateHash)
}

// forgetProvider removes what was stored about a connection's simulated provider.
func (tx *Tx) forgetProvider(connection string) error {
	ids, err := tx.records(people.Kind).KeysBy("connection", connection)
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

// ForgetTokensOf removes the tokens of an identity; it is not an error if there are none.
func (tx *Tx) ForgetTokensOf(i Identity) error {
	return tx.IdentityTokens.Delete(i.ID())
}
