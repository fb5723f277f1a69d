// Package signin is the one door for "this person has authenticated by this method".
// Whatever asks for the proof, a page, an endpoint or a grant, judges it here and lets the
// person in here: so wrong proofs are counted and logged alike, and a login always leaves
// the same traces, which are the session with its methods, the user's counters and the end
// of the count of wrong proofs.
//
// The way is: check the proof (outside of any transaction), ask Judge what becomes of it,
// and in one update call Begin for a browser's session, or Record for a login without one.
package signin

import (
	"context"
	"errors"
	"net"
	"net/http"
	"slices"
	"time"

	"github.com/tenant0/tenant0/keys"
	"github.com/tenant0/tenant0/server/account"
	"github.com/tenant0/tenant0/server/apierr"
	"github.com/tenant0/tenant0/server/emails"
	"github.com/tenant0/tenant0/server/outbox"
	"github.com/tenant0/tenant0/server/session"
	"github.com/tenant0/tenant0/server/tenantlog"
	"github.com/tenant0/tenant0/storage"
)

// Methods by which people authenticate, as Auth0 names them in the methods of a session,
// Auth0: customize/actions/explore-triggers/signup-and-login-triggers/login-trigger.
const (
	Password  = "pwd"
	Passkey   = "passkey"
	Email     = "email" // a code or a link by e-mail
	SMS       = "sms"
	Federated = "federated" // another identity provider
	MFA       = "mfa"       // a further factor, which the Type of the method names
)

var (
	// ErrWrong reports a proof that is wrong, or an identifier that is nobody's.
	ErrWrong = errors.New("the proof is wrong")
	// ErrBlocked reports an account that too many wrong proofs have blocked for the address.
	ErrBlocked = errors.New("the account is blocked after too many wrong attempts")
)

// Door lets people in. It is safe for concurrent use.
type Door struct {
	DB      *storage.DB
	Cookies session.Cookies
	Emails  emails.Writer
	Log     *tenantlog.Log
	Now     func() time.Time
}

// Attempt is one try of a person to authenticate.
type Attempt struct {
	// Method is one of the constants of this package.
	Method string
	// ClientID is the application that the login is for.
	ClientID string
	// Connection is the name of the connection that was tried.
	Connection string
	// Identifier is what the person gave as their name: an address, a username, a number.
	Identifier string
	// User is whose account it is; one without an id where the identifier is nobody's.
	User storage.User
	// IP is the address that the attempt is counted for, as Address has it or, for servers that
	// are trusted to say it, the person's own.
	IP string
	// Holds is asked in the update that lets the person in: it returns ErrWrong where what was
	// proved does not hold any more, as with a password that was changed meanwhile. nil always
	// holds.
	Holds func(*storage.Tx) error
	// Password is what was tried, "" for other proofs: it may be one that others know.
	Password string
	// Unknown and Wrong are the types of the event in the tenant's log where there is no such
	// user, and where the proof was wrong; empty for those of passwords. Message is what the event
	// says, empty for the sentence about passwords.
	Unknown, Wrong, Message string
}

// Address is the address that a request comes from.
func Address(r *http.Request) string {
	host, _, err := net.SplitHostPort(r.RemoteAddr)
	if err != nil {
		return r.RemoteAddr
	}
	return host
}

// Browser tells the browser of a request from others as far as that goes without a cookie, which
// browsers keep from pages of other sites: by its address and what it calls itself.
func Browser(r *http.Request) string { return keys.Hash(Address(r) + "\x01" + r.UserAgent()) }

// StillPassword is an Attempt's Holds for a password: it holds while the hash that it was
// held against is the user's.
func StillPassword(userID, hash string) func(*storage.Tx) error {
	return func(tx *storage.Tx) error {
		stored, err := tx.Passwords.Get(userID)
		if storage.IsNotFound(err) || err == nil && stored.Hash != hash {
			return ErrWrong
		}
		return err
	}
}

// Judge says what becomes of an attempt whose proof was right or not: nil for one that may
// go on, ErrBlocked, ErrThrottled, ErrTooOften, ErrLeaked, or ErrWrong. A blocked account stays closed to the right proof too. It
// counts and logs what it refuses, and tells the user of the attempt that blocks the
// account, Auth0: secure/attack-protection/brute-force-protection.
func (d *Door) Judge(r *http.Request, a Attempt, right bool) error {
	known, err := d.look(r, a, right)
	if err == nil && known.limited {
		err = d.tooOften(r, a)
	}
	if err == nil {
		err = d.attack(r, a, known)
	}
	switch {
	case err != nil:
		return err
	case known.blocked:
		d.Log.Record(r, a.blocked())
		return ErrBlocked
	case right:
		return nil
	}
	d.Log.Record(r, a.failed())
	if err := d.count(r, a); err != nil {
		return err
	}
	return ErrWrong
}

