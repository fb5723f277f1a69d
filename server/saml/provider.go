package saml

import (
	"crypto/x509"
	"encoding/xml"
	"errors"
	"fmt"
	"time"

	saml2 "github.com/russellhaering/gosaml2"
	"github.com/russellhaering/gosaml2/types"
	dsig "github.com/russellhaering/goxmldsig"
)

// ServiceProvider is the tenant as an identity provider knows it.
type ServiceProvider struct {
	// EntityID is what it is called, and ConsumerURL where the provider's answers go.
	EntityID, ConsumerURL string
	// SignInURL is where the provider is asked, and Certificate what its signatures are held against.
	SignInURL   string
	Certificate *x509.Certificate
	Now         time.Time
}

// maxAnswer bounds a provider's answer once it is inflated, in bytes.
const maxAnswer = 1 << 20

func (sp ServiceProvider) library() *saml2.SAMLServiceProvider {
	return &saml2.SAMLServiceProvider{
		IdentityProviderSSOURL: sp.SignInURL, ServiceProviderIssuer: sp.EntityID, AudienceURI: sp.EntityID,
		AssertionConsumerServiceURL: sp.ConsumerURL, NameIdFormat: saml2.NameIdFormatUnspecified, AllowMissingAttributes: true,
		IDPCertificateStore:         &dsig.MemoryX509CertificateStore{Roots: []*x509.Certificate{sp.Certificate}},
		Clock:                       dsig.NewFakeClockAt(sp.Now),
		MaximumDecompressedBodySize: maxAnswer, MaximumXMLTokens: maxTokens,
	}
}

// RequestURL is where the browser is sent to ask the provider who logs in, with a request in the query:
// SAML 2.0 Bindings section 3.4. It returns the id of the request, too, which the answer has to name.
func (sp ServiceProvider) RequestURL(relayState string) (target, id string, err error) {
	library := sp.library()
	doc, err := library.BuildAuthRequestDocumentNoSig()
	if err != nil {
		return "", "", err
	}
	target, err = library.BuildAuthURLFromDocument(relayState, doc)
	return target, doc.Root().SelectAttrValue("ID", ""), err
}

// Assertion is what a provider says of somebody, once it is proven.
type Assertion struct {
	ID, Issuer, NameID, SessionIndex string
	Attributes                       map[string][]string
	// Until is when it ends, the zero time where it does not say.
	Until time.Time
}

// Read holds an answer of the provider against SAML 2.0 Profiles section 4.1.4.3: signature, audience,
// recipient, times, and the request that it answers, "" for one that nobody has asked for.
func (sp ServiceProvider) Read(encoded, request string) (a Assertion, err error) {
	info, err := sp.library().RetrieveAssertionInfo(encoded)
	if err != nil {
		return a, err
	}
	if w := info.WarningInfo; w.InvalidTime || w.NotInAudience {
		return a, fmt.Errorf("invalid time: %t, another audience: %t", w.InvalidTime, w.NotInAudience)
	}
	if len(info.Assertions) != 1 {
		return a, fmt.Errorf("the answer has %d assertions", len(info.Assertions))
	}
	one := info.Assertions[0]
	data := one.Subject.SubjectConfirmation.SubjectConfirmationData
	switch {
	case one.Conditions == nil || len(one.Conditions.AudienceRestrictions) == 0:
		return a, errors.New("the assertion is for no audience")
	case data.InResponseTo != request:
		return a, fmt.Errorf("the assertion answers the request %q", data.InResponseTo)
	case one.ID == "":
		return a, errors.New("the assertion has no id")
	}
	a = Assertion{ID: one.ID, Issuer: one.Issuer.Value, NameID: info.NameID, SessionIndex: info.SessionIndex, Attributes: values(one.AttributeStatement)}
	if end, err := time.Parse(time.RFC3339, data.NotOnOrAfter); err == nil {
		a.Until = end
	}
	return a, nil
}

func values(statement *types.AttributeStatement) map[string][]string {
	all := map[string][]string{}
	if statement == nil {
		return all
	}
	for _, attribute := range statement.Attributes {
		for _, value := range attribute.Values {
			all[attribute.Name] = append(all[attribute.Name], value.Value)
		}
	}
	return all
}

// Metadata describes the tenant to the provider, SAML 2.0 Metadata section 2.4.4.
func (sp ServiceProvider) Metadata() ([]byte, error) {
	description := types.EntityDescriptor{
		EntityID: sp.EntityID, ValidUntil: sp.Now.Add(metadataLifetime).UTC(),
		SPSSODescriptor: &types.SPSSODescriptor{
			WantAssertionsSigned: true, ProtocolSupportEnumeration: saml2.SAMLProtocolNamespace,
			AssertionConsumerServices: []types.IndexedEndpoint{{Binding: Post, Location: sp.ConsumerURL, Index: 0}},
		},
	}
	raw, err := xml.MarshalIndent(description, "", "  ")
	return append([]byte(xml.Header), raw...), err
}

// metadataLifetime is how long a description holds.
const metadataLifetime = 7 * 24 * time.Hour
