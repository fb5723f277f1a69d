package postgres

import (
	"encoding/binary"
	"errors"
	"fmt"

	"github.com/tenant0/tenant0/storage/keyspace"
)

// errUnsettled reports a commit for which it is unknown whether it was kept.
var errUnsettled = errors.New("the connection was lost while a change was kept, and the database cannot be asked whether it was")

// settle finds out whether a change was committed although the answer was lost. It returns nil
// if it was, and cause, after which the change can be repeated, if it was not and never will
// be.
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

// fenceOf returns the key that a change with this mark records as read. No row has this key.
func fenceOf(mark int64) []byte {
	return binary.BigEndian.AppendUint64([]byte("\x00fence\x00"), uint64(mark)) //nolint:gosec // the same bits
}

// decide looks for a change in the database. If it is missing, it may still be on its way: the
// database may have received it without having read it. So its fence key is changed in the
// same transaction, which makes the change fail when it arrives.
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
		return false, nil // or the database was restored from a backup, and refuses a change whose base it does not have
	}
	return false, errUnsettled // it may have been committed so long ago that it is no longer remembered
}

// isAnother reports whether the change after the base was built on another change.
func (a *answer) isAnother(base change) bool {
	for _, w := range a.behind {
		if w.at == base.at+1 {
			return w.prior != base.mark
		}
	}
	return false
}
