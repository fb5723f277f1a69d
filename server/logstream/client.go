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

// Header marks the requests of log streams with the stream's id, so that the
// server's own control listener knows them, however they have come to it.
const Header = "X-Tenant0-Log-Stream"

var (
	errClosed = errors.New("a request of the tenant may not lead to the control listener")
	errScheme = errors.New("a request of the tenant leads to an http or https URL")
)

// newClient returns the client of the streams. It connects to no address that is
// closed: what counts is the address that a name has come down to when the
// connection is made, and neither how it is written nor what it was a moment ago. It
// follows no redirects.
func newClient(closed func(netip.AddrPort) bool) *http.Client {
	dialer := &net.Dialer{Timeout: timeout, Control: func(_, address string, _ syscall.RawConn) error {
		to, err := netip.ParseAddrPort(address)
		if err == nil && closed != nil && closed(to) {
			err = errClosed
		}
		return err
	}}
	return &http.Client{
		Transport: &http.Transport{
			Proxy: http.ProxyFromEnvironment, DialContext: dialer.DialContext, MaxIdleConnsPerHost: 1, IdleConnTimeout: time.Minute,
		},
		Timeout:       timeout,
		CheckRedirect: func(*http.Request, []*http.Request) error { return http.ErrUseLastResponse },
	}
}

// Guarded returns a client for requests to addresses that the tenant's objects name, with the rules of
// the streams: http and https alone, no redirects, the mark, and no address that is closed.
func Guarded(closed func(netip.AddrPort) bool) *http.Client {
	client := newClient(closed)
	client.Transport = marked{client.Transport}
	return client
}

// marked sends requests that are no stream's.
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

// Do sends a request that is no stream's, with the same rules and the same mark, so that it
// comes to no address that is closed to the tenant's requests.
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
