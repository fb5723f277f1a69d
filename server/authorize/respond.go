package authorize

import (
	"context"
	"maps"
	"net/http"
	"net/url"
	"slices"
	"strings"

	"github.com/tenant0/tenant0/server/web"
	"github.com/tenant0/tenant0/templates"
)

// webMessageMode is the response mode without a redirect: the response is posted as a message
// to the page that asked.
const webMessageMode = "web_message"

// send sends the response to the application in the response mode of the request. The
// redirect URI was checked when the request was read. If the tenant says so, responses, errors included, have the
// parameter iss of RFC 9207, by which an application with several authorization servers notices a mix-up, Auth0:
// get-started/tenant-settings.
func (m *room) send(w http.ResponseWriter, r *http.Request, d *decision, params url.Values) error {
	rq := d.request
	if rq.State != "" && rq.Assertion == nil {
		params.Set("state", rq.State)
	}
	if d.tenant.AuthorizationResponseIss && rq.Assertion == nil {
		params.Set("iss", m.Issuer.URL)
	}
	switch rq.ResponseMode {
	case "form_post":
		return m.Pages.Post(r.Context(), w, rq.RedirectURI, fields(params))
	case webMessageMode:
		return m.webMessage(r.Context(), w, rq.RedirectURI, params)
	case "fragment":
		return web.Redirect(w, r, rq.RedirectURI+"#"+encode(params))
	}
	separator := "?"
	if strings.Contains(rq.RedirectURI, "?") {
		separator = "&" // RFC 6749 section 3.1.2: an existing query "MUST be retained"
	}
	return web.Redirect(w, r, rq.RedirectURI+separator+encode(params))
}

// encode encodes parameters with spaces as %20, as Auth0 does.
func encode(params url.Values) string { return strings.ReplaceAll(params.Encode(), "+", "%20") }

// webMessage answers with a page that posts the parameters to the application's page which
// contains it as a frame, or has opened it, Auth0:
// authenticate/login/configure-silent-authentication.
func (m *room) webMessage(ctx context.Context, w http.ResponseWriter, uri string, params url.Values) error {
	layout, err := m.Pages.Layout(ctx, web.About{})
	if err != nil {
		return err
	}
	u, err := url.Parse(uri)
	if err != nil {
		return err
	}
	origin := u.Scheme + "://" + u.Host
	return m.Pages.WriteToFrame(w, templates.WebMessage{Layout: layout, Origin: origin, Fields: fields(params)})
}

// fields lists the parameters by name.
func fields(params url.Values) []templates.Field {
	var list []templates.Field
	for _, name := range slices.Sorted(maps.Keys(params)) {
		list = append(list, templates.Field{Name: name, Value: params.Get(name)})
	}
	return list
}
