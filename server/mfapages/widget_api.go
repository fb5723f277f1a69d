package mfapages

import (
	"errors"
	"net/http"
	"slices"
	"strings"

	"github.com/tenant0/tenant0/keys"
	"github.com/tenant0/tenant0/server/apierr"
	"github.com/tenant0/tenant0/server/factors"
	"github.com/tenant0/tenant0/server/telephone"
	"github.com/tenant0/tenant0/server/tenantlog"
	"github.com/tenant0/tenant0/server/web"
	"github.com/tenant0/tenant0/storage"
)

// widgetAPI is the path of the API that the widget on a tenant's own page calls, as auth0-guardian.js does.
// https://github.com/auth0/auth0-guardian.js
const widgetAPI = "appliance-mfa"

// mountWidget adds the tenant's own page and the API for its widget.
func (m *room) mountWidget(rt *web.Router) {
	rt.Handle(http.MethodGet, factors.OwnPage, m.asked(m.ownPage))
	rt.Handle(http.MethodPost, factors.OwnPage, web.SameSite(m.asked(m.submitOwn)))
	api := rt.With(web.Boom)
	serve := func(path, purpose string, answer widgetStep) {
		api.Handle(http.MethodPost, "/"+widgetAPI+"/api/"+path, web.SameSite(m.byWidget(purpose, answer)))
	}
	serve("start-flow", requestToken, m.startFlow)
	serve("transaction-state", transactionToken, m.transactionState)
	serve("verify-otp", transactionToken, m.verifyOTP)
	serve("recover-account", transactionToken, m.recoverAccount)
	serve("send-sms", transactionToken, m.sendSMS)
	serve("send-push-notification", transactionToken, m.sendPush)
	serve("device-accounts/{id}/sms-enroll", transactionToken, m.enrollSMS)
}

// widgetStep handles a request of the widget, and returns the body of the response.
type widgetStep func(http.ResponseWriter, *http.Request, visit) (any, error)

// none is the body of a response without one.
type none struct{}

// byWidget serves a step if the request has a token for the purpose. The token names the login.
func (m *room) byWidget(purpose string, answer widgetStep) web.Handler {
	return func(w http.ResponseWriter, r *http.Request) (err error) {
		v := visit{widget: true}
		if v.form, err = web.Form(w, r); err != nil {
			return err
		}
		bearer, _ := strings.CutPrefix(r.Header.Get("Authorization"), "Bearer ")
		var ok bool
		if v.state, ok = m.readToken(purpose, bearer); !ok {
			return widgetError(http.StatusUnauthorized, "invalid_token", "Invalid token")
		}
		if v.t, err = m.Cookies.FactorTransaction(m.DB, r, v.state, m.Now()); err != nil {
			return errNoTransaction.With(err)
		}
		err = m.DB.View(r.Context(), func(tx *storage.Tx) error { return m.find(tx, r, &v) })
		var body any
		if err == nil {
			body, err = answer(w, r, v)
		}
		switch {
		case errors.Is(err, errNothingAsked), errors.Is(err, errGone):
			return errNoTransaction.With(err)
		case err != nil:
			return err
		}
		web.NoStore(w)
		switch body.(type) {
		case none:
			w.WriteHeader(http.StatusNoContent)
			return nil
		case flow:
			return web.Reply(w, http.StatusCreated, body)
		}
		return web.Reply(w, http.StatusOK, body)
	}
}

func widgetError(status int, code, sentence string) *apierr.Error {
	return &apierr.Error{Status: status, Message: sentence, Extra: map[string]any{"errorCode": code}}
}

var errNoTransaction = widgetError(http.StatusNotFound, "login_transaction_not_found", "The MFA auth transaction is not active or has expired")

// widgetErrors are the widget's errors for the pages' message keys.
var widgetErrors = map[string]*apierr.Error{
	noCode:                 widgetError(http.StatusBadRequest, "invalid_body", "Payload validation error: 'Missing required property: code'."),
	invalidFormat:          widgetError(http.StatusBadRequest, "invalid_otp", "Invalid OTP code"),
	invalidCode:            widgetError(http.StatusForbidden, "invalid_otp", "Invalid OTP code"),
	tooManyFailures:        widgetError(http.StatusTooManyRequests, "too_many_failures", "Too many failed codes. Wait for some minutes before retrying."),
	"no-phone":             widgetError(http.StatusBadRequest, "invalid_phone_number", "The provided phone number is invalid"),
	"invalid-phone":        widgetError(http.StatusBadRequest, "invalid_phone_number", "The provided phone number is invalid"),
	"invalid-phone-format": widgetError(http.StatusBadRequest, "invalid_phone_number", "The provided phone number is invalid"),
	"too-many-sms":         widgetError(http.StatusTooManyRequests, "too_many_sms", "You have exceeded the amount of SMSs assigned to your user"),
	tooManyPush:            widgetError(http.StatusTooManyRequests, "too_many_pn", "You have exceeded the amount of push notifications assigned to your user"),
}

