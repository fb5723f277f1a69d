package mfapages

import (
	"errors"
	"net/http"

	"github.com/tenant0/tenant0/server/factors"
	"github.com/tenant0/tenant0/server/resource"
	"github.com/tenant0/tenant0/server/signin"
	"github.com/tenant0/tenant0/server/tenantlog"
	"github.com/tenant0/tenant0/server/webauthn"
	"github.com/tenant0/tenant0/storage"
	"github.com/tenant0/tenant0/templates"
)

// keyFailed is the key of the error message for an authenticator's response that could not
// be verified.
const keyFailed = "webauthn-failed"

// settings returns the tenant's settings for a kind of WebAuthn keys, Auth0:
// secure/multi-factor-authentication/fido-authentication-with-webauthn.
func (m *room) settings(tx *storage.Tx, kind string) (p webauthn.Party, verification string, err error) {
	doc, err := tx.Documents(resource.GuardianSettings(kind+"/settings").Name, "").Document(storage.SettingsKey)
	if err := storage.Optional(err); err != nil {
		return p, "", err
	}
	tenant, err := tx.Tenant.Get(storage.TenantKey)
	if err := storage.Optional(err); err != nil {
		return p, "", err
	}
	id := ""
	if doc["overrideRelyingParty"] == true {
		id = storage.Text(doc, "relyingPartyIdentifier")
	}
	p, err = webauthn.PartyOf(m.Issuer, factors.TenantName(tenant, m.Issuer), id)
	return p, storage.Text(doc, "userVerification"), err
}

// keyRequest returns the WebAuthn request for a key of the user.
func (v visit) keyRequest(kind, verification string) webauthn.Request {
	return webauthn.Request{
		Kind: kind, Key: storage.PageCeremony(v.t.StateHash, kind), ClientID: v.client.ClientID, UserID: v.user.UserID,
		Name: tenantlog.UserName(v.user), Verification: verification,
	}
}

// keyPage shows the page that asks for a WebAuthn key. Each time it begins a new ceremony.
func (m *room) keyPage(w http.ResponseWriter, r *http.Request, v visit, kind string, enroll bool, errs ...string) error {
	offered := enroll && kind == factors.WebAuthnPlatform && v.further.Biometrics
	for i, key := range errs {
		if key == tooManyFailures {
			errs[i] = "too-many-webauthn-challenge-attempts-error"
		}
	}
	layout, err := m.layout(r, v)
	if err != nil {
		return err
	}
	var b webauthn.Challenge
	err = m.DB.View(r.Context(), func(tx *storage.Tx) error {
		p, verification, err := m.settings(tx, kind)
		if err != nil {
			return err
		}
		begin := webauthn.BeginAuthentication
		if enroll {
			begin = webauthn.BeginRegistration
		}
		b, err = begin(tx, p, v.keyRequest(kind, verification), m.Now())
		return err
	})
	if err != nil {
		return err
	}
	if err := m.update(r, &v, func(tx *storage.Tx) error { return tx.BeginCeremony(b.Ceremony) }); err != nil {
		return err
	}
	return m.Pages.Write(w, statusOf(errs), templates.MFAKey{
		Layout: layout, ClientName: v.client.Name, State: v.state, Errors: errs, Factor: kind, Enroll: enroll, Options: string(b.Options),
		Remember: v.mayRemember(), Ticked: v.remembering.Checked, Others: v.hasOtherFactors(), Offered: offered,
	})
}

// showKey asks for a key that the user has enrolled.
//
//auth0:operation GET /u/mfa-webauthn-roaming-challenge
//auth0:operation GET /u/mfa-webauthn-platform-challenge
func (m *room) showKey(kind string) step {
	return func(w http.ResponseWriter, r *http.Request, v visit) error {
		if !v.has(kind) {
			return v.start(w, r)
		}
		m.Log.Record(r, v.event(tenantlog.FactorStarted, "Guardian - Second factor started ("+kind+")"))
		return m.keyPage(w, r, v, kind, false)
	}
}

// submitKey checks the signature of an authenticator.
//
//auth0:operation POST /u/mfa-webauthn-roaming-challenge
//auth0:operation POST /u/mfa-webauthn-platform-challenge
func (m *room) submitKey(kind string) step {
	return func(w http.ResponseWriter, r *http.Request, v visit) error {
		switch {
		case v.action() == "pick-authenticator":
			return v.redirectToOptions(w, r)
		case !v.has(kind):
			return v.start(w, r)
		case v.action() == showError:
			return m.keyPage(w, r, v, kind, false, keyFailed)
		}
		return m.takeKey(w, r, v, kind, false, m.useKey)
	}
}

