package passwordless

import (
	"cmp"
	"context"
	"errors"
	"net/http"
	"net/url"
	"strings"

	"github.com/tenant0/tenant0/server/account"
	"github.com/tenant0/tenant0/server/apierr"
	"github.com/tenant0/tenant0/server/passcodes"
	"github.com/tenant0/tenant0/server/session"
	"github.com/tenant0/tenant0/server/signin"
	"github.com/tenant0/tenant0/server/web"
	"github.com/tenant0/tenant0/storage"
	"github.com/tenant0/tenant0/templates"
)

// identifierPage is the login page that asks for an address or a number. Package login
// serves it.
const identifierPage = "/u/login/identifier"

// waiting is a login in the browser that waits for a code or a link.
type waiting struct {
	transaction storage.Transaction
	state       string
	connection  storage.Connection
	user        storage.User
}

// waiting reads the state of a login. If the login does not wait on the given page,
// elsewhere is the path to continue at, which is /authorize/resume if the user has completed the
// login in another tab.
func (m *room) waiting(r *http.Request, page string) (wt waiting, elsewhere string, err error) {
	wt.state = session.StateOf(r)
	if wt.transaction, err = m.SignIn.Cookies.Transaction(m.DB, r, wt.state, m.Now()); err != nil {
		return wt, "", err
	}
	err = m.DB.View(r.Context(), func(tx *storage.Tx) error {
		s, err := m.SignIn.Cookies.Find(tx, r, m.Now())
		if err := storage.Optional(err); err != nil {
			return err
		}
		if wt.transaction.Began(s) {
			elsewhere = "/authorize/resume"
			return nil
		}
		conn, waits, err := passcodes.Waiting(tx, wt.transaction)
		switch {
		case err != nil:
			return err
		case !waits:
			elsewhere = identifierPage
			return nil
		}
		if its := passcodes.Page(*wt.transaction.Passwordless, conn); its != page {
			elsewhere = its
		}
		wt.connection = conn
		wt.user, err = tx.Users.Get(wt.transaction.Passwordless.UserID)
		return storage.Optional(err)
	})
	return wt, elsewhere, err
}

// show serves a page that waits for a code or a link.
//
//auth0:operation GET /u/login/passwordless-email-challenge
//auth0:operation GET /u/login/passwordless-sms-challenge
//auth0:operation GET /u/login/passwordless-email-link
func (m *room) show(page string) web.Handler {
	return func(w http.ResponseWriter, r *http.Request) error {
		wt, elsewhere, err := m.waiting(r, page)
		switch {
		case err != nil:
			return err
		case elsewhere != "":
			return web.Continue(w, r, elsewhere, wt.state)
		}
		return m.page(r.Context(), w, http.StatusOK, wt)
	}
}

// submit logs the user in if the code is right, or sends another code.
//
//auth0:operation POST /u/login/passwordless-email-challenge
//auth0:operation POST /u/login/passwordless-sms-challenge
//auth0:operation POST /u/login/passwordless-email-link
func (m *room) submit(page string) web.Handler {
	return func(w http.ResponseWriter, r *http.Request) error {
		form, err := web.Form(w, r)
		if err != nil {
			return err
		}
		wt, elsewhere, err := m.waiting(r, page)
		switch {
		case err != nil:
			return err
		case elsewhere != "":
			return web.Continue(w, r, elsewhere, wt.state)
		case strings.HasPrefix(form.Get("action"), "resend"), page == passcodes.EmailLinkPage:
			if _, err := m.Codes.StartLogin(r, wt.transaction, wt.state, wt.connection, wt.transaction.Passwordless.Address); err != nil {
				return err
			}
			return m.page(r.Context(), w, http.StatusOK, wt)
		}
		code := strings.TrimSpace(cmp.Or(form.Get("code"), form.Get("vcode"))) // as Lock's input is called
		if code == "" {
			return m.page(r.Context(), w, http.StatusBadRequest, wt, "no-code")
		}
		return m.letIn(w, r, wt, code)
	}
}

// followHere logs the user in when the browser that asked for a link follows it.
//
//auth0:operation GET /u/login/passwordless-email-link/follow
func (m *room) followHere(w http.ResponseWriter, r *http.Request) error {
	wt, elsewhere, err := m.waiting(r, passcodes.EmailLinkPage)
	switch {
	case errors.Is(err, apierr.TransactionForeign):
		return apierr.LinkForeign
	case err != nil:
		return err
	case elsewhere != "":
		return web.Continue(w, r, elsewhere, wt.state)
	}
	return m.letIn(w, r, wt, r.URL.Query().Get("code"))
}

// letIn begins a session if the code is right, and shows the page with an error message if
// not.
func (m *room) letIn(w http.ResponseWriter, r *http.Request, wt waiting, typed string) error {
	attempt, tried := m.attempt(r, wt.transaction.Request().ClientID, wt.connection, wt.transaction.Passwordless.Address, wt.user, typed)
	if key := passcodes.PageKey(tried); key != "" {
		return m.page(r.Context(), w, http.StatusBadRequest, wt, key)
	}
	if tried != nil && !errors.Is(tried, storage.ErrWrongCode) {
		return tried
	}
	var finish func(http.ResponseWriter)
	err := m.SignIn.Evaluate(r, attempt, tried == nil)
	if err == nil {
		err = m.DB.Update(r.Context(), func(tx *storage.Tx) (err error) {
			finish, err = m.SignIn.Begin(tx, r, wt.transaction, attempt)
			return err
		})
	}
	if key := signin.PageKey(err, "invalid-code"); key != "" {
		return m.page(r.Context(), w, http.StatusBadRequest, wt, key)
	}
	if err != nil {
		return err
	}
	finish(w)
	return web.Resume(w, r, wt.state)
}

func (m *room) page(ctx context.Context, w http.ResponseWriter, status int, wt waiting, errs ...string) error {
	rq := wt.transaction.Request()
	layout, err := m.Pages.Layout(ctx, web.AboutRequest(rq))
	if err != nil {
		return err
	}
	var client storage.Client
	classic := false
	err = m.DB.View(ctx, func(tx *storage.Tx) (err error) {
		if client, err = tx.Clients.Get(rq.ClientID); storage.Optional(err) != nil {
			return err
		}
		ways, err := account.WaysOf(tx, rq)
		if err != nil {
			return err
		}
		classic, err = ways.ClassicPasswordless(tx, rq)
		return err
	})
	if err != nil {
		return err
	}
	layout.Numbers.Digits, _ = account.PasscodeOf(wt.connection)
	edit := identifierPage + "?state=" + url.QueryEscape(wt.state)
	address := wt.transaction.Passwordless.Address
	if wt.transaction.Passwordless.Link {
		return m.Pages.Write(w, status, templates.PasswordlessLink{
			Layout: layout, ClientName: client.Name, State: wt.state, Address: address, EditURL: edit, Errors: errs,
		})
	}
	page := templates.PasswordlessCode{
		Layout: layout, ClientName: client.Name, State: wt.state, Address: address, EditURL: edit, Errors: errs,
		Phone: wt.connection.Strategy == "sms",
	}
	if classic {
		return m.Pages.Write(w, status, templates.ClassicPasswordlessCode(page))
	}
	return m.Pages.Write(w, status, page)
}
