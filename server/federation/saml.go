package federation

import (
	"cmp"
	"context"
	"errors"
	"fmt"
	"net/http"
	"net/url"
	"slices"
	"time"

	"github.com/tenant0/tenant0/keys"
	"github.com/tenant0/tenant0/server/apierr"
	"github.com/tenant0/tenant0/server/providers"
	"github.com/tenant0/tenant0/server/saml"
	"github.com/tenant0/tenant0/server/signin"
	"github.com/tenant0/tenant0/server/web"
	"github.com/tenant0/tenant0/storage"
)

// isSAML reports whether the identity provider of a connection uses SAML 2.0.
func isSAML(c storage.Connection) bool { return c.Strategy == "samlp" || c.Strategy == "pingfederate" }

// asTenant returns the data of the tenant that package saml needs for a service provider.
func (m *room) asTenant() saml.Tenant {
	return saml.Tenant{Issuer: m.Issuer.URL, Name: m.Tenant, Key: m.Issuer.Ring.Signer(), Now: m.Now()}
}

// asserted is the content of a provider's verified assertion.
type asserted struct {
	account providers.Account
	// id is the ID of the assertion, which may be used once. It is remembered until the time until.
	id    string
	until time.Time
}

// proven verifies the response of a SAML provider by SAML 2.0 Profiles section 4.1.4.3: signature, audience,
// recipient, times, and the ID of the request that it answers, or "" for an unsolicited response.
func (m *room) proven(c storage.Connection, encoded, request string) (a asserted, err error) {
	sp, err := saml.ProviderOf(c, m.asTenant())
	if err != nil {
		return a, err
	}
	one, err := sp.Read(encoded, request)
	if err != nil {
		return a, errProof(err)
	}
	return m.believed(c, one), nil
}

// isPassive reports whether the identity provider of a connection uses WS-Federation's passive requestor
// profile.
func isPassive(c storage.Connection) bool { return c.Strategy == "adfs" }

// askPassively redirects the browser to a WS-Federation provider.
func (m *room) askPassively(w http.ResponseWriter, r *http.Request, c storage.Connection, state string) error {
	p, err := saml.RelyingPartyOf(c, m.asTenant())
	if err != nil {
		return err
	}
	target, err := p.Request(state)
	if err != nil {
		return err
	}
	return web.Redirect(w, r, target)
}

// provenPassively verifies the signature of a WS-Federation provider's response. The response does not name a
// request; wctx binds it to the login, like state in OAuth 2.0.
func (m *room) provenPassively(c storage.Connection, result string) (a asserted, err error) {
	p, err := saml.RelyingPartyOf(c, m.asTenant())
	if err != nil {
		return a, err
	}
	one, err := p.Read(result)
	if err != nil {
		return a, errProof(err)
	}
	return m.believed(c, one), nil
}

// believed returns the content of a verified assertion.
func (m *room) believed(c storage.Connection, one saml.Assertion) (a asserted) {
	a.id, a.until = one.ID, m.Now().Add(assertionMemory)
	if one.Until.After(a.until) {
		a.until = one.Until
	}
	id, claims := providers.MapSAML(c, one.NameID, one.Attributes)
	claims["issuer"], claims["nameIdAttributes"] = one.Issuer, map[string]any{"value": one.NameID, "Format": one.NameIDFormat}
	if one.SessionIndex != "" {
		claims["sessionIndex"] = one.SessionIndex
	}
	a.account = providers.Read(c, id, claims)
	return a
}

// assertionMemory is how long the ID of a used assertion is remembered at least.
const assertionMemory = time.Hour

// use records the assertion as used. It returns an error if the assertion was used before.
func (a asserted) use(tx *storage.Tx, connection string) error {
	key := "saml\x01" + connection + "\x01" + keys.Hash(a.id)
	used, err := tx.UsedAssertions.Has(key)
	if err != nil {
		return err
	}
	if used {
		return errProof(errors.New("the assertion was used before"))
	}
	return tx.UsedAssertions.Put(storage.UsedAssertion{ID: key, ExpiresAt: a.until})
}

// consume verifies the assertion in a provider's response to a provider login, and returns the account that it is about.
func (m *room) consume(ctx context.Context, l providerLogin, params url.Values) (who providers.Account, err error) {
	var a asserted
	if isPassive(l.connection) {
		a, err = m.provenPassively(l.connection, params.Get("wresult"))
	} else {
		a, err = m.proven(l.connection, params.Get("SAMLResponse"), l.transaction.Upstream.Nonce)
	}
	if err != nil {
		return who, err
	}
	err = m.DB.Update(ctx, func(tx *storage.Tx) error { return a.use(tx, l.connection.Name) })
	return a.account, err
}

// unsolicitedSetting names the setting that allows IdP-initiated logins.
const unsolicitedSetting = "idpinitiated among the options of the connection"

// errUnsolicited returns the answer to an IdP-initiated login with a connection that does not allow it.
func errUnsolicited(connection string) *apierr.Error {
	return &apierr.Error{
		Status: http.StatusForbidden, Code: accessDenied, Message: fmt.Sprintf("IdP-Initiated login is not enabled for connection %q.", connection),
		Setting: unsolicitedSetting,
	}
}

