// Package queue has updates of an engine that wait together committed together.
package queue

import (
	"context"
	"runtime"
	"sync"
	"time"

	"github.com/tenant0/tenant0/server/clock"
	"github.com/tenant0/tenant0/storage/keyspace"
)

// Queue gathers the updates of an engine that has one writer: those that wait together are
// committed together. An update that is alone does not wait for others.
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

// Queued is one update on its way through a queue.
type Queued struct {
	// Fn is what Update was called with, and Err what it returns.
	Fn   func(keyspace.KV) error
	Err  error
	done chan struct{}
}

// many is how many updates of one commit show that others are likely to come soon.
const many = 3

// New returns a queue whose one writer calls commit with at most so many updates at a
// time, one call after the other. commit says in the Err of each what has become of it. After
// a commit of many updates the next one waits so long for others, which makes commits fewer: on
// a busy server each costs more than its updates. Once the queue is closed, updates are refused
// with errClosed.
func New(most int, linger time.Duration, errClosed error, commit func([]*Queued)) *Queue {
	q := &Queue{commit: commit, most: most, linger: linger, errClosed: errClosed, waiting: make(chan *Queued, most), done: make(chan struct{})}
	go q.write()
	return q
}

// Do has fn committed and returns what became of it. An update whose context ends while it waits
// is not run.
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

// Close lets no more updates in and waits for those that are. It reports whether this is the
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

// write is the one writer.
func (q *Queue) write() {
	defer close(q.done)
	before := 0 // how many the last commit had
	for first := range q.waiting {
		if before >= many && q.linger > 0 {
			pause := clock.Ticker(q.linger)
			<-pause.C
			pause.Stop()
		}
		// Whoever is on the way to the queue joins: on busy cores commits become fewer and
		// larger, on idle ones this ends at once.
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

// gather adds what waits to a group, and reports whether there was any and there may be more.
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
