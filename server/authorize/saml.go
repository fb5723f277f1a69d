package authorize

import (
	"cmp"
	"context"
	"net/http"
	"net/url"

	"github.com/tenant0/tenant0/server/apierr"
	"github.com/tenant0/tenant0/server/oauth"
	"github.com/tenant0/tenant0/server/saml"
	"github.com/tenant0/tenant0/server/trace"
	"github.com/tenant0/tenant0/server/web"
	"github.com/tenant0/tenant0/storage"
)

// errDestination is the answer to a signed request whose Destination is not this endpoint.
var errDestination = &apierr.Error{
	Status: http.StatusBadRequest, Code: apierr.InvalidRequest, Message: "The SAML request is for another destination",
	Setting: "the Destination of the request",
}

// samlp takes a service provider's request by redirect (HTTP-Redirect binding), and begins a login without a
// request (IdP-initiated), Auth0: api/authentication/saml/accept-saml-request.
//
//auth0:operation GET /samlp/{client_id}
func (m *room) samlp(w http.ResponseWriter, r *http.Request) error {
	params, err := web.Query(r)
	if err != nil {
		return err
	}
	if params.Get("login_ticket") != "" {
		return m.redeem(w, r, web.Param(r, "client_id"), params)
	}
	if saml.AsksLogout(params.Get("SAMLRequest")) { // Auth0's guide for SAML between two tenants uses one URL for login and logout
		return web.Redirect(w, r, r.URL.EscapedPath()+"/logout?"+r.URL.RawQuery)
	}
	return m.beginSAML(w, r, params, r.URL.RawQuery)
}

// samlpForm takes the same request from a form, SAML 2.0 Bindings section 3.5. The origin is not checked,
// because a page of the service provider sends the form.
//
//auth0:operation POST /samlp/{client_id}
func (m *room) samlpForm(w http.ResponseWriter, r *http.Request) error {
	params, err := web.Query(r)
	if err != nil {
		return err
	}
	form, err := web.Form(w, r)
	if err != nil {
		return err
	}
	for _, name := range []string{"SAMLRequest", "RelayState"} {
		params.Set(name, form.Get(name))
	}
	return m.beginSAML(w, r, params, "")
}

func (m *room) beginSAML(w http.ResponseWriter, r *http.Request, params url.Values, query string) error {
	if web.IsSubresource(r) {
		return apierr.Subresource
	}
	rq, client, err := m.readSAML(r, params, query)
	if err != nil {
		rq.ClientID = web.Param(r, "client_id")
		return m.refuse(w, r, &decision{login: login{request: rq, client: client}}, err)
	}
	r, read, err := m.transfer(w, r, checked(rq, client), params)
	if err != nil {
		return err
	}
	return m.start(w, r, read, nil)
}

// readSAML reads and checks a request for a SAML assertion. Without SAMLRequest it is an IdP-initiated login.
func (m *room) readSAML(r *http.Request, params url.Values, query string) (rq storage.AuthorizeRequest, client storage.Client, err error) {
	rq.Assertion = &storage.AssertionRequest{}
	err = m.DB.View(r.Context(), func(tx *storage.Tx) error {
		client, err = findClient(tx, web.Param(r, "client_id"))
		return err
	})
	if err != nil {
		return rq, client, err
	}
	settings, err := saml.Of(client)
	if err != nil {
		return rq, client, err
	}
	var asked saml.AuthnRequest
	if encoded := params.Get("SAMLRequest"); encoded != "" {
		in := saml.Incoming{Name: "SAMLRequest", Encoded: encoded, Query: query}
		if asked, err = saml.ReadAuthnRequest(in, settings.SigningCert, m.Now()); err != nil {
			return rq, client, err
		}
		if asked.Signed && !m.isDestination(r, asked.Destination) {
			return rq, client, errDestination
		}
	}
	rq = storage.AuthorizeRequest{
		ClientID: client.ClientID, ResponseMode: "form_post", State: params.Get("RelayState"), Connection: params.Get("connection"),
		LoginHint: params.Get("login_hint"), UILocales: params.Get("ui_locales"), ACRValues: asked.Contexts,
		Assertion: &storage.AssertionRequest{Protocol: storage.SAMLP, ID: asked.ID, Issuer: asked.Issuer},
	}
	if asked.Force {
		rq.Prompt = []string{"login"}
	}
	err = m.DB.View(r.Context(), func(tx *storage.Tx) error {
		return checkAssertion(tx, client, r.Host, cmp.Or(asked.ConsumerURL, firstOf(client.Callbacks)), params.Get("organization"), &rq)
	})
	if err == nil {
		noteAssertion(r.Context(), rq)
	}
	return rq, client, err
}