// takeKey lets the user go on if the authenticator's response is right.
func (m *room) takeKey(w http.ResponseWriter, r *http.Request, v visit, kind string, enroll bool, read func(*http.Request, visit, string) (proof, error)) error {
	key, err := m.mayGuess(r, v)
	if err == nil && key == "" {
		var p proof
		if p, err = read(r, v, kind); err == nil {
			err = m.finish(w, r, v, p)
		}
		switch {
		case err == nil:
			return nil
		case errors.Is(err, webauthn.ErrInvalid), errors.Is(err, storage.ErrReused), errors.Is(err, signin.ErrWrong), storage.IsNotFound(err):
			failed := tenantlog.KeyChallengeFailed
			if enroll {
				failed = tenantlog.KeyEnrollmentFailed
			}
			m.Log.Record(r, v.event(failed, "Guardian - WebAuthn failed ("+kind+")"))
			key, err = m.refused(r, v, keyFailed)
		default:
			key, err = m.limited(r, v, err, "")
		}
	}
	if err != nil {
		return err
	}
	return m.keyPage(w, r, v, kind, enroll, key)
}

// ceremony returns the ceremony that the page has begun, and the relying party.
func (m *room) ceremony(tx *storage.Tx, v visit, kind, purpose string) (p webauthn.Party, c storage.Ceremony, err error) {
	if p, _, err = m.settings(tx, kind); err == nil {
		c, err = tx.FindCeremony(storage.PageCeremony(v.t.StateHash, kind), purpose, m.Now())
	}
	if err == nil && c.UserID != v.user.UserID {
		err = webauthn.ErrInvalid // another user is logged in at this browser now
	}
	return p, c, err
}

func (m *room) useKey(r *http.Request, v visit, kind string) (p proof, err error) {
	var party webauthn.Party
	var c storage.Ceremony
	err = m.DB.View(r.Context(), func(tx *storage.Tx) error {
		party, c, err = m.ceremony(tx, v, kind, webauthn.AuthenticationPurpose(kind))
		return err
	})
	if err != nil {
		return p, err
	}
	used, err := webauthn.FinishAuthentication(r.Context(), m.DB, party, kind, c, []byte(v.form.Get("response")))
	if err != nil {
		return p, err
	}
	return proof{
		find: func(tx *storage.Tx) (a factors.Authenticator, err error) {
			all, err := factors.AuthenticatorsOf(tx, v.user.UserID)
			if err != nil {
				return a, err
			}
			a, ok := factors.Find(all, factors.ID(kind, used.ID))
			if !ok || used.UserID != v.user.UserID {
				return a, signin.ErrWrong
			}
			return a, nil
		},
		use: func(tx *storage.Tx) error { return used.Record(tx, m.Now()) },
	}, nil
}

// showNewKey asks an authenticator to make a key.
//
//auth0:operation GET /u/mfa-webauthn-roaming-enrollment
//auth0:operation GET /u/mfa-webauthn-platform-enrollment
func (m *room) showNewKey(kind string) step {
	return func(w http.ResponseWriter, r *http.Request, v visit) error {
		if !v.mayEnrollKey(kind) {
			return v.start(w, r)
		}
		m.Log.Record(r, v.event(tenantlog.EnrollmentStarted, "Guardian - Enrollment started ("+kind+")"))
		return m.keyPage(w, r, v, kind, true)
	}
}

// submitNewKey stores the key that an authenticator has made. The response also counts as
// the proof of this factor.
//
//auth0:operation POST /u/mfa-webauthn-roaming-enrollment
//auth0:operation POST /u/mfa-webauthn-platform-enrollment
func (m *room) submitNewKey(kind string) step {
	return func(w http.ResponseWriter, r *http.Request, v visit) error {
		switch action := v.action(); {
		case !v.mayEnrollKey(kind):
			return v.start(w, r)
		case action == snooze, action == refuseDevice:
			return m.declineBiometrics(w, r, v, action == refuseDevice)
		case action == "pick-authenticator":
			return v.redirectToOptions(w, r)
		case action == showError:
			return m.keyPage(w, r, v, kind, true, keyFailed)
		}
		return m.takeKey(w, r, v, kind, true, m.makeKey)
	}
}

func (m *room) makeKey(r *http.Request, v visit, kind string) (p proof, err error) {
	var party webauthn.Party
	var c storage.Ceremony
	err = m.DB.View(r.Context(), func(tx *storage.Tx) error {
		party, c, err = m.ceremony(tx, v, kind, webauthn.RegistrationPurpose(kind))
		return err
	})
	if err != nil {
		return p, err
	}
	made, err := webauthn.FinishRegistration(party, kind, c, []byte(v.form.Get("response")))
	if err != nil {
		return p, err
	}
	return proof{
		find: func(tx *storage.Tx) (a factors.Authenticator, err error) {
			now, err := optionsOf(tx, v)
			if err == nil && len(now.Enrollments) == 0 && !v.mayEnrollKey(kind) {
				err = errNothingAsked
			}
			if err != nil {
				return a, err
			}
			id, err := made.Save(tx, v.user.UserID, m.Now())
			if err != nil {
				return a, err
			}
			all, err := factors.AuthenticatorsOf(tx, v.user.UserID)
			if err != nil {
				return a, err
			}
			a, ok := factors.Find(all, factors.ID(kind, id))
			if !ok {
				return a, errGone
			}
			a.Active = false // the key is new, so the enrollment is recorded
			return a, nil
		},
		use: func(*storage.Tx) error { return nil },
	}, nil
}
