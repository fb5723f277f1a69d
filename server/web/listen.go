package web

import (
	"context"
	"crypto/tls"
	"errors"
	"net"
	"time"
)

// recordTypeHandshake is the first byte of every TLS connection: the content
// type of the record that carries the ClientHello (RFC 8446, section 5.1). No
// HTTP request begins with it.
const recordTypeHandshake = 0x16

// Split makes one port speak both HTTPS and plain HTTP. The listener it returns
// hands out a *tls.Conn for a connection that opens with a TLS handshake and
// the connection itself for anything else, so that http.Server.Serve on it
// answers both, sets Request.TLS on the encrypted ones alone, and speaks HTTP/2
// to the clients that negotiate it (the server's TLSConfig is to be left nil).
//
// A connection that has sent nothing when patience has passed is closed;
// meanwhile it delays no other client. After the first byte the server's own
// limits apply: set a ReadHeaderTimeout, which net/http also applies to the
// handshake.
//
// Close also closes l and the connections that have sent nothing yet, which
// ends every goroutine of the listener. Connections already handed out belong
// to the server.
func Split(l net.Listener, config *tls.Config, patience time.Duration) net.Listener {
	config = config.Clone()
	config.NextProtos = []string{"h2", "http/1.1"}
	ctx, cancel := context.WithCancel(context.Background())
	s := &splitListener{
		Listener: l,
		config:   config,
		patience: patience,
		accepted: make(chan accepted),
		ctx:      ctx,
		cancel:   cancel,
	}
	go s.acceptAll()
	return s
}

// splitListener reads each connection's first byte in a goroutine of its own,
// because a silent client must not hold up Accept.
type splitListener struct {
	net.Listener
	config   *tls.Config
	patience time.Duration
	accepted chan accepted
	ctx      context.Context // ends with the listener
	cancel   context.CancelFunc
}

// accepted is a result of Accept.
type accepted struct {
	conn net.Conn
	err  error
}

// Accept returns the next connection that has sent its first byte, or an error
// of the underlying listener. After Close it returns net.ErrClosed.
func (s *splitListener) Accept() (net.Conn, error) {
	select {
	case a := <-s.accepted:
		return a.conn, a.err
	case <-s.ctx.Done():
		return nil, net.ErrClosed
	}
}

// Close closes the listener and ends its goroutines.
func (s *splitListener) Close() error {
	s.cancel()
	return s.Listener.Close()
}

// acceptAll accepts connections until the underlying listener is closed. Any
// other error waits until the server calls Accept, so that this loop runs no
// faster than the server does when, say, the process has run out of file
// descriptors.
func (s *splitListener) acceptAll() {
	defer s.cancel()
	for {
		conn, err := s.Listener.Accept()
		switch {
		case err == nil:
			go s.sniff(conn)
		case errors.Is(err, net.ErrClosed) || !s.hand(accepted{err: err}):
			return
		}
	}
}

// sniff reads the first byte of conn and hands the connection to Accept, as a
// TLS connection if the byte begins a TLS handshake.
func (s *splitListener) sniff(conn net.Conn) {
	ctx, cancel := context.WithTimeout(s.ctx, s.patience)
	defer cancel()
	hangUp := context.AfterFunc(ctx, func() { conn.Close() })

	sniffed := &sniffedConn{Conn: conn, head: make([]byte, 1)}
	_, err := conn.Read(sniffed.head)
	if !hangUp() {
		return
	}
	var ready net.Conn = sniffed
	if sniffed.head[0] == recordTypeHandshake {
		ready = tls.Server(sniffed, s.config)
	}
	if err != nil || !s.hand(accepted{conn: ready}) {
		conn.Close()
	}
}

// hand passes a to the next Accept; it returns false if the listener was
// closed.
func (s *splitListener) hand(a accepted) bool {
	select {
	case s.accepted <- a:
		return true
	case <-s.ctx.Done():
		return false
	}
}

// sniffedConn is a connection whose first byte was read in advance; Read
// returns it again.
type sniffedConn struct {
	net.Conn
	head []byte
}

// Read returns the first byte again, and then reads from the connection.
func (c *sniffedConn) Read(p []byte) (int, error) {
	if len(c.head) == 0 {
		return c.Conn.Read(p)
	}
	n := copy(p, c.head)
	c.head = c.head[n:]
	return n, nil
}

// CloseWrite closes the sending side of the connection. net/http calls it after
// refusing a request that it has not read completely, so that the client
// receives the answer before the connection is reset.
func (c *sniffedConn) CloseWrite() error {
	half, ok := c.Conn.(interface{ CloseWrite() error })
	if !ok {
		return errors.ErrUnsupported
	}
	return half.CloseWrite()
}