// errNoDefault is the answer to an IdP-initiated login if the connection names no application for it.
var errNoDefault = &apierr.Error{
	Status: http.StatusBadRequest, Code: apierr.InvalidRequest, Setting: unsolicitedSetting,
	Message: "Default App for IdP-Initiated is not configured. Make sure to configure that from connection settings or include client_id in RelayState parameter.",
}

// unsolicitedTicket is the lifetime of the login ticket with which an IdP-initiated login continues.
const unsolicitedTicket = time.Minute

// unsolicited takes an unsolicited SAML response (IdP-initiated login), if the connection allows it, and
// begins a login to the application that the connection names, Auth0:
// authenticate/protocols/saml/saml-sso-integrations/identity-provider-initiated-single-sign-on.
func (m *room) unsolicited(w http.ResponseWriter, r *http.Request, params url.Values) error {
	c, client, err := m.initiated(r)
	if err != nil {
		return err
	}
	a, err := m.proven(c, params.Get("SAMLResponse"), "")
	if err != nil {
		return err
	}
	ticket, now := keys.Random(32), m.Now()
	err = m.DB.Update(r.Context(), func(tx *storage.Tx) error {
		if err := a.use(tx, c.Name); err != nil {
			return err
		}
		user, err := m.SaveUser(tx, c, a.account, now)
		if err != nil {
			return err
		}
		if err := m.SignIn.Record(tx, signin.Attempt{Method: signin.Federated, ClientID: client.ClientID, Connection: c.Name, User: user, IP: signin.Address(r)}); err != nil {
			return err
		}
		return tx.LoginTickets.Put(storage.LoginTicket{
			Hash: keys.Hash(ticket), ClientID: client.ClientID, UserID: user.UserID, Connection: c.Name, Method: signin.Federated,
			Browser: signin.Browser(r), ExpiresAt: now.Add(unsolicitedTicket),
		})
	})
	if err != nil {
		return err
	}
	return goOn(w, r, c, client, ticket)
}

// initiated returns the connection of an IdP-initiated login and the application that it is for.
func (m *room) initiated(r *http.Request) (c storage.Connection, client storage.Client, err error) {
	name := r.URL.Query().Get("connection")
	err = m.DB.View(r.Context(), func(tx *storage.Tx) (err error) {
		if c, err = tx.Connections.Find("name", name); err != nil {
			return err
		}
		initiated, _ := c.Options["idpinitiated"].(map[string]any)
		id, _ := initiated["client_id"].(string)
		switch {
		case !isSAML(c), initiated["enabled"] != true && id == "", initiated["enabled"] == false:
			return errUnsolicited(name)
		case id == "":
			return errNoDefault
		}
		if protocol := storage.Text(initiated, "client_protocol"); !slices.Contains([]string{"", "oauth2", "oidc", storage.SAMLP, storage.WSFed}, protocol) {
			return apierr.NotEmulated("client_protocol " + protocol + " of a login that an identity provider begins")
		}
		client, err = tx.Clients.Get(id)
		if err == nil && (!c.Serves(client) || c.Closed()) {
			err = apierr.ConnectionDisabled
		}
		return err
	})
	if storage.IsNotFound(err) {
		err = errUnsolicited(name).With(err)
	}
	return c, client, err
}

// goOn redirects the browser to the endpoint where the application's login continues, with the login ticket
// of the user.
func goOn(w http.ResponseWriter, r *http.Request, c storage.Connection, client storage.Client, ticket string) error {
	initiated, _ := c.Options["idpinitiated"].(map[string]any)
	authorize, err := url.ParseQuery(storage.Text(initiated, "client_authorizequery"))
	if err != nil {
		return err
	}
	if organization := r.URL.Query().Get("organization"); organization != "" {
		authorize.Set("organization", organization)
	}
	if protocol := storage.Text(initiated, "client_protocol"); protocol == storage.SAMLP || protocol == storage.WSFed {
		authorize.Set("login_ticket", ticket)
		return web.Redirect(w, r, "/"+protocol+"/"+url.PathEscape(client.ClientID)+"?"+authorize.Encode())
	}
	for name, value := range map[string]string{"client_id": client.ClientID, "login_ticket": ticket, "response_type": cmp.Or(authorize.Get("response_type"), "code")} {
		authorize.Set(name, value)
	}
	if len(client.Callbacks) > 0 && authorize.Get("redirect_uri") == "" {
		authorize.Set("redirect_uri", client.Callbacks[0])
	}
	return web.Redirect(w, r, "/authorize?"+authorize.Encode())
}

// metadata serves the tenant's service provider metadata for the provider of a connection, SAML 2.0 Metadata
// section 2.4.4.
//
//auth0:operation GET /samlp/metadata
func (m *room) metadata(w http.ResponseWriter, r *http.Request) error {
	var c storage.Connection
	err := m.DB.View(r.Context(), func(tx *storage.Tx) (err error) {
		c, err = tx.Connections.Find("name", r.URL.Query().Get("connection"))
		return err
	})
	if storage.IsNotFound(err) || err == nil && !isSAML(c) {
		return &apierr.Error{Status: http.StatusNotFound, Code: "invalid_request", Message: "the connection was not found", Setting: "the parameter connection"}
	}
	if err != nil {
		return err
	}
	sp, err := saml.ForMetadata(c, m.asTenant())
	if err != nil {
		return err
	}
	raw, err := sp.Metadata()
	if err != nil {
		return err
	}
	return web.ReplyBytes(w, http.StatusOK, "text/xml", raw)
}
