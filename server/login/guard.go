package login

import (
	"net"
	"net/http"

	"github.com/tenant0/tenant0/server/account"
	"github.com/tenant0/tenant0/server/emails"
	"github.com/tenant0/tenant0/server/tenantlog"
	"github.com/tenant0/tenant0/storage"
)

// attempt is one password that was typed.
type attempt struct {
	t          storage.Transaction
	user       storage.User // whose it should be; none where the username is nobody's
	connection string
	username   string
}

// guard decides what becomes of an attempt whose password was right or not: the key
// of the error to show, or "" to log in. It counts wrong passwords, Auth0:
// secure/attack-protection/brute-force-protection.
func (m *room) guard(r *http.Request, a attempt, right bool) (key string, err error) {
	ip := address(r)
	blocked := false
	err = m.DB.View(func(tx *storage.Tx) error {
		blocked, err = account.Blocked(tx, a.user.UserID, a.connection, ip, m.Now())
		return err
	})
	switch {
	case err != nil:
		return "", err
	case blocked:
		m.Log.Record(r, a.blocked())
		return accountBlocked, nil
	case right:
		return "", nil
	}
	m.Log.Record(r, a.failed())
	return wrongCredentials, m.count(r, a, ip)
}

// count counts a wrong password, and tells the user of the one that blocks the
// account.
func (m *room) count(r *http.Request, a attempt, ip string) error {
	var blocks bool
	var mail emails.Draft
	err := m.DB.Update(func(tx *storage.Tx) (err error) {
		mail = emails.Draft{}
		var notify bool
		blocks, notify, err = account.CountFailure(tx, a.user, a.connection, a.username, ip, m.Now())
		if err != nil || !notify {
			return err
		}
		mail, err = m.Emails.DraftTicket(tx, storage.TicketUnblock, a.user, a.t.Request.ClientID, m.Now())
		return err
	})
	if err != nil {
		return err
	}
	if blocks {
		m.Log.Record(r, a.blocked())
	}
	return m.Emails.Send(mail)
}

// failed is the event of a wrong password, or of a username that is nobody's.
func (a attempt) failed() tenantlog.Event {
	const message = "Wrong email or password."
	e := tenantlog.Event{
		Type: tenantlog.UnknownUser, Description: message, ClientID: a.t.Request.ClientID, Connection: a.connection, UserName: a.username,
		Details: map[string]any{"error": map[string]string{"message": message}},
	}
	if a.user.UserID != "" {
		e.Type, e.UserID = tenantlog.WrongPassword, a.user.UserID
	}
	return e
}

// blocked is the event of an attempt to log in to a blocked account.
func (a attempt) blocked() tenantlog.Event {
	return tenantlog.Event{
		Type: tenantlog.AccountBlocked, Description: "Blocked Account: the account had too many failed logins from an address",
		ClientID: a.t.Request.ClientID, Connection: a.connection, UserName: a.username, UserID: a.user.UserID,
	}
}

// address is the IP address that a request comes from.
func address(r *http.Request) string {
	host, _, err := net.SplitHostPort(r.RemoteAddr)
	if err != nil {
		return r.RemoteAddr
	}
	return host
}
