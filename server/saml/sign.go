package saml

import (
	"crypto"
	"crypto/rand"
	"crypto/rsa"
	"crypto/x509"
	"encoding/base64"
	"fmt"
	"io"

	"github.com/beevik/etree"
	dsig "github.com/russellhaering/goxmldsig"
)

// algorithm is a signature algorithm of XML Signature.
type algorithm struct {
	uri  string
	hash crypto.Hash
	// check is the algorithm that verifies the signature.
	check x509.SignatureAlgorithm
}

var signatures = map[string]algorithm{
	"rsa-sha1":   {dsig.RSASHA1SignatureMethod, crypto.SHA1, x509.SHA1WithRSA},
	"rsa-sha256": {dsig.RSASHA256SignatureMethod, crypto.SHA256, x509.SHA256WithRSA},
	"rsa-sha384": {dsig.RSASHA384SignatureMethod, crypto.SHA384, x509.SHA384WithRSA},
	"rsa-sha512": {dsig.RSASHA512SignatureMethod, crypto.SHA512, x509.SHA512WithRSA},
}

var digests = map[string]crypto.Hash{"sha1": crypto.SHA1, "sha256": crypto.SHA256, "sha384": crypto.SHA384, "sha512": crypto.SHA512}

// byURI returns the signature algorithm with a URI.
func byURI(uri string) (algorithm, bool) {
	for _, a := range signatures {
		if a.uri == uri {
			return a, true
		}
	}
	return algorithm{}, false
}

// Key is a key that signs messages. Its certificate is in DER.
type Key interface {
	crypto.Signer
	Certificate() []byte
}

// Signing says how messages are signed: by which key, and with which algorithms, by Auth0's names. Without
// a key messages are not signed.
type Signing struct {
	Key                                 Key
	SignatureAlgorithm, DigestAlgorithm string
	// Undeflated sends a message by redirect in the form that a posted one has: not deflated, and with the
	// signature in the XML.
	Undeflated bool
}

func (s Signing) algorithms() (signature algorithm, digest crypto.Hash, err error) {
	signature, known := signatures[s.SignatureAlgorithm]
	if !known {
		return signature, 0, errSetting("signatureAlgorithm", s.SignatureAlgorithm)
	}
	digest, known = digests[s.DigestAlgorithm]
	if !known {
		return signature, 0, errSetting("digestAlgorithm", s.DigestAlgorithm)
	}
	return signature, digest, nil
}

// unsigned is a signer that returns an empty signature, which is filled in later.
type unsigned struct{ public crypto.PublicKey }

func (u unsigned) Public() crypto.PublicKey { return u.public }

func (unsigned) Sign(io.Reader, []byte, crypto.SignerOpts) ([]byte, error) { return nil, nil }

// sign adds a signature to an element that has an ID and no parent, after its Issuer, SAML 2.0 Core
// section 5.4.
func (s Signing) sign(el *etree.Element) error { return s.signAt(el, dsig.DefaultIdAttr, 1) }

// signAt adds a signature to an element before the child at index. id is the name of the attribute that
// holds the element's id.
//
// goxmldsig uses one hash for the digest and for the signature, while Auth0 has a setting for each. So
// goxmldsig is given the hash of the digest, and the signature's method and value are filled in here.
func (s Signing) signAt(el *etree.Element, id string, index int) error {
	method, digest, err := s.algorithms()
	if err != nil {
		return err
	}
	ctx, err := dsig.NewSigningContext(unsigned{s.Key.Public()}, [][]byte{s.Key.Certificate()})
	if err != nil {
		return err
	}
	ctx.Prefix, ctx.Hash, ctx.IdAttribute, ctx.Canonicalizer = "", digest, id, dsig.MakeC14N10ExclusiveCanonicalizerWithPrefixList("")
	signature, err := ctx.ConstructSignature(el.Copy(), true) // of a copy, because the canonicalizer changes its input
	if err != nil {
		return err
	}
	info := signature.SelectElement("SignedInfo")
	info.SelectElement("SignatureMethod").CreateAttr("Algorithm", method.uri)
	alone := info.Copy()
	alone.CreateAttr("xmlns", dsig.Namespace)
	canonical, err := ctx.Canonicalizer.Canonicalize(alone)
	if err != nil {
		return err
	}
	value, err := s.signed(method, canonical)
	if err != nil {
		return err
	}
	signature.SelectElement("SignatureValue").SetText(base64.StdEncoding.EncodeToString(value))
	el.InsertChildAt(index, signature)
	return nil
}

func (s Signing) signed(method algorithm, text []byte) ([]byte, error) {
	h := method.hash.New()
	h.Write(text)
	return s.Key.Sign(rand.Reader, h.Sum(nil), method.hash)
}

// checkSignature verifies a signature of a text by a certificate.
func checkSignature(cert *x509.Certificate, method string, text, signature []byte) error {
	a, known := byURI(method)
	if !known {
		return fmt.Errorf("unknown signature algorithm %q", method)
	}
	if _, rsaKey := cert.PublicKey.(*rsa.PublicKey); !rsaKey {
		return fmt.Errorf("a certificate with a key of the type %T", cert.PublicKey)
	}
	return cert.CheckSignature(a.check, text, signature)
}
