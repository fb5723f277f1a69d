package web_test

import (
	"bufio"
	"crypto/tls"
	"crypto/x509"
	"errors"
	"fmt"
	"io"
	"log"
	"net"
	"net/http"
	"net/http/httptest"
	"runtime"
	"runtime/pprof"
	"strings"
	"sync"
	"syscall"
	"testing"
	"time"

	"github.com/tenant0/tenant0/server/servertest"
	"github.com/tenant0/tenant0/server/web"
)

// port is a server that speaks HTTP and HTTPS on one port, with the certificates that its clients trust.
type port struct {
	addr   string
	roots  *x509.CertPool
	server *http.Server
}

// startPort serves h behind web.Split on l until the test ends, and then checks
// that the listener has left no goroutines behind.
func startPort(t *testing.T, l net.Listener, patience time.Duration, h http.HandlerFunc) port {
	t.Helper()
	config, roots := testCertificate(t)
	split := web.Split(l, config, patience)
	server := &http.Server{
		Handler:           h,
		ReadHeaderTimeout: patience,
		MaxHeaderBytes:    1 << 10,
		ErrorLog:          log.New(io.Discard, "", 0),
	}
	served := make(chan error, 1)
	go func() { served <- server.Serve(split) }()
	t.Cleanup(func() {
		server.Close()
		if err := <-served; !errors.Is(err, http.ErrServerClosed) {
			t.Errorf("Serve ended with %v, want %v", err, http.ErrServerClosed)
		}
		for patience := time.After(servertest.Patience); strings.Contains(goroutines(), "splitListener"); {
			select {
			case <-patience:
				t.Fatalf("goroutines of the listener outlive it:\n%s", goroutines())
			default:
				runtime.Gosched()
			}
		}
	})
	return port{addr: l.Addr().String(), roots: roots, server: server}
}

// goroutines lists the goroutines of this process.
func goroutines() string {
	var stacks strings.Builder
	pprof.Lookup("goroutine").WriteTo(&stacks, 1)
	return stacks.String()
}

// testCertificate returns the certificate that net/http/httptest contains.
func testCertificate(t *testing.T) (*tls.Config, *x509.CertPool) {
	t.Helper()
	lender := httptest.NewTLSServer(nil)
	defer lender.Close()
	roots := x509.NewCertPool()
	roots.AddCert(lender.Certificate())
	return &tls.Config{Certificates: lender.TLS.Certificates}, roots
}

func listen(t *testing.T) net.Listener {
	t.Helper()
	l, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	return l
}

// dial opens a connection with a deadline, so that a server that never answers
// fails the test instead of blocking it.
func dial(t *testing.T, p port) net.Conn {
	t.Helper()
	conn, err := net.Dial("tcp", p.addr)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { conn.Close() })
	conn.SetDeadline(time.Now().Add(servertest.Patience))
	return conn
}

// client speaks HTTP/2 over TLS if h2 is set and the server supports it.
func (p port) client(h2 bool) *http.Client {
	return &http.Client{
		Timeout: servertest.Patience,
		Transport: &http.Transport{
			TLSClientConfig:   &tls.Config{RootCAs: p.roots},
			ForceAttemptHTTP2: h2,
			DisableKeepAlives: true,
		},
	}
}

func get(c *http.Client, url string) (string, error) {
	res, err := c.Get(url)
	if err != nil {
		return "", err
	}
	defer res.Body.Close()
	body, err := io.ReadAll(res.Body)
	return string(body), err
}

// describe answers with the protocol and TLS state of the connection.
func describe(w http.ResponseWriter, r *http.Request) {
	if r.TLS == nil {
		fmt.Fprintf(w, "%s plain", r.Proto)
		return
	}
	fmt.Fprintf(w, "%s tls complete=%t", r.Proto, r.TLS.HandshakeComplete)
}

func TestOnePortSpeaks(t *testing.T) {
	p := startPort(t, listen(t), time.Minute, describe)
	tests := []struct {
		name, scheme string
		h2           bool
		want         string
	}{
		{"plain HTTP", "http", false, "HTTP/1.1 plain"},
		{"HTTPS", "https", false, "HTTP/1.1 tls complete=true"},
		{"HTTP/2 over TLS", "https", true, "HTTP/2.0 tls complete=true"},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			got, err := get(p.client(tt.h2), tt.scheme+"://"+p.addr)
			if err != nil || got != tt.want {
				t.Errorf("got %q, %v; want %q", got, err, tt.want)
			}
		})
	}
}

func TestTwoHundredMixedClientsAtOnce(t *testing.T) {
	p := startPort(t, listen(t), time.Minute, describe)
	kinds := []struct{ scheme, want string }{
		{"http", "HTTP/1.1 plain"},
		{"https", "HTTP/2.0 tls complete=true"},
	}
	var clients sync.WaitGroup
	for i := range 200 {
		kind := kinds[i%len(kinds)]
		clients.Go(func() {
			got, err := get(p.client(true), kind.scheme+"://"+p.addr)
			if err != nil || got != kind.want {
				t.Errorf("%s: got %q, %v; want %q", kind.scheme, got, err, kind.want)
			}
		})
	}
	clients.Wait()
}

func TestSilentClientHoldsUpNobody(t *testing.T) {
	p := startPort(t, listen(t), time.Minute, describe)
	dial(t, p)
	for _, scheme := range []string{"http", "https"} {
		if _, err := get(p.client(false), scheme+"://"+p.addr); err != nil {
			t.Error(err)
		}
	}
}

