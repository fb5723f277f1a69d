package dbconnections

import (
	"cmp"
	"context"
	"encoding/json"
	"errors"
	"net/http"
	"net/url"
	"slices"
	"strings"

	"github.com/tenant0/tenant0/server/account"
	"github.com/tenant0/tenant0/server/apierr"
	"github.com/tenant0/tenant0/server/emails"
	"github.com/tenant0/tenant0/server/factors"
	"github.com/tenant0/tenant0/server/objects"
	"github.com/tenant0/tenant0/server/registered"
	"github.com/tenant0/tenant0/server/signin"
	"github.com/tenant0/tenant0/server/telephone"
	"github.com/tenant0/tenant0/server/tenantlog"
	"github.com/tenant0/tenant0/server/trace"
	"github.com/tenant0/tenant0/server/web"
	"github.com/tenant0/tenant0/storage"
	"github.com/tenant0/tenant0/templates"
)

// readObject reads the body of a request to the API. It returns an error if the request comes from a web page
// whose origin the application in client_id does not allow.
func (m *room) readObject(w http.ResponseWriter, r *http.Request) (storage.Document, error) {
	body, err := readAnyObject(w, r)
	clientID := storage.Text(body, "client_id")
	if err != nil || clientID == "" {
		return body, err
	}
	return body, m.DB.View(r.Context(), func(tx *storage.Tx) error { return registered.CheckOrigin(tx, r, clientID) })
}

// readAnyObject reads the body of a request to the API, which is JSON or a form.
func readAnyObject(w http.ResponseWriter, r *http.Request) (storage.Document, error) {
	if !strings.HasPrefix(r.Header.Get("Content-Type"), "application/json") {
		form, err := web.Form(w, r)
		if err != nil {
			return nil, err
		}
		doc := storage.Document{}
		for name := range form {
			doc[name] = form.Get(name)
		}
		return doc, nil
	}
	raw, err := web.ReadJSON(w, r, web.MaxForm)
	if err != nil {
		return nil, err
	}
	var doc storage.Document
	if err := json.Unmarshal(raw, &doc); err != nil {
		return nil, apierr.MalformedBody.With(err)
	}
	return doc, nil
}

// startReset redirects from a login page to the page that asks for the e-mail address, with the identifier
// that was typed at the login.
//
//auth0:operation GET /u/login/password-reset-start/{connection}
//auth0:operation GET /u/login/password-reset-start/{connection}/{identifier}
func (m *room) startReset(w http.ResponseWriter, r *http.Request) error {
	_, state, err := m.transaction(r)
	if err != nil {
		return err
	}
	query := url.Values{"state": {state}}
	if typed := web.Param(r, "identifier"); typed != "" {
		query.Set("email", typed)
	}
	return web.Redirect(w, r, "/u/reset-password/request/"+url.PathEscape(web.Param(r, "connection"))+"?"+query.Encode())
}

//auth0:operation GET /u/reset-password/request
//auth0:operation GET /u/reset-password/request/{connection}
func (m *room) showResetRequest(w http.ResponseWriter, r *http.Request) error {
	t, state, err := m.transaction(r)
	if err != nil {
		return err
	}
	connection, err := m.resetConnection(r, t)
	if err != nil {
		return err
	}
	typed := cmp.Or(t.TypedOn(resetRequest(connection), "username"), r.URL.Query().Get("email"), t.Request().LoginHint)
	return m.resetRequestPage(w, r, http.StatusOK, t, state, templates.ResetRequest{Email: typed})
}

