package dbconnections

import (
	"context"
	"maps"
	"net/http"
	"net/url"
	"strings"

	"github.com/tenant0/tenant0/keys"
	"github.com/tenant0/tenant0/server/apierr"
	"github.com/tenant0/tenant0/server/identity"
	"github.com/tenant0/tenant0/server/web"
	"github.com/tenant0/tenant0/storage"
	"github.com/tenant0/tenant0/templates"
)

// classicResetPage is the path of the tenant's own password reset page, to which its widget posts too, Auth0:
// customize/login-pages/classic-login/customize-password-reset-page.
const classicResetPage = "/lo/reset"

// showClassicReset shows the tenant's own password reset page, or the built-in one of the classic login. If
// the application uses the universal login, the browser is redirected to that login's page.
//
//auth0:operation GET /lo/reset
func (m *room) showClassicReset(w http.ResponseWriter, r *http.Request) error {
	t, user, outcome, err := m.resetTicket(r)
	if badLink(err) {
		return m.resetResult(r.Context(), w, http.StatusBadRequest, outcome, t)
	}
	if err != nil {
		return err
	}
	page, values, err := m.classicReset(r, user)
	if err != nil {
		return err
	}
	if page != "" {
		values["csrf_token"] = m.Cookies.MarkForm(w)
		if done, err := m.Pages.WriteLiquid(w, http.StatusOK, page, values); done || err != nil {
			return err
		}
	}
	classic, err := m.isClassic(r.Context(), t.ClientID)
	switch {
	case err != nil:
		return err
	case classic:
		return m.newPasswordPage(r.Context(), w, http.StatusOK, newPassword{Ticket: t, user: user, secret: r.URL.Query().Get("ticket")})
	}
	return web.Redirect(w, r, "/u/reset-verify?ticket="+url.QueryEscape(r.URL.Query().Get("ticket")))
}

// isClassic reports whether an application uses the classic login.
func (m *room) isClassic(ctx context.Context, clientID string) (is bool, err error) {
	err = m.DB.View(ctx, func(tx *storage.Tx) (err error) {
		_, is, err = tx.ClassicLogin(clientID)
		return err
	})
	return is, err
}

// resetResult shows the result page of a password reset: the classic one if the application uses the classic
// login.
func (m *room) resetResult(ctx context.Context, w http.ResponseWriter, status int, outcome templates.Outcome, t storage.Ticket) error {
	page, err := m.resultPage(ctx, outcome, t.ClientID, t.Email)
	if err != nil {
		return err
	}
	classic, err := m.isClassic(ctx, t.ClientID)
	switch {
	case err != nil:
		return err
	case classic:
		return m.Pages.Write(w, status, templates.ClassicResult(page))
	}
	return m.Pages.Write(w, status, page)
}

// classicReset returns the HTML of the tenant's own page, or "", and the variables that it may use.
func (m *room) classicReset(r *http.Request, user storage.User) (page string, values map[string]any, err error) {
	layout, err := m.Pages.Layout(r.Context(), web.About{UserID: user.UserID})
	if err != nil {
		return "", nil, err
	}
	err = m.DB.View(r.Context(), func(tx *storage.Tx) error {
		tenant, err := tx.Tenant.Get(storage.TenantKey)
		if err := storage.Optional(err); err != nil {
			return err
		}
		conn, err := tx.Connections.Find("name", user.ConnectionName())
		if err := storage.Optional(err); err != nil {
			return err
		}
		page = tenant.OwnResetPage()
		options, _ := conn.Options["password_complexity_options"].(map[string]any)
		values = map[string]any{
			"email": user.Email, "ticket": r.URL.Query().Get("ticket"), "lang": layout.Language,
			"password_policy": conn.Options["passwordPolicy"], "password_complexity_options": options, "min_length": identity.PolicyOf(conn).MinLength(),
			"tenant": map[string]any{
				"name": m.Tenant, "friendly_name": tenant.FriendlyName, "picture_url": tenant.PictureURL,
				"support_email": tenant.SupportEmail, "support_url": tenant.SupportURL,
			},
		}
		return nil
	})
	return page, values, err
}

