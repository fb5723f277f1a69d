package logstream

import (
	"errors"
	"fmt"
	"net"
	"net/http"
	"net/netip"
	"syscall"
	"time"
)

// Header is a header with the stream's id in all requests of log streams. The server's own control
// listener recognizes and refuses such requests by it, whatever way they have taken.
const Header = "X-Tenant0-Log-Stream"

var (
	errClosed = errors.New("a request of the tenant may not lead to the control listener")
	errScheme = errors.New("a request of the tenant leads to an http or https URL")
)

// Dialer returns a dialer that refuses to connect to an address for which closed is true. The check is
// made on the resolved address when the connection is made, so other notations of the address or changes
// of DNS cannot circumvent it.
func Dialer(closed func(netip.AddrPort) bool) *net.Dialer {
	return &net.Dialer{Timeout: timeout, Control: func(_, address string, _ syscall.RawConn) error {
		to, err := netip.ParseAddrPort(address)
		if err == nil && closed != nil && closed(to) {
			err = errClosed
		}
		return err
	}}
}

// newClient returns the HTTP client of the streams, which connects with a Dialer and does not follow
// redirects.
func newClient(closed func(netip.AddrPort) bool) *http.Client {
	return &http.Client{
		Transport: &http.Transport{
			Proxy: http.ProxyFromEnvironment, DialContext: Dialer(closed).DialContext, MaxIdleConnsPerHost: 1, IdleConnTimeout: time.Minute,
		},
		Timeout:       timeout,
		CheckRedirect: func(*http.Request, []*http.Request) error { return http.ErrUseLastResponse },
	}
}

// Guarded returns an HTTP client for requests to URLs in the tenant's objects, with the same
// restrictions as for streams: only http and https, no redirects, no closed addresses, and with
// Header.
func Guarded(closed func(netip.AddrPort) bool) *http.Client {
	client := newClient(closed)
	client.Transport = marked{client.Transport}
	return client
}

// marked sends requests of other parts of the server than streams, with Header.
type marked struct{ http.RoundTripper }

// RoundTrip implements http.RoundTripper.
func (m marked) RoundTrip(rq *http.Request) (*http.Response, error) {
	if err := checkScheme(rq); err != nil {
		return nil, err
	}
	rq = rq.Clone(rq.Context())
	rq.Header.Set(Header, "none")
	return m.RoundTripper.RoundTrip(rq)
}

func checkScheme(rq *http.Request) error {
	if scheme := rq.URL.Scheme; scheme != "http" && scheme != "https" {
		return fmt.Errorf("%w, and not to one of %s", errScheme, scheme)
	}
	return nil
}

// Do sends a request that does not belong to a stream, with the same restrictions as for streams
// and with Header.
func (s *Streams) Do(rq *http.Request) (*http.Response, error) {
	rq.Header.Set(Header, "none")
	return s.do(rq)
}

// do sends a request.
func (s *Streams) do(rq *http.Request) (*http.Response, error) {
	if err := checkScheme(rq); err != nil {
		return nil, err
	}
	return s.client.Do(rq) //nolint:gosec // where to is the tenant's to say; what is closed to it the client refuses
}
