package postgres

import (
	"cmp"
	"context"
	"encoding/binary"
	"errors"
	"fmt"
	"time"

	"github.com/jackc/pgx/v5/pgconn"
)

// patience bounds each answer of the database. A transaction that waits for a lock is
// refused by the database itself before that, see sessionSettings.
const patience = 20 * time.Second

// conn is one connection. All of its requests go through one pipeline: what is sent
// together costs one round trip.
type conn struct {
	pg       *pgconn.PgConn
	pipe     *pgconn.Pipeline
	prepared map[*statement]*pgconn.StatementDescription
	// queued are the requests that are sent and not answered yet, and owed those whose
	// answers nobody needs: they are read before the next.
	queued []request
	owed   []request
	// broken says that nothing can be asked of it any more, and spent that nothing should.
	broken, spent bool
	// unhurried requests may take as long as they need.
	unhurried bool
}

// statement is one that is prepared where it is first used.
type statement struct{ name, sql string }

// request is one that was sent.
type request struct {
	*statement
	prepares bool
	row      func(values [][]byte) bool // nil where no rows are wanted
}

// connect opens a connection.
func connect(ctx context.Context, config *pgconn.Config) (*conn, error) {
	pg, err := pgconn.ConnectConfig(ctx, config)
	if err != nil {
		return nil, err
	}
	return &conn{pg: pg, pipe: pg.StartPipeline(context.Background()), prepared: map[*statement]*pgconn.StatementDescription{}}, nil
}

// close ends the connection, and with it what it had begun.
func (c *conn) close() {
	c.broken = true
	ctx, cancel := context.WithTimeout(context.Background(), time.Second)
	defer cancel()
	_ = c.pg.Close(ctx) // there is nothing to be done about it
}

// binary says that all parameters and results have the database's own form.
var binaryForm = []int16{1}

// send queues a request; row is called for each row of its answer until it returns false.
func (c *conn) send(s *statement, row func(values [][]byte) bool, params ...[]byte) {
	rq := request{statement: s, row: row}
	if known := c.prepared[s]; known != nil {
		c.pipe.SendQueryStatement(known, params, binaryForm, binaryForm)
	} else {
		rq.prepares = true
		c.pipe.SendPrepare(s.name, s.sql, nil)
		c.pipe.SendQueryPrepared(s.name, params, binaryForm, binaryForm)
		c.prepared[s] = &pgconn.StatementDescription{Name: s.name} // until the answer comes
	}
	c.queued = append(c.queued, rq)
}

// flush sends what is queued.
func (c *conn) flush() error {
	if c.broken {
		return errBroken
	}
	deadline := time.Now().Add(patience) //nolint:forbidigo // the network's time
	if c.unhurried {
		deadline = time.Time{}
	}
	if err := c.pg.Conn().SetDeadline(deadline); err != nil {
		return c.broke(err)
	}
	if err := c.pipe.Sync(); err != nil {
		return c.broke(err)
	}
	return nil
}

var errBroken = errors.New("the connection is broken")

// lost is an error of the connection, after which nobody knows what the database has done.
type lost struct{ error }

func (l lost) Unwrap() error { return l.error }

func (c *conn) broke(err error) error {
	c.broken = true
	return lost{err}
}

// run sends what is queued and reads the answers. The error of the first request that the
// database refuses is returned; those behind it are not carried out.
func (c *conn) run() error {
	if err := c.flush(); err != nil {
		return err
	}
	owed := c.owed
	c.owed = nil
	if len(owed) > 0 {
		if err := c.answers(owed); err != nil {
			return c.broke(err) // the end of a transaction never fails
		}
	}
	queued := c.queued
	c.queued = nil
	return c.answers(queued)
}

// leave sends what is queued and reads the answers before those of the next requests.
func (c *conn) leave() {
	if err := c.flush(); err != nil {
		return
	}
	c.owed, c.queued = append(c.owed, c.queued...), nil
}

