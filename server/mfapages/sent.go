package mfapages

import (
	"errors"
	"net/http"
	"slices"

	"github.com/tenant0/tenant0/server/emails"
	"github.com/tenant0/tenant0/server/factors"
	"github.com/tenant0/tenant0/server/outbox"
	"github.com/tenant0/tenant0/server/signin"
	"github.com/tenant0/tenant0/server/tenantlog"
	"github.com/tenant0/tenant0/server/web"
	"github.com/tenant0/tenant0/storage"
	"github.com/tenant0/tenant0/templates"
)

// target returns the authenticator that the page of a channel is about: the one that the user
// enrolls, or the one that was chosen or has been sent a code, or else the first one. A phone is
// reached by the channel of the page, whichever channel it prefers.
func (v visit) target(tx *storage.Tx, channel string) (a factors.Authenticator, err error) {
	fits := func(a factors.Authenticator) bool {
		return a.Channel == channel || a.IsPhone() && slices.Contains(v.options.Channels, channel)
	}
	a, ok, err := v.enrolling(tx)
	if err != nil || ok && fits(a) {
		return by(a, channel), err
	}
	for _, exact := range []func(factors.Authenticator) bool{
		func(a factors.Authenticator) bool { return a.ID == v.further.Challenged && fits(a) },
		func(a factors.Authenticator) bool { return a.Channel == channel },
		fits,
	} {
		if i := slices.IndexFunc(v.options.Challenges, exact); i >= 0 {
			return by(v.options.Challenges[i], channel), nil
		}
	}
	return a, errGone
}

// by returns an authenticator with its channel changed.
func by(a factors.Authenticator, channel string) factors.Authenticator {
	a.Channel = channel
	return a
}

// targetNow returns the target of a channel's page as it is stored now.
func (m *room) targetNow(r *http.Request, v visit, channel string) (a factors.Authenticator, err error) {
	err = m.DB.View(r.Context(), func(tx *storage.Tx) error {
		a, err = v.target(tx, channel)
		return err
	})
	return a, err
}

// sendFirst sends the code that a page asks for before the browser comes to it. A limit that is reached is left to the page,
// which says so.
func (m *room) sendFirst(r *http.Request, page, state string) error {
	i := slices.IndexFunc(channels, func(channel string) bool { return factors.ChallengePage(channel) == page })
	if i < 0 {
		return nil
	}
	v := visit{state: state}
	var a factors.Authenticator
	var err error
	if v.t, err = m.Cookies.FactorTransaction(m.DB, r, state, m.Now()); err == nil {
		err = m.DB.View(r.Context(), func(tx *storage.Tx) (err error) {
			if err = m.find(tx, r, &v); err == nil {
				a, err = v.target(tx, channels[i])
			}
			return err
		})
	}
	if errors.Is(err, errNothingAsked) || errors.Is(err, errGone) {
		return nil
	}
	if err != nil || v.further.Challenged == a.ID {
		return err
	}
	m.started(r, v, a)
	_, err = m.send(r, v, a)
	return err
}

// channels are those of codes that are sent.
var channels = []string{factors.SMS, factors.Voice, factors.Email}

// started records that a factor is asked for.
func (m *room) started(r *http.Request, v visit, a factors.Authenticator) {
	m.Log.Record(r, v.event(tenantlog.FactorStarted, "Guardian - Second factor started ("+a.Channel+")"))
}

// showSent asks for a code, which the first visit of the page sends.
//
//auth0:operation GET /u/mfa-sms-challenge
//auth0:operation GET /u/mfa-voice-challenge
//auth0:operation GET /u/mfa-email-challenge
//auth0:operation GET /u/mfa-sms-enrollment-verify
//auth0:operation GET /u/mfa-voice-enrollment-verify
func (m *room) showSent(channel string) step {
	return func(w http.ResponseWriter, r *http.Request, v visit) error {
		a, err := m.targetNow(r, v, channel)
		if errors.Is(err, errGone) {
			return v.start(w, r)
		}
		if err != nil {
			return err
		}
		if v.further.Challenged == a.ID {
			return m.sentPage(w, r, v, a)
		}
		m.started(r, v, a)
		return m.sendAgain(w, r, v, a)
	}
}

