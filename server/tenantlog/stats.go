package tenantlog

import (
	"context"
	"slices"
	"strings"
	"time"

	"github.com/tenant0/tenant0/storage"
)

// Day is how Auth0: api/management/v2/stats writes a day.
const Day = "20060102"

// counted names the events that the statistics count, by their type.
var counted = map[string]string{Login: "logins", Signup: "signups"}

// Daily counts logins and signups by the day, in UTC, from one day to another, both written as
// Day; the oldest is the first. Days without either are left out. No password is known to have
// leaked. It must not be called within a transaction.
func (l *Log) Daily(ctx context.Context, from, to string) ([]storage.Document, error) {
	days := map[string]storage.Document{}
	err := l.Newest(ctx, "", func(event storage.Document) (bool, error) {
		at, err := time.Parse(time.RFC3339, storage.Text(event, "date"))
		if err != nil {
			return false, err
		}
		at = at.UTC()
		day, member := at.Format(Day), counted[storage.Text(event, "type")]
		if day < from {
			return false, nil
		}
		if member == "" || day > to {
			return true, nil
		}
		stats, ok := days[day]
		if !ok {
			stats = storage.Document{
				"date": at.Truncate(24 * time.Hour).Format(timeFormat), "logins": 0, "signups": 0, "leaked_passwords": 0,
				"updated_at": at.Format(timeFormat),
			}
			days[day] = stats
		}
		n, _ := stats[member].(int)
		stats[member], stats["created_at"] = n+1, at.Format(timeFormat) // the oldest comes last
		return true, nil
	})
	list := make([]storage.Document, 0, len(days))
	for _, stats := range days {
		list = append(list, stats)
	}
	slices.SortFunc(list, func(a, b storage.Document) int {
		return strings.Compare(storage.Text(a, "date"), storage.Text(b, "date"))
	})
	return list, err
}

// activeDays is how long a login makes a user active.
const activeDays = 30

// ActiveUsers is the number of users who logged in within 30 days. It must not be called within a
// transaction.
func (l *Log) ActiveUsers(ctx context.Context) (int, error) {
	since := l.Now().AddDate(0, 0, -activeDays).UTC().Format(timeFormat)
	users := map[string]bool{}
	err := l.Newest(ctx, "", func(event storage.Document) (bool, error) {
		if storage.Text(event, "type") == Login {
			users[storage.Text(event, "user_id")] = true
		}
		return storage.Text(event, "date") >= since, nil
	})
	return len(users), err
}
