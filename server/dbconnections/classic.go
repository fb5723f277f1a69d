package dbconnections

import (
	"maps"
	"net/http"
	"net/url"

	"github.com/tenant0/tenant0/keys"
	"github.com/tenant0/tenant0/server/apierr"
	"github.com/tenant0/tenant0/server/identity"
	"github.com/tenant0/tenant0/server/web"
	"github.com/tenant0/tenant0/storage"
)

// classicResetPage is where the tenant's own page for a new password is, and what its widget posts to,
// Auth0: customize/login-pages/classic-login/customize-password-reset-page.
const classicResetPage = "/lo/reset"

// showClassicReset shows the tenant's own page for a new password. A tenant without one has the page of
// the universal login.
//
//auth0:operation GET /lo/reset
func (m *room) showClassicReset(w http.ResponseWriter, r *http.Request) error {
	t, user, outcome, err := m.resetTicket(r)
	if badLink(err) {
		return m.result(r.Context(), w, http.StatusBadRequest, outcome, t.ClientID, t.Email)
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
	return web.Redirect(w, r, "/u/reset-verify?ticket="+url.QueryEscape(r.URL.Query().Get("ticket")))
}

// classicReset is the tenant's own page, "" for none, and what it may speak of.
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

// submitClassicReset changes the password, once for each link. Scripts read a sentence; a browser that
// sent a form without one is shown where the link leads.
//
//auth0:operation POST /lo/reset
func (m *room) submitClassicReset(w http.ResponseWriter, r *http.Request) error {
	body, err := readAnyObject(w, r)
	if err != nil {
		return err
	}
	secret := storage.Text(body, "ticket")
	t, user, outcome, err := m.resetTicketOf(r, keys.Hash(secret))
	switch {
	case badLink(err) && web.Navigates(r):
		return m.result(r.Context(), w, http.StatusBadRequest, outcome, t.ClientID, t.Email)
	case badLink(err):
		return errTicket(err)
	case err != nil:
		return err
	}
	password := storage.Text(body, "newPassword")
	switch {
	case password == "":
		return apierr.Named("ValidationError", "invalid_request", "password is required")
	case storage.Text(body, "confirmNewPassword") != password:
		return apierr.Named("ValidationError", "invalid_request", "Please ensure the password and the confirmation are the same.")
	}
	if err := m.reset(r, t, user, password); badLink(err) {
		return errTicket(err)
	} else if err != nil {
		return signupError(err)
	}
	switch {
	case !web.Navigates(r):
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

// errTicket is the answer to a ticket that is not good.
func errTicket(err error) error {
	return apierr.Named("ValidationError", "invalid_ticket", "This ticket is invalid, expired or was already used.").With(err)
}

// classicShape renders an error for the script of the page, or as a page.
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
