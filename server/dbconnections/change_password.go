package dbconnections

import (
	"errors"
	"net/http"
	"time"

	"github.com/tenant0/tenant0/server/account"
	"github.com/tenant0/tenant0/server/apierr"
	"github.com/tenant0/tenant0/server/emails"
	"github.com/tenant0/tenant0/server/signin"
	"github.com/tenant0/tenant0/server/tenantlog"
	"github.com/tenant0/tenant0/server/web"
	"github.com/tenant0/tenant0/storage"
)

// resetSentence is the answer to every request for a new password. It is the same whether or not the account
// exists.
const resetSentence = "We've just sent you an email to reset your password."

// changePassword sends the e-mail with a link to choose a new password, Auth0:
// api/authentication/change-password.
//
//auth0:operation POST /dbconnections/change_password
func (m *room) changePassword(w http.ResponseWriter, r *http.Request) error {
	body, err := m.readObject(w, r)
	if err != nil {
		return err
	}
	name, login := storage.Text(body, "connection"), storage.Text(body, "email")
	for _, other := range []string{"username", "phone_number"} {
		if login == "" {
			login = storage.Text(body, other)
		}
	}
	switch {
	case login == "":
		return apierr.InvalidRequestMessage("email is required").WithSetting("the parameter email")
	case name == "":
		return apierr.InvalidRequestMessage("connection is required").WithSetting("the parameter connection")
	}
	if password := body["password"]; password != nil && password != "" {
		return m.refuseNewPassword(r, name)
	}
	switch err := m.sendReset(r, name, login, emails.Login{ClientID: storage.Text(body, "client_id")}); {
	case errors.Is(err, storage.ErrTooMany):
		return account.TooManyResets(m.Now())
	case err != nil:
		return err
	}
	var left int
	var more time.Time
	err = m.DB.View(r.Context(), func(tx *storage.Tx) error {
		left, more, err = account.ResetsLeft(tx, login, signin.Address(r), m.Now())
		return err
	})
	if err != nil {
		return err
	}
	web.RateLimitLeft(w, account.ResetsAtOnce, left, more)
	return web.ReplyBytes(w, http.StatusOK, "text/html; charset=utf-8", []byte(resetSentence))
}

// refuseNewPassword returns the error for a request for a new password that contains the password, from the documentation
// that Auth0 had of this endpoint. Only the older way to change passwords, which the tenant's flag change_pwd_flow_v1 turns on,
// accepts one: there the link in the e-mail confirms it.
func (m *room) refuseNewPassword(r *http.Request, connection string) error {
	var older bool
	err := m.DB.View(r.Context(), func(tx *storage.Tx) error {
		if _, err := signin.Database(tx, connection); err != nil {
			return err
		}
		tenant, err := tx.Tenant.Get(storage.TenantKey)
		older = tenant.Flags.ChangePasswordV1
		return err
	})
	switch {
	case err != nil:
		return err
	case older:
		return apierr.NotEmulated("A password in a request to change it (change_pwd_flow_v1)")
	}
	return apierr.InvalidRequestMessage("password is not allowed").WithSetting("the parameter password")
}

// sendReset sends the e-mail to the user with a login identifier at a connection, if there is such a user.
func (m *room) sendReset(r *http.Request, name, login string, of emails.Login) error {
	clientID := of.ClientID
	err := m.DB.Update(r.Context(), func(tx *storage.Tx) error { return account.CountReset(tx, login, signin.Address(r), m.Now()) })
	if err != nil {
		if errors.Is(err, storage.ErrTooMany) {
			m.Log.Record(r, tenantlog.Event{
				Type: tenantlog.RateLimited, Description: "You passed the limit of e-mails for a new password", ClientID: clientID, Connection: name, UserName: login,
			})
		}
		return err
	}
	var user storage.User
	var mail emails.Draft
	err = m.DB.View(r.Context(), func(tx *storage.Tx) error {
		conn, err := signin.Database(tx, name)
		if err != nil {
			return err
		}
		user, err = tx.UserByLogin(conn.Name, login)
		if err != nil || user.Email == "" {
			return storage.Optional(err)
		}
		mail, err = m.Emails.DraftTicket(tx, storage.TicketResetPassword, user, of, m.Now())
		return err
	})
	if err == nil {
		err = m.Emails.Send(r.Context(), mail)
	}
	e := tenantlog.Event{
		Type: tenantlog.PasswordRequest, Description: "Change Password Email Request", ClientID: clientID, Connection: name,
		UserID: user.UserID, UserName: login,
	}
	if err != nil || user.UserID == "" {
		e.Type = tenantlog.PasswordRequestFailed
	}
	m.Log.Record(r, e)
	return err
}
