package saml

import (
	"errors"
)

// LogoutRequest asks the provider to end its session of somebody whom it has named.
func (sp ServiceProvider) LogoutRequest(nameID, format, sessionIndex, relayState string) (Outgoing, error) {
	request := logoutRequest(sp.EntityID, sp.SignOutURL, nameID, format, sessionIndex, sp.Now)
	return sp.Signing.send(request, "SAMLRequest", sp.SignOutURL, sp.Binding, relayState)
}

// ReadLogout reads a request of the provider to end a session, which has to be signed.
func (sp ServiceProvider) ReadLogout(in Incoming) (Logout, error) {
	l, err := readLogout(in, sp.Certificate, sp.Now)
	if err == nil && l.Destination != "" && l.Destination != sp.LogoutURL {
		err = errMessage.With(errors.New("the request is for another destination"))
	}
	return l, err
}

// LogoutResponse tells the provider that a session has ended which it has asked to end.
func (sp ServiceProvider) LogoutResponse(requestID, relayState string) (Outgoing, error) {
	response := message("LogoutResponse", sp.EntityID, sp.SignOutURL, sp.Now)
	response.CreateAttr("InResponseTo", requestID)
	addStatus(response, statusSuccess)
	return sp.Signing.send(response, "SAMLResponse", sp.SignOutURL, sp.Binding, relayState)
}
