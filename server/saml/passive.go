package saml

import (
	"cmp"
	"crypto/sha1" //nolint:gosec // what connections know certificates by
	"crypto/x509"
	"encoding/base64"
	"encoding/hex"
	"errors"
	"fmt"
	"net/url"
	"slices"
	"strings"
	"time"

	"github.com/beevik/etree"
	dsig "github.com/russellhaering/goxmldsig"
	"github.com/russellhaering/goxmldsig/etreeutils"

	"github.com/tenant0/tenant0/storage"
)

// RelyingParty is the tenant as the relying party of the identity provider of an ADFS connection, by WS-Federation, Auth0:
// authenticate/identity-providers/enterprise-identity-providers/adfs.
type RelyingParty struct {
	// Realm is the tenant's name at the provider, ReplyURL is where its answers are sent, SignInURL is the provider's
	// login URL.
	Realm, ReplyURL, SignInURL string
	// thumbprints are the SHA-1 hashes of the certificates that the connection trusts, in hexadecimal digits.
	thumbprints []string
	now         time.Time
}

// RelyingPartyOf returns the relying party of a connection.
func RelyingPartyOf(c storage.Connection, t Tenant) (p RelyingParty, err error) {
	p = RelyingParty{
		Realm: cmp.Or(storage.Text(c.Options, "entityId"), "urn:auth0:"+t.Name+":"+c.Name), ReplyURL: t.Issuer + "login/callback",
		SignInURL: storage.Text(c.Options, "signInEndpoint"), now: t.Now,
	}
	for _, name := range []string{"thumbprints", "prev_thumbprints"} {
		for _, one := range texts(c.Options[name]) {
			p.thumbprints = append(p.thumbprints, strings.ToLower(strings.NewReplacer(":", "", " ", "").Replace(one)))
		}
	}
	if p.SignInURL == "" || len(p.thumbprints) == 0 {
		return p, optionError("signInEndpoint and thumbprints", errors.New("no fedMetadataXml has brought them"))
	}
	return p, nil
}

// Request returns the URL of the provider for a login, Web Services Federation Language 1.2 section 13.2.1.
func (p RelyingParty) Request(context string) (string, error) {
	target, err := url.Parse(p.SignInURL)
	if err != nil {
		return "", optionError("signInEndpoint", err)
	}
	query := target.Query()
	for name, value := range map[string]string{"wa": "wsignin1.0", "wtrealm": p.Realm, "wreply": p.ReplyURL, "wctx": context} {
		query.Set(name, value)
	}
	target.RawQuery = query.Encode()
	return target.String(), nil
}

// Read verifies the result of a login: its signature, audience and times. The result is a response of WS-Trust with one
// assertion of SAML 1.1 or 2.0. Only what the signature covers is read.
func (p RelyingParty) Read(result string) (a Assertion, err error) {
	if err := tooLarge([]byte(result)); err != nil {
		return a, err
	}
	root, err := parse([]byte(result))
	if err != nil {
		return a, err
	}
	all := root.FindElements("//Assertion")
	if len(all) != 1 {
		return a, fmt.Errorf("the answer has %d assertions", len(all))
	}
	if parent := all[0].Parent(); parent == nil || parent.Tag != "RequestedSecurityToken" {
		return a, errors.New("the assertion is not a token of the response")
	}
	signed, err := p.verified(all[0])
	if err != nil {
		return a, err
	}
	switch signed.NamespaceURI() {
	case saml11NS:
		a = readSAML11(signed)
	case assertionNS:
		a = readSAML20(signed)
	default:
		return a, fmt.Errorf("an assertion of %q", signed.NamespaceURI())
	}
	if a.ID == "" || a.NameID == "" {
		return a, errors.New("the assertion has no id, or no subject")
	}
	a.Until, err = p.conditions(signed)
	return a, err
}

