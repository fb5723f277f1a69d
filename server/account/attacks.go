package account

import (
	"encoding/json"
	"errors"
	"slices"
	"time"

	"github.com/tenant0/tenant0/server/resource"
	"github.com/tenant0/tenant0/storage"
)

// Stages at which the tenant watches for attacks, as its settings name them.
const (
	BeforeLogin  = "pre-login"
	BeforeSignup = "pre-user-registration"
)

// throttling is how the tenant slows down addresses that guess, Auth0:
// secure/attack-protection/suspicious-ip-throttling.
type throttling struct {
	Enabled   bool     `json:"enabled"`
	Shields   []string `json:"shields"`
	Allowlist []string `json:"allowlist"`
	Stage     map[string]struct {
		MaxAttempts int `json:"max_attempts"`
		Rate        int `json:"rate"` // milliseconds until an attempt comes back
	} `json:"stage"`
}

// settings reads those of a kind into a value. What the tenant has never set is off, whatever the
// Management API shows of a new tenant: a suite of tests comes from one address.
func settings(tx *storage.Tx, kind *resource.Kind, into any) error {
	doc, err := tx.Documents(kind.Name, "").Document(storage.SettingsKey)
	if err != nil {
		return storage.Optional(err)
	}
	kind.Fill(doc, time.Time{})
	raw, err := json.Marshal(doc)
	if err != nil {
		return err
	}
	return json.Unmarshal(raw, into)
}

// stages are all that an address may be kept out of.
var stages = []string{BeforeLogin, BeforeSignup}

// AddressBlocked reports whether an address is kept out of logging in or signing up, Auth0:
// api/management/v2/anomaly.
func AddressBlocked(tx *storage.Tx, ip string, now time.Time) (blocked bool, err error) {
	for _, stage := range stages {
		if blocked, _, err = Throttled(tx, stage, ip, now); err != nil || blocked {
			return blocked, err
		}
	}
	return false, nil
}

// UnblockAddress forgets what an address has tried.
func UnblockAddress(tx *storage.Tx, ip string) error {
	var errs []error
	for _, stage := range stages {
		errs = append(errs, tx.Guesses.Delete(addressKey(stage, ip)))
	}
	return errors.Join(errs...)
}

func addressKey(stage, ip string) string { return "address\x01" + stage + "\x01" + ip }

// bucket is what an address may try at a stage: so many at once, one of which comes back every so
// often. ok is false where nothing is counted.
func bucket(tx *storage.Tx, stage, ip string) (key string, size int, every time.Duration, ok bool, err error) {
	var t throttling
	if err := settings(tx, resource.SuspiciousIPThrottling, &t); err != nil {
		return "", 0, 0, false, err
	}
	s := t.Stage[stage]
	if !t.Enabled || !slices.Contains(t.Shields, "block") || s.MaxAttempts <= 0 || s.Rate <= 0 || listed(t.Allowlist, ip) {
		return "", 0, 0, false, nil
	}
	return addressKey(stage, ip), s.MaxAttempts, time.Duration(s.Rate) * time.Millisecond, true, nil
}

// Throttled reports whether an address has tried too often at a stage, and whether its attempts
// count at all.
func Throttled(tx *storage.Tx, stage, ip string, now time.Time) (throttled, counts bool, err error) {
	key, size, every, ok, err := bucket(tx, stage, ip)
	if err != nil || !ok {
		return false, false, err
	}
	err = tx.MayGuess(key, size, every, now)
	if errors.Is(err, storage.ErrTooMany) {
		return true, true, nil
	}
	return false, true, err
}

// CountTry counts a failed login of an address, or a sign-up, and reports whether it may try no
// more.
func CountTry(tx *storage.Tx, stage, ip string, now time.Time) (last bool, err error) {
	key, size, every, ok, err := bucket(tx, stage, ip)
	if err != nil || !ok {
		return false, err
	}
	if err := tx.Guess(key, size, every, now); err != nil && !errors.Is(err, storage.ErrTooMany) {
		return false, err
	}
	err = tx.MayGuess(key, size, every, now)
	if errors.Is(err, storage.ErrTooMany) {
		return true, nil
	}
	return false, err
}

// breached is what the tenant does about passwords that others know, Auth0:
// secure/attack-protection/breached-password-detection. There is no list of the world's here: the
// tenant's settings have one.
type breached struct {
	Enabled bool     `json:"enabled"`
	Shields []string `json:"shields"`
	Stage   map[string]struct {
		Shields []string `json:"shields"`
	} `json:"stage"`
	Passwords []string `json:"tenant0_passwords"`
}

// Leaked reports whether a password is one that the tenant keeps out at a stage.
func Leaked(tx *storage.Tx, stage, password string) (bool, error) {
	var b breached
	if err := settings(tx, resource.BreachedPasswordDetection, &b); err != nil || !b.Enabled {
		return false, err
	}
	shields := b.Shields
	if stage != BeforeLogin {
		shields = b.Stage[stage].Shields
	}
	return slices.Contains(shields, "block") && slices.Contains(b.Passwords, password), nil
}
