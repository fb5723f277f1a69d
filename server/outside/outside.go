// Package outside makes the requests to servers of others whose addresses somebody names who is not
// the operator: identity providers of connections, and applications that say where their keys are.
package outside

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"net"
	"net/http"
	"net/netip"
	"net/url"
	"strings"
	"time"

	"github.com/tenant0/tenant0/server/logstream"
	"github.com/tenant0/tenant0/storage"
)

// Reach says which servers are talked to: "none", those at "loopback" addresses, or "all".
type Reach string

// Allows reports whether a server may be talked to, by what its address is called. The client holds
// what a name has come down to against the same.
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

// Deps is what a Client works with.
type Deps struct {
	Reach Reach
	// Closed reports addresses that no request may reach.
	Closed func(netip.AddrPort) bool
	Now    func() time.Time
}

// Client talks to servers of others. It is safe for concurrent use.
type Client struct {
	Deps
	// HTTP keeps the rules of log streams, and where only loopback addresses may be reached it
	// connects to no other, whatever a name or a document leads to.
	HTTP *http.Client
	sets keySets
}

// New returns a client.
func New(d Deps) *Client {
	return &Client{Deps: d, HTTP: logstream.Guarded(func(to netip.AddrPort) bool {
		return d.Closed != nil && d.Closed(to) || d.Reach == "none" || d.Reach != "all" && !to.Addr().Unmap().IsLoopback()
	})}
}

// maxDocument bounds a document of another server, in bytes.
const maxDocument = 256 << 10

// ErrReach reports an address that the setting upstream does not let requests go to.
var ErrReach = errors.New("the setting upstream lets no request go there")

// JSON reads a document into a value. An address that may not be asked is ErrReach.
func (c *Client) JSON(ctx context.Context, address string, into any) error {
	storage.Slow("asking another server")
	if !c.Reach.Allows(address) {
		return fmt.Errorf("%s: %w", address, ErrReach)
	}
	rq, err := http.NewRequestWithContext(ctx, http.MethodGet, address, nil)
	if err != nil {
		return err
	}
	rq.Header.Set("Accept", "application/json")
	resp, err := c.HTTP.Do(rq)
	if err != nil {
		return err
	}
	defer resp.Body.Close()
	raw, err := io.ReadAll(io.LimitReader(resp.Body, maxDocument))
	if err != nil {
		return err
	}
	if resp.StatusCode != http.StatusOK {
		return fmt.Errorf("%s answers with %s", address, resp.Status)
	}
	return json.Unmarshal(raw, into)
}
