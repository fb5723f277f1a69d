package saml

import (
	"cmp"
	"encoding/base64"
	"time"

	"github.com/beevik/etree"

	"github.com/tenant0/tenant0/keys"
)

// Answer holds what a service provider is told about a person who has logged in.
type Answer struct {
	// Issuer is the issuer of the answer, ConsumerURL the URL that it is sent to.
	Issuer, ConsumerURL string
	// RequestID and Requester are the id and the issuer of the AuthnRequest, "" for a login without a
	// request.
	RequestID, Requester string
	// SessionID is the id of the session of the login, Now the time of the answer.
	SessionID string
	Now       time.Time
	Person    Person
}

// instant formats a time for SAML, SAML 2.0 Core section 1.3.3.
func instant(t time.Time) string { return t.UTC().Format("2006-01-02T15:04:05.000Z") }

// newID returns a new id for a message or an assertion, SAML 2.0 Core section 1.3.4.
func newID() string { return "_" + keys.Random(24) }

// SessionIndex returns the SessionIndex that a session has at service providers.
func SessionIndex(sessionID string) string { return "_" + sessionID }

// Respond returns a response with an assertion, SAML 2.0 Profiles section 4.1.4.2. As at Auth0 the
// assertion is signed, or, if the settings say so, the response.
func (s Settings) Respond(key Key, a Answer) (encoded string, err error) {
	a.Issuer = cmp.Or(s.Issuer, a.Issuer)
	signing := s.signing(key)
	assertion := s.assertion(a)
	if !s.SignResponse {
		if err := signing.sign(assertion); err != nil {
			return "", err
		}
	}
	response := message("Response", a.Issuer, cmp.Or(s.Destination, a.ConsumerURL), a.Now)
	if a.RequestID != "" {
		response.CreateAttr("InResponseTo", a.RequestID)
	}
	addStatus(response, statusSuccess)
	response.AddChild(assertion)
	if s.SignResponse {
		if err := signing.sign(response); err != nil {
			return "", err
		}
	}
	return encode(response)
}

func (s Settings) signing(key Key) Signing {
	return Signing{Key: key, SignatureAlgorithm: s.SignatureAlgorithm, DigestAlgorithm: s.DigestAlgorithm}
}

// statusSuccess is the status code of success, SAML 2.0 Core section 3.2.2.2.
const statusSuccess = "urn:oasis:names:tc:SAML:2.0:status:Success"

func addStatus(message *etree.Element, code string) {
	message.CreateElement("samlp:Status").CreateElement("samlp:StatusCode").CreateAttr("Value", code)
}

// message begins a protocol message.
func message(tag, issuer, destination string, now time.Time) *etree.Element {
	m := etree.NewElement("samlp:" + tag)
	m.CreateAttr("xmlns:samlp", protocolNS)
	m.CreateAttr("ID", newID())
	m.CreateAttr("Version", "2.0")
	m.CreateAttr("IssueInstant", instant(now))
	if destination != "" {
		m.CreateAttr("Destination", destination)
	}
	i := m.CreateElement("saml:Issuer")
	i.CreateAttr("xmlns:saml", assertionNS)
	i.SetText(issuer)
	return m
}

func encode(el *etree.Element) (string, error) {
	text, err := serialize(el)
	return base64.StdEncoding.EncodeToString(text), err
}

// serialize returns the text of an element with line breaks in texts and attributes written as character
// references, as canonicalization needs it. etree does so only with these settings.
func serialize(el *etree.Element) ([]byte, error) {
	doc := etree.NewDocument()
	doc.WriteSettings = etree.WriteSettings{CanonicalText: true, CanonicalAttrVal: true, CanonicalEndTags: true}
	doc.SetRoot(el)
	return doc.WriteToBytes()
}

func (s Settings) assertion(a Answer) *etree.Element {
	now, until := instant(a.Now), instant(a.Now.Add(s.Lifetime))
	el := etree.NewElement("saml:Assertion")
	el.CreateAttr("xmlns:saml", assertionNS)
	el.CreateAttr("Version", "2.0")
	el.CreateAttr("ID", newID())
	el.CreateAttr("IssueInstant", now)
	el.CreateElement("saml:Issuer").SetText(a.Issuer)

	subject := el.CreateElement("saml:Subject")
	name := subject.CreateElement("saml:NameID")
	name.CreateAttr("Format", s.NameIDFormat)
	name.SetText(s.NameID(a.Person))
	confirmation := subject.CreateElement("saml:SubjectConfirmation")
	confirmation.CreateAttr("Method", "urn:oasis:names:tc:SAML:2.0:cm:bearer")
	data := confirmation.CreateElement("saml:SubjectConfirmationData")
	data.CreateAttr("NotOnOrAfter", until)
	data.CreateAttr("Recipient", cmp.Or(s.Recipient, a.ConsumerURL))
	if a.RequestID != "" {
		data.CreateAttr("InResponseTo", a.RequestID)
	}

	conditions := el.CreateElement("saml:Conditions")
	conditions.CreateAttr("NotBefore", now)
	conditions.CreateAttr("NotOnOrAfter", until)
	if audience := cmp.Or(s.Audience, a.Requester); audience != "" {
		conditions.CreateElement("saml:AudienceRestriction").CreateElement("saml:Audience").SetText(audience)
	}

	statement := el.CreateElement("saml:AuthnStatement")
	statement.CreateAttr("AuthnInstant", now)
	statement.CreateAttr("SessionIndex", SessionIndex(a.SessionID))
	statement.CreateElement("saml:AuthnContext").CreateElement("saml:AuthnContextClassRef").SetText(s.AuthnContext)
	s.addAttributes(el, a.Person)
	return el
}

func (s Settings) addAttributes(assertion *etree.Element, p Person) {
	all := s.attributes(p)
	if len(all) == 0 {
		return // an AttributeStatement needs an attribute, SAML 2.0 Core section 2.7.3
	}
	statement := assertion.CreateElement("saml:AttributeStatement")
	statement.CreateAttr("xmlns:xs", "http://www.w3.org/2001/XMLSchema")
	statement.CreateAttr("xmlns:xsi", "http://www.w3.org/2001/XMLSchema-instance")
	for _, one := range all {
		el := statement.CreateElement("saml:Attribute")
		el.CreateAttr("Name", one.name)
		if s.NameFormat {
			el.CreateAttr("NameFormat", nameFormat(one.name))
		}
		for _, value := range one.values {
			text, kind := s.shown(one.name, value)
			v := el.CreateElement("saml:AttributeValue")
			v.CreateAttr("xsi:type", kind)
			v.SetText(text)
		}
	}
}
