package storage

import (
	"time"

	"github.com/tenant0/tenant0/storage/table"
)

// LoginTicket logs a user in at the browser in which a page of an application has authenticated the
// user, Auth0: authenticate/login/cross-origin-authentication. Its key is the hash of the ticket.
type LoginTicket struct {
	Hash       string `json:"hash"`
	ClientID   string `json:"client_id"`
	UserID     string `json:"user_id"`
	Connection string `json:"connection"`
	Method     string `json:"method"`
	// StateHash is the key of the login under way that the ticket is for, "" if the page belongs to
	// no login under way.
	StateHash string `json:"state_hash,omitempty"`
	// Browser identifies the browser that showed the page; the ticket is valid in no other.
	Browser   string    `json:"browser"`
	ExpiresAt time.Time `json:"expires_at"`
}

var loginTickets = table.Declare(table.Spec[LoginTicket]{
	Name:    "login_tickets",
	Key:     func(t LoginTicket) string { return t.Hash },
	Expires: func(t LoginTicket) time.Time { return t.ExpiresAt },
	Indexes: []table.Index[LoginTicket]{{Name: "user", Values: func(t LoginTicket) []string { return []string{t.UserID} }}},
})

// UseLoginTicket uses up a ticket. It returns ErrNotFound if the ticket has expired, or is for
// another application, another login under way ("" for none) or another browser.
func (tx *Tx) UseLoginTicket(hash, clientID, stateHash, browser string, now time.Time) (LoginTicket, error) {
	t, err := tx.LoginTickets.Get(hash)
	if err != nil {
		return t, err
	}
	if t.ClientID != clientID || t.StateHash != stateHash || t.Browser != browser || !now.Before(t.ExpiresAt) {
		return t, ErrNotFound
	}
	return t, tx.LoginTickets.Delete(hash)
}
