package saml

import (
	"encoding/base64"

	"github.com/beevik/etree"
	dsig "github.com/russellhaering/goxmldsig"
)

// shownClaims are the attributes that Auth0's metadata lists.
var shownClaims = []struct{ name, friendly string }{
	{claimEmail, "E-Mail Address"}, {claimGiven, "Given Name"}, {claimName, "Name"}, {claimSurname, "Surname"}, {claimUserID, "Name ID"},
}

// Metadata describes the tenant as the identity provider of an application, SAML 2.0 Metadata section
// 2.4.3, Auth0: api/authentication/saml/get-metadata.
func Metadata(entityID, issuer, clientID string, key Key) ([]byte, error) {
	root := etree.NewElement("EntityDescriptor")
	root.CreateAttr("entityID", entityID)
	root.CreateAttr("xmlns", "urn:oasis:names:tc:SAML:2.0:metadata")
	idp := root.CreateElement("IDPSSODescriptor")
	idp.CreateAttr("protocolSupportEnumeration", protocolNS)
	descriptor := idp.CreateElement("KeyDescriptor")
	descriptor.CreateAttr("use", "signing")
	info := descriptor.CreateElement("KeyInfo")
	info.CreateAttr("xmlns", dsig.Namespace)
	info.CreateElement("X509Data").CreateElement("X509Certificate").SetText(base64.StdEncoding.EncodeToString(key.Certificate()))
	services := func(tag, location string) {
		for _, binding := range []string{Redirect, Post} {
			service := idp.CreateElement(tag)
			service.CreateAttr("Binding", binding)
			service.CreateAttr("Location", location)
		}
	}
	services("SingleLogoutService", LogoutEndpoint(issuer, clientID))
	for _, format := range []string{"1.1:nameid-format:emailAddress", "2.0:nameid-format:persistent", "2.0:nameid-format:transient"} {
		idp.CreateElement("NameIDFormat").SetText("urn:oasis:names:tc:SAML:" + format)
	}
	services("SingleSignOnService", Endpoint(issuer, clientID))
	for _, claim := range shownClaims {
		attribute := idp.CreateElement("Attribute")
		attribute.CreateAttr("Name", claim.name)
		attribute.CreateAttr("NameFormat", "urn:oasis:names:tc:SAML:2.0:attrname-format:uri")
		attribute.CreateAttr("FriendlyName", claim.friendly)
		attribute.CreateAttr("xmlns", assertionNS)
	}
	doc := etree.NewDocument()
	doc.SetRoot(root)
	doc.Indent(2)
	return doc.WriteToBytes()
}
