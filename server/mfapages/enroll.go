package mfapages

import (
	"net/http"
	"slices"

	"github.com/tenant0/tenant0/server/factors"
	"github.com/tenant0/tenant0/server/tenantlog"
	"github.com/tenant0/tenant0/server/web"
	"github.com/tenant0/tenant0/storage"
	"github.com/tenant0/tenant0/templates"
)

// mayEnroll reports whether the user can add a factor.
func (v visit) mayEnroll(name string) bool {
	return slices.Contains(v.options.Enrollments, name) || slices.Contains(v.options.Enrollable(), name)
}

// enroll adds an authenticator. It becomes active when the user proves it for the first time.
func (m *room) enroll(r *http.Request, v *visit, doc storage.Document) (a factors.Authenticator, err error) {
	err = m.update(r, v, func(tx *storage.Tx) (err error) {
		if len(v.options.Enrollments) == 0 {
			return errNothingAsked
		}
		if a, err = factors.Enroll(tx, v.user.UserID, doc, m.Now()); err != nil {
			return err
		}
		return m.note(tx, *v, func(f *storage.FurtherFactor) { f.Enrolling, f.Challenged = a.ID, "" })
	})
	if err == nil {
		v.further.Enrolling, v.further.Challenged = a.ID, ""
		m.Log.Record(r, about(v.event(tenantlog.EnrollmentStarted, "Guardian - Enrollment started ("+a.Name()+")"), a))
	}
	return a, err
}

// showSecret shows the secret for one-time passwords, and makes it at the first visit of the
// page.
//
//auth0:operation GET /u/mfa-otp-enrollment-qr
//auth0:operation GET /u/mfa-otp-enrollment-code
func (m *room) showSecret(byCode bool) step {
	return func(w http.ResponseWriter, r *http.Request, v visit) error {
		if !v.mayEnroll(factors.OTP) {
			return v.start(w, r)
		}
		a, ok, err := m.enrollingOTP(r, v)
		if err == nil && !ok {
			a, err = m.enroll(r, &v, factors.OTPDocument(factors.NewOTPSecret()))
		}
		if err != nil {
			return err
		}
		return m.secretPage(w, r, v, a, byCode)
	}
}

// enrollingOTP returns the authenticator whose secret this login has already shown.
func (m *room) enrollingOTP(r *http.Request, v visit) (a factors.Authenticator, ok bool, err error) {
	err = m.DB.View(r.Context(), func(tx *storage.Tx) error {
		a, ok, err = v.enrolling(tx)
		return err
	})
	return a, ok && a.Type == factors.OTP, err
}

// tenantName returns the tenant's name as authenticator apps show it.
func (m *room) tenantName(r *http.Request) (name string, err error) {
	err = m.DB.View(r.Context(), func(tx *storage.Tx) error {
		tenant, err := tx.Tenant.Get(storage.TenantKey)
		name = factors.TenantName(tenant, m.Issuer)
		return storage.Optional(err)
	})
	return name, err
}

func (m *room) secretPage(w http.ResponseWriter, r *http.Request, v visit, a factors.Authenticator, byCode bool, errs ...string) error {
	tenant, err := m.tenantName(r)
	if err != nil {
		return err
	}
	layout, err := m.layout(r, v)
	if err != nil {
		return err
	}
	page := templates.MFAOTPEnrollment{
		Layout: layout, ClientName: v.client.Name, State: v.state, Errors: errs, Secret: a.Secret(), ByCode: byCode, Others: v.hasOtherFactors(),
	}
	if !byCode {
		page.Picture, err = factors.QRCode(factors.BarcodeURI(tenant, tenantlog.UserName(v.user), a.Secret()))
		if err != nil {
			return err
		}
	}
	return m.Pages.Write(w, statusOf(errs), page)
}

// submitSecret checks the first one-time password of a new secret.
//
//auth0:operation POST /u/mfa-otp-enrollment-qr
//auth0:operation POST /u/mfa-otp-enrollment-code
func (m *room) submitSecret(byCode bool) step {
	other := map[bool]string{false: otpByCode, true: factors.EnrollmentPage(factors.OTP)}[byCode]
	return func(w http.ResponseWriter, r *http.Request, v visit) error {
		switch {
		case v.action() == "pick-authenticator":
			return v.redirectToOptions(w, r)
		case v.action() == "toggle-view":
			return web.Continue(w, r, other, v.state)
		case !v.mayEnroll(factors.OTP):
			return v.start(w, r)
		}
		a, ok, err := m.enrollingOTP(r, v)
		if err == nil && !ok { // another tab has shown another secret meanwhile
			if a, err = m.enroll(r, &v, factors.OTPDocument(factors.NewOTPSecret())); err == nil {
				return m.secretPage(w, r, v, a, byCode, gone)
			}
		}
		if err != nil {
			return err
		}
		refuse := func(key string) error { return m.secretPage(w, r, v, a, byCode, key) }
		return m.takeOTP(w, r, v, refuse, func(tx *storage.Tx, _ visit) ([]factors.Authenticator, error) {
			now, ok, err := v.enrolling(tx)
			if err == nil && (!ok || now.ID != a.ID) {
				err = errGone
			}
			return []factors.Authenticator{now}, err
		})
	}
}

// showNewCode shows a new recovery code until the user has confirmed that it is saved.
//
//auth0:operation GET /u/mfa-recovery-code-enrollment
//auth0:operation GET /u/mfa-recovery-code-challenge-new-code
func (m *room) showNewCode(w http.ResponseWriter, r *http.Request, v visit) error {
	if len(v.further.Recovery) == 0 {
		return errNothingAsked
	}
	return m.newCodePage(w, r, v)
}

func (m *room) newCodePage(w http.ResponseWriter, r *http.Request, v visit, errs ...string) error {
	layout, err := m.layout(r, v)
	if err != nil {
		return err
	}
	return m.Pages.Write(w, statusOf(errs), templates.MFARecoveryCode{
		Layout: layout, ClientName: v.client.Name, State: v.state, Errors: errs,
		Code: m.Secrets.Unseal(v.further.Recovery), Again: v.further.Replaces,
	})
}

// submitNewCode goes on when the user confirms that the recovery code is saved.
//
//auth0:operation POST /u/mfa-recovery-code-enrollment
//auth0:operation POST /u/mfa-recovery-code-challenge-new-code
func (m *room) submitNewCode(w http.ResponseWriter, r *http.Request, v visit) error {
	switch {
	case len(v.further.Recovery) == 0:
		return errNothingAsked
	case v.form.Get("saved") == "":
		return m.newCodePage(w, r, v, "no-confirmation")
	}
	err := m.update(r, &v, func(tx *storage.Tx) error {
		return m.note(tx, v, func(f *storage.FurtherFactor) { f.Recovery, f.Replaces = nil, false })
	})
	if err != nil {
		return err
	}
	return v.resume(w, r)
}
