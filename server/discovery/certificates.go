package discovery

import (
	"encoding/pem"
	"net/http"
	"net/url"
	"strings"

	"github.com/tenant0/tenant0/keys"
	"github.com/tenant0/tenant0/server/web"
)

// file answers with the signing certificate as a file to download, named after the
// tenant.
func (m *room) file(w http.ResponseWriter, contentType, extension string, body []byte) error {
	name := "tenant"
	if u, err := url.Parse(m.Issuer.URL); err == nil {
		name, _, _ = strings.Cut(u.Hostname(), ".")
	}
	w.Header().Set("Content-Disposition", "attachment; filename="+name+"."+extension)
	return web.ReplyBytes(w, http.StatusOK, contentType, body)
}

// pem serves the certificate of the current signing key. These paths are old ones that
// are still configured at SAML and WS-Federation identity providers and service
// providers.
//
//auth0:operation GET /pem
func (m *room) pem(w http.ResponseWriter, _ *http.Request) error {
	return m.file(w, "application/x-pem-file", "pem", []byte(keys.PEM(m.Ring.Certificate())))
}

//auth0:operation GET /cer
func (m *room) cer(w http.ResponseWriter, _ *http.Request) error {
	return m.file(w, "application/pkix-cert", "cer", m.Ring.Certificate())
}

// pb7 serves the certificate as a PKCS #7 message in DER.
//
//auth0:operation GET /pb7
func (m *room) pb7(w http.ResponseWriter, _ *http.Request) error {
	block, _ := pem.Decode([]byte(keys.PKCS7(m.Ring.Certificate())))
	return m.file(w, "application/x-pkcs7-certificates", "p7b", block.Bytes)
}

// rawPEM serves the same as /pem, as plain text for display instead of a download.
//
//auth0:operation GET /rawpem
func (m *room) rawPEM(w http.ResponseWriter, _ *http.Request) error {
	return web.ReplyBytes(w, http.StatusOK, "text/plain; charset=utf-8", []byte(keys.PEM(m.Ring.Certificate())))
}

// fingerprint serves the SHA-1 fingerprint of the certificate.
//
//auth0:operation GET /fingerprint
func (m *room) fingerprint(w http.ResponseWriter, _ *http.Request) error {
	fingerprint, _ := keys.Thumbprints(m.Ring.Certificate())
	return web.ReplyBytes(w, http.StatusOK, "text/plain; charset=utf-8", []byte(fingerprint))
}
