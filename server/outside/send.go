package outside

import (
	"bytes"
	"context"
	"encoding/base64"
	"fmt"
	"io"
	"net/http"

	"github.com/tenant0/tenant0/storage"
)

// Request is a request to a server that the tenant's configuration names.
type Request struct {
	Method, Address string
	Header          http.Header
	Body            []byte
}

// Basic adds HTTP Basic authentication with a name and a password, RFC 7617.
func (r *Request) Basic(name, password string) {
	r.Header.Set("Authorization", "Basic "+base64.StdEncoding.EncodeToString([]byte(name+":"+password)))
}

// Answer is a server's response. Its body is cut off at maxDocument bytes.
type Answer struct {
	Status int
	Header http.Header
	Body   []byte
}

// Send sends a request. The error wraps ErrReach if the URL is not allowed.
func (c *Client) Send(ctx context.Context, r Request) (Answer, error) {
	storage.Slow("asking another server")
	if !c.Reach.Allows(r.Address) {
		return Answer{}, fmt.Errorf("%s: %w", r.Address, ErrReach)
	}
	rq, err := http.NewRequestWithContext(ctx, r.Method, r.Address, bytes.NewReader(r.Body))
	if err != nil {
		return Answer{}, err
	}
	rq.Header = r.Header
	resp, err := c.HTTP.Do(rq)
	if err != nil {
		return Answer{}, err
	}
	defer resp.Body.Close()
	raw, err := io.ReadAll(io.LimitReader(resp.Body, maxDocument))
	return Answer{resp.StatusCode, resp.Header, raw}, err
}