// submitResetRequest sends the e-mail or the code. It answers the same whether or not there is an account.
//
//auth0:operation POST /u/reset-password/request
//auth0:operation POST /u/reset-password/request/{connection}
func (m *room) submitResetRequest(w http.ResponseWriter, r *http.Request) error {
	form, t, state, err := m.form(w, r)
	if err != nil {
		return err
	}
	connection, err := m.resetConnection(r, t)
	if err != nil {
		return err
	}
	if form.Get("action") == telephone.PickAction {
		return m.pickCountry(w, r, t, state, resetRequest(connection), form)
	}
	email := strings.TrimSpace(cmp.Or(form.Get("email"), form.Get("username"), form.Get("phone")))
	if email == "" {
		return m.resetRequestPage(w, r, http.StatusBadRequest, t, state, templates.ResetRequest{Errors: []string{"no-email"}})
	}
	if email, err = m.typedNumber(r, t, connection, email); err != nil {
		return err
	}
	proof, byCode, err := m.resetByCode(r.Context(), connection, email)
	if err != nil {
		return err
	}
	if byCode {
		page, err := m.Codes.StartProof(r, t, proof)
		if err != nil {
			return err
		}
		return web.Continue(w, r, page, state)
	}
	switch err := m.sendReset(r, connection, email, emails.Login{ClientID: t.Request().ClientID, Organization: t.Request().Organization}); {
	case errors.Is(err, storage.ErrTooMany):
		return m.resetRequestPage(w, r, http.StatusTooManyRequests, t, state, templates.ResetRequest{Email: email, Errors: []string{"too-many-email"}})
	case err != nil:
		return err
	}
	return m.resetSent(w, r, t, state, email)
}

// resetSent tells the user that an e-mail was sent: on the built-in classic login page, as Lock does, or on a
// separate page.
func (m *room) resetSent(w http.ResponseWriter, r *http.Request, t storage.Transaction, state, email string) error {
	var screens account.Screens
	err := m.DB.View(r.Context(), func(tx *storage.Tx) (err error) {
		screens, err = account.ScreensFor(tx, t.Request())
		return err
	})
	if err != nil {
		return err
	}
	if screens.ClassicBuiltIn() {
		return web.Redirect(w, r, screens.Login+"?"+url.Values{"state": {state}, account.ResetSentParam: {"sent"}}.Encode())
	}
	layout, err := m.Pages.Layout(r.Context(), web.AboutRequest(t.Request()))
	if err != nil {
		return err
	}
	name, _, err := m.appName(r.Context(), t.Request().ClientID)
	if err != nil {
		return err
	}
	return m.Pages.Write(w, http.StatusOK, templates.Result{
		Layout: layout, Outcome: templates.ResetMailSent, ClientName: name, Email: email, State: state,
	})
}

// resetConnection returns the name of the connection whose password is changed: the one in the path, or the
// login's first database connection.
func (m *room) resetConnection(r *http.Request, t storage.Transaction) (name string, err error) {
	if name = web.Param(r, "connection"); name != "" {
		return name, nil
	}
	err = m.DB.View(r.Context(), func(tx *storage.Tx) error {
		ways, err := account.WaysOf(tx, t.Request())
		if len(ways.Databases) > 0 {
			name = ways.Databases[0].Name
		}
		return err
	})
	return name, err
}

// resetByCode returns the proof that a user needs for a new password, if the connection verifies addresses
// with codes (byCode), or if it knows users by their telephone numbers and a number was typed.
func (m *room) resetByCode(ctx context.Context, name, login string) (p storage.Proof, byCode bool, err error) {
	err = m.DB.View(ctx, func(tx *storage.Tx) error {
		conn, err := signin.Database(tx, name)
		if err != nil {
			return err
		}
		byPhone := factors.IsPhoneNumber(login) && slices.Contains(account.LoginIdentifiers([]storage.Connection{conn}), "phone_number")
		if byCode = byPhone || conn.ByCode(); !byCode {
			return nil
		}
		user, err := tx.UserByLogin(conn.Name, login)
		p = storage.Proof{Reset: true, Connection: conn.Name, Address: login}
		if byPhone {
			p.Member = "phone_number"
			if err == nil && user.PhoneNumber == login {
				p.UserID, p.Account = user.UserID, user.AccountID()
			}
			return storage.Optional(err)
		}
		if err == nil && user.Email != "" {
			p.UserID, p.Account = user.UserID, user.AccountID()
		}
		if strings.EqualFold(login, user.Email) {
			p.Address = user.Email
		}
		return storage.Optional(err)
	})
	return p, byCode, err
}

