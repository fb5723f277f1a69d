package signin

import (
	"context"
	"errors"
	"net/http"

	"github.com/tenant0/tenant0/server/account"
	"github.com/tenant0/tenant0/server/apierr"
	"github.com/tenant0/tenant0/server/emails"
	"github.com/tenant0/tenant0/server/outbox"
	"github.com/tenant0/tenant0/server/tenantlog"
	"github.com/tenant0/tenant0/storage"
)

var (
	// ErrThrottled reports an IP address from which too many logins have failed.
	ErrThrottled = &apierr.Error{
		Status: http.StatusTooManyRequests, Code: "too_many_attempts",
		Message: "We have detected suspicious login behavior and further attempts will be blocked. Please contact the administrator.",
		Setting: "attack-protection/suspicious-ip-throttling",
	}
	// ErrTooOften reports an account that one IP address tries to log in to too often.
	ErrTooOften = &apierr.Error{
		Status: http.StatusTooManyRequests, Code: "too_many_logins", Message: "Too many login attempts for this user. Please wait, and try again later.",
		Setting: "flags.tenant0_rate_limits of the tenant",
	}
	// ErrPasswordBreached reports a correct password that is blocked because it is known from a data breach.
	ErrPasswordBreached = &apierr.Error{
		Status: http.StatusUnauthorized, Code: "password_leaked",
		Message: "This login attempt has been blocked because the password you're using was previously disclosed through a data breach (not in this application). Please check your email for more information.",
		Setting: "attack-protection/breached-password-detection",
	}
)

// PageKey returns the key of the text by which a page says why Evaluate or Begin refused a login, Auth0:
// customize/login-pages/universal-login/customize-text-elements. wrong is the page's own key for a wrong
// proof. PageKey is "" if err is not a refusal.
func PageKey(err error, wrong string) string {
	switch {
	case errors.Is(err, ErrBlocked):
		return "user-blocked"
	case errors.Is(err, ErrThrottled):
		return "ip-blocked"
	case errors.Is(err, ErrTooOften):
		return "same-user-login"
	case errors.Is(err, ErrPasswordBreached):
		return "password-breached"
	case errors.Is(err, ErrWrong), errors.Is(err, storage.ErrReused):
		return wrong
	}
	return ""
}

// throttled is the log event of an IP address that may not try again for now.
func (a Attempt) throttled() tenantlog.Event {
	return a.event(tenantlog.AddressBlocked, "Blocked IP Address: too many logins have failed from "+a.IP)
}

// found is what the store knows about an attempt, read in one view.
type found struct {
	// limited says that the tenant limits logins to one account from one IP address, throttled that too many
	// logins from the address have failed, and blocked that the account is blocked for the address.
	limited, throttled, blocked bool
	// leak says whether a correct password is known from a data breach; mails are the e-mails about it.
	leak  account.BreachedPassword
	mails []emails.Draft
	// robots is the captcha that was not shown to the user.
	robots account.Unasked
}

// wanted is the policy of bot detection that applies to the attempt.
func (a Attempt) wanted() string {
	if a.Password == "" {
		return account.BotsAtCodes
	}
	return account.BotsAtPasswords
}

// look reads what the store knows about an attempt; right says whether its proof was correct.
func (d *Service) look(r *http.Request, a Attempt, right bool) (f found, err error) {
	now := d.Now()
	err = d.DB.View(r.Context(), func(tx *storage.Tx) (err error) {
		f = found{}
		if f.robots, err = account.UnaskedAt(tx, a.wanted()); err != nil {
			return err
		}
		if a.User.UserID != "" && a.Password != "" {
			if f.limited, err = account.Limits(tx); err != nil {
				return err
			}
		}
		if f.throttled, _, err = account.Throttled(tx, account.BeforeLogin, a.IP, now); err != nil || f.throttled {
			return err
		}
		if right && a.Password != "" {
			if f.leak, err = account.CheckBreached(tx, account.BeforeLogin, a.Password); err != nil {
				return err
			}
			if f.mails, err = d.draftBreachEmails(tx, f.leak, a.User, a.ClientID, a.Connection); err != nil {
				return err
			}
		}
		f.blocked, err = account.Blocked(tx, a.User.AccountID(), a.Connection, a.IP, now)
		return err
	})
	f.robots.Note(r.Context())
	return f, err
}

// tooOften counts an attempt by password, right or wrong, and refuses it if the IP address tries the account
// too often.
func (d *Service) tooOften(r *http.Request, a Attempt) error {
	err := d.DB.Update(context.WithoutCancel(r.Context()), func(tx *storage.Tx) error { return account.CountLogin(tx, a.User.AccountID(), a.IP, d.Now()) })
	if errors.Is(err, storage.ErrTooMany) {
		d.Log.Record(r, a.event(tenantlog.LoginsLimited, "Blocked Account: too many logins from "+a.IP))
		return ErrTooOften
	}
	return err
}

// attack refuses an attempt from an IP address with too many failed logins, and a correct password that is
// known from a data breach.
func (d *Service) attack(r *http.Request, a Attempt, f found) error {
	switch {
	case f.throttled:
		d.Log.Record(r, a.throttled())
		return ErrThrottled
	case !f.leak.Detected:
		return nil
	}
	d.Log.Record(r, a.event(tenantlog.PasswordLeaked, "Breached password: the password was disclosed through a data breach"))
	if err := d.notify(r, f.leak, f.mails); err != nil {
		return err
	}
	if f.leak.Block {
		return ErrPasswordBreached
	}
	return nil
}

// notify sends the e-mails about a breached password, and counts it for the managers' later summaries.
func (d *Service) notify(r *http.Request, leak account.BreachedPassword, mails []emails.Draft) error {
	if leak.Count {
		err := d.DB.Update(context.WithoutCancel(r.Context()), func(tx *storage.Tx) error { return account.CountBreached(tx, d.Now()) })
		if err != nil {
			return err
		}
	}
	return d.Emails.Send(r.Context(), mails...)
}

// draftBreachEmails drafts the e-mails about a breached password, Auth0: secure/attack-protection/
// breached-password-detection.
func (d *Service) draftBreachEmails(tx *storage.Tx, leak account.BreachedPassword, user storage.User, clientID, connection string) (all []emails.Draft, err error) {
	if leak.NotifyUser && user.Email != "" {
		mail, err := d.Emails.Draft(tx, emails.Letter{Kind: outbox.StolenCredentials, User: user, Login: emails.Login{ClientID: clientID}, Connection: connection})
		if err != nil {
			return nil, err
		}
		all = append(all, mail)
	}
	if leak.NotifyAdmins {
		mail, err := d.Emails.DraftForAdmins(tx, emails.Letter{Kind: outbox.BreachAlert, User: user, Login: emails.Login{ClientID: clientID}, Connection: connection})
		if err != nil {
			return nil, err
		}
		all = append(all, mail)
	}
	return all, nil
}
