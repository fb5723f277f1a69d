package account

import (
	"net/http"
	"strconv"
	"strings"
	"time"

	"github.com/tenant0/tenant0/server/apierr"
	"github.com/tenant0/tenant0/storage"
)

// Rate limits that Auth0 has for every tenant, with no setting to switch them off. Here they are off unless
// the tenant's flag tenant0_rate_limits is set, because tests send all their requests from one address.
// Auth0: troubleshoot/customer-support/operational-policies/rate-limit-policy, and
// authenticate/database-connections/auth-api-passwordless-db-connections.
const (
	// One IP address may try to log in to an account twenty times at once, and ten times a minute after that.
	loginsAtOnce = 20
	loginEvery   = 6 * time.Second
	// CodesAnHour is how many codes and links an IP address may request in an hour.
	CodesAnHour = 50
	codeEvery   = time.Hour / CodesAnHour
	// ResetsAtOnce is how many password reset e-mails an IP address can request for one user at once. After
	// that it can request one a minute.
	ResetsAtOnce = 10
	resetEvery   = time.Minute
)

// Limits reports whether the rate limits are on for the tenant.
func Limits(tx *storage.Tx) (bool, error) {
	tenant, err := tx.Tenant.GetShared(storage.TenantKey)
	return tenant.Flags.RateLimits, storage.Optional(err)
}

// CountLogin counts an attempt of an IP address to log in to an account with a password, right or wrong. It
// returns storage.ErrTooMany if there were too many.
func CountLogin(tx *storage.Tx, account, ip string, now time.Time) error {
	return tx.Guess("logins\x01"+account+"\x01"+ip, loginsAtOnce, loginEvery, now)
}

// CountCode counts a request of an IP address for a code or a link, if the rate limits are on for the tenant.
// It returns storage.ErrTooMany if there were too many.
func CountCode(tx *storage.Tx, ip string, now time.Time) error {
	if on, err := Limits(tx); err != nil || !on {
		return err
	}
	return tx.Guess("codes\x01"+ip, CodesAnHour, codeEvery, now)
}

// CountReset counts a password reset e-mail that an IP address requests, if the tenant has the limits. It returns
// storage.ErrTooMany if there were too many.
func CountReset(tx *storage.Tx, login, ip string, now time.Time) error {
	if on, err := Limits(tx); err != nil || !on {
		return err
	}
	return tx.Guess(resetsOf(login, ip), ResetsAtOnce, resetEvery, now)
}

// ResetsLeft returns how many more password reset e-mails an IP address can request for a user at once, after one was
// counted, and when there is one more. Without the limits it is always nearly all.
func ResetsLeft(tx *storage.Tx, login, ip string, now time.Time) (left int, more time.Time, err error) {
	on, err := Limits(tx)
	if err != nil || !on {
		return ResetsAtOnce - 1, now.Add(resetEvery), err
	}
	counted, err := tx.Guesses.Get(resetsOf(login, ip))
	return int(counted.Left), now.Add(resetEvery), err
}

func resetsOf(login, ip string) string { return "resets\x01" + strings.ToLower(login) + "\x01" + ip }

// TooManyCodes is the answer to an IP address that has requested too many codes.
func TooManyCodes(now time.Time) *apierr.Error { return tooMany(CodesAnHour, now.Add(codeEvery)) }

// TooManyResets is the answer to an IP address that has requested too many password reset e-mails for a user.
func TooManyResets(now time.Time) *apierr.Error { return tooMany(ResetsAtOnce, now.Add(resetEvery)) }

// tooMany is the answer to a request beyond a limit. The next request is allowed at reset.
func tooMany(limit int, reset time.Time) *apierr.Error {
	return &apierr.Error{
		Status: http.StatusTooManyRequests, Code: "too_many_requests",
		Message: "Too many requests. Check the X-RateLimit-Limit, X-RateLimit-Remaining and X-RateLimit-Reset headers.",
		Setting: "flags.tenant0_rate_limits of the tenant",
		Header: map[string]string{
			"X-RateLimit-Limit": strconv.Itoa(limit), "X-RateLimit-Remaining": "0", "X-RateLimit-Reset": strconv.FormatInt(reset.Unix(), 10),
		},
	}
}
