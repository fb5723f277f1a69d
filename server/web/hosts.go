package web

import (
	"context"
	"fmt"
	"net/http"
	"net/netip"
	"strings"

	"github.com/tenant0/tenant0/server/apierr"
)

// Hosts are the host names that a listener answers to. The owner of a website can
// point its name at a loopback address, so that its pages reach the listener as
// if they were of the same origin ("DNS rebinding"). Such a request is recognized
// by the name in its Host header, which pages cannot choose.
//
// IP addresses are always accepted, because they are not names that could be
// pointed elsewhere, and so are localhost and the names beneath it, RFC 6761
// section 6.3. The zero value accepts nothing else.
type Hosts struct {
	names    map[string]bool
	suffixes []string // each with its leading dot
	more     func(ctx context.Context, name string) (bool, error)
}

// NewHosts returns the hosts that match patterns: names without a port, where
// *.example.com stands for every name beneath example.com. more is asked about
// other names, in lower case and without a final dot; it may be nil.
func NewHosts(patterns []string, more func(ctx context.Context, name string) (bool, error)) Hosts {
	h := Hosts{names: map[string]bool{}, more: more}
	for _, pattern := range patterns {
		name := canonicalName(pattern)
		if suffix, wild := strings.CutPrefix(name, "*."); wild {
			h.suffixes = append(h.suffixes, "."+suffix)
		} else {
			h.names[name] = true
		}
	}
	return h
}

// Own reports whether host names this listener. host is the Host header field of
// HTTP/1.1 or :authority of HTTP/2; net/http keeps both in Request.Host. The port
// is ignored, because it may be mapped to another.
func (h Hosts) Own(ctx context.Context, host string) (bool, error) {
	name, address, ok := splitHost(host)
	if !ok || address {
		return ok, nil
	}
	if h.names[name] || name == "localhost" || strings.HasSuffix(name, ".localhost") {
		return true, nil
	}
	for _, suffix := range h.suffixes {
		if strings.HasSuffix(name, suffix) {
			return true, nil
		}
	}
	if h.more == nil {
		return false, nil
	}
	return h.more(ctx, name)
}

// refuse returns nil for a request to a name of this listener, and otherwise an
// error with status 421, RFC 9110 section 15.5.20, and advice.
func (h Hosts) refuse(r *http.Request) error {
	own, err := h.Own(r.Context(), r.Host)
	if own || err != nil {
		return err
	}
	message := "The request names no host that this server could answer to."
	if name, _, ok := splitHost(r.Host); ok {
		message = fmt.Sprintf("This server does not answer to the name %[1]s, which may belong to a web page. If the name is"+
			" its own, start it with --allowed-host %[1]s, or set TENANT0_ALLOWED_HOSTS=%[1]s.", name)
	}
	return &apierr.Error{Status: http.StatusMisdirectedRequest, Code: "foreign_host", Message: message}
}

// splitHost returns the name in a Host header field without the port, RFC 9110
// section 7.2, and reports whether the name is an IP address. ok is false if the
// field is invalid.
func splitHost(host string) (name string, address, ok bool) {
	if literal, bracketed := strings.CutPrefix(host, "["); bracketed {
		literal, port, closed := strings.Cut(literal, "]")
		ip, err := netip.ParseAddr(literal)
		return literal, true, closed && err == nil && ip.Is6() && (port == "" || port[0] == ':' && digits(port[1:]))
	}
	name, port, _ := strings.Cut(host, ":")
	name = canonicalName(name)
	_, err := netip.ParseAddr(name)
	return name, err == nil, name != "" && digits(port)
}

// canonicalName returns a name in the form in which names are compared.
func canonicalName(name string) string { return strings.ToLower(strings.TrimSuffix(name, ".")) }

func digits(s string) bool { return strings.Trim(s, "0123456789") == "" }