// sendAgain sends a code and shows the page that asks for it.
func (m *room) sendAgain(w http.ResponseWriter, r *http.Request, v visit, a factors.Authenticator) error {
	switch key, err := m.send(r, v, a); {
	case err != nil:
		return err
	case key != "":
		return m.sentPage(w, r, v, a, key)
	}
	return m.sentPage(w, r, v, a)
}

func (m *room) sentPage(w http.ResponseWriter, r *http.Request, v visit, a factors.Authenticator, errs ...string) (err error) {
	if v.digits, err = m.digits(r, a.Channel); err != nil {
		return err
	}
	page := templates.MFAChallenge{Factor: a.Channel, To: a.Label}
	page.Switch = a.IsPhone() && len(v.options.Channels) > 1
	page.Several = a.Active && len(v.several(a.Channel)) > 1
	if a.IsPhone() && !a.Active {
		page.EditURL = factors.EnrollmentPage(v.phoneWay()) + "?state=" + v.state
	} else if a.IsPhone() && page.Several {
		page.EditURL = phoneList + "?state=" + v.state
	}
	return m.challenge(w, r, v, page, errs...)
}

// digits returns the length of the codes that a channel sends.
func (m *room) digits(r *http.Request, channel string) (n int, err error) {
	err = m.DB.View(r.Context(), func(tx *storage.Tx) error {
		codes, err := factors.CodesOf(tx, factors.Authenticator{Channel: channel})
		n = codes.Digits
		return err
	})
	return n, err
}

// phoneWay returns the name of the factor by which phones are enrolled: factors.Phone if the
// user can choose the channel, or else the only channel.
func (v visit) phoneWay() string {
	if len(v.options.Channels) > 1 {
		return factors.Phone
	}
	return v.options.Channels[0]
}

// send sends a code to an authenticator. refusal is the key of the error message, "" for none.
func (m *room) send(r *http.Request, v visit, a factors.Authenticator) (refusal string, err error) {
	key := storage.FurtherKey(v.t.StateHash)
	sent := factors.Sent{Kind: outbox.OTPVerify, User: v.user, ClientID: v.client.ClientID, Connection: v.login.Session.Connection}
	if !a.Active {
		sent.Kind = outbox.OTPEnroll
	}
	var message emails.Draft
	err = m.update(r, &v, func(tx *storage.Tx) error {
		if err := factors.MayGuess(tx, v.user.UserID, m.Now()); err != nil {
			return err
		}
		if err := factors.CountSent(tx, v.user.UserID, m.Now()); err != nil {
			return err
		}
		code, lifetime, err := factors.NewCode(tx, a)
		if err != nil {
			return err
		}
		sent.Code = code
		err = tx.Passcodes.Put(storage.Passcode{
			Key: key, MAC: m.Secrets.PasscodeMAC(key, code), UserID: v.user.UserID, ClientID: v.client.ClientID, Authenticator: a.ID,
			ExpiresAt: m.Now().Add(lifetime),
		})
		if err != nil {
			return err
		}
		if message, err = factors.Message(tx, m.Emails, a, sent); err != nil {
			return err
		}
		return m.note(tx, v, func(f *storage.FurtherFactor) { f.Challenged = a.ID })
	})
	if errors.Is(err, storage.ErrTooMany) {
		if key, limit := m.limited(r, v, err, ""); limit == nil {
			return key, nil
		}
		return "too-many-" + a.Channel, nil
	}
	if err != nil {
		return "", err
	}
	e := sentEvents[a.Channel]
	m.Log.Record(r, about(v.event(e.kind, e.description), a))
	return "", m.Emails.Send(r.Context(), message)
}

