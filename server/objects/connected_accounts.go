package objects

import (
	"cmp"
	"crypto/subtle"
	"encoding/json"
	"errors"
	"slices"
	"time"

	"github.com/tenant0/tenant0/keys"
	"github.com/tenant0/tenant0/server/resource"
	"github.com/tenant0/tenant0/storage"
)

// ConnectedAccount is an account at a provider that a user has connected so that applications can get its tokens. It
// is not used for logins. Auth0: secure/call-apis-on-users-behalf/token-vault/connected-accounts-for-token-vault.
type ConnectedAccount struct {
	ID           string   `json:"id"`
	Connection   string   `json:"connection"`
	ConnectionID string   `json:"connection_id"`
	Strategy     string   `json:"strategy"`
	Scopes       []string `json:"scopes"`
	CreatedAt    string   `json:"created_at"`
	// Organization is the id of the organization that the user was logged in to, "" for none.
	Organization string `json:"org_id,omitempty"`
	// Tokens are the provider's tokens for the account, with the account's ids at the provider.
	Tokens storage.IdentityTokens `json:"tokens"`
}

// ConnectedAccounts are these accounts. They are deleted with their user and with their connection.
var ConnectedAccounts = declare(&Kind{
	Kind: resource.ConnectedAccounts, Owner: Users,
	refers: []reference{by("connection_id", Connections)},
})

// Shown returns an account as the APIs show it.
func (a ConnectedAccount) Shown() storage.Document {
	doc := storage.Document{
		"id": a.ID, "connection": a.Connection, "connection_id": a.ConnectionID, "strategy": a.Strategy, "access_type": "offline",
		"scopes": a.Scopes, "created_at": a.CreatedAt,
	}
	if a.Organization != "" {
		doc["org_id"] = a.Organization
	}
	return doc
}

// ServesIn reports whether an account can be used by a user who is logged in to an organization, or to none if that
// is "".
func (a ConnectedAccount) ServesIn(organization string) bool {
	return a.Organization == "" || a.Organization == organization
}

// ConnectedAccountsOf lists the connected accounts of a user, in the order in which they were connected.
func ConnectedAccountsOf(tx *storage.Tx, userID string) (all []ConnectedAccount, err error) {
	for doc, err := range tx.Documents(resource.ConnectedAccounts.Name, userID).All() {
		if err != nil {
			return nil, err
		}
		var a ConnectedAccount
		if err := convert(doc, &a); err != nil {
			return nil, err
		}
		all = append(all, a)
	}
	return all, nil
}

// KeepTokens stores new tokens of an account, unless the account was deleted or got newer tokens meanwhile.
func (a ConnectedAccount) KeepTokens(tx *storage.Tx, userID string, given storage.IdentityTokens) error {
	var now ConnectedAccount
	doc, err := tx.Documents(resource.ConnectedAccounts.Name, userID).Document(a.ID)
	if err == nil {
		err = convert(doc, &now)
	}
	if err != nil || now.Tokens.GivenAt.After(given.GivenAt) {
		return storage.Optional(err)
	}
	now.Tokens = given
	return now.put(tx, userID)
}

func (a ConnectedAccount) put(tx *storage.Tx, userID string) error {
	kept, err := ConnectedAccounts.Open(tx, userID)
	if err != nil {
		return err
	}
	doc := storage.Document{}
	if err := convert(a, &doc); err != nil {
		return err
	}
	return kept.Put(doc)
}

// convert copies a document into a struct with the same members, or a struct into a document.
func convert(from, to any) error {
	raw, err := json.Marshal(from)
	if err != nil {
		return err
	}
	return json.Unmarshal(raw, to)
}

// Connecting is an account that a user is about to connect.
type Connecting struct {
	// Connection is the name of the connection to the provider. Scopes are the scopes to request, nil for those that
	// the connection has set.
	Connection string   `json:"connection"`
	Scopes     []string `json:"scopes,omitempty"`
	// Params are additional parameters for the provider.
	Params map[string]string `json:"params,omitempty"`
	// RedirectURI is the URL to which the browser returns at the end, with State as a parameter.
	RedirectURI string `json:"redirect_uri"`
	State       string `json:"state,omitempty"`
	// CodeChallenge is the code challenge of RFC 7636 with the method S256, "" for none.
	CodeChallenge string `json:"code_challenge,omitempty"`
	Organization  string `json:"org_id,omitempty"`

	// CodeHash is the hash of the connect_code, "" until that is issued. Account is the account that the code stands
	// for.
	CodeHash string           `json:"code_hash,omitempty"`
	Account  ConnectedAccount `json:"account,omitzero"`
}

// ConnectLifetime is how long a user may take to connect an account; for the source see ConnectedAccount.
const ConnectLifetime = 5 * time.Minute

// The purposes of the ceremonies.
const (
	toConnect = "connect"
	toFollow  = "connect ticket"
)

// errConnect reports that the request matches no open connection of an account.
var errConnect = errors.New("no account is being connected by that")

