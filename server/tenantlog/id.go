package tenantlog

import (
	"fmt"
	"strconv"
	"time"

	"github.com/tenant0/tenant0/storage"
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

// ID is the log_id: the time and the number, in Auth0's length of 56 digits. Ids sort as their events were recorded.
func (s stamp) ID() string { return storage.LogIDAt(s.time) + fmt.Sprintf("%030d", s.number) }

// parseStamp reads an id back; what is none is the beginning of all.
func parseStamp(id string) stamp {
	if len(id) != 56 {
		return stamp{}
	}
	t, err := time.Parse(storage.LogIDTime, id[3:17]+"."+id[17:26])
	if err != nil {
		return stamp{}
	}
	n, err := strconv.ParseUint(id[26:], 10, 64)
	if err != nil {
		return stamp{}
	}
	return stamp{t, n}
}