// submitSent checks a code that was sent.
//
//auth0:operation POST /u/mfa-sms-challenge
//auth0:operation POST /u/mfa-voice-challenge
//auth0:operation POST /u/mfa-email-challenge
//auth0:operation POST /u/mfa-sms-enrollment-verify
//auth0:operation POST /u/mfa-voice-enrollment-verify
func (m *room) submitSent(channel string) step {
	return func(w http.ResponseWriter, r *http.Request, v visit) error {
		a, err := m.targetNow(r, v, channel)
		if errors.Is(err, errGone) {
			return v.start(w, r)
		}
		if err != nil {
			return err
		}
		switch v.action() {
		case "pick-authenticator", "back-action":
			return v.redirectToOptions(w, r)
		case "pick-sms", "pick-phone":
			return web.Continue(w, r, phoneList, v.state)
		case "pick-email":
			return web.Continue(w, r, emailList, v.state)
		case "resend-code":
			return m.sendAgain(w, r, v, a)
		case "switch-to-voice":
			return m.switchTo(w, r, v, factors.Voice)
		case "switch-to-sms":
			return m.switchTo(w, r, v, factors.SMS)
		}
		return m.takeSent(w, r, v, a, func(key string) error { return m.sentPage(w, r, v, a, key) })
	}
}

// switchTo sends another code to the same phone through the other channel.
func (m *room) switchTo(w http.ResponseWriter, r *http.Request, v visit, channel string) error {
	a, err := m.targetNow(r, v, channel)
	if errors.Is(err, errGone) {
		return v.start(w, r)
	}
	if err != nil {
		return err
	}
	if key, err := m.send(r, v, a); err != nil || key != "" {
		if err != nil {
			return err
		}
		return m.sentPage(w, r, v, a, key)
	}
	if !a.Active {
		return web.Continue(w, r, factors.VerifyPage(channel), v.state)
	}
	return web.Continue(w, r, factors.ChallengePage(channel), v.state)
}

// takeSent checks the code.
func (m *room) takeSent(w http.ResponseWriter, r *http.Request, v visit, a factors.Authenticator, refuse func(string) error) error {
	var codes factors.Codes
	err := m.DB.View(r.Context(), func(tx *storage.Tx) (err error) {
		codes, err = factors.CodesOf(tx, a)
		return err
	})
	if err != nil {
		return err
	}
	if key := codeFault(v.code(), codes.Digits); key != "" {
		return refuse(key)
	}
	key, err := m.mayGuess(r, v)
	if err == nil && key == "" {
		key, err = m.trySent(w, r, v, a)
	}
	if err != nil {
		return err
	}
	if key == "" {
		return nil
	}
	return refuse(key)
}

// trySent checks a code against the one that was sent, and lets the user go on. It returns the
// key of the error message, "" for none.
func (m *room) trySent(w http.ResponseWriter, r *http.Request, v visit, a factors.Authenticator) (string, error) {
	key := storage.FurtherKey(v.t.StateHash)
	sent, err := m.DB.TryPasscode(r.Context(), key, m.Secrets.SamePasscode(key, v.code()), m.Now())
	switch {
	case errors.Is(err, storage.ErrTooMany):
		return tooManyFailures, nil
	case errors.Is(err, storage.ErrWrongCode):
		return m.refused(r, v, invalidCode)
	case errors.Is(err, storage.ErrExpired), storage.IsNotFound(err):
		return "no-transaction-in-progress", nil
	case err != nil:
		return "", err
	case sent.UserID != v.user.UserID, sent.Authenticator != a.ID:
		return m.refused(r, v, invalidCode)
	}
	err = m.finish(w, r, v, proof{
		find: func(tx *storage.Tx) (factors.Authenticator, error) {
			now, err := v.target(tx, a.Channel)
			if err == nil && now.ID != sent.Authenticator {
				err = errGone
			}
			return now, err
		},
		use: func(tx *storage.Tx) error {
			err := tx.UsePasscode(sent)
			if errors.Is(err, storage.ErrReused) {
				return signin.ErrWrong
			}
			return err
		},
	})
	if err == nil {
		return "", nil
	}
	return m.judged(r, v, err)
}