// answers reads the answers to requests up to the end of what was sent together.
func (c *conn) answers(requests []request) (err error) {
	for i, rq := range requests {
		if err = c.answer(rq); err != nil {
			// The library no longer knows which answer is to which request where some get none.
			c.spent = c.spent || i+1 < len(requests)
			break
		}
	}
	if _, of := errors.AsType[*pgconn.PgError](err); err != nil && !of {
		return c.broke(err)
	}
	for {
		got, failure := c.pipe.GetResults()
		if _, ended := got.(*pgconn.PipelineSync); ended {
			return err
		}
		if _, of := errors.AsType[*pgconn.PgError](failure); !of {
			return c.broke(cmp.Or(failure, errBroken))
		}
		if err == nil {
			err = failure // what was asked for is undone at its end
		}
	}
}

func (c *conn) answer(rq request) error {
	if rq.prepares {
		got, err := c.pipe.GetResults()
		if err != nil {
			delete(c.prepared, rq.statement)
			return err
		}
		description, ok := got.(*pgconn.StatementDescription)
		if !ok {
			return fmt.Errorf("prepare %s: unexpected %T", rq.name, got)
		}
		description.Name = rq.name
		c.prepared[rq.statement] = description
	}
	got, err := c.pipe.GetResults()
	if err != nil {
		return err
	}
	reader, ok := got.(*pgconn.ResultReader)
	if !ok {
		return fmt.Errorf("%s: unexpected %T", rq.name, got)
	}
	for more := rq.row != nil; more && reader.NextRow(); {
		more = rq.row(reader.Values())
	}
	_, err = reader.Close()
	return err
}

// number is an int8 as the database sends and takes it.
func number(n int64) []byte { return binary.BigEndian.AppendUint64(nil, uint64(n)) } //nolint:gosec // the same bits

func numberOf(raw []byte) int64 {
	if len(raw) != 8 {
		return 0
	}
	return int64(binary.BigEndian.Uint64(raw)) //nolint:gosec // the same bits
}

// oidBytea is the type bytea.
const oidBytea = 17

// array is a bytea[] as the database takes it; nil is null.
func array(items [][]byte) []byte {
	size := 20
	for _, item := range items {
		size += 4 + len(item)
	}
	out := make([]byte, 0, size)
	header := []uint32{1, 1, oidBytea, uint32(len(items)), 1} //nolint:gosec // far fewer
	if len(items) == 0 {
		header = []uint32{0, 0, oidBytea}
	}
	for _, n := range header {
		out = binary.BigEndian.AppendUint32(out, n)
	}
	for _, item := range items {
		length := uint32(len(item)) //nolint:gosec // below 1 GiB
		if item == nil {
			length = null
		}
		out = binary.BigEndian.AppendUint32(out, length)
		out = append(out, item...)
	}
	return out
}

// null is the length of a value that is null.
const null = ^uint32(0)

var errArray = errors.New("the database has sent an array that is none of bytes")

// arrayOf is a bytea[] as the database sends it. Its items are copies.
func arrayOf(raw []byte) (items [][]byte, err error) {
	next := func() uint32 {
		if len(raw) < 4 {
			err = errArray
			return 0
		}
		n := binary.BigEndian.Uint32(raw)
		raw = raw[4:]
		return n
	}
	dimensions, _, oid := next(), next(), next()
	if err != nil || oid != oidBytea || dimensions > 1 {
		return nil, errArray
	}
	if dimensions == 0 {
		return nil, nil
	}
	n, _ := next(), next()
	for range n {
		length := next()
		switch {
		case err != nil:
		case length == null:
			items = append(items, nil)
		case int(length) > len(raw):
			err = errArray
		default:
			items = append(items, append([]byte{}, raw[:length]...))
			raw = raw[length:]
		}
		if err != nil {
			return nil, err
		}
	}
	return items, nil
}
