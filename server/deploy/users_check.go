package deploy

import (
	"cmp"
	"errors"
	"fmt"
	"maps"
	"slices"
	"strings"

	"github.com/tenant0/tenant0/config/tenantfile"
	"github.com/tenant0/tenant0/server/account"
	"github.com/tenant0/tenant0/server/apierr"
	"github.com/tenant0/tenant0/server/identity"
	"github.com/tenant0/tenant0/server/resource"
	"github.com/tenant0/tenant0/storage"
)

// CheckUsers checks the users of a tenant file, and returns at most one error for each. It
// checks passwords and hashes, usernames and the names in metadata by the rules of Auth0's
// user import, and whether the provider in the user_id is that of the connection. It does
// not hash passwords.
func CheckUsers(file *tenantfile.Tenant) (wrong []error) {
	connections, linked := connectionsOf(file), map[string]string{}
	for _, entry := range file.Users {
		for _, account := range linkedIn(entry) {
			linked[accountID(account)] = nameOf(entry)
		}
	}
	for _, entry := range file.Users {
		err := checkEntry(entry)
		if id := storage.Text(entry, "user_id"); err == nil && linked[id] != "" {
			err = errLinked(id, linked[id])
		}
		if err == nil {
			err = checkNew(entry, connections[connectionOf(entry)])
		}
		if err != nil {
			wrong = append(wrong, fmt.Errorf("user %q: %w", nameOf(entry), err))
		}
	}
	return wrong
}

// connectionsOf returns the connections of a tenant file by name, with the members that
// matter for users.
func connectionsOf(file *tenantfile.Tenant) map[string]storage.Connection {
	connections := map[string]storage.Connection{}
	for _, doc := range slices.Concat(file.Databases, file.Connections) {
		options, _ := doc["options"].(storage.Document)
		strategy := cmp.Or(storage.Text(doc, "strategy"), storage.DatabaseStrategy)
		connections[storage.Text(doc, "name")] = storage.Connection{Name: storage.Text(doc, "name"), Strategy: strategy, Options: options}
	}
	return connections
}

// checkEntries returns the error of checkEntry for the first invalid entry.
func checkEntries(entries []storage.Document) error {
	for _, entry := range entries {
		if err := checkEntry(entry); err != nil {
			return fmt.Errorf("user %q: %w", nameOf(entry), err)
		}
	}
	return nil
}

// checkEntry makes the checks that need only the entry: the password or its hash, and the
// names in metadata.
func checkEntry(entry storage.Document) error {
	for _, holder := range append([]storage.Document{entry}, linkedIn(entry)...) {
		hash, err := identity.ReadHash(holder)
		if err == nil && hash == "" {
			err = identity.CheckLength(storage.Text(holder, "password"))
		}
		if err != nil {
			return err
		}
	}
	given := maps.Clone(entry)
	maps.DeleteFunc(given, func(_ string, value any) bool { return value == nil })
	err := resource.TenantUser.Check(given, resource.Create)
	if refused, ok := errors.AsType[*apierr.Error](err); ok {
		return errors.New(strings.TrimPrefix(refused.Message, "Payload validation error: "))
	}
	return err
}

// checkNew checks a new user of a connection.
func checkNew(entry storage.Document, conn storage.Connection) error {
	provider, _, whole := strings.Cut(storage.Text(entry, "user_id"), "|")
	if whole && entry["identities"] == nil && provider != account.Provider(conn) {
		return fmt.Errorf("the user_id belongs to the provider %s, but the connection %q does not; name the connection that the user logs in with", provider, conn.Name)
	}
	return account.CheckUsername(conn, storage.Text(entry, "username"), false)
}
