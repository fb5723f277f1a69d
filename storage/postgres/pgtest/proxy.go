package pgtest

import (
	"context"
	"encoding/binary"
	"io"
	"net"
	"net/url"
	"sync"
	"sync/atomic"
	"testing"
)

// Proxy is a TCP proxy between a server and its clients. It can cut their connections, delay
// their requests and count them.
type Proxy struct {
	ln net.Listener
	to string

	mu      sync.Mutex
	clients map[net.Conn]bool
	servers map[net.Conn]bool
	closed  bool      // refuses new connections
	gate    chan bool // closed when held data may go on, nil if nothing is held

	held                   atomic.Int64   // bytes
	late                   sync.WaitGroup // connections with data that was held
	roundTrips, statements atomic.Int64
}

// NewProxy returns a proxy in front of an address, HOST:PORT, until the test ends.
func NewProxy(tb testing.TB, to string) *Proxy {
	tb.Helper()
	p, err := Between(to)
	if err != nil {
		tb.Fatal(err)
	}
	tb.Cleanup(p.Close)
	return p
}

// Between returns a proxy in front of an address, HOST:PORT, which runs until Close.
func Between(to string) (*Proxy, error) {
	var lc net.ListenConfig
	ln, err := lc.Listen(context.Background(), "tcp", "127.0.0.1:0")
	if err != nil {
		return nil, err
	}
	p := &Proxy{ln: ln, to: to, clients: map[net.Conn]bool{}, servers: map[net.Conn]bool{}}
	go p.serve()
	return p, nil
}

// Close ends the proxy and all connections.
func (p *Proxy) Close() {
	_ = p.ln.Close()
	p.Cut()
}

// Addr returns the address of the proxy.
func (p *Proxy) Addr() string { return p.ln.Addr().String() }

// URL returns the connection string of a database with the proxy's address instead of its own.
func (p *Proxy) URL(tb testing.TB, of string) string {
	tb.Helper()
	u, err := url.Parse(of)
	if err != nil {
		tb.Fatal(err)
	}
	u.Host = p.ln.Addr().String()
	return u.String()
}

func (p *Proxy) serve() {
	for {
		client, err := p.ln.Accept()
		if err != nil {
			return
		}
		go p.forward(client)
	}
}

func (p *Proxy) forward(client net.Conn) {
	defer client.Close()
	if !p.admit(p.clients, client) {
		return
	}
	var dialer net.Dialer
	server, err := dialer.DialContext(context.Background(), "tcp", p.to)
	if err != nil {
		return
	}
	defer server.Close()
	if !p.admit(p.servers, server) {
		return
	}
	var held atomic.Bool
	go func() {
		p.send(server, client, &held)
		if half, ok := server.(*net.TCPConn); ok {
			_ = half.CloseWrite() // the client has sent everything, so the server ends the connection
		}
	}()
	_, _ = io.Copy(client, server)
	_ = client.Close()
	_, _ = io.Copy(io.Discard, server)
	if held.Load() {
		p.late.Done()
	}
}

// send forwards what a client sends. Held data is sent later, even if the client has
// disconnected by then.
func (p *Proxy) send(server, client net.Conn, held *atomic.Bool) {
	counter := counter{of: p}
	buffer := make([]byte, 32<<10)
	for {
		n, err := client.Read(buffer)
		if n > 0 {
			counter.count(buffer[:n])
			p.wait(client, n, held)
			if _, err := server.Write(buffer[:n]); err != nil {
				return
			}
		}
		if err != nil {
			return
		}
	}
}

// wait waits with a client's data, if its connection is held.
func (p *Proxy) wait(client net.Conn, n int, held *atomic.Bool) {
	p.mu.Lock()
	gate := p.gate
	if !p.clients[client] {
		gate = nil
	}
	p.mu.Unlock()
	if gate != nil {
		if !held.Swap(true) {
			p.late.Add(1)
		}
		p.held.Add(int64(n))
		<-gate
	}
}

// counter parses the messages of a client: one byte of type and four bytes of length, except
// for the first message, which has no type.
type counter struct {
	of    *Proxy
	begun bool
	head  []byte
	skip  int
}

func (c *counter) count(raw []byte) {
	for len(raw) > 0 {
		if c.skip > 0 {
			n := min(c.skip, len(raw))
			c.skip, raw = c.skip-n, raw[n:]
			continue
		}
		want := 5
		if !c.begun {
			want = 4
		}
		n := min(want-len(c.head), len(raw))
		c.head, raw = append(c.head, raw[:n]...), raw[n:]
		if len(c.head) < want {
			return
		}
		switch {
		case !c.begun:
		case c.head[0] == 'S':
			c.of.roundTrips.Add(1)
		case c.head[0] == 'E':
			c.of.statements.Add(1)
		}
		c.skip = int(binary.BigEndian.Uint32(c.head[want-4:])) - 4
		c.begun, c.head = true, c.head[:0]
	}
}

// Counts returns how often clients have waited for answers (a Sync of the protocol), and for
// how many statements (an Execute). It works only without TLS.
func (p *Proxy) Counts() (roundTrips, statements int64) {
	return p.roundTrips.Load(), p.statements.Load()
}

// admit registers a connection, unless the proxy refuses new ones.
func (p *Proxy) admit(to map[net.Conn]bool, c net.Conn) bool {
	p.mu.Lock()
	defer p.mu.Unlock()
	if p.closed {
		return false
	}
	to[c] = true
	return true
}

// Hold holds back all data that clients send from now on, until letGo is called. After Leave,
// the data of new connections is forwarded.
func (p *Proxy) Hold() (letGo func()) {
	p.mu.Lock()
	defer p.mu.Unlock()
	p.held.Store(0)
	gate := make(chan bool)
	p.gate = gate
	return sync.OnceFunc(func() { close(gate) })
}

// Held returns how many bytes are held back.
func (p *Proxy) Held() int64 { return p.held.Load() }

// Late waits until the connections with held data have ended; call Leave and letGo before.
func (p *Proxy) Late() { p.late.Wait() }

// Leave cuts off the clients. Data of theirs that is held back will still reach the server.
func (p *Proxy) Leave() {
	p.mu.Lock()
	defer p.mu.Unlock()
	for c := range p.clients {
		_ = c.Close()
	}
	clear(p.clients)
	clear(p.servers)
	p.gate = nil
}

// Cut cuts all connections. New ones are accepted.
func (p *Proxy) Cut() {
	p.mu.Lock()
	defer p.mu.Unlock()
	for _, open := range []map[net.Conn]bool{p.clients, p.servers} {
		for c := range open {
			_ = c.Close()
		}
		clear(open)
	}
}

// Let says whether new connections are accepted. Existing ones are not affected.
func (p *Proxy) Let(through bool) {
	p.mu.Lock()
	defer p.mu.Unlock()
	p.closed = !through
}
