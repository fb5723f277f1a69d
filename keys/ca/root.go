package ca

import (
	"crypto/ecdsa"
	"crypto/elliptic"
	"crypto/rand"
	"crypto/tls"
	"crypto/x509"
	"crypto/x509/pkix"
	"encoding/pem"
	"errors"
	"fmt"
	"math"
	"math/big"
	"time"
)

const (
	rootYears = 10

	// leafLife is how long a server certificate is valid. It can be short,
	// because the certificate exists only in memory and takes less than a
	// millisecond to make.
	leafLife = 30 * 24 * time.Hour

	// skew is how far a client's clock may be behind, for example in a virtual
	// machine that has just resumed.
	skew = time.Hour

	certificateBlock = "CERTIFICATE"
	keyBlock         = "PRIVATE KEY"
)

// root is the certificate that clients trust, with its key.
type root struct {
	cert *x509.Certificate
	key  *ecdsa.PrivateKey
}

// newRoot makes a root that can vouch for p and nothing else.
func newRoot(p permits, now time.Time) (root, error) {
	key, err := ecdsa.GenerateKey(elliptic.P256(), rand.Reader)
	if err != nil {
		return root{}, fmt.Errorf("key of the certificate authority: %w", err)
	}
	serial, err := rand.Int(rand.Reader, big.NewInt(math.MaxInt64))
	if err != nil {
		return root{}, fmt.Errorf("serial number of the certificate authority: %w", err)
	}
	template := &x509.Certificate{
		SerialNumber: serial,
		// Trust stores list roots by name, so each data folder's root has its
		// own.
		Subject: pkix.Name{
			Organization: []string{"tenant0"},
			CommonName:   fmt.Sprintf("tenant0 local CA %x", serial),
		},
		NotBefore:                   now.Add(-skew),
		NotAfter:                    now.AddDate(rootYears, 0, 0),
		KeyUsage:                    x509.KeyUsageCertSign,
		ExtKeyUsage:                 []x509.ExtKeyUsage{x509.ExtKeyUsageServerAuth},
		BasicConstraintsValid:       true,
		IsCA:                        true,
		MaxPathLenZero:              true,
		PermittedDNSDomainsCritical: true, // RFC 5280, section 4.2.1.10: MUST be critical
		PermittedDNSDomains:         p.dns,
		PermittedIPRanges:           p.ips,
	}
	der, err := x509.CreateCertificate(rand.Reader, template, template, key.Public(), key)
	if err != nil {
		return root{}, fmt.Errorf("certificate of the certificate authority: %w", err)
	}
	cert, err := x509.ParseCertificate(der)
	return root{cert, key}, err
}

// issue makes a server certificate for n.
func (r root) issue(n names, now time.Time) (*tls.Certificate, error) {
	key, err := ecdsa.GenerateKey(elliptic.P256(), rand.Reader)
	if err != nil {
		return nil, err
	}
	end := now.Add(leafLife)
	if end.After(r.cert.NotAfter) {
		end = r.cert.NotAfter
	}
	template := &x509.Certificate{
		Subject:     pkix.Name{CommonName: n.dns[0]},
		NotBefore:   now.Add(-skew),
		NotAfter:    end,
		KeyUsage:    x509.KeyUsageDigitalSignature,
		ExtKeyUsage: []x509.ExtKeyUsage{x509.ExtKeyUsageServerAuth},
		DNSNames:    n.dns,
		IPAddresses: n.ips,
	}
	der, err := x509.CreateCertificate(rand.Reader, template, r.cert, key.Public(), r.key)
	if err != nil {
		return nil, err
	}
	leaf, err := x509.ParseCertificate(der)
	return &tls.Certificate{Certificate: [][]byte{der}, PrivateKey: key, Leaf: leaf}, err
}

// lacks says why the root can no longer serve n; empty if it can.
func (r root) lacks(n names, now time.Time) string {
	if now.Add(leafLife).After(r.cert.NotAfter) {
		return "the previous one expires on " + r.cert.NotAfter.Format(time.DateOnly)
	}
	if missing := r.permits().missing(n); missing != "" {
		return "the previous one does not cover " + missing
	}
	return ""
}

// permits returns what the root can vouch for.
func (r root) permits() permits {
	return permits{dns: r.cert.PermittedDNSDomains, ips: r.cert.PermittedIPRanges}
}

// encode returns the root and its key as PEM blocks.
func (r root) encode() ([]byte, error) {
	der, err := x509.MarshalPKCS8PrivateKey(r.key)
	if err != nil {
		return nil, err
	}
	return append(
		pem.EncodeToMemory(&pem.Block{Type: keyBlock, Bytes: der}),
		pem.EncodeToMemory(&pem.Block{Type: certificateBlock, Bytes: r.cert.Raw})...), nil
}

// decodeRoot reads the output of encode; an error says what is wrong with it.
func decodeRoot(data []byte) (root, error) {
	var r root
	for block, rest := pem.Decode(data); block != nil; block, rest = pem.Decode(rest) {
		switch block.Type {
		case keyBlock:
			key, err := x509.ParsePKCS8PrivateKey(block.Bytes)
			if err != nil {
				return root{}, err
			}
			r.key, _ = key.(*ecdsa.PrivateKey)
		case certificateBlock:
			cert, err := x509.ParseCertificate(block.Bytes)
			if err != nil {
				return root{}, err
			}
			r.cert = cert
		}
	}
	switch {
	case r.key == nil:
		return root{}, errors.New("it holds no ECDSA private key")
	case r.cert == nil:
		return root{}, errors.New("it holds no certificate")
	case !r.key.PublicKey.Equal(r.cert.PublicKey):
		return root{}, errors.New("its certificate belongs to another key")
	}
	if err := r.cert.CheckSignatureFrom(r.cert); err != nil {
		return root{}, fmt.Errorf("its certificate is not that of a certificate authority: %w", err)
	}
	return r, nil
}
