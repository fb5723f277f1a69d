package account

import (
	"errors"
	"slices"
	"strings"
	"time"

	"github.com/tenant0/tenant0/server/resource"
	"github.com/tenant0/tenant0/storage"
)

// Stages at which the tenant watches for attacks, as its settings name them.
const (
	BeforeLogin  = "pre-login"
	BeforeSignup = "pre-user-registration"
	BeforeChange = "pre-change-password"
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
	return storage.Decode(doc, into)
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

// Shields of the settings: what becomes of an attack.
const (
	blocks       = "block"
	tellsUser    = "user_notification"
	tellsManager = "admin_notification"
)

// bucket is what an address may try at a stage: so many at once, one of which comes back every so
// often. The key is "" where nothing is counted.
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

// Throttled reports whether an address has tried too often at a stage, and whether its attempts
// count at all.
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

// Last is what becomes of an address with its last try: it is in the log, and the tenant's managers are to
// be told.
type Last struct{ Log, Tell bool }

// CountTry counts a failed login of an address, or a sign-up, and says what becomes of the last one that
// it has. One that goes on beyond it is told of once.
func CountTry(tx *storage.Tx, stage, ip string, now time.Time) (last Last, err error) {
	key, size, every, t, err := bucket(tx, stage, ip)
	if err != nil || key == "" {
		return last, err
	}
	if err := tx.Guess(key, size, every, now); err != nil {
		if errors.Is(err, storage.ErrTooMany) {
			return Last{Log: slices.Contains(t.Shields, blocks)}, nil
		}
		return last, err
	}
	err = tx.MayGuess(key, size, every, now)
	if errors.Is(err, storage.ErrTooMany) {
		return Last{true, slices.Contains(t.Shields, tellsManager)}, nil
	}
	return last, err
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
	// Frequency is how often the tenant's managers are told: "immediately", "daily" and so on.
	Frequency []string `json:"admin_notification_frequency"`
	Passwords []string `json:"tenant0_passwords"`
}

// forTrials are the passwords that Auth0 documents for trying the detection out, and trialPrefix begins more
// of them.
var forTrials = []string{"Paaf213XXYYZZ", "Paat739!!WWXXYYZZ"}

const trialPrefix = "AUTH0-TEST-"

// knows reports whether a password is one that others know.
func (b breached) knows(password string) bool {
	return strings.HasPrefix(password, trialPrefix) || slices.Contains(forTrials, password) || slices.Contains(b.Passwords, password)
}

// Leak is what becomes of a password that others know.
type Leak struct {
	// Known says that the tenant watches for it, and Blocks that it opens nothing. What is watched without
	// any shield is in the log alone.
	Known, Blocks bool
	// TellUser and TellManagers say who is told by e-mail at once.
	TellUser, TellManagers bool
	// Count says that managers are told later how many there were: CountLeak counts it.
	Count bool
}

// Leaked says what becomes of a password at a stage.
func Leaked(tx *storage.Tx, stage, password string) (leak Leak, err error) {
	var b breached
	if err := settings(tx, resource.BreachedPasswordDetection, &b); err != nil || !b.Enabled || !b.knows(password) {
		return leak, err
	}
	shields := b.Shields
	if stage != BeforeLogin {
		shields = b.Stage[stage].Shields
	}
	managers := slices.Contains(shields, tellsManager)
	return Leak{
		Known: true, Blocks: slices.Contains(shields, blocks), TellUser: slices.Contains(shields, tellsUser),
		TellManagers: managers && slices.Contains(b.Frequency, "immediately"),
		Count:        managers && slices.ContainsFunc(b.Frequency, func(f string) bool { return periods[f] != nil }),
	}, nil
}
