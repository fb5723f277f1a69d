package management

import (
	"net/http"
	"slices"
	"strings"
	"time"

	"github.com/tenant0/tenant0/server/resource"
	"github.com/tenant0/tenant0/server/tenantlog"
	"github.com/tenant0/tenant0/storage"
)

// statOperations are Auth0: api/management/v2/stats, counted from the events that
// the tenant's log holds.
func statOperations() []operation {
	return []operation{
		{http.MethodGet, "/stats/daily", []string{"read:stats"}, dailyStats},
		{http.MethodGet, "/stats/active-users", []string{"read:stats"}, activeUsers},
	}
}

// statDay is how the API writes a day.
const statDay = "20060102"

// statMembers names the events that the statistics count, by their type.
var statMembers = map[string]string{tenantlog.Login: "logins", tenantlog.Signup: "signups"}

// dailyStats counts logins and signups by the day, in UTC. Days without either are
// left out. No password is known to have leaked.
//
//auth0:operation GET /api/v2/stats/daily
func dailyStats(c *call) error {
	from, to, err := c.statRange()
	if err != nil {
		return err
	}
	days := map[string]storage.Document{}
	err = c.Events.Newest(c.ctx, "", func(event storage.Document) (bool, error) {
		at, err := time.Parse(time.RFC3339, storage.Text(event, "date"))
		if err != nil {
			return false, err
		}
		day, member := at.UTC().Format(statDay), statMembers[storage.Text(event, "type")]
		if day < from {
			return false, nil
		}
		if member == "" || day > to {
			return true, nil
		}
		stats, ok := days[day]
		if !ok {
			stats = storage.Document{
				"date": resource.Time(at.UTC().Truncate(24 * time.Hour)), "logins": 0, "signups": 0, "leaked_passwords": 0,
				"updated_at": resource.Time(at),
			}
			days[day] = stats
		}
		n, _ := stats[member].(int)
		stats[member], stats["created_at"] = n+1, resource.Time(at) // the oldest comes last
		return true, nil
	})
	if err != nil {
		return err
	}
	list := []storage.Document{}
	for _, stats := range days {
		list = append(list, stats)
	}
	slices.SortFunc(list, func(a, b storage.Document) int {
		return strings.Compare(storage.Text(a, "date"), storage.Text(b, "date"))
	})
	return c.reply(http.StatusOK, list)
}

// statRange is the range of days that the query names, both ends in it.
func (c *call) statRange() (from, to string, err error) {
	from, to = "00000000", "99999999"
	for name, end := range map[string]*string{"from": &from, "to": &to} {
		value := c.query.Get(name)
		if value == "" {
			continue
		}
		if _, err := time.Parse(statDay, value); err != nil {
			return "", "", invalidQuery("'String does not match pattern ^[0-9]{8}$: " + value + "' on property " + name)
		}
		*end = value
	}
	return from, to, nil
}

// activeDays is how long a login makes a user active.
const activeDays = 30

// activeUsers is the number of users who logged in within 30 days.
//
//auth0:operation GET /api/v2/stats/active-users
func activeUsers(c *call) error {
	since := resource.Time(c.now.AddDate(0, 0, -activeDays))
	users := map[string]bool{}
	err := c.Events.Newest(c.ctx, "", func(event storage.Document) (bool, error) {
		if storage.Text(event, "type") == tenantlog.Login {
			users[storage.Text(event, "user_id")] = true
		}
		return storage.Text(event, "date") >= since, nil
	})
	if err != nil {
		return err
	}
	return c.reply(http.StatusOK, len(users))
}
