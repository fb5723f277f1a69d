package account

import (
	"encoding/json"
	"slices"
	"time"

	"github.com/tenant0/tenant0/server/resource"
	"github.com/tenant0/tenant0/storage"
)

// digestsKind is the kind of the document that counts, for each frequency, the uses of breached passwords
// since the last e-mail to the administrators.
const digestsKind = "attack-protection/digests"

// periods has for each frequency a function that returns the end of the period that contains a time: days,
// weeks that begin on Monday, and months, all in UTC. Auth0 does not document when its e-mails are sent.
var periods = map[string]func(time.Time) time.Time{
	"daily": func(t time.Time) time.Time { return day(t, 1) },
	"weekly": func(t time.Time) time.Time {
		return day(t, 7-(int(t.UTC().Weekday())+6)%7)
	},
	"monthly": func(t time.Time) time.Time {
		year, month, _ := t.UTC().Date()
		return time.Date(year, month+1, 1, 0, 0, 0, 0, time.UTC)
	},
}

// day returns the beginning of the day (UTC) that comes the given number of days after the day of t.
func day(t time.Time, after int) time.Time {
	year, month, d := t.UTC().Date()
	return time.Date(year, month, d+after, 0, 0, 0, 0, time.UTC)
}

// Digest counts the uses of breached passwords in a period; the administrators are told at its end.
type Digest struct {
	Frequency string    `json:"frequency"`
	Count     int       `json:"count"`
	Ends      time.Time `json:"ends"`
}

func digests(tx *storage.Tx) (all []Digest, err error) {
	doc, err := tx.Documents(digestsKind, "").Document(storage.SettingsKey)
	if err != nil {
		return nil, storage.Optional(err)
	}
	raw, err := json.Marshal(doc["digests"])
	if err != nil {
		return nil, err
	}
	return all, json.Unmarshal(raw, &all)
}

func keepDigests(tx *storage.Tx, all []Digest) error {
	kept := tx.Documents(digestsKind, "")
	if len(all) == 0 {
		return kept.Delete(storage.SettingsKey)
	}
	return kept.Put(storage.Write{ID: storage.SettingsKey, Document: storage.Document{"digests": all}})
}

// CountBreached counts a use of a breached password for the regular e-mails to the tenant's administrators.
func CountBreached(tx *storage.Tx, now time.Time) error {
	var b breached
	if err := settings(tx, resource.BreachedPasswordDetection, &b); err != nil {
		return err
	}
	all, err := digests(tx)
	if err != nil {
		return err
	}
	for _, frequency := range b.Frequency {
		end := periods[frequency]
		if end == nil {
			continue
		}
		i := slices.IndexFunc(all, func(d Digest) bool { return d.Frequency == frequency })
		if i < 0 {
			i, all = len(all), append(all, Digest{Frequency: frequency, Ends: end(now)})
		}
		all[i].Count++
	}
	return keepDigests(tx, all)
}

// DigestsDue reports whether the period of a digest has ended, so that an e-mail to the administrators is
// due.
func DigestsDue(tx *storage.Tx, now time.Time) (bool, error) {
	all, err := digests(tx)
	return slices.ContainsFunc(all, func(d Digest) bool { return !now.Before(d.Ends) }), err
}

// TakeDigests returns the digests whose periods have ended, ordered by time, and deletes them from the
// store.
func TakeDigests(tx *storage.Tx, now time.Time) (due []Digest, err error) {
	all, err := digests(tx)
	if err != nil {
		return nil, err
	}
	var rest []Digest
	for _, d := range all {
		if now.Before(d.Ends) {
			rest = append(rest, d)
		} else {
			due = append(due, d)
		}
	}
	slices.SortStableFunc(due, func(a, b Digest) int { return a.Ends.Compare(b.Ends) })
	return due, keepDigests(tx, rest)
}
