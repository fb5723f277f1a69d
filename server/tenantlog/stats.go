package tenantlog

import (
	"context"
	"slices"
	"strings"
	"time"

	"github.com/tenant0/tenant0/storage"
)

// Day is the format of a day in Auth0's statistics, Auth0: api/management/v2/stats.
const Day = "20060102"

// counted maps the types of counted events to their members in the statistics.
var counted = map[string]string{Login: "logins", Signup: "signups"}

// Daily counts logins and signups for each day in UTC, from one day to another, both in the
// format Day, the oldest first. Days without any are left out. leaked_passwords is always 0.
// Daily must not be called within a transaction.
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
		stats[member], stats["created_at"] = n+1, at.Format(timeFormat) // the last one is the oldest
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

// activeDays is for how many days after a login a user counts as active.
const activeDays = 30

// ActiveUsers returns the number of users who logged in within 30 days. It must not be called
// within a transaction.
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
