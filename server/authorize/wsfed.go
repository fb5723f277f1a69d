package authorize

import (
	"cmp"
	"errors"
	"net/http"
	"net/url"
	"slices"
	"strings"

	"github.com/tenant0/tenant0/server/apierr"
	"github.com/tenant0/tenant0/server/saml"
	"github.com/tenant0/tenant0/server/web"
	"github.com/tenant0/tenant0/storage"
)

// Values of the parameter wa of a WS-Federation request, Web Services Federation Language 1.2 section
// 13.2.
const (
	signIn  = "wsignin1.0"
	signOut = "wsignout1.0"
)

// wsfed takes a sign-in or sign-out request of WS-Federation, Auth0:
// api/authentication/ws-federation/accept-ws-federation-request. The path or the parameter wtrealm names
// the application.
//
//auth0:operation GET /wsfed
//auth0:operation GET /wsfed/{client_id}
func (m *room) wsfed(w http.ResponseWriter, r *http.Request) error {
	params, err := web.Query(r)
	if err != nil {
		return err
	}
	if params.Get("login_ticket") != "" {
		return m.redeem(w, r, web.Param(r, "client_id"), params)
	}
	return m.beginWSFed(w, r, params)
}

// wsfedForm takes the same request from a form. The origin is not checked, because a page of the
// application sends the form.
//
//auth0:operation POST /wsfed/{client_id}
func (m *room) wsfedForm(w http.ResponseWriter, r *http.Request) error {
	params, err := web.Form(w, r)
	if err != nil {
		return err
	}
	return m.beginWSFed(w, r, params)
}

func (m *room) beginWSFed(w http.ResponseWriter, r *http.Request, params url.Values) error {
	if web.IsSubresource(r) {
		return apierr.Subresource
	}
	client, err := m.realm(r, params.Get("wtrealm"))
	if err != nil {
		return err
	}
	switch wa := cmp.Or(params.Get("wa"), signIn); wa {
	case signIn:
	case signOut, "wsignoutcleanup1.0":
		out := url.Values{"client_id": {client.ClientID}}
		if reply := params.Get("wreply"); reply != "" {
			out.Set("returnTo", reply)
		}
		return web.Redirect(w, r, "/v2/logout?"+out.Encode())
	default:
		return apierr.InvalidParameter("wa", wa+" is not supported")
	}
	rq, err := m.readWSFed(r, client, params)
	if err != nil {
		rq.ClientID = client.ClientID
		return m.refuse(w, r, &decision{login: login{request: rq, client: client}}, err)
	}
	r, read, err := m.transfer(w, r, checked(rq, client), params)
	if err != nil {
		return err
	}
	return m.start(w, r, read, nil)
}

// realm finds the application of a request: by the client_id in the path, or by a realm, which is urn:
// with the client_id, or one of the application's client_aliases.
func (m *room) realm(r *http.Request, realm string) (client storage.Client, err error) {
	id := cmp.Or(web.Param(r, "client_id"), strings.TrimPrefix(realm, "urn:"))
	err = m.DB.View(r.Context(), func(tx *storage.Tx) error {
		client, err = findClient(tx, id)
		if _, refused := errors.AsType[*apierr.Error](err); !refused || web.Param(r, "client_id") != "" {
			return err
		}
		for one, failed := range tx.Clients.All() {
			if failed != nil {
				return failed
			}
			if slices.Contains(one.ClientAliases, realm) {
				client = one
				return nil
			}
		}
		return err
	})
	return client, err
}

func (m *room) readWSFed(r *http.Request, client storage.Client, params url.Values) (rq storage.AuthorizeRequest, err error) {
	rq = storage.AuthorizeRequest{
		ClientID: client.ClientID, ResponseMode: "form_post", State: params.Get("wctx"), Connection: strings.TrimPrefix(params.Get("whr"), "urn:"),
		LoginHint: params.Get("login_hint"), UILocales: params.Get("ui_locales"),
		Assertion: &storage.AssertionRequest{Protocol: storage.WSFed, Issuer: saml.Realm(cmp.Or(params.Get("wtrealm"), client.ClientID))},
	}
	if params.Get("wfresh") == "0" {
		rq.Prompt = []string{"login"}
	}
	err = m.DB.View(r.Context(), func(tx *storage.Tx) error {
		return checkAssertion(tx, client, r.Host, cmp.Or(params.Get("wreply"), firstOf(client.Callbacks)), params.Get("organization"), &rq)
	})
	if err == nil {
		noteAssertion(r.Context(), rq)
	}
	return rq, err
}

// wsfedMetadata serves the tenant's WS-Federation metadata.
//
//auth0:operation GET /wsfed/FederationMetadata/2007-06/FederationMetadata.xml
//auth0:operation GET /wsfed/{client_id}/FederationMetadata/2007-06/FederationMetadata.xml
func (m *room) wsfedMetadata(w http.ResponseWriter, r *http.Request) error {
	endpoint := m.Issuer.URL + "wsfed"
	if id := web.Param(r, "client_id"); id != "" {
		endpoint += "/" + url.PathEscape(id)
		err := m.DB.View(r.Context(), func(tx *storage.Tx) error {
			_, err := findClient(tx, id)
			return err
		})
		if err != nil {
			return err
		}
	}
	raw, err := saml.FederationMetadata(saml.EntityID(m.Issuer.URL), endpoint, m.Issuer.Ring.Signer())
	if err != nil {
		return err
	}
	return web.ReplyBytes(w, http.StatusOK, "application/xml; charset=utf-8", raw)
}
