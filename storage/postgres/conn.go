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

// patience bounds the wait for each answer of the database. The database itself cancels a
// transaction that waits for a lock before that, see sessionSettings.
const patience = 20 * time.Second

// conn is one connection. All of its requests go through one pipeline: requests that are sent
// together cost one round trip.
type conn struct {
	pg       *pgconn.PgConn
	pipe     *pgconn.Pipeline
	prepared map[*statement]*pgconn.StatementDescription
	// queued are requests without an answer so far, and owed those whose answers nobody needs:
	// they are read before the answers to the next requests.
	queued []request
	owed   []request
	// broken says that the connection cannot be used any more, and spent that it should not be.
	broken, spent bool
	// unhurried requests have no time limit.
	unhurried bool
}

// statement is a statement that is prepared when it is first used.
type statement struct{ name, sql string }

// request is a statement that was sent, or waits to be sent.
type request struct {
	*statement
	prepares bool
	row      func(values [][]byte) bool // nil to ignore the rows
}

// connect opens a connection.
func connect(ctx context.Context, config *pgconn.Config) (*conn, error) {
	pg, err := pgconn.ConnectConfig(ctx, config)
	if err != nil {
		return nil, err
	}
	return &conn{pg: pg, pipe: pg.StartPipeline(context.Background()), prepared: map[*statement]*pgconn.StatementDescription{}}, nil
}

// close ends the connection, and with it an open transaction.
func (c *conn) close() {
	c.broken = true
	ctx, cancel := context.WithTimeout(context.Background(), time.Second)
	defer cancel()
	_ = c.pg.Close(ctx) // nothing can be done about an error
}

// binaryForm says that all parameters and results have the database's binary format.
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

// flush sends the queued requests.
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

// lost is an error of the connection, after which it is not known what the database has done.
type lost struct{ error }

func (l lost) Unwrap() error { return l.error }

func (c *conn) broke(err error) error {
	c.broken = true
	return lost{err}
}

// run sends the queued requests and reads the answers. It returns the error of the first
// request that the database refuses; the requests after it are not executed.
func (c *conn) run() error {
	if err := c.flush(); err != nil {
		return err
	}
	owed := c.owed
	c.owed = nil
	if len(owed) > 0 {
		if err := c.answers(owed); err != nil {
			return c.broke(err) // ending a transaction never fails
		}
	}
	queued := c.queued
	c.queued = nil
	return c.answers(queued)
}

// leave sends the queued requests; their answers are read before those of the next requests.
func (c *conn) leave() {
	if err := c.flush(); err != nil {
		return
	}
	c.owed, c.queued = append(c.owed, c.queued...), nil
}

// answers reads the answers to requests that were sent together, up to their end.
func (c *conn) answers(requests []request) (err error) {
	for i, rq := range requests {
		if err = c.answer(rq); err != nil {
			// The library no longer knows which answer belongs to which request if some get
			// none.
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
			err = failure // the error at the end undoes the requests
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

// number encodes an int8 in the database's binary format.
func number(n int64) []byte { return binary.BigEndian.AppendUint64(nil, uint64(n)) } //nolint:gosec // the same bits

func numberOf(raw []byte) int64 {
	if len(raw) != 8 {
		return 0
	}
	return int64(binary.BigEndian.Uint64(raw)) //nolint:gosec // the same bits
}

// oidBytea is the OID of the type bytea.
const oidBytea = 17

// array encodes a bytea[] in the database's binary format; a nil item is null.
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

// null is the length that stands for a null value.
const null = ^uint32(0)

var errArray = errors.New("the database has sent an array whose elements are not bytes")

// arrayOf decodes a bytea[] from the database's binary format. The items are copies.
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
