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

// algorithm is an algorithm of XML Signature, by Auth0's name of it.
type algorithm struct {
	uri  string
	hash crypto.Hash
	// check is what verifies it.
	check x509.SignatureAlgorithm
}

var signatures = map[string]algorithm{
	"rsa-sha1":   {dsig.RSASHA1SignatureMethod, crypto.SHA1, x509.SHA1WithRSA},
	"rsa-sha256": {dsig.RSASHA256SignatureMethod, crypto.SHA256, x509.SHA256WithRSA},
	"rsa-sha384": {dsig.RSASHA384SignatureMethod, crypto.SHA384, x509.SHA384WithRSA},
	"rsa-sha512": {dsig.RSASHA512SignatureMethod, crypto.SHA512, x509.SHA512WithRSA},
}

var digests = map[string]crypto.Hash{"sha1": crypto.SHA1, "sha256": crypto.SHA256, "sha384": crypto.SHA384, "sha512": crypto.SHA512}

// byURI is the signature algorithm with a URI.
func byURI(uri string) (algorithm, bool) {
	for _, a := range signatures {
		if a.uri == uri {
			return a, true
		}
	}
	return algorithm{}, false
}

// Key is what messages are signed by, with its certificate in DER.
type Key interface {
	crypto.Signer
	Certificate() []byte
}

// Signing is how messages are signed: by which key, none for not at all, and by which algorithms, as Auth0
// names them.
type Signing struct {
	Key                                 Key
	SignatureAlgorithm, DigestAlgorithm string
	// Undeflated sends what goes by redirect as it would go in a form, with the signature within it.
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

// unsigned stands for a signer whose signature is filled in later.
type unsigned struct{ public crypto.PublicKey }

func (u unsigned) Public() crypto.PublicKey { return u.public }

func (unsigned) Sign(io.Reader, []byte, crypto.SignerOpts) ([]byte, error) { return nil, nil }

// sign adds a signature to an element that has an ID and no parent, behind its Issuer: SAML 2.0 Core
// section 5.4.
func (s Signing) sign(el *etree.Element) error { return s.signAt(el, dsig.DefaultIdAttr, 1) }

// signAt adds a signature to an element that an attribute identifies, before the child with an index.
//
// goxmldsig has one hash for the digest and for the signature, which Auth0's settings tell
// apart; so it makes the signature of the digest, and the method and the value are filled in here.
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
	signature, err := ctx.ConstructSignature(el.Copy(), true) // of a copy: the canonicalizer changes what it reads
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

// checkSignature holds a signature of a text against a certificate.
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
