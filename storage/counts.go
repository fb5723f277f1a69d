package storage

import "sync/atomic"

// updates counts the write transactions of a store.
type updates struct{ begun, repeated atomic.Uint64 }

// runs counts the runs of one update's function.
type runs struct {
	of    *updates
	again bool
}

func (u *updates) begin() *runs {
	u.begun.Add(1)
	return &runs{of: u}
}

// count records one more run. Runs of one update do not overlap.
func (r *runs) count() {
	if r.again {
		r.of.repeated.Add(1)
	}
	r.again = true
}

// Updates returns how many updates were begun since the store was opened, and how often an
// update's function was run again: because its update conflicted with that of another
// server, or the connection to the database was lost.
func (db *DB) Updates() (begun, repeated uint64) {
	return db.updates.begun.Load(), db.updates.repeated.Load()
}

// Servers returns how many servers serve the store together, including this one.
func (db *DB) Servers() (int, error) {
	if db.shared == nil {
		return 1, nil
	}
	return db.shared.Joined(Serving)
}
