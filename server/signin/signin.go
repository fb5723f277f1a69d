// Package signin is the only place where a person counts as authenticated by a method. Every
// page, endpoint and grant that asks for a proof has it judged here, and logs the person in
// here. So wrong proofs are counted and logged alike, and every login leaves the same traces:
// the session with its methods, the user's counters, and the end of the count of wrong proofs.
//
// To log a person in, check the proof (outside of any transaction), ask Evaluate whether the
// attempt may go on, and in one update call Begin for a browser's session, or Record for a login
// without a session.
package signin

import (
	"context"
	"errors"
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

// Methods by which people authenticate, with the names that the methods of a session have,
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
	// ErrWrong reports a wrong proof, or an identifier that no user has.
	ErrWrong = errors.New("the proof is wrong")
	// ErrBlocked reports an account that is blocked for an IP address after too many wrong
	// proofs.
	ErrBlocked = errors.New("the account is blocked after too many wrong attempts")
)

// Service logs people in. It is safe for concurrent use.
type Service struct {
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
	// Identifier is what the person typed as their name: an e-mail address, a username or a
	// phone number.
	Identifier string
	// User is the user with the identifier, as the account that has it; without an id if there is none.
	User storage.User
	// IP is the address that the attempt is counted for: the result of Address, or the user's
	// own address if a trusted server sends it.
	IP string
	// Recheck is called in the update that logs the person in. It returns ErrWrong if the proof is
	// not valid any more, for example because the password was changed meanwhile. nil means that
	// the proof stays valid.
	Recheck func(*storage.Tx) error
	// Password is the tried password, "" for other proofs. It is compared with breached
	// passwords.
	Password string
	// Unknown and Wrong are the types of the events in the tenant's log if there is no such
	// user, and if the proof was wrong; Message is the text of the event. Empty, they are those
	// of logins by password.
	Unknown, Wrong, Message string
}

// Address returns the IP address that a request comes from.
func Address(r *http.Request) string { return session.Address(r) }

// Browser identifies the browser of a request without a cookie, as far as that is possible, by
// its IP address and its User-Agent. It is for pages of other sites, whose requests come without
// our cookies.
func Browser(r *http.Request) string { return keys.Hash(Address(r) + "\x01" + r.UserAgent()) }

// RecheckPassword returns an Attempt's Recheck for a password. The proof stays valid as long as
// hash, which the password was compared with, is that of the account, and the account is the user's.
func RecheckPassword(user storage.User, hash string) func(*storage.Tx) error {
	return func(tx *storage.Tx) error {
		if _, err := tx.UserAs(user.UserID, user.AccountID()); storage.IsNotFound(err) {
			return ErrWrong
		} else if err != nil {
			return err
		}
		stored, err := tx.Passwords.Get(user.AccountID())
		if storage.IsNotFound(err) || err == nil && stored.Hash != hash {
			return ErrWrong
		}
		return err
	}
}

// Evaluate decides whether an attempt may go on; right says whether its proof was correct. It
// returns nil, ErrBlocked, ErrThrottled, ErrTooOften, ErrPasswordBreached or ErrWrong. A blocked account
// refuses correct proofs too. Evaluate counts and logs what it refuses, and sends an e-mail to the
// user when an attempt blocks the account, Auth0:
// secure/attack-protection/brute-force-protection.
func (d *Service) Evaluate(r *http.Request, a Attempt, right bool) error {
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

// count counts a wrong proof, even if the client has closed the connection before the answer.
func (d *Service) count(r *http.Request, a Attempt) error {
	var blocks bool
	var last account.ThrottlingActions
	var mail, alert emails.Draft
	err := d.DB.Update(context.WithoutCancel(r.Context()), func(tx *storage.Tx) (err error) {
		mail, alert = emails.Draft{}, emails.Draft{}
		if last, err = account.CountAttempt(tx, account.BeforeLogin, a.IP, d.Now()); err != nil {
			return err
		}
		if last.NotifyAdmins {
			if alert, err = d.Emails.DraftForAdmins(tx, emails.Letter{Kind: outbox.AddressAlert, User: a.User, Login: emails.Login{ClientID: a.ClientID}, Connection: a.Connection, Code: a.IP}); err != nil {
				return err
			}
		}
		var notify bool
		blocks, notify, err = account.CountFailure(tx, a.User, a.Connection, a.Identifier, a.IP, d.Now())
		if err != nil || !notify {
			return err
		}
		mail, err = d.Emails.DraftTicket(tx, storage.TicketUnblock, a.User, emails.Login{ClientID: a.ClientID}, d.Now())
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
	return d.Emails.Send(r.Context(), mail, alert)
}

// Begin logs a person in, in a browser with a login under way: it begins a session, which records
// the login in which it began. finish sets the session's cookie and must be called after the
// update. It returns ErrWrong if the proof is not valid any more, and apierr.TransactionExpired
// if the login has ended meanwhile.
func (d *Service) Begin(tx *storage.Tx, r *http.Request, t storage.Transaction, a Attempt) (finish func(http.ResponseWriter), err error) {
	if err := d.Record(tx, a); err != nil {
		return nil, err
	}
	now := d.Now()
	if t, err = session.ViewTransaction(tx, t.StateHash, now); err != nil {
		return nil, err
	}
	if !t.FinishedAt.IsZero() && t.UserID != a.User.UserID { // finished by the same user is allowed: a form may be sent twice
		return nil, apierr.TransactionExpired
	}
	s := storage.Session{
		UserID: a.User.UserID, Connection: a.Connection, BeganIn: t.StateHash,
		Methods: []storage.AuthenticationMethod{{Name: a.Method, At: now}},
	}
	if a.ClientID != "" {
		s.Clients = []string{a.ClientID} // the answer to this application, which is the next step, is the session's first use
	}
	return d.Cookies.Begin(tx, r, s, now)
}

// maxFurther is how many further factors a session lists; beyond that the oldest are removed.
const maxFurther = 20

// AddFactor records in a session that its user has proved a further factor of a kind in a login;
// notified says that it was by a push notification. It returns apierr.TransactionExpired if the
// session has ended meanwhile or now belongs to another user.
func (d *Service) AddFactor(tx *storage.Tx, t storage.Transaction, s storage.Session, kind string, notified bool) error {
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

// Record logs a person in without a session, for grants without a browser. It checks that the
// proof is still valid, resets the count of wrong proofs, and counts the login. It returns
// ErrWrong if the proof is not valid any more.
func (d *Service) Record(tx *storage.Tx, a Attempt) error {
	if a.Recheck != nil {
		if err := a.Recheck(tx); err != nil {
			return err
		}
	}
	if err := tx.ForgetFailuresAt(a.User.UserID, a.User.AccountID()); err != nil {
		return err
	}
	return tx.RecordLogin(a.User.UserID, d.Now(), a.IP)
}
