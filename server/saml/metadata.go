package saml

import (
	"encoding/base64"

	"github.com/beevik/etree"
	dsig "github.com/russellhaering/goxmldsig"
)

// shownClaims are the attributes that Auth0 lists in its metadata.
var shownClaims = []struct{ name, friendly string }{
	{claimEmail, "E-Mail Address"}, {claimGiven, "Given Name"}, {claimName, "Name"}, {claimSurname, "Surname"}, {claimUserID, "Name ID"},
}

// Metadata returns the tenant's metadata as an identity provider, for an application, SAML 2.0
// Metadata section 2.4.3, Auth0: api/authentication/saml/get-metadata.
func Metadata(entityID, issuer, clientID string, key Key) ([]byte, error) {
	root, idp := entity(entityID, "IDPSSODescriptor")
	addKey(idp, "signing", key.Certificate())
	addServices(idp, "SingleLogoutService", LogoutEndpoint(issuer, clientID))
	addFormats(idp)
	addServices(idp, "SingleSignOnService", Endpoint(issuer, clientID))
	for _, claim := range shownClaims {
		attribute := idp.CreateElement("Attribute")
		attribute.CreateAttr("Name", claim.name)
		attribute.CreateAttr("NameFormat", "urn:oasis:names:tc:SAML:2.0:attrname-format:uri")
		attribute.CreateAttr("FriendlyName", claim.friendly)
		attribute.CreateAttr("xmlns", assertionNS)
	}
	return document(root)
}

// Metadata returns the tenant's metadata as a service provider, for an identity provider, SAML 2.0
// Metadata section 2.4.4.
func (sp ServiceProvider) Metadata() ([]byte, error) {
	root, descriptor := entity(sp.EntityID, "SPSSODescriptor")
	descriptor.CreateAttr("WantAssertionsSigned", "true")
	addKey(descriptor, "signing", sp.own.Certificate())
	addKey(descriptor, "encryption", sp.decryption.Certificate())
	addServices(descriptor, "SingleLogoutService", sp.LogoutURL)
	addFormats(descriptor)
	service := descriptor.CreateElement("AssertionConsumerService")
	service.CreateAttr("Binding", Post)
	service.CreateAttr("Location", sp.ConsumerURL)
	service.CreateAttr("index", "0")
	service.CreateAttr("isDefault", "true")
	return document(root)
}

// entity begins metadata with the descriptor of one role.
func entity(entityID, role string) (root, descriptor *etree.Element) {
	root = etree.NewElement("EntityDescriptor")
	root.CreateAttr("entityID", entityID)
	root.CreateAttr("xmlns", "urn:oasis:names:tc:SAML:2.0:metadata")
	descriptor = root.CreateElement(role)
	descriptor.CreateAttr("protocolSupportEnumeration", protocolNS)
	return root, descriptor
}

func addKey(role *etree.Element, use string, certificate []byte) {
	descriptor := role.CreateElement("KeyDescriptor")
	descriptor.CreateAttr("use", use)
	info := descriptor.CreateElement("KeyInfo")
	info.CreateAttr("xmlns", dsig.Namespace)
	info.CreateElement("X509Data").CreateElement("X509Certificate").SetText(base64.StdEncoding.EncodeToString(certificate))
}

// addServices adds an endpoint that accepts both bindings.
func addServices(role *etree.Element, tag, location string) {
	for _, binding := range []string{Redirect, Post} {
		service := role.CreateElement(tag)
		service.CreateAttr("Binding", binding)
		service.CreateAttr("Location", location)
	}
}

func addFormats(role *etree.Element) {
	for _, format := range []string{"1.1:nameid-format:emailAddress", "2.0:nameid-format:persistent", "2.0:nameid-format:transient"} {
		role.CreateElement("NameIDFormat").SetText("urn:oasis:names:tc:SAML:" + format)
	}
}

func document(root *etree.Element) ([]byte, error) {
	doc := etree.NewDocument()
	doc.SetRoot(root)
	doc.Indent(2)
	return doc.WriteToBytes()
}
