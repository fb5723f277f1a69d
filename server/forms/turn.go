package forms

import (
	"context"
	"net/http"
	"slices"
	"time"

	"github.com/tenant0/tenant0/server/clock"
	"github.com/tenant0/tenant0/server/session"
	"github.com/tenant0/tenant0/storage"
)

const (
	// maxTurn is how long a request may be at work on a form, with all flows that it runs.
	maxTurn = 2 * time.Minute
	// pause is how long others wait before they look again whether it still is.
	pause = 20 * time.Millisecond
)

// busy reports whether a request is at work on the visit. One that has not ended in time has ended with its
// server.
func (v visit) busy(now time.Time) bool {
	return !v.TakenAt.IsZero() && now.Before(v.TakenAt.Add(maxTurn))
}

// awaited is the visit once nobody else is at work on it: flows run once, however often a browser asks.
func (m *room) awaited(r *http.Request) (v visit, err error) {
	ctx, cancel := context.WithTimeout(r.Context(), maxTurn)
	defer cancel()
	ticker := clock.Ticker(pause)
	defer ticker.Stop()
	for {
		select {
		case <-ticker.C:
		case <-ctx.Done():
			return v, ctx.Err()
		}
		if v, err = m.look(r); err != nil || !v.busy(m.Now()) {
			v.waited = true
			return v, err
		}
	}
}

// once takes the turn of a page and works on it: of what is sent twice, one is taken. The work goes on when
// the browser has gone, which may ask again while flows run, and ends in time.
func (m *room) once(w http.ResponseWriter, r *http.Request, v *visit, work func(*http.Request) error) error {
	if err := m.take(r, v); err != nil {
		return v.answered(w, r, err)
	}
	ctx, cancel := context.WithTimeout(context.WithoutCancel(r.Context()), maxTurn)
	defer cancel()
	err := work(r.WithContext(ctx))
	if err != nil {
		m.release(r, v)
	}
	return err
}

// change changes the visit where its turn is still the one that is meant.
func (m *room) change(tx *storage.Tx, v *visit, turn int, change func(*storage.FormVisit)) error {
	return session.Change(tx, v.t.StateHash, m.Now(), func(t *storage.Transaction) error {
		if t.Form == nil || t.Form.SessionID != v.SessionID || t.Form.FormID != v.FormID || t.Form.Done || t.Form.Turn != turn {
			return errTaken
		}
		change(t.Form)
		return nil
	})
}

// take uses up the turn of a page.
func (m *room) take(r *http.Request, v *visit) error {
	return m.DB.UpdateVolatile(r.Context(), func(tx *storage.Tx) error {
		return m.change(tx, v, v.Turn, func(f *storage.FormVisit) { f.Turn, f.TakenAt = f.Turn+1, m.Now() })
	})
}

// release lets others go on with a visit whose turn was taken in vain. That it cannot is as if its server had ended.
func (m *room) release(r *http.Request, v *visit) {
	_ = m.DB.UpdateVolatile(context.WithoutCancel(r.Context()), func(tx *storage.Tx) error {
		return m.change(tx, v, v.Turn+1, func(f *storage.FormVisit) { f.TakenAt = time.Time{} })
	})
}

// keep writes how far the user has come.
func (m *room) keep(r *http.Request, v *visit) error {
	if err := v.seal(m.Secrets); err != nil {
		return err
	}
	return m.DB.UpdateVolatile(r.Context(), func(tx *storage.Tx) error { return m.write(tx, v) })
}

// write writes the visit over the one whose turn was taken.
func (m *room) write(tx *storage.Tx, v *visit) error {
	return m.change(tx, v, v.Turn+1, func(f *storage.FormVisit) {
		*f = v.FormVisit
		f.Turn, f.TakenAt, f.Back = f.Turn+1, time.Time{}, slices.Clone(v.Back)
	})
}
