package storage

import "time"

// Kinds of tickets.
const (
	TicketVerifyEmail   = "verify_email"
	TicketResetPassword = "reset_password"
	TicketUnblock       = "unblock"
	TicketEnroll        = "enroll"
)

// Ticket lets whoever follows its link do one thing to one account once, Auth0:
// api/management/v2/tickets. Its key is the hash of what the link carries.
type Ticket struct {
	Hash       string `json:"hash"`
	Kind       string `json:"kind"`
	UserID     string `json:"user_id"`
	Connection string `json:"connection"`
	ClientID   string `json:"client_id"`
	// Email is the address that the ticket verifies, and that a reset of the
	// password verifies by the way; "" verifies none.
	Email string `json:"email"`
	// ResultURL is where the browser goes afterwards, "" for a page that says how
	// it went. IncludeEmail adds the address to it.
	ResultURL    string `json:"result_url"`
	IncludeEmail bool   `json:"include_email"`
	// Factor is the factor that a ticket of TicketEnroll is for, "" for any, and Another says that
	// it may come beside others.
	Factor    string    `json:"factor,omitempty"`
	Another   bool      `json:"another,omitempty"`
	UsedAt    time.Time `json:"used_at,omitzero"`
	ExpiresAt time.Time `json:"expires_at"`
}

// ticketMemory is how long a ticket is kept after its time, so that its link can
// say that it is too late.
const ticketMemory = 24 * time.Hour

var tickets = declare(spec[Ticket]{
	name: "tickets",
	key:  func(t Ticket) string { return t.Hash },
	indexes: []index[Ticket]{
		{name: "user", values: func(t Ticket) []string { return []string{t.UserID} }},
	},
	expires: func(t Ticket) time.Time { return t.ExpiresAt.Add(ticketMemory) },
})

// IssueTicket writes a new ticket. Of the tickets of a user and a kind only the
// newest is good, Auth0: authenticate/database-connections/password-change; not so of those that
// enroll factors, of which a user may have several.
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

// FindTicket returns the ticket of a kind, ErrNotFound for none, ErrReused for
// one that was used and ErrTooLate for one whose time is over.
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
		return t, ErrTooLate
	}
	return t, nil
}

// UseTicket is FindTicket, and marks the ticket as used.
func (tx *Tx) UseTicket(hash, kind string, now time.Time) (Ticket, error) {
	t, err := tx.FindTicket(hash, kind, now)
	if err != nil {
		return t, err
	}
	t.UsedAt = now
	return t, tx.Tickets.Put(t)
}

// LoginFailures counts the wrong passwords for one user, from one address or from
// all, Auth0: secure/attack-protection/brute-force-protection. A right one ends
// the count.
type LoginFailures struct {
	Key        string    `json:"key"`
	UserID     string    `json:"user_id"`
	Identifier string    `json:"identifier"` // that the user was called by
	IP         string    `json:"ip"`         // "" for all addresses
	Connection string    `json:"connection"`
	Count      int       `json:"count"`
	Blocked    bool      `json:"blocked"`
	ExpiresAt  time.Time `json:"expires_at"`
}

var loginFailures = declare(spec[LoginFailures]{
	name: "login_failures",
	key:  func(f LoginFailures) string { return f.Key },
	indexes: []index[LoginFailures]{
		{name: "user", values: func(f LoginFailures) []string { return []string{f.UserID} }},
		{name: "age", values: func(f LoginFailures) []string { return []string{f.UserID + "\x01" + sortableTime(f.ExpiresAt)} }},
	},
	expires: func(f LoginFailures) time.Time { return f.ExpiresAt },
})

// maxLoginFailures bounds the counts of one user: whoever types wrong passwords may do so
// from as many addresses as there are.
const maxLoginFailures = 100

// KeepLoginFailures writes a count. Past a bound the one of its user that was not added to
// for longest is forgotten.
func (tx *Tx) KeepLoginFailures(f LoginFailures) error {
	if err := tx.LoginFailures.Put(f); err != nil {
		return err
	}
	return tx.LoginFailures.records.bound("age", f.UserID+"\x01", maxLoginFailures)
}

// LoginFailuresKey is the key of the failures of a user from an address.
func LoginFailuresKey(userID, ip string) string { return userID + "\x01" + ip }

// ForgetLoginFailures ends the count of a user from every address.
func (tx *Tx) ForgetLoginFailures(userID string) error {
	return deleteOfUser(tx.LoginFailures.records, userID)
}