// IsConnectExpired reports whether an error means that the connection of an account has ended or never existed.
func IsConnectExpired(err error) bool {
	return errors.Is(err, errConnect) || errors.Is(err, storage.ErrReused)
}

func ticketKey(ticket string) string { return "connect\x01" + keys.Hash(ticket) }

// BeginConnecting stores what account a user asks to connect. session identifies it at the API, and ticket is for
// the link that takes the browser to the provider.
func BeginConnecting(tx *storage.Tx, userID, clientID, session, ticket string, c Connecting, now time.Time) error {
	ceremony := storage.Ceremony{
		Key: storage.SessionCeremony(keys.Hash(session)), Purpose: toConnect, ClientID: clientID, Connection: c.Connection, UserID: userID,
		ExpiresAt: now.Add(ConnectLifetime),
	}
	follow := ceremony
	follow.Key, follow.Purpose, follow.Data = ticketKey(ticket), toFollow, []byte(ceremony.Key)
	var err error
	if ceremony.Data, err = json.Marshal(c); err != nil {
		return err
	}
	return errors.Join(tx.BeginCeremony(ceremony), tx.BeginCeremony(follow))
}

// FollowConnecting uses up a ticket, and returns what it is for. IsConnectExpired recognizes the error for a ticket
// that is not valid.
func FollowConnecting(tx *storage.Tx, ticket string, now time.Time) (ceremony storage.Ceremony, c Connecting, err error) {
	follow, err := tx.FindCeremony(ticketKey(ticket), toFollow, now)
	if err == nil {
		err = tx.EndCeremony(follow)
	}
	if err != nil {
		return ceremony, c, connectOver(err)
	}
	return FindConnecting(tx, string(follow.Data), now)
}

// FindConnecting returns what is being connected from the key of its ceremony.
func FindConnecting(tx *storage.Tx, key string, now time.Time) (ceremony storage.Ceremony, c Connecting, err error) {
	ceremony, err = tx.FindCeremony(key, toConnect, now)
	if err != nil {
		return ceremony, c, connectOver(err)
	}
	return ceremony, c, json.Unmarshal(ceremony.Data, &c)
}

func connectOver(err error) error {
	if storage.IsNotFound(err) {
		return errConnect
	}
	return err
}

// AnswerConnecting stores the account that the provider has returned, until the application sends the connect_code.
func AnswerConnecting(tx *storage.Tx, key, code string, given ConnectedAccount, now time.Time) error {
	ceremony, c, err := FindConnecting(tx, key, now)
	if err != nil {
		return err
	}
	c.CodeHash, c.Account = keys.Hash(code), given
	if ceremony.Data, err = json.Marshal(c); err != nil {
		return err
	}
	return tx.BeginCeremony(ceremony)
}

// ConnectProof is what an application sends to complete the connection of an account.
type ConnectProof struct{ UserID, ClientID, Session, Code, RedirectURI, Verifier string }

// Connect completes the connection of an account. This can be done only once. If the user has connected the same
// account of the provider before, that one gets the new tokens and scopes and keeps its id. IsConnectExpired recognizes
// the error for a proof that is not valid.
func Connect(tx *storage.Tx, p ConnectProof, now time.Time) (a ConnectedAccount, err error) {
	ceremony, c, err := FindConnecting(tx, storage.SessionCeremony(keys.Hash(p.Session)), now)
	if err != nil {
		return a, err
	}
	same := func(a, b string) bool { return subtle.ConstantTimeCompare([]byte(a), []byte(b)) == 1 }
	switch {
	case ceremony.UserID != p.UserID, ceremony.ClientID != p.ClientID, c.RedirectURI != p.RedirectURI:
		return a, errConnect
	case !same(c.CodeHash, keys.Hash(p.Code)):
		return a, errConnect
	case c.CodeChallenge == "" && p.Verifier != "":
		return a, errConnect
	case c.CodeChallenge != "" && !same(c.CodeChallenge, keys.Hash(p.Verifier)): // RFC 7636 section 4.6: S256 is the same hash
		return a, errConnect
	}
	if err := tx.EndCeremony(ceremony); err != nil {
		return a, err
	}
	a = c.Account
	a.ID, a.CreatedAt, a.Organization = resource.ConnectedAccounts.NewID(), resource.Time(now), c.Organization
	all, err := ConnectedAccountsOf(tx, p.UserID)
	if err != nil {
		return a, err
	}
	i := slices.IndexFunc(all, func(b ConnectedAccount) bool {
		return b.ConnectionID == a.ConnectionID && b.Tokens.UserID == a.Tokens.UserID && b.Organization == a.Organization
	})
	if i >= 0 {
		a.ID, a.CreatedAt = all[i].ID, all[i].CreatedAt
		a.Tokens.RefreshToken = cmp.Or(a.Tokens.RefreshToken, all[i].Tokens.RefreshToken)
	}
	return a, a.put(tx, p.UserID)
}
