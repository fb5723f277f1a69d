// Package outside makes requests to other servers whose URLs come from tenant settings and not from
// the operator of tenant0: identity providers of connections, and applications that publish their
// keys.
package outside

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"net"
	"net/http"
	"net/netip"
	"net/url"
	"strings"
	"time"

	"github.com/tenant0/tenant0/server/logstream"
)

// Reach says which servers requests may go to: "none", those at "loopback" addresses, or "all".
type Reach string

// Allows reports whether requests may go to a URL, judged by the host name in it. Client applies
// the same rule to the IP address that the host name resolves to.
func (r Reach) Allows(address string) bool {
	return r == "all" || r != "none" && isLoopback(address)
}

func isLoopback(address string) bool {
	u, err := url.Parse(address)
	if err != nil {
		return false
	}
	host := strings.ToLower(u.Hostname())
	ip := net.ParseIP(host)
	return host == "localhost" || strings.HasSuffix(host, ".localhost") || ip != nil && ip.IsLoopback()
}

// Deps holds the dependencies of a Client.
type Deps struct {
	Reach Reach
	// Closed reports whether an IP address and port must not be connected to; nil closes none.
	Closed func(netip.AddrPort) bool
	Now    func() time.Time
}

// Client sends requests to other servers. It is safe for concurrent use.
type Client struct {
	Deps
	// HTTP follows the same rules as the HTTP client of log streams. Reach is enforced at each
	// connection, so that no DNS name or fetched document can lead to an address that is not
	// allowed.
	HTTP *http.Client
	sets keySets
}

// New returns a client.
func New(d Deps) *Client {
	return &Client{Deps: d, HTTP: logstream.Guarded(func(to netip.AddrPort) bool {
		return d.Closed != nil && d.Closed(to) || d.Reach == "none" || d.Reach != "all" && !to.Addr().Unmap().IsLoopback()
	})}
}

// maxDocument limits the size of another server's response, in bytes.
const maxDocument = 256 << 10

// ErrReach reports a URL that the setting upstream does not allow requests to.
var ErrReach = errors.New("the setting upstream lets no request go there")

// JSON fetches a JSON document into a value. The error wraps ErrReach if the URL is not allowed.
func (c *Client) JSON(ctx context.Context, address string, into any) error {
	return c.ShortJSON(ctx, address, maxDocument, into)
}

// ShortJSON is JSON for a document that may have at most a number of bytes; a longer one is an error.
func (c *Client) ShortJSON(ctx context.Context, address string, most int, into any) error {
	answer, err := c.Send(ctx, Request{Method: http.MethodGet, Address: address, Header: http.Header{"Accept": {"application/json"}}})
	switch {
	case err != nil:
		return err
	case answer.Status != http.StatusOK:
		return fmt.Errorf("%s answers with %d %s", address, answer.Status, http.StatusText(answer.Status))
	case len(answer.Body) > most:
		return fmt.Errorf("%s answers with more than %d bytes", address, most)
	}
	return json.Unmarshal(answer.Body, into)
}
