package postgres

import (
	"context"
	"crypto/rand"
	"errors"
	"fmt"
	"math/big"
	"sync"
	"time"

	"github.com/jackc/pgx/v5/pgconn"

	"github.com/tenant0/tenant0/storage/keyspace"
)

// How often, and after which pauses, an operation is repeated that the database has
// refused for a reason that may pass: a lost connection, a database that is starting, a
// conflict.
const (
	attempts   = 6
	firstPause = 20 * time.Millisecond
	lastPause  = 500 * time.Millisecond
)

// pool keeps connections for reuse.
type pool struct {
	config *pgconn.Config
	slots  chan struct{} // one item for each connection in use
	mu     sync.Mutex
	idle   []*conn
	closed bool
}

func newPool(config *pgconn.Config, most int) *pool {
	return &pool{config: config, slots: make(chan struct{}, most)}
}

// get returns an idle connection, or a new one if there is none. put returns it to the
// pool.
func (p *pool) get() (*conn, error) {
	ctx, cancel := context.WithTimeout(context.Background(), patience)
	defer cancel()
	select {
	case p.slots <- struct{}{}:
	case <-ctx.Done():
		return nil, fmt.Errorf("%w: all %d connections to the database have been in use for %s", keyspace.ErrUnavailable, cap(p.slots), patience)
	}
	c, err := p.take(ctx)
	if err != nil {
		<-p.slots
	}
	return c, err
}

func (p *pool) take(ctx context.Context) (*conn, error) {
	p.mu.Lock()
	if p.closed {
		p.mu.Unlock()
		return nil, keyspace.ErrClosed
	}
	if n := len(p.idle); n > 0 {
		c := p.idle[n-1]
		p.idle = p.idle[:n-1]
		p.mu.Unlock()
		return c, nil
	}
	p.mu.Unlock()
	return connect(ctx, p.config)
}

// put takes a connection back. If it is broken, all idle ones are closed as well, because
// the cause has probably broken them too.
func (p *pool) put(c *conn) {
	defer func() { <-p.slots }()
	p.mu.Lock()
	var gone []*conn
	switch {
	case c.broken:
		gone, p.idle = append(p.idle, c), nil
	case p.closed, c.spent:
		gone = []*conn{c}
	default:
		p.idle = append(p.idle, c)
	}
	p.mu.Unlock()
	for _, c := range gone {
		c.close()
	}
}

// close closes the idle connections, and those in use when they are put back.
func (p *pool) close() {
	p.mu.Lock()
	idle := p.idle
	p.idle, p.closed = nil, true
	p.mu.Unlock()
	for _, c := range idle {
		c.close()
	}
}

// pause waits before another attempt, longer after each one. The time is random, so that
// servers that were refused together do not come back together.
func pause(attempt int) {
	longest := min(firstPause<<attempt, lastPause)
	random, err := rand.Int(rand.Reader, big.NewInt(int64(longest)))
	if err != nil {
		random = new(big.Int)
	}
	ctx, cancel := context.WithTimeout(context.Background(), longest/2+time.Duration(random.Int64()/2))
	defer cancel()
	<-ctx.Done()
}

// passing reports whether an operation that failed may succeed if it is repeated from its
// start.
func passing(err error) bool {
	if of, ok := errors.AsType[*pgconn.PgError](err); ok {
		switch of.Code {
		case "40001", "40P01", // two transactions conflict
			"57P01", "57P02", "57P03", // the database stops or starts
			"25P03", "53300": // an idle transaction was ended; too many connections
			return true
		}
		return of.Code[:2] == "08" // an error of the connection
	}
	if _, ok := errors.AsType[lost](err); ok {
		return true
	}
	_, ok := errors.AsType[*pgconn.ConnectError](err)
	return ok
}

// fatal reports whether an error of the database also ends the connection.
func fatal(err error) bool {
	of, ok := errors.AsType[*pgconn.PgError](err)
	return ok && (of.Code[:2] == "57" && of.Code != "57014" || of.Code == "25P03" || of.Code[:2] == "08")
}
