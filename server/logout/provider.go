package logout

import (
	"cmp"
	"net/http"
	"net/url"
	"slices"

	"github.com/tenant0/tenant0/server/apierr"
	"github.com/tenant0/tenant0/server/providers"
	"github.com/tenant0/tenant0/server/saml"
	"github.com/tenant0/tenant0/server/tenantlog"
	"github.com/tenant0/tenant0/server/web"
	"github.com/tenant0/tenant0/storage"
)

// named is a session as the SAML provider knows it with which the user logged in: the tenant as the
// provider's service provider, and the user's NameID and session index.
type named struct {
	tenant                       saml.ServiceProvider
	nameID, format, sessionIndex string
}

// named returns the data of a session at its SAML provider. there is false if the session has no real SAML
// provider with a logout URL.
func (m *room) named(r *http.Request, s storage.Session) (n named, there bool, err error) {
	var c storage.Connection
	var user storage.Document
	err = m.DB.View(r.Context(), func(tx *storage.Tx) error {
		if c, err = tx.Connections.Find("name", s.Connection); err != nil {
			return storage.Optional(err)
		}
		user, err = tx.Users.Document(s.UserID)
		return storage.Optional(err)
	})
	if err != nil || c.Strategy != "samlp" && c.Strategy != "pingfederate" || !providers.Reaches(m.Upstream, c) {
		return n, false, err
	}
	profile := profileAt(user, c.Name)
	attributes, _ := profile["nameIdAttributes"].(storage.Document)
	n.nameID, n.format, n.sessionIndex = storage.Text(attributes, "value"), storage.Text(attributes, "Format"), storage.Text(profile, "sessionIndex")
	n.tenant, err = saml.ProviderOf(c, saml.Tenant{Issuer: m.Issuer.URL, Name: m.Tenant, Key: m.Issuer.Ring.Signer(), Now: m.Now()})
	return n, n.nameID != "" && n.tenant.SignOutURL != "", err
}

// profileAt returns the profile that a connection's provider has given for a user: the user itself, or the
// profile of a linked identity.
func profileAt(user storage.Document, connection string) storage.Document {
	identities, _ := user["identities"].([]any)
	for i, one := range identities {
		identity, _ := one.(storage.Document)
		if profile, linked := identity["profileData"].(storage.Document); linked && i > 0 && identity["connection"] == connection {
			return profile
		}
	}
	return user
}

// upstream returns the SAML logout request to the provider of a session that has ended here, Auth0:
// authenticate/login/logout/log-users-out-of-saml-idps. The browser comes back to /logout.
func (m *room) upstream(w http.ResponseWriter, r *http.Request, s storage.Session, asked storage.LogoutRequest) (out saml.Outgoing, there bool, err error) {
	n, there, err := m.named(r, s)
	if err != nil || !there {
		return out, false, err
	}
	now := m.Now()
	state, err := m.Cookies.Start(w, r, m.DB, storage.Transaction{CreatedAt: now, ExpiresAt: now.Add(confirmLifetime), Logout: &asked})
	if err != nil {
		return out, false, err
	}
	out, err = n.tenant.LogoutRequest(n.nameID, n.format, n.sessionIndex, state)
	return out, err == nil, err
}

// provider takes logout messages of SAML providers by redirect, Auth0:
// authenticate/protocols/saml/saml-identity-provider-configuration-settings.
//
//auth0:operation GET /logout
func (m *room) provider(w http.ResponseWriter, r *http.Request) error {
	params, err := web.Query(r)
	if err != nil {
		return err
	}
	return m.fromProvider(w, r, params, r.URL.RawQuery)
}

// providerForm takes the same messages from a form. The origin is not checked, because a page of the
// provider sends the form.
//
//auth0:operation POST /logout
func (m *room) providerForm(w http.ResponseWriter, r *http.Request) error {
	params, err := web.Form(w, r)
	if err != nil {
		return err
	}
	return m.fromProvider(w, r, params, "")
}

func (m *room) fromProvider(w http.ResponseWriter, r *http.Request, params url.Values, query string) error {
	switch {
	case params.Get("SAMLRequest") != "":
		err := m.askedByProvider(w, r, params, query)
		if err != nil {
			m.Log.Record(r, tenantlog.Event{Type: tenantlog.FailedLogout, Description: tenantlog.Reason(err)})
		}
		return err
	case params.Get("SAMLResponse") != "":
		return m.answeredByProvider(w, r, params.Get("RelayState"))
	}
	return apierr.MissingParameter("SAMLResponse")
}

// answeredByProvider continues a logout after the provider's response. The session has already ended here,
// so the content of the response does not matter; only the browser that began the logout can continue.
func (m *room) answeredByProvider(w http.ResponseWriter, r *http.Request, state string) error {
	t, err := m.Cookies.LogoutTransaction(m.DB, r, state, m.Now())
	if err != nil {
		return err
	}
	var client storage.Client
	err = m.DB.View(r.Context(), func(tx *storage.Tx) error {
		client, err = tx.Clients.Get(t.Logout.ClientID)
		return storage.Optional(err)
	})
	if err != nil {
		return err
	}
	return m.goOn(w, r, t.Logout.Target, client)
}

// askedByProvider ends the browser's session at the request of its SAML provider, and sends a logout
// response to the provider.
func (m *room) askedByProvider(w http.ResponseWriter, r *http.Request, params url.Values, query string) error {
	var s storage.Session
	err := m.DB.View(r.Context(), func(tx *storage.Tx) (err error) {
		s, err = m.Cookies.Find(tx, r, m.Now())
		return storage.Optional(err)
	})
	if err != nil {
		return err
	}
	n, there, err := m.named(r, s)
	if err != nil || !there {
		return cmp.Or(err, error(errParticipant))
	}
	asked, err := n.tenant.ReadLogout(saml.Incoming{Name: "SAMLRequest", Encoded: params.Get("SAMLRequest"), Query: query})
	if err != nil {
		return err
	}
	if asked.NameID != n.nameID || len(asked.SessionIndexes) > 0 && !slices.Contains(asked.SessionIndexes, n.sessionIndex) {
		return errParticipant
	}
	if _, err := m.endSession(w, r, storage.Client{}, ""); err != nil {
		return err
	}
	out, err := n.tenant.LogoutResponse(asked.ID, params.Get("RelayState"))
	if err != nil {
		return err
	}
	return m.Pages.Send(w, r, out.URL, out.Form)
}
