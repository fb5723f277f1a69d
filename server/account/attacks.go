package account

import (
	"errors"
	"slices"
	"strings"
	"time"

	"github.com/tenant0/tenant0/server/resource"
	"github.com/tenant0/tenant0/storage"
)

// Stages of attack protection, as the tenant's settings name them.
const (
	BeforeLogin  = "pre-login"
	BeforeSignup = "pre-user-registration"
	BeforeChange = "pre-change-password"
)

// throttling are the settings that limit how often an IP address may try to log in or sign up, Auth0:
// secure/attack-protection/suspicious-ip-throttling.
type throttling struct {
	Enabled   bool     `json:"enabled"`
	Shields   []string `json:"shields"`
	Allowlist []string `json:"allowlist"`
	Stage     map[string]struct {
		MaxAttempts int `json:"max_attempts"`
		Rate        int `json:"rate"` // milliseconds until one more attempt is allowed
	} `json:"stage"`
}

// settings reads the tenant's settings of a kind into a value. Settings that the tenant has never changed
// are off, although the Management API shows Auth0's defaults for a new tenant: test suites send all their
// requests from one address.
func settings(tx *storage.Tx, kind *resource.Kind, into any) error {
	doc, err := tx.Documents(kind.Name, "").Document(storage.SettingsKey)
	if err != nil {
		return storage.Optional(err)
	}
	kind.Fill(doc, time.Time{})
	return storage.Decode(doc, into)
}

// stages are the stages at which an address can be blocked.
var stages = []string{BeforeLogin, BeforeSignup}

// AddressBlocked reports whether an IP address is blocked from logging in or signing up, Auth0:
// api/management/v2/anomaly.
func AddressBlocked(tx *storage.Tx, ip string, now time.Time) (blocked bool, err error) {
	for _, stage := range stages {
		if blocked, _, err = Throttled(tx, stage, ip, now); err != nil || blocked {
			return blocked, err
		}
	}
	return false, nil
}

// UnblockAddress forgets the attempts of an IP address, so that it may try again.
func UnblockAddress(tx *storage.Tx, ip string) error {
	var errs []error
	for _, stage := range stages {
		errs = append(errs, tx.Guesses.Delete(addressKey(stage, ip)))
	}
	return errors.Join(errs...)
}

func addressKey(stage, ip string) string { return "address\x01" + stage + "\x01" + ip }

// Shields in the settings: the reactions to an attack.
const (
	blocks        = "block"
	notifiesUser  = "user_notification"
	notifiesAdmin = "admin_notification"
)

// bucket returns the limit of an address at a stage: size attempts at once, and one more each time the
// duration every passes. The key is "" if the attempts are not counted.
func bucket(tx *storage.Tx, stage, ip string) (key string, size int, every time.Duration, t throttling, err error) {
	if err := settings(tx, resource.SuspiciousIPThrottling, &t); err != nil {
		return "", 0, 0, t, err
	}
	s := t.Stage[stage]
	if !t.Enabled || s.MaxAttempts <= 0 || s.Rate <= 0 || listed(t.Allowlist, ip) {
		return "", 0, 0, t, nil
	}
	return addressKey(stage, ip), s.MaxAttempts, time.Duration(s.Rate) * time.Millisecond, t, nil
}

// Throttled reports whether an address is blocked after too many attempts at a stage, and whether its
// attempts are counted at all.
func Throttled(tx *storage.Tx, stage, ip string, now time.Time) (throttled, counts bool, err error) {
	key, size, every, t, err := bucket(tx, stage, ip)
	if err != nil || key == "" {
		return false, false, err
	}
	err = tx.MayGuess(key, size, every, now)
	if errors.Is(err, storage.ErrTooMany) {
		return slices.Contains(t.Shields, blocks), true, nil
	}
	return false, true, err
}

// ThrottlingActions says what to do when an address has used up its attempts: Log to write an event to the tenant's log,
// and NotifyAdmins to send an e-mail to the tenant's administrators.
type ThrottlingActions struct{ Log, NotifyAdmins bool }

// CountAttempt counts a failed login or a sign-up of an address. If it was the last allowed attempt, the result
// says what to do about it. If the address goes on trying, the administrators are not told again.
func CountAttempt(tx *storage.Tx, stage, ip string, now time.Time) (last ThrottlingActions, err error) {
	key, size, every, t, err := bucket(tx, stage, ip)
	if err != nil || key == "" {
		return last, err
	}
	if err := tx.Guess(key, size, every, now); err != nil {
		if errors.Is(err, storage.ErrTooMany) {
			return ThrottlingActions{Log: slices.Contains(t.Shields, blocks)}, nil
		}
		return last, err
	}
	err = tx.MayGuess(key, size, every, now)
	if errors.Is(err, storage.ErrTooMany) {
		return ThrottlingActions{true, slices.Contains(t.Shields, notifiesAdmin)}, nil
	}
	return last, err
}

// breached are the settings about breached passwords, Auth0:
// secure/attack-protection/breached-password-detection. tenant0 has no list of breached passwords from the
// internet: the tenant's settings contain the list.
type breached struct {
	Enabled bool     `json:"enabled"`
	Shields []string `json:"shields"`
	Stage   map[string]struct {
		Shields []string `json:"shields"`
	} `json:"stage"`
	// Frequency is how often the tenant's administrators are told: "immediately", "daily" and so on.
	Frequency []string `json:"admin_notification_frequency"`
	Passwords []string `json:"tenant0_passwords"`
}

// forTrials are the passwords that Auth0 documents for testing the detection. Passwords that begin with
// trialPrefix are for testing too.
var forTrials = []string{"Paaf213XXYYZZ", "Paat739!!WWXXYYZZ"}

const trialPrefix = "AUTH0-TEST-"

// knows reports whether a password counts as breached.
func (b breached) knows(password string) bool {
	return strings.HasPrefix(password, trialPrefix) || slices.Contains(forTrials, password) || slices.Contains(b.Passwords, password)
}

// BreachedPassword says what to do about a breached password.
type BreachedPassword struct {
	// Detected says that the tenant detects breached passwords and this is one. Block says that the password
	// is refused. A breached password without any shield is only written to the log.
	Detected, Block bool
	// NotifyUser and NotifyAdmins say whether the user and the administrators get an e-mail at once.
	NotifyUser, NotifyAdmins bool
	// Count says that the use is to be counted with CountBreached, for a later e-mail to the administrators.
	Count bool
}

// CheckBreached returns what to do about a password at a stage. The zero BreachedPassword means nothing.
func CheckBreached(tx *storage.Tx, stage, password string) (leak BreachedPassword, err error) {
	var b breached
	if err := settings(tx, resource.BreachedPasswordDetection, &b); err != nil || !b.Enabled || !b.knows(password) {
		return leak, err
	}
	shields := b.Shields
	if stage != BeforeLogin {
		shields = b.Stage[stage].Shields
	}
	managers := slices.Contains(shields, notifiesAdmin)
	return BreachedPassword{
		Detected: true, Block: slices.Contains(shields, blocks), NotifyUser: slices.Contains(shields, notifiesUser),
		NotifyAdmins: managers && slices.Contains(b.Frequency, "immediately"),
		Count:        managers && slices.ContainsFunc(b.Frequency, func(f string) bool { return periods[f] != nil }),
	}, nil
}
