package account

import (
	"net/netip"
	"slices"
	"sync"
	"time"

	"github.com/tenant0/tenant0/server/resource"
	"github.com/tenant0/tenant0/storage"
)

// blockTime is how long failed logins are remembered and a block lasts, Auth0:
// secure/attack-protection/brute-force-protection.
const blockTime = 30 * 24 * time.Hour

// Protection are the tenant's settings for brute-force protection, Auth0:
// secure/attack-protection/brute-force-protection.
type Protection struct {
	Enabled     bool     `json:"enabled"`
	Shields     []string `json:"shields"`
	Mode        string   `json:"mode"`
	Allowlist   []string `json:"allowlist"`
	MaxAttempts int      `json:"max_attempts"`
}

// ProtectionOf returns the tenant's settings for brute-force protection.
func ProtectionOf(tx *storage.Tx) (p Protection, err error) {
	err = tx.Documents(resource.BruteForceProtection.Name, "").Read(storage.SettingsKey, &p)
	if storage.IsNotFound(err) {
		return untouched()
	}
	return p, err
}

// untouched returns the settings of a tenant that has changed none of them. The caller must not change
// the result.
var untouched = sync.OnceValues(func() (p Protection, err error) {
	doc := storage.Document{}
	resource.BruteForceProtection.Fill(doc, time.Time{})
	return p, storage.Decode(doc, &p)
})

// key returns the key of the counter of failed logins: one for each account and address, or one for each
// account.
func (p Protection) key(account, ip string) string {
	if p.Mode == "count_per_identifier" {
		ip = ""
	}
	return storage.LoginFailuresKey(account, ip)
}

// applies reports whether wrong passwords from an address are counted.
func (p Protection) applies(ip string) bool {
	return p.Enabled && !listed(p.Allowlist, ip)
}

// blocks reports whether the failed logins block the user. A block ends if the tenant raises its limit
// of attempts above the count.
func (p Protection) blocks(f storage.LoginFailures, now time.Time) bool {
	return p.Enabled && slices.Contains(p.Shields, "block") && f.Blocked && f.Count >= p.MaxAttempts && now.Before(f.ExpiresAt)
}

// listed reports whether a list of IP addresses and networks contains an address.
func listed(allowlist []string, ip string) bool {
	addr, err := netip.ParseAddr(ip)
	return slices.ContainsFunc(allowlist, func(allowed string) bool {
		if prefix, e := netip.ParsePrefix(allowed); e == nil && err == nil {
			return prefix.Contains(addr)
		}
		return allowed == ip
	})
}

// protection returns the brute-force protection of a connection's users.
func protection(tx *storage.Tx, connection string) (Protection, error) {
	conn, err := tx.Connections.Find("name", connection)
	if err := storage.Optional(err); err != nil {
		return Protection{}, err
	}
	if conn.Options["brute_force_protection"] == false {
		return Protection{}, nil
	}
	return ProtectionOf(tx)
}

// Blocked reports whether nobody may log in with an account of a connection from an address.
func Blocked(tx *storage.Tx, account, connection, ip string, now time.Time) (bool, error) {
	p, err := protection(tx, connection)
	if err != nil || !p.applies(ip) {
		return false, err
	}
	f, err := tx.LoginFailures.Get(p.key(account, ip))
	return p.blocks(f, now), storage.Optional(err)
}

// BlockHolds reports whether recorded failed logins still block their user.
func BlockHolds(tx *storage.Tx, f storage.LoginFailures, now time.Time) (bool, error) {
	p, err := protection(tx, f.Connection)
	return p.blocks(f, now), err
}

// CountFailure counts a wrong password for the account that the user was found by, and reports whether this failure blocks the
// account, and whether the user is to be notified of it.
func CountFailure(tx *storage.Tx, user storage.User, connection, identifier, ip string, now time.Time) (blocks, notify bool, err error) {
	p, err := protection(tx, connection)
	if err != nil || !p.applies(ip) || user.UserID == "" {
		return false, false, err
	}
	key := p.key(user.AccountID(), ip)
	f, err := tx.LoginFailures.Get(key)
	if err := storage.Optional(err); err != nil {
		return false, false, err
	}
	if !now.Before(f.ExpiresAt) {
		f = storage.LoginFailures{}
	}
	if p.Mode == "count_per_identifier" {
		ip = ""
	}
	f.Key, f.UserID, f.Connection, f.Identifier, f.IP = key, user.UserID, connection, identifier, ip
	f.Blocked = f.Blocked && f.Count >= p.MaxAttempts
	f.Count++
	f.ExpiresAt = now.Add(blockTime)
	blocks = !f.Blocked && f.Count >= p.MaxAttempts
	f.Blocked = f.Blocked || blocks
	return blocks, blocks && slices.Contains(p.Shields, "user_notification"), tx.KeepLoginFailures(f)
}
