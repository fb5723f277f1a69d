package saml

import (
	"errors"
)

// LogoutRequest returns a request to the provider to end its session of a user.
func (sp ServiceProvider) LogoutRequest(nameID, format, sessionIndex, relayState string) (Outgoing, error) {
	request := logoutRequest(sp.EntityID, sp.SignOutURL, nameID, format, sessionIndex, sp.Now)
	return sp.Signing.send(request, "SAMLRequest", sp.SignOutURL, sp.Binding, relayState)
}

// ReadLogout reads a LogoutRequest of the provider, which has to be signed.
func (sp ServiceProvider) ReadLogout(in Incoming) (Logout, error) {
	l, err := readLogout(in, sp.Certificate, sp.Now)
	if err == nil && l.Destination != "" && l.Destination != sp.LogoutURL {
		err = errMessage.With(errors.New("the request is for another destination"))
	}
	return l, err
}

// LogoutResponse returns the answer to the provider's LogoutRequest, after the session has ended.
func (sp ServiceProvider) LogoutResponse(requestID, relayState string) (Outgoing, error) {
	response := message("LogoutResponse", sp.EntityID, sp.SignOutURL, sp.Now)
	response.CreateAttr("InResponseTo", requestID)
	addStatus(response, statusSuccess)
	return sp.Signing.send(response, "SAMLResponse", sp.SignOutURL, sp.Binding, relayState)
}
