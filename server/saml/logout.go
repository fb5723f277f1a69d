package saml

import (
	"bytes"
	"cmp"
	"crypto/x509"
	"errors"
	"slices"
	"strings"
	"time"

	"github.com/beevik/etree"
)

// Logout is a LogoutRequest, SAML 2.0 Core section 3.7.1.
type Logout struct {
	ID, Issuer, Destination, NameID string
	SessionIndexes                  []string
	// Signed says that a signature was demanded and verified.
	Signed bool
}

// AsksLogout reports whether a message is a LogoutRequest. It verifies nothing.
func AsksLogout(encoded string) bool {
	text, err := Incoming{Encoded: encoded}.decode()
	if err != nil || !bytes.Contains(text, []byte("LogoutRequest")) {
		return false
	}
	root, err := parse(text)
	return err == nil && root.Tag == "LogoutRequest"
}

// ReadLogout reads a LogoutRequest. If cert is not "", the request has to be signed by the certificate's
// key.
func ReadLogout(in Incoming, cert string, now time.Time) (l Logout, err error) {
	parsed, err := requestCertificate(cert)
	if err != nil {
		return l, err
	}
	return readLogout(in, parsed, now)
}

func readLogout(in Incoming, cert *x509.Certificate, now time.Time) (l Logout, err error) {
	root, err := in.message("LogoutRequest", cert, now)
	if err != nil {
		return l, err
	}
	l = Logout{
		ID: root.SelectAttrValue("ID", ""), Issuer: childText(root, "Issuer"), Destination: root.SelectAttrValue("Destination", ""),
		NameID: childText(root, "NameID"), Signed: cert != nil,
	}
	for _, one := range root.ChildElements() {
		if one.Tag == "SessionIndex" && one.NamespaceURI() == protocolNS {
			l.SessionIndexes = append(l.SessionIndexes, strings.TrimSpace(content(one)))
		}
	}
	if l.ID == "" || l.NameID == "" {
		return l, errMessage.With(errors.New("no ID, or no NameID"))
	}
	return l, nil
}

// EndsSession reports whether the request ends a session of the user with a NameID. A request without a
// SessionIndex ends all sessions of the user.
func (l Logout) EndsSession(nameID, sessionID string) bool {
	return l.NameID == nameID && (len(l.SessionIndexes) == 0 || slices.Contains(l.SessionIndexes, SessionIndex(sessionID)))
}

// LogoutResponse returns the answer to an application's LogoutRequest, after its session has ended.
func (s Settings) LogoutResponse(key Key, issuer, requestID, relayState string, now time.Time) (Outgoing, error) {
	response := message("LogoutResponse", cmp.Or(s.Issuer, issuer), s.LogoutURL, now)
	response.CreateAttr("InResponseTo", requestID)
	addStatus(response, statusSuccess)
	return s.signing(key).send(response, "SAMLResponse", s.LogoutURL, s.Binding, relayState)
}

// LogoutRequest returns a request that tells an application that a person's session has ended.
func (s Settings) LogoutRequest(key Key, issuer string, p Person, sessionID string, now time.Time) (Outgoing, error) {
	request := logoutRequest(cmp.Or(s.Issuer, issuer), s.LogoutURL, s.NameID(p), s.NameIDFormat, SessionIndex(sessionID), now)
	return s.signing(key).send(request, "SAMLRequest", s.LogoutURL, s.Binding, "")
}

func logoutRequest(issuer, destination, nameID, format, sessionIndex string, now time.Time) *etree.Element {
	request := message("LogoutRequest", issuer, destination, now)
	name := request.CreateElement("saml:NameID")
	name.CreateAttr("xmlns:saml", assertionNS)
	if format != "" {
		name.CreateAttr("Format", format)
	}
	name.SetText(nameID)
	if sessionIndex != "" {
		request.CreateElement("samlp:SessionIndex").SetText(sessionIndex)
	}
	return request
}
