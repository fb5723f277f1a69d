package storage

import "sync/atomic"

// updates counts the write transactions of a store.
type updates struct{ begun, repeated atomic.Uint64 }

// runs counts how often the function of one update is run.
type runs struct {
	of    *updates
	again bool
}

func (u *updates) begin() *runs {
	u.begun.Add(1)
	return &runs{of: u}
}

// count counts one more run. Runs of one update do not overlap.
func (r *runs) count() {
	if r.again {
		r.of.repeated.Add(1)
	}
	r.again = true
}

// Updates returns how many updates there were since the store was opened, and how often the
// function of one was run anew: because it had met the update of another server, or the
// connection to the database was lost.
func (db *DB) Updates() (begun, repeated uint64) {
	return db.updates.begun.Load(), db.updates.repeated.Load()
}

// Servers returns how many servers have joined in serving the store, this one among them.
func (db *DB) Servers() (int, error) {
	if db.shared == nil {
		return 1, nil
	}
	return db.shared.Joined(Serving)
}