func (m *room) resetRequestPage(w http.ResponseWriter, r *http.Request, status int, t storage.Transaction, state string, page templates.ResetRequest) (err error) {
	if page.Layout, err = m.Pages.Layout(r.Context(), web.AboutRequest(t.Request())); err != nil {
		return err
	}
	if page.ClientName, _, err = m.appName(r.Context(), t.Request().ClientID); err != nil {
		return err
	}
	name, err := m.resetConnection(r, t)
	if err != nil {
		return err
	}
	var screens account.Screens
	err = m.DB.View(r.Context(), func(tx *storage.Tx) (err error) {
		screens, err = account.ScreensFor(tx, t.Request())
		return err
	})
	if err != nil {
		return err
	}
	if page.Identifiers, err = m.resetKinds(r.Context(), name); err != nil {
		return err
	}
	page.Country = telephone.Shown(r.Context(), t, page.Language)
	page.State, page.LoginURL = state, screens.Login+"?state="+url.QueryEscape(state)
	if screens.Login == account.ClassicPage {
		return m.Pages.Write(w, status, templates.ClassicReset(page))
	}
	return m.Pages.Write(w, status, page)
}

// resetTicket returns the ticket of the link and its user. If there is an error about the link, outcome says
// what is wrong with it.
func (m *room) resetTicket(r *http.Request) (t storage.Ticket, user storage.User, outcome templates.Outcome, err error) {
	return m.resetTicketOf(r, ticketHash(r))
}

// resetTicketOf is resetTicket for the ticket with a hash.
func (m *room) resetTicketOf(r *http.Request, hash string) (t storage.Ticket, user storage.User, outcome templates.Outcome, err error) {
	err = m.DB.View(r.Context(), func(tx *storage.Tx) error {
		if t, err = tx.FindTicket(hash, storage.TicketResetPassword, m.Now()); err != nil {
			return err
		}
		user, err = tx.UserAs(t.UserID, t.Account)
		return err
	})
	trace.Correlate(r.Context(), t.CorrelationID)
	return t, user, resetOutcome(err), err
}

func resetOutcome(err error) templates.Outcome {
	switch {
	case errors.Is(err, storage.ErrReused):
		return templates.ResetLinkUsed
	case errors.Is(err, storage.ErrExpired):
		return templates.ResetLinkExpired
	}
	return templates.ResetLinkInvalid
}

// badLink reports whether an error says that a link is invalid, expired or used.
func badLink(err error) bool {
	return errors.Is(err, storage.ErrReused) || errors.Is(err, storage.ErrExpired) || storage.IsNotFound(err)
}

//auth0:operation GET /u/reset-verify
func (m *room) showNewPassword(w http.ResponseWriter, r *http.Request) error {
	t, user, outcome, err := m.resetTicket(r)
	if badLink(err) {
		return m.resetResult(r.Context(), w, http.StatusBadRequest, outcome, t)
	}
	if err != nil {
		return err
	}
	if err := m.noteUnrunActions(r.Context()); err != nil {
		return err
	}
	return m.newPasswordPage(r.Context(), w, http.StatusOK, newPassword{Ticket: t, user: user})
}

// submitNewPassword changes the password, once for each link.
//
//auth0:operation POST /u/reset-verify
func (m *room) submitNewPassword(w http.ResponseWriter, r *http.Request) error {
	form, err := web.Form(w, r)
	if err != nil {
		return err
	}
	t, user, outcome, err := m.resetTicket(r)
	if badLink(err) {
		return m.resetResult(r.Context(), w, http.StatusBadRequest, outcome, t)
	}
	if err != nil {
		return err
	}
	password, again, page := form.Get("password-reset"), form.Get("re-enter-password"), newPassword{Ticket: t, user: user}
	switch {
	case password == "":
		return m.newPasswordPage(r.Context(), w, http.StatusBadRequest, page, "no-password-reset")
	case again == "":
		return m.newPasswordPage(r.Context(), w, http.StatusBadRequest, page, "no-re-enter-password")
	case again != password:
		return m.newPasswordPage(r.Context(), w, http.StatusBadRequest, page, "password-mismatch")
	}
	err = m.reset(r, t, user, password)
	if key, demands, refused := explain(err); refused {
		page.demands = demands
		return m.newPasswordPage(r.Context(), w, http.StatusBadRequest, page, key)
	}
	if badLink(err) {
		return m.resetResult(r.Context(), w, http.StatusBadRequest, resetOutcome(err), t)
	}
	if err != nil {
		return err
	}
	if t.ResultURL != "" {
		t.Email = user.Email
		return redirectToResult(w, r, t, true, passwordChanged)
	}
	return web.Redirect(w, r, "/u/reset-password/success?ticket="+url.QueryEscape(r.URL.Query().Get("ticket")))
}

