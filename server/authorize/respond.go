package authorize

import (
	"net/http"
	"net/url"
	"slices"
	"strings"

	"github.com/tenant0/tenant0/server/web"
	"github.com/tenant0/tenant0/storage"
	"github.com/tenant0/tenant0/templates"
)

// send takes the response to the application in the response mode of the
// request. The redirect URI was checked when the request was read.
func (m *room) send(w http.ResponseWriter, rq storage.AuthorizeRequest, params url.Values) error {
	if rq.State != "" {
		params.Set("state", rq.State)
	}
	switch rq.ResponseMode {
	case "form_post":
		return m.formPost(w, rq.RedirectURI, params)
	case "fragment":
		return web.Redirect(w, rq.RedirectURI+"#"+encode(params))
	}
	separator := "?"
	if strings.Contains(rq.RedirectURI, "?") {
		separator = "&" // RFC 6749 section 3.1.2: an existing query "MUST be retained"
	}
	return web.Redirect(w, rq.RedirectURI+separator+encode(params))
}

// encode writes blanks as %20, as Auth0 does.
func encode(params url.Values) string { return strings.ReplaceAll(params.Encode(), "+", "%20") }

// formPost answers with a page that posts the parameters to the application,
// OAuth 2.0 Form Post Response Mode.
func (m *room) formPost(w http.ResponseWriter, uri string, params url.Values) error {
	layout, err := m.Pages.Layout()
	if err != nil {
		return err
	}
	page := templates.FormPost{Layout: layout, URL: uri}
	for name := range params {
		page.Fields = append(page.Fields, templates.Field{Name: name, Value: params.Get(name)})
	}
	slices.SortFunc(page.Fields, func(a, b templates.Field) int { return strings.Compare(a.Name, b.Name) })
	return m.Pages.Write(w, http.StatusOK, page)
}