// submitClassicReset changes the password, once for each link. Scripts get JSON; a browser that submits the
// form without JavaScript is redirected to the result page or the ticket's result URL.
//
//auth0:operation POST /lo/reset
func (m *room) submitClassicReset(w http.ResponseWriter, r *http.Request) error {
	body, both, err := readNewPassword(w, r)
	if err != nil {
		return err
	}
	secret := storage.Text(body, "ticket")
	t, user, outcome, err := m.resetTicketOf(r, keys.Hash(secret))
	switch {
	case badLink(err) && web.Navigates(r):
		return m.resetResult(r.Context(), w, http.StatusBadRequest, outcome, t)
	case badLink(err):
		return errTicket(err)
	case err != nil:
		return err
	}
	password, again := storage.Text(body, "newPassword"), storage.Text(body, "confirmNewPassword")
	page := newPassword{Ticket: t, user: user, secret: secret}
	if len(both) == 2 {
		password, again, page.builtIn = both[0], both[1], true
	}
	switch {
	case password == "":
		return m.classicRefusal(w, r, page, "no-password-reset", apierr.NamedError("ValidationError", "invalid_request", "password is required"))
	case again != password:
		return m.classicRefusal(w, r, page, "password-mismatch",
			apierr.NamedError("ValidationError", "invalid_request", "Please ensure the password and the confirmation are the same."))
	}
	err = m.reset(r, t, user, password)
	key, demands, refused := explain(err)
	page.demands = demands
	switch {
	case badLink(err):
		return errTicket(err)
	case refused:
		return m.classicRefusal(w, r, page, key, signupError(err))
	case err != nil:
		return signupError(err)
	case !web.Navigates(r) && !page.builtIn:
		answer := map[string]any{"email": user.Email}
		if t.ResultURL != "" {
			if answer["result_url"], err = resultURL(t, user.Email, true, passwordChanged); err != nil {
				return err
			}
		}
		return web.Reply(w, http.StatusOK, answer)
	case t.ResultURL != "":
		t.Email = user.Email
		return redirectToResult(w, r, t, true, passwordChanged)
	}
	return web.Redirect(w, r, "/u/reset-password/success?ticket="+url.QueryEscape(secret))
}

// readNewPassword reads the JSON of a page's script, or a form. both are the values of the two password
// inputs of the built-in page, which have the same name, as in Auth0's widget.
func readNewPassword(w http.ResponseWriter, r *http.Request) (body storage.Document, both []string, err error) {
	if strings.HasPrefix(r.Header.Get("Content-Type"), "application/json") {
		body, err = readAnyObject(w, r)
		return body, nil, err
	}
	form, err := web.FormLists(w, r, web.MaxForm)
	if err != nil {
		return nil, nil, err
	}
	body = storage.Document{}
	for name := range form {
		body[name] = form.Get(name)
	}
	return body, form["password"], nil
}

// classicRefusal reports what is wrong with a new password: on the built-in page, or as an error for a
// script.
func (m *room) classicRefusal(w http.ResponseWriter, r *http.Request, page newPassword, key string, err error) error {
	if !page.builtIn {
		return err
	}
	return m.newPasswordPage(r.Context(), w, http.StatusBadRequest, page, key)
}

// errTicket returns the answer to an invalid, expired or used ticket.
func errTicket(err error) error {
	return apierr.NamedError("ValidationError", "invalid_ticket", "This ticket is invalid, expired or was already used.").With(err)
}

// classicShape writes an error as JSON for the script of a page, or as an error page if the browser submitted
// a form.
func (m *room) classicShape(w http.ResponseWriter, r *http.Request, e *apierr.Error) {
	if web.Navigates(r) {
		m.Pages.Shape(w, r, e)
		return
	}
	answer := *e
	answer.Extra = map[string]any{"name": "Error", "message": e.Message}
	maps.Copy(answer.Extra, e.Extra)
	shape(w, r, &answer)
}
