package web

import (
	"bytes"
	"cmp"
	"context"
	"errors"
	"net/http"
	"net/url"
	"os"
	"strings"

	"github.com/tenant0/tenant0/server/apierr"
	"github.com/tenant0/tenant0/server/trace"
	"github.com/tenant0/tenant0/storage"
	"github.com/tenant0/tenant0/templates"
)

// Pages writes the pages of the tenant.
type Pages struct {
	DB *storage.DB
	// Warn is called if a page template or partial of the tenant could not be rendered. It may be nil.
	Warn func(description string)
	// Assets is the folder with the developer's copies of files that pages load from Auth0's servers, nil
	// if there is none.
	Assets *os.Root
}

// AssetsPath is the URL path of the files in Assets.
const AssetsPath = "/assets/"

// CopyOf returns the URL path of the copy of a file on Auth0's servers, "" if there is no copy.
func (p Pages) CopyOf(name string) string {
	if p.Assets == nil {
		return ""
	}
	if info, err := p.Assets.Stat(name); err != nil || !info.Mode().IsRegular() {
		return ""
	}
	return AssetsPath + name
}

// contentSecurityPolicy allows a page to load only the server's own styles and scripts, and images. It
// has no form-action, because browsers apply that to redirects after a form, too, and a login ends with a
// redirect to an application, which may redirect further.
const contentSecurityPolicy = "default-src 'none'; style-src 'self'; script-src 'self'; img-src 'self' https: data:; " +
	"base-uri 'none'"

// customPolicy is the policy of a page that contains mark-up of the tenant, which may load anything that
// it refers to.
const customPolicy = "base-uri 'none'"

// Mount adds the route of the files that pages load: style sheets, scripts, images.
func (p Pages) Mount(rt *Router) { rt.Handle(http.MethodGet, templates.StaticPath+"{name}", p.static) }

// static serves a file that pages load. The file's name contains a hash of its content, so it can be
// cached forever.
//
//auth0:operation GET /u/static/{name}
func (p Pages) static(w http.ResponseWriter, r *http.Request) error {
	name := Param(r, "name")
	content, contentType, ok := templates.Static(name)
	if !ok {
		var theme templates.Theme
		err := p.DB.View(r.Context(), func(tx *storage.Tx) (err error) {
			theme, err = themeOf(tx)
			return err
		})
		if err != nil {
			return err
		}
		content, contentType, ok = templates.ThemeSheet(theme, name)
	}
	if !ok {
		return apierr.NotFound
	}
	w.Header().Set("Cache-Control", "public, max-age=31536000, immutable")
	return ReplyBytes(w, http.StatusOK, contentType, content)
}

// Write answers with a page that other pages cannot show in a frame.
func (p Pages) Write(w http.ResponseWriter, status int, page templates.Page) error {
	w.Header().Set("X-Frame-Options", "DENY")
	return p.write(w, status, page, "; frame-ancestors 'none'")
}

// Post answers with a page that posts fields to an http or https URL, OAuth 2.0 Form Post Response Mode
// and SAML 2.0 Bindings section 3.5.
func (p Pages) Post(ctx context.Context, w http.ResponseWriter, target string, fields []templates.Field) error {
	layout, err := p.Layout(ctx, About{})
	if err != nil {
		return err
	}
	return p.Write(w, http.StatusOK, templates.FormPost{Layout: layout, URL: target, Fields: fields})
}

// Send sends the browser to a URL: by a redirect, or with fields by a form.
func (p Pages) Send(w http.ResponseWriter, r *http.Request, target string, fields []templates.Field) error {
	if fields == nil {
		return Redirect(w, r, target)
	}
	return p.Post(r.Context(), w, target, fields)
}

// WriteToFrame is Write for a page without a question to a person, which is meant for a frame of another
// page, or for a window that the other page opened.
func (p Pages) WriteToFrame(w http.ResponseWriter, page templates.Page) error {
	return p.write(w, http.StatusOK, page, "")
}

func (p Pages) write(w http.ResponseWriter, status int, page templates.Page, frames string) error {
	storage.Slow("rendering a page")
	var body bytes.Buffer
	needs, err := templates.Render(&body, page)
	if errors.Is(err, templates.ErrLimit) {
		if p.Warn != nil {
			p.Warn("The built-in page was shown instead of the tenant's: " + err.Error())
		}
		body.Reset()
		needs.Customized, err = false, templates.RenderBuiltIn(&body, page)
	}
	if err != nil {
		return err
	}
	if status >= http.StatusBadRequest {
		refused(w, status, stepOf(needs))
	}
	h := w.Header()
	NoStore(w)
	policy := contentSecurityPolicy
	if needs.FontOrigin != "" {
		policy += "; font-src " + needs.FontOrigin
	}
	if templates.HasMarkUp(page) { // scripts in it stay forbidden
		policy = strings.Replace(policy, "style-src 'self'", "style-src 'self' 'unsafe-inline'", 1)
	}
	if needs.Waits {
		policy += "; connect-src 'self'"
	}
	if needs.Customized {
		policy = customPolicy
	}
	h.Set("Content-Security-Policy", policy+frames)
	// Not no-referrer, because with that browsers post forms with the origin "null".
	h.Set("Referrer-Policy", "same-origin")
	return ReplyBytes(w, status, "text/html; charset=utf-8", body.Bytes())
}