func noteAssertion(ctx context.Context, rq storage.AuthorizeRequest) {
	trace.Note(ctx, trace.Step{
		Component: "authorize", Decision: "an assertion is requested by " + cmp.Or(rq.Assertion.Issuer, "nobody: the tenant begins the login") + ", and goes to " + rq.RedirectURI,
		Setting: "callbacks and the add-on " + rq.Assertion.Protocol + " of the application",
	})
}

func firstOf(list []string) string {
	if len(list) == 0 {
		return ""
	}
	return list[0]
}

// isDestination reports whether the Destination of a request is the endpoint that received it, SAML 2.0
// Bindings section 3.4.5.2.
func (m *room) isDestination(r *http.Request, destination string) bool {
	own, err := url.Parse(saml.Endpoint(m.Issuer.URL, web.Param(r, "client_id")))
	if err != nil {
		return false
	}
	to, err := url.Parse(destination)
	return err == nil && to.Path == own.Path && (to.Host == own.Host || to.Host == r.Host)
}

// checkAssertion checks the URL that an assertion is sent to, like any callback URL, and the application's
// settings for logins.
func checkAssertion(tx *storage.Tx, client storage.Client, host, consumer, organization string, rq *storage.AuthorizeRequest) (err error) {
	params := url.Values{"redirect_uri": {consumer}, "organization": {organization}}
	uri, err := redirectURI(tx, client, host, params)
	if err != nil {
		return err
	}
	rq.RedirectURI = uri
	if err := checkResponseMode(rq); err != nil {
		return err
	}
	if client.Strict() {
		return strictRefuses("SAML and WS-Federation")
	}
	if err := checkApplication(storage.Tenant{}, client, asked{params: params, pushed: true}); err != nil {
		return err
	}
	if err := checkOrganization(tx, client, organization, rq); err != nil {
		return err
	}
	return checkConnection(tx, client, *rq)
}

// personOf returns the data about a user that an assertion is made from.
func personOf(tx *storage.Tx, clientID string, user storage.User) (p saml.Person, err error) {
	p.ClientID = clientID
	if p.Profile, err = tx.Users.Document(user.UserID); err != nil || len(user.Identities) == 0 {
		return p, err
	}
	tokens, err := tx.TokensOf(user.Identities[0])
	p.AccessToken = tokens.AccessToken
	return p, storage.Optional(err)
}

// answer makes the response to the application: a code and tokens, or an assertion.
func (m *room) answer(r *http.Request, d *decision) (oauth.Answer, error) {
	rq := d.request
	if rq.Assertion == nil {
		return m.Engine.Authorize(r.Context(), d.access.grant, rq)
	}
	about := saml.Answer{
		Issuer: saml.EntityID(m.Issuer.URL), ConsumerURL: rq.RedirectURI, RequestID: rq.Assertion.ID, Requester: rq.Assertion.Issuer,
		SessionID: d.identity.session.ID, Now: m.Now(), Person: d.person,
	}
	if rq.Assertion.Protocol == storage.WSFed {
		result, err := saml.WSFederation(m.Issuer.Ring.Signer(), about, rq.State)
		return oauth.Answer{Params: url.Values{"wa": {signIn}, "wresult": {result}, "wctx": {rq.State}}}, err
	}
	settings, err := saml.Of(d.client)
	if err != nil {
		return oauth.Answer{}, err
	}
	response, err := settings.Respond(m.Issuer.Ring.Signer(), about)
	return oauth.Answer{Params: url.Values{"SAMLResponse": {response}, "RelayState": {rq.State}}}, err
}

// samlpMetadata serves the tenant's identity provider metadata for an application, Auth0:
// api/authentication/saml/get-metadata.
//
//auth0:operation GET /samlp/metadata/{client_id}
func (m *room) samlpMetadata(w http.ResponseWriter, r *http.Request) error {
	var client storage.Client
	err := m.DB.View(r.Context(), func(tx *storage.Tx) (err error) {
		client, err = findClient(tx, web.Param(r, "client_id"))
		return err
	})
	if err != nil {
		return err
	}
	settings, err := saml.Of(client)
	if err != nil {
		return err
	}
	entityID := cmp.Or(settings.Issuer, saml.EntityID(m.Issuer.URL))
	raw, err := saml.Metadata(entityID, m.Issuer.URL, client.ClientID, m.Issuer.Ring.Signer())
	if err != nil {
		return err
	}
	w.Header().Set("Content-Disposition", `attachment; filename="metadata.xml"`)
	return web.ReplyBytes(w, http.StatusOK, "application/xml; charset=utf-8", raw)
}
