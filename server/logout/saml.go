package logout

import (
	"net/http"
	"net/url"
	"slices"

	"github.com/tenant0/tenant0/server/apierr"
	"github.com/tenant0/tenant0/server/saml"
	"github.com/tenant0/tenant0/server/tenantlog"
	"github.com/tenant0/tenant0/server/web"
	"github.com/tenant0/tenant0/storage"
)

var (
	errNoLogoutURL = &apierr.Error{
		Status: http.StatusBadRequest, Code: "invalid_request", Message: "The logout URL may be missing or misconfigured",
		Setting: "logout.callback of the add-on samlp of the application",
	}
	errParticipant = &apierr.Error{
		Status: http.StatusBadRequest, Code: "invalid_request", Message: "Invalid Session Participant",
		Setting: "the NameID and the SessionIndex of the request",
	}
)

// samlp takes SAML logout messages of applications by redirect, and begins a logout without a message,
// Auth0: authenticate/login/logout/log-users-out-of-saml-idps.
//
//auth0:operation GET /samlp/{client_id}/logout
func (m *room) samlp(w http.ResponseWriter, r *http.Request) error {
	params, err := web.Query(r)
	if err != nil {
		return err
	}
	return m.saml(w, r, params, r.URL.RawQuery)
}

// samlpForm takes the same messages from a form, Auth0: api/authentication/logout/saml-logout. The
// origin is not checked, because a page of the service provider sends the form.
//
//auth0:operation POST /samlp/{client_id}/logout
func (m *room) samlpForm(w http.ResponseWriter, r *http.Request) error {
	params, err := web.Form(w, r)
	if err != nil {
		return err
	}
	return m.saml(w, r, params, "")
}

// participant is an application in a SAML logout, with the browser's session and its user, which are
// empty if there is no session.
type participant struct {
	client   storage.Client
	settings saml.Settings
	session  storage.Session
	person   saml.Person
}

func (m *room) saml(w http.ResponseWriter, r *http.Request, params url.Values, query string) error {
	p, err := m.participant(r)
	if err == nil {
		err = m.answerSAML(w, r, p, params, query)
	}
	if err != nil {
		m.Log.Record(r, tenantlog.Event{Type: tenantlog.FailedLogout, Description: tenantlog.Reason(err), ClientID: p.client.ClientID})
	}
	return err
}

func (m *room) participant(r *http.Request) (p participant, err error) {
	id := web.Param(r, "client_id")
	err = m.DB.View(r.Context(), func(tx *storage.Tx) error {
		p.client, err = tx.Clients.Get(id)
		if storage.IsNotFound(err) {
			return apierr.UnknownClient(id)
		}
		if err != nil {
			return err
		}
		p.person.ClientID = id
		if p.session, err = m.Cookies.Find(tx, r, m.Now()); err != nil {
			return storage.Optional(err)
		}
		p.person.Profile, err = tx.Users.Document(p.session.UserID)
		return storage.Optional(err)
	})
	if err != nil {
		return p, err
	}
	p.settings, err = saml.Of(p.client)
	return p, err
}

// uses reports whether the user has logged in to the application in the session.
func (p participant) uses() bool { return slices.Contains(p.session.Clients, p.client.ClientID) }

func (m *room) answerSAML(w http.ResponseWriter, r *http.Request, p participant, params url.Values, query string) error {
	switch {
	case params.Get("SAMLRequest") != "":
		return m.askedBySAML(w, r, p, params, query)
	case params.Get("SAMLResponse") != "":
		return m.showEnd(w, r, p.client) // the session had already ended when the application was notified
	}
	tell := p.settings.Notify && p.settings.LogoutURL != "" && p.uses()
	if tell && !isWeb(p.settings.LogoutURL) {
		return errNoLogoutURL
	}
	if _, err := m.endSession(w, r, p.client, p.settings.LogoutURL); err != nil {
		return err
	}
	if !tell {
		return m.showEnd(w, r, p.client)
	}
	out, err := p.settings.LogoutRequest(m.Issuer.Ring.Signer(), saml.EntityID(m.Issuer.URL), p.person, p.session.ID, m.Now())
	if err != nil {
		return err
	}
	return m.Pages.Send(w, r, out.URL, out.Form)
}

// askedBySAML ends the browser's session at the request of an application, and sends a logout response
// to it. Other applications are not notified, as in Auth0.
func (m *room) askedBySAML(w http.ResponseWriter, r *http.Request, p participant, params url.Values, query string) error {
	in := saml.Incoming{Name: "SAMLRequest", Encoded: params.Get("SAMLRequest"), Query: query}
	asked, err := saml.ReadLogout(in, p.settings.SigningCert, m.Now())
	switch {
	case err != nil:
		return err
	case !isWeb(p.settings.LogoutURL):
		return errNoLogoutURL
	case p.session.ID == "": // the session has already ended
	case !p.uses(), !asked.EndsSession(p.settings.NameID(p.person), p.session.ID):
		return errParticipant
	}
	if _, err := m.endSession(w, r, p.client, p.settings.LogoutURL); err != nil {
		return err
	}
	out, err := p.settings.LogoutResponse(m.Issuer.Ring.Signer(), saml.EntityID(m.Issuer.URL), asked.ID, params.Get("RelayState"), m.Now())
	if err != nil {
		return err
	}
	return m.Pages.Send(w, r, out.URL, out.Form)
}

func isWeb(address string) bool {
	u, err := url.Parse(address)
	return err == nil && (u.Scheme == "http" || u.Scheme == "https") && u.Host != ""
}