// WriteOwn answers with a page of which the tenant provides the whole HTML. Links to scripts on Auth0's
// servers are replaced if the developer has copies of the scripts.
func (p Pages) WriteOwn(w http.ResponseWriter, status int, page string) error {
	h := w.Header()
	NoStore(w)
	h.Set("X-Frame-Options", "DENY")
	h.Set("Content-Security-Policy", customPolicy+"; frame-ancestors 'none'")
	h.Set("Referrer-Policy", "same-origin")
	return ReplyBytes(w, status, "text/html; charset=utf-8", []byte(templates.WithCopies(page, p.CopyOf)))
}

// WriteLiquid is WriteOwn for a Liquid template; values are escaped for HTML. If the template exceeds the
// limits of Liquid, it writes nothing, warns, and returns false.
func (p Pages) WriteLiquid(w http.ResponseWriter, status int, page string, values map[string]any) (done bool, err error) {
	storage.Slow("rendering a page")
	filled, err := templates.LiquidHTML(page, values)
	if errors.Is(err, templates.ErrLimit) {
		if p.Warn != nil {
			p.Warn("The built-in page was shown instead of the tenant's: " + err.Error())
		}
		return false, nil
	}
	if err != nil {
		return false, err
	}
	return true, p.WriteOwn(w, status, filled)
}

// Shape renders an error as a page, for endpoints that a browser shows to a person.
func (p Pages) Shape(w http.ResponseWriter, r *http.Request, e *apierr.Error) {
	if err := p.explain(w, r, e); err != nil {
		Text(w, r, e)
	}
}

func (p Pages) explain(w http.ResponseWriter, r *http.Request, e *apierr.Error) error {
	var tenant storage.Tenant
	var layout templates.Layout
	err := p.DB.View(r.Context(), func(tx *storage.Tx) (err error) {
		if tenant, err = tx.Tenant.Get(storage.TenantKey); storage.Optional(err) != nil {
			return err
		}
		layout, err = layoutOf(r.Context(), tx, tenant, r.URL.Query().Get("ui_locales"))
		return err
	})
	if err != nil {
		return err
	}
	switch {
	case (e.Lost || e.Page != "") && tenant.DefaultRedirectionURI != "":
		// Auth0: authenticate/login/auth0-universal-login/configure-default-login-routes.
		return Redirect(w, r, tenant.DefaultRedirectionURI)
	case e.Page != "":
		return p.Write(w, e.Status, templates.Message{Layout: layout, Status: templates.Status(e.Page), TrackingID: RequestID(w)})
	case tenant.ErrorPage.URL != "":
		return redirectToErrorPage(w, r, tenant.ErrorPage.URL, errorParams(w, r, layout.Language, e))
	case tenant.ErrorPage.HTML != "":
		values := map[string]any{}
		for name, value := range errorParams(w, r, layout.Language, e) {
			values[name] = value
		}
		if id := trace.CorrelationID(r.Context()); id != "" {
			values["correlation_id"] = id
		}
		if done, err := p.WriteLiquid(w, e.Status, tenant.ErrorPage.HTML, values); done || err != nil {
			return err
		}
	}
	return p.Write(w, e.Status, templates.Error{
		Layout: layout, Text: e.Text, Code: e.Code, Description: e.Message, TrackingID: RequestID(w),
		SupportEmail: tenant.SupportEmail, SupportURL: tenant.SupportURL,
	})
}

// redirectToErrorPage redirects the browser to the tenant's own error page with the parameters that are not empty,
// Auth0: authenticate/login/auth0-universal-login/error-pages.
func redirectToErrorPage(w http.ResponseWriter, r *http.Request, page string, params map[string]string) error {
	u, err := url.Parse(page)
	if err != nil {
		return err
	}
	query := u.Query()
	for name, value := range params {
		if value != "" {
			query.Set(name, value)
		}
	}
	u.RawQuery = query.Encode()
	return Redirect(w, r, u.String())
}

// errorParams returns the parameters of the tenant's own error page; language is the one of the built-in page.
func errorParams(w http.ResponseWriter, r *http.Request, language string, e *apierr.Error) map[string]string {
	sent := r.URL.Query()
	return map[string]string{
		"client_id": sent.Get("client_id"), "connection": sent.Get("connection"), "lang": cmp.Or(sent.Get("ui_locales"), language),
		"error": e.Code, "error_description": e.Message, "tracking": RequestID(w),
	}
}