func TestSlowClientIsHungUpOn(t *testing.T) {
	p := startPort(t, listen(t), 50*time.Millisecond, describe)
	tests := []struct{ name, sent string }{
		{"before its first byte", ""},
		{"within the handshake", "\x16\x03\x01"},
		{"within the request line", "GET / HT"},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			conn := dial(t, p)
			io.WriteString(conn, tt.sent)
			// What arrives after the server has closed the connection resets it.
			if _, err := io.ReadAll(conn); err != nil && !errors.Is(err, syscall.ECONNRESET) {
				t.Errorf("the connection was not closed: %v", err)
			}
		})
	}
}

func TestClientThatEndsItsStreamUnheardIsHungUpOn(t *testing.T) {
	p := startPort(t, listen(t), time.Minute, describe)
	conn := dial(t, p)
	if err := conn.(*net.TCPConn).CloseWrite(); err != nil {
		t.Fatal(err)
	}
	if _, err := io.ReadAll(conn); err != nil {
		t.Errorf("the connection was not closed: %v", err)
	}
}

func TestFirstByteOfNeitherProtocolIsABadRequest(t *testing.T) {
	p := startPort(t, listen(t), time.Minute, describe)
	for _, garbage := range []string{"\x00", "\x15\x03\x01", "\x80\x2e\x01", "\xff\xfe", "\n"} {
		conn := dial(t, p)
		io.WriteString(conn, garbage+"\r\n\r\n")
		res, err := http.ReadResponse(bufio.NewReader(conn), nil)
		if err != nil || res.StatusCode != http.StatusBadRequest {
			t.Errorf("%q: got %v, %v; want 400", garbage, res, err)
		}
	}
}

func TestBrokenHandshakeLeavesTheServerServing(t *testing.T) {
	p := startPort(t, listen(t), time.Minute, describe)
	conn := dial(t, p)
	io.WriteString(conn, "\x16 this is no ClientHello")
	io.ReadAll(conn)
	if _, err := get(p.client(false), "https://"+p.addr); err != nil {
		t.Error(err)
	}
}

func TestRefusalOfAHalfReadRequestReachesTheClient(t *testing.T) {
	p := startPort(t, listen(t), time.Minute, describe)
	conn := dial(t, p)
	fmt.Fprintf(conn, "GET / HTTP/1.1\r\nHost: x\r\nX-Long: %s\r\n\r\n", strings.Repeat("x", 64<<10))
	answer, err := io.ReadAll(conn)
	if err != nil || !strings.HasPrefix(string(answer), "HTTP/1.1 431 ") {
		t.Errorf("got %q, %v; want 431 and the end of the stream", answer, err)
	}
}

func TestCloseEndsClientsThatHaveYetToAsk(t *testing.T) {
	l := listen(t)
	p := startPort(t, l, time.Minute, describe)
	silent, shaking := dial(t, p), dial(t, p)
	io.WriteString(shaking, "\x16\x03\x01\x02\x00")
	// An answer to a later client shows that both connections have been accepted.
	if _, err := get(p.client(false), "http://"+p.addr); err != nil {
		t.Fatal(err)
	}

	p.server.Close()

	for name, conn := range map[string]net.Conn{"silent": silent, "shaking hands": shaking} {
		if _, err := io.ReadAll(conn); isTimeout(err) {
			t.Errorf("the client that was %s is still connected", name)
		}
	}
	if conn, err := net.Dial("tcp", p.addr); err == nil {
		conn.Close()
		t.Error("the port still accepts connections")
	}
}

func isTimeout(err error) bool {
	timeout, ok := errors.AsType[net.Error](err)
	return ok && timeout.Timeout()
}

func TestShutdownLetsRunningRequestsFinish(t *testing.T) {
	started, release := make(chan struct{}), make(chan struct{})
	p := startPort(t, listen(t), time.Minute, func(w http.ResponseWriter, r *http.Request) {
		started <- struct{}{}
		<-release
		describe(w, r)
	})
	var clients sync.WaitGroup
	for _, scheme := range []string{"http", "https"} {
		clients.Go(func() {
			if _, err := get(p.client(true), scheme+"://"+p.addr); err != nil {
				t.Errorf("a running %s request was cut: %v", scheme, err)
			}
		})
		<-started
	}
	closed := make(chan struct{})
	p.server.RegisterOnShutdown(sync.OnceFunc(func() { close(closed) }))
	clients.Go(func() {
		if err := p.server.Shutdown(t.Context()); err != nil {
			t.Errorf("shutdown: %v", err)
		}
	})
	<-closed
	close(release)
	clients.Wait()
}

// exhausted is a listener whose first Accept fails as in a process that has no
// file descriptor left.
type exhausted struct {
	net.Listener
	once sync.Once
}

func (l *exhausted) Accept() (net.Conn, error) {
	var err error
	l.once.Do(func() { err = &net.OpError{Op: "accept", Err: syscall.EMFILE} })
	if err != nil {
		return nil, err
	}
	return l.Listener.Accept()
}

func TestServerOutlivesAShortageOfFileDescriptors(t *testing.T) {
	p := startPort(t, &exhausted{Listener: listen(t)}, time.Minute, describe)
	if _, err := get(p.client(false), "http://"+p.addr); err != nil {
		t.Error(err)
	}
}

func TestAcceptEndsWhenTheListenerBeneathIsClosed(t *testing.T) {
	beneath := listen(t)
	config, _ := testCertificate(t)
	split := web.Split(beneath, config, time.Minute)
	beneath.Close()
	for range 2 {
		if _, err := split.Accept(); !errors.Is(err, net.ErrClosed) {
			t.Errorf("got %v, want %v", err, net.ErrClosed)
		}
	}
	split.Close()
}
