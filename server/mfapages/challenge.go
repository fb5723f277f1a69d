package mfapages

import (
	"errors"
	"net/http"
	"strings"

	"github.com/tenant0/tenant0/server/factors"
	"github.com/tenant0/tenant0/server/signin"
	"github.com/tenant0/tenant0/server/tenantlog"
	"github.com/tenant0/tenant0/storage"
	"github.com/tenant0/tenant0/templates"
)

// has reports whether the login can ask the user for a factor.
func (v visit) has(name string) bool {
	for _, a := range v.options.Challenges {
		if a.Name() == name || v.options.NameOf(a) == name {
			return true
		}
	}
	return false
}

// challenge shows the page that asks for a factor's code.
func (m *room) challenge(w http.ResponseWriter, r *http.Request, v visit, page templates.MFAChallenge, errs ...string) error {
	layout, err := m.layout(r, v)
	if err != nil {
		return err
	}
	page.Layout, page.ClientName, page.State, page.Errors = layout, v.client.Name, v.state, errs
	page.Remember, page.Ticked, page.Others = v.mayRemember(), v.remembering.Checked, v.hasOtherFactors()
	return m.Pages.Write(w, statusOf(errs), page)
}

func statusOf(errs []string) int {
	if len(errs) > 0 {
		return http.StatusBadRequest
	}
	return http.StatusOK
}

// showOTP asks for a one-time password.
//
//auth0:operation GET /u/mfa-otp-challenge
func (m *room) showOTP(w http.ResponseWriter, r *http.Request, v visit) error {
	if !v.has(factors.OTP) {
		return v.start(w, r)
	}
	m.Log.Record(r, v.event(tenantlog.FactorStarted, "Guardian - Second factor started (otp)"))
	return m.challenge(w, r, v, templates.MFAChallenge{Factor: factors.OTP})
}

// submitOTP checks a one-time password.
//
//auth0:operation POST /u/mfa-otp-challenge
func (m *room) submitOTP(w http.ResponseWriter, r *http.Request, v visit) error {
	switch {
	case v.action() == "pick-authenticator":
		return v.redirectToOptions(w, r)
	case !v.has(factors.OTP):
		return v.start(w, r)
	}
	refuse := func(key string) error { return m.challenge(w, r, v, templates.MFAChallenge{Factor: factors.OTP}, key) }
	return m.takeOTP(w, r, v, refuse, func(*storage.Tx, visit) ([]factors.Authenticator, error) { return v.options.Challenges, nil })
}

// takeOTP checks a one-time password against the authenticators that find returns. It calls
// find again in the update that uses the password up.
func (m *room) takeOTP(w http.ResponseWriter, r *http.Request, v visit, refuse func(string) error, find func(*storage.Tx, visit) ([]factors.Authenticator, error)) error {
	if key := codeFault(v.code(), otpDigits); key != "" {
		return refuse(key)
	}
	key, err := m.mayGuess(r, v)
	if err == nil && key == "" {
		err = m.finish(w, r, v, m.otpProof(&v, find))
		if err == nil {
			return nil
		}
		key, err = m.judged(r, v, err)
	}
	if err != nil {
		return err
	}
	return refuse(key)
}

func (m *room) otpProof(v *visit, find func(*storage.Tx, visit) ([]factors.Authenticator, error)) proof {
	mark := ""
	return proof{
		find: func(tx *storage.Tx) (a factors.Authenticator, err error) {
			all, err := find(tx, *v)
			if err != nil {
				return a, err
			}
			a, used, ok := factors.CheckOTP(all, v.code(), m.Now())
			if !ok {
				return a, signin.ErrWrong
			}
			mark = used
			return a, nil
		},
		use: func(tx *storage.Tx) error {
			err := factors.UseOTP(tx, mark, m.Now())
			if errors.Is(err, factors.ErrUsed) {
				return signin.ErrWrong
			}
			return err
		},
	}
}

// showRecovery asks for the recovery code.
//
//auth0:operation GET /u/mfa-recovery-code-challenge
func (m *room) showRecovery(w http.ResponseWriter, r *http.Request, v visit) error {
	if !v.has(factors.RecoveryCode) {
		return v.start(w, r)
	}
	return m.challenge(w, r, v, templates.MFAChallenge{Factor: factors.RecoveryCode})
}

// recoveryLength is the length of a recovery code.
const recoveryLength = 24

// submitRecovery checks the recovery code.
//
//auth0:operation POST /u/mfa-recovery-code-challenge
func (m *room) submitRecovery(w http.ResponseWriter, r *http.Request, v visit) error {
	switch {
	case v.action() == "pick-authenticator":
		return v.redirectToOptions(w, r)
	case !v.has(factors.RecoveryCode):
		return v.start(w, r)
	}
	return m.takeRecovery(w, r, v, func(key string) error {
		return m.challenge(w, r, v, templates.MFAChallenge{Factor: factors.RecoveryCode}, key)
	})
}

// takeRecovery checks the recovery code.
func (m *room) takeRecovery(w http.ResponseWriter, r *http.Request, v visit, refuse func(string) error) error {
	code := strings.ToUpper(v.code())
	switch {
	case code == "":
		return refuse(noCode)
	case len(code) != recoveryLength:
		return refuse("invalid-code-format")
	}
	key, err := m.mayGuess(r, v)
	if err == nil && key == "" {
		err = m.finish(w, r, v, m.recoveryProof(v.user.UserID, code))
		if err == nil {
			return nil
		}
		if errors.Is(err, signin.ErrWrong) {
			m.Log.Record(r, v.event(tenantlog.RecoveryFailed, "Guardian - Recovery failed"))
		}
		key, err = m.judged(r, v, err)
	}
	if err != nil {
		return err
	}
	return refuse(key)
}

func (m *room) recoveryProof(userID, code string) proof {
	return proof{
		find: func(tx *storage.Tx) (a factors.Authenticator, err error) {
			all, err := factors.AuthenticatorsOf(tx, userID)
			if err != nil {
				return a, err
			}
			a, ok := factors.CheckRecoveryCode(all, m.Secrets, userID, code)
			if !ok {
				return a, signin.ErrWrong
			}
			return a, nil
		},
		use: func(*storage.Tx) error { return nil }, // the new recovery code replaces it
	}
}
