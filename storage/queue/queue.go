// Package queue lets updates of an engine that are waiting at the same time be committed
// together.
package queue

import (
	"context"
	"runtime"
	"sync"
	"time"

	"github.com/tenant0/tenant0/server/clock"
	"github.com/tenant0/tenant0/storage/keyspace"
)

// Queue collects the updates of an engine that has one writer, and commits those that are
// waiting together. A single update does not wait for others.
type Queue struct {
	commit    func([]*Queued)
	most      int
	linger    time.Duration
	errClosed error

	closing sync.RWMutex // held for reading on the way to the queue
	closed  bool         // guarded by closing
	waiting chan *Queued
	done    chan struct{}
}

// Queued is one update in a queue.
type Queued struct {
	// Fn is the function of the update, and Err the error that it ends with.
	Fn   func(keyspace.KV) error
	Err  error
	done chan struct{}
}

// many is the number of updates in a commit from which more are expected soon.
const many = 3

// New returns a queue whose one writer calls commit with no more than most updates at a time,
// one call after the other. commit sets the Err of each update to its result. After a commit of many
// updates, the next one waits for the time linger so that others can join: on a busy server a
// commit costs more than its updates, so fewer commits are better. After Close, updates fail
// with errClosed.
func New(most int, linger time.Duration, errClosed error, commit func([]*Queued)) *Queue {
	q := &Queue{commit: commit, most: most, linger: linger, errClosed: errClosed, waiting: make(chan *Queued, most), done: make(chan struct{})}
	go q.write()
	return q
}

// Do waits until fn is committed and returns its result. An update whose context ends while it
// waits is not run.
func (q *Queue) Do(ctx context.Context, fn func(keyspace.KV) error) error {
	u := &Queued{Fn: keyspace.While(ctx, fn), done: make(chan struct{})}
	if !q.enqueue(u) {
		return q.errClosed
	}
	<-u.done
	return u.Err
}

func (q *Queue) enqueue(u *Queued) bool {
	q.closing.RLock()
	defer q.closing.RUnlock()
	if q.closed {
		return false
	}
	q.waiting <- u
	return true
}

// Close refuses further updates and waits for those in the queue. It reports whether this is the
// first call.
func (q *Queue) Close() (first bool) {
	q.closing.Lock()
	if first = !q.closed; first {
		q.closed = true
		close(q.waiting)
	}
	q.closing.Unlock()
	<-q.done
	return first
}

// write is the loop of the one writer.
func (q *Queue) write() {
	defer close(q.done)
	before := 0 // the size of the last commit
	for first := range q.waiting {
		if before >= many && q.linger > 0 {
			pause := clock.Ticker(q.linger)
			<-pause.C
			pause.Stop()
		}
		// Updates that are about to join the queue are included: on busy cores commits become
		// fewer and larger, on idle ones the loop ends immediately.
		group := []*Queued{first}
		for more := true; more; {
			runtime.Gosched()
			group, more = q.gather(group)
		}
		q.commit(group)
		before = len(group)
		for _, u := range group {
			close(u.done)
		}
	}
}

// gather adds waiting updates to a group, and reports whether it added any and more may come.
func (q *Queue) gather(group []*Queued) (_ []*Queued, more bool) {
	for len(group) < q.most {
		select {
		case u, ok := <-q.waiting:
			if !ok {
				return group, false
			}
			group, more = append(group, u), true
		default:
			return group, more
		}
	}
	return group, false
}
