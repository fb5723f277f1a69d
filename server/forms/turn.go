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
	// maxTurn is how long a request may work on a form, including all flows that it runs.
	maxTurn = 2 * time.Minute
	// pause is the interval in which waiting requests check whether the other one is done.
	pause = 20 * time.Millisecond
)

// busy reports whether another request is working on the visit. If that takes longer than maxTurn, its server
// is assumed to have stopped.
func (v visit) busy(now time.Time) bool {
	return !v.TakenAt.IsZero() && now.Before(v.TakenAt.Add(maxTurn))
}

// awaited waits until no other request is working on the visit, and returns it. So flows run only once, even
// if the browser repeats the request.
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

// once takes the turn of a page and calls work. If a form is submitted twice, only one request gets the turn.
// The work continues if the browser disconnects, for at most maxTurn; the browser may repeat the request in
// the meantime.
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

// change changes the stored visit if its turn is still the given one. Otherwise it returns errTaken.
func (m *room) change(tx *storage.Tx, v *visit, turn int, change func(*storage.FormVisit)) error {
	return session.ChangeTransaction(tx, v.t.StateHash, m.Now(), func(t *storage.Transaction) error {
		if t.Form == nil || t.Form.SessionID != v.SessionID || t.Form.FormID != v.FormID || t.Form.Done || t.Form.Turn != turn {
			return errTaken
		}
		change(t.Form)
		return nil
	})
}

// take takes the turn of a page, so that no other request can.
func (m *room) take(r *http.Request, v *visit) error {
	return m.DB.UpdateVolatile(r.Context(), func(tx *storage.Tx) error {
		return m.change(tx, v, v.Turn, func(f *storage.FormVisit) { f.Turn, f.TakenAt = f.Turn+1, m.Now() })
	})
}

// release lets other requests continue with a visit after work has failed. If release itself fails, they
// continue after maxTurn.
func (m *room) release(r *http.Request, v *visit) {
	_ = m.DB.UpdateVolatile(context.WithoutCancel(r.Context()), func(tx *storage.Tx) error {
		return m.change(tx, v, v.Turn+1, func(f *storage.FormVisit) { f.TakenAt = time.Time{} })
	})
}

// keep stores the visit.
func (m *room) keep(r *http.Request, v *visit) error {
	if err := v.seal(m.Secrets); err != nil {
		return err
	}
	return m.DB.UpdateVolatile(r.Context(), func(tx *storage.Tx) error { return m.write(tx, v) })
}

// write replaces the stored visit whose turn this request has taken.
func (m *room) write(tx *storage.Tx, v *visit) error {
	return m.change(tx, v, v.Turn+1, func(f *storage.FormVisit) {
		*f = v.FormVisit
		f.Turn, f.TakenAt, f.Back = f.Turn+1, time.Time{}, slices.Clone(v.Back)
	})
}
