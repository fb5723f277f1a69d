package storage

import (
	"sync"

	"github.com/tenant0/tenant0/storage/keyspace"
	"github.com/tenant0/tenant0/storage/table"
)

// Tx is a transaction; every read and write uses one. It must not be used after its function has
// returned.
type Tx struct {
	shared table.Tx // what the tables share

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

// newView begins a read transaction over a key space. Once nothing refers to the transaction any more, it may be
// released.
func newView(kv keyspace.KV, cache *table.Cache) *Tx {
	tx, _ := begun.Get().(*Tx)
	tx.shared.View(kv, cache)
	return tx
}

// newTx begins a write transaction, as newView does. The cache may be nil.
func newTx(kv keyspace.KV, cache *table.Cache) *Tx {
	tx, _ := begun.Get().(*Tx)
	tx.shared.Update(kv, cache)
	return tx
}

// release ends a transaction, which must not be used any more. Under test it is not reused, so that
// using it panics.
func (tx *Tx) release() {
	tx.shared.End()
	if !underTest() {
		begun.Put(tx)
	}
}

// kv is the key space of the transaction.
func (tx *Tx) kv() keyspace.KV { return tx.shared.KV() }

// records returns the records of a kind.
func (tx *Tx) records(k *table.Kind) table.Records { return tx.shared.Of(k) }

// tables sets the tables of a transaction.
func tables(tx *Tx) *Tx {
	tx.Tenant = table.NewResources(&tx.shared, tenants)
	tx.Clients = table.NewResources(&tx.shared, clients)
	tx.ResourceServers = table.NewResources(&tx.shared, resourceServers)
	tx.ClientGrants = table.NewResources(&tx.shared, clientGrants)
	tx.Connections = table.NewResources(&tx.shared, connections)
	tx.Roles = table.NewResources(&tx.shared, roles)
	tx.Users = table.NewResources(&tx.shared, users)
	tx.Grants = table.NewResources(&tx.shared, grants)
	tx.ClientSecrets = table.New(&tx.shared, clientSecrets)
	tx.Passwords = table.New(&tx.shared, passwords)
	tx.RolePermissions = table.New(&tx.shared, rolePermissions)
	tx.UserAccess = table.New(&tx.shared, userAccess)
	tx.Extension = table.New(&tx.shared, extensions)
	tx.Entries = table.New(&tx.shared, entries)
	tx.Logs = Logs{tx, tx.records(logs.Kind)}
	tx.LogCursors = table.New(&tx.shared, logCursors)
	tx.Messages = recentItems(tx, messages)
	tx.Traces = recentItems(tx, traces)
	tx.SigningKeys = table.New(&tx.shared, signingKeys)
	tx.Secrets = table.New(&tx.shared, secrets)
	tx.Sessions = table.New(&tx.shared, sessions)
	tx.Transactions = Transactions{table.New(&tx.shared, transactions)}
	tx.Codes = table.New(&tx.shared, codes)
	tx.PushedRequests = table.New(&tx.shared, pushedRequests)
	tx.RefreshTokens = table.New(&tx.shared, refreshTokens)
	tx.RevokedGrants = table.New(&tx.shared, revokedGrants)
	tx.UsedAssertions = table.New(&tx.shared, usedAssertions)
	tx.Tickets = table.New(&tx.shared, tickets)
	tx.LoginFailures = table.New(&tx.shared, loginFailures)
	tx.Passcodes = table.New(&tx.shared, passcodes)
	tx.Devices = table.New(&tx.shared, devices)
	tx.Guesses = table.New(&tx.shared, guesses)
	tx.MFALogins = table.New(&tx.shared, mfaLogins)
	tx.Logouts = table.New(&tx.shared, logouts)
	tx.LoginTickets = table.New(&tx.shared, loginTickets)
	tx.SessionTransfers = table.New(&tx.shared, sessionTransfers)
	tx.RememberedBrowsers = table.New(&tx.shared, rememberedBrowsers)
	tx.People = table.New(&tx.shared, people)
	tx.ProviderChoices = table.New(&tx.shared, providerChoices)
	tx.IdentityTokens = table.New(&tx.shared, identityTokens)
	tx.Ceremonies = table.New(&tx.shared, ceremonies)
	tx.Pushes = table.New(&tx.shared, pushes)
	tx.SubjectTokens = table.New(&tx.shared, subjectTokens)
	tx.IssuedTokens = table.New(&tx.shared, issuedTokens)
	return tx
}

type (
	// Table is a kind of record that the server itself writes.
	Table[T any] = table.Table[T]
	// Resources is a kind of record that the Management API describes.
	Resources[T any] = table.Resources[T]
	// Row is one stored record of a list.
	Row = table.Row
	// List is a list of records. A page of it can be read without reading the rest.
	List = table.List
)

// listed are the tables whose records are in lists.
func (tx *Tx) listed() []table.Records {
	return []table.Records{
		tx.records(clients.Kind), tx.records(resourceServers.Kind), tx.records(clientGrants.Kind), tx.records(connections.Kind), tx.records(roles.Kind),
		tx.records(users.Kind), tx.records(grants.Kind), tx.records(userAccess.Kind), tx.records(entries.Kind),
	}
}

// expiring returns the table with a name, if its records expire.
func (tx *Tx) expiring(name string) (table.Records, bool) {
	for _, r := range [...]table.Records{
		tx.records(sessions.Kind), tx.records(transactions.Kind), tx.records(codes.Kind), tx.records(pushedRequests.Kind), tx.records(refreshTokens.Kind),
		tx.records(revokedGrants.Kind), tx.records(usedAssertions.Kind), tx.records(tickets.Kind), tx.records(loginFailures.Kind), tx.records(passcodes.Kind),
		tx.records(loginTickets.Kind), tx.records(ceremonies.Kind), tx.records(pushes.Kind), tx.records(rememberedBrowsers.Kind), tx.records(logouts.Kind),
		tx.records(mfaLogins.Kind), tx.records(guesses.Kind), tx.records(devices.Kind), tx.records(issuedTokens.Kind), tx.records(subjectTokens.Kind),
		tx.records(sessionTransfers.Kind),
	} {
		if r.Kind().Name == name {
			return r, true
		}
	}
	return table.Records{}, false
}
