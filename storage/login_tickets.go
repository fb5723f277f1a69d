package storage

import "time"

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

var loginTickets = declare(spec[LoginTicket]{
	name:    "login_tickets",
	key:     func(t LoginTicket) string { return t.Hash },
	expires: func(t LoginTicket) time.Time { return t.ExpiresAt },
	indexes: []index[LoginTicket]{{name: "user", values: func(t LoginTicket) []string { return []string{t.UserID} }}},
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
