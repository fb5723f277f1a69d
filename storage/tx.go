package storage

import (
	"sync"

	"github.com/tenant0/tenant0/storage/keyspace"
)

// Tx is a transaction; every read and write uses one. It must not be used after its function has
// returned.
type Tx struct {
	kv    keyspace.KV
	memos *memos // nil in a write transaction, whose records the caller may change
	known *memos // for records that the transaction reads and does not change, nil for none
	// lookups are the cached look-ups of the state that a view sees, nil until it needs them.
	lookups *lookupCache

	wants   func(table, key string) bool // whether to record a change, nil to record none
	changes []Change

	Tenant          Resources[Tenant]
	Clients         Resources[Client]
	ResourceServers Resources[ResourceServer]
	ClientGrants    Resources[ClientGrant]
	Connections     Resources[Connection]
	Roles           Resources[Role]
	Users           Resources[User]
	Grants          Resources[Grant]

	ClientSecrets   Table[ClientSecret]
	Passwords       Table[Password]
	RolePermissions Table[RolePermissions]
	UserAccess      Table[UserAccess]
	Extension       Table[Extension]
	Entries         Table[Entry]
	Logs            Logs
	LogCursors      Table[LogCursor]
	Messages        RecentItems
	Traces          RecentItems

	SigningKeys    Table[SigningKey]
	Secrets        Table[Secret]
	Sessions       Table[Session]
	Transactions   Transactions
	Codes          Table[Code]
	PushedRequests Table[PushedRequest]
	RefreshTokens  Table[RefreshToken]
	RevokedGrants  Table[RevokedGrant]
	UsedAssertions Table[UsedAssertion]
	Tickets        Table[Ticket]
	LoginFailures  Table[LoginFailures]
	Passcodes      Table[Passcode]
	Devices        Table[Device]
	Guesses        Table[Guesses]
	MFALogins      Table[MFALogin]
	Logouts        Table[Logout]
	LoginTickets   Table[LoginTicket]

	SessionTransfers   Table[SessionTransfer]
	RememberedBrowsers Table[RememberedBrowser]
	People             Table[Person]
	ProviderChoices    Table[ProviderChoice]
	IdentityTokens     Table[IdentityTokens]
	Ceremonies         Table[Ceremony]
	Pushes             Table[Push]
	SubjectTokens      Table[SubjectToken]
	IssuedTokens       Table[IssuedTokens]
}

// begun are ended transactions, to be reused: a request has several transactions, whose tables are
// all the same.
var begun = sync.Pool{New: func() any { return tables(&Tx{}) }}

// newTx begins a transaction over a key space. Once nothing refers to the transaction any more, it
// may be released.
func newTx(kv keyspace.KV, m *memos) *Tx {
	tx, _ := begun.Get().(*Tx)
	tx.kv, tx.memos, tx.known = kv, m, m
	return tx
}

// release ends a transaction, which must not be used any more. Under test it is not reused, so that
// using it panics.
func (tx *Tx) release() {
	tx.kv, tx.memos, tx.known, tx.lookups, tx.wants, tx.changes = nil, nil, nil, nil, nil, nil
	if !underTest() {
		begun.Put(tx)
	}
}

// tables sets the tables of a transaction.
func tables(tx *Tx) *Tx {
	tx.Tenant = resources(tx, tenants)
	tx.Clients = resources(tx, clients)
	tx.ResourceServers = resources(tx, resourceServers)
	tx.ClientGrants = resources(tx, clientGrants)
	tx.Connections = resources(tx, connections)
	tx.Roles = resources(tx, roles)
	tx.Users = resources(tx, users)
	tx.Grants = resources(tx, grants)
	tx.ClientSecrets = table(tx, clientSecrets)
	tx.Passwords = table(tx, passwords)
	tx.RolePermissions = table(tx, rolePermissions)
	tx.UserAccess = table(tx, userAccess)
	tx.Extension = table(tx, extensions)
	tx.Entries = table(tx, entries)
	tx.Logs = Logs{records{tx, logs.kind}}
	tx.LogCursors = table(tx, logCursors)
	tx.Messages = recentItems(tx, messages)
	tx.Traces = recentItems(tx, traces)
	tx.SigningKeys = table(tx, signingKeys)
	tx.Secrets = table(tx, secrets)
	tx.Sessions = table(tx, sessions)
	tx.Transactions = Transactions{records{tx, transactions.kind}}
	tx.Codes = table(tx, codes)
	tx.PushedRequests = table(tx, pushedRequests)
	tx.RefreshTokens = table(tx, refreshTokens)
	tx.RevokedGrants = table(tx, revokedGrants)
	tx.UsedAssertions = table(tx, usedAssertions)
	tx.Tickets = table(tx, tickets)
	tx.LoginFailures = table(tx, loginFailures)
	tx.Passcodes = table(tx, passcodes)
	tx.Devices = table(tx, devices)
	tx.Guesses = table(tx, guesses)
	tx.MFALogins = table(tx, mfaLogins)
	tx.Logouts = table(tx, logouts)
	tx.LoginTickets = table(tx, loginTickets)
	tx.SessionTransfers = table(tx, sessionTransfers)
	tx.RememberedBrowsers = table(tx, rememberedBrowsers)
	tx.People = table(tx, people)
	tx.ProviderChoices = table(tx, providerChoices)
	tx.IdentityTokens = table(tx, identityTokens)
	tx.Ceremonies = table(tx, ceremonies)
	tx.Pushes = table(tx, pushes)
	tx.SubjectTokens = table(tx, subjectTokens)
	tx.IssuedTokens = table(tx, issuedTokens)
	return tx
}

func resources[T any](tx *Tx, k kindOf[T]) Resources[T] {
	return Resources[T]{records{tx, k.kind}}
}
func table[T any](tx *Tx, k kindOf[T]) Table[T] { return Table[T]{records{tx, k.kind}} }

// listed are the tables whose records are in lists.
func (tx *Tx) listed() []records {
	return []records{
		tx.Clients.records, tx.ResourceServers.records, tx.ClientGrants.records, tx.Connections.records, tx.Roles.records,
		tx.Users.records, tx.Grants.records, tx.UserAccess.records, tx.Entries.records,
	}
}

// expiring returns the table with a name, if its records expire.
func (tx *Tx) expiring(name string) (records, bool) {
	for _, r := range [...]records{
		tx.Sessions.records, tx.Transactions.records, tx.Codes.records, tx.PushedRequests.records, tx.RefreshTokens.records,
		tx.RevokedGrants.records, tx.UsedAssertions.records, tx.Tickets.records, tx.LoginFailures.records, tx.Passcodes.records,
		tx.LoginTickets.records, tx.Ceremonies.records, tx.Pushes.records, tx.RememberedBrowsers.records, tx.Logouts.records,
		tx.MFALogins.records, tx.Guesses.records, tx.Devices.records, tx.IssuedTokens.records, tx.SubjectTokens.records,
		tx.SessionTransfers.records,
	} {
		if r.kind.name == name {
			return r, true
		}
	}
	return records{}, false
}
