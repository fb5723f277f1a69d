package saml

import (
	"bytes"
	"compress/flate"
	"crypto/x509"
	"encoding/base64"
	"encoding/pem"
	"encoding/xml"
	"errors"
	"fmt"
	"io"
	"net/http"
	"net/url"
	"strings"
	"time"

	"github.com/beevik/etree"
	dsig "github.com/russellhaering/goxmldsig"

	"github.com/tenant0/tenant0/keys"
	"github.com/tenant0/tenant0/server/apierr"
)

// Namespaces of SAML 2.0.
const (
	protocolNS  = "urn:oasis:names:tc:SAML:2.0:protocol"
	assertionNS = "urn:oasis:names:tc:SAML:2.0:assertion"
)

// Limits of a message: its inflated size in bytes, and the number of its XML tokens.
const (
	maxMessage = 256 << 10
	maxTokens  = 20_000
)

// errMessage is the error for a message that cannot be read.
var errMessage = &apierr.Error{Status: http.StatusBadRequest, Code: "invalid_request", Message: "Invalid SAML Request"}

// errUnsigned is the error for a message without the signature that the settings demand.
var errUnsigned = &apierr.Error{
	Status: http.StatusBadRequest, Code: "invalid_request", Setting: "signingCert of the add-on samlp of the application, or among the options of the connection",
	Message: "SAMLRequest message MUST be signed when using an asynchronous binding (POST or Redirect)",
}

func errSignature(cause error) error {
	return (&apierr.Error{
		Status: http.StatusBadRequest, Code: "invalid_request", Setting: "signingCert of the add-on samlp of the application, or among the options of the connection",
		Message: "Signature check errors: the signature of the SAML message could not be verified",
	}).With(cause)
}

func errSetting(name, value string) error {
	return &apierr.Error{
		Status: http.StatusBadRequest, Code: "invalid_request", Message: fmt.Sprintf("Unknown value of %s: %q", name, value),
		Setting: name + " of the add-on samlp of the application",
	}
}

// Incoming is a message as it was received.
type Incoming struct {
	// Name is the name of the parameter, SAMLRequest or SAMLResponse, Encoded is its value. RelayState
	// is the parameter of that name.
	Name, Encoded, RelayState string
	// Query is the raw query of a message sent by redirect, "" for a message in a form.
	Query string
}

// decode returns the XML of a message. A message sent by redirect is deflated. Auth0 also accepts XML
// that is not deflated.
func (in Incoming) decode() ([]byte, error) {
	raw, err := base64.StdEncoding.DecodeString(trimmed(strings.ReplaceAll(in.Encoded, " ", "+")))
	if err != nil {
		return nil, err
	}
	if bytes.HasPrefix(raw, []byte("<")) {
		return raw, tooLarge(raw)
	}
	text, err := io.ReadAll(io.LimitReader(flate.NewReader(bytes.NewReader(raw)), maxMessage+1))
	if err != nil {
		return nil, err
	}
	return text, tooLarge(text)
}

func tooLarge(text []byte) error {
	if len(text) > maxMessage {
		return errors.New("the message is too large")
	}
	return nil
}

// parse parses XML. It refuses document type declarations, which could declare entities, and XML with
// too many parts.
func parse(text []byte) (*etree.Element, error) {
	d := xml.NewDecoder(bytes.NewReader(text))
	depth, roots := 0, 0
	for n := 0; ; n++ {
		token, err := d.RawToken()
		if errors.Is(err, io.EOF) {
			break
		}
		if err != nil {
			return nil, err
		}
		switch token.(type) {
		case xml.StartElement:
			if depth++; depth == 1 {
				roots++
			}
		case xml.EndElement:
			depth--
		case xml.Directive:
			return nil, errors.New("a document type")
		}
		if n > maxTokens || roots > 1 {
			return nil, errors.New("too many parts, or two messages")
		}
	}
	doc := etree.NewDocument()
	if err := doc.ReadFromBytes(text); err != nil {
		return nil, err
	}
	if doc.Root() == nil {
		return nil, errors.New("no element")
	}
	return doc.Root(), nil
}

// message returns the root element of a message, which has to have the given tag. With a certificate,
// the message has to be signed by its key, and the returned element is the signed one.
func (in Incoming) message(tag string, cert *x509.Certificate, now time.Time) (root *etree.Element, err error) {
	text, err := in.decode()
	if err != nil {
		return nil, errMessage.With(err)
	}
	if root, err = parse(text); err != nil {
		return nil, errMessage.With(err)
	}
	if cert != nil {
		if root, err = in.verified(root, cert, now); err != nil {
			return nil, err
		}
	}
	if root.Tag != tag || root.NamespaceURI() != protocolNS {
		return nil, errMessage.With(fmt.Errorf("the element is %s of %q", root.Tag, root.NamespaceURI()))
	}
	return root, nil
}

// verified verifies the signature of a message against a certificate. The signature is in the XML of
// the message, or in the query of a redirect.
func (in Incoming) verified(root *etree.Element, cert *x509.Certificate, now time.Time) (*etree.Element, error) {
	if in.Query != "" && queryPart(in.Query, "Signature") != "" {
		return root, in.verifyQuery(cert)
	}
	ctx := dsig.NewDefaultValidationContext(&dsig.MemoryX509CertificateStore{Roots: []*x509.Certificate{cert}})
	ctx.Clock = dsig.NewFakeClockAt(now)
	signed, err := ctx.Validate(root)
	if errors.Is(err, dsig.ErrMissingSignature) {
		return nil, errUnsigned
	}
	if err != nil {
		return nil, errSignature(err)
	}
	return signed, nil
}

