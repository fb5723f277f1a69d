package management

import (
	"net/http"
	"time"

	"github.com/tenant0/tenant0/server/tenantlog"
)

// statOperations are the operations of statistics, Auth0: api/management/v2/stats. The
// numbers are counted from the events in the tenant's log.
func statOperations() []operation {
	return []operation{
		{http.MethodGet, "/stats/daily", []string{"read:stats"}, dailyStats},
		{http.MethodGet, "/stats/active-users", []string{"read:stats"}, activeUsers},
	}
}

//auth0:operation GET /api/v2/stats/daily
func dailyStats(c *call) error {
	from, to, err := c.statRange()
	if err != nil {
		return err
	}
	days, err := c.Events.Daily(c.ctx, from, to)
	if err != nil {
		return err
	}
	return c.reply(http.StatusOK, days)
}

// statRange returns the first and the last day of the range that the query names.
func (c *call) statRange() (from, to string, err error) {
	from, to = "00000000", "99999999"
	for name, end := range map[string]*string{"from": &from, "to": &to} {
		value := c.query.Get(name)
		if value == "" {
			continue
		}
		if _, err := time.Parse(tenantlog.Day, value); err != nil {
			return "", "", invalidQuery("'String does not match pattern ^[0-9]{8}$: " + value + "' on property " + name)
		}
		*end = value
	}
	return from, to, nil
}

//auth0:operation GET /api/v2/stats/active-users
func activeUsers(c *call) error {
	active, err := c.Events.ActiveUsers(c.ctx)
	if err != nil {
		return err
	}
	return c.reply(http.StatusOK, active)
}
