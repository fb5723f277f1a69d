package factors

import (
	"time"

	"github.com/tenant0/tenant0/keys"
	"github.com/tenant0/tenant0/server/objects"
	"github.com/tenant0/tenant0/server/resource"
	"github.com/tenant0/tenant0/storage"
)

// RememberSettings are the tenant's settings for remembering browsers, Auth0:
// secure/multi-factor-authentication/customize-mfa.
type RememberSettings struct {
	// Shown says that the page shows a checkbox, and Checked that it is checked by default.
	Shown   bool `json:"display_remember_me_checkbox"`
	Checked bool `json:"remember_me_default_value"`
	// Inactivity is the number of seconds without a login after which a browser is forgotten, and Overall the
	// number of seconds after which it is forgotten in any case.
	Inactivity int `json:"mfa_session_inactivity_timeout"`
	Overall    int `json:"mfa_session_overall_timeout"`
}

// RememberSettingsOf reads the tenant's settings for remembering browsers.
func RememberSettingsOf(tx *storage.Tx) (s RememberSettings, err error) {
	doc, err := objects.Settings(tx, resource.GuardianRemember, time.Time{}) // the defaults do not depend on the time
	if err != nil {
		return s, err
	}
	return s, storage.Decode(doc, &s)
}

// Longest returns how long a browser is remembered at most, if it is used for logins all the time.
func (s RememberSettings) Longest() time.Duration { return time.Duration(s.Overall) * time.Second }

// until returns when a browser is forgotten that was first remembered at the time first and is used now.
func (s RememberSettings) until(first, now time.Time) time.Time {
	idle, end := now.Add(time.Duration(s.Inactivity)*time.Second), first.Add(time.Duration(s.Overall)*time.Second)
	if idle.Before(end) {
		return idle
	}
	return end
}

func browserHash(mark, userID string) string { return keys.Hash(mark + "\x01" + userID) }

// Remember stores that a user may skip multi-factor authentication in the browser with a mark.
func Remember(tx *storage.Tx, mark, userID string, now time.Time) error {
	s, err := RememberSettingsOf(tx)
	if err != nil {
		return err
	}
	return tx.RememberBrowser(storage.RememberedBrowser{Hash: browserHash(mark, userID), UserID: userID, CreatedAt: now, ExpiresAt: s.until(now, now)})
}

// renewal is the least extension that is stored, so that not every login writes to the store.
const renewal = time.Minute

// Renewed returns the remembered browser with a mark as it is after a login of the user. longer says that it
// is remembered and that the login extends the time, so that it must be stored.
func Renewed(tx *storage.Tx, mark, userID string, now time.Time) (b storage.RememberedBrowser, longer bool, err error) {
	if mark == "" {
		return b, false, nil
	}
	b, err = tx.RememberedBrowsers.Get(browserHash(mark, userID))
	if err != nil || b.UserID != userID || !now.Before(b.ExpiresAt) {
		return b, false, storage.Optional(err)
	}
	s, err := RememberSettingsOf(tx)
	if err != nil {
		return b, false, err
	}
	end := s.until(b.CreatedAt, now)
	if longer = end.After(b.ExpiresAt.Add(renewal)); longer {
		b.ExpiresAt = end
	}
	return b, longer, nil
}