// widgetErrorOf returns the widget's error for a page's message key, nil for "".
func widgetErrorOf(key string) error {
	if key == "" {
		return nil
	}
	if e := widgetErrors[key]; e != nil {
		return e
	}
	return errNoTransaction
}

// account describes an authenticator to the widget.
type account struct {
	ID      string   `json:"id"`
	Status  string   `json:"status"`
	Methods []string `json:"methods"`
	Usable  []string `json:"available_methods"`
	Types   []string `json:"available_authenticator_types"`
	Name    string   `json:"name,omitempty"`
	Phone   string   `json:"phone_number,omitempty"`
	// Secret and Recovery are shown only while an authenticator is enrolled.
	Secret   string `json:"otp_secret,omitempty"`
	Recovery string `json:"recovery_code,omitempty"`
}

// flow is the response to the beginning of a flow.
type flow struct {
	Account account `json:"device_account"`
	// EnrollmentID is set if the user has to enroll an authenticator.
	EnrollmentID   string          `json:"enrollment_tx_id,omitempty"`
	Token          string          `json:"transaction_token"`
	Enrollments    []string        `json:"available_enrollment_methods"`
	Authentication []string        `json:"available_authentication_methods"`
	Switches       map[string]bool `json:"feature_switches"`
}

// startFlow begins a flow: either the user enrolls an authenticator, or is asked for one.
//
//auth0:operation POST /appliance-mfa/api/start-flow
func (m *room) startFlow(_ http.ResponseWriter, r *http.Request, v visit) (any, error) {
	methods := v.options.WidgetMethods()
	f := flow{Token: m.widgetToken(transactionToken, v.state), Enrollments: []string{}, Authentication: methods, Switches: map[string]bool{"mfa_app": slices.Contains(methods, "push")}}
	m.Log.Record(r, v.event(tenantlog.FactorStarted, "Guardian - Second factor started"))
	switch {
	case len(methods) == 0:
		return nil, widgetError(http.StatusForbidden, "no_method_available", "There is no method that the widget knows")
	case len(v.options.Enrollments) == 0:
		f.Account = v.confirmed()
		return f, nil
	}
	f.Enrollments, f.Account = methods, account{ID: keys.Random(12), Status: "confirmation_pending", Methods: methods, Usable: methods, Types: methods}
	f.EnrollmentID = f.Account.ID
	if methods[0] != "sms" || len(methods) > 1 {
		a, id, err := m.newSecret(r, &v, methods[0] == "push")
		if err != nil {
			return nil, err
		}
		f.Account.ID, f.Account.Secret, f.EnrollmentID = a.MethodID(), a.Secret(), id
	}
	if !v.options.Recovery {
		return f, nil
	}
	f.Account.Recovery = factors.NewRecoveryCode()
	sealed := m.Secrets.Seal(f.Account.Recovery)
	return f, m.update(r, &v, func(tx *storage.Tx) error {
		return m.note(tx, v, func(f *storage.FurtherFactor) { f.Offered = sealed })
	})
}

// newSecret adds an authenticator with a secret: one for one-time passwords, or with app the app on a phone. The
// id is that of the question that asks the app to enroll itself.
func (m *room) newSecret(r *http.Request, v *visit, app bool) (a factors.Authenticator, id string, err error) {
	if !app {
		var shown bool
		if a, shown, err = m.enrollingOTP(r, *v); err == nil && !shown {
			a, err = m.enroll(r, v, factors.OTPDocument(factors.NewOTPSecret()))
		}
		return a, keys.Random(12), err
	}
	if a, err = m.enroll(r, v, factors.MarkFirst(factors.AppDocument(factors.NewOTPSecret()))); err != nil {
		return a, "", err
	}
	p, key, err := m.ask(r, v, a)
	if err == nil {
		err = widgetErrorOf(key)
	}
	return a, p.ID, err
}

// confirmed returns the user's authenticators. The widget sees them as one account.
func (v visit) confirmed() account {
	methods := v.options.WidgetMethods()
	c := account{Status: "confirmed", Methods: methods, Usable: methods, Types: slices.Clone(methods)}
	if v.has(factors.RecoveryCode) {
		c.Types = append(c.Types, factors.RecoveryCode)
	}
	for _, a := range v.options.Challenges {
		switch a.Name() {
		case factors.Push:
			c.ID, c.Name = a.MethodID(), a.Label
		case factors.SMS:
			c.ID, c.Phone = a.MethodID(), a.Label
		case factors.OTP:
			c.ID = a.MethodID()
		}
	}
	return c
}

// state is the progress of a flow.
type state struct {
	ID         string   `json:"id"`
	State      string   `json:"state"`
	Enrollment *account `json:"enrollment"`
	// Token is the signature that the page posts once a factor was proved.
	Token string `json:"token,omitempty"`
}

