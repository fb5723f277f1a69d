package signin

import (
	"errors"
	"net/http"

	"github.com/tenant0/tenant0/server/account"
	"github.com/tenant0/tenant0/server/apierr"
	"github.com/tenant0/tenant0/server/tenantlog"
	"github.com/tenant0/tenant0/storage"
)

var (
	// ErrThrottled reports an address from which too many logins have failed.
	ErrThrottled = &apierr.Error{
		Status: http.StatusTooManyRequests, Code: "too_many_attempts",
		Message: "We have detected suspicious login behavior and further attempts will be blocked. Please contact the administrator.",
		Setting: "attack-protection/suspicious-ip-throttling",
	}
	// ErrLeaked reports a password that is right and that others know.
	ErrLeaked = &apierr.Error{
		Status: http.StatusUnauthorized, Code: "password_leaked",
		Message: "This login attempt has been blocked because the password you're using was previously disclosed through a data breach (not in this application). Please check your email for more information.",
		Setting: "attack-protection/breached-password-detection",
	}
)

// PageKey is the key by which a page says why Judge or Begin has let nobody in, Auth0:
// customize/login-pages/universal-login/customize-text-elements. wrong is the page's own key of a
// wrong proof. It is "" for what is no refusal.
func PageKey(err error, wrong string) string {
	switch {
	case errors.Is(err, ErrBlocked):
		return "user-blocked"
	case errors.Is(err, ErrThrottled):
		return "ip-blocked"
	case errors.Is(err, ErrLeaked):
		return "password-breached"
	case errors.Is(err, ErrWrong), errors.Is(err, storage.ErrReused):
		return wrong
	}
	return ""
}

// throttled is the event of an address that may try no more.
func (a Attempt) throttled() tenantlog.Event {
	return a.event(tenantlog.AddressBlocked, "Blocked IP Address: too many logins have failed from "+a.IP)
}

// attack refuses an attempt from an address that has failed too often, and a right password that
// others know.
func (d *Door) attack(r *http.Request, a Attempt, right bool) error {
	throttled, leaked := false, false
	err := d.DB.View(r.Context(), func(tx *storage.Tx) (err error) {
		if throttled, _, err = account.Throttled(tx, account.BeforeLogin, a.IP, d.Now()); err != nil || throttled || !right || a.Password == "" {
			return err
		}
		leaked, err = account.Leaked(tx, account.BeforeLogin, a.Password)
		return err
	})
	switch {
	case err != nil:
		return err
	case throttled:
		d.Log.Record(r, a.throttled())
		return ErrThrottled
	case leaked:
		d.Log.Record(r, a.event(tenantlog.PasswordLeaked, "Breached password: the password was disclosed through a data breach"))
		return ErrLeaked
	}
	return nil
}
