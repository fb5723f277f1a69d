// Package ca provides the certificate authority that lets tenant0 speak HTTPS
// on a developer's machine: a root certificate, made once in the data folder,
// that the developer makes programs trust, and the server certificate, made in
// memory at every start and renewed while the server runs.
//
// The root is name-constrained (RFC 5280, section 4.2.1.10): it can vouch only
// for the machine itself and the configured hosts, so that trusting it does not
// endanger any other site, even if its key leaks.
//
// The package does not own the keys that sign tokens (package keys) or the
// listener (package server). It does not read the time itself: the clock that
// it is given must be the machine's own, because clients check certificates
// against theirs.
package ca

import (
	"crypto/tls"
	"encoding/pem"
	"fmt"
	"os"
	"path/filepath"
	"slices"
	"sync"
	"time"

	"github.com/tenant0/tenant0/config/disk"
)

// An Authority is a root certificate with its key, and the server certificate
// that it issued last. It is safe for concurrent use.
type Authority struct {
	root   root
	path   string
	notice string
	names  names
	now    func() time.Time

	mu      sync.Mutex
	leaf    *tls.Certificate
	renewal time.Time // when leaf must be replaced
}

// New makes an authority that exists only in memory and ends with the process.
// Its server certificate is for the machine itself and for hosts (DNS names or
// IP addresses, without port). Publish writes what clients need to trust it.
func New(hosts []string, now func() time.Time) (*Authority, error) {
	names, err := parseNames(hosts)
	if err != nil {
		return nil, err
	}
	root, err := newRoot(machinePermits().with(names), now())
	if err != nil {
		return nil, err
	}
	return start(root, names, now)
}

// Open returns the authority of the data folder dir, creating it on first use:
// the root and its key in ca.key, readable only by its owner, and the root in
// ca.pem for clients, which is written again whenever it is missing or differs.
// The server certificate is for the machine itself and for hosts (DNS names or
// IP addresses, without port).
//
// A root that does not cover every host, or that is about to expire, is
// replaced by a new one, which also covers everything that the old one did;
// Notice then says so. Refusing to start instead would not help: those who
// trusted the old root would have to change their trust stores all the same,
// and in a container without a shell nobody could delete the file. An error
// names the file, what is wrong with it, and what to do.
func Open(dir string, hosts []string, now func() time.Time) (*Authority, error) {
	names, err := parseNames(hosts)
	if err != nil {
		return nil, err
	}
	// Clients under other user accounts read ca.pem in this folder; secret
	// files in it have stricter modes of their own.
	if err := os.MkdirAll(dir, 0o755); err != nil { //nolint:gosec // see above
		return nil, disk.Explain("data folder", err)
	}
	root, reason, err := openRoot(filepath.Join(dir, "ca.key"), names, now())
	if err != nil {
		return nil, err
	}
	a, err := start(root, names, now)
	if err != nil {
		return nil, err
	}
	path := filepath.Join(dir, "ca.pem")
	retired, err := retire(path, root)
	if err != nil {
		return nil, err
	}
	if retired != "" {
		a.notice = fmt.Sprintf("%s is a new certificate authority, because %s; programs that trusted the previous one have to"+
			" trust this one (tenant0 ca trust). The previous one is kept as %s, so that tenant0 ca untrust removes both.",
			path, reason, retired)
	}
	if err := a.Publish(path); err != nil {
		return nil, err
	}
	return a, nil
}

// start makes the first server certificate, so that a faulty root is noticed
// before the first client connects.
func start(root root, names names, now func() time.Time) (*Authority, error) {
	a := &Authority{root: root, names: names, now: now}
	_, err := a.certificate()
	return a, err
}

// TLSConfig returns the configuration of a server that presents the authority's
// certificate. If the certificate expires soon, by the clock given to Open or
// New, it is replaced during a handshake.
func (a *Authority) TLSConfig() *tls.Config {
	return &tls.Config{
		MinVersion:     tls.VersionTLS12,
		GetCertificate: func(*tls.ClientHelloInfo) (*tls.Certificate, error) { return a.certificate() },
	}
}

// Names returns the DNS names that the server certificate is for.
func (a *Authority) Names() []string { return slices.Clone(a.names.dns) }

// PEM returns the root certificate in PEM form.
func (a *Authority) PEM() []byte {
	return pem.EncodeToMemory(&pem.Block{Type: certificateBlock, Bytes: a.root.cert.Raw})
}

// Path returns the absolute name of the file that holds PEM, for variables such
// as NODE_EXTRA_CA_CERTS and SSL_CERT_FILE; empty before the first Publish.
func (a *Authority) Path() string { return a.path }

// Notice returns a message for the developer if programs that trusted this
// authority no longer do, because its root was replaced; usually it is empty.
func (a *Authority) Notice() string { return a.notice }

// Publish writes PEM to the file path, completely or not at all, and makes it
// Path. It must not run concurrently with Path.
func (a *Authority) Publish(path string) error {
	path, err := filepath.Abs(path)
	if err != nil {
		return fmt.Errorf("certificate authority file %s: %w", path, err)
	}
	if held, err := os.ReadFile(path); err != nil || string(held) != string(a.PEM()) {
		if err := write(path, a.PEM(), 0o644, os.Rename); err != nil {
			return disk.Explain("certificate authority file for clients", err)
		}
	}
	a.path = path
	return nil
}

// certificate returns the server certificate. It makes a new one if there is
// none, if it expires soon, or if the clock was set back to before its start.
func (a *Authority) certificate() (*tls.Certificate, error) {
	now := a.now()
	a.mu.Lock()
	defer a.mu.Unlock()
	if a.leaf == nil || now.After(a.renewal) || now.Before(a.leaf.Leaf.NotBefore) {
		leaf, err := a.root.issue(a.names, now)
		if err != nil {
			return nil, fmt.Errorf("server certificate: %w", err)
		}
		a.leaf, a.renewal = leaf, now.Add(leaf.Leaf.NotAfter.Sub(now)*2/3)
	}
	return a.leaf, nil
}
