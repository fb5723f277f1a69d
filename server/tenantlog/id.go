package tenantlog

import (
	"fmt"
	"strconv"
	"time"

	"github.com/tenant0/tenant0/storage"
)

// stamp is the position of an event in the log: the time when it was recorded,
// and its number. The time never goes back, even if the clock does, so that
// readers by checkpoint miss no event.
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

// ID returns the log_id: the time and the number, in 56 digits as at Auth0. Ids
// sort in the order of recording.
func (s stamp) ID() string { return storage.LogIDAt(s.time) + fmt.Sprintf("%030d", s.number) }

// parseStamp parses an id; a text that is not an id gives the zero stamp, before
// all events.
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
