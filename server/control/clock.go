package control

import (
	"math"
	"net/http"
	"time"

	"github.com/tenant0/tenant0/server/apierr"
	"github.com/tenant0/tenant0/server/clock"
	"github.com/tenant0/tenant0/server/web"
)

// clockState is the state of the clock in requests and responses.
type clockState struct {
	Now    time.Time `json:"now"`
	Frozen bool      `json:"frozen"`
}

func (m *room) showClock(w http.ResponseWriter) error {
	return web.Reply(w, http.StatusOK, clockState{m.Clock.Now(), m.Clock.Frozen()})
}

// keepClock passes the changed clock on to all servers of the tenant, and answers with
// its state.
func (m *room) keepClock(w http.ResponseWriter) error {
	if err := m.KeepClock(); err != nil {
		return err
	}
	return m.showClock(w)
}

//auth0:operation GET /clock
func (m *room) getClock(w http.ResponseWriter, _ *http.Request) error { return m.showClock(w) }

// setClock moves the clock: {"now": "2026-11-25T09:00:00Z", "frozen": true}.
//
//auth0:operation PUT /clock
func (m *room) setClock(w http.ResponseWriter, r *http.Request) error {
	var in clockState
	if err := read(w, r, web.MaxForm, &in); err != nil {
		return err
	}
	if in.Now.IsZero() {
		return apierr.MissingParameter("now")
	}
	set := m.Clock.Set
	if in.Frozen {
		set = m.Clock.Freeze
	}
	if err := set(in.Now); err != nil {
		return apierr.InvalidParameter("now", err.Error())
	}
	return m.keepClock(w)
}

//auth0:operation DELETE /clock
func (m *room) resetClock(w http.ResponseWriter, _ *http.Request) error {
	m.Clock.Reset()
	return m.keepClock(w)
}

// advanceClock moves the clock by a duration: {"by": "24h"} or {"seconds": 86400}.
//
//auth0:operation POST /clock/advance
func (m *room) advanceClock(w http.ResponseWriter, r *http.Request) error {
	var in struct {
		By      string   `json:"by"`
		Seconds *float64 `json:"seconds"`
	}
	if err := read(w, r, web.MaxForm, &in); err != nil {
		return err
	}
	name, by := "by", time.Duration(0)
	switch {
	case in.By != "":
		var err error
		if by, err = time.ParseDuration(in.By); err != nil {
			return apierr.InvalidParameter(name, "must be a duration such as 90s, 15m or 24h")
		}
	case in.Seconds != nil:
		name = "seconds"
		if math.Abs(*in.Seconds) > clock.Latest.Sub(clock.Earliest).Seconds() {
			return apierr.InvalidParameter(name, clock.ErrRange.Error())
		}
		by = clock.Span(*in.Seconds, time.Second)
	default:
		return apierr.MissingParameter(name)
	}
	if err := m.Clock.Advance(by); err != nil {
		return apierr.InvalidParameter(name, err.Error())
	}
	return m.keepClock(w)
}