// showPasswordReset shows that the password was changed, if the ticket has been used.
//
//auth0:operation GET /u/reset-password/success
func (m *room) showPasswordReset(w http.ResponseWriter, r *http.Request) error {
	t, _, outcome, err := m.resetTicket(r)
	switch {
	case errors.Is(err, storage.ErrReused):
		return m.resetResult(r.Context(), w, http.StatusOK, templates.PasswordReset, t)
	case badLink(err):
		return m.resetResult(r.Context(), w, http.StatusBadRequest, outcome, t)
	case err != nil:
		return err
	}
	return web.Redirect(w, r, "/u/reset-verify?ticket="+url.QueryEscape(r.URL.Query().Get("ticket")))
}

// passwordChanged is the message after a password was changed with a link.
const passwordChanged = "You can now login to the application with the new password."

// reset sets the new password and uses the ticket up. It logs success or failure.
func (m *room) reset(r *http.Request, t storage.Ticket, user storage.User, password string) (err error) {
	e := tenantlog.Event{
		Type: tenantlog.PasswordChanged, Description: passwordChanged,
		ClientID: t.ClientID, Connection: t.Connection, UserID: t.UserID, UserName: user.Email,
	}
	defer func() {
		if err != nil {
			e.Type, e.Description = tenantlog.PasswordChangeFailed, signin.SignupReason(err)
		}
		m.Log.Record(r, e)
	}()
	if err := m.SignIn.CheckNewPassword(r, user, t.ClientID, t.Connection, password); err != nil {
		return err
	}
	var demands account.Demands
	err = m.DB.View(r.Context(), func(tx *storage.Tx) (err error) {
		demands, err = account.DemandsOf(tx, user.ConnectionName(), user)
		return err
	})
	if err != nil {
		return err
	}
	hash, err := demands.Hash(r.Context(), m.Passwords, password)
	if err != nil {
		return err
	}
	return m.DB.Update(r.Context(), func(tx *storage.Tx) error { return objects.FollowPasswordTicket(tx, t.Hash, hash, m.Now()) })
}

// newPassword is the data of the page for a new password: the ticket, its user and the requirements for the
// password, nil if not yet read. If secret, the secret of the ticket, is set, the page is the built-in one of
// the classic login. builtIn says that the form was sent from that page.
type newPassword struct {
	storage.Ticket
	user    storage.User
	demands []templates.Demand
	secret  string
	builtIn bool
}

func (m *room) newPasswordPage(ctx context.Context, w http.ResponseWriter, status int, p newPassword, errs ...string) error {
	layout, err := m.Pages.Layout(ctx, web.About{ClientID: p.ClientID, UserID: p.user.UserID})
	if err != nil {
		return err
	}
	name, _, err := m.appName(ctx, p.ClientID)
	if err == nil && p.demands == nil {
		p.demands, err = m.demandsFor(ctx, p.user)
	}
	if err != nil {
		return err
	}
	page := templates.NewPassword{Layout: layout, ClientName: name, Email: p.user.Email, Demands: p.demands, Errors: errs}
	if p.secret != "" {
		return m.Pages.Write(w, status, templates.ClassicNewPassword{NewPassword: page, Ticket: p.secret})
	}
	return m.Pages.Write(w, status, page)
}