// verified verifies an assertion's signature by a certificate that the connection trusts, and returns the signed
// element.
func (p RelyingParty) verified(assertion *etree.Element) (*etree.Element, error) {
	cert, err := p.certificate(assertion)
	if err != nil {
		return nil, err
	}
	around, err := etreeutils.NSBuildParentContext(assertion)
	if err != nil {
		return nil, err
	}
	alone, err := etreeutils.NSDetatch(around, assertion)
	if err != nil {
		return nil, err
	}
	ctx := dsig.NewDefaultValidationContext(&dsig.MemoryX509CertificateStore{Roots: []*x509.Certificate{cert}})
	ctx.Clock = dsig.NewFakeClockAt(p.now)
	if alone.SelectAttr("AssertionID") != nil {
		ctx.IdAttribute = "AssertionID"
	}
	return ctx.Validate(alone)
}

// certificate returns the certificate in the signature, if the connection trusts it.
func (p RelyingParty) certificate(assertion *etree.Element) (*x509.Certificate, error) {
	for _, el := range assertion.FindElements("./Signature/KeyInfo/X509Data/X509Certificate") {
		der, err := base64.StdEncoding.DecodeString(trimmed(el.Text()))
		if err != nil {
			return nil, err
		}
		sum := sha1.Sum(der) //nolint:gosec // as above
		if slices.Contains(p.thumbprints, hex.EncodeToString(sum[:])) {
			return readCertificate(der)
		}
	}
	return nil, errors.New("the assertion is signed by no key that the connection knows")
}

// conditions checks that an assertion is for this tenant and valid now, and returns when it expires.
func (p RelyingParty) conditions(assertion *etree.Element) (until time.Time, err error) {
	conditions := assertion.SelectElement("Conditions")
	if conditions == nil {
		return until, errors.New("the assertion has no conditions")
	}
	for _, bound := range []struct {
		name string
		over func(time.Time) bool
	}{{"NotBefore", p.now.Before}, {"NotOnOrAfter", func(end time.Time) bool { until = end; return !p.now.Before(end) }}} {
		at, err := time.Parse(time.RFC3339, conditions.SelectAttrValue(bound.name, ""))
		if err != nil || bound.over(at) {
			return until, fmt.Errorf("%s is %q", bound.name, conditions.SelectAttrValue(bound.name, ""))
		}
	}
	audiences := append(conditions.FindElements("./AudienceRestrictionCondition/Audience"), conditions.FindElements("./AudienceRestriction/Audience")...)
	if !slices.ContainsFunc(audiences, func(el *etree.Element) bool { return content(el) == p.Realm }) {
		return until, errors.New("the assertion is for another audience")
	}
	return until, nil
}

// readSAML11 reads an assertion of SAML 1.1, in which the name of an attribute has two parts.
func readSAML11(el *etree.Element) Assertion {
	a := Assertion{ID: el.SelectAttrValue("AssertionID", ""), Issuer: el.SelectAttrValue("Issuer", ""), Attributes: map[string][]string{}}
	if name := el.FindElement("./AttributeStatement/Subject/NameIdentifier"); name != nil {
		a.NameID, a.NameIDFormat = content(name), name.SelectAttrValue("Format", "")
	} else if name := el.FindElement("./AuthenticationStatement/Subject/NameIdentifier"); name != nil {
		a.NameID, a.NameIDFormat = content(name), name.SelectAttrValue("Format", "")
	}
	for _, attribute := range el.FindElements("./AttributeStatement/Attribute") {
		name := attribute.SelectAttrValue("AttributeName", "")
		if namespace := attribute.SelectAttrValue("AttributeNamespace", ""); namespace != "" {
			name = namespace + "/" + name
		}
		a.add(name, attribute)
	}
	return a
}

// readSAML20 reads an assertion of SAML 2.0.
func readSAML20(el *etree.Element) Assertion {
	a := Assertion{ID: el.SelectAttrValue("ID", ""), Issuer: childText(el, "Issuer"), Attributes: map[string][]string{}}
	if name := el.FindElement("./Subject/NameID"); name != nil {
		a.NameID, a.NameIDFormat = content(name), name.SelectAttrValue("Format", "")
	}
	for _, attribute := range el.FindElements("./AttributeStatement/Attribute") {
		a.add(attribute.SelectAttrValue("Name", ""), attribute)
	}
	return a
}

func (a *Assertion) add(name string, attribute *etree.Element) {
	for _, value := range attribute.SelectElements("AttributeValue") {
		a.Attributes[name] = append(a.Attributes[name], content(value))
	}
}
