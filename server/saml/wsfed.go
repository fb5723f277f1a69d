package saml

import (
	"cmp"
	"strings"
	"time"

	"github.com/beevik/etree"
)

// wsfedLifetime is how long assertions are valid that WS-Federation carries.
const wsfedLifetime = 8 * time.Hour

// Names of WS-Trust and of SAML 1.1, which Auth0 uses in answers of WS-Federation.
const (
	trustNS       = "http://schemas.xmlsoap.org/ws/2005/02/trust"
	saml11NS      = "urn:oasis:names:tc:SAML:1.0:assertion"
	bearer        = "urn:oasis:names:tc:SAML:1.0:cm:bearer" //nolint:gosec // a name
	federationNS  = "http://docs.oasis-open.org/wsfed/federation/200706"
	addressingNS  = "http://www.w3.org/2005/08/addressing"
	authClaimsNS  = "http://docs.oasis-open.org/wsfed/authorization/200706"
	passwordClass = "urn:oasis:names:tc:SAML:1.0:am:password" //nolint:gosec // a name
)

// Realm returns a name in a form that WS-Federation allows: unchanged if it is a URL or a URN, otherwise as a
// URN.
func Realm(name string) string {
	for _, prefix := range []string{"http:", "https:", "urn:"} {
		if strings.HasPrefix(name, prefix) {
			return name
		}
	}
	return "urn:" + name
}

// WSFederation returns the result of a login by WS-Federation, Web Services Federation Language 1.2 section
// 13.2.4: a response of WS-Trust with an assertion of SAML 1.1 for the realm that asked.
func WSFederation(key Key, a Answer, context string) (string, error) {
	s := defaults()
	assertion := s.saml11Assertion(a)
	if err := s.signing(key).signAt(assertion, "AssertionID", len(assertion.Child)); err != nil {
		return "", err
	}
	response := etree.NewElement("t:RequestSecurityTokenResponse")
	response.CreateAttr("xmlns:t", trustNS)
	if context != "" {
		response.CreateAttr("Context", context)
	}
	response.CreateElement("t:RequestedSecurityToken").AddChild(assertion)
	text, err := serialize(response)
	return string(text), err
}

// saml11Assertion returns an assertion of SAML 1.1, Assertions and Protocol for SAML 1.1 section 2.3.
func (s Settings) saml11Assertion(a Answer) *etree.Element {
	now := instant(a.Now)
	el := etree.NewElement("saml:Assertion")
	el.CreateAttr("xmlns:saml", saml11NS)
	el.CreateAttr("MajorVersion", "1")
	el.CreateAttr("MinorVersion", "1")
	el.CreateAttr("AssertionID", newID())
	el.CreateAttr("IssueInstant", now)
	el.CreateAttr("Issuer", a.Issuer)

	conditions := el.CreateElement("saml:Conditions")
	conditions.CreateAttr("NotBefore", now)
	conditions.CreateAttr("NotOnOrAfter", instant(a.Now.Add(wsfedLifetime)))
	conditions.CreateElement("saml:AudienceRestrictionCondition").CreateElement("saml:Audience").SetText(cmp.Or(a.Requester, a.ConsumerURL))

	nameID := s.NameID(a.Person)
	statement := el.CreateElement("saml:AttributeStatement")
	addSubject(statement, nameID, s.NameIDFormat)
	for _, one := range s.attributes(a.Person) {
		namespace, name := "", one.name
		if i := strings.LastIndex(one.name, "/"); i >= 0 {
			namespace, name = one.name[:i], one.name[i+1:]
		}
		attribute := statement.CreateElement("saml:Attribute")
		attribute.CreateAttr("AttributeNamespace", namespace)
		attribute.CreateAttr("AttributeName", name)
		for _, value := range one.values {
			text, _ := s.shown(one.name, value)
			attribute.CreateElement("saml:AttributeValue").SetText(text)
		}
	}
	authentication := el.CreateElement("saml:AuthenticationStatement")
	authentication.CreateAttr("AuthenticationMethod", passwordClass)
	authentication.CreateAttr("AuthenticationInstant", now)
	addSubject(authentication, nameID, s.NameIDFormat)
	return el
}

func addSubject(statement *etree.Element, nameID, format string) {
	subject := statement.CreateElement("saml:Subject")
	name := subject.CreateElement("saml:NameIdentifier")
	name.CreateAttr("Format", format)
	name.SetText(nameID)
	subject.CreateElement("saml:SubjectConfirmation").CreateElement("saml:ConfirmationMethod").SetText(bearer)
}

// FederationMetadata returns the tenant's metadata for applications of WS-Federation. endpoint is where they
// send requests, Auth0: api/authentication/ws-federation/get-ws-federation-metadata.
func FederationMetadata(entityID, endpoint string, key Key) ([]byte, error) {
	root, role := entity(entityID, "RoleDescriptor")
	role.CreateAttr("xsi:type", "fed:SecurityTokenServiceType")
	role.CreateAttr("protocolSupportEnumeration", federationNS)
	role.CreateAttr("ServiceDisplayName", entityID)
	role.CreateAttr("xmlns:xsi", "http://www.w3.org/2001/XMLSchema-instance")
	role.CreateAttr("xmlns:fed", federationNS)
	addKey(role, "signing", key.Certificate())
	role.CreateElement("fed:TokenTypesOffered").CreateElement("fed:TokenType").CreateAttr("Uri", saml11NS)
	offered := role.CreateElement("fed:ClaimTypesOffered")
	for _, claim := range shownClaims {
		el := offered.CreateElement("auth:ClaimType")
		el.CreateAttr("Uri", claim.name)
		el.CreateAttr("Optional", "true")
		el.CreateAttr("xmlns:auth", authClaimsNS)
		el.CreateElement("auth:DisplayName").SetText(claim.friendly)
	}
	reference := role.CreateElement("fed:PassiveRequestorEndpoint").CreateElement("EndpointReference")
	reference.CreateAttr("xmlns", addressingNS)
	reference.CreateElement("Address").SetText(endpoint)
	return document(root)
}