// count counts a wrong proof, also that of somebody who has left before the answer.
func (d *Door) count(r *http.Request, a Attempt) error {
	var blocks bool
	var last account.Last
	var mail, alert emails.Draft
	err := d.DB.Update(context.WithoutCancel(r.Context()), func(tx *storage.Tx) (err error) {
		mail, alert = emails.Draft{}, emails.Draft{}
		if last, err = account.CountTry(tx, account.BeforeLogin, a.IP, d.Now()); err != nil {
			return err
		}
		if last.Tell {
			if alert, err = d.Emails.DraftForManagers(tx, emails.Letter{Kind: outbox.AddressAlert, User: a.User, ClientID: a.ClientID, Connection: a.Connection, Code: a.IP}); err != nil {
				return err
			}
		}
		var notify bool
		blocks, notify, err = account.CountFailure(tx, a.User, a.Connection, a.Identifier, a.IP, d.Now())
		if err != nil || !notify {
			return err
		}
		mail, err = d.Emails.DraftTicket(tx, storage.TicketUnblock, a.User, a.ClientID, d.Now())
		return err
	})
	if err != nil {
		return err
	}
	if blocks {
		d.Log.Record(r, a.blocked())
	}
	if last.Log {
		d.Log.Record(r, a.throttled())
	}
	return d.Emails.Send(mail, alert)
}

// Begin lets a person in by a browser that has a login under way: it begins the browser's
// session, which says in which login that was. finish must be called after the update, and
// gives the browser its cookie. It returns ErrWrong where the proof does not hold any more,
// and apierr.TransactionExpired where the login has ended meanwhile.
func (d *Door) Begin(tx *storage.Tx, r *http.Request, t storage.Transaction, a Attempt) (finish func(http.ResponseWriter), err error) {
	if err := d.Record(tx, a); err != nil {
		return nil, err
	}
	now := d.Now()
	if t, err = session.Look(tx, t.StateHash, now); err != nil {
		return nil, err
	}
	if !t.FinishedAt.IsZero() && t.UserID != a.User.UserID { // a form may come twice
		return nil, apierr.TransactionExpired
	}
	s := storage.Session{
		UserID: a.User.UserID, Connection: a.Connection, BeganIn: t.StateHash,
		Methods: []storage.AuthenticationMethod{{Name: a.Method, At: now}},
	}
	if a.ClientID != "" {
		s.Clients = []string{a.ClientID} // whose answer, the next step, is the session's first use
	}
	return d.Cookies.Begin(tx, r, s, now)
}

// maxFurther bounds how many further factors a session lists: the oldest go first.
const maxFurther = 20

// Further notes in a session that its user has proved a further factor of a kind in a login, and whether that was by a push
// notification.
// It returns apierr.TransactionExpired where the session has ended meanwhile, or is another
// user's by now.
func (d *Door) Further(tx *storage.Tx, t storage.Transaction, s storage.Session, kind string, notified bool) error {
	kept, err := tx.Sessions.Get(s.CookieHash)
	if storage.IsNotFound(err) || err == nil && kept.UserID != s.UserID {
		return apierr.TransactionExpired
	}
	if err != nil {
		return err
	}
	further := func(m storage.AuthenticationMethod) bool { return m.In != "" }
	kept.Methods = slices.Clone(kept.Methods)
	if first := slices.IndexFunc(kept.Methods, further); first >= 0 && len(kept.Methods)-first >= maxFurther {
		kept.Methods = slices.Delete(kept.Methods, first, first+1)
	}
	kept.Methods = append(kept.Methods, storage.AuthenticationMethod{Name: MFA, Type: kind, At: d.Now(), In: t.StateHash, Notified: notified})
	return tx.Sessions.Put(kept)
}

// Record lets a person in without a session, as grants do that know no browser: it asks
// whether the proof holds still, forgets the wrong ones before it, and counts the login. It
// returns ErrWrong where the proof does not hold any more.
func (d *Door) Record(tx *storage.Tx, a Attempt) error {
	if a.Holds != nil {
		if err := a.Holds(tx); err != nil {
			return err
		}
	}
	if err := tx.ForgetLoginFailures(a.User.UserID); err != nil {
		return err
	}
	return tx.RecordLogin(a.User.UserID, d.Now(), a.IP)
}