// transactionState returns the progress of the flow. The widget polls it.
//
//auth0:operation POST /appliance-mfa/api/transaction-state
func (m *room) transactionState(_ http.ResponseWriter, r *http.Request, v visit) (any, error) {
	s := state{ID: v.state, State: "pending"}
	accepted := v.further.Accepted != ""
	if a, ok := v.phone(); ok && !accepted {
		p, asked, err := m.question(r, v, a.ID)
		switch {
		case err != nil:
			return nil, err
		case !asked || p.Enrolls || p.Answer == "":
		case p.Answer != storage.PushAllowed:
			m.Log.Record(r, about(v.event(tenantlog.FactorRejected, "Guardian - Second factor rejected ("+a.Name()+")"), a))
			s.State = "rejected"
		default:
			err = m.accept(r, v, proof{
				find: func(tx *storage.Tx) (factors.Authenticator, error) { return appOf(tx, v, p) },
				use:  func(tx *storage.Tx) error { return wrongIfReused(tx.UsePush(p)) },
			})
			if err != nil {
				return nil, err
			}
			accepted = true
		}
	}
	if accepted {
		s.State, s.Token = "accepted", m.widgetToken(signature, v.state)
	}
	added := v.further.Enrolling != "" && (v.further.Accepted == v.further.Enrolling || len(v.options.Enrollments) == 0)
	if added {
		c := v.confirmed()
		s.Enrollment = &c
	}
	return s, nil
}

// verifyOTP checks a one-time password, or a code that was sent.
//
//auth0:operation POST /appliance-mfa/api/verify-otp
func (m *room) verifyOTP(w http.ResponseWriter, r *http.Request, v visit) (any, error) {
	a, adds, err := m.enrollingOTP(r, v)
	if err != nil {
		return nil, err
	}
	find := func(*storage.Tx, visit) ([]factors.Authenticator, error) { return v.options.Challenges, nil }
	if adds {
		find = func(tx *storage.Tx, _ visit) ([]factors.Authenticator, error) {
			now, ok, err := v.enrolling(tx)
			if err == nil && (!ok || now.ID != a.ID) {
				err = errGone
			}
			return []factors.Authenticator{now}, err
		}
	}
	_, _, shown := factors.CheckOTP(v.options.Challenges, v.code(), m.Now())
	if adds || shown || v.further.Challenged == "" {
		return none{}, m.takeOTP(w, r, v, widgetErrorOf, find)
	}
	if a, err = m.targetNow(r, v, factors.SMS); err != nil {
		return nil, err
	}
	return none{}, m.takeSent(w, r, v, a, widgetErrorOf)
}

// recoverAccount checks the recovery code, and returns the next one.
//
//auth0:operation POST /appliance-mfa/api/recover-account
func (m *room) recoverAccount(w http.ResponseWriter, r *http.Request, v visit) (any, error) {
	code := factors.NewRecoveryCode()
	v.offer = m.Secrets.Seal(code)
	refuse := func(key string) error {
		if key == invalidCode || key == "invalid-code-format" || key == noCode {
			return widgetError(http.StatusForbidden, "invalid_recovery_code", "Invalid recovery code")
		}
		return widgetErrorOf(key)
	}
	if !v.has(factors.RecoveryCode) {
		return nil, refuse(invalidCode)
	}
	v.form.Set("code", v.form.Get("recovery_code"))
	if err := m.takeRecovery(w, r, v, refuse); err != nil {
		return nil, err
	}
	return map[string]string{"recovery_code": code}, nil
}

// sendSMS sends a code to the user's phone.
//
//auth0:operation POST /appliance-mfa/api/send-sms
func (m *room) sendSMS(_ http.ResponseWriter, r *http.Request, v visit) (any, error) {
	a, err := m.targetNow(r, v, factors.SMS)
	if err != nil {
		return nil, err
	}
	key, err := m.send(r, v, a)
	if err == nil {
		err = widgetErrorOf(key)
	}
	return none{}, err
}

// sendPush sends a push notification to the app on the user's phone.
//
//auth0:operation POST /appliance-mfa/api/send-push-notification
func (m *room) sendPush(_ http.ResponseWriter, r *http.Request, v visit) (any, error) {
	a, ok := v.phone()
	if !ok {
		return nil, errGone
	}
	_, key, err := m.ask(r, &v, a)
	if err == nil {
		err = widgetErrorOf(key)
	}
	if err == nil {
		m.Log.Record(r, about(v.event(tenantlog.FactorPushSent, "Guardian - Push notification sent"), a))
	}
	return none{}, err
}

// enrollSMS adds a phone number and sends a code to it.
//
//auth0:operation POST /appliance-mfa/api/device-accounts/{id}/sms-enroll
func (m *room) enrollSMS(_ http.ResponseWriter, r *http.Request, v visit) (any, error) {
	if !slices.Contains(v.options.Enrollments, factors.SMS) {
		return nil, widgetError(http.StatusForbidden, "enrollment_method_disabled", "The specified enrollment method is disabled")
	}
	number, key := phoneNumber(v.form.Get("phone_number"), telephone.Of(r.Context(), v.t))
	if key != "" {
		return nil, widgetErrorOf(key)
	}
	a, err := m.enroll(r, &v, factors.PhoneDocument(number, factors.SMS))
	if err != nil {
		return nil, err
	}
	if key, err = m.send(r, v, a); err == nil {
		err = widgetErrorOf(key)
	}
	return none{}, err
}
