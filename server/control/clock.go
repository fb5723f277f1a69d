package control

import (
	"encoding/json"
	"net/http"
	"time"

	"github.com/tenant0/tenant0/server/apierr"
	"github.com/tenant0/tenant0/server/web"
)

// clockState is the clock as the listener shows and takes it.
type clockState struct {
	Now    time.Time `json:"now"`
	Frozen bool      `json:"frozen"`
}

func (m *room) showClock(w http.ResponseWriter) error {
	return web.Reply(w, http.StatusOK, clockState{m.Clock.Now(), m.Clock.Frozen()})
}

//auth0:operation GET /clock
func (m *room) getClock(w http.ResponseWriter, _ *http.Request) error { return m.showClock(w) }

// setClock moves the clock: {"now": "2026-11-25T09:00:00Z", "frozen": true}.
//
//auth0:operation PUT /clock
func (m *room) setClock(w http.ResponseWriter, r *http.Request) error {
	var in clockState
	if err := readJSON(w, r, &in); err != nil {
		return err
	}
	switch {
	case in.Now.IsZero():
		return apierr.MissingParameter("now")
	case in.Frozen:
		m.Clock.Freeze(in.Now)
	default:
		m.Clock.Set(in.Now)
	}
	return m.showClock(w)
}

//auth0:operation DELETE /clock
func (m *room) resetClock(w http.ResponseWriter, _ *http.Request) error {
	m.Clock.Reset()
	return m.showClock(w)
}

// advanceClock moves the clock by a duration: {"by": "24h"} or {"seconds": 86400}.
//
//auth0:operation POST /clock/advance
func (m *room) advanceClock(w http.ResponseWriter, r *http.Request) error {
	var in struct {
		By      string  `json:"by"`
		Seconds float64 `json:"seconds"`
	}
	if err := readJSON(w, r, &in); err != nil {
		return err
	}
	by := time.Duration(in.Seconds * float64(time.Second))
	if in.By != "" {
		var err error
		if by, err = time.ParseDuration(in.By); err != nil {
			return apierr.InvalidParameter("by", "must be a duration such as 90s, 15m or 24h")
		}
	}
	if by == 0 {
		return apierr.MissingParameter("by")
	}
	m.Clock.Advance(by)
	return m.showClock(w)
}

func readJSON(w http.ResponseWriter, r *http.Request, v any) error {
	body, err := web.ReadJSON(w, r, web.MaxForm)
	if err != nil {
		return err
	}
	if err := json.Unmarshal(body, v); err != nil {
		return apierr.MalformedBody.With(err)
	}
	return nil
}
