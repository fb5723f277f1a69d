package tenantlog

import (
	"fmt"
	"strconv"
	"time"
)

// stamp is the order of an event: when it was recorded, and its number. The time
// never goes back, even when the clock does, so that whoever reads the log by
// checkpoint misses nothing.
type stamp struct {
	time   time.Time
	number uint64
}

func (s stamp) next(now time.Time) stamp {
	if now.Before(s.time) {
		now = s.time
	}
	return stamp{now, s.number + 1}
}

// idTime is how a log_id writes a time, but for the point.
const idTime = "20060102150405.000000000"

// ID is the log_id: 900, the time in nanoseconds, and the number, in Auth0's
// length of 56 digits. Ids sort as their events were recorded.
func (s stamp) ID() string { return idAt(s.time) + fmt.Sprintf("%030d", s.number) }

// idAt is how the ids of a time begin.
func idAt(t time.Time) string {
	text := t.UTC().Format(idTime)
	return "900" + text[:14] + text[15:]
}

// IDAt is an id that sorts before those of all events at t or later, and after
// those of earlier ones.
func IDAt(t time.Time) string { return idAt(t) }

// parseStamp reads an id back; what is none is the beginning of all.
func parseStamp(id string) stamp {
	if len(id) != 56 {
		return stamp{}
	}
	t, err := time.Parse(idTime, id[3:17]+"."+id[17:26])
	if err != nil {
		return stamp{}
	}
	n, err := strconv.ParseUint(id[26:], 10, 64)
	if err != nil {
		return stamp{}
	}
	return stamp{t, n}
}