// verifyQuery verifies the signature in a query, SAML 2.0 Bindings section 3.4.4.1: it covers the
// parameters exactly as they were sent.
func (in Incoming) verifyQuery(cert *x509.Certificate) error {
	values, err := url.ParseQuery(in.Query)
	if err != nil {
		return errSignature(err)
	}
	var parts []string
	for _, name := range []string{in.Name, "RelayState", "SigAlg"} {
		part := queryPart(in.Query, name)
		if part == "" && values.Has(name) { // its name is escaped, so that the signature would not cover it
			return errSignature(fmt.Errorf("the name of the parameter %s is escaped", name))
		}
		if part != "" {
			parts = append(parts, part)
		}
	}
	signature, err := base64.StdEncoding.DecodeString(trimmed(values.Get("Signature")))
	if err != nil {
		return errSignature(err)
	}
	if err := checkSignature(cert, values.Get("SigAlg"), []byte(strings.Join(parts, "&")), signature); err != nil {
		return errSignature(err)
	}
	return nil
}

// queryPart returns the part name=value of a query for a parameter, exactly as it was sent.
func queryPart(query, name string) string {
	for part := range strings.SplitSeq(query, "&") {
		if strings.HasPrefix(part, name+"=") {
			return part
		}
	}
	return ""
}

// requestCertificate reads the certificate in the setting signingCert; nil if the setting is empty.
func requestCertificate(text string) (*x509.Certificate, error) {
	if text == "" {
		return nil, nil //nolint:nilnil // requests need not be signed
	}
	cert, err := Certificate(text)
	if err != nil {
		return nil, errSignature(err)
	}
	return cert, nil
}

// Certificate reads a certificate from a setting: PEM, or the base64 of PEM or DER.
func Certificate(text string) (*x509.Certificate, error) {
	raw := []byte(text)
	if !strings.Contains(text, "-----BEGIN") {
		decoded, err := base64.StdEncoding.DecodeString(trimmed(text))
		if err != nil {
			return nil, err
		}
		raw = decoded
	}
	if block, _ := pem.Decode(raw); block != nil {
		raw = block.Bytes
	}
	return readCertificate(raw)
}

// readCertificate reads a certificate in DER. It refuses one whose key is not fit to sign.
func readCertificate(der []byte) (*x509.Certificate, error) {
	cert, err := x509.ParseCertificate(der)
	if err != nil {
		return nil, err
	}
	if err := keys.CheckOld(cert.PublicKey); err != nil {
		return nil, fmt.Errorf("the key of the certificate %s cannot be used: %w", cert.Subject, err)
	}
	return cert, nil
}

// AuthnRequest is the login request of a service provider, SAML 2.0 Core section 3.4.1.
type AuthnRequest struct {
	ID, Issuer, ConsumerURL, Destination string
	// Signed says that a signature was demanded and verified, Force that the user has to log in again.
	Signed, Force bool
	// Contexts are the authentication context classes that the service provider accepts.
	Contexts []string
}

// ReadAuthnRequest reads an AuthnRequest. If cert is not "", the request has to be signed by the
// certificate's key.
func ReadAuthnRequest(in Incoming, cert string, now time.Time) (rq AuthnRequest, err error) {
	parsed, err := requestCertificate(cert)
	if err != nil {
		return rq, err
	}
	root, err := in.message("AuthnRequest", parsed, now)
	if err != nil {
		return rq, err
	}
	rq = AuthnRequest{
		ID: root.SelectAttrValue("ID", ""), Issuer: childText(root, "Issuer"), Destination: root.SelectAttrValue("Destination", ""),
		ConsumerURL: root.SelectAttrValue("AssertionConsumerServiceURL", ""), Signed: cert != "", Force: isTrue(root, "ForceAuthn"),
	}
	if rq.ID == "" {
		return rq, errMessage.With(errors.New("no ID"))
	}
	if wanted := child(root, protocolNS, "RequestedAuthnContext"); wanted != nil {
		for _, one := range wanted.SelectElements("AuthnContextClassRef") {
			rq.Contexts = append(rq.Contexts, strings.TrimSpace(content(one)))
		}
	}
	return rq, nil
}

func isTrue(el *etree.Element, attribute string) bool {
	value := el.SelectAttrValue(attribute, "")
	return value == "true" || value == "1" // xs:boolean
}

// child returns the first child of an element with a name, or nil.
func child(el *etree.Element, namespace, tag string) *etree.Element {
	for _, one := range el.ChildElements() {
		if one.Tag == tag && one.NamespaceURI() == namespace {
			return one
		}
	}
	return nil
}

func childText(el *etree.Element, tag string) string {
	if one := child(el, assertionNS, tag); one != nil {
		return strings.TrimSpace(content(one))
	}
	return ""
}

// content returns the whole text of an element, even if XML comments split it. Reading only the text
// before a comment would let an attacker shorten a signed name.
func content(el *etree.Element) string {
	var b strings.Builder
	for _, token := range el.Child {
		if text, ok := token.(*etree.CharData); ok {
			b.WriteString(text.Data)
		}
	}
	return b.String()
}
