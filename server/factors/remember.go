package factors

import (
	"time"

	"github.com/tenant0/tenant0/keys"
	"github.com/tenant0/tenant0/server/objects"
	"github.com/tenant0/tenant0/server/resource"
	"github.com/tenant0/tenant0/storage"
)

// Remembering is how the tenant remembers browsers, Auth0: secure/multi-factor-authentication/customize-mfa.
type Remembering struct {
	// Shown says that the user is asked, and Ticked how the box is at first.
	Shown  bool `json:"display_remember_me_checkbox"`
	Ticked bool `json:"remember_me_default_value"`
	// Inactivity is after how many seconds without a login a browser is forgotten, and Overall after how many
	// in any case.
	Inactivity int `json:"mfa_session_inactivity_timeout"`
	Overall    int `json:"mfa_session_overall_timeout"`
}

// RememberingOf reads the tenant's settings.
func RememberingOf(tx *storage.Tx) (s Remembering, err error) {
	doc, err := objects.Settings(tx, resource.GuardianRemember, time.Time{}) // its defaults know no time
	if err != nil {
		return s, err
	}
	return s, storage.Decode(doc, &s)
}

// Longest is for how long a browser is remembered that keeps on logging in.
func (s Remembering) Longest() time.Duration { return time.Duration(s.Overall) * time.Second }

// until is how long a browser is remembered that was first so at a time.
func (s Remembering) until(first, now time.Time) time.Time {
	idle, end := now.Add(time.Duration(s.Inactivity)*time.Second), first.Add(time.Duration(s.Overall)*time.Second)
	if idle.Before(end) {
		return idle
	}
	return end
}

func browserHash(mark, userID string) string { return keys.Hash(mark + "\x01" + userID) }

// Remember spares a user the further factor at a browser with a mark.
func Remember(tx *storage.Tx, mark, userID string, now time.Time) error {
	s, err := RememberingOf(tx)
	if err != nil {
		return err
	}
	return tx.RememberBrowser(storage.RememberedBrowser{Hash: browserHash(mark, userID), UserID: userID, CreatedAt: now, ExpiresAt: s.until(now, now)})
}

// renewal is how much later a browser is to be forgotten for a login to be noted: not each one is.
const renewal = time.Minute

// Renewed is the browser with a mark as a login leaves it, if it is remembered for the user and the login has it
// remembered for longer.
func Renewed(tx *storage.Tx, mark, userID string, now time.Time) (b storage.RememberedBrowser, longer bool, err error) {
	if mark == "" {
		return b, false, nil
	}
	b, err = tx.RememberedBrowsers.Get(browserHash(mark, userID))
	if err != nil || b.UserID != userID || !now.Before(b.ExpiresAt) {
		return b, false, storage.Optional(err)
	}
	s, err := RememberingOf(tx)
	if err != nil {
		return b, false, err
	}
	end := s.until(b.CreatedAt, now)
	if longer = end.After(b.ExpiresAt.Add(renewal)); longer {
		b.ExpiresAt = end
	}
	return b, longer, nil
}
