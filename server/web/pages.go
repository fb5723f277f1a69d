package web

import (
	"bytes"
	"context"
	"errors"
	"net/http"
	"net/url"
	"os"
	"strings"

	"github.com/tenant0/tenant0/server/apierr"
	"github.com/tenant0/tenant0/storage"
	"github.com/tenant0/tenant0/templates"
)

// Pages writes the pages of the tenant.
type Pages struct {
	DB *storage.DB
	// Warn is told of a page template or partial of the tenant's that could not be
	// rendered; nil for nobody.
	Warn func(description string)
	// Assets is the folder with the developer's own copies of what pages load from Auth0's servers, nil for none.
	Assets *os.Root
}

// AssetsPath is where the files of Assets are.
const AssetsPath = "/assets/"

// CopyOf is where the copy of a file of Auth0's servers is, "" for none.
func (p Pages) CopyOf(name string) string {
	if p.Assets == nil {
		return ""
	}
	if info, err := p.Assets.Stat(name); err != nil || !info.Mode().IsRegular() {
		return ""
	}
	return AssetsPath + name
}

// contentSecurityPolicy lets a page load nothing but the server's own style and
// script, and pictures. It has no form-action: browsers apply that to every
// redirect after a form as well, and a login ends at an application that may
// redirect further.
const contentSecurityPolicy = "default-src 'none'; style-src 'self'; script-src 'self'; img-src 'self' https: data:; " +
	"base-uri 'none'"

// customPolicy is that of a page with mark-up of the tenant's, which may load what it
// says.
const customPolicy = "base-uri 'none'"

// Mount adds the route of what pages refer to: style sheets, scripts, pictures.
func (p Pages) Mount(rt *Router) { rt.Handle(http.MethodGet, templates.StaticPath+"{name}", p.static) }

// static serves a file of the pages. Its name holds the hash of its content, so
// it never changes.
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

// Write answers with a page, which no other page may show in a frame.
func (p Pages) Write(w http.ResponseWriter, status int, page templates.Page) error {
	w.Header().Set("X-Frame-Options", "DENY")
	return p.write(w, status, page, "; frame-ancestors 'none'")
}

// Post answers with a page that posts fields to an address, http or https, OAuth 2.0 Form Post Response
// Mode and SAML 2.0 Bindings section 3.5.
func (p Pages) Post(ctx context.Context, w http.ResponseWriter, target string, fields []templates.Field) error {
	layout, err := p.Layout(ctx, About{})
	if err != nil {
		return err
	}
	return p.Write(w, http.StatusOK, templates.FormPost{Layout: layout, URL: target, Fields: fields})
}

// Send sends the browser on with what it is to take along: by redirect, or where there are fields by a form.
func (p Pages) Send(w http.ResponseWriter, r *http.Request, target string, fields []templates.Field) error {
	if fields == nil {
		return Redirect(w, r, target)
	}
	return p.Post(r.Context(), w, target, fields)
}

// WriteToFrame is Write for a page whose place is in a frame of another page, or
// in a window that it opened: one that asks a person nothing.
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
	if templates.HasMarkUp(page) { // whose scripts stay out
		policy = strings.Replace(policy, "style-src 'self'", "style-src 'self' 'unsafe-inline'", 1)
	}
	if needs.Waits {
		policy += "; connect-src 'self'"
	}
	if needs.Customized {
		policy = customPolicy
	}
	h.Set("Content-Security-Policy", policy+frames)
	// Not no-referrer: with that, a form posts with the origin "null".
	h.Set("Referrer-Policy", "same-origin")
	return ReplyBytes(w, status, "text/html; charset=utf-8", body.Bytes())
}

// WriteOwn answers with a page that is the tenant's own from its first character to its last, but for scripts
// of Auth0's servers that the developer has copies of.
func (p Pages) WriteOwn(w http.ResponseWriter, status int, page string) error {
	h := w.Header()
	NoStore(w)
	h.Set("X-Frame-Options", "DENY")
	h.Set("Content-Security-Policy", customPolicy+"; frame-ancestors 'none'")
	h.Set("Referrer-Policy", "same-origin")
	return ReplyBytes(w, status, "text/html; charset=utf-8", []byte(templates.WithCopies(page, p.CopyOf)))
}

// WriteLiquid is WriteOwn for a page in Liquid, whose values are escaped for HTML. It writes nothing, and
// warns, where the page goes beyond the bounds of Liquid.
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

// Shape renders an error as a page, for what a browser shows to a person.
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
	case e.Page != "" && tenant.DefaultRedirectionURI != "":
		// Auth0: authenticate/login/auth0-universal-login/configure-default-login-routes.
		return Redirect(w, r, tenant.DefaultRedirectionURI)
	case e.Page != "":
		return p.Write(w, e.Status, templates.Message{Layout: layout, Status: templates.Status(e.Page), TrackingID: RequestID(w)})
	case tenant.ErrorPage.URL != "":
		return redirectToErrorPage(w, r, tenant.ErrorPage.URL, e)
	case tenant.ErrorPage.HTML != "":
		values := map[string]any{}
		for name, value := range errorParams(w, r, e) {
			values[name] = value
		}
		if done, err := p.WriteLiquid(w, e.Status, tenant.ErrorPage.HTML, values); done || err != nil {
			return err
		}
	}
	return p.Write(w, e.Status, templates.Error{
		Layout: layout, Code: e.Code, Description: e.Message, TrackingID: RequestID(w),
	})
}

// redirectToErrorPage sends the browser to the tenant's own page, Auth0:
// authenticate/login/auth0-universal-login/error-pages.
func redirectToErrorPage(w http.ResponseWriter, r *http.Request, page string, e *apierr.Error) error {
	u, err := url.Parse(page)
	if err != nil {
		return err
	}
	query := u.Query()
	for name, value := range errorParams(w, r, e) {
		if value != "" {
			query.Set(name, value)
		}
	}
	u.RawQuery = query.Encode()
	return Redirect(w, r, u.String())
}

// errorParams are what the tenant's own error page is told.
func errorParams(w http.ResponseWriter, r *http.Request, e *apierr.Error) map[string]string {
	sent := r.URL.Query()
	return map[string]string{
		"client_id": sent.Get("client_id"), "connection": sent.Get("connection"), "lang": sent.Get("ui_locales"),
		"error": e.Code, "error_description": e.Message, "tracking": RequestID(w),
	}
}
