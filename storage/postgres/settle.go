package postgres

import (
	"encoding/binary"
	"errors"
	"fmt"

	"github.com/tenant0/tenant0/storage/keyspace"
)

// errUnsettled reports a commit of which nobody knows whether it was kept.
var errUnsettled = errors.New("the connection was lost while a change was kept, and the database cannot be asked whether it was")

// settle finds out whether a change was kept whose answer was lost. It returns nil where it
// was, and the cause, which passes, where it was not and never will be.
func (db *DB) settle(p *proposal, cause error) error {
	for attempt := range 3 * attempts {
		kept, err := db.decide(p)
		switch {
		case err == nil && kept:
			return nil
		case err == nil:
			return cause
		case errors.Is(err, errUnsettled):
			return fmt.Errorf("%w: %w", keyspace.ErrUnavailable, err)
		case !passing(err):
			return fmt.Errorf("%w: %w: %w", keyspace.ErrUnavailable, errUnsettled, err)
		}
		pause(attempt)
	}
	return fmt.Errorf("%w: %w", keyspace.ErrUnavailable, errUnsettled)
}

// fenceOf is the key that a change with a mark has always read. It is in no row.
func fenceOf(mark int64) []byte {
	return binary.BigEndian.AppendUint64([]byte("\x00fence\x00"), uint64(mark)) //nolint:gosec // the same bits
}

// decide looks for a change. One that is not there may still be on its way: what was sent may
// lie with a process of the database that has not read it. So its fence is written in the same
// transaction, by which it fails when it comes.
func (db *DB) decide(p *proposal) (kept bool, err error) {
	fence := db.propose(p.base)
	err = db.database.once(func(c *conn) error {
		fence.lock(c)
		c.send(keepFence, fence.counted, db.name, array([][]byte{fenceOf(p.mark)}), array([][]byte{nil}), number(fence.mark))
		return c.run()
	})
	if err != nil || fence.err != nil {
		return false, errors.Join(err, fence.err)
	}
	if !fence.found {
		return false, db.errGone()
	}
	for _, w := range fence.behind {
		if w.mark == p.mark {
			return true, nil
		}
	}
	a := answer{fence.last, fence.behind}
	if a.leadsFrom(p.base) || a.at <= p.base.at || a.isAnother(p.base) {
		return false, nil // or the database was put back, and refuses what builds on more than it has
	}
	return false, errUnsettled // it may have been kept so long ago that nobody remembers
}

// isAnother reports whether another change was built upon than the one that was asked for.
func (a *answer) isAnother(base change) bool {
	for _, w := range a.behind {
		if w.at == base.at+1 {
			return w.prior != base.mark
		}
	}
	return false
}
