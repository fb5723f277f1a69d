package account

import (
	"time"

	"github.com/tenant0/tenant0/storage"
)

// Limits of Auth0's that no setting of its own switches off, and that the tenant's flag tenant0_rate_limits switches
// on: tests come from one address. Auth0: troubleshoot/customer-support/operational-policies/rate-limit-policy, and
// authenticate/database-connections/auth-api-passwordless-db-connections.
const (
	// One address tries to log in to an account twenty times at once, and ten times a minute after that.
	loginsAtOnce = 20
	loginEvery   = 6 * time.Second
	// CodesAnHour is how many codes and links an address asks for in an hour.
	CodesAnHour = 50
	codeEvery   = time.Hour / CodesAnHour
)

// Limits reports whether the tenant has the limits.
func Limits(tx *storage.Tx) (bool, error) {
	tenant, err := tx.Tenant.Look(storage.TenantKey)
	return tenant.Flags.RateLimits, storage.Optional(err)
}

// CountLogin counts an attempt of an address to log in to an account by a password, right or wrong. It returns
// storage.ErrTooMany.
func CountLogin(tx *storage.Tx, userID, ip string, now time.Time) error {
	return tx.Guess("logins\x01"+userID+"\x01"+ip, loginsAtOnce, loginEvery, now)
}

// CountCode counts a code or a link that an address asks for, where the tenant has the limits. It returns
// storage.ErrTooMany.
func CountCode(tx *storage.Tx, ip string, now time.Time) error {
	if on, err := Limits(tx); err != nil || !on {
		return err
	}
	return tx.Guess("codes\x01"+ip, CodesAnHour, codeEvery, now)
}
