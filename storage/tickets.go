package storage

import (
	"strings"
	"time"

	"github.com/tenant0/tenant0/storage/table"
)

// Kinds of tickets.
const (
	TicketVerifyEmail   = "verify_email"
	TicketResetPassword = "reset_password"
	TicketUnblock       = "unblock"
	TicketEnroll        = "enroll"
)

// Ticket lets the holder of its link do one thing to one account once, Auth0:
// api/management/v2/tickets. Its key is the hash of the secret in the link.
type Ticket struct {
	Hash       string `json:"hash"`
	Kind       string `json:"kind"`
	UserID     string `json:"user_id"`
	Connection string `json:"connection"`
	ClientID   string `json:"client_id"`
	// CorrelationID is the correlation_id of the login that the ticket was issued in, "" for none.
	CorrelationID string `json:"correlation_id,omitempty"`
	// Account is the id of the user's account that the ticket is for, "" for the user's own.
	Account string `json:"account,omitempty"`
	// Email is the address that the ticket verifies. Resetting the password verifies it as well;
	// "" if there is nothing to verify.
	Email string `json:"email"`
	// ResultURL is where the browser goes afterwards, "" for a page that shows the result.
	// IncludeEmail adds the address to the URL.
	ResultURL    string `json:"result_url"`
	IncludeEmail bool   `json:"include_email"`
	// Factor is the factor that a TicketEnroll enrolls, "" for any, and Another allows it for
	// users who have other factors already.
	Factor    string    `json:"factor,omitempty"`
	Another   bool      `json:"another,omitempty"`
	UsedAt    time.Time `json:"used_at,omitzero"`
	ExpiresAt time.Time `json:"expires_at"`
}

// ticketMemory is how long an expired ticket is kept, so that its link can say that it has
// expired.
const ticketMemory = 24 * time.Hour

var tickets = table.Declare(table.Spec[Ticket]{
	Name: "tickets",
	Key:  func(t Ticket) string { return t.Hash },
	Indexes: []table.Index[Ticket]{
		{Name: "user", Values: func(t Ticket) []string { return []string{t.UserID} }},
	},
	Expires: func(t Ticket) time.Time { return t.ExpiresAt.Add(ticketMemory) },
})

// IssueTicket stores a new ticket. Only the newest ticket of a user and a kind is valid, Auth0:
// authenticate/database-connections/password-change; but a user may have several that enroll
// factors.
func (tx *Tx) IssueTicket(t Ticket) error {
	if t.Kind == TicketEnroll {
		return tx.Tickets.Put(t)
	}
	var old []string
	for other, err := range tx.Tickets.By("user", t.UserID) {
		if err != nil {
			return err
		}
		if other.Kind == t.Kind {
			old = append(old, other.Hash)
		}
	}
	for _, hash := range old {
		if err := tx.Tickets.Delete(hash); err != nil {
			return err
		}
	}
	return tx.Tickets.Put(t)
}

// FindTicket returns the ticket of a kind. It returns an error that wraps ErrNotFound if there is
// no such ticket, ErrReused if it was used and ErrExpired if it has expired. A ticket that was sent to an address
// is not there any more once the account has another one: whoever reads the old mailbox may be somebody else.
func (tx *Tx) FindTicket(hash, kind string, now time.Time) (Ticket, error) {
	t, err := tx.Tickets.Get(hash)
	switch {
	case err != nil:
		return t, err
	case t.Kind != kind:
		return t, ErrNotFound
	case !t.UsedAt.IsZero():
		return t, ErrReused
	case !now.Before(t.ExpiresAt):
		return t, ErrExpired
	case t.Email == "":
		return t, nil
	}
	user, err := tx.UserAs(t.UserID, t.Account)
	if err == nil && user.Email != t.Email {
		err = ErrNotFound
	}
	return t, err
}

// UseTicket is FindTicket, and also marks the ticket as used.
func (tx *Tx) UseTicket(hash, kind string, now time.Time) (Ticket, error) {
	t, err := tx.FindTicket(hash, kind, now)
	if err != nil {
		return t, err
	}
	t.UsedAt = now
	return t, tx.Tickets.Put(t)
}

// LoginFailures counts the wrong passwords for one account of a user, from one IP address or from all, Auth0:
// secure/attack-protection/brute-force-protection. A right password for the account ends the count.
type LoginFailures struct {
	Key        string    `json:"key"`
	UserID     string    `json:"user_id"`
	Identifier string    `json:"identifier"` // what was entered to name the user
	IP         string    `json:"ip"`         // "" for all addresses
	Connection string    `json:"connection"`
	Count      int       `json:"count"`
	Blocked    bool      `json:"blocked"`
	ExpiresAt  time.Time `json:"expires_at"`
}

var loginFailures = table.Declare(table.Spec[LoginFailures]{
	Name: "login_failures",
	Key:  func(f LoginFailures) string { return f.Key },
	Indexes: []table.Index[LoginFailures]{
		{Name: "user", Values: func(f LoginFailures) []string { return []string{f.UserID} }},
		{Name: "age", Values: func(f LoginFailures) []string { return []string{f.UserID + "\x01" + sortableTime(f.ExpiresAt)} }},
	},
	Expires: func(f LoginFailures) time.Time { return f.ExpiresAt },
})

// maxLoginFailures bounds the counts of one user, since wrong passwords may come from any number
// of addresses.
const maxLoginFailures = 100

// KeepLoginFailures stores a count. Beyond maxLoginFailures, the user's count that would expire
// first is deleted.
func (tx *Tx) KeepLoginFailures(f LoginFailures) error {
	if err := tx.LoginFailures.Put(f); err != nil {
		return err
	}
	return tx.records(loginFailures.Kind).Bound("age", f.UserID+"\x01", maxLoginFailures)
}

// LoginFailuresKey is the key of an account's failures from an IP address.
func LoginFailuresKey(account, ip string) string { return account + "\x01" + ip }

// ForgetLoginFailures deletes the counts of a user for every account and address.
func (tx *Tx) ForgetLoginFailures(userID string) error {
	return deleteOfUser(tx.records(loginFailures.Kind), userID)
}

// ForgetFailuresAt deletes the counts of one account of a user, the user's own or a linked one, for every address.
func (tx *Tx) ForgetFailuresAt(userID, account string) error {
	keys, err := tx.records(loginFailures.Kind).KeysBy("user", userID)
	if err != nil {
		return err
	}
	for _, key := range keys {
		if strings.HasPrefix(key, LoginFailuresKey(account, "")) {
			if err := tx.LoginFailures.Delete(key); err != nil {
				return err
			}
		}
	}
	return nil
}
