package keys

import (
	"crypto/sha1" //nolint:gosec // Auth0 names certificates by SHA-1
	"encoding/asn1"
	"encoding/pem"
	"fmt"
	"strings"
)

// Certificate is the certificate of the current signing key, in DER.
func (r *Ring) Certificate() []byte { return r.set.Load().current.Certificate }

// PEM returns a DER certificate in PEM form.
func PEM(certificate []byte) string {
	return string(pem.EncodeToMemory(&pem.Block{Type: "CERTIFICATE", Bytes: certificate}))
}

// Thumbprints returns the SHA-1 sum of a certificate in the two forms that Auth0
// shows: with colons between the bytes, and without.
func Thumbprints(certificate []byte) (fingerprint, thumbprint string) {
	sum := sha1.Sum(certificate) //nolint:gosec // see the import
	pairs := make([]string, 0, len(sum))
	for _, b := range sum {
		pairs = append(pairs, fmt.Sprintf("%02X", b))
	}
	return strings.Join(pairs, ":"), strings.Join(pairs, "")
}

// PKCS7 wraps a certificate in a PKCS #7 message without content, RFC 2315 section
// 9, the form for transporting certificates. The result is in PEM form.
func PKCS7(certificate []byte) string {
	data := asn1.ObjectIdentifier{1, 2, 840, 113549, 1, 7, 1}
	signedData := asn1.ObjectIdentifier{1, 2, 840, 113549, 1, 7, 2}
	type contentInfo struct {
		Type asn1.ObjectIdentifier
	}
	type signed struct {
		Version          int
		DigestAlgorithms []asn1.RawValue `asn1:"set"`
		Content          contentInfo
		Certificates     asn1.RawValue
		SignerInfos      []asn1.RawValue `asn1:"set"`
	}
	inner, err := asn1.Marshal(signed{
		Version: 1, DigestAlgorithms: []asn1.RawValue{}, Content: contentInfo{data},
		Certificates: asn1.RawValue{Class: asn1.ClassContextSpecific, Tag: 0, IsCompound: true, Bytes: certificate},
		SignerInfos:  []asn1.RawValue{},
	})
	if err != nil {
		return ""
	}
	outer, err := asn1.Marshal(struct {
		Type    asn1.ObjectIdentifier
		Content asn1.RawValue
	}{signedData, asn1.RawValue{Class: asn1.ClassContextSpecific, Tag: 0, IsCompound: true, Bytes: inner}})
	if err != nil {
		return ""
	}
	return string(pem.EncodeToMemory(&pem.Block{Type: "PKCS7", Bytes: outer}))
}
